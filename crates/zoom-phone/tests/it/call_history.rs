use serde_json::{Value, json};
use zoom_phone::client::{Anomaly, CallHistoryQuery, Generation, TimeType};

use crate::fake::{Answer, Fake};

fn query() -> CallHistoryQuery {
    CallHistoryQuery::new("2026-11-21T00:00:00Z".parse().unwrap(), "2026-11-22T00:00:00Z".parse().unwrap())
}

fn page(ids: &[&str], token: &str, total: u64) -> Answer {
    let rows: Vec<Value> =
        ids.iter().map(|id| json!({"call_history_uuid": id, "call_id": format!("c{id}")})).collect();
    Answer::new(
        200,
        &json!({"call_history": rows, "next_page_token": token, "page_size": 300, "total_records": total}),
    )
}

/// All ids and anomalies until the end, and the error that ended it.
async fn collect(fake: &Fake, query: CallHistoryQuery) -> (Vec<String>, Vec<Anomaly>, Option<String>) {
    let mut pages = fake.client().call_history(query);
    let (mut ids, mut anomalies, mut failure) = (Vec::new(), Vec::new(), None);
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => {
                ids.extend(page.items.iter().map(|row| row.id().unwrap().to_owned()));
                anomalies.extend(page.anomalies);
            }
            Err(error) => failure = Some(error.to_string()),
        }
    }
    (ids, anomalies, failure)
}

#[tokio::test]
async fn pages_are_read_to_the_end_with_the_same_filters() {
    let fake = Fake::start().await;
    fake.answer(page(&["1", "2"], "next/1", 3)).answer(page(&["3"], "", 3));
    let mut asked = query();
    asked.time_type = Some(TimeType::EndTime);
    asked.filters = vec![
        ("directions".to_owned(), "inbound".to_owned()),
        ("directions".to_owned(), "outbound".to_owned()),
    ];
    let (ids, anomalies, failure) = collect(&fake, asked).await;
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!((anomalies, failure), (vec![], None));
    let first = "page_size=300&time_type=end_time&directions=inbound&directions=outbound\
                 &from=2026-11-21T00%3A00%3A00Z&to=2026-11-22T00%3A00%3A00Z";
    let sent: Vec<_> = fake.requests().into_iter().map(|request| request.query).collect();
    assert_eq!(sent, [first.to_owned(), format!("{first}&next_page_token=next%2F1")]);
    assert_eq!(fake.requests()[0].path, "/v2/phone/call_history");
}

#[tokio::test]
async fn a_token_after_the_last_page_costs_no_request() {
    let fake = Fake::start().await;
    fake.answer(page(&["1"], "t1", 1)).answer(page(&["1"], "t1", 1));
    let (ids, anomalies, _) = collect(&fake, query()).await;
    assert_eq!((ids.len(), anomalies), (1, vec![Anomaly::TokenAfterLastPage]));
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_never_stops_is_stopped_and_the_gap_is_reported() {
    let fake = Fake::start().await;
    for _ in 0..9 {
        fake.answer(page(&["1"], "same", 500));
    }
    let (_, anomalies, failure) = collect(&fake, query()).await;
    assert_eq!((fake.requests().len(), failure), (2, None));
    assert!(anomalies.contains(&Anomaly::RepeatedToken));
    assert!(anomalies.contains(&Anomaly::FewerRows { expected: 500, received: 1 }));
    assert!(anomalies.iter().any(Anomaly::may_miss_rows));
}

#[tokio::test]
async fn an_error_ends_the_pages() {
    let fake = Fake::start().await;
    let refused = json!({"code": 300, "message": "Validation Failed."});
    fake.answer(page(&["1"], "t1", 9)).answer(Answer::new(400, &refused)).answer(page(&["2"], "", 9));
    let (ids, _, failure) = collect(&fake, query()).await;
    assert_eq!(ids, ["1"]);
    assert!(failure.unwrap().starts_with("accountCallHistory: Zoom answered 400, code 300"));
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn the_old_array_is_read_where_the_new_one_is_missing() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(200, &json!({"call_logs": [{"id": "1", "call_id": "c1"}], "total_records": 1})));
    let first = fake.client().call_history(query()).next().await.unwrap().unwrap();
    assert_eq!((first.items[0].id(), first.items[0].generation()), (Some("1"), Generation::V2));
    assert_eq!(first.items[0].call_id(), Some("c1"));
    assert_eq!(first.total_records, Some(1));
    assert_eq!(first.anomalies, [Anomaly::OnlyInCallLogs { count: 1 }]);
}

#[tokio::test]
async fn an_answer_that_is_no_object_is_an_error() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(200, "[]"));
    let (ids, _, failure) = collect(&fake, query()).await;
    assert!(ids.is_empty());
    assert!(failure.unwrap().contains("not a JSON object"));
}
