//! Events: examples on demand, and the log of what was sent.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{absent, bad};
use crate::emulator::Shared;
use crate::examples;
use crate::webhooks::Resent;

/// Events on a page of the log, unless `limit` says otherwise.
const PAGE: usize = 100;
/// The most.
const LARGEST_PAGE: usize = 1_000;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/events", get(names))
        .route("/events/{event}", post(emit))
        .route("/events/log", get(list))
        .route("/events/log/{id}", get(one))
        .route("/events/log/{id}/resend", post(resend))
}

/// The names of all documented events, and of those that Zoom announced without specifying them.
async fn names() -> Json<Value> {
    Json(json!({ "events": examples::names(), "announced": examples::announced() }))
}

/// Sends an example of an event, by webhook and WebSocket like any other. Fields of a JSON body replace those of the
/// example's `payload.object`.
async fn emit(State(shared): State<Arc<Shared>>, Path(name): Path<String>, body: Bytes) -> Response {
    let now = shared.clock.now();
    let Some(mut event) = examples::event(&name, &shared.config.account_id, now) else {
        let answer = json!({
            "error": format!("Zoom Phone has no event {name:?}"),
            "events": examples::names(),
            "announced": examples::announced(),
        });
        return (StatusCode::NOT_FOUND, Json(answer)).into_response();
    };
    if !body.is_empty() {
        let wanted = match serde_json::from_slice::<Option<Map<String, Value>>>(&body) {
            Ok(wanted) => wanted.unwrap_or_default(),
            Err(error) => return bad(&error),
        };
        if let Some(object) = event["payload"]["object"].as_object_mut() {
            object.extend(wanted);
        }
    }
    shared.state.emit(event.clone(), now);
    (StatusCode::ACCEPTED, Json(event)).into_response()
}

#[derive(Deserialize)]
struct Which {
    after: Option<u64>,
    limit: Option<usize>,
    event: Option<String>,
}

/// Events and their attempts, oldest first: after an id, or the newest; of one name, if wanted.
async fn list(State(shared): State<Arc<Shared>>, Query(which): Query<Which>) -> Json<Value> {
    let limit = which.limit.unwrap_or(PAGE).min(LARGEST_PAGE);
    Json(shared.wire.log(which.after, limit, which.event.as_deref()))
}

/// One event with its body, and each attempt with the headers of the request and the answer.
async fn one(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Response {
    match shared.wire.logged(id) {
        Some(event) => Json(event).into_response(),
        None => unknown(id),
    }
}

#[derive(Deserialize)]
struct ToWhom {
    subscription: Option<String>,
}

/// Sends the same body again under a fresh signature, to one subscription or to all that want it.
async fn resend(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<u64>,
    Query(to): Query<ToWhom>,
) -> Response {
    match shared.wire.resend(id, to.subscription.as_deref()) {
        Resent::To(subscriptions) => {
            (StatusCode::ACCEPTED, Json(json!({ "subscriptions": subscriptions }))).into_response()
        }
        Resent::Nobody => {
            let error = "No subscription takes this event: GET /_emulator/subscriptions shows whether one wants it, \
                has passed its challenge and is enabled. One event is sent 100 times at most.";
            (StatusCode::CONFLICT, Json(json!({ "error": error }))).into_response()
        }
        Resent::Unknown => unknown(id),
    }
}

fn unknown(id: u64) -> Response {
    absent(&format!(
        "There is no event {id} in the log; GET /_emulator/events/log names the oldest and newest."
    ))
}
