//! When Zoom tries an event again.

use std::time::Duration;

use crate::config::Temper;

/// Waiting times before the second, third and fourth attempt, each counted from the attempt before
/// it, in virtual time: 85 minutes in all.
pub const RETRY_AFTER: [Duration; 3] =
    [Duration::from_mins(5), Duration::from_mins(20), Duration::from_hours(1)];

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Acknowledged,
    /// Try again after this much virtual time.
    RetryAfter(Duration),
    /// That was the last attempt; the event is gone for good.
    Dropped,
}

/// Judges attempt number `attempt` (1 is the first). `status` is the receiver's HTTP status, absent
/// when there was no answer within 3 s. Only 200 and 204 count as success.
///
/// Zoom's documentation retries everything else; its newest guide for agents says that only statuses from 500 on and
/// missing answers are tried again. The second reading is that of [`Temper::Field`].
pub fn verdict(attempt: usize, status: Option<u16>, temper: Temper) -> Verdict {
    if matches!(status, Some(200 | 204)) {
        return Verdict::Acknowledged;
    }
    if temper == Temper::Field && status.is_some_and(|status| (300..500).contains(&status)) {
        return Verdict::Dropped;
    }
    match RETRY_AFTER.get(attempt.saturating_sub(1)) {
        Some(&wait) => Verdict::RetryAfter(wait),
        None => Verdict::Dropped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_attempts_over_85_minutes_then_the_event_is_dropped() {
        let mut minute = 0;
        let mut at = vec![minute];
        for attempt in 1.. {
            match verdict(attempt, Some(503), Temper::Documented) {
                Verdict::RetryAfter(wait) => minute += wait.as_secs() / 60,
                Verdict::Dropped => break,
                Verdict::Acknowledged => panic!("503 is no success"),
            }
            at.push(minute);
        }
        assert_eq!(at, [0, 5, 25, 85]);
    }

    #[test]
    fn only_200_and_204_are_success_at_any_attempt() {
        for attempt in 1..=4 {
            for temper in [Temper::Documented, Temper::Field] {
                assert_eq!(verdict(attempt, Some(200), temper), Verdict::Acknowledged);
                assert_eq!(verdict(attempt, Some(204), temper), Verdict::Acknowledged);
                for status in [None, Some(201), Some(202), Some(302), Some(401), Some(429), Some(500)] {
                    assert_ne!(verdict(attempt, status, temper), Verdict::Acknowledged, "{status:?}");
                }
            }
        }
    }

    #[test]
    fn in_the_field_a_refusal_is_final_and_a_failure_is_not() {
        for refused in [302, 400, 401, 404, 429] {
            assert_eq!(verdict(1, Some(refused), Temper::Field), Verdict::Dropped, "{refused}");
        }
        for failed in [None, Some(202), Some(500), Some(503)] {
            assert!(matches!(verdict(1, failed, Temper::Field), Verdict::RetryAfter(_)), "{failed:?}");
        }
    }
}
