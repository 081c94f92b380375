//! Faults and limits, as clients meet them.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::rig::{DEMO, GRANT, Zoom};

impl Zoom {
    async fn fault(&self, fault: Value) {
        let (status, answer) = self.say("POST", "/_emulator/faults", &fault).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }

    async fn ask(&self, uri: &str) -> Response {
        let request = Request::get(uri).header("authorization", format!("Bearer {}", self.token));
        self.answer(request.body(Body::empty()).expect("a request")).await
    }
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_status_strikes_its_operation_as_often_as_asked() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "status", "status": 503, "times": 2, "operation": "listPhoneSites" })).await;
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK);
    for _ in 0..2 {
        let struck = zoom.ask("/v2/phone/sites").await;
        assert_eq!(
            (struck.status().as_u16(), header(&struck, "content-type").starts_with("text/html")),
            (503, true)
        );
    }
    assert_eq!(zoom.get("/v2/phone/sites").await.0, StatusCode::OK);
    assert_eq!(zoom.get("/_emulator/faults").await.1, json!({ "faults": [] }));

    zoom.fault(json!({ "fault": "status", "status": 429, "retry_after": "7" })).await;
    let struck = zoom.ask("/v2/phone/users").await;
    assert_eq!((struck.status().as_u16(), header(&struck, "retry-after").as_str()), (429, "7"));
    let body = to_bytes(struck.into_body(), usize::MAX).await.expect("a body");
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON")["code"], 429);
}

#[tokio::test(start_paused = true)]
async fn the_token_service_is_struck_by_its_own_faults_only() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "status", "status": 500 })).await;
    assert_eq!(zoom.ask_token("/oauth/token", Some(DEMO), GRANT).await.0, StatusCode::OK);
    zoom.fault(json!({ "fault": "status", "status": 502, "operation": "oauth_token" })).await;
    assert_eq!(zoom.ask_token("/oauth/token", Some(DEMO), GRANT).await.0, StatusCode::BAD_GATEWAY);
}

#[tokio::test(start_paused = true)]
async fn a_delay_holds_the_answer_back() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "delay", "milliseconds": 2500 })).await;
    let before = Instant::now();
    assert_eq!(zoom.get("/v2/phone/sites").await.0, StatusCode::OK);
    assert_eq!(before.elapsed(), Duration::from_millis(2500));
    zoom.get("/v2/phone/sites").await;
    assert_eq!(before.elapsed(), Duration::from_millis(2500));
}

#[tokio::test(start_paused = true)]
async fn faults_can_be_switched_off_and_wrong_ones_are_refused() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "status", "status": 500, "times": 1000 })).await;
    assert_eq!(zoom.call("DELETE", "/_emulator/faults").await.1, json!({ "faults": [] }));
    assert_eq!(zoom.get("/v2/phone/sites").await.0, StatusCode::OK);
    for wrong in [
        json!({ "fault": "status", "status": 200 }),
        json!({ "fault": "status" }),
        json!({ "fault": "status", "status": 500, "retry_after": "a\nb" }),
        json!({ "fault": "delay", "milliseconds": 1, "seconds": 1 }),
        json!({ "fault": "rate_limit", "plan": "free" }),
        json!({ "fault": "storm" }),
    ] {
        let (status, answer) = zoom.say("POST", "/_emulator/faults", &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer["error"].is_string());
    }
}

#[tokio::test(start_paused = true)]
async fn limits_are_enforced_with_zooms_headers_once_they_are_switched_on() {
    let zoom = Zoom::start().await;
    for _ in 0..50 {
        assert_eq!(zoom.get("/v2/phone/sites").await.0, StatusCode::OK, "off by default");
    }
    zoom.fault(json!({ "fault": "rate_limit", "plan": "pro" })).await;
    for left in (0..10).rev() {
        let answer = zoom.ask("/v2/phone/sites").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "x-ratelimit-remaining"), left.to_string());
    }
    let refused = zoom.ask("/v2/phone/users").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "all medium operations share");
    assert_eq!(header(&refused, "x-ratelimit-category"), "Medium");
    assert_eq!(
        (header(&refused, "x-ratelimit-type"), header(&refused, "x-ratelimit-limit")),
        ("QPS".to_owned(), "10".to_owned())
    );
    assert_eq!(header(&refused, "retry-after"), "");
    assert_eq!(zoom.get("/v2/phone/settings").await.0, StatusCode::OK, "a light one does not");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(zoom.get("/v2/phone/sites").await.0, StatusCode::OK);
    assert_eq!(zoom.get("/_emulator/state").await.1["rate_limited"], 1);
}

#[tokio::test(start_paused = true)]
async fn the_days_budget_names_the_time_when_it_is_renewed() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "rate_limit", "plan": "business_plus", "daily": 2 })).await;
    for left in ["1", "0"] {
        let answer = zoom.ask("/v2/phone/call_history").await;
        assert_eq!(
            (answer.status(), header(&answer, "x-ratelimit-remaining").as_str()),
            (StatusCode::OK, left)
        );
    }
    let refused = zoom.ask("/v2/phone/call_history").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "x-ratelimit-type"), "Daily-limit");
    assert_eq!(header(&refused, "retry-after"), "2026-11-23T00:00:00Z");
}
