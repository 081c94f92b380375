//! One count for all processes of a machine: a small file under a lock.
//!
//! A file and not a database, because the crate stands alone and because the count is of no use after a minute
//! (its daily part: after a day); each request reads and writes about two kilobytes that never need to reach
//! the disk. The operating system gives the lock free when a process dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::sent::Sent;

/// The file. All processes of the machine that use the account name the same one, on a local disk.
#[derive(Debug)]
pub(super) struct SharedFile {
    file: File,
    path: PathBuf,
}

impl SharedFile {
    /// Opens the file, or makes an empty one, which only the user may read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, path: path.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `change` on what all processes sent. `None`: another process is at it just now.
    ///
    /// `now` is the machine's clock, since 1970: all processes must have the same.
    pub(super) fn with<R>(
        &self,
        now: Duration,
        change: impl FnOnce(&mut Sent) -> R,
    ) -> io::Result<Option<R>> {
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let done = self.locked(now, change);
        let unlocked = self.file.unlock();
        let result = done?;
        unlocked?;
        Ok(Some(result))
    }

    fn locked<R>(&self, now: Duration, change: impl FnOnce(&mut Sent) -> R) -> io::Result<R> {
        let mut file = &self.file;
        let mut before = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut before)?;
        let mut sent = if before.is_empty() {
            Sent::default()
        } else {
            // Another process was killed while it wrote: assume the worst for one window.
            serde_json::from_slice(&before).unwrap_or_else(|_| Sent::unknown(now))
        };
        let result = change(&mut sent);
        let after = serde_json::to_vec(&sent)?;
        if after != before {
            file.rewind()?;
            file.write_all(&after)?;
            file.set_len(after.len() as u64)?;
        }
        Ok(result)
    }
}

/// The machine's clock, as the processes share it, since 1970.
pub(super) fn since_1970(time: Timestamp) -> Duration {
    Duration::try_from(time.as_duration()).unwrap_or(Duration::ZERO)
}
