//! When to connect again, and when not to.

use std::time::Duration;

use super::error::Outage;

/// The first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST: Duration = Duration::from_mins(1);
/// A connection that held this long proves that all is well: what went wrong before counts no more.
const HEALTHY: Duration = Duration::from_mins(1);
/// Refusals in a row, each with a fresh token, after which another would say the same.
const MAX_REFUSALS: u32 = 3;
/// Times in a row that Zoom closed (a Close frame, no mere end of the stream) an unhealthily young connection, after which somebody else is meant.
const MAX_EVICTIONS: u32 = 5;

/// What went wrong so far.
#[derive(Debug, Default)]
pub(super) struct Policy {
    failures: u32,
    refusals: u32,
    evictions: u32,
}

/// What to do about an outage.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Connect again, after this long at most: jitter may take off up to half.
    Again(Duration),
    /// Tell the caller that there is no token to be had.
    NoToken,
    /// Tell the caller that Zoom refuses us.
    Refused(u32),
    /// Tell the caller that somebody else has the subscription.
    TakenOver(u32),
}

impl Policy {
    /// Counts an outage of a connection that was open for so long; `None` if it never was.
    pub(super) fn after(&mut self, outage: &Outage, open_for: Option<Duration>) -> Next {
        match open_for {
            Some(held) if held >= HEALTHY => *self = Self::default(),
            Some(_) => self.refusals = 0,
            None => {}
        }
        match outage {
            Outage::Token(error) if !error.retry_helps() => return Next::NoToken,
            _ if refuses(outage) => {
                self.refusals += 1;
                if self.refusals >= MAX_REFUSALS {
                    return Next::Refused(self.refusals);
                }
            }
            Outage::Closed { .. } if open_for.is_some_and(|held| held < HEALTHY) => {
                self.evictions += 1;
                if self.evictions >= MAX_EVICTIONS {
                    return Next::TakenOver(self.evictions);
                }
            }
            _ => self.evictions = 0,
        }
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        Next::Again(wait)
    }
}

/// Zoom said no, rather than nothing.
fn refuses(outage: &Outage) -> bool {
    match outage {
        Outage::Refused { .. } => true,
        // 408 and 429 ask for patience.
        Outage::Status { status, .. } => (400..500).contains(status) && !matches!(status, 408 | 429),
        _ => false,
    }
}

/// The token, rather than the subscription, is what Zoom does not like.
pub(super) fn blames_token(outage: &Outage) -> bool {
    match outage {
        Outage::Refused { reason } => reason.to_ascii_lowercase().contains("token"),
        Outage::Status { status, .. } => *status == 401,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oauth::AuthError;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn silent() -> Outage {
        Outage::Silent { seconds: 45 }
    }

    fn closed() -> Outage {
        Outage::Closed { code: Some(1000), reason: String::new() }
    }

    fn refused() -> Outage {
        Outage::Refused { reason: "Token is invalid".to_owned() }
    }

    fn status(status: u16) -> Outage {
        Outage::Status { host: "ws.test".to_owned(), status, tracking_id: "none".to_owned() }
    }

    #[test]
    fn waits_double_up_to_a_minute_and_begin_anew_after_a_healthy_connection() {
        let mut policy = Policy::default();
        let waits: Vec<_> = (0..9).map(|_| policy.after(&silent(), None)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60].map(|wait| Next::Again(s(wait))));
        assert_eq!(policy.after(&silent(), Some(s(59))), Next::Again(s(60)));
        assert_eq!(policy.after(&silent(), Some(s(60))), Next::Again(s(1)));
    }

    #[test]
    fn the_third_refusal_in_a_row_is_final() {
        for outage in [refused(), status(401), status(404)] {
            let mut policy = Policy::default();
            assert!(matches!(policy.after(&outage, None), Next::Again(_)));
            assert!(matches!(policy.after(&silent(), None), Next::Again(_)), "says nothing about the token");
            assert!(matches!(policy.after(&outage, None), Next::Again(_)));
            assert_eq!(policy.after(&outage, None), Next::Refused(3));
        }
        let mut policy = Policy::default();
        for _ in 0..10 {
            assert!(matches!(policy.after(&refused(), None), Next::Again(_)));
            assert!(matches!(policy.after(&silent(), Some(s(1))), Next::Again(_)), "it was open meanwhile");
        }
    }

    #[test]
    fn patience_is_not_a_refusal() {
        for outage in [status(429), status(408), status(500), status(503), status(200)] {
            let mut policy = Policy::default();
            for _ in 0..10 {
                assert!(matches!(policy.after(&outage, None), Next::Again(_)), "{outage}");
            }
        }
    }

    #[test]
    fn being_closed_again_and_again_soon_after_the_start_is_somebody_elses_doing() {
        let mut policy = Policy::default();
        for _ in 0..4 {
            assert!(matches!(policy.after(&closed(), Some(s(5))), Next::Again(_)));
        }
        assert_eq!(policy.after(&closed(), Some(s(5))), Next::TakenOver(5));

        let mut policy = Policy::default();
        for _ in 0..10 {
            for _ in 0..4 {
                assert!(matches!(policy.after(&closed(), Some(s(5))), Next::Again(_)));
            }
            assert_eq!(policy.after(&closed(), Some(s(3600))), Next::Again(s(1)), "a healthy one between");
        }
    }

    #[test]
    fn a_final_lack_of_a_token_ends_it_and_a_passing_one_does_not() {
        let passing = AuthError::Unavailable { status: 503, tracking_id: "none".to_owned() };
        let last = AuthError::InvalidClient { reason: "no".to_owned() };
        let mut policy = Policy::default();
        assert_eq!(policy.after(&Outage::Token(passing), None), Next::Again(s(1)));
        assert_eq!(policy.after(&Outage::Token(last), None), Next::NoToken);
    }

    #[test]
    fn a_fresh_token_is_only_asked_for_when_the_old_one_is_blamed() {
        assert!(blames_token(&refused()));
        assert!(blames_token(&Outage::Refused { reason: "Invalid Token".to_owned() }));
        assert!(blames_token(&status(401)));
        assert!(!blames_token(&status(404)));
        assert!(!blames_token(&Outage::Refused { reason: "unknown subscription".to_owned() }));
        assert!(!blames_token(&closed()));
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_a_second_or_longer_than_a_minute(kinds in prop::collection::vec((0..3_u8, prop::option::of(0..120_u64)), 0..200)) {
            let mut policy = Policy::default();
            for (kind, held) in kinds {
                let outage = [silent(), closed(), refused()].into_iter().nth(kind.into()).unwrap();
                match policy.after(&outage, held.map(s)) {
                    Next::Again(wait) => prop_assert!((s(1)..=s(60)).contains(&wait)),
                    _ => break,
                }
            }
        }
    }
}
