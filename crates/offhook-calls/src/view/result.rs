//! How a call ended.

use super::{
    legs::{self, Leg},
    outcome::Outcome,
    sorted::Sorted,
    words::{Direction, QueueOutcome, Side},
};
use crate::{
    fact::{Element, Source, VoicemailEvent},
    party::PartyKind,
};

/// How a call ended, who says so, and whether that was worked out from less than a plain statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) source: Source,
    pub(super) is_derived: bool,
}

/// How the call ended. The row of the record decides; without one, a person who answered does; then a
/// message left; then how the queue or menu ended; then how the people's phones stopped ringing.
pub(super) fn result(
    sorted: &Sorted<'_>,
    direction: Direction,
    legs: &[Leg],
    queue: Option<QueueOutcome>,
) -> Verdict {
    let told = |outcome, source| Verdict { outcome, source, is_derived: false };
    let derived = |outcome, source| Verdict { outcome, source, is_derived: true };
    // A caller who gave up: in a queue that is an abandoned call, at a person's phone a missed one.
    let seen_from_here = |outcome: Outcome| match (outcome, direction) {
        (Outcome::Cancelled, Direction::Inbound | Direction::Internal) => match queue {
            Some(QueueOutcome::Abandoned) => Outcome::Abandoned,
            _ => Outcome::Missed,
        },
        (outcome, _) => outcome,
    };
    if let Some((source, row)) = &sorted.row
        && let Some(outcome) = row.outcome.filter(|outcome| *outcome != Outcome::Unknown)
    {
        return told(seen_from_here(outcome), *source);
    }
    let of_side = |side: Side| {
        let people = legs.iter().filter(move |leg| leg.view.side == side && leg.view.party.kind.answers());
        people.filter_map(|leg| Some((leg.view.outcome?, leg.source)))
    };
    // The side that tells most: ours of an outbound call, else the called one.
    let (better, other) = match direction {
        Direction::Outbound => (Side::Caller, Side::Callee),
        _ => (Side::Callee, Side::Caller),
    };
    let side = if of_side(better).next().is_some() { better } else { other };
    let forwarded_out = sorted
        .elements
        .iter()
        .filter(|(_, e)| direction != Direction::Outbound && e.answers_outside())
        .filter_map(|(source, e)| Some((Outcome::of_element(e)?, *source)));
    let answer =
        of_side(side).chain(forwarded_out).filter(|(outcome, _)| *outcome == Outcome::Answered).min();
    if let Some((outcome, source)) = answer {
        // Whoever answered and then sent the caller to a mailbox: the call ended there.
        return if ended_in_a_mailbox(sorted, legs) {
            derived(Outcome::Voicemail, Source::Media)
        } else {
            told(outcome, source)
        };
    }
    if let Some((_, source)) =
        of_side(side).filter(|(outcome, _)| *outcome == Outcome::AnsweredElsewhere).min()
    {
        // Whoever answered has not been heard of.
        return derived(Outcome::Answered, source);
    }
    let recorded = sorted.elements.iter().map(|(source, element)| (element, *source));
    if sorted.voicemail {
        let source = recorded.filter(|(e, _)| e.voicemail_id.is_some()).map(|(_, source)| source).min();
        return told(Outcome::Voicemail, source.unwrap_or(Source::Media));
    }
    if let Some((_, source)) =
        of_side(better).chain(of_side(other)).find(|(outcome, _)| *outcome == Outcome::Voicemail)
    {
        return told(Outcome::Voicemail, source);
    }
    // A queue or a menu that takes a call has not answered it.
    let routed = recorded
        .filter(|(element, _)| legs::leg_of(element).is_none() && element.is_step_of_the_call())
        .filter_map(|(element, source)| Some((Outcome::of_element(element)?, source)))
        .filter(|(outcome, _)| !matches!(outcome, Outcome::Answered | Outcome::Unknown))
        .min();
    if let Some((outcome, source)) = routed {
        return told(seen_from_here(outcome), source);
    }
    match (of_side(side).min(), &sorted.row) {
        (Some((_, source)), _) if side == Side::Callee && queue == Some(QueueOutcome::Abandoned) => {
            derived(Outcome::Abandoned, source)
        }
        (Some((outcome, source)), _) => told(seen_from_here(outcome), source),
        // The row's outcome is a word that we do not know.
        (None, Some((source, _))) => told(Outcome::Unknown, *source),
        (None, None) => told(Outcome::Unknown, Source::StatusEvent),
    }
}

/// A message was left when everybody who had answered was out of the call.
fn ended_in_a_mailbox(sorted: &Sorted<'_>, legs: &[Leg]) -> bool {
    let last = legs.iter().filter(|leg| !leg.answers.is_empty()).filter_map(|leg| leg.view.ended_at).max();
    let left = sorted.voicemail_steps.iter().filter(|step| step.2 == VoicemailEvent::Received);
    left.filter_map(|step| step.1).any(|at| Some(at) >= last)
}

impl Outcome {
    /// What the record says of one step.
    pub(super) fn of_element(element: &Element) -> Option<Self> {
        let reason = element.result_reason.as_deref().unwrap_or_default();
        Self::of_record(element.result.as_deref().unwrap_or_default(), reason)
    }
}

impl Element {
    /// A step to somebody outside, of a call that came in.
    pub(super) fn answers_outside(&self) -> bool {
        self.callee.kind == PartyKind::External && self.is_step_of_the_call() && legs::leg_of(self).is_none()
    }

    /// Whether how this step ended says anything of the call: watching or parking it does not, nor does the
    /// row that only tells which key the caller pressed in a menu.
    pub(super) fn is_step_of_the_call(&self) -> bool {
        let is_menu_detail = self.press_key.is_some() && self.is_node == Some(false);
        !is_menu_detail
            && !matches!(
                self.event.as_deref(),
                Some(
                    "barge"
                        | "monitor"
                        | "whisper"
                        | "listen"
                        | "takeover"
                        | "conference_barge"
                        | "park"
                        | "timeout"
                        | "merge"
                        | "shared"
                )
            )
    }
}
