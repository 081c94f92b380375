use serde_json::{Value, json};
use zoom_phone::client::{Client, ClientConfig, Error};
use zoom_phone::types::catalogue::Method;

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
async fn a_base_address_that_is_no_web_address_is_refused() {
    let fake = Fake::start().await;
    let config =
        ClientConfig { base_url: Some("mailto:x@example.test".parse().unwrap()), ..ClientConfig::default() };
    assert!(matches!(Client::new(config, fake.tokens()), Err(Error::BaseUrl { .. })));
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
