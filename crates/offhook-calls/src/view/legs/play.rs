//! One attempt, replayed: what its events and records come to.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Outcome, Ring, Side, State, attempts::Attempt, seconds_between};
use crate::{
    fact::{Element, LegEvent, Source},
    party::PartyKind,
    view::{
        queue::{QueueRef, queue_of},
        sorted::Told,
    },
};

/// A time and who told it.
pub(in crate::view) type Moment = (Timestamp, Source);

/// A line that closes this soon after parking its call closed because of it.
const PARK_SLACK: SignedDuration = SignedDuration::from_secs(3);

/// What an attempt came to.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) state: Option<State>,
    pub(super) state_since: Option<Timestamp>,
    pub(super) started: Option<Moment>,
    pub(super) answered: Option<Moment>,
    pub(super) ended: Option<Moment>,
    pub(super) outcome: Option<(Outcome, Source)>,
    pub(super) wait_seconds: Option<i64>,
    pub(super) talk_seconds: Option<i64>,
    pub(super) hold_seconds: Option<i64>,
    pub(super) muted: bool,
    pub(super) parked_at: Option<Timestamp>,
    pub(super) far_is_inside: bool,
    pub(super) queue: Option<QueueRef>,
    redirected_by: Option<String>,
    pub(super) derived: BTreeSet<&'static str>,
}

/// The earliest of several times; of equal ones the one with more authority.
pub(super) fn first(moments: impl Iterator<Item = Option<Moment>>) -> Option<Moment> {
    moments.flatten().min()
}

/// The latest of several times; of equal ones the one with more authority.
pub(in crate::view) fn last(moments: impl Iterator<Item = Option<Moment>>) -> Option<Moment> {
    moments.flatten().max_by_key(|(at, source)| (*at, std::cmp::Reverse(*source)))
}

pub(super) fn play(side: Side, mut attempt: Attempt<'_>, row_ended_at: Option<Moment>) -> Played {
    attempt.told.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut played = Played {
        started: attempt.started_at.map(|at| (at, Source::StatusEvent)),
        far_is_inside: attempt.told.iter().any(|told| told.leg.far.is_inside())
            || attempt.elements.iter().any(|(_, e)| e.callee.is_inside()),
        ..Played::default()
    };
    replay(&mut played, &attempt.told);
    overrule(side, &mut played, attempt.elements);
    close_by_row(&mut played, row_ended_at);
    derive_durations(&mut played);
    played
}

fn replay(played: &mut Played, told: &[Told<'_>]) {
    let is_answer =
        |told: &&Told<'_>| told.leg.happened == LegEvent::Answered || told.leg.answered_at.is_some();
    let was_answered = told.iter().any(|told| is_answer(&told));
    let answering: BTreeSet<&str> =
        told.iter().filter(is_answer).filter_map(|told| told.leg.party.device_id.as_deref()).collect();
    // Another device of somebody who answered stopped ringing: that says nothing of the conversation.
    let by_other_device = |told: &Told<'_>| {
        let device = told.leg.party.device_id.as_deref();
        was_answered
            && told.leg.answered_at.is_none()
            && !answering.is_empty()
            && device.is_some_and(|device| !answering.contains(device))
    };
    let mut held_since: Option<Timestamp> = None;
    for told in told {
        let leg = told.leg;
        let source = Source::StatusEvent;
        played.answered = played.answered.or(leg.answered_at.map(|at| (at, source)));
        if played.queue.is_none() {
            played.queue = queue_of(leg);
            let by = || leg.redirect_forwarded_by.as_ref()?.extension_number.clone();
            played.redirected_by = played.queue.as_ref().map(|_| by().unwrap_or_default());
        }
        match &leg.happened {
            LegEvent::Ringing if played.state.is_none() => played.enter(State::Ringing, told.at),
            LegEvent::Ringing => {}
            LegEvent::Answered => {
                played.answered = played.answered.or(told.at.map(|at| (at, source)));
                played.enter(State::Talking, told.at);
            }
            LegEvent::Held => {
                if played.state != Some(State::Ended) {
                    held_since = held_since.or(told.at);
                }
                played.enter(State::Held, told.at);
            }
            LegEvent::Resumed => {
                played.add_hold(held_since.take(), told.at);
                played.enter(State::Talking, told.at);
            }
            LegEvent::Parked { failure: None, .. } => {
                played.add_hold(held_since.take(), told.at);
                played.enter(State::Parked, told.at);
            }
            LegEvent::Muted
            | LegEvent::Unmuted
            | LegEvent::Parked { .. }
            | LegEvent::InvitedToMeeting { .. } => {
                match leg.happened {
                    LegEvent::Muted => played.muted = true,
                    LegEvent::Unmuted => played.muted = false,
                    _ => {}
                }
                // Only somebody in a conversation can do this, even if its beginning was not told.
                if matches!(played.state, None | Some(State::Ringing)) {
                    played.enter(State::Talking, told.at);
                }
            }
            // A second device of the same person may report a miss while the first has the call.
            LegEvent::Missed { .. } | LegEvent::Rejected { .. } if was_answered => {}
            LegEvent::Ended { .. } if by_other_device(told) => {}
            LegEvent::Missed { result } => {
                let outcome = match Outcome::of_hangup(result.as_deref().unwrap_or("")) {
                    Some(outcome @ (Outcome::Busy | Outcome::Rejected | Outcome::Voicemail)) => outcome,
                    _ => Outcome::Missed,
                };
                played.end(outcome, told);
            }
            LegEvent::Rejected { .. } => played.end(Outcome::Rejected, told),
            LegEvent::Ended { result } => {
                let had_begun = !matches!(played.state, None | Some(State::Ringing | State::Ended));
                let outcome = if was_answered || had_begun {
                    Outcome::Answered
                } else {
                    Outcome::of_hangup(result.as_deref().unwrap_or("")).unwrap_or(Outcome::Unknown)
                };
                let end = leg.ended_at.or(told.at);
                if played.state == Some(State::Parked) {
                    let closed_by_it =
                        |since: &Timestamp| end.is_none_or(|end| end.duration_since(*since) <= PARK_SLACK);
                    played.parked_at = played.state_since.filter(closed_by_it);
                }
                played.end(outcome, told);
                played.add_hold(held_since.take(), end);
            }
        }
    }
}

impl Played {
    pub(super) fn ring(&self) -> Ring {
        Ring {
            queue: self.queue.clone(),
            redirected_by: self.redirected_by.clone(),
            started_at: self.started.map(|(at, _)| at),
            answered_at: self.answered.map(|(at, _)| at),
            ended_at: self.ended.map(|(at, _)| at).filter(|_| self.state == Some(State::Ended)),
        }
    }

    /// Enters a state, unless the attempt is over or in it already.
    fn enter(&mut self, state: State, at: Option<Timestamp>) {
        if self.state != Some(State::Ended) && self.state != Some(state) {
            self.state = Some(state);
            self.state_since = at;
        }
    }

    fn end(&mut self, outcome: Outcome, told: &Told<'_>) {
        let best = self.outcome.map_or(outcome, |(known, _)| known.min(outcome));
        self.outcome = Some((best, Source::StatusEvent));
        let at = told.leg.ended_at.or(told.at);
        self.ended = last([self.ended, at.map(|at| (at, Source::StatusEvent))].into_iter());
        self.enter(State::Ended, at);
    }

    fn add_hold(&mut self, since: Option<Timestamp>, until: Option<Timestamp>) {
        if let (Some(since), Some(until)) = (since, until) {
            *self.hold_seconds.get_or_insert(0) += seconds_between(since, until);
            self.derived.insert("hold_seconds");
        }
    }
}

/// Order of events in an attempt: own time, then what must come first, then Zoom's millisecond clock.
/// An end with no time comes last, anything else with no time first.
fn order<'a>(told: &Told<'a>) -> (bool, Option<Timestamp>, u8, Option<i64>, &'a LegEvent) {
    let happened = &told.leg.happened;
    let (rank, ends) = match happened {
        LegEvent::Ringing => (0, false),
        LegEvent::Answered => (1, false),
        LegEvent::Missed { .. } | LegEvent::Rejected { .. } | LegEvent::Ended { .. } => (3, true),
        _ => (2, false),
    };
    (ends && told.at.is_none(), told.at, rank, told.event_ts, happened)
}

/// Records outrank events for outcome and times. Several may tell of one attempt (each party's view, the
/// step that sent the call here): the best one decides, the others fill in what it leaves out.
fn overrule(side: Side, played: &mut Played, mut elements: Vec<(Source, &Element)>) {
    let outcome_of = |element: &Element| match (side, Outcome::of_element(element)) {
        (Side::Callee, Some(Outcome::Cancelled | Outcome::Abandoned)) => Some(Outcome::Missed),
        (_, told) => told,
    };
    elements.sort_by_cached_key(|(source, element)| {
        let outcome = outcome_of(element);
        let sent_on = matches!(
            element.event.as_deref(),
            Some("direct_transfer" | "forward" | "overflow" | "warm_transfer")
        );
        (outcome.is_none(), sent_on, outcome, std::cmp::Reverse(element.node), *source, element.id.clone())
    });
    let Some((_, best)) = elements.first() else { return };
    let best_outcome = outcome_of(best);
    let mut recorded = Played::default();
    for (source, element) in &elements {
        let outcome = outcome_of(element);
        if outcome == best_outcome {
            let moment = |at: Option<Timestamp>| at.map(|at| (at, *source));
            recorded.outcome = recorded.outcome.or(outcome.map(|outcome| (outcome, *source)));
            recorded.started = recorded.started.or(moment(element.started_at));
            recorded.answered = recorded.answered.or(moment(element.answered_at));
            recorded.ended = recorded.ended.or(moment(element.ended_at));
            recorded.wait_seconds = recorded.wait_seconds.or(element.wait_seconds);
            recorded.talk_seconds = recorded.talk_seconds.or(element.talk_seconds);
            recorded.hold_seconds = recorded.hold_seconds.or(element.hold_seconds);
        }
    }
    overrule_queue(played, &elements);
    if recorded.hold_seconds.is_some() {
        played.hold_seconds = recorded.hold_seconds;
        played.derived.remove("hold_seconds");
    }
    // The record of a message goes on to its end. How long the phone rang before, events tell.
    let rang =
        played.ended.filter(|_| recorded.outcome.is_some_and(|(outcome, _)| outcome == Outcome::Voicemail));
    if rang.is_some() {
        recorded.ended = rang;
        recorded.wait_seconds = None;
    }
    played.wait_seconds = recorded.wait_seconds;
    played.talk_seconds = recorded.talk_seconds;
    played.outcome = recorded.outcome.or(played.outcome);
    played.started = recorded.started.or(played.started);
    played.answered = recorded.answered.or(played.answered);
    if let Some((at, _)) = recorded.ended {
        played.ended = recorded.ended;
        played.state = Some(State::Ended);
        played.state_since = Some(at);
    }
}

/// A queue that sends a call on looks in events like one that rings a member: the record knows better.
fn overrule_queue(played: &mut Played, elements: &[(Source, &Element)]) {
    let by_queue = |element: &&Element| element.operator.kind == PartyKind::CallQueue;
    match elements.iter().map(|(_, element)| *element).find(by_queue) {
        Some(element) => {
            let recorded = QueueRef::of(&element.operator);
            if !played.queue.as_ref().is_some_and(|told| told.is_same_as(&recorded)) {
                played.queue = Some(recorded);
            }
        }
        None if elements
            .iter()
            .any(|(_, e)| matches!(e.event.as_deref(), Some("forward" | "overflow" | "takeover"))) =>
        {
            played.queue = None;
        }
        None => {}
    }
}

/// The record of the whole call says that it is over: a last event of this line never came.
fn close_by_row(played: &mut Played, row_ended_at: Option<Moment>) {
    let Some((at, source)) = row_ended_at else { return };
    // What began later belongs to a part of the call of which the row does not tell yet.
    let is_later = played.started.is_some_and(|(start, _)| start > at);
    if played.state == Some(State::Ended) || is_later {
        return;
    }
    let outcome = match played.state {
        Some(State::Talking | State::Held | State::Parked) => Outcome::Answered,
        Some(State::Ringing) => Outcome::Missed,
        _ => Outcome::Unknown,
    };
    if played.outcome.is_none() {
        played.outcome = Some((outcome, Source::StatusEvent));
        played.derived.insert("outcome");
    }
    played.derived.insert("ended_at");
    played.ended = Some((at, source));
    played.state = Some(State::Ended);
    played.state_since = Some(at);
}

/// A phone that rings anew has stopped ringing before, even if nobody said so.
pub(super) fn close_forgotten(played: &mut [Played]) {
    let mut next: Option<Moment> = None;
    for one in played.iter_mut().rev() {
        if let (Some(State::Ringing), Some((at, _))) = (one.state, next) {
            one.outcome = Some((Outcome::Missed, Source::StatusEvent));
            one.ended = next;
            one.state = Some(State::Ended);
            one.state_since = Some(at);
            one.derived.extend(["ended_at", "outcome"]);
            derive_durations(one);
        }
        next = one.started.or(next);
    }
}

fn derive_durations(played: &mut Played) {
    let start = played.started.map(|(at, _)| at);
    let answer = played.answered.map(|(at, _)| at);
    let end = played.ended.map(|(at, _)| at).filter(|_| played.state == Some(State::Ended));
    if played.wait_seconds.is_none()
        && let (Some(start), Some(until)) = (start, answer.or(end))
    {
        played.wait_seconds = Some(seconds_between(start, until));
        played.derived.insert("wait_seconds");
    }
    if played.talk_seconds.is_none()
        && played.outcome.is_some_and(|(outcome, _)| outcome == Outcome::Answered)
        && let (Some(from), Some(until)) = (answer, end)
    {
        let talk = seconds_between(from, until) - played.hold_seconds.unwrap_or(0);
        played.talk_seconds = Some(talk.max(0));
        played.derived.insert("talk_seconds");
    }
}
