//! What reading Zoom's history notes.

use jiff::{SignedDuration, Timestamp};
use offhook_store::{
    NewSyncRun, Store, SyncFate, SyncFollow, SyncLane, SyncRequests, SyncRow, SyncSpan, SyncStep, SyncStride,
    SyncWindow,
};
use tempfile::TempDir;

use crate::events::{ACCOUNT, start};

const LIVE: &[SyncLane] = &[SyncLane::Live];

fn at(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

async fn begin(store: &Store, from: i64, to: i64, again: bool) -> u64 {
    let (from, to) = (at(from), at(to));
    let windows = vec![SyncSpan { kind: "calls".to_owned(), from, to }];
    let (account, mode) = (ACCOUNT.to_owned(), "catch_up".to_owned());
    let run = NewSyncRun { account, mode, lane: SyncLane::Live, from, to, windows, again };
    store.sync_begin(run, to).await.unwrap()
}

async fn next(store: &Store, now: Timestamp) -> Option<SyncWindow> {
    store.sync_next_window(ACCOUNT.to_owned(), LIVE, Vec::new(), now).await.unwrap()
}

fn step(run: u64, now: Timestamp) -> SyncStep {
    SyncStep {
        account: ACCOUNT.to_owned(),
        rows: Vec::new(),
        run,
        lane: SyncLane::Live,
        window: None,
        items: Vec::new(),
        requests: SyncRequests::default(),
        now,
    }
}

async fn stride(store: &Store, window: &SyncWindow, stride: SyncStride, now: Timestamp) {
    let step = SyncStep { window: Some((window.id, stride)), ..step(window.run, now) };
    store.sync_step(step).await.unwrap();
}

async fn mark(store: &Store) -> Option<Timestamp> {
    store.sync_mark(ACCOUNT.to_owned(), "calls".to_owned()).await.unwrap()
}

const DONE: SyncStride = SyncStride::Done { pages: 1, rows: 0 };

#[tokio::test]
async fn a_missing_window_holds_the_mark_until_it_is_read_a_day_later() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    begin(&store, 0, 1, false).await;
    let lost = next(&store, at(1)).await.unwrap();
    stride(&store, &lost, SyncStride::Missing { reason: "unreadable".to_owned() }, at(1)).await;
    assert_eq!(mark(&store).await, Some(at(0)));
    let planned = store.sync_planned(ACCOUNT.to_owned(), "calls".to_owned()).await.unwrap();
    assert_eq!(planned, Some(at(1)), "the next catch-up goes on after it");

    begin(&store, 1, 2, false).await;
    let newer = next(&store, at(2)).await.unwrap();
    stride(&store, &newer, DONE, at(2)).await;
    assert_eq!(mark(&store).await, Some(at(0)), "what came later does not hide what is missing");

    store.sync_retry_missing(ACCOUNT.to_owned(), at(24)).await.unwrap();
    assert!(next(&store, at(24)).await.is_none(), "not yet a day");
    store.sync_retry_missing(ACCOUNT.to_owned(), at(25)).await.unwrap();
    let again = next(&store, at(25)).await.unwrap();
    assert_eq!(again.id, lost.id);
    stride(&store, &again, DONE, at(25)).await;
    assert!(mark(&store).await >= Some(at(1)));
}

#[tokio::test]
async fn a_window_that_waits_after_a_failure_can_be_had_at_once() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    begin(&store, 0, 1, false).await;
    let window = next(&store, at(1)).await.unwrap();
    let later = SyncStride::Again { due: at(7), reason: "503".to_owned(), anew: false };
    stride(&store, &window, later, at(1)).await;
    assert!(next(&store, at(2)).await.is_none());
    store.sync_hurry(ACCOUNT.to_owned(), at(2)).await.unwrap();
    assert!(next(&store, at(2)).await.is_some());
}

#[tokio::test]
async fn what_was_given_up_comes_back_with_a_run_that_reads_again_and_with_no_other() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let follow = SyncFollow { kind: "path".to_owned(), id: "one".to_owned(), about: None, always: false };
    let row = SyncRow { arrival: None, follow: vec![follow.clone()] };
    let first = SyncRow { arrival: None, follow: vec![SyncFollow { always: true, ..follow }] };
    let due = async || store.sync_due(ACCOUNT.to_owned(), LIVE, vec!["path"], 9, at(9)).await.unwrap();

    let run = begin(&store, 0, 1, false).await;
    store.sync_step(SyncStep { rows: vec![first], ..step(run, at(1)) }).await.unwrap();
    let item = due().await.remove(0);
    let fate = SyncFate::GivenUp { reason: "never there".to_owned() };
    store.sync_step(SyncStep { items: vec![(item, fate)], ..step(run, at(1)) }).await.unwrap();
    store.sync_step(SyncStep { rows: vec![row.clone()], ..step(run, at(2)) }).await.unwrap();
    assert!(due().await.is_empty());

    let again = begin(&store, 0, 1, true).await;
    store.sync_step(SyncStep { rows: vec![row], ..step(again, at(3)) }).await.unwrap();
    let item = due().await.remove(0);
    assert_eq!((item.id.as_str(), item.tries), ("one", 0));
}
