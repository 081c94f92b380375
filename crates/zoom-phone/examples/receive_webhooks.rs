//! Receives Zoom's webhooks with axum: `ZOOM_WEBHOOK_SECRET=… LISTEN=127.0.0.1:8080 cargo run --example receive_webhooks`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, extract::State, routing::post};
use zoom_phone::webhook::{Received, Receiver};

async fn receive(State(zoom): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name| headers.get(name).map(HeaderValue::as_bytes);
    #[expect(clippy::disallowed_methods, reason = "the clock is read at the edge of the program")]
    let now = jiff::Timestamp::now();
    match zoom.receive(header("x-zm-signature"), header("x-zm-request-timestamp"), &body, now) {
        Ok(Received::Event(event)) => {
            println!("{}", event.event);
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(Received::Challenge(answer)) => {
            println!("Zoom asked whether we know the secret");
            Json(answer).into_response()
        }
        Err(error) => {
            (StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST)).into_response()
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let receiver = Receiver::new(&[std::env::var("ZOOM_WEBHOOK_SECRET")?.into()])?;
    let router = Router::new().route("/", post(receive)).with_state(Arc::new(receiver));
    let listener = tokio::net::TcpListener::bind(std::env::var("LISTEN")?).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
