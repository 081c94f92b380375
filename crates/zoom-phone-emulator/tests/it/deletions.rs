//! What is told when something is deleted, and what is told in older versions.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use zoom_phone_emulator::{Config, Scenario, Temper};

use crate::rig::Zoom;

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} in {row}"))
}

impl Zoom {
    /// `payload.object` of every event of this name so far, oldest first.
    pub(crate) async fn told_of(&self, name: &str) -> Vec<Value> {
        // Whatever was caused just now is sent a moment later.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let (_, log) = self.get(&format!("/_emulator/events/log?limit=1000&event=phone.{name}")).await;
        let mut objects = Vec::new();
        for event in log["events"].as_array().expect("events") {
            let (_, whole) = self.get(&format!("/_emulator/events/log/{}", event["id"])).await;
            let body: Value = serde_json::from_str(text(&whole, "body")).expect("JSON");
            objects.push(body["payload"]["object"].clone());
        }
        objects
    }

    async fn gone(&self, uri: &str) {
        assert_eq!(self.call("DELETE", uri).await.0, StatusCode::NO_CONTENT, "{uri}");
    }
}

async fn with_older(temper: Temper) -> Zoom {
    Zoom::with(Config { temper, older_records: true, ..Config::default() }).await
}

#[tokio::test(start_paused = true)]
async fn a_deleted_call_is_told_in_all_three_versions_with_the_ids_of_each() {
    let zoom = with_older(Temper::Documented).await;
    let call = zoom.play(Scenario::InboundAnswered).await;
    let (user, uuid) = (text(&call["answered_by"][0], "id"), text(&call, "call_history_uuid"));
    zoom.gone(&format!("/v2/phone/users/{user}/call_history/{uuid}")).await;
    let steps = &call["call_element_ids"];
    for (name, list) in
        [("call_element_deleted", "call_element_ids"), ("call_history_deleted", "call_log_ids")]
    {
        let told = zoom.told_of(name).await;
        assert_eq!(told.len(), 1, "{name}");
        assert_eq!((&told[0]["user_id"], &told[0][list]), (&json!(user), steps), "{name}");
        assert_eq!((&told[0]["move_to_trash"], &told[0]["delete_all"]), (&json!(true), &json!(false)));
    }
    let logs = zoom.told_of("call_log_deleted").await;
    let (_, known) = zoom.get("/v2/phone/call_logs").await;
    assert_eq!(logs[0]["call_logs"][0]["id"], known["call_logs"][0]["id"]);
    assert_eq!(logs[0]["call_logs"][0]["call_id"], call["call_id"]);
    assert!(zoom.told_of("call_history_trash_deleted").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn live_a_call_deleted_twice_leaves_the_trash_with_the_announced_event() {
    let zoom = with_older(Temper::Field).await;
    let call = zoom.play(Scenario::InboundAnswered).await;
    let (user, uuid) = (text(&call["answered_by"][0], "id"), text(&call, "call_history_uuid"));
    let address = format!("/v2/phone/users/{user}/call_history/{uuid}");
    zoom.gone(&address).await;
    assert!(zoom.told_of("call_history_trash_deleted").await.is_empty());
    zoom.gone(&address).await;
    let told = zoom.told_of("call_history_trash_deleted").await;
    let ids = zoom.told_of("call_history_deleted").await[0]["call_log_ids"].clone();
    assert_eq!((&told[0]["user_id"], &told[0]["call_log_ids"]), (&json!(user), &ids));
    assert_eq!(zoom.call("DELETE", &address).await.0, StatusCode::NOT_FOUND);
    assert_eq!(zoom.told_of("call_history_trash_deleted").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn announced_events_are_listed_apart_and_can_be_sent() {
    let zoom = Zoom::start().await;
    let (_, all) = zoom.get("/_emulator/events").await;
    let names = |list: &str| -> BTreeSet<String> {
        let names = all[list].as_array().expect("names").iter();
        names.map(|name| name.as_str().expect("a name").to_owned()).collect()
    };
    let announced = names("announced");
    assert_eq!((names("events").len(), announced.len()), (71, 4));
    assert!(names("events").is_disjoint(&announced));
    for name in announced {
        let wanted = json!({ "user_id": "somebody" });
        let (status, sent) = zoom.say("POST", &format!("/_emulator/events/{name}"), &wanted).await;
        assert_eq!((status, &sent["event"]), (StatusCode::ACCEPTED, &json!(name)));
        let told = zoom.told_of(name.trim_start_matches("phone.")).await;
        assert_eq!((told.len(), &told[0]["user_id"]), (1, &wanted["user_id"]), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn recordings_and_voicemails_are_told_to_go_to_the_trash_and_then_for_good() {
    let zoom = Zoom::start().await;
    let recorded = zoom.play(Scenario::Recorded).await;
    let left = zoom.play(Scenario::InboundVoicemail).await;
    let (recording, voicemail) = (recorded["recording_ids"][0].clone(), left["voicemail_ids"][0].clone());
    let files = [
        ("recordings", "recording", "recordings", recording),
        ("voice_mails", "voicemail", "voice_mails", voicemail),
    ];
    for (path, name, list, id) in files {
        let id = id.as_str().expect("an id").to_owned();
        let address = format!("/v2/phone/{path}/{id}");
        zoom.gone(&address).await;
        let told = zoom.told_of(&format!("{name}_deleted")).await;
        assert_eq!((told.len(), &told[0][list][0]["id"]), (1, &json!(id)));
        assert!(zoom.told_of(&format!("{name}_permanently_deleted")).await.is_empty());
        zoom.gone(&address).await;
        assert_eq!(zoom.told_of(&format!("{name}_deleted")).await.len(), 1);
        let told = zoom.told_of(&format!("{name}_permanently_deleted")).await;
        assert_eq!((told.len(), &told[0][list][0]["id"]), (1, &json!(id)));
    }
}

#[tokio::test(start_paused = true)]
async fn older_versions_are_told_of_a_call_next_to_the_newest_when_wanted() {
    let names = ["call_element_completed", "call_history_completed", "call_log_completed"];
    let counts = async |zoom: &Zoom| {
        let mut counts = Vec::new();
        for side in ["caller", "callee"] {
            for name in names {
                counts.push(zoom.told_of(&format!("{side}_{name}")).await.len());
            }
        }
        counts
    };
    let quiet = Zoom::start().await;
    quiet.play(Scenario::InternalAnswered).await;
    assert_eq!(counts(&quiet).await, [1, 0, 0, 1, 0, 0]);

    let zoom = with_older(Temper::Documented).await;
    let call = zoom.play(Scenario::InternalAnswered).await;
    assert_eq!(counts(&zoom).await, [1; 6]);
    let first = async |name: &str, list: &str| zoom.told_of(name).await[0][list][0].clone();
    let element = first("callee_call_element_completed", "call_elements").await;
    let log = first("callee_call_history_completed", "call_logs").await;
    assert_eq!(log["id"], element["call_element_id"], "version 2 has the same id under its old name");
    assert_eq!(log["call_path_id"], element["call_history_uuid"]);
    let oldest = first("callee_call_log_completed", "call_logs").await;
    assert_eq!(oldest["call_id"], call["call_id"]);
    assert_eq!(oldest["result"], "Call connected");
    assert_ne!(oldest["id"], log["id"]);
}

#[tokio::test(start_paused = true)]
async fn live_a_download_with_a_wrong_token_is_a_page_and_no_refusal() {
    for (temper, expected) in
        [(Temper::Field, StatusCode::OK), (Temper::Documented, StatusCode::UNAUTHORIZED)]
    {
        let zoom = with_older(temper).await;
        let call = zoom.play(Scenario::Recorded).await;
        let id = call["recording_ids"][0].as_str().expect("an id").to_owned();
        let request = Request::get(format!("/v2/phone/recording/download/{id}"))
            .header("authorization", "Bearer wrong")
            .header("host", "127.0.0.1:8090")
            .body(Body::empty())
            .expect("a request");
        let response = zoom.answer(request).await;
        assert_eq!(response.status(), expected);
        let kind = response.headers()["content-type"].to_str().expect("readable").to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let page = temper == Temper::Field;
        assert_eq!(kind.starts_with("text/html"), page, "{kind}");
        assert_eq!(body.starts_with(b"<"), page);
    }
}
