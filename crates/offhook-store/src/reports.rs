//! The plain values of reports.

use jiff::Timestamp;
use offhook_calls::{
    CallView,
    compare::{Summary, Telling},
};

/// A report to be made.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// Zoom account id.
    pub account: String,
    /// Calls that began at or after.
    pub from: Timestamp,
    /// And before.
    pub to: Timestamp,
    /// `asked` or `nightly`.
    pub cause: &'static str,
}

/// A report on what came in of a period, compared with Zoom's records.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its number.
    pub id: i64,
    /// Zoom account id.
    pub account: String,
    /// Calls that began at or after.
    pub from: Timestamp,
    /// And before.
    pub to: Timestamp,
    /// `asked` or `nightly`.
    pub cause: String,
    /// How it stands.
    pub state: ReportState,
    /// While it is made: what is under way.
    pub step: String,
    /// How much of that is done.
    pub done: u64,
    /// Of how much; 0 when that is not known.
    pub total: u64,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When it was done, or given up.
    pub finished_at: Option<Timestamp>,
    /// Why it could not be made.
    pub error: Option<String>,
    /// What it says; there when it is done.
    pub summary: Option<Summary>,
}

/// How a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportState {
    /// Others are before it.
    Waiting,
    /// It is being made.
    Running,
    /// It is whole.
    Done,
    /// It could not be made.
    Failed,
}

impl ReportState {
    /// The word in the API, the CLI and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "waiting" => Self::Waiting,
            "running" => Self::Running,
            "done" => Self::Done,
            _ => Self::Failed,
        }
    }
}

/// A page of calls, each with the inbox entries that told of it.
#[derive(Debug)]
pub struct Heard {
    /// In order of beginning.
    pub calls: Vec<(CallView, Vec<Telling>)>,
    /// After which the next page begins.
    pub place: HeardPlace,
}

/// A place among the calls of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeardPlace {
    pub(crate) started_ms: i64,
    pub(crate) id: i64,
}
