//! Rate limits, as clients meet them.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use zoom_phone_emulator::{Config, Plan, Temper};

use crate::rig::Zoom;

impl Zoom {
    async fn answer_to(&self, method: &str, uri: &str, token: &str) -> Response {
        let request =
            Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {token}"));
        self.answer(request.body(Body::empty()).expect("a request")).await
    }
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().expect("a token")
}

#[tokio::test(start_paused = true)]
async fn each_category_has_its_limit_on_each_plan_and_says_so() {
    for (plan, limits) in [(Plan::Pro, [20, 10, 5, 5, 30]), (Plan::BusinessPlus, [40, 20, 10, 10, 80])] {
        let zoom = Zoom::with(Config { limits: Some(plan), ..Config::default() }).await;
        let tokens = zoom.sign_in("ada.moreno@example.com").await;
        let of_day = if plan == Plan::Pro { 15_000 } else { 30_000 };
        let mut spent_today = 0;
        for (at, (method, uri, category, seconds)) in [
            ("GET", "/v2/phone/users/me", "Light", 1),
            ("GET", "/v2/phone/users", "Medium", 1),
            ("GET", "/v2/phone/call_history", "Heavy", 1),
            ("PATCH", "/v2/phone/policies/x", "Resource-intensive", 60),
            ("GET", "/v2/users/me", "Light", 1),
        ]
        .into_iter()
        .enumerate()
        {
            let daily = category == "Heavy" || category == "Resource-intensive";
            for nth in 1..=limits[at] {
                let answer = zoom.answer_to(method, uri, access(&tokens)).await;
                assert_ne!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{uri} {nth}");
                spent_today += usize::from(daily);
                let (kind, limit, left) = if daily {
                    ("Daily-limit", of_day, of_day - spent_today)
                } else {
                    ("QPS", limits[at], limits[at] - nth)
                };
                assert_eq!(header(&answer, "x-ratelimit-category"), Some(category), "{uri}");
                assert_eq!(header(&answer, "x-ratelimit-type"), Some(kind), "{uri}");
                assert_eq!(header(&answer, "x-ratelimit-limit"), Some(limit.to_string().as_str()), "{uri}");
                assert_eq!(
                    header(&answer, "x-ratelimit-remaining"),
                    Some(left.to_string().as_str()),
                    "{uri}"
                );
            }
            let refused = zoom.answer_to(method, uri, access(&tokens)).await;
            assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{uri}");
            assert_eq!(header(&refused, "x-ratelimit-type"), Some("QPS"));
            assert_eq!(header(&refused, "x-ratelimit-limit"), Some(limits[at].to_string().as_str()));
            assert_eq!(header(&refused, "x-ratelimit-remaining"), Some("0"));
            assert_eq!(header(&refused, "retry-after"), None, "only a day's end is told");
            tokio::time::advance(Duration::from_secs(seconds)).await;
            let answer = zoom.answer_to(method, uri, access(&tokens)).await;
            assert_ne!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{uri}");
            spent_today += usize::from(daily);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_apps_and_users_of_the_account_share_the_limits() {
    let zoom = Zoom::with(Config { limits: Some(Plan::Pro), ..Config::default() }).await;
    let ada = zoom.sign_in("ada.moreno@example.com").await;
    let ben = zoom.sign_in("ben.okafor@example.com").await;
    for nth in 0..10 {
        let token = [zoom.token.as_str(), access(&ada), access(&ben)][nth % 3];
        assert_eq!(zoom.answer_to("GET", "/v2/phone/users", token).await.status(), StatusCode::OK, "{nth}");
    }
    let answer = json!({
        "code": 429,
        "message": "You have reached the maximum per-second rate limit for this API. Try again later.",
    });
    assert_eq!(zoom.get("/v2/phone/sites").await, (StatusCode::TOO_MANY_REQUESTS, answer));
    assert_eq!(
        zoom.get("/v2/phone/nothing").await.0,
        StatusCode::NOT_FOUND,
        "what is not there has no limit"
    );
}

#[tokio::test(start_paused = true)]
async fn limits_can_be_switched_and_tell_what_is_spent() {
    let zoom = Zoom::start().await;
    assert_eq!(zoom.get("/_emulator/limits").await.1["plan"], Value::Null);
    let (status, _) =
        zoom.say("POST", "/_emulator/limits", &json!({ "plan": "business_plus", "daily": 2 })).await;
    assert_eq!(status, StatusCode::OK);
    for _ in 0..2 {
        assert_eq!(zoom.get("/v2/phone/call_history").await.0, StatusCode::OK);
    }
    let refused = zoom.answer_to("GET", "/v2/phone/call_history", &zoom.token).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "x-ratelimit-type"), Some("Daily-limit"));
    assert_eq!(header(&refused, "retry-after"), Some("2026-11-23T00:00:00Z"));
    let (_, report) = zoom.get("/_emulator/limits").await;
    assert_eq!((&report["plan"], &report["refused"]), (&json!("business_plus"), &json!(1)));
    let day = json!({ "date": "2026-11-22", "limit": 2, "spent": 2, "ends": "2026-11-23T00:00:00Z" });
    assert_eq!(report["day"], day);
    let heavy = json!({ "api": "phone", "category": "Heavy", "seconds": 1, "limit": 10, "spent": 2 });
    assert_eq!(report["windows"][2], heavy);
    tokio::time::advance(Duration::from_hours(14)).await;
    assert_eq!(zoom.get("/_emulator/limits").await.1["day"]["spent"], 0, "a new day");

    zoom.call("DELETE", "/_emulator/limits").await;
    let token = zoom.new_token().await;
    for _ in 0..30 {
        let answer = zoom.answer_to("GET", "/v2/phone/call_history", &token).await;
        assert_eq!((answer.status(), header(&answer, "x-ratelimit-type")), (StatusCode::OK, None));
    }
    for wrong in [json!({ "plan": "free" }), json!({}), json!({ "plan": "pro", "hourly": 1 })] {
        let (status, answer) = zoom.say("POST", "/_emulator/limits", &wrong).await;
        assert_eq!((status, answer["error"].is_string()), (StatusCode::BAD_REQUEST, true), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn in_the_field_some_refusals_do_not_say_why() {
    let zoom =
        Zoom::with(Config { limits: Some(Plan::Pro), temper: Temper::Field, ..Config::default() }).await;
    zoom.say("POST", "/_emulator/limits", &json!({ "plan": "pro", "daily": 0 })).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        let refused = zoom.answer_to("GET", "/v2/phone/call_history", &zoom.token).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(header(&refused, "x-ratelimit-category"), Some("Heavy"));
        told.push((
            header(&refused, "x-ratelimit-type").is_some(),
            header(&refused, "retry-after").is_some(),
        ));
    }
    assert_eq!(told, [(false, false), (true, true), (false, false), (true, true)]);
}

#[tokio::test(start_paused = true)]
async fn two_deletions_for_one_user_at_once_are_too_many() {
    let zoom = Zoom::with(Config { limits: Some(Plan::Pro), ..Config::default() }).await;
    let slow = json!({ "fault": "delay", "milliseconds": 500, "times": 10 });
    zoom.say("POST", "/_emulator/faults", &slow).await;
    let delete = |user: &str| {
        let uri = format!("/v2/phone/users/{user}/outbound_caller_id/customized_numbers?customize_ids=x");
        let zoom = &zoom;
        async move { zoom.call("DELETE", &uri).await }
    };
    let id = zoom.get("/v2/phone/users/ada.moreno@example.com").await.1["id"].clone();
    let (first, second, other) = tokio::join!(
        delete("ada.moreno@example.com"),
        delete(id.as_str().expect("an id")),
        delete("ben.okafor@example.com"),
    );
    assert_ne!(first.0, StatusCode::TOO_MANY_REQUESTS);
    assert_ne!(other.0, StatusCode::TOO_MANY_REQUESTS, "{}", other.1);
    let answer = json!({ "code": 429, "message": "Too many concurrent requests. Try again later." });
    assert_eq!(second, (StatusCode::TOO_MANY_REQUESTS, answer));
    assert_ne!(
        delete("ada.moreno@example.com").await.0,
        StatusCode::TOO_MANY_REQUESTS,
        "one after the other"
    );
}
