//! From inbox to read models: all or nothing, in any order, however often.

use offhook_store::Store;
use proptest::{prelude::*, test_runner::TestCaseError};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::events::{ACCOUNT, append, day, fold_all, later, read_models, ringing, webhook};

/// Everything that folding moves.
fn all_of(directory: &TempDir) -> Vec<String> {
    let calls = Connection::open(directory.path().join("calls.db")).unwrap();
    let mut lines = read_models(directory.path(), true);
    for sql in [
        "SELECT 'change ' || seq || ' ' || key || ' ' || gone FROM change ORDER BY seq",
        "SELECT 'meta ' || name || ' ' || value FROM meta ORDER BY name",
    ] {
        let mut rows = calls.prepare(sql).unwrap();
        lines.extend(rows.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap));
    }
    lines
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_all_as_it_was_and_the_next_try_succeeds() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, [webhook(0, &ringing("1", 0, "+14155550100", 101))]).await;
    fold_all(&store);
    let before = all_of(&directory);
    append(&store, (2..9).map(|n| webhook(n, &ringing(&n.to_string(), n, "+14155550100", 101)))).await;
    // The last thing that folding writes, and one in the middle of it.
    for (name, trouble) in [
        ("late", "CREATE TRIGGER late BEFORE UPDATE ON meta BEGIN SELECT RAISE(FAIL, 'no'); END"),
        (
            "middle",
            "CREATE TRIGGER middle BEFORE INSERT ON change WHEN NEW.key = 'call_id:5'
             BEGIN SELECT RAISE(FAIL, 'no'); END",
        ),
    ] {
        let other = Connection::open(directory.path().join("calls.db")).unwrap();
        other.execute_batch(trouble).unwrap();
        store.fold_next(100).unwrap_err();
        assert_eq!(all_of(&directory), before, "{name}");
        assert_eq!(store.watermark().await.unwrap(), 1);
        assert_eq!(store.last_change().await.unwrap(), 1);
        other.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    let folded = store.fold_next(100).unwrap();
    assert_eq!((folded.entries, folded.calls, folded.watermark, folded.change_seq), (7, 7, 8, 8));
    assert_eq!(store.watermark().await.unwrap(), 8);
}

#[tokio::test]
async fn what_tells_of_no_call_is_counted_and_passed_over() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut garbage = webhook(0, &json!({}));
    garbage.body = "\u{0}no json".into();
    let unknown = webhook(0, &json!({ "event": "phone.invented", "payload": { "account_id": ACCOUNT } }));
    append(&store, [garbage, unknown, webhook(0, &ringing("1", 0, "+14155550100", 101))]).await;
    let folded = store.fold_next(100).unwrap();
    assert_eq!((folded.entries, folded.calls, folded.watermark), (3, 1, 3));
    let problems: Vec<_> = folded.problems.iter().map(|(problem, _)| problem.as_str()).collect();
    assert_eq!(problems, ["unreadable", "unknown_event"]);
}

#[tokio::test]
async fn calls_that_turn_out_to_be_one_are_found_by_every_old_id_and_the_feed_says_what_is_gone() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let told = [ringing("200", 0, "+14155550100", 101), ringing("100", 5, "+14155550100", 102)];
    append(&store, told.iter().map(|event| webhook(0, event))).await;
    fold_all(&store);
    let seen = store.last_change().await.unwrap();
    assert_eq!(
        store.calls(offhook_store::CallFilter::default(), None, 10, later()).await.unwrap().calls.len(),
        2
    );
    // A row of history whose legs are both of them.
    let row = json!({
        "call_history_uuid": "h1", "call_id": "200", "direction": "inbound", "start_time": "2026-11-22T10:00:00Z",
        "call_elements": [
            { "call_element_id": "e1", "call_id": "200", "start_time": "2026-11-22T10:00:00Z" },
            { "call_element_id": "e2", "call_id": "100", "start_time": "2026-11-22T10:00:05Z" },
        ],
    });
    let element = json!({
        "event": "phone.callee_call_element_completed", "event_ts": 1_795_341_700_000_i64,
        "payload": { "account_id": ACCOUNT, "object": { "user_id": "user101", "call_elements": [
            { "call_element_id": "e1", "call_id": "200", "call_history_uuid": "h1" },
            { "call_element_id": "e2", "call_id": "100", "call_history_uuid": "h1" },
        ] } },
    });
    let mut history = webhook(9, &row);
    history.door = offhook_calls::normalize::Door::CallHistory;
    history.account = ACCOUNT.to_owned();
    append(&store, [webhook(9, &element), history]).await;
    fold_all(&store);
    for id in ["100", "200", "h1", "e1", "e2"] {
        let call = store.call(None, id).await.unwrap().unwrap_or_else(|| panic!("{id} is known"));
        assert_eq!(call.id, "100", "{id}");
        let told: Vec<_> =
            store.entries_of(ACCOUNT, id).await.unwrap().into_iter().map(|entry| entry.seq).collect();
        assert_eq!(told, [1, 2, 3, 4], "{id}");
    }
    let page = store.calls(offhook_store::CallFilter::default(), None, 10, later()).await.unwrap();
    assert_eq!(page.calls.len(), 1);
    let changes = store.changes_after(seen, 100).await.unwrap().unwrap();
    assert_eq!(changes.gone, ["200"]);
    assert_eq!(changes.calls.len(), 1);
    assert_eq!(store.search(None, "102", 10).await.unwrap().len(), 1, "parts moved along");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repetition_of_arrivals_ends_in_the_same_calls(
        seed in 0u64..1_000,
        order in Just((0..usize::MAX).take(400).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(0usize..400, 0..60),
        batch in 1usize..40,
    ) {
        let arrivals = day(seed, 14);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let models = |order: Vec<usize>, batch: usize| {
            let directory = TempDir::new().unwrap();
            let store = Store::open(directory.path()).unwrap();
            let picked = order.iter().filter_map(|n| arrivals.get(*n)).cloned();
            runtime.block_on(futures::future::join_all(picked.map(|arrival| store.inbox().append(arrival))));
            while store.fold_next(batch).unwrap().entries > 0 {}
            read_models(directory.path(), false)
        };
        let straight = models((0..400).collect(), 100);
        prop_assert!(!straight.is_empty());
        let shuffled = models(order.iter().chain(&again).copied().collect(), batch);
        if straight != shuffled {
            let differing = straight.iter().zip(&shuffled).find(|(a, b)| a != b);
            return Err(TestCaseError::fail(format!("{} {} {differing:#?}", straight.len(), shuffled.len())));
        }
    }
}
