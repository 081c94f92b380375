//! The whole state as one JSON object: `GET` and `PUT /_emulator/snapshot`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::Temper;
use crate::emulator::Shared;
use crate::state::SavedState;

/// Grows when a snapshot can no longer be read by the version before.
const VERSION: u32 = 1;

/// The account, its calls, the ledger, what is yet to happen, the counts and the clock. Tokens, subscriptions with what
/// is on its way to them, faults, limits and the account's standing are not in it.
///
/// An emulator of the same seed, temper and account that takes it gives the same answers, and has the same future.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    version: u32,
    seed: u64,
    temper: Temper,
    account_id: String,
    /// What the company's clock showed.
    now: Timestamp,
    state: SavedState,
}

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/snapshot", get(save).put(restore)).layer(DefaultBodyLimit::disable())
}

async fn save(State(shared): State<Arc<Shared>>) -> Response {
    let snapshot = Snapshot {
        version: VERSION,
        seed: shared.config.seed,
        temper: shared.config.temper,
        account_id: shared.config.account_id.clone(),
        now: shared.clock.now(),
        state: shared.state.save(),
    };
    Json(snapshot).into_response()
}

async fn restore(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let refused = |error: String| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let version = serde_json::from_slice::<Value>(&body).map(|saved| saved["version"].as_u64());
    match version {
        Ok(Some(version)) if version == u64::from(VERSION) => {}
        Ok(Some(version)) => {
            return refused(format!(
                "it is a snapshot of version {version}; this emulator reads version {VERSION}"
            ));
        }
        _ => return refused("it is no snapshot; GET /_emulator/snapshot makes one".to_owned()),
    }
    let snapshot: Snapshot = match serde_json::from_slice(&body) {
        Ok(snapshot) => snapshot,
        Err(error) => return refused(format!("the snapshot cannot be read: {error}")),
    };
    let config = &shared.config;
    for (what, saved, here) in [
        ("seed", snapshot.seed.to_string(), config.seed.to_string()),
        ("temper", json!(snapshot.temper).to_string(), json!(config.temper).to_string()),
        ("account id", snapshot.account_id, config.account_id.clone()),
    ] {
        if saved != here {
            let error =
                format!("the snapshot is of {what} {saved}, this emulator of {here}: start it with {saved}");
            return (StatusCode::CONFLICT, Json(json!({ "error": error }))).into_response();
        }
    }
    if let Err(error) = snapshot.state.check() {
        return refused(format!("the snapshot cannot be gone on from: {error}; make a new one"));
    }
    // What was on its way belongs to a time that is gone.
    shared.wire.forget();
    shared.state.restore(snapshot.state);
    shared.clock.set(snapshot.now);
    shared.tell_time();
    Json(json!({ "now": snapshot.now })).into_response()
}
