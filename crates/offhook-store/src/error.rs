//! What can go wrong with storage.

use std::path::PathBuf;

/// Why storing or reading failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another Offhook has this directory open.
    #[error("{} is in use by another Offhook; stop it, or choose another data directory", .0.display())]
    InUse(PathBuf),
    /// The directory or a file in it cannot be used.
    #[error("cannot use the data directory {}; check that it exists and may be written to", path.display())]
    Directory {
        /// What was touched.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The files were written by a newer Offhook.
    #[error("{} was written by a newer Offhook (schema {found}, this one knows {known}); use that version", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest we know.
        known: u32,
    },
    /// The files were written by an older Offhook, and only `serve` and `rebuild` bring them up to date.
    #[error("{} was written by an older Offhook (schema {found}, this one writes {known}); start `offhook serve` once", path.display())]
    TooOld {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The one we read.
        known: u32,
    },
    /// There is nothing to read.
    #[error("there is no {}; name the data directory with OFFHOOK_DATA_DIR", .0.display())]
    Missing(PathBuf),
    /// The read models' file is no database any more.
    #[error("{} is damaged; stop Offhook, and `offhook rebuild` makes it anew from the inbox", .0.display())]
    Damaged(PathBuf),
    /// No room: the disk, or the file-size limit, is full. What was asked was not done, not even in part.
    #[error("the disk is full: nothing was stored; free some space and it goes on by itself")]
    Full,
    /// More is waiting to be written than may wait.
    #[error("too much is waiting to be stored; try again shortly")]
    Busy,
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// The database refused.
    #[error("the database failed")]
    Database(#[source] rusqlite::Error),
    /// A row does not hold what was written there.
    #[error("{what} holds something unreadable; `offhook rebuild` makes it anew from the inbox")]
    Corrupt {
        /// Which row.
        what: String,
        /// Why it cannot be read.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DiskFull, SystemIoFailure};
        // A file-size limit shows up as an I/O failure while writing; for the caller it is the same.
        const WRITE_FAILED: i32 = rusqlite::ffi::SQLITE_IOERR_WRITE;
        match &error {
            rusqlite::Error::SqliteFailure(code, _)
                if code.code == DiskFull
                    || (code.code == SystemIoFailure && code.extended_code == WRITE_FAILED) =>
            {
                Self::Full
            }
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// The same request may succeed later: nothing is wrong with it.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Full | Self::Busy)
    }
}
