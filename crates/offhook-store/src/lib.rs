//! Offhook's storage: a durable inbox and the read models folded from it.
//!
//! Two SQLite files in one directory, because they promise different things and must not wait for each
//! other:
//!
//! - `inbox.db` is append-only and the only original. Every commit reaches the disk before anybody is told
//!   "received" (`synchronous=FULL`).
//! - `calls.db` holds what can be computed from it: calls, their names, the change feed, the watermark. One
//!   transaction moves all of them, so a crash leaves them at an earlier moment, never between two.
//!
//! `work.db` holds what neither is nor follows from what came in: how far a sync has come, reports, files fetched,
//! what a person decided. A rebuild leaves it alone.
//!
//! [`Secrets`] is another, `secrets.db`, for sealed tokens of people who sign in on the server; several processes may
//! open it at once. The `offhook` binary does not use it yet: its tokens are sealed files in the data directory.
//!
//! The rest of Offhook sees [`Store`], [`Inbox`] and plain values. No SQL leaves this crate, which is the
//! room a second database has.

mod error;
mod media;
mod reports;
mod sqlite;
mod sync;
mod values;

pub use error::StoreError;
pub use media::{
    AtZoom, Hold, Media, MediaCount, MediaFilter, MediaKind, MediaNote, MediaState, Removal, Sighting,
};
pub use reports::{Heard, HeardPlace, NewReport, Report, ReportState};
pub use sqlite::{
    Archive, Exported, Inbox, Lease, Moved, Rebuilt, Secrets, Span, Store, Stretch, ToldCursor, rebuild,
};
pub use sync::{
    NewSyncRun, SyncFate, SyncFollow, SyncItem, SyncItemProgress, SyncKindProgress, SyncLane, SyncPlace,
    SyncRefused, SyncRequests, SyncRow, SyncRun, SyncSpan, SyncState, SyncStep, SyncStepped, SyncStride,
    SyncTrouble, SyncWindow,
};
pub use values::{
    Arrival, CallFilter, CallPage, Changes, Cursor, CursorError, Entry, FaxPage, Folded, ImportRow, Imported,
    Match, MessagePage, OpenCalls, ReceivedOld, ServedOld, TextFilter,
};
