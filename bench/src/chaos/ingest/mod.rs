//! Kill the server again and again in the middle of its work; then count what it kept.

mod audit;
mod ledger;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use self::{audit::Audit, ledger::Ledger};
use crate::{
    clock, console,
    events::{SECRET, Signer, Writer},
    http::Connection,
    server::{InboxMetrics, Program, Server, directory},
};

/// How long a server is loaded before it is killed, in milliseconds.
const LOAD_MILLIS: std::ops::RangeInclusive<u64> = 50..=400;
/// How long a server that is killed while it starts has had, in milliseconds.
const START_MILLIS: std::ops::RangeInclusive<u64> = 0..=60;
/// One kill in so many is preceded by one while the server recovers from the kill before.
const START_KILL_EVERY: u32 = 8;
/// Connections to a killed process end at once.
const HANG_UP: Duration = Duration::from_secs(10);
/// A backlog that does not shrink for this long will not.
const BACKLOG_PATIENCE: Duration = Duration::from_mins(1);
/// How often the backlog is looked at.
const BACKLOG_EVERY: Duration = Duration::from_millis(100);

/// Kill Offhook in the middle of its work, many times, and count what it kept
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every round starts `offhook serve` on the same data, loads it with new events, repetitions and \
    retries of unanswered ones, and sends SIGKILL at a random moment. At the end every event that was answered 204 \
    must be in the inbox, and every call in the read models once, made of each of its events once.\n\n\
    Fails when something is lost, doubled or missing, or when the server does not start after a kill. A kill \
    takes the process away and not the machine: what the operating system has taken over survives it, so this \
    does not show that fsync was called."
)]
pub(crate) struct Ingest {
    /// The Offhook binary to kill
    #[arg(long, value_name = "PATH", default_value = "target/release/offhook")]
    offhook: PathBuf,
    /// Where to put the server's data while it runs; not a file system in memory [default: beside the binary]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How often to kill it under load
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
    /// Connections that send events
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Seed of the moments and the events; which requests a kill interrupts is still up to the machine
    /// [default: another each time, reported]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What was counted.
#[derive(Debug, Serialize)]
struct Report {
    /// Kills under load.
    kills: u32,
    /// Kills during start, on top.
    start_kills: u32,
    /// Seed of this run.
    seed: u64,
    /// Requests sent, repetitions included.
    sent: u64,
    /// Requests answered, but not with 204.
    refused: u64,
    /// Distinct events of which at least one copy was answered 204.
    acknowledged: u64,
    #[serde(flatten)]
    audit: Audit,
}

impl Ingest {
    /// Kills, counts, prints, judges.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let report = self.rounds().await?;
        if self.json {
            console::print_json(&report)?;
        } else {
            report.print().context("cannot write the report")?;
        }
        ensure!(report.acknowledged > 0, "nothing was acknowledged, so nothing was tested");
        let audit = &report.audit;
        if audit.lost + audit.doubled + audit.unfolded > 0 {
            bail!(
                "{} events lost, {} events or calls doubled, {} calls not folded; the first of them:\n{}",
                audit.lost,
                audit.doubled,
                audit.unfolded,
                audit.examples.join("\n")
            );
        }
        Ok(())
    }

    async fn rounds(&self) -> anyhow::Result<Report> {
        let directory = directory(&self.offhook, self.dir.as_deref())?;
        let program = Program::offhook(&self.offhook, directory.path())?;
        let seed = self.seed.unwrap_or_else(rand::random);
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let sender = Sender {
            signer: Signer::new(SECRET)?,
            writer: Writer::new(clock::now()),
            // Dice of its own: how often it throws them depends on the machine, the moments must not.
            ledger: Arc::new(Mutex::new(Ledger::new(ChaCha8Rng::seed_from_u64(!seed)))),
        };
        let mut start_kills = 0;
        for kill in 1..=self.kills {
            console::progress(&format!("kill {kill} of {}", self.kills));
            if dice.random_ratio(1, START_KILL_EVERY) {
                let starting = program.spawn()?;
                sleep(Duration::from_millis(dice.random_range(START_MILLIS))).await;
                starting.kill().await?;
                start_kills += 1;
            }
            let load = Duration::from_millis(dice.random_range(LOAD_MILLIS));
            let server = program
                .start()
                .await
                .with_context(|| format!("before kill {kill} of {}, seed {seed}", self.kills))?;
            sender.load_and_kill(server, usize::from(self.connections), load).await?;
        }
        let server = program.start().await.with_context(|| format!("after the last kill, seed {seed}"))?;
        fold_backlog(server.address).await?;
        console::progress("counting");
        let ledger = sender.ledger().clone();
        let audit = Audit::of(server.address, &ledger, sender.writer).await?;
        server.kill().await?;
        console::progress_done();
        Ok(Report {
            kills: self.kills,
            start_kills,
            seed,
            sent: ledger.sent(),
            refused: ledger.refused,
            acknowledged: ledger.acknowledged(),
            audit,
        })
    }
}

/// Waits until everything in the inbox is in the read models.
async fn fold_backlog(address: SocketAddr) -> anyhow::Result<()> {
    let mut least = u64::MAX;
    let mut shrank = Instant::now();
    loop {
        let backlog = InboxMetrics::of(address).await?.backlog;
        match backlog {
            Some(0) => return Ok(()),
            Some(entries) if entries < least => {
                console::progress(&format!("waiting for {entries} entries to be folded"));
                least = entries;
                shrank = Instant::now();
            }
            _ => {}
        }
        ensure!(
            shrank.elapsed() < BACKLOG_PATIENCE,
            "offhook_inbox_backlog in /metrics did not shrink for {BACKLOG_PATIENCE:?}; it says {backlog:?}"
        );
        sleep(BACKLOG_EVERY).await;
    }
}

/// Sends what the ledger decides, and writes into it what was answered.
#[derive(Clone)]
struct Sender {
    signer: Signer,
    writer: Writer,
    ledger: Arc<Mutex<Ledger>>,
}

impl Sender {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load_and_kill(&self, server: Server, connections: usize, load: Duration) -> anyhow::Result<()> {
        let mut workers = JoinSet::new();
        for _ in 0..connections {
            let (sender, to) = (self.clone(), server.address);
            workers.spawn(async move { sender.send_until_refused(to).await });
        }
        sleep(load).await;
        server.kill().await?;
        timeout(HANG_UP, workers.join_all()).await.context("connections to the killed server did not end")?;
        Ok(())
    }

    /// Sends one event after another until the server takes no more connections, which is when it is dead.
    async fn send_until_refused(&self, to: SocketAddr) {
        while let Ok(mut connection) = Connection::open(to).await {
            loop {
                let event = self.ledger().next();
                let request = self.signer.request(clock::now(), &self.writer.body(event));
                let outcome = connection.send(&request).await;
                {
                    let mut ledger = self.ledger();
                    match &outcome {
                        Ok(response) if response.status == 204 => ledger.acknowledge(event),
                        Ok(_) => {
                            ledger.refused += 1;
                            ledger.unknown(event);
                        }
                        Err(_) => ledger.unknown(event),
                    }
                }
                if outcome.map_or(true, |response| response.closes) {
                    break;
                }
            }
        }
    }
}

impl Report {
    fn print(&self) -> io::Result<()> {
        let mut out = io::stdout();
        let Self { kills, start_kills, seed, audit, .. } = self;
        writeln!(out, "chaos: {kills} kills under load, {start_kills} during start (--seed {seed})\n")?;
        for (what, count) in [
            ("requests sent", self.sent),
            ("requests refused", self.refused),
            ("events acknowledged", self.acknowledged),
            ("events stored", audit.stored),
            ("inbox entries", audit.entries),
            ("calls folded", audit.folded_calls),
            ("lost", audit.lost),
            ("doubled", audit.doubled),
            ("calls not folded", audit.unfolded),
        ] {
            writeln!(out, "{what:<20}{count:>10}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{self, Stub};

    fn sender() -> Sender {
        Sender {
            signer: Signer::new(SECRET).unwrap(),
            writer: Writer::new("2026-11-22T12:00:00Z".parse().unwrap()),
            ledger: Arc::new(Mutex::new(Ledger::new(ChaCha8Rng::seed_from_u64(7)))),
        }
    }

    #[tokio::test]
    async fn what_the_server_answered_is_what_the_audit_finds() {
        let stub = Stub::default();
        // It takes 500 requests, refuses the next one and is gone.
        let to = stub::serve_requests(stub.router(), 500).await;
        let sender = sender();
        sender.send_until_refused(to).await;
        let ledger = sender.ledger().clone();
        assert!(ledger.acknowledged() > 0);
        let to = stub::serve(stub.router()).await;
        fold_backlog(to).await.unwrap();
        let audit = Audit::of(to, &ledger, sender.writer).await.unwrap();
        assert_eq!((audit.lost, audit.doubled, audit.unfolded), (0, 0, 0), "{:?}", audit.examples);
        assert_eq!(audit.entries, 500);
        assert!(audit.stored >= ledger.acknowledged());
    }
}
