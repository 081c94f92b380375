//! `offhook import` into a running server.

use std::{fs, io::Write as _, process::Output, time::Duration};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_phone_emulator::{Emulator, Running};

use crate::rig::{ACCOUNT, Serving, complaint, offhook, post, printed};

async fn serving(directory: &TempDir) -> Serving {
    let server = Serving::start(directory).await;
    let port = server.base.rsplit_once(':').unwrap().1;
    fs::write(directory.path().join(".env"), format!("PORT={port}\n")).unwrap();
    server
}

async fn import(directory: &TempDir, args: &[&str]) -> Output {
    let mut command = offhook(directory.path());
    command.arg("import").args(args);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// What an import that took everything says.
async fn taken(directory: &TempDir, args: &[&str]) -> Value {
    let output = import(directory, &[&["--json", "--account", ACCOUNT], args].concat()).await;
    let report: Value = serde_json::from_str(&printed(&output)).unwrap();
    report["total"].clone()
}

/// A company that had some calls, and what Zoom's API answers about them.
struct Past {
    zoom: Running,
    http: reqwest::Client,
}

impl Past {
    async fn new() -> Self {
        let zoom = Emulator::builder().seed(7).start().await.unwrap();
        for scenario in [
            "inbound_answered",
            "queue_answered",
            "internal_answered",
            "outbound_connected",
            "inbound_voicemail",
        ] {
            zoom.trigger(scenario, json!({})).await.unwrap();
            zoom.advance(SignedDuration::from_mins(20)).await;
        }
        Self { zoom, http: reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap() }
    }

    async fn page(&self, path: &str) -> Value {
        let url = format!("{}/v2/phone/{path}", self.zoom.origin());
        let answer = self.http.get(url).bearer_auth(self.zoom.token()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }
}

#[tokio::test]
async fn pages_of_call_logs_are_calls_that_their_old_ids_lead_to_and_the_same_file_adds_nothing() {
    let (past, directory) = (Past::new().await, TempDir::new().unwrap());
    let server = serving(&directory).await;
    let page = past.page("call_logs?page_size=300").await;
    let logs = page["call_logs"].as_array().unwrap();
    assert!(logs.len() >= 5, "{page:#}");
    fs::write(directory.path().join("logs.json"), format!("{page:#}")).unwrap();

    let dry = taken(&directory, &["--dry-run", "logs.json"]).await;
    assert_eq!(dry["stored"], logs.len());
    assert!(server.inbox().await.is_empty(), "a dry run leaves nothing");
    let first = taken(&directory, &["logs.json"]).await;
    assert_eq!((&first["stored"], &first["known"]), (&json!(logs.len()), &json!(0)));
    server.folded().await;
    for log in logs {
        let call = server.get(&format!("/api/v1/calls/{}", log["id"].as_str().unwrap())).await;
        let ids: Vec<&str> =
            call["ids"].as_array().unwrap().iter().map(|id| id["value"].as_str().unwrap()).collect();
        assert!(ids.contains(&log["call_id"].as_str().unwrap()), "{log} leads to {ids:?}");
    }
    let calls = server.get("/api/v1/calls").await["calls"].as_array().unwrap().len();
    // Other pages of the same rows, and another spelling of the file, are the same rows.
    let lines: Vec<String> = logs.iter().map(|log| format!("{log}\n")).collect();
    let lines = lines.concat();
    fs::write(directory.path().join("logs.ndjson"), lines).unwrap();
    let again = taken(&directory, &["logs.json", "logs.ndjson"]).await;
    assert_eq!((&again["stored"], &again["known"]), (&json!(0), &json!(2 * logs.len())));
    // What the webhooks and the later generations tell of these calls adds no call.
    let history = past.page("call_history?page_size=300").await;
    fs::write(directory.path().join("history.json"), history.to_string()).unwrap();
    assert_eq!(taken(&directory, &["history.json"]).await["refused"], 0);
    for event in past.zoom.events() {
        post(&server.http, &server.base, &event).await.unwrap();
    }
    server.folded().await;
    assert_eq!(server.get("/api/v1/calls").await["calls"].as_array().unwrap().len(), calls);
    let one = server.get(&format!("/api/v1/calls/{}", logs[0]["id"].as_str().unwrap())).await;
    let kinds: Vec<&str> =
        one["ids"].as_array().unwrap().iter().map(|id| id["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"call_log_id") && kinds.contains(&"call_history_uuid"), "{kinds:?}");
}

#[tokio::test]
async fn lines_that_cannot_be_taken_are_counted_shown_and_kept_and_the_others_are_taken() {
    let directory = TempDir::new().unwrap();
    let server = serving(&directory).await;
    let log = |n: u32| json!({"id": format!("log{n}"), "call_id": "7", "date_time": "2026-05-01T10:00:00Z", "result": "Missed"});
    let nameless = json!({"date_time": "2026-05-01T10:00:00Z", "result": "Missed"});
    let text = format!("{}\n{{\"broken\"\n{nameless}\n\n{{\"colour\":\"red\"}}\n{}\n", log(1), log(2));
    fs::write(directory.path().join("dump.ndjson"), text).unwrap();
    let output =
        import(&directory, &["--account", ACCOUNT, "dump.ndjson", "--errors", "refused.ndjson"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("5 rows (3 call_log): 2 new, 0 known already, 3 not taken"), "{said}");
    let shown = complaint(&output);
    for part in
        ["dump.ndjson, line 2: not JSON", "line 3: it names no call", "line 5: its shape is not recognised"]
    {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    let kept = fs::read_to_string(directory.path().join("refused.ndjson")).unwrap();
    assert_eq!(kept.lines().count(), 3);
    server.folded().await;
    assert_eq!(server.get("/api/v1/calls/log2").await["id"], "7");
}

#[tokio::test]
async fn a_table_of_the_portal_is_read_in_the_zone_that_is_named_also_compressed() {
    let directory = TempDir::new().unwrap();
    let server = serving(&directory).await;
    let mut table = "\u{feff}Direction;From;To;Time;Result;Duration;Site\r\n".to_owned();
    table.push_str("Inbound;\"(415) 555-0100\";\"Ada \"\"L.\"\" Lovelace-101\";06/11/2025 10:15;Call connected;00:01:23;\"Berlin;\nMitte\"\r\n");
    table.push_str("Outbound;Ada-101;+49 30 1234567;06/30/2025 10:15;No Answer; --;\r\n");
    let mut packed = flate2_of(table.as_bytes());
    packed.flush().unwrap();
    fs::write(directory.path().join("portal.csv.gz"), packed.finish().unwrap()).unwrap();

    let unzoned = import(&directory, &["--account", ACCOUNT, "portal.csv.gz", "--dry-run"]).await;
    assert_eq!(unzoned.status.code(), Some(3));
    assert!(complaint(&unzoned).contains("--time-zone"), "{}", complaint(&unzoned));
    let zoned = ["portal.csv.gz", "--time-zone", "Europe/Berlin"];
    let report = taken(&directory, &zoned).await;
    assert_eq!((&report["stored"], &report["refused"]), (&json!(2), &json!(0)));
    assert_eq!(taken(&directory, &zoned).await["known"], 2);
    server.folded().await;
    let calls = server.get("/api/v1/calls").await;
    let connected =
        calls["calls"].as_array().unwrap().iter().find(|call| call["result"] == "answered").unwrap();
    assert_eq!(connected["started_at"], "2025-06-11T08:15:00Z");
    assert_eq!(connected["to"]["name"], "Ada \"L.\" Lovelace");
    assert_eq!(server.get("/api/v1/calls?number=1234567").await["calls"].as_array().unwrap().len(), 1);
}

fn flate2_of(bytes: &[u8]) -> flate2::write::GzEncoder<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer
}

#[tokio::test]
async fn a_dump_of_another_system_is_read_by_a_map_or_by_likeness() {
    let directory = TempDir::new().unwrap();
    let server = serving(&directory).await;
    let alike = json!({"callLogId": "a1", "zoomCallId": 7001, "callerNumber": "+14155550100", "calleeNumber": "101",
        "calleeName": "Ada", "direction": "INBOUND", "dateTime": "2026-05-01 10:00:00+00", "duration": "83",
        "result": "Call connected", "created_by": "cron"});
    fs::write(directory.path().join("alike.json"), format!("[{alike}]")).unwrap();
    assert_eq!(taken(&directory, &["alike.json"]).await["stored"], 1);
    let foreign = json!({"uid": "b1", "ref": "7002", "ani": "+14155550100", "at": 1_777_629_600, "way": "I"});
    fs::write(directory.path().join("foreign.ndjson"), format!("{foreign}\n")).unwrap();
    let map = "shape = \"call_log\"\n[columns]\nuid = \"id\"\nref = \"call_id\"\nani = \"caller_number\"\n\
               at = \"date_time\"\nway = \"direction\"\n[values.direction]\nI = \"inbound\"\n";
    fs::write(directory.path().join("map.toml"), map).unwrap();
    assert_eq!(taken(&directory, &["foreign.ndjson", "--map", "map.toml"]).await["stored"], 1);
    server.folded().await;
    for id in ["a1", "b1"] {
        let call = server.get(&format!("/api/v1/calls/{id}")).await;
        assert_eq!(call["started_at"], "2026-05-01T10:00:00Z", "{id}");
        assert_eq!(call["direction"], "inbound", "{id}");
    }
}
