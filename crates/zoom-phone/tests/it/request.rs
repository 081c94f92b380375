use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use zoom_phone::client::{Client, ClientConfig, Error, Part};
use zoom_phone::types::call_queues::UpdateSetting;
use zoom_phone::types::catalogue::Method;
use zoom_phone::types::shared::{
    BreakHour, BreakHourSetting, BreakHourType, BreakHours, EveryBusinessDayBreak, UpdateBreakHours,
};

use crate::fake::{Answer, Fake};

async fn get(client: &Client) -> Result<Value, Error> {
    client.request(Method::Get, "/phone").answer().await.map(|answer| answer.body)
}

fn rejected() -> Answer {
    Answer::new(401, &json!({"code": 124, "message": "Invalid access token."}))
}

#[tokio::test]
async fn a_get_sends_the_bearer_and_the_path_it_was_given() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(200, &json!({"id": "u"}))).answer(Answer::new(204, ""));
    let client = fake.client();
    let user = client
        .request(Method::Get, "/phone/users/{id}")
        .path("id", "a/b@c")
        .query("x", 1)
        .answer()
        .await
        .unwrap();
    assert_eq!(user.body, json!({"id": "u"}));
    assert!(get(&client).await.unwrap().is_null());
    let request = fake.requests().remove(0);
    assert_eq!((request.path.as_str(), request.query.as_str()), ("/v2/phone/users/a%2Fb%40c", "x=1"));
    assert_eq!(request.authorization, "Bearer token-1");
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once() {
    let fake = Fake::start().await;
    fake.answer(rejected()).answer(Answer::new(200, "{}"));
    get(&fake.client()).await.unwrap();
    let bearers: Vec<_> = fake.requests().into_iter().map(|request| request.authorization).collect();
    assert_eq!(bearers, ["Bearer token-1", "Bearer token-2"]);

    let fake = Fake::start().await;
    fake.answer(rejected()).answer(rejected()).answer(Answer::new(200, "{}"));
    let error = get(&fake.client()).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, Some(124));
    assert_eq!(fake.token_requests().len(), 2);
}

#[tokio::test]
async fn a_missing_scope_does_not_cost_the_token() {
    let fake = Fake::start().await;
    // As seen live: quotes inside the message, unescaped.
    let body =
        r#"{"code":4711,"message":"Invalid access token, does not contain scopes:["phone:read:admin"]"}"#;
    fake.answer(Answer::new(400, body));
    let error = get(&fake.client()).await.unwrap_err();
    assert!(error.api().unwrap().scope_missing(), "{error}");
    assert_eq!(fake.token_requests().len(), 1);
}

#[tokio::test]
async fn overload_and_server_errors_are_asked_again() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(429, &json!({"code": 429, "message": "slow down"})).header("retry-after", "0"))
        .answer(Answer::new(502, "<html>").header("content-type", "text/html"))
        .answer(Answer::new(503, ""))
        .answer(Answer::new(200, &json!({"ok": true})));
    assert_eq!(get(&fake.client()).await.unwrap(), json!({"ok": true}));
    assert_eq!(fake.requests().len(), 4);
}

#[tokio::test]
async fn after_four_tries_the_error_is_handed_on() {
    let fake = Fake::start().await;
    for _ in 0..9 {
        fake.answer(Answer::new(500, "").header("x-zm-trackingid", "WEB_9"));
    }
    let error = fake.client().operation("phoneUser").unwrap().path("userId", "u").answer().await.unwrap_err();
    assert!(error.retry_helps());
    let api = error.api().unwrap();
    assert_eq!((api.status, api.tracking_id.as_deref()), (500, Some("WEB_9")));
    assert_eq!(api.operation, "phoneUser");
    assert_eq!(fake.requests().len(), 4);
}

#[tokio::test]
async fn a_wait_until_tomorrow_is_handed_to_the_caller() {
    let fake = Fake::start().await;
    let limited = Answer::new(429, &json!({"code": 429, "message": "maximum daily rate limit"}))
        .header("date", "Sun, 22 Nov 2026 23:00:00 GMT")
        .header("retry-after", "2026-11-23T00:00:00Z")
        .header("x-ratelimit-type", "Daily-limit");
    fake.answer(limited);
    let error = get(&fake.client()).await.unwrap_err();
    let api = error.api().unwrap();
    assert_eq!(api.retry_after().unwrap().as_secs(), 3600);
    assert!(api.daily_limit());
    assert_eq!(error.daily_end().unwrap().to_string(), "2026-11-23T00:00:00Z");
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_not_repeated() {
    let fake = Fake::start().await;
    // Body code 429 with status 400 means a batch that is too large, not a rate limit.
    fake.answer(Answer::new(400, &json!({"code": 429, "message": "too many"})));
    let error = get(&fake.client()).await.unwrap_err();
    assert!(!error.retry_helps());
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn the_bearer_follows_no_redirect() {
    let (fake, other) = (Fake::start().await, Fake::start().await);
    fake.answer(Answer::new(302, "").header("location", other.url.as_str()));
    let error = get(&fake.client()).await.unwrap_err();
    assert_eq!(error.api().unwrap().status, 302);
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn a_page_of_html_with_status_200_is_an_error() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(200, "<!doctype html><title>Sign in</title>"));
    let error = get(&fake.client()).await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { status: 200, found: "an HTML page", .. }), "{error}");
}

#[tokio::test]
async fn no_error_shows_the_token_or_the_query() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(
        400,
        &json!({"code": 300, "message": "bad token-1 in https://api.zoom.us/v2?secret-query"}),
    ));
    let client = fake.client();
    let refused = client
        .request(Method::Get, "/phone/secret-id/{id}")
        .path("id", "secret-id")
        .query("q", "secret-query")
        .answer()
        .await
        .unwrap_err();

    // A port where nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/v2", listener.local_addr().unwrap());
    drop(listener);
    let mut config = ClientConfig { base_url: Some(nobody.parse().unwrap()), ..ClientConfig::default() };
    config.retry.tries = 1;
    let client = Client::new(config, fake.tokens()).unwrap();
    let unreachable = client
        .request(Method::Get, "/phone/secret-id/{id}")
        .path("id", "secret-id")
        .query("q", "secret-query")
        .answer()
        .await
        .unwrap_err();
    assert!(unreachable.retry_helps());

    for error in [refused, unreachable] {
        let mut text = format!("{error:?}");
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            text.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(
            !text.contains("token-1") && !text.contains("token-2") && !text.contains("secret-query"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let fake = Fake::start().await;
    fake.token_answer(Answer::new(401, r#"{"reason":"no","error":"invalid_client"}"#));
    let error = get(&fake.client()).await.unwrap_err();
    assert!(matches!(error, Error::Auth { .. }) && !error.retry_helps());
    assert_eq!(fake.requests().len(), 0);
}

#[tokio::test]
async fn a_base_address_that_a_token_cannot_be_sent_to_is_refused() {
    let fake = Fake::start().await;
    for address in ["mailto:x@example.test", "http://api.zoom.us/v2", "http://10.0.0.1/v2"] {
        let config = ClientConfig { base_url: address.parse().ok(), ..ClientConfig::default() };
        assert!(matches!(Client::new(config, fake.tokens()), Err(Error::BaseUrl { .. })), "{address}");
    }
}

#[tokio::test]
async fn the_path_of_a_call_is_one_object_and_one_that_is_not_there_is_told_apart() {
    let fake = Fake::start().await;
    let absent = json!({"code": 404, "message": "Call history does not exist."});
    fake.answer(Answer::new(200, &json!({"call_history_uuid": "H1", "call_elements": []})))
        .answer(Answer::new(404, &absent))
        .answer(Answer::new(400, &absent))
        .answer(Answer::new(400, &json!({"code": 300, "message": "Invalid id."})))
        .answer(Answer::new(200, "[]"));
    let client = fake.client();
    assert_eq!(client.call_path("H1").await.unwrap()["call_history_uuid"], "H1");
    assert_eq!(fake.requests()[0].path, "/v2/phone/call_history/H1");
    for is_not_found in [true, true, false, false] {
        let error = client.call_path("H1").await.unwrap_err();
        assert_eq!(error.is_not_found(), is_not_found, "{error}");
    }
}

/// The verbs that change something.
const CHANGES: [Method; 4] = [Method::Post, Method::Put, Method::Patch, Method::Delete];

#[tokio::test]
async fn every_verb_gets_a_new_token_once() {
    for method in CHANGES {
        let fake = Fake::start().await;
        fake.answer(rejected()).answer(Answer::new(204, ""));
        fake.client().request(method, "/phone/x").body(json!({"a": 1})).send::<()>().await.unwrap();
        let bodies: Vec<_> = fake.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies, [r#"{"a":1}"#, r#"{"a":1}"#], "{method}");
    }
}

#[tokio::test]
async fn a_change_that_zoom_may_have_made_is_not_repeated() {
    for method in CHANGES {
        let fake = Fake::start().await;
        fake.answer(Answer::new(500, "")).answer(Answer::new(200, "{}"));
        let error = fake.client().request(method, "/phone/x").answer().await.unwrap_err();
        assert_eq!((error.api().unwrap().status, fake.requests().len()), (500, 1), "{method}");
    }
}

#[tokio::test]
async fn a_change_that_zoom_refused_to_look_at_is_repeated() {
    let busy = |status: u16| Answer::new(status, "").header("retry-after", "0");
    for (method, status, requests) in [
        (Method::Post, 429, 2),
        (Method::Put, 429, 2),
        (Method::Put, 503, 2),
        (Method::Delete, 503, 2),
        (Method::Post, 503, 1),
    ] {
        let fake = Fake::start().await;
        fake.answer(busy(status)).answer(Answer::new(204, ""));
        let result = fake.client().request(method, "/phone/x").send::<()>().await;
        assert_eq!((result.is_ok(), fake.requests().len()), (requests == 2, requests), "{method} {status}");
    }
}

#[tokio::test]
async fn what_is_not_ready_is_asked_for_again() {
    let fake = Fake::start().await;
    let not_ready = json!({"code": 802, "message": "Data is not ready, please try again later"});
    fake.answer(Answer::new(400, &not_ready)).answer(Answer::new(200, "{}"));
    get(&fake.client()).await.unwrap();
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn a_request_that_is_not_as_documented_is_not_sent_unless_the_caller_insists() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(200, "{}"));
    let call = fake.client().operation("listCallQueues").unwrap().query("page_size", 1000).query("new", "x");
    let error = call.clone().answer().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "listCallQueues: nothing was sent, because page_size must be at most 100; new is no parameter of this \
         operation; correct it, or send it as it is with unchecked()"
    );
    assert!(!error.retry_helps() && fake.requests().is_empty() && fake.token_requests().is_empty());
    call.unchecked().answer().await.unwrap();
    assert_eq!(fake.requests()[0].query, "page_size=1000&new=x");
}

#[tokio::test]
async fn a_setting_of_another_action_is_not_sent_unless_the_caller_insists() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(204, ""));
    let lunch =
        EveryBusinessDayBreak { from: Some("12:00".into()), to: Some("13:00".into()), ..Default::default() };
    let hour = BreakHour {
        break_hour_id: Some("b".into()),
        break_hour_name: Some("Lunch".into()),
        break_hour_type: Some(BreakHourType::CustomHours),
        break_hour_setting: Some(BreakHourSetting::EveryBusinessDay(lunch)),
        ..Default::default()
    };
    let hours = BreakHours { break_hour_settings: Some(vec![hour]), ..Default::default() };
    let hours = UpdateBreakHours { break_hours: Some(hours), ..Default::default() };
    let client = fake.client();
    let update =
        || client.call_queues().update_setting("q", "break_hours", UpdateSetting::BreakHours(hours.clone()));
    let error = update().await.unwrap_err().to_string();
    let fault =
        "body.break_hours.break_hour_settings[0].break_hour_setting is not a setting of the action beside it";
    assert!(error.contains(fault), "{error}");
    assert!(fake.requests().is_empty());
    update().unchecked().await.unwrap();
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_delete_takes_its_body_along() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(204, ""));
    let call = fake.client().operation("DeletePhoneRoleTargets").unwrap().path("roleId", "r");
    call.body(json!({"targets": []})).unchecked().send::<()>().await.unwrap();
    let request = fake.requests().remove(0);
    assert_eq!((request.method.as_str(), request.content_type.as_str()), ("DELETE", "application/json"));
    assert_eq!(request.body, r#"{"targets":[]}"#);
}

#[tokio::test]
async fn a_file_is_sent_in_parts() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(201, &json!({"file_id": "f"})));
    let file = Part::file("fax.zip", "application/zip", "PK");
    let answer =
        fake.client().operation("UploadFaxFiles").unwrap().part("file", file).answer().await.unwrap();
    assert_eq!((answer.status, answer.body), (201, json!({"file_id": "f"})));
    let request = fake.requests().remove(0);
    assert!(request.content_type.starts_with("multipart/form-data; boundary="), "{request:?}");
    assert!(
        request
            .body
            .contains("name=\"file\"; filename=\"fax.zip\"\r\nContent-Type: application/zip\r\n\r\nPK\r\n")
    );
}

#[tokio::test]
async fn an_answer_without_a_body_reads_as_an_empty_object_and_a_wrong_one_is_an_error() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(201, "")).answer(Answer::new(200, "[]")).answer(Answer::new(200, "[]"));
    let client = fake.client();
    let call = client.request(Method::Post, "/phone/x");
    assert_eq!(call.clone().send::<BTreeMap<String, String>>().await.unwrap(), BTreeMap::new());
    let error = call.clone().send::<BTreeMap<String, String>>().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { status: 200, .. }), "{error}");
    assert_eq!(call.send::<Vec<String>>().await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_deadline_ends_the_wait_for_a_silent_host() {
    let fake = Fake::start().await;
    // Takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v2", silent.local_addr().unwrap());
    let tokens = fake.tokens();
    tokens.token().await.unwrap();
    let config = ClientConfig { base_url: Some(base.parse().unwrap()), ..ClientConfig::default() };
    let client = Client::new(config, tokens).unwrap();
    tokio::time::pause();
    let error =
        client.request(Method::Get, "/x").deadline(Duration::from_secs(2)).answer().await.unwrap_err();
    assert!(matches!(error, Error::Deadline { after, .. } if after.as_secs() == 2), "{error:?}");
    assert!(error.retry_helps());
}

#[tokio::test]
async fn a_deadline_beyond_the_end_of_the_clock_is_none() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(200, "{}")).answer(Answer::new(200, "{}"));
    fake.client().request(Method::Get, "/x").deadline(Duration::MAX).answer().await.unwrap();
    let config = ClientConfig { deadline: Duration::MAX, ..fake.config() };
    get(&Client::new(config, fake.tokens()).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_wait_that_the_deadline_does_not_allow_is_not_begun() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(503, "").header("retry-after", "20"));
    let call = fake.client().request(Method::Get, "/x").deadline(Duration::from_secs(10));
    let error = call.answer().await.unwrap_err();
    assert_eq!(error.api().unwrap().retry_after(), Some(Duration::from_secs(20)));
}

#[tokio::test]
async fn a_host_that_fails_again_and_again_is_left_alone_and_found_again() {
    let fake = Fake::start().await;
    for _ in 0..8 {
        fake.answer(Answer::new(500, ""));
    }
    fake.answer(Answer::new(200, "{}"));
    let mut config = fake.config();
    config.retry.tries = 1;
    let client = Client::new(config, fake.tokens()).unwrap();
    for _ in 0..8 {
        assert!(matches!(get(&client).await, Err(Error::Api(_))));
    }
    let error = get(&client).await.unwrap_err();
    assert!(matches!(&error, Error::CircuitOpen { host, .. } if host == "127.0.0.1"), "{error:?}");
    assert!(error.retry_helps());
    assert_eq!(fake.requests().len(), 8);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    get(&client).await.unwrap();
}

#[tokio::test]
async fn requests_that_meet_an_open_circuit_wait_until_the_host_is_found_again() {
    let fake = Fake::start().await;
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let together = Arc::new(Barrier::new(12));
    // Answers each path 502 once, all twelve together.
    let answer = move |uri: Uri| {
        let (seen, together) = (Arc::clone(&seen), Arc::clone(&together));
        async move {
            let first = seen.lock().unwrap().insert(uri.path().to_owned());
            if first {
                together.wait().await;
                return StatusCode::BAD_GATEWAY;
            }
            StatusCode::NO_CONTENT
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v2", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    let config = ClientConfig { base_url: Some(base.parse().unwrap()), ..fake.config() };
    let client = Client::new(config, fake.tokens()).unwrap();
    let calls = (0..12).map(|number| client.request(Method::Get, &format!("/phone/{number}")).answer());
    for result in futures::future::join_all(calls).await {
        assert_eq!(result.unwrap().status, 204);
    }
}

#[tokio::test]
async fn a_daily_limit_that_only_the_words_name_is_learnt() {
    let fake = Fake::start().await;
    let words = "You have reached the maximum daily rate limit for this API.";
    fake.answer(Answer::new(429, &json!({"code": 429, "message": words})));
    let client = fake.client();
    let history = client.operation("accountCallHistory").unwrap();
    assert!(history.clone().answer().await.unwrap_err().api().unwrap().daily_limit());
    let error = history.answer().await.unwrap_err();
    assert!(matches!(&error, Error::Quota { .. }) && error.daily_end().is_some(), "{error:?}");
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_large_upload_is_not_cut_by_the_time_of_a_try() {
    let fake = Fake::start().await;
    // Takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v2", silent.local_addr().unwrap());
    let tokens = fake.tokens();
    tokens.token().await.unwrap();
    let config = ClientConfig { base_url: Some(base.parse().unwrap()), ..ClientConfig::default() };
    let client = Client::new(config, tokens).unwrap();
    tokio::time::pause();
    let file = Part::file("fax.zip", "application/zip", vec![0; 2 * 1024 * 1024]);
    let upload = client.operation("UploadFaxFiles").unwrap().part("file", file);
    let error = upload.deadline(Duration::from_mins(2)).answer().await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
}

#[tokio::test]
async fn when_the_quota_of_the_day_is_used_up_nothing_is_sent_until_it_is_counted_anew() {
    let fake = Fake::start().await;
    let limited = Answer::new(429, &json!({"code": 429, "message": "maximum daily rate limit"}))
        .header("date", "Sun, 22 Nov 2026 23:00:00 GMT")
        .header("retry-after", "2026-11-23T00:00:00Z")
        .header("x-ratelimit-category", "Heavy")
        .header("x-ratelimit-type", "Daily-limit");
    fake.answer(limited).answer(Answer::new(200, "{}"));
    let client = fake.client();
    let history = client.operation("accountCallHistory").unwrap();
    assert!(history.clone().answer().await.unwrap_err().api().unwrap().daily_limit());
    let error = history.answer().await.unwrap_err();
    assert!(matches!(&error, Error::Quota { .. }), "{error:?}");
    assert!(error.retry_helps() && error.daily_end().is_some());
    assert_eq!(fake.requests().len(), 1);
    // Other labels have their own quota.
    client.operation("listCallQueues").unwrap().answer().await.unwrap();
}

#[tokio::test]
async fn clients_that_share_a_limiter_share_what_it_learnt() {
    let fake = Fake::start().await;
    let limited = Answer::new(429, "")
        .header("x-ratelimit-category", "Heavy")
        .header("x-ratelimit-type", "Daily-limit");
    fake.answer(limited);
    let one = fake.client();
    let config = ClientConfig { limiter: Some(one.limiter().clone()), ..fake.config() };
    let other = Client::new(config, fake.tokens()).unwrap();
    one.operation("accountCallHistory").unwrap().answer().await.unwrap_err();
    let error = other.operation("accountCallHistory").unwrap().answer().await.unwrap_err();
    assert!(matches!(&error, Error::Quota { .. }), "{error:?}");
}
