//! Call logs and call history of before, made from what there is, held against Zoom's schemas and against an emulated
//! Zoom's own answers about the same calls.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value, json};
use zoom_phone::types::catalogue::{Catalogue, Content, Schema};
use zoom_phone_emulator::{Emulator, Running};

use crate::rig::{Rig, now};

const SCENARIOS: [&str; 12] = [
    "inbound_answered",
    "inbound_missed",
    "inbound_rejected",
    "inbound_voicemail",
    "outbound_connected",
    "outbound_cancelled",
    "internal_answered",
    "queue_answered",
    "queue_abandoned",
    "hold",
    "recorded",
    "menu",
];

/// A company that had a call of each sort.
struct Past {
    zoom: Running,
    http: reqwest::Client,
}

impl Past {
    async fn new() -> Self {
        let zoom =
            Emulator::builder().seed(11).at(now() - SignedDuration::from_hours(10)).start().await.unwrap();
        for scenario in SCENARIOS {
            zoom.trigger(scenario, json!({})).await.unwrap();
            zoom.advance(SignedDuration::from_mins(30)).await;
        }
        Self { zoom, http: reqwest::Client::new() }
    }

    async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/v2/phone/{path}", self.zoom.origin());
        let answer = self.http.get(url).bearer_auth(self.zoom.token()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    async fn rows(&self, path: &str, list: &str) -> Vec<Value> {
        self.ask(&format!("{path}?page_size=100")).await[list].as_array().unwrap().clone()
    }
}

async fn import(rig: &Rig, rows: impl IntoIterator<Item = (&str, Value)>) {
    let lines: String =
        rows.into_iter().map(|(door, row)| json!({ "door": door, "row": row }).to_string() + "\n").collect();
    let request = rig.http.post(rig.url("/api/v1/imports")).header("content-type", "application/x-ndjson");
    let report: Value = request.body(lines).send().await.unwrap().json().await.unwrap();
    assert_eq!(report["refused"], json!([]));
    rig.folded().await;
}

/// A server that knows what v3 told of these calls: rows, paths, and who has which extension.
async fn of_v3(past: &Past) -> Rig {
    let rig = Rig::new().await;
    let mut rows: Vec<(&str, Value)> =
        past.rows("users", "users").await.into_iter().map(|row| ("user", row)).collect();
    rows.extend(past.rows("recordings", "recordings").await.into_iter().map(|row| ("recording", row)));
    for mut row in past.rows("call_history", "call_history").await {
        let mut path =
            past.ask(&format!("call_history/{}", row["call_history_uuid"].as_str().unwrap())).await;
        path.as_object_mut().unwrap().shift_remove("call_path");
        row.as_object_mut().unwrap().shift_remove("id");
        rows.push(("call_history", row));
        rows.push(("call_path", path));
    }
    import(&rig, rows).await;
    rig
}

async fn logs(rig: &Rig, query: &str) -> Vec<Value> {
    rig.json(&format!("/api/v1/compat/v1/call_logs?page_size=300&{query}")).await["call_logs"]
        .as_array()
        .unwrap()
        .clone()
}

/// The schema of an operation's answer.
fn schema(operation: &str) -> &'static Schema {
    match &Catalogue::get().operation(operation).unwrap().success().unwrap().content {
        Content::Json(schema) => schema,
        other => panic!("{other:?}"),
    }
}

/// It is what the schema says, and has nothing that the schema does not declare.
fn fits(operation: &str, answer: &Value) {
    let schema = schema(operation);
    assert_eq!(schema.validate(answer), [], "{operation}: {answer:#}");
    assert_eq!(&schema.keep_declared(answer), answer, "{operation} declares less");
}

#[tokio::test]
async fn every_answer_has_the_shape_that_zooms_document_gives_it() {
    let past = Past::new().await;
    let rig = of_v3(&past).await;
    fits("accountCallLogs", &rig.json("/api/v1/compat/v1/call_logs?page_size=300").await);
    let history = rig.json("/api/v1/compat/v2/call_history?page_size=300").await;
    fits("accountCallHistory", &history);
    for log in logs(&rig, "").await {
        fits(
            "getCallLogDetails",
            &rig.json(&format!("/api/v1/compat/v1/call_logs/{}", log["id"].as_str().unwrap())).await,
        );
        if let Some(user) = log["user_id"].as_str() {
            fits("phoneUserCallLogs", &rig.json(&format!("/api/v1/compat/v1/users/{user}/call_logs")).await);
        }
    }
    for row in history["call_logs"].as_array().unwrap() {
        fits(
            "getCallPath",
            &rig.json(&format!("/api/v1/compat/v2/call_history/{}", row["id"].as_str().unwrap())).await,
        );
    }
}

/// What differs, as `field: theirs is ours`, each once.
fn differences(pairs: &[(Value, Value)], fields: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (theirs, ours) in pairs {
        for field in fields {
            if theirs[*field] != ours[*field] {
                found.insert(format!("{field}: {} is {}", theirs[*field], ours[*field]));
            }
        }
    }
    found
}

#[tokio::test]
async fn call_logs_made_of_v3_say_what_zooms_own_say_of_the_same_calls() {
    let past = Past::new().await;
    let rig = of_v3(&past).await;
    let key = |log: &Value| {
        (
            log["call_id"].to_string(),
            log["owner"]["extension_number"].to_string(),
            log["direction"].to_string(),
        )
    };
    let ours: BTreeMap<_, Value> = logs(&rig, "").await.into_iter().map(|log| (key(&log), log)).collect();
    let theirs: BTreeMap<_, Value> =
        past.rows("call_logs", "call_logs").await.into_iter().map(|log| (key(&log), log)).collect();
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    let pairs: Vec<(Value, Value)> = theirs.into_iter().map(|(key, log)| (log, ours[&key].clone())).collect();
    let fields = [
        "date_time",
        "answer_start_time",
        "call_end_time",
        "duration",
        "result",
        "path",
        "user_id",
        "hold_time",
        "caller_number",
        "caller_number_type",
        "caller_name",
        "caller_did_number",
        "callee_number",
        "callee_number_type",
        "callee_name",
        "callee_did_number",
        "recording_id",
        "recording_type",
        "call_type",
        "waiting_time",
    ];
    let known: BTreeSet<String> = BTreeSet::new();
    assert_eq!(differences(&pairs, &fields), known);
}

#[tokio::test]
async fn rows_of_v2_made_of_v3_say_what_zooms_own_say_of_the_same_calls() {
    let past = Past::new().await;
    let rig = of_v3(&past).await;
    let ours: BTreeMap<String, Value> =
        rig.json("/api/v1/compat/v2/call_history?page_size=300").await["call_logs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["id"].to_string(), row.clone()))
            .collect();
    let theirs = past.rows("call_history", "call_logs").await;
    assert_eq!(ours.len(), theirs.len());
    let pairs: Vec<(Value, Value)> =
        theirs.into_iter().map(|row| (row.clone(), ours[&row["id"].to_string()].clone())).collect();
    let fields = [
        "call_id",
        "direction",
        "start_time",
        "answer_time",
        "end_time",
        "duration",
        "connect_type",
        "call_type",
        "call_result",
        "caller_ext_id",
        "caller_did_number",
        "caller_ext_number",
        "caller_name",
        "caller_ext_type",
        "callee_ext_id",
        "callee_did_number",
        "callee_ext_number",
        "callee_name",
        "callee_ext_type",
        "recording_status",
    ];
    let known: BTreeSet<String> = BTreeSet::new();
    assert_eq!(differences(&pairs, &fields), known);
    for (theirs, _) in &pairs {
        let path = format!("call_history/{}", theirs["id"].as_str().unwrap());
        let (theirs, ours) = (past.ask(&path).await, rig.json(&format!("/api/v1/compat/v2/{path}")).await);
        let steps = |path: &Value| -> BTreeMap<String, Value> {
            path["call_path"]
                .as_array()
                .unwrap()
                .iter()
                .map(|step| (step["id"].to_string(), step.clone()))
                .collect()
        };
        let (theirs, ours) = (steps(&theirs), steps(&ours));
        assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
        let pairs: Vec<(Value, Value)> =
            theirs.into_iter().map(|(id, step)| (step, ours[&id].clone())).collect();
        let fields = [
            "start_time",
            "answer_time",
            "end_time",
            "event",
            "result",
            "segment",
            "node",
            "caller_ext_number",
            "callee_ext_number",
            "operator_ext_id",
            "operator_ext_type",
            "operator_name",
            "press_key",
        ];
        assert_eq!(differences(&pairs, &fields), BTreeSet::new());
    }
}

#[tokio::test]
async fn logs_that_came_as_logs_keep_their_ids_and_any_id_leads_to_them() {
    let past = Past::new().await;
    let rig = Rig::new().await;
    let theirs = past.rows("call_logs", "call_logs").await;
    import(&rig, theirs.iter().map(|log| ("call_log", log.clone()))).await;
    let ids = |logs: &[Value]| -> BTreeSet<String> {
        logs.iter().map(|log| log["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&logs(&rig, "").await), ids(&theirs));
    for log in &theirs {
        for id in ["id", "call_id"] {
            let found = rig.json(&format!("/api/v1/compat/v1/call_logs/{}", log[id].as_str().unwrap())).await;
            assert_eq!(found["call_id"], log["call_id"]);
        }
    }
}

#[tokio::test]
async fn pages_have_every_row_once_and_filters_are_zooms() {
    let past = Past::new().await;
    let rig = of_v3(&past).await;
    let all = logs(&rig, "").await;
    let mut paged = Vec::new();
    let mut token = String::new();
    loop {
        let page =
            rig.json(&format!("/api/v1/compat/v1/call_logs?page_size=2&next_page_token={token}")).await;
        let rows = page["call_logs"].as_array().unwrap().clone();
        assert!(!rows.is_empty() && rows.len() <= 2);
        paged.extend(rows);
        token = page["next_page_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all);
    let missed = logs(&rig, "type=missed").await;
    assert!(!missed.is_empty() && missed.len() < all.len());
    assert!(missed.iter().all(|log| log["direction"] == "inbound" && log["result"] != "Call connected"));
    let queued = logs(&rig, "path=callQueue").await;
    assert!(!queued.is_empty() && queued.iter().all(|log| log["path"] == "callQueue"));
    assert!(logs(&rig, "from=2020-01-01&to=2020-01-31").await.is_empty());
    let ended = logs(&rig, "time_type=endTime").await;
    assert_eq!(ended.len(), all.len());
    for wrong in ["type=some", "time_type=never", "from=yesterday", "next_page_token=x"] {
        assert_eq!(rig.get(&format!("/api/v1/compat/v1/call_logs?{wrong}")).await.status(), 400, "{wrong}");
    }
    assert_eq!(rig.get("/api/v1/compat/v1/call_logs/nobody").await.status(), 404);
    assert_eq!(rig.get("/api/v1/compat/v1/users/me/call_logs").await.status(), 400);
}

#[tokio::test]
async fn what_ends_is_listed_with_what_came_in_by_it_and_who_asks_for_it() {
    let rig = Rig::new().await;
    let deleted = json!({ "event": "phone.call_log_deleted", "event_ts": now().as_millisecond(), "payload": {
        "account_id": crate::rig::ACCOUNT, "object": { "user_id": "u", "call_logs": [{ "id": "log1" }] } } });
    rig.tell(&deleted).await;
    rig.folded().await;
    let ask = rig.http.get(rig.url("/api/v1/compat/v1/call_logs")).header("user-agent", "nightly-report/2");
    assert_eq!(ask.send().await.unwrap().status(), 200);
    crate::rig::eventually("the request is noted", || async {
        let list = rig.json("/api/v1/deprecations").await;
        let served = &list["served"][0];
        (served["client"] == "nightly-report/2" && served["operation"] == "account_call_logs").then_some(())
    })
    .await;
    let list = rig.json("/api/v1/deprecations").await;
    let first = &list["deprecations"][0];
    assert_eq!((&first["name"], &first["received"]), (&json!("phone.call_log_deleted"), &json!(1)));
    assert_eq!(first["ends"], "2026-05-31");
    assert_eq!(first["instead"], json!(["phone.call_element_deleted"]));
    assert_eq!(first["days"].as_object().unwrap().len(), 1);
    assert_eq!(list["deprecations"][1]["received"], 0);
}
