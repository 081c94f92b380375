//! An emulator whose clock stands still, and a receiver that remembers what it got.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;
use zoom_phone_emulator::{Config, Emulator, encrypted_token, signature};

pub(crate) const CHALLENGE: &str = "endpoint.url_validation";
pub(crate) const START: &str = "2026-11-22T10:00:00Z";

/// A request that the receiver got.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The last part of the address that it came to.
    pub(crate) to: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) event: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("readable")
    }

    pub(crate) fn timestamp(&self) -> i64 {
        self.header("x-zm-request-timestamp").parse().expect("unix seconds")
    }

    /// Whether it is signed with the secret of its address.
    pub(crate) fn is_genuine(&self) -> bool {
        self.header("x-zm-signature") == signature(&secret(&self.to), self.timestamp(), &self.body)
    }
}

/// The secret of a subscription at this address.
pub(crate) fn secret(to: &str) -> String {
    format!("the secret of {to}")
}

/// An emulator whose clock stands still and in which only that happens which is asked for.
pub(crate) fn quiet() -> Config {
    Config { speed: 0.0, calls_per_minute: 0.0, sms_threads_per_hour: 0.0, ..Config::default() }
}

/// Decides the status by the request, and how many of the same event came to the same address before.
type Answer = Box<dyn Fn(&Seen, usize) -> u16 + Send>;

struct Receiver {
    answer: Mutex<Answer>,
    seen: Mutex<Vec<Seen>>,
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    Path(to): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event: Value = serde_json::from_slice(&body).expect("JSON");
    let name = event["event"].as_str().expect("a name").to_owned();
    let seen = Seen { to, headers, body, event: name };
    let status = {
        let mut all = receiver.seen.lock().expect("no panic while held");
        let before = all.iter().filter(|old| old.to == seen.to && old.event == seen.event).count();
        all.push(seen.clone());
        receiver.answer.lock().expect("no panic while held")(&seen, before)
    };
    let status = StatusCode::from_u16(status).expect("a status");
    if seen.event != CHALLENGE {
        return status.into_response();
    }
    let plain = event["payload"]["plainToken"].as_str().expect("a token");
    let right = json!({ "plainToken": plain, "encryptedToken": encrypted_token(&secret(&seen.to), plain) });
    (status, right.to_string()).into_response()
}

pub(crate) struct Rig {
    pub(crate) emulator: Emulator,
    /// Address of the receiver, without the last part.
    pub(crate) origin: String,
    receiver: Arc<Receiver>,
    _stop: DropGuard,
}

impl Rig {
    /// With one subscription at `hook` that has passed its challenge, if the receiver lets it.
    pub(crate) async fn start(config: Config, answer: impl Fn(&Seen, usize) -> u16 + Send + 'static) -> Self {
        let receiver = Arc::new(Receiver { answer: Mutex::new(Box::new(answer)), seen: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().route("/{to}", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });

        let url = format!("{origin}/hook").parse().expect("a URL");
        let config = config.with_webhook(url, secret("hook"));
        let emulator = Emulator::new(config, START.parse().expect("a time")).expect("a good configuration");
        let stop = CancellationToken::new();
        let (running, until) = (emulator.clone(), stop.clone());
        tokio::spawn(async move { running.run(until).await });
        let rig = Self { emulator, origin, receiver, _stop: stop.drop_guard() };
        rig.settle().await;
        rig
    }

    /// Everything is taken at once.
    pub(crate) async fn willing(config: Config) -> Self {
        Self::start(config, |_, _| 200).await
    }

    /// Changes the receiver's mind.
    pub(crate) fn answer(&self, answer: impl Fn(&Seen, usize) -> u16 + Send + 'static) {
        *self.receiver.answer.lock().expect("no panic while held") = Box::new(answer);
    }

    /// Waits until everything due has its answer.
    pub(crate) async fn settle(&self) {
        self.emulator.advance(SignedDuration::ZERO).await;
    }

    pub(crate) async fn advance(&self, by: &str) {
        self.emulator.advance(by.parse().expect("a length of time")).await;
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.receiver.seen.lock().expect("no panic while held")
    }

    /// All that was received but challenges, in order.
    pub(crate) fn events(&self) -> Vec<Seen> {
        self.seen().iter().filter(|seen| seen.event != CHALLENGE).cloned().collect()
    }

    /// The names of the events that were received.
    pub(crate) fn names(&self) -> Vec<String> {
        self.events().into_iter().map(|seen| seen.event).collect()
    }

    /// The challenges that came to an address.
    pub(crate) fn challenges(&self, to: &str) -> usize {
        self.seen().iter().filter(|seen| seen.event == CHALLENGE && seen.to == to).count()
    }

    /// Asks control.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(format!("/_emulator{path}"));
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = request.body(body).expect("a request");
        let response = self.emulator.router().oneshot(request).await.expect("the router answers");
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, &Value::Null).await.1
    }

    /// Sends an example of each event, and waits for the answers.
    pub(crate) async fn emit(&self, names: &[&str]) {
        for name in names {
            let (status, answer) = self.ask("POST", &format!("/events/{name}"), &Value::Null).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
            // One after the other, so that their order is that of their arrival.
            self.settle().await;
        }
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let (status, answer) = self.ask("POST", "/faults", &fault).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }

    /// The company's time.
    pub(crate) async fn now(&self) -> Timestamp {
        self.get("/clock").await["now"].as_str().expect("a time").parse().expect("a time")
    }
}
