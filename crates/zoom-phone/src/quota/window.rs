//! How many requests may follow each other in a window of time. Pure: times are durations since any one begin.
//!
//! **Never too many.** Request *n* is sent no earlier than *span* after request *n − limit*. So every stretch of
//! one span, wherever it begins, holds at most *limit* requests as they are sent. On the way, one request may be
//! faster than another by some jitter; if the span is Zoom's window plus that jitter, two requests that were a
//! span apart when sent are still a window apart when they arrive. Hence no window of Zoom's, sliding or aligned
//! to its own seconds, holds more than *limit*; nor does a bucket of *limit* tokens, filled at *limit* a window,
//! ever run dry.
//!
//! **Used fully.** No rule that keeps this promise can send more: *limit* requests go in each span.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When the latest requests of one label were sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Window {
    /// In order, the latest last.
    sent: VecDeque<Duration>,
}

impl Window {
    /// When a request may be sent, if `ahead` others are sent before it as early as they may be.
    /// A limit of 0 counts as 1.
    pub(super) fn free_at(&self, limit: usize, span: Duration, ahead: usize, now: Duration) -> Duration {
        let limit = limit.max(1);
        let rounds = u32::try_from(ahead / limit).unwrap_or(u32::MAX);
        // The request that must have left the window: `limit` places before this one.
        let leaving = (self.sent.len() + ahead % limit).checked_sub(limit).and_then(|nth| self.sent.get(nth));
        let first = leaving.map_or(now, |sent| now.max(*sent + span));
        first.saturating_add(span.saturating_mul(rounds))
    }

    /// Counts a request that is sent now. `keep` is the highest limit that the window may be asked about.
    pub(super) fn push(&mut self, now: Duration, keep: usize) {
        self.sent.push_back(now);
        while self.sent.len() > keep.max(1) {
            self.sent.pop_front();
        }
    }

    /// A clock that was set back must not close the window until it has caught up: what lies in the future
    /// counts as sent now.
    pub(super) fn settle(&mut self, now: Duration) {
        for sent in self.sent.iter_mut().rev().take_while(|sent| **sent > now) {
            *sent = now;
        }
    }

    /// A window of which nothing is known: as if all that may be was sent just now.
    pub(super) fn full(now: Duration, limit: usize) -> Self {
        Self { sent: std::iter::repeat_n(now, limit).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const SPAN: Duration = Duration::from_millis(1040);

    #[test]
    fn as_many_as_the_limit_go_at_once_and_the_next_after_a_span() {
        let mut window = Window::default();
        for _ in 0..5 {
            assert_eq!(window.free_at(5, SPAN, 0, MS), MS);
            window.push(MS, 5);
        }
        assert_eq!(window.free_at(5, SPAN, 0, 2 * MS), MS + SPAN);
        assert_eq!(window.free_at(5, SPAN, 4, 2 * MS), MS + SPAN);
        assert_eq!(window.free_at(5, SPAN, 5, 2 * MS), MS + 2 * SPAN);
    }

    #[test]
    fn a_clock_that_is_set_back_closes_the_window_for_one_span_at_most() {
        let mut window = Window::full(1000 * SPAN, 5);
        window.settle(SPAN);
        assert_eq!(window.free_at(5, SPAN, 0, SPAN), 2 * SPAN);
    }

    proptest! {
        /// Whatever the limit was at each time, and whenever requests are tried.
        #[test]
        fn no_stretch_of_one_span_holds_more_than_the_limit(
            tries in prop::collection::vec((0..400_u64, 1..8_usize), 1..200),
        ) {
            let (mut window, mut now, mut sent) = (Window::default(), Duration::ZERO, Vec::new());
            for (step, limit) in tries {
                now += Duration::from_micros(250 * step);
                while window.free_at(limit, SPAN, 0, now) <= now {
                    window.push(now, 8);
                    sent.push((now, limit));
                }
            }
            for (nth, (end, limit)) in sent.iter().enumerate() {
                let within = sent[..=nth].iter().filter(|(at, _)| *at + SPAN > *end).count();
                prop_assert!(within <= *limit, "{within} requests up to {end:?}");
            }
        }

        #[test]
        fn the_foretold_time_is_when_it_may_be_sent(
            before in prop::collection::vec(0..300_u64, 0..30), limit in 1..8_usize, ahead in 0..30_usize,
        ) {
            let (mut window, mut now) = (Window::default(), Duration::ZERO);
            for step in before {
                now = window.free_at(limit, SPAN, 0, now + Duration::from_millis(step));
                window.push(now, 8);
            }
            let foretold = window.free_at(limit, SPAN, ahead, now);
            for _ in 0..ahead {
                now = window.free_at(limit, SPAN, 0, now);
                window.push(now, 8);
            }
            prop_assert_eq!(window.free_at(limit, SPAN, 0, now), foretold);
        }
    }
}
