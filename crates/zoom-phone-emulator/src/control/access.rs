//! Who may do what and how often: the account's standing, the apps, the limits.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::account::Change;
use crate::apps::{App, AppKind};
use crate::emulator::Shared;
use crate::limits::Limit;
use crate::oauth;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/account", get(account).post(change_account))
        .route("/apps", get(apps))
        .route("/apps/{client_id}/deauthorize", post(deauthorize))
        .route("/limits", get(limits).post(enforce).delete(enforce_nothing))
}

/// How the account stands.
async fn account(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(*shared.account.standing()))
}

/// Changes some of that; the rest stays. Users may be named by id or e-mail address.
async fn change_account(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let mut change: Change = match serde_json::from_slice(&body) {
        Ok(change) => change,
        Err(error) => return wrong(&error.to_string()),
    };
    if let Some(named) = change.without_phone.take() {
        let ids: Result<_, _> = named.into_iter().map(|user| user_id(&shared, &user).ok_or(user)).collect();
        match ids {
            Ok(ids) => change.without_phone = Some(ids),
            Err(user) => return wrong(&format!("there is no user {user:?}")),
        }
    }
    let app = change.disabled_apps.iter().flatten().find(|id| App::find(&shared.config.apps, id).is_none());
    if let Some(id) = app {
        return wrong(&format!("there is no app {id:?}; GET /_emulator/apps lists all of them"));
    }
    shared.account.change(change);
    account(State(shared)).await.into_response()
}

/// The apps, without their secrets, and who has signed in to them.
async fn apps(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let app = |app: &App| {
        json!({
            "name": app.name,
            "kind": match app.kind {
                AppKind::ServerToServer => "server_to_server",
                AppKind::General => "general",
            },
            "client_id": app.client_id,
            "scopes": app.scopes,
            "redirect_uris": app.redirect_uris,
            "pkce_public": app.pkce_public,
            "device": app.device,
            "deauthorization_url": app.deauthorization_url.as_ref().map(url::Url::as_str),
            "users": shared.grants.users_of(&app.client_id),
        })
    };
    Json(json!({ "apps": shared.config.apps.iter().map(app).collect::<Vec<_>>() }))
}

/// What a user does who removes the app; without `?user=` all who have signed in.
async fn deauthorize(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(app) = App::find(&shared.config.apps, &client_id).filter(|app| app.kind == AppKind::General)
    else {
        let error = format!("there is no general app {client_id:?}; GET /_emulator/apps lists all of them");
        return (StatusCode::NOT_FOUND, Json(json!({ "error": error }))).into_response();
    };
    let query = query.unwrap_or_default();
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "user");
    let user = match named {
        Some((_, user)) => match user_id(&shared, &user) {
            Some(id) => Some(id),
            None => return wrong(&format!("there is no user {user:?}")),
        },
        None => None,
    };
    Json(oauth::deauthorize(&shared, app, user.as_deref()).await).into_response()
}

/// What the limits allow, and what is spent.
async fn limits(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let limit = shared.faults.rate_limit().or_else(|| shared.limits.in_force());
    Json(shared.limits.report(limit, shared.real_time.now()))
}

/// Enforces the limits of a plan: `{"plan":"pro"}` or `{"plan":"business_plus"}`; `daily` is another budget for the
/// day.
async fn enforce(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Limit>(&body) {
        Ok(limit) => {
            shared.limits.enforce(Some(limit));
            limits(State(shared)).await.into_response()
        }
        Err(error) => wrong(&error.to_string()),
    }
}

async fn enforce_nothing(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.limits.enforce(None);
    limits(State(shared)).await
}

fn user_id(shared: &Shared, id_or_email: &str) -> Option<String> {
    shared.state.world(|world| world.user(id_or_email).map(str::to_owned))
}

fn wrong(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}
