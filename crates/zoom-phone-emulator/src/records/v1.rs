//! Call logs (version 1), which Zoom has been about to switch off since 2025.
//!
//! A log is what one user sees of one call; a call that no user was rung for has one log, owned by the queue or the
//! receptionist it came to. Results are words for people, number types are numbers, and nothing tells which record of
//! version 3 is meant but the `call_id`.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::facts::{Fact, Facts, Shape};
use super::{CallRecord, Element, Side, party};
use crate::party::{Kind, Party};

/// Every shape of a log.
pub(crate) struct Shapes {
    pub(crate) account: Shape,
    pub(crate) user: Shape,
    pub(crate) sync: Shape,
    detail: Shape,
    caller_event: Shape,
    callee_event: Shape,
}

/// Fields of a log in `phone.caller_call_log_completed`.
const CALLER_EVENT: [&str; 34] = [
    "id",
    "caller_number",
    "caller_number_type",
    "caller_number_source",
    "caller_name",
    "caller_did_number",
    "caller_country_code",
    "caller_country_iso_code",
    "callee_number",
    "callee_number_type",
    "callee_number_source",
    "callee_name",
    "callee_did_number",
    "callee_country_code",
    "callee_country_iso_code",
    "duration",
    "result",
    "date_time",
    "path",
    "site",
    "has_recording",
    "recording_id",
    "recording_type",
    "has_voicemail",
    "call_id",
    "client_code",
    "call_type",
    "call_end_time",
    "direction",
    "forwarded_to",
    "forwarded_by",
    "hold_time",
    "department",
    "cost_center",
];

/// What `phone.callee_call_log_completed` has besides.
const CALLEE_EVENT: [&str; 4] = ["caller_user_id", "callee_user_id", "answer_start_time", "waiting_time"];

/// The shapes.
pub(crate) fn shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| Shapes {
        account: Shape::of("account_call_logs", Some("call_logs")),
        user: Shape::of("phone_user_call_logs", Some("call_logs")),
        sync: Shape::of("sync_user_call_logs", Some("call_logs")),
        detail: Shape::of("get_call_log_details", None).without(&["log_details"]),
        caller_event: Shape::new(&CALLER_EVENT),
        callee_event: Shape::new(&[&CALLER_EVENT[..], &CALLEE_EVENT].concat()),
    })
}

/// What one owner sees of one call.
pub(crate) struct Log<'a> {
    pub(crate) call: &'a CallRecord,
    /// The step that decides what the owner sees: the one that was answered, or else the last.
    pub(crate) element: &'a Element,
    pub(crate) owner: &'a Party,
    pub(crate) side: Side,
    pub(crate) client_code: Option<&'a str>,
}

/// The logs of a call, one for each side of each user, or one of the first callee.
pub(crate) fn logs<'a>(call: &'a CallRecord, client_code: Option<&'a str>) -> Vec<Log<'a>> {
    let mut logs: Vec<Log<'a>> = Vec::new();
    for element in &call.elements {
        let Some((side, user)) = &element.told else { continue };
        match logs.iter_mut().find(|log| log.side == *side && log.owner.id == user.id) {
            Some(log) if log.element.answer.is_none() => log.element = element,
            Some(_) => {}
            None => logs.push(Log { call, element, owner: user, side: *side, client_code }),
        }
    }
    if logs.is_empty()
        && let Some(element) = call.elements.last()
    {
        logs.push(Log { call, element, owner: &call.callee, side: Side::Callee, client_code });
    }
    logs
}

impl Facts for Log<'_> {
    fn fact(&self, name: &str) -> Fact<'_> {
        let Self { call, element, owner, .. } = *self;
        for (prefix, party) in [("caller_", &*element.caller), ("callee_", &*element.callee)] {
            if let Some(field) = name.strip_prefix(prefix) {
                return end(party, field);
            }
        }
        match name {
            "id" => id(&element.id).into(),
            "call_id" => (&element.call_id).into(),
            "call_type" => self.call_type().into(),
            "direction" => element.direction.into(),
            "date_time" => element.start.into(),
            "answer_start_time" => element.answer.into(),
            "call_end_time" => element.end.into(),
            "duration" => element.answer.map_or(0, |at| element.end.as_second() - at.as_second()).into(),
            "result" => self.result().into(),
            "path" => self.path().into(),
            "user_id" => (owner.kind == Kind::User).then_some(&owner.id).into(),
            "owner" => json!({
                "extension_number": owner.extension_number,
                "id": owner.id,
                "name": owner.name,
                "type": owner.kind.in_events(),
            })
            .into(),
            "site" => json!({ "id": call.site.1, "name": call.site.0 }).into(),
            "has_recording" => (!element.recording_id.is_empty()).into(),
            "has_voicemail" => (!element.voicemail_id.is_empty()).into(),
            "recording_id" => (&element.recording_id).into(),
            "recording_type" => element.recording_type().map(recording_type).into(),
            "hold_time" => element.hold.into(),
            "waiting_time" => element.wait().into(),
            "department" => owner.department.as_deref().into(),
            "cost_center" => owner.cost_center.as_deref().into(),
            "client_code" => self.client_code.into(),
            "accepted_by" => self.accepted_by().into(),
            "forwarded_by" => self.forwarded_by().into(),
            "forwarded_to" => self.forwarded_to().into(),
            "outgoing_by" => (element.event == "outgoing").then(|| person(&element.operator)).into(),
            _ => Fact::Nothing,
        }
    }
}

impl Log<'_> {
    /// The answer of `getCallLogDetails`: every step of the call.
    pub(crate) fn detail(&self) -> Value {
        let mut detail = shapes().detail.value(self);
        let steps = self.call.elements.iter().map(|element| {
            let step = Log { element, ..*self };
            json!({
                "id": id(&element.id),
                "date_time": crate::clock::text(element.start),
                "duration": element.end.as_second() - element.start.as_second(),
                "hold_time": element.hold,
                "path": step.path(),
                "result": step.result(),
                "site": { "id": self.call.site.1, "name": self.call.site.0 },
            })
        });
        detail["log_details"] = steps.collect();
        detail
    }

    /// As in `phone.{caller,callee}_call_log_completed`.
    pub(crate) fn told(&self) -> Value {
        match self.side {
            Side::Caller => shapes().caller_event.value(self),
            Side::Callee => shapes().callee_event.value(self),
        }
    }

    /// Zoom has no table; this is ours, from the words of both vocabularies.
    pub(crate) fn result(&self) -> &'static str {
        if self.element.reason == "answered_by_other" || self.element.reason == "pickup_by_other" {
            return "Answered by Other Member";
        }
        match self.element.result {
            "answered" | "accepted" | "picked_up" | "connected" | "succeeded" => "Call connected",
            "voicemail" => "Voicemail",
            "rejected" => "Rejected",
            "busy" => "Busy",
            "system_blocked" => "Blocked",
            "call_failed" | "service_unavailable" => "Call failed",
            "canceled" if self.side == Side::Caller => "Call Cancel",
            "no_answer" | "ring_timeout" if self.side == Side::Caller => "No Answer",
            _ => "Missed",
        }
    }

    pub(crate) fn path(&self) -> &'static str {
        match (self.element.event, self.element.operator.kind) {
            ("park", _) => "park",
            ("park_pick_up", _) => "parkPickup",
            ("timeout", _) => "parkTimeout",
            ("monitor" | "listen" | "whisper" | "barge", _) => "monitor",
            ("takeover", _) => "takeover",
            (
                "direct_transfer" | "warm_transfer" | "warm_transfer_outgoing" | "warm_transfer_incoming",
                _,
            ) => "transfer",
            (_, Kind::Queue) => "callQueue",
            (_, Kind::Receptionist) => "autoReceptionist",
            _ if self.element.connect_type() == "external" => "pstn",
            _ => "extension",
        }
    }

    fn call_type(&self) -> &'static str {
        if self.call.international {
            "international"
        } else if party::toll_free(&self.element.callee) {
            "tollfree"
        } else if self.element.connect_type() == "external" {
            "pstn"
        } else {
            "voip"
        }
    }

    /// Who took a call that this owner did not.
    fn accepted_by(&self) -> Option<Value> {
        let taken =
            |element: &&Element| element.answer.is_some() && element.operator.kind != Kind::Receptionist;
        let by = self.call.elements.iter().filter(taken).find_map(|element| element.told.as_ref());
        by.filter(|(side, user)| *side == Side::Callee && user.id != self.owner.id)
            .map(|(_, user)| person(user))
    }

    fn forwarded_by(&self) -> Option<Value> {
        let from = &self.element.operator;
        let forwarded = self.side == Side::Callee && from.id != self.owner.id && from.kind != Kind::Outside;
        forwarded.then(|| {
            let mut by = person(from);
            by["extension_type"] = json!(from.kind.in_events());
            by
        })
    }

    fn forwarded_to(&self) -> Option<Value> {
        let place = self.call.elements.iter().position(|element| std::ptr::eq(element, self.element))?;
        let mut later = self.call.elements.iter().skip(place + 1);
        let next =
            later.find(|element| matches!(element.event, "forward" | "direct_transfer" | "overflow"))?;
        Some(person(&next.callee))
    }
}

fn person(party: &Party) -> Value {
    let mut person = json!({ "name": party.name, "number_type": number_type(party) });
    if party.kind != Kind::Outside {
        person["extension_number"] = json!(party.extension_text());
    }
    if let Some(number) = &party.number {
        person["phone_number"] = json!(number);
    }
    person
}

/// The field after `caller_` or `callee_`.
fn end<'a>(party: &'a Party, field: &str) -> Fact<'a> {
    match field {
        "name" => party.name.as_deref().into(),
        "number" => party.dialled().into(),
        "number_type" => number_type(party).into(),
        "number_source" => if party.kind == Kind::Outside { "external" } else { "internal" }.into(),
        "did_number" => party.number.as_deref().into(),
        "country_code" => party.country().map(|(_, code)| code).into(),
        "country_iso_code" => party.country().map(|(iso, _)| iso).into(),
        "user_id" => (party.kind == Kind::User).then_some(&party.id).into(),
        _ => Fact::Nothing,
    }
}

/// 1 is an extension, 2 a phone number.
pub(super) fn number_type(party: &Party) -> i64 {
    if party.kind == Kind::Outside { 2 } else { 1 }
}

/// Version 1 and the operations about recordings keep the old spelling.
pub(crate) fn recording_type(new: &str) -> &'static str {
    if new == "ad-hoc" { "OnDemand" } else { "Automatic" }
}

/// The id that a leg has in version 1: a UUID that follows from the element's id, but does not show it. Zoom documents
/// no mapping between the two.
pub(crate) fn id(element_id: &str) -> String {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for byte in element_id.bytes() {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    let (high, low) = (hash >> 64, hash & u128::from(u64::MAX));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}
