//! Things to put into a store.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use offhook_calls::normalize::Door;
use offhook_store::{Arrival, Folded, Store};
use rusqlite::Connection;
use serde_json::{Value, json};
use zoom_phone_emulator::{Exchange, Happening, Scenario, play};

pub(crate) const ACCOUNT: &str = "A";

pub(crate) fn start() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// A webhook with this body, received so many seconds after the start.
/// A moment at which every call of these tests is over or still believed to be open.
pub(crate) fn later() -> Timestamp {
    start() + jiff::SignedDuration::from_hours(3)
}

pub(crate) fn webhook(seconds: i64, body: &Value) -> Arrival {
    Arrival {
        received_at: start() + SignedDuration::from_secs(seconds),
        door: Door::Webhook,
        account: body["payload"]["account_id"].as_str().unwrap_or_default().to_owned(),
        event: body["event"].as_str().unwrap_or_default().to_owned(),
        event_ts: body["event_ts"].as_i64(),
        late: false,
        body: body.to_string().into(),
    }
}

/// A phone rings: somebody outside calls an extension.
pub(crate) fn ringing(call_id: &str, seconds: i64, from: &str, extension: i64) -> Value {
    let at = start() + SignedDuration::from_secs(seconds);
    json!({
        "event": "phone.callee_ringing",
        "event_ts": at.as_millisecond(),
        "payload": { "account_id": ACCOUNT, "object": {
            "call_id": call_id,
            "caller": { "phone_number": from, "connection_type": "pstn_off_net" },
            "callee": { "user_id": format!("user{extension}"), "extension_number": extension,
                "extension_type": "user", "name": "Somebody" },
            "ringing_start_time": at.to_string(),
        } },
    })
}

/// The webhooks and rows of call history of many calls that begin a minute apart, in order of time.
pub(crate) fn day(seed: u64, calls: usize) -> Vec<Arrival> {
    let mut exchange = Exchange::new(seed);
    exchange.account_id = ACCOUNT.to_owned();
    let mut planned: Vec<_> = (0..calls)
        .zip(Scenario::ALL.iter().cycle())
        .flat_map(|(n, scenario)| {
            let at = start() + SignedDuration::from_mins(i64::try_from(n).unwrap());
            play(&mut exchange, *scenario, at)
        })
        .collect();
    planned.sort_by_key(|planned| planned.at);
    let arrivals = planned.into_iter().filter_map(|planned| {
        let seconds = planned.at.duration_since(start()).as_secs();
        match planned.what {
            Happening::Webhook(body) => Some(webhook(seconds, &body)),
            Happening::Record(record) => Some(Arrival {
                door: Door::CallHistory,
                account: ACCOUNT.to_owned(),
                event: "accountCallHistory".to_owned(),
                ..webhook(seconds, &record.row())
            }),
            Happening::Finished(_) => None,
        }
    });
    arrivals.collect()
}

/// Writes arrivals down, one after the other.
pub(crate) async fn append(store: &Store, arrivals: impl IntoIterator<Item = Arrival>) {
    for arrival in arrivals {
        store.inbox().append(arrival).await.unwrap();
    }
}

/// Folds all there is.
pub(crate) fn fold_all(store: &Store) -> Folded {
    loop {
        let folded = store.fold_next(100).unwrap();
        if folded.entries == 0 {
            return folded;
        }
    }
}

/// The read models: calls, their names, parts, and which entries told of them. Byte for byte.
pub(crate) fn read_models(directory: &Path, with_told: bool) -> Vec<String> {
    let calls = Connection::open(directory.join("calls.db")).unwrap();
    let mut lines = Vec::new();
    for sql in [
        "SELECT 'call ' || name || ' ' || key || ' ' || started_ms || ' ' || last_ms || ' ' || state || ' ' || hex(facts)
         FROM call JOIN account ON account.id = account ORDER BY 1",
        "SELECT 'alias ' || name || ' ' || hash || ' ' || key FROM alias JOIN call ON call.id = call
         JOIN account ON account.id = account ORDER BY 1",
        "SELECT 'part ' || kind || ' ' || value || ' ' || part.started_ms || ' ' || key
         FROM part JOIN call ON call.id = call JOIN subject ON subject.id = subject ORDER BY 1",
        "SELECT 'told ' || name || ' ' || key || ' ' || seq || ' ' || told_seq FROM told JOIN call ON call.id = call
         JOIN account ON account.id = account ORDER BY name, key, seq",
    ] {
        if with_told || !sql.contains("told") {
            let mut rows = calls.prepare(sql).unwrap();
            lines.extend(
                rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect::<Vec<String>>(),
            );
        }
    }
    lines
}
