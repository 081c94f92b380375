//! Syncs of call records: too many new rows, and how long a token is good for.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use zoom_phone_emulator::Scenario;

use crate::rig::Zoom;

impl Zoom {
    /// Plays this many short calls to extension 1001, one after the other; the id of the user.
    async fn many_calls(&self, calls: usize) -> String {
        let body = json!({ "to": "1001", "ring_seconds": 1, "talk_seconds": 1 });
        let uri = format!("/_emulator/scenarios/{}", Scenario::InboundAnswered);
        let mut user = String::new();
        for _ in 0..calls {
            let (status, answer) = self.say("POST", &uri, &body).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
            answer["call"]["answered_by"][0]["id"].as_str().expect("an id").clone_into(&mut user);
            tokio::time::sleep(Duration::from_secs(8)).await;
        }
        tokio::time::sleep(Duration::from_mins(5)).await;
        user
    }
}

fn count(answer: &Value) -> usize {
    answer["call_elements"].as_array().unwrap_or_else(|| panic!("rows in {answer}")).len()
}

#[tokio::test(start_paused = true)]
async fn with_more_than_250_new_rows_a_sync_must_begin_anew() {
    let mut zoom = Zoom::start().await;
    let user = zoom.many_calls(1).await;
    let base = format!("/v2/phone/users/{user}/call_history/sync");
    let (_, full) = zoom.get(&format!("{base}?sync_type=FSync&count=300")).await;
    let token = full["sync_token"].as_str().expect("a token").to_owned();
    let new = format!("{base}?sync_type=ISync&count=300&sync_token={token}");
    zoom.many_calls(250).await;
    zoom.token = zoom.new_token().await;
    let (status, answer) = zoom.get(&new).await;
    assert_eq!((status, count(&answer)), (StatusCode::OK, 250));
    zoom.many_calls(1).await;
    let (status, refused) = zoom.get(&new).await;
    assert_eq!((status, &refused["code"]), (StatusCode::BAD_REQUEST, &json!(7035)));
    let (status, again) = zoom.get(&format!("{base}?sync_type=FSync&count=300")).await;
    assert_eq!((status, count(&again)), (StatusCode::OK, 252));
}

#[tokio::test(start_paused = true)]
async fn a_sync_token_is_good_for_a_day_and_for_its_own_user() {
    let mut zoom = Zoom::start().await;
    let user = zoom.many_calls(1).await;
    let base = format!("/v2/phone/users/{user}/call_history/sync");
    let (_, full) = zoom.get(&format!("{base}?sync_type=FSync")).await;
    let token = full["sync_token"].as_str().expect("a token").to_owned();
    let new = format!("{base}?sync_type=ISync&sync_token={token}");
    let refused = json!({ "code": 300, "message": "The sync token is invalid or expired." });
    let (_, users) = zoom.get("/v2/phone/users").await;
    let users = users["users"].as_array().expect("users");
    let other =
        users.iter().find(|other| other["id"] != *user).expect("another")["id"].as_str().expect("an id");
    let others = format!("/v2/phone/users/{other}/call_history/sync?sync_type=ISync&sync_token={token}");
    assert_eq!(zoom.get(&others).await, (StatusCode::BAD_REQUEST, refused.clone()));

    tokio::time::sleep(Duration::from_hours(23)).await;
    zoom.token = zoom.new_token().await;
    assert_eq!(zoom.get(&new).await.0, StatusCode::OK);
    tokio::time::sleep(Duration::from_hours(1)).await;
    zoom.token = zoom.new_token().await;
    assert_eq!(zoom.get(&new).await, (StatusCode::BAD_REQUEST, refused));
}
