//! From the inbox to the read models: facts in, calls out, all in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::PoisonError,
};

use jiff::Timestamp;
use offhook_calls::{
    Alias, AliasKind, CallBook, CallFacts, CallKey, CallView, Change, State,
    normalize::{self, Reading},
};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Store, migrate, read};
use crate::{Entry, Folded, StoreError};

/// How many lines of the change feed are kept for those who come back.
const CHANGES_KEPT: u64 = 10_000;

impl Store {
    /// Takes up to `limit` entries after the watermark out of the inbox and folds them into calls. Read
    /// models, change feed and watermark move together or not at all. Blocks; call it from one thread.
    pub fn fold_next(&self, limit: usize) -> Result<Folded, StoreError> {
        let mut folder = self.inner.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let after = watermark(&folder)?;
        let entries = self.inner.arrivals.with(|inbox| read::entries_after(inbox, after, limit))?;
        fold(&mut folder, after, &entries)
    }
}

/// The number of the last inbox entry that is in the read models.
pub(super) fn watermark(calls: &Connection) -> Result<u64, StoreError> {
    Ok(read::mark(calls, "watermark")?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn fold(calls: &mut Connection, after: u64, entries: &[Entry]) -> Result<Folded, StoreError> {
    let mut folded = Folded { entries: entries.len(), watermark: after, ..Folded::default() };
    let Some(last) = entries.last() else {
        folded.change_seq = read::last_change(calls)?;
        return Ok(folded);
    };
    let readings: Vec<(&Entry, Reading)> = entries
        .iter()
        .map(|entry| {
            (entry, normalize::read(entry.arrival.door, &entry.arrival.account, &entry.arrival.body))
        })
        .collect();
    let transaction = calls.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut book = CallBook::default();
    for (_, reading) in &readings {
        for (fact, _) in &reading.facts {
            for name in &fact.names {
                if !book.holds(&fact.account, name)
                    && let Some(key) = key_of(&transaction, &fact.account, name)?
                {
                    load(&transaction, &mut book, &key)?;
                }
            }
        }
    }
    let mut told: BTreeMap<u64, BTreeSet<(String, Alias)>> = BTreeMap::new();
    for (entry, reading) in readings {
        let event = &entry.arrival.event;
        if let Some(problem) = reading.problem {
            folded.problems.push((problem, event.clone()));
        }
        folded.unfamiliar.extend(reading.unfamiliar.into_iter().map(|what| (event.clone(), what)));
        for (fact, heard) in reading.facts {
            if let Some(name) = fact.names.first() {
                told.entry(entry.seq).or_default().insert((fact.account.clone(), name.clone()));
            }
            book.absorb(fact, heard);
        }
    }
    for change in book.into_changes() {
        store(&transaction, &change)?;
        folded.calls += 1;
    }
    for (seq, names) in told {
        for (account, name) in names {
            if let Some(key) = key_of(&transaction, &account, &name)? {
                transaction
                    .prepare_cached("INSERT OR IGNORE INTO told (account, key, seq) VALUES (?1, ?2, ?3)")?
                    .execute(params![account, word(&key.name), seq])?;
                transaction
                    .prepare_cached(
                        "UPDATE call SET told_seq = max(told_seq, ?3) WHERE account = ?1 AND key = ?2",
                    )?
                    .execute(params![account, word(&key.name), seq])?;
            }
        }
    }
    set_mark(&transaction, "watermark", &last.seq.to_string())?;
    let newest = read::last_change(&transaction)?;
    transaction
        .prepare_cached("DELETE FROM change WHERE seq <= ?1")?
        .execute([newest.saturating_sub(CHANGES_KEPT)])?;
    transaction.commit()?;
    folded.watermark = last.seq;
    folded.change_seq = newest;
    Ok(folded)
}

pub(super) fn set_mark(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
        )?
        .execute([name, value])?;
    Ok(())
}

/// A key as one text.
pub(super) fn word(name: &Alias) -> String {
    format!("{}:{}", name.kind.as_str(), name.value)
}

/// A key from its text.
pub(super) fn unword(text: &str) -> Option<Alias> {
    let (kind, value) = text.split_once(':')?;
    Alias::new(AliasKind::from_word(kind)?, value)
}

/// The call that a name leads to.
fn key_of(calls: &Transaction<'_>, account: &str, name: &Alias) -> Result<Option<CallKey>, StoreError> {
    let key: Option<String> = calls
        .prepare_cached("SELECT key FROM alias WHERE value = ?1 AND account = ?2 AND kind = ?3")?
        .query_row([&name.value, account, name.kind.as_str()], |row| row.get(0))
        .optional()?;
    Ok(key.and_then(|key| unword(&key)).map(|name| CallKey { account: account.to_owned(), name }))
}

/// Puts a stored call, with all its names, into the book.
fn load(calls: &Transaction<'_>, book: &mut CallBook, key: &CallKey) -> Result<(), StoreError> {
    let stored = word(&key.name);
    let facts: Option<Vec<u8>> = calls
        .prepare_cached("SELECT facts FROM call WHERE account = ?1 AND key = ?2")?
        .query_row([&key.account, &stored], |row| row.get(0))
        .optional()?;
    let facts: CallFacts = match facts {
        Some(json) => serde_json::from_slice(&json)
            .map_err(|source| StoreError::Corrupt { what: format!("the call {stored}"), source })?,
        None => CallFacts::default(),
    };
    let names: Vec<Alias> = calls
        .prepare_cached("SELECT kind, value FROM alias WHERE account = ?1 AND key = ?2")?
        .query_map([&key.account, &stored], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?
        .filter_map(|row| {
            row.map(|(kind, value)| Alias::new(AliasKind::from_word(&kind)?, &value)).transpose()
        })
        .collect::<Result<_, _>>()?;
    book.insert(key, names, facts);
    Ok(())
}

/// Writes a changed call, its names and parts, and its line of the change feed.
fn store(calls: &Transaction<'_>, change: &Change) -> Result<(), StoreError> {
    let account = &change.key.account;
    let key = word(&change.key.name);
    for gone in &change.gone {
        let old = word(&gone.name);
        for delete in [
            "DELETE FROM call WHERE account = ?1 AND key = ?2",
            "DELETE FROM part WHERE account = ?1 AND key = ?2",
        ] {
            calls.prepare_cached(delete)?.execute([account, &old])?;
        }
        calls
            .prepare_cached("UPDATE OR REPLACE told SET key = ?3 WHERE account = ?1 AND key = ?2")?
            .execute([account, &old, &key])?;
        feed(calls, account, &old, true)?;
    }
    let view = CallView::of(&change.key, &change.names, &change.facts);
    let json = |what: &str, made: Result<Vec<u8>, serde_json::Error>| {
        made.map_err(|source| StoreError::Corrupt { what: format!("{what} of the call {key}"), source })
    };
    let view_json = json("the view", serde_json::to_vec(&view))?;
    let facts_json = json("the facts", serde_json::to_vec(&change.facts))?;
    let ms = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_millisecond);
    calls
        .prepare_cached(
            "INSERT INTO call (account, key, started_ms, last_ms, is_open, direction, state, result, view, facts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, CAST(?9 AS TEXT), ?10)
             ON CONFLICT (account, key) DO UPDATE SET started_ms = ?3, last_ms = ?4, is_open = ?5, direction = ?6,
                 state = ?7, result = ?8, view = CAST(?9 AS TEXT), facts = ?10",
        )?
        .execute(params![
            account,
            key,
            ms(view.started_at),
            ms(view.last_at),
            view.state != State::Ended,
            view.direction.as_str(),
            view.state.as_str(),
            view.result.map(|result| result.as_str()),
            view_json,
            facts_json,
        ])?;
    for name in &change.names {
        calls
            .prepare_cached(
                "INSERT INTO alias (account, value, kind, key) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET key = ?4 WHERE key <> ?4",
            )?
            .execute([account, &name.value, name.kind.as_str(), &key])?;
    }
    calls.prepare_cached("DELETE FROM part WHERE account = ?1 AND key = ?2")?.execute([account, &key])?;
    for (kind, value) in parts(&view) {
        calls
            .prepare_cached("INSERT OR IGNORE INTO part (kind, value, account, key) VALUES (?1, ?2, ?3, ?4)")?
            .execute([kind, &value, account, &key])?;
    }
    feed(calls, account, &key, false)
}

fn feed(calls: &Transaction<'_>, account: &str, key: &str, gone: bool) -> Result<(), StoreError> {
    calls
        .prepare_cached("INSERT INTO change (account, key, gone) VALUES (?1, ?2, ?3)")?
        .execute(params![account, key, gone])?;
    Ok(())
}

/// Everybody and everything in a call, for lists.
fn parts(view: &CallView) -> BTreeSet<(&'static str, String)> {
    let mut parts = BTreeSet::new();
    let operators = view.elements.iter().filter_map(|element| element.operator.as_ref());
    let ends = view.elements.iter().flat_map(|element| [&element.from, &element.to]).flatten();
    let everybody = view
        .legs
        .iter()
        .map(|leg| &leg.party)
        .chain(view.from.iter())
        .chain(view.to.iter())
        .chain(operators)
        .chain(ends);
    for party in everybody {
        for (kind, value) in [("user", &party.user_id), ("extension", &party.extension_number)] {
            parts.extend(value.clone().map(|value| (kind, value)));
        }
        parts.extend(party.number.as_deref().and_then(reversed_digits).map(|digits| ("number", digits)));
        if party.kind == offhook_calls::PartyKind::CallQueue {
            parts.extend(party.extension_number.clone().map(|value| ("queue", value)));
        }
    }
    let queues = view.queue.iter().chain(view.legs.iter().filter_map(|leg| leg.queue.as_ref()));
    parts.extend(queues.filter_map(|queue| queue.extension_number.clone()).map(|value| ("queue", value)));
    parts
}

/// The digits of a telephone number from the last to the first, so that a look-up by its end is a look-up
/// by a beginning. `None` without a digit.
pub(super) fn reversed_digits(number: &str) -> Option<String> {
    let digits: String = number.chars().rev().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

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
    let old = match migrate::calls(&old_path) {
        Ok(old) => Some(old),
        Err(StoreError::Damaged(_)) => None,
        Err(error) => return Err(error),
    };
    let total: u64 = inbox.query_row("SELECT count(*) FROM arrival", [], |row| row.get(0))?;
    let mut done = 0;
    let mut after = 0;
    loop {
        let entries = read::entries_after(&inbox, after, 512)?;
        if entries.is_empty() {
            break;
        }
        done += entries.len() as u64;
        after = fold(&mut new, after, &entries)?.watermark;
        progress(done, total);
    }
    let mut identical = None;
    let mut last_change = read::last_change(&new)?;
    if let Some(old) = &old {
        if watermark(old)? == after {
            identical = Some(same(old, &new)?);
        }
        // A client that comes back with a number of the old feed must not meet another change under it.
        last_change = last_change.max(read::last_change(old)?);
        carry_marks(old, &new)?;
    }
    new.execute("DELETE FROM change", [])?;
    read::set_last_change(&new, last_change)?;
    let calls = new.query_row("SELECT count(*) FROM call", [], |row| row.get(0))?;
    // Everything into the one file that is moved into place; nobody else has it open, so nothing is busy.
    new.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    drop(old);
    drop(new);
    remove_log(&old_path)?;
    std::fs::rename(&new_path, &old_path)
        .map_err(|source| StoreError::Directory { path: old_path.clone(), source })?;
    remove_log(&new_path)?;
    super::sync_directory(directory)?;
    Ok(Rebuilt { entries: done, calls, identical })
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

/// Whether two sets of read models are equal, byte for byte.
fn same(old: &Connection, new: &Connection) -> Result<bool, StoreError> {
    for table in [
        "SELECT account || '/' || key, view, facts FROM call ORDER BY account, key",
        "SELECT account || '/' || value || '/' || kind, key, '' FROM alias ORDER BY value, account, kind",
        "SELECT kind || '/' || value, account || '/' || key, '' FROM part ORDER BY kind, value, account, key",
        "SELECT account || '/' || key, CAST(seq AS TEXT), '' FROM told ORDER BY account, key, seq",
    ] {
        let (mut old, mut new) = (old.prepare(table)?, new.prepare(table)?);
        let (mut old, mut new) = (old.query([])?, new.query([])?);
        loop {
            match (old.next()?, new.next()?) {
                (None, None) => break,
                (Some(old), Some(new)) => {
                    for column in 0..3 {
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
