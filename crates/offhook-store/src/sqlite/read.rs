//! Questions to the inbox and the read models.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use offhook_calls::{AliasKind, CallView, STALE_AFTER, State, normalize::Door};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::{
    Store,
    fold::{reversed_digits, set_mark, watermark},
    people::extensions_of,
    row::{COLUMNS, Call, hash, unword, word},
};
use crate::{Arrival, CallFilter, CallPage, Changes, Cursor, Entry, Match, OpenCalls, StoreError};

/// Shorter ends of numbers would match half the world.
const SHORTEST_NUMBER: usize = 4;

impl Store {
    /// Calls that are open at `now`, and those that ended within `recent_ms` before it.
    pub async fn open_calls(&self, now: Timestamp, recent_ms: i64) -> Result<OpenCalls, StoreError> {
        self.read(move |calls| {
            // One transaction, so that the calls are those of exactly this change.
            let transaction = calls.unchecked_transaction()?;
            let seq = last_change(&transaction)?;
            let now_ms = now.as_millisecond();
            let calls = transaction
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM call WHERE is_open AND last_ms >= ?1
                     UNION ALL
                     SELECT {COLUMNS} FROM call WHERE NOT is_open AND started_ms >= ?1 AND last_ms >= ?2"
                ))?
                .query_and_then([now_ms - stale_ms(), now_ms - recent_ms], |row| view(&transaction, row))?
                .collect::<Result<_, _>>()?;
            Ok(OpenCalls { seq, calls })
        })
        .await
    }

    /// The newest number in the change feed.
    pub async fn last_change(&self) -> Result<u64, StoreError> {
        self.read(last_change).await
    }

    /// Makes the numbers that the feed gives out from now on larger than any it gave before, even if the
    /// file was made anew or went back to an earlier moment when the power failed. A client that comes back
    /// with an old number then never takes another change for one it has seen.
    pub async fn advance_changes(&self, now: Timestamp) -> Result<(), StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let folder = inner.folder.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // Faster than a number a microsecond no machine folds; a browser counts exactly up to 2^53.
            let number = last_change(&folder)?.max(u64::try_from(now.as_microsecond()).unwrap_or(0));
            set_last_change(&folder, number)
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }

    /// What changed after `seq`, at most `limit` lines of the feed. `None` when the feed no longer reaches
    /// back that far, or never gave out that number: then start from [`Store::open_calls`].
    pub async fn changes_after(&self, seq: u64, limit: usize) -> Result<Option<Changes>, StoreError> {
        self.read(move |calls| {
            let transaction = calls.unchecked_transaction()?;
            changes_after(&transaction, seq, limit)
        })
        .await
    }

    /// The call that any of its ids leads to. Where one text is two kinds of id, the kind that is preferred
    /// as a call's name wins.
    pub async fn call(&self, account: Option<String>, id: &str) -> Result<Option<CallView>, StoreError> {
        let id = id.trim().to_owned();
        self.read(move |calls| {
            Ok(by_alias(calls, account.as_deref(), &id)?.into_iter().next().map(|found| found.call))
        })
        .await
    }

    /// Calls as of `now`, newest first, a page at a time.
    pub async fn calls(
        &self,
        filter: CallFilter,
        after: Option<Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<CallPage, StoreError> {
        self.read(move |calls| list(calls, &filter, after.as_ref(), limit, now)).await
    }

    /// Calls found by something a person typed: any id, a telephone number or its end, an extension.
    pub async fn search(
        &self,
        account: Option<String>,
        text: &str,
        limit: usize,
    ) -> Result<Vec<Match>, StoreError> {
        let text = text.trim().to_owned();
        self.read(move |calls| {
            let account = account.as_deref();
            let mut found = by_alias(calls, account, &text)?;
            if found.is_empty() {
                found = by_part(calls, account, &text, limit)?;
            }
            found.truncate(limit);
            Ok(found)
        })
        .await
    }

    /// The inbox entries that told of a call, oldest first.
    pub async fn entries_of(&self, account: &str, id: &str) -> Result<Vec<Entry>, StoreError> {
        let (account, id) = (account.to_owned(), id.to_owned());
        let numbers: BTreeSet<u64> = self
            .read(move |calls| {
                let mut numbers = BTreeSet::new();
                let mut told = calls.prepare_cached("SELECT seq FROM told WHERE call = ?1")?;
                for (call, _) in named(calls, Some(&account), &id)? {
                    for seq in told.query_map([call.id], |row| row.get(0))? {
                        numbers.insert(seq?);
                    }
                }
                Ok(numbers)
            })
            .await?;
        self.read_inbox(move |inbox| numbers.into_iter().map(|seq| one_entry(inbox, seq)).collect()).await
    }

    /// Inbox entries after `seq`, oldest first.
    pub async fn entries_after(&self, seq: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.read_inbox(move |inbox| entries_after(inbox, seq, limit)).await
    }

    /// The last `limit` inbox entries, oldest first.
    pub async fn last_entries(&self, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.read_inbox(move |inbox| {
            let mut entries: Vec<Entry> = inbox
                .prepare_cached(&format!("{ENTRY} ORDER BY seq DESC LIMIT ?1"))?
                .query_map([limit], entry)?
                .collect::<Result<_, _>>()?;
            entries.reverse();
            Ok(entries)
        })
        .await
    }

    /// When the newest entry that came by this door arrived.
    pub async fn last_arrival(&self, door: Door) -> Result<Option<Timestamp>, StoreError> {
        self.read_inbox(move |inbox| {
            let ms: Option<i64> = inbox
                .prepare_cached("SELECT received_at FROM arrival WHERE door = ?1 ORDER BY seq DESC LIMIT 1")?
                .query_row([door.as_str()], |row| row.get(0))
                .optional()?;
            Ok(ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
        })
        .await
    }

    /// When the first entry that came by this door arrived.
    pub async fn first_arrival(&self, door: Door) -> Result<Option<Timestamp>, StoreError> {
        self.read_inbox(move |inbox| {
            let ms: Option<i64> = inbox
                .prepare_cached("SELECT received_at FROM arrival WHERE door = ?1 ORDER BY seq LIMIT 1")?
                .query_row([door.as_str()], |row| row.get(0))
                .optional()?;
            Ok(ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
        })
        .await
    }

    /// The number of the last inbox entry that is in the read models.
    pub async fn watermark(&self) -> Result<u64, StoreError> {
        self.read(watermark).await
    }

    /// A note kept under a name.
    pub async fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.read(move |calls| mark(calls, &name)).await
    }

    /// Keeps a note under a name.
    pub async fn set_mark(&self, name: String, value: String) -> Result<(), StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let folder = inner.folder.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            set_mark(&folder, &name, &value)
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }
}

fn stale_ms() -> i64 {
    i64::try_from(STALE_AFTER.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn mark(calls: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(calls
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// The newest number the change feed has given out, even if that line is gone by now.
pub(super) fn last_change(calls: &Connection) -> Result<u64, StoreError> {
    Ok(calls
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'change'")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

fn changes_after(calls: &Connection, seq: u64, limit: usize) -> Result<Option<Changes>, StoreError> {
    let newest = last_change(calls)?;
    let oldest: Option<u64> = calls.query_row("SELECT min(seq) FROM change", [], |row| row.get(0))?;
    // The feed is empty at first and after a rebuild; then only the newest number itself is up to date.
    let reaches_back = seq <= newest && oldest.map_or(seq == newest, |oldest| seq + 1 >= oldest);
    if !reaches_back {
        return Ok(None);
    }
    let mut changes = Changes { seq, ..Changes::default() };
    let mut keys = BTreeMap::new();
    let mut feed = calls
        .prepare_cached("SELECT seq, account, key, gone FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let lines = feed.query_map(params![seq, limit], |row| {
        Ok((
            row.get::<_, u64>(0)?,
            (row.get::<_, String>(1)?, row.get::<_, String>(2)?),
            row.get::<_, bool>(3)?,
        ))
    })?;
    for line in lines {
        let (seq, key, gone) = line?;
        changes.seq = seq;
        keys.insert(key, gone);
    }
    for ((account, key), gone) in keys {
        let Some(name) = unword(&key) else { continue };
        let found = named(calls, Some(&account), &name.value)?;
        if let Some((call, _)) = found.iter().find(|(call, _)| call.key.name == name) {
            changes.calls.push(call.view(calls)?);
        } else if gone {
            changes.gone.push(name.value);
        }
    }
    changes.more = changes.seq < newest;
    Ok(Some(changes))
}

pub(super) fn set_last_change(calls: &Connection, number: u64) -> Result<(), StoreError> {
    calls.execute("DELETE FROM sqlite_sequence WHERE name = 'change'", [])?;
    calls.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('change', ?1)", [number])?;
    Ok(())
}

const ENTRY: &str = "SELECT seq, received_at, door, account, event, event_ts, late, body FROM arrival";

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let door: String = row.get(2)?;
    let body: Vec<u8> = row.get(7)?;
    Ok(Entry {
        seq: row.get(0)?,
        arrival: Arrival {
            received_at: Timestamp::from_millisecond(row.get(1)?).unwrap_or(Timestamp::UNIX_EPOCH),
            door: Door::from_word(&door).unwrap_or(Door::Webhook),
            account: row.get(3)?,
            event: row.get(4)?,
            event_ts: row.get(5)?,
            late: row.get(6)?,
            body: body.into(),
        },
    })
}

/// The entry of this number.
pub(super) fn one_entry(inbox: &Connection, seq: u64) -> Result<Entry, StoreError> {
    Ok(inbox.prepare_cached(&format!("{ENTRY} WHERE seq = ?1"))?.query_row([seq], entry)?)
}

pub(super) fn entries_after(inbox: &Connection, seq: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
    Ok(inbox
        .prepare_cached(&format!("{ENTRY} WHERE seq > ?1 ORDER BY seq LIMIT ?2"))?
        .query_map(params![seq, limit], entry)?
        .collect::<Result<_, _>>()?)
}

pub(super) fn entries_named(inbox: &Connection, event: &str, seq: u64) -> Result<Vec<Entry>, StoreError> {
    Ok(inbox
        .prepare_cached(&format!("{ENTRY} WHERE seq > ?1 AND event = ?2 ORDER BY seq"))?
        .query_map(params![seq, event], entry)?
        .collect::<Result<_, _>>()?)
}

fn view(calls: &Connection, row: &Row<'_>) -> Result<CallView, StoreError> {
    Call::read(row)?.view(calls)
}

/// The calls that this id leads to, and as what kind.
pub(super) fn named(
    calls: &Connection,
    account: Option<&str>,
    id: &str,
) -> Result<Vec<(Call, AliasKind)>, StoreError> {
    let mut found = Vec::new();
    let mut by_hash = calls.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM alias JOIN call ON call.id = alias.call WHERE alias.hash = ?1"
    ))?;
    for call in by_hash.query_and_then([hash(id)], Call::read)? {
        let call = call?;
        let is_asked_for = account.is_none_or(|account| account == call.key.account);
        // Names are sorted: the preferred kind comes first. None: another id has the same hash.
        if let Some(name) = call.names.iter().find(|name| is_asked_for && name.value == id) {
            let kind = name.kind;
            found.push((call, kind));
        }
    }
    Ok(found)
}

fn by_alias(calls: &Connection, account: Option<&str>, id: &str) -> Result<Vec<Match>, StoreError> {
    let mut found = named(calls, account, id)?;
    found.sort_by(|(a, a_kind), (b, b_kind)| (a_kind, &a.key).cmp(&(b_kind, &b.key)));
    let matches = found.into_iter().map(|(call, kind)| {
        Ok(Match { kind: kind.as_str().to_owned(), value: id.to_owned(), call: call.view(calls)? })
    });
    matches.collect()
}

fn by_part(
    calls: &Connection,
    account: Option<&str>,
    text: &str,
    limit: usize,
) -> Result<Vec<Match>, StoreError> {
    let mut subjects = subjects(calls, account, "extension", text, text)?;
    subjects.extend(users(calls, account, text)?);
    if let Some(digits) = number_end(text) {
        subjects.extend(self::subjects(calls, account, "number", &digits, &format!("{digits}:"))?);
    }
    // The newest of each, and of these the newest: no more rows are looked at than are asked for.
    let mut newest = Vec::new();
    let mut of_one = calls.prepare_cached(
        "SELECT started_ms, call FROM part WHERE subject = ?1 ORDER BY started_ms DESC LIMIT ?2",
    )?;
    for (number, subject) in subjects.iter().enumerate() {
        for row in of_one.query_map(params![subject.id, limit], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (started_ms, call): (i64, i64) = row?;
            newest.push((Reverse(started_ms), call, number));
        }
    }
    newest.sort_unstable();
    // A person and a number may both lead to one call: its first match counts.
    newest.dedup_by_key(|(_, call, _)| *call);
    newest.truncate(limit);
    let mut one = calls.prepare_cached(&format!("SELECT {COLUMNS} FROM call WHERE id = ?1"))?;
    let mut found = Vec::new();
    for (_, call, number) in newest {
        for call in one.query_and_then([call], |row| view(calls, row))? {
            let Subject { kind, value, .. } = &subjects[number];
            let value = if kind == "number" { value.chars().rev().collect() } else { value.clone() };
            found.push(Match { kind: kind.clone(), value, call: call? });
        }
    }
    Ok(found)
}

/// Somebody or something that calls are listed by.
struct Subject {
    id: i64,
    kind: String,
    value: String,
}

/// The subjects of a kind whose values are in a range.
fn subjects(
    calls: &Connection,
    account: Option<&str>,
    kind: &str,
    low: &str,
    high: &str,
) -> Result<Vec<Subject>, StoreError> {
    let found = calls
        .prepare_cached(
            "SELECT id, kind, value FROM subject WHERE kind = ?1 AND value BETWEEN ?2 AND ?3
             AND (?4 IS NULL OR account = (SELECT id FROM account WHERE name = ?4))",
        )?
        .query_map(params![kind, low, high, account], |row| {
            Ok(Subject { id: row.get(0)?, kind: row.get(1)?, value: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// A user, and the extensions under which records know somebody of whom they know no user id.
fn users(calls: &Connection, account: Option<&str>, user_id: &str) -> Result<Vec<Subject>, StoreError> {
    let mut found = subjects(calls, account, "user", user_id, user_id)?;
    for extension_id in extensions_of(calls, account, user_id)? {
        let mut by_extension = subjects(calls, account, "extension_id", &extension_id, &extension_id)?;
        for subject in &mut by_extension {
            (subject.kind, subject.value) = ("user".to_owned(), user_id.to_owned());
        }
        found.extend(by_extension);
    }
    Ok(found)
}

/// What a person typed, as the end of a number, reversed; `None` if it is no number, or too short a one.
/// `:` is the character after `9`, so `digits..=digits:` spans all that begin so.
pub(super) fn number_end(text: &str) -> Option<String> {
    let looks_like_one = text.chars().all(|c| c.is_ascii_digit() || "+-(). /".contains(c));
    reversed_digits(text).filter(|digits| looks_like_one && digits.len() >= SHORTEST_NUMBER)
}

fn list(
    calls: &Connection,
    filter: &CallFilter,
    after: Option<&Cursor>,
    limit: usize,
    now: Timestamp,
) -> Result<CallPage, StoreError> {
    let (sql, values) = listing(calls, filter, after, limit, now)?;
    let mut rows = calls
        .prepare_cached(&sql)?
        .query_and_then(rusqlite::params_from_iter(values.iter()), |row| {
            let call = Call::read(row)?;
            let after = format!("{}/{}", call.key.account, word(&call.key.name));
            Ok((call.view(calls)?, Cursor { started_ms: row.get(4)?, after }))
        })?
        .collect::<Result<Vec<(CallView, Cursor)>, StoreError>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(|(_, cursor)| cursor.clone()) } else { None };
    Ok(CallPage { calls: rows.into_iter().map(|(call, _)| call).collect(), next })
}

/// Where a call stands among those that began at the same moment.
const PLACE: &str = "(SELECT name FROM account WHERE account.id = call.account) || '/' || call.key";

/// The query for a page of a list, and its values.
fn listing(
    calls: &Connection,
    filter: &CallFilter,
    after: Option<&Cursor>,
    limit: usize,
    now: Timestamp,
) -> Result<(String, Vec<Box<dyn ToSql>>), StoreError> {
    let account = filter.account.as_deref();
    // One list of subjects for each thing asked for; a call must be in all of them.
    let mut of_subjects: Vec<Vec<Subject>> = Vec::new();
    if let Some(queue) = &filter.queue {
        of_subjects.push(subjects(calls, account, "queue", queue, queue)?);
    }
    if let Some(person) = &filter.person {
        let mut either = users(calls, account, person)?;
        either.extend(subjects(calls, account, "extension", person, person)?);
        of_subjects.push(either);
    }
    if let Some(number) = &filter.number {
        // A number too short to look up matches nothing rather than everything.
        of_subjects.push(match number_end(number) {
            Some(digits) => subjects(calls, account, "number", &digits, &format!("{digits}:"))?,
            None => Vec::new(),
        });
    }
    if filter.conflict {
        of_subjects.push(subjects(calls, account, "conflict", "", "")?);
    }
    let numbers = |subjects: &[Subject]| -> String {
        subjects.iter().map(|subject| subject.id.to_string()).collect::<Vec<_>>().join(",")
    };
    let started = if of_subjects.is_empty() { "call.started_ms" } else { "part.started_ms" };
    let mut of_subjects = of_subjects.iter();
    // The first list leads, newest first; the others are looked up.
    let mut sql = match of_subjects.next().map(Vec::as_slice) {
        None => format!("SELECT {COLUMNS}, call.started_ms FROM call WHERE true"),
        Some([one]) => format!(
            "SELECT {COLUMNS}, part.started_ms FROM part CROSS JOIN call ON call.id = part.call
             WHERE part.subject = {}",
            one.id
        ),
        Some(several) => format!(
            "SELECT {COLUMNS}, part.started_ms
             FROM (SELECT DISTINCT started_ms, call FROM part WHERE subject IN ({})) AS part
             CROSS JOIN call ON call.id = part.call WHERE true",
            numbers(several)
        ),
    };
    for others in of_subjects {
        let condition = format!(
            " AND EXISTS (SELECT 1 FROM part AS other WHERE other.subject IN ({}) AND other.started_ms = call.started_ms
              AND other.call = call.id)",
            numbers(others)
        );
        sql.push_str(&condition);
    }
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut also = |condition: &str, value: Box<dyn ToSql>| {
        values.push(value);
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('?', &format!("?{}", values.len())));
    };
    if let Some(account) = &filter.account {
        also("call.account = (SELECT id FROM account WHERE name = ?)", Box::new(account.clone()));
    }
    if let Some(direction) = filter.direction {
        also("direction = ?", Box::new(direction.as_str()));
    }
    if let Some(state) = filter.state {
        // As `CallView::as_of` shows them: open calls that went silent long ago are in no state we know.
        let silent = now.as_millisecond() - stale_ms();
        match state {
            State::Ended => also("state = ?", Box::new(state.as_str())),
            State::Unknown => also("is_open AND (state = 'unknown' OR last_ms < ?)", Box::new(silent)),
            _ => {
                also("state = ?", Box::new(state.as_str()));
                also("last_ms >= ?", Box::new(silent));
            }
        }
    }
    if let Some(result) = filter.result {
        also("result = ?", Box::new(result.as_str()));
    }
    if let Some(from) = filter.from {
        also(&format!("{started} >= ?"), Box::new(from.as_millisecond()));
    }
    if let Some(to) = filter.to {
        also(&format!("{started} < ?"), Box::new(to.as_millisecond()));
    }
    if let Some(after) = after {
        let ms = after.started_ms;
        also(&format!("{started} <= ?"), Box::new(ms));
        also(&format!("({started} < {ms} OR {PLACE} > ?)"), Box::new(after.after.clone()));
    }
    values.push(Box::new(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)));
    Ok((format!("{sql} ORDER BY {started} DESC, {PLACE} LIMIT ?{}", values.len()), values))
}
