//! Control is for programs and pages of its own: pages of other sites, which any browser on this machine may show, are
//! kept out, whether they ask from their own origin or by a name that they have made lead here (DNS rebinding).

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use url::Url;

use crate::emulator::Shared;

/// 403 with what to do instead, or whatever is asked.
pub(crate) async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, "host").or_else(|| request.uri().authority().map(|host| host.as_str()));
    let public = shared.config.public_url.as_ref();
    let error = if shared.is_on_loopback() && host.is_some_and(|host| !is_ours(host, public)) {
        "the emulator listens on this machine only, and this request names another host: use http://127.0.0.1 or \
            http://localhost, or start the emulator with --public-url"
    } else if is_foreign(request.method(), headers, host, public) {
        "pages of other sites may not control the emulator: open its own page, or ask from a program"
    } else {
        return next.run(request).await;
    };
    (StatusCode::FORBIDDEN, Json(json!({ "error": error }))).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// Whether a `Host` is this machine, or what the emulator is reached by.
fn is_ours(host: &str, public: Option<&Url>) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}")) else { return false };
    let name = url.host_str().unwrap_or_default();
    let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost"
        || ip.is_ok_and(|ip| ip.is_loopback())
        || public.and_then(Url::host_str).is_some_and(|public| public.eq_ignore_ascii_case(name))
}

/// Whether a page of another site asks. Following a link to a page is no harm.
fn is_foreign(method: &Method, headers: &HeaderMap, host: Option<&str>, public: Option<&Url>) -> bool {
    let asked = |origin: &str| {
        let own = origin.split_once("://").is_some_and(|(_, rest)| host == Some(rest));
        own || public.is_some_and(|public| public.origin().ascii_serialization() == origin)
    };
    let navigates = *method == Method::GET && text(headers, "sec-fetch-mode") == Some("navigate");
    text(headers, header::ORIGIN.as_str()).is_some_and(|origin| !asked(origin))
        || (text(headers, "sec-fetch-site") == Some("cross-site") && !navigates)
}
