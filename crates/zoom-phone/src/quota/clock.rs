//! Zoom's clock, by which its days begin: our own may be wrong. Pure: the time since the limiter began is given.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Our clock runs at most so many millionths faster than Zoom's.
const DRIFT: u32 = 100;
/// A `Date` that is this far behind what an earlier one said proves that one wrong. No answer takes so long.
const WRONG: SignedDuration = SignedDuration::from_mins(1);
/// Our own clock is wrong if it differs by more from Zoom's.
const OURS_WRONG: SignedDuration = SignedDuration::from_hours(1);

/// The latest time of which it is certain that it has come at Zoom.
///
/// An answer whose `Date` is *d* proves that *d* has come when it arrives. The best proof is kept; it ages by
/// what clocks drift apart.
#[derive(Debug)]
pub(super) struct ServerClock {
    /// Zoom's time when the limiter began.
    origin: Timestamp,
    /// When an answer last proved `origin`; until then it is our own clock's word.
    proved: Option<Duration>,
}

impl ServerClock {
    pub(super) fn new(ours: Timestamp) -> Self {
        Self { origin: ours, proved: None }
    }

    pub(super) fn now(&self, at: Duration) -> Timestamp {
        let aged = self.proved.map_or(Duration::ZERO, |proved| drift(at.saturating_sub(proved)));
        later(self.origin, at.saturating_sub(aged))
    }

    /// An answer with this `Date` arrived at `at`. Returns whether that proves our own clock wrong by hours.
    pub(super) fn learn(&mut self, date: Timestamp, at: Duration) -> bool {
        let said = date.duration_since(self.now(at));
        let first = self.proved.is_none();
        if first || said > SignedDuration::ZERO || said < -WRONG {
            self.origin = date
                .saturating_sub(SignedDuration::try_from(at).unwrap_or(SignedDuration::MAX))
                .unwrap_or(date);
            self.proved = Some(at);
        }
        first && said.abs() > OURS_WRONG
    }
}

fn drift(time: Duration) -> Duration {
    time * DRIFT / 1_000_000
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_wrong_clock_of_ours_is_set_right_by_the_first_answer() {
        for wrong in ["1970-01-01T00:00:00Z", "2031-05-05T05:05:05Z"] {
            let mut clock = ServerClock::new(at(wrong));
            assert!(clock.learn(at("2026-11-22T10:00:00Z"), Duration::from_secs(3)));
            assert_eq!(clock.now(Duration::from_secs(3)), at("2026-11-22T10:00:00Z"));
        }
        let mut clock = ServerClock::new(at("2026-11-22T10:00:00Z"));
        assert!(!clock.learn(at("2026-11-22T10:00:05Z"), Duration::from_secs(3)));
    }

    #[test]
    fn one_mad_date_is_forgotten_with_the_next_good_one() {
        let mut clock = ServerClock::new(at("2026-11-22T10:00:00Z"));
        clock.learn(at("2026-11-22T10:00:00Z"), Duration::ZERO);
        clock.learn(at("2027-11-22T10:00:00Z"), Duration::ZERO);
        clock.learn(at("2026-11-22T10:00:01Z"), Duration::from_secs(1));
        assert_eq!(clock.now(Duration::from_secs(1)), at("2026-11-22T10:00:01Z"));
    }

    proptest! {
        /// With answers that take up to two seconds, and `Date` in whole seconds.
        #[test]
        fn it_is_never_ahead_of_zoom_and_seldom_far_behind(
            ours in -100_000..100_000_i64, answers in prop::collection::vec((1..20_000_u64, 0..2000_u64), 1..50),
        ) {
            let zoom = |at: Duration| later(Timestamp::from_second(1_795_000_000).unwrap(), at);
            let mut clock = ServerClock::new(Timestamp::from_second(1_795_000_000 + ours).unwrap());
            let mut now = Duration::ZERO;
            for (wait, way) in answers {
                now += Duration::from_millis(wait + way);
                let date = zoom(now.saturating_sub(Duration::from_millis(way)));
                clock.learn(Timestamp::from_second(date.as_second()).unwrap(), now);
                prop_assert!(clock.now(now) <= zoom(now));
                prop_assert!(zoom(now).duration_since(clock.now(now)) <= SignedDuration::from_secs(4));
            }
        }
    }
}
