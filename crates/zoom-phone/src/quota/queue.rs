//! Who goes next. Pure.
//!
//! A higher priority goes first, with shares that keep the others alive: of any ten requests that are sent while
//! backfill waits, at least one is backfill; of any six that are sent while live work waits, at least one is live.
//! Within a priority, first come is first served. So a waiter with *k* of its own kind before it goes at the
//! latest as request number 10(k+1) for backfill, 6(k+1) for live work, 2(k+1)+2 for a person.

use std::collections::VecDeque;

/// Who waits for the answer. A higher priority goes first, but starves nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person waits for it.
    Person,
    /// Work that follows what happens now.
    #[default]
    Live,
    /// Work that may take hours. It is sent evenly spread, so that network jitter harms it least.
    Backfill,
}

impl Priority {
    /// `person`, `live`, `backfill`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Live => "live",
            Self::Backfill => "backfill",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Person => 0,
            Self::Live => 1,
            Self::Backfill => 2,
        }
    }

    /// After so many requests of other priorities one of this must go.
    fn patience(self) -> u32 {
        match self {
            Self::Person => u32::MAX,
            Self::Live => 4,
            Self::Backfill => 9,
        }
    }
}

/// The waiters of one label.
#[derive(Debug)]
pub(super) struct Queue<T> {
    /// By priority: those who wait, in order of arrival.
    waiting: [VecDeque<(u64, T)>; 3],
    /// By priority: requests of others that were sent since one of these waits and none was sent.
    passed: [u32; 3],
    next: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: [VecDeque::new(), VecDeque::new(), VecDeque::new()], passed: [0; 3], next: 0 }
    }
}

impl<T> Queue<T> {
    /// A new waiter; returns its number.
    pub(super) fn push(&mut self, priority: Priority, waiter: T) -> u64 {
        self.next += 1;
        self.waiting[priority.index()].push_back((self.next, waiter));
        self.next
    }

    /// Who goes next: number and waiter. Changes only when a waiter comes or goes.
    pub(super) fn head(&self) -> Option<(u64, &T)> {
        let priority = self.next_priority()?;
        self.waiting[priority.index()].front().map(|(number, waiter)| (*number, waiter))
    }

    /// Whether a share, not priority, puts this one first.
    pub(super) fn is_due(&self, priority: Priority) -> bool {
        self.passed[priority.index()] >= priority.patience()
    }

    /// The waiter goes through: it is sent.
    pub(super) fn sent(&mut self, priority: Priority, number: u64) {
        self.remove(priority, number);
        for other in [Priority::Person, Priority::Live, Priority::Backfill] {
            let nth = other.index();
            if other == priority || self.waiting[nth].is_empty() {
                self.passed[nth] = 0;
            } else {
                self.passed[nth] = self.passed[nth].saturating_add(1);
            }
        }
    }

    /// The waiter goes away. Returns whether it was there.
    pub(super) fn remove(&mut self, priority: Priority, number: u64) -> bool {
        let waiting = &mut self.waiting[priority.index()];
        let place = waiting.binary_search_by_key(&number, |(number, _)| *number);
        let removed = place.ok().and_then(|place| waiting.remove(place));
        if waiting.is_empty() {
            self.passed[priority.index()] = 0;
        }
        removed.is_some()
    }

    /// How many of its own priority are before this waiter. They are certain to be sent first.
    pub(super) fn ahead(&self, priority: Priority, number: u64) -> usize {
        let waiting = &self.waiting[priority.index()];
        waiting.binary_search_by_key(&number, |(number, _)| *number).unwrap_or(0)
    }

    fn next_priority(&self) -> Option<Priority> {
        let waits = |priority: &Priority| !self.waiting[priority.index()].is_empty();
        let due =
            [Priority::Backfill, Priority::Live].into_iter().find(|one| waits(one) && self.is_due(*one));
        due.or_else(|| [Priority::Person, Priority::Live, Priority::Backfill].into_iter().find(waits))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Priority; 3] = [Priority::Person, Priority::Live, Priority::Backfill];

    #[test]
    fn a_person_goes_before_live_work_and_that_before_backfill() {
        let mut queue = Queue::default();
        for priority in [Priority::Backfill, Priority::Live, Priority::Person] {
            queue.push(priority, priority);
        }
        let mut order = Vec::new();
        while let Some((number, priority)) = queue.head() {
            let priority = *priority;
            order.push(priority);
            queue.sent(priority, number);
        }
        assert_eq!(order, ALL);
    }

    #[test]
    fn with_everybody_waiting_each_gets_its_share() {
        let mut queue = Queue::default();
        for nth in 0..3000 {
            queue.push(ALL[nth % 3], ALL[nth % 3]);
        }
        let mut sent = [0; 3];
        for _ in 0..1000 {
            let (number, priority) = queue.head().unwrap();
            let priority = *priority;
            sent[priority.index()] += 1;
            queue.sent(priority, number);
        }
        assert!(sent[0] >= 650 && sent[1] >= 160 && sent[2] >= 100, "{sent:?}");
    }

    proptest! {
        /// Waiters come, go and are sent in any order: each goes within its bound, and in turn within its priority.
        #[test]
        fn nobody_starves_and_nobody_is_overtaken_by_its_own_kind(
            steps in prop::collection::vec((0..6_u8, 0..3_usize, any::<prop::sample::Index>()), 1..400),
        ) {
            let mut queue = Queue::default();
            let mut waiting: Vec<(Priority, u64, u32, u32)> = Vec::new();
            for (action, priority, which) in steps {
                match action {
                    0..=2 => {
                        let priority = ALL[priority];
                        let number = queue.push(priority, priority);
                        let ahead = u32::try_from(queue.ahead(priority, number)).unwrap();
                        waiting.push((priority, number, ahead, 0));
                    }
                    3 if !waiting.is_empty() => {
                        let (priority, number, ..) = waiting.remove(which.index(waiting.len()));
                        queue.remove(priority, number);
                    }
                    _ => {
                        let Some((number, priority)) = queue.head() else { continue };
                        let priority = *priority;
                        queue.sent(priority, number);
                        let first = waiting.iter().find(|one| one.0 == priority).unwrap();
                        prop_assert_eq!(first.1, number);
                        waiting.retain(|one| one.1 != number);
                        for (priority, _, ahead, sent) in &mut waiting {
                            *sent += 1;
                            let latest = match priority {
                                Priority::Person => 2 * (*ahead + 1) + 2,
                                Priority::Live => 6 * (*ahead + 1),
                                Priority::Backfill => 10 * (*ahead + 1),
                            };
                            prop_assert!(*sent < latest, "{priority:?} with {ahead} ahead waits yet after {sent}");
                        }
                    }
                }
            }
        }
    }
}
