//! Call logs (v1): one participant's summary of a call, from events and from REST.
//!
//! A log is read as one step of the record, that of its owner: what it says of times, of hold and of how it ended is
//! true of the owner's part. It alone knows user ids and what a call cost.

use jiff::SignedDuration;
use serde_json::{Map, Value};
use zoom_phone_types::events::{CallLog, CallLogForwarding, CallLogs, Event, Owner, Wire};

use super::{
    Facts, Names,
    map::words,
    record::direction,
    seconds,
    status::{owner, wire_kind},
    take, text, time,
};
use crate::{
    fact::{Charge, Element, Said, Source},
    identity::AliasKind,
    party::{Party, PartyKind},
    view::{Outcome, Side},
};

/// Reads an event of this family; `false` if it is of another.
pub(super) fn read(event: &Event, facts: &mut Facts<'_>) -> bool {
    match event {
        Event::CallerCallLogCompleted(told) => logs(facts, Side::Caller, told),
        Event::CalleeCallLogCompleted(told) => logs(facts, Side::Callee, told),
        _ => return false,
    }
    true
}

fn logs(facts: &mut Facts<'_>, side: Side, told: &CallLogs) {
    let owner = told.user_id.as_deref().and_then(|id| text(Some(id))).map(of_user).unwrap_or_default();
    for log in told.call_logs.iter().flatten() {
        one(facts, Source::V1, side, log, &owner);
    }
}

pub(super) fn of_user(id: String) -> Party {
    Party { kind: PartyKind::User, user_id: Some(id), ..Party::default() }
}

/// Reads one row of `accountCallLogs`, `phoneUserCallLogs`, `syncUserCallLogs`.
pub(super) fn row(row: Map<String, Value>, facts: &mut Facts<'_>) {
    let Some(log) = CallLog::from_json(&Value::Object(row)) else { return facts.nameless = true };
    let owner = owner_of(&log);
    one(facts, Source::V1, side_of(&log, &owner), &log, &owner);
}

/// Reads the answer of `getCallLogDetails`: a log, and the steps of its call. The steps name nobody.
pub(super) fn detail(mut row: Map<String, Value>, facts: &mut Facts<'_>) {
    let steps = row.shift_remove("log_details");
    let Some(log) = CallLog::from_json(&Value::Object(row)) else { return facts.nameless = true };
    let owner = owner_of(&log);
    one(facts, Source::V1, side_of(&log, &owner), &log, &owner);
    let own_id = text(log.id.as_deref());
    for step in steps.as_ref().and_then(Value::as_array).into_iter().flatten() {
        let Some(step) = CallLog::from_json(step) else { continue };
        // The log's own step is told better above.
        let Some(id) = text(step.id.as_deref()).filter(|id| Some(id) != own_id.as_ref()) else { continue };
        let names = Names::of_call(log.call_id.as_ref()).and(AliasKind::CallLogId, Some(&id));
        let started_at = time(step.date_time.as_ref());
        let length = seconds(step.duration).map(SignedDuration::from_secs);
        let made = Element {
            id,
            event: step.path.as_deref().and_then(words::event_of_path).map(str::to_owned),
            result: facts.word(step.result.as_deref()),
            started_at,
            ended_at: started_at.zip(length).and_then(|(start, length)| start.checked_add(length).ok()),
            hold_seconds: seconds(step.hold_time),
            ..Element::default()
        };
        facts.add(Source::V1, started_at, names, Said::Element(Box::new(made)));
    }
}

/// Whose log: `owner` in the account's list, `user_id` in all lists.
fn owner_of(log: &CallLog) -> Party {
    let told = log.extra.get("owner").and_then(Owner::from_json).map(|told| owner(&told));
    let user = log.extra.get("user_id").and_then(String::from_json).and_then(|id| text(Some(&id)));
    match (told, user) {
        (Some(mut party), user) => {
            if party.kind == PartyKind::User && party.user_id.is_none() {
                party.user_id = user;
            }
            party
        }
        (None, Some(user)) => of_user(user),
        (None, None) => Party::default(),
    }
}

/// On which side its owner is. The direction is the owner's: out is who called.
fn side_of(log: &CallLog, owner: &Party) -> Side {
    let is_owner = |id: Option<&String>| id.is_some() && id == owner.user_id.as_ref();
    match (is_owner(log.caller_user_id.as_ref()), is_owner(log.callee_user_id.as_ref())) {
        (true, false) => Side::Caller,
        (false, true) => Side::Callee,
        _ if log.direction.as_ref().is_some_and(|way| way.as_str().trim() == "outbound") => Side::Caller,
        _ => Side::Callee,
    }
}

/// Reads one log. A softphone's log is one of these, too, under other names.
pub(super) fn one(facts: &mut Facts<'_>, source: Source, side: Side, told: &CallLog, owner: &Party) {
    let names = || {
        Names::of_call(told.call_id.as_ref())
            .and(AliasKind::CallLogId, told.id.as_ref())
            .and(AliasKind::RecordingId, told.recording_id.as_ref())
    };
    let Some(id) = text(told.id.as_deref()) else { return facts.nameless = true };
    let mut caller = end(
        told.caller_number_type,
        told.caller_number.as_ref(),
        told.caller_did_number.as_ref(),
        told.caller_name.as_ref(),
        told.caller_user_id.as_ref(),
    );
    let mut callee = end(
        told.callee_number_type,
        told.callee_number.as_ref(),
        told.callee_did_number.as_ref(),
        told.callee_name.as_ref(),
        told.callee_user_id.as_ref(),
    );
    let own = if side == Side::Caller { &mut caller } else { &mut callee };
    if is_owners(own, owner) {
        own.learn(owner);
    }
    let result = facts.word(told.result.as_deref());
    let answered = result.as_deref().and_then(|word| Outcome::of_record(word, "")) == Some(Outcome::Answered);
    let hold = seconds(told.hold_time);
    let of_path = told.path.as_deref().and_then(words::event_of_path);
    let event = match side {
        // Queues ring members; who calls in by one is called by nobody.
        Side::Caller => of_path.filter(|event| *event != "ring_to_member").unwrap_or("outgoing"),
        Side::Callee => of_path.unwrap_or("incoming"),
    };
    let ended_at = time(told.call_end_time.as_ref());
    let length = seconds(told.duration);
    // Events of callers and details leave the answer out. The duration runs from there to the end.
    let worked_out = || {
        let length = SignedDuration::from_secs(length.filter(|length| answered && *length > 0)?);
        ended_at?.checked_sub(length).ok()
    };
    let made = Element {
        id,
        event: Some(event.to_owned()),
        result,
        direction: direction(told.direction.as_ref()),
        internal: is_internal(told),
        emergency: (told.callee_number_type == Some(3)).then_some(true),
        caller,
        callee,
        operator: operator(side, told),
        started_at: time(told.date_time.as_ref()),
        answered_at: time(told.answer_start_time.as_ref()).or_else(worked_out),
        ended_at,
        wait_seconds: seconds(told.waiting_time),
        talk_seconds: length
            .filter(|length| answered || *length == 0)
            .map(|length| length.saturating_sub(hold.unwrap_or(0)).max(0)),
        hold_seconds: hold,
        has_voicemail: told.has_voicemail,
        recording_id: text(told.recording_id.as_deref()),
        ..Element::default()
    };
    let at = made.started_at;
    let party = if side == Side::Caller { made.caller.clone() } else { made.callee.clone() };
    facts.add(source, at, names(), Said::Element(Box::new(made)));
    let mut extra = told.extra.clone();
    let charge = Charge {
        amount: take(&mut extra, "charge"),
        currency: None,
        rate: take(&mut extra, "rate"),
        reference: take(&mut extra, "caller_billing_reference_id"),
        party,
    };
    if charge.amount.is_some() || charge.rate.is_some() {
        facts.add(source, at, names(), Said::Charge(Box::new(charge)));
    }
}

/// Whether the owner can be this party: a log of a call that came through a queue may name the queue.
fn is_owners(party: &Party, owner: &Party) -> bool {
    if owner.is_nobody() || party.kind == PartyKind::External {
        return false;
    }
    let differs =
        |mine: &Option<String>, theirs: &Option<String>| mine.is_some() && theirs.is_some() && mine != theirs;
    !differs(&party.user_id, &owner.user_id) && !differs(&party.extension_number, &owner.extension_number)
}

/// One end of a log: 1 is an extension, 2 a telephone number, 3 the account's own emergency number.
fn end(
    kind: Option<i64>,
    number: Option<&String>,
    direct: Option<&String>,
    name: Option<&String>,
    user: Option<&String>,
) -> Party {
    let (extension, telephone) = if kind == Some(1) { (number, None) } else { (None, number) };
    Party {
        kind: if kind == Some(2) && user.is_none() { PartyKind::External } else { PartyKind::Unknown },
        name: name.cloned(),
        number: direct.filter(|number| !number.trim().is_empty()).or(telephone).cloned(),
        extension_number: extension.cloned(),
        user_id: user.cloned(),
        ..Party::default()
    }
    .tidied()
}

/// Inside the account: both sources are internal, or both numbers extensions.
fn is_internal(told: &CallLog) -> Option<bool> {
    let sources = [&told.caller_number_source, &told.callee_number_source];
    let types = [told.caller_number_type, told.callee_number_type];
    if sources.iter().any(|source| source.as_ref().is_some_and(|word| word.as_str() == "external")) {
        return Some(false);
    }
    if types == [Some(1), Some(1)] {
        return Some(true);
    }
    types.contains(&Some(2)).then_some(false)
}

/// What sent the call here. Lists of the account leave out who that was; the path tells at least what it was.
fn operator(side: Side, told: &CallLog) -> Party {
    let mut party = told.forwarded_by.as_ref().map(forwarder).unwrap_or_default();
    if side == Side::Callee && party.kind == PartyKind::Unknown {
        party.kind = match told.path.as_deref().map(str::trim) {
            Some("callQueue") => PartyKind::CallQueue,
            Some("autoReceptionist") => PartyKind::AutoReceptionist,
            _ => PartyKind::Unknown,
        };
    }
    party
}

fn forwarder(told: &CallLogForwarding) -> Party {
    let number = told.phone_number.as_ref();
    Party {
        kind: wire_kind(told.extension_type.as_ref().map(|kind| kind.as_str())),
        name: told.name.clone(),
        number: number.cloned(),
        extension_number: told.extension_number.clone(),
        ..Party::default()
    }
    .tidied()
}
