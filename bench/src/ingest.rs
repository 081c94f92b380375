//! How many webhooks per second are taken once they are on disk, beside what the same machine takes when
//! nothing is kept; and how long Zoom waits for the answer at half of that.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::{
    clock, console,
    events::{SECRET, Signer},
    load::{self, Pool, Schedule, Tally},
    server::{InboxMetrics, Program, directory},
};

/// Before each measurement, unmeasured: caches, connections and the allocator settle.
const WARM_UP: Duration = Duration::from_secs(2);
/// Distinct signed requests, sent round and round.
const POOL: u64 = 20_000;

/// Measure ingest: what a no-op server takes, what Offhook takes durably, and the latency at half of that.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "One generator loads first a server that only answers 204, then `offhook serve` with its data \
    on the disk that holds --dir. Both run as processes of their own on this machine and share it with the \
    generator. Fails when a request got no 204, when fewer events were stored than acknowledged, or when the \
    ratio is below --min-ratio."
)]
pub(crate) struct Ingest {
    /// The Offhook binary to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/offhook")]
    offhook: PathBuf,
    /// Where to put the server's data while it runs; not a file system in memory [default: beside the binary]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Seconds per measurement; there are three, each after 2 s of warm-up
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Kept-alive connections
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Length of each event's JSON, in bytes
    #[arg(long, default_value_t = 1_024)]
    body_bytes: usize,
    /// Fail when durable_rps / noop_rps is below this
    #[arg(long, value_name = "RATIO")]
    min_ratio: Option<f64>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    /// Requests per second that the no-op server answers.
    noop_rps: f64,
    /// Requests per second that Offhook answers 204, each of them on disk.
    durable_rps: f64,
    /// `durable_rps / noop_rps`.
    ratio: f64,
    /// Median latency at half of `durable_rps`, in milliseconds from the intended moment of sending.
    p50_ms: f64,
    /// 99th percentile of the same.
    p99_ms: f64,
    /// Requests per second that were sent while measuring latency.
    half_load_rps: f64,
    /// Events per commit at full load; `null` when the server counted no commit.
    events_per_fsync: Option<f64>,
    /// Requests that Offhook acknowledged at full load.
    acknowledged: u64,
    /// Entries that Offhook appended to its inbox meanwhile, by its own counter.
    appended: u64,
    /// Requests, in all measurements and warm-ups of both servers, answered with another status or not at all.
    non_204: u64,
    /// Entries not yet in the read models when the measurement ended; `null` when the server does not say.
    backlog: Option<u64>,
    connections: u16,
    seconds: u64,
    body_bytes: usize,
}

impl Ingest {
    /// Measures, prints, judges.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let report = self.measure().await?;
        if self.json {
            console::print_json(&report)?;
        } else {
            report.print().context("cannot write the report")?;
        }
        ensure!(
            report.non_204 == 0,
            "{} requests were not answered 204; run the server by hand with OFFHOOK_LOG=info to see why",
            report.non_204
        );
        ensure!(
            report.appended >= report.acknowledged,
            "{} events were acknowledged but only {} appended: acknowledgements are not durable",
            report.acknowledged,
            report.appended
        );
        if let Some(least) = self.min_ratio {
            ensure!(
                report.ratio >= least,
                "the ratio {:.3} is below {least}; is this machine busy?",
                report.ratio
            );
        }
        Ok(())
    }

    async fn measure(&self) -> anyhow::Result<Report> {
        let directory = directory(&self.offhook, self.dir.as_deref())?;
        let signer = Signer::new(SECRET)?;
        let connections = usize::from(self.connections);
        let seconds = Duration::from_secs(self.seconds);
        let mut all = Tally::default();

        let pool = Arc::new(Pool::new(POOL, self.body_bytes, &signer, clock::now())?);
        let server = Program::noop(directory.path())?.start().await?;
        console::progress("no-op server, full load");
        let warm_up = load::closed(server.address, &pool, connections, WARM_UP).await?;
        let noop = load::closed(server.address, &pool, connections, seconds).await?;
        all.add(&warm_up.tally);
        all.add(&noop.tally);
        server.kill().await?;

        // Signed anew: signatures age.
        let pool = Arc::new(Pool::new(POOL, self.body_bytes, &signer, clock::now())?);
        let server = Program::offhook(&self.offhook, directory.path())?.start().await?;
        console::progress("offhook, full load");
        let warm_up = load::closed(server.address, &pool, connections, WARM_UP).await?;
        let before = InboxMetrics::of(server.address).await?;
        let durable = load::closed(server.address, &pool, connections, seconds).await?;
        let after = InboxMetrics::of(server.address).await?;
        all.add(&warm_up.tally);
        all.add(&durable.tally);

        ensure!(
            durable.tally.acknowledged > 0,
            "Offhook acknowledged nothing ({:?}); its log:\n{}",
            durable.tally,
            server.log()
        );
        let half = durable.per_second() / 2.0;
        console::progress("offhook, half load");
        let pool = Arc::new(Pool::new(POOL, self.body_bytes, &signer, clock::now())?);
        let (warm_up, _) =
            load::open(server.address, &pool, connections, Schedule::new(half, WARM_UP)).await?;
        let (tally, latencies) =
            load::open(server.address, &pool, connections, Schedule::new(half, seconds)).await?;
        all.add(&warm_up);
        all.add(&tally);
        let backlog = InboxMetrics::of(server.address).await?.backlog;
        server.kill().await?;
        console::progress_done();

        let millis = |percent| {
            let latency =
                latencies.percentile(percent).context("half load sent nothing; give it more --seconds");
            latency.map(|latency| latency.as_secs_f64() * 1e3)
        };
        let appended = after.appended.saturating_sub(before.appended);
        let commits = after.commits.saturating_sub(before.commits);
        Ok(Report {
            noop_rps: noop.per_second(),
            durable_rps: durable.per_second(),
            ratio: durable.per_second() / noop.per_second(),
            p50_ms: millis(50)?,
            p99_ms: millis(99)?,
            half_load_rps: half,
            events_per_fsync: per(appended, commits),
            acknowledged: durable.tally.acknowledged,
            appended,
            non_204: all.non_204(),
            backlog,
            connections: self.connections,
            seconds: self.seconds,
            body_bytes: self.body_bytes,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn per(events: u64, commits: u64) -> Option<f64> {
    (commits > 0).then(|| events as f64 / commits as f64)
}

impl Report {
    fn print(&self) -> io::Result<()> {
        let or_unknown = |value: Option<String>| value.unwrap_or_else(|| "—".to_owned());
        let fsync = or_unknown(self.events_per_fsync.map(|events| format!("{events:.1}")));
        let backlog = or_unknown(self.backlog.map(|entries| entries.to_string()));
        writeln!(
            io::stdout(),
            "ingest: {connections} connections, {bytes}-byte events, {seconds} s per measurement\n\
             \n\
             no-op server            {noop:>10.0} requests/s\n\
             offhook, durable        {durable:>10.0} requests/s\n\
             ratio                   {ratio:>10.3}\n\
             events per fsync        {fsync:>10}\n\
             \n\
             at half load ({half:.0} requests/s), from the intended moment of sending\n\
             latency, median         {p50:>10.2} ms\n\
             latency, 99th percentile{p99:>10.2} ms\n\
             backlog at the end      {backlog:>10} events\n\
             \n\
             acknowledged            {acknowledged:>10}\n\
             appended                {appended:>10}\n\
             not answered 204        {non_204:>10}",
            connections = self.connections,
            bytes = self.body_bytes,
            seconds = self.seconds,
            noop = self.noop_rps,
            durable = self.durable_rps,
            ratio = self.ratio,
            half = self.half_load_rps,
            p50 = self.p50_ms,
            p99 = self.p99_ms,
            acknowledged = self.acknowledged,
            appended = self.appended,
            non_204 = self.non_204,
        )
    }
}
