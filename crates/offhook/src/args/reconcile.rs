//! The command line of `offhook reconcile`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::{ServerArg, time};

#[derive(Debug, Subcommand)]
pub(crate) enum ReconcileCommand {
    /// Compare what came in of a period with Zoom's records
    Run(RunArgs),
    /// List reports, newest first
    List(ReportsArgs),
    /// Show one report: its verdict, its counts, and what is odd
    Show(ReportArgs),
}

/// A verdict to fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Something is known to be, and is not here
    Missing,
    /// Not all of Zoom's records were read
    Unknown,
    /// Something came late, or only because Zoom was asked
    Late,
}

impl FailOn {
    /// Its word in the API.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Late => "late",
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Calls that began at or after, such as 2026-11-22 [default: yesterday; days are in UTC]
    #[arg(long, value_parser = time::begin)]
    pub(crate) from: Option<Timestamp>,
    /// Calls that began before; a date is all of its day [default: yesterday]
    #[arg(long, value_parser = time::end)]
    pub(crate) to: Option<Timestamp>,
    /// Zoom account id; needed only where several are configured
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Wait until it is done, and show it
    #[arg(long)]
    pub(crate) wait: bool,
    /// Wait, and end with code 3 on this verdict
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportsArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// How many, 1 to 100
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Go on where an earlier list ended: its next_cursor
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// Zoom account id
    #[arg(long)]
    pub(crate) account: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Its number
    pub(crate) id: u64,
    /// Also list what is odd, of this kind; all for every kind
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// How many of them, 1 to 1000
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u32,
    /// Go on where an earlier list ended: its next_cursor
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// End with code 3 on this verdict
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,
}
