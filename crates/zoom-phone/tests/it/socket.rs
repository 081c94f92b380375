//! The event channel over real sockets, in paused time.

use std::error::Error;
use std::time::Duration;

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::Message;
use zoom_phone::socket::{ChannelConfig, ChannelError, ChannelEvent, EventChannel, Outage};

use crate::fake::{Answer, Fake};
use crate::socket_server::{OPEN, Server};

const HEARTBEAT: &str = r#"{"module":"heartbeat"}"#;
const REFUSED: &str = r#"{"module":"build_connection","success":false,"content":"Invalid Token"}"#;

struct Rig {
    zoom: Fake,
    server: Server,
    channel: EventChannel,
}

impl Rig {
    async fn start() -> Self {
        let (zoom, server) = (Fake::start().await, Server::start().await);
        Self { channel: channel(&zoom, &server), zoom, server }
    }

    async fn next(&mut self) -> ChannelEvent {
        self.channel.next().await.unwrap().unwrap()
    }

    async fn connected(&mut self) {
        let event = self.next().await;
        assert!(matches!(event, ChannelEvent::Connected), "{event:?}");
    }

    async fn event(&mut self) -> String {
        match self.next().await {
            ChannelEvent::Event(raw) => raw.text,
            other => panic!("{other:?}"),
        }
    }

    async fn down(&mut self) -> (Outage, Duration) {
        match self.next().await {
            ChannelEvent::Down { outage, retry_in } => (outage, retry_in),
            other => panic!("{other:?}"),
        }
    }

    /// How long the gap was, in seconds.
    async fn gap(&mut self) -> f64 {
        match self.next().await {
            ChannelEvent::Gap(gap) => gap.since.duration_until(gap.until).as_secs_f64(),
            other => panic!("{other:?}"),
        }
    }

    /// The error that ends it.
    async fn end(&mut self) -> ChannelError {
        let error = self.channel.next().await.unwrap().unwrap_err();
        assert!(self.channel.next().await.is_none());
        error
    }
}

fn channel(zoom: &Fake, server: &Server) -> EventChannel {
    let config = ChannelConfig { url: server.url.clone(), subscription_id: "sub/1".to_owned() };
    EventChannel::connect(config, zoom.tokens()).unwrap()
}

/// An error with all its causes, and as a debugger sees it.
fn all_of(error: &dyn Error) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        text = format!("{text} | {error}");
        next = error.source();
    }
    text
}

fn event(number: usize) -> String {
    format!(r#"{{"event":"phone.test", "event_ts":{number}, "payload":{{"account_id":"A"}}}}"#)
}

#[tokio::test(start_paused = true)]
async fn events_come_as_zoom_wrote_them_over_a_proper_handshake() {
    let mut rig = Rig::start().await;
    let knock = rig.server.knock().await;
    assert_eq!(knock.target(), "/ws?subscriptionId=sub%2F1&access_token=token-1");
    assert_eq!(knock.header("upgrade"), "websocket");
    assert_eq!(knock.header("connection"), "Upgrade");
    assert_eq!(knock.header("sec-websocket-version"), "13");
    assert_eq!(knock.header("authorization"), "", "the token is in one place");
    let mut peer = knock.shake_hands().await;
    peer.say(OPEN).await;
    rig.connected().await;

    peer.event(&event(1)).await;
    assert_eq!(rig.event().await, event(1));
    peer.say(&format!(r#"{{"module":"message","content":{}}}"#, event(2))).await;
    assert_eq!(rig.event().await, event(2));
    peer.send(Message::binary(format!(r#"{{"module":"message","content":{}}}"#, event(3)))).await;
    assert_eq!(rig.event().await, event(3));
    let odd = r#"{"module":"news","content":[1,2]}"#;
    peer.say(odd).await;
    match rig.next().await {
        ChannelEvent::Unknown(raw) => assert_eq!(raw.text, odd),
        other => panic!("{other:?}"),
    }
    peer.event(&event(4)).await;
    match rig.next().await {
        ChannelEvent::Event(raw) => {
            assert_eq!(raw.notification().unwrap().event_ts, Some(4));
            assert!(!format!("{raw:?}").contains("phone.test"), "no content in a debugger's eyes: {raw:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_goes_out_every_30_seconds_and_keeps_it_alive_for_hours() {
    let mut rig = Rig::start().await;
    let mut peer = rig.server.open().await;
    rig.connected().await;
    let start = Instant::now();
    for beat in 1..=300 {
        assert_eq!(peer.hear().await, Some(Message::text(HEARTBEAT)));
        let late = start.elapsed().saturating_sub(Duration::from_secs(30 * beat));
        assert!(late < Duration::from_millis(500), "beat {beat} is late by {late:?}");
        peer.say(HEARTBEAT).await;
    }
    peer.event(&event(1)).await;
    assert_eq!(rig.event().await, event(1), "nothing else was told meanwhile");
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_count_as_life() {
    let mut rig = Rig::start().await;
    let mut peer = rig.server.open().await;
    rig.connected().await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        peer.send(Message::Ping("?".into())).await;
        loop {
            match peer.hear().await.unwrap() {
                Message::Pong(payload) => break assert_eq!(&payload[..], b"?"),
                heartbeat => assert_eq!(heartbeat, Message::text(HEARTBEAT)),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_channel_is_replaced_and_the_gap_is_told() {
    let mut rig = Rig::start().await;
    let mut silent = rig.server.open().await;
    rig.connected().await;
    silent.event(&event(1)).await;
    rig.event().await;
    let began = Instant::now();
    let (outage, retry_in) = rig.down().await;
    assert!(matches!(outage, Outage::Silent { seconds: 45 }), "{outage:?}");
    assert!(began.elapsed() >= Duration::from_secs(45) && began.elapsed() < Duration::from_secs(48));
    assert!(retry_in <= Duration::from_secs(1), "{retry_in:?}");

    let mut peer = rig.server.open().await;
    rig.connected().await;
    let gap = rig.gap().await;
    let told = began.elapsed().as_secs_f64();
    assert!((45.0..told + 0.5).contains(&gap), "{gap} of {told}");
    peer.event(&event(2)).await;
    assert_eq!(rig.event().await, event(2));
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_zoom_never_opens_is_tried_again() {
    let mut rig = Rig::start().await;
    let _mute = rig.server.knock().await.shake_hands().await;
    assert!(matches!(rig.down().await.0, Outage::Silent { seconds: 15 }));
    let _never_answers = rig.server.knock().await;
    assert!(matches!(rig.down().await.0, Outage::Slow { seconds: 15, .. }));
    let _peer = rig.server.open().await;
    rig.connected().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_token_costs_a_reconnect_with_a_fresh_one() {
    let mut rig = Rig::start().await;
    let mut peer = rig.server.open().await;
    rig.connected().await;
    for _ in 0..120 {
        assert_eq!(peer.hear().await, Some(Message::text(HEARTBEAT)));
        peer.say(HEARTBEAT).await;
    }
    peer.close().await;
    assert!(matches!(rig.down().await.0, Outage::Closed { .. }));
    let knock = rig.server.knock().await;
    assert!(knock.target().ends_with("access_token=token-2"), "{}", knock.target());
    let mut peer = knock.shake_hands().await;
    peer.say(OPEN).await;
    rig.connected().await;
    assert!(rig.gap().await < 5.0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_and_the_third_refusal_is_the_last() {
    let mut rig = Rig::start().await;
    // A token that is refused when it is new is not replaced within the minute.
    for (round, number) in [(1, 1), (2, 2), (3, 2)] {
        let knock = rig.server.knock().await;
        assert!(knock.target().ends_with(&format!("access_token=token-{number}")), "{}", knock.target());
        let mut peer = knock.shake_hands().await;
        peer.say(REFUSED).await;
        if round < 3 {
            let (outage, _) = rig.down().await;
            assert!(matches!(&outage, Outage::Refused { reason } if reason == "Invalid Token"), "{outage:?}");
        }
    }
    let error = rig.end().await;
    assert!(matches!(error, ChannelError::Refused { times: 3, .. }), "{error:?}");
    assert_eq!(rig.zoom.token_requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_may_also_be_refused_by_status() {
    let mut rig = Rig::start().await;
    rig.server.knock().await.refuse(401, "").await;
    assert!(matches!(rig.down().await.0, Outage::Status { status: 401, .. }));
    let knock = rig.server.knock().await;
    assert!(knock.target().ends_with("access_token=token-2"), "{}", knock.target());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_does_not_blame_the_token_asks_for_no_other_token() {
    let mut rig = Rig::start().await;
    for _ in 0..2 {
        let mut peer = rig.server.knock().await.shake_hands().await;
        peer.say(r#"{"module":"build_connection","success":false,"content":"no such subscription"}"#).await;
        rig.down().await;
    }
    rig.server.knock().await.refuse(404, "").await;
    assert!(matches!(rig.end().await, ChannelError::Refused { times: 3, .. }));
    assert_eq!(rig.zoom.token_requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_somebody_else_holds_is_not_fought_for() {
    let mut rig = Rig::start().await;
    for round in 1..=5 {
        let peer = rig.server.open().await;
        rig.connected().await;
        if round > 1 {
            rig.gap().await;
        }
        peer.close().await;
        if round < 5 {
            assert!(matches!(rig.down().await.0, Outage::Closed { .. }));
        }
    }
    let error = rig.end().await;
    assert!(matches!(error, ChannelError::TakenOver { times: 5 }), "{error:?}");
    assert!(error.to_string().contains("another program"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn connections_that_break_off_are_nobody_elses_doing() {
    let mut rig = Rig::start().await;
    for round in 1..=8 {
        let peer = rig.server.open().await;
        rig.connected().await;
        if round > 1 {
            rig.gap().await;
        }
        drop(peer);
        let outage = rig.down().await.0;
        assert!(matches!(outage, Outage::Broken(_)), "{outage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_end_it_and_a_token_service_that_is_down_does_not() {
    let (zoom, server) = (Fake::start().await, Server::start().await);
    zoom.token_answer(Answer::new(503, ""));
    zoom.token_answer(Answer::new(
        400,
        r#"{"error":"invalid_client","reason":"Invalid client_id or client_secret"}"#,
    ));
    let channel = channel(&zoom, &server);
    let mut rig = Rig { zoom, server, channel };
    assert!(matches!(rig.down().await.0, Outage::Token(_)));
    // Twice, for the failure is kept for a second.
    while let Ok(event) = rig.channel.next().await.unwrap() {
        assert!(matches!(event, ChannelEvent::Down { outage: Outage::Token(_), .. }), "{event:?}");
    }
    assert!(rig.channel.next().await.is_none());
    assert_eq!(rig.zoom.token_requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_slow_caller_neither_loses_events_nor_the_connection() {
    let mut rig = Rig::start().await;
    let mut peer = rig.server.open().await;
    rig.connected().await;
    let sending = tokio::spawn(async move {
        for number in 0..2000 {
            peer.event(&event(number)).await;
        }
        // Ten minutes in which nobody takes what came.
        for _ in 0..20 {
            assert_eq!(peer.hear().await, Some(Message::text(HEARTBEAT)));
            peer.say(HEARTBEAT).await;
        }
        peer
    });
    let _peer = sending.await.unwrap();
    for number in 0..2000 {
        assert_eq!(rig.event().await, event(number));
    }
}

#[tokio::test(start_paused = true)]
async fn no_outage_tells_the_token() {
    let mut rig = Rig::start().await;
    let mut told = Vec::new();

    rig.server.knock().await.switch("bm90IHRoZSBrZXk=").await;
    told.push(rig.down().await.0);
    rig.server.knock().await.refuse(503, "token-1").await;
    told.push(rig.down().await.0);
    let mut peer = rig.server.knock().await.shake_hands().await;
    peer.say(r#"{"module":"build_connection","success":false,"content":"token-1 at https://x.test/?access_token=token-1"}"#).await;
    told.push(rig.down().await.0);
    drop(rig.server.knock().await);
    told.push(rig.down().await.0);
    let mut peer = rig.server.open().await;
    rig.connected().await;
    peer.send(Message::binary(vec![0; 3 << 20])).await;
    told.push(rig.down().await.0);
    assert!(
        matches!(
            &told[..],
            [
                Outage::Handshake { .. },
                Outage::Status { status: 503, .. },
                Outage::Refused { .. },
                Outage::Unreachable { .. },
                Outage::Broken(_),
            ]
        ),
        "{told:?}"
    );
    for outage in &told {
        let text = all_of(outage);
        assert!(!text.contains("token-") && !text.contains("access_token"), "{text}");
    }
    assert!(told[1].to_string().contains("TRACK_1"), "{}", told[1]);
}

#[tokio::test(start_paused = true)]
async fn a_channel_says_goodbye_when_it_is_closed_or_dropped() {
    let mut rig = Rig::start().await;
    let mut peer = rig.server.open().await;
    rig.connected().await;
    peer.event(&event(1)).await;
    peer.send(Message::Ping("?".into())).await;
    assert!(matches!(peer.hear().await, Some(Message::Pong(_))), "the event before it is there");
    let closing = tokio::spawn(rig.channel.close());
    assert!(matches!(peer.hear().await, Some(Message::Close(_))));
    assert_eq!(peer.hear().await, None);
    let rest = closing.await.unwrap();
    assert!(matches!(&rest[..], [ChannelEvent::Event(raw)] if raw.text == event(1)), "{rest:?}");

    let mut rig = Rig::start().await;
    let mut peer = rig.server.open().await;
    rig.connected().await;
    drop(rig.channel);
    assert!(matches!(peer.hear().await, Some(Message::Close(_))));
    assert_eq!(peer.hear().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_cannot_be_is_refused_at_once() {
    let zoom = Fake::start().await;
    let mut config = ChannelConfig::new("sub");
    assert_eq!(config.url.as_str(), "wss://ws.zoom.us/ws");
    config.url = "ws://ws.zoom.us/ws".parse().unwrap();
    let error = EventChannel::connect(config, zoom.tokens()).unwrap_err();
    assert!(error.to_string().contains("must be wss://"), "{error}");
    let error = EventChannel::connect(ChannelConfig::new(""), zoom.tokens()).unwrap_err();
    assert!(error.to_string().contains("Marketplace"), "{error}");
}
