//! `offhook sync`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use jiff::Timestamp;
use offhook_server::{Kind, Mode};

use super::{ServerArg, time};

/// What to do about reading Zoom's history.
#[derive(Debug, Subcommand)]
pub(crate) enum SyncCommand {
    /// Show how far it is, what is late, and what Zoom refuses
    Status(SyncServer),
    /// Have history read: six months of everything, unless told otherwise
    #[command(after_help = "\
  offhook sync run --wait                          six months, and wait until they are here
  offhook sync run --from 2026-10-01 --to 2026-10-31 --kinds calls,recordings
  offhook sync run --generation v1                 also the deprecated call logs of version 1
  offhook sync run --mode nightly                  the last two days again, now")]
    Run(RunArgs),
    /// Let backfill and nightly runs rest; catch-ups go on
    Pause(SyncServer),
    /// Let backfill and nightly runs go on
    Resume(SyncServer),
}

/// Which server, and which account of it.
#[derive(Debug, ClapArgs)]
pub(crate) struct SyncServer {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Zoom account id [default: every account]
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) whom: SyncServer,
    /// backfill, catch_up or nightly
    #[arg(long, default_value = "backfill", value_parser = mode)]
    pub(crate) mode: Mode,
    /// From when on, such as 2026-10-01 or 2026-10-01T09:00:00Z [default: six months ago]
    #[arg(long, value_name = "TIME", value_parser = time::begin)]
    pub(crate) from: Option<Timestamp>,
    /// Until when; a date is all of its day [default: now]
    #[arg(long, value_name = "TIME", value_parser = time::end)]
    pub(crate) to: Option<Timestamp>,
    /// Which lists: users, calls, recordings, voicemails, charges, messages, faxes, summaries, call_logs
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = kind)]
    pub(crate) kinds: Vec<Kind>,
    /// v1: also the call logs of version 1
    #[arg(long, value_name = "NAME")]
    pub(crate) generation: Option<Generation>,
    /// Also what earlier runs have read
    #[arg(long)]
    pub(crate) again: bool,
    /// Wait until nothing is left that can be read now
    #[arg(long)]
    pub(crate) wait: bool,
}

/// A generation of call records that is read beside the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generation {
    /// Call logs.
    V1,
}

fn mode(text: &str) -> Result<Mode, String> {
    let modes = [Mode::Backfill, Mode::CatchUp, Mode::Nightly];
    modes.into_iter().find(|mode| mode.word() == text).ok_or_else(|| one_of(&modes.map(Mode::word)))
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::of(text).ok_or_else(|| one_of(&Kind::ALL.map(Kind::word)))
}

fn one_of(words: &[&str]) -> String {
    format!("give one of {}", words.join(", "))
}
