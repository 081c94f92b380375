//! `offhook migrate`.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rig::{ACCOUNT, Serving, printed, run};

#[test]
fn a_check_says_what_becomes_of_each_name_as_text_and_as_json() {
    let directory = TempDir::new().unwrap();
    fs::write(
        directory.path().join("fields"),
        "caller_user_id, result\nGET /phone/call_logs?type=missed\nchrage\n",
    )
    .unwrap();
    let text = printed(&run(directory.path(), &["migrate", "check", "fields"]));
    for part in [
        "caller_ext_id",
        "elsewhere",
        "/phone/users (phone:read:list_users:admin)",
        "Missed: no_answer",
        "May 2026",
        "did you mean charge?",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let report: Value =
        serde_json::from_str(&printed(&run(directory.path(), &["migrate", "check", "fields", "--json"])))
            .unwrap();
    assert_eq!(report["fields"][0]["v3"]["row"], json!(["caller_ext_id", "caller_email"]));
    assert_eq!(report["parameters"][0]["instead"], json!(["call_results"]));
    assert_eq!(report["ending"][0]["ends"], "2026-05-31");
}

#[tokio::test]
async fn the_status_lists_what_is_still_received() {
    let directory = TempDir::new().unwrap();
    let server = Serving::start(&directory).await;
    let port = server.base.rsplit_once(':').unwrap().1;
    fs::write(directory.path().join(".env"), format!("PORT={port}\n")).unwrap();
    let ask = |args: &[&str]| printed(&run(directory.path(), args));
    assert!(ask(&["migrate", "status"]).contains("Nothing"), "nothing came in");
    let event = json!({ "event": "phone.call_log_deleted", "event_ts": 1_780_000_000_000_i64, "payload": {
        "account_id": ACCOUNT, "object": { "user_id": "u", "call_logs": [{ "id": "log1" }] } } });
    assert_eq!(server.post(&event).await, Some(204));
    server.folded().await;
    let text = ask(&["migrate", "status"]);
    assert!(text.contains("phone.call_log_deleted") && text.contains("phone.call_element_deleted"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(ask(&["migrate", "status", "--all"]).contains("account_call_logs"));
}
