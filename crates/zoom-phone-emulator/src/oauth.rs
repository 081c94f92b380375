//! `POST /oauth/token` for one Server-to-Server app, and the check of what it gave out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::dice::Dice;
use crate::emulator::Shared;

/// Seconds of a token's life.
const LIFETIME: u64 = 3599;

/// What the emulator's app was granted: the scopes of the operations that are simulated.
const SCOPES: &str = "phone:read:call_log:admin phone:read:call_queue:admin phone:read:list_call_logs:admin \
    phone:read:list_call_queue_members:admin phone:read:list_call_queues:admin \
    phone:read:list_users:admin phone:read:user:admin";

/// The one live access token. A new token ends the old one, which is Zoom's default.
pub(crate) struct Tokens(Mutex<(Dice, Option<Token>)>);

struct Token {
    text: String,
    ends: Instant,
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new((Dice::new(seed, 3), None)))
    }

    fn issue(&self) -> String {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (dice, live) = &mut *guard;
        let text = format!("emu_{}{}{}", dice.opaque_id(), dice.opaque_id(), dice.opaque_id());
        *live = Some(Token { text: text.clone(), ends: Instant::now() + Duration::from_secs(LIFETIME) });
        text
    }

    /// Whether the request carries the live token as a bearer header; the query does not count.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, presented)) = presented.and_then(|value| value.split_once(' ')) else {
            return false;
        };
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        scheme.eq_ignore_ascii_case("bearer")
            && guard.1.as_ref().is_some_and(|live| {
                Instant::now() < live.ends
                    && bool::from(live.text.as_bytes().ct_eq(presented.trim().as_bytes()))
            })
    }
}

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/oauth/token", post(token))
}

/// Parameters may come in the query or in the form body; client credentials in the Basic header or
/// in the body.
async fn token(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(&body).chain(form_urlencoded::parse(query.as_bytes()));
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let in_body = || Some((parameter("client_id")?, parameter("client_secret")?));
    let config = &shared.config;
    let Some((id, secret)) = basic(&headers).or_else(in_body) else {
        return refuse("Missing client credentials", "invalid_client");
    };
    let known = id.as_bytes().ct_eq(config.client_id.as_bytes())
        & secret.as_bytes().ct_eq(config.client_secret.as_bytes());
    if !bool::from(known) {
        return refuse("Invalid client_id or client_secret", "invalid_client");
    }
    match parameter("grant_type").as_deref() {
        Some("account_credentials") => {}
        Some(_) => return refuse("unsupported grant type", "unsupported_grant_type"),
        None => return refuse("Missing grant type", "invalid_request"),
    }
    if parameter("account_id").as_deref() != Some(config.account_id.as_str()) {
        return refuse("Invalid account_id", "invalid_request");
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let answer = json!({
        "access_token": shared.tokens.issue(),
        "token_type": "bearer",
        "expires_in": LIFETIME,
        "scope": SCOPES,
        "api_url": format!("http://{host}"),
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The token service has an error form of its own.
fn refuse(reason: &str, error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "reason": reason, "error": error }))).into_response()
}
