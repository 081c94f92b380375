//! The token service's own error form.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// `{"reason","error","code"}` with status 400. Zoom documents the codes in a table beside; the
/// emulator puts them into the answer as well.
pub(super) struct Refusal {
    error: &'static str,
    details: Option<(u16, &'static str)>,
}

impl Refusal {
    /// `code` as in Zoom's table of OAuth errors.
    pub(super) fn new(error: &'static str, code: u16, reason: &'static str) -> Self {
        Self { error, details: Some((code, reason)) }
    }

    /// The polls of a device are answered with `error` alone.
    pub(super) fn bare(error: &'static str) -> Self {
        Self { error, details: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = Map::new();
        if let Some((code, reason)) = self.details {
            answer.insert("reason".to_owned(), json!(reason));
            answer.insert("code".to_owned(), json!(code));
        }
        answer.insert("error".to_owned(), json!(self.error));
        (StatusCode::BAD_REQUEST, Json(Value::Object(answer))).into_response()
    }
}
