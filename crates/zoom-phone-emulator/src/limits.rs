//! Zoom's rate limits: for the account as a whole, by the operation's label and the account's plan.
//!
//! They count in real time, even when the company's clock runs faster: clients wait in real time. Windows follow
//! tokio's time, so that they stand still with it when it is paused; days follow the clock that a fresh emulator
//! starts with, and never runs faster than life.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use zoom_phone_types::catalogue::RateLabel;

use crate::clock::text;
use crate::config::Temper;

/// The account's plan, as far as limits depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Zoom Phone's lowest; `pro`.
    Pro,
    /// Business, Education, Enterprise, Partners; `business_plus`.
    BusinessPlus,
}

/// What is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) plan: Plan,
    /// Another daily budget than the plan's.
    pub(crate) daily: Option<u32>,
}

/// What requests count against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Budget {
    /// An operation of Zoom Phone or Number Management.
    Phone(RateLabel),
    /// `GET /users/me`, which is a light one of Zoom's General API.
    General,
}

impl Budget {
    const ALL: [Self; 5] = [
        Self::Phone(RateLabel::Light),
        Self::Phone(RateLabel::Medium),
        Self::Phone(RateLabel::Heavy),
        Self::Phone(RateLabel::ResourceIntensive),
        Self::General,
    ];

    /// Whether it has a budget for the day, which heavy and resource-intensive operations share.
    fn is_daily(self) -> bool {
        matches!(self, Self::Phone(RateLabel::Heavy | RateLabel::ResourceIntensive))
    }

    /// As in `X-RateLimit-Category`.
    fn category(self) -> &'static str {
        match self {
            Self::Phone(RateLabel::Light) | Self::General => "Light",
            Self::Phone(RateLabel::Medium) => "Medium",
            Self::Phone(RateLabel::Heavy) => "Heavy",
            Self::Phone(RateLabel::ResourceIntensive) => "Resource-intensive",
        }
    }

    fn window(self) -> Duration {
        match self {
            Self::Phone(RateLabel::ResourceIntensive) => Duration::from_mins(1),
            _ => Duration::from_secs(1),
        }
    }
}

impl Limit {
    /// So many requests in the budget's window.
    fn most(self, budget: Budget) -> usize {
        let (pro, business) = match budget {
            Budget::Phone(RateLabel::Light) => (20, 40),
            Budget::Phone(RateLabel::Medium) => (10, 20),
            Budget::Phone(RateLabel::Heavy | RateLabel::ResourceIntensive) => (5, 10),
            Budget::General => (30, 80),
        };
        if self.plan == Plan::Pro { pro } else { business }
    }

    fn of_day(self) -> u32 {
        self.daily.unwrap_or(if self.plan == Plan::Pro { 15_000 } else { 30_000 })
    }
}

/// The limits in force, and what was let through so far.
pub(crate) struct Limits {
    temper: Temper,
    inner: Mutex<Inner>,
}

struct Inner {
    in_force: Option<Limit>,
    recent: BTreeMap<Budget, VecDeque<Instant>>,
    day: Date,
    today: u32,
    refused: u64,
    /// Users of whom something is being deleted.
    deleting: HashSet<String>,
}

/// The verdict on one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    category: &'static str,
    /// `QPS` or `Daily-limit`; absent in some live answers.
    kind: Option<&'static str>,
    limit: usize,
    remaining: usize,
    /// Present when the request goes too far.
    pub(crate) refusal: Option<&'static str>,
    retry_after: Option<String>,
}

/// Holds other deletions for the same user off while it lives.
pub(crate) struct Alone<'a> {
    limits: &'a Limits,
    user: String,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.limits.lock().deleting.remove(&self.user);
    }
}

impl Limits {
    pub(crate) fn new(plan: Option<Plan>, temper: Temper) -> Self {
        let inner = Inner {
            in_force: plan.map(|plan| Limit { plan, daily: None }),
            recent: BTreeMap::new(),
            day: Date::default(),
            today: 0,
            refused: 0,
            deleting: HashSet::new(),
        };
        Self { temper, inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is enforced; nothing by default.
    pub(crate) fn in_force(&self) -> Option<Limit> {
        self.lock().in_force
    }

    /// From now on this is enforced; what is spent stays spent.
    pub(crate) fn enforce(&self, limit: Option<Limit>) {
        self.lock().in_force = limit;
    }

    /// The right to delete something of a user; `None` while another request does.
    pub(crate) fn alone(&self, user: String) -> Option<Alone<'_>> {
        let first = self.lock().deleting.insert(user.clone());
        first.then_some(Alone { limits: self, user })
    }

    /// Counts a request, unless it goes too far. Days end at 00:00 UTC; `now` is in real time.
    pub(crate) fn spend(&self, limit: Limit, budget: Budget, now: Timestamp) -> Verdict {
        let mut inner = self.lock();
        inner.forget(now);
        let category = budget.category();
        let Inner { recent, day, today, refused, .. } = &mut *inner;
        let recent = recent.entry(budget).or_default();
        let (most, of_day) = (limit.most(budget), limit.of_day());
        let too_far = if budget.is_daily() && *today >= of_day {
            Some((DAILY, "Daily-limit", size(of_day), Some(next_day(*day))))
        } else if recent.len() >= most {
            let message = if budget.window() == Duration::from_mins(1) { PER_MINUTE } else { PER_SECOND };
            Some((message, "QPS", most, None))
        } else {
            None
        };
        if let Some((message, kind, limit, retry_after)) = too_far {
            *refused += 1;
            // Seen live: a refusal without type and time. Here it is every second one.
            let bare = self.temper == Temper::Field && *refused % 2 == 1;
            return Verdict {
                category,
                kind: (!bare).then_some(kind),
                limit,
                remaining: 0,
                refusal: Some(message),
                retry_after: retry_after.filter(|_| !bare),
            };
        }
        recent.push_back(Instant::now());
        let (kind, limit, remaining) = if budget.is_daily() {
            *today += 1;
            ("Daily-limit", size(of_day), size(of_day.saturating_sub(*today)))
        } else {
            ("QPS", most, most - recent.len())
        };
        Verdict { category, kind: Some(kind), limit, remaining, refusal: None, retry_after: None }
    }

    /// For `GET /_emulator/limits`: what these limits allow, and how much of it is spent.
    pub(crate) fn report(&self, limit: Option<Limit>, now: Timestamp) -> Value {
        let mut inner = self.lock();
        inner.forget(now);
        let windows = Budget::ALL.iter().map(|&budget| {
            json!({
                "api": if budget == Budget::General { "general" } else { "phone" },
                "category": budget.category(),
                "seconds": budget.window().as_secs(),
                "limit": limit.map(|limit| limit.most(budget)),
                "spent": inner.recent.get(&budget).map_or(0, VecDeque::len),
            })
        });
        json!({
            "plan": limit.map(|limit| limit.plan),
            "windows": windows.collect::<Vec<_>>(),
            "day": {
                "date": inner.day.to_string(),
                "limit": limit.map(Limit::of_day),
                "spent": inner.today,
                "ends": next_day(inner.day),
            },
            "refused": inner.refused,
        })
    }
}

impl Inner {
    /// Drops what no longer counts.
    fn forget(&mut self, now: Timestamp) {
        let date = now.to_zoned(TimeZone::UTC).date();
        if self.day != date {
            (self.day, self.today) = (date, 0);
        }
        let at = Instant::now();
        for (budget, recent) in &mut self.recent {
            while recent.front().is_some_and(|&first| first + budget.window() <= at) {
                recent.pop_front();
            }
        }
    }
}

pub(crate) const PER_SECOND: &str =
    "You have reached the maximum per-second rate limit for this API. Try again later.";
const PER_MINUTE: &str = "You have reached the maximum per-minute rate limit for this API. Try again later.";
pub(crate) const DAILY: &str = "You have reached the maximum daily rate limit for this API. \
    Refer to the response header for details on when you can make another request.";
/// Said to a second deletion for a user while the first is not answered. Zoom's sentence goes on differently for
/// each operation.
pub(crate) const CONCURRENT: &str = "Too many concurrent requests. Try again later.";

impl Verdict {
    /// Zoom's headers about it.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let mut put = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("x-ratelimit-category", self.category);
        put("x-ratelimit-limit", &self.limit.to_string());
        put("x-ratelimit-remaining", &self.remaining.to_string());
        if let Some(kind) = self.kind {
            put("x-ratelimit-type", kind);
        }
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

    const PRO: Limit = Limit { plan: Plan::Pro, daily: None };

    fn limits() -> Limits {
        Limits::new(None, Temper::Documented)
    }

    #[tokio::test(start_paused = true)]
    async fn each_label_has_its_window_on_each_plan() {
        let [light, medium, heavy, intensive, general] = Budget::ALL;
        for (budget, seconds, pro, business) in [
            (light, 1, 20, 40),
            (medium, 1, 10, 20),
            (heavy, 1, 5, 10),
            (intensive, 60, 5, 10),
            (general, 1, 30, 80),
        ] {
            for (plan, most) in [(Plan::Pro, pro), (Plan::BusinessPlus, business)] {
                let (limits, limit) = (limits(), Limit { plan, daily: None });
                let spend = || limits.spend(limit, budget, Timestamp::UNIX_EPOCH).refusal;
                let let_through = (0..100).filter(|_| spend().is_none()).count();
                assert_eq!(let_through, most, "{budget:?} {plan:?}");
                tokio::time::advance(Duration::from_millis(1000 * seconds - 1)).await;
                assert!(spend().is_some(), "{budget:?} {plan:?}");
                tokio::time::advance(Duration::from_millis(1)).await;
                assert!(spend().is_none(), "{budget:?} {plan:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn windows_slide() {
        let limits = limits();
        let heavy = Budget::Phone(RateLabel::Heavy);
        let spend = || limits.spend(PRO, heavy, Timestamp::UNIX_EPOCH).refusal;
        assert_eq!((spend(), spend()), (None, None));
        tokio::time::advance(Duration::from_millis(600)).await;
        assert_eq!((spend(), spend(), spend(), spend()), (None, None, None, Some(PER_SECOND)));
        tokio::time::advance(Duration::from_millis(400)).await;
        assert_eq!((spend(), spend(), spend()), (None, None, Some(PER_SECOND)));
    }

    #[tokio::test(start_paused = true)]
    async fn heavy_and_resource_intensive_share_a_day_that_ends_at_midnight() {
        let (limits, limit) = (limits(), Limit { daily: Some(3), ..PRO });
        let [light, _, heavy, intensive, _] = Budget::ALL;
        let at = |time: &str| time.parse::<Timestamp>().expect("a valid time");
        let evening = at("2026-11-22T23:59:00Z");
        assert_eq!(limits.spend(limit, heavy, evening).remaining, 2);
        assert_eq!(limits.spend(limit, intensive, evening).remaining, 1);
        assert_eq!(limits.spend(limit, heavy, evening).remaining, 0);
        let refused = limits.spend(limit, heavy, evening);
        assert_eq!((refused.refusal, refused.kind), (Some(DAILY), Some("Daily-limit")));
        assert_eq!(refused.retry_after.as_deref(), Some("2026-11-23T00:00:00Z"));
        assert_eq!(limits.spend(limit, light, evening).refusal, None);
        assert_eq!(limits.spend(limit, heavy, at("2026-11-23T00:00:00Z")).refusal, None);
    }

    #[test]
    fn one_deletion_for_a_user_at_a_time() {
        let limits = limits();
        let first = limits.alone("ada".to_owned());
        assert!(first.is_some() && limits.alone("ada".to_owned()).is_none());
        assert!(limits.alone("ben".to_owned()).is_some());
        drop(first);
        assert!(limits.alone("ada".to_owned()).is_some());
    }
}
