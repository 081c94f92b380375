//! Text messages and faxes.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::rig::Zoom;

const FAR: &str = "+15553331234";

/// The first user with a number: id and number.
async fn writer(zoom: &Zoom) -> (String, String) {
    let (_, page) = zoom.get("/v2/phone/users").await;
    let users = page["users"].as_array().expect("users");
    let user = users.iter().find(|user| user["phone_numbers"][0]["number"].is_string()).expect("a number");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    (text(&user["id"]), text(&user["phone_numbers"][0]["number"]))
}

async fn write(zoom: &Zoom, number: &str, message: &str) -> (StatusCode, Value) {
    let body = json!({
        "sender": { "phone_number": number },
        "to_members": [{ "phone_number": FAR }],
        "message": message,
    });
    zoom.say("POST", "/v2/phone/sms/messages", &body).await
}

#[tokio::test(start_paused = true)]
async fn a_message_is_found_by_session_and_id_and_is_delivered_after_a_while() {
    let zoom = Zoom::start().await;
    let (user, number) = writer(&zoom).await;
    let (status, sent) = write(&zoom, &number, "Good morning").await;
    assert_eq!(status, StatusCode::CREATED, "{sent}");
    let session = sent["session_id"].as_str().expect("a session");
    let id = sent["message_id"].as_str().expect("an id");
    let message = format!("/v2/phone/sms/sessions/{session}/messages/{id}");
    assert_eq!(zoom.get(&message).await.1["delivery_status"], "sent");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (_, shown) = zoom.get(&message).await;
    assert_eq!((&shown["delivery_status"], &shown["message"]), (&json!("delivered"), &json!("Good morning")));
    let (_, again) = write(&zoom, &number, "And again").await;
    assert_eq!(again["session_id"], session, "one thread");
    let (_, history) = zoom.get(&format!("/v2/phone/sms/sessions/{session}")).await;
    assert_eq!(history["sms_histories"][0]["message"], "And again", "newest first");
    for uri in ["/v2/phone/sms/sessions".to_owned(), format!("/v2/phone/users/{user}/sms/sessions")] {
        let (_, sessions) = zoom.get(&uri).await;
        assert_eq!(sessions["sms_sessions"][0]["session_id"], session);
    }
    let (_, sync) =
        zoom.get(&format!("/v2/phone/sms/sessions/{session}/sync?sync_type=FSync&count=10")).await;
    assert!(sync["sms_histories"].as_array().is_some_and(|rows| rows.len() >= 2));
    let (_, report) = zoom.get("/v2/phone/reports/sms_charges?show_charges_only=true").await;
    assert_eq!(report["total_records"], 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_reaches_those_who_opted_out() {
    let zoom = Zoom::start().await;
    let (_, number) = writer(&zoom).await;
    let status = |opt: &str| {
        let numbers = [number.as_str()];
        json!({ "consumer_phone_number": FAR, "zoom_phone_user_numbers": numbers, "opt_status": opt })
    };
    let campaign = "/v2/phone/sms_campaigns/campaign/phone_numbers/opt_status";
    let own = number.replace('+', "%2B");
    let query = format!("consumer_phone_number={}&zoom_phone_user_numbers={own}", FAR.replace('+', "%2B"));
    let asked = format!("{campaign}?{query}");
    let opt =
        async || zoom.get(&asked).await.1["phone_number_campaign_opt_statuses"][0]["opt_status"].clone();
    assert_eq!(opt().await, "pending");
    assert_eq!(zoom.say("PATCH", campaign, &status("opt_out")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(opt().await, "opt_out");
    let (_, sent) = write(&zoom, &number, "Hello?").await;
    let (session, id) =
        (sent["session_id"].as_str().expect("one"), sent["message_id"].as_str().expect("one"));
    let (_, shown) = zoom.get(&format!("/v2/phone/sms/sessions/{session}/messages/{id}")).await;
    assert_eq!(shown["delivery_status"], "failed_to_send");
    assert_eq!(zoom.say("PATCH", campaign, &status("opt_in")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(opt().await, "opt_in");
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_not_as_they_should_be_are_refused_with_zooms_codes() {
    let zoom = Zoom::start().await;
    let (_, number) = writer(&zoom).await;
    let body = |from: &str, to: &str, extra: Value| {
        let mut body = json!({
            "sender": { "phone_number": from },
            "to_members": [{ "phone_number": to }],
            "message": "Hello",
        });
        for (name, value) in extra.as_object().expect("fields") {
            body[name] = value.clone();
        }
        body
    };
    let attachment =
        |kind: &str, content: &str| json!({ "attachments": [{ "type": kind, "base64_encoding": content }] });
    let cases = [
        (body("5551234", FAR, json!({})), 316),
        (body(&number, "5551234", json!({})), 316),
        (body("+15550000000", FAR, json!({})), 7001),
        (body(&number, FAR, json!({ "sender": { "phone_number": number, "id": "nobody" } })), 1001),
        (body(&number, FAR, json!({ "message": "" })), 300),
        (body(&number, FAR, json!({ "message": "Tell me your credit card number" })), 300),
        (body(&number, FAR, attachment("PNG", "R0lGODlh")), 140),
    ];
    for (body, code) in cases {
        let (status, answer) = zoom.say("POST", "/v2/phone/sms/messages", &body).await;
        assert_eq!((status.as_u16(), &answer["code"]), (400, &json!(code)), "{body}: {answer}");
    }
    let fine = body(&number, FAR, attachment("GIF", "R0lGODlh"));
    assert_eq!(zoom.say("POST", "/v2/phone/sms/messages", &fine).await.0, StatusCode::CREATED);
    let (_, sessions) = zoom.get("/v2/phone/sms/sessions").await;
    assert_eq!(sessions["sms_sessions"].as_array().map(Vec::len), Some(1), "what was refused left no trace");
}

#[tokio::test(start_paused = true)]
async fn a_fax_is_sent_logged_read_and_deleted() {
    let zoom = Zoom::start().await;
    let (_, number) = writer(&zoom).await;
    let form =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.zip\"\r\n\r\nPK\r\n--b--\r\n";
    let request = axum::http::Request::post("/v2/fax/files")
        .header("authorization", format!("Bearer {}", zoom.token))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(axum::body::Body::from(form))
        .expect("a request");
    let (status, file) = zoom.send(request).await;
    assert_eq!(status, StatusCode::CREATED, "{file}");
    let fax = json!({
        "sender_number": number,
        "file_id": file["file_id"],
        "receivers": [{ "receiver_number": FAR }, { "receiver_number": "nonsense" }],
    });
    let (status, sent) = zoom.say("POST", "/v2/phone/fax/documents", &fax).await;
    assert_eq!(status, StatusCode::CREATED, "{sent}");
    assert_eq!(sent["receivers"][1]["status"], "invalid_receiver_number");
    let id = sent["receivers"][0]["fax_log_id"].as_str().expect("a log");
    let address = format!("/v2/phone/fax/logs/{id}");
    assert_eq!(zoom.get(&address).await.1[0]["status"], "processing");
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(zoom.get(&address).await.1[0]["status"], "sent");
    assert_eq!(zoom.call("PATCH", &format!("{address}?read_status=read")).await.0, StatusCode::NO_CONTENT);
    let (_, logs) = zoom.get("/v2/phone/fax/logs").await;
    assert_eq!((&logs["total_records"], &logs["fax_logs"][0]["read_status"]), (&json!(1), &json!("read")));
    let file = file["file_id"].as_str().expect("a file");
    assert_eq!(zoom.get(&format!("{address}/file/{file}")).await.0, StatusCode::OK);
    assert_eq!(zoom.get(&format!("{address}/file/other")).await.1["code"], 40402);
    for (expected, code) in [(204, Value::Null), (204, Value::Null), (404, json!(400_001))] {
        let (status, answer) = zoom.call("DELETE", &address).await;
        assert_eq!((status.as_u16(), &answer["code"]), (expected, &code));
    }
    let mut other = fax;
    other["file_id"] = json!("never uploaded");
    assert_eq!(zoom.say("POST", "/v2/phone/fax/documents", &other).await.0, StatusCode::BAD_REQUEST);
}
