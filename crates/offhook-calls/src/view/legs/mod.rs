//! Legs: each party's part in a call, put together from status events and records.
//!
//! A leg is one party on one side of a call ([`group`]). Within it, each ringing is an attempt: a queue
//! may ring the same person twice ([`attempts`]). An attempt's events are replayed in the order of their
//! own times; records, where they exist, overrule what the events said ([`play`]). What one leg then
//! tells of another is settled last ([`settle`]).

mod attempts;
mod group;
mod play;
mod settle;

use std::collections::BTreeSet;

use jiff::Timestamp;

pub(super) use self::play::{Moment, last};
use self::{group::Members, play::Played};
use super::{
    LegView,
    outcome::Outcome,
    queue::QueueRef,
    sorted::Sorted,
    words::{Direction, Side, State},
};
use crate::{
    fact::{Element, Source},
    party::Party,
};

/// A leg, and what the call's own fields are worked out from.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) view: LegView,
    /// What its outcome was taken from.
    pub(super) source: Source,
    pub(super) started: Option<Moment>,
    pub(super) answered: Option<Moment>,
    pub(super) ended: Option<Moment>,
    /// Every answer, of all attempts.
    pub(super) answers: Vec<Timestamp>,
    /// Every time the phone rang, in order.
    pub(super) rings: Vec<Ring>,
    /// When the attempt that speaks for the leg began.
    pub(super) last_started_at: Option<Timestamp>,
    /// When its line parked the call and closed; whoever was at the other end is still there.
    pub(super) parked_at: Option<Timestamp>,
    /// Seconds of talk and hold in conversations whose called side is not on the account.
    pub(super) talk_outside: Option<i64>,
    pub(super) hold_outside: Option<i64>,
}

/// One time that a phone rang.
#[derive(Debug)]
pub(super) struct Ring {
    /// The queue that rang it.
    pub(super) queue: Option<QueueRef>,
    /// The extension that sent the call to the queue, empty for none; `None` where no event tells.
    pub(super) redirected_by: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) answered_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
}

/// All legs of a call, in the order in which they began.
pub(super) fn legs(sorted: &Sorted<'_>) -> Vec<Leg> {
    let row_ended_at = sorted.row.as_ref().and_then(|(source, row)| Some((row.ended_at?, *source)));
    let groups = group::group(&sorted.told, &sorted.elements);
    let mut legs: Vec<Leg> = groups.into_iter().map(|members| build(members, row_ended_at)).collect();
    legs.sort_by(|a, b| {
        (a.view.started_at, a.view.side, &a.view.party).cmp(&(b.view.started_at, b.view.side, &b.view.party))
    });
    settle::settle(&mut legs);
    settle::voicemail(&mut legs, &sorted.voicemails);
    legs
}

/// The party whose leg an element describes, when it is a person's and not a queue's or a menu's.
pub(super) fn leg_of(element: &Element) -> Option<(Side, &Party)> {
    let (side, party) = match element.event.as_deref().unwrap_or("") {
        "outgoing" | "outgoing_to_zoom_contact_center" | "warm_transfer_outgoing" | "call_me_on" => {
            (Side::Caller, &element.caller)
        }
        // Before it had two names: whoever asks a colleague calls out, whoever is asked is called.
        "warm_transfer" if element.direction == Some(Direction::Outbound) => (Side::Caller, &element.caller),
        // A supervisor who takes a call over has a conversation of their own.
        "takeover" if element.answered_at.is_some() => (Side::Callee, &element.callee),
        _ if !element.is_step_of_the_call() => return None,
        _ => (Side::Callee, &element.callee),
    };
    (party.is_inside() && party.kind.answers()).then_some((side, party))
}

/// Adds up what is known; `None` when nothing is.
pub(super) fn sum(seconds: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    seconds.flatten().reduce(i64::saturating_add)
}

pub(super) fn seconds_between(from: Timestamp, until: Timestamp) -> i64 {
    until.duration_since(from).as_secs().max(0)
}

fn build(members: Members<'_>, row_ended_at: Option<Moment>) -> Leg {
    let side = members.side;
    let party = members.party();
    let mut played: Vec<Played> = attempts::attempts(members)
        .into_iter()
        .map(|attempt| play::play(side, attempt, row_ended_at))
        .collect();
    play::close_forgotten(&mut played);
    // An attempt that is still open speaks for the leg; else the last one does, for how it ended.
    let open = played.iter().rfind(|p| p.state != Some(State::Ended));
    let nothing = Played::default();
    let last = open.or(played.last()).unwrap_or(&nothing);
    let answered =
        played.iter().rfind(|p| p.outcome.is_some_and(|(outcome, _)| outcome == Outcome::Answered));
    let outcome = match (open, answered) {
        (Some(_), _) => None,
        (None, Some(answered)) => answered.outcome,
        (None, None) => last.outcome.or(Some((Outcome::Unknown, Source::StatusEvent))),
    };
    let derived: BTreeSet<&str> = played.iter().flat_map(|p| p.derived.iter().copied()).collect();
    let started = play::first(played.iter().map(|p| p.started));
    let answer = play::first(played.iter().map(|p| p.answered));
    let end = if open.is_some() { None } else { play::last(played.iter().map(|p| p.ended)) };
    let outside = || played.iter().filter(|p| side == Side::Caller && !p.far_is_inside);
    Leg {
        view: LegView {
            side,
            party,
            state: last.state.unwrap_or(State::Unknown),
            outcome: outcome.map(|(outcome, _)| outcome),
            queue: played.iter().rev().find_map(|p| p.queue.clone()),
            started_at: started.map(|(at, _)| at),
            answered_at: answer.map(|(at, _)| at),
            ended_at: end.map(|(at, _)| at),
            state_since: last.state_since.or(started.map(|(at, _)| at)),
            wait_seconds: sum(played.iter().map(|p| p.wait_seconds)),
            talk_seconds: sum(played.iter().map(|p| p.talk_seconds)),
            hold_seconds: sum(played.iter().map(|p| p.hold_seconds)),
            muted: last.muted && open.is_some(),
            attempts: u32::try_from(played.len()).unwrap_or(u32::MAX),
            derived: derived.into_iter().map(str::to_owned).collect(),
        },
        source: outcome.map_or(Source::StatusEvent, |(_, source)| source),
        started,
        answered: answer,
        ended: end,
        answers: played.iter().filter_map(|p| p.answered).map(|(at, _)| at).collect(),
        rings: played.iter().map(Played::ring).collect(),
        last_started_at: last.started.map(|(at, _)| at),
        parked_at: last.parked_at.filter(|_| open.is_none()),
        talk_outside: sum(outside().map(|p| p.talk_seconds)),
        hold_outside: sum(outside().map(|p| p.hold_seconds)),
    }
}

impl Leg {
    /// Marks a field of the leg as worked out.
    fn mark_derived(&mut self, fields: &[&str]) {
        self.view.derived.extend(fields.iter().map(|field| (*field).to_owned()));
        self.view.derived.sort();
        self.view.derived.dedup();
    }
}
