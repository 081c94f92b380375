//! `kill -9` in the middle of the load.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::future::join_all;
use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{Serving, call_of, eventually, post, printed, ringing, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_being_killed_again_and_again() {
    const KILLS: usize = 3;
    const SENDERS: usize = 8;
    let directory = TempDir::new().unwrap();
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    for round in 0..KILLS {
        let server = Serving::start(&directory).await;
        let dead = Arc::new(AtomicBool::new(false));
        let senders = (0..SENDERS).map(|sender| {
            let (http, base) = (server.http.clone(), server.base.clone());
            let (acknowledged, dead) = (acknowledged.clone(), dead.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    if dead.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = format!("{round}-{sender}-{n}");
                    if let Ok(answer) = post(&http, &base, &ringing(&id)).await {
                        assert_eq!(answer.status(), 204);
                        acknowledged.lock().unwrap().insert(id);
                    }
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let enough = (round + 1) * 150;
        eventually("enough is acknowledged", || async {
            (acknowledged.lock().unwrap().len() >= enough).then_some(())
        })
        .await;
        server.kill();
        dead.store(true, Ordering::Relaxed);
        for ended in join_all(senders).await {
            ended.unwrap();
        }
    }
    let server = Serving::start(&directory).await;
    server.folded().await;
    let stored = server.inbox().await;
    let seqs: Vec<_> = stored.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "numbers without gap or repetition");
    let stored: BTreeSet<String> = stored.iter().map(call_of).collect();
    let acknowledged = acknowledged.lock().unwrap().clone();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    for id in acknowledged.iter().step_by(17) {
        assert_eq!(server.get(&format!("/api/v1/calls/{id}")).await["id"], id.as_str());
    }
    assert!(server.terminate().await.success());
    let rebuilt: Value =
        serde_json::from_str(&printed(&run(directory.path(), &["rebuild", "--json"]))).unwrap();
    assert_eq!(rebuilt["identical"], true, "folding was not disturbed either");
    assert_eq!(rebuilt["events"], seqs.len());
    let again = printed(&run(directory.path(), &["rebuild"]));
    assert!(again.contains("exactly as they were"), "{again}");
}
