//! The change feed.

use offhook_store::Store;
use tempfile::TempDir;

use crate::events::{append, fold_all, ringing, start, webhook};

async fn ring(store: &Store, calls: std::ops::Range<i64>) {
    let inbox = store.inbox();
    let mut calls = calls.peekable();
    while calls.peek().is_some() {
        let some = calls.by_ref().take(5_000);
        let some = some.map(|n| inbox.append(webhook(0, &ringing(&n.to_string(), 0, "+14155550100", 101))));
        futures::future::join_all(some).await;
    }
    while store.fold_next(1_000).unwrap().entries > 0 {}
}

#[tokio::test]
async fn each_changed_call_comes_once_as_it_is_now_and_nothing_comes_when_nothing_changed() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let none = store.changes_after(0, 10).await.unwrap().unwrap();
    assert_eq!((none.seq, none.calls.len(), none.more), (0, 0, false));
    ring(&store, 0..3).await;
    append(&store, [webhook(0, &ringing("1", 5, "+14155550100", 102))]).await;
    fold_all(&store);
    let all = store.changes_after(0, 10).await.unwrap().unwrap();
    assert_eq!((all.seq, all.more), (4, false));
    let ids: Vec<_> = all.calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2"]);
    assert_eq!(all.calls[1].legs.len(), 2, "both who were rung");
    let part = store.changes_after(0, 2).await.unwrap().unwrap();
    assert_eq!((part.seq, part.more), (2, true));
    let none = store.changes_after(4, 10).await.unwrap().unwrap();
    assert_eq!((none.seq, none.calls.len(), none.more), (4, 0, false));
    let open = store.open_calls(start(), 60_000).await.unwrap();
    assert_eq!((open.seq, open.calls.len()), (4, 3));
}

#[tokio::test]
async fn a_number_that_was_never_given_out_or_is_too_old_gets_nothing() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    ring(&store, 0..10_400).await;
    let newest = store.last_change().await.unwrap();
    assert_eq!(newest, 10_400);
    assert!(store.changes_after(newest + 1, 10).await.unwrap().is_none(), "never given out");
    assert!(store.changes_after(0, 10).await.unwrap().is_none(), "forgotten");
    assert!(store.changes_after(399, 10).await.unwrap().is_none(), "just forgotten");
    let oldest = store.changes_after(400, 10).await.unwrap().expect("just kept");
    assert_eq!((oldest.seq, oldest.more), (410, true));
    let last = store.changes_after(newest - 1, 10).await.unwrap().unwrap();
    assert_eq!((last.seq, last.calls.len(), last.more), (newest, 1, false));
}

#[tokio::test]
async fn after_a_rebuild_an_old_number_gets_nothing_unless_it_was_the_newest() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    ring(&store, 0..5).await;
    drop(store);
    offhook_store::rebuild(directory.path(), |_, _| ()).unwrap();
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.last_change().await.unwrap(), 5);
    assert!(store.changes_after(4, 10).await.unwrap().is_none());
    assert!(store.changes_after(6, 10).await.unwrap().is_none());
    assert!(store.changes_after(5, 10).await.unwrap().is_some_and(|none| none.calls.is_empty()));
    append(&store, [webhook(0, &ringing("9", 0, "+14155550100", 101))]).await;
    fold_all(&store);
    let one = store.changes_after(5, 10).await.unwrap().unwrap();
    assert_eq!((one.seq, one.calls.len()), (6, 1), "numbers go on, none is given twice");
}

#[tokio::test]
async fn a_feed_that_was_made_anew_gives_out_no_number_twice() {
    let directory = TempDir::new().unwrap();
    let given = {
        let store = Store::open(directory.path()).unwrap();
        store.advance_changes(start()).await.unwrap();
        append(&store, [webhook(0, &ringing("1", 0, "+15550100", 1001))]).await;
        fold_all(&store);
        store.last_change().await.unwrap()
    };
    for file in ["calls.db", "calls.db-wal", "calls.db-shm"] {
        let _ = std::fs::remove_file(directory.path().join(file));
    }
    let store = Store::open(directory.path()).unwrap();
    store.advance_changes(start() + jiff::SignedDuration::from_secs(1)).await.unwrap();
    assert!(store.changes_after(given, 10).await.unwrap().is_none(), "who comes back starts from a snapshot");
    fold_all(&store);
    assert!(store.last_change().await.unwrap() > given);
}
