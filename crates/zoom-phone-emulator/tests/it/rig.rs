//! Emulators to ask: one on tokio's paused time through its router, one on a socket.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;
use zoom_phone_emulator::{Config, Emulator, Scenario, serve};

pub(crate) const DEMO: &str = "Basic ZGVtb19jbGllbnRfaWRfMDAwMDAwQTpkZW1vX2NsaWVudF9zZWNyZXQ=";
pub(crate) const GRANT: &str = "grant_type=account_credentials&account_id=demo_account_0000000AA";

/// A running emulator that plays only what it is asked for, and a client with a token.
pub(crate) struct Zoom {
    router: Router,
    pub(crate) token: String,
    stop: CancellationToken,
}

impl Zoom {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a valid time");
        let config = Config { calls_per_minute: 0.0, ..config };
        let emulator = Emulator::new(config, start).expect("a good configuration");
        let stop = CancellationToken::new();
        let (running, until) = (emulator.clone(), stop.clone());
        tokio::spawn(async move { running.run(until).await });
        let mut zoom = Self { router: emulator.router(), token: String::new(), stop };
        zoom.token = zoom.new_token().await;
        zoom
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("the router answers")
    }

    /// The JSON of the answer; null when it is none.
    pub(crate) async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.answer(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    pub(crate) async fn ask_token(
        &self,
        uri: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> (StatusCode, Value) {
        let mut request = Request::post(uri)
            .header("host", "127.0.0.1:8090")
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    pub(crate) async fn new_token(&self) -> String {
        let (status, answer) = self.ask_token("/oauth/token", Some(DEMO), GRANT).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn call(&self, method: &str, uri: &str) -> (StatusCode, Value) {
        let authorization = format!("Bearer {}", self.token);
        let request = Request::builder().method(method).uri(uri).header("authorization", authorization);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// A request with a JSON body.
    pub(crate) async fn say(&self, method: &str, uri: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub(crate) async fn get(&self, uri: &str) -> (StatusCode, Value) {
        self.call("GET", uri).await
    }

    /// Plays a call and waits, in paused time, until REST must know it.
    pub(crate) async fn play(&self, scenario: Scenario) -> Value {
        let (status, answer) = self.call("POST", &format!("/_emulator/scenarios/{scenario}")).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        tokio::time::sleep(Duration::from_mins(10)).await;
        answer["call"].clone()
    }

    /// Plays every scenario once. That takes longer than a token lives, so there is a new one after.
    pub(crate) async fn play_all(&mut self) -> Vec<Value> {
        let mut played = Vec::new();
        for &scenario in Scenario::ALL {
            played.push(self.play(scenario).await);
        }
        self.token = self.new_token().await;
        played
    }
}

impl Drop for Zoom {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// An emulator on a socket of its own.
pub(crate) struct Served {
    pub(crate) origin: String,
    pub(crate) client: reqwest::Client,
    pub(crate) token: String,
    _stop: DropGuard,
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::alive(Config { calls_per_minute: 0.0, ..config }).await
    }

    /// Calls arrive as the configuration says.
    pub(crate) async fn alive(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        tokio::spawn(serve(config, listener, stop.clone()));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = client.build().expect("a client");
        let request = client.post(format!("{origin}/oauth/token?{GRANT}")).header("authorization", DEMO);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        Self { origin, client, token, _stop: stop.drop_guard() }
    }

    /// Asks the emulator's own endpoints.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let method = Method::from_bytes(method.as_bytes()).expect("a verb");
        let request = self.client.request(method, format!("{}/_emulator{path}", self.origin));
        request.json(body).send().await.expect("an answer").json().await.expect("JSON")
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a verb");
        self.client.request(method, format!("{}/v2{path}", self.origin)).bearer_auth(&self.token)
    }
}
