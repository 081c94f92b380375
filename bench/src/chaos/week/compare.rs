//! Every call against the truth about it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use offhook_calls::{CallView, Outcome, Side};
use serde_json::Value;

use super::{Generation, report::Report};

/// Counts what is missing and extra, and notes each field that is wrong.
pub(super) fn compare(ledger: &[Value], calls: &[CallView], generation: Generation, report: &mut Report) {
    queue_sums(ledger, calls, report);
    let mut owner: HashMap<&str, usize> = HashMap::new();
    for (nth, call) in calls.iter().enumerate() {
        for id in &call.ids {
            if owner.insert(&id.value, nth).is_some_and(|other| other != nth) {
                report.extra(|| format!("{} {} belongs to two calls", id.kind, id.value));
            }
        }
    }
    report.count("calls_true", ledger.len());
    report.count("calls_recorded", calls.len());
    let mut claimed: BTreeSet<usize> = BTreeSet::new();
    for truth in ledger {
        let ids = Ids::of(truth, generation);
        let found: BTreeSet<usize> = ids.all().filter_map(|(_, id)| owner.get(id).copied()).collect();
        let mut found = found.into_iter();
        let Some(first) = found.next() else {
            report.missing(|| {
                format!("call {} {} of {}", truth["scenario"], truth["call_id"], truth["start_time"])
            });
            continue;
        };
        claimed.insert(first);
        for other in found {
            claimed.insert(other);
            report.extra(|| {
                format!("call {} {} is also {}", truth["scenario"], calls[first].id, calls[other].id)
            });
        }
        ids.check(truth, &calls[first], report);
        fields(truth, &calls[first], report);
    }
    for (nth, call) in calls.iter().enumerate() {
        if !claimed.contains(&nth) {
            report.extra(|| format!("call {}", call.id));
        }
    }
}

/// A recording that broke off has an id and no file: truly there is none. Where the event of its failure was lost it
/// was heard to begin, or to stop, and no list of Zoom's has it.
fn has_file(state: &str) -> bool {
    matches!(state, "ready" | "trashed" | "purged")
}

/// A text or a list of texts.
pub(super) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value.as_str().into_iter().chain(many.iter().filter_map(Value::as_str))
}

/// The true ids of a call, by kind.
struct Ids<'a>(Vec<(&'static str, Vec<&'a str>)>);

impl<'a> Ids<'a> {
    fn of(truth: &'a Value, generation: Generation) -> Self {
        let of = |kind, field: &str| (kind, texts(&truth[field]).collect::<Vec<_>>());
        let mut ids = vec![
            of("call_id", "call_ids"),
            of("recording_id", "recording_ids"),
            of("voicemail_id", "voicemail_ids"),
            of("ai_call_summary_id", "ai_call_summary_ids"),
        ];
        if generation != Generation::V1 {
            ids.push(of("call_history_uuid", "call_history_uuid"));
            ids.push(of("call_element_id", "call_element_ids"));
        }
        Self(ids)
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.0.iter().flat_map(|(kind, ids)| ids.iter().map(|id| (*kind, *id)))
    }

    /// Counts them here and there.
    fn check(&self, truth: &Value, call: &CallView, report: &mut Report) {
        for (kind, ids) in &self.0 {
            let truly: BTreeSet<&str> = ids.iter().copied().collect();
            let without_file =
                |id: &str| call.recordings.iter().any(|it| it.id == id && !has_file(&it.state));
            let ours = call.ids.iter().filter(|id| id.kind == *kind).map(|id| id.value.as_str());
            let ours: BTreeSet<&str> = ours.filter(|id| !without_file(id)).collect();
            let things = match *kind {
                "call_element_id" => "elements",
                "recording_id" => "recordings",
                "voicemail_id" => "voicemails",
                "ai_call_summary_id" => "summaries",
                _ => kind,
            };
            report.count(&format!("{things}_true"), truly.len());
            report.count(&format!("{things}_recorded"), truly.intersection(&ours).count());
            for id in truly.difference(&ours) {
                report.missing(|| format!("{kind} {id} of {} {}", truth["scenario"], truth["call_id"]));
            }
            // A deletion that names an id does not say of what kind it is.
            let is_another = |id: &str| self.all().any(|(_, known)| known == id);
            for id in ours.difference(&truly).filter(|id| !is_another(id)) {
                report.extra(|| format!("{kind} {id} of {} {}", truth["scenario"], truth["call_id"]));
            }
        }
        let listed = |things: &str, known: usize, field: &str, report: &mut Report| {
            let truly = texts(&truth[field]).count();
            if known != truly {
                report.wrong(things, truth, &known.to_string(), &truly.to_string());
            }
        };
        let files = call.recordings.iter().filter(|recording| has_file(&recording.state));
        listed("recordings", files.count(), "recording_ids", report);
        listed("voicemails", call.voicemails.len(), "voicemail_ids", report);
        listed("summaries", call.summaries.len(), "ai_call_summary_ids", report);
    }
}

/// The ledger's `call_result` in our words. A caller who gives up at a person's phone is, seen from here, a missed
/// call.
fn outcome(truth: &Value) -> Option<Outcome> {
    Some(match truth["result"].as_str()? {
        "canceled" | "hang_up" if direction(truth) != "outbound" => Outcome::Missed,
        "abandoned" => Outcome::Abandoned,
        other => Outcome::of_record(other, "")?,
    })
}

/// Our word for the direction: Zoom calls a call between two of its users outbound.
fn direction(truth: &Value) -> &str {
    let inside = |party: &str| truth[party]["id"].is_string();
    if inside("caller") && inside("callee") {
        "internal"
    } else {
        truth["direction"].as_str().unwrap_or_default()
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn at(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

fn fields(truth: &Value, call: &CallView, report: &mut Report) {
    let mut same = |field: &str, ours: String, theirs: String| {
        if ours != theirs {
            report.wrong(field, truth, &ours, &theirs);
        }
    };
    let word = |outcome: Option<Outcome>| outcome.map_or("-", Outcome::as_str).to_owned();
    same("state", call.state.as_str().to_owned(), "ended".to_owned());
    same("result", word(call.result), word(outcome(truth)));
    same("direction", call.direction.as_str().to_owned(), direction(truth).to_owned());
    same("start", at(call.started_at), text(&truth["start_time"]));
    same("answer", at(call.answered_at), text(&truth["answer_time"]));
    same("end", at(call.ended_at), text(&truth["end_time"]));
    for (side, ours) in [("caller", &call.from), ("callee", &call.to)] {
        let party = |field: fn(&offhook_calls::Party) -> &Option<String>| {
            ours.as_ref().and_then(|party| field(party).clone()).unwrap_or_else(|| "-".to_owned())
        };
        same(
            &format!("{side} extension"),
            party(|p| &p.extension_number),
            text(&truth[side]["extension_number"]),
        );
        if truth[side]["extension_number"].is_null() {
            same(&format!("{side} number"), party(|p| &p.number), text(&truth[side]["number"]));
        }
    }
    let recorded = call.recording.as_deref().is_some_and(has_file);
    same("recorded", recorded.to_string(), text(&truth["recorded"]));
    same("voicemail", call.voicemail.to_string(), text(&truth["voicemail"]));
    parts(truth, call, &mut same);
    stays(truth, call, &mut same);
}

/// What one person's phone did in a call, all its attempts together.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Part {
    answered: bool,
    attempts: u32,
    begun: String,
    over: String,
    talk: i64,
    hold: i64,
}

/// Everybody's part: who answered, how long they talked.
fn parts(truth: &Value, call: &CallView, same: &mut impl FnMut(&str, String, String)) {
    let mut truly: BTreeMap<(String, String), Part> = BTreeMap::new();
    for leg in truth["legs"].as_array().into_iter().flatten().filter(|leg| leg["who"]["type"] == "user") {
        let key = (text(&leg["who"]["extension_number"]), text(&leg["side"]));
        let part = truly.entry(key).or_default();
        part.answered |= leg["answer_time"].is_string();
        part.attempts += 1;
        let begun = text(&leg["ringing_time"]);
        if part.begun.is_empty() || begun < part.begun {
            part.begun = begun;
        }
        part.over = part.over.clone().max(text(&leg["end_time"]));
        part.talk += leg["talk_seconds"].as_i64().unwrap_or_default();
        part.hold += leg["hold_seconds"].as_i64().unwrap_or_default();
    }
    let mut ours: BTreeMap<(String, String), Part> = BTreeMap::new();
    for leg in call.legs.iter().filter(|leg| leg.party.kind == offhook_calls::PartyKind::User) {
        let side = if leg.side == Side::Caller { "caller" } else { "callee" };
        let key = (leg.party.extension_number.clone().unwrap_or_default(), side.to_owned());
        let part = Part {
            answered: leg.outcome == Some(Outcome::Answered),
            attempts: leg.attempts,
            begun: at(leg.started_at),
            over: at(leg.ended_at),
            talk: leg.talk_seconds.unwrap_or_default(),
            hold: leg.hold_seconds.unwrap_or_default(),
        };
        // No phone rings that is busy, but there is a step for whoever has it; and it may end in a message.
        let silent = matches!(leg.outcome, Some(Outcome::Busy | Outcome::Voicemail));
        if side == "callee" && silent && !truly.contains_key(&key) {
            continue;
        }
        if ours.insert(key.clone(), part).is_some() {
            same("leg twice", format!("{key:?}"), "once".to_owned());
        }
    }
    let people = |parts: &BTreeMap<(String, String), Part>| {
        parts.keys().map(|(who, side)| format!("{who} {side}")).collect::<Vec<_>>().join(", ")
    };
    same("people", people(&ours), people(&truly));
    for (key, truly) in &truly {
        let Some(ours) = ours.get(key) else { continue };
        let mut of = |field: &str, mine: &dyn ToString, theirs: &dyn ToString| {
            let who = format!("{} {}", key.0, key.1);
            if mine.to_string() != theirs.to_string() {
                same(field, format!("{who} {}", mine.to_string()), format!("{who} {}", theirs.to_string()));
            }
        };
        of("leg answered", &ours.answered, &truly.answered);
        of("leg attempts", &ours.attempts, &truly.attempts);
        of("leg start", &near(&ours.begun, &truly.begun), &truly.begun);
        // The step of a caller who leaves a message ends with the message, not with the ringing.
        if truly.answered {
            of("leg end", &near(&ours.over, &truly.over), &truly.over);
        }
        of("leg talk", &ours.talk, &truly.talk);
        of("leg hold", &ours.hold, &truly.hold);
    }
}

/// What one moment is in two of Zoom's messages may lie on two sides of a second.
fn near(ours: &str, truly: &str) -> String {
    let second = |text: &str| text.parse::<Timestamp>().map(Timestamp::as_second);
    match (second(ours), second(truly)) {
        (Ok(mine), Ok(theirs)) if mine.abs_diff(theirs) <= 1 => truly.to_owned(),
        _ => ours.to_owned(),
    }
}

/// The ledger's word for the outcome of a stay, of ours.
fn stay_outcome(outcome: offhook_calls::QueueOutcome) -> &'static str {
    use offhook_calls::QueueOutcome::{
        Abandoned, Answered, InProgress, OverflowedOut, Rejected, TimedOut, Voicemail,
    };
    match outcome {
        Answered => "answered",
        Abandoned => "abandoned",
        OverflowedOut | Voicemail | TimedOut => "overflowed",
        Rejected => "closed",
        InProgress => "in_progress",
    }
}

/// Its stays in queues.
fn stays(truth: &Value, call: &CallView, same: &mut impl FnMut(&str, String, String)) {
    let truly: Vec<&Value> = truth["queues"].as_array().into_iter().flatten().collect();
    let list = |entries: Vec<String>| entries.join(", ");
    let ours_of = |field: &dyn Fn(&offhook_calls::QueueEntryView) -> String| {
        list(call.queues.iter().map(field).collect())
    };
    let truly_of = |field: &dyn Fn(&Value) -> String| list(truly.iter().map(|stay| field(stay)).collect());
    same(
        "queue entries",
        ours_of(&|entry| entry.queue.extension_number.clone().unwrap_or_default()),
        truly_of(&|stay| text(&stay["queue"]["extension_number"])),
    );
    if truly.len() != call.queues.len() {
        return;
    }
    same(
        "queue outcome",
        ours_of(&|e| stay_outcome(e.outcome).to_owned()),
        truly_of(&|s| text(&s["outcome"])),
    );
    same("queue entered", ours_of(&|e| at(e.entered_at)), truly_of(&|s| text(&s["enter_time"])));
    same("queue left", ours_of(&|e| at(e.left_at)), truly_of(&|s| text(&s["leave_time"])));
    same(
        "queue wait",
        ours_of(&|e| e.wait_seconds.map_or_else(|| "-".to_owned(), |s| s.to_string())),
        truly_of(&|s| text(&s["wait_seconds"])),
    );
    same("queue members rung", ours_of(&|e| e.rung.to_string()), truly_of(&|s| text(&s["members_rung"])));
}

/// Entries of each queue by outcome, in the truth and here.
fn queue_sums(ledger: &[Value], calls: &[CallView], report: &mut Report) {
    type Sums = BTreeMap<(String, String), u64>;
    let (mut truly, mut ours) = (Sums::new(), Sums::new());
    for stay in ledger.iter().flat_map(|truth| truth["queues"].as_array().into_iter().flatten()) {
        *truly.entry((text(&stay["queue"]["extension_number"]), text(&stay["outcome"]))).or_default() += 1;
    }
    for entry in calls.iter().flat_map(|call| &call.queues) {
        let queue = entry.queue.extension_number.clone().unwrap_or_default();
        *ours.entry((queue, stay_outcome(entry.outcome).to_owned())).or_default() += 1;
    }
    let all = |sums: &Sums| usize::try_from(sums.values().sum::<u64>()).unwrap_or(usize::MAX);
    report.count("queue_entries_true", all(&truly));
    report.count("queue_entries_recorded", all(&ours));
    for ((queue, outcome), count) in &truly {
        let mine = ours.get(&(queue.clone(), outcome.clone())).copied().unwrap_or_default();
        if mine != *count {
            report.wrong(
                "queue sums",
                &Value::Null,
                &format!("{queue} {outcome} {mine}"),
                &count.to_string(),
            );
        }
    }
}
