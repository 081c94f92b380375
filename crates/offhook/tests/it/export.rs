//! `offhook export`, beside a running server and killed in the middle.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{Serving, complaint, eventually, offhook, post, printed, ringing, run};

const CALLS: usize = 120;

/// Names and bytes of all parts.
fn parts(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let below = parts(&path).into_iter();
            found.extend(below.map(|(part, bytes)| (format!("{name}/{part}"), bytes)));
        } else if name.starts_with("part-") {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_killed_again_and_again_ends_as_one_that_was_not() {
    let directory = TempDir::new().unwrap();
    let server = Serving::start(&directory).await;
    for n in 0..CALLS {
        assert_eq!(post(&server.http, &server.base, &ringing(&format!("c{n}"))).await.unwrap().status(), 204);
    }
    server.folded().await;
    let words = |to: &'static str| {
        ["export", "calls", "events", "--to", to, "--format", "ndjson", "--part-rows", "1"]
    };
    let whole = printed(&run(directory.path(), &[&words("whole")[..], &["--json"]].concat()));
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["exported"][0]["rows"], CALLS, "beside the running server");
    let expected = parts(&directory.path().join("whole"));
    assert_eq!(expected.len(), 2 * CALLS);
    let folder = directory.path().join("cut");
    for least in [1, 30, 150] {
        let mut child = offhook(directory.path())
            .args(words("cut"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("some of it is written", || async { (parts(&folder).len() >= least).then_some(()) }).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let so_far = parts(&folder);
        assert!(so_far.len() < expected.len(), "killed in the middle");
        assert!(so_far.iter().all(|(name, bytes)| expected.get(name) == Some(bytes)), "whole parts only");
    }
    assert!(server.terminate().await.success());
    printed(&run(directory.path(), &words("cut")));
    assert!(parts(&folder) == expected, "and with the server stopped");
}

#[test]
fn a_directory_without_data_and_parameters_that_do_not_fit_are_explained() {
    let directory = TempDir::new().unwrap();
    let missing = complaint(&run(directory.path(), &["export", "calls", "--to", "out"]));
    assert!(missing.contains("OFFHOOK_DATA_DIR"), "{missing}");
    let several = complaint(&run(directory.path(), &["export", "calls", "legs", "--to", "-"]));
    assert!(several.contains("one table at a time"), "{several}");
    let zone = complaint(&run(directory.path(), &["export", "calls", "--to", "out", "--time-zone", "Mars"]));
    assert!(zone.contains("Mars is no time zone"), "{zone}");
    assert!(!directory.path().join("out").exists());
    let columns = printed(&run(directory.path(), &["export", "calls", "--columns"]));
    assert!(columns.contains("told_seq"), "{columns}");
}
