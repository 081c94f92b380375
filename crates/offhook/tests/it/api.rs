//! `offhook api` against an emulated Zoom.

use std::{fs, process::Output};

use axum::{Json, Router, routing::get, routing::post};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    rig::{ACCOUNT, Serving, complaint, day, eventually, offhook, printed, run},
    zoom::{Zoom, end},
};

async fn call(zoom: &Zoom, directory: &TempDir, args: &[&str]) -> Output {
    let mut all = vec!["api"];
    all.extend(args);
    end(zoom.account(directory, &all)).await
}

/// It ended with this code, and complained of this.
fn refused(output: &Output, code: i32, words: &[&str]) {
    let text = complaint(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
}

#[tokio::test]
async fn an_operation_is_called_by_id_or_name_and_its_json_is_printed_as_it_came() {
    let (zoom, directory) = (Zoom::start().await, TempDir::new().unwrap());
    let by_id = printed(&call(&zoom, &directory, &["listCallQueues", "--json"]).await);
    let by_name = printed(&call(&zoom, &directory, &["LIST-CALL-QUEUES"]).await);
    assert_eq!(by_id, by_name);
    let queues: Value = serde_json::from_str(&by_id).unwrap();
    assert_eq!(queues["call_queues"][0]["name"], "Sales");

    let id = queues["call_queues"][0]["id"].as_str().unwrap();
    // Parameters may be written in snake case, too.
    let queue = call(&zoom, &directory, &["getACallQueue", "-p", &format!("call_queue_id={id}")]).await;
    assert_eq!(serde_json::from_str::<Value>(&printed(&queue)).unwrap()["id"], id);
    assert!(!directory.path().join("data").exists(), "asking leaves nothing behind");

    let first = call(&zoom, &directory, &["listPhoneUsers", "-p", "page_size=2"]).await;
    assert!(complaint(&first).contains("--all-pages"), "{}", complaint(&first));
    let missing = call(&zoom, &directory, &["getACallQueue", "-p", "callQueueId=missing1"]).await;
    refused(&missing, 1, &["404", "tracking id"]);
}

#[tokio::test]
async fn all_pages_are_one_row_a_line() {
    let (zoom, directory) = (Zoom::start().await, TempDir::new().unwrap());
    let rows =
        printed(&call(&zoom, &directory, &["listPhoneUsers", "--all-pages", "-p", "page_size=10"]).await);
    let emails: Vec<String> = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["email"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(emails.len(), 36);
    let (from, to) = (day(-90), day(-17));
    let window = ["accountCallHistory", "--from", &from, "--to", &to, "--all-pages"];
    assert_eq!(printed(&call(&zoom, &directory, &window).await), "");
    refused(&call(&zoom, &directory, &["getACallQueue", "--all-pages"]).await, 2, &["has no pages"]);
}

#[tokio::test]
async fn rows_that_may_be_missing_are_a_warning_and_a_code_of_their_own() {
    let directory = TempDir::new().unwrap();
    let token = json!({ "access_token": "t", "token_type": "bearer", "expires_in": 3599, "scope": "" });
    let page = json!({ "call_queues": [{ "id": "1" }], "total_records": 5, "next_page_token": "" });
    let app = Router::new()
        .route("/oauth/token", post(move || async { Json(token) }))
        .route("/v2/phone/call_queues", get(move || async { Json(page) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut command = offhook(directory.path());
    command
        .args(["api", "listCallQueues", "--all-pages"])
        .envs([
            ("ZOOM_ACCOUNT_ID", "account"),
            ("ZOOM_CLIENT_ID", "client"),
            ("ZOOM_CLIENT_SECRET", "secret"),
        ])
        .env("OFFHOOK_ZOOM_API_URL", format!("{base}/v2"))
        .env("OFFHOOK_ZOOM_OAUTH_URL", format!("{base}/oauth/token"));
    let output = end(command).await;
    refused(&output, 3, &["warning: Zoom counted 5 rows and sent 1", "may be missing"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "{\"id\":\"1\"}\n",
        "what came is printed all the same"
    );
}

#[tokio::test]
async fn what_zoom_would_refuse_is_not_sent_and_all_of_it_is_said() {
    let (zoom, directory) = (Zoom::start().await, TempDir::new().unwrap());
    let wrong =
        call(&zoom, &directory, &["listCallQueues", "-p", "page_size=1000", "-p", "colour=red"]).await;
    refused(
        &wrong,
        2,
        &["nothing was sent", "page_size must be at most 100", "colour is no parameter", "--describe"],
    );
    fs::write(directory.path().join("body.json"), r#"{"display_name": 3}"#).unwrap();
    let wrong = call(&zoom, &directory, &["addPhoneDevice", "-d", "@body.json"]).await;
    refused(&wrong, 2, &["body.display_name must be text", "body.mac_address is required"]);
    refused(
        &call(&zoom, &directory, &["addPhoneDevice", "-d", "{name: 1}"]).await,
        2,
        &["--data is not JSON"],
    );
    refused(
        &call(&zoom, &directory, &["addPhoneDevice", "-d", "@nowhere"]).await,
        2,
        &["cannot read nowhere"],
    );
    refused(&call(&zoom, &directory, &["listCallQueue"]).await, 2, &["Did you mean", "listCallQueues"]);
    refused(&call(&zoom, &directory, &["GET /phone/users"]).await, 2, &["--raw"]);
    let raw =
        call(&zoom, &directory, &["--raw", "GET /phone/users", "-p", "page_size=1", "-p", "new=1"]).await;
    assert!(printed(&raw).contains("users"));
}

#[tokio::test]
async fn nothing_is_deleted_without_a_yes() {
    let (zoom, directory) = (Zoom::start().await, TempDir::new().unwrap());
    let queues = printed(&call(&zoom, &directory, &["listCallQueues"]).await);
    let queues: Value = serde_json::from_str(&queues).unwrap();
    let queue = format!("callQueueId={}", queues["call_queues"][0]["id"].as_str().unwrap());
    let delete = ["deleteACallQueue", "-p", &queue];
    refused(&call(&zoom, &directory, &delete).await, 2, &["nobody is here to ask", "--yes"]);
    let yes = call(&zoom, &directory, &[&delete[..], &["--yes"]].concat()).await;
    refused(&yes, 0, &["status 204"]);
    refused(&call(&zoom, &directory, &["deleteACallQueue", "--yes"]).await, 2, &["callQueueId is required"]);
}

#[tokio::test]
async fn a_file_is_saved_whole_and_never_over_another() {
    let (zoom, directory) = (Zoom::with(|config| config.speed = 0.0).await, TempDir::new().unwrap());
    zoom.control("scenarios/recorded", &json!({})).await;
    zoom.control("clock", &json!({ "advance": "1h" })).await;
    let recordings = printed(&call(&zoom, &directory, &["getPhoneRecordings"]).await);
    let recordings: Value = serde_json::from_str(&recordings).unwrap();
    let file = format!("fileId={}", recordings["recordings"][0]["id"].as_str().unwrap());
    let operation = ["phoneDownloadRecordingFile", "-p", &file];
    refused(&call(&zoom, &directory, &operation).await, 2, &["returns a file", "--download"]);
    let save = [&operation[..], &["--download", "call.mp3"]].concat();
    refused(&call(&zoom, &directory, &save).await, 0, &["call.mp3", "audio/mpeg"]);
    let saved = fs::read(directory.path().join("call.mp3")).unwrap();
    assert!(!saved.is_empty());
    fs::write(directory.path().join("call.mp3"), "mine").unwrap();
    refused(&call(&zoom, &directory, &save).await, 2, &["is there already", "--force"]);
    assert_eq!(fs::read(directory.path().join("call.mp3")).unwrap(), b"mine");
    refused(&call(&zoom, &directory, &[&save[..], &["--force"]].concat()).await, 0, &["call.mp3"]);
    assert_eq!(fs::read(directory.path().join("call.mp3")).unwrap(), saved);
    let piped = call(&zoom, &directory, &[&operation[..], &["-o", "-"]].concat()).await;
    assert_eq!(piped.stdout, saved);
    // One that is not there leaves nothing, whole or in part.
    let none = ["phoneDownloadRecordingFile", "-p", "fileId=missing1", "-o", "none.mp3"];
    refused(&call(&zoom, &directory, &none).await, 1, &["404"]);
    let names: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["call.mp3"]);
}

#[tokio::test]
async fn no_access_a_missing_scope_and_a_broken_zoom_have_codes_of_their_own() {
    let directory = TempDir::new().unwrap();
    let nobody = run(directory.path(), &["api", "listCallQueues"]);
    refused(&nobody, 4, &["nobody is signed in", "offhook auth login", "ZOOM_ACCOUNT_ID"]);

    let zoom =
        Zoom::with(|config| config.apps[0].scopes = vec!["phone:read:list_users:admin".to_owned()]).await;
    refused(
        &call(&zoom, &directory, &["listCallQueues"]).await,
        4,
        &["phone:read:list_call_queues:admin", "listCallQueues"],
    );
    let mut wrong = zoom.account(&directory, &["api", "listPhoneUsers"]);
    wrong.env("ZOOM_CLIENT_SECRET", "not_the_secret");
    let wrong = end(wrong).await;
    refused(&wrong, 4, &["client"]);
    assert!(!complaint(&wrong).contains("not_the_secret"));

    let fault = json!({ "fault": "status", "status": 503, "operation": "createCallQueue", "times": 9 });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let set = http.post(format!("{}/_emulator/faults", zoom.base)).json(&fault).send().await.unwrap();
    assert!(set.status().is_success());
    let create = call(&zoom, &directory, &["createCallQueue", "-d", r#"{"name": "x"}"#]).await;
    refused(&create, 5, &["503"]);
}

#[test]
fn operations_are_listed_and_described_without_any_settings() {
    let directory = TempDir::new().unwrap();
    let ask = |args: &[&str]| printed(&run(directory.path(), args));
    let list = ask(&["api", "--list", "--tag", "call queues", "--search", "members"]);
    assert!(list.starts_with("OPERATION") && list.contains("listCallQueueMembers"), "{list}");
    let all: Value = serde_json::from_str(&ask(&["api", "--list", "--json"])).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 419);
    for (operation, expected) in [
        ("accountCallHistory", include_str!("expected/api-describe-list.txt")),
        ("addCallHandling", include_str!("expected/api-describe-deprecated.txt")),
    ] {
        let text = ask(&["api", operation, "--describe"]);
        assert!(text == expected, "{operation}: this was printed instead of what is committed:\n{text}");
    }
    let json: Value =
        serde_json::from_str(&ask(&["api", "accountCallLogs", "--describe", "--json"])).unwrap();
    assert_eq!(json["replaced_by"], json!(["accountCallHistory"]));
    assert_eq!(json["rate_limit"], "HEAVY");
}

#[test]
fn a_shell_completes_operations_and_their_parameters() {
    let directory = TempDir::new().unwrap();
    let complete = |words: &[&str]| {
        let mut command = offhook(directory.path());
        command.arg("--").arg("offhook").args(words).env("OFFHOOK_COMPLETE", "bash");
        command.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", "\n");
        printed(&command.output().unwrap()).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(complete(&["api", "listCallQ"]).contains(&"listCallQueues".to_owned()));
    assert_eq!(complete(&["api", "accountCallHistory", "--param", "direct"]), ["directions="]);
    assert_eq!(complete(&["api", "list_call_queues", "-p", "page_s"]), ["page_size="]);
}

/// The count that programs with this data directory share.
fn count(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join(format!("data/quota-{ACCOUNT}.json"))
}

fn used_today(directory: &TempDir) -> u64 {
    let text = fs::read_to_string(count(directory)).unwrap_or_default();
    // Not there yet, or being written.
    let count: Value = serde_json::from_str(&text).unwrap_or_default();
    count["day"]["used"].as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_counts_its_requests_where_the_commands_do() {
    let (zoom, directory) = (Zoom::start().await, TempDir::new().unwrap());
    let server = Serving::spawn(&directory, zoom.account(&directory, &["serve", "--port", "0"])).await;
    eventually("the call history is counted", || async { (used_today(&directory) > 0).then_some(()) }).await;
    let before = used_today(&directory);
    let (from, to) = (day(-21), day(-20));
    let heavy = ["api", "accountCallHistory", "--from", &from, "--to", &to];
    printed(&end(zoom.account(&directory, &heavy)).await);
    assert!(used_today(&directory) > before);
    drop(server);
}

#[tokio::test]
async fn programs_with_one_data_directory_keep_one_quota_as_large_as_the_plan() {
    let (zoom, directory) = (Zoom::start().await, TempDir::new().unwrap());
    fs::create_dir(directory.path().join("data")).unwrap();
    let (from, to) = (day(-21), day(-20));
    let heavy = ["api", "accountCallHistory", "--from", &from, "--to", &to];
    for requests in 1..=2 {
        printed(&end(zoom.account(&directory, &heavy)).await);
        assert_eq!(used_today(&directory), requests, "each is a process of its own");
    }
    // As if others had used up what Pro has in a day.
    let text = fs::read_to_string(count(&directory)).unwrap();
    fs::write(count(&directory), text.replace("\"used\":2", "\"used\":15000")).unwrap();
    for (plan, code) in [("pro", 5), ("business", 0)] {
        let mut command = zoom.account(&directory, &heavy);
        command.env("ZOOM_PLAN", plan);
        let output = end(command).await;
        assert_eq!(output.status.code(), Some(code), "{plan}: {}", complaint(&output));
    }
    assert_eq!(used_today(&directory), 15_001, "what Pro does not allow was not sent");
}
