//! Of what was lost, delayed or doubled at random, exactly that is named.

use std::{collections::BTreeSet, sync::OnceLock};

use offhook_calls::compare::ItemKind;
use proptest::prelude::*;
use zoom_phone_emulator::{Scenario, Temper};

use super::{scenarios::week, *};

/// Calls with one `call_id`: without a message that links them, two ids are two calls, rightly.
const SIMPLE: [Scenario; 9] = [
    Scenario::InboundAnswered,
    Scenario::InboundMissed,
    Scenario::InboundVoicemail,
    Scenario::OutboundConnected,
    Scenario::InternalAnswered,
    Scenario::QueueAnswered,
    Scenario::QueueOverflow,
    Scenario::Hold,
    Scenario::Recorded,
];

/// What comes in of one call, and what becomes of each.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Kept,
    Lost,
    Late,
    Twice,
    /// Twice, with another `event_ts`, an hour later.
    Again,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Kept),
        3 => Just(Fate::Lost),
        1 => Just(Fate::Late),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Again),
    ]
}

fn streams() -> &'static [Vec<Telling>] {
    static STREAMS: OnceLock<Vec<Vec<Telling>>> = OnceLock::new();
    STREAMS.get_or_init(|| {
        let weeks = (1..=2).flat_map(|seed| week(seed, Temper::Documented));
        weeks.filter(|(scenario, _)| SIMPLE.contains(scenario)).map(|(_, entries)| entries).collect()
    })
}

fn object(entry: &Telling) -> Value {
    serde_json::from_slice(&entry.body).unwrap()
}

fn ids(list: &Value, field: &str) -> BTreeSet<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[field].as_str()).map(str::to_owned).collect()
}

/// What is to be said of a call of which only these entries came, by Zoom's own field names. `whole` is everything that
/// there was.
fn said(whole: &[Telling], kept: &[&Telling]) -> Vec<String> {
    let mut said = Vec::new();
    let is_completed = |entry: &Telling| entry.event.ends_with("_call_element_completed");
    let told = |entries: &[&Telling], field: &str| -> BTreeSet<String> {
        let completed = entries.iter().filter(|entry| is_completed(entry));
        completed.flat_map(|entry| ids(&object(entry)["payload"]["object"]["call_elements"], field)).collect()
    };
    let of_door =
        |door: Door| kept.iter().copied().filter(move |entry| entry.door == door).collect::<Vec<_>>();
    let (events, rows, paths) = (of_door(Door::Webhook), of_door(Door::CallHistory), of_door(Door::CallPath));
    let steps = |field: &str| -> BTreeSet<String> {
        paths.iter().flat_map(|path| ids(&object(path)["call_elements"], field)).collect()
    };
    let everything: Vec<&Telling> = whole.iter().collect();
    let (listed, ever_told) = (steps("call_element_id"), told(&everything, "call_element_id"));
    let call = |kind: &str, event: &str| format!("{kind} Call {event}");
    if events.is_empty() && !rows.is_empty() {
        let expected = if paths.is_empty() {
            let row = object(rows[0]);
            row["caller_ext_type"] == "user" || row["callee_ext_type"] == "user"
        } else {
            !listed.is_disjoint(&ever_told)
        };
        said.extend(expected.then(|| call("only_rest", "*")));
    }
    if rows.is_empty() && !events.is_empty() {
        said.push(call("only_events", "-"));
    }
    if !rows.is_empty() && paths.is_empty() {
        said.push(call("path_missing", "-"));
    }
    if !events.is_empty() {
        for id in &(&listed & &ever_told) - &told(&events, "call_element_id") {
            let side = everything.iter().filter(|entry| is_completed(entry));
            let mut side = side.filter(|entry| object(entry).to_string().contains(&id));
            said.push(format!("never_sent Element {} {id}", side.next().unwrap().event));
        }
        for (field, thing, event) in [
            ("voicemail_id", "Voicemail", "phone.voicemail_received"),
            ("recording_id", "Recording", "phone.recording_completed"),
        ] {
            let announced = events.iter().any(|entry| entry.event == event);
            if !announced {
                let named = &steps(field) | &told(&events, field);
                said.extend(named.into_iter().map(|id| format!("never_sent {thing} {event} {id}")));
            }
        }
    }
    // The board.
    let began = ["ringing", "answered", "connected", "hold", "unhold"];
    let over = ["missed", "rejected", "ended"];
    let line = |words: &[&str]| {
        let side = |word: &&str| [format!("phone.callee_{word}"), format!("phone.caller_{word}")];
        let names: Vec<String> = words.iter().flat_map(side).collect();
        events.iter().any(|entry| names.contains(&entry.event))
    };
    let recorded = !rows.is_empty() || !paths.is_empty() || events.iter().any(|entry| is_completed(entry));
    if line(&began) && !line(&over) && recorded {
        said.push("end_not_sent Call".to_owned());
    }
    said
}

/// An item as [`said`] says it: calls without their ids, which depend on what came.
fn plain(item: &Item) -> String {
    let event = item.event.as_deref().unwrap_or("-");
    match item.kind.as_str() {
        "end_not_sent" => "end_not_sent Call".to_owned(),
        kind if format!("{:?}", item.thing) == "Call" => format!("{kind} Call {event}"),
        kind if kind.starts_with("sent_") => format!("{kind} {event}"),
        kind => format!("{kind} {:?} {event} {}", item.thing, item.id),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_was_lost_late_or_doubled_is_named_and_nothing_else(fates in proptest::collection::vec(fate(), 64)) {
        let coverage = Coverage { recordings: None, voicemails: None, ..Coverage::whole(always()) };
        let mut fates = fates.into_iter().cycle();
        let (mut heard, mut expected) = (Vec::new(), Vec::new());
        for entries in streams() {
            let mut kept = Vec::new();
            for entry in entries {
                let is_event = entry.door == Door::Webhook;
                let mut fate = fates.next().unwrap();
                // Only what tells its own time is known again with another event_ts.
                if fate == Fate::Again && !(entry.event.ends_with("_completed") || entry.event.ends_with("_ended")) {
                    fate = Fate::Twice;
                }
                if fate == Fate::Lost {
                    continue;
                }
                kept.push(entry);
                let mut arrived = entry.clone();
                if is_event && fate == Fate::Late {
                    arrived.received_at += hours(3);
                    expected.push(format!("sent_late {}", entry.event));
                }
                heard.push(arrived);
                if is_event && matches!(fate, Fate::Twice | Fate::Again) {
                    expected.push(format!("sent_twice {}", entry.event));
                    let mut copy = entry.clone();
                    if fate == Fate::Again {
                        copy.received_at += hours(1);
                        let mut body = object(entry);
                        body["event_ts"] = (body["event_ts"].as_i64().unwrap() + 1).into();
                        copy.body = body.to_string().into_bytes();
                    }
                    heard.push(copy);
                }
            }
            if !kept.is_empty() {
                expected.extend(said(entries, &kept));
            }
        }
        let (items, summary) = compare(Rules { coverage, ..rules() }, &heard);
        let never: Vec<&str> = summary.never_seen.iter().map(|family| family.event.as_str()).collect();
        for event in &never {
            prop_assert!(heard.iter().all(|entry| entry.event != *event), "{event} did come");
        }
        let closing = ["phone.caller_ended", "phone.callee_ended", "phone.callee_missed"];
        if closing.iter().all(|event| !never.contains(event)) {
            expected.retain(|said| never.iter().all(|event| !said.contains(&format!(" {event}"))));
            expected.sort();
            let mut found: Vec<String> = items.iter().map(plain).collect();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn every_step_that_a_lost_event_told_of_is_named() {
    let coverage = Coverage { recordings: None, voicemails: None, ..Coverage::whole(always()) };
    for (scenario, entries) in week(1, Temper::Documented) {
        for (nth, lost) in entries.iter().enumerate() {
            if !lost.event.ends_with("_call_element_completed") {
                continue;
            }
            let mut heard = entries.clone();
            heard.remove(nth);
            let (items, _) = compare(Rules { coverage: coverage.clone(), ..rules() }, &heard);
            let mut steps = object(lost)["payload"]["object"]["call_elements"].clone();
            // A call that was taken on another phone: nothing in its step says that a user of the account was there.
            steps.as_array_mut().unwrap().retain(|step| step["event"] != "call_me_on");
            let found: BTreeSet<String> = items.iter().map(|item| item.id.clone()).collect();
            assert_eq!(found, ids(&steps, "call_element_id"), "{scenario:?}");
            assert!(items.iter().all(|item| item.kind == ItemKind::NeverSent), "{scenario:?}: {items:?}");
        }
    }
}
