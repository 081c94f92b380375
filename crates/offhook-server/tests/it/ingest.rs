//! What may be sent to the webhook, and what becomes of it.

use std::collections::BTreeSet;

use futures::future::join_all;
use offhook_server::Secrets;
use secrecy::SecretString;
use serde_json::{Value, json};
use zoom_phone_emulator::{Scenario, encrypted_token, signature};

use crate::rig::{ACCOUNT, Rig, SECRET, Setup, arrival, call, eventually, now};

/// How a request is signed.
enum Signed {
    /// So many seconds ago; negative for ahead.
    Ago(i64),
    Wrong,
    NoTimestamp,
    NoSignature,
    Garbage,
}

async fn send(rig: &Rig, signed: &Signed, body: &[u8]) -> reqwest::Response {
    let at = now().as_second();
    let request = rig.http.post(rig.url("/zoom/webhook")).body(body.to_vec());
    let good = signature(SECRET, at, body);
    let request = match signed {
        Signed::Ago(seconds) => return rig.post(SECRET, *seconds, body).await,
        Signed::Wrong => request
            .header("x-zm-request-timestamp", at.to_string())
            .header("x-zm-signature", signature("another", at, body)),
        Signed::NoTimestamp => request.header("x-zm-signature", good),
        Signed::NoSignature => request.header("x-zm-request-timestamp", at.to_string()),
        Signed::Garbage => {
            request.header("x-zm-request-timestamp", "soon").header("x-zm-signature", &b"v0=\xff"[..])
        }
    };
    request.send().await.unwrap()
}

/// Zoom's own event, changed in one place.
fn with(pointer: &str, value: Value) -> Vec<u8> {
    let mut event = call(1, Scenario::InboundAnswered).swap_remove(0);
    *event.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    event.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_input_has_its_answer_and_its_counter_and_what_is_genuine_is_kept() {
    use Signed::{Ago, Garbage, NoSignature, NoTimestamp, Wrong};
    let rig = Rig::new().await;
    let good = call(1, Scenario::InboundAnswered).swap_remove(0).to_string().into_bytes();
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let deep_event = format!(
        "{{\"event\":\"phone.callee_ringing\",\"payload\":{{\"account_id\":\"{ACCOUNT}\",\"object\":{}{}}}}}",
        "{\"a\":".repeat(5_000) + "1",
        "}".repeat(5_000)
    );
    let twice = br#"{"event":"phone.callee_ringing","event":"phone.x","payload":{},"payload":{"object":1}}"#;
    let not_text =
        b"{\"event\":\"phone.callee_ringing\",\"payload\":{\"object\":{\"call_id\":\"\xff\xfe\"}}}";
    let cases: Vec<(&str, Signed, Vec<u8>, u16, &str)> = vec![
        ("genuine", Ago(0), good.clone(), 204, "stored"),
        ("wrong signature", Wrong, good.clone(), 401, "mismatch"),
        ("three hours old", Ago(3 * 3600), good.clone(), 401, "too_old"),
        ("ten minutes ahead", Ago(-600), good.clone(), 401, "too_far_ahead"),
        ("ten minutes old", Ago(600), good.clone(), 204, "stored"),
        ("no timestamp", NoTimestamp, good.clone(), 401, "missing_header"),
        ("no signature", NoSignature, good.clone(), 401, "missing_header"),
        ("unreadable headers", Garbage, good.clone(), 401, "malformed_timestamp"),
        ("no UTF-8", Ago(0), not_text.to_vec(), 204, "stored"),
        ("no JSON", Ago(0), b"hello".to_vec(), 204, "stored"),
        ("nothing", Ago(0), Vec::new(), 204, "stored"),
        ("deep nesting", Ago(0), deep, 204, "stored"),
        ("a deep event", Ago(0), deep_event.into_bytes(), 204, "stored"),
        ("duplicate keys", Ago(0), twice.to_vec(), 204, "stored"),
        ("no call_id", Ago(0), with("/payload/object", json!({})), 204, "stored"),
        ("a number as call_id", Ago(0), with("/payload/object/call_id", json!(17)), 204, "stored"),
        ("a number as payload", Ago(0), with("/payload", json!(17)), 204, "stored"),
        ("the year 3000", Ago(0), with("/event_ts", json!(32_503_680_000_000_i64)), 204, "stored"),
        ("a time beyond time", Ago(0), with("/event_ts", json!(i64::MAX)), 204, "stored"),
        ("a number too large", Ago(0), with("/event_ts", json!(1e300)), 204, "stored"),
        ("another account", Ago(0), with("/payload/account_id", json!("someone else")), 204, "stored"),
        ("an unknown event", Ago(0), with("/event", json!("phone.invented_today")), 204, "stored"),
        ("1 MiB and a byte", Ago(0), vec![b' '; 1024 * 1024 + 1], 413, "too_large"),
    ];
    let mut kept = Vec::new();
    for (name, signed, body, status, outcome) in cases {
        let counter = format!("offhook_webhook_total{{outcome=\"{outcome}\"}}");
        let before = rig.counter(&counter).await;
        let response = send(&rig, &signed, &body).await;
        assert_eq!(response.status(), status, "{name}");
        if status == 204 {
            let late = matches!(signed, Ago(seconds) if seconds > 300);
            kept.push((body, late));
        } else {
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{name}");
            let problem: Value = response.json().await.unwrap();
            assert_eq!(problem["status"], status, "{name}");
            assert_eq!(problem["type"], "urn:offhook:webhook", "{name}");
        }
        assert!(rig.counter(&counter).await > before, "{name} is counted as {outcome}");
    }
    rig.folded().await;
    let stored: Vec<_> =
        rig.inbox().await.into_iter().map(|e| (e.arrival.body.to_vec(), e.arrival.late)).collect();
    assert_eq!(stored.len(), kept.len());
    assert!(stored == kept, "the bytes as sent, in order, late ones marked");
    // Whatever it was, it can be listed, by any JSON parser.
    let listed = rig.json("/api/v1/events?after=0").await;
    assert_eq!(listed["events"].as_array().unwrap().len(), kept.len());
    assert!(rig.counter("offhook_webhook_unknown_account_total").await > 0);
    assert!(rig.counter("offhook_fold_problems_total{reason=\"unknown_event\"}").await > 0);
    assert!(rig.counter("offhook_fold_problems_total{reason=\"unreadable\"}").await > 0);
    assert!(rig.counter("offhook_fold_problems_total{reason=\"nameless\"}").await > 0);
    // And it goes on.
    assert_eq!(rig.post(SECRET, 0, &good).await.status(), 204);
    assert_eq!(rig.json("/readyz").await["ready"], true);
}

#[tokio::test]
async fn a_large_body_is_refused_by_its_announced_length_before_it_is_sent() {
    let rig = Rig::new().await;
    let answer = rig
        .raw(
            "POST /zoom/webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10485760\r\n\r\n",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[tokio::test]
async fn the_challenge_is_answered_to_whoever_signs_and_to_nobody_else() {
    let rig = Rig::new().await;
    let body =
        json!({ "event": "endpoint.url_validation", "event_ts": 1, "payload": { "plainToken": "abc" } });
    let body = body.to_string();
    let response = rig.post(SECRET, 0, body.as_bytes()).await;
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer, json!({ "plainToken": "abc", "encryptedToken": encrypted_token(SECRET, "abc") }));
    assert_eq!(send(&rig, &Signed::Wrong, body.as_bytes()).await.status(), 401);
    let unsigned = rig.http.post(rig.url("/zoom/webhook")).body(body).send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    // It must not become a way to have anything signed.
    for plain in ["", "v0:1700000000:{}", &"x".repeat(600)] {
        let body = json!({ "event": "endpoint.url_validation", "payload": { "plainToken": plain } });
        assert_eq!(rig.post(SECRET, 0, body.to_string().as_bytes()).await.status(), 400, "{plain:.20}");
    }
    assert!(rig.inbox().await.is_empty(), "a challenge is no event");
}

#[tokio::test]
async fn while_a_secret_is_rotated_both_count_and_each_challenge_is_answered_with_its_own() {
    let secrets = Secrets::default()
        .and(SecretString::from("the new one"), None)
        .and(SecretString::from("the old one"), None);
    let rig = Rig::with(Setup { secrets, ..Setup::default() }).await;
    for secret in ["the new one", "the old one"] {
        let event = call(1, Scenario::Hold).swap_remove(0).to_string();
        assert_eq!(rig.post(secret, 0, event.as_bytes()).await.status(), 204);
        let challenge = json!({ "event": "endpoint.url_validation", "payload": { "plainToken": "abc" } });
        let answer: Value = rig.post(secret, 0, challenge.to_string().as_bytes()).await.json().await.unwrap();
        assert_eq!(answer["encryptedToken"], encrypted_token(secret, "abc"));
    }
    assert_eq!(rig.post("a third", 0, b"{}").await.status(), 401);
}

#[tokio::test]
async fn the_secret_of_one_account_does_not_speak_for_another() {
    let secrets = Secrets::default()
        .and(SecretString::from("secret of A"), Some("A".to_owned()))
        .and(SecretString::from("secret of B"), Some("B".to_owned()));
    let accounts = BTreeSet::from(["A".to_owned(), "B".to_owned()]);
    let rig = Rig::with(Setup { secrets, accounts, ..Setup::default() }).await;
    let of = |account: &str| with("/payload/account_id", json!(account));
    assert_eq!(rig.post("secret of A", 0, &of("A")).await.status(), 204);
    assert_eq!(rig.post("secret of B", 0, &of("B")).await.status(), 204);
    let refused = rig.post("secret of A", 0, &of("B")).await;
    assert_eq!(refused.status(), 401);
    let text = refused.text().await.unwrap();
    assert!(!text.contains("account"), "a stranger does not learn why: {text}");
    let stored: Vec<_> = rig.inbox().await.into_iter().map(|entry| entry.arrival.account).collect();
    assert_eq!(stored, ["A", "B"]);
}

#[tokio::test]
async fn without_a_secret_nothing_is_taken_and_zoom_is_asked_to_come_again() {
    let rig = Rig::with(Setup { secrets: Secrets::default(), ..Setup::default() }).await;
    let response = rig.post(SECRET, 0, b"{}").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(response.text().await.unwrap().contains("ZOOM_WEBHOOK_SECRET"));
    assert!(rig.inbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_much_waits_for_the_disk_the_next_is_refused_whole_and_those_accepted_are_kept() {
    let rig = Rig::new().await;
    // Somebody else writes to the inbox, and takes long.
    let other = rusqlite::Connection::open(rig.directory.path().join("inbox.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let inbox = rig.store.inbox().clone();
    let mut first = Box::pin(inbox.append(arrival(b"{}")));
    assert!(futures::poll!(&mut first).is_pending());
    // The writer has taken the first, and waits for the file; now the queue can be filled to the brim.
    eventually("the writer is at work", || async { (inbox.waiting() == 0).then_some(()) }).await;
    let mut rest = Box::pin(join_all((0..9_000).map(|_| inbox.append(arrival(b"{}")))));
    assert!(futures::poll!(&mut rest).is_pending());
    assert_eq!(inbox.waiting(), 8_192);
    let event = call(1, Scenario::Hold).swap_remove(0).to_string();
    let refused = rig.post(SECRET, 0, event.as_bytes()).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.text().await.unwrap().contains("try again"));
    assert_eq!(rig.json("/api/v1/calls").await["calls"], json!([]), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    let first = first.await;
    let outcomes = rest.await;
    let mut kept: Vec<u64> = outcomes.into_iter().chain([first]).filter_map(Result::ok).collect();
    kept.sort_unstable();
    assert!(kept.into_iter().eq(1..=8_193), "every accepted one got its own number");
    assert_eq!(rig.store.inbox().last_seq(), 8_193, "and nothing else was stored");
    assert_eq!(rig.post(SECRET, 0, event.as_bytes()).await.status(), 204, "and it goes on");
}
