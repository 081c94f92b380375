//! `cargo xtask conformance`: other people's clients and validators against our emulator.
//!
//! `tests/conformance` has what talks to the emulator: `rivet.mjs` (Zoom's SDK for JavaScript), `prism.mjs` (Stoplight
//! Prism as a validating proxy) and `fuzz.py` (schemathesis). Here each gets an emulator of its own and is counted.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;

use crate::http;
use crate::interrupt::Interrupt;
use crate::stack::{self, Running, TICK, any_ports};
use crate::web;
use crate::workspace::{build_offhook, execute, json, root, target};

/// Virtual seconds per second: calls end and their records appear within the blink of an eye.
const SPEED: &str = "60x";
/// Below this path rivet's receiver listens.
const RECEIVER: &str = "zoom/events";
/// What the emulator must answer: the operations of both documents.
const CATALOGUE: &str = "crates/zoom-phone-types/src/generated/catalogue.json";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Only what `cargo xtask test` runs: all but the fuzzing, which takes minutes
    #[arg(long)]
    sample: bool,
    /// Random requests for each operation, beside those that cover its parameters one by one
    #[arg(long, default_value_t = 10)]
    examples: u32,
}

/// What was counted. `None` where a tool could not run; `skipped` says why.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    /// Operations in Zoom's documents.
    operations: usize,
    /// Those that read or change the emulator's state, by its own account.
    operations_stateful: Option<usize>,
    /// Those that answer with made-up data of the documented shape.
    operations_shaped: Option<usize>,
    operations_missing: Option<usize>,
    /// Phone endpoints that rivet has, and those of them whose call was answered with success.
    rivet_operations: Option<u64>,
    rivet_operations_accepted: Option<u64>,
    /// Events sent to rivet's receiver, one by one, and those it accepted.
    rivet_events: Option<u64>,
    rivet_events_accepted: Option<u64>,
    /// Operations called through Prism, those answered with success, and what Prism found in the answers.
    prism_operations: Option<u64>,
    prism_operations_accepted: Option<u64>,
    prism_violations: Option<u64>,
    schemathesis_requests: Option<u64>,
    schemathesis_failures: Option<u64>,
    /// What was found but is the documents' fault, by reason; see `allowances.json`.
    allowed: serde_json::Map<String, Value>,
    /// Zoom's documents were wrong here; how often.
    mended: serde_json::Map<String, Value>,
    /// What did not run, and why.
    skipped: Vec<String>,
    /// What was found: the tool, the operation, and what is wrong with it.
    found: Vec<String>,
}

impl Report {
    /// Whether nothing was found and nothing is missing.
    fn is_clean(&self) -> bool {
        self.found.is_empty() && self.operations_missing.unwrap_or(0) == 0
    }

    /// Takes what a tool's report has of allowances, mends and findings.
    fn note(&mut self, tool: &str, from: &Value) {
        for (name, into) in [("allowed", &mut self.allowed), ("mended", &mut self.mended)] {
            for (reason, count) in from[name].as_object().into_iter().flatten() {
                let before = into.get(reason).and_then(Value::as_u64).unwrap_or(0);
                into.insert(reason.clone(), (before + count.as_u64().unwrap_or(0)).into());
            }
        }
        for finding in
            ["found", "refused"].iter().flat_map(|name| from[name].as_array().into_iter().flatten())
        {
            let first_of =
                |names: &[&str]| names.iter().find_map(|name| finding[name].as_str()).unwrap_or_default();
            let (operation, what) =
                (first_of(&["operation", "event"]), first_of(&["message", "error", "answer"]));
            let line =
                what.lines().filter(|line| !line.trim().is_empty()).take(2).collect::<Vec<_>>().join(", ");
            self.found.push(format!("{tool}: {operation}: {line}"));
        }
    }
}

/// Runs the tools and prints the report. Fails if they found anything.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let interrupt = Interrupt::watch()?;
    let report = report(arguments, &interrupt)?;
    let value = serde_json::to_value(&report)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&value)?);
    } else {
        print(&value);
    }
    if !report.is_clean() {
        bail!("not everything is as documented; the details are in {}", folder()?.display());
    }
    Ok(())
}

/// The part that `cargo xtask test` runs. The text says what could not be done.
pub(crate) fn sample(interrupt: &Interrupt) -> Result<Option<String>> {
    if let Err(error) = install() {
        return Ok(Some(format!(
            "npm cannot install tests/conformance: {error:#}; connect to the network once"
        )));
    }
    let report = report(&Arguments { json: false, sample: true, examples: 0 }, interrupt)?;
    print(&serde_json::to_value(&report)?);
    if !report.is_clean() {
        bail!("not everything is as documented; the details are in {}", folder()?.display());
    }
    // Without Zoom's documents there is nothing to hold the answers against.
    Ok(report.prism_operations.is_none().then(|| report.skipped.join("; ")))
}

fn print(report: &Value) {
    for (name, value) in report.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) => items.iter().for_each(|item| println!("{name}: {}", text(item))),
            Value::Object(counts) => {
                counts.iter().for_each(|(reason, count)| println!("{name}: {count} x {reason}"));
            }
            _ => println!("{name:<28} {}", text(value)),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn report(arguments: &Arguments, interrupt: &Interrupt) -> Result<Report> {
    install()?;
    let work = Work { binary: build_offhook(false)?, folder: folder()? };
    fs::create_dir_all(&work.folder).with_context(|| format!("making {}", work.folder.display()))?;
    let mut report = Report::default();

    let rivet = work.node("rivet", interrupt)?;
    report.rivet_operations = rivet["calls"]["endpoints"].as_u64();
    report.rivet_operations_accepted = rivet["calls"]["accepted"].as_u64();
    report.rivet_events = rivet["events"]["sent"].as_u64();
    report.rivet_events_accepted = rivet["events"]["accepted"].as_u64();
    report.note("rivet", &rivet["calls"]);
    report.note("rivet", &rivet["events"]);
    count_operations(&mut report, &rivet["operations"])?;

    let prism = work.node("prism", interrupt)?;
    if let Some(reason) = prism["skipped"].as_str() {
        report.skipped.push(format!("Prism and schemathesis: {reason}"));
        return Ok(report);
    }
    report.prism_operations = prism["operations"].as_u64();
    report.prism_operations_accepted = prism["accepted"].as_u64();
    report.prism_violations = prism["violations"].as_u64();
    report.note("Prism", &prism);
    if arguments.sample {
        report.skipped.push("schemathesis: it takes minutes; cargo xtask conformance runs it".to_owned());
        return Ok(report);
    }

    let python = match python(&work.folder) {
        Ok(python) => python,
        Err(error) => {
            report.skipped.push(format!("schemathesis: {error:#}"));
            return Ok(report);
        }
    };
    let fuzz = work.fuzz(&python, arguments.examples, interrupt)?;
    report.schemathesis_requests = fuzz["requests"].as_u64();
    report.schemathesis_failures = fuzz["failures"].as_u64();
    report.note("schemathesis", &fuzz);
    Ok(report)
}

/// Counts what the emulator says of each operation, by name: `stateful` or `shaped`.
fn count_operations(report: &mut Report, said: &Value) -> Result<()> {
    let catalogue = fs::read_to_string(root().join(CATALOGUE)).context(CATALOGUE)?;
    let catalogue: Value = serde_json::from_str(&catalogue).context(CATALOGUE)?;
    let names: Vec<&str> = catalogue["operations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["name"].as_str())
        .collect();
    report.operations = names.len();
    let Some(said) = said["operations"].as_array() else {
        report.skipped.push("the count of stateful operations: the emulator does not tell".to_owned());
        return Ok(());
    };
    let count = |kind: &str| {
        let told: HashSet<_> =
            said.iter().filter(|it| it["kind"] == kind).filter_map(|it| it["name"].as_str()).collect();
        names.iter().filter(|name| told.contains(**name)).count()
    };
    let (stateful, shaped) = (count("stateful"), count("shaped"));
    report.operations_stateful = Some(stateful);
    report.operations_shaped = Some(shaped);
    report.operations_missing = Some(names.len() - stateful - shaped);
    Ok(())
}

/// Where the reports and logs are.
fn folder() -> Result<PathBuf> {
    Ok(target()?.join("conformance"))
}

fn sources() -> PathBuf {
    root().join("tests/conformance")
}

fn install() -> Result<()> {
    web::packages("tests/conformance")
}

/// A Python with schemathesis, in an environment of its own.
fn python(folder: &Path) -> Result<PathBuf> {
    let requirements = sources().join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).with_context(|| requirements.display().to_string())?;
    let environment = folder.join("python");
    let (python, stamp) = (environment.join("bin/python"), environment.join("installed.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    execute(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = Command::new(&python);
    execute(
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements),
    )?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    Ok(python)
}

struct Work {
    /// The built `offhook`.
    binary: PathBuf,
    /// For reports and logs.
    folder: PathBuf,
}

impl Work {
    /// Runs `<tool>.mjs` against an emulator of its own.
    fn node(&self, tool: &str, interrupt: &Interrupt) -> Result<Value> {
        self.with_emulator(tool, interrupt, |url, receiver| {
            let mut command = Command::new("node");
            command.arg(format!("{tool}.mjs")).env("EMULATOR", url).env("WEBHOOK_PORT", receiver.to_string());
            self.read(tool, command.current_dir(sources()))
        })
    }

    fn fuzz(&self, python: &Path, examples: u32, interrupt: &Interrupt) -> Result<Value> {
        let scratch = self.folder.join("schemathesis");
        if scratch.exists() {
            // It keeps what it found before, and we want the same run every time.
            fs::remove_dir_all(&scratch).with_context(|| format!("emptying {}", scratch.display()))?;
        }
        self.with_emulator("schemathesis", interrupt, |url, _| {
            let mut prepare = Command::new("node");
            execute(prepare.arg("prepare.mjs").arg(&scratch).env("EMULATOR", url).current_dir(sources()))?;
            let mut command = Command::new(python);
            command.arg("fuzz.py").arg(&scratch).env("EMULATOR", url).env("EXAMPLES", examples.to_string());
            self.read("schemathesis", command.current_dir(sources()))
        })
    }

    /// Runs a tool and keeps its report as `<tool>.json`.
    fn read(&self, tool: &str, command: &mut Command) -> Result<Value> {
        let report = json(command)?;
        let path = self.folder.join(format!("{tool}.json"));
        fs::write(&path, serde_json::to_string_pretty(&report)?)
            .with_context(|| path.display().to_string())?;
        Ok(report)
    }

    /// Does something beside an emulator, whose events go to the port given.
    fn with_emulator(
        &self,
        tool: &str,
        interrupt: &Interrupt,
        action: impl FnOnce(&str, u16) -> Result<Value>,
    ) -> Result<Value> {
        let (port, receiver) = any_ports()?;
        let mut command = stack::program(&self.binary, &self.folder, "emulator");
        command.args(["--port", &port.to_string(), "--speed", SPEED, "--calls-per-minute", "0"]);
        command.args(["--webhook-url", &format!("http://127.0.0.1:{receiver}/{RECEIVER}")]);
        command.args(["--webhook-secret", stack::WEBHOOK_SECRET]);
        let log = self.folder.join(format!("{tool}.emulator.log"));
        let mut emulator = Running::start("offhook emulator", command, &log)?;
        let begun = Instant::now();
        while !matches!(http::get(port, "/_emulator/health"), Ok((200, _))) {
            emulator.check()?;
            if interrupt.happened() {
                bail!("interrupted");
            }
            if begun.elapsed() > stack::START {
                bail!("the emulator is not ready after {} s: {}", stack::START.as_secs(), log.display());
            }
            sleep(TICK);
        }
        let result = action(&format!("http://127.0.0.1:{port}"), receiver);
        // If the emulator died, that is the better message.
        emulator.check()?;
        result
    }
}
