//! Reading Zoom's own records.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use offhook_server::{Clock, SyncConfig};
use offhook_store::Store;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use zoom_phone::{
    client::{Client, ClientConfig, Retry},
    oauth::{ServerToServer, TokenSource},
    quota::{Limiter, Limits, Plan},
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

pub(crate) fn client_of(address: SocketAddr, client_secret: &str) -> Client {
    client_with(address, tokens_of(address, client_secret))
}

pub(crate) fn client_with(address: SocketAddr, tokens: TokenSource) -> Client {
    let base_url = format!("http://{address}/v2").parse().ok();
    let retry = Retry { tries: 1, ..Retry::default() };
    // These Zooms have no limits, and the tests no time.
    let limits =
        Limits { light: 1000, medium: 1000, heavy: 1000, resource_intensive: 1000, daily: 1_000_000 };
    let limiter = Some(Limiter::new(Plan::custom(limits)));
    Client::new(ClientConfig { base_url, retry, limiter, ..ClientConfig::default() }, tokens).unwrap()
}

pub(crate) fn every_hour(client: Client) -> Vec<SyncConfig> {
    vec![SyncConfig { every: Some(Duration::from_hours(1)), ..SyncConfig::new(client, ACCOUNT) }]
}

/// Until when calls have been caught up with.
async fn mark(rig: &Rig) -> Option<Timestamp> {
    rig.store.sync_mark(ACCOUNT.to_owned(), "calls".to_owned()).await.unwrap()
}

/// A clock that goes as the machine's, and can be put forward.
#[derive(Clone, Default)]
pub(crate) struct Ahead(Arc<AtomicI64>);

impl Ahead {
    pub(crate) fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.0);
        Clock::new(move || now() + SignedDuration::from_secs(ahead.load(Ordering::Relaxed)))
    }

    pub(crate) fn minutes(&self, minutes: i64) {
        self.0.fetch_add(minutes * 60, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_no_webhook_told_of_are_learnt_from_zooms_records() {
    let zoom = Zoom::start(11, 300.0, None).await;
    for scenario in ["inbound_answered", "outbound_connected", "queue_abandoned", "inbound_voicemail"] {
        zoom.play(scenario).await;
    }
    let ledger = zoom.ledger(4).await;
    zoom.records(4).await;

    let rig = Rig::with(Setup { sync: every_hour(zoom.client()), ..Setup::default() }).await;
    let by_door = |inbox: &[offhook_store::Entry], door: &str| {
        inbox.iter().filter(|entry| entry.arrival.door.as_str() == door).count()
    };
    eventually("rows and paths are there", || async {
        let inbox = rig.inbox().await;
        ((by_door(&inbox, "call_history"), by_door(&inbox, "call_path")) == (4, 4)).then_some(())
    })
    .await;
    let swept = rig.json("/api/v1/live/snapshot").await["clocks"]["last_reconcile_at"].clone();
    assert!(swept.is_string(), "the board says until when");
    rig.folded().await;
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
    // A restart knows how far it was, and stores nothing again that has not changed.
    let directory = rig.stop().await;
    let rig = Rig::with(Setup { sync: every_hour(zoom.client()), directory, ..Setup::default() }).await;
    let before = swept.as_str().unwrap().parse().ok();
    eventually("it has caught up again", || async { (mark(&rig).await > before).then_some(()) }).await;
    let inbox = rig.inbox().await;
    assert_eq!((by_door(&inbox, "call_history"), by_door(&inbox, "call_path")), (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_off_for_months_asks_for_no_more_than_zoom_gives_at_once() {
    let zoom = Zoom::start(13, 300.0, None).await;
    zoom.play("inbound_answered").await;
    zoom.ledger(1).await;
    zoom.records(1).await;
    let setup = Setup::default();
    let store = Store::open(setup.directory.path()).unwrap();
    let long_ago = now() - SignedDuration::from_hours(100 * 24);
    store.sync_set_mark(ACCOUNT.to_owned(), "calls".to_owned(), long_ago).await.unwrap();
    drop(store);
    let rig = Rig::with(Setup { sync: every_hour(zoom.client()), ..setup }).await;
    eventually("it has caught up", || async {
        (mark(&rig).await > Some(now() - SignedDuration::from_hours(1))).then_some(())
    })
    .await;
    let state = rig.store.sync_state(ACCOUNT.to_owned()).await.unwrap();
    let calls = &state.runs[0].kinds[0];
    assert_eq!((calls.kind.as_str(), calls.waiting, calls.missing, calls.rows), ("calls", 0, 0, 1));
    assert!(calls.done >= 4, "a hundred days are four months or more: {calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_up_that_failed_leaves_the_mark_where_it_was() {
    let zoom = Zoom::start(12, 300.0, None).await;
    zoom.play("inbound_answered").await;
    zoom.ledger(1).await;
    zoom.records(1).await;
    let setup = Setup::default();
    let before: Timestamp = now() - SignedDuration::from_hours(5);
    let before = Timestamp::from_millisecond(before.as_millisecond()).unwrap();
    let store = Store::open(setup.directory.path()).unwrap();
    store.sync_set_mark(ACCOUNT.to_owned(), "calls".to_owned(), before).await.unwrap();
    drop(store);

    let broken = every_hour(client_of(zoom.address, "wrong"));
    let ahead = Ahead::default();
    let rig = Rig::with(Setup { sync: broken, clock: ahead.clock(), ..setup }).await;
    let failed = "offhook_sync_windows_total{kind=\"calls\",outcome=\"failed\"}";
    eventually("it has failed", || async { (rig.counter(failed).await > 0).then_some(()) }).await;
    assert_eq!(mark(&rig).await, Some(before));
    let clocks = rig.json("/api/v1/live/snapshot").await["clocks"].clone();
    assert_eq!(clocks["last_reconcile_at"], json!(before), "the board says how old the comparison is");
    assert_eq!(rig.inbox().await.len(), 0);

    // A minute later, with the right secret, it takes up where the last good one ended: five hours back.
    let directory = rig.stop().await;
    ahead.minutes(2);
    let setup =
        Setup { directory, sync: every_hour(zoom.client()), clock: ahead.clock(), ..Setup::default() };
    let rig = Rig::with(setup).await;
    eventually("the row is there", || async { (!rig.inbox().await.is_empty()).then_some(()) }).await;
    eventually("the mark has moved", || async { (mark(&rig).await > Some(before)).then_some(()) }).await;
}

/// A Zoom with one call, whose path it answers as told, one answer to each question. It has no other lists.
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
        let token = json!({"access_token": "token_of_this_test", "token_type": "bearer", "expires_in": 3600, "scope": ""});
        let router = Router::new()
            .route("/oauth/token", post(move || async move { Json(token) }))
            .route("/v2/phone/call_history", get(move || async move { Json(rows) }))
            .route("/v2/phone/recordings", get(|| async { Json(json!({"recordings": []})) }))
            .route("/v2/phone/voice_mails", get(|| async { Json(json!({"voice_mails": []})) }))
            .route(&format!("/v2/phone/call_history/{}", Self::UUID), get(path));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        client_of(address, "any")
    }
}

fn not_there() -> Value {
    json!({"code": 404, "message": "Call history does not exist."})
}

fn steps() -> Value {
    let step = json!({"call_element_id": "20261122-step", "call_id": "71", "event": "incoming"});
    json!({"call_history_uuid": OneCall::UUID, "call_elements": [step]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_ready_is_fetched_later_and_then_never_again() {
    let zoom = OneCall::default();
    zoom.answer(404, not_there());
    let client = zoom.start().await;
    let ahead = Ahead::default();
    let setup = |directory| Setup {
        directory,
        clock: ahead.clock(),
        sync: every_hour(client.clone()),
        ..Setup::default()
    };
    let rig = Rig::with(setup(Setup::default().directory)).await;
    let troubles = eventually("it is noted", || async {
        let state = rig.store.sync_state(ACCOUNT.to_owned()).await.unwrap();
        (!state.troubles.is_empty()).then_some(state.troubles)
    })
    .await;
    assert_eq!((troubles[0].kind.as_str(), troubles[0].what.as_str()), ("path", OneCall::UUID));
    assert!(!troubles[0].given_up && troubles[0].reason.contains("404"), "{troubles:?}");
    assert!(mark(&rig).await.is_some(), "the mark does not wait for it");
    let rig = Rig::with(setup(rig.stop().await)).await;
    assert_eq!(rig.get("/api/v1/calls/20261122-step").await.status(), 404);
    zoom.answer(200, steps());
    ahead.minutes(2);
    eventually("it is there", || async {
        (rig.get("/api/v1/calls/20261122-step").await.status() == 200).then_some(())
    })
    .await;
    let call = rig.json("/api/v1/calls/20261122-step").await;
    assert_eq!(rig.json(&format!("/api/v1/calls/{}", OneCall::UUID)).await["id"], call["id"]);
    // The same row again, right away, leads to nothing.
    zoom.answer(404, not_there());
    let before = mark(&rig).await;
    let rig = Rig::with(setup(rig.stop().await)).await;
    eventually("it has caught up", || async { (mark(&rig).await > before).then_some(()) }).await;
    assert_eq!(zoom.left(), 1, "nobody asked");
    let inbox = rig.inbox().await;
    assert_eq!(inbox.iter().filter(|entry| entry.arrival.door.as_str() == "call_path").count(), 1);
    assert_eq!(inbox.len(), 2, "the row is stored once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_zoom_refuses_for_want_of_a_scope_is_named_and_comes_when_the_scope_does() {
    let zoom = OneCall::default();
    let text = "Invalid access token, does not contain scopes:[phone:read:call_log:admin].";
    zoom.answer(400, json!({"code": 4711, "message": text}));
    let client = zoom.start().await;
    let ahead = Ahead::default();
    let setup = Setup { clock: ahead.clock(), sync: every_hour(client), ..Setup::default() };
    let rig = Rig::with(setup).await;
    let refused = eventually("it is refused", || async {
        let state = rig.store.sync_state(ACCOUNT.to_owned()).await.unwrap();
        state.refused.into_iter().next()
    })
    .await;
    assert_eq!((refused.kind.as_str(), refused.scopes.as_str()), ("path", "phone:read:call_log:admin"));
    assert!(mark(&rig).await.is_some(), "rows are read all the same");
    zoom.answer(200, steps());
    ahead.minutes(61);
    eventually("it is there", || async {
        (rig.get("/api/v1/calls/20261122-step").await.status() == 200).then_some(())
    })
    .await;
    eventually("nothing is refused any more", || async {
        rig.store.sync_state(ACCOUNT.to_owned()).await.unwrap().refused.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_cannot_be_read_is_tried_later_and_stops_nothing_else() {
    let zoom = OneCall::default();
    zoom.answer(200, json!("no path"));
    let client = zoom.start().await;
    let ahead = Ahead::default();
    let setup = Setup { clock: ahead.clock(), sync: every_hour(client), ..Setup::default() };
    let rig = Rig::with(setup).await;
    let trouble = eventually("it is noted", || async {
        let state = rig.store.sync_state(ACCOUNT.to_owned()).await.unwrap();
        state.troubles.into_iter().next()
    })
    .await;
    assert_eq!((trouble.kind.as_str(), trouble.tries, trouble.given_up), ("path", 1, false), "{trouble:?}");
    eventually("the run has ended", || async {
        let state = rig.store.sync_state(ACCOUNT.to_owned()).await.unwrap();
        state.runs.iter().all(|run| run.ended.is_some()).then_some(())
    })
    .await;
    assert_eq!(rig.get("/api/v1/calls/20261122-step").await.status(), 404);
    zoom.answer(200, steps());
    ahead.minutes(2);
    eventually("it is there", || async {
        (rig.get("/api/v1/calls/20261122-step").await.status() == 200).then_some(())
    })
    .await;
}
