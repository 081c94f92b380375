//! SQLite behind the interface.

mod exports;
mod fold;
mod imports;
mod inbox;
mod media;
mod migrate;
mod packed;
mod people;
mod read;
mod rebuild;
mod reports;
mod row;
mod secrets;
mod sync;
mod texts;
mod usage;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

pub use self::{
    exports::{Archive, Exported, Moved, Span, Stretch},
    inbox::Inbox,
    media::ToldCursor,
    rebuild::{Rebuilt, rebuild},
    secrets::{Lease, Secrets},
};
use crate::StoreError;

/// Readers that may work at the same time.
const READERS: usize = 4;

/// The open data directory of one Offhook. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    inbox: Inbox,
    folder: Mutex<Connection>,
    work: Mutex<Connection>,
    calls: Readers,
    arrivals: Readers,
    /// Held for as long as the store is open.
    _lock: File,
}

impl Store {
    /// Opens (and makes, if need be) the data directory. One process at a time may.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let lock = lock(directory)?;
        let inbox_path = directory.join("inbox.db");
        let calls_path = directory.join("calls.db");
        let inbox = Inbox::open(&inbox_path)?;
        let folder = migrate::calls(&calls_path)?;
        let work = migrate::work(&directory.join("work.db"))?;
        let store = Self {
            inner: Arc::new(Inner {
                inbox,
                folder: Mutex::new(folder),
                work: Mutex::new(work),
                calls: Readers::open(&calls_path)?,
                arrivals: Readers::open(&inbox_path)?,
                _lock: lock,
            }),
        };
        Ok(store)
    }

    /// Where arrivals are written down.
    pub fn inbox(&self) -> &Inbox {
        &self.inner.inbox
    }

    /// Runs a query on the read models, off the async threads.
    async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.calls.with(query)).await.map_err(|_| StoreError::Closed)?
    }

    /// Reads or changes what is under way, in one transaction, off the async threads. On an error nothing is changed.
    async fn work<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.work_now(run)).await.map_err(|_| StoreError::Closed)?
    }

    /// The same on this thread, which may be blocked.
    fn work_now<T>(
        &self,
        run: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut work = self.inner.work.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = work.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let result = run(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Runs a query on the inbox, off the async threads.
    async fn read_inbox<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.arrivals.with(query))
            .await
            .map_err(|_| StoreError::Closed)?
    }
}

/// A few read-only connections, handed out in turn.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let idle = (0..READERS).map(|_| migrate::reader(path)).collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), idle: Mutex::new(idle) })
    }

    fn with<T>(&self, query: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // More readers than usual: one more connection, kept if there is room for it afterwards.
        let connection = idle.map_or_else(|| migrate::reader(&self.path), Ok)?;
        let result = query(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS {
            idle.push(connection);
        }
        result
    }
}

/// Makes the directory if it is not there; calls are for its owner's eyes only.
fn prepare_directory(directory: &Path) -> Result<(), StoreError> {
    if !directory.exists() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(directory)
            .map_err(|source| StoreError::Directory { path: directory.to_owned(), source })?;
        // The directory itself must outlive a power failure too, or nothing in it does.
        if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_directory(parent)?;
        }
    }
    Ok(())
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Directory { path, source }
    };
    prepare_directory(directory)?;
    let path = directory.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(directory.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(StoreError::Directory { path, source }),
    }
}

/// Makes sure that the names in a directory are on disk.
fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    File::open(directory)
        .and_then(|open| open.sync_all())
        .map_err(|source| StoreError::Directory { path: directory.to_owned(), source })
}
