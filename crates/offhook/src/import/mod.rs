//! `offhook import`: call records from files into a running server.
//!
//! ```text
//! file -> read (JSON, NDJSON, CSV) -> rows with their shape -> batches -> POST /api/v1/imports
//!          \-> lines that cannot be read: counted, the first ones shown, all kept with --errors
//! ```

mod map;
mod portal;
mod read;
mod shape;
pub(crate) mod time;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use offhook_calls::normalize::Door;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};

pub(crate) use self::map::snake;
use self::{map::Mapping, read::How, read::Item, time::Reading};
use crate::{
    api::Api,
    args::ImportArgs,
    exit::{INCOMPLETE, Usage},
    output::{Output, Progress, note},
};

/// Rows of a batch, and its largest size in bytes unless one row alone is larger.
const BATCH_ROWS: usize = 1_000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How many lines that were not taken are shown.
const SHOWN: usize = 10;

/// How often a batch is sent again that the server could not take for the time being.
const ATTEMPTS: u32 = 5;

/// Rows on their way, and what else the reading told.
enum Step {
    Batch(Batch),
    Bad(Refused),
    Remark(String),
}

/// Rows that are sent at once.
#[derive(Default)]
struct Batch {
    /// The line of the file that each was in.
    lines: Vec<u64>,
    /// A row a line.
    body: String,
}

/// To whom they are sent.
struct To<'a> {
    api: Api,
    account: Option<&'a str>,
}

/// A line that was not taken in.
struct Refused {
    line: u64,
    reason: String,
    text: String,
}

/// What became of a file, or of all.
#[derive(Default)]
struct Tally {
    rows: u64,
    stored: u64,
    known: u64,
    refused: u64,
    shapes: BTreeMap<&'static str, u64>,
    remarks: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.stored += other.stored;
        self.known += other.known;
        self.refused += other.refused;
    }

    fn json(&self) -> Value {
        json!({
            "rows": self.rows, "stored": self.stored, "known": self.known, "refused": self.refused,
            "shapes": self.shapes, "remarks": self.remarks,
        })
    }
}

/// Imports files one after the other. Code 3 when a line was not taken in.
pub(crate) async fn run(args: ImportArgs, config: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let to = if args.dry_run {
        None
    } else {
        Some(To { api: Api::new(&args.server, config)?, account: args.account.as_deref() })
    };
    if args.files.iter().filter(|file| file.as_path() == Path::new("-")).count() > 1 {
        bail!(Usage("standard input (-) can be read once".to_owned()));
    }
    let how = Arc::new(how(&args)?);
    let mut kept = Kept::new(args.errors.as_deref())?;
    let mut progress = Progress::new(!out.json);
    let mut all = Tally::default();
    let mut files = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let tally = one(path, &how, to.as_ref(), &mut kept, &mut progress).await;
        progress.clear();
        let tally = tally.with_context(|| {
            format!("{name} was not imported to its end; run the same again, and what is there already is passed over")
        })?;
        all.add(&tally);
        if out.json {
            files.push(json!({ "file": name, "result": tally.json() }));
        } else {
            show(&name, &tally, args.dry_run, out);
        }
    }
    kept.finish()?;
    if out.json {
        out.print_json(
            &json!({ "files": files, "total": all.json(), "dry_run": args.dry_run, "refused": kept.shown }),
            false,
        );
    } else if args.files.len() > 1 {
        show("all files", &all, args.dry_run, out);
    }
    Ok(if all.refused > 0 { ExitCode::from(INCOMPLETE) } else { ExitCode::SUCCESS })
}

/// How the files are to be read.
fn how(args: &ImportArgs) -> anyhow::Result<How> {
    let forced = match args.shape.as_deref() {
        None => None,
        Some(word) => Some(
            Door::from_word(word).ok_or_else(|| Usage(format!("{word:?} is no shape; --help lists them")))?,
        ),
    };
    let zone = match args.time_zone.as_deref() {
        None => None,
        Some(name) => Some(TimeZone::get(name).map_err(|_| {
            Usage(format!(
                "{name:?} is no time zone; give one such as Europe/Berlin, America/New_York or UTC"
            ))
        })?),
    };
    let reading = Reading { zone, order: args.dates };
    Ok(How { forced, mapping: Mapping::load(args.map.as_deref(), reading)? })
}

/// Imports one file.
async fn one(
    path: &Path,
    how: &Arc<How>,
    to: Option<&To<'_>>,
    kept: &mut Kept,
    progress: &mut Progress,
) -> anyhow::Result<Tally> {
    let name = path.display().to_string();
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    let read = Arc::new(AtomicU64::new(0));
    // Two steps wait at most: reading goes no faster than the server takes it.
    let (give, mut steps) = mpsc::channel(2);
    let reading = {
        let (path, how, read) = (path.to_owned(), Arc::clone(how), Arc::clone(&read));
        tokio::task::spawn_blocking(move || batches(&path, &how, &read, &give))
    };
    let began = Instant::now();
    let mut tally = Tally::default();
    while let Some(step) = steps.recv().await {
        match step {
            Step::Remark(text) => tally.remarks.push(text),
            Step::Bad(refused) => {
                tally.rows += 1;
                tally.refused += 1;
                kept.add(&name, &refused)?;
            }
            Step::Batch(batch) => {
                tally.rows += batch.lines.len() as u64;
                match to {
                    Some(to) => send(to, &name, &batch, &mut tally, kept).await?,
                    None => tally.stored += batch.lines.len() as u64,
                }
            }
        }
        progress.show(&line(&name, &tally, read.load(Ordering::Relaxed), size, began.elapsed()));
    }
    tally.shapes = reading.await.context("reading stopped on a mistake of Offhook's")??;
    Ok(tally)
}

/// Reads a file and hands its rows on in batches. Returns how many rows had which shape.
fn batches(
    path: &Path,
    how: &How,
    read: &Arc<AtomicU64>,
    give: &mpsc::Sender<Step>,
) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let mut shapes = BTreeMap::new();
    let mut batch = Batch::default();
    let hand_on =
        |step: Step| give.blocking_send(step).map_err(|_| anyhow::anyhow!("nobody takes the rows any more"));
    read::file(path, how, read, &mut |item| match item {
        Item::Remark(text) => hand_on(Step::Remark(text)),
        Item::Bad(line, reason, text) => hand_on(Step::Bad(Refused { line, reason, text })),
        Item::Row(line, (door, row)) => {
            *shapes.entry(door.as_str()).or_default() += 1;
            let text = json!({ "door": door.as_str(), "row": row }).to_string();
            let is_full = batch.lines.len() == BATCH_ROWS || batch.body.len() + text.len() > BATCH_BYTES;
            if is_full && !batch.lines.is_empty() {
                hand_on(Step::Batch(std::mem::take(&mut batch)))?;
            }
            batch.lines.push(line);
            batch.body.push_str(&text);
            batch.body.push('\n');
            Ok(())
        }
    })?;
    if !batch.lines.is_empty() {
        hand_on(Step::Batch(batch))?;
    }
    Ok(shapes)
}

/// Sends a batch, and again when the server cannot take it for the time being.
async fn send(
    to: &To<'_>,
    name: &str,
    batch: &Batch,
    tally: &mut Tally,
    kept: &mut Kept,
) -> anyhow::Result<()> {
    let query: Vec<(&str, String)> =
        to.account.map(|account| ("account", account.to_owned())).into_iter().collect();
    let report = to.api.post_lines(&["imports"], &query, &batch.body, ATTEMPTS).await?;
    let count = |field: &str| report[field].as_u64().unwrap_or(0);
    tally.stored += count("stored");
    tally.known += count("known");
    let texts: Vec<&str> = batch.body.lines().collect();
    for refused in report["refused"].as_array().into_iter().flatten() {
        let number = refused["line"].as_u64().and_then(|line| usize::try_from(line).ok());
        let at = number.and_then(|number| number.checked_sub(1));
        let line = at.and_then(|at| batch.lines.get(at)).copied().unwrap_or(0);
        let text = at.and_then(|at| texts.get(at)).copied().unwrap_or_default().to_owned();
        let reason = refused["reason"].as_str().unwrap_or("the server did not say why").to_owned();
        tally.refused += 1;
        kept.add(name, &Refused { line, reason, text })?;
    }
    Ok(())
}

/// How far it is.
fn line(name: &str, tally: &Tally, read: u64, size: u64, took: Duration) -> String {
    let rows = tally.rows;
    #[expect(clippy::cast_precision_loss, reason = "a speed to look at")]
    let speed = (rows as f64 / took.as_secs_f64().max(0.001)).round();
    let mut text = format!("{name}: {rows} rows, {speed} a second");
    if size > 0 {
        let percent = (read.min(size) * 100).checked_div(size).unwrap_or(100);
        text = format!("{text}, {percent} %");
        if read > 0 && read < size {
            let left = took.as_secs() * (size - read) / read;
            text = format!("{text}, {}:{:02} to go", left / 60, left % 60);
        }
    }
    text
}

fn show(name: &str, tally: &Tally, dry_run: bool, out: Output) {
    let shapes: Vec<String> = tally.shapes.iter().map(|(shape, count)| format!("{count} {shape}")).collect();
    let read_as = if shapes.is_empty() { String::new() } else { format!(" ({})", shapes.join(", ")) };
    let taken = if dry_run {
        format!("{} can be read", tally.stored)
    } else {
        format!("{} new, {} known already", tally.stored, tally.known)
    };
    let refused = if tally.refused > 0 { format!(", {} not taken", tally.refused) } else { String::new() };
    out.print(&format!("{}: {} rows{read_as}: {taken}{refused}", out.heading(name), tally.rows));
    for remark in &tally.remarks {
        note(&format!("  {remark}"));
    }
}

/// Lines that were not taken in: the first ones for people, all of them in a file if one is named.
struct Kept {
    file: Option<(PathBuf, BufWriter<File>)>,
    shown: Vec<Value>,
    count: u64,
}

impl Kept {
    fn new(path: Option<&Path>) -> anyhow::Result<Self> {
        let file = match path {
            None => None,
            Some(path) => {
                let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
                Some((path.to_owned(), BufWriter::new(file)))
            }
        };
        Ok(Self { file, shown: Vec::new(), count: 0 })
    }

    fn add(&mut self, name: &str, refused: &Refused) -> anyhow::Result<()> {
        self.count += 1;
        if self.shown.len() < SHOWN {
            let start: String = refused.text.chars().take(120).collect();
            note(&format!("{name}, line {}: {}", refused.line, refused.reason));
            if !start.is_empty() {
                note(&format!("    {start}"));
            }
            self.shown.push(json!({ "file": name, "line": refused.line, "reason": refused.reason }));
        }
        if let Some((path, file)) = &mut self.file {
            let entry =
                json!({ "file": name, "line": refused.line, "reason": refused.reason, "text": refused.text });
            writeln!(file, "{entry}").with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        if let Some((path, file)) = &mut self.file {
            file.flush().with_context(|| format!("cannot write {}", path.display()))?;
        }
        let hidden = self.count.saturating_sub(self.shown.len() as u64);
        if hidden > 0 && self.file.is_none() {
            note(&format!("{hidden} more lines were not taken; --errors FILE keeps them all"));
        }
        Ok(())
    }
}
