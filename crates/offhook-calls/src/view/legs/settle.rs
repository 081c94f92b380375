//! What one leg tells of another.

use jiff::{SignedDuration, Timestamp};

use super::{Leg, Outcome, Side, State, play::Moment, seconds_between};
use crate::{fact::Source, party::Party};

/// An answer this long before or after a ringing stopped still explains why it stopped.
const ANSWER_SLACK: SignedDuration = SignedDuration::from_secs(3);

/// Settles what no event of a leg's own tells: why a phone stopped ringing, and that a parked call was
/// picked up.
pub(super) fn settle(legs: &mut [Leg]) {
    let mut answers: Vec<(Timestamp, usize)> = legs
        .iter()
        .enumerate()
        .filter(|(_, leg)| leg.view.side == Side::Callee && leg.view.party.kind.answers())
        .flat_map(|(index, leg)| leg.answers.iter().map(move |at| (*at, index)))
        .collect();
    answers.sort_unstable();
    answers.dedup();
    let last_start = legs.iter().filter_map(|leg| leg.last_started_at).max();
    for (index, leg) in legs.iter_mut().enumerate() {
        // The first answer by somebody else at or after a moment.
        let answer_since = |moment: Timestamp| {
            let begin = answers.partition_point(|(at, _)| *at < moment);
            answers.iter().skip(begin).find(|(_, other)| *other != index).map(|(at, _)| *at)
        };
        match leg.view.state {
            State::Ended => explain_miss(leg, answer_since),
            State::Ringing => stop_ringing(leg, answer_since),
            _ => {}
        }
        let was_picked_up = |parked: Timestamp| last_start.is_some_and(|start| start >= parked);
        leg.parked_at = leg.parked_at.filter(|parked| !was_picked_up(*parked));
        if leg.view.state == State::Parked
            && let Some(parked) = leg.view.state_since.filter(|parked| was_picked_up(*parked))
        {
            close(leg, Outcome::Answered, parked);
        }
    }
}

/// A member whose phone stopped ringing because a colleague answered missed nothing.
fn explain_miss(leg: &mut Leg, answer_since: impl Fn(Timestamp) -> Option<Timestamp>) {
    let unexplained = matches!(leg.view.outcome, Some(Outcome::Missed | Outcome::Unknown));
    if leg.view.side != Side::Callee || !unexplained || leg.source.is_record() {
        return;
    }
    let (Some(from), Some(until)) = (leg.last_started_at, leg.view.ended_at) else { return };
    let near = until.checked_sub(ANSWER_SLACK).unwrap_or(until);
    if answer_since(from.max(near)).is_some_and(|at| at.duration_since(until) <= ANSWER_SLACK) {
        leg.view.outcome = Some(Outcome::AnsweredElsewhere);
        leg.mark_derived(&["outcome"]);
    }
}

/// All phones that ring for one call stop when one of them is answered, whether told so or not.
fn stop_ringing(leg: &mut Leg, answer_since: impl Fn(Timestamp) -> Option<Timestamp>) {
    if leg.view.side == Side::Callee
        && let Some(answer) = leg.last_started_at.and_then(answer_since)
    {
        close(leg, Outcome::AnsweredElsewhere, answer);
    }
}

/// A person's phone that nobody took, and a message on their mailbox: that is what became of the call.
pub(super) fn voicemail(legs: &mut [Leg], voicemails: &[(&Party, &Party)]) {
    let is_theirs = |leg: &Leg| voicemails.iter().any(|(_, mailbox)| mailbox.is_same_as(&leg.view.party));
    let last = legs.iter_mut().rfind(|leg| leg.view.side == Side::Callee);
    if let Some(leg) = last
        && matches!(leg.view.outcome, Some(Outcome::Missed | Outcome::Rejected | Outcome::Busy))
        && is_theirs(leg)
    {
        leg.view.outcome = Some(Outcome::Voicemail);
        leg.mark_derived(&["outcome"]);
    }
}

fn close(leg: &mut Leg, outcome: Outcome, at: Timestamp) {
    let end: Moment = (at, Source::StatusEvent);
    leg.ended = Some(end);
    leg.view.ended_at = Some(at);
    leg.view.state = State::Ended;
    leg.view.state_since = Some(at);
    leg.view.outcome = Some(outcome);
    leg.view.muted = false;
    leg.mark_derived(&["ended_at", "outcome"]);
    let missing = |known: Option<i64>, from: Option<Timestamp>| match (known, from) {
        (None, Some(from)) => Some(seconds_between(from, at)),
        _ => None,
    };
    if let Some(wait) = missing(leg.view.wait_seconds, leg.last_started_at) {
        leg.view.wait_seconds = Some(wait);
        leg.mark_derived(&["wait_seconds"]);
    }
    if outcome == Outcome::Answered
        && let Some(talk) = missing(leg.view.talk_seconds, leg.view.answered_at)
    {
        leg.view.talk_seconds = Some((talk - leg.view.hold_seconds.unwrap_or(0)).max(0));
        leg.mark_derived(&["talk_seconds"]);
    }
}
