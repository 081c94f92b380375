//! The server to compare with: reads the body, stores nothing, answers 204.

use std::net::Ipv4Addr;

use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    http::StatusCode,
    routing::{get, post},
};
use tokio::net::TcpListener;

/// Serves until it is killed.
pub(crate) async fn serve(port: u16) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("cannot listen on port {port}; is it in use?"))?;
    axum::serve(listener, router()).await.context("the no-op server stopped")
}

/// What it answers.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/zoom/webhook", post(async |_body: Bytes| StatusCode::NO_CONTENT))
        .route("/readyz", get(async || StatusCode::OK))
}
