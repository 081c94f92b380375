//! An emulator inside another program.

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::post;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use zoom_phone_emulator::{DEMO_WEBHOOK_SECRET, Emulator, encrypted_token};

#[tokio::test]
async fn ten_emulators_live_side_by_side_and_each_has_its_own_day() {
    let mut running = Vec::new();
    for seed in 0..10 {
        running.push(Emulator::builder().seed(seed).start().await.expect("it starts"));
    }
    for zoom in &running {
        zoom.trigger("internal_answered", json!({})).await.expect("a call");
    }
    running[3].advance(SignedDuration::from_hours(1)).await;
    for (nth, zoom) in running.iter().enumerate() {
        assert_eq!(zoom.ledger().await.expect("a ledger").len(), usize::from(nth == 3));
    }
}

#[tokio::test]
async fn what_is_dropped_listens_no_longer() {
    let zoom = Emulator::builder().start().await.expect("it starts");
    let address = zoom.origin().trim_start_matches("http://").to_owned();
    drop(zoom);
    // Stopping takes a moment of this runtime.
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn tokens_are_live_and_end_nobody_elses() {
    let zoom = Emulator::builder().start().await.expect("it starts");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let ask = async |path: &str, token: &str| {
        let url = format!("{}/v2{path}", zoom.origin());
        client.get(url).bearer_auth(token).send().await.expect("an answer").status()
    };
    let answer = client
        .post(format!("{}/oauth/token?{}", zoom.origin(), crate::rig::GRANT))
        .header("authorization", crate::rig::DEMO)
        .send();
    let answer: Value = answer.await.expect("an answer").json().await.expect("JSON");
    let theirs = answer["access_token"].as_str().expect("a token");
    assert_eq!(zoom.token(), zoom.token(), "as long as it lives");
    assert_eq!(ask("/phone/users", &zoom.token()).await, StatusCode::OK);
    assert_eq!(ask("/phone/users", theirs).await, StatusCode::OK);
    let users: Value = zoom.control(Method::GET, "/state", None).await.expect("the state");
    assert_eq!(users["speed"], 0.0, "time passes on demand");
    assert!(zoom.user_token("nobody@example.com").is_none());
}

#[tokio::test]
async fn a_receiver_gets_what_is_triggered_after_its_challenge() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let receive = post(
        |State(told): State<mpsc::UnboundedSender<Value>>, axum::Json(event): axum::Json<Value>| async move {
            let Some(plain) = event.pointer("/payload/plainToken").and_then(Value::as_str) else {
                told.send(event).expect("the test listens");
                return axum::Json(Value::Null);
            };
            let encrypted = encrypted_token(DEMO_WEBHOOK_SECRET, plain);
            axum::Json(json!({ "plainToken": plain, "encryptedToken": encrypted }))
        },
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let receiver = Router::new().route("/", receive).with_state(told);
    tokio::spawn(async move { axum::serve(listener, receiver).await });

    let zoom = Emulator::builder().webhook(url.parse().expect("a URL"), DEMO_WEBHOOK_SECRET);
    let zoom = zoom.start().await.expect("it starts");
    zoom.validated().await;
    zoom.trigger("queue_answered", json!({})).await.expect("a call");
    zoom.advance(SignedDuration::from_hours(1)).await;
    let events = zoom.events();
    assert!(events.len() > 3, "{events:?}");
    let mut received = Vec::new();
    while let Ok(event) = heard.try_recv() {
        received.push(event);
    }
    let key = |event: &Value| event.to_string();
    received.sort_by_key(key);
    let mut events = events;
    events.sort_by_key(key);
    assert_eq!(received, events);
}

#[tokio::test]
async fn a_refusal_says_what_was_asked_and_why() {
    let zoom = Emulator::builder().start().await.expect("it starts");
    let error = zoom.trigger("nonsense", json!({})).await.expect_err("a refusal").to_string();
    assert!(error.starts_with("/_emulator/scenarios/nonsense refused: there is no scenario"), "{error}");
    let taken = zoom.origin().trim_start_matches("http://").parse().expect("an address");
    let error = Emulator::builder().listen(taken).start().await.expect_err("a refusal").to_string();
    assert!(error.contains(&taken.to_string()) && error.contains("free port"), "{error}");
}

#[tokio::test]
async fn the_embedded_phone_can_have_an_origin_of_its_own() {
    let zoom = Emulator::builder().embed().start().await.expect("it starts");
    assert_ne!(zoom.embed_origin(), zoom.origin());
    let page = format!("{}/integration/phone/embeddablephone/home", zoom.embed_origin());
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert_eq!(client.get(page).send().await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn links_name_an_address_that_can_be_reached_when_the_emulator_listens_on_all() {
    let any = "0.0.0.0:0".parse().expect("an address");
    let zoom = Emulator::builder().listen(any).embed().start().await.expect("it starts");
    assert!(zoom.origin().starts_with("http://127.0.0.1:"), "{}", zoom.origin());
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let host = client.get(format!("{}/_emulator/embed", zoom.origin())).send().await.expect("an answer");
    let page = host.text().await.expect("a page");
    assert!(page.contains(zoom.embed_origin()) && !page.contains("0.0.0.0"), "{page}");
}
