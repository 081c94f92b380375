//! Device authorization: a code is shown on a device and approved in a browser.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::grants::{Consent, DEVICE_INTERVAL, DEVICE_LIFETIME, Decision};
use super::{App, Parameters, Refusal, basic, client, escape, page, user_choice, user_id};
use crate::emulator::Shared;

/// What a person says to a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Approve,
    Deny,
}

/// `POST /oauth/devicecode`: the general app's client id is enough; a secret, if given, must be right.
pub(super) async fn begin(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let parameters = Parameters::read(query.as_deref(), &body);
    let bare = basic(&headers).is_none() && parameters.get("client_secret").is_none();
    let app = match parameters.get("client_id") {
        Some(id) if bare => App::of(&shared.config, id),
        _ => Some(client(&shared.config, &headers, &parameters)?),
    };
    if app != Some(App::General) {
        return Err(Refusal::new("invalid_client", 4702, "Invalid client_id"));
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let (device_code, user_code) = shared.grants.device();
    Ok(Json(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": format!("http://{host}/oauth_device"),
        "verification_uri_complete": format!("http://{host}/oauth/device/complete/{user_code}"),
        "expires_in": DEVICE_LIFETIME,
        "interval": DEVICE_INTERVAL,
    })))
}

/// The page where the code is typed.
pub(super) async fn enter(RawQuery(query): RawQuery) -> Response {
    if let Some(code) = Parameters::read(query.as_deref(), &[]).get("user_code") {
        let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        return (StatusCode::FOUND, [(header::LOCATION, format!("/oauth/device/complete/{code}"))])
            .into_response();
    }
    let form = "<form><label>Code <input name=user_code></label> <button>Next</button></form>";
    Html(page("Connect a device", form)).into_response()
}

/// The page where the code is approved.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, Path(user_code): Path<String>) -> Html<String> {
    let form = format!(
        "<p>Code {}</p><form method=post>{} <button name=decision value=approve>Allow</button> \
        <button name=decision value=deny>Decline</button></form>",
        escape(&user_code),
        user_choice(&shared),
    );
    Html(page("Allow this device to use your Zoom account?", &form))
}

/// The buttons of that page.
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    Path(user_code): Path<String>,
    body: Bytes,
) -> Response {
    let form = Parameters::read(None, &body);
    let verdict = if form.get("decision") == Some("approve") { Verdict::Approve } else { Verdict::Deny };
    if settle(&shared, &user_code, verdict, form.get("user")) {
        Html(page("Done", "<p>You may close this page.</p>")).into_response()
    } else {
        let body = "<p>No device waits for an answer to this code.</p>";
        (StatusCode::NOT_FOUND, Html(page("Unknown code", body))).into_response()
    }
}

/// Answers a device in the name of a user (id or e-mail address; by default the first of the
/// company); false when no device waits for it or there is no such user.
pub(crate) fn settle(shared: &Shared, user_code: &str, verdict: Verdict, user: Option<&str>) -> bool {
    let decision = match verdict {
        Verdict::Deny => Some(Decision::Denied),
        Verdict::Approve => user_id(shared, user).map(|user| {
            let scopes = Arc::new(shared.config.scopes.iter().cloned().collect());
            Decision::Approved(Consent { user, scopes })
        }),
    };
    decision.is_some_and(|decision| shared.grants.decide(user_code, decision))
}
