//! Secrets: values that are sealed before they come here, and leases on them for any number of processes.
//!
//! A file of its own, `secrets.db`, because it must outlive the read models, must not be in the append-only inbox,
//! and may be opened beside a running Offhook. Therefore it is guarded by leases in the file and not by the lock of the
//! directory. The `offhook` binary does not make one yet: its tokens are sealed files. This is for people who sign in
//! on the server, which is to come.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::{migrate, prepare_directory};
use crate::StoreError;

/// Keeps bytes by name. Cheap to clone. What is kept should be encrypted: here it is written as it comes.
#[derive(Debug, Clone)]
pub struct Secrets {
    connection: Arc<Mutex<Connection>>,
}

/// The sole right to write one name, until it is released, runs out and somebody else takes it.
#[derive(Debug, Clone)]
pub struct Lease {
    name: String,
    /// Grows with each holder: a holder that stood still for too long cannot write any more.
    fence: i64,
}

impl Secrets {
    /// Opens (and makes, if need be) `secrets.db` in the data directory; any number of processes may.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        prepare_directory(directory)?;
        let path = directory.join("secrets.db");
        let mut options = std::fs::File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // SQLite gives its own files beside it the same permissions.
            options.mode(0o600);
        }
        options.open(&path).map_err(|source| StoreError::Directory { path: path.clone(), source })?;
        Ok(Self { connection: Arc::new(Mutex::new(migrate::secrets(&path)?)) })
    }

    /// What is kept under this name.
    pub async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = name.to_owned();
        self.run(move |connection| {
            let mut select = connection.prepare_cached("SELECT value FROM secret WHERE name = ?1")?;
            Ok(select.query_row([name], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Takes the lease of a name. `None`: somebody else has it, and it has not run out.
    pub async fn lease(
        &self,
        name: &str,
        now: Timestamp,
        length: SignedDuration,
    ) -> Result<Option<Lease>, StoreError> {
        let name = name.to_owned();
        let until = now.saturating_add(length).unwrap_or(now);
        self.run(move |connection| {
            let mut take = connection.prepare_cached(
                "INSERT INTO lease (name, fence, until_ms) VALUES (?1, 1, ?3)
                 ON CONFLICT (name) DO UPDATE SET fence = fence + 1, until_ms = ?3 WHERE until_ms <= ?2
                 RETURNING fence",
            )?;
            let times = (now.as_millisecond(), until.as_millisecond());
            let fence = take.query_row(params![name, times.0, times.1], |row| row.get(0)).optional()?;
            Ok(fence.map(|fence| Lease { name, fence }))
        })
        .await
    }

    /// Keeps a value in place of the one before; it is on disk when this returns. `false`: somebody else has taken
    /// the lease since, and nothing was written.
    pub async fn put(&self, lease: &Lease, value: Vec<u8>) -> Result<bool, StoreError> {
        self.write(lease, move |connection, name| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO secret (name, value) VALUES (?1, ?2)")?
                .execute(params![name, value])
        })
        .await
    }

    /// Forgets what is kept. `false`: somebody else has taken the lease since, and nothing was done.
    pub async fn remove(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.write(lease, |connection, name| {
            connection.prepare_cached("DELETE FROM secret WHERE name = ?1")?.execute([name])
        })
        .await
    }

    /// Gives a lease back. One that was lost is no error.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.run(move |connection| {
            connection
                .prepare_cached("UPDATE lease SET until_ms = 0 WHERE name = ?1 AND fence = ?2")?
                .execute(params![lease.name, lease.fence])?;
            Ok(())
        })
        .await
    }

    /// Writes, if the lease is still the newest.
    async fn write(
        &self,
        lease: &Lease,
        change: impl FnOnce(&Connection, &str) -> rusqlite::Result<usize> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let Lease { name, fence } = lease.clone();
        self.run(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let newest: Option<i64> = transaction
                .prepare_cached("SELECT fence FROM lease WHERE name = ?1")?
                .query_row([&name], |row| row.get(0))
                .optional()?;
            if newest != Some(fence) {
                return Ok(false);
            }
            change(&transaction, &name)?;
            transaction.commit()?;
            Ok(true)
        })
        .await
    }

    /// Off the async threads.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let run = move || work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(run).await.map_err(|_| StoreError::Closed)?
    }
}
