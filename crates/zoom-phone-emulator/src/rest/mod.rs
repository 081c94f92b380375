//! The part of Zoom's REST API that is simulated, under `/v2`.

mod documented;
mod history;
pub(crate) mod paging;
mod people;
mod query;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::emulator::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/phone/call_history", get(history::list))
        .route("/phone/call_history/{uuid}", get(history::path))
        .route("/phone/call_element/{id}", get(history::element))
        .route("/phone/users", get(people::users))
        .route("/phone/users/{id}", get(people::user))
        .route("/phone/call_queues", get(people::queues))
        .route("/phone/call_queues/{id}", get(people::queue))
        .route("/phone/call_queues/{id}/members", get(people::members))
        .route("/users/me", get(people::me))
        .fallback(not_simulated)
        .method_not_allowed_fallback(not_simulated)
        .layer(middleware::from_fn_with_state(shared, admit))
}

/// Zoom's error form for everything but tokens.
pub(crate) struct Refusal {
    status: StatusCode,
    code: u16,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: u16, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 400 with code 300: a parameter is wrong.
    fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 300, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.code, "message": self.message }))).into_response()
    }
}

/// Only the live token gets in, only with parameters as documented, and every answer carries a tracking id.
async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(0);

    let mut response = if !shared.tokens.admit(request.headers()) {
        Refusal::new(StatusCode::UNAUTHORIZED, 124, "Invalid access token.").into_response()
    } else if let Err(refusal) = documented::check(&request) {
        refusal.into_response()
    } else {
        next.run(request).await
    };
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    if let Ok(id) = HeaderValue::from_str(&format!("v=2.0;clid=emulator;rid=REST_{number:016x}")) {
        response.headers_mut().insert("x-zm-trackingid", id);
    }
    response
}

/// 501 for an operation that Zoom has and the emulator has not, 404 for everything else under `/v2`.
async fn not_simulated(request: Request) -> Response {
    let Some(operation) = documented::operation(&request) else { return not_found(request).await };
    let message = format!("{} is not simulated by this emulator yet", operation.id);
    Refusal::new(StatusCode::NOT_IMPLEMENTED, 501, message).into_response()
}

/// Zoom has no such address.
pub(crate) async fn not_found(request: Request) -> Response {
    let message = format!("There is no {} {}.", request.method(), request.uri().path());
    Refusal::new(StatusCode::NOT_FOUND, 404, message).into_response()
}
