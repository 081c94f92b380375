mod examples;
mod flows;
mod grants;
mod printing;
mod processes;
mod stores;
mod zoom;

use std::time::Duration;

use axum::http::Method as Verb;
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use zoom_phone::oauth::{AccessToken, AuthError};
use zoom_phone::types::catalogue::Method;

use crate::fake::{Answer, CLIENT_SECRET, Fake};

fn text(token: &AccessToken) -> &str {
    token.secret().expose_secret()
}

/// Lets time pass without waiting for it. The network runs on real time.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Waits for what a task in the background does.
async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

#[tokio::test]
async fn two_hundred_first_callers_make_one_token_request() {
    let fake = Fake::start().await;
    let tokens = fake.tokens();
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let tokens = tokens.clone();
        callers.spawn(async move { tokens.token().await });
    }
    for token in callers.join_all().await {
        assert_eq!(text(&token.unwrap()), "token-1");
    }
    assert_eq!(fake.token_requests().len(), 1);
}

#[tokio::test]
async fn the_request_has_its_parameters_in_the_body_and_basic_credentials() {
    let fake = Fake::start().await;
    let token = fake.tokens().token().await.unwrap();
    let request = fake.token_requests().remove(0);
    assert_eq!(request.method, Verb::POST);
    assert_eq!(request.query, "");
    assert_eq!(request.body, "grant_type=account_credentials&account_id=synthetic+account");
    assert_eq!(request.authorization, "Basic c3ludGhldGljLWNsaWVudDpzeW50aGV0aWMtY2xpZW50LXNlY3JldA==");
    assert_eq!(token.scopes(), ["phone:read:list_call_logs:admin", "phone:read:call_log:admin"]);
    assert_eq!(token.api_url().unwrap().as_str(), "https://api-us.zoom.us/");
}

#[tokio::test]
async fn a_token_is_renewed_two_minutes_before_it_expires() {
    let fake = Fake::start().await;
    let tokens = fake.tokens();
    assert_eq!(text(&tokens.token().await.unwrap()), "token-1");
    pass(Duration::from_secs(3440)).await;
    assert_eq!(text(&tokens.token().await.unwrap()), "token-1");
    pass(Duration::from_secs(41)).await;
    assert_eq!(text(&tokens.token().await.unwrap()), "token-1");
    while text(&tokens.token().await.unwrap()) != "token-2" {
        tokio::task::yield_now().await;
    }
    assert_eq!(fake.token_requests().len(), 2);
}

#[tokio::test]
async fn an_operation_that_is_always_rejected_leaves_the_others_their_token() {
    let fake = Fake::start().await;
    let client = fake.client();
    let site = r#"{"code":124,"message":"No permission for site."}"#;
    for _ in 0..3 {
        fake.answer(Answer::new(400, site)).answer(Answer::new(400, site));
        let error = client.request(Method::Get, "/phone/sites/x").answer().await.unwrap_err();
        assert!(error.to_string().contains("No permission for site"), "{error}");
        fake.answer(Answer::new(200, "{}"));
        client.request(Method::Get, "/phone/users").answer().await.unwrap();
    }
    assert_eq!(fake.token_requests().len(), 2);
}

#[tokio::test]
async fn only_the_current_token_can_be_invalidated() {
    let fake = Fake::start().await;
    let tokens = fake.tokens();
    let first = tokens.token().await.unwrap();
    tokens.invalidate(&first).await;
    let second = tokens.token().await.unwrap();
    assert_eq!(text(&second), "token-2");
    // Somebody whose request was rejected with the first token comes late: the second one stays.
    tokens.invalidate(&first).await;
    assert_eq!(tokens.token().await.unwrap(), second);
    assert_eq!(fake.token_requests().len(), 2);
}

#[tokio::test]
async fn a_wrong_client_is_final_and_zoom_is_not_asked_again_and_again() {
    let fake = Fake::start().await;
    fake.token_answer(Answer::new(
        400,
        r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
    ));
    let tokens = fake.tokens();
    for _ in 0..3 {
        let error = tokens.token().await.unwrap_err();
        assert!(
            matches!(&error, AuthError::InvalidClient { reason } if reason == "Invalid client_id or client_secret")
        );
        assert!(!error.retry_helps());
        assert!(!format!("{error} {error:?} {tokens:?}").contains(CLIENT_SECRET));
    }
    assert_eq!(fake.token_requests().len(), 1);
    pass(Duration::from_secs(61)).await;
    assert_eq!(text(&tokens.token().await.unwrap()), "token-2");
}

#[tokio::test]
async fn a_wrong_account_says_what_to_check() {
    let fake = Fake::start().await;
    let refusal = Answer::new(400, r#"{"reason":"Bad Request","error":"invalid_request"}"#)
        .header("x-zm-trackingid", "WEB_7");
    fake.token_answer(refusal);
    let error = fake.tokens().token().await.unwrap_err();
    assert!(
        matches!(&error, AuthError::Refused { status: 400, error, .. } if error == "invalid_request"),
        "{error:?}"
    );
    assert!(error.to_string().contains("account id") && error.to_string().contains("WEB_7"), "{error}");
}

#[tokio::test]
async fn everyone_who_waited_hears_of_the_same_failure_and_later_it_is_tried_again() {
    let fake = Fake::start().await;
    fake.token_answer(Answer::new(503, "<html>"));
    let tokens = fake.tokens();
    let mut callers = JoinSet::new();
    for _ in 0..20 {
        let tokens = tokens.clone();
        callers.spawn(async move { tokens.token().await });
    }
    for token in callers.join_all().await {
        let error = token.unwrap_err();
        assert!(matches!(error, AuthError::Unavailable { status: 503, .. }) && error.retry_helps());
    }
    assert_eq!(fake.token_requests().len(), 1);
    pass(Duration::from_secs(2)).await;
    assert!(tokens.token().await.is_ok());
}

#[tokio::test]
async fn a_success_without_a_token_is_an_error() {
    for body in ["<html>sign in</html>", "{}", r#"{"access_token":" "}"#, ""] {
        let fake = Fake::start().await;
        fake.token_answer(Answer::new(200, body));
        let error = fake.tokens().token().await.unwrap_err();
        assert!(matches!(error, AuthError::Unreadable { status: 200 }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn the_credentials_follow_no_redirect() {
    let (fake, other) = (Fake::start().await, Fake::start().await);
    fake.token_answer(
        Answer::new(307, "").header("location", other.url.join("oauth/token").unwrap().as_str()),
    );
    assert!(matches!(fake.tokens().token().await, Err(AuthError::Refused { status: 307, .. })));
    assert_eq!(other.token_requests().len(), 0);
}

#[tokio::test]
async fn a_token_is_never_printed() {
    let fake = Fake::start().await;
    let tokens = fake.tokens();
    let token = tokens.token().await.unwrap();
    assert!(!format!("{token:?} {tokens:?}").contains("token-1"));
}
