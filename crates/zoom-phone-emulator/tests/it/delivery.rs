//! Events over real sockets to a receiver on loopback.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use zoom_phone_emulator::{Config, Emulator, Scenario, encrypted_token, serve, signature};

const SECRET: &str = "a secret of this test";
const CHALLENGE: &str = "endpoint.url_validation";

/// Decides the answer to an event by its name and by how often that name came before.
type Answer = fn(&str, usize) -> StatusCode;

struct Receiver {
    answer: Answer,
    times_seen: Mutex<HashMap<String, usize>>,
    seen: mpsc::UnboundedSender<Value>,
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().expect("readable").to_owned();
    let timestamp: i64 = header("x-zm-request-timestamp").parse().expect("unix seconds");
    assert!((1_700_000_000..10_000_000_000).contains(&timestamp), "seconds, not milliseconds");
    assert_eq!(header("x-zm-signature"), signature(SECRET, timestamp, &body));
    assert_eq!(header("content-type"), "application/json");
    assert!(headers.contains_key("x-zm-trackingid"));
    let event: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(event.to_string().as_bytes(), body, "compact, in the order of its fields");
    let name = event["event"].as_str().expect("a name");
    let before = {
        let mut times_seen = receiver.times_seen.lock().expect("no panic while held");
        let times = times_seen.entry(name.to_owned()).or_default();
        *times += 1;
        *times - 1
    };
    let status = (receiver.answer)(name, before);
    let answer = if name == CHALLENGE {
        let plain = event["payload"]["plainToken"].as_str().expect("a token");
        let right = json!({ "plainToken": plain, "encryptedToken": encrypted_token(SECRET, plain) });
        (status, right.to_string()).into_response()
    } else {
        status.into_response()
    };
    receiver.seen.send(event).expect("the test listens");
    answer
}

struct Rig {
    emulator: Emulator,
    seen: mpsc::UnboundedReceiver<Value>,
    _stop: DropGuard,
}

impl Rig {
    /// An emulator in which 85 minutes pass in a few hundredths of a second.
    async fn start(answer: Answer) -> Self {
        let (sender, seen) = mpsc::unbounded_channel();
        let receiver = Arc::new(Receiver { answer, times_seen: Mutex::default(), seen: sender });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/webhook", listener.local_addr().expect("an address"));
        let app = Router::new().route("/webhook", post(receive)).with_state(receiver);
        tokio::spawn(async move { axum::serve(listener, app).await });

        let start: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a valid time");
        let config = Config { speed: 100_000.0, calls_per_minute: 0.0, ..Config::default() }
            .with_webhook(url.parse().expect("a URL"), SECRET);
        let emulator = Emulator::new(config, start).expect("a good configuration");
        let stop = CancellationToken::new();
        let (running, until) = (emulator.clone(), stop.clone());
        tokio::spawn(async move { running.run(until).await });
        Self { emulator, seen, _stop: stop.drop_guard() }
    }

    async fn next(&mut self) -> Value {
        self.seen.recv().await.expect("the receiver runs")
    }

    async fn get(&self, method: &str, uri: &str) -> Value {
        use tower::ServiceExt as _;
        let request = axum::http::Request::builder().method(method).uri(uri);
        let request = request.body(axum::body::Body::empty()).expect("a request");
        let response = self.emulator.router().oneshot(request).await.expect("the router answers");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Asks for the state until it is as wanted.
    async fn state_becomes(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let state = self.get("GET", "/_emulator/state").await;
            if wanted(&state) {
                return state;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn play(&self, scenario: Scenario) -> Value {
        self.state_becomes(|state| state["receiver_validated"] == true).await;
        self.get("POST", &format!("/_emulator/scenarios/{scenario}")).await["call"].clone()
    }
}

#[tokio::test]
async fn events_flow_only_after_a_good_answer_to_the_challenge() {
    let mut rig = Rig::start(|name, before| match (name, before) {
        (CHALLENGE, 0) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    })
    .await;
    assert_eq!(rig.next().await["event"], CHALLENGE);
    rig.get("POST", "/_emulator/scenarios/inbound_missed").await;
    let state = rig.state_becomes(|state| state["webhooks_withheld"] == 3).await;
    assert_eq!(state["receiver_validated"], false);
    assert_eq!(state["webhooks_sent"], 0);
    assert_eq!(rig.next().await["event"], CHALLENGE, "challenged again");
    let call = rig.play(Scenario::InboundMissed).await;
    let first = rig.next().await;
    assert_eq!(first["event"], "phone.callee_ringing");
    assert_eq!(first["payload"]["account_id"], "demo_account_0000000AA");
    assert_eq!(first["payload"]["object"]["call_id"], call["call_id"]);
    let state = rig.state_becomes(|state| state["webhooks_acknowledged"] == 3).await;
    assert_eq!(state["challenges_failed"], 1);
}

#[tokio::test]
async fn an_event_that_is_not_taken_comes_again_with_the_same_body_until_it_is() {
    let mut rig = Rig::start(|name, before| match (name, before) {
        ("phone.callee_missed", 0..3) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::NO_CONTENT,
    })
    .await;
    // 204 is no answer to a challenge, which has to carry the token.
    assert_eq!(rig.next().await["event"], CHALLENGE);
    let state = rig.state_becomes(|state| state["challenges_failed"] != 0).await;
    assert_eq!(state["receiver_validated"], false);

    let mut rig = Rig::start(|name, before| match (name, before) {
        ("phone.callee_missed", 0..3) => StatusCode::SERVICE_UNAVAILABLE,
        ("phone.callee_ringing", _) => StatusCode::NO_CONTENT,
        _ => StatusCode::OK,
    })
    .await;
    assert_eq!(rig.next().await["event"], CHALLENGE);
    rig.play(Scenario::InboundMissed).await;
    let state = rig.state_becomes(|state| state["webhooks_acknowledged"] == 3).await;
    assert_eq!((&state["webhooks_sent"], &state["webhooks_retried"]), (&json!(3), &json!(3)));
    let mut missed = Vec::new();
    while let Ok(event) = rig.seen.try_recv() {
        if event["event"] == "phone.callee_missed" {
            missed.push(event);
        }
    }
    assert_eq!(missed.len(), 4);
    assert!(missed.iter().all(|event| *event == missed[0]));
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_loses_each_event_after_four_attempts() {
    let mut rig =
        Rig::start(|name, _| if name == CHALLENGE { StatusCode::OK } else { StatusCode::FOUND }).await;
    assert_eq!(rig.next().await["event"], CHALLENGE);
    rig.play(Scenario::OutboundCancelled).await;
    let state = rig.state_becomes(|state| state["webhooks_dropped"] == 3).await;
    assert_eq!(state["webhooks_retried"], 9);
    assert_eq!(state["webhooks_acknowledged"], 0);
}

#[tokio::test]
async fn the_webhook_carries_an_example_of_every_event_that_is_asked_for() {
    let mut rig = Rig::start(|_, _| StatusCode::OK).await;
    assert_eq!(rig.next().await["event"], CHALLENGE);
    rig.state_becomes(|state| state["receiver_validated"] == true).await;
    let names = rig.get("GET", "/_emulator/events").await;
    for name in names["events"].as_array().expect("names") {
        let name = name.as_str().expect("a name");
        let sent = rig.get("POST", &format!("/_emulator/events/{name}")).await;
        assert_eq!(rig.next().await, sent, "{name}");
    }
}

#[tokio::test]
async fn serve_answers_on_its_listener_until_it_is_told_to_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(Config::default(), listener, stop.clone()));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let token = client
        .post(format!("http://{address}/oauth/token"))
        .basic_auth("demo_client_id_000000A", Some("demo_client_secret"))
        .form(&[("grant_type", "account_credentials"), ("account_id", "demo_account_0000000AA")])
        .send()
        .await
        .expect("an answer");
    let token: Value = token.json().await.expect("JSON");
    let api_url = token["api_url"].as_str().expect("an address");
    let users = client
        .get(format!("{api_url}/v2/phone/users"))
        .bearer_auth(token["access_token"].as_str().expect("a token"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(users.status(), StatusCode::OK);
    assert!(users.headers().contains_key("x-zm-trackingid"));
    // Somebody who listens to the news does not hold it up.
    let news = client.get(format!("http://{address}/_emulator/stream")).send().await.expect("an answer");
    stop.cancel();
    serving.await.expect("no panic").expect("a clean end");
    news.bytes().await.expect("the end of the news");
}

#[test]
fn settings_that_cannot_be_played_are_refused() {
    for (speed, calls_per_minute) in
        [(f64::INFINITY, 1.0), (100_001.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1.0, -1.0), (1.0, f64::NAN)]
    {
        let config = Config { speed, calls_per_minute, ..Config::default() };
        assert!(Emulator::new(config, Timestamp::UNIX_EPOCH).is_err(), "{speed} {calls_per_minute}");
    }
}
