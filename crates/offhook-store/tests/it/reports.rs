//! Reports, and reading what they are made of.

use jiff::{SignedDuration, Timestamp};
use offhook_calls::compare::{Comparison, Coverage, Family, Item, ItemKind, Rules, Summary};
use offhook_store::{NewReport, ReportState, Store};
use tempfile::TempDir;

use crate::events::{ACCOUNT, append, day, fold_all, later, ringing, start, webhook};

fn order() -> NewReport {
    NewReport { account: ACCOUNT.to_owned(), from: start(), to: later(), cause: "asked" }
}

fn item(kind: ItemKind, id: &str, event: &str) -> Item {
    let text = format!(r#"{{"kind":"{}","thing":"element","id":"{id}","event":"{event}"}}"#, kind.as_str());
    serde_json::from_str(&text).unwrap()
}

/// Every call of the period, page by page: its id, and the numbers of the entries that told of it.
async fn heard(store: &Store, period: (Timestamp, Timestamp), size: usize) -> Vec<(String, Vec<u64>)> {
    let (mut calls, mut after) = (Vec::new(), None);
    while let Some(page) = store.heard(ACCOUNT, period, after, size).await.unwrap() {
        assert!(page.calls.len() <= size);
        let one = page.calls.into_iter();
        calls.extend(one.map(|(call, told)| (call.id, told.iter().map(|entry| entry.seq).collect())));
        after = Some(page.place);
    }
    calls
}

#[tokio::test]
async fn every_call_of_a_period_is_read_once_with_all_that_told_of_it() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, day(3, 40)).await;
    // Ties, a call before the period, and one of which nobody knows when it began.
    append(&store, (0..7).map(|n| webhook(0, &ringing(&format!("tie{n}"), 5, "+14155550100", 101)))).await;
    append(&store, [webhook(0, &ringing("before", -100, "+14155550100", 101))]).await;
    let nameless = serde_json::json!({
        "event": "phone.recording_completed", "event_ts": (start() + SignedDuration::from_mins(1)).as_millisecond(),
        "payload": { "account_id": ACCOUNT, "object": { "recordings": [{ "id": "r1", "call_id": "unknown" }] } },
    });
    append(&store, [webhook(0, &nameless)]).await;
    fold_all(&store);
    let period = (start(), later());
    let whole = heard(&store, period, 1000).await;
    assert_eq!(whole.len() as u64, store.count_heard(ACCOUNT, period.0, period.1).await.unwrap());
    assert!(whole.iter().all(|(id, told)| id != "before" && !told.is_empty()));
    assert!(whole.iter().any(|(id, _)| id == "unknown"));
    for size in [1, 3, 7] {
        assert_eq!(heard(&store, period, size).await, whole, "pages of {size}");
    }
    for (id, told) in &whole {
        let entries = store.entries_of(ACCOUNT, id).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), *told, "{id}");
    }
    assert!(heard(&store, (later(), later() + SignedDuration::from_hours(1)), 5).await.is_empty());
    assert!(store.heard("another account", period, None, 5).await.unwrap().is_none());
}

#[tokio::test]
async fn a_report_is_done_with_its_items_and_without_those_that_are_said_once() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let first = store.order_report(order(), start()).await.unwrap();
    let second = store.order_report(order(), start()).await.unwrap();
    assert_eq!(first.state, ReportState::Waiting);
    let taken = store.next_report().await.unwrap().unwrap();
    assert_eq!((taken.id, taken.state), (first.id, ReportState::Running));
    let items = vec![
        (1, item(ItemKind::NeverSent, "e1", "phone.a")),
        (2, item(ItemKind::NeverSent, "e2", "phone.b")),
        (3, item(ItemKind::SentLate, "4", "phone.a")),
    ];
    store.advance_report(first.id, "comparing", (3, 9), items).await.unwrap();
    let shown = store.report(first.id).await.unwrap().unwrap();
    assert_eq!((shown.done, shown.total, shown.step.as_str()), (3, 9, "comparing"));
    let rules = Rules::new(start(), later(), later(), Coverage::default());
    let never_seen = vec![Family { event: "phone.a".to_owned(), expected: 5 }];
    let summary = Summary { never_seen, ..Comparison::new(rules).finish() };
    store.finish_report(first.id, summary.clone(), later()).await.unwrap();
    let shown = store.report(first.id).await.unwrap().unwrap();
    assert_eq!((shown.state, shown.summary), (ReportState::Done, Some(summary)));
    let all = store.report_items(first.id, None, (String::new(), 0), 10).await.unwrap();
    let ids: Vec<_> = all.iter().map(|((kind, n), item)| (kind.as_str(), *n, item.id.as_str())).collect();
    assert_eq!(ids, [("never_sent", 2, "e2"), ("sent_late", 3, "4")]);
    let after = store.report_items(first.id, None, all[0].0.clone(), 10).await.unwrap();
    assert_eq!(after.len(), 1);
    let late = store.report_items(first.id, Some(ItemKind::SentLate), (String::new(), 0), 10).await.unwrap();
    assert_eq!(late.len(), 1);
    let listed = store.reports(None, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|report| report.id).collect::<Vec<_>>(), [second.id, first.id]);
    assert_eq!(store.reports(None, Some(second.id), 10).await.unwrap()[0].id, first.id);

    // 401 days later it is gone.
    let much_later = start() + SignedDuration::from_hours(401 * 24);
    let third = store.order_report(order(), much_later).await.unwrap();
    assert_eq!(store.next_report().await.unwrap().unwrap().id, second.id);
    store.fail_report(second.id, "no".to_owned(), much_later).await.unwrap();
    assert_eq!(store.next_report().await.unwrap().unwrap().id, third.id);
    store.finish_report(third.id, Summary::default(), much_later).await.unwrap();
    let left: Vec<_> = store.reports(None, None, 10).await.unwrap().iter().map(|report| report.id).collect();
    assert_eq!(left, [third.id]);
    assert!(store.report_items(first.id, None, (String::new(), 0), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_report_that_was_cut_off_is_made_anew_and_given_up_after_the_third_time() {
    let directory = TempDir::new().unwrap();
    let mut store = Store::open(directory.path()).unwrap();
    let report = store.order_report(order(), start()).await.unwrap();
    for time in 1..=3 {
        assert_eq!(store.next_report().await.unwrap().unwrap().id, report.id, "time {time}");
        let items = vec![(1, item(ItemKind::NeverSent, "e1", "phone.a"))];
        store.advance_report(report.id, "comparing", (1, 2), items).await.unwrap();
        drop(store);
        store = Store::open(directory.path()).unwrap();
        store.resume_reports(later()).await.unwrap();
        assert!(store.report_items(report.id, None, (String::new(), 0), 9).await.unwrap().is_empty());
    }
    let given_up = store.report(report.id).await.unwrap().unwrap();
    assert_eq!(given_up.state, ReportState::Failed);
    assert!(given_up.error.unwrap().contains("ask again"));
    assert!(store.next_report().await.unwrap().is_none());
    assert!(store.advance_report(report.id, "comparing", (1, 2), Vec::new()).await.is_err());
}
