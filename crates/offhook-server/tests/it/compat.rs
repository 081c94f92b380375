//! Call logs and call history of before, made from what there is, held against Zoom's schemas and against an emulated
//! Zoom's own answers about the same calls.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use zoom_phone::types::catalogue::{Catalogue, Content, Schema};
use zoom_phone_emulator::{Emulator, Running};

use crate::rig::{Rig, now};

/// Those that only say where a call goes: what becomes of it falls by dice.
const OPEN: [&str; 2] = ["inbound", "outbound"];

/// In what call logs made of v3 differ from Zoom's own, and why.
const LOGS_DIFFER: &[(&str, &[&str])] = &[
    (
        "since May 2026 v3 has a transfer with its consultation as one call, of one call_id; logs have two",
        &[
            "conference: only Zoom's \"inbound\"",
            "consult: only Zoom's \"inbound\"",
            "consult: only Zoom's \"outbound\"",
            "consult: only ours \"inbound\"",
            "consult: call_type \"voip\" is \"pstn\"",
            "warm_transfer: only ours \"inbound\"",
            "warm_transfer: only ours \"outbound\"",
            "warm_transfer_cancelled: only ours \"inbound\"",
            "warm_transfer_cancelled: only ours \"outbound\"",
        ],
    ),
    (
        "who only listens has no part in the call",
        &[
            "barge: only Zoom's \"outbound\"",
            "listen: only Zoom's \"outbound\"",
            "whisper: only Zoom's \"outbound\"",
        ],
    ),
    (
        "only rows of v3 say that a call is international, and the call's read model does not",
        &[
            "inbound_international: call_type \"international\" is \"pstn\"",
            "outbound_international: call_type \"international\" is \"pstn\"",
        ],
    ),
    (
        "what a receptionist held and let wait is of no part, since it is nobody's",
        &["menu_left: hold_time number is null", "menu_left: waiting_time number is null"],
    ),
    (
        "the person's own extension rang and stopped when their other phone was answered, by its outside number",
        &[
            "on_other_phone: answer_start_time one is null",
            "on_other_phone: call_end_time one is one",
            "on_other_phone: callee_did_number one is one",
            "on_other_phone: callee_number one is one",
            "on_other_phone: callee_number_type number is number",
            "on_other_phone: duration number is number",
            "on_other_phone: result \"Call connected\" is \"Answered by Other Member\"",
        ],
    ),
    (
        "a part has all of a person's time in the call, a log one step of it",
        &[
            "park_timeout: call_end_time one is one",
            "park_timeout: duration number is number",
            "park_timeout: waiting_time number is number",
        ],
    ),
];

/// In what rows and steps of v2 made of v3 differ from Zoom's own, and why.
const ROWS_DIFFER: &[(&str, &[&str])] = &[
    ("a call of two call_ids is known by the smaller", &["conference: call_id one is one"]),
    (
        "the read model has one outcome for several codes",
        &["menu_left: call_result \"hang_up\" is \"no_answer\""],
    ),
];

/// What is found is what is known: nothing more, and nothing that has been mended since.
fn assert_known(found: impl IntoIterator<Item = String>, known: &[(&str, &[&str])]) {
    let found: BTreeSet<String> = found.into_iter().collect();
    let known: BTreeSet<String> =
        known.iter().flat_map(|(_, all)| *all).map(|text| (*text).to_owned()).collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\ngone: {gone:#?}");
}

/// A company that had a call of each sort.
struct Past {
    zoom: Running,
    http: reqwest::Client,
    /// By `call_id`, what was played.
    played: BTreeMap<String, String>,
}

impl Past {
    async fn new() -> Self {
        let zoom =
            Emulator::builder().seed(11).at(now() - SignedDuration::from_hours(23)).start().await.unwrap();
        let state = zoom.control(Method::GET, "/state", None).await.unwrap();
        let mut played = BTreeMap::new();
        for scenario in state["scenarios"].as_array().unwrap().iter().filter_map(Value::as_str) {
            if !OPEN.contains(&scenario) {
                let call = zoom.trigger(scenario, json!({})).await.unwrap();
                played.insert(call["call_id"].as_str().unwrap().to_owned(), scenario.to_owned());
                zoom.advance(SignedDuration::from_mins(25)).await;
            }
        }
        Self { zoom, http: crate::rig::http(), played }
    }

    async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/v2/phone/{path}", self.zoom.origin());
        let answer = self.http.get(url).bearer_auth(self.zoom.token()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    async fn rows(&self, path: &str, list: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut token = String::new();
        loop {
            let page = self.ask(&format!("{path}?page_size=100&next_page_token={token}")).await;
            rows.extend(page[list].as_array().unwrap().iter().cloned());
            token = page["next_page_token"].as_str().unwrap_or_default().to_owned();
            if token.is_empty() {
                return rows;
            }
        }
    }

    /// What was played when this was written down.
    fn scenario(&self, row: &Value) -> &str {
        let id = row["call_id"].as_str().unwrap();
        self.played.get(id.split('_').next().unwrap()).map_or("consult", String::as_str)
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

/// What differs, as `scenario: field theirs is ours`, each once; ids, numbers and times as such.
fn differences(past: &Past, pairs: &[(Value, Value)], fields: &[&str]) -> BTreeSet<String> {
    let shown = |value: &Value| match value {
        Value::String(text) if text.chars().any(|c| c.is_ascii_digit()) => "one".to_owned(),
        Value::Number(_) => "number".to_owned(),
        value => value.to_string(),
    };
    let mut found = BTreeSet::new();
    for (theirs, ours) in pairs {
        for field in fields {
            let (a, b) = (&theirs[*field], &ours[*field]);
            if a != b {
                found.insert(format!("{}: {field} {} is {}", past.scenario(theirs), shown(a), shown(b)));
            }
        }
    }
    found
}

/// Pairs of what both have under a key, and the scenarios of what one has alone.
fn pairs<K: Ord>(
    past: &Past,
    theirs: Vec<Value>,
    ours: Vec<Value>,
    key: impl Fn(&Value) -> K,
) -> (Vec<(Value, Value)>, BTreeSet<String>) {
    let mut of_ours: BTreeMap<K, Value> = ours.into_iter().map(|row| (key(&row), row)).collect();
    let (mut both, mut alone) = (Vec::new(), BTreeSet::new());
    for row in theirs {
        match of_ours.remove(&key(&row)) {
            Some(mine) => both.push((row, mine)),
            None => {
                alone.insert(format!("{}: only Zoom's {}", past.scenario(&row), row["direction"]));
            }
        }
    }
    alone.extend(
        of_ours.values().map(|row| format!("{}: only ours {}", past.scenario(row), row["direction"])),
    );
    (both, alone)
}

#[tokio::test]
async fn call_logs_made_of_v3_say_what_zooms_own_say_of_the_same_calls() {
    let past = Past::new().await;
    let rig = of_v3(&past).await;
    let key = |log: &Value| {
        let base = log["call_id"].as_str().unwrap().split('_').next().unwrap().to_owned();
        (base, log["owner"]["extension_number"].to_string(), log["direction"].to_string())
    };
    let (pairs, alone) = pairs(&past, past.rows("call_logs", "call_logs").await, logs(&rig, "").await, key);
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
    assert_known(alone.into_iter().chain(differences(&past, &pairs, &fields)), LOGS_DIFFER);
}

#[tokio::test]
async fn rows_of_v2_made_of_v3_say_what_zooms_own_say_of_the_same_calls() {
    let past = Past::new().await;
    let rig = of_v3(&past).await;
    let history = rig.json("/api/v1/compat/v2/call_history?page_size=300").await;
    let ours = history["call_logs"].as_array().unwrap().clone();
    let (both, alone) =
        pairs(&past, past.rows("call_history", "call_logs").await, ours, |row| row["id"].to_string());
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
    let mut found: Vec<String> = alone.into_iter().chain(differences(&past, &both, &fields)).collect();
    for (theirs, _) in &both {
        let path = format!("call_history/{}", theirs["id"].as_str().unwrap());
        let (theirs, ours) = (past.ask(&path).await, rig.json(&format!("/api/v1/compat/v2/{path}")).await);
        let steps = |path: &Value| path["call_path"].as_array().unwrap().clone();
        let (both, alone) = pairs(&past, steps(&theirs), steps(&ours), |step| step["id"].to_string());
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
        let of_steps = alone.into_iter().chain(differences(&past, &both, &fields));
        found.extend(of_steps.map(|text| format!("{text} (step)")));
    }
    assert_known(found, ROWS_DIFFER);
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
    let (ours, all) = (ids(&logs(&rig, "").await), ids(&theirs));
    let differ: Vec<String> = theirs
        .iter()
        .filter(|log| !ours.contains(log["id"].as_str().unwrap()))
        .map(|log| format!("{} {}", past.scenario(log), log["direction"]))
        .chain(ours.difference(&all).cloned())
        .collect();
    assert_eq!(differ, [""; 0]);
    let path = |id: &Value| format!("/api/v1/compat/v1/call_logs/{}", id.as_str().unwrap());
    for log in &theirs {
        assert_eq!(rig.json(&path(&log["id"])).await["id"], log["id"]);
        let by_call = rig.json(&path(&log["call_id"])).await;
        assert!(all.contains(by_call["id"].as_str().unwrap()), "{by_call}");
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
