//! The whole state, saved and gone on from.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use zoom_phone_emulator::{Builder, Emulator, Running, Temper};

fn lively() -> Builder {
    let start = "2026-11-23T14:00:00Z".parse().expect("a valid time");
    let builder = Emulator::builder().seed(5).at(start).calls_per_minute(6.0);
    builder.config(|config| config.public_url = "http://emulator".parse().ok())
}

/// What REST says under a path.
async fn rest(zoom: &Running, path: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.get(format!("{}/v2{path}", zoom.origin())).bearer_auth(zoom.token());
    let answer = request.send().await.expect("an answer").text().await.expect("a text");
    // Links name the emulator that gave them.
    serde_json::from_str(&answer.replace(zoom.origin(), "http://emulator")).expect("JSON")
}

async fn answers(zoom: &Running) -> Vec<Value> {
    let mut answers = Vec::new();
    for path in [
        "/phone/call_history?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&page_size=300",
        "/phone/users?page_size=100",
        "/phone/call_queues",
        "/phone/recordings?from=2026-11-23&to=2026-11-24",
    ] {
        let mut answer = rest(zoom, path).await;
        // Opaque, and for this emulator only.
        answer.as_object_mut().expect("an object").remove("next_page_token");
        answers.push(answer);
    }
    answers
}

#[tokio::test]
async fn a_restored_emulator_gives_the_same_answers_and_has_the_same_future() {
    let zoom = lively().start().await.expect("it starts");
    zoom.advance(SignedDuration::from_hours(1)).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let users = rest(&zoom, "/phone/users").await;
    let user = users["users"][3]["id"].as_str().expect("an id");
    let change = client.patch(format!("{}/v2/phone/users/{user}", zoom.origin())).bearer_auth(zoom.token());
    let change = change.json(&json!({ "extension_number": "2345" })).send().await.expect("an answer");
    assert!(change.status().is_success(), "{change:?}");

    let saved = zoom.control(Method::GET, "/snapshot", None).await.expect("a snapshot");
    let before = answers(&zoom).await;
    assert!(before[0]["call_history"].as_array().is_some_and(|calls| calls.len() > 50), "{}", before[0]);
    assert!(!saved.to_string().contains(&zoom.token()));

    let again = lively().start().await.expect("it starts");
    let restored = again.control(Method::PUT, "/snapshot", Some(saved)).await.expect("it is restored");
    assert_eq!(restored["now"], "2026-11-23T15:00:00Z");
    assert_eq!(again.now(), zoom.now());
    assert_eq!(answers(&again).await, before);
    assert_eq!(again.ledger().await.expect("a ledger"), zoom.ledger().await.expect("a ledger"));

    let sent = zoom.events().len();
    for zoom in [&zoom, &again] {
        zoom.trigger("queue_answered", json!({})).await.expect("a call");
        zoom.advance(SignedDuration::from_hours(1)).await;
    }
    assert_eq!(answers(&again).await, answers(&zoom).await);
    assert_eq!(again.ledger().await.expect("a ledger"), zoom.ledger().await.expect("a ledger"));
    let later = &zoom.events()[sent..];
    assert!(later.len() > 300 && again.events() == later, "{} and {}", again.events().len(), later.len());
}

#[tokio::test]
async fn what_is_no_snapshot_of_this_company_is_refused_and_changes_nothing() {
    let zoom = lively().start().await.expect("it starts");
    let saved = zoom.control(Method::GET, "/snapshot", None).await.expect("a snapshot");
    let refused = async |zoom: &Running, body: Value| {
        let refused = zoom.control(Method::PUT, "/snapshot", Some(body)).await;
        refused.expect_err("a refusal").to_string()
    };
    for (other, what) in [
        (lively().seed(6), "seed 5, this emulator of 6"),
        (lively().temper(Temper::Field), "temper \"documented\""),
    ] {
        let other = other.start().await.expect("it starts");
        let error = refused(&other, saved.clone()).await;
        assert!(error.contains(what), "{error}");
    }
    assert!(refused(&zoom, json!({})).await.contains("no snapshot"));
    let mut newer = saved.clone();
    newer["version"] = json!(99);
    assert!(refused(&zoom, newer).await.contains("version 99"));
    let mut broken = saved.clone();
    broken["state"]["planned"] = json!("many");
    assert!(refused(&zoom, broken).await.contains("cannot be read"));
    assert_eq!(zoom.control(Method::GET, "/snapshot", None).await.expect("a snapshot"), saved);
}

#[tokio::test]
async fn a_snapshot_that_would_break_the_company_is_refused() {
    let zoom = lively().start().await.expect("it starts");
    let saved = zoom.control(Method::GET, "/snapshot", None).await.expect("a snapshot");
    let outsiders = "/state/exchange/outsiders";
    for (list, wrong) in [("people", json!([])), ("busy", json!([]))] {
        let mut broken = saved.clone();
        *broken.pointer_mut(&format!("{outsiders}/{list}")).expect("a list") = wrong;
        let error = zoom.control(Method::PUT, "/snapshot", Some(broken)).await.expect_err("a refusal");
        assert!(error.to_string().contains(list), "{error}");
    }
    zoom.control(Method::PUT, "/snapshot", Some(saved)).await.expect("the whole one is good");
}
