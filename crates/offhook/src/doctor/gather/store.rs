//! The databases, when no server has them open.

use std::path::Path;

use jiff::Timestamp;
use offhook_store::{CallFilter, Store, StoreError};
use serde_json::Value;
use zoom_phone::types::events::Notification;

use super::{refused, within};
use crate::doctor::{
    correlation::RECORD_DUE,
    facts::{Asked, Call, Entry, Stored},
};

/// Entries of the inbox that are looked at, the newest.
const ENTRIES: usize = 1000;
/// Calls that are looked at.
const CALLS: usize = 40;

/// Reads the databases. They must be there: nothing is made by looking.
pub(crate) async fn stored(directory: &Path, call_id: Option<&str>, now: Timestamp) -> Asked<Stored> {
    if !directory.join("inbox.db").exists() || !directory.join("calls.db").exists() {
        return Asked::Skipped(format!("nothing is stored in {} yet", directory.display()));
    }
    within("the store", async {
        match read(directory, call_id, now).await {
            Ok(stored) => Asked::Got(stored),
            Err(StoreError::InUse(_)) => Asked::skipped(format!(
                "an Offhook that listens elsewhere has {} open; run this with the same PORT",
                directory.display()
            )),
            Err(error) => refused(&error),
        }
    })
    .await
}

async fn read(directory: &Path, call_id: Option<&str>, now: Timestamp) -> Result<Stored, StoreError> {
    let store = Store::open(directory)?;
    let filter = CallFilter { to: Some(long_ago(now)), ..CallFilter::default() };
    let page = store.calls(filter, None, CALLS, now).await?;
    let calls = page.calls.into_iter().filter_map(|view| call(view.as_of(now))).collect();
    let one = match call_id {
        Some(id) => store.call(None, id).await?.and_then(|view| call(view.as_of(now))),
        None => None,
    };
    let entries = store.last_entries(ENTRIES).await?;
    let entries = entries
        .into_iter()
        .map(|entry| {
            let arrival = entry.arrival;
            look(entry.seq, arrival.received_at, arrival.door.as_str(), &arrival.event, &arrival.body)
        })
        .collect();
    let backlog = store.inbox().last_seq().saturating_sub(store.watermark().await?);
    Ok(Stored { entries, backlog, calls, one })
}

/// Calls that began later may still be without their record.
pub(crate) fn long_ago(now: Timestamp) -> Timestamp {
    now - RECORD_DUE
}

/// The same words as in the API.
fn call(view: impl serde::Serialize) -> Option<Call> {
    serde_json::from_value(serde_json::to_value(view).ok()?).ok()
}

/// What matters of an inbox entry.
pub(crate) fn look(seq: u64, at: Timestamp, door: &str, event: &str, body: &[u8]) -> Entry {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let unfamiliar = match (door, &value) {
        ("call_history" | "call_path", _) | (_, None) => 0,
        (_, Some(_)) => Notification::parse(body).map_or(0, |notification| notification.unfamiliar().len()),
    };
    let old_row = door == "call_history"
        && value.as_ref().is_some_and(|row| row["call_history_uuid"].is_null() && row["id"].is_string());
    Entry {
        seq,
        at,
        door: door.to_owned(),
        event: event.to_owned(),
        readable: value.is_some(),
        old_row,
        unfamiliar,
    }
}
