//! `GET /ws`: the same events as by webhook, over a WebSocket that the receiver opens.
//!
//! One connection lives at a time; a new one closes the old. What happens while none lives is lost.

mod upgrade;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use url::form_urlencoded;

use crate::emulator::Shared;
use upgrade::Stream;

/// Events that may wait for a slow reader.
const WAITING_EVENTS: usize = 4096;
/// With fewer places left the company waits for the reader, which matters when a day passes in a moment.
const FREE_PLACES: usize = WAITING_EVENTS / 4;
/// A reader that makes no room in this much real time is cut off.
const ROOM_WITHIN: Duration = Duration::from_secs(3);

/// The one subscription's connection.
#[derive(Default)]
pub(crate) struct Socket(Mutex<Option<mpsc::Sender<Order>>>);

/// What a connection is told to do. It closes when it can be told nothing more.
enum Order {
    Send(String),
    /// Break off without a close frame, as a network does.
    Cut,
}

impl Socket {
    fn lock(&self) -> MutexGuard<'_, Option<mpsc::Sender<Order>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a new connection in the place of the old one.
    fn open(&self) -> mpsc::Receiver<Order> {
        let (orders, received) = mpsc::channel(WAITING_EVENTS);
        self.lock().replace(orders);
        received
    }

    /// Sends an event; whether there was somebody to take it.
    pub(crate) fn send(&self, event: &Value) -> bool {
        let mut live = self.lock();
        if live.is_none() {
            return false;
        }
        let frame = json!({ "module": "message", "content": event.to_string() }).to_string();
        let sent = live.as_ref().is_some_and(|orders| orders.try_send(Order::Send(frame)).is_ok());
        if !sent {
            live.take();
        }
        sent
    }

    /// Whether the reader is so far behind that the company had better wait.
    pub(crate) fn is_crowded(&self) -> bool {
        self.lock().as_ref().is_some_and(|orders| orders.capacity() < FREE_PLACES)
    }

    /// Waits until the reader has caught up, or is cut off because it has not for too long since `crowded`.
    pub(crate) async fn room(&self, crowded: Instant) {
        let Some(orders) = self.lock().clone() else { return };
        if tokio::time::timeout_at(crowded + ROOM_WITHIN, orders.reserve_many(FREE_PLACES)).await.is_err() {
            self.lock().take_if(|live| live.same_channel(&orders));
        }
    }

    /// Breaks the connection off; whether there was one.
    pub(crate) fn cut(&self) -> bool {
        self.lock().take().is_some_and(|orders| orders.try_send(Order::Cut).is_ok())
    }

    /// Closes the connection.
    pub(crate) fn close(&self) {
        self.lock().take();
    }
}

/// The token comes in the query, unlike for REST.
pub(crate) async fn connect(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let parameter = |name: &str| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    let known = parameter("subscriptionId").is_some_and(|(_, id)| id == shared.config.subscription_id);
    let token = parameter("access_token").and_then(|(_, token)| shared.grants.access(&token));
    let problem = match token {
        None => Some("Invalid Token"),
        Some(_) if !known => Some("Invalid Subscription"),
        Some(_) => None,
    };
    upgrade::upgrade(request, move |stream| talk(shared, stream, problem))
}

/// The whole life of a connection.
async fn talk(shared: Arc<Shared>, mut stream: Stream, problem: Option<&'static str>) {
    let content = problem.unwrap_or("Build connection success");
    let hello = json!({ "module": "build_connection", "success": problem.is_none(), "content": content });
    let hello = Message::text(hello.to_string());
    if problem.is_some() {
        if stream.send(hello).await.is_ok() {
            close(stream).await;
        }
        return;
    }
    // Before the greeting, so that nothing is missed after it.
    let mut orders = shared.socket.open();
    if stream.send(hello).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Send(frame)) => if stream.send(Message::text(frame)).await.is_err() { return },
                Some(Order::Cut) => return,
                None => break,
            },
            frame = stream.next() => match frame {
                Some(Ok(Message::Text(text))) if is_heartbeat(&text) => {
                    let echo = json!({ "module": "heartbeat" }).to_string();
                    if stream.send(Message::text(echo)).await.is_err() { return }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    close(stream).await;
}

/// Says goodbye; that the other side is gone already is no matter.
async fn close(mut stream: Stream) {
    if let Err(error) = stream.close(None).await {
        tracing::debug!(%error, "the WebSocket was gone before it was closed");
    }
}

fn is_heartbeat(frame: &str) -> bool {
    serde_json::from_str::<Value>(frame).is_ok_and(|frame| frame["module"] == "heartbeat")
}
