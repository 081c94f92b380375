//! Rows taken in from files, each once.

use std::{collections::HashSet, time::Duration};

use futures::future;
use jiff::Timestamp;
use offhook_calls::normalize::Door;
use rusqlite::params;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Store;
use crate::{Arrival, ImportRow, Imported, StoreError};

/// Which rows are in the inbox already.
pub(super) const TABLES: &str = "
    -- By a hash of door and row, so that a file imported twice adds nothing.
    CREATE TABLE imported (
        account TEXT NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (account, hash)
    ) WITHOUT ROWID;
";

/// How many rows wait for the disk at once. Webhooks use the same queue, and must always find room in it.
const SLICE: usize = 512;

/// Until the next attempt when the queue is full of other things.
const AGAIN: Duration = Duration::from_millis(20);

/// The first half of a SHA-256: 128 bits tell any number of rows apart.
type Hash = [u8; 16];

impl Store {
    /// Writes imported rows down that are not there yet, each as an arrival of [`Door::Import`]. They are noted as
    /// known only once they are on disk: a crash in between makes a row come twice, which adds no fact.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room; what was written before stays, and the same rows can be sent again.
    pub async fn import(
        &self,
        account: &str,
        rows: Vec<ImportRow>,
        now: Timestamp,
    ) -> Result<Imported, StoreError> {
        let mut seen = HashSet::new();
        let all = rows.len();
        let hashed: Vec<(Hash, ImportRow)> =
            rows.into_iter().map(|row| (hash(&row), row)).filter(|(hash, _)| seen.insert(*hash)).collect();
        let hashes: Vec<Hash> = hashed.iter().map(|(hash, _)| *hash).collect();
        let known = self.known(account, hashes).await?;
        let new: Vec<(Hash, ImportRow)> =
            hashed.into_iter().filter(|(hash, _)| !known.contains(hash)).collect();
        for slice in new.chunks(SLICE) {
            let appended =
                future::join_all(slice.iter().map(|(_, row)| self.append_row(account, row, now))).await;
            let written: Vec<Hash> = slice
                .iter()
                .zip(&appended)
                .filter(|(_, done)| done.is_ok())
                .map(|((hash, _), _)| *hash)
                .collect();
            self.remember(account, written).await?;
            appended.into_iter().collect::<Result<(), _>>()?;
        }
        let stored = new.len() as u64;
        Ok(Imported { stored, known: all as u64 - stored })
    }

    async fn append_row(&self, account: &str, row: &ImportRow, now: Timestamp) -> Result<(), StoreError> {
        let arrival = Arrival {
            received_at: now,
            door: Door::Import,
            account: account.to_owned(),
            event: row.door.as_str().to_owned(),
            event_ts: None,
            late: false,
            body: json!({ "door": row.door.as_str(), "row": row.row }).to_string().into_bytes().into(),
        };
        loop {
            match self.inbox().append(arrival.clone()).await {
                Err(StoreError::Busy) => tokio::time::sleep(AGAIN).await,
                done => return done.map(|_| ()),
            }
        }
    }

    /// Those of the hashes that an earlier import left.
    async fn known(&self, account: &str, hashes: Vec<Hash>) -> Result<HashSet<Hash>, StoreError> {
        let account = account.to_owned();
        self.work(move |work| {
            let mut find = work.prepare_cached("SELECT 1 FROM imported WHERE account = ?1 AND hash = ?2")?;
            let mut known = HashSet::new();
            for hash in hashes {
                if find.exists(params![account, &hash[..]])? {
                    known.insert(hash);
                }
            }
            Ok(known)
        })
        .await
    }

    async fn remember(&self, account: &str, hashes: Vec<Hash>) -> Result<(), StoreError> {
        let account = account.to_owned();
        self.work(move |work| {
            let mut insert =
                work.prepare_cached("INSERT OR IGNORE INTO imported (account, hash) VALUES (?1, ?2)")?;
            for hash in hashes {
                insert.execute(params![account, &hash[..]])?;
            }
            Ok(())
        })
        .await
    }
}

/// What a row is told apart by: its door and its content, whatever the order of its fields.
fn hash(row: &ImportRow) -> Hash {
    let mut content: Value = row.row.clone();
    content.sort_all_objects();
    let mut sum = Sha256::new();
    sum.update(row.door.as_str());
    sum.update([0]);
    sum.update(content.to_string());
    let sum = sum.finalize();
    let mut half = Hash::default();
    half.copy_from_slice(&sum[..16]);
    half
}
