//! Events over the WebSocket channel.

use offhook_server::Channel;
use offhook_store::Entry;
use serde_json::Value;
use zoom_phone::socket::ChannelConfig;

use crate::{
    rig::{ACCOUNT, Rig, Setup, eventually},
    sync::{Zoom, client_with, every_hour, tokens_of},
};

/// A server that listens to Zoom's channel, compares records every hour, and has no webhook.
async fn listening(zoom: &Zoom) -> Rig {
    let tokens = tokens_of(zoom.address, "demo_client_secret");
    let url = format!("ws://{}/ws", zoom.address).parse().unwrap();
    let config = ChannelConfig { url, subscription_id: "demo_subscription_00A".to_owned() };
    let channel = Channel { config, tokens: tokens.clone(), account: ACCOUNT.to_owned() };
    let rig = Rig::with(Setup {
        secrets: offhook_server::Secrets::default(),
        channels: vec![channel],
        sync: every_hour(client_with(zoom.address, tokens)),
        ..Setup::default()
    })
    .await;
    heard(zoom, &rig).await;
    rig
}

/// Zoom says something until it is heard: from then on there is a connection.
async fn heard(zoom: &Zoom, rig: &Rig) {
    let before = by_channel(rig).await.len();
    eventually("an event comes through the channel", || async {
        zoom.say("phone.caller_ringing").await;
        (by_channel(rig).await.len() > before).then_some(())
    })
    .await;
}

async fn by_channel(rig: &Rig) -> Vec<Entry> {
    let inbox = rig.inbox().await.into_iter();
    inbox.filter(|entry| entry.arrival.door.as_str() == "websocket").collect()
}

async fn clock(rig: &Rig, name: &str) -> Value {
    rig.json("/api/v1/live/snapshot").await["clocks"][name].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_channel_tells_becomes_calls_like_what_the_webhook_tells() {
    let zoom = Zoom::start(5, 300.0, None).await;
    let rig = listening(&zoom).await;
    zoom.play("inbound_answered").await;
    let ledger = zoom.ledger(1).await;
    let call = ledger[0]["call_id"].as_str().unwrap();
    let path = format!("/api/v1/calls/{call}");
    eventually("the call is over", || async {
        let answer = rig.get(&path).await;
        if answer.status() != 200 {
            return None;
        }
        (answer.json::<Value>().await.unwrap()["state"] == "ended").then_some(())
    })
    .await;
    for entry in by_channel(&rig).await {
        let said: Value = serde_json::from_slice(&entry.arrival.body).unwrap();
        assert_eq!(said["event"], entry.arrival.event.as_str());
        assert_eq!(entry.arrival.account, said["payload"]["account_id"].as_str().unwrap());
    }
    assert!(!clock(&rig, "last_event_at").await.is_null(), "the board knows how fresh it is");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_connection_the_records_are_compared_at_once() {
    let zoom = Zoom::start(6, 300.0, None).await;
    let rig = listening(&zoom).await;
    let swept = eventually("the first sweep", || async {
        let until = clock(&rig, "last_reconcile_at").await;
        (!until.is_null()).then_some(until)
    })
    .await;
    zoom.drop_channel().await;
    heard(&zoom, &rig).await;
    eventually("a second sweep within the hour", || async {
        (clock(&rig, "last_reconcile_at").await != swept).then_some(())
    })
    .await;
    rig.stop().await;
}
