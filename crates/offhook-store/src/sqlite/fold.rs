//! From the inbox to the read models: facts in, calls out, all in one transaction.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::PoisonError,
};

use jiff::Timestamp;
use offhook_calls::{
    Alias, CallBook, CallKey, CallView, Change, PartyKind, State,
    normalize::{self, Aside, Reading},
    outdated::{self, Deprecation},
};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{
    Store, packed,
    people::{store_member, store_wiped},
    read,
    row::{COLUMNS, Call, hash, word},
    texts::{store_fax, store_message},
    usage,
};
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
        let told = entries.iter().map(Told::of).collect();
        let folded = fold(&mut folder, told, true)?;
        Ok(Folded { watermark: folded.watermark.max(after), ..folded })
    }
}

/// The number of the last inbox entry that is in the read models.
pub(super) fn watermark(calls: &Connection) -> Result<u64, StoreError> {
    Ok(read::mark(calls, "watermark")?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// An inbox entry, and what was read in it.
pub(super) struct Told {
    seq: u64,
    event: String,
    reading: Reading,
    /// It came by a way that Zoom has announced the end of; when.
    old: Option<(Timestamp, &'static Deprecation)>,
}

impl Told {
    pub(super) fn of(entry: &Entry) -> Self {
        let Entry { seq, arrival } = entry;
        let reading = normalize::read(arrival.door, &arrival.account, &arrival.body);
        let old = outdated::of(arrival.door, &arrival.event, &reading).map(|old| (arrival.received_at, old));
        Self { seq: *seq, event: arrival.event.clone(), reading, old }
    }
}

/// Folds entries, oldest first. `feeding`: somebody may follow the change feed.
pub(super) fn fold(calls: &mut Connection, told: Vec<Told>, feeding: bool) -> Result<Folded, StoreError> {
    let mut folded = Folded { entries: told.len(), ..Folded::default() };
    let Some(last) = told.last().map(|told| told.seq) else {
        folded.change_seq = read::last_change(calls)?;
        return Ok(folded);
    };
    folded.watermark = last;
    let transaction = calls.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut book = CallBook::default();
    let shelf = Shelf::load(&transaction, &told, &mut book)?;
    // One name of each fact, to know afterwards whose it became.
    let mut named: Vec<(u64, String, Alias)> = Vec::new();
    for Told { seq, event, reading, old } in told {
        if let Some((at, old)) = old {
            usage::count(&transaction, at, old)?;
        }
        if let Some(problem) = reading.problem {
            folded.problems.push((problem, event.clone()));
        }
        folded.unfamiliar.extend(reading.unfamiliar.into_iter().map(|what| (event.clone(), what)));
        folded.quirks.extend(reading.quirks);
        for aside in reading.aside {
            match aside {
                Aside::Member(member) => store_member(&transaction, &member)?,
                Aside::Wiped(wiped) => store_wiped(&transaction, &wiped)?,
                Aside::Message(message) => store_message(&transaction, message)?,
                Aside::Fax(fax) => store_fax(&transaction, fax)?,
            }
        }
        for (fact, heard) in reading.facts {
            if let Some(name) = fact.names.first() {
                named.push((seq, fact.account.clone(), name.clone()));
            }
            book.absorb(fact, heard);
        }
    }
    let changes = book.into_changes();
    folded.calls = changes.len();
    let mut tellings = Tellings::new(&shelf, &changes);
    for (seq, account, name) in &named {
        tellings.note(*seq, account, name);
    }
    for (number, change) in changes.iter().enumerate() {
        let told = &tellings.of_changed[number];
        let newest = told.last().copied().unwrap_or(0);
        let id = store(&transaction, &shelf, change, newest, last, feeding)?;
        tell(&transaction, id, told)?;
    }
    for (id, told) in &tellings.of_others {
        tell(&transaction, *id, told)?;
        transaction
            .prepare_cached("UPDATE call SET told_seq = max(told_seq, ?2) WHERE id = ?1")?
            .execute(params![id, told.last()])?;
    }
    set_mark(&transaction, "watermark", &last.to_string())?;
    folded.change_seq = read::last_change(&transaction)?;
    transaction
        .prepare_cached("DELETE FROM change WHERE seq <= ?1")?
        .execute([folded.change_seq.saturating_sub(CHANGES_KEPT)])?;
    transaction.commit()?;
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

/// The stored calls that a batch names.
#[derive(Default)]
struct Shelf {
    calls: HashMap<CallKey, Stored>,
}

struct Stored {
    id: i64,
    names: BTreeSet<Alias>,
}

impl Shelf {
    /// Puts every stored call that is named into the book. One that only looks as if (by its hash) does no harm there.
    fn load(calls: &Transaction<'_>, told: &[Told], book: &mut CallBook) -> Result<Self, StoreError> {
        let mut shelf = Self::default();
        let (mut asked, mut loaded) = (HashSet::new(), HashSet::new());
        let mut by_hash = calls.prepare_cached("SELECT call FROM alias WHERE hash = ?1")?;
        let mut by_id = calls.prepare_cached(&format!("SELECT {COLUMNS} FROM call WHERE id = ?1"))?;
        let facts = told.iter().flat_map(|told| &told.reading.facts);
        for hash in facts.flat_map(|(fact, _)| &fact.names).map(|name| hash(&name.value)) {
            if !asked.insert(hash) {
                continue;
            }
            let mut found = by_hash.query([hash])?;
            while let Some(row) = found.next()? {
                let id: i64 = row.get(0)?;
                if loaded.insert(id)
                    && let Some(row) = by_id.query([id])?.next()?
                {
                    let Call { id, key, names, facts } = Call::read(row)?;
                    book.insert(&key, names.iter().cloned(), facts);
                    shelf.calls.insert(key, Stored { id, names });
                }
            }
        }
        Ok(shelf)
    }
}

/// Which entries told of which calls.
struct Tellings<'a> {
    by_name: HashMap<(&'a str, &'a Alias), Whose>,
    /// By their place in the list of changes.
    of_changed: Vec<BTreeSet<u64>>,
    /// Calls of which nothing new was told, by their rows.
    of_others: HashMap<i64, BTreeSet<u64>>,
}

#[derive(Clone, Copy)]
enum Whose {
    Changed(usize),
    Other(i64),
}

impl<'a> Tellings<'a> {
    fn new(shelf: &'a Shelf, changes: &'a [Change]) -> Self {
        let others = shelf.calls.iter().flat_map(|(key, stored)| {
            stored.names.iter().map(|name| ((key.account.as_str(), name), Whose::Other(stored.id)))
        });
        let changed = changes.iter().enumerate().flat_map(|(number, change)| {
            change.names.iter().map(move |name| ((change.key.account.as_str(), name), Whose::Changed(number)))
        });
        // Later ones win: a stored call that changed is a changed call.
        let by_name = others.chain(changed).collect();
        Self { by_name, of_changed: vec![BTreeSet::new(); changes.len()], of_others: HashMap::new() }
    }

    fn note(&mut self, seq: u64, account: &'a str, name: &'a Alias) {
        match self.by_name.get(&(account, name)) {
            Some(Whose::Changed(number)) => self.of_changed[*number].insert(seq),
            Some(Whose::Other(id)) => self.of_others.entry(*id).or_default().insert(seq),
            None => false,
        };
    }
}

fn tell(calls: &Transaction<'_>, call: i64, told: &BTreeSet<u64>) -> Result<(), StoreError> {
    let mut insert = calls.prepare_cached("INSERT OR IGNORE INTO told (call, seq) VALUES (?1, ?2)")?;
    for seq in told {
        insert.execute(params![call, seq])?;
    }
    Ok(())
}

/// Writes a changed call, its names and parts, and its line of the change feed. Returns the number of its row.
/// `newest` is the last entry that told of it, `last` the last of the batch.
fn store(
    calls: &Transaction<'_>,
    shelf: &Shelf,
    change: &Change,
    newest: u64,
    last: u64,
    feeding: bool,
) -> Result<i64, StoreError> {
    let account = &change.key.account;
    let key = word(&change.key.name);
    // It keeps its row, or takes that of a call that is now part of it.
    let own = shelf.calls.get(&change.key);
    let mut merged = change.gone.iter().filter_map(|gone| shelf.calls.get(gone));
    let own = own.or_else(|| merged.next());

    let view = CallView::of(&change.key, &change.names, &change.facts);
    let corrupt = |source| StoreError::Corrupt { what: format!("the call {key}"), source };
    let facts = serde_json::to_vec(&change.facts).map_err(|error| corrupt(error.into()))?;
    let facts = packed::pack(&facts).map_err(|error| corrupt(error.into()))?;
    let ms = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_millisecond);
    let account_id = account_row(calls, account)?;
    calls
        .prepare_cached(
            "INSERT INTO call (id, account, key, started_ms, last_ms, is_open, direction, state, result, told_seq, facts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET account = ?2, key = ?3, started_ms = ?4, last_ms = ?5, is_open = ?6,
                 direction = ?7, state = ?8, result = ?9, told_seq = max(told_seq, ?10), facts = ?11",
        )?
        .execute(params![
            own.map(|own| own.id),
            account_id,
            key,
            ms(view.started_at),
            ms(view.last_at),
            view.state != State::Ended,
            view.direction.as_str(),
            view.state.as_str(),
            view.result.map(|result| result.as_str()),
            newest,
            facts,
        ])?;
    let id = own.map_or_else(|| calls.last_insert_rowid(), |own| own.id);
    for merged in merged {
        remove(calls, merged, id)?;
    }
    let mut insert = calls.prepare_cached("INSERT OR IGNORE INTO alias (hash, call) VALUES (?1, ?2)")?;
    for name in &change.names {
        if !own.is_some_and(|own| own.names.contains(name)) {
            insert.execute([hash(&name.value), id])?;
        }
    }
    set_parts(calls, id, account_id, ms(view.started_at), &parts(&view))?;
    for gone in &change.gone {
        let old = word(&gone.name);
        calls
            .prepare_cached("INSERT OR REPLACE INTO moved (account, key, seq) VALUES (?1, ?2, ?3)")?
            .execute(params![account, old, last])?;
        if feeding {
            feed(calls, account, &old, true)?;
        }
    }
    if feeding {
        feed(calls, account, &key, false)?;
    }
    Ok(id)
}

/// Removes the row of a call that has become part of another.
fn remove(calls: &Transaction<'_>, stored: &Stored, heir: i64) -> Result<(), StoreError> {
    let Stored { id, names } = stored;
    for name in names {
        calls
            .prepare_cached("DELETE FROM alias WHERE hash = ?1 AND call = ?2")?
            .execute([hash(&name.value), *id])?;
    }
    calls.prepare_cached("UPDATE OR REPLACE told SET call = ?2 WHERE call = ?1")?.execute([*id, heir])?;
    calls
        .prepare_cached(
            "UPDATE call SET told_seq = max(told_seq, (SELECT told_seq FROM call WHERE id = ?1)) WHERE id = ?2",
        )?
        .execute([*id, heir])?;
    calls.prepare_cached("DELETE FROM part WHERE call = ?1")?.execute([id])?;
    calls.prepare_cached("DELETE FROM call WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn feed(calls: &Transaction<'_>, account: &str, key: &str, gone: bool) -> Result<(), StoreError> {
    calls
        .prepare_cached("INSERT INTO change (account, key, gone) VALUES (?1, ?2, ?3)")?
        .execute(params![account, key, gone])?;
    Ok(())
}

/// The number of an account, which it gets if it has none.
fn account_row(calls: &Transaction<'_>, name: &str) -> Result<i64, StoreError> {
    let known = calls
        .prepare_cached("SELECT id FROM account WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    calls.prepare_cached("INSERT INTO account (name) VALUES (?1)")?.execute([name])?;
    Ok(calls.last_insert_rowid())
}

/// The number of a subject, which it gets if it has none.
fn subject_row(calls: &Transaction<'_>, account: i64, kind: &str, value: &str) -> Result<i64, StoreError> {
    let known = calls
        .prepare_cached("SELECT id FROM subject WHERE kind = ?1 AND value = ?2 AND account = ?3")?
        .query_row(params![kind, value, account], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    calls
        .prepare_cached("INSERT INTO subject (kind, value, account) VALUES (?1, ?2, ?3)")?
        .execute(params![kind, value, account])?;
    Ok(calls.last_insert_rowid())
}

/// Lists a call by these subjects and by no others.
fn set_parts(
    calls: &Transaction<'_>,
    call: i64,
    account: i64,
    started_ms: i64,
    parts: &BTreeSet<(&'static str, String)>,
) -> Result<(), StoreError> {
    let wanted = parts
        .iter()
        .map(|(kind, value)| Ok((subject_row(calls, account, kind, value)?, started_ms)))
        .collect::<Result<BTreeSet<_>, StoreError>>()?;
    let present = calls
        .prepare_cached("SELECT subject, started_ms FROM part WHERE call = ?1")?
        .query_map([call], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<BTreeSet<(i64, i64)>, _>>()?;
    for (subject, started_ms) in present.difference(&wanted) {
        calls
            .prepare_cached("DELETE FROM part WHERE subject = ?1 AND started_ms = ?2 AND call = ?3")?
            .execute([*subject, *started_ms, call])?;
    }
    for (subject, started_ms) in wanted.difference(&present) {
        calls
            .prepare_cached("INSERT INTO part (subject, started_ms, call) VALUES (?1, ?2, ?3)")?
            .execute([*subject, *started_ms, call])?;
    }
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
        // Whose it is the list of users may tell, now or later.
        if party.user_id.is_none() && matches!(party.kind, PartyKind::User | PartyKind::Unknown) {
            parts.extend(party.extension_id.clone().map(|value| ("extension_id", value)));
        }
        parts.extend(party.number.as_deref().and_then(reversed_digits).map(|digits| ("number", digits)));
        if party.kind == PartyKind::CallQueue {
            parts.extend(party.extension_number.clone().map(|value| ("queue", value)));
        }
    }
    let queues = view.queue.iter().chain(view.legs.iter().filter_map(|leg| leg.queue.as_ref()));
    parts.extend(queues.filter_map(|queue| queue.extension_number.clone()).map(|value| ("queue", value)));
    if !view.conflicts.is_empty() {
        parts.insert(("conflict", String::new()));
    }
    parts
}

/// The digits of a telephone number from the last to the first, so that a look-up by its end is a look-up
/// by a beginning. `None` without a digit.
pub(super) fn reversed_digits(number: &str) -> Option<String> {
    let digits: String = number.chars().rev().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}
