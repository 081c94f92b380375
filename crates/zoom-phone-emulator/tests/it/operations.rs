//! Every documented operation over a socket, and what makes the shaped answers believable.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use zoom_phone_emulator::{App, Config};
use zoom_phone_types::catalogue::{self, Catalogue, Content, Operation, Place, Schema};

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

/// Names of the operations with a simulation of their own; they refuse ids and references that nobody made.
async fn simulated(zoom: &Served) -> BTreeSet<String> {
    let census = zoom.client.get(format!("{}/_emulator/operations", zoom.origin)).send().await;
    let census: Value = census.expect("an answer").json().await.expect("JSON");
    let operations = census["operations"].as_array().expect("all operations");
    assert_eq!(operations.len(), Catalogue::get().operations().len());
    let simulated = operations.iter().filter(|it| it["kind"] == "stateful");
    let own =
        ["get_call_path", "get_call_element", "phone_user", "get_a_call_queue", "list_call_queue_members"];
    simulated
        .map(|it| it["name"].as_str().expect("a name").to_owned())
        .chain(own.map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn every_operation_answers_over_a_socket_as_documented() {
    let zoom = Served::with(Config { invent_ids: true, ..Config::default() }).await;
    let simulated = simulated(&zoom).await;
    let mut operations: Vec<_> = Catalogue::get().operations().iter().collect();
    // What was deleted stays away.
    operations.sort_by_key(|operation| match operation.method {
        catalogue::Method::Delete => usize::MAX - operation.path.len(),
        _ => 0,
    });
    for operation in operations {
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
        if simulated.contains(&operation.name) && (400..500).contains(&status) {
            let refusal: Value = serde_json::from_slice(&body).expect("JSON");
            assert!(
                refusal["code"].is_u64() && refusal["message"].is_string(),
                "{}: {refusal}",
                operation.id
            );
            continue;
        }
        // The catalogue has what Zoom does; here Zoom does what it documents.
        let expected = match operation.id.as_str() {
            "assignCallingPlan" | "assignPhoneNumber" => 200,
            "assignPhoneToCallQueue" => 204,
            _ => documented.status,
        };
        assert_eq!(status, expected, "{}: {}", operation.id, String::from_utf8_lossy(&body));
        match &documented.content {
            Content::Empty => assert!(body.is_empty(), "{}", operation.id),
            Content::File => {
                let kind = content_type.expect("a content type");
                let magic: &[u8] = if kind == "audio/mpeg" { &[0xff, 0xf3] } else { b"%PDF-" };
                assert!(body.starts_with(magic), "{}: {kind}", operation.id);
            }
            Content::Json(schema) => {
                let value: Value = serde_json::from_slice(&body).expect(&operation.id);
                assert_eq!(schema.validate(&value), [], "{}: {value}", operation.id);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_to_any_operation_is_remembered() {
    let zoom = Zoom::start().await;
    let list = "/v2/phone/firmware_update_rules";
    let (_, before) = zoom.get(list).await;
    let rule =
        json!({ "version": "1.2.3", "device_type": "Poly", "device_model": "VVX350", "restart_type": 1 });
    let (status, created) = zoom.say("POST", list, &rule).await;
    assert_eq!(status, StatusCode::CREATED, "{created}");
    let (_, after) = zoom.get(list).await;
    let rows = |page: &Value| page["rules"].as_array().cloned().expect("rows");
    assert_eq!(rows(&after).len(), rows(&before).len() + 1);
    let id = created["rule_Id"].as_str().expect("an id").to_owned();
    let (status, read) = zoom.get(&format!("{list}/{id}")).await;
    assert_eq!((status, &read["version"]), (StatusCode::OK, &json!("1.2.3")), "{read}");
    let mut changed = rule.clone();
    changed["version"] = json!("1.2.4");
    let (status, _) = zoom.say("PATCH", &format!("{list}/{id}"), &changed).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(zoom.get(&format!("{list}/{id}")).await.1["version"], "1.2.4");
    assert_eq!(zoom.call("DELETE", &format!("{list}/{id}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(zoom.get(&format!("{list}/{id}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(zoom.get(list).await.1["rules"], before["rules"]);
}

#[tokio::test(start_paused = true)]
async fn rows_and_details_tell_the_same_of_a_thing() {
    let zoom = Zoom::start().await;
    for (list, rows, id) in [
        ("/v2/phone/monitoring_groups", "monitoring_groups", "id"),
        ("/v2/phone/routing_rules", "a bare list", "routing_rule_id"),
        ("/v2/phone/emergency_addresses", "emergency_addresses", "id"),
        ("/v2/phone/provision_templates", "provision_templates", "id"),
    ] {
        let (status, page) = zoom.get(list).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let row = page.get(rows).unwrap_or(&page)[0].clone();
        let (status, detail) =
            zoom.get(&format!("{list}/{}", row[id].as_str().unwrap_or_else(|| panic!("{page}")))).await;
        assert_eq!(status, StatusCode::OK, "{detail}");
        let told = detail.as_object().expect("an object");
        for (name, value) in row.as_object().expect("an object") {
            if let Some(other) = told.get(name).filter(|other| other.is_string()) {
                assert_eq!(other, value, "{list}: {name}");
            }
        }
        assert_eq!(zoom.get(list).await.1, page, "and stays as it is");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_made_up_refers_to_the_companys_own_users_and_sites() {
    let zoom = Zoom::start().await;
    let (_, sites) = zoom.get("/v2/phone/sites").await;
    let known: BTreeSet<_> =
        sites["sites"].as_array().expect("rows").iter().map(|it| it["id"].to_string()).collect();
    let (_, page) = zoom.get("/v2/phone/devices?type=assigned").await;
    let mut seen = 0;
    for device in page["devices"].as_array().expect("rows") {
        if let Some(site) = device["site"].get("id") {
            assert!(known.contains(&site.to_string()), "{device}");
            seen += 1;
        }
    }
    assert!(seen > 0, "{page}");
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_takes_all_that_is_below_it_along() {
    let zoom = Zoom::start().await;
    let (_, page) = zoom.get("/v2/phone/devices?type=assigned").await;
    let device = format!("/v2/phone/devices/{}", page["devices"][0]["id"].as_str().expect("an id"));
    assert_eq!(zoom.get(&format!("{device}/line_keys")).await.0, StatusCode::OK);
    assert_eq!(zoom.call("DELETE", &device).await.0, StatusCode::NO_CONTENT);
    assert_eq!(zoom.get(&format!("{device}/line_keys")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn ids_that_nobody_made_are_refused_unless_they_are_to_be_invented() {
    let strict = Zoom::start().await;
    let inventive = Zoom::with(Config { invent_ids: true, ..Config::default() }).await;
    for uri in ["/v2/phone/routing_rules/nobodys", "/v2/phone/devices/nobodys/line_keys"] {
        let (status, answer) = strict.get(uri).await;
        assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!(404)), "{answer}");
        assert_eq!(inventive.get(uri).await.0, StatusCode::OK);
    }
    assert_eq!(inventive.call("DELETE", "/v2/phone/routing_rules/nobodys").await.0, StatusCode::NO_CONTENT);
    let (status, _) = inventive.get("/v2/phone/routing_rules/nobodys").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "what was deleted is not invented again");
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

#[tokio::test]
async fn every_list_can_be_followed_to_its_end() {
    let zoom = Served::with(Config { invent_ids: true, ..Config::default() }).await;
    let simulated = simulated(&zoom).await;
    let mut lists = 0;
    for operation in Catalogue::get().operations() {
        let Some(paging) = operation.paging.as_ref().filter(|it| it.token == "next_page_token") else {
            continue;
        };
        let address = address(operation);
        let mark = if address.contains('?') { '&' } else { '?' };
        let (mut token, mut pages, mut rows) = (String::new(), 0, 0);
        loop {
            let paging_by = format!("{address}{mark}page_size=2&next_page_token={token}");
            let response = zoom.request("GET", &paging_by).send().await.expect("an answer");
            let status = response.status();
            let page: Value = response.json().await.expect("JSON");
            if simulated.contains(&operation.name) && status.is_client_error() {
                break;
            }
            assert_eq!(status, StatusCode::OK, "{}: {page}", operation.id);
            pages += 1;
            rows += page[&paging.items].as_array().expect("rows").len();
            page["next_page_token"].as_str().expect("a token").clone_into(&mut token);
            if token.is_empty() {
                // Nobody has called yet, and some queries that are required fit nothing.
                let may_be_empty = operation.id == "accountCallHistory" || address.contains('?');
                assert!(
                    rows > 0 || may_be_empty || simulated.contains(&operation.name),
                    "{}: {page}",
                    operation.id
                );
                assert_eq!(pages, rows.div_ceil(2).max(1), "{}: {page}", operation.id);
                lists += 1;
                break;
            }
        }
    }
    assert!(lists > 60, "{lists}");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_for_one_list_only() {
    let zoom = Zoom::start().await;
    let (_, page) = zoom.get("/v2/phone/devices?type=assigned&page_size=2").await;
    assert_eq!((page["devices"].as_array().map(Vec::len), &page["page_size"]), (Some(2), &json!(2)));
    assert!(page["total_records"].as_u64().is_none_or(|rows| (5..=7).contains(&rows)), "{page}");
    let token = page["next_page_token"].as_str().expect("a token");
    assert_eq!(
        zoom.get(&format!("/v2/phone/devices?type=assigned&page_size=2&next_page_token={token}")).await.0,
        StatusCode::OK
    );
    let (status, _) = zoom.get(&format!("/v2/phone/call_history?next_page_token={token}")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(zoom.get("/v2/phone/common_areas?page_size=101").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_transcript_is_behind_a_signed_address_that_needs_no_token() {
    let zoom = Served::with(Config { invent_ids: true, ..Config::default() }).await;
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
