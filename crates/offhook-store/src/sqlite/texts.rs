//! Text messages and faxes: all that was told of each, and lists of them.

use std::collections::BTreeSet;

use offhook_calls::{
    Party,
    fax::{FaxFact, FaxView},
    message::{MessageFact, MessageView},
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{Store, fold::reversed_digits, read::number_end};
use crate::{Cursor, FaxPage, MessagePage, StoreError, TextFilter};

impl Store {
    /// Text messages, newest first, a page at a time.
    pub async fn messages(
        &self,
        filter: TextFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<MessagePage, StoreError> {
        self.read(move |calls| {
            let (messages, next) = page(calls, MESSAGE, &filter, after.as_ref(), limit, MessageView::of)?;
            Ok(MessagePage { messages, next })
        })
        .await
    }

    /// One text message, by its id.
    pub async fn message(
        &self,
        account: Option<String>,
        id: &str,
    ) -> Result<Option<MessageView>, StoreError> {
        let id = id.trim().to_owned();
        self.read(move |calls| one(calls, MESSAGE, account.as_deref(), &id, MessageView::of)).await
    }

    /// Faxes, newest first, a page at a time. They have no sessions.
    pub async fn faxes(
        &self,
        filter: TextFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<FaxPage, StoreError> {
        self.read(move |calls| {
            let (faxes, next) = page(calls, FAX, &filter, after.as_ref(), limit, FaxView::of)?;
            Ok(FaxPage { faxes, next })
        })
        .await
    }

    /// One fax, by the id of its log.
    pub async fn fax(&self, account: Option<String>, id: &str) -> Result<Option<FaxView>, StoreError> {
        let id = id.trim().to_owned();
        self.read(move |calls| one(calls, FAX, account.as_deref(), &id, FaxView::of)).await
    }
}

/// The two kinds of text, as the table has them.
const MESSAGE: &str = "message";
const FAX: &str = "fax";

/// What a text is listed by.
struct Listed<'a> {
    session: Option<&'a str>,
    at_ms: i64,
    parties: Vec<&'a Party>,
}

pub(super) fn store_message(calls: &Transaction<'_>, fact: MessageFact) -> Result<(), StoreError> {
    let MessageFact { account, id, told } = fact;
    let Some(all) = add(calls, MESSAGE, &account, &id, told)? else { return Ok(()) };
    let view = MessageView::of(&account, &id, &all);
    let listed = Listed {
        session: view.session_id.as_deref(),
        at_ms: view.at.map_or(0, jiff::Timestamp::as_millisecond),
        parties: view.from.iter().chain(&view.to).collect(),
    };
    store(calls, MESSAGE, &account, &id, &all, &listed)
}

pub(super) fn store_fax(calls: &Transaction<'_>, fact: FaxFact) -> Result<(), StoreError> {
    let FaxFact { account, id, told } = fact;
    let Some(all) = add(calls, FAX, &account, &id, told)? else { return Ok(()) };
    let view = FaxView::of(&account, &id, &all);
    let listed = Listed {
        session: None,
        at_ms: view.at.map_or(0, jiff::Timestamp::as_millisecond),
        parties: view.from.iter().chain(&view.to).collect(),
    };
    store(calls, FAX, &account, &id, &all, &listed)
}

/// All that was told of a text with this; `None` when this was known.
fn add<T: Ord + DeserializeOwned>(
    calls: &Transaction<'_>,
    kind: &str,
    account: &str,
    id: &str,
    told: T,
) -> Result<Option<BTreeSet<T>>, StoreError> {
    let known: Option<String> = calls
        .prepare_cached("SELECT told FROM text WHERE kind = ?1 AND account = ?2 AND id = ?3")?
        .query_row([kind, account, id], |row| row.get(0))
        .optional()?;
    let mut all: BTreeSet<T> = match known {
        Some(json) => serde_json::from_str(&json).map_err(|source| corrupt(kind, id, source))?,
        None => BTreeSet::new(),
    };
    Ok(all.insert(told).then_some(all))
}

fn store<T: Serialize>(
    calls: &Transaction<'_>,
    kind: &str,
    account: &str,
    id: &str,
    all: &BTreeSet<T>,
    listed: &Listed<'_>,
) -> Result<(), StoreError> {
    let told = serde_json::to_string(all).map_err(|source| corrupt(kind, id, source))?;
    calls
        .prepare_cached(
            "INSERT OR REPLACE INTO text (kind, account, id, session, at_ms, told)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![kind, account, id, listed.session, listed.at_ms, told])?;
    calls
        .prepare_cached("DELETE FROM correspondent WHERE kind = ?1 AND account = ?2 AND id = ?3")?
        .execute([kind, account, id])?;
    for number in listed.parties.iter().filter_map(|party| reversed_digits(party.number.as_deref()?)) {
        calls
            .prepare_cached(
                "INSERT OR IGNORE INTO correspondent (number, kind, account, id) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute([&number, kind, account, id])?;
    }
    Ok(())
}

fn corrupt(kind: &str, id: &str, source: serde_json::Error) -> StoreError {
    StoreError::Corrupt { what: format!("the {kind} {id}"), source: source.into() }
}

fn one<T: Ord + DeserializeOwned, V>(
    calls: &Connection,
    kind: &str,
    account: Option<&str>,
    id: &str,
    view: impl Fn(&str, &str, &BTreeSet<T>) -> V,
) -> Result<Option<V>, StoreError> {
    let found: Option<(String, String)> = calls
        .prepare_cached(
            "SELECT account, told FROM text WHERE kind = ?1 AND id = ?2 AND (?3 IS NULL OR account = ?3)
             ORDER BY account LIMIT 1",
        )?
        .query_row(params![kind, id, account], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((account, told)) = found else { return Ok(None) };
    let told = serde_json::from_str(&told).map_err(|source| corrupt(kind, id, source))?;
    Ok(Some(view(&account, id, &told)))
}

fn page<T: Ord + DeserializeOwned, V>(
    calls: &Connection,
    kind: &str,
    filter: &TextFilter,
    after: Option<&Cursor>,
    limit: usize,
    view: impl Fn(&str, &str, &BTreeSet<T>) -> V,
) -> Result<(Vec<V>, Option<Cursor>), StoreError> {
    // A number too short to look up matches nothing rather than everything.
    let digits =
        filter.number.as_deref().map(|number| number_end(number).unwrap_or_else(|| "none".to_owned()));
    let mut rows = calls
        .prepare_cached(
            "SELECT account, id, at_ms, told FROM text
             WHERE kind = ?1
               AND (?2 IS NULL OR account = ?2)
               AND (?3 IS NULL OR session = ?3)
               AND (?4 IS NULL OR EXISTS (
                   SELECT 1 FROM correspondent AS c WHERE c.kind = text.kind AND c.account = text.account
                   AND c.id = text.id AND c.number BETWEEN ?4 AND ?4 || ':'))
               AND (?5 IS NULL OR at_ms < ?5 OR (at_ms = ?5 AND account || '/' || id > ?6))
             ORDER BY at_ms DESC, account || '/' || id LIMIT ?7",
        )?
        .query_map(
            params![
                kind,
                filter.account,
                filter.session,
                digits,
                after.map(|after| after.started_ms),
                after.map(|after| &after.after),
                limit.saturating_add(1)
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?
        .collect::<Result<Vec<(String, String, i64, String)>, _>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|(account, id, at_ms, _)| Cursor { started_ms: *at_ms, after: format!("{account}/{id}") });
    let views = rows
        .iter()
        .map(|(account, id, _, told)| {
            let told = serde_json::from_str(told).map_err(|source| corrupt(kind, id, source))?;
            Ok(view(account, id, &told))
        })
        .collect::<Result<_, StoreError>>()?;
    Ok((views, next))
}
