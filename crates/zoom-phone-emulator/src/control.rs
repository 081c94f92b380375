//! What Zoom does not have: looking behind the scenes, and asking for a call.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::clock::text;
use crate::emulator::Shared;
use crate::examples;
use crate::faults::Fault;
use crate::oauth::{Verdict, settle};
use crate::rest;
use crate::scenario::Scenario;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/health", get(health))
        .route("/state", get(state))
        .route("/ledger", get(ledger))
        .route("/operations", get(operations))
        .route("/scenarios/{name}", post(play))
        .route("/events", get(event_names))
        .route("/events/{event}", post(emit))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/ws/drop", post(drop_socket))
        .route("/devices/{user_code}/approve", post(approve_device))
        .route("/devices/{user_code}/deny", post(deny_device))
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

/// Every REST operation, and whether it is simulated.
async fn operations() -> Json<Value> {
    Json(json!({ "operations": rest::census() }))
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

/// The names of all events.
async fn event_names() -> Json<Value> {
    Json(json!({ "events": examples::names() }))
}

/// Sends an example of an event, by webhook and WebSocket like any other.
async fn emit(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let now = shared.clock.now();
    let Some(event) = examples::event(&name, &shared.config.account_id, now) else {
        let answer =
            json!({ "error": format!("Zoom Phone has no event {name:?}"), "events": examples::names() });
        return (StatusCode::NOT_FOUND, Json(answer)).into_response();
    };
    shared.state.emit(event.clone(), now);
    (StatusCode::ACCEPTED, Json(event)).into_response()
}

/// The faults that are switched on.
async fn faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "faults": shared.faults.list() }))
}

/// Switches one fault on.
async fn add_fault(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let added = serde_json::from_slice::<Fault>(&body)
        .map_err(|error| error.to_string())
        .and_then(|fault| shared.faults.add(fault).map_err(str::to_owned));
    match added {
        Ok(()) => (StatusCode::CREATED, faults(State(shared)).await).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
    }
}

/// Switches all faults off.
async fn clear_faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.faults.clear();
    faults(State(shared)).await
}

/// What a user does on the page of a device; `?user=` with an id or e-mail address names who.
async fn approve_device(
    State(shared): State<Arc<Shared>>,
    Path(user_code): Path<String>,
    RawQuery(query): RawQuery,
) -> StatusCode {
    let query = query.unwrap_or_default();
    let user = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "user");
    settled(settle(&shared, &user_code, Verdict::Approve, user.as_ref().map(|(_, user)| &**user)))
}

async fn deny_device(State(shared): State<Arc<Shared>>, Path(user_code): Path<String>) -> StatusCode {
    settled(settle(&shared, &user_code, Verdict::Deny, None))
}

fn settled(found: bool) -> StatusCode {
    if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// Breaks the WebSocket off without a goodbye.
async fn drop_socket(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "dropped": shared.socket.cut() }))
}
