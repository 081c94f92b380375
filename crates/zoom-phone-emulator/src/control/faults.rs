//! Switching faults on and off.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{absent, bad};
use crate::emulator::Shared;
use crate::faults::{Fault, FaultKind};

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/faults", get(list).post(add).delete(clear)).route("/faults/kinds", get(kinds))
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

/// Every kind of fault with its fields.
async fn kinds() -> Json<Value> {
    Json(json!({ "kinds": FaultKind::ALL }))
}

/// Switches off the fault that the body says, as the list has it; all without a body.
async fn clear(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    if body.is_empty() {
        shared.faults.clear();
        return list(State(shared)).await.into_response();
    }
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) if shared.faults.remove(&fault) => list(State(shared)).await.into_response(),
        Ok(_) => absent(&"No such fault is on; GET /_emulator/faults lists those that are."),
        Err(error) => bad(&error),
    }
}
