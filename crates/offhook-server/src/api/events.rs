//! The inbox.

use std::time::Duration;

use axum::{Json, extract::State};
use jiff::Timestamp;
use offhook_store::Entry;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::{Params, page_size};
use crate::{problem::Problem, serve::App};

/// Longest wait for something new.
const LONGEST_WAIT: u64 = 25;

/// Something that came in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredEvent {
    /// Its number, in order of arrival.
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// By which door: `webhook`, `websocket`, `call_history`, `call_path`.
    source: &'static str,
    account_id: String,
    /// Event name.
    event: String,
    /// Milliseconds since 1970, as sent.
    event_ts: Option<i64>,
    /// Its signature was more than five minutes old.
    late: bool,
    /// The JSON as received, field for field; a text if it is no JSON.
    #[schema(value_type = serde_json::Value)]
    body: Box<RawValue>,
}

impl StoredEvent {
    pub(crate) fn of(entry: Entry) -> Self {
        let arrival = entry.arrival;
        let text = String::from_utf8_lossy(&arrival.body).into_owned();
        // What is no JSON is shown as the text it is; so is what only we could read, such as nesting without
        // end, for it would make the whole answer unreadable.
        let readable = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        let body =
            if readable { RawValue::from_string(text) } else { serde_json::value::to_raw_value(&text) }
                .unwrap_or_else(|_| RawValue::NULL.to_owned());
        Self {
            seq: entry.seq,
            received_at: arrival.received_at,
            source: arrival.door.as_str(),
            account_id: arrival.account,
            event: arrival.event,
            event_ts: arrival.event_ts,
            late: arrival.late,
            body,
        }
    }
}

/// Some of what came in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredEvents {
    /// Oldest first.
    pub(crate) events: Vec<StoredEvent>,
    /// The number of the newest event in the inbox.
    pub(crate) last_seq: u64,
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// Those after this number. Without it, the last ones.
    after: Option<u64>,
    /// How many at once, 1 to 1000; 100 if not said.
    limit: Option<usize>,
    /// If there is nothing after `after`, wait up to this many seconds for it (at most 25).
    wait_seconds: Option<u64>,
}

/// What came in, oldest first
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(EventParams),
    responses((status = 200, body = StoredEvents), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(params): Params<EventParams>,
) -> Result<Json<StoredEvents>, Problem> {
    let limit = page_size(params.limit, 100, 1000);
    let entries = match params.after {
        None => app.store().last_entries(limit).await?,
        Some(after) => {
            if let Some(seconds) = params.wait_seconds {
                let wait = Duration::from_secs(seconds.min(LONGEST_WAIT));
                tokio::select! {
                    _ = app.store().inbox().wait_beyond(after) => (),
                    () = tokio::time::sleep(wait) => (),
                    () = app.shutdown().cancelled() => (),
                }
            }
            app.store().entries_after(after, limit).await?
        }
    };
    Ok(Json(StoredEvents {
        events: entries.into_iter().map(StoredEvent::of).collect(),
        last_seq: app.store().inbox().last_seq(),
    }))
}
