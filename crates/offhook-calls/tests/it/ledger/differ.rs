//! In what a call of ours differs from the ledger's.

use std::collections::{BTreeMap, BTreeSet};

use offhook_calls::{CallView, Direction, LegView, Outcome, QueueOutcome, Side};
use serde_json::Value;

/// What we were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Everything.
    All,
    /// Every event, no REST.
    Events,
    /// REST, no event.
    Records,
    /// Events of lines, no record in any form.
    Status,
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn texts(value: &Value) -> BTreeSet<String> {
    list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn shown(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value).unwrap() {
        Value::String(text) => text,
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// The ledger's `result` in our words. A caller who gives up at a person's phone is, seen from here, missed.
fn outcome(truth: &Value) -> Outcome {
    match truth["result"].as_str().unwrap() {
        "canceled" | "hang_up" if truth["direction"] == "inbound" => Outcome::Missed,
        "answered" | "connected" => Outcome::Answered,
        "no_answer" | "ring_timeout" => Outcome::Missed,
        "canceled" => Outcome::Cancelled,
        "rejected" => Outcome::Rejected,
        "voicemail" => Outcome::Voicemail,
        "abandoned" => Outcome::Abandoned,
        "busy" => Outcome::Busy,
        "overflowed" => Outcome::Overflowed,
        "call_failed" => Outcome::Failed,
        "system_blocked" => Outcome::Blocked,
        other => panic!("a result that the emulator did not have: {other}"),
    }
}

/// Zoom calls a call between two of its users outbound.
fn direction(truth: &Value) -> Direction {
    let inside = |party: &str| truth[party]["id"].is_string();
    match (inside("caller"), inside("callee")) {
        (true, true) => Direction::Internal,
        (true, false) => Direction::Outbound,
        _ => Direction::Inbound,
    }
}

/// Every way in which a call differs from the truth about it: the field, and how.
pub(super) fn differences(view: &CallView, truth: &Value, told: Told) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            found.push((what.to_owned(), format!("{ours}, was {theirs}")));
        }
    };
    ids(view, truth, told, &mut same);
    same("state", shown(&view.state), "ended".to_owned());
    same("result", shown(&view.result), shown(&outcome(truth)));
    same("direction", shown(&view.direction), shown(&direction(truth)));
    same("start", shown(&view.started_at), word(&truth["start_time"]));
    same("answer", shown(&view.answered_at), word(&truth["answer_time"]));
    same("end", shown(&view.ended_at), word(&truth["end_time"]));
    let party = |party: Option<&offhook_calls::Party>| {
        let party = party.cloned().unwrap_or_default();
        party.extension_number.or(party.number).unwrap_or_else(|| "-".to_owned())
    };
    let true_party = |party: &Value| match party["extension_number"].as_i64() {
        Some(extension) => extension.to_string(),
        None => word(&party["number"]),
    };
    same("from", party(view.from.as_ref()), true_party(&truth["caller"]));
    same("to", party(view.to.as_ref()), true_party(&truth["callee"]));
    let recorded = view.recording.as_ref().is_some_and(|state| state != "failed");
    same("recorded", recorded.to_string(), truth["recorded"].to_string());
    same("voicemail", view.voicemail.to_string(), truth["voicemail"].to_string());
    let ours: BTreeSet<String> = view.recordings.iter().filter(|one| one.state != "failed").map(|one| one.id.clone()).collect();
    same("recordings", format!("{ours:?}"), format!("{:?}", texts(&truth["recording_ids"])));
    let ours: BTreeSet<String> = view.voicemails.iter().map(|one| one.id.clone()).collect();
    same("voicemails", format!("{ours:?}"), format!("{:?}", texts(&truth["voicemail_ids"])));
    let ours: BTreeSet<String> = view.summaries.iter().map(|one| one.id.clone()).collect();
    same("summaries", format!("{ours:?}"), format!("{:?}", texts(&truth["ai_call_summary_ids"])));
    legs(view, truth, &mut same);
    queues(view, truth, &mut same);
    found
}

fn ids(view: &CallView, truth: &Value, told: Told, same: &mut impl FnMut(&str, String, String)) {
    for (kind, field) in [
        ("call_id", "call_ids"),
        ("call_element_id", "call_element_ids"),
        ("recording_id", "recording_ids"),
        ("voicemail_id", "voicemail_ids"),
        ("ai_call_summary_id", "ai_call_summary_ids"),
    ] {
        let failed = |id: &str| view.recordings.iter().any(|one| one.id == id && one.state == "failed");
        let ours = view.ids.iter().filter(|id| id.kind == kind && !failed(&id.value));
        let ours: BTreeSet<String> = ours.map(|id| id.value.clone()).collect();
        let theirs = texts(&truth[field]);
        if told == Told::All || told == Told::Records {
            same(field, format!("{ours:?}"), format!("{theirs:?}"));
        } else if !ours.is_subset(&theirs) {
            same(field, format!("{ours:?}"), format!("{theirs:?}"));
        }
    }
}

/// One party's part in a call: which side, who.
type Part = (bool, String);

#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    attempts: u32,
    answered: bool,
    wait: i64,
    talk: i64,
    hold: i64,
}

fn legs(view: &CallView, truth: &Value, same: &mut impl FnMut(&str, String, String)) {
    let ours: BTreeMap<Part, Sums> = view
        .legs
        .iter()
        .filter(|leg| leg.party.kind.answers())
        .map(|leg| {
            let who = leg.party.extension_number.clone().or(leg.party.number.clone());
            let sums = Sums {
                attempts: leg.attempts,
                answered: leg.outcome == Some(Outcome::Answered),
                wait: leg.wait_seconds.unwrap_or(0),
                talk: leg.talk_seconds.unwrap_or(0),
                hold: leg.hold_seconds.unwrap_or(0),
            };
            ((leg.side == Side::Callee, who.unwrap_or_default()), sums)
        })
        .collect();
    let mut theirs: BTreeMap<Part, Sums> = BTreeMap::new();
    for leg in list(&truth["legs"]) {
        let who = (leg["side"] == "callee", leg["who"]["extension_number"].to_string());
        let sums = theirs.entry(who).or_default();
        let seconds = |field: &str| leg[field].as_i64().unwrap();
        sums.attempts += 1;
        sums.answered |= leg["answer_time"].is_string();
        sums.wait += seconds("ring_seconds");
        sums.talk += seconds("talk_seconds");
        sums.hold += seconds("hold_seconds");
    }
    for who in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (ours, theirs) = (ours.get(who), theirs.get(who));
        let side = if who.0 { "callee" } else { "caller" };
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            same(&format!("leg of {side}"), format!("{ours:?} {who:?}"), format!("{theirs:?}"));
            continue;
        };
        let fields = [
            ("attempts", i64::from(ours.attempts), i64::from(theirs.attempts)),
            ("answered", i64::from(ours.answered), i64::from(theirs.answered)),
            ("wait", ours.wait, theirs.wait),
            ("talk", ours.talk, theirs.talk),
            ("hold", ours.hold, theirs.hold),
        ];
        for (field, ours, theirs) in fields {
            if ours != theirs {
                same(&format!("{field} of {side}"), format!("{ours} {who:?}"), theirs.to_string());
            }
        }
    }
}

fn queues(view: &CallView, truth: &Value, same: &mut impl FnMut(&str, String, String)) {
    let passages = list(&truth["queues"]);
    same("queue entries", view.queues.len().to_string(), passages.len().to_string());
    if view.queues.len() != passages.len() {
        return;
    }
    for (nth, (entry, passage)) in view.queues.iter().zip(passages).enumerate() {
        let expected = match passage["outcome"].as_str().unwrap() {
            "answered" => QueueOutcome::Answered,
            "abandoned" => QueueOutcome::Abandoned,
            _ => sent_on(truth, nth),
        };
        same("queue", shown(&entry.queue.extension_number), passage["queue"]["extension_number"].to_string());
        same("queue outcome", shown(&entry.outcome), shown(&expected));
        same("queue enter", shown(&entry.entered_at), word(&passage["enter_time"]));
        same("queue leave", shown(&entry.left_at), word(&passage["leave_time"]));
        same("queue wait", shown(&entry.wait_seconds), passage["wait_seconds"].to_string());
        same("queue rung", shown(&entry.rung), passage["members_rung"].to_string());
    }
}

/// How a stay ended that nobody answered and nobody gave up.
fn sent_on(truth: &Value, nth: usize) -> QueueOutcome {
    let left = truth["queues"][nth]["leave_time"].as_str().unwrap();
    let rang_later =
        list(&truth["legs"]).iter().any(|leg| leg["ringing_time"].as_str().unwrap() > left && leg["side"] == "callee");
    if list(&truth["queues"]).len() > nth + 1 || rang_later {
        return QueueOutcome::OverflowedOut;
    }
    match truth["result"].as_str().unwrap() {
        "voicemail" => QueueOutcome::Voicemail,
        "answered" | "connected" | "canceled" | "busy" => QueueOutcome::OverflowedOut,
        _ => QueueOutcome::TimedOut,
    }
}

#[expect(dead_code)]
fn unused(_: &LegView) {}
