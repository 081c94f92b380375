//! What is sent next, what was sent how often, and what was answered.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::events::{EventId, Stage};

/// The memory of a run, and its dice.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    dice: ChaCha8Rng,
    /// By number of the call; its stages in order.
    calls: Vec<[Sent; 3]>,
    /// Next steps of calls that have begun.
    later: Vec<EventId>,
    /// Unanswered, to be sent again some time.
    retries: Vec<EventId>,
    /// Requests answered, but not with 204.
    pub(crate) refused: u64,
}

/// What became of one event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// How many requests carried it.
    pub(crate) times: u64,
    /// At least one of them was answered 204.
    pub(crate) acknowledged: bool,
}

impl Ledger {
    /// Nothing sent yet.
    pub(crate) fn new(dice: ChaCha8Rng) -> Self {
        Self { dice, calls: Vec::new(), later: Vec::new(), retries: Vec::new(), refused: 0 }
    }

    /// What to send now: a retry, a repetition, the next step of a call that has begun, or the first step of
    /// a new call. A call takes one to three steps; between any two of them other calls and kills may come.
    pub(crate) fn next(&mut self) -> EventId {
        let event = self.choose();
        if let Some(sent) = self.sent_mut(event) {
            sent.times += 1;
        }
        event
    }

    fn choose(&mut self) -> EventId {
        // As Zoom repeats what was not answered.
        if self.dice.random_ratio(1, 8)
            && let Some(retry) = take_any(&mut self.dice, &mut self.retries)
        {
            return retry;
        }
        // As Zoom sends an event once for every subscription that has it.
        if self.dice.random_ratio(1, 32)
            && let Some(repetition) = self.any_sent()
        {
            return repetition;
        }
        if self.dice.random_ratio(1, 2)
            && let Some(next) = take_any(&mut self.dice, &mut self.later)
        {
            return next;
        }
        let call = self.calls.len() as u64;
        self.calls.push([Sent::default(); 3]);
        let steps = self.dice.random_range(0..Stage::ALL.len());
        self.later.extend(Stage::ALL.into_iter().skip(1).take(steps).map(|stage| EventId { call, stage }));
        EventId { call, stage: Stage::Ringing }
    }

    fn any_sent(&mut self) -> Option<EventId> {
        if self.calls.is_empty() {
            return None;
        }
        let call = self.dice.random_range(0..self.calls.len() as u64);
        let stage = Stage::ALL[self.dice.random_range(0..Stage::ALL.len())];
        let event = EventId { call, stage };
        (self.sent_of(event).times > 0).then_some(event)
    }

    /// A 204 for this event was read to its end.
    pub(crate) fn acknowledge(&mut self, event: EventId) {
        if let Some(sent) = self.sent_mut(event) {
            sent.acknowledged = true;
        }
    }

    /// No 204 came for this event: it may be stored or not. Half of these are sent again some time.
    pub(crate) fn unknown(&mut self, event: EventId) {
        if self.dice.random_ratio(1, 2) {
            self.retries.push(event);
        }
    }

    fn sent_mut(&mut self, event: EventId) -> Option<&mut Sent> {
        let call = usize::try_from(event.call).ok()?;
        self.calls.get_mut(call)?.get_mut(event.stage as usize)
    }

    /// What became of an event; nothing, for one that was never sent.
    pub(crate) fn sent_of(&self, event: EventId) -> Sent {
        let call = usize::try_from(event.call).ok().and_then(|call| self.calls.get(call));
        call.and_then(|call| call.get(event.stage as usize)).copied().unwrap_or_default()
    }

    /// Every event that was sent, in order of calls and stages.
    pub(crate) fn events(&self) -> impl Iterator<Item = (EventId, Sent)> {
        (0u64..)
            .zip(&self.calls)
            .flat_map(|(call, stages)| {
                Stage::ALL.into_iter().zip(stages).map(move |(stage, sent)| (EventId { call, stage }, *sent))
            })
            .filter(|(_, sent)| sent.times > 0)
    }

    /// Requests sent.
    pub(crate) fn sent(&self) -> u64 {
        self.events().map(|(_, sent)| sent.times).sum()
    }

    /// Distinct events acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.events().filter(|(_, sent)| sent.acknowledged).count() as u64
    }
}

fn take_any(dice: &mut ChaCha8Rng, from: &mut Vec<EventId>) -> Option<EventId> {
    if from.is_empty() {
        return None;
    }
    let index = dice.random_range(0..from.len());
    Some(from.swap_remove(index))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    fn ledger() -> Ledger {
        Ledger::new(ChaCha8Rng::seed_from_u64(1))
    }

    #[test]
    fn one_seed_sends_one_sequence() {
        let (mut one, mut other) = (ledger(), ledger());
        for _ in 0..1_000 {
            assert_eq!(one.next(), other.next());
        }
    }

    #[test]
    fn every_request_is_counted_and_calls_take_one_to_three_steps_some_of_them_repeated() {
        let mut ledger = ledger();
        for _ in 0..10_000 {
            ledger.next();
        }
        assert_eq!(ledger.sent(), 10_000);
        let stages: BTreeSet<_> = ledger.events().map(|(event, _)| event.stage).collect();
        assert_eq!(stages.len(), 3);
        let of_call = |call| ledger.events().filter(|(event, _)| event.call == call).count();
        let lengths: BTreeSet<_> = (0..200).map(of_call).collect();
        assert_eq!(lengths, BTreeSet::from([1, 2, 3]));
        assert!(ledger.events().any(|(_, sent)| sent.times > 1), "repetitions are on purpose");
        assert_eq!(ledger.acknowledged(), 0);
    }

    #[test]
    fn some_unanswered_events_are_sent_again_and_an_answer_to_any_copy_counts_once() {
        let mut ledger = ledger();
        let lost: BTreeSet<_> = (0..100).map(|_| ledger.next()).collect();
        for event in &lost {
            ledger.unknown(*event);
        }
        let again = ledger.retries.len();
        assert!((1..lost.len()).contains(&again), "{again} of {}", lost.len());
        for _ in 0..10_000 {
            let event = ledger.next();
            ledger.acknowledge(event);
        }
        assert_eq!(ledger.retries, []);
        let acknowledged = ledger.events().filter(|(_, sent)| sent.acknowledged).count();
        assert_eq!(ledger.acknowledged(), acknowledged as u64);
    }
}
