//! Records: v3 call elements and v2 legs from events, paths and lists, v3 and v2 rows of call history.
//!
//! v3 has two dialects of one element. Events and user lists say `wait_time` and `talk_time`; the account
//! view says `waiting_time`, `segment` and `node`, and has no talk time. Both are read here as one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use zoom_phone_types::events::{
    CallElement, CallElements, CallHistory, CallHistoryLeg, CallType, ConnectType,
    Direction as WireDirection, Event, NumberType, Wire,
};

use super::{Facts, Names, quirk, seconds, status::wire_kind, take, text, time};
use crate::{
    fact::{Element, Row, Said, Source},
    identity::AliasKind,
    party::{Party, PartyKind},
    view::{Direction, Outcome, Side},
};

/// Reads an event of this family; `false` if it is of another.
pub(super) fn read(event: &Event, facts: &mut Facts<'_>) -> bool {
    match event {
        Event::CalleeCallElementCompleted(told) => elements(facts, Source::ElementEvent, Side::Callee, told),
        Event::CallerCallElementCompleted(told) => elements(facts, Source::ElementEvent, Side::Caller, told),
        Event::CalleeCallHistoryCompleted(told) => elements(facts, Source::V2, Side::Callee, &of_v2(told)),
        Event::CallerCallHistoryCompleted(told) => elements(facts, Source::V2, Side::Caller, &of_v2(told)),
        _ => return false,
    }
    true
}

/// Whose records they are: an event names a user id, which elements themselves have lost since v1.
#[derive(Clone, Copy)]
struct Owner<'a> {
    side: Side,
    user_id: &'a str,
}

fn elements(facts: &mut Facts<'_>, source: Source, side: Side, told: &CallElements) {
    let owner = owner_of(told, side);
    for one in told.call_elements.iter().flatten() {
        element(facts, source, one, owner);
    }
}

/// The owner, if all elements of the event show one extension on that side. Where they show several
/// (everybody whom a queue rang), the user id fits only one of them, and nothing says which.
fn owner_of(told: &CallElements, side: Side) -> Option<Owner<'_>> {
    let mut extensions = told.call_elements.iter().flatten().map(|one| match side {
        Side::Caller => &one.caller_ext_id,
        Side::Callee => &one.callee_ext_id,
    });
    let first = extensions.next()?;
    let user_id = told.user_id.as_deref().map(str::trim).filter(|id| !id.is_empty())?;
    extensions.all(|other| other == first).then_some(Owner { side, user_id })
}

/// v2 legs are v3 elements with other names for two ids.
fn of_v2(told: &CallHistory) -> CallElements {
    let legs = told.call_logs.iter().flatten().filter_map(leg);
    CallElements {
        user_id: told.user_id.clone(),
        call_elements: Some(legs.collect()),
        ..CallElements::default()
    }
}

fn leg(leg: &CallHistoryLeg) -> Option<CallElement> {
    Some(CallElement {
        call_element_id: leg.id.clone(),
        call_history_uuid: leg.call_path_id.clone(),
        ..CallElement::from_json(&leg.to_json())?
    })
}

/// Reads one element of `getCallElement`, of a user's list or of a user's sync. What the account sees has its place in
/// the call; what a participant sees has its talk time.
pub(super) fn one_element(row: Map<String, Value>, facts: &mut Facts<'_>) {
    let is_participants = !row.contains_key("segment")
        && ["talk_time", "wait_time", "caller_site_id", "callee_site_id"]
            .iter()
            .any(|name| row.contains_key(*name));
    let source = if is_participants { Source::ElementEvent } else { Source::ElementRest };
    match CallElement::from_json(&Value::Object(row)) {
        Some(told) => element(facts, source, &told, None),
        None => facts.nameless = true,
    }
}

/// Reads one leg of `getCallHistoryDetail`, or of a user's list or sync in v2 names.
pub(super) fn one_leg(row: Map<String, Value>, facts: &mut Facts<'_>) {
    match CallHistoryLeg::from_json(&Value::Object(row)).as_ref().and_then(leg) {
        Some(told) => element(facts, Source::V2, &told, None),
        None => facts.nameless = true,
    }
}

fn element(facts: &mut Facts<'_>, source: Source, told: &CallElement, owner: Option<Owner<'_>>) {
    let names = Names::of_call(told.call_id.as_ref())
        .and(AliasKind::CallElementId, told.call_element_id.as_ref())
        .and(AliasKind::CallHistoryUuid, told.call_history_uuid.as_ref())
        .and(AliasKind::RecordingId, told.recording_id.as_ref())
        .and(AliasKind::VoicemailId, told.voicemail_id.as_ref());
    let Some(id) = text(told.call_element_id.as_deref()) else { return facts.nameless = true };
    let extra = &told.extra;
    count_quirks(facts, source, told);
    let mut made = Element {
        id,
        event: text(told.event.as_ref().map(|word| word.as_str())),
        result: text(told.result.as_ref().map(|word| word.as_str())),
        result_reason: text(told.result_reason.as_ref().map(|word| word.as_str())),
        direction: direction(told.direction.as_ref()),
        internal: internal(told.connect_type.as_ref()),
        emergency: emergency(told.call_type.as_ref()),
        caller: caller(told),
        callee: callee(told),
        operator: Party {
            kind: wire_kind(told.operator_ext_type.as_ref().map(|kind| kind.as_str())),
            name: told.operator_name.clone(),
            extension_number: told.operator_ext_number.clone(),
            extension_id: told.operator_ext_id.clone(),
            ..Party::default()
        }
        .tidied(),
        started_at: time(told.start_time.as_ref()),
        answered_at: time(told.answer_time.as_ref()),
        ended_at: time(told.end_time.as_ref()),
        wait_seconds: seconds(told.wait_time.or_else(|| int(extra, "waiting_time"))),
        talk_seconds: seconds(told.talk_time),
        hold_seconds: seconds(told.hold_time),
        segment: int(extra, "segment"),
        node: int(extra, "node"),
        is_node: int(extra, "is_node").map(|flag| flag != 0),
        press_key: extra.get("press_key").and_then(String::from_json).and_then(|key| text(Some(&key))),
        recording_id: text(told.recording_id.as_deref()),
        voicemail_id: text(told.voicemail_id.as_deref()),
        has_voicemail: None,
    };
    if let Some(Owner { side, user_id }) = owner {
        let party = match side {
            Side::Caller => &mut made.caller,
            Side::Callee => &mut made.callee,
        };
        if party.kind == PartyKind::User {
            party.user_id = Some(user_id.to_owned());
        }
    }
    facts.add(source, made.started_at, names, Said::Element(Box::new(made)));
}

fn count_quirks(facts: &mut Facts<'_>, source: Source, told: &CallElement) {
    let two_names = |kind: &Option<NumberType>| {
        let word = kind.as_ref().map(|kind| kind.as_str().trim());
        matches!(word, Some("zoom_revenue_accelerator" | "zra_phone_number"))
    };
    if two_names(&told.caller_number_type) || two_names(&told.callee_number_type) {
        facts.quirks.insert(quirk::TWO_NAMES);
    }
    let is_wrong = match source {
        Source::ElementEvent => told.extra.contains_key("waiting_time"),
        Source::ElementRest => told.wait_time.is_some(),
        _ => false,
    };
    if is_wrong {
        facts.quirks.insert(quirk::WAIT_SPELLING);
    }
}

/// Reads the steps of one call, `GET /phone/call_history/{callHistoryUuid}`. Only the answer as a whole knows
/// its history id, which v2 calls `id`; and what the steps of v3 have as `call_element_id` v2 calls `id`, too.
pub(super) fn path(mut told: Map<String, Value>, facts: &mut Facts<'_>) {
    let mut steps = |name: &str| match told.shift_remove(name) {
        Some(Value::Array(steps)) if !steps.is_empty() => Some(steps),
        _ => None,
    };
    let (source, id, steps) = match (steps("call_elements"), steps("call_path")) {
        (Some(steps), old) => {
            if old.is_some() {
                facts.quirks.insert(quirk::BOTH_GENERATIONS);
            }
            (Source::ElementRest, "call_element_id", steps)
        }
        (None, Some(steps)) => (Source::V2, "id", steps),
        (None, None) => return,
    };
    let history = take(&mut told, "call_history_uuid").or_else(|| take(&mut told, "id"));
    let mut seen = BTreeSet::new();
    for step in steps {
        let Value::Object(mut step) = step else {
            facts.nameless = true;
            continue;
        };
        facts.quirks_of(&step);
        // Phase, step, parties and time: what two rows of one thing have in common.
        let same = ["segment", "event", "caller_ext_id", "callee_ext_id", "start_time"];
        if !seen.insert(same.map(|name| step.get(name).map(Value::to_string))) {
            facts.quirks.insert(quirk::MIRRORED_ROW);
        }
        if step.get("segment").and_then(i64::from_json) == Some(0) {
            facts.quirks.insert(quirk::SEGMENT_ZERO);
        }
        let id = take(&mut step, id);
        let Some(step) = CallElement::from_json(&Value::Object(step)) else {
            facts.nameless = true;
            continue;
        };
        let history = step.call_history_uuid.clone().or_else(|| history.clone());
        let step = CallElement { call_element_id: id, call_history_uuid: history, ..step };
        element(facts, source, &step, None);
    }
}

/// Reads one row of `GET /phone/call_history`. v2 rows call the record's id `id`.
pub(super) fn row(mut row: Map<String, Value>, facts: &mut Facts<'_>) {
    let v3 = take(&mut row, "call_history_uuid");
    let v2 = take(&mut row, "id");
    let source = if v3.is_some() { Source::HistoryRow } else { Source::V2 };
    let result = take(&mut row, "call_result");
    let recorded = take(&mut row, "recording_status").map(|status| status == "recorded");
    // Rows and elements name parties and times alike.
    let Some(told) = CallElement::from_json(&Value::Object(row)) else { return };
    let names = Names::of_call(told.call_id.as_ref())
        .and(AliasKind::CallHistoryUuid, v3.as_ref())
        .and(AliasKind::CallHistoryUuid, v2.as_ref());
    let made = Row {
        outcome: result.as_deref().and_then(|result| Outcome::of_record(result, "")),
        result,
        direction: direction(told.direction.as_ref()),
        internal: internal(told.connect_type.as_ref()),
        emergency: emergency(told.call_type.as_ref()),
        caller: caller(&told),
        callee: callee(&told),
        started_at: time(told.start_time.as_ref()),
        answered_at: time(told.answer_time.as_ref()),
        ended_at: time(told.end_time.as_ref()),
        recorded,
    };
    facts.add(source, made.started_at, names, Said::Row(Box::new(made)));
}

fn int(extra: &Map<String, Value>, key: &str) -> Option<i64> {
    extra.get(key).and_then(i64::from_json)
}

pub(super) fn direction(told: Option<&WireDirection>) -> Option<Direction> {
    match told?.as_str().trim() {
        "inbound" => Some(Direction::Inbound),
        "outbound" => Some(Direction::Outbound),
        _ => None,
    }
}

fn internal(told: Option<&ConnectType>) -> Option<bool> {
    match told?.as_str().trim() {
        "internal" => Some(true),
        "external" => Some(false),
        _ => None,
    }
}

fn emergency(told: Option<&CallType>) -> Option<bool> {
    told.map(|kind| kind.as_str().trim() == "emergency")
}

fn caller(told: &CallElement) -> Party {
    Party {
        kind: kind(
            told.caller_ext_type.as_ref().map(|kind| kind.as_str()),
            told.caller_number_type.as_ref().map(|kind| kind.as_str()),
        ),
        name: told.caller_name.clone(),
        number: told.caller_did_number.clone(),
        extension_number: told.caller_ext_number.clone(),
        extension_id: told.caller_ext_id.clone(),
        ..Party::default()
    }
    .tidied()
}

fn callee(told: &CallElement) -> Party {
    Party {
        kind: kind(
            told.callee_ext_type.as_ref().map(|kind| kind.as_str()),
            told.callee_number_type.as_ref().map(|kind| kind.as_str()),
        ),
        name: told.callee_name.clone(),
        number: told.callee_did_number.clone(),
        extension_number: told.callee_ext_number.clone(),
        extension_id: told.callee_ext_id.clone(),
        ..Party::default()
    }
    .tidied()
}

/// The extension type where there is one; else outside numbers say that the party is outside.
fn kind(extension: Option<&str>, number: Option<&str>) -> PartyKind {
    match (wire_kind(extension), number.map(str::trim)) {
        (
            PartyKind::Unknown,
            Some("external_pstn" | "external_contact" | "external_service_number" | "anonymous_number"),
        ) => PartyKind::External,
        (kind, _) => kind,
    }
}
