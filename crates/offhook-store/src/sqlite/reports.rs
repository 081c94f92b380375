//! What comparing with Zoom's records found.

use jiff::{SignedDuration, Timestamp};
use offhook_calls::{
    CallView,
    compare::{Item, ItemKind, Summary, Telling},
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    Store, read,
    row::{COLUMNS, Call},
};
use crate::{Heard, HeardPlace, NewReport, Report, ReportState, StoreError};

/// The tables of reports of reconcile.
pub(super) const TABLES: &str = "
    CREATE TABLE report (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        cause TEXT NOT NULL,                    -- asked, nightly
        state TEXT NOT NULL,                    -- waiting, running, done, failed
        step TEXT NOT NULL,                     -- what is under way
        done INTEGER NOT NULL,
        total INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        finished_ms INTEGER,
        error TEXT,
        summary TEXT                            -- JSON of Summary
    );
    CREATE INDEX report_by_account ON report (account, id);

    -- event: the one that did not come, of items that are about that.
    CREATE TABLE report_item (
        report INTEGER NOT NULL,
        kind TEXT NOT NULL,
        n INTEGER NOT NULL,
        event TEXT,
        item TEXT NOT NULL,                     -- JSON of Item
        PRIMARY KEY (report, kind, n)
    ) WITHOUT ROWID;
";

/// A report that was begun so often and never came to its end is given up: something in it stops the program.
const MOST_TRIES: u32 = 3;

/// So long a report is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

const REPORT: &str = "SELECT id, account, from_ms, to_ms, cause, state, step, done, total, created_ms, finished_ms, \
                      error, summary FROM report";

impl Store {
    /// Orders a report.
    pub async fn order_report(&self, new: NewReport, now: Timestamp) -> Result<Report, StoreError> {
        self.work(move |work| {
            work.prepare_cached(
                "INSERT INTO report (account, from_ms, to_ms, cause, state, step, done, total, tries, created_ms)
                 VALUES (?1, ?2, ?3, ?4, 'waiting', '', 0, 0, 0, ?5)",
            )?
            .execute(params![
                new.account,
                new.from.as_millisecond(),
                new.to.as_millisecond(),
                new.cause,
                now.as_millisecond()
            ])?;
            let id = work.last_insert_rowid();
            one(work, id)?.ok_or(StoreError::Closed)
        })
        .await
    }

    /// Reports that were under way when Offhook stopped wait again, and what they had found is forgotten. One that
    /// never comes to its end is given up.
    pub async fn resume_reports(&self, now: Timestamp) -> Result<(), StoreError> {
        self.work(move |work| {
            work.execute(
                "DELETE FROM report_item WHERE report IN (SELECT id FROM report WHERE state IN ('waiting', 'running'))",
                [],
            )?;
            work.execute(
                "UPDATE report SET state = 'failed', finished_ms = ?2,
                     error = 'Offhook stopped every time it worked on this report; look into its log, and ask again'
                 WHERE state = 'running' AND tries >= ?1",
                params![MOST_TRIES, now.as_millisecond()],
            )?;
            work.execute("UPDATE report SET state = 'waiting' WHERE state = 'running'", [])?;
            Ok(())
        })
        .await
    }

    /// Takes the oldest report that waits; it is under way from now on.
    pub async fn next_report(&self) -> Result<Option<Report>, StoreError> {
        self.work(|work| {
            let id: Option<i64> = work
                .prepare_cached("SELECT id FROM report WHERE state = 'waiting' ORDER BY id LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()?;
            let Some(id) = id else { return Ok(None) };
            work.prepare_cached(
                "UPDATE report SET state = 'running', step = '', tries = tries + 1, done = 0, total = 0 WHERE id = ?1",
            )?
            .execute([id])?;
            one(work, id)
        })
        .await
    }

    /// Lets a report that is under way wait again, for Offhook is about to stop. What it had found is forgotten.
    pub async fn put_report_back(&self, id: i64) -> Result<(), StoreError> {
        self.work(move |work| {
            work.prepare_cached("DELETE FROM report_item WHERE report = ?1")?.execute([id])?;
            work.prepare_cached(
                "UPDATE report SET state = 'waiting', tries = tries - 1 WHERE id = ?1 AND state = 'running'",
            )?
            .execute([id])?;
            Ok(())
        })
        .await
    }

    /// Notes how far a report has come, and what it found on the way. `n` numbers the items of a report.
    pub async fn advance_report(
        &self,
        id: i64,
        step: &'static str,
        (done, total): (u64, u64),
        items: Vec<(u64, Item)>,
    ) -> Result<(), StoreError> {
        self.work(move |work| {
            let noted = work
                .prepare_cached(
                    "UPDATE report SET step = ?2, done = ?3, total = ?4 WHERE id = ?1 AND state = 'running'",
                )?
                .execute(params![id, step, done, total])?;
            if noted == 0 {
                return Err(StoreError::Closed);
            }
            for (n, item) in items {
                work.prepare_cached(
                    "INSERT INTO report_item (report, kind, n, event, item) VALUES (?1, ?2, ?3, ?4, CAST(?5 AS TEXT))",
                )?
                .execute(params![id, item.kind.as_str(), n, item.missed_event(), json(&item)?])?;
            }
            Ok(())
        })
        .await
    }

    /// A report is done. Items that miss an event which never came at all are left out: the summary says it once.
    /// Reports older than 400 days go.
    pub async fn finish_report(&self, id: i64, summary: Summary, now: Timestamp) -> Result<(), StoreError> {
        self.work(move |work| {
            for family in &summary.never_seen {
                work.prepare_cached("DELETE FROM report_item WHERE report = ?1 AND event = ?2")?
                    .execute(params![id, family.event])?;
            }
            work.prepare_cached(
                "UPDATE report SET state = 'done', step = '', finished_ms = ?2, summary = CAST(?3 AS TEXT) WHERE id = ?1",
            )?
            .execute(params![id, now.as_millisecond(), json(&summary)?])?;
            let oldest = now.as_millisecond() - i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
            work.prepare_cached(
                "DELETE FROM report_item WHERE report IN (SELECT id FROM report WHERE created_ms < ?1)",
            )?
            .execute([oldest])?;
            work.prepare_cached("DELETE FROM report WHERE created_ms < ?1")?.execute([oldest])?;
            Ok(())
        })
        .await
    }

    /// A report cannot be made: why. What it had found is forgotten.
    pub async fn fail_report(&self, id: i64, error: String, now: Timestamp) -> Result<(), StoreError> {
        self.work(move |work| {
            work.prepare_cached("DELETE FROM report_item WHERE report = ?1")?.execute([id])?;
            work.prepare_cached(
                "UPDATE report SET state = 'failed', finished_ms = ?2, error = ?3 WHERE id = ?1",
            )?
            .execute(params![id, now.as_millisecond(), error])?;
            Ok(())
        })
        .await
    }

    /// Reports, newest first: those before a number, of one account or of all.
    pub async fn reports(
        &self,
        account: Option<String>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Report>, StoreError> {
        self.work(move |work| {
            let sql =
                format!("{REPORT} WHERE id < ?1 AND (?2 IS NULL OR account = ?2) ORDER BY id DESC LIMIT ?3");
            let rows = work
                .prepare_cached(&sql)?
                .query_map(params![before.unwrap_or(i64::MAX), account, limit], raw)?
                .collect::<Result<Vec<_>, _>>()?;
            rows.into_iter().map(Raw::read).collect()
        })
        .await
    }

    /// One report.
    pub async fn report(&self, id: i64) -> Result<Option<Report>, StoreError> {
        self.work(move |work| one(work, id)).await
    }

    /// What a report found: up to `limit` items of a kind, or of all kinds, after a place; with the place of each.
    pub async fn report_items(
        &self,
        id: i64,
        kind: Option<ItemKind>,
        after: (String, u64),
        limit: usize,
    ) -> Result<Vec<((String, u64), Item)>, StoreError> {
        self.work(move |work| {
            let rows = work
                .prepare_cached(
                    "SELECT kind, n, item FROM report_item
                     WHERE report = ?1 AND (?2 IS NULL OR kind = ?2) AND (kind, n) > (?3, ?4)
                     ORDER BY kind, n LIMIT ?5",
                )?
                .query_map(params![id, kind.map(ItemKind::as_str), after.0, after.1, limit], |row| {
                    Ok(((row.get(0)?, row.get(1)?), row.get::<_, String>(2)?))
                })?
                .collect::<Result<Vec<_>, _>>()?;
            rows.into_iter().map(|(place, text)| Ok((place, parse("an item of a report", &text)?))).collect()
        })
        .await
    }

    /// How many calls of an account a report of this period goes through.
    pub async fn count_heard(
        &self,
        account: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u64, StoreError> {
        let account = account.to_owned();
        self.read(move |calls| {
            let (from, to) = (from.as_millisecond(), to.as_millisecond());
            let mine = "account = (SELECT id FROM account WHERE name = ?1)";
            let sql = format!(
                "SELECT (SELECT count(*) FROM call WHERE started_ms >= ?2 AND started_ms < ?3 AND {mine})
                      + (SELECT count(*) FROM call WHERE started_ms = 0 AND last_ms >= ?2 AND last_ms < ?3 AND {mine})"
            );
            Ok(calls.prepare_cached(&sql)?.query_row(params![account, from, to], |row| row.get(0))?)
        })
        .await
    }

    /// Calls of an account that began in a period (or, where nobody knows when they began, were last heard of in it),
    /// each with every inbox entry that told of it in order of arrival. Up to `limit` calls after a place; `None` when
    /// there are no more.
    pub async fn heard(
        &self,
        account: &str,
        (from, to): (Timestamp, Timestamp),
        after: Option<HeardPlace>,
        limit: usize,
    ) -> Result<Option<Heard>, StoreError> {
        let account = account.to_owned();
        let (from, to) = (from.as_millisecond(), to.as_millisecond());
        let rows = self.read(move |calls| page(calls, &account, (from, to), after, limit)).await?;
        let Some(place) = rows.last().map(|(place, ..)| *place) else { return Ok(None) };
        let calls = self
            .read_inbox(move |inbox| {
                let entry = |seq| read::one_entry(inbox, seq).map(Telling::from);
                let with_entries = |(_, view, numbers): (HeardPlace, CallView, Vec<u64>)| {
                    Ok((view, numbers.into_iter().map(entry).collect::<Result<_, StoreError>>()?))
                };
                rows.into_iter().map(with_entries).collect()
            })
            .await?;
        Ok(Some(Heard { calls, place }))
    }
}

/// A page of calls, each with the numbers of the entries that told of it.
fn page(
    calls: &Connection,
    account: &str,
    (from, to): (i64, i64),
    after: Option<HeardPlace>,
    limit: usize,
) -> Result<Vec<(HeardPlace, CallView, Vec<u64>)>, StoreError> {
    let calls = calls.unchecked_transaction()?;
    // Calls of unknown beginning have 0 there, and come first. The order is that of the index, read backwards.
    let select = format!(
        "SELECT {COLUMNS}, started_ms FROM call WHERE account = (SELECT id FROM account WHERE name = ?1)"
    );
    let mut unknown = calls.prepare_cached(&format!(
        "{select} AND started_ms = 0 AND last_ms >= ?2 AND last_ms < ?3 AND (?4 IS NULL OR id < ?4)
         ORDER BY id DESC LIMIT ?5"
    ))?;
    let mut known = calls.prepare_cached(&format!(
        "{select} AND started_ms >= ?2 AND started_ms < ?3 AND (started_ms > ?2 OR ?4 IS NULL OR id < ?4)
         ORDER BY started_ms, id DESC LIMIT ?5"
    ))?;
    let mut told = calls.prepare_cached("SELECT seq FROM told WHERE call = ?1 ORDER BY seq")?;
    let mut read = |row: &Row<'_>| -> Result<_, StoreError> {
        let call = Call::read(row)?;
        let numbers = told.query_map([call.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok((HeardPlace { started_ms: row.get(4)?, id: call.id }, call.view(&calls)?, numbers))
    };
    if after.is_none_or(|place| place.started_ms == 0) {
        let id = after.map(|place| place.id);
        let rows = unknown.query_and_then(params![account, from, to, id, limit], &mut read)?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    let after = after.filter(|place| place.started_ms != 0);
    let begin = after.map_or(from.max(1), |place| place.started_ms);
    let rows = known.query_and_then(params![account, begin, to, after.map(|place| place.id), limit], read)?;
    rows.collect()
}

/// A row of the table, its JSON not read yet.
struct Raw(Report, Option<String>);

impl Raw {
    fn read(self) -> Result<Report, StoreError> {
        let Self(report, summary) = self;
        let summary = summary.map(|text| parse("the summary of a report", &text)).transpose()?;
        Ok(Report { summary, ..report })
    }
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let time = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let state: String = row.get(5)?;
    let report = Report {
        id: row.get(0)?,
        account: row.get(1)?,
        from: time(row.get(2)?),
        to: time(row.get(3)?),
        cause: row.get(4)?,
        state: ReportState::from_word(&state),
        step: row.get(6)?,
        done: row.get(7)?,
        total: row.get(8)?,
        created_at: time(row.get(9)?),
        finished_at: row.get::<_, Option<i64>>(10)?.map(time),
        error: row.get(11)?,
        summary: None,
    };
    Ok(Raw(report, row.get(12)?))
}

fn one(work: &Transaction<'_>, id: i64) -> Result<Option<Report>, StoreError> {
    let row = work.prepare_cached(&format!("{REPORT} WHERE id = ?1"))?.query_row([id], raw).optional()?;
    row.map(Raw::read).transpose()
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value)
        .map_err(|source| StoreError::Corrupt { what: "a report".to_owned(), source: source.into() })
}

fn parse<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|source| StoreError::Corrupt { what: what.to_owned(), source: source.into() })
}
