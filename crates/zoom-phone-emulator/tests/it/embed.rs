//! The server side of the embedded phone; the page itself is tested in a browser (`web/e2e/embed.test.mjs`).

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use zoom_phone_emulator::{Config, serve_with_embed};

use crate::rig::Zoom;

const API: &str = "/integration/phone/embeddablephone/api";
const CALLER: &str = "+15552010142";

/// A page's end of the stream.
struct Feed(BodyDataStream);

impl Feed {
    async fn open(zoom: &Zoom, user: &str, tab: &str) -> Self {
        let uri = format!("{API}/feed?user={user}&tab={tab}");
        let response = zoom.answer(Request::get(uri).body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut feed = Self(response.into_body().into_data_stream());
        assert_eq!(feed.next().await["kind"], "open");
        feed
    }

    async fn next(&mut self) -> Value {
        loop {
            let chunk = self.0.next().await.expect("the stream goes on").expect("a chunk");
            let text = String::from_utf8(chunk.to_vec()).expect("text");
            // The others are comments that keep the connection alive.
            if let Some(data) = text.strip_prefix("data: ") {
                return serde_json::from_str(data.trim()).expect("JSON");
            }
        }
    }

    /// Waits until the phone shows its call in this state.
    async fn shows(&mut self, state: &str) {
        while self.next().await["call"]["state"] != state {}
    }

    /// The next message of this type to the host.
    async fn message(&mut self, kind: &str) -> Value {
        loop {
            let item = self.next().await;
            let messages = item["messages"].as_array().cloned().unwrap_or_default();
            if let Some(message) = messages.into_iter().find(|message| message["type"] == kind) {
                return message;
            }
        }
    }
}

async fn first_user(zoom: &Zoom) -> Value {
    let (status, answer) = zoom.get(&format!("{API}/welcome")).await;
    assert_eq!(status, StatusCode::OK);
    answer["people"][0].clone()
}

async fn ring(zoom: &Zoom, user: &str) {
    let body = json!({ "to": user, "from": CALLER });
    let (status, answer) = zoom.say("POST", "/_emulator/scenarios/inbound_answered", &body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
}

async fn press(zoom: &Zoom, user: &str, call_id: &Value, button: &str) -> StatusCode {
    let body = json!({ "user": user, "callId": call_id, "button": button });
    zoom.say("POST", &format!("{API}/press"), &body).await.0
}

#[tokio::test(start_paused = true)]
async fn only_an_approved_site_learns_who_can_sign_in() {
    let config = Config { embed_domains: vec!["crm.example.com".to_owned()], ..Config::default() };
    let zoom = Zoom::with(config).await;
    let (_, approved) = zoom.get(&format!("{API}/welcome?origin=https://crm.example.com")).await;
    assert_eq!(approved["approved"], true);
    assert_eq!(approved["people"].as_array().map(Vec::len), Some(36));
    let (_, refused) = zoom.get(&format!("{API}/welcome?origin=https://crm.example.org")).await;
    assert_eq!(refused, json!({ "approved": false, "field": false, "people": [] }));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_person_at_the_phone_and_is_told_to_every_tab_alike() {
    let zoom = Zoom::start().await;
    let user = first_user(&zoom).await;
    let id = user["id"].as_str().expect("an id");
    let (mut one, mut two) = (Feed::open(&zoom, id, "one").await, Feed::open(&zoom, id, "two").await);
    ring(&zoom, id).await;
    let ringing = one.message("zp-call-ringing-event").await;
    assert_eq!(two.message("zp-call-ringing-event").await, ringing);
    assert_eq!(ringing["data"]["direction"], "inbound");
    assert_eq!(ringing["data"]["caller"]["phoneNumber"], CALLER);
    assert_eq!(ringing["data"]["callee"]["extensionNumber"], user["extension"]);
    let call_id = ringing["data"]["callId"].clone();

    assert_eq!(press(&zoom, id, &call_id, "hold").await, StatusCode::CONFLICT, "nobody has answered yet");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(press(&zoom, id, &call_id, "answer").await, StatusCode::OK);
    assert_eq!(one.message("zp-call-connected-event").await["data"]["callId"], call_id);
    assert_eq!(press(&zoom, id, &call_id, "hold").await, StatusCode::OK);
    one.shows("held").await;
    assert_eq!(press(&zoom, id, &call_id, "unhold").await, StatusCode::OK);
    one.shows("connected").await;
    assert_eq!(press(&zoom, id, &call_id, "hang-up").await, StatusCode::OK);
    let ended = one.message("zp-call-ended-event").await;
    assert_eq!(ended["data"]["result"], "ended");
    let log = one.message("zp-call-log-completed-event").await;
    assert_eq!(log["data"]["callId"], call_id);
    assert_eq!(log["data"]["result"], "Call Connected");
    let (_, phone) = zoom.get(&format!("{API}/phone?user={id}")).await;
    assert_eq!(phone["history"][0], log["data"], "what Save Log sends is what the log said");
}

#[tokio::test(start_paused = true)]
async fn the_tab_used_last_is_the_active_one_until_it_closes() {
    let zoom = Zoom::start().await;
    let id = first_user(&zoom).await["id"].as_str().expect("an id").to_owned();
    let mut one = Feed::open(&zoom, &id, "one").await;
    let two = Feed::open(&zoom, &id, "two").await;
    assert_eq!(one.next().await, json!({ "kind": "active", "activeTab": "two" }));
    zoom.say("POST", &format!("{API}/tab"), &json!({ "user": id, "tab": "one" })).await;
    assert_eq!(one.next().await["activeTab"], "one");
    zoom.say("POST", &format!("{API}/tab"), &json!({ "user": id, "tab": "two" })).await;
    assert_eq!(one.next().await["activeTab"], "two");
    drop(two);
    assert_eq!(one.next().await["activeTab"], "one");
}

#[tokio::test(start_paused = true)]
async fn messages_sent_at_the_phone_go_out_as_events_and_into_the_thread() {
    let zoom = Zoom::start().await;
    let id = first_user(&zoom).await["id"].as_str().expect("an id").to_owned();
    let mut feed = Feed::open(&zoom, &id, "one").await;
    let body = json!({ "user": id, "to": CALLER, "message": "See you at 3" });
    let (status, answer) = zoom.say("POST", &format!("{API}/texts"), &body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let sent = feed.message("zp-sms-log-event").await;
    assert_eq!(sent["data"]["receivers"], json!([{ "phoneNumber": CALLER }]));
    let body = json!({ "to": id, "from": CALLER, "message": "Till then" });
    let (status, _) = zoom.say("POST", "/_emulator/embed/text", &body).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let received = feed.message("zp-sms-log-event").await;
    assert_eq!(received["data"]["direction"], "inbound");
    assert_eq!(received["data"]["sessionId"], sent["data"]["sessionId"]);
    let (_, phone) = zoom.get(&format!("{API}/phone?user={id}")).await;
    assert_eq!(phone["texts"], json!([sent["data"], received["data"]]));
}

#[tokio::test(start_paused = true)]
async fn nobody_has_the_phone_of_somebody_who_is_not_there() {
    let zoom = Zoom::start().await;
    for path in ["phone?user=nobody", "feed?user=nobody&tab=one"] {
        assert_eq!(zoom.get(&format!("{API}/{path}")).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, answer) =
        zoom.say("POST", &format!("{API}/dial"), &json!({ "user": "nobody", "number": CALLER })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(answer["error"].is_string());
}

#[tokio::test]
async fn the_embedded_phone_has_an_origin_of_its_own_and_does_not_keep_the_emulator_from_stopping() {
    let listeners = [TcpListener::bind("127.0.0.1:0").await, TcpListener::bind("127.0.0.1:0").await];
    let [main, embed] = listeners.map(|listener| listener.expect("a free port"));
    let url = |listener: &TcpListener| format!("http://{}", listener.local_addr().expect("an address"));
    let (main_url, embed_url) = (url(&main), url(&embed));
    let stop = CancellationToken::new();
    let config = Config { calls_per_minute: 0.0, ..Config::default() };
    let running = tokio::spawn(serve_with_embed(config, main, Some(embed), stop.clone()));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let get = |url: String| client.get(url).send();

    let home = get(format!("{embed_url}/integration/phone/embeddablephone/home")).await.expect("the page");
    assert_eq!(home.status(), StatusCode::OK);
    let policy = home.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("script-src 'self'"), "{policy}");
    assert!(policy.contains("frame-ancestors http://127.0.0.1:* https://127.0.0.1:*"), "{policy}");
    for path in ["/v2/phone/users", "/_emulator/state", "/oauth/token"] {
        let status = get(format!("{embed_url}{path}")).await.expect("an answer").status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let script = get(format!("{main_url}/phoneSdk/static/smart-embed/js/sdk.js")).await.expect("the script");
    assert!(script.text().await.expect("text").contains(&embed_url), "it leads to the phone's own origin");

    let people: Value =
        get(format!("{embed_url}{API}/welcome")).await.expect("people").json().await.expect("JSON");
    let user = people["people"][0]["id"].as_str().expect("an id");
    let mut feed = get(format!("{embed_url}{API}/feed?user={user}&tab=one")).await.expect("the feed");
    assert!(feed.chunk().await.expect("a chunk").is_some());
    stop.cancel();
    running.await.expect("no panic").expect("it stops");
}
