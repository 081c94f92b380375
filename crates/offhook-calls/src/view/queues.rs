//! The stays of a call in call queues.
//!
//! A record has a step for each stay. Where it has none, or there is no record, the phones that a queue rang tell of
//! the stay; then it began somewhat earlier, since nobody is told when a call enters a queue.

use jiff::{SignedDuration, Timestamp};

use super::{
    QueueEntryView,
    legs::{self, Leg, Ring},
    outcome::Outcome,
    queue::QueueRef,
    sorted::Sorted,
    state::caller_left,
    words::{QueueOutcome, Side},
};
use crate::{
    fact::Element,
    party::{Party, PartyKind},
};

/// Steps and ringings this close together follow one another.
const SLACK: SignedDuration = SignedDuration::from_secs(3);

/// A stay, as it is put together.
struct Stay<'a> {
    queue: QueueRef,
    via: Option<String>,
    entered: Option<Timestamp>,
    /// When its step was answered and when it ended: of an answered one that is the end of the talk.
    taken: Option<Timestamp>,
    ended: Option<Timestamp>,
    /// What its step says; none without one.
    told: Option<Outcome>,
    /// What the queue's mailbox got: nothing, or a message.
    mailbox: Option<bool>,
    rings: Vec<(&'a Ring, &'a Party)>,
    derived: bool,
}

/// The stays, in order.
pub(super) fn queues(sorted: &Sorted<'_>, legs: &[Leg], is_over: bool) -> Vec<QueueEntryView> {
    let mut rings: Vec<(&Ring, &Party)> = legs
        .iter()
        .filter(|leg| leg.view.side == Side::Callee && leg.view.party.kind.answers())
        .flat_map(|leg| leg.rings.iter().map(|ring| (ring, &leg.view.party)))
        .collect();
    let mut stays = recorded(sorted);
    if stays.is_empty() && rings.iter().all(|(ring, _)| ring.queue.is_none()) {
        return of_row(sorted, legs).or_else(|| of_caller(sorted, legs, is_over)).into_iter().collect();
    }
    rings.sort_by_key(|(ring, party)| (ring.started_at, ring.ended_at, *party));
    let is_recorded = !stays.is_empty();
    for (ring, party) in &rings {
        let Some(queue) = &ring.queue else { continue };
        let mut of_queue = stays.iter_mut().filter(|stay| is_recorded && stay.queue.is_same_as(queue));
        if let Some(stay) = of_queue.rfind(|stay| stay.reaches(ring)) {
            stay.rings.push((ring, party));
            continue;
        }
        let last = stays.last_mut().filter(|stay| stay.queue.is_same_as(queue));
        match last {
            // Somebody took the call over from the member who has it; the queue did not get it again.
            Some(stay) if stay.was_answered_before(ring) && !is_transferred(sorted, stay, ring) => {}
            Some(stay) if stay.derived && !stay.was_answered_before(ring) && stay.came_as(ring) => {
                stay.rings.push((ring, party));
            }
            _ => stays.push(Stay {
                queue: queue.clone(),
                via: None,
                entered: ring.started_at,
                taken: None,
                ended: None,
                told: None,
                mailbox: None,
                rings: vec![(ring, party)],
                derived: true,
            }),
        }
    }
    stays.sort_by_key(|stay| stay.entered);
    // Somebody of ours who calls a queue was in it before a phone rang.
    for (ring, queue) in called(legs) {
        if let Some(first) = stays.iter_mut().find(|stay| stay.derived && stay.queue.is_same_as(queue)) {
            first.entered = first.entered.min(ring.started_at).or(first.entered);
        }
    }
    let last = stays.len().saturating_sub(1);
    let outcomes: Vec<QueueOutcome> = stays
        .iter()
        .enumerate()
        .map(|(nth, stay)| stay.outcome(sorted, legs, &rings, nth == last, is_over))
        .collect();
    stays.into_iter().zip(outcomes).map(|(stay, outcome)| stay.view(outcome)).collect()
}

/// The stays of which the record has a step.
fn recorded<'a>(sorted: &Sorted<'_>) -> Vec<Stay<'a>> {
    let mut steps: Vec<&Element> = sorted
        .elements
        .iter()
        .map(|(_, element)| element)
        .filter(|element| element.callee.kind == PartyKind::CallQueue && element.is_step_of_the_call())
        .collect();
    steps.sort_by_key(|step| (step.started_at, step.segment, std::cmp::Reverse(step.node), step.id.as_str()));
    let mut stays: Vec<Stay<'a>> = Vec::new();
    for step in steps {
        let queue = QueueRef::of(&step.callee);
        let told = Outcome::of_element(step);
        let before = stays.last_mut().filter(|stay| stay.queue.is_same_as(&queue));
        if let Some(before) = before {
            // Each party of a transfer has the same step.
            if before.entered == step.started_at {
                before.told = before.told.min(told).or(before.told).or(told);
                continue;
            }
            // A queue that overflows to its own mailbox.
            let follows = step
                .started_at
                .zip(before.ended)
                .is_some_and(|(start, end)| end.duration_since(start).abs() <= SLACK);
            let is_mailbox = matches!(told, None | Some(Outcome::Voicemail | Outcome::Missed));
            if follows && is_mailbox && matches!(step.event.as_deref(), Some("overflow" | "forward")) {
                before.mailbox = Some(step.voicemail_id.is_some() || told == Some(Outcome::Voicemail));
                continue;
            }
        }
        stays.push(Stay {
            queue,
            via: step.event.clone(),
            entered: step.started_at,
            taken: step.answered_at.filter(|_| told == Some(Outcome::Answered)),
            ended: step.ended_at,
            told,
            mailbox: None,
            rings: Vec::new(),
            derived: false,
        });
    }
    stays
}

/// Whether somebody sent the call on between a stay's answer and another ringing.
fn is_transferred(sorted: &Sorted<'_>, stay: &Stay<'_>, ring: &Ring) -> bool {
    let answered = stay.answer().map(|(at, _)| at).or(stay.taken);
    sorted.transfers.iter().any(|(at, _)| *at >= answered && *at <= ring.started_at)
}

/// The queues that people of ours called.
fn called(legs: &[Leg]) -> impl Iterator<Item = (&Ring, &QueueRef)> {
    let rings = legs.iter().filter(|leg| leg.view.side == Side::Caller).flat_map(|leg| &leg.rings);
    rings.filter_map(|ring| Some((ring, ring.queue.as_ref()?)))
}

/// The stay of somebody of ours in a queue in which no phone has rung yet.
fn of_caller(sorted: &Sorted<'_>, legs: &[Leg], is_over: bool) -> Option<QueueEntryView> {
    let (ring, queue) = called(legs).next()?;
    let stay = Stay {
        queue: queue.clone(),
        via: None,
        entered: ring.started_at,
        taken: None,
        ended: ring.ended_at,
        told: None,
        mailbox: None,
        rings: Vec::new(),
        derived: true,
    };
    let outcome = stay.outcome(sorted, legs, &[], true, is_over);
    Some(stay.view(outcome))
}

/// The stay of a call of which no more is known than that it was to a queue.
fn of_row(sorted: &Sorted<'_>, legs: &[Leg]) -> Option<QueueEntryView> {
    let (_, row) = sorted.row.as_ref().filter(|(_, row)| row.callee.kind == PartyKind::CallQueue)?;
    let answer = legs.iter().filter_map(|leg| Some((leg.answered?.0, &leg.view.party))).min();
    let outcome = match row.outcome? {
        Outcome::Answered | Outcome::AnsweredElsewhere => QueueOutcome::Answered,
        Outcome::Voicemail => QueueOutcome::Voicemail,
        Outcome::Abandoned | Outcome::Cancelled => QueueOutcome::Abandoned,
        Outcome::Overflowed => QueueOutcome::OverflowedOut,
        Outcome::Missed | Outcome::Unknown => QueueOutcome::TimedOut,
        Outcome::Rejected | Outcome::Busy | Outcome::Blocked | Outcome::Failed => QueueOutcome::Rejected,
    };
    let is_answered = outcome == QueueOutcome::Answered;
    let left_at = if is_answered { row.answered_at.or(answer.map(|(at, _)| at)) } else { row.ended_at };
    Some(QueueEntryView {
        queue: QueueRef::of(&row.callee),
        via: None,
        entered_at: row.started_at,
        left_at,
        outcome,
        wait_seconds: waited(row.started_at, left_at),
        answered_by: answer.filter(|_| is_answered).map(|(_, party)| party.clone()),
        rung: 0,
        derived: true,
    })
}

fn waited(entered: Option<Timestamp>, left: Option<Timestamp>) -> Option<i64> {
    entered.zip(left).map(|(entered, left)| legs::seconds_between(entered, left))
}

impl<'a> Stay<'a> {
    /// Whether a phone rang in it.
    fn reaches(&self, ring: &Ring) -> bool {
        let Some(started) = ring.started_at else { return true };
        let after = self.entered.is_none_or(|entered| entered.duration_since(started) <= SLACK);
        let before = self.ended.is_none_or(|end| started.duration_since(end) <= SLACK);
        after && before && self.answer().is_none_or(|(at, _)| started <= at)
    }

    /// When which member answered.
    fn answer(&self) -> Option<(Timestamp, &'a Party)> {
        self.rings.iter().filter_map(|(ring, party)| Some((ring.answered_at?, *party))).min()
    }

    /// The same place sent the call to the queue, as far as told: a menu may send it there again.
    fn came_as(&self, ring: &Ring) -> bool {
        let before = self.rings.iter().rev().find_map(|(ring, _)| ring.redirected_by.as_ref());
        before.zip(ring.redirected_by.as_ref()).is_none_or(|(before, now)| before == now)
    }

    /// A member had the call when another phone began to ring.
    fn was_answered_before(&self, ring: &Ring) -> bool {
        self.answer().map(|(at, _)| at).or(self.taken).is_some_and(|at| Some(at) < ring.started_at)
    }

    /// Somebody answered in it of whom nothing says which queue rang them.
    fn has_unnamed_answer(&self, rings: &[(&Ring, &Party)]) -> bool {
        let is_unnamed = |ring: &Ring| ring.queue.is_none() && ring.answered_at.is_some();
        rings.iter().any(|(ring, _)| is_unnamed(ring) && self.reaches(ring))
    }

    /// When it was over, unless a member answered.
    fn end(&self) -> Option<Timestamp> {
        self.ended.or_else(|| self.rings.iter().filter_map(|(ring, _)| ring.ended_at).max())
    }

    fn outcome(
        &self,
        sorted: &Sorted<'_>,
        legs: &[Leg],
        rings: &[(&Ring, &Party)],
        is_last: bool,
        is_over: bool,
    ) -> QueueOutcome {
        match self.told {
            Some(Outcome::Abandoned | Outcome::Cancelled) => return QueueOutcome::Abandoned,
            Some(Outcome::Voicemail) => return QueueOutcome::Voicemail,
            Some(Outcome::Rejected | Outcome::Busy | Outcome::Blocked | Outcome::Failed) => {
                return QueueOutcome::Rejected;
            }
            _ if self.answer().is_some() => return QueueOutcome::Answered,
            // Where no phone is known of, its step is believed. A queue may answer without a member who does.
            Some(Outcome::Answered) if rings.is_empty() || self.has_unnamed_answer(rings) => {
                return QueueOutcome::Answered;
            }
            _ => {}
        }
        match self.mailbox {
            Some(true) => return QueueOutcome::Voicemail,
            Some(false) => return QueueOutcome::TimedOut,
            None => {}
        }
        if !is_last || self.went_on(sorted, rings) {
            return QueueOutcome::OverflowedOut;
        }
        if !is_over && self.told.is_none() {
            return QueueOutcome::InProgress;
        }
        self.end_of_call(sorted, legs)
    }

    /// Some phone rang, or some step began, when the call had left this queue.
    fn went_on(&self, sorted: &Sorted<'_>, rings: &[(&Ring, &Party)]) -> bool {
        let Some(end) = self.end() else { return false };
        let is_own = |queue: &QueueRef| queue.is_same_as(&self.queue);
        let rang = rings.iter().any(|(ring, _)| {
            ring.started_at.is_some_and(|start| start >= end) && !ring.queue.as_ref().is_some_and(is_own)
        });
        rang || sorted.elements.iter().any(|(_, step)| {
            let by_this = step.operator.kind == PartyKind::CallQueue && is_own(&QueueRef::of(&step.operator));
            step.started_at.is_some_and(|start| start >= end)
                && step.is_step_of_the_call()
                && (!by_this || matches!(step.event.as_deref(), Some("overflow" | "forward")))
        })
    }

    /// The call ended in this queue.
    fn end_of_call(&self, sorted: &Sorted<'_>, legs: &[Leg]) -> QueueOutcome {
        if sorted.voicemail {
            let elsewhere = sorted.voicemails.iter().any(|(_, mailbox)| mailbox.kind == PartyKind::User);
            return if elsewhere { QueueOutcome::OverflowedOut } else { QueueOutcome::Voicemail };
        }
        match sorted.row.as_ref().and_then(|(_, row)| row.outcome) {
            Some(Outcome::Voicemail) => return QueueOutcome::Voicemail,
            Some(Outcome::Abandoned | Outcome::Cancelled) => return QueueOutcome::Abandoned,
            // Whoever answered in the end was not rung by this queue.
            Some(Outcome::Answered | Outcome::Overflowed) => return QueueOutcome::OverflowedOut,
            _ => {}
        }
        let gave_up = |element: &Element| {
            Outcome::of_element(element) == Some(Outcome::Cancelled) && legs::leg_of(element).is_some()
        };
        let has_overflowed = self.told == Some(Outcome::Overflowed);
        if !has_overflowed
            && (caller_left(sorted, legs) || sorted.elements.iter().any(|(_, element)| gave_up(element)))
        {
            return QueueOutcome::Abandoned;
        }
        let was_turned_away = self.rings.is_empty() && waited(self.entered, self.ended) == Some(0);
        if was_turned_away { QueueOutcome::Rejected } else { QueueOutcome::TimedOut }
    }

    fn view(self, outcome: QueueOutcome) -> QueueEntryView {
        let answer = self.answer().filter(|_| outcome == QueueOutcome::Answered);
        let left_at = match outcome {
            QueueOutcome::InProgress => None,
            QueueOutcome::Answered => answer.map(|(at, _)| at).or(self.taken),
            _ => self.end(),
        };
        QueueEntryView {
            via: self.via,
            entered_at: self.entered,
            left_at,
            outcome,
            wait_seconds: waited(self.entered, left_at),
            answered_by: answer.map(|(_, party)| party.clone()),
            rung: u32::try_from(self.rings.len()).unwrap_or(u32::MAX),
            derived: self.derived,
            queue: self.queue,
        }
    }
}
