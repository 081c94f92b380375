//! Making the read models anew.

use offhook_store::{Rebuilt, Store, StoreError, rebuild};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::events::{append, day, fold_all, read_models, ringing, webhook};

/// A directory with a few hundred folded events of a company's hour.
async fn an_hour() -> (TempDir, Store) {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, day(5, 56)).await;
    // In small steps, unlike a rebuild.
    while store.fold_next(7).unwrap().entries > 0 {}
    (directory, store)
}

#[tokio::test]
async fn a_rebuild_gives_the_same_read_models_byte_for_byte() {
    let (directory, store) = an_hour().await;
    store.set_mark("reconciled_until A".to_owned(), "2026-11-22T10:00:00Z".to_owned()).await.unwrap();
    let entries = store.inbox().last_seq();
    assert!(entries > 300, "{entries}");
    drop(store);
    let before = read_models(directory.path(), true);
    let mut heard = Vec::new();
    let rebuilt = rebuild(directory.path(), |done, of| heard.push((done, of))).unwrap();
    assert_eq!((rebuilt.entries, rebuilt.identical), (entries, Some(true)));
    assert_eq!(heard.last(), Some(&(entries, entries)));
    assert!(read_models(directory.path(), true) == before);
    assert!(!directory.path().join("calls.db.new").exists());
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.watermark().await.unwrap(), entries);
    assert_eq!(store.mark("reconciled_until A").await.unwrap().as_deref(), Some("2026-11-22T10:00:00Z"));
    assert_eq!(store.fold_next(100).unwrap().entries, 0);
}

#[tokio::test]
async fn a_rebuild_notices_read_models_that_were_changed_and_puts_them_right() {
    let (directory, store) = an_hour().await;
    drop(store);
    let before = read_models(directory.path(), true);
    for damage in [
        "UPDATE call SET facts = (SELECT facts FROM call WHERE id = 2) WHERE id = 1",
        "UPDATE call SET facts = 'no facts' WHERE id = 1",
        "UPDATE call SET state = 'ringing', told_seq = 1 WHERE id = 1",
        "UPDATE call SET key = 'call_id:1' WHERE id = 1",
        "UPDATE alias SET hash = hash + 1 WHERE call = 1",
        "UPDATE part SET started_ms = started_ms + 1 WHERE call = 1",
        "DELETE FROM told WHERE call = 1",
    ] {
        let calls = Connection::open(directory.path().join("calls.db")).unwrap();
        assert!(calls.execute(damage, []).unwrap() > 0, "{damage}");
        drop(calls);
        assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap().identical, Some(false), "{damage}");
        assert!(read_models(directory.path(), true) == before, "{damage}");
    }
}

#[tokio::test]
async fn with_entries_that_were_not_folded_there_is_nothing_to_compare() {
    let (directory, store) = an_hour().await;
    append(&store, [webhook(0, &ringing("one more", 0, "+14155550100", 101))]).await;
    drop(store);
    assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap().identical, None);
    assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap().identical, Some(true));
}

#[tokio::test]
async fn an_interrupted_rebuild_does_no_harm() {
    let (directory, store) = an_hour().await;
    drop(store);
    let before = read_models(directory.path(), true);
    let cut = std::panic::catch_unwind(|| rebuild(directory.path(), |_, _| panic!("the power is gone")));
    assert!(cut.is_err());
    std::fs::write(directory.path().join("calls.db.new-wal"), "left over").unwrap();
    assert!(read_models(directory.path(), true) == before, "the old ones are in place");
    drop(Store::open(directory.path()).unwrap());
    std::fs::write(directory.path().join("calls.db.new"), "half a file").unwrap();
    assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap().identical, Some(true));
    assert!(read_models(directory.path(), true) == before);
}

#[tokio::test]
async fn read_models_that_are_no_database_any_more_are_made_anew() {
    let (directory, store) = an_hour().await;
    drop(store);
    let before = read_models(directory.path(), true);
    std::fs::write(directory.path().join("calls.db"), vec![7; 8192]).unwrap();
    let refused = Store::open(directory.path()).unwrap_err();
    assert!(refused.to_string().contains("offhook rebuild"), "{refused}");
    assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap().identical, None);
    assert!(read_models(directory.path(), true) == before);
}

#[tokio::test]
async fn read_models_with_one_bad_page_anywhere_are_made_anew() {
    let (directory, store) = an_hour().await;
    drop(store);
    let before = read_models(directory.path(), true);
    let path = directory.path().join("calls.db");
    let whole = std::fs::read(&path).unwrap();
    let page = usize::from(u16::from_be_bytes([whole[16], whole[17]]));
    let pages = whole.len() / page;
    assert!(pages > 20, "{pages}");
    for bad in [pages / 4, pages / 2, pages - 2] {
        let mut damaged = whole.clone();
        damaged[bad * page..(bad + 1) * page].fill(7);
        std::fs::write(&path, damaged).unwrap();
        let rebuilt = rebuild(directory.path(), |_, _| ()).unwrap();
        assert_ne!(rebuilt.identical, Some(true), "page {bad}");
        assert!(read_models(directory.path(), true) == before, "page {bad}");
    }
}

#[tokio::test]
async fn lost_read_models_are_made_anew_by_folding_too() {
    let (directory, store) = an_hour().await;
    drop(store);
    let before = read_models(directory.path(), true);
    std::fs::remove_file(directory.path().join("calls.db")).unwrap();
    let store = Store::open(directory.path()).unwrap();
    fold_all(&store);
    assert!(read_models(directory.path(), true) == before);
}

#[test]
fn an_empty_directory_is_rebuilt_to_nothing_and_a_newer_inbox_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let nothing = Rebuilt { entries: 0, calls: 0, identical: Some(true) };
    assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap(), nothing);
    let newer = Connection::open(directory.path().join("inbox.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let refused = rebuild(directory.path(), |_, _| ()).unwrap_err();
    assert!(matches!(refused, StoreError::TooNew { .. }), "{refused}");
}
