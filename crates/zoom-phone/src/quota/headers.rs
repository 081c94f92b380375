//! What an answer's headers say about the quota. Read with patience: what cannot be read is absent.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use zoom_phone_types::catalogue::RateLabel;

use super::retry_after::{RetryAfter, http_date};

/// What one answer says about the quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateFacts {
    /// Status 429. Code 429 in the body of a status 400 is another thing: too many rows in a batch.
    pub limited: bool,
    /// `X-RateLimit-Category`: the label that Zoom counted the request under.
    pub category: Option<RateLabel>,
    /// `X-RateLimit-Type`. Absent in some real answers.
    pub kind: Option<LimitKind>,
    /// `X-RateLimit-Limit`: requests in the window of `kind`.
    pub limit: Option<u64>,
    /// `X-RateLimit-Remaining`: requests left in that window.
    pub remaining: Option<u64>,
    /// `X-RateLimit-Reset`: when the window ends.
    pub reset: Option<Timestamp>,
    /// `Retry-After`.
    pub retry_after: Option<RetryAfter>,
    /// `Date`: the server's clock, in whole seconds.
    pub date: Option<Timestamp>,
}

/// Which limit the `X-RateLimit-*` headers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// `QPS`: requests in a second.
    PerSecond,
    /// `Daily-limit`: requests from 00:00 UTC to 00:00 UTC.
    Daily,
}

impl RateFacts {
    /// Reads status and headers of an answer.
    pub fn read(status: u16, headers: &HeaderMap) -> Self {
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
        let number = |name: &str| text(name)?.parse().ok();
        Self {
            limited: status == 429,
            category: text("x-ratelimit-category").and_then(category),
            kind: text("x-ratelimit-type").and_then(kind),
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset: text("x-ratelimit-reset").and_then(unix_time),
            retry_after: text(RETRY_AFTER.as_str()).and_then(RetryAfter::parse),
            date: text(DATE.as_str()).and_then(http_date),
        }
    }

    /// Looks for a daily limit in the words of a 429 whose headers do not name the kind of the limit. One of a
    /// single user is another thing.
    pub(crate) fn heed_body(&mut self, body: &[u8]) {
        if !self.limited || self.kind.is_some() || self.remaining.is_some_and(|remaining| remaining > 0) {
            return;
        }
        let words = String::from_utf8_lossy(body).to_ascii_lowercase();
        if words.contains("daily rate limit") && !words.contains("particular user") {
            self.kind = Some(LimitKind::Daily);
        }
    }

    /// How long Zoom asks to wait. A date is measured against `Date` of the same answer, so that our own clock
    /// may be wrong; without `Date` it cannot be measured.
    pub fn wait(&self) -> Option<Duration> {
        match self.retry_after? {
            RetryAfter::In(wait) => Some(wait),
            RetryAfter::At(until) => {
                Some(Duration::try_from(until.duration_since(self.date?)).unwrap_or(Duration::ZERO))
            }
        }
    }

    /// The account's quota of the day is used up.
    pub fn daily_limit(&self) -> bool {
        self.limited && self.kind == Some(LimitKind::Daily)
    }
}

/// Unix time in seconds; more digits are milliseconds.
fn unix_time(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    if number < 100_000_000_000 {
        Timestamp::from_second(number).ok()
    } else {
        Timestamp::from_millisecond(number).ok()
    }
}

fn category(text: &str) -> Option<RateLabel> {
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    Some(match letters.to_ascii_lowercase().as_str() {
        "light" => RateLabel::Light,
        "medium" => RateLabel::Medium,
        "heavy" => RateLabel::Heavy,
        "resourceintensive" => RateLabel::ResourceIntensive,
        _ => return None,
    })
}

fn kind(text: &str) -> Option<LimitKind> {
    let text = text.to_ascii_lowercase();
    if text.starts_with("daily") {
        Some(LimitKind::Daily)
    } else if text.starts_with("qps") {
        Some(LimitKind::PerSecond)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn facts(status: u16, pairs: &[(&'static str, &str)]) -> RateFacts {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        RateFacts::read(status, &headers)
    }

    fn wait(retry_after: &str) -> Option<Duration> {
        facts(429, &[("date", "Sun, 22 Nov 2026 10:00:00 GMT"), ("retry-after", retry_after)]).wait()
    }

    #[test]
    fn retry_after_is_read_in_all_three_spellings() {
        assert_eq!(wait("2026-11-22T10:00:07Z"), Some(7 * SECOND));
        assert_eq!(wait(" 7 "), Some(7 * SECOND));
        assert_eq!(wait("Sun, 22 Nov 2026 10:00:07 GMT"), Some(7 * SECOND));
        assert_eq!(wait("2026-11-22T09:00:00Z"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }

    #[test]
    fn a_date_that_cannot_be_measured_is_no_wait() {
        assert_eq!(facts(429, &[("retry-after", "2026-11-22T10:00:07Z")]).wait(), None);
    }

    #[test]
    fn the_headers_of_a_daily_limit_are_read() {
        let read = facts(
            429,
            &[
                ("x-ratelimit-category", "Resource-intensive"),
                ("x-ratelimit-type", "Daily-limit"),
                ("x-ratelimit-limit", "30000"),
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "1795392000"),
                ("retry-after", "2026-11-23T00:00:00Z"),
                ("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
            ],
        );
        assert!(read.daily_limit());
        assert_eq!(read.category, Some(RateLabel::ResourceIntensive));
        assert_eq!((read.limit, read.remaining), (Some(30_000), Some(0)));
        assert_eq!(read.reset, "2026-11-23T00:00:00Z".parse().ok());
        assert_eq!(read.wait(), Some(14 * 3600 * SECOND));
    }

    #[test]
    fn categories_and_kinds_are_read_in_any_spelling_and_others_are_absent() {
        let read = facts(200, &[("x-ratelimit-category", "HEAVY"), ("x-ratelimit-type", "qps")]);
        assert_eq!((read.category, read.kind), (Some(RateLabel::Heavy), Some(LimitKind::PerSecond)));
        let read = facts(200, &[("x-ratelimit-category", "Enormous"), ("x-ratelimit-type", "Weekly")]);
        assert_eq!(read, RateFacts::default());
    }

    #[test]
    fn the_words_of_a_429_tell_a_daily_limit_where_the_headers_do_not() {
        let daily = |status, headers: &[(&'static str, &str)], body: &str| {
            let mut facts = facts(status, headers);
            facts.heed_body(body.as_bytes());
            facts.daily_limit()
        };
        let words = r#"{"code":429,"message":"You have reached the maximum Daily rate limit for this API."}"#;
        assert!(daily(429, &[], words));
        assert!(!daily(400, &[], words));
        assert!(!daily(429, &[("x-ratelimit-type", "QPS")], words));
        assert!(!daily(429, &[("x-ratelimit-remaining", "3")], words));
        assert!(!daily(429, &[], "You have reached the maximum per-second rate limit for this API."));
        assert!(!daily(429, &[], "the daily rate limit (100) permitted for this particular user"));
    }

    proptest! {
        #[test]
        fn any_header_values_are_read_without_panic(values in prop::collection::vec("[ -~]{0,40}", 7)) {
            let names = [
                "x-ratelimit-category", "x-ratelimit-type", "x-ratelimit-limit", "x-ratelimit-remaining",
                "x-ratelimit-reset", "retry-after", "date",
            ];
            let pairs: Vec<_> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
            let _ = facts(429, &pairs).wait();
        }

        #[test]
        fn retry_after_of_any_time_is_measured_exactly(seconds in 0..4_000_000_000_i64, wait in 0..1_000_000_i64) {
            let at = |seconds| Timestamp::from_second(seconds).unwrap();
            let until = at(seconds + wait);
            let http = until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            for text in [until.to_string(), http] {
                let facts = RateFacts {
                    retry_after: RetryAfter::parse(&text),
                    date: Some(at(seconds)),
                    ..RateFacts::default()
                };
                prop_assert_eq!(facts.wait(), Some(Duration::from_secs(wait.unsigned_abs())), "{}", text);
            }
        }
    }
}
