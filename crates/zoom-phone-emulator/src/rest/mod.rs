//! Zoom's REST API, under `/v2`: some of it simulated, the rest shaped by the catalogue.

mod admit;
mod documented;
mod files;
mod form_data;
mod history;
pub(crate) mod paging;
mod people;
mod query;
mod sample;
mod shaped;
mod words;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use zoom_phone_types::catalogue::Operation;

use crate::emulator::Shared;
use crate::oauth::{Access, Holder};
pub(crate) use files::signed_transcript;

/// The longest body that is read: the 50 MB of a fax and its wrapping.
const LONGEST_BODY: usize = 51 << 20;

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
        .fallback(shaped::answer)
        .method_not_allowed_fallback(shaped::answer)
        .layer(middleware::from_fn_with_state(shared, admit::admit))
}

/// A request that passed all checks.
struct Called {
    operation: &'static Operation,
    /// Parameters in the path, decoded, `me` resolved.
    path: Vec<(&'static str, String)>,
    /// The JSON body, or the parts of a form as text; null without one.
    body: Value,
}

/// Zoom's error form for everything but tokens.
pub(crate) struct Refusal {
    status: StatusCode,
    code: u16,
    message: String,
    errors: Vec<FieldError>,
}

/// What is wrong with one field.
struct FieldError {
    field: String,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: u16, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), errors: Vec::new() }
    }

    /// 400 with code 300: a parameter is wrong.
    fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 300, message)
    }

    /// 400 with code 300, and which fields are wrong.
    fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::invalid("Validation Failed.") }
    }

    /// 400 with code 4711: the token may not do this.
    fn scopes(scopes: &[impl AsRef<str>]) -> Self {
        let scopes: Vec<_> = scopes.iter().map(AsRef::as_ref).collect();
        let message = format!("Invalid access token, does not contain scopes:[{}].", scopes.join(", "));
        Self::new(StatusCode::BAD_REQUEST, 4711, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = json!({ "code": self.code, "message": self.message });
        if !self.errors.is_empty() {
            let errors = self.errors.into_iter();
            answer["errors"] = errors.map(|it| json!({ "field": it.field, "message": it.message })).collect();
        }
        (self.status, Json(answer)).into_response()
    }
}

/// Hands a request on that is as documented.
async fn perform(
    operation: &'static Operation,
    mut path: Vec<(&'static str, String)>,
    access: &Access,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    for (name, value) in &mut path {
        if *name == "userId" && value == "me" {
            let Holder::User(user) = &access.holder else { return Err(people::no_me()) };
            value.clone_from(user);
        }
    }
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await;
    let body =
        body.map_err(|_| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, 413, "The request is too long."))?;
    let checked = documented::check(operation, &path, &parts, &body)?;
    parts.extensions.insert(Arc::new(Called { operation, path, body: checked }));
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// Zoom has no such address.
pub(crate) async fn not_found(request: Request) -> Response {
    let message = format!("There is no {} {}.", request.method(), request.uri().path());
    Refusal::new(StatusCode::NOT_FOUND, 404, message).into_response()
}
