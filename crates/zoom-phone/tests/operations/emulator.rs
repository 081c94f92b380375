//! The emulator, which shares no types and no decoding with this crate, on the other side: every operation once,
//! every event once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use zoom_phone::api::OPERATIONS;
use zoom_phone::client::{Client, ClientConfig, Error};
use zoom_phone::oauth::{ServerToServer, TokenSource};
use zoom_phone::quota::{Limiter, Limits, Plan};
use zoom_phone::socket::{ChannelConfig, ChannelEvent, EventChannel, Raw};
use zoom_phone::types::catalogue::{Catalogue, Method, Operation};
use zoom_phone::types::events::EVENTS;
use zoom_phone_emulator::{Config, Subscription, serve};

use crate::args::{Args, as_text};
use crate::every_operation;
use crate::report;

/// Zoom in a box, and what a client needs to reach it.
pub(crate) struct Zoom {
    pub(crate) address: String,
    tokens: TokenSource,
    stop: CancellationToken,
}

impl Drop for Zoom {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Zoom {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    pub(crate) async fn start_with(webhook: Option<Subscription>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        // A call and its record take some milliseconds.
        let config = Config {
            calls_per_minute: 0.0,
            speed: 10_000.0,
            subscriptions: webhook.into_iter().collect(),
            invent_ids: true,
            ..Config::default()
        };
        let tokens = TokenSource::server_to_server(ServerToServer {
            client_id: config.apps[0].client_id.clone(),
            client_secret: config.apps[0].client_secret.clone().into(),
            account_id: config.account_id.clone(),
            token_url: format!("http://{address}/oauth/token").parse().unwrap(),
        })
        .unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(serve(config, listener, stop.clone()));
        Self { address, tokens, stop }
    }

    pub(crate) fn client(&self) -> Client {
        let much = Limits {
            light: 10_000,
            medium: 10_000,
            heavy: 10_000,
            resource_intensive: 10_000,
            daily: 10_000,
        };
        let config = ClientConfig {
            base_url: Some(format!("http://{}/v2", self.address).parse().unwrap()),
            limiter: Some(Limiter::new(Plan::custom(much))),
            ..ClientConfig::default()
        };
        Client::new(config, self.tokens.clone()).unwrap()
    }

    /// The event channel, when it is open.
    async fn channel(&self) -> EventChannel {
        let config = ChannelConfig {
            url: format!("ws://{}/ws", self.address).parse().unwrap(),
            subscription_id: Config::default().subscription_id,
        };
        let mut channel = EventChannel::connect(config, self.tokens.clone()).unwrap();
        assert!(matches!(channel.next().await, Some(Ok(ChannelEvent::Connected))));
        channel
    }

    /// Names of the operations that refuse what refers to nothing.
    async fn simulated(&self) -> BTreeSet<String> {
        let http = reqwest::Client::builder().build().unwrap();
        let census = http.get(format!("http://{}/_emulator/operations", self.address)).send().await.unwrap();
        let census: Value = census.json().await.unwrap();
        let operations = census["operations"].as_array().unwrap();
        let simulated = operations.iter().filter(|it| it["kind"] == "stateful");
        simulated.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The emulator's time.
    pub(crate) async fn now(&self) -> jiff::Timestamp {
        let http = reqwest::Client::builder().build().unwrap();
        let clock = http.get(format!("http://{}/_emulator/clock", self.address)).send().await.unwrap();
        clock.json::<Value>().await.unwrap()["now"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn control(&self, path: &str) {
        let http = reqwest::Client::builder().build().unwrap();
        let answer = http.post(format!("http://{}/_emulator/{path}", self.address)).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }
}

/// The next event; `None` for anything else.
async fn next(channel: &mut EventChannel) -> Option<Raw> {
    match channel.next().await.unwrap().unwrap() {
        ChannelEvent::Event(raw) => Some(raw),
        _ => None,
    }
}

/// Ids that exist, for the operations that look something up in the company.
pub(crate) struct Known {
    user: String,
    queue: String,
    call: String,
    element: String,
}

impl Known {
    pub(crate) async fn of(zoom: &Zoom, client: &Client) -> Self {
        let user = client.users().list().await.unwrap().users.unwrap()[0].id.clone().unwrap();
        let queue = client.call_queues().list().await.unwrap().call_queues.unwrap()[0].id.clone().unwrap();
        let mut channel = zoom.channel().await;
        zoom.control("scenarios/inbound_answered").await;
        while !matches!(next(&mut channel).await, Some(raw) if raw.text.contains("call_element_completed")) {}
        // The record comes a little after the call: asked for until it is there.
        let (call, element) = loop {
            let page = client.operation("accountCallHistory").unwrap().answer().await.unwrap().body;
            let Some(call) = page["call_history"][0]["call_history_uuid"].as_str() else {
                tokio::task::yield_now().await;
                continue;
            };
            if let Ok(path) = client.call_path(call).await
                && let Some(element) = path["call_elements"][0]["call_element_id"].as_str()
            {
                break (call.to_owned(), element.to_owned());
            }
        };
        Self { user, queue, call, element }
    }

    fn put(&self, operation: &Operation, args: &mut Args) {
        let id = match operation.id.as_str() {
            "phoneUser" => ("userId", &self.user),
            "getACallQueue" | "listCallQueueMembers" => ("callQueueId", &self.queue),
            "getCallPath" => ("callHistoryUuid", &self.call),
            "getCallElement" => ("callElementId", &self.element),
            _ => return,
        };
        args.parameters.insert(id.0.to_owned(), json!(id.1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_answered_by_the_emulator() {
    let zoom = Zoom::start().await;
    let client = zoom.client();
    let known = Known::of(&zoom, &client).await;
    let simulated = zoom.simulated().await;
    let mut called = BTreeSet::new();
    let mut failed = Vec::new();
    let mut operations: Vec<_> = Catalogue::get().operations().iter().collect();
    // What was deleted stays away, and what is below goes first.
    operations.sort_by_key(|operation| match operation.method {
        Method::Delete => usize::MAX - operation.path.len(),
        _ => 0,
    });
    for operation in operations {
        let mut args = Args::of(operation, false);
        known.put(operation, &mut args);
        let sent = every_operation::call(&client, &operation.name, &args).unwrap();
        match sent.await {
            Ok(_) => {
                called.insert(operation.name.clone());
            }
            // References to things that nobody made are refused, and the refusal is understood.
            Err(Error::Api(refusal)) if simulated.contains(&operation.name) && refusal.code.is_some() => {
                called.insert(operation.name.clone());
            }
            Err(error) => failed.push(format!("{}: {error}", operation.name)),
        }
    }
    assert_eq!(failed, Vec::<String>::new());
    report("operations", &OPERATIONS.iter().map(|(name, _)| (*name).to_owned()).collect(), &called);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_of_the_emulator_is_typed_and_encodes_as_it_came() {
    let zoom = Zoom::start().await;
    let mut channel = zoom.channel().await;
    let mut decoded = BTreeSet::new();
    for facts in EVENTS {
        zoom.control(&format!("events/{}", facts.name)).await;
        let raw = next(&mut channel).await.unwrap();
        let notification = raw.notification().unwrap();
        assert_eq!(notification.event, facts.name);
        // Where an example's value is made up, it is none of the vocabulary; unknown fields there are none.
        let strangers: Vec<_> =
            notification.unfamiliar().into_iter().filter(|it| !it.contains('=')).collect();
        assert_eq!(strangers, Vec::<String>::new(), "{}", facts.name);
        let sent: Value = serde_json::from_str(&raw.text).unwrap();
        // Some numbers that the documents call integers are read as text.
        assert_eq!(as_text(&notification.to_value()), as_text(&sent), "{}", facts.name);
        decoded.insert(facts.name.to_owned());
    }
    report("events", &EVENTS.iter().map(|facts| facts.name.to_owned()).collect(), &decoded);
}
