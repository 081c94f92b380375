//! Opening the files and bringing their schema up to date. Steps are appended, never edited.

use std::{cmp::Ordering, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::StoreError;

const INBOX: &[&str] = &["
    CREATE TABLE arrival (
        seq INTEGER PRIMARY KEY,                -- the newest is never deleted, so no number comes twice
        received_at INTEGER NOT NULL,           -- milliseconds since 1970
        door TEXT NOT NULL,
        account TEXT NOT NULL,
        event TEXT NOT NULL,
        event_ts INTEGER,                       -- milliseconds since 1970, as sent
        late INTEGER NOT NULL,
        body BLOB NOT NULL
    );
"];

const CALLS: &[&str] = &["
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    -- One row a call. key is kind:value of its preferred name.
    CREATE TABLE call (
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        started_ms INTEGER NOT NULL,            -- 0 when not known
        last_ms INTEGER NOT NULL,
        is_open INTEGER NOT NULL,
        direction TEXT NOT NULL,
        state TEXT NOT NULL,
        result TEXT,
        view TEXT NOT NULL,                     -- JSON of CallView
        facts BLOB NOT NULL,                    -- JSON of CallFacts
        UNIQUE (account, key)
    );
    CREATE INDEX call_by_start ON call (started_ms DESC, account, key);
    CREATE INDEX call_open ON call (last_ms) WHERE is_open;

    -- Every name of every call.
    CREATE TABLE alias (
        account TEXT NOT NULL,
        value TEXT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (value, account, kind)
    ) WITHOUT ROWID;
    CREATE INDEX alias_by_call ON alias (account, key);

    -- Who and what is in a call, for lists: user, extension, queue (extension number), number (digits, reversed).
    CREATE TABLE part (
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (kind, value, account, key)
    ) WITHOUT ROWID;
    CREATE INDEX part_by_call ON part (account, key);

    -- Which inbox entries told of a call.
    CREATE TABLE told (
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (account, key, seq)
    ) WITHOUT ROWID;

    -- Outbox: what changed, in order, written with the change itself.
    CREATE TABLE change (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        gone INTEGER NOT NULL
    );
", "
    -- The newest inbox entry that told of the call: the watermark of exports. The same after a rebuild.
    ALTER TABLE call ADD COLUMN told_seq INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX call_by_told ON call (told_seq);
", "
    -- Made anew: rows are known by numbers, no text is written twice, and facts are compressed. Folding fills it from
    -- the inbox. Marks that are not the watermark stay, and so does the last number of the change feed.
    DELETE FROM meta WHERE name = 'watermark';
    DELETE FROM change;
    DROP TABLE call;
    DROP TABLE alias;
    DROP TABLE part;
    DROP TABLE told;

    CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

    -- One row a call. Its view is not here: it follows from the facts.
    CREATE TABLE call (
        id INTEGER PRIMARY KEY,                 -- ours, of this file: another after a rebuild
        account INTEGER NOT NULL,
        key TEXT NOT NULL,                      -- kind:value of its preferred name
        started_ms INTEGER NOT NULL,            -- 0 when not known
        last_ms INTEGER NOT NULL,
        is_open INTEGER NOT NULL,
        direction TEXT NOT NULL,
        state TEXT NOT NULL,
        result TEXT,
        told_seq INTEGER NOT NULL,              -- the newest inbox entry that told of it: the watermark of exports
        facts BLOB NOT NULL                     -- CallFacts as JSON, packed
    );
    CREATE INDEX call_by_start ON call (started_ms DESC);
    CREATE INDEX call_open ON call (last_ms) WHERE is_open;
    CREATE INDEX call_by_told ON call (told_seq);

    -- From every name to its call. The names themselves are in the facts.
    CREATE TABLE alias (
        hash INTEGER NOT NULL,                  -- of the name's value
        call INTEGER NOT NULL,
        PRIMARY KEY (hash, call)
    ) WITHOUT ROWID;

    -- Everybody and everything that calls are listed by.
    CREATE TABLE subject (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,                     -- user, extension, queue (extension number), number (digits, reversed)
        value TEXT NOT NULL,
        account INTEGER NOT NULL,
        UNIQUE (kind, value, account)
    );

    -- Who and what is in a call, newest call first.
    CREATE TABLE part (
        subject INTEGER NOT NULL,
        started_ms INTEGER NOT NULL,
        call INTEGER NOT NULL,
        PRIMARY KEY (subject, started_ms DESC, call)
    ) WITHOUT ROWID;
    CREATE INDEX part_by_call ON part (call);

    -- Which inbox entries told of a call.
    CREATE TABLE told (
        call INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (call, seq)
    ) WITHOUT ROWID;

    -- Preferred names that are no longer any: the call became one with another, or a better name was learned.
    CREATE TABLE moved (
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        seq INTEGER NOT NULL,                   -- the inbox entry with which that was done
        PRIMARY KEY (account, key)
    ) WITHOUT ROWID;
    CREATE INDEX moved_by_seq ON moved (seq);
", "
    -- What belongs to no call. The inbox is gone over once more, for what it tells of this.
    DELETE FROM meta WHERE name = 'watermark';

    -- Who has which extension: records of v3 know no user ids.
    CREATE TABLE extension (
        account TEXT NOT NULL,
        extension_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        number TEXT,
        name TEXT,
        email TEXT,
        PRIMARY KEY (account, extension_id)
    ) WITHOUT ROWID;
    CREATE INDEX extension_by_user ON extension (user_id);

    -- Whose records were all deleted at Zoom, and when.
    CREATE TABLE wiped (
        account TEXT NOT NULL,
        user_id TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        to_trash INTEGER NOT NULL,
        PRIMARY KEY (account, user_id, at_ms, to_trash)
    ) WITHOUT ROWID;

    -- Text messages and faxes.
    CREATE TABLE text (
        kind TEXT NOT NULL,                     -- message, fax
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        session TEXT,
        at_ms INTEGER NOT NULL,                 -- 0 when not known
        told TEXT NOT NULL,                     -- JSON: all that was told of it
        PRIMARY KEY (kind, id, account)
    ) WITHOUT ROWID;
    CREATE INDEX text_by_time ON text (kind, at_ms DESC);
    CREATE INDEX text_by_session ON text (session, at_ms DESC) WHERE session IS NOT NULL;

    -- Numbers that a text went from or to (digits, reversed).
    CREATE TABLE correspondent (
        kind TEXT NOT NULL,
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        number TEXT NOT NULL,
        PRIMARY KEY (kind, account, id, number)
    ) WITHOUT ROWID;
    CREATE INDEX correspondent_by_number ON correspondent (number);
", super::usage::RECEIVED];

const SECRETS: &[&str] = &["
    CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

    -- Who may write a name. A row is never deleted: its fence must only grow.
    CREATE TABLE lease (
        name TEXT PRIMARY KEY,
        fence INTEGER NOT NULL,
        until_ms INTEGER NOT NULL               -- milliseconds since 1970
    ) WITHOUT ROWID;
"];

/// What is under way and what people decided, in the order in which it came to be. It cannot be computed from the
/// inbox, and a rebuild leaves it alone. One file has each step's tables.
const WORK: &[&str] = &[
    super::sync::TABLES,
    super::reports::TABLES,
    super::media::TABLES,
    super::imports::TABLES,
    super::usage::TABLES,
];

/// Opens the file of what is under way. Its commits reach the disk before they return.
pub(super) fn work(path: &Path) -> Result<Connection, StoreError> {
    writer(path, WORK, "FULL")
}

/// Opens the inbox for writing. Its commits reach the disk before they return.
pub(super) fn inbox(path: &Path) -> Result<Connection, StoreError> {
    writer(path, INBOX, "FULL")
}

/// Opens the read models for writing. They can be made anew, so their commits need not wait for the disk;
/// the watermark in them goes back as far as they do.
pub(super) fn calls(path: &Path) -> Result<Connection, StoreError> {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    writer(path, CALLS, "NORMAL").map_err(|error| match error {
        StoreError::Database(cause)
            if matches!(cause.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)) =>
        {
            StoreError::Damaged(path.to_owned())
        }
        other => other,
    })
}

/// Opens the secrets for reading and writing. Its commits reach the disk before they return.
pub(super) fn secrets(path: &Path) -> Result<Connection, StoreError> {
    writer(path, SECRETS, "FULL")
}

fn writer(path: &Path, steps: &[&str], synchronous: &str) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    let found = user_version(&connection)?;
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::TooNew { path: path.to_owned(), found, known });
    }
    for (version, step) in (1u32..).zip(steps).skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Of the secrets, another process may have been faster.
        if user_version(&transaction)? >= version {
            continue;
        }
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(connection)
}

fn user_version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Opens the read models for reading only, if they are of this version.
pub(super) fn calls_reader(path: &Path) -> Result<Connection, StoreError> {
    current(path, CALLS)
}

/// Opens the inbox for reading only, if it is of this version.
pub(super) fn inbox_reader(path: &Path) -> Result<Connection, StoreError> {
    current(path, INBOX)
}

fn current(path: &Path, steps: &[&str]) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let connection = reader(path)?;
    let found = user_version(&connection)?;
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    match found.cmp(&known) {
        Ordering::Equal => Ok(connection),
        Ordering::Less => Err(StoreError::TooOld { path: path.to_owned(), found, known }),
        Ordering::Greater => Err(StoreError::TooNew { path: path.to_owned(), found, known }),
    }
}

/// Opens a file for reading only.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}
