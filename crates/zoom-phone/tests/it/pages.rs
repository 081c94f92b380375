//! Lists of any operation; what is peculiar to the call history is in `call_history`.

use futures::StreamExt as _;
use serde_json::{Value, json};
use zoom_phone::client::{Anomaly, Call, Error};

use crate::fake::{Answer, Fake};

fn page(name: &str, ids: &[&str], token: &str) -> Answer {
    let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    Answer::new(200, &json!({name: rows, "next_page_token": token, "page_size": 100}))
}

fn queues(ids: &[&str], token: &str) -> Answer {
    page("call_queues", ids, token)
}

fn expired() -> Answer {
    Answer::new(400, &json!({"code": 300, "message": "The next page token is invalid or expired."}))
}

fn call(fake: &Fake, id: &str) -> Call {
    fake.client().operation(id).unwrap()
}

fn sent(fake: &Fake) -> Vec<String> {
    fake.requests().into_iter().map(|request| request.query).collect()
}

fn id(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

/// Ids and anomalies of all pages, and the error at the end.
async fn collect(call: Call) -> (Vec<String>, Vec<Anomaly>, Option<Error>) {
    let (mut ids, mut anomalies, mut failure) = (Vec::new(), Vec::new(), None);
    let mut pages = call.pages::<Value>();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => {
                ids.extend(page.items.iter().map(id));
                anomalies.extend(page.anomalies);
            }
            Err(error) => failure = Some(error),
        }
    }
    (ids, anomalies, failure)
}

#[tokio::test]
async fn the_largest_page_is_asked_for_unless_the_caller_chose() {
    let fake = Fake::start().await;
    fake.answer(queues(&["a"], "t/1")).answer(queues(&["b"], "")).answer(queues(&[], ""));
    let (ids, anomalies, failure) = collect(call(&fake, "listCallQueues")).await;
    assert_eq!((ids, anomalies), (vec!["a".to_owned(), "b".to_owned()], vec![]));
    assert!(failure.is_none());
    collect(call(&fake, "listCallQueues").query("page_size", 7)).await;
    assert_eq!(sent(&fake), ["page_size=100", "page_size=100&next_page_token=t%2F1", "page_size=7"]);
}

#[tokio::test]
async fn a_page_is_asked_for_when_it_is_wanted() {
    let fake = Fake::start().await;
    fake.answer(queues(&["a"], "t")).answer(queues(&["b"], ""));
    let mut pages = call(&fake, "listCallQueues").pages::<Value>();
    assert!(fake.requests().is_empty());
    pages.next().await.unwrap().unwrap();
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn everything_else_in_an_answer_is_kept_and_what_is_no_row_is_apart() {
    let fake = Fake::start().await;
    let body = json!({"page_size": 30, "call_queues": [{"id": "a"}, null, {"id": "b"}], "total_records": 3, "new": {"x": [1]}});
    fake.answer(Answer::new(200, &body));
    let page = call(&fake, "listCallQueues").pages::<Value>().next().await.unwrap().unwrap();
    assert_eq!(page.items, [json!({"id": "a"}), json!({"id": "b"})]);
    assert_eq!(page.unreadable, [Value::Null]);
    assert_eq!(page.anomalies, [Anomaly::UnreadableRows { count: 1 }]);
    assert_eq!(Value::Object(page.rest), json!({"page_size": 30, "total_records": 3, "new": {"x": [1]}}));
    assert_eq!(page.total_records, Some(3));
}

#[tokio::test]
async fn items_are_the_rows_of_all_pages() {
    let fake = Fake::start().await;
    fake.answer(queues(&["a", "b"], "t")).answer(queues(&["c"], ""));
    let items: Vec<_> = call(&fake, "listCallQueues").pages::<Value>().items().collect().await;
    let ids: Vec<_> = items.into_iter().map(|item| id(&item.unwrap())).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[tokio::test]
async fn items_end_with_an_error_where_rows_may_be_missing() {
    let fake = Fake::start().await;
    fake.answer(queues(&["a"], "same")).answer(queues(&["b"], "same"));
    let items: Vec<_> = call(&fake, "listCallQueues").pages::<Value>().items().collect().await;
    assert_eq!(items.len(), 3);
    let error = items.into_iter().next_back().unwrap().unwrap_err();
    assert!(
        matches!(&error, Error::Incomplete { anomalies, .. } if *anomalies == [Anomaly::RepeatedToken]),
        "{error}"
    );
    assert!(error.retry_helps());
}

#[tokio::test]
async fn items_end_with_the_error_that_ended_the_pages() {
    let fake = Fake::start().await;
    fake.answer(queues(&["a"], "t")).answer(Answer::new(403, &json!({"code": 403, "message": "no"})));
    let items: Vec<_> = call(&fake, "listCallQueues").pages::<Value>().items().collect().await;
    assert!(matches!(&items[..], [Ok(_), Err(Error::Api(_))]), "{items:?}");
}

#[tokio::test]
async fn after_an_expired_token_the_list_is_read_again_once_without_what_was_handed_out() {
    let fake = Fake::start().await;
    fake.answer(queues(&["a", "b"], "t1"))
        .answer(expired())
        .answer(queues(&["a", "b"], "t2"))
        .answer(queues(&["c"], ""));
    let (ids, anomalies, failure) = collect(call(&fake, "listCallQueues")).await;
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(anomalies, [Anomaly::Restarted]);
    assert!(failure.is_none() && !Anomaly::Restarted.may_miss_rows());
    let tokens: Vec<_> = sent(&fake).iter().map(|query| query.contains("next_page_token")).collect();
    assert_eq!(tokens, [false, true, false, true]);

    let fake = Fake::start().await;
    fake.answer(queues(&["a"], "t1")).answer(expired()).answer(queues(&["a"], "t2")).answer(expired());
    let (ids, _, failure) = collect(call(&fake, "listCallQueues")).await;
    assert_eq!((ids, failure.unwrap().api().unwrap().code), (vec!["a".to_owned()], Some(300)));
    assert_eq!(fake.requests().len(), 4);
}

#[tokio::test]
async fn a_refused_first_page_is_not_asked_for_again() {
    let fake = Fake::start().await;
    fake.answer(expired()).answer(queues(&["a"], ""));
    assert!(collect(call(&fake, "listCallQueues")).await.2.is_some());
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_long_window_is_read_slice_by_slice_and_a_row_on_a_border_comes_once() {
    let fake = Fake::start().await;
    let recordings = |ids: &[&str], token: &str| page("recordings", ids, token);
    fake.answer(recordings(&["1", "2"], "t"))
        .answer(recordings(&["3"], ""))
        .answer(recordings(&["3", "4"], ""))
        .answer(recordings(&[], ""));
    let window = call(&fake, "getPhoneRecordings")
        .window("2026-09-30T00:00:00Z".parse().unwrap(), "2026-11-01T00:00:00Z".parse().unwrap());
    let (ids, anomalies, failure) = collect(window).await;
    assert_eq!(ids, ["1", "2", "3", "4"]);
    assert_eq!(anomalies, []);
    assert!(failure.is_none());
    let day = |month: u32, day: u32| format!("2026-{month:02}-{day:02}T00%3A00%3A00Z");
    let asked = |from, to, token: &str| format!("page_size=300&from={from}&to={to}{token}");
    assert_eq!(
        sent(&fake),
        [
            asked(day(9, 30), day(10, 1), ""),
            asked(day(9, 30), day(10, 1), "&next_page_token=t"),
            asked(day(10, 1), day(10, 31), ""),
            asked(day(10, 31), day(11, 1), ""),
        ]
    );
}

#[tokio::test]
async fn a_full_sync_goes_on_with_older_rows_until_there_are_none() {
    let fake = Fake::start().await;
    let rows = |ids: &[u32], token: &str| {
        let rows: Vec<_> = ids.iter().map(|id| json!({"message_id": id.to_string()})).collect();
        Answer::new(200, &json!({"sms_histories": rows, "sync_token": token}))
    };
    fake.answer(rows(&[3, 4], "s1")).answer(rows(&[1, 2], "s2")).answer(rows(&[], "s2"));
    let mut pages = call(&fake, "smsSessionSync").path("sessionId", "x").pages::<Value>();
    let (mut count, mut token) = (0, None);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert_eq!(page.anomalies, []);
        count += page.items.len();
        token = page.sync_token.or(token);
    }
    assert_eq!((count, token.as_deref()), (4, Some("s2")));
    assert_eq!(
        sent(&fake),
        [
            "sync_type=FSync&count=250",
            "count=250&sync_type=BSync&sync_token=s1",
            "count=250&sync_type=BSync&sync_token=s2"
        ]
    );
}

#[tokio::test]
async fn a_sync_that_is_too_far_behind_begins_again_in_full() {
    let fake = Fake::start().await;
    let too_many =
        json!({"code": 7035, "message": "The number of new records exceeds the sync count. Please resync."});
    let rows = json!({"sms_histories": [{"message_id": "1"}], "sync_token": "s9"});
    fake.answer(Answer::new(400, &too_many))
        .answer(Answer::new(200, &rows))
        .answer(Answer::new(200, &json!({"sms_histories": [], "sync_token": "s9"})));
    let sync = call(&fake, "smsSessionSync").path("sessionId", "x").query("sync_token", "old");
    let page = sync.pages::<Value>().next().await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.anomalies), (1, vec![Anomaly::Restarted]));
    assert_eq!(sent(&fake), ["sync_token=old&sync_type=ISync&count=250", "count=250&sync_type=FSync"]);
}

#[tokio::test]
async fn what_has_no_pages_says_so_and_nothing_is_sent() {
    let fake = Fake::start().await;
    let (_, _, failure) = collect(call(&fake, "phoneUser").path("userId", "u")).await;
    assert!(failure.unwrap().to_string().contains("is no list with pages"));
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn another_reading_goes_on_where_one_stopped_and_from_the_beginning_if_the_token_has_run_out() {
    let counted = |ids: &[&str], token: &str| {
        let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        Answer::new(200, &json!({"call_queues": rows, "next_page_token": token, "total_records": 3}))
    };
    let fake = Fake::start().await;
    fake.answer(counted(&["a", "b"], "t1")).answer(counted(&["c"], ""));
    let first = call(&fake, "listCallQueues").pages::<Value>().next().await.unwrap().unwrap();
    let place = first.resume.unwrap();
    assert_eq!((place.token.as_str(), place.pages, place.rows), ("t1", 1, 2));
    let (ids, anomalies, failure) = collect(call(&fake, "listCallQueues").resume(place.clone())).await;
    assert_eq!((ids, anomalies), (vec!["c".to_owned()], vec![]), "the rows of both readings are counted");
    assert!(failure.is_none());
    assert_eq!(sent(&fake)[1], "page_size=100&next_page_token=t1");

    fake.answer(expired()).answer(counted(&["a", "b"], "t2")).answer(counted(&["c"], ""));
    let (ids, anomalies, failure) = collect(call(&fake, "listCallQueues").resume(place)).await;
    assert_eq!((ids.concat(), anomalies), ("abc".to_owned(), vec![Anomaly::Restarted]));
    assert!(failure.is_none());
}
