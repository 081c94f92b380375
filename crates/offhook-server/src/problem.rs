//! Errors as clients see them: RFC 9457 problem details.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use offhook_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, for a person and for a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Stable name of the kind of problem.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind in words.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What happened here, and what to do.
    detail: String,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, title, status: status.as_u16(), detail: detail.into() }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "urn:offhook:bad-request", "The request cannot be read", detail)
    }

    pub(crate) fn no_such_call(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "urn:offhook:no-such-call",
            "No call has this id",
            format!(
                "No call is known by {id:?}. Any id of a call will do; /api/v1/search also takes numbers."
            ),
        )
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "urn:offhook:not-found",
            "Nothing is here",
            "There is no such address. GET /api/openapi.json lists those there are.",
        )
    }

    /// Something that is asked for by its id and not known.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "urn:offhook:not-found", "Nothing is here", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "urn:offhook:loopback-only",
            "Only this machine may ask that",
            detail,
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// Storage failed: the cause goes to the log, not to the client.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "could not read the store");
        let status = if error.is_temporary() {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self::new(status, "urn:offhook:storage", "The store did not answer", error.to_string())
    }
}
