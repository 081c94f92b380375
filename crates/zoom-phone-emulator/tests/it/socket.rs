//! The event channel over a real WebSocket, and examples of all events.

use std::collections::BTreeSet;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use zoom_phone_emulator::Config;

use crate::receiver::quiet;
use crate::rig::Served;

const SUBSCRIPTION: &str = "demo_subscription_00A";

pub(crate) struct Channel(WebSocketStream<TcpStream>);

impl Channel {
    /// The head of the answer to a handshake, and the connection after it.
    async fn shake(zoom: &Served, path: &str) -> (String, TcpStream) {
        let address = zoom.origin.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a head"));
        }
        (String::from_utf8(head).expect("text").to_lowercase(), stream)
    }

    async fn open(zoom: &Served, subscription: &str, token: &str) -> Self {
        let path = format!("/ws?subscriptionId={subscription}&access_token={token}");
        let (head, stream) = Self::shake(zoom, &path).await;
        assert!(head.starts_with("http/1.1 101") && head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
    }

    /// An open channel that was told so.
    pub(crate) async fn ready(zoom: &Served) -> Self {
        let mut channel = Self::open(zoom, SUBSCRIPTION, &zoom.token).await;
        let hello = channel.next().await.expect("a frame");
        assert_eq!((&hello["module"], &hello["success"]), (&json!("build_connection"), &json!(true)));
        channel
    }

    /// The next frame; `None` when the channel is closed, with or without goodbye.
    async fn next(&mut self) -> Option<Value> {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).expect("JSON")),
            _ => None,
        }
    }

    /// The next frame, which must be an event.
    pub(crate) async fn event(&mut self) -> Value {
        let frame = self.next().await.expect("a frame");
        assert_eq!(frame["module"], "message");
        serde_json::from_str(frame["content"].as_str().expect("escaped JSON")).expect("JSON")
    }
}

#[tokio::test]
async fn a_channel_says_hello_echoes_heartbeats_and_carries_events() {
    let zoom = Served::start().await;
    let mut channel = Channel::ready(&zoom).await;
    channel.0.send(Message::text(r#"{"module":"heartbeat"}"#)).await.expect("sent");
    assert_eq!(channel.next().await, Some(json!({ "module": "heartbeat" })));
    channel.0.send(Message::text("no JSON")).await.expect("sent");
    let sent = zoom.control("POST", "/events/phone.sms_received", &Value::Null).await;
    assert_eq!(channel.event().await, sent);
    assert_eq!(zoom.control("GET", "/state", &Value::Null).await["socket_sent"], 1);
    zoom.control("POST", "/scenarios/inbound_missed", &Value::Null).await;
    assert_eq!(channel.event().await["event"], "phone.callee_ringing");
}

#[tokio::test]
async fn a_bad_token_or_subscription_is_told_and_closed() {
    let zoom = Served::start().await;
    let good = zoom.token.clone();
    for (subscription, token, content) in
        [(SUBSCRIPTION, "wrong", "Invalid Token"), ("other", good.as_str(), "Invalid Subscription")]
    {
        let mut channel = Channel::open(&zoom, subscription, token).await;
        let hello = json!({ "module": "build_connection", "success": false, "content": content });
        assert_eq!(channel.next().await, Some(hello));
        assert_eq!(channel.next().await, None);
    }
}

#[tokio::test]
async fn a_new_channel_closes_the_old_and_nothing_missed_comes_later() {
    let zoom = Served::start().await;
    let emit = |name: &str| {
        let path = format!("/events/{name}");
        let zoom = &zoom;
        async move { zoom.control("POST", &path, &Value::Null).await }
    };
    let mut old = Channel::ready(&zoom).await;
    let mut new = Channel::ready(&zoom).await;
    assert_eq!(old.next().await, None);
    emit("phone.voicemail_received").await;
    assert_eq!(new.event().await["event"], "phone.voicemail_received");

    assert_eq!(zoom.control("POST", "/ws/drop", &Value::Null).await, json!({ "dropped": true }));
    assert!(matches!(new.0.next().await, Some(Err(_)) | None), "cut off without a goodbye");
    assert_eq!(zoom.control("POST", "/ws/drop", &Value::Null).await, json!({ "dropped": false }));
    emit("phone.sms_sent").await;
    while zoom.control("GET", "/state", &Value::Null).await["events"] != 2 {}
    let mut late = Channel::ready(&zoom).await;
    emit("phone.sms_received").await;
    assert_eq!(late.event().await["event"], "phone.sms_received");
}

#[tokio::test]
async fn a_reader_gets_all_of_a_day_that_passes_in_a_moment() {
    // The text message at the end is the only one.
    let config = Config { calls_per_minute: 20.0, sms_threads_per_hour: 0.0, ..quiet() };
    let zoom = Served::alive(config).await;
    let mut channel = Channel::ready(&zoom).await;
    let read = async {
        let mut events = 0;
        loop {
            events += 1;
            if channel.event().await["event"] == "phone.device_registration" {
                return events;
            }
        }
    };
    let last = async {
        zoom.control("POST", "/clock", &json!({ "advance": "1h" })).await;
        zoom.control("POST", "/events/phone.device_registration", &Value::Null).await;
    };
    let (read, ()) = tokio::join!(read, last);
    let state = zoom.control("GET", "/state", &Value::Null).await;
    assert!(read > 5_000, "more than may wait in the channel: {read}");
    assert_eq!((&state["events"], &state["socket_sent"]), (&json!(read), &json!(read)));
}

#[tokio::test]
async fn every_documented_event_can_be_sent() {
    let zoom = Served::start().await;
    let mut channel = Channel::ready(&zoom).await;
    let names = zoom.control("GET", "/events", &Value::Null).await;
    let names: BTreeSet<_> =
        names["events"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert_eq!(names.len(), 71);
    for name in &names {
        let sent = zoom.control("POST", &format!("/events/{name}"), &Value::Null).await;
        assert_eq!(channel.event().await, sent, "{name}");
    }
    let unknown = zoom.control("POST", "/events/phone.nothing", &Value::Null).await;
    assert!(unknown["error"].is_string() && unknown["events"].as_array().is_some_and(|all| all.len() == 71));
}

#[tokio::test]
async fn what_is_no_handshake_is_told_so() {
    let zoom = Served::start().await;
    let response = zoom.client.get(format!("{}/ws", zoom.origin)).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["upgrade"].as_bytes()),
        (426, &&b"websocket"[..])
    );
}
