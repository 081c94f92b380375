//! Device authorization: a code is shown on a device and approved in a browser.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::grants::{DEVICE_INTERVAL, DEVICE_LIFETIME};
use super::page::{ANSWERS, escape, page, scope_list, user_choice};
use super::{Parameters, Refusal, basic, client, origin, user_id};
use crate::apps::{App, AppKind};
use crate::emulator::Shared;

/// What a person says to a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Approve,
    Deny,
}

/// `POST /oauth/devicecode`: the app's client id is enough; a secret, if given, must be right.
pub(super) async fn begin(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let begun = start(&shared, &headers, &Parameters::read(query.as_deref(), &body));
    begun.map(Json).map_err(|refusal| refusal.in_temper(shared.config.temper))
}

fn start(shared: &Shared, headers: &HeaderMap, parameters: &Parameters) -> Result<Value, Refusal> {
    let bare = basic(headers).is_none() && parameters.get("client_secret").is_none();
    let app = match parameters.get("client_id") {
        Some(id) if bare => App::find(&shared.config.apps, id),
        _ => Some(client(&shared.config, headers, parameters)?.app),
    };
    let app = app.filter(|app| app.kind == AppKind::General && app.device);
    let app = app.ok_or(Refusal::new("invalid_client", 4702, "Invalid client_id"))?;
    let scopes = Arc::new(app.scopes.iter().cloned().collect());
    let (device_code, user_code) = shared.grants.device(&app.client_id, scopes);
    let origin = origin(headers);
    Ok(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": format!("{origin}/oauth_device"),
        "verification_uri_complete": format!("{origin}/oauth/device/complete/{user_code}"),
        "expires_in": DEVICE_LIFETIME,
        "interval": DEVICE_INTERVAL,
    }))
}

/// The page where the code is typed.
pub(super) async fn enter(RawQuery(query): RawQuery) -> Response {
    if let Some(code) = Parameters::read(query.as_deref(), &[]).get("user_code") {
        let code: String = url::form_urlencoded::byte_serialize(code.trim().as_bytes()).collect();
        return (StatusCode::FOUND, [(header::LOCATION, format!("/oauth/device/complete/{code}"))])
            .into_response();
    }
    let form = "<form><label for=code>The code that the device shows</label>\
        <input id=code type=text name=user_code required autocomplete=off autofocus>\
        <div class=answer><button class=yes>Next</button></div></form>";
    page(StatusCode::OK, "Connect a device", form)
}

/// The page where the code is approved.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, Path(user_code): Path<String>) -> Response {
    let Some((client_id, scopes)) = shared.grants.waiting(&user_code) else { return unknown() };
    let app = App::find(&shared.config.apps, &client_id).map_or("An app", |app| app.name.as_str());
    let form = format!(
        "<p>Code {}</p><form method=post>{}{}{ANSWERS}</form>",
        escape(&user_code),
        user_choice(&shared),
        scope_list(scopes.iter().map(String::as_str)),
    );
    page(StatusCode::OK, &format!("{app} on a device wants to use your Zoom account"), &form)
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
        page(StatusCode::OK, "Done", "<p>You may close this page.</p>")
    } else {
        unknown()
    }
}

fn unknown() -> Response {
    let body = "<p class=wrong role=alert>No device waits for an answer to this code.</p>";
    page(StatusCode::NOT_FOUND, "Unknown code", body)
}

/// Answers a device in the name of a user (id or e-mail address; by default the first of the
/// company); false when no device waits for it or there is no such user.
pub(crate) fn settle(shared: &Shared, user_code: &str, verdict: Verdict, user: Option<&str>) -> bool {
    match verdict {
        Verdict::Deny => shared.grants.decide(user_code, None),
        Verdict::Approve => match user_id(shared, user) {
            Some(user) => shared.grants.decide(user_code, Some(user)),
            None => false,
        },
    }
}
