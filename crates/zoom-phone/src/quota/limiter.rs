//! The door that every request goes through.
//!
//! Each label has a queue. Whoever is first in it, and nobody else, sleeps until the next request may be sent;
//! going through or going away wakes the new first. There is no task in the background, and a request is counted
//! in the same moment in which its waiter is let go: a dropped future loses nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, gauge, histogram};
use tokio::sync::Notify;
use tokio::time::Instant;
use zoom_phone_types::catalogue::RateLabel;

use super::allowance::Allowance;
use super::clock::ServerClock;
use super::file::{SharedFile, since_1970};
use super::headers::RateFacts;
use super::name;
use super::plan::{Limits, Plan};
use super::queue::{Priority, Queue};
use super::sent::{Ask, Notes, Sent, Turn, has_daily_budget, index, midnight};

/// How long another process may keep the shared file locked. It needs a thousandth of that.
const FILE_PATIENCE: Duration = Duration::from_secs(5);

/// The quota of one Zoom account. Cloning it shares the count.
#[derive(Clone, Debug)]
pub struct Limiter {
    inner: Arc<Inner>,
}

/// What a [`Limiter`] is to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimiterConfig {
    /// The account's plan.
    pub plan: Plan,
    /// By how much one request may be faster on its way to Zoom than another. Each window is made this much
    /// longer than Zoom's (a minute ten times this much), so it costs as much of the quota: the default, 40 ms,
    /// 4 % of a second. More jitter than that means answers 429 now and then, and less of the quota used.
    pub jitter: Duration,
    /// A file that counts the requests of all processes of this machine that use the account. All name the same
    /// one, on a local disk. Default: none, the process is alone.
    pub shared_file: Option<PathBuf>,
}

impl Default for LimiterConfig {
    fn default() -> Self {
        Self { plan: Plan::default(), jitter: Duration::from_millis(40), shared_file: None }
    }
}

/// One request may be sent, now. It is counted as sent already.
#[derive(Debug)]
pub struct Pass {
    waited: Duration,
}

impl Pass {
    /// How long the request waited for its turn.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

/// What is left of the account's quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What the account may send, as far as it is known by now.
    pub limits: Limits,
    /// HEAVY and RESOURCE-INTENSIVE requests since 00:00 UTC, of all processes that share the count, and of other
    /// apps as far as Zoom told.
    pub used_today: u64,
    /// Until the next 00:00 UTC by Zoom's clock, when the day's budget is whole again.
    pub day_ends_in: Duration,
}

/// Why a request may not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// The account's quota of the day is used up, or Zoom suspended the label.
    #[error("Zoom takes no more {} requests of this account until {until}; ask again then", name(*label))]
    Daily {
        /// The label of the request.
        label: RateLabel,
        /// When Zoom counts anew.
        until: Timestamp,
    },
    /// The request's turn would come after its deadline.
    #[error(
        "the turn of this {} request comes in {} ms at the earliest, after its deadline; give it more time or send fewer requests",
        name(*label),
        wait.as_millis()
    )]
    Deadline {
        /// The label of the request.
        label: RateLabel,
        /// The least time that the request had yet to wait.
        wait: Duration,
    },
    /// The count that all processes share cannot be read or written.
    #[error(
        "the file {} with the requests of all processes cannot be used; check that it is on a local disk and may be written",
        path.display()
    )]
    SharedFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

#[derive(Debug)]
pub(super) struct Inner {
    state: Mutex<State>,
    began: Instant,
    jitter: Duration,
    file: Option<SharedFile>,
    wall: fn() -> Timestamp,
}

/// Times in it are since the limiter began.
#[derive(Debug)]
pub(super) struct State {
    pub(super) clock: ServerClock,
    pub(super) plan: Plan,
    /// HEAVY and RESOURCE-INTENSIVE requests of a day.
    pub(super) daily: u64,
    pub(super) lanes: [Lane; 4],
    /// Learned and not yet in `sent`, or in the shared file.
    pub(super) notes: Option<Notes>,
    /// There is a shared file: other processes are not other apps.
    pub(super) shared: bool,
    /// Not used with a shared file.
    sent: Sent,
}

/// One label.
#[derive(Debug)]
pub(super) struct Lane {
    queue: Queue<Arc<Notify>>,
    pub(super) allowance: Allowance,
    /// The next backfill request goes then.
    paced: Duration,
    /// Zoom suspended the label, and the gauge says so.
    pub(super) suspended: bool,
}

/// What a waiter does next.
enum Step {
    Go,
    /// Sleep until woken, or until this time.
    Wait(Option<Instant>),
}

impl Limiter {
    /// A limiter for an account of this plan that no other process uses.
    pub fn new(plan: Plan) -> Self {
        Self::begin(&LimiterConfig { plan, ..LimiterConfig::default() }, None, wall_clock)
    }

    /// A limiter with all settings. Fails if the shared file cannot be opened.
    pub fn open(config: &LimiterConfig) -> Result<Self, QuotaError> {
        Self::open_with(config, wall_clock)
    }

    pub(super) fn open_with(config: &LimiterConfig, wall: fn() -> Timestamp) -> Result<Self, QuotaError> {
        let open = |path: &PathBuf| SharedFile::open(path).map_err(|source| shared_file(path, source));
        let file = config.shared_file.as_ref().map(open).transpose()?;
        Ok(Self::begin(config, file, wall))
    }

    fn begin(config: &LimiterConfig, file: Option<SharedFile>, wall: fn() -> Timestamp) -> Self {
        let limits = config.plan.limits();
        let lane = |label| Lane {
            queue: Queue::default(),
            allowance: Allowance::new(limits.of(label)),
            paced: Duration::ZERO,
            suspended: false,
        };
        let state = State {
            clock: ServerClock::new(wall()),
            plan: config.plan,
            daily: limits.daily,
            lanes: [
                lane(RateLabel::Light),
                lane(RateLabel::Medium),
                lane(RateLabel::Heavy),
                lane(RateLabel::ResourceIntensive),
            ],
            notes: None,
            shared: file.is_some(),
            sent: Sent::default(),
        };
        let inner =
            Inner { state: Mutex::new(state), began: Instant::now(), jitter: config.jitter, file, wall };
        Self { inner: Arc::new(inner) }
    }

    /// Waits until one request of this label may be sent; without a label, it counts as MEDIUM.
    ///
    /// Fails at once if the day's budget is used up, or if the turn certainly comes after `deadline`, and at the
    /// deadline. Dropping the future gives the place up and uses no quota.
    pub async fn enter(
        &self,
        label: Option<RateLabel>,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> Result<Pass, QuotaError> {
        let label = label.unwrap_or(RateLabel::Medium);
        let came = Instant::now();
        let mut place = Place::new(&self.inner, label, priority);
        loop {
            let until = match place.step(deadline)? {
                Step::Go => break,
                Step::Wait(until) => match (until, deadline) {
                    (Some(until), Some(deadline)) => Some(until.min(deadline)),
                    (until, deadline) => until.or(deadline),
                },
            };
            match until {
                None => place.woken.notified().await,
                // Woken or late: the next step finds out.
                Some(until) => {
                    let _ = tokio::time::timeout_at(until, place.woken.notified()).await;
                }
            }
        }
        let waited = came.elapsed();
        counter!("zoom_phone_quota_used_total", "label" => name(label)).increment(1);
        histogram!("zoom_phone_quota_wait_seconds", "label" => name(label), "priority" => priority.name())
            .record(waited.as_secs_f64());
        Ok(Pass { waited })
    }

    /// How much of the quota is used. Sends and counts nothing.
    ///
    /// Fails if the shared file cannot be read; `None` while another process has it.
    pub fn budget(&self) -> Result<Option<Budget>, QuotaError> {
        let at = self.inner.began.elapsed();
        let mut state = self.inner.lock();
        let state = &mut *state;
        let server = state.clock.now(at);
        let of = |label| state.lanes[index(label)].allowance.ceiling();
        let limits = Limits {
            light: of(RateLabel::Light),
            medium: of(RateLabel::Medium),
            heavy: of(RateLabel::Heavy),
            resource_intensive: of(RateLabel::ResourceIntensive),
            daily: state.daily,
        };
        let ask = Ask {
            label: RateLabel::Heavy,
            limit: limits.heavy as usize,
            ceiling: limits.heavy as usize,
            span: span(RateLabel::Heavy, self.inner.jitter),
            daily: state.daily,
            now: at,
            server,
        };
        let used = self.inner.ledger(&mut state.sent, ask, |sent, ask| {
            sent.look(ask, 0);
            sent.used_today()
        });
        let used = used.map_err(|(path, source)| shared_file(path, source))?;
        let end = midnight(server).duration_since(server);
        let day_ends_in = Duration::try_from(end).unwrap_or_default();
        Ok(used.map(|used_today| Budget { limits, used_today, day_ends_in }))
    }

    /// Learns from what an answer says about the quota. Call it for every answer, good or bad.
    pub fn learn(&self, label: Option<RateLabel>, answer: &RateFacts) {
        let at = self.inner.began.elapsed();
        let mut state = self.inner.lock();
        for label in state.learn(label, answer, at, rand::random()) {
            state.lanes[index(label)].wake();
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No step leaves the state half changed, so a panic elsewhere does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn wake(&self) {
        if let Some((_, waiter)) = self.queue.head() {
            waiter.notify_one();
        }
    }
}

/// A place in a queue. Dropped, it is given up.
struct Place<'a> {
    inner: &'a Inner,
    label: RateLabel,
    priority: Priority,
    number: u64,
    woken: Arc<Notify>,
    /// Since when the shared file is locked by others.
    busy: Option<Instant>,
}

impl<'a> Place<'a> {
    fn new(inner: &'a Inner, label: RateLabel, priority: Priority) -> Self {
        let woken = Arc::new(Notify::new());
        let number = inner.lock().lanes[index(label)].queue.push(priority, Arc::clone(&woken));
        Self { inner, label, priority, number, woken, busy: None }
    }

    fn step(&mut self, deadline: Option<Instant>) -> Result<Step, QuotaError> {
        let now = Instant::now();
        let at = now - self.inner.began;
        let mut state = self.inner.lock();
        let state = &mut *state;
        let lane = &mut state.lanes[index(self.label)];
        let window = window(self.label);
        let limit = lane.allowance.allowed(at, window);
        let ask = Ask {
            label: self.label,
            limit: limit as usize,
            ceiling: lane.allowance.ceiling() as usize,
            span: span(self.label, self.inner.jitter),
            daily: state.daily,
            now: at,
            server: state.clock.now(at),
        };
        let first = lane.queue.head().is_some_and(|(number, _)| number == self.number);
        let paced = if first && self.priority == Priority::Backfill && !lane.queue.is_due(self.priority) {
            lane.paced
        } else {
            Duration::ZERO
        };
        let hold = lane.allowance.paused_until().max(paced);
        let ahead = lane.queue.ahead(self.priority, self.number);

        let looked = self.inner.ledger(&mut state.sent, ask, |sent, ask| {
            if let Some(notes) = &state.notes {
                sent.note(notes, ask.server);
            }
            let turn = if first && at >= hold { sent.take(ask) } else { sent.look(ask, ahead) };
            // The two clocks may differ; what is left to wait does not.
            let turn = match turn {
                Turn::At(time) => Turn::At(time.saturating_sub(ask.now)),
                other => other,
            };
            (turn, sent.used_today())
        });
        let looked = looked.map_err(|(path, source)| shared_file(path, source))?;
        let Some((turn, used)) = looked else { return self.file_busy(now) };
        (state.notes, self.busy) = (None, None);

        let free = match turn {
            Turn::Now if first && at >= hold => {
                lane.queue.sent(self.priority, self.number);
                lane.allowance.sent(at, window);
                if self.priority == Priority::Backfill {
                    // A waiter that woke late may catch up a little.
                    lane.paced = lane.paced.max(at.saturating_sub(ask.span / 16)) + ask.span / limit;
                }
                lane.wake();
                if std::mem::take(&mut lane.suspended) {
                    gauge!("zoom_phone_quota_suspended", "label" => name(self.label)).set(0.0);
                }
                if has_daily_budget(self.label) {
                    daily_remaining(state.daily.saturating_sub(used));
                }
                return Ok(Step::Go);
            }
            Turn::Now => self.inner.began + hold,
            Turn::At(wait) => (now + wait).max(self.inner.began + hold),
            Turn::Daily(until) => return Err(QuotaError::Daily { label: self.label, until }),
        };
        if let Some(deadline) = deadline
            && (free > deadline || now >= deadline)
        {
            return Err(QuotaError::Deadline {
                label: self.label,
                wait: free.saturating_duration_since(now),
            });
        }
        Ok(Step::Wait(first.then_some(free)))
    }

    /// Another process has the file: it needs some microseconds, unless it is stopped.
    fn file_busy(&mut self, now: Instant) -> Result<Step, QuotaError> {
        let since = *self.busy.get_or_insert(now);
        if now - since < FILE_PATIENCE {
            return Ok(Step::Wait(Some(now + Duration::from_millis(rand::random_range(1..=3)))));
        }
        let path = self.inner.file.as_ref().map_or(Path::new(""), SharedFile::path);
        Err(shared_file(path, io::Error::new(io::ErrorKind::TimedOut, "another process keeps it locked")))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        let lane = &mut state.lanes[index(self.label)];
        // After `Go` it is not there any more, and the new first is awake already.
        if lane.queue.remove(self.priority, self.number) {
            lane.wake();
        }
    }
}

impl Inner {
    /// Runs `change` on what was sent, by this process or by all. `None`: another process is at it.
    fn ledger<R>(
        &self,
        own: &mut Sent,
        ask: Ask,
        change: impl FnOnce(&mut Sent, &Ask) -> R,
    ) -> Result<Option<R>, (&Path, io::Error)> {
        let Some(file) = &self.file else { return Ok(Some(change(own, &ask))) };
        let now = since_1970((self.wall)());
        file.with(now, |sent| change(sent, &Ask { now, ..ask })).map_err(|source| (file.path(), source))
    }
}

impl State {
    /// The highest limits that the account may have.
    pub(super) fn highest(&self) -> Limits {
        if self.plan == Plan::Unknown { Plan::Business.limits() } else { self.plan.limits() }
    }
}

/// The time in which Zoom counts the label.
pub(super) fn window(label: RateLabel) -> Duration {
    match label {
        RateLabel::ResourceIntensive => Duration::from_mins(1),
        _ => Duration::from_secs(1),
    }
}

/// The time in which we send no more than Zoom takes in its window. In a minute a tenfold margin costs less than
/// a single one in a second.
fn span(label: RateLabel, jitter: Duration) -> Duration {
    window(label) + if label == RateLabel::ResourceIntensive { jitter * 10 } else { jitter }
}

fn shared_file(path: &Path, source: io::Error) -> QuotaError {
    QuotaError::SharedFile { path: path.to_owned(), source }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge; Zoom's budgets are far below 2^52")]
fn daily_remaining(left: u64) {
    gauge!("zoom_phone_quota_daily_remaining").set(left as f64);
}

/// Our own clock: for the day until an answer tells Zoom's, and for what processes share.
#[expect(clippy::disallowed_methods, reason = "the quota's one clock")]
fn wall_clock() -> Timestamp {
    Timestamp::now()
}
