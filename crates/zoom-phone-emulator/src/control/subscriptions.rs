//! Event subscriptions, added and changed while the emulator runs.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{absent, bad};
use crate::emulator::Shared;
use crate::webhooks::{Change, Subscription};

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/subscriptions", get(list).post(add))
        .route("/subscriptions/{id}", get(one).patch(change).delete(remove))
        .route("/subscriptions/{id}/challenge", post(challenge))
}

/// All fields that a request may have; a secret is never told again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    id: Option<String>,
    name: Option<String>,
    url: Option<String>,
    secret: Option<String>,
    /// Names of events; all when empty.
    events: Option<Vec<String>>,
    app: Option<String>,
    enabled: Option<bool>,
}

impl Fields {
    fn read(body: &[u8]) -> Result<(Self, Option<Url>), String> {
        let fields: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let url = fields.url.as_deref().map(|url| match Url::parse(url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
            Ok(_) => Err("`url` must begin with http:// or https://".to_owned()),
            Err(error) => Err(format!("`url`: {error}")),
        });
        let url = url.transpose()?;
        Ok((fields, url))
    }
}

/// How each subscription stands.
async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "subscriptions": shared.wire.subscriptions() }))
}

async fn one(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    found(shared.wire.subscription(&id), &id)
}

/// Adds one, which is challenged at once. Only `url` is needed; the secret is the demo secret unless given.
async fn add(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let (fields, url) = match Fields::read(&body) {
        Ok((fields, Some(url))) => (fields, url),
        Ok((_, None)) => return bad(&"`url` is missing: where should events go?"),
        Err(error) => return bad(&error),
    };
    if fields.enabled.is_some() {
        return bad(&"`enabled` is for PATCH; a new subscription is enabled");
    }
    let secret = fields.secret.unwrap_or_else(|| crate::DEMO_WEBHOOK_SECRET.to_owned());
    let mut subscription = Subscription::new(url, secret);
    subscription.id = match fields.id {
        Some(id) if id.is_empty() => return bad(&"`id` must not be empty"),
        Some(id) => id,
        None => free_id(&shared),
    };
    subscription.name = fields.name.unwrap_or_else(|| subscription.id.clone());
    subscription.events = fields.events.unwrap_or_default();
    if let Some(app) = fields.app {
        subscription.app = app;
    }
    match shared.wire.add(subscription) {
        Ok(told) => (StatusCode::CREATED, Json(told)).into_response(),
        Err(known) => {
            let error = format!("there is a subscription {known:?} already; PATCH changes it");
            (StatusCode::CONFLICT, Json(json!({ "error": error }))).into_response()
        }
    }
}

/// `webhook`, or `webhook-2` and so on.
fn free_id(shared: &Shared) -> String {
    let mut id = "webhook".to_owned();
    let mut number = 1;
    while shared.wire.subscription(&id).is_some() {
        number += 1;
        id = format!("webhook-{number}");
    }
    id
}

/// Changes what is given. A new `url` or `secret` is challenged before events flow again, and so is a subscription
/// that `enabled: true` switches on again.
async fn change(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Response {
    match Fields::read(&body) {
        Ok((fields, _)) if fields.id.is_some() => bad(&"`id` cannot be changed"),
        Ok((Fields { name, secret, events, app, enabled, .. }, url)) => {
            found(shared.wire.change(&id, Change { name, url, secret, events, app, enabled }), &id)
        }
        Err(error) => bad(&error),
    }
}

async fn remove(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    if shared.wire.remove(&id) { StatusCode::NO_CONTENT.into_response() } else { found(None, &id) }
}

/// Challenges the receiver now, as the button `Validate` on Zoom's Marketplace does.
async fn challenge(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    if shared.wire.challenge(&id) { StatusCode::ACCEPTED.into_response() } else { found(None, &id) }
}

fn found(subscription: Option<Value>, id: &str) -> Response {
    match subscription {
        Some(told) => Json(told).into_response(),
        None => absent(&format!("There is no subscription {id:?}; GET /_emulator/subscriptions lists them.")),
    }
}
