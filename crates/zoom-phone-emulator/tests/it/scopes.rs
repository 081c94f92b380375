//! Which scopes open which operations: the whole catalogue, through tokens.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use zoom_phone_emulator::{App, Config, Temper};
use zoom_phone_types::catalogue::{Api, Catalogue, Operation};

use crate::rig::Zoom;

fn scopes_of(operation: &Operation) -> impl Iterator<Item = &str> {
    operation.scopes_granular.iter().chain(&operation.scopes_classic).map(String::as_str)
}

fn is_for_admins(scope: &str) -> bool {
    scope.ends_with(":admin") || scope.ends_with(":master")
}

/// The operation's address with this user and extension; whatever else it names does not matter here.
fn address(operation: &Operation, user: &str, extension: &str) -> String {
    let part = |part: &str| match part {
        "{userId}" => user.to_owned(),
        "{extensionId}" => extension.to_owned(),
        part if part.starts_with('{') => "x".to_owned(),
        part => part.to_owned(),
    };
    format!("/v2{}", operation.path.split('/').map(part).collect::<Vec<_>>().join("/"))
}

/// An emulator whose account has no Zoom Phone, so that what passes the scopes changes nothing, and whose general app
/// has every scope; then the extension ids of Ada and Ben.
async fn emulator() -> (Zoom, String, String) {
    let scopes: BTreeSet<_> = Catalogue::get().operations().iter().flat_map(scopes_of).collect();
    let general = App { scopes: scopes.into_iter().map(str::to_owned).collect(), ..App::general() };
    let zoom = Zoom::with(Config { apps: vec![App::server_to_server(), general], ..Config::default() }).await;
    let extension = |user: &str| {
        let uri = format!("/v2/phone/users/{user}");
        let zoom = &zoom;
        async move { zoom.get(&uri).await.1["extension_id"].as_str().expect("an id").to_owned() }
    };
    let (ada, ben) = (extension("ada.moreno@example.com").await, extension("ben.okafor@example.com").await);
    zoom.say("POST", "/_emulator/account", &json!({ "phone_enabled": false })).await;
    (zoom, ada, ben)
}

impl Zoom {
    /// A token of Ada's with these scopes.
    async fn ada_with(&self, scopes: &str) -> Value {
        let code = self.code(&[("scope", scopes), ("emulator_user", "ada.moreno@example.com")]).await;
        let (status, tokens) = self.exchange(&code, &[]).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        tokens
    }

    async fn perform(&self, tokens: &Value, operation: &Operation, uri: &str) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(operation.method.as_str())
            .uri(uri)
            .header("authorization", format!("Bearer {}", tokens["access_token"].as_str().expect("a token")));
        self.send(request.body(Body::empty()).expect("a request")).await
    }
}

fn is_let_in(operation: &Operation, (status, answer): &(StatusCode, Value)) -> bool {
    match operation.api {
        Api::Phone => (status.as_u16(), answer["code"].as_u64()) == (403, Some(2031)),
        Api::NumberManagement => *status != StatusCode::UNAUTHORIZED && answer["code"] != 4711,
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_opened_by_each_of_its_scopes() {
    let (zoom, extension, _) = emulator().await;
    let operations = Catalogue::get().operations();
    let scopes: BTreeSet<_> = operations.iter().flat_map(scopes_of).collect();
    let mut opened = 0;
    for scope in scopes {
        let tokens = zoom.ada_with(scope).await;
        for operation in operations.iter().filter(|operation| scopes_of(operation).any(|it| it == scope)) {
            let uri = address(operation, "me", &extension);
            let answer = zoom.perform(&tokens, operation, &uri).await;
            assert!(is_let_in(operation, &answer), "{} with {scope}: {answer:?}", operation.name);
            opened += 1;
        }
    }
    assert!(opened > 2 * operations.len(), "{opened}");
}

#[tokio::test(start_paused = true)]
async fn no_operation_is_opened_by_all_the_other_scopes() {
    let (zoom, extension, _) = emulator().await;
    let operations = Catalogue::get().operations();
    let all: BTreeSet<_> = operations.iter().flat_map(scopes_of).collect();
    for operation in operations {
        let own: BTreeSet<_> = scopes_of(operation).collect();
        let others: Vec<_> = all.difference(&own).copied().collect();
        let tokens = zoom.ada_with(&others.join(" ")).await;
        let (status, answer) = zoom.perform(&tokens, operation, &address(operation, "me", &extension)).await;
        let needed = operation.scopes_granular.join(", ");
        let message = format!("Invalid access token, does not contain scopes:[{needed}].");
        assert_eq!(
            (status.as_u16(), &answer),
            (400, &json!({ "code": 4711, "message": message })),
            "{}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_scope_without_admin_reaches_only_what_is_the_users_own() {
    let (zoom, mine, bens) = emulator().await;
    let ben = zoom.sign_in("ben.okafor@example.com").await;
    let ada = zoom.ada_with("phone:read:user").await;
    assert_ne!(ada["access_token"], ben["access_token"]);
    let operations = Catalogue::get().operations();
    let of_people = |operation: &&Operation| {
        operation.path.contains("{userId}") || operation.path.contains("{extensionId}")
    };
    let mut kept_out = 0;
    for operation in operations.iter().filter(of_people) {
        let Some(scope) = scopes_of(operation).find(|scope| !is_for_admins(scope)) else { continue };
        let tokens = zoom.ada_with(scope).await;
        let own = address(operation, "ada.moreno@example.com", &mine);
        let answer = zoom.perform(&tokens, operation, &own).await;
        assert!(is_let_in(operation, &answer), "{}: {answer:?}", operation.name);
        let foreign = address(operation, "ben.okafor@example.com", &bens);
        let (_, answer) = zoom.perform(&tokens, operation, &foreign).await;
        assert_eq!(answer["code"], 4711, "{}: {answer}", operation.name);
        let named =
            answer["message"].as_str().and_then(|text| text.split(['[', ']']).nth(1)).expect("scopes");
        assert!(named.split(", ").all(is_for_admins), "{}: {named}", operation.name);
        if let Some(scope) = scopes_of(operation).find(|scope| is_for_admins(scope)) {
            let tokens = zoom.ada_with(scope).await;
            let answer = zoom.perform(&tokens, operation, &foreign).await;
            assert!(is_let_in(operation, &answer), "{} with {scope}: {answer:?}", operation.name);
        }
        kept_out += 1;
    }
    assert!(kept_out > 40, "{kept_out}");
}

#[tokio::test(start_paused = true)]
async fn classic_tokens_are_told_of_classic_scopes_and_the_field_has_another_code() {
    for (temper, code) in [(Temper::Documented, 4711), (Temper::Field, 201)] {
        let app = App { scopes: vec!["phone:write:admin".to_owned()], ..App::server_to_server() };
        let zoom = Zoom::with(Config { apps: vec![app], temper, ..Config::default() }).await;
        let message = "Invalid access token, does not contain scopes:[phone:read:admin].";
        let refused = json!({ "code": code, "message": message });
        assert_eq!(zoom.get("/v2/phone/users").await, (StatusCode::BAD_REQUEST, refused));
    }
}
