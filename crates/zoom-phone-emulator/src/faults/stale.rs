//! What was to be seen before a change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Addresses for which an old answer waits; further changes show at once.
const MOST: usize = 1_000;
/// Longer answers are not kept.
const LONGEST: usize = 4 << 20;

/// Old answers by path, each shown once.
#[derive(Default)]
pub(crate) struct Stale(Mutex<HashMap<String, (StatusCode, HeaderMap, Bytes)>>);

impl Stale {
    /// Keeps what a read of `path` answers before the change that comes now.
    pub(crate) async fn keep(&self, path: &str, answer: Response) {
        let (parts, body) = answer.into_parts();
        let Ok(body) = to_bytes(body, LONGEST).await else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST {
            kept.insert(path.to_owned(), (parts.status, parts.headers, body));
        }
    }

    /// The old answer to a read of `path`, once.
    pub(crate) fn take(&self, path: &str) -> Option<Response> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
        kept.map(|(status, headers, body)| (status, headers, Body::from(body)).into_response())
    }

    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
