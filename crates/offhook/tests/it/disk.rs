//! A disk that is full, by way of a limit on the size of files.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{SECRET, Serving, call_of, eventually, post, ringing};

/// `offhook serve` for which no file may grow beyond so many KiB until [`Serving::unlimit`].
fn limited(directory: &TempDir, kib: u32) -> Command {
    let mut command = Command::new("bash");
    let script =
        format!("trap '' XFSZ; ulimit -S -f {kib}; exec {} serve --port 0", env!("CARGO_BIN_EXE_offhook"));
    command.args(["-c", &script]).current_dir(directory.path()).env("ZOOM_WEBHOOK_SECRET", SECRET);
    command
}

#[tokio::test]
async fn on_a_full_disk_zoom_is_asked_to_come_again_and_with_room_again_it_goes_on_by_itself() {
    let directory = TempDir::new().unwrap();
    let server = Serving::spawn(&directory, limited(&directory, 300)).await;
    let mut acknowledged = Vec::new();
    let refused = loop {
        let id = format!("call{}", acknowledged.len());
        let mut event = ringing(&id);
        event["padding"] = "x".repeat(4_000).into();
        let answer = post(&server.http, &server.base, &event).await.unwrap();
        if answer.status() != 204 {
            break answer;
        }
        acknowledged.push(id);
        assert!(acknowledged.len() < 1_000, "the limit does not bite");
    };
    assert_eq!(refused.status(), 503);
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("the disk is full"), "{problem}");
    assert!(acknowledged.len() > 5);
    let ids = |stored: Vec<Value>| stored.iter().map(call_of).collect::<Vec<_>>();
    assert_eq!(ids(server.inbox().await), acknowledged, "what was acknowledged, and nothing else");
    assert!(!server.get("/api/v1/calls").await["calls"].as_array().unwrap().is_empty());
    assert_eq!(server.post(&ringing("too early")).await, Some(503));

    // Room again: it goes on by itself.
    server.unlimit();
    assert_eq!(server.post(&ringing("room again")).await, Some(204));
    acknowledged.push("room again".to_owned());
    server.folded().await;
    assert!(server.terminate().await.success());

    let server = Serving::start(&directory).await;
    assert_eq!(server.post(&ringing("after")).await, Some(204));
    acknowledged.push("after".to_owned());
    server.folded().await;
    assert_eq!(ids(server.inbox().await), acknowledged);
    for id in &acknowledged {
        assert_eq!(server.get(&format!("/api/v1/calls/{id}")).await["id"], id.as_str());
    }
}

#[tokio::test]
async fn when_only_the_read_models_cannot_grow_it_says_so_and_catches_up_later() {
    let directory = TempDir::new().unwrap();
    // Small events: the read models of a call take more room than what was told of it.
    let server = Serving::spawn(&directory, limited(&directory, 600)).await;
    let mut acknowledged = 0u32;
    let readiness = eventually("folding fails", || {
        acknowledged += 1;
        let event = ringing(&format!("call{acknowledged}"));
        let server = &server;
        async move {
            assert_eq!(server.post(&event).await, Some(204), "what comes in is stored all the same");
            let answer = server.http.get(format!("{}/readyz", server.base)).send().await.unwrap();
            (answer.status() == 503).then_some(answer)
        }
    })
    .await;
    assert_eq!(readiness.json::<Value>().await.unwrap()["why"], "storage_failing");
    let stored = server.inbox().await.len();
    server.kill();
    let server = Serving::start(&directory).await;
    server.folded().await;
    let listed = server.get("/api/v1/calls?limit=500").await["calls"].as_array().unwrap().len();
    assert_eq!(listed, stored.min(500));
}
