//! The token service's own error form.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::config::Temper;

/// `{"reason","error"}` with status 400, which was seen live for bad clients and dead refresh tokens. Zoom documents
/// the codes in a table beside; the emulator puts them into the answer as `code`, but not in the temper `field`.
#[derive(Debug)]
pub(super) struct Refusal {
    error: &'static str,
    details: Option<(u16, &'static str)>,
    with_code: bool,
}

impl Refusal {
    /// `code` as in Zoom's table of OAuth errors.
    pub(super) fn new(error: &'static str, code: u16, reason: &'static str) -> Self {
        Self { error, details: Some((code, reason)), with_code: true }
    }

    /// The polls of a device are answered with `error` alone.
    pub(super) fn bare(error: &'static str) -> Self {
        Self { error, details: None, with_code: false }
    }

    /// What is answered in this temper.
    pub(super) fn in_temper(mut self, temper: Temper) -> Self {
        self.with_code = temper != Temper::Field;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = Map::new();
        if let Some((code, reason)) = self.details {
            answer.insert("reason".to_owned(), json!(reason));
            if self.with_code {
                answer.insert("code".to_owned(), json!(code));
            }
        }
        answer.insert("error".to_owned(), json!(self.error));
        (StatusCode::BAD_REQUEST, Json(Value::Object(answer))).into_response()
    }
}
