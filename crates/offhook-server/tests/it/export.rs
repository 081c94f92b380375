//! Tables as streams.

use serde_json::Value;
use zoom_phone_emulator::Scenario;

use crate::rig::{Rig, call};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_table_comes_as_a_stream_and_the_next_one_has_what_is_new() {
    let rig = Rig::new().await;
    for (seed, scenario) in [(1, Scenario::ALL[0]), (2, Scenario::ALL[1])] {
        for event in call(seed, scenario) {
            rig.tell(&event).await;
        }
    }
    rig.folded().await;
    let known = rig.json("/api/v1/calls").await["calls"].as_array().unwrap().len();
    let first = rig.get("/api/v1/export/calls").await;
    assert_eq!(first.headers()["content-type"], "application/x-ndjson");
    let watermark = first.headers()["offhook-watermark"].to_str().unwrap().to_owned();
    assert_eq!(watermark, rig.store.inbox().last_seq().to_string());
    assert_eq!(lines(&first.text().await.unwrap()).len(), known);
    let path = format!("/api/v1/export/calls?after={watermark}");
    assert_eq!(rig.get(&path).await.text().await.unwrap(), "");
    for event in call(3, Scenario::ALL[0]) {
        rig.tell(&event).await;
    }
    rig.folded().await;
    assert_eq!(lines(&rig.get(&path).await.text().await.unwrap()).len(), 1);
    let events = rig.get("/api/v1/export/events?format=csv").await;
    assert_eq!(events.headers()["content-disposition"], "attachment; filename=\"events.csv\"");
    assert_eq!(events.text().await.unwrap().matches("\r\n").count(), rig.inbox().await.len() + 1);
    let parquet = rig.get("/api/v1/export/legs?format=parquet").await.bytes().await.unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
}

#[tokio::test]
async fn what_is_no_table_or_format_is_a_problem() {
    let rig = Rig::new().await;
    assert_eq!(rig.get("/api/v1/export/people").await.status(), 404);
    let format = rig.get("/api/v1/export/calls?format=xlsx").await;
    assert_eq!(format.status(), 400);
    let problem: Value = format.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("parquet"), "{problem}");
    assert_eq!(rig.get("/api/v1/export/calls?from=yesterday").await.status(), 400);
}
