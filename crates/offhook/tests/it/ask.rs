//! The commands that ask a running server, and those that need none.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{Serving, complaint, printed, ringing, run};

#[tokio::test]
async fn calls_and_events_are_shown_as_text_and_as_json() {
    let directory = TempDir::new().unwrap();
    let server = Serving::start(&directory).await;
    // The commands find the server where the settings say.
    let port = server.base.rsplit_once(':').unwrap().1;
    fs::write(directory.path().join(".env"), format!("PORT={port}\n")).unwrap();
    let ask = |args: &[&str]| printed(&run(directory.path(), args));
    let json = |args: &[&str]| -> Value { serde_json::from_str(&ask(args)).unwrap() };

    assert_eq!(ask(&["calls", "list"]), "", "no calls is a remark, not data");
    assert_eq!(server.post(&ringing("7001")).await, Some(204));
    assert_eq!(server.post(&ringing("7002")).await, Some(204));
    server.folded().await;

    let list = ask(&["calls", "list"]);
    assert!(list.starts_with("STARTED"), "{list}");
    assert!(list.contains("7001") && list.contains("7002") && list.contains("Ada (101)"), "{list}");
    assert_eq!(list.lines().count(), 3);
    assert!(!list.contains('\x1b'), "no colour where nobody looks");
    assert_eq!(json(&["calls", "list", "--json"]), server.get("/api/v1/calls?limit=20").await);
    let narrow = json(&["calls", "list", "--json", "--limit", "1", "--state", "ringing", "--number", "0100"]);
    assert_eq!(narrow["calls"].as_array().unwrap().len(), 1);
    let cursor = narrow["next_cursor"].as_str().unwrap();
    let rest = json(&["calls", "list", "--json", "--cursor", cursor]);
    assert_eq!(rest["calls"].as_array().unwrap().len(), 1);
    assert_eq!(json(&["calls", "list", "--json", "--result", "missed"])["calls"], Value::Array(vec![]));

    let show = ask(&["calls", "show", "7001", "--events"]);
    for part in ["7001", "ringing", "Legs", "Timeline", "Ids", "Events", "phone.callee_ringing"] {
        assert!(show.contains(part), "{part}: {show}");
    }
    assert_eq!(json(&["calls", "show", "7001", "--json"])["id"], "7001");
    let tail = ask(&["events", "tail", "--no-follow", "-n", "1"]);
    assert_eq!(tail.lines().count(), 1);
    assert!(tail.contains("phone.callee_ringing") && tail.contains("webhook"), "{tail}");
    let tail = ask(&["events", "tail", "--no-follow", "--json"]);
    let seqs: Vec<_> =
        tail.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].clone()).collect();
    assert_eq!(seqs, [1, 2], "one event a line");

    let unknown = run(directory.path(), &["calls", "show", "nobody"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(complaint(&unknown).contains("No call is known by \"nobody\""), "{}", complaint(&unknown));
    let wrong = run(directory.path(), &["calls", "list", "--result", "marvellous"]);
    assert!(complaint(&wrong).contains("result"), "{}", complaint(&wrong));
}

#[test]
fn without_a_server_the_commands_say_how_to_start_one() {
    let directory = TempDir::new().unwrap();
    // Port 9 (discard) on loopback: nobody listens there.
    fs::write(directory.path().join("offhook.toml"), "[server]\nport = 9\n").unwrap();
    for args in [&["calls", "list"][..], &["calls", "show", "1"], &["events", "tail", "--no-follow"]] {
        let output = run(directory.path(), args);
        assert_eq!(output.status.code(), Some(1));
        let text = complaint(&output);
        assert!(text.contains("no answer from http://127.0.0.1:9/; start `offhook serve`"), "{text}");
    }
    let rebuild = run(directory.path(), &["rebuild"]);
    assert_eq!(rebuild.status.code(), Some(1));
    assert!(complaint(&rebuild).contains("there is no inbox in data"), "{}", complaint(&rebuild));
}

#[test]
fn what_needs_no_server_is_printed() {
    let directory = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(printed(&run(directory.path(), &["completions", shell])).contains("offhook"), "{shell}");
    }
    let document: Value = serde_json::from_str(&printed(&run(directory.path(), &["openapi"]))).unwrap();
    assert_eq!(document["info"]["title"], "Offhook");
    let help = printed(&run(directory.path(), &["--help"]));
    assert!(help.contains("offhook config check"), "{help}");
    assert!(printed(&run(directory.path(), &["--version"])).starts_with("offhook "));
}
