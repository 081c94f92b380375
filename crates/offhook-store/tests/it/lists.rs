//! Lists and look-ups.

use jiff::SignedDuration;
use offhook_calls::{Direction, State};
use offhook_store::{CallFilter, Cursor, Store};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use crate::events::{ACCOUNT, append, day, fold_all, later, ringing, start, webhook};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_neither_skip_nor_repeat_under_ties_and_while_new_calls_come_in(
        starts in prop::collection::vec(0i64..6, 1..40),
        size in 1usize..9,
        new in 0i64..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = TempDir::new().unwrap();
            let store = Store::open(directory.path()).unwrap();
            append(&store, starts.iter().enumerate().map(|(n, at)| {
                webhook(0, &ringing(&format!("old{n}"), *at, "+14155550100", 101))
            })).await;
            fold_all(&store);
            let mut seen = Vec::new();
            let mut after: Option<Cursor> = None;
            let mut n = 0;
            loop {
                let page = store.calls(CallFilter::default(), after.clone(), size, later()).await.unwrap();
                prop_assert!(page.calls.len() <= size);
                seen.extend(page.calls.into_iter().map(|call| (call.started_at, call.id)));
                let Some(next) = page.next else { break };
                // It survives being written down.
                after = Some(next.to_string().parse().unwrap());
                append(&store, [webhook(0, &ringing(&format!("new{n}"), 100 + new, "+14155550100", 101))]).await;
                fold_all(&store);
                n += 1;
            }
            prop_assert!(seen.windows(2).all(|two| two[0].0 >= two[1].0), "newest first");
            let mut ids: Vec<_> = seen.into_iter().map(|(_, id)| id).collect();
            ids.sort_unstable();
            let mut expected: Vec<_> = (0..starts.len()).map(|n| format!("old{n}")).collect();
            expected.sort_unstable();
            prop_assert_eq!(ids, expected);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn filters_pick_what_they_say() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, day(1, 56)).await;
    fold_all(&store);
    let everything = CallFilter::default();
    let all = store.calls(everything.clone(), None, 500, later()).await.unwrap().calls;
    assert!(all.len() >= 50);
    let count = async |filter: CallFilter| store.calls(filter, None, 500, later()).await.unwrap().calls.len();

    for direction in [Direction::Inbound, Direction::Outbound, Direction::Internal] {
        let expected = all.iter().filter(|call| call.direction == direction).count();
        assert!(expected > 0);
        assert_eq!(count(CallFilter { direction: Some(direction), ..everything.clone() }).await, expected);
    }
    for result in all.iter().filter_map(|call| call.result) {
        let expected = all.iter().filter(|call| call.result == Some(result)).count();
        assert_eq!(count(CallFilter { result: Some(result), ..everything.clone() }).await, expected);
    }
    let ended = all.iter().filter(|call| call.state == State::Ended).count();
    assert_eq!(count(CallFilter { state: Some(State::Ended), ..everything.clone() }).await, ended);

    let (from, to) = (start() + SignedDuration::from_mins(10), start() + SignedDuration::from_mins(20));
    let between = all.iter().filter(|call| call.started_at.is_some_and(|at| at >= from && at < to)).count();
    assert_eq!(
        count(CallFilter { from: Some(from), to: Some(to), ..everything.clone() }).await,
        between,
        "from counts, to does not"
    );
    let queue = all.iter().find_map(|call| call.queue.as_ref()?.extension_number.clone()).unwrap();
    let with_queue = store
        .calls(CallFilter { queue: Some(queue.clone()), ..everything.clone() }, None, 500, later())
        .await
        .unwrap();
    assert!(!with_queue.calls.is_empty() && with_queue.calls.len() < all.len());
    assert!(with_queue.calls.iter().all(|call| format!("{call:?}").contains(&queue)));
    let person =
        all.iter().find_map(|call| call.legs.iter().find_map(|leg| leg.party.user_id.clone())).unwrap();
    let theirs = all.iter().filter(|call| format!("{call:?}").contains(&person)).count();
    assert_eq!(count(CallFilter { person: Some(person), ..everything.clone() }).await, theirs);
    assert_eq!(count(CallFilter { account: Some(ACCOUNT.into()), ..everything.clone() }).await, all.len());
    assert_eq!(count(CallFilter { account: Some("B".into()), ..everything.clone() }).await, 0);
    assert_eq!(
        count(CallFilter { number: Some("12".into()), ..everything.clone() }).await,
        0,
        "too short to mean anybody"
    );
    // Together they narrow, and a page of a filtered list goes on within the filter.
    let filter = CallFilter { direction: Some(Direction::Inbound), state: Some(State::Ended), ..everything };
    let whole: Vec<_> = store
        .calls(filter.clone(), None, 500, later())
        .await
        .unwrap()
        .calls
        .into_iter()
        .map(|call| call.id)
        .collect();
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = store.calls(filter.clone(), after, 3, later()).await.unwrap();
        paged.extend(page.calls.into_iter().map(|call| call.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, whole);
}

#[tokio::test]
async fn a_call_is_found_by_any_id_number_end_formatted_number_or_extension() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(
        &store,
        [
            webhook(0, &ringing("7018", 0, "+14155550142", 1101)),
            webhook(0, &ringing("7019", 1, "+14155559999", 1102)),
        ],
    )
    .await;
    fold_all(&store);
    for (text, kind) in [
        ("7018", "call_id"),
        (" 7018 ", "call_id"),
        ("+14155550142", "number"),
        ("+1 (415) 555-0142", "number"),
        ("415.555.0142", "number"),
        ("0142", "number"),
        ("1101", "extension"),
        ("user1101", "user"),
    ] {
        let found = store.search(None, text, 10).await.unwrap();
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!((found[0].kind.as_str(), found[0].call.id.as_str()), (kind, "7018"), "{text}");
    }
    let both = store.search(None, "+1415555", 10).await.unwrap();
    assert!(both.is_empty(), "a beginning is no end");
    for nothing in ["", "142", "abc", "%", "7018' OR 1=1 --", "99999999999999999999999"] {
        assert!(store.search(None, nothing, 10).await.unwrap().is_empty(), "{nothing}");
    }
    assert!(store.search(Some("B".to_owned()), "7018", 10).await.unwrap().is_empty());
    assert_eq!(store.call(Some(ACCOUNT.to_owned()), "7018").await.unwrap().unwrap().id, "7018");
    assert!(store.call(None, "nobody").await.unwrap().is_none());
}

#[tokio::test]
async fn a_call_in_which_a_person_appears_twice_is_found_once() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    // Two calls that began in one second, each with 1101 both as an extension and at the end of a number.
    for id in ["1", "2"] {
        append(&store, [webhook(0, &ringing(id, 0, "+14155551101", 1101))]).await;
    }
    fold_all(&store);
    let mut found: Vec<_> =
        store.search(None, "1101", 10).await.unwrap().into_iter().map(|found| found.call.id).collect();
    found.sort_unstable();
    assert_eq!(found, ["1", "2"]);
}

#[test]
fn a_cursor_that_is_not_ours_is_refused() {
    for text in ["", "x", "12", "x.y"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_call_that_went_silent_is_listed_as_unknown_and_not_as_ringing() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, [webhook(0, &ringing("1", 0, "+15550100", 1001))]).await;
    fold_all(&store);
    let count = async |state: State, now: jiff::Timestamp| {
        let filter = CallFilter { state: Some(state), ..CallFilter::default() };
        store.calls(filter, None, 10, now).await.unwrap().calls.len()
    };
    assert_eq!((count(State::Ringing, later()).await, count(State::Unknown, later()).await), (1, 0));
    let tomorrow = start() + SignedDuration::from_hours(24);
    assert_eq!((count(State::Ringing, tomorrow).await, count(State::Unknown, tomorrow).await), (0, 1));
}

#[tokio::test]
async fn calls_that_one_recording_joined_are_listed_as_a_conflict() {
    let recorded = |call: &str, recording: &str| {
        let file = json!({ "id": recording, "call_id": call, "date_time": start().to_string() });
        let body = json!({
            "event": "phone.recording_completed",
            "event_ts": start().as_millisecond(),
            "payload": { "account_id": ACCOUNT, "object": { "recordings": [file] } },
        });
        webhook(0, &body)
    };
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, [recorded("71", "R1"), recorded("72", "R1"), recorded("73", "R2")]).await;
    fold_all(&store);
    let list = |conflict| {
        let store = &store;
        async move {
            let filter = CallFilter { conflict, ..CallFilter::default() };
            store.calls(filter, None, 500, later()).await.unwrap().calls
        }
    };
    assert_eq!(list(false).await.len(), 2);
    let found = list(true).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].conflicts.len(), 1);
    assert_eq!(
        (found[0].conflicts[0].value.as_str(), found[0].conflicts[0].claimed_by.clone()),
        ("R1", vec!["71".to_owned(), "72".to_owned()])
    );
    for id in ["71", "72", "R1"] {
        assert_eq!(store.call(None, id).await.unwrap().unwrap().id, "71", "{id} still leads there");
    }
}
