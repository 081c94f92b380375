//! Users sign in: consent, PKCE, rotation, devices, revocation; and what is lost on the way.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};
use zoom_phone_emulator::Config;

use crate::rig::{DEMO, GRANT, Zoom};

pub(crate) const GENERAL: &str = "Basic ZGVtb19nZW5lcmFsX2FwcF8wMDAwQTpkZW1vX2dlbmVyYWxfc2VjcmV0";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:8080/oauth/callback";
/// The pair of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Zoom {
    pub(crate) async fn page(
        &self,
        method: &str,
        uri: &str,
        body: String,
    ) -> (StatusCode, Option<Url>, String) {
        let request = Request::builder().method(method).uri(uri).header("host", "127.0.0.1:8090");
        let response = self.answer(request.body(Body::from(body)).expect("a request")).await;
        let location = response.headers().get("location").and_then(|it| it.to_str().ok()?.parse().ok());
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, location, String::from_utf8(body.to_vec()).expect("text"))
    }

    /// The address that the browser is sent back to after an automatic approval.
    pub(crate) async fn approve(&self, more: &[(&str, &str)]) -> Url {
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", "demo_general_app_0000A"),
            ("redirect_uri", CALLBACK),
            ("emulator_approve", "1"),
        ];
        query.extend(more);
        let (status, location, page) =
            self.page("GET", &format!("/oauth/authorize?{}", form(&query)), String::new()).await;
        assert_eq!(status, StatusCode::FOUND, "{page}");
        location.expect("a redirect")
    }

    pub(crate) async fn code(&self, more: &[(&str, &str)]) -> String {
        parameter(&self.approve(more).await, "code").expect("a code")
    }

    pub(crate) async fn general(&self, pairs: &[(&str, &str)]) -> (StatusCode, Value) {
        self.ask_token("/oauth/token", Some(GENERAL), &form(pairs)).await
    }

    pub(crate) async fn exchange(&self, code: &str, more: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut pairs =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        pairs.extend(more);
        self.general(&pairs).await
    }

    pub(crate) async fn refresh(&self, token: &Value) -> (StatusCode, Value) {
        let token = token.as_str().expect("a refresh token");
        self.general(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Tokens of a user who agreed to everything.
    pub(crate) async fn sign_in(&self, user: &str) -> Value {
        let code = self.code(&[("emulator_user", user)]).await;
        let (status, tokens) = self.exchange(&code, &[]).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        tokens
    }

    async fn me(&self, tokens: &Value) -> (StatusCode, Value) {
        self.with_token(tokens, "/v2/users/me").await
    }

    pub(crate) async fn with_token(&self, tokens: &Value, uri: &str) -> (StatusCode, Value) {
        let token = format!("Bearer {}", tokens["access_token"].as_str().expect("a token"));
        self.send(Request::get(uri).header("authorization", token).body(Body::empty()).expect("a request"))
            .await
    }
}

pub(crate) fn parameter(address: &Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn refused(answer: &(StatusCode, Value)) -> (u16, &str, Option<u64>) {
    (answer.0.as_u16(), answer.1["error"].as_str().unwrap_or_default(), answer.1["code"].as_u64())
}

#[tokio::test(start_paused = true)]
async fn a_user_signs_in_with_pkce_and_the_token_is_theirs() {
    let zoom = Zoom::start().await;
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256"), ("state", "a b&c")];
    let back = zoom.approve(&pkce).await;
    assert!(back.as_str().starts_with(CALLBACK));
    assert_eq!(parameter(&back, "state").as_deref(), Some("a b&c"));
    let code = parameter(&back, "code").expect("a code");
    let (status, tokens) = zoom.exchange(&code, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(3600)));
    assert_eq!(tokens["api_url"], "http://127.0.0.1:8090");
    let (status, me) = zoom.me(&tokens).await;
    assert_eq!((status, &me["email"]), (StatusCode::OK, &json!("ada.moreno@example.com")));
    let (status, by_path) = zoom.with_token(&tokens, "/v2/phone/users/me").await;
    assert_eq!((status, &by_path["id"]), (StatusCode::OK, &me["id"]));
    let (status, history) = zoom.with_token(&tokens, "/v2/phone/users/me/call_history").await;
    assert_eq!(status, StatusCode::OK, "{history}");
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK, "the account's token lives on");
}

#[tokio::test(start_paused = true)]
async fn the_consent_page_names_people_and_its_buttons_answer() {
    let zoom = Zoom::start().await;
    let query = form(&[
        ("response_type", "code"),
        ("client_id", "demo_general_app_0000A"),
        ("redirect_uri", CALLBACK),
        ("state", "\"><script>"),
    ]);
    let uri = format!("/oauth/authorize?{query}");
    let (status, _, page) = zoom.page("GET", &uri, String::new()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Ben Okafor") && page.contains("<form method=post") && !page.contains("<script>"),
        "{page}"
    );
    let (_, back, _) =
        zoom.page("POST", &uri, form(&[("decision", "approve"), ("user", "ben.okafor@example.com")])).await;
    let (_, tokens) =
        zoom.exchange(&parameter(&back.expect("a redirect"), "code").expect("a code"), &[]).await;
    assert_eq!(zoom.me(&tokens).await.1["first_name"], "Ben");
    let (_, back, _) = zoom.page("POST", &uri, form(&[("decision", "deny")])).await;
    let back = back.expect("a redirect");
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("\"><script>"));
}

#[tokio::test(start_paused = true)]
async fn wrong_requests_for_consent_go_nowhere() {
    let zoom = Zoom::start().await;
    let good = [
        ("response_type", "code"),
        ("client_id", "demo_general_app_0000A"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "phone:read:list_users:admin"),
        ("emulator_approve", "1"),
    ];
    for (name, wrong, code) in [
        ("response_type", "token", "(4,700)"),
        ("client_id", "demo_client_id_000000A", "(4,702)"),
        ("redirect_uri", "http://127.0.0.1:8080/oauth/callback/", "(4,700)"),
        (
            "redirect_uri",
            "http://evil.example/<script>",
            "Invalid redirect: http://evil.example/&lt;script&gt; (4,700)",
        ),
        ("code_challenge_method", "S512", "(4,700)"),
        ("scope", "phone:read:everything", "(4,711)"),
    ] {
        let query: Vec<_> =
            good.iter().map(|&(key, value)| (key, if key == name { wrong } else { value })).collect();
        let (status, location, page) =
            zoom.page("GET", &format!("/oauth/authorize?{}", form(&query)), String::new()).await;
        assert_eq!((status, location), (StatusCode::BAD_REQUEST, None), "{name}={wrong}");
        assert!(page.contains(code), "{page}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_once_for_five_minutes_for_its_address_and_its_verifier() {
    let zoom = Zoom::start().await;
    let code = zoom.code(&[]).await;
    assert_eq!(zoom.exchange(&code, &[]).await.0, StatusCode::OK);
    assert_eq!(refused(&zoom.exchange(&code, &[]).await), (400, "invalid_grant", Some(4734)));

    let code = zoom.code(&[]).await;
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(refused(&zoom.exchange(&code, &[]).await), (400, "invalid_grant", Some(4733)));

    let code = zoom.code(&[]).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://localhost:8080/oauth/callback"),
    ];
    assert_eq!(refused(&zoom.general(&pairs).await), (400, "invalid_request", Some(4709)));

    let hashed = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    for wrong in [vec![], vec![("code_verifier", CHALLENGE)]] {
        let code = zoom.code(&hashed).await;
        assert_eq!(refused(&zoom.exchange(&code, &wrong).await), (400, "invalid_grant", Some(4700)));
    }
    let code = zoom.code(&[("code_challenge", VERIFIER)]).await;
    assert_eq!(
        zoom.exchange(&code, &[("code_verifier", VERIFIER)]).await.0,
        StatusCode::OK,
        "plain is Zoom's default"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_rotates_both_tokens_and_the_old_ones_are_dead_at_once() {
    let zoom = Zoom::start().await;
    let old = zoom.sign_in("ada.moreno@example.com").await;
    let other = zoom.sign_in("ben.okafor@example.com").await;
    let (status, new) = zoom.refresh(&old["refresh_token"]).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(old["refresh_token"], new["refresh_token"]);
    assert_eq!(zoom.me(&old).await.1["code"], 124);
    assert_eq!(zoom.me(&new).await.1["first_name"], "Ada");
    assert_eq!(refused(&zoom.refresh(&old["refresh_token"]).await), (400, "invalid_grant", Some(4735)));
    assert_eq!(zoom.me(&new).await.0, StatusCode::OK, "a dead refresh token ends nothing");
    assert_eq!(zoom.me(&other).await.1["first_name"], "Ben", "people do not disturb each other");
    tokio::time::advance(Duration::from_hours(90 * 24)).await;
    assert_eq!(zoom.refresh(&new["refresh_token"]).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn consent_can_be_given_to_fewer_scopes() {
    let zoom = Zoom::start().await;
    let scopes =
        [("scope", "phone:read:list_sites:admin"), ("optional_scope", "phone:read:list_users:admin unknown")];
    let code = zoom.code(&scopes).await;
    let (_, tokens) = zoom.exchange(&code, &[]).await;
    assert_eq!(tokens["scope"], "phone:read:list_sites:admin phone:read:list_users:admin");
    assert_eq!(zoom.with_token(&tokens, "/v2/phone/sites").await.0, StatusCode::OK);
    let (status, answer) = zoom.me(&tokens).await;
    let message = "Invalid access token, does not contain scopes:[user:read:user, user:read:user:admin].";
    assert_eq!((status, answer), (StatusCode::BAD_REQUEST, json!({ "code": 4711, "message": message })));
    let (_, refreshed) = zoom.refresh(&tokens["refresh_token"]).await;
    assert_eq!(refreshed["scope"], tokens["scope"]);
}

#[tokio::test(start_paused = true)]
async fn a_device_polls_until_somebody_approves() {
    let zoom = Zoom::start().await;
    let begin = || zoom.ask_token("/oauth/devicecode", None, "client_id=demo_general_app_0000A");
    let poll = |device: &Value| {
        let device = device["device_code"].as_str().expect("a code").to_owned();
        let zoom = &zoom;
        async move {
            let grant = "urn:ietf:params:oauth:grant-type:device_code";
            zoom.general(&[("grant_type", grant), ("device_code", &device)]).await
        }
    };
    let (status, device) = begin().await;
    assert_eq!(
        (status, &device["expires_in"], &device["interval"]),
        (StatusCode::OK, &json!(900), &json!(5))
    );
    let user_code = device["user_code"].as_str().expect("a code").to_owned();
    assert_eq!(poll(&device).await, (StatusCode::BAD_REQUEST, json!({ "error": "authorization_pending" })));
    assert_eq!(poll(&device).await.1, json!({ "error": "slow_down" }));
    let complete: Url =
        device["verification_uri_complete"].as_str().expect("an address").parse().expect("an address");
    let (_, _, page) = zoom.page("GET", complete.path(), String::new()).await;
    assert!(page.contains(&user_code), "{page}");
    zoom.page("POST", complete.path(), form(&[("decision", "approve"), ("user", "ben.okafor@example.com")]))
        .await;
    tokio::time::advance(Duration::from_secs(9)).await;
    assert_eq!(poll(&device).await.1, json!({ "error": "slow_down" }), "the interval grew to ten seconds");
    tokio::time::advance(Duration::from_secs(15)).await;
    let (status, tokens) = poll(&device).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!(zoom.me(&tokens).await.1["first_name"], "Ben");
    assert!(tokens["refresh_token"].is_string());

    let (_, device) = begin().await;
    let user_code = device["user_code"].as_str().expect("a code").to_owned();
    let settle = |verdict: &str| format!("/_emulator/devices/{user_code}/{verdict}");
    assert_eq!(zoom.call("POST", &settle("deny")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(zoom.call("POST", &settle("approve")).await.0, StatusCode::NOT_FOUND, "it is settled");
    assert_eq!(poll(&device).await.1, json!({ "error": "access_denied" }));

    let (_, device) = begin().await;
    tokio::time::advance(Duration::from_mins(15)).await;
    assert_eq!(poll(&device).await.1, json!({ "error": "expired_token" }));
}

#[tokio::test(start_paused = true)]
async fn revocation_ends_access_and_refresh_together() {
    let zoom = Zoom::start().await;
    let tokens = zoom.sign_in("ada.moreno@example.com").await;
    let token = tokens["access_token"].as_str().expect("a token");
    let (status, _) = zoom.ask_token("/oauth/revoke", None, &form(&[("token", token)])).await;
    assert_eq!(
        (status, zoom.me(&tokens).await.0),
        (StatusCode::BAD_REQUEST, StatusCode::OK),
        "credentials are needed"
    );
    let revoked = zoom.ask_token("/oauth/revoke", Some(GENERAL), &form(&[("token", token)])).await;
    assert_eq!(revoked, (StatusCode::OK, json!({ "status": "success" })));
    assert_eq!(zoom.me(&tokens).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(zoom.refresh(&tokens["refresh_token"]).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn token_indices_live_side_by_side_and_apps_have_tokens_of_their_own() {
    let zoom = Zoom::start().await;
    let (_, second) = zoom.ask_token("/oauth/token", Some(DEMO), &format!("{GRANT}&token_index=2")).await;
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK);
    assert_eq!(zoom.with_token(&second, "/v2/phone/users").await.0, StatusCode::OK);
    let (_, app) = zoom.ask_token("/oauth/token", Some(DEMO), "grant_type=client_credentials").await;
    assert!(
        app["scope"].as_str().is_some_and(|scope| scope.contains("marketplace:write:websocket_connection"))
    );
    assert_eq!(zoom.with_token(&app, "/v2/phone/users").await.1["code"], 4711);
}

#[tokio::test(start_paused = true)]
async fn an_app_uses_only_its_own_grants() {
    let zoom = Zoom::start().await;
    assert_eq!(
        refused(
            &zoom
                .general(&[("grant_type", "account_credentials"), ("account_id", "demo_account_0000000AA")])
                .await
        )
        .1,
        "unsupported_grant_type"
    );
    let (status, answer) =
        zoom.ask_token("/oauth/token", Some(DEMO), "grant_type=refresh_token&refresh_token=x").await;
    assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &json!("unsupported_grant_type")));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_the_token_service_may_have_rotated_the_tokens() {
    let zoom = Zoom::start().await;
    let tokens = zoom.sign_in("ada.moreno@example.com").await;
    let lose = |rotated: bool| json!({ "fault": "token_response_lost", "rotated": rotated });
    let refresh = || {
        let token = tokens["refresh_token"].as_str().expect("a token");
        let body = form(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
        let request = Request::post("/oauth/token").header("authorization", GENERAL);
        zoom.answer(request.body(Body::from(body)).expect("a request"))
    };
    zoom.say("POST", "/_emulator/faults", &lose(false)).await;
    assert!(to_bytes(refresh().await.into_body(), usize::MAX).await.is_err(), "the body breaks");
    assert_eq!(zoom.me(&tokens).await.0, StatusCode::OK, "nothing was rotated");
    zoom.say("POST", "/_emulator/faults", &lose(true)).await;
    assert!(to_bytes(refresh().await.into_body(), usize::MAX).await.is_err());
    assert_eq!(zoom.me(&tokens).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(zoom.refresh(&tokens["refresh_token"]).await.1["error"], "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn secrets_are_not_printed() {
    let printed = format!("{:?}", Config::default());
    assert!(!printed.contains("secret"), "{printed}");
}
