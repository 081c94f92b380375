//! The plain values of sync: what is to be read from Zoom, how far that is, and what is due.
//!
//! Kinds and modes are words of the sync that uses them; the store only keeps them apart.

use jiff::Timestamp;

use crate::Arrival;

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncLane {
    /// What follows the present.
    Live,
    /// What makes sure of the last days.
    Nightly,
    /// What may take days.
    Backfill,
}

impl SyncLane {
    /// Its number in the database.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Live => 0,
            Self::Nightly => 1,
            Self::Backfill => 2,
        }
    }

    /// The lane with this number; any other is the last one.
    pub(crate) fn of(number: i64) -> Self {
        match number {
            0 => Self::Live,
            1 => Self::Nightly,
            _ => Self::Backfill,
        }
    }
}

/// A stretch of an account's history of one kind, about to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSpan {
    /// What is read: `calls`, `recordings`…
    pub kind: String,
    /// Begin, included.
    pub from: Timestamp,
    /// End, excluded.
    pub to: Timestamp,
}

/// A run about to begin.
#[derive(Debug, Clone)]
pub struct NewSyncRun {
    /// Zoom account id.
    pub account: String,
    /// `backfill`, `catch_up` or `nightly`.
    pub mode: String,
    /// Who goes first.
    pub lane: SyncLane,
    /// What it covers.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Its windows, in the order in which they are to be read.
    pub windows: Vec<SyncSpan>,
    /// Also asks for what was given up before.
    pub again: bool,
}

/// Requests by rate label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncRequests {
    /// LIGHT.
    pub light: u64,
    /// MEDIUM.
    pub medium: u64,
    /// HEAVY.
    pub heavy: u64,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPlace {
    /// `next_page_token`.
    pub token: String,
    /// Pages so far.
    pub pages: u64,
    /// Rows so far.
    pub rows: u64,
}

/// A window that is to be read now.
#[derive(Debug, Clone)]
pub struct SyncWindow {
    /// Its number.
    pub id: u64,
    /// The run it belongs to.
    pub run: u64,
    /// The run's lane.
    pub lane: SyncLane,
    /// What is read.
    pub kind: String,
    /// Begin, included.
    pub from: Timestamp,
    /// End, excluded.
    pub to: Timestamp,
    /// Where an earlier reading stopped.
    pub place: Option<SyncPlace>,
    /// Failures since the last page.
    pub tries: u32,
    /// Readings that ended with rows missing.
    pub gaps: u32,
}

/// One thing that is to be asked for by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncItem {
    /// What it is: `path`, `voicemail`…
    pub kind: String,
    /// Its id at Zoom, with whatever else a request needs.
    pub id: String,
    /// What the last answer said to remember, such as a sync token.
    pub memo: String,
    /// The run that found it.
    pub run: u64,
    /// The run's lane.
    pub lane: SyncLane,
    /// Answers so far that were none.
    pub tries: u32,
}

/// Something that a row leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncFollow {
    /// What it is.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// When what it tells of ended. An answer from within an hour of that may not be Zoom's last word, and a row that
    /// is seen again later has it asked for once more.
    pub about: Option<Timestamp>,
    /// Asked for also where the row is known.
    pub always: bool,
}

/// A row as Zoom gave it.
#[derive(Debug, Clone)]
pub struct SyncRow {
    /// For the inbox. What is there already, byte for byte, is not stored again. `None` for what only leads to others.
    pub arrival: Option<Arrival>,
    /// What is to be asked for next.
    pub follow: Vec<SyncFollow>,
}

/// What became of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncStride {
    /// A page was read, and there are more.
    Page {
        /// Where it goes on.
        place: SyncPlace,
        /// How many rows the window has, if Zoom says so.
        total: Option<u64>,
    },
    /// The last page was read.
    Done {
        /// Pages of all readings.
        pages: u64,
        /// Rows of all readings.
        rows: u64,
    },
    /// It is tried again from its place, or with `anew` from its beginning.
    Again {
        /// Not before this time.
        due: Timestamp,
        /// Why.
        reason: String,
        /// The token is good for nothing.
        anew: bool,
    },
    /// It was read to its end with rows missing, and is read again from its beginning.
    Gap {
        /// Not before this time.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// It is given up.
    Missing {
        /// Why.
        reason: String,
    },
    /// These are read in its place.
    Split(Vec<(Timestamp, Timestamp)>),
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncFate {
    /// It is here. What to remember for the next time.
    Done(String),
    /// Not yet.
    Again {
        /// Asked again then.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// It is not asked for any more.
    GivenUp {
        /// Why.
        reason: String,
    },
}

/// One step of a sync: rows, and what they mean for its progress. Rows reach the disk first; progress is one
/// transaction. A crash between the two has them read once more.
#[derive(Debug, Clone)]
pub struct SyncStep {
    /// Zoom account id.
    pub account: String,
    /// What was read.
    pub rows: Vec<SyncRow>,
    /// The run the rows belong to. Items may be of several.
    pub run: u64,
    /// The run's lane.
    pub lane: SyncLane,
    /// What became of a window, by its number.
    pub window: Option<(u64, SyncStride)>,
    /// What became of items.
    pub items: Vec<(SyncItem, SyncFate)>,
    /// Requests that it took.
    pub requests: SyncRequests,
    /// What time it is.
    pub now: Timestamp,
}

/// What a step did.
#[derive(Debug, Clone, Default)]
pub struct SyncStepped {
    /// Rows that were not there yet.
    pub new_rows: u64,
    /// Something is due that was not.
    pub due: bool,
    /// The window's kind, and until when its history has been read without a gap, where a catch-up's window ended.
    pub until: Option<(String, Timestamp)>,
    /// Runs that ended with this step.
    pub ended: Vec<SyncRun>,
}

/// A kind that Zoom refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRefused {
    /// Of window or item.
    pub kind: String,
    /// Zoom's words, or the names of the scopes.
    pub scopes: String,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again.
    pub again: Timestamp,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRun {
    /// Its number.
    pub id: u64,
    /// `backfill`, `catch_up` or `nightly`.
    pub mode: String,
    /// What it covers.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// When it began.
    pub started: Timestamp,
    /// When nothing was left that could be done.
    pub ended: Option<Timestamp>,
    /// Requests so far.
    pub requests: SyncRequests,
    /// Its windows, by kind.
    pub kinds: Vec<SyncKindProgress>,
    /// What its rows led to, by kind.
    pub items: Vec<SyncItemProgress>,
}

/// The windows of one kind of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncKindProgress {
    /// The kind.
    pub kind: String,
    /// Windows that are read.
    pub done: u64,
    /// Windows that are not read yet.
    pub waiting: u64,
    /// Windows that were given up.
    pub missing: u64,
    /// Milliseconds of history that the read windows span.
    pub done_ms: u64,
    /// Those of the others.
    pub waiting_ms: u64,
    /// Pages read.
    pub pages: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows that the windows under way have yet to give, as far as Zoom told.
    pub rows_to_come: u64,
}

/// What the rows of a run led to, of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncItemProgress {
    /// The kind.
    pub kind: String,
    /// Here.
    pub done: u64,
    /// To be asked for.
    pub due: u64,
    /// Those of `due` that were asked for and not ready.
    pub not_ready: u64,
    /// Given up.
    pub given_up: u64,
}

/// Something that is late or given up, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncTrouble {
    /// Of window or item.
    pub kind: String,
    /// The window, or the item's id.
    pub what: String,
    /// Whether it is given up.
    pub given_up: bool,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried again.
    pub due: Timestamp,
    /// Why.
    pub reason: String,
}

/// How sync stands for one account.
#[derive(Debug, Clone, Default)]
pub struct SyncState {
    /// Backfill and nightly runs rest.
    pub paused: bool,
    /// By kind: until when catch-ups have read.
    pub until: Vec<(String, Timestamp)>,
    /// What Zoom refuses.
    pub refused: Vec<SyncRefused>,
    /// Runs that have not ended, and the last twenty that have; the newest first.
    pub runs: Vec<SyncRun>,
    /// The first hundred of each: windows that are missing or late, items that are given up or late.
    pub troubles: Vec<SyncTrouble>,
}
