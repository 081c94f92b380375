//! What the person at the terminal sees: progress on standard error, the report on standard output.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use serde::Serialize;

/// Replaces the line of progress, when somebody watches.
pub(crate) fn progress(what: &str) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(terminal, "\r\x1b[K{what}");
        let _ = terminal.flush();
    }
}

/// Removes the line of progress.
pub(crate) fn progress_done() {
    progress("");
}

/// The report for other programs.
pub(crate) fn print_json(report: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report).context("cannot write the report as JSON")?;
    writeln!(io::stdout(), "{text}").context("cannot write the report")
}
