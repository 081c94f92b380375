//! Jumps of the clock, and what happens on the way.

use axum::http::StatusCode;
use serde_json::{Value, json};
use zoom_phone_emulator::Config;

use crate::receiver::{CHALLENGE, Rig, START, Seen, quiet};

/// The company's time of each attempt of the only delivery of the event with this id.
async fn attempts(rig: &Rig, id: u64) -> Vec<String> {
    let event = rig.get(&format!("/events/log/{id}")).await;
    let attempts = event["deliveries"][0]["attempts"].as_array().expect("attempts");
    attempts.iter().map(|attempt| attempt["at"].as_str().expect("a time").to_owned()).collect()
}

#[tokio::test]
async fn retries_come_due_inside_a_jump_at_their_exact_times() {
    let rig = Rig::start(quiet(), |seen, _| if seen.event == CHALLENGE { 200 } else { 503 }).await;
    rig.emit(&["phone.sms_sent"]).await;
    assert_eq!(rig.names().len(), 1);
    rig.advance("4m 59s").await;
    assert_eq!(rig.names().len(), 1);
    rig.advance("1s").await;
    assert_eq!(rig.names().len(), 2);
    rig.advance("10h").await;
    let at = ["10:00", "10:05", "10:25", "11:25"].map(|time| format!("2026-11-22T{time}:00Z"));
    assert_eq!(attempts(&rig, 1).await, at);
    assert_eq!(rig.now().await.to_string(), "2026-11-22T20:05:00Z");
    let state = rig.get("/state").await;
    assert_eq!((&state["webhooks_dropped"], &state["webhooks_retried"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn a_day_in_one_jump_is_the_same_day_as_in_many_small_ones() {
    async fn day(steps: usize, by: &str) -> (Vec<Value>, Value) {
        // Some events are never taken, so that retries fall between new events.
        let stubborn = |seen: &Seen, _: usize| {
            if seen.event != CHALLENGE && seen.body.len().is_multiple_of(3) { 503 } else { 200 }
        };
        let rig = Rig::start(Config { seed: 11, ..quiet() }, stubborn).await;
        for scenario in ["queue_answered", "warm_transfer", "inbound_missed"] {
            let (status, _) = rig.ask("POST", &format!("/scenarios/{scenario}"), &Value::Null).await;
            assert_eq!(status, StatusCode::ACCEPTED);
        }
        for _ in 0..steps {
            rig.advance(by).await;
        }
        let mut log = rig.get("/events/log?limit=1000").await;
        let events = log["events"].as_array_mut().expect("events");
        // What differs from run to run is real time.
        for event in &mut *events {
            for attempt in event["deliveries"][0]["attempts"].as_array_mut().expect("attempts") {
                for real in ["sent_at", "latency_ms"] {
                    attempt[real] = Value::Null;
                }
            }
        }
        (std::mem::take(events), rig.get("/ledger").await)
    }
    let (events, ledger) = day(1, "4h").await;
    assert!(events.len() > 20 && ledger["calls"].as_array().is_some_and(|calls| calls.len() == 3));
    assert!(
        events
            .iter()
            .any(|event| event["deliveries"][0]["attempts"].as_array().is_some_and(|it| it.len() == 4))
    );
    assert_eq!(day(240, "1m").await, (events, ledger));
}

#[tokio::test]
async fn arrivals_go_on_through_a_jump() {
    let rig = Rig::willing(Config { calls_per_minute: 5.0, ..quiet() }).await;
    rig.advance("1h").await;
    let state = rig.get("/state").await;
    let finished = state["calls_finished"].as_u64().expect("a number");
    assert!((200..400).contains(&finished), "{finished}");
    assert_eq!(state["webhooks_acknowledged"], state["events"]);
    assert_eq!(state["webhooks_withheld"], 0);
}

#[tokio::test]
async fn the_clock_is_read_paused_sped_up_and_put_forward() {
    let rig = Rig::willing(quiet()).await;
    assert_eq!(rig.get("/clock").await, json!({ "now": START, "speed": 0.0, "paused": true }));
    let (status, clock) = rig.ask("POST", "/clock", &json!({ "advance": "1h 30m" })).await;
    assert_eq!((status, &clock["now"]), (StatusCode::OK, &json!("2026-11-22T11:30:00Z")));
    let (_, clock) = rig.ask("POST", "/clock", &json!({ "to": "2026-11-23T00:00:00Z" })).await;
    assert_eq!(clock["now"], "2026-11-23T00:00:00Z");
    let (_, clock) = rig.ask("POST", "/clock", &json!({ "speed": 3600.0 })).await;
    assert_eq!((&clock["speed"], &clock["paused"]), (&json!(3600.0), &json!(false)));
    // An hour goes by in a second, and what is due in it happens without a jump.
    rig.ask("POST", "/scenarios/inbound_missed", &Value::Null).await;
    while rig.get("/state").await["webhooks_acknowledged"] != 3 {
        tokio::task::yield_now().await;
    }
    let (_, clock) = rig.ask("POST", "/clock", &json!({ "pause": true })).await;
    assert_eq!(clock["paused"], true);
    let still = rig.now().await;
    assert_eq!(rig.now().await, still);
    let (_, clock) = rig.ask("POST", "/clock", &json!({ "pause": false })).await;
    assert_eq!(clock["speed"], 3600.0);
    for wrong in [
        json!({ "advance": "-1h" }),
        json!({ "advance": "soon" }),
        json!({ "to": START }),
        json!({ "speed": -1 }),
        json!({ "speed": 100_001 }),
        json!({ "advance": "8785h" }),
        json!({ "to": "2030-01-01T00:00:00Z" }),
        json!({ "rewind": true }),
        Value::Null,
    ] {
        let (status, answer) = rig.ask("POST", "/clock", &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer["error"].is_string(), "{wrong}");
    }
}

#[tokio::test]
async fn a_jump_that_nobody_waits_for_any_more_ends() {
    let rig = Rig::willing(Config { calls_per_minute: 5.0, ..quiet() }).await;
    let mut year = Box::pin(rig.advance("8760h"));
    assert!(futures::poll!(&mut year).is_pending());
    drop(year);
    rig.advance("1h").await;
    assert_eq!(rig.now().await.to_string(), "2026-11-22T11:00:00Z");
}

#[tokio::test]
async fn retries_of_a_time_that_a_snapshot_has_undone_do_not_come() {
    let rig = Rig::start(quiet(), |seen, _| if seen.event == CHALLENGE { 200 } else { 503 }).await;
    let saved = rig.get("/snapshot").await;
    rig.emit(&["phone.sms_sent"]).await;
    assert_eq!(rig.ask("PUT", "/snapshot", &saved).await.0, StatusCode::OK);
    rig.advance("10h").await;
    assert_eq!(attempts(&rig, 1).await.len(), 1);
    assert_eq!(rig.get("/events/log/1").await["deliveries"][0]["outcome"], "dropped");
}
