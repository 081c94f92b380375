//! The inbox: durable, numbered, shared commits, one owner.

use futures::future::join_all;
use offhook_store::{Store, StoreError};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::events::{append, ringing, start, webhook};

#[tokio::test]
async fn what_is_appended_is_numbered_from_one_and_on_disk_when_acknowledged() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.inbox().last_seq(), 0);
    let mut sent = webhook(7, &json!({ "event": "phone.x", "event_ts": 5 }));
    sent.late = true;
    assert_eq!(store.inbox().append(sent.clone()).await.unwrap(), 1);
    assert_eq!(store.inbox().append(webhook(8, &json!({}))).await.unwrap(), 2);
    // Somebody who knows nothing of this process reads the file.
    let other = Connection::open(directory.path().join("inbox.db")).unwrap();
    let bodies: Vec<Vec<u8>> = other
        .prepare("SELECT body FROM arrival ORDER BY seq")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(bodies, [sent.body.to_vec(), b"{}".to_vec()]);
    let sync: i64 = other.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
    assert!(sync >= 2, "SQLite's default is FULL; a lower one would be a choice");
    let entries = store.entries_after(0, 10).await.unwrap();
    assert_eq!(entries[0].seq, 1);
    let kept = &entries[0].arrival;
    assert_eq!(
        (kept.received_at, kept.event.as_str(), kept.event_ts),
        (sent.received_at, "phone.x", Some(5))
    );
    assert!(kept.late && kept.body == sent.body);
    assert_eq!(
        store.last_arrival(sent.door).await.unwrap(),
        Some(start() + jiff::SignedDuration::from_secs(8))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn arrivals_at_the_same_time_share_commits_and_each_gets_its_own_number() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let all = (0..2_000).map(|n| store.inbox().append(webhook(0, &json!({ "n": n }))));
    let mut numbers: Vec<u64> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=2_000));
    let (appended, commits) = store.inbox().totals();
    assert_eq!(appended, 2_000);
    assert!(commits < appended / 2, "{commits} commits for {appended} arrivals");
    assert_eq!(store.inbox().waiting(), 0);
}

#[tokio::test]
async fn each_number_belongs_to_the_bytes_it_was_given_for() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let all = (0..500).map(|n| store.inbox().append(webhook(0, &json!({ "n": n }))));
    let numbers = join_all(all).await;
    let entries = store.entries_after(0, 1_000).await.unwrap();
    for (n, seq) in numbers.into_iter().enumerate() {
        let seq = usize::try_from(seq.unwrap()).unwrap();
        assert_eq!(entries[seq - 1].arrival.body, json!({ "n": n }).to_string());
    }
}

#[tokio::test]
async fn after_reopening_numbers_go_on_where_they_stopped() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, [webhook(0, &json!({ "n": 1 })), webhook(0, &json!({ "n": 2 }))]).await;
    drop(store);
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.inbox().last_seq(), 2);
    assert_eq!(store.inbox().append(webhook(0, &json!({ "n": 3 }))).await.unwrap(), 3);
}

#[tokio::test]
async fn a_second_opener_is_told_that_the_directory_is_in_use() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let refused = Store::open(directory.path()).unwrap_err();
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    assert!(refused.to_string().contains("in use by another Offhook"));
    let refused = offhook_store::rebuild(directory.path(), |_, _| ()).unwrap_err();
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    drop(store);
    Store::open(directory.path()).unwrap();
}

#[tokio::test]
async fn files_of_a_newer_offhook_are_left_alone() {
    for file in ["inbox.db", "calls.db"] {
        let directory = TempDir::new().unwrap();
        drop(Store::open(directory.path()).unwrap());
        let newer = Connection::open(directory.path().join(file)).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        let refused = Store::open(directory.path()).unwrap_err();
        assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused}");
        assert!(refused.to_string().contains(file));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_is_refused_and_what_was_accepted_is_kept() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let other = Connection::open(directory.path().join("inbox.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let inbox = store.inbox();
    let mut first = Box::pin(inbox.append(webhook(0, &ringing("1", 0, "+1", 1))));
    assert!(futures::poll!(&mut first).is_pending());
    // The writer has taken the first, and waits for the file; now the queue can be filled to the brim.
    while inbox.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    let mut rest =
        Box::pin(join_all((0..9_000).map(|n| inbox.append(webhook(0, &ringing("1", n, "+1", 1))))));
    assert!(futures::poll!(&mut rest).is_pending());
    assert_eq!(inbox.waiting(), 8_192);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(first.await.unwrap(), 1);
    let outcomes = rest.await;
    let accepted: Vec<u64> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).copied().collect();
    assert!(accepted.into_iter().eq(2..=8_193), "those that found a place, in order");
    let refused = outcomes.into_iter().filter_map(Result::err);
    assert!(refused.into_iter().all(|error| matches!(error, StoreError::Busy)));
    assert_eq!(inbox.last_seq(), 8_193);
}

#[tokio::test]
async fn waiting_for_the_next_arrival_ends_when_it_is_there() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let (more, _) = tokio::join!(store.inbox().wait_beyond(0), store.inbox().append(webhook(0, &json!({}))));
    assert!(more);
}
