//! Comparing with Zoom's own records.

use std::{net::SocketAddr, time::Duration};

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
use zoom_phone_emulator::{Config, Emulator, WebhookTarget};

use crate::rig::{ACCOUNT, Rig, Setup, eventually, now};

/// An emulated Zoom whose company lives a few hours ago, fast.
pub(crate) struct Zoom {
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    _stop: DropGuard,
}

impl Zoom {
    pub(crate) async fn start(seed: u64, speed: f64, webhook: Option<WebhookTarget>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            seed,
            speed,
            calls_per_minute: 0.0,
            webhook,
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
        let url = format!("http://{}/_emulator/scenarios/{scenario}", self.address);
        assert_eq!(self.http.post(url).send().await.unwrap().status(), 202);
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
        self.client_with("demo_client_secret")
    }

    fn client_with(&self, client_secret: &str) -> Client {
        let tokens = TokenSource::new(ServerToServer {
            client_id: "demo_client_id_000000A".to_owned(),
            client_secret: SecretString::from(client_secret),
            account_id: ACCOUNT.to_owned(),
            token_url: format!("http://{}/oauth/token", self.address).parse().unwrap(),
        });
        let base_url = format!("http://{}/v2", self.address).parse().ok();
        let retry = Retry { tries: 1, ..Retry::default() };
        Client::new(ClientConfig { base_url, retry, ..ClientConfig::default() }, tokens.unwrap()).unwrap()
    }

    /// So many calls are in call history.
    pub(crate) async fn records(&self, calls: usize) {
        let client = self.client();
        let day =
            |days: i64| (now() + SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%d").to_string();
        let (from, to) = (day(-2), day(1));
        eventually("all records are written", || async {
            let page = client.get(&["phone", "call_history"], &[("from", &from), ("to", &to)]).await.unwrap();
            (page["total_records"] == calls).then_some(())
        })
        .await;
    }
}

fn every_hour(client: Client) -> Vec<Reconcile> {
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

    let broken = every_hour(zoom.client_with("wrong"));
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
