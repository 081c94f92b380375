//! Faults and limits, as clients meet them.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::rig::{DEMO, GRANT, Served, Zoom};

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
    let broken = json!({ "fault": "malformed_json", "how": "truncated", "operation": "oauth_token" });
    zoom.fault(broken).await;
    assert_eq!(zoom.ask_token("/oauth/token", Some(DEMO), GRANT).await, (StatusCode::OK, Value::Null));
    assert!(zoom.ask_token("/oauth/token", Some(DEMO), GRANT).await.1["access_token"].is_string());
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
async fn a_429_has_zooms_headers_when_they_are_asked_for() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "status", "status": 429 })).await;
    let bare = zoom.ask("/v2/phone/users").await;
    assert!(!bare.headers().keys().any(|name| name.as_str().starts_with("x-ratelimit")));
    zoom.fault(json!({ "fault": "status", "status": 429, "limit": "qps" })).await;
    let second = zoom.ask("/v2/phone/users").await;
    assert_eq!(
        (
            header(&second, "x-ratelimit-category"),
            header(&second, "x-ratelimit-type"),
            header(&second, "retry-after")
        ),
        ("Medium".to_owned(), "QPS".to_owned(), String::new())
    );
    zoom.fault(json!({ "fault": "status", "status": 429, "limit": "daily" })).await;
    let day = zoom.ask("/v2/phone/call_history").await;
    assert_eq!(
        (header(&day, "x-ratelimit-category"), header(&day, "x-ratelimit-type")),
        ("Heavy".to_owned(), "Daily-limit".to_owned())
    );
    assert!(header(&day, "retry-after").ends_with("T00:00:00Z"));
    zoom.fault(json!({ "fault": "status", "status": 400, "html": true })).await;
    let page = zoom.ask("/v2/phone/users").await;
    assert_eq!((page.status().as_u16(), header(&page, "content-type").starts_with("text/html")), (400, true));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ready_is_there_after_so_many_tries_for_each_object() {
    let zoom = Zoom::start().await;
    let (first, second) = {
        let users = zoom.get("/v2/phone/users").await.1;
        let path =
            |user: usize| format!("/v2/phone/users/{}", users["users"][user]["id"].as_str().expect("an id"));
        (path(0), path(1))
    };
    zoom.fault(json!({ "fault": "not_ready", "operation": "phoneUser", "times": 2 })).await;
    let status = async |path: &str| zoom.get(path).await.0.as_u16();
    assert_eq!(
        [
            status(&first).await,
            status(&second).await,
            status(&first).await,
            status(&first).await,
            status(&second).await,
            status(&second).await,
        ],
        [404, 404, 404, 200, 404, 200]
    );
    zoom.call("DELETE", "/_emulator/faults").await;
    zoom.fault(json!({ "fault": "not_ready", "operation": "phoneUser", "answer": "802" })).await;
    let (status, answer) = zoom.get(&first).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(802)));
    assert_eq!(zoom.get(&first).await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_lists_expire_when_a_fault_says_so() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "expired_page_token" })).await;
    let (status, page) = zoom.get("/v2/phone/users?page_size=5").await;
    assert_eq!(status, StatusCode::OK, "the first page has no token");
    let token = page["next_page_token"].as_str().expect("a token");
    let next = format!("/v2/phone/users?page_size=5&next_page_token={token}");
    let (status, refused) = zoom.get(&next).await;
    assert_eq!((status, &refused["code"]), (StatusCode::BAD_REQUEST, &json!(300)));
    assert_eq!(zoom.get(&next).await.0, StatusCode::OK);

    zoom.fault(json!({ "fault": "expired_sync_token" })).await;
    let (status, refused) = zoom.get("/v2/phone/sms/sessions/s1/sync?sync_type=ISync&sync_token=t").await;
    assert_eq!((status, &refused["code"]), (StatusCode::BAD_REQUEST, &json!(7035)));
}

#[tokio::test(start_paused = true)]
async fn broken_json_cannot_be_read_and_the_next_answer_can() {
    let zoom = Zoom::start().await;
    for how in ["unescaped_quote", "truncated"] {
        zoom.fault(json!({ "fault": "malformed_json", "how": how })).await;
        let broken = zoom.ask("/v2/phone/users").await;
        assert_eq!(broken.status(), StatusCode::OK);
        let body = to_bytes(broken.into_body(), usize::MAX).await.expect("a whole body");
        let text = std::str::from_utf8(&body).expect("text");
        assert!(text.starts_with('{') && serde_json::from_str::<Value>(text).is_err(), "{how}: {text}");
        assert!(zoom.get("/v2/phone/users").await.1["users"].is_array());
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_can_be_lost_or_show_late() {
    let zoom = Zoom::start().await;
    let (_, sites) = zoom.get("/v2/phone/sites").await;
    let path = format!("/v2/phone/sites/{}", sites["sites"][0]["id"].as_str().expect("an id"));
    let name = async || zoom.get(&path).await.1["name"].as_str().expect("a name").to_owned();
    let rename = async |name: Value| zoom.say("PATCH", &path, &json!({ "name": name })).await.0;
    let first = name().await;

    zoom.fault(json!({ "fault": "lost_effect", "operation": "updateSiteDetails" })).await;
    assert_eq!(rename(json!(7)).await, StatusCode::BAD_REQUEST, "what Zoom refuses is refused");
    assert_eq!(rename(json!("Harbour")).await, StatusCode::NO_CONTENT);
    assert_eq!(name().await, first);

    zoom.fault(json!({ "fault": "stale_read", "operation": "updateSiteDetails" })).await;
    assert_eq!(rename(json!("Harbour")).await, StatusCode::NO_CONTENT);
    assert_eq!(name().await, first);
    assert_eq!(name().await, "Harbour");
    assert_eq!(rename(json!("Quay")).await, StatusCode::NO_CONTENT);
    assert_eq!(name().await, "Quay", "the fault is over");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_shows_in_the_date_of_answers() {
    let zoom = Zoom::start().await;
    assert_eq!(header(&zoom.ask("/v2/phone/users").await, "date"), "", "hyper's own, on a socket");
    zoom.fault(json!({ "fault": "clock_skew", "seconds": 86_400 })).await;
    let first = header(&zoom.ask("/v2/phone/users").await, "date");
    zoom.fault(json!({ "fault": "clock_skew", "seconds": -86_400 })).await;
    let second = header(&zoom.ask("/v2/phone/users").await, "date");
    let seconds = |date: &str| jiff::fmt::rfc2822::parse(date).expect("an HTTP date").timestamp().as_second();
    let apart = seconds(&first) - seconds(&second);
    assert!((172_700..=172_800).contains(&apart), "{first} {second}");
    zoom.call("DELETE", "/_emulator/faults").await;
    assert_eq!(header(&zoom.ask("/v2/phone/users").await, "date"), "");
}

#[tokio::test]
async fn connections_end_before_or_within_the_answer() {
    let zoom = Served::start().await;
    let users = || zoom.request("GET", "/phone/users").send();
    zoom.control("POST", "/faults", &json!({ "fault": "reset" })).await;
    assert_eq!(raw(&zoom).await, "", "not even a status");
    zoom.control("POST", "/faults", &json!({ "fault": "reset" })).await;
    assert!(users().await.is_err());

    zoom.control("POST", "/faults", &json!({ "fault": "half_closed", "times": 2 })).await;
    let half = raw(&zoom).await;
    let (head, body) = half.split_once("\r\n\r\n").expect("a head");
    let length: usize = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .and_then(|length| length.parse().ok())
        .expect("a length");
    assert!(head.starts_with("HTTP/1.1 200") && !body.is_empty() && body.len() < length, "{half}");
    let answer = users().await.expect("a head");
    assert!(answer.bytes().await.is_err(), "the body breaks off");

    zoom.control("POST", "/faults", &json!({ "fault": "slow_body", "milliseconds": 400 })).await;
    let before = std::time::Instant::now();
    let whole: Value = users().await.expect("a head").json().await.expect("a whole body");
    assert!(whole["users"].is_array());
    assert!(before.elapsed() >= Duration::from_millis(400));
    assert_eq!(zoom.control("GET", "/faults", &Value::Null).await, json!({ "faults": [] }));
}

/// What comes over a bare connection until it ends.
async fn raw(zoom: &Served) -> String {
    let address = zoom.origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET /v2/phone/users HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n",
        zoom.token
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // A reset says the same as an end.
    let _end = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

#[tokio::test(start_paused = true)]
async fn a_redirect_leads_back_or_elsewhere() {
    let zoom = Zoom::start().await;
    zoom.fault(json!({ "fault": "redirect" })).await;
    let answer = zoom.ask("/v2/phone/users?page_size=5").await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "location").as_str()),
        (307, "/v2/phone/users?page_size=5")
    );
    assert_eq!(zoom.ask("/v2/phone/users?page_size=5").await.status(), StatusCode::OK);
    zoom.fault(json!({ "fault": "redirect", "location": "https://api-eu.example/v2" })).await;
    assert_eq!(header(&zoom.ask("/v2/phone/users").await, "location"), "https://api-eu.example/v2");
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
