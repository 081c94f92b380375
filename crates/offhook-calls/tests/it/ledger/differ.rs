//! In what a call of ours differs from the ledger's.

use std::collections::{BTreeMap, BTreeSet};

use offhook_calls::{CallView, Direction, Outcome, QueueOutcome, Side};
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
        "canceled" | "hang_up" if direction(truth) != Direction::Outbound => Outcome::Missed,
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

/// One way in which a call differs from the truth about it.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) ours: String,
    pub(super) theirs: String,
}

/// Every way in which a call differs from the truth about it.
pub(super) fn differences(view: &CallView, truth: &Value, told: Told) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            found.push(Difference { field: what.to_owned(), ours, theirs });
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
    let ours: BTreeSet<String> =
        view.recordings.iter().filter(|one| one.state != "failed").map(|one| one.id.clone()).collect();
    same("recordings", format!("{ours:?}"), format!("{:?}", texts(&truth["recording_ids"])));
    let ours: BTreeSet<String> = view.voicemails.iter().map(|one| one.id.clone()).collect();
    same("voicemails", format!("{ours:?}"), format!("{:?}", texts(&truth["voicemail_ids"])));
    let ours: BTreeSet<String> = view.summaries.iter().map(|one| one.id.clone()).collect();
    same("summaries", format!("{ours:?}"), format!("{:?}", texts(&truth["ai_call_summary_ids"])));
    if told == Told::All {
        files(view, truth, &mut same);
    }
    let (talk, hold) = totals(truth);
    same("talk", view.talk_seconds.unwrap_or(0).to_string(), talk.to_string());
    same("hold", view.hold_seconds.unwrap_or(0).to_string(), hold.to_string());
    if told != Told::Records {
        transfers(view, truth, &mut same);
    }
    legs(view, truth, &mut same);
    queues(view, truth, told, &mut same);
    same("conflicts", view.conflicts.len().to_string(), "0".to_owned());
    found
}

/// What is known of recordings and voicemails.
fn files(view: &CallView, truth: &Value, same: &mut impl FnMut(&str, String, String)) {
    let steps = texts(&truth["call_element_ids"]);
    let is_step = |id: &Option<String>| id.as_ref().is_some_and(|id| steps.contains(id));
    for recording in view.recordings.iter().filter(|one| one.state != "failed") {
        let on_demand = truth["scenario"] == "recorded_on_demand";
        let kind = if on_demand { "on_demand" } else { "automatic" };
        same("recording kind", shown(&recording.kind), kind.to_owned());
        same("recording state", recording.state.clone(), "ready".to_owned());
        same("recording step", is_step(&recording.element_id).to_string(), "true".to_owned());
        same("recording transcript", recording.transcript.to_string(), "true".to_owned());
        let span =
            recording.started_at.zip(recording.ended_at).map(|(from, to)| to.duration_since(from).as_secs());
        same("recording length", shown(&recording.duration_seconds), shown(&span));
        let owner = recording.owner.as_ref().and_then(|owner| owner.user_id.clone());
        let talked = list(&truth["legs"]).iter().find(|leg| leg["answer_time"].is_string());
        same("recording owner", shown(&owner), talked.map_or("-".to_owned(), |leg| word(&leg["who"]["id"])));
    }
    for message in &view.voicemails {
        same("voicemail state", message.state.clone(), "received".to_owned());
        same("voicemail step", is_step(&message.element_id).to_string(), "true".to_owned());
        same("voicemail transcript", message.transcript.to_string(), "true".to_owned());
        let end = message.left_at.zip(message.duration_seconds);
        let end = end.map(|(at, length)| at + jiff::SignedDuration::from_secs(length));
        same("voicemail end", shown(&end), word(&truth["end_time"]));
        let from = message.from.as_ref().and_then(|from| from.number.clone());
        if truth["direction"] == "inbound" {
            same("voicemail from", shown(&from), word(&truth["caller"]["number"]));
        }
        same("voicemail mailbox", message.mailbox.is_some().to_string(), "true".to_owned());
    }
}

/// Talk and hold of each conversation once: by the called side, and by the caller's where that is outside.
fn totals(truth: &Value) -> (i64, i64) {
    let legs = list(&truth["legs"]);
    let is_called = |leg: &Value| leg["side"] == "callee";
    let talked_to_ours = |caller: &Value| {
        let overlap = |leg: &Value| leg["answer_time"].as_str() < caller["end_time"].as_str();
        let of_same =
            |leg: &Value| leg["consultation"] == caller["consultation"] && leg["answer_time"].is_string();
        legs.iter().any(|leg| is_called(leg) && of_same(leg) && overlap(leg))
    };
    let counted = || legs.iter().filter(|leg| is_called(leg) || !talked_to_ours(leg));
    let sum = |field: &str| counted().map(|leg| leg[field].as_i64().unwrap()).sum();
    (sum("talk_seconds"), sum("hold_seconds"))
}

/// Calls passed on by a person, as events tell of them.
fn transfers(view: &CallView, truth: &Value, same: &mut impl FnMut(&str, String, String)) {
    for (kind, what) in [
        ("blind", "transfer_blind"),
        ("warm", "transfer_completed"),
        ("warm_cancelled", "transfer_cancelled"),
    ] {
        let ours = view.timeline.iter().filter(|entry| entry.what == what).count();
        let theirs = list(&truth["transfers"]).iter().filter(|transfer| transfer["kind"] == kind).count();
        same(kind, ours.to_string(), theirs.to_string());
    }
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
        let is_recorded = matches!(told, Told::All | Told::Records);
        if is_recorded || !ours.is_subset(&theirs) {
            same(kind, format!("{ours:?}"), format!("{theirs:?}"));
        }
    }
    let uuids: Vec<&str> =
        view.ids.iter().filter(|id| id.kind == "call_history_uuid").map(|id| id.value.as_str()).collect();
    if told != Told::Status || !uuids.is_empty() {
        let other = uuids.iter().find(|uuid| truth["call_history_uuid"] != **uuid);
        same("call_history_uuid", shown(&other), "-".to_owned());
    }
}

/// One party's part in a call: which side, who.
type Part = (bool, String);

#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    attempts: u32,
    outcome: String,
    wait: i64,
    talk: i64,
    hold: i64,
}

/// The ledger's outcome of a leg in our words. Of several attempts an answer counts, else the last.
fn leg_outcome(truth: &Value, leg: &Value) -> Outcome {
    if leg["answer_time"].is_string() {
        return Outcome::Answered;
    }
    let end = leg["end_time"].as_str().unwrap();
    let answers = list(&truth["legs"]).iter().filter(|other| other["side"] == "callee");
    // It stops a moment after the answer, or a moment before where a colleague picked the call up.
    let explains = |at: &str| {
        let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        time(at) >= time(leg["ringing_time"].as_str().unwrap()) && time(at) <= time(end) + 1
    };
    let took = list(&truth["answered_by"]).iter().any(|taker| taker["id"] == leg["who"]["id"]);
    // Whose mailbox it is: the last phone's that rang, unless that was a queue's doing.
    let is_last = list(&truth["legs"]).iter().rfind(|leg| leg["side"] == "callee") == Some(leg)
        && list(&truth["queues"]).last().is_none_or(|last| last["leave_time"].as_str().unwrap() < end);
    match (leg["side"].as_str().unwrap(), leg["outcome"].as_str().unwrap()) {
        ("callee", _) if truth["voicemail"] == true && is_last => Outcome::Voicemail,
        ("callee", "rejected") => Outcome::Rejected,
        ("callee", _) if took => Outcome::AnsweredElsewhere,
        ("callee", _) if answers.filter_map(|other| other["answer_time"].as_str()).any(explains) => {
            Outcome::AnsweredElsewhere
        }
        ("callee", _) => Outcome::Missed,
        (_, "canceled" | "abandoned") => Outcome::Cancelled,
        (_, "busy") => Outcome::Busy,
        (_, "voicemail") => Outcome::Voicemail,
        _ => Outcome::Missed,
    }
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
                outcome: shown(&leg.outcome),
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
        if sums.outcome != "answered" {
            sums.outcome = shown(&leg_outcome(truth, leg));
        }
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
        if ours.outcome != theirs.outcome {
            same(&format!("outcome of {side}"), format!("{} {who:?}", ours.outcome), theirs.outcome.clone());
        }
        let fields = [
            ("attempts", i64::from(ours.attempts), i64::from(theirs.attempts)),
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

fn queues(view: &CallView, truth: &Value, told: Told, same: &mut impl FnMut(&str, String, String)) {
    // A stay in which no phone rang is in records only.
    let recorded = matches!(told, Told::All | Told::Records);
    let passages: Vec<(usize, &Value)> = list(&truth["queues"])
        .iter()
        .enumerate()
        .filter(|(_, passage)| recorded || passage["members_rung"] != 0)
        .collect();
    same("queue entries", view.queues.len().to_string(), passages.len().to_string());
    if view.queues.len() != passages.len() {
        return;
    }
    for (entry, (nth, passage)) in view.queues.iter().zip(passages) {
        let outcome = match passage["outcome"].as_str().unwrap() {
            "answered" => QueueOutcome::Answered,
            "abandoned" => QueueOutcome::Abandoned,
            _ => sent_on(truth, nth),
        };
        same("queue", shown(&entry.queue.extension_number), passage["queue"]["extension_number"].to_string());
        same("queue outcome", shown(&entry.outcome), shown(&outcome));
        same("queue enter", shown(&entry.entered_at), word(&passage["enter_time"]));
        same("queue leave", shown(&entry.left_at), word(&passage["leave_time"]));
        same("queue wait", shown(&entry.wait_seconds), passage["wait_seconds"].to_string());
        same("queue rung", shown(&entry.rung), passage["members_rung"].to_string());
        let took = (outcome == QueueOutcome::Answered).then(|| {
            let leg = list(&truth["legs"])
                .iter()
                .find(|leg| leg["side"] == "callee" && leg["answer_time"] == passage["leave_time"]);
            leg.unwrap()["who"]["extension_number"].to_string()
        });
        let by = entry.answered_by.as_ref().and_then(|party| party.extension_number.clone());
        same("queue answered by", shown(&by), shown(&took));
        same("queue derived", entry.derived.to_string(), (!recorded).to_string());
    }
}

/// How a stay ended that nobody answered and nobody gave up.
fn sent_on(truth: &Value, nth: usize) -> QueueOutcome {
    let left = truth["queues"][nth]["leave_time"].as_str().unwrap();
    let rang_later = list(&truth["legs"])
        .iter()
        .any(|leg| leg["ringing_time"].as_str().unwrap() >= left && leg["side"] == "callee");
    if list(&truth["queues"]).len() > nth + 1 || rang_later {
        return QueueOutcome::OverflowedOut;
    }
    match truth["result"].as_str().unwrap() {
        "voicemail" => QueueOutcome::Voicemail,
        "answered" | "connected" | "canceled" | "busy" => QueueOutcome::OverflowedOut,
        _ => QueueOutcome::TimedOut,
    }
}
