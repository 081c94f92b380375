//! The read models made anew from the inbox.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use rusqlite::{Connection, Row, params, types::ValueRef};

use super::{
    fold::{Told, fold, set_mark, watermark},
    migrate, packed, read,
    row::{COLUMNS, Call, hash, word},
};
use crate::StoreError;

/// Entries of one transaction. The larger, the fewer calls are read and written again.
const BATCH: usize = 4096;

/// Memory for pages of the new file.
const CACHE_KIB: i64 = 128 * 1024;

/// Batches that are read ahead while one is folded.
const AHEAD: usize = 2;

/// What a rebuild came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Inbox entries read.
    pub entries: u64,
    /// Calls made of them.
    pub calls: u64,
    /// The read models are what they were, byte for byte. `None` when the old ones had not yet taken in
    /// the whole inbox, or cannot be read at all, so that there is nothing to compare.
    pub identical: Option<bool>,
}

/// Makes the read models of a data directory anew from its inbox, and says whether they came out as they
/// were. `progress` hears how many entries are done, and of how many. Nobody else may have the directory
/// open. The old read models stay in place until the new ones are complete.
pub fn rebuild(directory: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Rebuilt, StoreError> {
    let _lock = super::lock(directory)?;
    let inbox_path = directory.join("inbox.db");
    drop(migrate::inbox(&inbox_path)?);
    let inbox = migrate::reader(&inbox_path)?;
    let new_path = directory.join("calls.db.new");
    let old_path = directory.join("calls.db");
    remove(&new_path)?;
    let mut new = migrate::calls(&new_path)?;
    // Until it is complete, this file is worth nothing: no journal, no waiting for the disk but once at the end.
    new.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    new.pragma_update(None, "synchronous", "OFF")?;
    new.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let old = match migrate::calls(&old_path) {
        Ok(old) => Some(old),
        Err(StoreError::Damaged(_)) => None,
        Err(error) => return Err(error),
    };
    let total: u64 = inbox.query_row("SELECT count(*) FROM arrival", [], |row| row.get(0))?;
    let (done, after) = refold(inbox, &mut new, |done| progress(done, total))?;
    let mut identical = None;
    let mut last_change = read::last_change(&new)?;
    if let Some(old) = &old {
        let compare = || if watermark(old)? == after { same(old, &new).map(Some) } else { Ok(None) };
        identical = if_readable(compare())?.flatten();
        // A client that comes back with a number of the old feed must not meet another change under it.
        last_change = last_change.max(if_readable(read::last_change(old))?.unwrap_or(0));
        if_readable(carry_marks(old, &new))?;
        if_readable(carry_moved(old, &new))?;
    }
    read::set_last_change(&new, last_change)?;
    let calls = new.query_row("SELECT count(*) FROM call", [], |row| row.get(0))?;
    drop(old);
    drop(new);
    sync(&new_path)?;
    remove_log(&old_path)?;
    std::fs::rename(&new_path, &old_path)
        .map_err(|source| StoreError::Directory { path: old_path.clone(), source })?;
    remove_log(&new_path)?;
    super::sync_directory(directory)?;
    Ok(Rebuilt { entries: done, calls, identical })
}

/// Folds the whole inbox: one thread reads, this one folds. Returns how many entries, and the number of the last.
fn refold(
    inbox: Connection,
    new: &mut Connection,
    mut progress: impl FnMut(u64),
) -> Result<(u64, u64), StoreError> {
    thread::scope(|scope| {
        let (tell, told) = mpsc::sync_channel(AHEAD);
        scope.spawn(move || {
            let mut after = 0;
            loop {
                let entries = read::entries_after(&inbox, after, BATCH);
                let batch = entries.map(|entries| {
                    after = entries.last().map_or(after, |entry| entry.seq);
                    entries.iter().map(Told::of).collect::<Vec<_>>()
                });
                let over = batch.as_ref().map_or(true, Vec::is_empty);
                // Nobody listens any more if folding failed.
                if tell.send(batch).is_err() || over {
                    break;
                }
            }
        });
        let (mut done, mut after) = (0, 0);
        for batch in told {
            let folded = fold(new, batch?, false)?;
            done += folded.entries as u64;
            after = folded.watermark.max(after);
            if folded.entries > 0 {
                progress(done);
            }
        }
        Ok((done, after))
    })
}

/// What the old read models say, unless their file is damaged at that place.
fn if_readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    use rusqlite::{
        Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType},
        ErrorCode::{DatabaseCorrupt, NotADatabase},
    };
    match read {
        Err(StoreError::Corrupt { .. }) => Ok(None),
        Err(StoreError::Database(cause))
            if matches!(cause.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
                || matches!(
                    cause,
                    FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)
                ) =>
        {
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// Notes that are no read models, such as the time of the last reconcile, go along.
fn carry_marks(old: &Connection, new: &Connection) -> Result<(), StoreError> {
    let mut marks = old.prepare("SELECT name, value FROM meta WHERE name <> 'watermark'")?;
    for mark in marks.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
        let (name, value) = mark?;
        set_mark(new, &name, &value)?;
    }
    Ok(())
}

/// Which calls moved depends on the order in which entries were folded, and exports have told of it: what was so stays.
fn carry_moved(old: &Connection, new: &Connection) -> Result<(), StoreError> {
    let mut moved = old.prepare("SELECT account, key, seq FROM moved")?;
    let mut insert = new.prepare("INSERT OR REPLACE INTO moved (account, key, seq) VALUES (?1, ?2, ?3)")?;
    let mut rows = moved.query([])?;
    while let Some(row) = rows.next()? {
        insert.execute(params![row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, u64>(2)?])?;
    }
    Ok(())
}

/// What of a call's row must be the same, beside its key and facts.
const CALL: &str = "call.started_ms, call.last_ms, call.is_open, call.direction, call.state, call.result,
    call.told_seq";

/// Whether two sets of read models say the same, byte for byte. Rows have other numbers in each.
fn same(old: &Connection, new: &Connection) -> Result<bool, StoreError> {
    for table in ["call", "alias", "part", "told"] {
        let count = |of: &Connection| {
            of.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u64>(0))
        };
        if count(old)? != count(new)? {
            return Ok(false);
        }
    }
    if !same_asides(old, new)? {
        return Ok(false);
    }
    let mut calls = new.prepare(&format!("SELECT {COLUMNS}, {CALL} FROM call"))?;
    let mut twins = old.prepare(&format!(
        "SELECT {COLUMNS}, {CALL} FROM alias JOIN call ON call.id = alias.call
         WHERE alias.hash = ?1 AND call.key = ?2 AND call.account = (SELECT id FROM account WHERE name = ?3)"
    ))?;
    let mut rows = calls.query([])?;
    while let Some(row) = rows.next()? {
        let call = Call::read(row)?;
        let mut twin =
            twins.query(params![hash(&call.key.name.value), word(&call.key.name), call.key.account])?;
        let Some(twin) = twin.next()? else { return Ok(false) };
        for column in 4..11 {
            if row.get_ref(column)? != twin.get_ref(column)? {
                return Ok(false);
            }
        }
        let id: i64 = twin.get(0)?;
        if !same_facts(twin, row)? || listed(old, id)? != listed(new, call.id)? {
            return Ok(false);
        }
        for (calls, id) in [(old, id), (new, call.id)] {
            let mut known = calls.prepare_cached("SELECT 1 FROM alias WHERE hash = ?1 AND call = ?2")?;
            for name in &call.names {
                if !known.exists([hash(&name.value), id])? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Whether what belongs to no call is the same in both.
fn same_asides(old: &Connection, new: &Connection) -> Result<bool, StoreError> {
    for (table, columns) in [
        ("extension", "account, extension_id, user_id, number, name, email"),
        ("wiped", "account, user_id, at_ms, to_trash"),
        ("text", "kind, id, account, session, at_ms, told"),
        ("correspondent", "kind, account, id, number"),
    ] {
        let sorted = format!("SELECT {columns} FROM {table} ORDER BY {columns}");
        let width = columns.split(',').count();
        let (mut old, mut new) = (old.prepare(&sorted)?, new.prepare(&sorted)?);
        let (mut old, mut new) = (old.query([])?, new.query([])?);
        loop {
            match (old.next()?, new.next()?) {
                (None, None) => break,
                (Some(old), Some(new)) => {
                    for column in 0..width {
                        if old.get_ref(column)? != new.get_ref(column)? {
                            return Ok(false);
                        }
                    }
                }
                _ => return Ok(false),
            }
        }
    }
    Ok(true)
}

/// Another version of the library may compress the same facts to other bytes.
fn same_facts(old: &Row<'_>, new: &Row<'_>) -> Result<bool, StoreError> {
    let (old, new) = (old.get_ref(3)?, new.get_ref(3)?);
    let unpacked = |facts: ValueRef<'_>| facts.as_blob().ok().and_then(|facts| packed::unpack(facts).ok());
    Ok(old == new || unpacked(old).is_some_and(|facts| unpacked(new) == Some(facts)))
}

/// What a call is listed by, and which entries told of it.
fn listed(calls: &Connection, call: i64) -> Result<Vec<(String, String, i64)>, StoreError> {
    let listed = calls
        .prepare_cached(
            "SELECT kind, value, started_ms FROM part JOIN subject ON subject.id = subject WHERE call = ?1
             UNION ALL SELECT 'told', '', seq FROM told WHERE call = ?1
             ORDER BY 1, 2, 3",
        )?
        .query_map([call], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    Ok(listed)
}

/// Waits until a file is on the disk.
fn sync(path: &Path) -> Result<(), StoreError> {
    std::fs::File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|source| StoreError::Directory { path: path.to_owned(), source })
}

fn remove(path: &Path) -> Result<(), StoreError> {
    remove_log(path)?;
    remove_file(path)
}

/// SQLite's own files beside a database.
fn remove_log(path: &Path) -> Result<(), StoreError> {
    for end in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        remove_file(&PathBuf::from(name))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Directory { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
