//! Our stays in queues against Zoom's sums.

use offhook_calls::{
    AliasKind, CallFacts, CallKey, QueueEntryView, QueueOutcome, QueueRef,
    compare::{ItemKind, QueueCounts, Verdict, ZoomQueue},
};

use super::*;

const ALL: [QueueOutcome; 7] = [
    QueueOutcome::Answered,
    QueueOutcome::Answered,
    QueueOutcome::Abandoned,
    QueueOutcome::OverflowedOut,
    QueueOutcome::Voicemail,
    QueueOutcome::TimedOut,
    QueueOutcome::Rejected,
];

fn queue(name: Option<&str>, number: Option<&str>, id: Option<&str>) -> QueueRef {
    let text = |text: Option<&str>| text.map(str::to_owned);
    QueueRef { name: text(name), extension_number: text(number), extension_id: text(id) }
}

/// A call that went through a queue on the day of [`at`], or on another.
fn stay(days_later: i64, queue: &QueueRef, outcome: QueueOutcome) -> CallView {
    let start = at(0) + hours(24 * days_later);
    let name = Alias::new(AliasKind::CallId, "1").unwrap();
    let key = CallKey { account: ACCOUNT.to_owned(), name };
    let mut call = CallView::of(&key, &std::collections::BTreeSet::new(), &CallFacts::default());
    call.started_at = Some(start);
    call.queues = vec![QueueEntryView {
        queue: queue.clone(),
        via: None,
        entered_at: Some(start),
        left_at: Some(start),
        outcome,
        wait_seconds: None,
        answered_by: None,
        rung: 0,
        derived: false,
    }];
    call
}

fn row(id: &str, name: &str, counts: [i64; 4]) -> ZoomQueue {
    let [inbound, completed, abandoned, overflowed] = counts;
    let counts = QueueCounts { inbound, completed, abandoned, overflowed };
    ZoomQueue { extension_id: id.to_owned(), name: Some(name.to_owned()), counts }
}

fn day() -> jiff::civil::Date {
    at(0).to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[test]
fn each_outcome_has_its_number_and_one_difference_is_seen() {
    let sales = queue(Some("Sales"), Some("800"), Some("q1"));
    let mut comparison = Comparison::new(rules());
    for outcome in ALL {
        comparison.call(&stay(0, &sales, outcome), &[]);
    }
    comparison.call(&stay(1, &sales, QueueOutcome::Answered), &[]);
    let items = comparison.queues(day(), &[row("q1", "Sales", [5, 2, 1, 2]), row("q2", "Empty", [0; 4])]);
    assert_eq!(items.len(), 1, "a queue without calls is left out");
    let sum = items[0].queue.as_ref().unwrap();
    assert_eq!((items[0].kind, sum.unreconciled, sum.ours_other), (ItemKind::QueueEqual, 0, 2));
    let items = comparison.queues(day().tomorrow().unwrap(), &[row("q1", "Sales", [3, 1, 2, 0])]);
    let sum = items[0].queue.as_ref().unwrap();
    assert_eq!((items[0].kind, sum.unreconciled, sum.ours.inbound), (ItemKind::QueueDiffers, 2, 1));
    let summary = comparison.finish();
    let queues = summary.queues.as_ref().unwrap();
    assert_eq!((queues.days, queues.ours, queues.zooms, queues.missing), (2, 6, 8, 2));
    assert_eq!((summary.verdict, summary.missing()), (Verdict::Missing, 2));
}

#[test]
fn a_queue_is_one_whether_it_was_told_by_id_by_number_or_by_name() {
    let mut comparison = Comparison::new(rules());
    for seen in [
        queue(Some("Sales"), Some("800"), Some("q1")),
        queue(Some("Sales"), Some("800"), None),
        queue(Some("Sales"), None, None),
        queue(None, None, Some("q1")),
    ] {
        comparison.call(&stay(0, &seen, QueueOutcome::Answered), &[]);
    }
    let items = comparison.queues(day(), &[row("q1", "Sales", [4, 4, 0, 0]), row("q2", "Two", [0; 4])]);
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(items[0].kind, ItemKind::QueueEqual);
}

#[test]
fn a_queue_that_zoom_does_not_list_differs() {
    let mut comparison = Comparison::new(rules());
    comparison.call(&stay(0, &queue(None, Some("801"), None), QueueOutcome::Abandoned), &[]);
    let items = comparison.queues(day(), &[]);
    assert_eq!((items[0].kind, items[0].id.as_str()), (ItemKind::QueueDiffers, "801"));
    let summary = comparison.finish();
    assert_eq!(summary.verdict, Verdict::Complete, "more than Zoom counts is not missing");
    assert_eq!(summary.count(ItemKind::QueueDiffers), 1);
}
