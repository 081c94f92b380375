//! What Zoom does not have: looking behind the scenes, and asking for a call.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::clock::text;
use crate::emulator::Shared;
use crate::scenario::Scenario;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/health", get(health))
        .route("/state", get(state))
        .route("/ledger", get(ledger))
        .route("/scenarios/{name}", post(play))
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Counts, the company's time and the names of all scenarios.
async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let mut answer = json!({
        "now": text(shared.clock.now()),
        "seed": shared.config.seed,
        "speed": shared.config.speed,
        "calls_per_minute": shared.config.calls_per_minute,
        "webhook_url": shared.config.webhook.as_ref().map(|target| target.url.as_str()),
        "receiver_validated": shared.config.webhook.is_some() && *shared.open.borrow(),
        "scenarios": Scenario::ALL,
    });
    if let (Some(fields), Value::Object(counts)) = (answer.as_object_mut(), json!(shared.state.counts())) {
        fields.extend(counts);
    }
    Json(answer)
}

/// The truth about every finished call, oldest first.
async fn ledger(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let calls: Vec<_> = shared.state.ledger();
    let calls: Vec<_> = calls.iter().map(|entry| &**entry).collect();
    Json(json!({ "calls": calls }))
}

/// Starts a call now, and answers with what the ledger will say when it is over.
async fn play(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    match name.parse() {
        Ok(scenario) => {
            let entry = shared.state.play(scenario, shared.clock.now());
            (StatusCode::ACCEPTED, Json(json!({ "call": entry }))).into_response()
        }
        Err(error) => {
            let error = crate::error::Error::to_string(&error);
            let answer = json!({ "error": error, "scenarios": Scenario::ALL });
            (StatusCode::NOT_FOUND, Json(answer)).into_response()
        }
    }
}
