//! The live stream.

use serde_json::Value;
use zoom_phone_emulator::Scenario;

use crate::rig::{Rig, Sse, call, call_id, soon};

/// Calls in a snapshot or delta, by id, with their state.
fn states(data: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    data["calls"].as_array().unwrap().iter().map(|call| (text(&call["id"]), text(&call["state"]))).collect()
}

#[tokio::test]
async fn a_client_gets_a_snapshot_and_then_every_change_with_growing_ids() {
    let rig = Rig::new().await;
    let mut stream = Sse::join(&rig, None).await;
    let first = stream.next().await.unwrap();
    assert_eq!(first.event, "snapshot");
    assert_eq!(states(&first.data), []);

    let events = call(3, Scenario::InboundAnswered);
    let id = call_id(&events[0]).to_owned();
    let mut last = first.id.unwrap();
    for (event, state) in events.iter().zip(["ringing", "talking", "ended"]) {
        rig.tell(event).await;
        let delta = stream.next().await.unwrap();
        assert_eq!(delta.event, "delta");
        assert_eq!(states(&delta.data), [(id.clone(), state.to_owned())]);
        let seq = delta.id.unwrap();
        assert!(seq > last, "ids grow");
        assert_eq!(delta.data["seq"], seq);
        last = seq;
    }

    let mut late = Sse::join(&rig, None).await;
    let snapshot = late.next().await.unwrap();
    assert_eq!((snapshot.event.as_str(), snapshot.id), ("snapshot", Some(last)));
    let now = rig.json("/api/v1/live/snapshot").await;
    assert_eq!(now["seq"], last);
    assert!(now["clocks"]["last_event_at"].is_string());
    assert_eq!(now["clocks"]["backlog"], 0);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed_and_nothing_else() {
    let rig = Rig::new().await;
    let (one, two) = (call(3, Scenario::InboundAnswered), call(4, Scenario::OutboundConnected));
    let mut stream = Sse::join(&rig, None).await;
    stream.next().await.unwrap();
    rig.tell(&one[0]).await;
    let seen = stream.next().await.unwrap().id.unwrap();
    drop(stream);

    rig.tell(&two[0]).await;
    rig.folded().await;
    let mut again = Sse::join(&rig, Some(&seen.to_string())).await;
    let missed = again.next().await.unwrap();
    assert_eq!(missed.event, "delta");
    let ids: Vec<_> = states(&missed.data).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [call_id(&two[0])], "only the call that changed meanwhile");
    rig.tell(&one[1]).await;
    let next = again.next().await.unwrap();
    assert!(next.id > missed.id);
    assert!(states(&next.data).contains(&(call_id(&one[0]).to_owned(), "talking".to_owned())));
}

#[tokio::test]
async fn a_number_that_the_feed_does_not_know_gets_a_snapshot() {
    let rig = Rig::new().await;
    rig.tell(&call(3, Scenario::InboundAnswered)[0]).await;
    rig.folded().await;
    for unknown in ["999999", "not a number", "-1", ""] {
        let mut stream = Sse::join(&rig, Some(unknown)).await;
        let first = stream.next().await.unwrap();
        assert_eq!(first.event, "snapshot", "{unknown:?}");
        assert_eq!(states(&first.data).len(), 1);
    }
}

#[tokio::test]
async fn when_the_feed_has_forgotten_what_clients_missed_they_start_afresh() {
    let rig = Rig::new().await;
    let mut stream = Sse::join(&rig, None).await;
    stream.next().await.unwrap();
    rig.tell(&call(3, Scenario::InboundAnswered)[0]).await;
    assert_eq!(stream.next().await.unwrap().event, "delta");
    // As if so much had changed at once that the feed no longer reached back to the last delta.
    let calls = rusqlite::Connection::open(rig.directory.path().join("calls.db")).unwrap();
    calls
        .execute_batch("DELETE FROM change; UPDATE sqlite_sequence SET seq = 50000 WHERE name = 'change'")
        .unwrap();
    rig.tell(&call(4, Scenario::InboundAnswered)[0]).await;
    let afresh = stream.next().await.unwrap();
    assert_eq!((afresh.event.as_str(), afresh.id), ("snapshot", Some(50_001)));
    assert_eq!(states(&afresh.data).len(), 2);
    // And from there on by deltas again.
    rig.tell(&call(4, Scenario::InboundAnswered)[1]).await;
    assert_eq!(stream.next().await.unwrap().event, "delta");
}

#[tokio::test]
async fn shutting_down_ends_the_stream_and_the_long_poll() {
    let rig = Rig::new().await;
    let mut stream = Sse::join(&rig, None).await;
    stream.next().await.unwrap();
    let poll = tokio::spawn(rig.http.get(rig.url("/api/v1/events?after=0&wait_seconds=25")).send());
    let began = std::time::Instant::now();
    rig.stop().await;
    assert!(stream.next().await.is_none());
    let answer = soon("the poll ends", poll).await.unwrap();
    // Whether the request was heard before the server stopped is a race; hanging is not.
    if let Ok(answer) = answer {
        assert!(answer.status() == 200 || answer.status() == 503);
    }
    assert!(began.elapsed().as_secs() < 4, "nobody had to be thrown out");
}
