//! How much of a label's limit is ours: other apps of the account use the same limit, and say nothing. Pure.
//!
//! A 429 takes a quarter away and pauses the label; each window without one gives a little back, slowly near
//! the level that was too much, so that the limit is used and rarely touched.

use std::collections::VecDeque;
use std::time::Duration;

/// From nothing to the whole limit in so many windows, apart from the slow part.
const WINDOWS_TO_RECOVER: u32 = 20;
/// Within an eighth around the level of the last 429, recovery takes so many times longer.
const SLOWER: u32 = 8;
/// But one step takes no more windows than this.
const SLOWEST: u32 = 30;
/// For so many windows our own requests are remembered, to tell them from others' in `X-RateLimit-Remaining`:
/// longer than nearly all answers take.
const MEMORY: u32 = 5;

/// The part of one label's limit that we use.
#[derive(Debug)]
pub(super) struct Allowance {
    ceiling: u32,
    allowed: u32,
    /// When `allowed` last changed, or the pause ends after which it may grow.
    changed: Duration,
    /// `allowed` when the last 429 came.
    hit: u32,
    paused: Duration,
    own: VecDeque<Duration>,
}

impl Allowance {
    pub(super) fn new(ceiling: u32) -> Self {
        Self {
            ceiling: ceiling.max(1),
            allowed: ceiling.max(1),
            changed: Duration::ZERO,
            hit: 0,
            paused: Duration::ZERO,
            own: VecDeque::new(),
        }
    }

    /// The most that may be allowed.
    pub(super) fn ceiling(&self) -> u32 {
        self.ceiling
    }

    /// Nothing is sent before this time.
    pub(super) fn paused_until(&self) -> Duration {
        self.paused
    }

    /// Another limit; what a 429 took away stays away.
    pub(super) fn set_ceiling(&mut self, ceiling: u32, now: Duration, window: Duration) {
        let whole = self.allowed(now, window) == self.ceiling;
        self.ceiling = ceiling.max(1);
        self.allowed = if whole { self.ceiling } else { self.allowed.min(self.ceiling) };
    }

    /// Requests that may be sent in a window now, at least 1.
    pub(super) fn allowed(&mut self, now: Duration, window: Duration) -> u32 {
        while self.allowed < self.ceiling {
            let next = self.allowed + 1;
            let near = self.hit > 0 && next.abs_diff(self.hit) <= self.hit / 8;
            let step = window * WINDOWS_TO_RECOVER / self.ceiling;
            let step = if near { (step * SLOWER).min(window * SLOWEST) } else { step };
            if now < self.changed + step {
                return self.allowed;
            }
            self.allowed = next;
            self.changed += step;
        }
        self.changed = now;
        self.allowed
    }

    /// A 429: nothing for `pause`, then a quarter less. Further ones during the pause come from requests that
    /// were under way and take nothing more away.
    pub(super) fn limited(&mut self, now: Duration, window: Duration, pause: Duration) {
        let allowed = self.allowed(now, window);
        if now >= self.paused {
            self.hit = allowed;
            self.allowed = (allowed - allowed.div_ceil(4)).max(1);
        }
        self.paused = self.paused.max(now + pause);
        self.changed = self.paused;
    }

    /// We sent a request.
    pub(super) fn sent(&mut self, now: Duration, window: Duration) {
        while self.own.front().is_some_and(|first| *first + window * MEMORY < now) {
            self.own.pop_front();
        }
        self.own.push_back(now);
    }

    /// Zoom counted `used` requests in its window. What we cannot have sent ourselves was sent by others, and
    /// will be again.
    pub(super) fn counted(&mut self, used: u32, now: Duration, window: Duration) {
        let others = used.saturating_sub(self.own_peak(window));
        let left = self.ceiling.saturating_sub(others).max(1);
        if self.allowed(now, window) > left {
            (self.hit, self.allowed, self.changed) = (left, left, now);
        }
    }

    /// The most that we sent within one window of late.
    fn own_peak(&self, window: Duration) -> u32 {
        let (mut from, mut peak) = (0, 0);
        for (to, end) in self.own.iter().enumerate() {
            while self.own.get(from).is_some_and(|begin| *begin + window < *end) {
                from += 1;
            }
            peak = peak.max(to + 1 - from);
        }
        u32::try_from(peak).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_429_takes_a_quarter_and_a_burst_of_them_no_more() {
        let mut allowance = Allowance::new(40);
        for ms in [0, 10, 900] {
            allowance.limited(Duration::from_millis(ms), SECOND, SECOND);
        }
        assert_eq!(allowance.allowed(SECOND, SECOND), 30);
        assert_eq!(allowance.paused_until(), Duration::from_millis(1900));
        allowance.limited(2 * SECOND, SECOND, SECOND);
        assert!(allowance.allowed(2 * SECOND, SECOND) < 30);
    }

    #[test]
    fn recovery_is_quick_at_first_and_slow_near_the_level_that_was_too_much() {
        let mut allowance = Allowance::new(40);
        allowance.limited(Duration::ZERO, SECOND, SECOND);
        assert_eq!(allowance.allowed(3 * SECOND, SECOND), 34);
        assert_eq!(allowance.allowed(10 * SECOND, SECOND), 35);
        assert_eq!(allowance.allowed(27 * SECOND, SECOND), 40);
    }

    #[test]
    fn others_are_seen_in_what_zoom_counted() {
        let mut allowance = Allowance::new(40);
        for nth in 0..20 {
            allowance.sent(SECOND + SECOND * nth / 100, SECOND);
        }
        allowance.counted(20, 3 * SECOND, SECOND);
        assert_eq!(allowance.allowed(3 * SECOND, SECOND), 40, "all of them may be ours");
        allowance.counted(35, 3 * SECOND, SECOND);
        assert_eq!(allowance.allowed(3 * SECOND, SECOND), 25, "15 were not");
    }

    #[test]
    fn a_new_ceiling_is_used_at_once_unless_a_429_says_otherwise() {
        let mut allowance = Allowance::new(20);
        allowance.set_ceiling(40, SECOND, SECOND);
        assert_eq!(allowance.allowed(SECOND, SECOND), 40);
        allowance.limited(SECOND, SECOND, SECOND);
        allowance.set_ceiling(20, SECOND, SECOND);
        assert_eq!(allowance.allowed(SECOND, SECOND), 20);
        allowance.limited(3 * SECOND, SECOND, SECOND);
        allowance.set_ceiling(40, 3 * SECOND, SECOND);
        assert_eq!(allowance.allowed(3 * SECOND, SECOND), 15);
    }

    proptest! {
        #[test]
        fn it_stays_between_one_and_the_ceiling_and_comes_back(
            ceiling in 1..60_u32, events in prop::collection::vec((0..5000_u64, any::<bool>(), 0..100_u32), 0..60),
        ) {
            let (mut allowance, mut now) = (Allowance::new(ceiling), Duration::ZERO);
            for (step, limited, used) in events {
                now += Duration::from_millis(step);
                if limited {
                    allowance.limited(now, SECOND, SECOND);
                } else {
                    allowance.counted(used, now, SECOND);
                }
                let allowed = allowance.allowed(now, SECOND);
                prop_assert!((1..=ceiling).contains(&allowed), "{allowed}");
            }
            prop_assert_eq!(allowance.allowed(now + 61 * SECOND, SECOND), ceiling);
        }
    }
}
