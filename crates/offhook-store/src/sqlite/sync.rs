//! How far reading Zoom's history has come.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use sha2::{Digest, Sha256};

use super::Store;
use crate::{
    Arrival, NewSyncRun, StoreError, SyncFate, SyncFollow, SyncItem, SyncItemProgress, SyncKindProgress,
    SyncLane, SyncPlace, SyncRefused, SyncRequests, SyncRun, SyncState, SyncStep, SyncStepped, SyncStride,
    SyncTrouble, SyncWindow,
};

/// The tables of windows and runs of sync.
pub(super) const TABLES: &str = "
    CREATE TABLE sync_run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        mode TEXT NOT NULL,
        lane INTEGER NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        started_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        again INTEGER NOT NULL,
        light INTEGER NOT NULL DEFAULT 0,
        medium INTEGER NOT NULL DEFAULT 0,
        heavy INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX sync_run_of ON sync_run (account, mode);

    -- state: waiting, done, missing, split.
    CREATE TABLE sync_window (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL,
        account TEXT NOT NULL,
        lane INTEGER NOT NULL,
        kind TEXT NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        state TEXT NOT NULL,
        token TEXT,
        pages INTEGER NOT NULL DEFAULT 0,
        rows INTEGER NOT NULL DEFAULT 0,
        total INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        gaps INTEGER NOT NULL DEFAULT 0,
        due_ms INTEGER NOT NULL,                -- when done: when it was
        reason TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX sync_window_due ON sync_window (account, lane, id) WHERE state = 'waiting';
    CREATE INDEX sync_window_live ON sync_window (account, kind, state) WHERE lane = 0;
    CREATE INDEX sync_window_run ON sync_window (run, kind);

    -- What is asked for by its id. state: due, done, given_up.
    CREATE TABLE sync_item (
        account TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        memo TEXT NOT NULL DEFAULT '',
        run INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        about_ms INTEGER NOT NULL,
        state TEXT NOT NULL,
        due_ms INTEGER NOT NULL,                -- when done: when it was
        tries INTEGER NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (account, kind, id)
    ) WITHOUT ROWID;
    CREATE INDEX sync_item_due ON sync_item (account, lane, kind, due_ms) WHERE state = 'due';
    CREATE INDEX sync_item_run ON sync_item (run, state, tries);
    CREATE INDEX sync_item_lost ON sync_item (account, due_ms) WHERE state = 'given_up';

    -- Rows that are in the inbox: the first half of a SHA-256 of account, door and bytes.
    CREATE TABLE sync_seen (hash BLOB PRIMARY KEY) WITHOUT ROWID;

    CREATE TABLE sync_mark (
        account TEXT NOT NULL,
        kind TEXT NOT NULL,
        until_ms INTEGER NOT NULL,
        PRIMARY KEY (account, kind)
    ) WITHOUT ROWID;

    CREATE TABLE sync_refused (
        account TEXT NOT NULL,
        kind TEXT NOT NULL,
        scopes TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        again_ms INTEGER NOT NULL,
        PRIMARY KEY (account, kind)
    ) WITHOUT ROWID;

    CREATE TABLE sync_paused (account TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// Zoom's word within this time of the end of what it tells of may not be its last.
const SETTLED_MS: i64 = 60 * 60 * 1000;

/// What was read less than this after it happened does not count as covered: records may have come later.
const LATE_MS: i64 = 24 * 60 * 60 * 1000;

/// What is missing and older than this, Zoom gives no more: catch-ups do not wait for it.
const LOST_MS: i64 = 183 * 24 * 60 * 60 * 1000;

/// After so long a catch-up's window that is missing is tried again.
const MISSING_MS: i64 = 24 * 60 * 60 * 1000;

/// Entries of a list for people.
const SHOWN: i64 = 100;

impl Store {
    /// Begins a run, and returns its number. Runs of the same mode that ended whole are forgotten, but for the last.
    pub async fn sync_begin(&self, run: NewSyncRun, now: Timestamp) -> Result<u64, StoreError> {
        self.work(move |work| {
            forget(work, &run.account, &run.mode)?;
            let now = now.as_millisecond();
            work.prepare_cached(
                "INSERT INTO sync_run (account, mode, lane, from_ms, to_ms, started_ms, again)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                run.account,
                run.mode,
                run.lane.number(),
                run.from.as_millisecond(),
                run.to.as_millisecond(),
                now,
                run.again
            ])?;
            let id = work.last_insert_rowid();
            for window in &run.windows {
                let (from, to) = (window.from.as_millisecond(), window.to.as_millisecond());
                add_window(work, id, &run.account, run.lane.number(), &window.kind, (from, to))?;
            }
            Ok(id.unsigned_abs())
        })
        .await
    }

    /// The window of these lanes that is to be read next, without these kinds and without what Zoom refuses.
    pub async fn sync_next_window(
        &self,
        account: String,
        lanes: &'static [SyncLane],
        without: Vec<&'static str>,
        now: Timestamp,
    ) -> Result<Option<SyncWindow>, StoreError> {
        self.work(move |work| {
            let mut statement = work.prepare_cached(
                "SELECT id, run, lane, kind, from_ms, to_ms, token, pages, rows, tries, gaps FROM sync_window AS window
                 WHERE account = ?1 AND lane = ?2 AND state = 'waiting' AND due_ms <= ?3
                   AND NOT EXISTS (SELECT 1 FROM sync_refused AS refused
                       WHERE refused.account = ?1 AND refused.kind = window.kind AND again_ms > ?3)
                 ORDER BY id",
            )?;
            for lane in lanes {
                let mut rows =
                    statement.query(params![account, lane.number(), now.as_millisecond()])?;
                while let Some(row) = rows.next()? {
                    let window = window(row)?;
                    if !without.contains(&window.kind.as_str()) {
                        return Ok(Some(window));
                    }
                }
            }
            Ok(None)
        })
        .await
    }

    /// Up to `limit` items of these lanes that are due, without what Zoom refuses.
    pub async fn sync_due(
        &self,
        account: String,
        lanes: &'static [SyncLane],
        kinds: Vec<&'static str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<SyncItem>, StoreError> {
        self.work(move |work| {
            let mut statement = work.prepare_cached(
                "SELECT kind, id, memo, run, lane, tries FROM sync_item
                 WHERE account = ?1 AND lane = ?2 AND kind = ?3 AND state = 'due' AND due_ms <= ?4
                   AND NOT EXISTS (SELECT 1 FROM sync_refused AS refused
                       WHERE refused.account = ?1 AND refused.kind = ?3 AND again_ms > ?4)
                 ORDER BY due_ms LIMIT ?5",
            )?;
            let now = now.as_millisecond();
            let mut found = Vec::new();
            for (lane, kind) in lanes.iter().flat_map(|lane| kinds.iter().map(move |kind| (lane, kind))) {
                let left = i64::try_from(limit - found.len()).unwrap_or(i64::MAX);
                let rows = statement.query_map(params![account, lane.number(), kind, now, left], item)?;
                for row in rows {
                    found.push(row?);
                }
            }
            Ok(found)
        })
        .await
    }

    /// Takes rows and progress in. When it returns, both are on disk.
    pub async fn sync_step(&self, step: SyncStep) -> Result<SyncStepped, StoreError> {
        let store = self.clone();
        let run = move || {
            let hashes: Vec<_> = step.rows.iter().map(|row| row.arrival.as_ref().map(hash)).collect();
            // Of rows without bytes none is new; of equal ones the first.
            let mut within = HashSet::new();
            let is_new = store.work_now(|work| {
                let mut seen = work.prepare_cached("SELECT 1 FROM sync_seen WHERE hash = ?1")?;
                let mut is_new = |hash: &Option<[u8; 16]>| match hash {
                    Some(hash) => Ok(within.insert(*hash) && !seen.exists([hash])?),
                    None => Ok(false),
                };
                hashes.iter().map(&mut is_new).collect::<Result<Vec<bool>, StoreError>>()
            })?;
            let fresh = step.rows.iter().zip(&is_new).filter(|(_, is_new)| **is_new);
            store.inbox().append_all(fresh.filter_map(|(row, _)| row.arrival.clone()).collect())?;
            store.work_now(|work| {
                let mut insert = work.prepare_cached("INSERT OR IGNORE INTO sync_seen (hash) VALUES (?1)")?;
                for (hash, _) in hashes.iter().zip(&is_new).filter(|(_, is_new)| **is_new) {
                    insert.execute([hash])?;
                }
                note(work, &step, &is_new)
            })
        };
        tokio::task::spawn_blocking(run).await.map_err(|_| StoreError::Closed)?
    }

    /// Zoom refuses a kind: windows and items of it rest until `again`.
    pub async fn sync_refuse(
        &self,
        account: String,
        refused: SyncRefused,
    ) -> Result<Vec<SyncRun>, StoreError> {
        self.work(move |work| {
            work.prepare_cached(
                "INSERT INTO sync_refused (account, kind, scopes, since_ms, again_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (account, kind) DO UPDATE SET scopes = excluded.scopes, again_ms = excluded.again_ms",
            )?
            .execute(params![
                account,
                refused.kind,
                refused.scopes,
                refused.since.as_millisecond(),
                refused.again.as_millisecond()
            ])?;
            end_runs(work, &account, refused.since.as_millisecond())
        })
        .await
    }

    /// Zoom refuses a kind no more.
    pub async fn sync_allow(&self, account: String, kind: String) -> Result<(), StoreError> {
        self.work(move |work| {
            work.execute("DELETE FROM sync_refused WHERE account = ?1 AND kind = ?2", [account, kind])?;
            Ok(())
        })
        .await
    }

    /// Until when something has been done, by its word.
    pub async fn sync_mark(&self, account: String, kind: String) -> Result<Option<Timestamp>, StoreError> {
        self.work(move |work| {
            let sql = "SELECT until_ms FROM sync_mark WHERE account = ?1 AND kind = ?2";
            let until = work.query_row(sql, [account, kind], |row| time(row, 0)).optional()?;
            Ok(until)
        })
        .await
    }

    /// Notes until when something has been done.
    pub async fn sync_set_mark(
        &self,
        account: String,
        kind: String,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.work(move |work| set_mark(work, &account, &kind, until.as_millisecond())).await
    }

    /// Catch-ups' windows that have been missing for a day are to be read again.
    pub async fn sync_retry_missing(&self, account: String, now: Timestamp) -> Result<(), StoreError> {
        self.work(move |work| {
            let now = now.as_millisecond();
            let sql = "UPDATE sync_window SET state = 'waiting', due_ms = ?2 WHERE account = ?1 AND lane = 0
                 AND state = 'missing' AND due_ms <= ?3 AND to_ms > ?4";
            work.prepare_cached(sql)?.execute(params![account, now, now - MISSING_MS, now - LOST_MS])?;
            Ok(())
        })
        .await
    }

    /// Until when catch-ups have had windows of a kind, read or missing.
    pub async fn sync_planned(&self, account: String, kind: String) -> Result<Option<Timestamp>, StoreError> {
        self.work(move |work| {
            let sql = "SELECT max(to_ms) FROM sync_window WHERE account = ?1 AND kind = ?2 AND lane = 0";
            let until: Option<i64> =
                work.prepare_cached(sql)?.query_row([account, kind], |row| row.get(0))?;
            Ok(until.and_then(|until| Timestamp::from_millisecond(until).ok()))
        })
        .await
    }

    /// Windows of catch-ups that wait after a failure wait no longer.
    pub async fn sync_hurry(&self, account: String, now: Timestamp) -> Result<(), StoreError> {
        self.work(move |work| {
            let sql = "UPDATE sync_window SET due_ms = ?2
                 WHERE account = ?1 AND lane = 0 AND state = 'waiting' AND due_ms > ?2";
            work.prepare_cached(sql)?.execute(params![account, now.as_millisecond()])?;
            Ok(())
        })
        .await
    }

    /// Kinds of which a catch-up has windows that are not read yet.
    pub async fn sync_catching_up(&self, account: String) -> Result<Vec<String>, StoreError> {
        self.work(move |work| {
            let sql =
                "SELECT DISTINCT kind FROM sync_window WHERE account = ?1 AND lane = 0 AND state = 'waiting'";
            let kinds = work
                .prepare_cached(sql)?
                .query_map([account], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(kinds)
        })
        .await
    }

    /// What has been read of a kind already, late enough to be whole: stretches, in no order.
    pub async fn sync_covered(
        &self,
        account: String,
        kind: String,
    ) -> Result<Vec<(Timestamp, Timestamp)>, StoreError> {
        self.sync_read(account, kind, SignedDuration::from_millis(LATE_MS)).await
    }

    /// What has been read of a kind at least so long after it happened: stretches, in no order.
    pub async fn sync_read(
        &self,
        account: String,
        kind: String,
        after: SignedDuration,
    ) -> Result<Vec<(Timestamp, Timestamp)>, StoreError> {
        self.work(move |work| {
            let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
            let sql = "SELECT from_ms, min(to_ms, due_ms - ?3) FROM sync_window
                 WHERE account = ?1 AND kind = ?2 AND state = 'done' AND from_ms < due_ms - ?3";
            let read = work
                .prepare_cached(sql)?
                .query_map(params![account, kind, after], |row| Ok((time(row, 0)?, time(row, 1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(read)
        })
        .await
    }

    /// Lets backfill and nightly runs rest, or go on.
    pub async fn sync_pause(&self, account: String, paused: bool) -> Result<(), StoreError> {
        self.work(move |work| {
            let sql = if paused {
                "INSERT OR IGNORE INTO sync_paused (account) VALUES (?1)"
            } else {
                "DELETE FROM sync_paused WHERE account = ?1"
            };
            work.execute(sql, [account])?;
            Ok(())
        })
        .await
    }

    /// Whether backfill and nightly runs rest.
    pub async fn sync_paused(&self, account: String) -> Result<bool, StoreError> {
        self.work(move |work| is_paused(work, &account)).await
    }

    /// How sync stands for an account.
    pub async fn sync_state(&self, account: String) -> Result<SyncState, StoreError> {
        self.work(move |work| {
            let sql = "SELECT id FROM sync_run WHERE account = ?1 AND (ended_ms IS NULL OR id IN
                     (SELECT id FROM sync_run WHERE account = ?1 AND ended_ms IS NOT NULL
                      ORDER BY ended_ms DESC LIMIT 20))
                 ORDER BY id DESC";
            let ids: Vec<i64> = work
                .prepare_cached(sql)?
                .query_map([&account], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(SyncState {
                paused: is_paused(work, &account)?,
                until: work
                    .prepare_cached("SELECT kind, until_ms FROM sync_mark WHERE account = ?1")?
                    .query_map([&account], |row| Ok((row.get(0)?, time(row, 1)?)))?
                    .collect::<Result<_, _>>()?,
                refused: refused(work, &account)?,
                runs: ids.into_iter().map(|id| run(work, id)).collect::<Result<_, _>>()?,
                troubles: troubles(work, &account)?,
            })
        })
        .await
    }
}

/// Notes what a step means for windows, items and runs.
fn note(work: &Transaction<'_>, step: &SyncStep, is_new: &[bool]) -> Result<SyncStepped, StoreError> {
    let now = step.now.as_millisecond();
    let mut stepped = SyncStepped {
        new_rows: is_new.iter().filter(|is_new| **is_new).count() as u64,
        ..SyncStepped::default()
    };
    for (row, is_new) in step.rows.iter().zip(is_new) {
        for follow in &row.follow {
            stepped.due |= add_item(work, step, follow, *is_new, now)?;
        }
    }
    for (item, fate) in &step.items {
        settle(work, &step.account, item, fate, now)?;
    }
    if let Some((id, stride)) = &step.window {
        stepped.until = stride_on(work, step, *id, stride, now)?;
    }
    let SyncRequests { light, medium, heavy } = step.requests;
    work.prepare_cached(
        "UPDATE sync_run SET light = light + ?2, medium = medium + ?3, heavy = heavy + ?4 WHERE id = ?1",
    )?
    .execute(params![step.run, light, medium, heavy])?;
    stepped.ended = end_runs(work, &step.account, now)?;
    Ok(stepped)
}

/// Has something asked for, unless it is here, or was given up and the run is none that reads again. Returns whether that is new.
fn add_item(
    work: &Transaction<'_>,
    step: &SyncStep,
    follow: &SyncFollow,
    is_new: bool,
    now: i64,
) -> Result<bool, StoreError> {
    let about = follow.about.map_or(0, Timestamp::as_millisecond);
    let found = work
        .prepare_cached(
            "SELECT state, due_ms, lane FROM sync_item WHERE account = ?1 AND kind = ?2 AND id = ?3",
        )?
        .query_row(params![step.account, follow.kind, follow.id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })
        .optional()?;
    let wanted = match found {
        None => is_new || follow.always,
        Some((state, due, lane)) => match state.as_str() {
            // Somebody with less time waits for it now.
            "due" => lane > step.lane.number(),
            "done" => {
                let settled = about + SETTLED_MS;
                is_new || follow.always || (about > 0 && due < settled && now >= settled)
            }
            _ => {
                is_new
                    || follow.always
                    || work
                        .prepare_cached("SELECT again FROM sync_run WHERE id = ?1")?
                        .query_row([step.run], |row| row.get(0))?
            }
        },
    };
    if wanted {
        work.prepare_cached(
            "INSERT INTO sync_item (account, kind, id, run, lane, about_ms, state, due_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'due', ?7)
             ON CONFLICT (account, kind, id) DO UPDATE SET run = excluded.run, lane = excluded.lane,
                 about_ms = excluded.about_ms, due_ms = excluded.due_ms, tries = iif(state = 'due', tries, 0),
                 state = 'due', reason = ''",
        )?
        .execute(params![
            step.account,
            follow.kind,
            follow.id,
            step.run,
            step.lane.number(),
            about,
            now
        ])?;
    }
    Ok(wanted)
}

fn settle(
    work: &Transaction<'_>,
    account: &str,
    item: &SyncItem,
    fate: &SyncFate,
    now: i64,
) -> Result<(), StoreError> {
    let (state, due, memo, reason, failed) = match fate {
        SyncFate::Done(memo) => ("done", now, Some(memo), "", 0),
        SyncFate::Again { due, reason } => ("due", due.as_millisecond(), None, reason.as_str(), 1),
        SyncFate::GivenUp { reason } => ("given_up", now, None, reason.as_str(), 1),
    };
    work.prepare_cached(
        "UPDATE sync_item SET state = ?4, due_ms = ?5, memo = coalesce(?6, memo), reason = ?7, tries = tries + ?8
         WHERE account = ?1 AND kind = ?2 AND id = ?3",
    )?
    .execute(params![account, item.kind, item.id, state, due, memo, reason, failed])?;
    Ok(())
}

/// Returns the window's kind and until when catch-ups have read it, if the window is theirs and has ended.
fn stride_on(
    work: &Transaction<'_>,
    step: &SyncStep,
    id: u64,
    stride: &SyncStride,
    now: i64,
) -> Result<Option<(String, Timestamp)>, StoreError> {
    let update = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        work.prepare_cached(&format!("UPDATE sync_window SET {sql} WHERE id = ?1"))?.execute(values)
    };
    match stride {
        SyncStride::Page { place, total } => {
            update(
                "token = ?2, pages = ?3, rows = ?4, total = coalesce(?5, total), tries = 0, reason = ''",
                params![id, place.token, place.pages, place.rows, total],
            )?;
            return Ok(None);
        }
        SyncStride::Again { due, reason, anew } => {
            update(
                "due_ms = ?2, reason = ?3, tries = tries + 1, token = iif(?4, NULL, token)",
                params![id, due.as_millisecond(), reason, anew],
            )?;
            return Ok(None);
        }
        SyncStride::Gap { due, reason } => {
            update(
                "due_ms = ?2, reason = ?3, gaps = gaps + 1, token = NULL, pages = 0, rows = 0",
                params![id, due.as_millisecond(), reason],
            )?;
            return Ok(None);
        }
        SyncStride::Done { pages, rows } => update(
            "state = 'done', token = NULL, pages = ?2, rows = ?3, due_ms = ?4, reason = ''",
            params![id, pages, rows, now],
        )?,
        SyncStride::Missing { reason } => update(
            "state = 'missing', token = NULL, due_ms = ?2, reason = ?3, tries = tries + 1",
            params![id, now, reason],
        )?,
        SyncStride::Split(parts) => {
            let kind: String =
                work.query_row("SELECT kind FROM sync_window WHERE id = ?1", [id], |row| row.get(0))?;
            for (from, to) in parts {
                let span = (from.as_millisecond(), to.as_millisecond());
                let run = i64::try_from(step.run).unwrap_or(i64::MAX);
                add_window(work, run, &step.account, step.lane.number(), &kind, span)?;
            }
            update("state = 'split', token = NULL, pages = 0, rows = 0, due_ms = ?2", params![id, now])?
        }
    };
    if step.lane != SyncLane::Live {
        return Ok(None);
    }
    let (kind, until): (String, i64) = work.query_row(
        "SELECT kind, coalesce(
             (SELECT min(from_ms) FROM sync_window AS other
              WHERE other.account = window.account AND other.kind = window.kind AND other.lane = 0
                AND (other.state = 'waiting' OR (other.state = 'missing' AND other.to_ms > ?2))),
             (SELECT to_ms FROM sync_run WHERE sync_run.id = window.run))
         FROM sync_window AS window WHERE id = ?1",
        params![id, now - LOST_MS],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    set_mark(work, &step.account, &kind, until)?;
    Ok(Timestamp::from_millisecond(until).ok().map(|until| (kind, until)))
}

fn add_window(
    work: &Transaction<'_>,
    run: i64,
    account: &str,
    lane: i64,
    kind: &str,
    (from, to): (i64, i64),
) -> Result<(), StoreError> {
    work.prepare_cached(
        "INSERT INTO sync_window (run, account, lane, kind, from_ms, to_ms, state, due_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 0)",
    )?
    .execute(params![run, account, lane, kind, from, to])?;
    Ok(())
}

/// Ends the runs that have nothing left to do now. What Zoom refuses, and what is not ready, they do not wait for.
fn end_runs(work: &Transaction<'_>, account: &str, now: i64) -> Result<Vec<SyncRun>, StoreError> {
    let ended: Vec<i64> = work
        .prepare_cached(
            "UPDATE sync_run SET ended_ms = ?2 WHERE account = ?1 AND ended_ms IS NULL
               AND NOT EXISTS (SELECT 1 FROM sync_window AS window
                   WHERE window.run = sync_run.id AND state = 'waiting' AND kind NOT IN
                       (SELECT kind FROM sync_refused WHERE sync_refused.account = ?1))
               AND NOT EXISTS (SELECT 1 FROM sync_item AS item
                   WHERE item.run = sync_run.id AND state = 'due' AND tries = 0 AND kind NOT IN
                       (SELECT kind FROM sync_refused WHERE sync_refused.account = ?1))
             RETURNING id",
        )?
        .query_map(params![account, now], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ended.into_iter().map(|id| run(work, id)).collect()
}

/// Forgets runs of this mode that ended and lack nothing, but for the last three; what backfills have read is kept, so
/// that it is not read again.
fn forget(work: &Transaction<'_>, account: &str, mode: &str) -> Result<(), StoreError> {
    if mode == "backfill" {
        return Ok(());
    }
    let old: Vec<i64> = work
        .prepare_cached(
            "SELECT id FROM sync_run WHERE account = ?1 AND mode = ?2 AND ended_ms IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM sync_window
                   WHERE run = sync_run.id AND state IN ('waiting', 'missing'))
             ORDER BY id DESC LIMIT -1 OFFSET 2",
        )?
        .query_map([account, mode], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in old {
        work.execute("DELETE FROM sync_window WHERE run = ?1", [id])?;
        work.execute("DELETE FROM sync_run WHERE id = ?1", [id])?;
    }
    Ok(())
}

fn set_mark(work: &Transaction<'_>, account: &str, kind: &str, until: i64) -> Result<(), StoreError> {
    work.prepare_cached(
        "INSERT INTO sync_mark (account, kind, until_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (account, kind) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)",
    )?
    .execute(params![account, kind, until])?;
    Ok(())
}

fn is_paused(work: &Transaction<'_>, account: &str) -> Result<bool, StoreError> {
    Ok(work.prepare_cached("SELECT 1 FROM sync_paused WHERE account = ?1")?.exists([account])?)
}

fn hash(arrival: &Arrival) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in [arrival.account.as_bytes(), arrival.door.as_str().as_bytes(), &arrival.body] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let whole = hasher.finalize();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

fn refused(work: &Transaction<'_>, account: &str) -> Result<Vec<SyncRefused>, StoreError> {
    let refused = work
        .prepare_cached("SELECT kind, scopes, since_ms, again_ms FROM sync_refused WHERE account = ?1")?
        .query_map([account], |row| {
            Ok(SyncRefused {
                kind: row.get(0)?,
                scopes: row.get(1)?,
                since: time(row, 2)?,
                again: time(row, 3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(refused)
}

fn troubles(work: &Transaction<'_>, account: &str) -> Result<Vec<SyncTrouble>, StoreError> {
    let mut troubles: Vec<SyncTrouble> = work
        .prepare_cached(
            "SELECT kind, from_ms, to_ms, state = 'missing', tries + gaps, due_ms, reason FROM sync_window
             WHERE account = ?1 AND (state = 'missing' OR (state = 'waiting' AND tries + gaps > 0)) ORDER BY id LIMIT ?2",
        )?
        .query_map(params![account, SHOWN], |row| {
            Ok(SyncTrouble {
                kind: row.get(0)?,
                what: format!("{} to {}", time(row, 1)?, time(row, 2)?),
                given_up: row.get(3)?,
                tries: row.get(4)?,
                due: time(row, 5)?,
                reason: row.get(6)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let item = |row: &Row<'_>| {
        Ok(SyncTrouble {
            kind: row.get(0)?,
            what: row.get(1)?,
            given_up: row.get(2)?,
            tries: row.get(3)?,
            due: time(row, 4)?,
            reason: row.get(5)?,
        })
    };
    for which in ["state = 'given_up'", "state = 'due' AND tries > 0"] {
        let sql = format!(
            "SELECT kind, id, state = 'given_up', tries, due_ms, reason FROM sync_item
             WHERE account = ?1 AND {which} ORDER BY due_ms LIMIT ?2"
        );
        let rows = work
            .prepare_cached(&sql)?
            .query_map(params![account, SHOWN], item)?
            .collect::<Result<Vec<_>, _>>()?;
        troubles.extend(rows);
    }
    Ok(troubles)
}

fn run(work: &Transaction<'_>, id: i64) -> Result<SyncRun, StoreError> {
    let mut run = work
        .prepare_cached(
            "SELECT id, mode, from_ms, to_ms, started_ms, ended_ms, light, medium, heavy FROM sync_run WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(SyncRun {
                id: row.get(0)?,
                mode: row.get(1)?,
                from: time(row, 2)?,
                to: time(row, 3)?,
                started: time(row, 4)?,
                ended: row.get::<_, Option<i64>>(5)?.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
                requests: SyncRequests { light: row.get(6)?, medium: row.get(7)?, heavy: row.get(8)? },
                kinds: Vec::new(),
                items: Vec::new(),
            })
        })?;
    run.kinds = work
        .prepare_cached(
            "SELECT kind, sum(state = 'done'), sum(state = 'waiting'), sum(state = 'missing'),
                 sum(iif(state = 'done', to_ms - from_ms, 0)), sum(iif(state = 'waiting', to_ms - from_ms, 0)),
                 sum(pages), sum(rows), sum(iif(state = 'waiting', max(coalesce(total, rows) - rows, 0), 0))
             FROM sync_window WHERE run = ?1 GROUP BY kind ORDER BY min(id)",
        )?
        .query_map([id], |row| {
            Ok(SyncKindProgress {
                kind: row.get(0)?,
                done: row.get(1)?,
                waiting: row.get(2)?,
                missing: row.get(3)?,
                done_ms: row.get(4)?,
                waiting_ms: row.get(5)?,
                pages: row.get(6)?,
                rows: row.get(7)?,
                rows_to_come: row.get(8)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    run.items = work
        .prepare_cached(
            "SELECT kind, sum(state = 'done'), sum(state = 'due'), sum(state = 'due' AND tries > 0),
                 sum(state = 'given_up')
             FROM sync_item WHERE run = ?1 GROUP BY kind",
        )?
        .query_map([id], |row| {
            Ok(SyncItemProgress {
                kind: row.get(0)?,
                done: row.get(1)?,
                due: row.get(2)?,
                not_ready: row.get(3)?,
                given_up: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(run)
}

fn window(row: &Row<'_>) -> rusqlite::Result<SyncWindow> {
    let token: Option<String> = row.get(6)?;
    let (pages, rows) = (row.get(7)?, row.get(8)?);
    Ok(SyncWindow {
        id: row.get(0)?,
        run: row.get(1)?,
        lane: SyncLane::of(row.get(2)?),
        kind: row.get(3)?,
        from: time(row, 4)?,
        to: time(row, 5)?,
        place: token.map(|token| SyncPlace { token, pages, rows }),
        tries: row.get(9)?,
        gaps: row.get(10)?,
    })
}

fn item(row: &Row<'_>) -> rusqlite::Result<SyncItem> {
    Ok(SyncItem {
        kind: row.get(0)?,
        id: row.get(1)?,
        memo: row.get(2)?,
        run: row.get(3)?,
        lane: SyncLane::of(row.get(4)?),
        tries: row.get(5)?,
    })
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let ms: i64 = row.get(column)?;
    Timestamp::from_millisecond(ms).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, ms))
}
