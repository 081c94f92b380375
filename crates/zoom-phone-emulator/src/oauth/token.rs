//! `POST /oauth/token` for all grants, and `POST /oauth/revoke`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::grants::{Issued, LIFETIME};
use super::{App, Holder, Parameters, Refusal, client};
use crate::emulator::Shared;
use crate::faults::{Loss, cut};
use crate::scopes;

/// Parameters may come in the query or in the form body; client credentials in the Basic header or
/// in the body.
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.state.count(|counts| counts.token_requests += 1);
    if let Some(response) = shared.faults.strike("oauth_token", &Uri::from_static("/oauth/token")).await {
        return response;
    }
    let parameters = Parameters::read(query.as_deref(), &body);
    let loss = shared.faults.token_response();
    if loss == Some(Loss::BeforeRotation) {
        return cut();
    }
    match grant(&shared, &headers, &parameters) {
        Ok(_) if loss.is_some() => cut(),
        Ok(issued) => {
            ([(header::CACHE_CONTROL, "no-store")], Json(answer(&issued, &headers))).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn grant(shared: &Shared, headers: &HeaderMap, parameters: &Parameters) -> Result<Issued, Refusal> {
    let config = &shared.config;
    let app = client(config, headers, parameters)?;
    let need = |name: &str, reason| parameters.get(name).ok_or(Refusal::new("invalid_request", 4700, reason));
    let grant_type = parameters.get("grant_type");
    match (app, grant_type.ok_or(Refusal::new("invalid_request", 4706, "Missing grant type"))?) {
        (App::Server, "account_credentials") => {
            if parameters.get("account_id") != Some(config.account_id.as_str()) {
                return Err(Refusal::new("invalid_request", 4700, "Invalid account_id"));
            }
            let index = parameters.get("token_index").map_or(Ok(0), str::parse);
            let index = index.map_err(|_| Refusal::new("invalid_request", 4700, "Invalid token_index"))?;
            Ok(shared.grants.issue(Holder::Account(index), Arc::new(config.scopes.iter().cloned().collect())))
        }
        (app, "client_credentials") => {
            let scopes = scopes::OF_APPS.iter().map(|&scope| scope.to_owned()).collect();
            Ok(shared.grants.issue(Holder::App(app), Arc::new(scopes)))
        }
        (App::General, "authorization_code") => {
            let code = need("code", "Missing code")?;
            shared.grants.exchange(code, parameters.get("redirect_uri"), parameters.get("code_verifier"))
        }
        (App::General, "refresh_token") => {
            shared.grants.refresh(need("refresh_token", "Missing refresh token")?)
        }
        (App::General, "urn:ietf:params:oauth:grant-type:device_code") => {
            shared.grants.poll(need("device_code", "Missing device code")?)
        }
        _ => Err(Refusal::new("unsupported_grant_type", 4705, "unsupported grant type")),
    }
}

fn answer(issued: &Issued, headers: &HeaderMap) -> Value {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scopes: Vec<_> = issued.scopes.iter().map(String::as_str).collect();
    let mut answer = json!({
        "access_token": issued.access,
        "token_type": "bearer",
        "expires_in": LIFETIME,
        "scope": scopes.join(" "),
        "api_url": format!("http://{host}"),
    });
    if let Some(refresh) = &issued.refresh {
        answer["refresh_token"] = json!(refresh);
    }
    answer
}

/// Ends an access token, and the refresh token with it. What was dead before is no error.
pub(super) async fn revoke(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let parameters = Parameters::read(query.as_deref(), &body);
    client(&shared.config, &headers, &parameters)?;
    let token =
        parameters.get("token").ok_or(Refusal::new("invalid_request", 4700, "Token cannot be empty."))?;
    shared.grants.revoke(token);
    Ok(Json(json!({ "status": "success" })))
}
