//! Set-up, code generation, tests, demo: everything a contributor runs.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod codegen;
mod conformance;
mod coverage;
mod demo;
mod deny;
mod forward;
mod fuzz;
mod http;
mod interrupt;
mod rooms;
mod spdx;
mod stack;
mod system;
mod test;
mod web;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Set-up, code generation, tests, demo: everything a contributor runs.
///
/// From a fresh clone, `cargo xtask demo` shows Offhook at work and `cargo xtask test` runs every check.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build Offhook, start it against its own emulator, and print the address to open.
    Demo(demo::Arguments),
    /// Run every check that a change must pass.
    Test(test::Arguments),
    /// Install the web app's packages and build it into web/dist, if anything changed.
    Web,
    /// Write the generated code from Zoom's documents.
    Codegen {
        /// Change nothing; fail if a generated file is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Count the operations and events of Zoom Phone that the SDK types, and that its tests call.
    Coverage(coverage::Arguments),
    /// Hold the emulator against Zoom's SDK for JavaScript, Stoplight Prism and schemathesis.
    Conformance(conformance::Arguments),
    /// Check the dependencies against deny.toml: licences, banned crates, sources, duplicates.
    Deny,
    /// Check that our own crates depend downwards only, as ARCHITECTURE.md says.
    Rooms,
    /// Feed random input to what reads input from outside.
    Fuzz(fuzz::Arguments),
    /// Measure the release build: `cargo xtask bench ingest --help`.
    #[command(disable_help_flag = true)]
    Bench(forward::Arguments),
    /// Make things go wrong and look for losses: `cargo xtask chaos ingest --help`, `cargo xtask chaos week --help`.
    #[command(disable_help_flag = true)]
    Chaos(forward::Arguments),
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Test(arguments) => match test::run(&arguments) {
            Ok(true) => Ok(()),
            // The summary has said everything.
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Task::Web => web::build(),
        Task::Codegen { check } => codegen::run(check),
        Task::Coverage(arguments) => coverage::run(&arguments),
        Task::Conformance(arguments) => conformance::run(&arguments),
        Task::Deny => deny::run(),
        Task::Rooms => rooms::run(),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Bench(arguments) => forward::bench(&arguments),
        Task::Chaos(arguments) => forward::chaos(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
