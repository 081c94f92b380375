//! `POST /oauth/token` for all grants, and `POST /oauth/revoke`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::grants::{Issued, Key};
use super::{Client, Holder, Parameters, Refusal, client, origin};
use crate::apps::AppKind;
use crate::config::Config;
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
    let answer = match grant(&shared, &headers, &parameters) {
        Ok(_) if loss.is_some() => return cut(),
        Ok(issued) => {
            ([(header::CACHE_CONTROL, "no-store")], Json(answer(&issued, &shared.config, &headers)))
                .into_response()
        }
        Err(refusal) => refusal.in_temper(shared.config.temper).into_response(),
    };
    shared.faults.spoil("oauth_token", answer).await
}

fn grant(shared: &Shared, headers: &HeaderMap, parameters: &Parameters) -> Result<Issued, Refusal> {
    let config = &shared.config;
    let client = client(config, headers, parameters)?;
    let Client { app, proven } = client;
    if shared.account.standing().disabled_apps.contains(&app.client_id) {
        return Err(Refusal::new("invalid_request", 4717, "The app has been disabled"));
    }
    let key = |holder| Key { client_id: app.client_id.clone(), holder };
    let need = |name: &str, reason| parameters.get(name).ok_or(Refusal::new("invalid_request", 4700, reason));
    let grant_type = parameters.get("grant_type");
    match (app.kind, grant_type.ok_or(Refusal::new("invalid_request", 4706, "Missing grant type"))?) {
        (AppKind::ServerToServer, "account_credentials") if proven => {
            if parameters.get("account_id") != Some(config.account_id.as_str()) {
                return Err(Refusal::new("invalid_request", 4700, "Invalid account_id"));
            }
            let index = parameters.get("token_index").map_or(Ok(0), str::parse);
            let index = index.map_err(|_| Refusal::new("invalid_request", 4700, "Invalid token_index"))?;
            let scopes = Arc::new(app.scopes.iter().cloned().collect());
            Ok(shared.grants.issue(key(Holder::Account(index)), scopes))
        }
        (_, "client_credentials") if proven => {
            let scopes = scopes::OF_APPS.iter().map(|&scope| scope.to_owned()).collect();
            Ok(shared.grants.issue(key(Holder::App), Arc::new(scopes)))
        }
        (AppKind::General, "authorization_code") => {
            let code = need("code", "Missing code")?;
            let redirect_uri = parameters.get("redirect_uri");
            shared.grants.exchange(&client, code, redirect_uri, parameters.get("code_verifier"))
        }
        (AppKind::General, "refresh_token") => {
            shared.grants.refresh(&app.client_id, need("refresh_token", "Missing refresh token")?)
        }
        (AppKind::General, "urn:ietf:params:oauth:grant-type:device_code") if app.device => {
            shared.grants.poll(&app.client_id, need("device_code", "Missing device code")?)
        }
        (AppKind::ServerToServer, "account_credentials") | (_, "client_credentials") => {
            Err(Refusal::new("invalid_client", 4706, "Client ID or client secret is missing."))
        }
        _ => Err(Refusal::new("unsupported_grant_type", 4705, "unsupported grant type")),
    }
}

fn answer(issued: &Issued, config: &Config, headers: &HeaderMap) -> Value {
    let scopes: Vec<_> = issued.scopes.iter().map(String::as_str).collect();
    let api_url = config.api_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let mut answer = json!({
        "access_token": issued.access,
        "token_type": "bearer",
        "expires_in": issued.lifetime,
        "scope": scopes.join(" "),
        "api_url": api_url.unwrap_or_else(|| origin(headers)),
    });
    if let Some(refresh) = &issued.refresh {
        answer["refresh_token"] = json!(refresh);
    }
    answer
}

/// Ends an access token of the app, and the refresh token with it. What was dead before is no error.
pub(super) async fn revoke(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let parameters = Parameters::read(query.as_deref(), &body);
    let end = || {
        let client = client(&shared.config, &headers, &parameters)?;
        let token = parameters.get("token");
        let token = token.ok_or(Refusal::new("invalid_request", 4700, "Token cannot be empty."))?;
        shared.grants.revoke(&client.app.client_id, token);
        Ok(Json(json!({ "status": "success" })))
    };
    end().map_err(|refusal: Refusal| refusal.in_temper(shared.config.temper))
}
