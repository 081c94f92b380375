//! Comparing with Zoom's own records.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use jiff::SignedDuration;
use offhook_server::Reconcile;
use offhook_store::Store;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use zoom_phone::{
    client::{Client, ClientConfig, Retry},
    oauth::{ServerToServer, TokenSource},
};
use zoom_phone_emulator::{Config, Emulator, Subscription};

use crate::rig::{ACCOUNT, Rig, Setup, eventually, now};

/// An emulated Zoom whose company lives a few hours ago, fast.
pub(crate) struct Zoom {
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    _stop: DropGuard,
}

impl Zoom {
    pub(crate) async fn start(seed: u64, speed: f64, webhook: Option<Subscription>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            seed,
            speed,
            calls_per_minute: 0.0,
            subscriptions: webhook.into_iter().collect(),
            public_url: format!("http://{address}").parse().ok(),
            ..Config::default()
        };
        assert_eq!(config.account_id, ACCOUNT);
        let emulator = Emulator::new(config, now() - SignedDuration::from_hours(3)).unwrap();
        let stop = CancellationToken::new();
        let (running, until) = (emulator.clone(), stop.clone());
        tokio::spawn(async move { running.run(until).await });
        tokio::spawn(async move { axum::serve(listener, emulator.router()).await });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { address, http, _stop: stop.drop_guard() }
    }

    pub(crate) async fn control(&self, path: &str) -> Value {
        let url = format!("http://{}/_emulator/{path}", self.address);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn play(&self, scenario: &str) {
        self.order(&format!("scenarios/{scenario}")).await;
    }

    /// Plays it, unless everybody is on the phone.
    pub(crate) async fn can_play(&self, scenario: &str) -> Option<()> {
        let url = format!("http://{}/_emulator/scenarios/{scenario}", self.address);
        let status = self.http.post(url).send().await.unwrap().status();
        assert!(status.is_success() || status == 409, "{scenario}: {status}");
        status.is_success().then_some(())
    }

    /// Sends an example of an event.
    pub(crate) async fn say(&self, event: &str) {
        self.order(&format!("events/{event}")).await;
    }

    /// Breaks the event channel off.
    pub(crate) async fn drop_channel(&self) {
        self.order("ws/drop").await;
    }

    async fn order(&self, path: &str) {
        let url = format!("http://{}/_emulator/{path}", self.address);
        let status = self.http.post(url).send().await.unwrap().status();
        assert!(status.is_success(), "{path}: {status}");
    }

    /// The truth, once so many calls are over.
    pub(crate) async fn ledger(&self, calls: usize) -> Vec<Value> {
        eventually("all calls are over", || async {
            let ledger = self.control("ledger").await["calls"].as_array().unwrap().clone();
            (ledger.len() == calls).then_some(ledger)
        })
        .await
    }

    pub(crate) fn client(&self) -> Client {
        client_of(self.address, "demo_client_secret")
    }

    /// So many calls are in call history.
    pub(crate) async fn records(&self, calls: usize) {
        let client = self.client();
        let day =
            |days: i64| (now() + SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%d").to_string();
        let (from, to) = (day(-2), day(1));
        eventually("all records are written", || async {
            let history = client.operation("accountCallHistory").unwrap();
            let page = history.query("from", &from).query("to", &to).answer().await.unwrap();
            (page.body["total_records"] == calls).then_some(())
        })
        .await;
    }
}

pub(crate) fn tokens_of(address: SocketAddr, client_secret: &str) -> TokenSource {
    TokenSource::server_to_server(ServerToServer {
        client_id: "demo_client_id_000000A".to_owned(),
        client_secret: SecretString::from(client_secret),
        account_id: ACCOUNT.to_owned(),
        token_url: format!("http://{address}/oauth/token").parse().unwrap(),
    })
    .unwrap()
}

fn client_of(address: SocketAddr, client_secret: &str) -> Client {
    client_with(address, tokens_of(address, client_secret))
}

pub(crate) fn client_with(address: SocketAddr, tokens: TokenSource) -> Client {
    let base_url = format!("http://{address}/v2").parse().ok();
    let retry = Retry { tries: 1, ..Retry::default() };
    Client::new(ClientConfig { base_url, retry, ..ClientConfig::default() }, tokens).unwrap()
}

pub(crate) fn every_hour(client: Client) -> Vec<Reconcile> {
    vec![Reconcile { client, account: ACCOUNT.to_owned(), every: Duration::from_hours(1) }]
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_no_webhook_told_of_are_learnt_from_zooms_records() {
    let zoom = Zoom::start(11, 300.0, None).await;
    for scenario in ["inbound_answered", "outbound_connected", "queue_abandoned", "inbound_voicemail"] {
        zoom.play(scenario).await;
    }
    let ledger = zoom.ledger(4).await;
    zoom.records(4).await;

    let rig = Rig::with(Setup { reconcile: every_hour(zoom.client()), ..Setup::default() }).await;
    let swept = eventually("the first sweep", || async {
        let until = rig.json("/api/v1/live/snapshot").await["clocks"]["last_reconcile_at"].clone();
        (!until.is_null()).then_some(until)
    })
    .await;
    rig.folded().await;
    let inbox = rig.inbox().await;
    let by_door = |door: &str| inbox.iter().filter(|entry| entry.arrival.door.as_str() == door).count();
    assert_eq!((by_door("call_history"), by_door("call_path"), inbox.len()), (4, 4, 8));
    let calls = rig.json("/api/v1/calls").await["calls"].as_array().unwrap().clone();
    assert_eq!(calls.len(), 4);
    for truth in &ledger {
        let id = truth["call_history_uuid"].as_str().unwrap();
        let call = rig.json(&format!("/api/v1/calls/{id}")).await;
        assert_eq!(call["state"], "ended");
        assert_eq!(call["started_at"], truth["start_time"]);
        let call_id = truth["call_id"].as_str().unwrap();
        assert_eq!(rig.json(&format!("/api/v1/calls/{call_id}")).await["id"], call["id"]);
    }
    // A restart knows how far it was.
    let directory = rig.stop().await;
    let rig = Rig::with(Setup { directory, ..Setup::default() }).await;
    assert!(rig.store.mark(&format!("reconciled_until {ACCOUNT}")).await.unwrap().is_some(), "{swept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_off_for_months_asks_for_no_more_than_zoom_gives_at_once() {
    let zoom = Zoom::start(13, 300.0, None).await;
    zoom.play("inbound_answered").await;
    zoom.ledger(1).await;
    zoom.records(1).await;
    let setup = Setup::default();
    let mark = format!("reconciled_until {ACCOUNT}");
    let long_ago = now() - SignedDuration::from_hours(100 * 24);
    let store = Store::open(setup.directory.path()).unwrap();
    store.set_mark(mark.clone(), long_ago.to_string()).await.unwrap();
    drop(store);
    let rig = Rig::with(Setup { reconcile: every_hour(zoom.client()), ..setup }).await;
    eventually("it has caught up", || async {
        let until = rig.store.mark(&mark).await.unwrap().unwrap();
        (until > (now() - SignedDuration::from_hours(1)).to_string()).then_some(())
    })
    .await;
    assert_eq!(rig.inbox().await.len(), 2, "the row and the path of one call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_failed_leaves_the_mark_where_it_was() {
    let zoom = Zoom::start(12, 300.0, None).await;
    zoom.play("inbound_answered").await;
    zoom.ledger(1).await;
    zoom.records(1).await;
    let setup = Setup::default();
    let mark = format!("reconciled_until {ACCOUNT}");
    let before = (now() - SignedDuration::from_hours(5)).to_string();
    let store = Store::open(setup.directory.path()).unwrap();
    store.set_mark(mark.clone(), before.clone()).await.unwrap();
    drop(store);

    let broken = every_hour(client_of(zoom.address, "wrong"));
    let rig = Rig::with(Setup { reconcile: broken, ..setup }).await;
    let failed = "offhook_reconcile_total{outcome=\"failed\"}";
    eventually("the sweep has failed", || async { (rig.counter(failed).await > 0).then_some(()) }).await;
    assert_eq!(rig.store.mark(&mark).await.unwrap(), Some(before.clone()));
    let clocks = rig.json("/api/v1/live/snapshot").await["clocks"].clone();
    assert_eq!(clocks["last_reconcile_at"], json!(before), "the board says how old the comparison is");
    assert_eq!(rig.inbox().await.len(), 0);

    // The next, with the right secret, takes up where the last good one ended: five hours back.
    let directory = rig.stop().await;
    let rig = Rig::with(Setup { directory, reconcile: every_hour(zoom.client()), ..Setup::default() }).await;
    eventually("the row is there", || async { (!rig.inbox().await.is_empty()).then_some(()) }).await;
    eventually("the mark has moved", || async {
        (rig.store.mark(&mark).await.unwrap() > Some(before.clone())).then_some(())
    })
    .await;
}

/// A Zoom with one call, whose path it answers as told, one answer to each question.
#[derive(Clone, Default)]
struct OneCall {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
}

impl OneCall {
    const UUID: &str = "20261122-one";

    fn answer(&self, status: u16, body: Value) {
        self.answers.lock().unwrap().push_back((status, body));
    }

    /// Answers that nobody has asked for yet.
    fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    async fn start(&self) -> Client {
        let end = now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let row = json!({
            "call_history_uuid": Self::UUID, "call_id": "71", "call_result": "answered", "direction": "inbound",
            "start_time": end, "end_time": end
        });
        let rows = json!({"call_history": [row], "total_records": 1});
        let answers = Arc::clone(&self.answers);
        let path = move || async move {
            let (status, body) =
                answers.lock().unwrap().pop_front().unwrap_or((500, json!({"message": "asked too often"})));
            (StatusCode::from_u16(status).unwrap(), Json(body))
        };
        let token = json!({"access_token": "t", "token_type": "bearer", "expires_in": 3600, "scope": ""});
        let router = Router::new()
            .route("/oauth/token", post(move || async move { Json(token) }))
            .route("/v2/phone/call_history", get(move || async move { Json(rows) }))
            .route(&format!("/v2/phone/call_history/{}", Self::UUID), get(path));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        client_of(address, "any")
    }
}

/// A sweep that ends well: the mark moves.
async fn sweep(client: &Client, setup: Setup) -> Rig {
    let mark = format!("reconciled_until {ACCOUNT}");
    let store =
        eventually("the data directory is free", || async { Store::open(setup.directory.path()).ok() });
    let before = store.await.mark(&mark).await.unwrap();
    let rig = Rig::with(Setup { reconcile: every_hour(client.clone()), ..setup }).await;
    eventually("the mark has moved", || async {
        (rig.store.mark(&mark).await.unwrap() > before).then_some(())
    })
    .await;
    rig.folded().await;
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_ready_is_fetched_by_the_next_sweep_and_then_never_again() {
    let zoom = OneCall::default();
    zoom.answer(404, json!({"code": 404, "message": "Call history does not exist."}));
    let step = json!({"call_element_id": "20261122-step", "call_id": "71", "event": "incoming"});
    zoom.answer(200, json!({"call_history_uuid": OneCall::UUID, "call_elements": [step]}));
    let client = zoom.start().await;
    let rig = sweep(&client, Setup::default()).await;
    assert_eq!(rig.get("/api/v1/calls/20261122-step").await.status(), 404);
    assert_eq!(zoom.left(), 1, "the mark does not wait for it");
    let rig = sweep(&client, Setup { directory: rig.stop().await, ..Setup::default() }).await;
    let call = rig.json("/api/v1/calls/20261122-step").await;
    assert_eq!(rig.json(&format!("/api/v1/calls/{}", OneCall::UUID)).await["id"], call["id"]);
    zoom.answer(404, json!({"code": 404, "message": "Call history does not exist."}));
    let rig = sweep(&client, Setup { directory: rig.stop().await, ..Setup::default() }).await;
    assert_eq!(zoom.left(), 1, "nobody asked");
    let inbox = rig.inbox().await;
    assert_eq!(inbox.iter().filter(|entry| entry.arrival.door.as_str() == "call_path").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_path_does_not_hold_the_mark_and_a_broken_zoom_does() {
    let zoom = OneCall::default();
    zoom.answer(400, json!({"code": 4711, "message": "Invalid access token, does not contain scopes:[x]"}));
    zoom.answer(503, json!({"message": "try later"}));
    let client = zoom.start().await;
    let failed = "offhook_reconcile_paths_total{outcome=\"failed\"}";
    let rig = sweep(&client, Setup::default()).await;
    assert!(rig.counter(failed).await > 0);
    let mark = format!("reconciled_until {ACCOUNT}");
    let before = rig.store.mark(&mark).await.unwrap();
    let directory = rig.stop().await;
    let rig = Rig::with(Setup { reconcile: every_hour(client), directory, ..Setup::default() }).await;
    eventually("it was asked", || async { (zoom.left() == 0).then_some(()) }).await;
    assert_eq!(rig.inbox().await.len(), 2, "rows stay, of either sweep");
    // The sweep is over once the server has stopped.
    let rig = Rig::with(Setup { directory: rig.stop().await, ..Setup::default() }).await;
    assert_eq!(rig.store.mark(&mark).await.unwrap(), before);
}
