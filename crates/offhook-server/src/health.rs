//! Is it alive, and can it do its work.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::serve::App;

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: events can be stored and are being folded. Tells why not, in one word.
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let progress = app.progress();
    let backlog = app.backlog();
    let why = if app.is_stopping() {
        Some("stopping")
    } else if progress.failing || app.store().inbox().is_failing() {
        Some("storage_failing")
    } else if app.folding_stopped() {
        Some("folding_stopped")
    } else {
        None
    };
    let status = if why.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(json!({ "ready": why.is_none(), "why": why, "backlog": backlog }))).into_response()
}

/// `GET /metrics`, for Prometheus.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let (appended, commits) = app.store().inbox().totals();
    metrics::counter!("offhook_inbox_appended_total").absolute(appended);
    metrics::counter!("offhook_inbox_commits_total").absolute(commits);
    #[expect(
        clippy::cast_precision_loss,
        reason = "gauges are floating point; a backlog has no 2^53 entries"
    )]
    {
        metrics::gauge!("offhook_inbox_backlog").set(app.backlog() as f64);
        metrics::gauge!("offhook_inbox_waiting").set(app.store().inbox().waiting() as f64);
    }
    let text = crate::metrics::install().render();
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
