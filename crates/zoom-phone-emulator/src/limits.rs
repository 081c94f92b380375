//! Zoom's rate limits: for the account as a whole, by the operation's label and the account's plan.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zoom_phone_types::catalogue::RateLabel;

use crate::clock::text;

/// The account's plan, as far as limits depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Pro.
    Pro,
    /// Business, Education, Enterprise, Partners.
    BusinessPlus,
}

/// What is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) plan: Plan,
    /// Another daily budget than the plan's.
    pub(crate) daily: Option<u32>,
}

impl Limit {
    /// So many requests in this time.
    fn window(self, label: RateLabel) -> (usize, Duration) {
        let pro = match label {
            RateLabel::Light => 20,
            RateLabel::Medium => 10,
            RateLabel::Heavy | RateLabel::ResourceIntensive => 5,
        };
        let requests = if self.plan == Plan::Pro { pro } else { 2 * pro };
        let per = if label == RateLabel::ResourceIntensive {
            Duration::from_mins(1)
        } else {
            Duration::from_secs(1)
        };
        (requests, per)
    }

    /// One budget for heavy and resource-intensive operations together.
    fn daily(self, label: RateLabel) -> Option<u32> {
        let of_plan = if self.plan == Plan::Pro { 15_000 } else { 30_000 };
        matches!(label, RateLabel::Heavy | RateLabel::ResourceIntensive)
            .then_some(self.daily.unwrap_or(of_plan))
    }
}

/// What was let through so far.
#[derive(Default)]
pub(crate) struct Limits(Mutex<Spent>);

#[derive(Default)]
struct Spent {
    recent: HashMap<RateLabel, VecDeque<Instant>>,
    day: Date,
    today: u32,
}

/// The verdict on one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    label: RateLabel,
    daily: bool,
    limit: usize,
    remaining: usize,
    /// Present when the request goes too far.
    pub(crate) refusal: Option<&'static str>,
    retry_after: Option<String>,
}

impl Limits {
    /// Counts a request, unless it goes too far. Days end at 00:00 UTC; `now` is in real time.
    pub(crate) fn spend(&self, limit: Limit, label: RateLabel, now: Timestamp) -> Verdict {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Spent { recent, day, today } = &mut *spent;
        let date = now.to_zoned(TimeZone::UTC).date();
        if *day != date {
            (*day, *today) = (date, 0);
        }
        let (most, per) = limit.window(label);
        let recent = recent.entry(label).or_default();
        let at = Instant::now();
        while recent.front().is_some_and(|&first| first + per <= at) {
            recent.pop_front();
        }
        let verdict = |daily, limit, remaining, refusal| {
            let retry_after = (daily && refusal).then(|| next_day(date));
            let refusal = refusal.then_some(match (daily, label) {
                (true, _) => DAILY,
                (false, RateLabel::ResourceIntensive) => PER_MINUTE,
                (false, _) => PER_SECOND,
            });
            Verdict { label, daily, limit, remaining, refusal, retry_after }
        };
        let left_today = limit.daily(label).map(|budget| (budget, budget.saturating_sub(*today)));
        if let Some((budget, 0)) = left_today {
            return verdict(true, size(budget), 0, true);
        }
        if recent.len() >= most {
            return verdict(false, most, 0, true);
        }
        recent.push_back(at);
        match left_today {
            Some((budget, left)) => {
                *today += 1;
                verdict(true, size(budget), size(left) - 1, false)
            }
            None => verdict(false, most, most - recent.len(), false),
        }
    }
}

pub(crate) const PER_SECOND: &str =
    "You have reached the maximum per-second rate limit for this API. Try again later.";
const PER_MINUTE: &str = "You have reached the maximum per-minute rate limit for this API. Try again later.";
pub(crate) const DAILY: &str = "You have reached the maximum daily rate limit for this API. \
    Refer to the response header for details on when you can make another request.";

impl Verdict {
    /// Zoom's headers about it.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let category = match self.label {
            RateLabel::Light => "Light",
            RateLabel::Medium => "Medium",
            RateLabel::Heavy => "Heavy",
            RateLabel::ResourceIntensive => "Resource-intensive",
        };
        let mut put = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("x-ratelimit-category", category);
        put("x-ratelimit-type", if self.daily { "Daily-limit" } else { "QPS" });
        put("x-ratelimit-limit", &self.limit.to_string());
        put("x-ratelimit-remaining", &self.remaining.to_string());
        if let Some(at) = &self.retry_after {
            put("retry-after", at);
        }
    }
}

/// 00:00 UTC after this day.
pub(crate) fn next_day(day: Date) -> String {
    let midnight = day.tomorrow().and_then(|day| day.to_zoned(TimeZone::UTC));
    midnight.map(|midnight| text(midnight.timestamp())).unwrap_or_default()
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn let_through(label: RateLabel, limit: Limit, requests: usize) -> usize {
        let limits = Limits::default();
        let now = Timestamp::UNIX_EPOCH;
        (0..requests).filter(|_| limits.spend(limit, label, now).refusal.is_none()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn each_label_has_its_window_on_each_plan() {
        for (label, pro) in [
            (RateLabel::Light, 20),
            (RateLabel::Medium, 10),
            (RateLabel::Heavy, 5),
            (RateLabel::ResourceIntensive, 5),
        ] {
            assert_eq!(let_through(label, Limit { plan: Plan::Pro, daily: None }, 50), pro, "{label:?}");
            let business = Limit { plan: Plan::BusinessPlus, daily: None };
            assert_eq!(let_through(label, business, 50), 2 * pro, "{label:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn windows_slide() {
        let (limits, limit) = (Limits::default(), Limit { plan: Plan::Pro, daily: None });
        let spend = || limits.spend(limit, RateLabel::Heavy, Timestamp::UNIX_EPOCH).refusal;
        assert_eq!((spend(), spend()), (None, None));
        tokio::time::advance(Duration::from_millis(600)).await;
        assert_eq!((spend(), spend(), spend(), spend()), (None, None, None, Some(PER_SECOND)));
        tokio::time::advance(Duration::from_millis(400)).await;
        assert_eq!((spend(), spend(), spend()), (None, None, Some(PER_SECOND)));
    }

    #[tokio::test(start_paused = true)]
    async fn heavy_and_resource_intensive_share_a_day_that_ends_at_midnight() {
        let (limits, limit) = (Limits::default(), Limit { plan: Plan::Pro, daily: Some(3) });
        let at = |time: &str| time.parse::<Timestamp>().expect("a valid time");
        let evening = at("2026-11-22T23:59:00Z");
        assert_eq!(limits.spend(limit, RateLabel::Heavy, evening).remaining, 2);
        assert_eq!(limits.spend(limit, RateLabel::ResourceIntensive, evening).remaining, 1);
        assert_eq!(limits.spend(limit, RateLabel::Heavy, evening).remaining, 0);
        let refused = limits.spend(limit, RateLabel::Heavy, evening);
        assert_eq!(refused.refusal, Some(DAILY));
        assert_eq!(refused.retry_after.as_deref(), Some("2026-11-23T00:00:00Z"));
        assert_eq!(limits.spend(limit, RateLabel::Light, evening).refusal, None);
        assert_eq!(limits.spend(limit, RateLabel::Heavy, at("2026-11-23T00:00:00Z")).refusal, None);
    }
}
