//! Every documented operation over a socket, and what makes the shaped answers believable.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use zoom_phone_emulator::{App, Config};
use zoom_phone_types::catalogue::{Catalogue, Content, Operation, Place, Schema};

use crate::rig::{Served, Zoom};

/// The least that a schema accepts.
fn least(schema: &Schema) -> Value {
    match schema {
        Schema::Any => json!({}),
        Schema::Boolean => json!(true),
        Schema::Integer { min, max, values } => {
            json!(values.first().copied().or(*min).unwrap_or(1.min(max.unwrap_or(1))))
        }
        Schema::Number { min, .. } => json!(min.unwrap_or(1.0)),
        Schema::Text { values, min_length, max_length, format } => {
            match (values.first(), format.as_deref()) {
                (Some(value), _) => json!(value),
                (None, Some("date" | "date-or-date-time")) => json!("2026-11-22"),
                _ => json!(
                    "some text"
                        .chars()
                        .cycle()
                        .take(min_length.unwrap_or(0).max(9.min(max_length.unwrap_or(9))))
                        .collect::<String>()
                ),
            }
        }
        Schema::Array { items, min_items, .. } => {
            (0..min_items.unwrap_or(1).max(1)).map(|_| least(items)).collect()
        }
        Schema::Object { properties } => {
            let required = properties.iter().filter(|property| property.required);
            Value::Object(required.map(|it| (it.name.clone(), least(&it.schema))).collect())
        }
        Schema::OneOf(forms) => least(&forms[0]),
    }
}

/// The address of an operation, with made-up ids and its required parameters.
fn address(operation: &Operation) -> String {
    let mut path = operation.path.clone();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        let value = match least(&parameter.schema) {
            Value::Array(items) => items[0].clone(),
            value => value,
        };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = value.replace(' ', "-");
        match parameter.place {
            Place::Path => path = path.replace(&format!("{{{}}}", parameter.name), &value),
            Place::Query if parameter.required => query.push(format!("{}={value}", parameter.name)),
            Place::Query => {}
        }
    }
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// Those that look up a thing of the company, which must be there.
const STATEFUL: [&str; 5] =
    ["getCallPath", "getCallElement", "phoneUser", "getACallQueue", "listCallQueueMembers"];

#[tokio::test]
async fn every_operation_answers_over_a_socket_as_documented() {
    let zoom = Served::start().await;
    let mut answered = BTreeSet::new();
    for operation in Catalogue::get().operations().iter().filter(|it| !STATEFUL.contains(&it.id.as_str())) {
        let mut request = zoom.request(operation.method.as_str(), &address(operation));
        if let Some(body) = &operation.body {
            request = if body.content_type == "application/json" {
                request.json(&least(&body.schema))
            } else {
                let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.zip\"\r\n\r\nPK\r\n--b--\r\n";
                request.header("content-type", "multipart/form-data; boundary=b").body(form)
            };
        }
        let response = request.send().await.expect("an answer");
        let documented = operation.success().expect("an outcome");
        let status = response.status().as_u16();
        assert!(response.headers().contains_key("x-zm-trackingid"));
        let content_type =
            response.headers().get("content-type").map(|it| it.to_str().expect("text").to_owned());
        let body = response.bytes().await.expect("a body");
        assert_eq!(status, documented.status, "{}: {}", operation.id, String::from_utf8_lossy(&body));
        match &documented.content {
            Content::Empty => assert!(body.is_empty(), "{}", operation.id),
            Content::File => {
                let kind = content_type.expect("a content type");
                let magic: &[u8] = if kind == "audio/mpeg" { &[0xff, 0xf3] } else { b"%PDF-" };
                assert!(body.starts_with(magic), "{}: {kind}", operation.id);
            }
            Content::Json(schema) => {
                let value: Value = serde_json::from_slice(&body).expect("JSON");
                assert_eq!(schema.validate(&value), [], "{}: {value}", operation.id);
            }
        }
        answered.insert(&operation.name);
    }
    assert_eq!(answered.len() + STATEFUL.len(), Catalogue::get().operations().len());
}

#[tokio::test(start_paused = true)]
async fn the_same_request_has_the_same_answer_and_names_what_was_asked_for() {
    let zoom = Zoom::start().await;
    let uri = "/v2/phone/sites/a-site-of-ours";
    let (status, site) = zoom.get(uri).await;
    assert_eq!((status, &site["id"]), (StatusCode::OK, &json!("a-site-of-ours")));
    assert_eq!(zoom.get(uri).await.1, site);
    assert_ne!(zoom.get("/v2/phone/sites/another").await.1["name"], Value::Null);
    let queue = json!({ "name": "Returns", "extension_number": 850 });
    let (status, created) = zoom.say("POST", "/v2/phone/call_queues", &queue).await;
    assert_eq!((status, &created["name"]), (StatusCode::CREATED, &json!("Returns")));
    assert!(created["id"].as_str().is_some_and(|id| id.len() == 22), "{created}");
}

#[tokio::test(start_paused = true)]
async fn what_is_called_missing_is_not_there() {
    let zoom = Zoom::start().await;
    for (method, uri, status, code) in [
        ("GET", "/v2/phone/sites/missing1", 404, 404),
        ("DELETE", "/v2/phone/recordings/missing", 404, 404),
        ("GET", "/v2/phone/users/missing/settings", 404, 1001),
        ("GET", "/v2/phone/recording/download/missing", 400, 404),
    ] {
        let (found, answer) = zoom.call(method, uri).await;
        assert_eq!((found.as_u16(), &answer["code"]), (status, &json!(code)), "{uri}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_not_as_documented_are_refused_field_by_field() {
    let zoom = Zoom::start().await;
    let body = json!({ "name": 7, "extension_number": "x" });
    let (status, answer) = zoom.say("POST", "/v2/phone/call_queues", &body).await;
    let errors = json!([
        { "field": "extension_number", "message": "must be an integer" },
        { "field": "name", "message": "must be text" },
    ]);
    let refused = json!({ "code": 300, "message": "Validation Failed.", "errors": errors });
    assert_eq!((status, answer), (StatusCode::BAD_REQUEST, refused));
    let field = |answer: &Value| answer["errors"][0]["field"].clone();
    for (method, uri, wrong) in [
        ("GET", "/v2/phone/call_queue_analytics", "from"),
        ("GET", "/v2/phone/sites?page_size=many", "page_size"),
        ("GET", "/v2/phone/users/u/call_logs/sync?count=x", "count"),
        ("POST", "/v2/phone/sms/messages", "message"),
    ] {
        let (status, answer) = zoom.call(method, uri).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{uri}: {answer}");
        assert!(answer["errors"].to_string().contains(wrong), "{uri}: {answer}");
        assert!(field(&answer).is_string());
    }
    assert_eq!(zoom.get("/v2/phone/sites?undocumented=1").await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_must_come_with_its_content_type_and_be_json() {
    let zoom = Served::start().await;
    for (content_type, body) in [("text/plain", "{\"name\":\"x\"}"), ("application/json", "{")] {
        let request = zoom.request("POST", "/phone/call_queues").header("content-type", content_type);
        let response = request.body(body).send().await.expect("an answer");
        assert_eq!(response.status(), 400, "{content_type}");
    }
    let request = zoom.request("POST", "/fax/files").header("content-type", "application/json");
    assert_eq!(request.body("{}").send().await.expect("an answer").status(), 400);
}

#[tokio::test(start_paused = true)]
async fn every_list_can_be_followed_to_its_end() {
    let zoom = Zoom::start().await;
    let mut lists = 0;
    for operation in Catalogue::get().operations() {
        let Some(paging) = operation.paging.as_ref().filter(|it| it.token == "next_page_token") else {
            continue;
        };
        if STATEFUL.contains(&operation.id.as_str()) || operation.id == "accountCallHistory" {
            continue;
        }
        let address = format!("/v2{}", address(operation));
        let mark = if address.contains('?') { '&' } else { '?' };
        let (mut token, mut pages, mut rows) = (String::new(), 0, BTreeSet::new());
        loop {
            let (status, page) = zoom.get(&format!("{address}{mark}next_page_token={token}")).await;
            assert_eq!(status, StatusCode::OK, "{}: {page}", operation.id);
            pages += 1;
            rows.extend(page[&paging.items].as_array().expect("rows").iter().map(Value::to_string));
            page["next_page_token"].as_str().expect("a token").clone_into(&mut token);
            if token.is_empty() {
                break;
            }
            let (status, _) = zoom.get(&format!("/v2/phone/call_history?next_page_token={token}")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "tokens are for one list only");
        }
        assert!(pages <= 3 && !rows.is_empty(), "{}: {pages}", operation.id);
        lists += 1;
    }
    assert!(lists > 80, "{lists}");
}

#[tokio::test(start_paused = true)]
async fn pages_tell_how_much_there_is_and_refuse_sizes_beyond_the_largest() {
    let zoom = Zoom::start().await;
    let (_, page) = zoom.get("/v2/phone/sites?page_size=2").await;
    assert_eq!((page["sites"].as_array().map(Vec::len), &page["page_size"]), (Some(2), &json!(2)));
    assert!(page["total_records"].as_u64().is_some_and(|rows| (5..=7).contains(&rows)), "{page}");
    assert_eq!(zoom.get("/v2/phone/common_areas?page_size=101").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_sync_goes_on_where_its_token_stands_and_ends_with_nothing_new() {
    let zoom = Zoom::start().await;
    let user = "/v2/phone/users/u1/call_logs/sync";
    let (_, first) = zoom.get(&format!("{user}?sync_type=FSync&count=3")).await;
    let (mut page, mut rows) = (first, 0);
    for _ in 0..10 {
        let found = page["call_logs"].as_array().expect("rows").len();
        rows += found;
        if found == 0 {
            break;
        }
        let token = page["sync_token"].as_str().expect("a token").to_owned();
        assert!(!token.is_empty());
        (_, page) = zoom.get(&format!("{user}?sync_type=ISync&count=3&sync_token={token}")).await;
    }
    assert!((5..=7).contains(&rows) && page["call_logs"] == json!([]), "{rows}");
    let (status, answer) = zoom.get(&format!("{user}?sync_type=ISync&sync_token=unknown")).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(300)));
}

#[tokio::test]
async fn a_transcript_is_behind_a_signed_address_that_needs_no_token() {
    let zoom = Served::start().await;
    let response =
        zoom.request("GET", "/phone/recording_transcript/download/r%2F1").send().await.expect("an answer");
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().expect("an address").to_owned();
    let read = |address: String| zoom.client.get(address).send();
    let transcript: Value = read(location.clone()).await.expect("an answer").json().await.expect("JSON");
    assert_eq!(
        (&transcript["type"], &transcript["recording_id"]),
        (&json!("zoom_transcript"), &json!("r/1"))
    );
    assert!(transcript["timeline"].as_array().is_some_and(|lines| !lines.is_empty()));
    let forged = read(location.replace("r%2F1", "r2")).await.expect("an answer");
    assert_eq!(forged.status(), 403);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_the_scope_is_refused_by_name() {
    let scopes = vec!["phone:read:list_sites:admin".to_owned(), "phone_recording:read:admin".to_owned()];
    let app = App { scopes, ..App::server_to_server() };
    let zoom = Zoom::with(Config { apps: vec![app], ..Config::default() }).await;
    assert_eq!(zoom.get("/v2/phone/sites").await.0, StatusCode::OK);
    assert_eq!(zoom.get("/v2/phone/recordings").await.0, StatusCode::OK, "a classic scope will do");
    let (status, answer) = zoom.get("/v2/phone/call_history").await;
    let message = "Invalid access token, does not contain scopes:[phone:read:list_call_logs:admin].";
    assert_eq!((status, answer), (StatusCode::BAD_REQUEST, json!({ "code": 4711, "message": message })));
    let empty = Map::new();
    let body = Value::Object(empty);
    assert_eq!(
        zoom.say("POST", "/v2/phone/call_queues", &body).await.1["code"],
        4711,
        "before anything else"
    );
}
