//! When Zoom tries an event again.

use std::time::Duration;

/// Waiting times before the second, third and fourth attempt, each counted from the failure before
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
pub fn verdict(attempt: usize, status: Option<u16>) -> Verdict {
    if matches!(status, Some(200 | 204)) {
        return Verdict::Acknowledged;
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
            match verdict(attempt, Some(503)) {
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
            assert_eq!(verdict(attempt, Some(200)), Verdict::Acknowledged);
            assert_eq!(verdict(attempt, Some(204)), Verdict::Acknowledged);
            for status in [None, Some(201), Some(202), Some(302), Some(401), Some(429), Some(500)] {
                assert_ne!(verdict(attempt, status), Verdict::Acknowledged, "{status:?}");
            }
        }
    }
}
