//! Rows from files go into the inbox once.

use offhook_calls::normalize::Door;
use offhook_store::{ImportRow, Imported, Store};
use serde_json::json;

fn rows(numbers: std::ops::Range<u32>) -> Vec<ImportRow> {
    numbers
        .map(|n| ImportRow { door: Door::CallLog, row: json!({ "id": n.to_string(), "call_id": "7" }) })
        .collect()
}

#[tokio::test]
async fn what_was_imported_before_is_known_in_any_order_of_fields_and_after_a_restart() {
    let directory = tempfile::TempDir::new().unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    {
        let store = Store::open(directory.path()).unwrap();
        let first = store.import("A", rows(0..1500), now).await.unwrap();
        assert_eq!(first, Imported { stored: 1500, known: 0 });
        let turned = vec![ImportRow { door: Door::CallLog, row: json!({ "call_id": "7", "id": "0" }) }];
        assert_eq!(store.import("A", turned.clone(), now).await.unwrap(), Imported { stored: 0, known: 1 });
        let other = store.import("B", turned, now).await.unwrap();
        assert_eq!(other, Imported { stored: 1, known: 0 }, "another account's is another row");
    }
    let store = Store::open(directory.path()).unwrap();
    let again = store.import("A", rows(1000..2000), now).await.unwrap();
    assert_eq!(again, Imported { stored: 500, known: 500 });
    assert_eq!(store.inbox().last_seq(), 2001);
    let entry = store.last_entries(1).await.unwrap().remove(0).arrival;
    assert_eq!((entry.door, entry.account.as_str(), entry.event.as_str()), (Door::Import, "A", "call_log"));
    let body: serde_json::Value = serde_json::from_slice(&entry.body).unwrap();
    assert_eq!(body["door"], "call_log");
    assert_eq!(body["row"]["call_id"], "7");
}

#[tokio::test]
async fn a_row_that_comes_twice_at_once_is_stored_once_and_another_shape_of_it_is_another_row() {
    let directory = tempfile::TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let one = ImportRow { door: Door::CallLog, row: json!({ "id": "1" }) };
    let other = ImportRow { door: Door::CallLogDetail, ..one.clone() };
    let done = store.import("A", vec![one.clone(), one, other], jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(done, Imported { stored: 2, known: 1 });
}
