//! `cargo xtask bench` and `cargo xtask chaos`: builds the release binary where it is measured, and hands over to
//! the crate in `bench/`.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::{build_offhook, cargo, execute};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// `ingest` (or, for bench, `quota`, `backfill`, `records`, `export`), and what `offhook-bench` takes; `--help` lists it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ingest [OPTIONS]")]
    words: Vec<OsString>,
}

pub(crate) fn bench(arguments: &Arguments) -> Result<()> {
    match arguments.words.split_first() {
        // They need no server.
        Some((subject, rest))
            if ["quota", "backfill", "records", "export"].iter().any(|known| subject == known) =>
        {
            execute(offhook_bench(&subject.to_string_lossy()).args(rest))
        }
        _ => forward("ingest", arguments),
    }
}

pub(crate) fn chaos(arguments: &Arguments) -> Result<()> {
    match arguments.words.split_first() {
        Some((subject, _)) if subject == "ingest" => {
            let mut bench = offhook_bench("chaos");
            bench.args(&arguments.words);
            if !wants_help(&arguments.words) {
                bench.arg("--offhook").arg(build_offhook(true)?);
            }
            execute(&mut bench)
        }
        // The server runs inside it.
        _ => execute(offhook_bench("chaos").args(&arguments.words)),
    }
}

fn forward(command: &str, Arguments { words }: &Arguments) -> Result<()> {
    let mut bench = offhook_bench(command);
    if wants_help(words) {
        return execute(bench.arg("--help"));
    }
    let Some((_, rest)) = words.split_first().filter(|(subject, _)| *subject == "ingest") else {
        bail!("say what: `ingest`; `bench` has `quota`, `backfill`, `records` and `export`, too");
    };
    bench.arg("--offhook").arg(build_offhook(true)?);
    execute(bench.args(rest))
}

fn wants_help(words: &[OsString]) -> bool {
    words.iter().any(|word| word == "--help" || word == "-h")
}

fn offhook_bench(command: &str) -> Command {
    let mut bench = cargo();
    bench.args(["run", "--release", "-p", "offhook-bench", "--", command]);
    bench
}
