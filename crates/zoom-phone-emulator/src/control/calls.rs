//! Calls: asking for one, and the answer key.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::emulator::Shared;
use crate::scenario::{Params, Scenario, Unfit};

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/scenarios", get(scenarios))
        .route("/scenarios/{name}", post(play))
}

/// The truth about every finished call, oldest first.
async fn ledger(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let calls: Vec<_> = shared.state.ledger(|ledger| ledger.iter().cloned().collect());
    Json(json!({ "calls": calls.iter().map(|entry| entry.json()).collect::<Vec<_>>() }))
}

/// All scenarios with what happens in them and which parameters they take.
async fn scenarios() -> Json<Value> {
    let all = Scenario::ALL.iter().map(|scenario| {
        json!({
            "name": scenario,
            "what": scenario.describe().trim(),
            "parameters": scenario.params(),
        })
    });
    Json(json!({ "scenarios": all.collect::<Vec<_>>() }))
}

/// Starts a call now, as the JSON body says ([`Params`]), and answers with what the ledger will say when it is over.
async fn play(State(shared): State<Arc<Shared>>, Path(name): Path<String>, body: Bytes) -> Response {
    let refused = |status, error: String| {
        (status, Json(json!({ "error": error, "scenarios": Scenario::ALL }))).into_response()
    };
    let scenario: Scenario = match name.parse() {
        Ok(scenario) => scenario,
        Err(error) => return refused(StatusCode::NOT_FOUND, crate::error::Error::to_string(&error)),
    };
    let params = if body.is_empty() { Ok(None) } else { serde_json::from_slice(&body) };
    let params: Params = match params {
        Ok(params) => Option::unwrap_or_default(params),
        Err(error) => {
            let message = format!("the body is no JSON object of parameters: {error}; {name} takes ");
            return refused(StatusCode::BAD_REQUEST, message + &scenario.params().join(", "));
        }
    };
    match shared.state.play(scenario, &params, shared.clock.now()) {
        Ok(entry) => (StatusCode::ACCEPTED, Json(json!({ "call": entry.json() }))).into_response(),
        Err(unfit @ Unfit::NobodyFree) => refused(StatusCode::CONFLICT, unfit.to_string()),
        Err(unfit) => refused(StatusCode::BAD_REQUEST, unfit.to_string()),
    }
}
