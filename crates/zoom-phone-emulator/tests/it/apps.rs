//! Apps as they are configured: which grants are theirs, and what ends them.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use zoom_phone_emulator::{App, AppKind, Config, Emulator, Temper, signature};

use crate::oauth::{CALLBACK, CHALLENGE, GENERAL, VERIFIER, form, parameter, refused};
use crate::rig::{DEMO, GRANT, Served, Zoom};

/// A general app that can keep no secret.
fn public() -> App {
    App {
        name: "Pocket <app>".to_owned(),
        client_id: "public_app".to_owned(),
        pkce_public: true,
        device: false,
        scopes: vec![
            "phone:read:user".to_owned(),
            "phone:read:admin".to_owned(),
            "user:read:user".to_owned(),
        ],
        ..App::general()
    }
}

fn three_apps() -> Config {
    Config { apps: vec![App::server_to_server(), App::general(), public()], ..Config::default() }
}

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[tokio::test(start_paused = true)]
async fn each_app_is_refused_the_grants_that_are_not_its_own() {
    let zoom = Zoom::with(three_apps()).await;
    let public = "Basic cHVibGljX2FwcDpkZW1vX2dlbmVyYWxfc2VjcmV0";
    let wrong_secret = "Basic ZGVtb19jbGllbnRfaWRfMDAwMDAwQTp4";
    let device = format!("grant_type={DEVICE}&device_code=x");
    for (credentials, body, error, code) in [
        (Some(DEMO), "grant_type=authorization_code&code=x", "unsupported_grant_type", 4705),
        (Some(DEMO), "grant_type=refresh_token&refresh_token=x", "unsupported_grant_type", 4705),
        (Some(DEMO), device.as_str(), "unsupported_grant_type", 4705),
        (Some(DEMO), "grant_type=password", "unsupported_grant_type", 4705),
        (Some(DEMO), "account_id=demo_account_0000000AA", "invalid_request", 4706),
        (Some(DEMO), "grant_type=account_credentials", "invalid_request", 4700),
        (Some(DEMO), "grant_type=account_credentials&account_id=other", "invalid_request", 4700),
        (Some(DEMO), &format!("{GRANT}&token_index=many"), "invalid_request", 4700),
        (Some(wrong_secret), GRANT, "invalid_client", 4702),
        (None, GRANT, "invalid_client", 4706),
        (None, &format!("{GRANT}&client_id=demo_client_id_000000A"), "invalid_client", 4706),
        (Some(GENERAL), GRANT, "unsupported_grant_type", 4705),
        (Some(GENERAL), "grant_type=authorization_code", "invalid_request", 4700),
        (Some(GENERAL), "grant_type=authorization_code&code=x", "invalid_grant", 4734),
        (Some(GENERAL), "grant_type=refresh_token", "invalid_request", 4700),
        (Some(GENERAL), "grant_type=refresh_token&refresh_token=x", "invalid_grant", 4735),
        (Some(GENERAL), &format!("grant_type={DEVICE}"), "invalid_request", 4700),
        (Some(public), device.as_str(), "unsupported_grant_type", 4705),
        (None, "grant_type=client_credentials&client_id=public_app", "invalid_client", 4706),
    ] {
        let answer = zoom.ask_token("/oauth/token", credentials, body).await;
        assert_eq!(refused(&answer), (400, error, Some(code)), "{body}: {answer:?}");
    }
    let unknown =
        zoom.ask_token("/oauth/token", Some(GENERAL), &format!("grant_type={DEVICE}&device_code=x")).await;
    assert_eq!(unknown.1, json!({ "error": "invalid_grant" }), "devices get the bare form");
    let no_devices = zoom.ask_token("/oauth/devicecode", None, "client_id=public_app").await;
    assert_eq!(refused(&no_devices), (400, "invalid_client", Some(4702)));
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK, "refusals end no token");
}

#[tokio::test(start_paused = true)]
async fn codes_and_refresh_tokens_are_good_only_for_the_app_that_they_were_given_to() {
    let zoom = Zoom::with(three_apps()).await;
    let as_public = |pairs: &[(&str, &str)]| {
        let body =
            form(&[pairs, &[("client_id", "public_app"), ("client_secret", "demo_general_secret")]].concat());
        let zoom = &zoom;
        async move { zoom.ask_token("/oauth/token", None, &body).await }
    };
    let code = zoom.code(&[]).await;
    let exchange =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(refused(&as_public(&exchange).await), (400, "invalid_grant", Some(4734)));
    let tokens = zoom.sign_in("ada.moreno@example.com").await;
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_eq!(refused(&as_public(&refresh).await), (400, "invalid_grant", Some(4735)));
    let access = tokens["access_token"].as_str().expect("a token");
    let others = format!("token={access}&client_id=public_app&client_secret=demo_general_secret");
    zoom.ask_token("/oauth/revoke", None, &others).await;
    assert_eq!(
        zoom.with_token(&tokens, "/v2/users/me").await.0,
        StatusCode::OK,
        "nor may another app revoke them"
    );
}

#[tokio::test(start_paused = true)]
async fn a_public_client_needs_pkce_and_no_secret() {
    let zoom = Zoom::with(three_apps()).await;
    let ask = |more: &[(&str, &str)]| {
        let query = form(
            &[
                &[
                    ("response_type", "code"),
                    ("client_id", "public_app"),
                    ("redirect_uri", CALLBACK),
                    ("emulator_approve", "1"),
                ],
                more,
            ]
            .concat(),
        );
        let zoom = &zoom;
        async move { zoom.page("GET", &format!("/oauth/authorize?{query}"), String::new()).await }
    };
    let (status, back, page) = ask(&[]).await;
    assert_eq!((status, back), (StatusCode::BAD_REQUEST, None));
    assert!(page.contains("code_challenge (4,700)"), "{page}");

    let (_, back, _) = ask(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]).await;
    let code = parameter(&back.expect("a redirect"), "code").expect("a code");
    let exchange = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "public_app"),
        ("code_verifier", VERIFIER),
    ]);
    let (status, tokens) = zoom.ask_token("/oauth/token", None, &exchange).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!(tokens["scope"], "phone:read:admin phone:read:user user:read:user", "what the app has");
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let refresh =
        form(&[("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "public_app")]);
    assert_eq!(zoom.ask_token("/oauth/token", None, &refresh).await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn why_a_refresh_token_ended_is_told() {
    let zoom = Zoom::start().await;
    let first = zoom.sign_in("ada.moreno@example.com").await;
    let second = zoom.sign_in("ada.moreno@example.com").await;
    assert_eq!(zoom.with_token(&first, "/v2/users/me").await.1["code"], 124);
    let replaced = zoom.refresh(&first["refresh_token"]).await;
    assert_eq!(refused(&replaced), (400, "invalid_grant", Some(4741)), "a later sign-in");
    let (_, third) = zoom.refresh(&second["refresh_token"]).await;
    let replayed = zoom.refresh(&second["refresh_token"]).await;
    assert_eq!(refused(&replayed), (400, "invalid_grant", Some(4735)), "used before");
    let token = third["access_token"].as_str().expect("a token");
    zoom.ask_token("/oauth/revoke", Some(GENERAL), &form(&[("token", token)])).await;
    let revoked = zoom.refresh(&third["refresh_token"]).await;
    assert_eq!(refused(&revoked), (400, "invalid_grant", Some(4741)), "revoked");
    assert_eq!(revoked.1["reason"], "Invalid Token!");
}

#[tokio::test(start_paused = true)]
async fn in_the_field_refusals_have_no_code_and_tokens_live_a_second_less() {
    let zoom = Zoom::with(Config { temper: Temper::Field, ..Config::default() }).await;
    let answer = zoom.general(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await;
    let seen = json!({ "reason": "Invalid Token!", "error": "invalid_grant" });
    assert_eq!(answer, (StatusCode::BAD_REQUEST, seen));
    let tokens = zoom.sign_in("ada.moreno@example.com").await;
    assert_eq!(tokens["expires_in"], 3599);
    tokio::time::advance(Duration::from_hours(1)).await;
    let expired = zoom.with_token(&tokens, "/v2/users/me").await;
    assert_eq!(expired.1, json!({ "code": 124, "message": "Access token is expired." }));
}

#[tokio::test(start_paused = true)]
async fn the_region_of_the_api_is_configurable_and_metadata_names_the_endpoints() {
    let api_url = "https://api-eu.zoom.us".parse().ok();
    let zoom = Zoom::with(Config { api_url, ..Config::default() }).await;
    let (_, token) = zoom.ask_token("/oauth/token", Some(DEMO), GRANT).await;
    assert_eq!(token["api_url"], "https://api-eu.zoom.us");
    let (status, metadata) = zoom.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(metadata["token_endpoint"], "http://localhost/oauth/token");
}

#[tokio::test(start_paused = true)]
async fn users_may_leave_optional_scopes_out_and_keep_what_they_granted_before() {
    let zoom = Zoom::start().await;
    let asked = |more: &[(&str, &str)]| {
        let query = [
            ("response_type", "code"),
            ("client_id", "demo_general_app_0000A"),
            ("redirect_uri", CALLBACK),
            ("scope", "user:read:user"),
            ("optional_scope", "phone:read:list_sites:admin phone:read:list_users:admin"),
        ];
        format!("/oauth/authorize?{}", form(&[&query, more].concat()))
    };
    let (_, _, page) = zoom.page("GET", &asked(&[]), String::new()).await;
    for part in [
        "<h1>Demo app wants to use your Zoom account</h1>",
        "<label for=user>Sign in as</label>",
        "It asks for 1 scope<",
        "<label><input type=checkbox name=optional value=\"phone:read:list_sites:admin\" checked>",
        "color-scheme: light dark",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let granted = |uri: String, answer: &'static [(&str, &str)]| {
        let zoom = &zoom;
        async move {
            let (_, back, _) = zoom.page("POST", &uri, form(answer)).await;
            let code = parameter(&back.expect("a redirect"), "code").expect("a code");
            zoom.exchange(&code, &[]).await.1["scope"].clone()
        }
    };
    let approve: &[_] = &[("decision", "approve")];
    let ticked: &[_] = &[
        ("decision", "approve"),
        ("optional", "phone:read:list_users:admin"),
        ("optional", "phone:read:sms:x"),
    ];
    let kept = asked(&[("include_granted_scopes", "true")]);
    assert_eq!(granted(asked(&[]), ticked).await, "phone:read:list_users:admin user:read:user");
    assert_eq!(granted(kept, approve).await, "phone:read:list_users:admin user:read:user");
    assert_eq!(granted(asked(&[]), approve).await, "user:read:user");
    let declined =
        zoom.page("GET", &asked(&[("emulator_approve", "0"), ("state", "s")]), String::new()).await;
    assert_eq!(declined.1.expect("a redirect").query(), Some("error=access_denied&state=s"));
}

#[tokio::test(start_paused = true)]
async fn an_account_without_zoom_phone_and_a_user_without_it_are_refused() {
    let zoom = Zoom::start().await;
    let tokens = zoom.sign_in("ada.moreno@example.com").await;
    let code = |answer: (StatusCode, Value)| (answer.0.as_u16(), answer.1["code"].as_u64());
    let stand = |change: Value| {
        let zoom = &zoom;
        async move { zoom.say("POST", "/_emulator/account", &change).await }
    };
    stand(json!({ "phone_enabled": false })).await;
    let answer = zoom.get("/v2/phone/users").await;
    assert_eq!(answer.1["message"], "Zoom Phone has not been enabled for this account.");
    assert_eq!(code(answer), (403, Some(2031)));
    assert_eq!(zoom.with_token(&tokens, "/v2/users/me").await.0, StatusCode::OK, "that is not of Zoom Phone");

    let (_, standing) =
        stand(json!({ "phone_enabled": true, "without_phone": ["ada.moreno@example.com"] })).await;
    assert_eq!(standing["phone_enabled"], true);
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK);
    assert_eq!(code(zoom.get("/v2/phone/users/ada.moreno@example.com").await), (404, Some(1001)));
    assert_eq!(code(zoom.with_token(&tokens, "/v2/phone/users/me").await), (403, Some(2031)));

    let (_, standing) = stand(json!({ "suspended": true, "without_phone": [] })).await;
    assert_eq!((&standing["suspended"], &standing["without_phone"]), (&json!(true), &json!([])));
    assert_eq!(code(zoom.get("/v2/phone/users").await), (404, Some(2001)));
    stand(json!({ "suspended": false, "disabled_apps": ["demo_general_app_0000A"] })).await;
    assert_eq!(refused(&zoom.refresh(&tokens["refresh_token"]).await), (400, "invalid_request", Some(4717)));
    stand(json!({ "disabled_apps": [] })).await;
    assert_eq!(zoom.refresh(&tokens["refresh_token"]).await.0, StatusCode::OK, "as if nothing had been");
    for wrong in
        [json!({ "without_phone": ["nobody"] }), json!({ "disabled_apps": ["x"] }), json!({ "frozen": 1 })]
    {
        assert_eq!(stand(wrong).await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_removed_app_is_told_so_and_its_tokens_end() {
    let (told, mut events) = mpsc::unbounded_channel::<(HeaderMap, Bytes)>();
    let receive = |State(told): State<mpsc::UnboundedSender<_>>, headers: HeaderMap, body: Bytes| async move {
        told.send((headers, body)).map_or(StatusCode::GONE, |()| StatusCode::OK)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/gone", listener.local_addr().expect("an address"));
    let receiver = axum::Router::new().route("/gone", post(receive)).with_state(told);
    let receiver = tokio::spawn(async move { axum::serve(listener, receiver).await });
    let app = App {
        deauthorization_url: url.parse().ok(),
        secret_token: "another secret".to_owned(),
        ..App::general()
    };
    let zoom = Served::with(Config { apps: vec![App::server_to_server(), app], ..Config::default() }).await;
    let query = form(&[
        ("response_type", "code"),
        ("client_id", "demo_general_app_0000A"),
        ("redirect_uri", CALLBACK),
        ("emulator_approve", "1"),
    ]);
    let back =
        zoom.client.get(format!("{}/oauth/authorize?{query}", zoom.origin)).send().await.expect("an answer");
    let back = back.headers()["location"].to_str().expect("text").parse().expect("an address");
    let code = parameter(&back, "code").expect("a code");
    let exchange = form(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)]);
    let token = zoom.client.post(format!("{}/oauth/token", zoom.origin)).header("authorization", GENERAL);
    let token: Value = token.body(exchange).send().await.expect("an answer").json().await.expect("JSON");
    let me = || async {
        let request = zoom.client.get(format!("{}/v2/users/me", zoom.origin));
        let request = request.bearer_auth(token["access_token"].as_str().expect("a token"));
        request.send().await.expect("an answer").json::<Value>().await.expect("JSON")
    };
    let id = me().await["id"].clone();
    let apps = zoom.control("GET", "/apps", &Value::Null).await;
    assert_eq!(apps["apps"][1]["users"], json!([id]));
    assert!(!apps.to_string().contains("secret"), "{apps}");

    let path = "/apps/demo_general_app_0000A/deauthorize?user=ada.moreno@example.com";
    let done = zoom.control("POST", path, &Value::Null).await;
    assert_eq!((&done["users"], &done["events"][0]["status"]), (&json!([id]), &json!(200)));
    let (headers, body) = events.recv().await.expect("an event");
    let stamp = headers["x-zm-request-timestamp"].to_str().expect("text").parse().expect("a number");
    assert_eq!(headers["x-zm-signature"], signature("another secret", stamp, &body));
    let event: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((&event["event"], &event["payload"]["user_id"]), (&json!("app_deauthorized"), &id));
    assert_eq!(event["payload"]["client_id"], "demo_general_app_0000A");
    assert_eq!(event["payload"]["account_id"], "demo_account_0000000AA");
    assert_eq!(me().await["code"], 124);
    let unknown = zoom.control("POST", "/apps/demo_client_id_000000A/deauthorize", &Value::Null).await;
    assert!(unknown["error"].is_string(), "a Server-to-Server app has no users");
    receiver.abort();
}

#[test]
fn two_apps_cannot_have_one_client_id() {
    let apps = vec![App::general(), App { kind: AppKind::ServerToServer, ..App::general() }];
    let start = "2026-11-22T10:00:00Z".parse().expect("a valid time");
    let error = Emulator::new(Config { apps, ..Config::default() }, start).expect_err("a refusal");
    assert!(error.to_string().contains("demo_general_app_0000A"), "{error}");
}
