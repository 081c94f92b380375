//! What the planner writes down, checked without clock or network.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;
use zoom_phone_emulator::{
    CallRecord, Exchange, Happening, LedgerEntry, Params, Planned, Scenario, Temper, play, play_with,
};

fn start() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("a valid time")
}

fn at(text: &Value) -> Timestamp {
    text.as_str().expect("a time").parse().expect("a valid time")
}

/// One planned call, taken apart.
struct Played {
    events: Vec<(Timestamp, String, Value)>,
    record: (Timestamp, CallRecord),
    truth: (Timestamp, LedgerEntry),
}

impl Played {
    fn new(plan: Vec<Planned>) -> Self {
        assert!(plan.is_sorted_by_key(|planned| planned.at), "a plan is in order of time");
        let (mut events, mut record, mut truth) = (Vec::new(), None, None);
        for Planned { at, what } in plan {
            match what {
                Happening::Webhook(mut envelope) => {
                    assert_eq!(envelope["event_ts"], at.as_millisecond());
                    let name = envelope["event"].as_str().expect("a name").to_owned();
                    events.push((at, name, envelope["payload"]["object"].take()));
                }
                Happening::Record(ready) => assert!(record.replace((at, *ready)).is_none()),
                Happening::Finished(entry) => assert!(truth.replace((at, *entry)).is_none()),
            }
        }
        Self { events, record: record.expect("one record"), truth: truth.expect("one truth") }
    }

    fn names(&self) -> Vec<&str> {
        self.events.iter().map(|(_, name, _)| name.trim_start_matches("phone.")).collect()
    }

    fn rest(&self) -> Vec<Value> {
        self.record.1.path()["call_elements"].as_array().expect("elements").clone()
    }
}

fn play_alone(seed: u64, scenario: Scenario) -> Played {
    Played::new(play(&mut Exchange::new(seed), scenario, start()))
}

/// A busy stretch of a day: every scenario in turn, a new call every few seconds.
fn rush_hour(seed: u64, calls: usize, seconds_apart: i64) -> Vec<Vec<Planned>> {
    let mut exchange = Exchange::new(seed);
    (0i64..)
        .zip(Scenario::ALL.iter().cycle())
        .take(calls)
        .map(|(nth, &scenario)| {
            let at = start() + SignedDuration::from_secs(nth * seconds_apart);
            play(&mut exchange, scenario, at)
        })
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_day_byte_for_byte() {
    let day = |seed| format!("{:?}", rush_hour(seed, 60, 5));
    assert_eq!(day(7), day(7));
    assert_ne!(day(7), day(8));
}

#[test]
fn each_direct_scenario_sends_its_events_in_order() {
    let expected: [(Scenario, &[&str]); 15] = [
        (
            Scenario::InboundAnswered,
            &["callee_ringing", "callee_answered", "callee_ended", "callee_call_element_completed"],
        ),
        (Scenario::InboundMissed, &["callee_ringing", "callee_missed", "callee_call_element_completed"]),
        (Scenario::InboundRejected, &["callee_ringing", "callee_rejected", "callee_call_element_completed"]),
        (
            Scenario::InboundVoicemail,
            &["callee_ringing", "callee_missed", "voicemail_received", "callee_call_element_completed"],
        ),
        (
            Scenario::OutboundConnected,
            &["caller_ringing", "caller_connected", "caller_ended", "caller_call_element_completed"],
        ),
        (Scenario::OutboundCancelled, &["caller_ringing", "caller_ended", "caller_call_element_completed"]),
        (
            Scenario::Recorded,
            &[
                "callee_ringing",
                "callee_answered",
                "recording_started",
                "recording_stopped",
                "callee_ended",
                "callee_call_element_completed",
                "recording_completed",
            ],
        ),
        (
            Scenario::Muted,
            &[
                "callee_ringing",
                "callee_answered",
                "callee_mute",
                "callee_unmute",
                "callee_ended",
                "callee_call_element_completed",
            ],
        ),
        (
            Scenario::SentToVoicemail,
            &[
                "callee_ringing",
                "transfer_call_to_voicemail_initiated",
                "callee_missed",
                "voicemail_received",
                "callee_call_element_completed",
            ],
        ),
        (
            Scenario::Escalated,
            &[
                "callee_ringing",
                "callee_answered",
                "callee_meeting_inviting",
                "callee_ended",
                "callee_call_element_completed",
            ],
        ),
        (
            Scenario::RecordedOnDemand,
            &[
                "callee_ringing",
                "callee_answered",
                "recording_started",
                "recording_paused",
                "recording_resumed",
                "recording_stopped",
                "callee_ended",
                "callee_call_element_completed",
                "recording_completed",
            ],
        ),
        (
            Scenario::RecordingFailed,
            &[
                "callee_ringing",
                "callee_answered",
                "recording_started",
                "recording_failed",
                "callee_ended",
                "callee_call_element_completed",
            ],
        ),
        (
            Scenario::Parked,
            &[
                "callee_ringing",
                "callee_answered",
                "callee_parked",
                "callee_ended",
                "callee_ringing",
                "callee_answered",
                "callee_ended",
                "callee_call_element_completed",
                "callee_call_element_completed",
            ],
        ),
        (
            Scenario::RecordFirst,
            &["callee_ringing", "callee_answered", "callee_call_element_completed", "callee_ended"],
        ),
        (
            Scenario::Summarized,
            &[
                "callee_ringing",
                "callee_answered",
                "callee_ended",
                "callee_call_element_completed",
                "ai_call_summary_changed",
            ],
        ),
    ];
    for (scenario, names) in expected {
        for seed in 0..20 {
            let call = play_alone(seed, scenario);
            let mut seen = call.names();
            // Transcripts come when they are ready.
            seen.retain(|name| !name.ends_with("transcript_completed"));
            assert_eq!(seen, names, "{scenario} with seed {seed}");
        }
    }
}

#[test]
fn an_internal_call_sends_events_of_both_sides_under_one_call_id() {
    let call = play_alone(3, Scenario::InternalAnswered);
    let expected = [
        "caller_ringing",
        "callee_ringing",
        "callee_answered",
        "caller_connected",
        "callee_ended",
        "caller_ended",
    ];
    assert_eq!(call.names()[..6], expected);
    let mut told = call.names()[6..].to_vec();
    told.sort_unstable();
    assert_eq!(told, ["callee_call_element_completed", "caller_call_element_completed"]);
    let ids: HashSet<_> = call.events[..6].iter().map(|(_, _, object)| object["call_id"].clone()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(call.record.1.row()["connect_type"], "internal");
}

#[test]
fn hold_and_unhold_stand_between_answer_and_end_and_count_as_hold_time() {
    for seed in 0..20 {
        let call = play_alone(seed, Scenario::Hold);
        let shape: Vec<_> =
            call.names().iter().map(|name| name.split_once('_').expect("a side").1.to_owned()).collect();
        let answered = if call.names()[0] == "caller_ringing" { "connected" } else { "answered" };
        let expected = ["ringing", answered, "hold", "unhold", "ended", "call_element_completed"];
        assert_eq!(shape, expected, "seed {seed}");
        let held = at(&call.events[3].2["date_time"]).duration_since(at(&call.events[2].2["date_time"]));
        assert_eq!(call.rest()[0]["hold_time"], held.as_secs());
    }
}

#[test]
fn in_a_queue_one_member_answers_and_the_others_learn_who_did() {
    for seed in 0..30 {
        let call = play_alone(seed, Scenario::QueueAnswered);
        let names = call.names();
        let count = |wanted: &str| names.iter().filter(|name| **name == wanted).count();
        let rung = count("callee_ringing");
        assert!(rung >= 3, "all members of a queue are free here");
        assert_eq!((count("callee_answered"), count("callee_ended")), (1, 1));
        assert_eq!(count("callee_missed"), rung - 1);
        assert_eq!(count("callee_call_element_completed"), rung);
        let ringing = call.events.iter().filter(|(_, name, _)| name == "phone.callee_ringing");
        for (_, _, object) in ringing {
            assert_eq!(object["call_id"], call.truth.1.call_id);
            assert_eq!(object["forwarded_by"]["extension_type"], "callQueue");
        }
        let rest = call.rest();
        let members: Vec<_> = rest.iter().filter(|element| element["event"] == "ring_to_member").collect();
        let losers: Vec<_> =
            members.iter().filter(|element| element["result_reason"] == "answered_by_other").collect();
        assert_eq!((members.len(), losers.len()), (rung, rung - 1));
        assert!(losers.iter().all(|loser| loser["is_node"] == 0 && loser.get("answer_time").is_none()));
    }
}

#[test]
fn a_key_in_the_menu_leads_to_the_queue_that_it_stands_for() {
    let params = Params { to: Some("Main Line".into()), keys: Some("1".into()), ..Params::default() };
    let plan = play_with(&mut Exchange::new(3), Scenario::Menu, &params, start()).expect("a call");
    let call = Played::new(plan);
    let rest = call.rest();
    let shape: Vec<_> =
        rest.iter().take(3).map(|row| (row["event"].clone(), row["is_node"].clone())).collect();
    let row = |event: &str, node: u32| (Value::from(event), Value::from(node));
    assert_eq!(shape, [row("incoming", 1), row("forward", 0), row("forward", 1)]);
    assert_eq!(rest[1]["press_key"], "1");
    assert_eq!(rest[1]["operator_ext_type"], "auto_receptionist");
    assert_eq!(rest[2]["callee_ext_type"], "call_queue");
    let ringing = &call.events[0].2;
    assert_eq!(ringing["forwarded_by"]["extension_type"], "callQueue");
    assert_eq!(ringing["redirect_forwarded_by"]["extension_type"], "autoReceptionist");
}

#[test]
fn a_caller_who_hangs_up_in_the_menu_leaves_a_record_and_no_event() {
    let call = play_alone(3, Scenario::MenuLeft);
    assert!(call.events.is_empty(), "{:?}", call.names());
    assert_eq!(call.record.1.row()["call_result"], "hang_up");
    assert_eq!(call.rest().len(), 1);
}

#[test]
fn an_overflow_goes_where_the_queue_says_when_its_wait_is_over() {
    let mut elsewhere = 0;
    for seed in 0..20 {
        let call = play_alone(seed, Scenario::QueueOverflow);
        let rest = call.rest();
        let queue =
            rest.iter().find(|element| element["result"] == "overflowed").expect("the queue's element");
        let waited = at(&queue["end_time"]).duration_since(at(&queue["start_time"])).as_secs();
        assert!([30, 60, 120, 180].contains(&waited), "a maximum wait: {waited}");
        let to_box =
            rest.last().is_some_and(|last| last["event"] == "overflow" && last["result"] == "voicemail");
        assert_eq!(to_box, call.names().contains(&"voicemail_received"));
        elsewhere += usize::from(!to_box);
    }
    assert!((1..20).contains(&elsewhere), "queues overflow to their mailboxes and to each other");
}

#[test]
fn an_abandoned_queue_call_ends_every_ringing_phone() {
    for seed in 0..20 {
        let call = play_alone(seed, Scenario::QueueAbandoned);
        let missed: Vec<_> =
            call.events.iter().filter(|(_, name, _)| name == "phone.callee_missed").collect();
        let rung = call.names().iter().filter(|name| **name == "callee_ringing").count();
        assert_eq!(missed.len(), rung);
        assert!(missed.iter().all(|(_, _, object)| object["handup_result"] == "Call Cancel"));
        assert_eq!(call.record.1.row()["call_result"], "abandoned");
    }
}

#[test]
fn a_blind_transfer_is_one_record_whose_later_legs_have_a_suffix() {
    let call = play_alone(5, Scenario::BlindTransfer);
    let expected = [
        "callee_ringing",
        "callee_answered",
        "blind_transfer_initiated",
        "callee_ended",
        "transfer_recipient_updated",
        "callee_ringing",
        "callee_answered",
        "callee_ended",
        "callee_call_element_completed",
        "callee_call_element_completed",
    ];
    assert_eq!(call.names(), expected);
    assert!(call.events[..8].iter().all(|(_, _, object)| object["call_id"] == call.truth.1.call_id));
    let rows = |call: &Played| -> Vec<_> {
        let row = |element: &Value| {
            let suffixed = element["call_id"].as_str().expect("an id").ends_with("_1");
            let place = (element["segment"].as_u64(), element["node"].as_u64());
            (element["event"].as_str().expect("an event").to_owned(), place, suffixed)
        };
        call.rest().iter().map(row).collect()
    };
    let row =
        |event: &str, segment, node, suffixed| (event.to_owned(), (Some(segment), Some(node)), suffixed);
    assert_eq!(
        rows(&call),
        [row("incoming", 0, 1, false), row("direct_transfer", 1, 1, true), row("incoming", 2, 1, true)]
    );
    let mut exchange = Exchange::new(5);
    exchange.temper = Temper::Field;
    let live = Played::new(play(&mut exchange, Scenario::BlindTransfer, start()));
    assert_eq!(
        rows(&live),
        [
            row("incoming", 1, 1, false),
            row("direct_transfer", 2, 0, true),
            row("direct_transfer", 2, 1, true),
            row("incoming", 3, 0, true),
            row("incoming", 3, 1, true),
        ],
        "in life segments count from 1 and transfers are mirrored"
    );
    assert_eq!(call.truth.1.answered_by().len(), 2);
}

#[test]
fn a_warm_transfer_folds_the_consultation_into_one_record() {
    let call = play_alone(5, Scenario::WarmTransfer);
    let expected = [
        "callee_ringing",
        "callee_answered",
        "callee_hold",
        "warm_transfer_initiated",
        "caller_ringing",
        "callee_ringing",
        "callee_answered",
        "caller_connected",
        "warm_transfer_completed",
        "caller_ended",
        "callee_ended",
        "transfer_recipient_updated",
        "callee_ended",
    ];
    assert_eq!(call.names()[..13], expected);
    let consult = &call.events[3].2["transfer_call_id"];
    for consulting in [4, 5, 6, 7, 9, 12] {
        assert_eq!(&call.events[consulting].2["call_id"], consult, "event {consulting}");
    }
    let events: Vec<_> = call.rest().iter().map(|element| element["event"].clone()).collect();
    assert_eq!(events, ["incoming", "warm_transfer", "warm_transfer"]);
    assert_eq!(call.truth.1.call_ids(), [call.truth.1.call_id.as_str(), consult.as_str().expect("an id")]);
}

/// Everybody's phone rings from now on, for a while.
fn occupy_all(exchange: &mut Exchange) {
    for user in 0..36 {
        let plan = play(exchange, Scenario::InboundMissed, start());
        assert!(names(&plan).contains(&"phone.callee_ringing".to_owned()), "user {user} was free");
    }
}

fn names(plan: &[Planned]) -> Vec<String> {
    let events = plan.iter().filter_map(|planned| match &planned.what {
        Happening::Webhook(envelope) => envelope["event"].as_str().map(str::to_owned),
        _ => None,
    });
    events.collect()
}

#[test]
fn a_caller_waits_in_the_queue_for_the_first_member_to_be_free() {
    let mut exchange = Exchange::new(1);
    occupy_all(&mut exchange);
    let call = Played::new(play(&mut exchange, Scenario::QueueAnswered, start()));
    let queue = call.rest().into_iter().find(|element| element["callee_ext_type"] == "call_queue");
    let entered = at(&queue.expect("the queue's element")["start_time"]);
    let waited = at(&call.events[0].2["ringing_start_time"]).duration_since(entered).as_secs();
    assert!((4..=60).contains(&waited), "everybody's phone rang until now: {waited} s");
}

#[test]
fn nobody_calls_from_a_phone_that_is_in_use() {
    let mut exchange = Exchange::new(1);
    occupy_all(&mut exchange);
    for scenario in [Scenario::InternalAnswered, Scenario::OutboundConnected] {
        assert!(play(&mut exchange, scenario, start()).is_empty());
    }
}

#[test]
fn whoever_is_on_another_call_is_not_rung_a_second_time() {
    let mut exchange = Exchange::new(1);
    occupy_all(&mut exchange);
    let call = Played::new(play(&mut exchange, Scenario::InboundVoicemail, start()));
    let mut names = call.names();
    names.sort_unstable();
    let expected = [
        "callee_call_element_completed",
        "callee_missed",
        "voicemail_received",
        "voicemail_transcript_completed",
    ];
    assert_eq!(names, expected);
    assert_eq!(call.events[0].2["handup_result"], "Busy");
    assert_eq!(call.record.1.row()["call_result"], "voicemail");
}

/// The user whose leg an event is about, with the side.
fn leg_of(name: &str, object: &Value) -> Option<(String, String, String)> {
    let name = name.trim_start_matches("phone.");
    let (side, what) = name.split_once('_')?;
    if !matches!(side, "caller" | "callee") || what == "call_element_completed" {
        return None;
    }
    let user = object[side]["user_id"].as_str()?.to_owned();
    Some((format!("{}/{side}/{user}", object["call_id"]), user, what.to_owned()))
}

/// Follows every leg through its states.
fn check_legs(call: &Played) {
    let mut states = HashMap::<String, &str>::new();
    for (_, name, object) in &call.events {
        let Some((leg, _, what)) = leg_of(name, object) else { continue };
        let caller = name.starts_with("phone.caller");
        let before = states.get(&leg).copied().unwrap_or("new");
        let after = match (before, what.as_str()) {
            // Rung again: by a queue whose members take turns, or when nobody picked up a parked call.
            ("new" | "ended", "ringing") => "ringing",
            ("ringing", "answered" | "connected") | ("held", "unhold") | ("connected", "mute" | "unmute") => {
                "connected"
            }
            ("connected", "hold") => "held",
            ("ringing", "missed" | "rejected") | ("connected" | "held", "ended") => "ended",
            ("ringing", "ended") if caller => "ended",
            ("connected" | "held", "parked" | "meeting_inviting") => before,
            // On another call: no phone rings.
            ("new" | "ended", "missed") if object["handup_result"] == "Busy" => "ended",
            (before, what) => panic!("{what} in state {before} of {leg}: {:?}", call.names()),
        };
        states.insert(leg, after);
    }
    assert!(states.values().all(|state| *state == "ended"), "{states:?}");
}

/// Every id that an event gives leads to something that REST knows.
fn check_ids(call: &Played) {
    let record = &call.record.1;
    let rest = call.rest();
    let known: HashSet<_> = rest.iter().map(|element| element["call_element_id"].clone()).collect();
    assert_eq!(known.len(), rest.len(), "element ids are unique");
    assert_eq!(known, call.truth.1.call_element_ids().into_iter().map(Value::from).collect());
    for id in &call.truth.1.call_element_ids() {
        assert_eq!(record.element(id).expect("REST knows it")["call_history_uuid"], record.call_history_uuid);
    }
    for (at, name, object) in &call.events {
        let parts = match name.as_str() {
            "phone.recording_completed" | "phone.recording_completed_for_access_member" => {
                &object["recordings"]
            }
            "phone.voicemail_received" => &Value::Array(vec![object.clone()]),
            _ => {
                let Some(elements) = object.get("call_elements") else { continue };
                assert!(*at >= call.record.0, "REST knows the record before the event says so");
                for element in elements.as_array().expect("elements") {
                    assert!(known.contains(&element["call_element_id"]));
                    assert_eq!(element["call_history_uuid"], record.call_history_uuid);
                    let id = element["call_element_id"].as_str().expect("an id");
                    check_dialects(element, &record.element(id).expect("REST knows it"));
                }
                continue;
            }
        };
        for part in parts.as_array().expect("files") {
            assert!(known.contains(&part["call_element_id"]), "{name}");
            assert_eq!(part["call_history_id"], record.call_history_uuid);
        }
    }
}

/// The participant dialect and the REST dialect tell the same story.
fn check_dialects(participant: &Value, rest: &Value) {
    for field in ["call_id", "event", "result", "start_time", "answer_time", "end_time", "hold_time"] {
        assert_eq!(participant.get(field), rest.get(field), "{field}");
    }
    assert_eq!(participant["wait_time"], rest["waiting_time"]);
    for absent in ["segment", "node", "is_node", "press_key", "waiting_time", "site_id"] {
        assert!(participant.get(absent).is_none(), "{absent} is of the REST dialect");
    }
    assert!(rest.get("talk_time").is_none() && rest.get("wait_time").is_none());
    let seconds = |field: &str| participant[field].as_i64().expect("seconds");
    let length = at(&participant["end_time"]).duration_since(at(&participant["start_time"])).as_secs();
    let talked = if participant.get("answer_time").is_some() { seconds("talk_time") } else { 0 };
    assert_eq!(seconds("wait_time") + talked + seconds("hold_time"), length, "{participant}");
    assert!(seconds("wait_time") >= 0 && seconds("talk_time") >= 0);
}

/// Who talked, as the events tell it, is what the ledger says.
fn check_truth(call: &Played) {
    let (ended, truth) = &call.truth;
    let answered: Vec<_> = call
        .events
        .iter()
        .filter(|(_, name, _)| matches!(name.as_str(), "phone.callee_answered" | "phone.caller_connected"))
        .filter(|(_, name, _)| truth.direction == "outbound" || name == "phone.callee_answered")
        .filter_map(|(_, name, object)| leg_of(name, object).map(|(_, user, _)| user))
        .collect();
    let unseen =
        matches!(truth.scenario, Scenario::OnOtherPhone | Scenario::CommonArea | Scenario::SharedLine);
    let told = truth.answered_by();
    assert!(
        unseen || told.iter().all(|user| answered.iter().any(|known| known == user)),
        "{}",
        truth.scenario
    );
    assert_eq!(truth.answer.is_some(), !told.is_empty(), "{}", truth.scenario);
    let queued = call.rest().iter().any(|element| element["callee_ext_type"] == "call_queue");
    assert_eq!(truth.queued(), queued, "{}", truth.scenario);
    let wait = call.record.0.duration_since(*ended);
    let early = truth.scenario == Scenario::RecordFirst;
    assert!(early || (5..=60).contains(&wait.as_secs()), "the record is ready 5 to 60 s after the end");
    assert_eq!(call.record.1.row()["call_result"], truth.result);
}

/// From the first sign of each user in a call to the last.
fn times_of_users(call: &Played) -> HashMap<String, (Timestamp, Timestamp)> {
    let mut times = HashMap::<String, (Timestamp, Timestamp)>::new();
    for (at, name, object) in &call.events {
        let Some((_, user, _)) = leg_of(name, object) else { continue };
        if object["handup_result"] == "Busy" {
            continue;
        }
        let span = times.entry(user).or_insert((*at, *at));
        span.1 = *at;
    }
    times
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_day_is_consistent_and_nobody_is_in_two_calls(seed: u64, calls in 1usize..120, apart in 0i64..20) {
        let mut busy = HashMap::<String, Vec<(Timestamp, Timestamp)>>::new();
        for plan in rush_hour(seed, calls, apart) {
            if plan.is_empty() {
                continue;
            }
            let call = Played::new(plan);
            check_legs(&call);
            check_ids(&call);
            check_truth(&call);
            for (user, span) in times_of_users(&call) {
                busy.entry(user).or_default().push(span);
            }
        }
        for (user, mut spans) in busy {
            spans.sort_unstable();
            for pair in spans.windows(2) {
                prop_assert!(pair[0].1 < pair[1].0, "{user} is in two calls at {}", pair[1].0);
            }
        }
    }
}
