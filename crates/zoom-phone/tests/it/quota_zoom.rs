//! Zoom's limiter as strict as it may be, written apart from ours: it counts what arrives in sliding windows and
//! in days, after a way that takes each request another time. Tests and the benchmark judge by it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use zoom_phone::quota::{Limiter, Limits, Priority, QuotaError, RateFacts, RateLabel};

/// A Zoom on a virtual clock. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Zoom {
    inner: Arc<Inner>,
}

struct Inner {
    limits: Limits,
    talk: Talk,
    jitter: u64,
    began: Instant,
    start: Timestamp,
    state: Mutex<State>,
}

struct State {
    dice: StdRng,
    windows: [VecDeque<Instant>; 4],
    day: i64,
    used: u64,
    seen: [Seen; 4],
}

/// How much Zoom says in its headers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Talk {
    /// `Date` alone, and `Retry-After` on daily limits.
    Little,
    /// `X-RateLimit-*` on every answer.
    Much,
}

/// What arrived under one label.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) accepted: u64,
    pub(crate) too_fast: u64,
    pub(crate) too_many: u64,
}

impl Zoom {
    /// `start` is the time at Zoom now; `jitter` in milliseconds, by which one way may be longer than another.
    pub(crate) fn new(limits: Limits, talk: Talk, jitter: u64, start: Timestamp, seed: u64) -> Self {
        let state = State {
            dice: StdRng::seed_from_u64(seed),
            windows: [const { VecDeque::new() }; 4],
            day: 0,
            used: 0,
            seen: [Seen::default(); 4],
        };
        let inner = Inner { limits, talk, jitter, began: Instant::now(), start, state: Mutex::new(state) };
        Self { inner: Arc::new(inner) }
    }

    /// One request of ours: through the limiter, on its way, and back. Returns the status.
    pub(crate) async fn call(
        &self,
        limiter: &Limiter,
        label: RateLabel,
        priority: Priority,
    ) -> Result<u16, QuotaError> {
        limiter.enter(Some(label), priority, None).await?;
        let (there, back) = self.ways();
        sleep(there).await;
        let (status, headers) = self.arrive(label);
        sleep(back).await;
        limiter.learn(Some(label), &RateFacts::read(status, &headers));
        Ok(status)
    }

    /// A request arrives, from us or from another app.
    pub(crate) fn arrive(&self, label: RateLabel) -> (u16, HeaderMap) {
        let now = Instant::now();
        let time = self.time();
        let Inner { limits, talk, state, .. } = &*self.inner;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let length = Duration::from_secs(if label == RateLabel::ResourceIntensive { 60 } else { 1 });
        let day = time.as_second().div_euclid(86_400);
        if day != state.day {
            (state.day, state.used) = (day, 0);
        }
        let window = &mut state.windows[label as usize];
        window.retain(|arrived| *arrived + length > now);
        let seen = &mut state.seen[label as usize];
        let daily = matches!(label, RateLabel::Heavy | RateLabel::ResourceIntensive);
        let limit = u64::from(limits.of(label));

        let mut headers = vec![("date", time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())];
        let (status, kind, limit, left) = if daily && state.used >= limits.daily {
            seen.too_many += 1;
            let until = Timestamp::from_second((day + 1) * 86_400).unwrap_or(Timestamp::MAX);
            headers.push(("retry-after", until.to_string()));
            (429, "Daily-limit", limits.daily, 0)
        } else if window.len() as u64 >= limit {
            seen.too_fast += 1;
            (429, "QPS", limit, 0)
        } else {
            seen.accepted += 1;
            window.push_back(now);
            if daily {
                state.used += 1;
                (200, "Daily-limit", limits.daily, limits.daily - state.used)
            } else {
                (200, "QPS", limit, limit - window.len() as u64)
            }
        };
        if *talk == Talk::Much || kind == "Daily-limit" && status == 429 {
            headers.push(("x-ratelimit-category", format!("{label:?}")));
            headers.push(("x-ratelimit-type", kind.to_owned()));
            headers.push(("x-ratelimit-limit", limit.to_string()));
            headers.push(("x-ratelimit-remaining", left.to_string()));
        }
        let headers = headers.into_iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?))
        });
        (status, headers.collect())
    }

    /// What arrived until now.
    pub(crate) fn seen(&self, label: RateLabel) -> Seen {
        self.lock().seen[label as usize]
    }

    /// Zoom's clock.
    pub(crate) fn time(&self) -> Timestamp {
        self.inner.start.checked_add(self.inner.began.elapsed()).unwrap_or(Timestamp::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ways(&self) -> (Duration, Duration) {
        let mut state = self.lock();
        let mut way = |most| Duration::from_millis(50 + state.dice.random_range(0..=most));
        (way(self.inner.jitter), way(300))
    }
}

/// As many requests as go in that time, by forty workers who each wait for their answer.
pub(crate) async fn saturate(
    limiter: &Limiter,
    zoom: &Zoom,
    label: RateLabel,
    priority: Priority,
    time: Duration,
) {
    let end = Instant::now() + time;
    let mut workers = JoinSet::new();
    for _ in 0..40 {
        let (limiter, zoom) = (limiter.clone(), zoom.clone());
        workers.spawn(async move {
            while Instant::now() < end {
                let call = zoom.call(&limiter, label, priority);
                if timeout_at(end, call).await.is_ok_and(|status| status.is_err()) {
                    break;
                }
            }
        });
    }
    workers.join_all().await;
}
