//! Old shapes that are in use: what came in, counted while folding, and what was asked for.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use offhook_calls::outdated::Deprecation;
use rusqlite::{Transaction, params};

use super::Store;
use crate::{ReceivedOld, ServedOld, StoreError};

/// Who asked for old shapes. It does not follow from the inbox.
pub(super) const TABLES: &str = "
    CREATE TABLE served (
        operation TEXT NOT NULL,
        client TEXT NOT NULL,
        day TEXT NOT NULL,                      -- UTC
        requests INTEGER NOT NULL,
        PRIMARY KEY (operation, client, day)
    ) WITHOUT ROWID;
";

/// What came in, by day of arrival. A step of the read models: it follows from the inbox.
pub(super) const RECEIVED: &str = "
    -- The inbox is gone over once more, for what it tells of this.
    DELETE FROM meta WHERE name = 'watermark';

    CREATE TABLE received_old (
        what TEXT NOT NULL,
        name TEXT NOT NULL,
        day TEXT NOT NULL,                      -- UTC
        count INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        PRIMARY KEY (what, name, day)
    ) WITHOUT ROWID;
";

/// How many days are told of one by one.
const DAYS: usize = 31;

/// Programs beyond this many are not told apart, so that no program can fill the disk with its names.
const MOST_CLIENTS: i64 = 200;

/// Counts an entry of an old shape.
pub(super) fn count(calls: &Transaction<'_>, at: Timestamp, old: &Deprecation) -> Result<(), StoreError> {
    calls
        .prepare_cached(
            "INSERT INTO received_old (what, name, day, count, last_ms) VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT DO UPDATE SET count = count + 1, last_ms = max(last_ms, ?4)",
        )?
        .execute(params![old.what.as_str(), old.name, day(at), at.as_millisecond()])?;
    Ok(())
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

impl Store {
    /// What came in of old shapes, with the newest days.
    pub async fn received_old(&self) -> Result<Vec<ReceivedOld>, StoreError> {
        self.read(|calls| {
            let mut select = calls.prepare_cached(
                "SELECT what, name, day, count, last_ms FROM received_old ORDER BY what, name, day DESC",
            )?;
            let mut rows = select.query([])?;
            let mut all: Vec<ReceivedOld> = Vec::new();
            while let Some(row) = rows.next()? {
                let (what, name): (String, String) = (row.get(0)?, row.get(1)?);
                let (day, count): (String, u64) = (row.get(2)?, row.get(3)?);
                let last_at = Timestamp::from_millisecond(row.get(4)?).unwrap_or_default();
                match all.last_mut().filter(|last| last.what == what && last.name == name) {
                    Some(last) => {
                        last.count += count;
                        if last.days.len() < DAYS {
                            last.days.push((day, count));
                        }
                    }
                    None => all.push(ReceivedOld { what, name, count, last_at, days: vec![(day, count)] }),
                }
            }
            Ok(all)
        })
        .await
    }

    /// Notes a request for an old shape.
    pub async fn note_served(
        &self,
        operation: &'static str,
        client: &str,
        day: Date,
    ) -> Result<(), StoreError> {
        let (client, day) = (client.to_owned(), day.to_string());
        self.work(move |work| {
            let clients: i64 = work.query_row(
                "SELECT count(DISTINCT client) FROM served WHERE client <> ?1",
                [&client],
                |row| row.get(0),
            )?;
            let client = if clients < MOST_CLIENTS { client.as_str() } else { "others" };
            work.prepare_cached(
                "INSERT INTO served (operation, client, day, requests) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT DO UPDATE SET requests = requests + 1",
            )?
            .execute(params![operation, client, day])?;
            Ok(())
        })
        .await
    }

    /// Who asked for old shapes, and when last; the latest first.
    pub async fn served_old(&self) -> Result<Vec<ServedOld>, StoreError> {
        self.work(|work| {
            let mut select = work.prepare_cached(
                "SELECT operation, client, sum(requests), max(day) FROM served
                 GROUP BY operation, client ORDER BY max(day) DESC, operation, client",
            )?;
            let rows = select.query_map([], |row| {
                Ok(ServedOld {
                    operation: row.get(0)?,
                    client: row.get(1)?,
                    requests: row.get(2)?,
                    last_day: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
