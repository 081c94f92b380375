//! What a call is doing, and since when.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{
    legs::Leg,
    queue::QueueRef,
    sorted::Sorted,
    words::{Side, State},
};
use crate::{
    fact::{LegEvent, Transfer},
    party::Party,
};

/// Members whose phones stop together are told so within this time.
const ROUND_SLACK: SignedDuration = SignedDuration::from_secs(3);

/// What the call is doing, and since when. People's lines decide; what happens between lines (parked,
/// sent on, waiting) is inferred from how the last of them closed, until a record says that it is over.
pub(super) fn state(
    sorted: &Sorted<'_>,
    legs: &[Leg],
    queue: Option<&QueueRef>,
) -> (State, Option<Timestamp>) {
    let open: Vec<&Leg> = legs.iter().filter(|leg| leg.view.state != State::Ended).collect();
    if let Some(started) = consulting_since(sorted, &open) {
        return (State::Consulting, Some(started));
    }
    let in_state = |state: State, side: Option<Side>| {
        let mut there = open
            .iter()
            .filter(|leg| leg.view.state == state && side.is_none_or(|side| leg.view.side == side))
            .map(|leg| leg.view.state_since)
            .peekable();
        there.peek()?;
        Some((state, there.flatten().min()))
    };
    // Either end may hold; for the rest the called side knows better: a caller is connected to greetings too.
    let seen = in_state(State::Held, None)
        .or_else(|| in_state(State::Talking, Some(Side::Callee)))
        .or_else(|| in_state(State::Parked, None))
        .or_else(|| in_state(State::Ringing, Some(Side::Callee)));
    if let Some(seen) = seen {
        return seen;
    }
    if !sorted.is_recorded() && !sorted.voicemail && !caller_left(sorted, legs) {
        if let Some(since) = sent_on(sorted) {
            return (State::Transferring, Some(since));
        }
        if let Some(since) = legs.iter().filter_map(|leg| leg.parked_at).max() {
            return (State::Parked, Some(since));
        }
        if queue.is_some() && nobody_answered(legs) {
            return (State::Waiting, last_end(legs));
        }
    }
    if let Some(seen) = in_state(State::Talking, None).or_else(|| in_state(State::Ringing, None)) {
        return seen;
    }
    let is_over = sorted.is_recorded() || sorted.voicemail || sorted.aftermath;
    if !open.is_empty() || (legs.is_empty() && !is_over) {
        return (State::Unknown, None);
    }
    (State::Ended, last_end(legs))
}

/// When the last line closed.
fn last_end(legs: &[Leg]) -> Option<Timestamp> {
    legs.iter().filter_map(|leg| leg.view.ended_at).max()
}

/// A consultation is on: begun, neither completed nor cancelled since, and who began it is still there.
fn consulting_since(sorted: &Sorted<'_>, open: &[&Leg]) -> Option<Timestamp> {
    let there: HashSet<(&str, &str)> = open
        .iter()
        .filter(|leg| leg.view.state != State::Ringing)
        .flat_map(|leg| leg.view.party.strong_identifiers())
        .collect();
    let is_there = |owner: &Party| {
        let mut known = owner.strong_identifiers().peekable();
        known.peek().is_none() || known.any(|one| there.contains(&one))
    };
    let mut started: Option<Timestamp> = None;
    let mut finished: Option<Timestamp> = None;
    for (at, transfer) in &sorted.transfers {
        match transfer {
            Transfer::ConsultStarted { owner, failure: None } if is_there(owner) => {
                started = started.max(*at);
            }
            Transfer::ConsultCompleted { failure: None, .. }
            | Transfer::ConsultCancelled { failure: None, .. } => finished = finished.max(*at),
            _ => {}
        }
    }
    started.filter(|started| !open.is_empty() && finished.is_none_or(|finished| finished < *started))
}

/// The call was sent on, and no line has begun to ring since.
fn sent_on(sorted: &Sorted<'_>) -> Option<Timestamp> {
    let sent = sorted
        .transfers
        .iter()
        .filter(|(_, transfer)| matches!(transfer, Transfer::Blind { failure: None, .. }))
        .filter_map(|(at, _)| *at)
        .max()?;
    let last_start = sorted
        .told
        .iter()
        .filter_map(|told| told.leg.ringing_at.or(told.at.filter(|_| told.leg.happened == LegEvent::Ringing)))
        .max();
    last_start.is_none_or(|start| start < sent).then_some(sent)
}

/// The caller was heard to hang up: by the end of the caller's own line, or by how the last ringing stopped.
/// Somebody of ours who called out and then sent the call on has left it to the others.
pub(super) fn caller_left(sorted: &Sorted<'_>, legs: &[Leg]) -> bool {
    let called = sorted.opening().is_some_and(|told| told.leg.side == Side::Caller);
    if let Some(caller) = legs.iter().find(|leg| called && leg.view.side == Side::Caller) {
        let sent_it_on = sorted.transfers.iter().any(|(_, transfer)| {
            matches!(transfer, Transfer::Blind { owner, failure: None } if owner.is_same_as(&caller.view.party))
        });
        return caller.view.state == State::Ended && !sent_it_on;
    }
    let last = last_end(legs);
    sorted.told.iter().any(|told| {
        let gave_up = matches!(&told.leg.happened,
            LegEvent::Missed { result: Some(result) } if result.trim() == "Call Cancel");
        gave_up
            && match (told.leg.ended_at.or(told.at), last) {
                (Some(at), Some(last)) => last.duration_since(at) <= ROUND_SLACK,
                _ => true,
            }
    })
}

/// A queue rang its members in vain so far.
fn nobody_answered(legs: &[Leg]) -> bool {
    let mut callees = legs.iter().filter(|leg| leg.view.side == Side::Callee).peekable();
    callees.peek().is_some() && callees.all(|leg| leg.answers.is_empty())
}
