//! The HTTP API.

use std::path::Path;

use serde_json::{Value, json};
use zoom_phone_emulator::Scenario;

use crate::rig::{self, Rig, SECRET, call, call_id};

/// Stores and folds one call, and returns its id.
async fn a_call(rig: &Rig) -> String {
    let events = call(5, Scenario::QueueAnswered);
    for event in &events {
        rig.tell(event).await;
    }
    rig.folded().await;
    call_id(&events[0]).to_owned()
}

#[tokio::test]
async fn every_route_of_the_document_answers_as_documented() {
    let rig = Rig::new().await;
    let id = a_call(&rig).await;
    let document = rig.json("/api/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 10, "{paths:?}");
    // A message and a fax under the id that is put into every path.
    let told = |name: &str, object: Value| {
        json!({"event": format!("phone.{name}"), "event_ts": 1_795_341_606_000_i64,
            "payload": {"account_id": rig::ACCOUNT, "object": object}})
    };
    rig.tell(&told("sms_sent", json!({"message_id": id, "session_id": "S1"}))).await;
    rig.tell(&told("fax_sent", json!({"fax_log_id": id}))).await;
    rig.folded().await;
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string() && operation["operationId"].is_string(), "{path}");
            // What changes something, files of calls, and what is found by a number of ours have tests of their own.
            let of_own = ["/api/v1/media", "/api/v1/reconciliations/"];
            if method != "get" || of_own.iter().any(|beginning| path.starts_with(beginning)) {
                continue;
            }
            let documented = operation["responses"].as_object().unwrap();
            assert!(documented.contains_key("200"), "{path}");
            let query = if path.ends_with("/search") { format!("?q={id}") } else { String::new() };
            let response = rig.get(&(path.replace("{id}", &id).replace("{kind}", "calls") + &query)).await;
            // What else there is one of has tests of its own.
            let is_known = |path: &str| {
                ["/calls/", "/messages/", "/faxes/", "/export/"].iter().any(|one| path.contains(one))
            };
            if path.contains('{') && !is_known(path) {
                continue;
            }
            assert_eq!(response.status(), 200, "{path}");
            let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
            let promised = documented["200"]["content"].as_object().unwrap();
            assert!(promised.keys().any(|promised| kind.starts_with(promised)), "{path}: {kind}");
        }
    }
}

#[test]
fn the_committed_document_is_that_of_this_server() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let ours = serde_json::to_string_pretty(&offhook_server::document()).unwrap();
    assert!(
        committed.trim_end() == ours,
        "docs/openapi.json is not up to date: run `cargo run -- openapi > docs/openapi.json`"
    );
}

#[tokio::test]
async fn every_error_is_a_problem_document() {
    let rig = Rig::new().await;
    let id = a_call(&rig).await;
    let cases = [
        ("GET", "/api/v1/calls/unknown".to_owned(), 404),
        ("GET", "/api/v1/calls/unknown/events".to_owned(), 404),
        ("GET", "/api/v1/calls/%ff".to_owned(), 400),
        ("GET", format!("/api/v1/calls/{id}?account=other"), 404),
        ("GET", "/api/v1/calls?limit=many".to_owned(), 400),
        ("GET", "/api/v1/calls?cursor=nonsense".to_owned(), 400),
        ("GET", "/api/v1/calls?direction=sideways".to_owned(), 400),
        ("GET", "/api/v1/calls?from=yesterday".to_owned(), 400),
        ("GET", "/api/v1/events?after=-1".to_owned(), 400),
        ("GET", "/api/v1/search".to_owned(), 400),
        ("GET", "/api/v1/search?q=%20".to_owned(), 400),
        ("GET", "/api/v1/nothing".to_owned(), 404),
        ("GET", "/api/v2/calls".to_owned(), 404),
        ("GET", "/assets/nothing.js".to_owned(), 404),
        ("GET", "/zoom/nothing".to_owned(), 404),
        ("POST", "/nothing".to_owned(), 404),
        ("POST", "/".to_owned(), 404),
        ("POST", "/api/v1/calls".to_owned(), 405),
        ("DELETE", format!("/api/v1/calls/{id}"), 405),
        ("PUT", "/healthz".to_owned(), 405),
        ("GET", "/zoom/webhook".to_owned(), 405),
    ];
    for (method, path, status) in cases {
        let method = method.parse().unwrap();
        let response = rig.http.request(method, rig.url(&path)).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(response.headers().contains_key("allow"), status == 405, "{path}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["status"], status, "{path}");
        for field in ["type", "title", "detail"] {
            assert!(!problem[field].as_str().unwrap().is_empty(), "{path}: {field}");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_a_browser() {
    let rig = Rig::new().await;
    let id = a_call(&rig).await;
    let mut answers = vec![rig.post(SECRET, 0, b"{}").await, rig.post("wrong", 0, b"{}").await];
    for path in [
        "/".to_owned(),
        "/calls".to_owned(),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/metrics".to_owned(),
        "/api/openapi.json".to_owned(),
        "/api/v1/live".to_owned(),
        format!("/api/v1/calls/{id}"),
        "/api/v1/calls/unknown".to_owned(),
        "/api/v1/nothing".to_owned(),
        "/zoom/webhook".to_owned(),
    ] {
        answers.push(rig.get(&path).await);
    }
    let foreign = rig.http.get(rig.url("/")).header("host", "evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    answers.push(foreign);
    for answer in answers {
        let url = answer.url().clone();
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .unwrap_or_else(|| panic!("{name} on {url}"))
                .to_str()
                .unwrap()
                .to_owned()
        };
        let policy = header("content-security-policy");
        for part in ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{part} on {url}");
        }
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn events_can_be_waited_for() {
    let rig = Rig::new().await;
    let path = "/api/v1/events?after=0&wait_seconds=25";
    let (page, ()) = tokio::join!(rig.json(path), async {
        rig.tell(&call(5, Scenario::Hold)[0]).await;
    });
    assert_eq!(page["events"][0]["seq"], 1);
    assert_eq!(page["events"][0]["event"], "phone.callee_ringing");
    assert_eq!(page["events"][0]["source"], "webhook");
    let nothing = rig.json("/api/v1/events?after=1&wait_seconds=0").await;
    assert_eq!(nothing, json!({ "events": [], "last_seq": 1 }));
}

#[tokio::test]
async fn a_stored_event_is_shown_with_its_fields_in_zooms_order() {
    let rig = Rig::new().await;
    let body = r#"{"zeta":1,"event":"phone.x","alpha":{"b":1,"a":2}}"#;
    assert_eq!(rig.post(SECRET, 0, body.as_bytes()).await.status(), 204);
    let text = rig.get("/api/v1/events").await.text().await.unwrap();
    assert!(text.contains(body), "{text}");
}

#[tokio::test]
async fn a_call_tells_which_events_told_of_it() {
    let rig = Rig::new().await;
    let id = a_call(&rig).await;
    rig.tell(&call(99, Scenario::OutboundConnected)[0]).await;
    rig.folded().await;
    let told = rig.json(&format!("/api/v1/calls/{id}/events")).await;
    let told = told["events"].as_array().unwrap();
    assert_eq!(told.len(), call(5, Scenario::QueueAnswered).len());
    let page = rig.json("/api/v1/calls").await;
    assert_eq!(page["calls"].as_array().unwrap().len(), 2);
    assert_eq!(page["next_cursor"], Value::Null);
    let found = rig.json(&format!("/api/v1/search?q={id}")).await;
    assert_eq!(found["matches"][0]["kind"], "call_id");
    assert_eq!(found["matches"][0]["call"]["id"], id);
}
