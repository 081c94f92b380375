//! Call logs (v1): a log for each person on the account and each side of a call.
//!
//! Shapes: `accountCallLogs`, `phoneUserCallLogs`, `getCallLogDetails`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Fields, between, id, is_internal, kinds, same, steps_of, time};
use crate::{
    identity::AliasKind,
    normalize::map::results,
    party::{Party, PartyKind},
    view::{CallView, Direction, ElementView, LegView, Outcome, Side},
};

/// Which operation's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A row of `GET /phone/call_logs`.
    Account,
    /// A row of `GET /phone/users/{userId}/call_logs`.
    User,
}

/// One log: what one party had of one call.
#[derive(Debug)]
pub struct Log<'a> {
    call: &'a CallView,
    leg: Option<&'a LegView>,
    /// The step that decides what the owner sees: the one that was answered, else the last.
    element: Option<&'a ElementView>,
    side: Side,
    /// The log's id: the one it truly had where that is known; else the deciding step's id, with the side behind it
    /// where two logs share the step; else made of the call's id.
    pub id: String,
}

/// The logs of a call, in order of beginning.
pub fn logs(call: &CallView) -> Vec<Log<'_>> {
    let all: Vec<&LegView> =
        call.legs.iter().filter(|leg| leg.party.is_inside() && leg.party.kind.answers()).collect();
    // Somebody who was rung on several phones has one log: of the phone that was answered.
    let mut legs: Vec<&LegView> = Vec::new();
    for leg in all {
        match legs.iter_mut().find(|known| known.side == leg.side && same(&known.party, &leg.party)) {
            Some(known) if known.answered_at.is_none() && leg.answered_at.is_some() => *known = leg,
            Some(_) => (),
            None => legs.push(leg),
        }
    }
    // A call that rang nobody has one log, of the queue or the receptionist it came to.
    if legs.is_empty() {
        legs.extend(call.legs.iter().find(|leg| leg.party.is_inside()));
    }
    let mut logs: Vec<Log<'_>> = legs
        .iter()
        .map(|leg| Log {
            call,
            leg: Some(leg),
            element: deciding(steps_of(call, leg.side, &leg.party)),
            side: leg.side,
            id: String::new(),
        })
        .collect();
    if logs.is_empty() {
        let side = if call.direction == Direction::Outbound { Side::Caller } else { Side::Callee };
        logs.push(Log { call, leg: None, element: deciding(call.elements.iter()), side, id: String::new() });
    }
    let mut true_ids: Vec<&str> = call
        .ids
        .iter()
        .filter(|id| id.kind == AliasKind::CallLogId.as_str())
        .map(|id| id.value.as_str())
        .collect();
    // First each log whose own step came as a log; then, where one of each is left, these two are one.
    for log in &mut logs {
        let own = log.leg.and_then(|leg| {
            steps_of(call, leg.side, &leg.party).find(|element| true_ids.contains(&element.id.as_str()))
        });
        if let Some(own) = own {
            true_ids.retain(|id| *id != own.id);
            log.id.clone_from(&own.id);
        }
    }
    let mut without: Vec<&mut Log<'_>> = logs.iter_mut().filter(|log| log.id.is_empty()).collect();
    if let ([log], [only]) = (&mut without[..], &true_ids[..]) {
        (*only).clone_into(&mut log.id);
        true_ids.clear();
    }
    // What came as a log is one, also of somebody who has no part in the call: who listened in.
    for element in call.elements.iter().filter(|element| true_ids.contains(&element.id.as_str())) {
        let called = element.from.as_ref().is_some_and(Party::is_inside);
        let side = if called { Side::Caller } else { Side::Callee };
        logs.push(Log { call, leg: None, element: Some(element), side, id: element.id.clone() });
    }
    let mut taken: Vec<String> = logs.iter().map(|log| log.id.clone()).collect();
    for (number, log) in logs.iter_mut().enumerate().filter(|(_, log)| log.id.is_empty()) {
        let base = log.element.map_or(&call.id, |element| &element.id);
        let side = match log.side {
            Side::Caller => "caller",
            Side::Callee => "callee",
        };
        let made = match log.element {
            Some(_) if !taken.contains(base) => base.clone(),
            Some(_) => format!("{base}-{side}"),
            None => format!("{base}-{side}-{number}"),
        };
        taken.push(made.clone());
        log.id = made;
    }
    logs
}

/// The id of a call, of a step or of a log, without what [`logs`] may have put behind it.
pub fn base_of(id: &str) -> &str {
    let id = match id.rsplit_once('-') {
        Some((base, number)) if number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit()) => base,
        _ => id,
    };
    id.strip_suffix("-caller").or_else(|| id.strip_suffix("-callee")).unwrap_or(id)
}

/// The answered step, else the last.
fn deciding<'a>(steps: impl Iterator<Item = &'a ElementView>) -> Option<&'a ElementView> {
    let steps: Vec<&ElementView> = steps.collect();
    steps.iter().find(|step| step.answered_at.is_some()).or(steps.last()).copied()
}

impl Log<'_> {
    /// Whose log it is.
    pub fn owner(&self) -> Option<&Party> {
        let of_step = self.element.and_then(|element| match self.side {
            Side::Caller => element.from.as_ref(),
            Side::Callee => element.to.as_ref(),
        });
        self.leg.map(|leg| &leg.party).or(of_step).or(match self.side {
            Side::Caller => self.call.from.as_ref(),
            Side::Callee => self.call.to.as_ref(),
        })
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        let of_step = self.element.and_then(|element| element.ended_at);
        self.leg.and_then(|leg| leg.ended_at).or(of_step).or(self.call.ended_at)
    }

    /// The owner missed the call, as `type=missed` has it.
    pub fn is_missed(&self) -> bool {
        self.side == Side::Callee
            && !matches!(self.outcome(), Some(Outcome::Answered | Outcome::Unknown) | None)
    }

    /// `path`: where the call came to the owner from.
    pub fn path(&self) -> &'static str {
        let event = self.element.and_then(|element| element.event.as_deref()).unwrap_or_default();
        let operator = self.element.and_then(|element| element.operator.as_ref()).map(|party| &party.kind);
        match (event, operator) {
            ("park", _) => "park",
            ("park_pick_up", _) => "parkPickup",
            ("timeout", _) => "parkTimeout",
            ("monitor" | "listen" | "whisper" | "barge", _) => "monitor",
            ("takeover", _) => "takeover",
            (
                "direct_transfer" | "warm_transfer" | "warm_transfer_outgoing" | "warm_transfer_incoming",
                _,
            ) => "transfer",
            (_, Some(PartyKind::CallQueue)) => "callQueue",
            (_, Some(PartyKind::AutoReceptionist)) => "autoReceptionist",
            _ if self.leg.is_some_and(|leg| leg.queue.is_some()) => "callQueue",
            _ if is_internal(self.call) => "extension",
            _ => "pstn",
        }
    }

    /// How the deciding step ended; where there is none, how the owner's part did.
    fn outcome(&self) -> Option<Outcome> {
        let of_step = self.element.and_then(|element| {
            let reason = element.result_reason.as_deref().unwrap_or_default();
            Outcome::of_record(element.result.as_deref()?, reason)
                .filter(|outcome| *outcome != Outcome::Unknown)
        });
        of_step.or(self.leg.and_then(|leg| leg.outcome)).or(self.call.result)
    }

    /// In the words of v1: the log's own where it came as one.
    fn result(&self) -> Option<&str> {
        let told = self.element.and_then(|element| element.result.as_deref());
        if let Some(own) = told.and_then(results::of_v1) {
            return Some(own.v1);
        }
        words(self.outcome()?, self.side)
    }

    /// A row of a list.
    pub fn row(&self, shape: Shape) -> Value {
        let mut row = self.common();
        let recording = self.recording();
        let charge = self.call.charges.iter().find(|charge| {
            charge.party.as_ref().zip(self.owner()).is_none_or(|(payer, owner)| same(payer, owner))
        });
        row.put("charge", charge.and_then(|charge| charge.amount.clone()));
        row.put("rate", charge.and_then(|charge| charge.rate.clone()));
        row.put("caller_billing_reference_id", charge.and_then(|charge| charge.reference.clone()));
        row.put("answer_start_time", time(self.answered_at()));
        row.put("call_end_time", time(self.ended_at()));
        row.put("hold_time", self.leg.and_then(|leg| leg.hold_seconds));
        row.put("waiting_time", self.leg.and_then(|leg| leg.wait_seconds));
        row.put("user_id", self.owner().and_then(|owner| owner.user_id.clone()));
        let kind = recording.and_then(|recording| match recording.kind.as_deref() {
            Some("automatic") => Some("Automatic"),
            Some("on_demand") => Some("OnDemand"),
            _ => None,
        });
        row.put("recording_type", kind);
        match shape {
            Shape::Account => {
                row.put("call_type", self.call_type());
                row.put("recording_id", recording.map(|recording| recording.id.clone()));
                row.put("owner", self.owner().map(owner));
            }
            Shape::User => {
                row.put("has_recording", recording.is_some());
                row.put("has_voicemail", self.has_voicemail());
                row.put("accepted_by", self.accepted_by().map(person));
                row.put("forwarded_by", self.forwarded_by().map(forwarder));
                let caller = (self.side == Side::Caller).then(|| self.owner()).flatten();
                row.put("outgoing_by", caller.map(person));
            }
        }
        row.into_value()
    }

    /// The answer of `getCallLogDetails`: the log and every step of its call.
    pub fn detail(&self) -> Value {
        let mut detail = self.common();
        detail.put("call_type", self.call_type());
        detail.put("has_recording", self.recording().is_some());
        detail.put("has_voicemail", self.has_voicemail());
        let steps: Vec<Value> = self
            .call
            .elements
            .iter()
            .map(|element| {
                let step = Self {
                    call: self.call,
                    leg: None,
                    element: Some(element),
                    side: self.side,
                    id: element.id.clone(),
                };
                let mut fields = Fields::new();
                fields.put("id", element.id.as_str());
                fields.put("date_time", time(element.started_at));
                fields.put("duration", between(element.started_at, element.ended_at));
                fields.put("hold_time", element.hold_seconds);
                fields.put("path", step.path());
                fields.put("result", step_result(element, self.side));
                fields.put("forward_to", element.to.as_ref().filter(|to| to.is_inside()).and_then(target));
                fields.into_value()
            })
            .collect();
        detail.put("log_details", steps);
        detail.into_value()
    }

    fn common(&self) -> Fields {
        let mut row = Fields::new();
        let (from, to) = self.ends();
        row.put("id", self.id.as_str());
        row.put("call_id", id(self.call, AliasKind::CallId));
        row.put(
            "direction",
            match self.side {
                Side::Caller => "outbound",
                Side::Callee => "inbound",
            },
        );
        let of_step = self.element.and_then(|element| element.started_at);
        let began = self.leg.and_then(|leg| leg.started_at).or(of_step).or(self.call.started_at);
        row.put("date_time", time(began));
        row.put("duration", between(self.answered_at(), self.ended_at()).unwrap_or(0));
        row.put("result", self.result());
        row.put("path", self.path());
        end(&mut row, "caller", from);
        end(&mut row, "callee", to);
        row
    }

    /// Who called and who was called, as the owner saw it.
    fn ends(&self) -> (Option<&Party>, Option<&Party>) {
        let of_step = |end: fn(&ElementView) -> Option<&Party>| self.element.and_then(end);
        let from = of_step(|element| element.from.as_ref()).or(self.call.from.as_ref());
        let to = of_step(|element| element.to.as_ref()).or(self.call.to.as_ref());
        match self.side {
            Side::Caller => (self.owner().or(from), to),
            Side::Callee => (from, self.owner().or(to)),
        }
    }

    fn answered_at(&self) -> Option<Timestamp> {
        match self.leg {
            Some(leg) => leg.answered_at.or(self.element.and_then(|element| element.answered_at)),
            None => self.element.map_or(self.call.answered_at, |element| element.answered_at),
        }
    }

    fn call_type(&self) -> &'static str {
        if is_internal(self.call) { "voip" } else { "pstn" }
    }

    fn recording(&self) -> Option<&crate::view::RecordingView> {
        let of_step = |recording: &&crate::view::RecordingView| {
            recording.element_id.is_some()
                && recording.element_id.as_ref() == self.element.map(|element| &element.id)
        };
        let of_owner = |recording: &&crate::view::RecordingView| {
            recording.owner.as_ref().zip(self.owner()).is_some_and(|(one, other)| same(one, other))
        };
        let recordings = || self.call.recordings.iter();
        recordings().find(of_step).or_else(|| recordings().find(of_owner))
    }

    fn has_voicemail(&self) -> bool {
        self.side == Side::Callee && self.outcome() == Some(Outcome::Voicemail)
    }

    /// Who took a call that this owner did not.
    fn accepted_by(&self) -> Option<&Party> {
        let taken = |leg: &&LegView| {
            leg.side == Side::Callee && leg.outcome == Some(Outcome::Answered) && leg.party.is_inside()
        };
        let by = &self.call.legs.iter().find(taken)?.party;
        self.owner().is_some_and(|owner| !same(owner, by)).then_some(by)
    }

    /// What sent the call to the owner.
    fn forwarded_by(&self) -> Option<&Party> {
        let operator = self.element?.operator.as_ref()?;
        let other = self.owner().is_none_or(|owner| !same(owner, operator));
        (self.side == Side::Callee && other && operator.is_inside()).then_some(operator)
    }
}

/// An outcome in the words of v1, as somebody on this side sees it.
fn words(outcome: Outcome, side: Side) -> Option<&'static str> {
    Some(match (outcome, side) {
        (Outcome::Answered, _) => "Call connected",
        (Outcome::AnsweredElsewhere, _) => "Answered by Other Member",
        (Outcome::Voicemail, _) => "Voicemail",
        (Outcome::Rejected, _) => "Rejected",
        (Outcome::Busy, _) => "Busy",
        (Outcome::Missed, Side::Caller) => "No Answer",
        (Outcome::Cancelled, Side::Caller) => "Call Cancel",
        (Outcome::Blocked, _) => "Blocked",
        (Outcome::Failed, _) => "Call failed",
        (Outcome::Missed | Outcome::Cancelled, Side::Callee)
        | (Outcome::Abandoned | Outcome::Overflowed, _) => "Missed",
        (Outcome::Unknown, _) => return None,
    })
}

/// How a step ended, in the words of v1.
fn step_result(element: &ElementView, side: Side) -> Option<&'static str> {
    let told = element.result.as_deref()?;
    if let Some(own) = results::of_v1(told) {
        return Some(own.v1);
    }
    words(Outcome::of_record(told, element.result_reason.as_deref().unwrap_or_default())?, side)
}

/// The fields of one end. In v1 the number of somebody on the account is the extension.
fn end(row: &mut Fields, side: &str, party: Option<&Party>) {
    let Some(party) = party else { return };
    let inside = party.is_inside();
    let extension = party.extension_number.clone().filter(|_| inside);
    let kind = if extension.is_some() { 1 } else { 2 };
    let source = if inside { "internal" } else { "external" };
    let number = extension.or_else(|| party.number.clone());
    // Who hides the number has a number type all the same.
    if number.is_some() || party.kind == PartyKind::External {
        row.put(&format!("{side}_number"), number);
        row.put(&format!("{side}_number_type"), kind);
        row.put(&format!("{side}_number_source"), source);
    }
    row.put(&format!("{side}_did_number"), party.number.clone());
    row.put(&format!("{side}_name"), party.name.clone());
}

fn owner(party: &Party) -> Value {
    let mut owner = Fields::new();
    let number = party.extension_number.as_ref().and_then(|number| number.parse::<i64>().ok());
    owner.put("extension_number", number);
    owner.put("id", party.user_id.clone().or_else(|| party.extension_id.clone()));
    owner.put("name", party.name.clone());
    owner.put("type", kinds(&party.kind).map(|(_, word)| word).filter(|word| *word != "room"));
    owner.into_value()
}

fn person(party: &Party) -> Value {
    let mut person = Fields::new();
    person.put("name", party.name.clone());
    person.put("extension_number", party.extension_number.clone());
    person.put("phone_number", party.number.clone());
    person.put("number_type", if party.extension_number.is_some() { 1 } else { 2 });
    person.into_value()
}

fn forwarder(party: &Party) -> Value {
    let mut by = person(party);
    let word = match kinds(&party.kind).map(|(_, word)| word) {
        Some("commonArea") => Some("commonAreaPhone"),
        Some("room") => None,
        other => other,
    };
    if let (Some(word), Value::Object(fields)) = (word, &mut by) {
        fields.insert("extension_type".to_owned(), json!(word));
    }
    by
}

fn target(party: &Party) -> Option<Value> {
    let word =
        kinds(&party.kind).map(|(_, word)| word).filter(|word| !matches!(*word, "room" | "commonArea"))?;
    let mut to = Fields::new();
    to.put("extension_number", party.extension_number.clone());
    to.put("id", party.user_id.clone().or_else(|| party.extension_id.clone()));
    to.put("name", party.name.clone());
    to.put("type", word);
    Some(to.into_value())
}
