//! The control page: the emulator for people, at `/_emulator/`.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::emulator::Shared;

/// Nothing from anywhere else, and no script in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("../../page/control/index.html");

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../page/control/", $name)))),*]
    };
}

/// File names and their contents.
const FILES: &[(&str, &str)] = files![
    "account.js",
    "calls.js",
    "clock.js",
    "control.css",
    "events.js",
    "faults.js",
    "ledger.js",
    "main.js",
    "server.js",
    "subscriptions.js",
];

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/", get(page)).route("/page/{name}", get(file))
}

/// The page; `/_emulator` and `/_emulator/` are the same.
pub(crate) async fn page() -> Response {
    let policy = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    ([policy, (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))], Html(PAGE)).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    let shared = ("dom.js", include_str!("../../page/embed/dom.js"));
    let Some((_, content)) = FILES.iter().chain([&shared]).find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = if name.rsplit_once('.').is_some_and(|(_, end)| end == "css") {
        "text/css"
    } else {
        "text/javascript"
    };
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], *content).into_response()
}
