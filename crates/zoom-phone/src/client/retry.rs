//! When a GET is repeated, and after how long.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::error::Error;

/// How often a GET is repeated. Only status 429, 5xx and failed connections are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in total. Default 4.
    pub tries: u32,
    /// Wait after the first failure, before jitter; doubled each time after a 5xx. Default 1 second.
    pub first_wait: Duration,
    /// If Zoom asks for a longer wait than this, the error is returned at once, with
    /// [`ApiError::retry_after`](super::ApiError::retry_after). Default 30 seconds.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 4, first_wait: Duration::from_secs(1), longest_wait: Duration::from_secs(30) }
    }
}

impl Retry {
    /// The wait before the next try, or `None` if there is none. `dice` is from 0 to 1.
    pub(super) fn wait_after(&self, error: &Error, tries: u32, dice: f64) -> Option<Duration> {
        if tries >= self.tries {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1 << (tries - 1).min(16));
        let wait = match error {
            // A try that ran out of time has used its share of the caller's patience.
            Error::Unreachable { source, .. } if !source.is_timeout() => doubled,
            Error::Api(error) if error.status == 429 => match error.retry_after {
                Some(wait) => wait,
                None if error.daily_limit => return None,
                None => self.first_wait,
            },
            Error::Api(error) if error.status >= 500 => error.retry_after.unwrap_or(doubled),
            _ => return None,
        };
        // Jitter never shortens what Zoom asked for.
        (wait <= self.longest_wait).then(|| wait + self.first_wait.mul_f64(dice))
    }
}

/// `Retry-After`: RFC 3339 as Zoom writes it, seconds, or an HTTP date. Dates are measured against the `Date`
/// header of the same answer, so our own clock may be wrong.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = text.parse::<Timestamp>().ok().or_else(|| http_date(text))?;
    let now = http_date(headers.get(DATE)?.to_str().ok()?)?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

pub(super) fn daily_limit(headers: &HeaderMap) -> bool {
    headers
        .get("x-ratelimit-type")
        .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"daily"))
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ApiError;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Sun, 22 Nov 2026 10:00:00 GMT".parse().unwrap());
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers)
    }

    fn answered(status: u16, retry_after: Option<Duration>, daily_limit: bool) -> Error {
        Error::Api(Box::new(ApiError {
            operation: "x".to_owned(),
            status,
            code: None,
            message: String::new(),
            fields: Vec::new(),
            tracking_id: None,
            retry_after,
            daily_limit,
        }))
    }

    #[test]
    fn retry_after_is_read_in_all_three_spellings() {
        assert_eq!(after("2026-11-22T10:00:07Z"), Some(7 * SECOND));
        assert_eq!(after("7"), Some(7 * SECOND));
        assert_eq!(after("Sun, 22 Nov 2026 10:00:07 GMT"), Some(7 * SECOND));
        assert_eq!(after("2026-11-22T09:00:00Z"), Some(Duration::ZERO));
        assert_eq!(after("soon"), None);
    }

    #[test]
    fn a_date_that_cannot_be_measured_is_no_wait() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "2026-11-22T10:00:07Z".parse().unwrap());
        assert_eq!(retry_after(&headers), None);
    }

    #[test]
    fn waits_are_bounded_and_follow_zoom() {
        let retry = Retry::default();
        let wait = |error: &Error, tries| retry.wait_after(error, tries, 0.5);
        let limited = answered(429, None, false);
        assert_eq!(wait(&limited, 1), Some(SECOND * 3 / 2));
        assert_eq!(wait(&limited, 3), Some(SECOND * 3 / 2));
        assert_eq!(wait(&limited, 4), None);
        assert_eq!(wait(&answered(429, Some(5 * SECOND), false), 1), Some(SECOND * 11 / 2));
        assert_eq!(wait(&answered(429, Some(3600 * SECOND), true), 1), None);
        assert_eq!(wait(&answered(429, None, true), 1), None);
        let broken = answered(502, None, false);
        assert_eq!(wait(&broken, 1), Some(SECOND * 3 / 2));
        assert_eq!(wait(&broken, 3), Some(SECOND * 9 / 2));
        assert_eq!(wait(&answered(400, None, false), 1), None);
    }
}
