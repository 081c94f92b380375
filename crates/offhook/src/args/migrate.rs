//! Coming from call logs.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::ServerArg;
use crate::import::time::DateOrder;

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
