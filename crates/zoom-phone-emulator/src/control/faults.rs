//! Switching faults on and off.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::bad;
use crate::emulator::Shared;
use crate::faults::Fault;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/faults", get(list).post(add).delete(clear))
}

/// The faults that are switched on.
async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "faults": shared.faults.list() }))
}

/// Switches one fault on.
async fn add(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            shared.faults.add(fault);
            (StatusCode::CREATED, list(State(shared)).await).into_response()
        }
        Err(error) => bad(&error),
    }
}

/// Switches all faults off.
async fn clear(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.faults.clear();
    list(State(shared)).await
}
