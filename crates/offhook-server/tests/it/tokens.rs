//! Zoom's tokens in the database, shared by two who have it open.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use offhook_server::DatabaseTokens;
use offhook_store::Secrets;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};
use zoom_phone::oauth::{
    App, AuthError, Grant, GrantState, StoreError, TokenSource, TokenStore,
    seal::{SealError, SealKey},
};

use crate::rig::soon;

const KEY: &str = "anna";

fn open(directory: &TempDir, key: &str) -> DatabaseTokens {
    let secrets = Secrets::open(directory.path()).unwrap();
    DatabaseTokens::new(secrets, SealKey::from_text(&key.repeat(32).into()).unwrap())
}

/// Signed in long ago.
fn expired() -> Grant {
    let record = json!({
        "version": 1, "kind": "user", "access_token": "access-0", "refresh_token": "refresh-0",
        "issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T01:00:00Z", "scopes": [], "api_url": null,
        "refresh_started": null, "ended": null,
    });
    Grant::from_bytes(record.to_string().as_bytes()).unwrap()
}

/// Gives a new pair for the newest refresh token only.
async fn refresh(State(refreshes): State<Arc<AtomicU32>>, form: String) -> impl IntoResponse {
    let number = refreshes.fetch_add(1, Ordering::SeqCst);
    if !form.ends_with(&format!("refresh_token=refresh-{number}")) {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({ "reason": "Invalid Token!", "error": "invalid_request" })),
        );
    }
    let number = number + 1;
    (
        StatusCode::OK,
        Json(json!({
            "access_token": format!("access-{number}"), "refresh_token": format!("refresh-{number}"), "expires_in": 3600
        })),
    )
}

async fn zoom() -> (App, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let token_url = format!("http://{}/oauth/token", listener.local_addr().unwrap()).parse().unwrap();
    let refreshes = Arc::new(AtomicU32::new(0));
    let router = Router::new().route("/oauth/token", post(refresh)).with_state(Arc::clone(&refreshes));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (App { token_url, ..App::new("client", "secret".into()) }, refreshes)
}

#[tokio::test]
async fn all_who_share_the_database_make_one_refresh() {
    let directory = TempDir::new().unwrap();
    let (app, refreshes) = zoom().await;
    open(&directory, "01").lock(KEY).await.unwrap().save(&expired()).await.unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..10 {
        let tokens = TokenSource::grant(app.clone(), open(&directory, "01"), KEY).unwrap();
        callers.spawn(async move { tokens.token().await.unwrap().secret().expose_secret().to_owned() });
    }
    for token in soon("ten tokens", callers.join_all()).await {
        assert_eq!(token, "access-1");
    }
    assert_eq!(refreshes.load(Ordering::SeqCst), 1);
    let kept = open(&directory, "01").load(KEY).await.unwrap().unwrap();
    assert_eq!(kept.state(), GrantState::Live);
}

#[tokio::test]
async fn a_lease_ends_with_its_guard_and_another_key_opens_nothing() {
    let directory = TempDir::new().unwrap();
    let tokens = open(&directory, "01");
    for _ in 0..3 {
        soon("the lease", tokens.lock(KEY)).await.unwrap().save(&expired()).await.unwrap();
    }
    let error = open(&directory, "02").load(KEY).await.unwrap_err();
    assert!(matches!(error, StoreError::Sealed { source: SealError::WrongKey, .. }), "{error:?}");
    tokens.lock(KEY).await.unwrap().remove().await.unwrap();
    assert!(tokens.load(KEY).await.unwrap().is_none());
}

#[tokio::test]
async fn who_lost_the_lease_writes_nothing() {
    let directory = TempDir::new().unwrap();
    let mut slow = open(&directory, "01").lock(KEY).await.unwrap();
    slow.save(&expired()).await.unwrap();
    // An hour goes by, as far as another process can tell.
    let later = crate::rig::now() + jiff::SignedDuration::from_hours(1);
    let secrets = Secrets::open(directory.path()).unwrap();
    let taken = secrets.lease(&format!("zoom token {KEY}"), later, jiff::SignedDuration::from_mins(1)).await;
    assert!(taken.unwrap().is_some());
    assert!(matches!(slow.save(&expired()).await, Err(StoreError::LockLost { .. })));
    assert!(matches!(slow.remove().await, Err(StoreError::LockLost { .. })));
}

#[tokio::test]
async fn nothing_readable_is_in_the_database_and_a_dead_grant_stays_dead() {
    let directory = TempDir::new().unwrap();
    let (app, refreshes) = zoom().await;
    refreshes.store(5, Ordering::SeqCst);
    open(&directory, "01").lock(KEY).await.unwrap().save(&expired()).await.unwrap();
    for _ in 0..3 {
        let tokens = TokenSource::grant(app.clone(), open(&directory, "01"), KEY).unwrap();
        assert!(matches!(tokens.token().await, Err(AuthError::SignInAgain { .. })));
    }
    assert_eq!(refreshes.load(Ordering::SeqCst), 6, "Zoom was asked once");
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in ["access-0", "refresh-0"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}
