//! `offhook reconcile` against a running server.

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{Serving, complaint, day, offhook, printed, ringing};

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_ordered_awaited_listed_and_shown_and_fails_only_when_asked_to() {
    let directory = TempDir::new().unwrap();
    let server = Serving::start(&directory).await;
    assert_eq!(server.post(&ringing("7018")).await, Some(204));
    server.folded().await;
    let reconcile = |args: &[&str]| {
        let mut command = offhook(directory.path());
        command.arg("reconcile").args(args).args(["--server", &server.base]).output().unwrap()
    };
    assert!(complaint(&reconcile(&["list"])).contains("no report yet"));
    let none = reconcile(&["run"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(complaint(&none).contains("say which one"), "no account is configured: {}", complaint(&none));

    let account = ["--account", crate::rig::ACCOUNT];
    let (from, to) = (day(-100), day(1));
    let whole = [&["run", "--wait", "--from", &from, "--to", &to][..], &account].concat();
    let text = printed(&reconcile(&whole));
    for part in
        ["Report 1", "unknown", &format!("cannot know; calls from {from}T00:00:00Z"), "KNOWN", "Not read"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("Queues were not compared: there are no credentials"), "{text}");
    let json = printed(&reconcile(&[&whole[..], &["--json"]].concat()));
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["state"], &report["summary"]["calls"]["known"]), (&"done".into(), &1.into()));

    let ordered = printed(&reconcile(&[&["run"][..], &account].concat()));
    assert!(ordered.starts_with("Report 3 is ordered"), "{ordered}");
    let list = printed(&reconcile(&["list", "--limit", "2"]));
    assert!(list.starts_with("REPORT") && list.lines().count() == 3, "{list}");
    let shown = printed(&reconcile(&["show", "1", "--kind", "all", "--json"]));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["items"].as_array().map(Vec::len), Some(0));
    for (fail_on, code) in [("missing", 0), ("late,missing", 0), ("unknown", 3)] {
        assert_eq!(reconcile(&["show", "1", "--fail-on", fail_on]).status.code(), Some(code), "{fail_on}");
        let run = reconcile(&[&whole[..], &["--fail-on", fail_on]].concat());
        assert_eq!(run.status.code(), Some(code), "{fail_on}");
    }
    assert!(complaint(&reconcile(&["show", "77"])).contains("No report has the number"));
}
