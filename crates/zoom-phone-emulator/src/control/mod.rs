//! What Zoom does not have: looking behind the scenes, and asking for a call. No endpoint asks for a token.

mod clock;
mod events;
mod faults;
mod page;
mod stream;
mod subscriptions;

mod access;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::clock::text;
use crate::embed;
use crate::emulator::Shared;
use crate::oauth::{Verdict, settle};
use crate::records::LedgerEntry;
use crate::rest;
use crate::scenario::Scenario;
use crate::world::at;

pub(crate) use page::page;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .merge(access::router())
        .route("/health", get(health))
        .route("/state", get(state))
        .route("/ledger", get(ledger))
        .route("/calls", get(calls))
        .route("/extensions", get(extensions))
        .route("/operations", get(operations))
        .route("/scenarios/{name}", post(play))
        .merge(clock::router())
        .merge(events::router())
        .merge(faults::router())
        .merge(page::router())
        .merge(stream::router())
        .merge(subscriptions::router())
        .route("/ws/drop", post(drop_socket))
        .route("/devices/{user_code}/approve", post(approve_device))
        .route("/devices/{user_code}/deny", post(deny_device))
        .merge(embed::host_router())
}

/// A refusal of control itself: 400 and what to do instead.
fn bad(error: impl ToString) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))).into_response()
}

/// 404 and what would be there.
fn absent(error: impl ToString) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": error.to_string() }))).into_response()
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Counts, the company's time and the names of all scenarios.
async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let mut answer = json!({
        "now": text(shared.clock.now()),
        "seed": shared.config.seed,
        "speed": shared.clock.speed(),
        "calls_per_minute": shared.config.calls_per_minute,
        "temper": shared.config.temper,
        "receiver_validated": shared.wire.is_open() && !shared.wire.subscriptions().is_empty(),
        "subscriptions": shared.wire.subscriptions(),
        "scenarios": Scenario::ALL,
    });
    if let (Some(fields), Value::Object(counts)) = (answer.as_object_mut(), json!(shared.state.counts())) {
        fields.extend(counts);
    }
    Json(answer)
}

/// Everybody and everything that can be called, in the order of creation.
async fn extensions(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let extensions = shared.state.world(|world| -> Vec<Value> {
        let all = at::EXTENSIONS.iter().flat_map(|&list| {
            let kind = list.rsplit('/').next().unwrap_or_default().trim_end_matches('s');
            world.children(list).into_iter().map(move |(id, doc)| {
                json!({
                    "kind": kind,
                    "id": id,
                    "name": doc.get("name"),
                    "email": doc.get("email"),
                    "extension_number": doc.get("extension_number"),
                })
            })
        });
        all.collect()
    });
    Json(json!({ "extensions": extensions }))
}

/// The calls under way: what is known of them at this moment, latest first.
async fn calls(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let now = text(shared.clock.now());
    let mut calls: Vec<_> = shared.state.under_way().iter().map(|entry| under_way(entry, &now)).collect();
    calls.sort_by(|a, b| b["began"].as_str().cmp(&a["began"].as_str()));
    Json(json!({ "now": now, "calls": calls }))
}

/// Times are compared as Zoom's text, which sorts as time does.
fn under_way(entry: &LedgerEntry, now: &str) -> Value {
    let answered = entry.answer_time.as_deref().filter(|&at| at <= now);
    json!({
        "call_id": entry.call_id,
        "scenario": entry.scenario,
        "direction": entry.direction,
        "state": if answered.is_some() { "connected" } else { "ringing" },
        "began": entry.start_time,
        "since": answered.unwrap_or(&entry.start_time),
        "caller": entry.caller,
        "callee": entry.callee,
        "queue": entry.queue,
        "with": answered.and(entry.answered_by.first()),
    })
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
async fn play(State(shared): State<Arc<Shared>>, Path(name): Path<String>, body: Bytes) -> Response {
    // Somebody calls the person who holds that phone.
    let wanted: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |field: &str| wanted[field].as_str().unwrap_or_default();
    if !text("to").is_empty() {
        let call_id = shared.state.ring(text("to"), text("from"), text("name"), shared.clock.now());
        return (StatusCode::ACCEPTED, Json(json!({ "call": { "call_id": call_id } }))).into_response();
    }
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
