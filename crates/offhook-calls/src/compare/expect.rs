//! Which events Zoom's records would have caused.

use crate::{
    fact::Element,
    party::PartyKind,
    view::{Direction, Side},
};

/// In place of an event's name: any at all.
pub const ANY_EVENT: &str = "*";

pub(super) const RECORDING: &str = "phone.recording_completed";
pub(super) const VOICEMAIL: &str = "phone.voicemail_received";
/// The side whose user is told of a step. Zoom tells users of what their own line did: what happens in queues, menus
/// and parking places or goes straight to a mailbox shows in the records alone.
pub(super) fn told_to(element: &Element) -> Option<Side> {
    let is_line = match element.event.as_deref() {
        Some("park" | "timeout") => false,
        Some("forward") => element.result.as_deref() != Some("voicemail"),
        _ => true,
    };
    if !is_line {
        return None;
    }
    let (side, party) = match element.direction? {
        Direction::Outbound => (Side::Caller, &element.caller),
        Direction::Inbound => (Side::Callee, &element.callee),
        Direction::Internal | Direction::Unknown => return None,
    };
    (party.kind == PartyKind::User).then_some(side)
}

/// A second row of the same step, as live records have them: the other is the one that events tell of.
pub(super) fn mirrors(one: &Element, other: &Element) -> bool {
    one.is_node == Some(false)
        && other.is_node == Some(true)
        && (one.started_at, &one.event, &one.caller, &one.callee)
            == (other.started_at, &other.event, &other.caller, &other.callee)
}

/// The event that tells of a step of that side.
pub(super) fn completed(side: Side) -> &'static str {
    match side {
        Side::Caller => "phone.caller_call_element_completed",
        Side::Callee => "phone.callee_call_element_completed",
    }
}

/// The status events that must have accompanied a user's step.
pub(super) fn during(side: Side, step: &Element) -> &'static [&'static str] {
    match (side, step.answered_at.is_some()) {
        (Side::Caller, true) => &["phone.caller_connected", "phone.caller_ended"],
        (Side::Caller, false) => &["phone.caller_ended"],
        (Side::Callee, true) => &["phone.callee_ringing", "phone.callee_answered", "phone.callee_ended"],
        (Side::Callee, false) if step.result.as_deref() == Some("rejected") => &["phone.callee_rejected"],
        (Side::Callee, false) => &["phone.callee_missed"],
    }
}

/// The event that would have closed a line.
pub(super) fn closing(side: Side, answered: bool) -> &'static str {
    match (side, answered) {
        (Side::Caller, _) => "phone.caller_ended",
        (Side::Callee, true) => "phone.callee_ended",
        (Side::Callee, false) => "phone.callee_missed",
    }
}
