//! Exports at size: rows a second and memory in each format, beside reading the same rows and writing nothing.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, ensure};
use jiff::{Timestamp, tz::TimeZone};
use offhook_export::{Files, Format, Kind, PART_ROWS, Selection, to_directory};
use offhook_store::{Archive, Span};
use serde::{Deserialize, Serialize};

use crate::{console, records, stamp::Stamps};

/// Calls read together when nothing is written.
const STRETCH: usize = 256;

/// Measure exports of millions of call elements: rows a second and peak memory, in each format.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every format is written by a process of its own, so that its peak memory is its own. `reading` \
    goes through the same calls and writes nothing."
)]
pub(crate) struct Export {
    /// How many call elements to have on record
    #[arg(long, default_value_t = 1_000_000)]
    elements: u64,
    /// Where to make the data directory, or find that of `records` with as many elements
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Do one measurement, in the data directory, and print it as JSON
    #[arg(long, hide = true, value_names = ["WHAT", "DATA"], num_args = 2)]
    one: Option<Vec<PathBuf>>,
}

#[derive(Debug, Serialize)]
struct Report {
    calls: u64,
    elements: u64,
    measured: Vec<Measured>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    what: String,
    rows: u64,
    seconds: f64,
    rows_per_second: f64,
    /// As many times as long as reading took.
    ratio_to_reading: Option<f64>,
    bytes: u64,
    files: u64,
    peak_memory_bytes: Option<u64>,
}

impl Export {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        if let Some([what, data]) = self.one.as_deref() {
            return console::print_json(&measure(&what.to_string_lossy(), data)?);
        }
        let temporary = match self.directory {
            Some(_) => None,
            None => Some(tempfile::TempDir::new()?),
        };
        let root =
            temporary.as_ref().map(|it| it.path().to_owned()).or(self.directory).context("no directory")?;
        let data = root.join(format!("records-{}", self.elements));
        let made = records::prepare(&Stamps::new()?, &data, self.elements).await?;
        let mut measured: Vec<Measured> = Vec::new();
        for what in [
            "reading",
            "elements parquet",
            "elements ndjson",
            "elements csv",
            "calls parquet",
            "legs parquet",
        ] {
            console::progress(what);
            let output = Command::new(std::env::current_exe()?)
                .args(["export", "--one", what])
                .arg(&data)
                .stderr(std::process::Stdio::inherit())
                .output()?;
            ensure!(output.status.success(), "the measurement of {what} failed");
            let mut one: Measured = serde_json::from_slice(&output.stdout)?;
            one.ratio_to_reading = measured.first().map(|reading| one.seconds / reading.seconds);
            measured.push(one);
        }
        console::progress_done();
        let report = Report { calls: made.calls, elements: made.elements, measured };
        if self.json { console::print_json(&report) } else { report.print() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "rows a second")]
fn measure(what: &str, data: &Path) -> anyhow::Result<Measured> {
    let archive = Archive::open(data)?;
    let began = Instant::now();
    let (rows, bytes, files) = match what.split_once(' ') {
        None => (count(&archive)?, 0, 0),
        Some((kind, format)) => {
            let kind = Kind::from_word(kind).context("no such kind")?;
            let format = Format::from_word(format, false).context("no such format")?;
            let out = tempfile::TempDir::new_in(data)?;
            let files = Files {
                directory: out.path().to_owned(),
                format,
                time_zone: TimeZone::UTC,
                full: false,
                part_rows: PART_ROWS,
            };
            let selection = Selection { kind, now: Timestamp::MAX, account: None, from: None, to: None };
            let written = to_directory(archive, &selection, &files, |_, _, _| ())?;
            (written.rows, size(out.path())?, written.files)
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    Ok(Measured {
        what: what.to_owned(),
        rows,
        seconds,
        rows_per_second: rows as f64 / seconds,
        ratio_to_reading: None,
        bytes,
        files,
        peak_memory_bytes: records::peak_memory(),
    })
}

/// Goes through all calls, and counts their elements.
fn count(archive: &Archive) -> anyhow::Result<u64> {
    let mut span = Span { up_to: archive.watermark()?, ..Span::default() };
    let mut rows = 0;
    while span.after < span.up_to {
        let stretch = archive.calls(&span, STRETCH)?;
        rows += stretch.calls.iter().map(|call| call.view.elements.len() as u64).sum::<u64>();
        span.after = stretch.through;
    }
    Ok(rows)
}

fn size(of: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(of)? {
        let entry = entry?;
        bytes += if entry.path().is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

impl Report {
    fn print(&self) -> anyhow::Result<()> {
        let out = &mut io::stdout();
        writeln!(out, "{} calls with {} elements", self.calls, self.elements)?;
        writeln!(out, "                       rows  seconds    rows/s  × reading       MB  files  peak MiB")?;
        for it in &self.measured {
            writeln!(
                out,
                "{:<18} {:>9} {:>8.1} {:>9.0} {:>10.2} {:>8} {:>6} {:>9}",
                it.what,
                it.rows,
                it.seconds,
                it.rows_per_second,
                it.ratio_to_reading.unwrap_or(1.0),
                it.bytes / 1_000_000,
                it.files,
                it.peak_memory_bytes.unwrap_or(0) / 1024 / 1024,
            )?;
        }
        Ok(())
    }
}
