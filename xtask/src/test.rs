//! `cargo xtask test`: every check that a change must pass, from a fresh clone.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::interrupt::Interrupt;
use crate::stack::{Options, QuietEmulator, Stack, any_ports};
use crate::system::{Found, chromium};
use crate::workspace::{build_offhook, cargo, execute, npm, target};
use crate::{codegen, conformance, deny, fuzz, rooms, web};

/// The company that the browser tests meet.
const BROWSER_SEED: u64 = 7;
/// Seconds for each fuzz target: enough to try every seed and some thousand children of it.
const FUZZ_SECONDS: u64 = 5;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run this step only. May be repeated.
    #[arg(long, value_name = "STEP", value_parser = names())]
    only: Vec<String>,
}

struct Step {
    name: &'static str,
    run: fn(&Interrupt) -> Result<Outcome>,
}

enum Outcome {
    Passed,
    /// Not done, and why; with the command that makes it possible.
    Skipped(String),
}

/// In this order: the binary carries the built web app, and what fails fast comes first.
const STEPS: &[Step] = &[
    Step { name: "web-build", run: |_| done(web::build()) },
    Step { name: "fmt", run: |_| fmt() },
    Step { name: "codegen", run: |_| done(codegen::run(true)) },
    Step { name: "deny", run: |_| done(deny::run()) },
    Step { name: "rooms", run: |_| done(rooms::run()) },
    Step { name: "web-lint", run: |_| script("lint") },
    Step { name: "web-check", run: |_| script("check") },
    Step { name: "web-test", run: |_| script("test") },
    Step { name: "web-size", run: |_| size() },
    Step { name: "clippy", run: |_| clippy() },
    Step { name: "test", run: |_| done(execute(cargo().args(["test", "--workspace"]))) },
    Step { name: "doc", run: |_| doc() },
    Step { name: "browser", run: browser },
    Step { name: "conformance", run: conforms },
    Step { name: "fuzz", run: |_| fuzz_briefly() },
];

fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// Runs the steps and says how they went; `false` if that is not good enough.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let interrupt = Interrupt::watch()?;
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let mut results: Vec<(&str, Duration, Result<Outcome>)> = Vec::new();
    for step in STEPS {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|name| name == step.name) {
            continue;
        }
        println!("\n== {}", step.name);
        let begun = Instant::now();
        let result = (step.run)(&interrupt);
        if interrupt.happened() {
            bail!("interrupted during the step {}", step.name);
        }
        let time = begun.elapsed();
        println!("== {}: {} in {:.1} s", step.name, word(&result), time.as_secs_f64());
        if let Err(error) = &result {
            println!("   {error:#}\n   once more: cargo xtask test --only {}", step.name);
        }
        results.push((step.name, time, result));
    }
    Ok(summary(&results, ci))
}

fn word(result: &Result<Outcome>) -> &'static str {
    match result {
        Ok(Outcome::Passed) => "passed",
        Ok(Outcome::Skipped(_)) => "skipped",
        Err(_) => "failed",
    }
}

/// Prints the table, the reasons, and a last line with the counts.
fn summary(results: &[(&str, Duration, Result<Outcome>)], ci: bool) -> bool {
    println!("\n{:<12} {:<8} {:>9}", "step", "result", "seconds");
    for (name, time, result) in results {
        println!("{name:<12} {:<8} {:>9.1}", word(result), time.as_secs_f64());
    }
    for (name, _, result) in results {
        match result {
            Ok(Outcome::Passed) => {}
            Ok(Outcome::Skipped(reason)) => println!("{name} was skipped: {reason}"),
            Err(error) => println!("{name} failed: {error:#}\n  once more: cargo xtask test --only {name}"),
        }
    }
    let count = |wanted| results.iter().filter(|(_, _, result)| word(result) == wanted).count();
    let (passed, failed, skipped) = (count("passed"), count("failed"), count("skipped"));
    if ci && skipped > 0 {
        println!("CI=true: a skipped step counts as failed");
        println!("{passed} passed, {} failed", failed + skipped);
        return false;
    }
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    println!("{passed} passed, {failed} failed{skipped}");
    failed == 0
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Passed)
}

fn fmt() -> Result<Outcome> {
    execute(cargo().args(["fmt", "--all", "--check"]))?;
    done(execute(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"])))
}

fn clippy() -> Result<Outcome> {
    done(execute(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))
}

fn doc() -> Result<Outcome> {
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    done(execute(&mut doc))
}

fn script(name: &str) -> Result<Outcome> {
    web::install()?;
    done(execute(npm().args(["run", name])))
}

fn size() -> Result<Outcome> {
    web::build()?;
    script("size")
}

/// The web app's browser tests, against Offhook and its emulator.
fn browser(interrupt: &Interrupt) -> Result<Outcome> {
    let browser = match chromium()? {
        Found::Yes(path) => path,
        Found::No(install) => return Ok(Outcome::Skipped(format!("there is no Chromium; {install}"))),
    };
    web::build()?;
    let (port, emulator_port) = any_ports()?;
    let options = Options {
        binary: build_offhook(false)?,
        folder: target()?.join("browser-test"),
        port,
        emulator_port,
        seed: BROWSER_SEED,
        speed: "1x".to_owned(),
        calls_per_minute: 30.0,
    };
    let mut stack = Stack::start(&options, interrupt)?;
    let mut quiet = QuietEmulator::start(&options, interrupt)?;
    println!("logs: {}", stack.logs());
    let mut tests: Command = npm();
    tests.args(["run", "e2e"]).env("CHROMIUM", browser);
    tests.env("OFFHOOK_URL", stack.url()).env("EMULATOR_URL", quiet.url());
    let result = execute(&mut tests);
    // If a server died, that is the better message.
    stack.check()?;
    quiet.check()?;
    done(result)
}

/// Zoom's own SDK and a validating proxy against the emulator.
fn conforms(interrupt: &Interrupt) -> Result<Outcome> {
    Ok(conformance::sample(interrupt)?.map_or(Outcome::Passed, Outcome::Skipped))
}

fn fuzz_briefly() -> Result<Outcome> {
    Ok(match fuzz::fuzz(FUZZ_SECONDS, &[])? {
        None => Outcome::Passed,
        Some(reason) => Outcome::Skipped(reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(kind: &str) -> (&'static str, Duration, Result<Outcome>) {
        let result = match kind {
            "passed" => Ok(Outcome::Passed),
            "skipped" => Ok(Outcome::Skipped("no browser".to_owned())),
            _ => Err(anyhow::anyhow!("no")),
        };
        ("step", Duration::ZERO, result)
    }

    #[test]
    fn a_failure_fails_everywhere_and_a_skip_only_on_ci() {
        assert!(summary(&[result("passed")], true));
        assert!(!summary(&[result("passed"), result("failed")], false));
        assert!(summary(&[result("passed"), result("skipped")], false));
        assert!(!summary(&[result("passed"), result("skipped")], true));
    }

    #[test]
    fn every_step_has_its_own_name() {
        let names = names();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
