//! `POST /api/v1/imports`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::rig::{ACCOUNT, Rig, Setup};

const NDJSON: &str = "application/x-ndjson";

async fn send(rig: &Rig, query: &str, kind: &str, body: String) -> (u16, Value) {
    let request = rig.http.post(rig.url(&format!("/api/v1/imports{query}"))).header("content-type", kind);
    let response = request.body(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn line(n: u32) -> String {
    let row =
        json!({ "id": format!("log{n}"), "call_id": n.to_string(), "date_time": "2026-05-01T10:00:00Z" });
    json!({ "door": "call_log", "row": row }).to_string() + "\n"
}

#[tokio::test]
async fn each_line_is_taken_or_refused_with_its_number_and_its_reason() {
    let rig = Rig::new().await;
    let body = [
        line(1),
        "no json\n".to_owned(),
        "\n".to_owned(),
        json!({ "door": "teapot", "row": {} }).to_string() + "\n",
        json!({ "door": "import", "row": {} }).to_string() + "\n",
        json!({ "door": "call_log", "row": [] }).to_string() + "\n",
        json!({ "door": "call_log", "row": { "result": "Missed" } }).to_string() + "\n",
        line(2),
    ];
    let (status, report) = send(&rig, "", NDJSON, body.concat()).await;
    assert_eq!((status, &report["stored"], &report["known"]), (200, &json!(2), &json!(0)));
    let refused: Vec<u64> = report["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| refused["line"].as_u64().unwrap())
        .collect();
    assert_eq!(refused, [2, 4, 5, 6, 7], "{report}");
    rig.folded().await;
    assert_eq!(rig.json("/api/v1/calls/log2").await["account_id"], ACCOUNT);
    let (_, again) = send(&rig, "?dry_run=false", NDJSON, line(1)).await;
    assert_eq!(again["known"], 1);
    let (_, dry) = send(&rig, "?dry_run=true", NDJSON, line(3)).await;
    assert_eq!(dry["stored"], 1);
    assert_eq!(rig.inbox().await.len(), 2, "a dry run stores nothing");
}

#[tokio::test]
async fn a_batch_says_whose_it_is_unless_one_account_is_known() {
    let accounts = BTreeSet::from(["one".to_owned(), "two".to_owned()]);
    let rig = Rig::with(Setup { accounts, ..Setup::default() }).await;
    let (status, problem) = send(&rig, "", NDJSON, line(1)).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("--account"), "{problem}");
    let (status, problem) = send(&rig, "?account=too", NDJSON, line(1)).await;
    assert!(status == 400 && problem["detail"].as_str().unwrap().contains("one, two"), "{problem}");
    assert_eq!(send(&rig, "?account=two", NDJSON, line(1)).await.0, 200);
    assert_eq!(rig.inbox().await[0].arrival.account, "two");
}

#[tokio::test]
async fn what_a_page_elsewhere_could_send_and_what_is_too_much_is_refused() {
    let rig = Rig::new().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json"]
    {
        assert_eq!(send(&rig, "", kind, line(1)).await.0, 415, "{kind}");
    }
    let many: String = (0..5001).map(line).collect();
    assert_eq!(send(&rig, "", NDJSON, many).await.0, 413);
    assert_eq!(send(&rig, "", NDJSON, " ".repeat(16 * 1024 * 1024 + 1)).await.0, 413);
    assert!(rig.inbox().await.is_empty());
    let preflight = rig
        .http
        .request(reqwest::Method::OPTIONS, rig.url("/api/v1/imports"))
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
        .await
        .unwrap();
    assert!(
        !preflight.headers().contains_key("access-control-allow-origin"),
        "nobody else's page gets permission"
    );
}
