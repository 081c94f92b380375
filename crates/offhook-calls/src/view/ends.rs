//! Which way a call went, who called, and who or what was called.

use jiff::{SignedDuration, Timestamp};

use super::{
    legs::Leg,
    sorted::Sorted,
    words::{Direction, Side},
};
use crate::{fact::Element, party::Party};

/// A step that began at most this long after the first ringing is the call's first step.
const OPENING_SLACK: SignedDuration = SignedDuration::from_secs(3);

/// The recorded step with which the call began, unless lines were active well before every step on record. The steps
/// inside a v1 log name nobody, and say nothing about ends.
fn opening_element<'a>(sorted: &'a Sorted<'_>, legs: &[Leg]) -> Option<&'a Element> {
    let (_, first) = sorted
        .elements
        .iter()
        .filter(|(_, e)| !e.caller.is_nobody() || !e.callee.is_nobody())
        .min_by_key(|(_, e)| (e.started_at.is_none(), e.started_at, e.segment, e.node, &e.id))?;
    let first_leg = legs.iter().filter_map(|leg| leg.view.started_at).min();
    let is_late = |start: Timestamp, leg: Timestamp| start.duration_since(leg) > OPENING_SLACK;
    match (first.started_at, first_leg) {
        (Some(start), Some(leg)) if is_late(start, leg) => None,
        _ => Some(first),
    }
}

/// Which way the call went: as recorded, else as the line that began first shows.
pub(super) fn direction(sorted: &Sorted<'_>, legs: &[Leg]) -> Direction {
    let row = sorted.row.as_ref().map(|(_, row)| (row.direction, row.internal));
    let element = opening_element(sorted, legs).map(|element| (element.direction, element.internal));
    for (direction, internal) in [row, element].into_iter().flatten() {
        if internal == Some(true) {
            return Direction::Internal;
        }
        if let Some(direction) = direction {
            return direction;
        }
    }
    if let Some(told) = sorted.opening() {
        return match told.leg.side {
            _ if told.leg.far.is_inside() => Direction::Internal,
            Side::Caller => Direction::Outbound,
            Side::Callee => Direction::Inbound,
        };
    }
    if sorted.emergency {
        return Direction::Outbound;
    }
    match sorted.voicemails.iter().find(|(caller, _)| !caller.is_nobody()) {
        Some((caller, _)) if caller.is_inside() => Direction::Internal,
        Some(_) => Direction::Inbound,
        // Whoever speaks into a mailbox and shows nothing is outside.
        None if sorted.voicemails.iter().any(|(_, mailbox)| mailbox.is_inside()) => Direction::Inbound,
        None => of_recordings(sorted),
    }
}

/// A call of which nothing but its recordings is known.
fn of_recordings(sorted: &Sorted<'_>) -> Direction {
    let told = sorted.recording_files.iter().find_map(|file| {
        let is_internal = file.caller.is_inside() && file.callee.is_inside();
        if is_internal { Some(Direction::Internal) } else { file.direction }
    });
    told.unwrap_or(Direction::Unknown)
}

/// Who called, and who or what was called first.
pub(super) fn ends(
    sorted: &Sorted<'_>,
    direction: Direction,
    legs: &[Leg],
) -> (Option<Party>, Option<Party>) {
    let mut from: Vec<&Party> = Vec::new();
    let mut to: Vec<&Party> = Vec::new();
    let element = opening_element(sorted, legs);
    // A member's step, one that sent the call on, or one to somebody's other phone tells who was rung; what was called came before.
    let of_member = element.is_some_and(|e| {
        let by_queue = !e.operator.is_nobody() && !e.operator.kind.answers();
        by_queue
            || matches!(e.event.as_deref(), Some("forward" | "overflow" | "ring_to_member" | "call_me_on"))
    });
    if let Some(element) = element {
        from.push(&element.caller);
        if !of_member {
            to.push(&element.callee);
        }
    }
    if let Some((_, row)) = &sorted.row {
        from.push(&row.caller);
        to.push(&row.callee);
    }
    if let Some(told) = sorted.opening() {
        match told.leg.side {
            Side::Caller => {
                from.push(&told.leg.party);
                to.push(&told.leg.far);
            }
            Side::Callee => {
                from.push(&told.leg.far);
                to.extend([&told.leg.redirect_forwarded_by, &told.leg.forwarded_by].into_iter().flatten());
                to.push(&told.leg.party);
            }
        }
    }
    if let Some(element) = element {
        to.extend([&element.operator, &element.callee]);
    }
    from.extend(sorted.emergency_callers.iter());
    for (caller, callee) in &sorted.voicemails {
        from.push(caller);
        to.push(callee);
    }
    for file in &sorted.recording_files {
        from.push(&file.caller);
        to.push(&file.callee);
    }
    let one = |candidates: Vec<&Party>| {
        let mut candidates = candidates.into_iter().filter(|party| !party.is_nobody());
        let mut party = candidates.next()?.clone();
        let sightings =
            legs.iter().map(|leg| &leg.view.party).chain(sorted.told.iter().map(|told| &told.leg.far));
        for sighting in candidates.chain(sightings) {
            if sighting.is_same_as(&party) {
                party.learn(sighting);
            }
        }
        Some(party)
    };
    let outside = |party: Option<Party>, is_outside: bool| {
        party.map(|party| if is_outside { party.outside_if_unknown() } else { party })
    };
    (outside(one(from), direction == Direction::Inbound), outside(one(to), direction == Direction::Outbound))
}
