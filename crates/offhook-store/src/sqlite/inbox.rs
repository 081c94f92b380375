//! The inbox: append-only, durable before acknowledged, many arrivals to one commit.

use std::{path::Path, thread, time::Duration};

use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot, watch};

use super::migrate;
use crate::{Arrival, StoreError};

/// How many arrivals may wait for the disk. Beyond it the sender is told to come again: a retry by Zoom is
/// better than a promise we may not keep.
const QUEUE: usize = 8_192;

/// How many arrivals one commit takes at most.
const BATCH: usize = 1_024;

/// Where several arrive at once, more are on their way: a moment's wait gathers them into one flush to disk,
/// which takes longer than the wait. A single arrival never waits.
const GATHER: Duration = Duration::from_micros(200);

/// The writing end of the inbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Inbox {
    queue: mpsc::Sender<Waiting>,
    written: watch::Receiver<Written>,
}

/// How far the inbox has come.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    last_seq: u64,
    /// Since this process began.
    appended: u64,
    commits: u64,
    /// The last commit failed.
    failing: bool,
}

#[derive(Debug)]
struct Waiting {
    arrival: Arrival,
    done: oneshot::Sender<Result<u64, StoreError>>,
}

impl Inbox {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = migrate::inbox(path)?;
        let last_seq =
            connection.query_row("SELECT coalesce(max(seq), 0) FROM arrival", [], |row| row.get(0))?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (tell, written) = watch::channel(Written { last_seq, ..Written::default() });
        // It ends when the last sender is gone.
        thread::Builder::new()
            .name("inbox".to_owned())
            .spawn(move || write(connection, waiting, &tell))
            .map_err(|source| StoreError::Directory { path: path.to_owned(), source })?;
        Ok(Self { queue, written })
    }

    /// Writes an arrival down and returns its number once it is on disk.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much is waiting, [`StoreError::Full`] when there is no room. In both
    /// cases nothing of it was kept.
    pub async fn append(&self, arrival: Arrival) -> Result<u64, StoreError> {
        let (done, outcome) = oneshot::channel();
        self.queue.try_send(Waiting { arrival, done }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes arrivals down and returns once all are on disk. Blocks the thread, also while too much is waiting: whoever
    /// reads Zoom's history has time. On an error some of them may have been kept.
    pub(super) fn append_all(&self, arrivals: Vec<Arrival>) -> Result<(), StoreError> {
        let mut outcomes = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let (done, outcome) = oneshot::channel();
            self.queue.blocking_send(Waiting { arrival, done }).map_err(|_| StoreError::Closed)?;
            outcomes.push(outcome);
        }
        for outcome in outcomes {
            outcome.blocking_recv().map_err(|_| StoreError::Closed)??;
        }
        Ok(())
    }

    /// The number of the last arrival on disk; 0 when there is none.
    pub fn last_seq(&self) -> u64 {
        self.written.borrow().last_seq
    }

    /// Arrivals written, and commits they took, since this process began.
    pub fn totals(&self) -> (u64, u64) {
        let written = self.written.borrow();
        (written.appended, written.commits)
    }

    /// The last attempt to write failed, or nobody writes any more.
    pub fn is_failing(&self) -> bool {
        self.written.borrow().failing || self.queue.is_closed()
    }

    /// Arrivals that wait for the disk now.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Waits until there is something after `seq`. `false` when the inbox has closed.
    pub async fn wait_beyond(&self, seq: u64) -> bool {
        self.written.clone().wait_for(|written| written.last_seq > seq).await.is_ok()
    }
}

fn write(mut connection: Connection, mut queue: mpsc::Receiver<Waiting>, tell: &watch::Sender<Written>) {
    let mut batch: Vec<Waiting> = Vec::with_capacity(BATCH);
    // While one commit is on its way to the disk the next batch gathers: the busier, the larger.
    while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
        if batch.len() > 1 {
            thread::sleep(GATHER);
            while batch.len() < BATCH
                && let Ok(waiting) = queue.try_recv()
            {
                batch.push(waiting);
            }
        }
        match commit(&mut connection, &batch) {
            Ok(first) => {
                let count = batch.len() as u64;
                tell.send_modify(|written| {
                    written.last_seq = first + count - 1;
                    written.appended += count;
                    written.commits += 1;
                    written.failing = false;
                });
                for (seq, waiting) in (first..).zip(batch.drain(..)) {
                    // Whoever waited may have hung up; what it sent is kept all the same.
                    let _ = waiting.done.send(Ok(seq));
                }
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    arrivals = batch.len(),
                    "could not write to the inbox"
                );
                tell.send_modify(|written| written.failing = true);
                for waiting in batch.drain(..) {
                    let _ = waiting.done.send(Err(again(&error)));
                }
            }
        }
    }
}

/// One failure, told to everybody in the batch.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Database(rusqlite::Error::SqliteFailure(code, text)) => {
            StoreError::Database(rusqlite::Error::SqliteFailure(*code, text.clone()))
        }
        StoreError::Full => StoreError::Full,
        _ => StoreError::Closed,
    }
}

/// Writes a batch in one transaction and returns the number of its first arrival.
fn commit(connection: &mut Connection, batch: &[Waiting]) -> Result<u64, StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO arrival (received_at, door, account, event, event_ts, late, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for Waiting { arrival, .. } in batch {
            insert.execute(params![
                arrival.received_at.as_millisecond(),
                arrival.door.as_str(),
                arrival.account,
                arrival.event,
                arrival.event_ts,
                arrival.late,
                &arrival.body[..],
            ])?;
        }
    }
    let last = u64::try_from(transaction.last_insert_rowid()).unwrap_or(0);
    transaction.commit()?;
    Ok(last + 1 - batch.len() as u64)
}
