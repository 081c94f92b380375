//! What Zoom does not have: looking behind the scenes, and asking for a call. No endpoint asks for a token.

mod calls;
mod clock;
mod events;
mod faults;
mod guard;
mod now;
mod page;
mod stream;
mod subscriptions;

mod access;

use std::sync::Arc;

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
use crate::rest;
use crate::scenario::Scenario;
use crate::snapshot;

pub(crate) use guard::guard;
pub(crate) use page::page;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .merge(access::router())
        .route("/health", get(health))
        .route("/state", get(state))
        .route("/operations", get(operations))
        .merge(calls::router())
        .merge(clock::router())
        .merge(events::router())
        .merge(faults::router())
        .merge(now::router())
        .merge(page::router())
        .merge(snapshot::router())
        .merge(stream::router())
        .merge(subscriptions::router())
        .route("/ws/drop", post(drop_socket))
        .route("/devices/{user_code}/approve", post(approve_device))
        .route("/devices/{user_code}/deny", post(deny_device))
        .merge(embed::host_router())
}

/// A refusal of control itself: 400 and what to do instead.
fn bad(error: &impl ToString) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))).into_response()
}

/// 404 and what would be there.
fn absent(error: &impl ToString) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": error.to_string() }))).into_response()
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Counts, the company's time and the names of all scenarios.
async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let now = shared.clock.now();
    let texts = shared.state.world(|world| crate::sms::totals(world, now, |_| true));
    let mut answer = json!({
        "now": text(now),
        "seed": shared.config.seed,
        "speed": shared.clock.speed(),
        "calls_per_minute": shared.config.calls_per_minute,
        "temper": shared.config.temper,
        "sms_sent": texts.sent + texts.failed,
        "sms_received": texts.received,
        "receiver_validated": shared.wire.is_open() && !shared.wire.subscriptions().is_empty(),
        "subscriptions": shared.wire.subscriptions(),
        "scenarios": Scenario::ALL,
        "faults_struck": shared.faults.struck(),
    });
    if let (Some(fields), Value::Object(counts)) = (answer.as_object_mut(), json!(shared.state.counts())) {
        fields.extend(counts);
    }
    Json(answer)
}

/// Every REST operation, and whether it is simulated.
async fn operations() -> Json<Value> {
    Json(json!({ "operations": rest::census() }))
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
