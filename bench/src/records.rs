//! The store at size: how fast calls are found by an id and by a number among ten million elements, how large they are
//! on disk, and how long a rebuild takes.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use offhook_store::{Arrival, CallFilter, Store, rebuild};
use serde::{Deserialize, Serialize};

use crate::{
    console,
    stamp::{ACCOUNT, HOT, Stamps, number_of},
    stats::Latencies,
};

/// Arrivals on their way into the inbox at a time.
const TOGETHER: usize = 8_000;

/// Entries folded in one transaction, as a rebuild does.
const FOLD: usize = 4_096;

/// Measure the store with millions of call elements: look-ups, size on disk, rebuild.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Calls are stamped out of a few hundred that the emulator plays, each with its own ids and \
    times. They come in as a backfill brings them: a row of history and its steps. `cold` look-ups are the first \
    after the files were dropped from the system's memory and opened anew; no id is looked up twice."
)]
pub(crate) struct Records {
    /// How many call elements to have on record
    #[arg(long, default_value_t = 1_000_000)]
    elements: u64,
    /// How many webhooks to rebuild from, in a data directory of their own
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// How many look-ups of each kind
    #[arg(long, default_value_t = 5_000)]
    lookups: u64,
    /// Where to make the data directories, and to find them again the next time
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    made: Made,
    disk: Disk,
    lookups: Vec<Lookup>,
    rebuild: Option<Rebuild>,
    peak_memory_bytes: Option<u64>,
}

/// What a data directory holds, and how long it took to make it. Kept in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) elements: u64,
    pub(crate) calls: u64,
    pub(crate) entries: u64,
    pub(crate) append_seconds: f64,
    pub(crate) fold_seconds: f64,
}

#[derive(Debug, Serialize)]
struct Disk {
    inbox_bytes: u64,
    calls_bytes: u64,
    inbox_bytes_per_call: u64,
    calls_bytes_per_call: u64,
    /// Tables and indexes of the read models, bytes per call.
    by_table: BTreeMap<String, f64>,
}

#[derive(Debug, Serialize)]
struct Lookup {
    by: &'static str,
    cold: bool,
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

#[derive(Debug, Serialize)]
struct Rebuild {
    events: u64,
    calls: u64,
    inbox_bytes: u64,
    calls_bytes: u64,
    fold_seconds: f64,
    again_seconds: f64,
    identical: Option<bool>,
}

impl Records {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let temporary = match self.directory {
            Some(_) => None,
            None => Some(tempfile::TempDir::new()?),
        };
        let root =
            temporary.as_ref().map(|it| it.path().to_owned()).or(self.directory).context("no directory")?;
        let stamps = Stamps::new()?;
        let directory = root.join(format!("records-{}", self.elements));
        let made = prepare(&stamps, &directory, self.elements).await?;
        let mut lookups = Vec::new();
        for cold in [true, false] {
            lookups.extend(look_up(&stamps, &directory, made.calls, self.lookups, cold).await?);
        }
        let disk = Disk::of(&directory, made.calls)?;
        let rebuild = match self.events {
            0 => None,
            events => Some(measure_rebuild(&stamps, &root.join(format!("events-{events}")), events).await?),
        };
        let report = Report { made, disk, lookups, rebuild, peak_memory_bytes: peak_memory() };
        if self.json { console::print_json(&report) } else { report.print() }
    }
}

/// A data directory with calls that have so many elements; the one that is there, if it is that.
pub(crate) async fn prepare(stamps: &Stamps, directory: &Path, elements: u64) -> anyhow::Result<Made> {
    let note = directory.join("bench.json");
    if let Ok(text) = fs::read(&note) {
        return Ok(serde_json::from_slice(&text)?);
    }
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    let store = Store::open(directory)?;
    let (mut calls, mut found) = (0, 0);
    let began = Instant::now();
    let mut waiting = Vec::with_capacity(TOGETHER);
    while found < elements {
        waiting.extend(stamps.records(calls)?);
        found += stamps.elements(calls);
        calls += 1;
        if waiting.len() >= TOGETHER {
            append(&store, &mut waiting).await?;
            console::progress(&format!("{found} of {elements} elements received"));
        }
    }
    append(&store, &mut waiting).await?;
    let append_seconds = began.elapsed().as_secs_f64();
    let fold_seconds = fold(&store).await?;
    let entries = store.inbox().last_seq();
    let made = Made { elements: found, calls, entries, append_seconds, fold_seconds };
    drop(store);
    fs::write(note, serde_json::to_vec(&made)?)?;
    Ok(made)
}

async fn append(store: &Store, waiting: &mut Vec<Arrival>) -> anyhow::Result<()> {
    let appends = waiting.drain(..).map(|arrival| store.inbox().append(arrival));
    for appended in futures::future::join_all(appends).await {
        appended?;
    }
    Ok(())
}

/// Folds all there is, and says how long it took.
async fn fold(store: &Store) -> anyhow::Result<f64> {
    let store = store.clone();
    let began = Instant::now();
    tokio::task::spawn_blocking(move || -> anyhow::Result<f64> {
        loop {
            let folded = store.fold_next(FOLD)?;
            ensure!(
                folded.problems.is_empty(),
                "a stamped entry gives no facts: {:?}",
                folded.problems.first()
            );
            if folded.entries == 0 {
                console::progress_done();
                return Ok(began.elapsed().as_secs_f64());
            }
            console::progress(&format!(
                "{} of {} entries folded",
                folded.watermark,
                store.inbox().last_seq()
            ));
        }
    })
    .await?
}

/// Times look-ups of each kind.
async fn look_up(
    stamps: &Stamps,
    directory: &Path,
    calls: u64,
    count: u64,
    cold: bool,
) -> anyhow::Result<Vec<Lookup>> {
    let mut lookups = Vec::new();
    // Each call once, all over the file, and others when cold than when warm.
    let offset = u64::from(!cold);
    let some =
        || (0..count.min(calls / 2)).map(move |n| (n * 2 + offset) * (calls / (count * 2).min(calls)).max(1));
    for by in [
        "id",
        "id (search box)",
        "number",
        "number's last 4 digits",
        "number of many calls",
        "calls of a number",
    ] {
        if cold {
            forget(directory)?;
        }
        let store = Store::open(directory)?;
        let mut times = Vec::new();
        let rounds = if by == "number of many calls" { 1 } else { 2 };
        for round in 0..(if cold { 1 } else { rounds }) {
            times.clear();
            for call in some() {
                let id = stamps.known(call)?.history_uuid;
                let call = if by == "number of many calls" { call / HOT * HOT } else { call };
                let number = number_of(call);
                let began = Instant::now();
                let found = match by {
                    "id" => usize::from(store.call(None, &id).await?.is_some()),
                    "id (search box)" => store.search(None, &id, 20).await?.len(),
                    "number's last 4 digits" => {
                        store.search(None, &number[number.len() - 4..], 20).await?.len()
                    }
                    "calls of a number" => {
                        let filter = CallFilter {
                            account: Some(ACCOUNT.to_owned()),
                            number: Some(number),
                            ..CallFilter::default()
                        };
                        store.calls(filter, None, 20, Timestamp::MAX).await?.calls.len()
                    }
                    _ => store.search(None, &number, 20).await?.len(),
                };
                times.push(began.elapsed());
                ensure!(found > 0, "call {call} is not found by {by}");
            }
            console::progress(&format!("looked up by {by}, round {round}"));
        }
        console::progress_done();
        lookups.push(Lookup::of(by, cold, times)?);
    }
    Ok(lookups)
}

impl Lookup {
    fn of(by: &'static str, cold: bool, times: Vec<Duration>) -> anyhow::Result<Self> {
        let count = times.len();
        let times = Latencies::new(times);
        let ms = |percent| {
            times.percentile(percent).map(|time| time.as_secs_f64() * 1e3).context("nothing was looked up")
        };
        Ok(Self { by, cold, count, p50_ms: ms(50)?, p99_ms: ms(99)?, max_ms: ms(100)? })
    }
}

/// Makes the system forget what it has of these files in memory.
fn forget(directory: &Path) -> anyhow::Result<()> {
    for name in ["calls.db", "inbox.db"] {
        let path = directory.join(name);
        fs::File::open(&path)?.sync_all()?;
        let dropped = Command::new("dd")
            .arg(format!("if={}", path.display()))
            .args(["iflag=nocache", "count=0", "status=none"])
            .status()
            .context("cold look-ups need GNU dd")?;
        ensure!(dropped.success(), "dd could not drop {} from memory", path.display());
    }
    Ok(())
}

impl Disk {
    fn of(directory: &Path, calls: u64) -> anyhow::Result<Self> {
        let inbox_bytes = size(directory, "inbox.db")?;
        let calls_bytes = size(directory, "calls.db")?;
        let file = rusqlite::Connection::open(directory.join("calls.db"))?;
        let mut tables = file.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")?;
        #[expect(clippy::cast_precision_loss, reason = "bytes of a file")]
        let by_table = tables
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? as f64 / calls as f64)))?
            .collect::<Result<_, _>>()?;
        let (inbox_bytes_per_call, calls_bytes_per_call) = (inbox_bytes / calls, calls_bytes / calls);
        Ok(Self { inbox_bytes, calls_bytes, inbox_bytes_per_call, calls_bytes_per_call, by_table })
    }
}

/// Size of a database with its log.
fn size(directory: &Path, name: &str) -> anyhow::Result<u64> {
    let log = fs::metadata(directory.join(format!("{name}-wal"))).map_or(0, |log| log.len());
    Ok(fs::metadata(directory.join(name))?.len() + log)
}

async fn measure_rebuild(stamps: &Stamps, directory: &Path, events: u64) -> anyhow::Result<Rebuild> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    let store = Store::open(directory)?;
    let (mut calls, mut waiting) = (0, Vec::with_capacity(TOGETHER));
    let mut sent = 0;
    // Some calls are under way at any time: their events come in turns.
    while sent < events {
        let mut together: Vec<Arrival> =
            (calls..calls + 40).flat_map(|call| stamps.events(call)).collect::<Result<_, _>>()?;
        calls += 40;
        together.sort_by_key(|arrival| arrival.received_at);
        together.truncate(usize::try_from(events - sent)?);
        sent += together.len() as u64;
        waiting.extend(together);
        if waiting.len() >= TOGETHER - 1_000 {
            append(&store, &mut waiting).await?;
            console::progress(&format!("{sent} of {events} events received"));
        }
    }
    append(&store, &mut waiting).await?;
    let fold_seconds = fold(&store).await?;
    drop(store);
    let (inbox_bytes, calls_bytes) = (size(directory, "inbox.db")?, size(directory, "calls.db")?);
    let began = Instant::now();
    let rebuilt = rebuild(directory, |done, of| console::progress(&format!("rebuilt {done} of {of}")))?;
    console::progress_done();
    Ok(Rebuild {
        events: rebuilt.entries,
        calls: rebuilt.calls,
        inbox_bytes,
        calls_bytes,
        fold_seconds,
        again_seconds: began.elapsed().as_secs_f64(),
        identical: rebuilt.identical,
    })
}

/// The most memory this process ever had, where the system says so.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

impl Report {
    fn print(&self) -> anyhow::Result<()> {
        let out = &mut io::stdout();
        let Made { elements, calls, entries, append_seconds, fold_seconds } = &self.made;
        writeln!(out, "{calls} calls with {elements} elements, of {entries} inbox entries")?;
        writeln!(out, "  received in {append_seconds:.0} s, folded in {fold_seconds:.0} s")?;
        writeln!(
            out,
            "Bytes on disk per call: inbox {}, read models {}",
            self.disk.inbox_bytes_per_call, self.disk.calls_bytes_per_call
        )?;
        for (table, bytes) in &self.disk.by_table {
            writeln!(out, "  {table:<20} {bytes:>8.1}")?;
        }
        writeln!(out, "Look-ups (milliseconds)     cold  count     p50     p99     max")?;
        for Lookup { by, cold, count, p50_ms, p99_ms, max_ms } in &self.lookups {
            let cold = if *cold { "cold" } else { "warm" };
            writeln!(out, "  {by:<25} {cold} {count:>6} {p50_ms:>7.3} {p99_ms:>7.3} {max_ms:>7.3}")?;
        }
        if let Some(it) = &self.rebuild {
            writeln!(
                out,
                "Rebuild of {} events ({} calls): {:.1} s; identical: {:?}; folding them at first: {:.1} s; bytes per \
                 call: inbox {}, read models {}",
                it.events,
                it.calls,
                it.again_seconds,
                it.identical,
                it.fold_seconds,
                it.inbox_bytes / it.calls.max(1),
                it.calls_bytes / it.calls.max(1),
            )?;
        }
        if let Some(bytes) = self.peak_memory_bytes {
            writeln!(out, "Peak memory: {} MiB", bytes / 1024 / 1024)?;
        }
        Ok(())
    }
}
