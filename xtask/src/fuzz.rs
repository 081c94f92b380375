//! `cargo xtask fuzz`: libFuzzer on the stable compiler, without cargo-fuzz.
//!
//! cargo-fuzz can run the same targets with AddressSanitizer, on a nightly compiler. There is no unsafe code of
//! ours that would need it: what is looked for is panics, overflows and endless work.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::system::{Found, cxx};
use crate::workspace::{cargo, execute, json, output, root, show, target};

/// The coverage that libFuzzer steers by, as cargo-fuzz sets it.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing -Ccodegen-units=1";

/// Lines of libFuzzer's report that are shown of a failure.
const LAST_LINES: usize = 40;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Only these targets of fuzz/Cargo.toml; all of them if none is named.
    targets: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match fuzz(arguments.seconds, &arguments.targets)? {
        None => Ok(()),
        Some(reason) => bail!("{reason}"),
    }
}

/// Builds and runs the targets. Returns why not, if that is not possible here.
pub(crate) fn fuzz(seconds: u64, only: &[String]) -> Result<Option<String>> {
    if let Found::No(install) = cxx()? {
        return Ok(Some(format!("libFuzzer needs a C++ compiler; {install}")));
    }
    let manifest = root().join("fuzz/Cargo.toml");
    let folder = target()?.join("fuzz");
    let host = host()?;
    let mut names = targets(&manifest)?;
    if let Some(unknown) = only.iter().find(|name| !names.contains(*name)) {
        bail!("there is no fuzz target {unknown}; there are {}", names.join(", "));
    }
    names.retain(|name| only.is_empty() || only.contains(name));

    let mut build = cargo();
    // With a target named, the flags do not reach build scripts and macros, which could not link with them.
    build.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
    build.arg("--target-dir").arg(&folder).env("RUSTFLAGS", COVERAGE);
    for name in &names {
        build.args(["--bin", name]);
    }
    execute(&mut build)?;

    for name in &names {
        let seeds = root().join("fuzz/corpus").join(name);
        // What is learnt is kept for the next run, beside the build and not in the repository.
        let learnt = folder.join("corpus").join(name);
        let artefacts = folder.join("artefacts").join(name);
        for made in [&learnt, &artefacts] {
            fs::create_dir_all(made).with_context(|| made.display().to_string())?;
        }
        let mut fuzzer = Command::new(folder.join(&host).join("release").join(name));
        fuzzer
            .arg(format!("-max_total_time={seconds}"))
            .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", artefacts.display()))
            .args([&learnt, &seeds]);
        println!("$ {}", show(&fuzzer));
        let output = fuzzer.output().with_context(|| format!("starting the fuzz target {name}"))?;
        // libFuzzer talks much, and all of it on stderr.
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let lines: Vec<_> = said.lines().collect();
            println!("{}", lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"));
            bail!("fuzz target {name} found an input that breaks it; it is in {}", artefacts.display());
        }
        let inputs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        println!("{name}: {} inputs, none breaks it", inputs.map_or("no count of", str::trim));
    }
    Ok(None)
}

/// The binaries of fuzz/Cargo.toml.
fn targets(manifest: &Path) -> Result<Vec<String>> {
    let mut command = cargo();
    command.args(["metadata", "--format-version=1", "--no-deps", "--manifest-path"]).arg(manifest);
    let metadata = json(&mut command)?;
    let targets = metadata["packages"][0]["targets"].as_array().context("fuzz/Cargo.toml has no targets")?;
    Ok(targets.iter().filter_map(|target| target["name"].as_str().map(str::to_owned)).collect())
}

/// The triple of this machine.
fn host() -> Result<String> {
    let version = output(Command::new("rustc").arg("-vV").current_dir(root()))?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc -vV names no host")?.to_owned())
}
