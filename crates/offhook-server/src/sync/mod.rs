//! Asking Zoom what happened, beside being told: histories that are complete, whatever happens.
//!
//! ```text
//! schedule: catch-up, night, backfill -> windows (plan) -> read: page by page -> inbox
//!                                                            | each row leads to
//!                                                            v
//!                                             items: path, voicemail, … by id -> inbox
//! ```
//!
//! What is to be read, and how far it is, stands in the store and is written with each page: a crash loses nothing and
//! repeats one page. Live work and backfill have a reader each and an item asker for each label, so that none waits for another;
//! who goes first at Zoom is up to the account's limiter.

mod estimate;
mod items;
mod kind;
mod plan;
mod read;
mod schedule;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use offhook_calls::normalize::Door;
use offhook_store::{
    Arrival, NewSyncRun, Store, StoreError, SyncLane, SyncRefused, SyncRequests, SyncRun, SyncSpan,
    SyncState, SyncStep, SyncStepped,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use zoom_phone::{
    client::{Client, Error as ZoomError},
    quota::{Priority, RateLabel},
};

pub(crate) use self::estimate::{Estimate, estimate};
pub use self::kind::Kind;
use crate::clock::Clock;

/// What is looked for at least this often, by the machine's clock: the clock of the server may go faster.
const LOOK: Duration = Duration::from_secs(1);

/// What sync needs to know of one account.
#[derive(Clone)]
pub struct SyncConfig {
    /// The client of the account's server-to-server app.
    pub client: Client,
    /// Zoom account id the rows belong to.
    pub account: String,
    /// From the end of one catch-up to the beginning of the next; `None` for none at all. Its lists are HEAVY operations
    /// with a daily budget.
    pub every: Option<Duration>,
    /// When the last days are read again; `None` for never.
    pub nightly: Option<Nightly>,
    /// How much of the day's HEAVY budget may be used up when a backfill asks for more, in percent.
    pub share_percent: u8,
}

/// A time of every day.
#[derive(Debug, Clone)]
pub struct Nightly {
    /// Time of day.
    pub at: Time,
    /// Where.
    pub zone: TimeZone,
}

impl SyncConfig {
    /// With the usual: a catch-up every five minutes, no nights, four fifths of the quota for a backfill.
    pub fn new(client: Client, account: impl Into<String>) -> Self {
        Self {
            client,
            account: account.into(),
            every: Some(Duration::from_mins(5)),
            nightly: None,
            share_percent: 80,
        }
    }
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Once, as far back as is asked for.
    Backfill,
    /// What is new since the last one.
    CatchUp,
    /// The last two days and today, again.
    Nightly,
}

impl Mode {
    /// Its word in API and database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::CatchUp => "catch_up",
            Self::Nightly => "nightly",
        }
    }

    fn lane(self) -> SyncLane {
        match self {
            Self::Backfill => SyncLane::Backfill,
            Self::CatchUp => SyncLane::Live,
            Self::Nightly => SyncLane::Nightly,
        }
    }
}

/// A night's reading that has ended: of these days everything is here that Zoom has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    /// Zoom account id.
    pub account: String,
    /// Local midnight at which the first day began.
    pub from: Timestamp,
    /// When the reading began.
    pub to: Timestamp,
}

/// Whose work a reader or an asker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Live,
    Rest,
}

impl Side {
    fn lanes(self) -> &'static [SyncLane] {
        match self {
            Self::Live => &[SyncLane::Live],
            Self::Rest => &[SyncLane::Nightly, SyncLane::Backfill],
        }
    }

    fn priority(self) -> Priority {
        match self {
            Self::Live => Priority::Live,
            Self::Rest => Priority::Backfill,
        }
    }
}

/// The running sync of one account.
pub struct Syncer {
    config: SyncConfig,
    store: Store,
    clock: Clock,
    shutdown: CancellationToken,
    /// Something is to be done that was not.
    work: watch::Sender<()>,
    /// A catch-up is wanted at once.
    at_once: Arc<Notify>,
    paused: AtomicBool,
    answers: Mutex<BTreeSet<String>>,
    /// Until when calls have been caught up with.
    until: watch::Sender<Option<Timestamp>>,
    night: watch::Sender<Option<Night>>,
}

impl Syncer {
    /// Starts reading in the background, until shutdown.
    pub async fn start(
        config: SyncConfig,
        store: Store,
        clock: Clock,
        shutdown: CancellationToken,
    ) -> Result<Arc<Self>, StoreError> {
        let account = config.account.clone();
        let until = store.sync_mark(account.clone(), Kind::Calls.word().to_owned()).await?;
        let paused = store.sync_paused(account).await?;
        let syncer = Arc::new(Self {
            config,
            store,
            clock,
            shutdown,
            work: watch::Sender::new(()),
            at_once: Arc::new(Notify::new()),
            paused: AtomicBool::new(paused),
            answers: Mutex::default(),
            until: watch::Sender::new(until),
            night: watch::Sender::new(None),
        });
        tokio::spawn(Arc::clone(&syncer).keep_time());
        for side in [Side::Live, Side::Rest] {
            tokio::spawn(Arc::clone(&syncer).read_windows(side));
            for label in [RateLabel::Light, RateLabel::Medium, RateLabel::Heavy] {
                tokio::spawn(Arc::clone(&syncer).ask_items(side, label));
            }
        }
        Ok(syncer)
    }

    /// Zoom account id.
    pub fn account(&self) -> &str {
        &self.config.account
    }

    /// The client that it asks Zoom with.
    pub(crate) fn client(&self) -> &Client {
        &self.config.client
    }

    /// Until when calls have been caught up with.
    pub fn until(&self) -> Option<Timestamp> {
        *self.until.borrow()
    }

    /// Tells of each night's reading when it has ended.
    pub fn nights(&self) -> watch::Receiver<Option<Night>> {
        self.night.subscribe()
    }

    /// What asks for a catch-up at once; `None` where there are none.
    pub(crate) fn at_once(&self) -> Option<Arc<Notify>> {
        self.config.every.is_some().then(|| Arc::clone(&self.at_once))
    }

    /// Begins a run of these kinds, and returns its number; `None` where nothing of it is left to be read. `again` also
    /// reads what earlier runs have read.
    pub async fn begin(
        &self,
        mode: Mode,
        from: Option<Timestamp>,
        to: Timestamp,
        kinds: &BTreeSet<Kind>,
        again: bool,
    ) -> Result<Option<u64>, StoreError> {
        self.begin_in((mode, mode.lane()), from, to, kinds, again).await
    }

    /// Begins a backfill of these kinds that goes before every other: somebody waits for it.
    pub(crate) async fn begin_soon(
        &self,
        from: Timestamp,
        to: Timestamp,
        kinds: &BTreeSet<Kind>,
    ) -> Result<Option<u64>, StoreError> {
        self.begin_in((Mode::Backfill, SyncLane::Nightly), Some(from), to, kinds, false).await
    }

    async fn begin_in(
        &self,
        (mode, lane): (Mode, SyncLane),
        from: Option<Timestamp>,
        to: Timestamp,
        kinds: &BTreeSet<Kind>,
        again: bool,
    ) -> Result<Option<u64>, StoreError> {
        let now = self.clock.now();
        let mut windows = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)) {
            let word = kind.word().to_owned();
            let span = |from, to| SyncSpan { kind: word.clone(), from, to };
            if !kind.is_windowed() {
                windows.push(span(now, now));
                continue;
            }
            // An hour less than Zoom's limit: by the time a window is asked for, the limit has moved.
            let oldest = plan::months_before(now, kind.months()) + SignedDuration::from_hours(1);
            let usual = plan::months_before(now, 6) + SignedDuration::from_hours(1);
            let from = from.unwrap_or(usual).max(oldest);
            let covered = if again {
                Vec::new()
            } else {
                self.store.sync_covered(self.config.account.clone(), word.clone()).await?
            };
            windows.extend(plan::plan(from, to, &covered).into_iter().map(|(from, to)| span(from, to)));
        }
        let Some(begin) = windows.iter().map(|window| window.from).min() else { return Ok(None) };
        let run = NewSyncRun {
            account: self.config.account.clone(),
            mode: mode.word().to_owned(),
            lane,
            from: from.unwrap_or(begin),
            to,
            windows,
            again,
        };
        let id = self.store.sync_begin(run, now).await?;
        self.work.send_replace(());
        Ok(Some(id))
    }

    /// Lets backfill and nights rest, or go on. Catch-ups go on in any case.
    pub async fn pause(&self, paused: bool) -> Result<(), StoreError> {
        self.store.sync_pause(self.config.account.clone(), paused).await?;
        self.paused.store(paused, Ordering::Relaxed);
        self.work.send_replace(());
        Ok(())
    }

    /// How it stands.
    pub async fn state(&self) -> Result<SyncState, StoreError> {
        self.store.sync_state(self.config.account.clone()).await
    }

    /// The day's HEAVY budget of the account.
    pub(crate) fn budget(&self) -> Option<zoom_phone::quota::Budget> {
        match self.config.client.limiter().budget() {
            Ok(budget) => budget,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot say how much quota is left");
                None
            }
        }
    }

    /// How many HEAVY requests a day a backfill leaves off at.
    pub(crate) fn share(&self, daily: u64) -> u64 {
        daily * u64::from(self.config.share_percent.min(100)) / 100
    }

    /// Of the configured share, in percent.
    pub(crate) fn share_percent(&self) -> u8 {
        self.config.share_percent.min(100)
    }

    /// This side has nothing to do until told otherwise.
    fn rests(&self, side: Side) -> bool {
        side == Side::Rest && self.paused.load(Ordering::Relaxed)
    }

    /// Waits until there may be something to do. `false` at shutdown.
    async fn look_again(&self, work: &mut watch::Receiver<()>) -> bool {
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            _ = work.changed() => true,
            () = tokio::time::sleep(LOOK) => true,
        }
    }

    /// Takes a step in and tells whom it concerns.
    async fn step(&self, step: SyncStep) -> Result<SyncStepped, StoreError> {
        let stepped = self.store.sync_step(step).await?;
        if let Some((kind, until)) = &stepped.until
            && kind == Kind::Calls.word()
        {
            self.until.send_replace(Some(*until));
        }
        if stepped.due {
            self.work.send_replace(());
        }
        self.ended(&stepped.ended);
        Ok(stepped)
    }

    fn ended(&self, runs: &[SyncRun]) {
        for run in runs {
            metrics::counter!("offhook_sync_runs_total", "mode" => run.mode.clone()).increment(1);
            if run.mode == Mode::Nightly.word() {
                let (account, from, to) = (self.config.account.clone(), run.from, run.to);
                tracing::info!(%from, %to, "read the last days again");
                self.night.send_replace(Some(Night { account, from, to }));
            } else if run.mode == Mode::Backfill.word() {
                tracing::info!(run = run.id, from = %run.from, to = %run.to, "the backfill has ended");
            }
        }
    }

    /// Notes that Zoom answers for a kind, which it may have refused before.
    async fn allowed(&self, kind: &str) -> Result<(), StoreError> {
        let is_news = self.answers().insert(kind.to_owned());
        if is_news {
            self.store.sync_allow(self.config.account.clone(), kind.to_owned()).await?;
        }
        Ok(())
    }

    /// Kinds for which Zoom has answered since the server began, or since it refused.
    fn answers(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that Zoom refuses a kind for want of a scope.
    async fn refused(&self, kind: &str, error: &ZoomError) -> Result<(), StoreError> {
        let scopes = match error.api() {
            Some(error) if !error.missing_scopes().is_empty() => error.missing_scopes().join(" "),
            Some(error) => error.message.clone(),
            None => error.to_string(),
        };
        tracing::warn!(kind, scopes, "Zoom refuses it: the app lacks a scope; asked again in an hour");
        self.answers().remove(kind);
        let now = self.clock.now();
        let again = now + SignedDuration::from_hours(1);
        let refused = SyncRefused { kind: kind.to_owned(), scopes, since: now, again };
        let ended = self.store.sync_refuse(self.config.account.clone(), refused).await?;
        self.ended(&ended);
        Ok(())
    }

    /// An entry for the inbox.
    fn arrival(&self, door: Door, operation: &str, fields: Map<String, Value>) -> Arrival {
        Arrival {
            received_at: self.clock.now(),
            door,
            account: self.config.account.clone(),
            event: operation.to_owned(),
            event_ts: None,
            late: false,
            body: Value::Object(fields).to_string().into_bytes().into(),
        }
    }
}

/// So many requests of a label.
fn requests(label: RateLabel, count: u64) -> SyncRequests {
    let none = SyncRequests::default();
    match label {
        RateLabel::Light => SyncRequests { light: count, ..none },
        RateLabel::Medium => SyncRequests { medium: count, ..none },
        RateLabel::Heavy | RateLabel::ResourceIntensive => SyncRequests { heavy: count, ..none },
    }
}

/// The wait after so many failures: a minute, doubled each time, up to six hours.
fn backoff(failures: u32) -> SignedDuration {
    SignedDuration::from_mins(1i64 << failures.min(9)).min(SignedDuration::from_hours(6))
}

/// An error with all its causes on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_minute_to_six_hours() {
        let minutes: Vec<i64> = (0..12).map(|failures| backoff(failures).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
    }
}
