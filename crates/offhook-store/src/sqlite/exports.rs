//! Reading all there is, beside a running server or without one: for exports.

use std::path::Path;

use jiff::Timestamp;
use offhook_calls::CallView;
use rusqlite::{Connection, params};

use super::{
    Store, fold, migrate, read,
    row::{COLUMNS, Call, unword},
};
use crate::{Entry, StoreError};

/// A data directory that is read and not written. A server may have it open at the same time.
#[derive(Debug)]
pub struct Archive {
    calls: Connection,
    inbox: Connection,
}

/// Which calls to read.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// Those that an inbox entry after this one told of.
    pub after: u64,
    /// And that none after this one did.
    pub up_to: u64,
    /// Zoom account id.
    pub account: Option<String>,
    /// Began at or after.
    pub from: Option<Timestamp>,
    /// Began before.
    pub to: Option<Timestamp>,
}

/// Calls in the order in which they were last told of.
#[derive(Debug, Default)]
pub struct Stretch {
    /// The calls.
    pub calls: Vec<Exported>,
    /// Preferred names that calls had before.
    pub moved: Vec<Moved>,
    /// All of them up to this inbox entry are there.
    pub through: u64,
}

/// A call, and how far the inbox told of it.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The number of the newest inbox entry that told of it. The same after a rebuild.
    pub told_seq: u64,
    /// Its read model.
    pub view: CallView,
}

/// A call that was known by an id that is no call's preferred one any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Zoom account id.
    pub account_id: String,
    /// The id by which it was known.
    pub id: String,
    /// The inbox entry with which that changed.
    pub seq: u64,
    /// The preferred id of the call that it is, or is part of, now.
    pub replaced_by: String,
    /// When that call began.
    pub started_at: Option<Timestamp>,
}

impl Store {
    /// The same directory, read through connections of its own.
    pub fn archive(&self) -> Result<Archive, StoreError> {
        Archive::of(&self.inner.calls.path, &self.inner.arrivals.path)
    }
}

impl Archive {
    /// Opens a data directory that an Offhook of this version made.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::of(&directory.join("calls.db"), &directory.join("inbox.db"))
    }

    fn of(calls: &Path, inbox: &Path) -> Result<Self, StoreError> {
        Ok(Self { calls: migrate::calls_reader(calls)?, inbox: migrate::inbox_reader(inbox)? })
    }

    /// The number of the last inbox entry that is in the calls.
    pub fn watermark(&self) -> Result<u64, StoreError> {
        fold::watermark(&self.calls)
    }

    /// The number of the last inbox entry; 0 when there is none.
    pub fn last_seq(&self) -> Result<u64, StoreError> {
        Ok(self.inbox.query_row("SELECT coalesce(max(seq), 0) FROM arrival", [], |row| row.get(0))?)
    }

    /// Inbox entries after `seq`, oldest first.
    pub fn entries_after(&self, seq: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        read::entries_after(&self.inbox, seq, limit)
    }

    /// The first calls of a span: about `limit` of them, and all that the last of these entries told of, so that the
    /// next stretch begins after [`Stretch::through`]. Calls that change while a span is read in stretches leave it;
    /// they are in the next one.
    pub fn calls(&self, span: &Span, limit: usize) -> Result<Stretch, StoreError> {
        // One moment for both queries.
        let calls = self.calls.unchecked_transaction()?;
        let last: Option<u64> = calls
            .prepare_cached(
                "SELECT told_seq FROM call WHERE told_seq > ?1 AND told_seq <= ?2 ORDER BY told_seq
                 LIMIT 1 OFFSET ?3",
            )?
            .query_map(params![span.after, span.up_to, limit.saturating_sub(1)], |row| row.get(0))?
            .next()
            .transpose()?;
        let through = last.unwrap_or(span.up_to);
        let mut stretch = Stretch { through, ..Stretch::default() };
        let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
        let mut told = calls.prepare_cached(&format!(
            "SELECT {COLUMNS}, told_seq FROM call WHERE told_seq > ?1 AND told_seq <= ?2
             AND (?3 IS NULL OR account = (SELECT id FROM account WHERE name = ?3))
             AND (?4 IS NULL OR started_ms >= ?4) AND (?5 IS NULL OR started_ms < ?5) ORDER BY told_seq"
        ))?;
        for call in told.query_and_then(
            params![span.after, through, span.account, ms(span.from), ms(span.to)],
            |row| {
                Ok::<_, StoreError>(Exported { told_seq: row.get(4)?, view: Call::read(row)?.view(&calls)? })
            },
        )? {
            stretch.calls.push(call?);
        }
        let mut moved = calls.prepare_cached(
            "SELECT account, key, seq FROM moved WHERE seq > ?1 AND seq <= ?2 AND (?3 IS NULL OR account = ?3)
             ORDER BY seq, account, key",
        )?;
        let mut rows = moved.query(params![span.after, through, span.account])?;
        while let Some(row) = rows.next()? {
            let (account_id, key, seq): (String, String, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some(name) = unword(&key) else { continue };
            let heir = read::named(&calls, Some(&account_id), &name.value)?
                .into_iter()
                .find(|(call, _)| call.names.contains(&name) && call.key.name != name);
            let Some((heir, _)) = heir else { continue };
            let started_at = heir.view(&calls)?.started_at;
            if span.from.is_some_and(|from| started_at.is_none_or(|at| at < from))
                || span.to.is_some_and(|to| started_at.is_none_or(|at| at >= to))
            {
                continue;
            }
            let replaced_by = heir.key.name.value;
            stretch.moved.push(Moved { account_id, id: name.value, seq, replaced_by, started_at });
        }
        Ok(stretch)
    }
}
