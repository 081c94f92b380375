//! Call records in every version, and the files, reports and analytics that are made of them.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};
use zoom_phone_emulator::{Config, Emulator, Scenario, Temper, Version};

use crate::rig::Zoom;

const OK: StatusCode = StatusCode::OK;

fn rows<'a>(page: &'a Value, name: &str) -> &'a [Value] {
    page[name].as_array().unwrap_or_else(|| panic!("{name} in {page}"))
}

fn names(row: &Value) -> BTreeSet<&str> {
    row.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} in {row}"))
}

/// A user who answered or placed a call, from the ledger.
fn user_of(call: &Value) -> &str {
    text(&call["answered_by"][0], "id")
}

#[tokio::test(start_paused = true)]
async fn every_shape_of_a_call_has_the_fields_of_its_version_and_no_others() {
    let zoom = Zoom::start().await;
    let call = zoom.play(Scenario::Recorded).await;
    let user = user_of(&call);
    let (_, page) = zoom.get("/v2/phone/call_history").await;
    let (row, old_row) = (&rows(&page, "call_history")[0], &rows(&page, "call_logs")[0]);
    let uuid = text(row, "call_history_uuid");
    let (_, path) = zoom.get(&format!("/v2/phone/call_history/{uuid}")).await;
    let (element, old_element) = (&rows(&path, "call_elements")[0], &rows(&path, "call_path")[0]);
    let id = text(element, "call_element_id");
    let (_, alone) = zoom.get(&format!("/v2/phone/call_element/{id}")).await;
    let (_, detail) = zoom.get(&format!("/v2/phone/call_history_detail/{id}")).await;
    let (_, own) = zoom.get(&format!("/v2/phone/users/{user}/call_history")).await;
    let (own, old_own) = (&rows(&own, "call_elements")[0], &rows(&own, "call_logs")[0]);
    let (_, sync) = zoom.get(&format!("/v2/phone/users/{user}/call_history/sync?sync_type=FSync")).await;
    let synced = &rows(&sync, "call_elements")[0];

    // Which shape has which field: the fact sheet's matrix, by what tells the shapes apart.
    let shapes = [row, old_row, &path, element, old_element, &alone, &detail, own, old_own, synced];
    let matrix: [(&str, [u8; 10]); 13] = [
        ("call_history_uuid", [1, 0, 1, 0, 0, 1, 0, 1, 0, 1]),
        ("call_element_id", [0, 0, 0, 1, 0, 1, 0, 1, 0, 1]),
        ("id", [0, 1, 1, 0, 1, 0, 1, 0, 1, 0]),
        ("call_path_id", [0, 0, 0, 0, 0, 0, 1, 0, 1, 0]),
        ("duration", [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("call_result", [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("recording_status", [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("international", [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]),
        ("result", [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]),
        ("segment", [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]),
        ("waiting_time", [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]),
        ("talk_time", [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]),
        ("site_name", [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]),
    ];
    for (field, present) in matrix {
        let seen = shapes.map(|shape| u8::from(names(shape).contains(field)));
        assert_eq!(seen, present, "{field}");
    }
    assert_eq!(old_row["id"], row["call_history_uuid"], "version 2 has the same id under its old name");
    assert_eq!(old_own["call_path_id"], row["call_history_uuid"]);
    assert_eq!(element["recording_id"], own["recording_id"]);
    assert_eq!(own["wait_time"], element["waiting_time"]);
}

#[tokio::test(start_paused = true)]
async fn version_1_tells_the_same_calls_in_its_own_words_and_ids() {
    let mut zoom = Zoom::start().await;
    let played = zoom.play_all().await;
    let (_, page) = zoom.get("/v2/phone/call_logs?page_size=300").await;
    let logs = rows(&page, "call_logs");
    let ids: BTreeSet<_> = logs.iter().map(|log| text(log, "id")).collect();
    assert_eq!(ids.len(), logs.len(), "every log has its own id");
    for call in &played {
        let of_call: Vec<_> = logs
            .iter()
            .filter(|log| call["call_ids"].as_array().unwrap().contains(&log["call_id"]))
            .collect();
        assert!(!of_call.is_empty(), "{call}");
        let log = of_call[0];
        let (status, detail) = zoom.get(&format!("/v2/phone/call_logs/{}", text(log, "id"))).await;
        assert_eq!((status, &detail["call_id"]), (OK, &log["call_id"]));
        assert_eq!(detail["id"], log["id"], "ids are stable");
        let steps = rows(&detail, "log_details").len();
        assert_eq!(steps, call["call_element_ids"].as_array().expect("elements").len());
    }
    let words: BTreeSet<_> = logs.iter().map(|log| text(log, "result")).collect();
    for word in ["Call connected", "Missed", "Rejected", "Voicemail", "Answered by Other Member"] {
        assert!(words.contains(word), "{word} is not in {words:?}");
    }
    let (_, missed) = zoom.get("/v2/phone/call_logs?type=missed&page_size=300").await;
    let missed = rows(&missed, "call_logs");
    assert!(!missed.is_empty() && missed.iter().all(|log| log.get("answer_start_time").is_none()));
}

#[tokio::test(start_paused = true)]
async fn windows_are_checked_and_pages_hang_together_while_calls_come_in() {
    let zoom = Zoom::start().await;
    for (query, code) in [
        ("from=2026-11-01", 300),
        ("from=2026-10-01&to=2026-11-22", 300),
        ("from=2026-11-22&to=2026-11-01", 300),
        ("from=2026-01-01&to=2026-01-20", 300),
        ("page_size=301", 300),
        ("next_page_token=forged", 300),
    ] {
        let (status, answer) = zoom.get(&format!("/v2/phone/call_history?{query}")).await;
        assert_eq!((status.as_u16(), &answer["code"]), (400, &json!(code)), "{query}: {answer}");
    }
    for _ in 0..3 {
        zoom.play(Scenario::InboundAnswered).await;
    }
    let (_, first) = zoom.get("/v2/phone/call_history?page_size=2").await;
    assert_eq!((&first["total_records"], &first["page_count"]), (&json!(3), &json!(2)));
    zoom.play(Scenario::InboundAnswered).await;
    let mut seen: Vec<_> = rows(&first, "call_history").to_vec();
    let mut page = first;
    while let Some(token) = page["next_page_token"].as_str().filter(|token| !token.is_empty()) {
        let uri = format!("/v2/phone/call_history?page_size=2&next_page_token={token}");
        page = zoom.get(&uri).await.1;
        assert_eq!(page["total_records"], 3, "as the first page said");
        seen.extend_from_slice(rows(&page, "call_history"));
    }
    let ids: BTreeSet<_> = seen.iter().map(|row| text(row, "call_history_uuid")).collect();
    assert_eq!((seen.len(), ids.len()), (3, 3), "none twice, and not the one that came in later");
    assert!(seen.is_sorted_by(|a, b| text(a, "start_time") >= text(b, "start_time")), "newest first");
}

#[tokio::test(start_paused = true)]
async fn filters_let_through_what_they_name() {
    type Fits = fn(&Value) -> bool;

    let mut zoom = Zoom::start().await;
    zoom.play_all().await;
    let filters: [(&str, Fits); 6] = [
        ("directions=outbound", |row| row["direction"] == "outbound"),
        ("connect_types=internal", |row| row["connect_type"] == "internal"),
        ("recording_status=recorded", |row| row["recording_status"] == "recorded"),
        ("call_results=abandoned&call_results=rejected", |row| {
            row["call_result"] == "abandoned" || row["call_result"] == "rejected"
        }),
        ("extension_types=call_queue", |row| {
            row["callee_ext_type"] == "call_queue" || row["caller_ext_type"] == "call_queue"
        }),
        ("with_voicemail=true", |row| row["call_result"] == "voicemail"),
    ];
    let (_, all) = zoom.get("/v2/phone/call_history?page_size=300").await;
    for (query, wanted) in filters {
        let (_, page) = zoom.get(&format!("/v2/phone/call_history?page_size=300&{query}")).await;
        let found = rows(&page, "call_history");
        assert!(!found.is_empty() && found.iter().all(wanted), "{query}: {page}");
        let expected = rows(&all, "call_history").iter().filter(|row| wanted(row)).count();
        assert_eq!(found.len(), expected, "{query}");
        assert_eq!(page["total_records"], expected);
    }
    let row = &rows(&all, "call_history")[3];
    let call_id = text(row, "call_id");
    for query in [format!("call_ids={call_id}"), format!("keyword={call_id}")] {
        let (_, page) = zoom.get(&format!("/v2/phone/call_history?{query}")).await;
        assert_eq!(rows(&page, "call_history"), std::slice::from_ref(row));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sync_brings_what_is_new_and_refuses_a_token_that_is_none() {
    let mut zoom = Zoom::start().await;
    let user = user_of(&zoom.play(Scenario::InboundAnswered).await).to_owned();
    let base = format!("/v2/phone/users/{user}/call_history/sync");
    let (_, full) = zoom.get(&format!("{base}?sync_type=FSync&count=10")).await;
    let known = rows(&full, "call_elements").len();
    assert!(known >= 1);
    let token = text(&full, "sync_token").to_owned();
    let (_, nothing) = zoom.get(&format!("{base}?sync_type=ISync&sync_token={token}")).await;
    assert!(rows(&nothing, "call_elements").is_empty());
    let mut call = json!({});
    while call["answered_by"][0]["id"] != *user {
        call = zoom.play(Scenario::InboundAnswered).await;
        zoom.token = zoom.new_token().await;
    }
    let (_, new) = zoom.get(&format!("{base}?sync_type=ISync&sync_token={token}")).await;
    assert_eq!(rows(&new, "call_elements")[0]["call_id"], call["call_id"]);
    let (status, refused) = zoom.get(&format!("{base}?sync_type=ISync&sync_token=x{token}")).await;
    assert_eq!((status.as_u16(), &refused["code"]), (400, &json!(300)));
}

#[tokio::test(start_paused = true)]
async fn what_a_user_deletes_is_gone_for_the_user_and_stays_for_the_account() {
    let zoom = Zoom::start().await;
    let call = zoom.play(Scenario::InboundAnswered).await;
    let (user, uuid) = (user_of(&call), text(&call, "call_history_uuid"));
    let own = format!("/v2/phone/users/{user}/call_history");
    assert_eq!(rows(&zoom.get(&own).await.1, "call_elements").len(), 1);
    let delete = format!("{own}/{uuid}");
    assert_eq!(zoom.call("DELETE", &delete).await.0, StatusCode::NO_CONTENT);
    assert!(rows(&zoom.get(&own).await.1, "call_elements").is_empty());
    let logs = format!("/v2/phone/users/{user}/call_logs");
    assert!(rows(&zoom.get(&logs).await.1, "call_logs").is_empty());
    assert_eq!(zoom.get(&format!("/v2/phone/call_history/{uuid}")).await.0, OK);
    let (status, refused) = zoom.call("DELETE", &delete).await;
    assert_eq!((status.as_u16(), &refused["code"]), (404, &json!(301)));
}

#[tokio::test(start_paused = true)]
async fn a_client_code_is_shown_with_the_steps_of_its_call() {
    let zoom = Zoom::start().await;
    let call = zoom.play(Scenario::OutboundConnected).await;
    let uuid = text(&call, "call_history_uuid");
    let address = format!("/v2/phone/call_history/{uuid}/client_code");
    assert_eq!(zoom.say("PATCH", &address, &json!({ "client_code": "not one" })).await.1["code"], 301);
    let (status, _) = zoom.say("PATCH", &address, &json!({ "client_code": "1234" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, path) = zoom.get(&format!("/v2/phone/call_history/{uuid}")).await;
    assert_eq!(path["call_elements"][0]["client_code"], "1234");
    let (_, logs) = zoom.get("/v2/phone/call_logs").await;
    assert_eq!(logs["call_logs"][0]["client_code"], "1234");
    let (status, refused) =
        zoom.say("PATCH", "/v2/phone/call_history/none/client_code", &json!({ "client_code": "1" })).await;
    assert_eq!((status.as_u16(), &refused["code"]), (404, &json!(300)));
}

#[tokio::test(start_paused = true)]
async fn a_recording_goes_to_the_trash_comes_back_and_goes_for_good() {
    let zoom = Zoom::start().await;
    let call = zoom.play(Scenario::Recorded).await;
    let (_, page) = zoom.get("/v2/phone/recordings").await;
    let recording = &rows(&page, "recordings")[0];
    assert_eq!(recording["call_id"], call["call_id"]);
    assert_eq!(recording["owner"]["id"], user_of(&call));
    let id = text(recording, "id");
    let element = text(recording, "call_element_id");
    let (_, shown) = zoom.get(&format!("/v2/phone/call_element/{element}/recording")).await;
    assert_eq!((&shown["id"], &shown["soft_deleted"]), (&json!(id), &json!(false)));
    let download = format!("/v2/phone/recording/download/{id}");
    assert_eq!(zoom.get(&download).await.0, OK);
    let transcript = format!("/v2/phone/recording_transcript/download/{id}");
    assert_eq!(zoom.get(&transcript).await.0, StatusCode::FOUND);

    let address = format!("/v2/phone/recordings/{id}");
    assert_eq!(zoom.call("DELETE", &address).await.0, StatusCode::NO_CONTENT);
    assert!(rows(&zoom.get("/v2/phone/recordings").await.1, "recordings").is_empty());
    let (status, refused) = zoom.get(&download).await;
    assert_eq!((status.as_u16(), &refused["code"]), (400, &json!(404)));
    let (_, shown) = zoom.get(&format!("/v2/phone/call_element/{element}/recording")).await;
    assert_eq!(
        (&shown["soft_deleted"], &shown["days_left_auto_permanently_delete"]),
        (&json!(true), &json!(30))
    );

    let recover = zoom.say("PUT", &format!("{address}/status"), &json!({ "action": "recover" })).await;
    assert_eq!(recover.0, StatusCode::NO_CONTENT);
    assert_eq!(zoom.get(&download).await.0, OK);

    for expected in [204, 204, 404] {
        assert_eq!(zoom.call("DELETE", &address).await.0.as_u16(), expected);
    }
    assert_eq!(
        zoom.get(&format!("/v2/phone/call_element/{element}/recording")).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(start_paused = true)]
async fn live_a_recording_is_behind_a_signed_address() {
    let zoom = Zoom::with(Config { temper: Temper::Field, ..Config::default() }).await;
    zoom.play(Scenario::Recorded).await;
    let (_, page) = zoom.get("/v2/phone/recordings").await;
    let id = text(&rows(&page, "recordings")[0], "id");
    let request = axum::http::Request::get(format!("/v2/phone/recording/download/{id}"))
        .header("authorization", format!("Bearer {}", zoom.token))
        .header("host", "127.0.0.1:8090")
        .body(axum::body::Body::empty())
        .expect("a request");
    let response = zoom.answer(request).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let location = response.headers()["location"].to_str().expect("an address");
    let path = location.strip_prefix("http://127.0.0.1:8090").expect("this host");
    assert_eq!(zoom.get(path).await.0, OK);
    assert_eq!(zoom.get(&path.replace("jwt=", "jwt=0")).await.0, StatusCode::FORBIDDEN);
    assert_ne!(text(&page, "next_page_token"), "", "live, the last page has a token, too");
}

#[tokio::test(start_paused = true)]
async fn a_voicemail_is_read_and_thrown_away() {
    let zoom = Zoom::start().await;
    let call = zoom.play(Scenario::InboundVoicemail).await;
    let (_, page) = zoom.get("/v2/phone/voice_mails?status=unread").await;
    let voicemail = &rows(&page, "voice_mails")[0];
    assert_eq!(voicemail["call_id"], call["call_id"]);
    let (id, user) = (text(voicemail, "id"), text(&voicemail["owner"], "id"));
    let address = format!("/v2/phone/voice_mails/{id}");
    let (_, detail) = zoom.get(&address).await;
    assert_eq!(detail["transcription"]["status"], 2);
    assert!(!text(&detail["transcription"], "content").is_empty());
    assert_eq!(zoom.call("PATCH", &format!("{address}?read_status=Read")).await.0, StatusCode::NO_CONTENT);
    let own = format!("/v2/phone/users/{user}/voice_mails");
    assert!(rows(&zoom.get(&format!("{own}?status=unread")).await.1, "voice_mails").is_empty());
    assert_eq!(rows(&zoom.get(&format!("{own}?status=read")).await.1, "voice_mails").len(), 1);
    assert_eq!(zoom.get(&format!("/v2/phone/voice_mails/download/{id}")).await.0, OK);
    assert_eq!(zoom.call("DELETE", &address).await.0, StatusCode::NO_CONTENT);
    assert!(rows(&zoom.get(&own).await.1, "voice_mails").is_empty());
    assert_eq!(rows(&zoom.get(&format!("{own}?trash=true")).await.1, "voice_mails").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn queue_analytics_count_the_calls_of_the_ledger() {
    let mut zoom = Zoom::start().await;
    let mut played = Vec::new();
    for scenario in [Scenario::QueueAnswered, Scenario::QueueAbandoned, Scenario::QueueOverflow] {
        for _ in 0..4 {
            played.push(zoom.play(scenario).await);
        }
    }
    zoom.token = zoom.new_token().await;
    let uri = "/v2/phone/call_queue_analytics?from=2026-11-22&to=2026-11-23";
    let (status, page) = zoom.get(uri).await;
    assert_eq!(status, OK, "{page}");
    let sum = |field: &str| -> i64 {
        rows(&page, "call_queues").iter().map(|row| row[field].as_i64().expect("a count")).sum()
    };
    let passages = |outcome: Option<&str>| -> i64 {
        let all = played.iter().flat_map(|call| call["queues"].as_array().expect("passages"));
        let wanted = all.filter(|it| outcome.is_none_or(|outcome| it["outcome"] == outcome)).count();
        i64::try_from(wanted).expect("few")
    };
    assert!(passages(None) >= 12, "a call that overflows may come to another queue");
    assert_eq!(sum("inbound_calls"), passages(None));
    assert_eq!(sum("abandoned_calls"), passages(Some("abandoned")));
    assert_eq!(sum("overflowed_calls"), passages(Some("overflowed")) + passages(Some("closed")));
    assert_eq!(sum("completed_calls"), passages(Some("answered")));
    assert_eq!(
        zoom.get("/v2/phone/call_queue_analytics").await.0,
        StatusCode::BAD_REQUEST,
        "a window is required"
    );
}

#[tokio::test(start_paused = true)]
async fn reports_and_metrics_tell_of_the_calls_and_of_what_was_changed() {
    let zoom = Zoom::start().await;
    let call = zoom.play(Scenario::InboundAnswered).await;
    let id = text(&call, "call_id");
    let (_, page) = zoom.get("/v2/phone/metrics/past_calls").await;
    assert_eq!(rows(&page, "call_logs")[0]["call_id"], *id);
    let (_, detail) = zoom.get(&format!("/v2/phone/metrics/call_logs/{id}")).await;
    assert_eq!(detail["mos"], rows(&page, "call_logs")[0]["mos"]);
    let (_, qos) = zoom.get(&format!("/v2/phone/metrics/call_logs/{id}/qos")).await;
    assert!(!rows(&qos["callee_qos"], "receiving").is_empty());
    let (_, charges) = zoom.get("/v2/phone/reports/call_charges").await;
    assert_eq!(rows(&charges, "call_charges")[0]["call_id"], *id);
    let rule = json!({ "block_type": "inbound", "match_type": "prefix", "phone_number": "+1555999" });
    assert_eq!(zoom.say("POST", "/v2/phone/blocked_list", &rule).await.0, StatusCode::CREATED);
    assert_eq!(zoom.say("POST", "/v2/phone/blocked_list", &rule).await.0, StatusCode::CONFLICT);
    let (_, logs) = zoom.get("/v2/phone/reports/operationlogs").await;
    let log = &rows(&logs, "operation_logs")[0];
    assert_eq!(
        (&log["action"], &log["operation_detail"]),
        (&json!("Add"), &json!("Add /phone/blocked_list"))
    );
    assert_eq!(logs["total_records"], 1, "what was refused is no operation");
}

#[tokio::test(start_paused = true)]
async fn an_account_of_one_version_is_told_nothing_of_the_others() {
    for (only, row, step) in
        [(Version::V2, "call_logs", "call_path"), (Version::V3, "call_history", "call_elements")]
    {
        let zoom = Zoom::with(Config { only: Some(only), ..Config::default() }).await;
        let call = zoom.play(Scenario::QueueAnswered).await;
        let (_, history) = zoom.get("/v2/phone/call_history").await;
        let arrays = |answer: &Value| -> Vec<String> {
            let fields = answer.as_object().expect("an object").iter();
            fields.filter(|(_, value)| value.is_array()).map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(arrays(&history), [row]);
        let uuid = call["call_history_uuid"].as_str().expect("an id");
        let (_, path) = zoom.get(&format!("/v2/phone/call_history/{uuid}")).await;
        assert_eq!(arrays(&path), [step]);
    }
    let zoom = Emulator::builder().config(|config| config.only = Some(Version::V1)).start().await;
    let zoom = zoom.expect("an emulator");
    zoom.trigger("inbound_answered", json!({})).await.expect("a call");
    zoom.advance(SignedDuration::from_hours(1)).await;
    let events = zoom.events();
    let told: BTreeSet<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert!(told.contains("phone.callee_call_log_completed"), "{told:?}");
    assert!(
        !told.iter().any(|event| event.contains("call_history") || event.contains("element")),
        "{told:?}"
    );
}
