//! Coming from call logs.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::ServerArg;
use crate::{import::time::DateOrder, migrate::check::Generation};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Files: answers of Zoom's API as they came (pages, lists, one object a line), rows of another system's
database (one JSON object a line), and tables (CSV) that the Zoom portal exported. Each also as .gz.
The shape of each row is recognised by its fields, and said. Rows that are there already are passed
over, so the same file may be imported again, and an import that was broken off goes on.

Shapes for --as: call_log, call_log_detail (v1), call_history, call_history_leg, call_path,
call_element (v2, v3), recording, voicemail, summary, charge, user, message, fax, and webhook for
whole events.

  offhook import call_logs-2025-*.json
  offhook import zoomus_call_log_2025-06-11.csv --time-zone America/New_York
  offhook import dump.ndjson.gz --map columns.toml --errors refused.ndjson

A map says which column is what; what it leaves out is guessed:

  shape = \"call_log\"
  time_zone = \"Europe/Berlin\"
  [columns]
  ani = \"caller_number\"
  branch = \"site.name\"
  [values.direction]
  I = \"inbound\"

Ends with 3 when a line was not taken.")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Zoom account id they belong to [default: the one that the server knows, if it is one]
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// The shape of the rows, where it is not recognised
    #[arg(long = "as", value_name = "SHAPE")]
    pub(crate) shape: Option<String>,
    /// Which column is which of Zoom's fields
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Time zone of times that name none, such as Europe/Berlin: that of whoever exported them
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// Order of day and month in dates such as 03/04/2026 [default: as other dates of the file show]
    #[arg(long, value_name = "ORDER")]
    pub(crate) dates: Option<DateOrder>,
    /// Only read the files, and say what is in them
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep every line that was not taken, with the reason, in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Say of each field, parameter, operation and event of yours what became of it
    Check(CheckArgs),
    /// Say what Zoom has announced the end of, and what of it is still in use
    Status(StatusArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Give it what there is: a list of field names, samples of JSON (pages, rows, events), SQL with the
columns, field paths of an OpenAPI document, addresses with their parameters.

  echo 'caller_user_id, duration, charge' | offhook migrate check -
  offhook migrate check sample.json schema.sql
  echo 'GET /phone/call_logs?type=missed' | offhook migrate check - --json

v3 has a call in three places: rows of the account's list, elements as the account sees them
(GET /phone/call_history/{callHistoryUuid}), and elements as a participant sees them (a user's list,
sync, events). A field may be in one and not in the others.")]
pub(crate) struct CheckArgs {
    /// Files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The generation that the names are of [default: the one that has most of them]
    #[arg(long, value_name = "GENERATION")]
    pub(crate) from: Option<Generation>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Also what is not in use
    #[arg(long)]
    pub(crate) all: bool,
}
