//! Call history as it was until November 2025 (v2): a row for each call, and its steps as `call_path`.
//!
//! Shapes: the array `call_logs` of `accountCallHistory`; `getCallPath` with `call_path`.

use serde_json::Value;

use super::{Fields, between, code, id, is_internal, kinds, time};
use crate::{
    identity::AliasKind,
    normalize::map::results,
    party::{Party, PartyKind},
    view::{CallView, Direction, ElementView, Outcome},
};

/// One row of the array `call_logs` of `GET /phone/call_history`.
pub fn row(call: &CallView) -> Value {
    let mut row = top(call);
    row.put("duration", between(call.started_at, call.ended_at));
    row.put("call_result", call.result.and_then(|result| code(result, call.direction)));
    row.put("recording_status", if call.recordings.is_empty() { "non_recorded" } else { "recorded" });
    number_types(&mut row, call.from.as_ref(), call.to.as_ref());
    row.into_value()
}

/// The answer of `GET /phone/call_history/{id}` with the array `call_path`.
pub fn path(call: &CallView) -> Value {
    let mut path = top(call);
    let steps: Vec<Value> = call.elements.iter().map(|element| step(call, element)).collect();
    path.put("call_path", steps);
    path.into_value()
}

/// What row and path begin with.
fn top(call: &CallView) -> Fields {
    let mut fields = Fields::new();
    // A call that no call history told of is known by its own id.
    fields.put("id", id(call, AliasKind::CallHistoryUuid).unwrap_or_else(|| call.id.clone()));
    common(&mut fields, call);
    party(&mut fields, "caller", call.from.as_ref());
    party(&mut fields, "callee", call.to.as_ref());
    fields.put("start_time", time(call.started_at));
    fields.put("answer_time", time(call.answered_at));
    fields.put("end_time", time(call.ended_at));
    fields
}

fn common(fields: &mut Fields, call: &CallView) {
    fields.put("call_id", id(call, AliasKind::CallId));
    fields.put(
        "connect_type",
        match call.direction {
            Direction::Unknown => None,
            _ if is_internal(call) => Some("internal"),
            _ => Some("external"),
        },
    );
    fields.put("call_type", if call.emergency { "emergency" } else { "general" });
    fields.put(
        "direction",
        match call.direction {
            Direction::Inbound => Some("inbound"),
            // Somebody of the account called.
            Direction::Outbound | Direction::Internal => Some("outbound"),
            Direction::Unknown => None,
        },
    );
}

fn step(call: &CallView, element: &ElementView) -> Value {
    let mut fields = Fields::new();
    fields.put("id", element.id.as_str());
    common(&mut fields, call);
    party(&mut fields, "caller", element.from.as_ref());
    party(&mut fields, "callee", element.to.as_ref());
    number_types(&mut fields, element.from.as_ref(), element.to.as_ref());
    fields.put("start_time", time(element.started_at));
    fields.put("answer_time", time(element.answered_at));
    fields.put("end_time", time(element.ended_at));
    fields.put("event", element.event.clone());
    fields.put("result", result(element));
    let reason = element.result_reason.as_deref();
    let known = ["answered_by_other", "pickup_by_other", "call_out_by_other"];
    fields.put("result_reason", reason.filter(|reason| known.contains(reason)));
    if let Some(operator) = &element.operator {
        fields.put("operator_name", operator.name.clone());
        fields.put("operator_ext_number", operator.extension_number.clone());
        fields.put("operator_ext_id", operator.extension_id.clone());
        fields.put("operator_ext_type", extension_type(&operator.kind));
    }
    fields.put("press_key", element.press_key.clone());
    fields.put("segment", element.segment);
    fields.put("node", element.node);
    fields.put("hold_time", element.hold_seconds);
    fields.put("waiting_time", element.wait_seconds);
    let recording =
        call.recordings.iter().find(|recording| recording.element_id.as_ref() == Some(&element.id));
    fields.put("recording_id", recording.map(|recording| recording.id.clone()));
    let kind = recording.and_then(|recording| recording.kind.as_deref());
    fields.put(
        "recording_type",
        match kind {
            Some("automatic") => Some("automatic"),
            Some("on_demand") => Some("ad-hoc"),
            _ => None,
        },
    );
    let voicemail =
        call.voicemails.iter().find(|voicemail| voicemail.element_id.as_ref() == Some(&element.id));
    fields.put("voicemail_id", voicemail.map(|voicemail| voicemail.id.clone()));
    fields.into_value()
}

/// The code as Zoom wrote it; the likeliest one for the words of a call log.
fn result(element: &ElementView) -> Option<String> {
    let told = element.result.as_deref()?;
    match results::of_v1(told) {
        Some(word) => word.v3.first().map(|code| (*code).to_owned()),
        None => Some(told.to_owned()).filter(|code| Outcome::of_record(code, "") != Some(Outcome::Unknown)),
    }
}

fn party(fields: &mut Fields, side: &str, party: Option<&Party>) {
    let Some(party) = party else { return };
    fields.put(&format!("{side}_ext_id"), party.extension_id.clone());
    fields.put(&format!("{side}_did_number"), party.number.clone());
    fields.put(&format!("{side}_ext_number"), party.extension_number.clone());
    fields.put(&format!("{side}_name"), party.name.clone());
    fields.put(&format!("{side}_ext_type"), extension_type(&party.kind));
}

fn extension_type(kind: &PartyKind) -> Option<&str> {
    let other = ["group_call_pickup", "external_contact"].contains(&kind.as_str()).then(|| kind.as_str());
    kinds(kind).map(|(word, _)| word).or(other)
}

/// What can be said of numbers whose kind no record told: who is outside has one of outside.
fn number_types(fields: &mut Fields, from: Option<&Party>, to: Option<&Party>) {
    for (side, party) in [("caller", from), ("callee", to)] {
        let Some(party) = party.filter(|party| party.number.is_some()) else { continue };
        let word = if party.is_inside() { "zoom_pstn" } else { "external_pstn" };
        fields.put(&format!("{side}_number_type"), word);
    }
}
