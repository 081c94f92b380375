//! How much of Zoom's quota a whole backfill uses: Offhook's sync against the emulator with its limits enforced, over real
//! sockets and onto a real disk, on a clock that runs faster than life.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use axum::{extract::Request, middleware::Next, response::Response};
use jiff::{SignedDuration, Timestamp};
use offhook_server::{Clock, Kind, Mode, SyncConfig, Syncer};
use offhook_store::{Store, SyncRun};
use serde::Serialize;
use serde_json::Value;
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;
use zoom_phone::{
    client::{Client, ClientConfig},
    oauth::{ServerToServer, TokenSource},
    quota::{Limiter, LimiterConfig, Plan, RateLabel},
};
use zoom_phone_emulator::{App, CompanyFile, Config, Emulator, Plan as EnforcedPlan};

use crate::console;

/// The history that is read, in days: a little less than the six months that Zoom keeps.
const DAYS: i64 = 178;

/// Elements of a call in the emulator's large company, on average; only to choose how many calls to play.
const ELEMENTS_OF_A_CALL: f64 = 4.75;

/// By how much virtual time goes on at once.
const TICK: Duration = Duration::from_millis(1);

/// Turns of the runtime between two ticks: so often an answer passes through a socket between two ends of this process.
const TURNS: usize = 4;

/// How long Zoom thinks about each answer.
const THOUGHT: Duration = Duration::from_millis(200);

/// Read six months of calls, recordings and voicemails with all their paths, and say how much of the quota that used
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The emulator enforces the limits of a Business plan, as strict as Zoom may be, and takes \
    a fifth of a second for each answer. Time is virtual, but what the disk takes \
    counts. Fails when Zoom had to answer 429, when something is missing, or when the label that \
    decides used less than --min-percent of what was allowed."
)]
pub(crate) struct Backfill {
    /// Elements (steps of calls) to play, about
    #[arg(long, default_value_t = 1_000_000)]
    elements: u32,
    /// Margin of the limiter for network jitter, in milliseconds; its own default is 40, which costs 4 %
    #[arg(long, default_value_t = 20)]
    jitter_ms: u64,
    /// The least part of the quota to use, in percent
    #[arg(long, default_value_t = 97.0)]
    min_percent: f64,
    /// How many times as fast as life virtual time may run. What the disk takes counts for as much more
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    speed: u32,
    /// The company and its calls follow from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    calls_true: u64,
    calls_read: u64,
    paths_read: u64,
    elements: u64,
    /// By rate label.
    labels: Vec<Label>,
    /// Answers 429.
    limited: u64,
    virtual_seconds: f64,
    real_seconds: f64,
    /// Real time to make the history; not part of `real_seconds`.
    history_seconds: f64,
    disk_bytes: u64,
    /// Rows that were stored, of all lists, and paths.
    stored: u64,
}

/// The quota of one label.
#[derive(Debug, Serialize)]
struct Label {
    name: &'static str,
    /// Requests that arrived.
    made: u64,
    /// Requests that Zoom would have taken in the time.
    allowed: u64,
    percent: f64,
}

/// What arrives at Zoom, by label, and its answers 429.
#[derive(Debug, Default)]
struct Arrived {
    light: AtomicU64,
    medium: AtomicU64,
    heavy: AtomicU64,
    limited: AtomicU64,
}

impl Backfill {
    pub(crate) async fn run(self) -> Result<()> {
        // A clock that is stopped needs a runtime of its own.
        let report = tokio::task::spawn_blocking(move || {
            let report = self.simulate()?;
            anyhow::Ok((self, report))
        });
        let (backfill, report) = report.await.context("the simulation stopped")??;
        if backfill.json {
            console::print_json(&report)?;
        } else {
            report.print().context("cannot write the report")?;
        }
        report.check(backfill.min_percent)
    }

    fn simulate(&self) -> Result<Report> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .context("cannot begin the simulation")?;
        runtime.block_on(self.backfill())
    }

    async fn backfill(&self) -> Result<Report> {
        let real = std::time::Instant::now();
        let end: Timestamp = "2026-11-23T04:00:00Z".parse()?;
        let begin = end - SignedDuration::from_hours(DAYS * 24);
        let app = App::server_to_server();
        let minutes = f64::from(u32::try_from(DAYS * 24 * 60)?);
        let config = Config {
            seed: self.seed,
            company: CompanyFile::large(),
            speed: 0.0,
            calls_per_minute: f64::from(self.elements) / ELEMENTS_OF_A_CALL / minutes,
            sms_threads_per_hour: 0.0,
            limits: Some(EnforcedPlan::BusinessPlus),
            ..Config::default()
        };
        let account = config.account_id.clone();
        let emulator = Emulator::new(config, begin)?;
        let shutdown = CancellationToken::new();
        let _end_all = shutdown.clone().drop_guard();
        let (running, until) = (emulator.clone(), shutdown.clone());
        tokio::spawn(async move { running.run(until).await });
        for day in 1..=DAYS {
            emulator.advance_to(begin + SignedDuration::from_hours(day * 24)).await;
            console::progress(&format!("playing day {day} of {DAYS}"));
        }
        let history_seconds = real.elapsed().as_secs_f64();

        let arrived = Arc::new(Arrived::default());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let seen = Arc::clone(&arrived);
        let count = move |request: Request, next: Next| {
            let seen = Arc::clone(&seen);
            async move { seen.count(request, next).await }
        };
        let router = emulator.router().layer(axum::middleware::from_fn(count));
        tokio::spawn(async move { axum::serve(listener, router).await });

        let tokens = TokenSource::server_to_server(ServerToServer {
            client_id: app.client_id,
            client_secret: app.client_secret.into(),
            account_id: account.clone(),
            token_url: format!("{origin}/oauth/token").parse()?,
        })?;
        let jitter = Duration::from_millis(self.jitter_ms);
        let limiter =
            Limiter::open(&LimiterConfig { plan: Plan::Business, jitter, ..LimiterConfig::default() })?;
        let base_url = Some(format!("{origin}/v2").parse()?);
        let client = Client::new(
            ClientConfig { base_url, limiter: Some(limiter), ..ClientConfig::default() },
            tokens,
        )?;
        let directory = tempfile::tempdir()?;
        let store = Store::open(directory.path())?;
        let began = Instant::now();
        tokio::spawn(pass_time(self.speed));
        let clock = Clock::new(move || end + SignedDuration::try_from(began.elapsed()).unwrap_or_default());
        let config = SyncConfig { every: None, share_percent: 100, ..SyncConfig::new(client, account) };
        let syncer = Syncer::start(config, store.clone(), clock, shutdown.clone()).await?;
        let kinds = BTreeSet::from([Kind::Calls, Kind::Recordings, Kind::Voicemails]);
        let real = std::time::Instant::now();
        let run = syncer.begin(Mode::Backfill, Some(begin), end, &kinds, false).await?;
        ensure!(run.is_some(), "there was nothing to read");
        let run = loop {
            tokio::time::sleep(Duration::from_mins(1)).await;
            let state = syncer.state().await?;
            let run = state.runs.into_iter().next().context("the run is gone")?;
            if run.ended.is_some() {
                break run;
            }
            console::progress(&format!("{} LIGHT requests made", run.requests.light));
        };
        let virtual_time = run.ended.context("the run has not ended")?.duration_since(run.started);
        let virtual_time = Duration::try_from(virtual_time).context("the run ended before it began")?;
        let real_seconds = real.elapsed().as_secs_f64();
        console::progress_done();
        let calls_true = played(&origin).await?;
        Ok(Report {
            calls_true,
            calls_read: rows(&run, Kind::Calls),
            paths_read: run.items.iter().find(|item| item.kind == "path").map_or(0, |item| item.done),
            elements: elements(&store).await?,
            labels: arrived.labels(virtual_time),
            limited: arrived.limited.load(Ordering::Relaxed),
            virtual_seconds: virtual_time.as_secs_f64(),
            real_seconds,
            history_seconds,
            disk_bytes: disk(directory.path())?,
            stored: store.inbox().last_seq(),
        })
    }
}

/// Lets time pass: a tick whenever all is done that could be done at once. Left to itself tokio leaps to the next timer
/// although an answer is on its way through a socket, which would look like a bad network.
async fn pass_time(speed: u32) {
    let mut next = std::time::Instant::now();
    loop {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        let now = std::time::Instant::now();
        std::thread::sleep(next.saturating_duration_since(now));
        next = next.max(now) + TICK / speed;
        tokio::time::advance(TICK).await;
    }
}

impl Arrived {
    async fn count(&self, request: Request, next: Next) -> Response {
        let path = request.uri().path().strip_prefix("/v2").unwrap_or_default().to_owned();
        let method = request.method().as_str().to_owned();
        let answer = next.run(request).await;
        tokio::time::sleep(THOUGHT).await;
        let label = zoom_phone::types::catalogue::Catalogue::get().find(&method, &path);
        let counter = match label.and_then(|(operation, _)| operation.rate) {
            Some(RateLabel::Light) => &self.light,
            Some(RateLabel::Medium) => &self.medium,
            Some(RateLabel::Heavy) => &self.heavy,
            _ => return answer,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if answer.status().as_u16() == 429 {
            self.limited.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate to read"
    )]
    fn labels(&self, time: Duration) -> Vec<Label> {
        let limits = Plan::Business.limits();
        let label = |name, made: &AtomicU64, rate| {
            let made = made.load(Ordering::Relaxed);
            let mut allowed = (time.as_secs_f64() * f64::from(limits.of(rate))) as u64;
            if rate == RateLabel::Heavy {
                allowed = allowed.min(limits.daily);
            }
            Label { name, made, allowed, percent: made as f64 * 100.0 / allowed.max(1) as f64 }
        };
        vec![
            label("light", &self.light, RateLabel::Light),
            label("medium", &self.medium, RateLabel::Medium),
            label("heavy", &self.heavy, RateLabel::Heavy),
        ]
    }
}

fn rows(run: &SyncRun, kind: Kind) -> u64 {
    run.kinds.iter().find(|progress| progress.kind == kind.word()).map_or(0, |progress| progress.rows)
}

/// What the emulator says that it played.
async fn played(origin: &str) -> Result<u64> {
    let state: Value = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .get(format!("{origin}/_emulator/ledger/totals"))
        .send()
        .await?
        .json()
        .await?;
    state["calls"].as_u64().context("the emulator does not count its calls")
}

/// Elements in all paths.
async fn elements(store: &Store) -> Result<u64> {
    let mut elements = 0;
    let mut after = 0;
    loop {
        let entries = store.entries_after(after, 2000).await?;
        let Some(last) = entries.last() else { return Ok(elements) };
        after = last.seq;
        for entry in entries.iter().filter(|entry| entry.arrival.door.as_str() == "call_path") {
            let path: Value = serde_json::from_slice(&entry.arrival.body)?;
            elements += path["call_elements"].as_array().map_or(0, Vec::len) as u64;
        }
    }
}

fn disk(directory: &std::path::Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

impl Report {
    fn check(&self, min_percent: f64) -> Result<()> {
        ensure!(self.limited == 0, "Zoom answered 429 to {} requests", self.limited);
        ensure!(
            self.calls_read >= self.calls_true && self.paths_read == self.calls_true,
            "of {} calls, {} rows and {} paths were read",
            self.calls_true,
            self.calls_read,
            self.paths_read
        );
        let most = self.labels.iter().map(|label| label.percent).fold(0.0, f64::max);
        ensure!(most >= min_percent, "only {most:.1} % of the quota was used");
        Ok(())
    }

    fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{} calls with {} elements: {} rows and paths stored, {} MB on disk",
            self.calls_true,
            self.elements,
            self.stored,
            self.disk_bytes / 1_000_000
        )?;
        writeln!(
            out,
            "{:.0} s of virtual time, {:.0} s of real time (and {:.0} s to make the history); {} answers 429",
            self.virtual_seconds, self.real_seconds, self.history_seconds, self.limited
        )?;
        writeln!(out, "{:<10}{:>10}{:>10}{:>8}", "label", "made", "allowed", "used")?;
        for Label { name, made, allowed, percent } in &self.labels {
            writeln!(out, "{name:<10}{made:>10}{allowed:>10}{percent:>6.1} %")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backfill_uses_most_of_the_quota_gets_no_429_and_misses_nothing() {
        let backfill =
            Backfill { elements: 3_000, jitter_ms: 20, speed: 20, min_percent: 60.0, seed: 1, json: false };
        let report = backfill.simulate().unwrap();
        assert!(report.calls_true > 500, "{report:?}");
        report.check(backfill.min_percent).unwrap();
    }
}
