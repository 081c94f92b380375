//! OAuth, REST and control through the router, on tokio's paused time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use zoom_phone_emulator::Scenario;
use zoom_phone_types::catalogue::{Catalogue, Content};

use crate::rig::{DEMO, GRANT, Zoom};

#[tokio::test(start_paused = true)]
async fn a_token_is_given_for_the_right_credentials_in_any_documented_place() {
    let zoom = Zoom::start().await;
    let in_body = format!("{GRANT}&client_id=demo_client_id_000000A&client_secret=demo_client_secret");
    let in_query = format!("/oauth/token?{GRANT}");
    for (uri, authorization, body) in
        [("/oauth/token", Some(DEMO), GRANT), ("/oauth/token", None, &in_body), (&in_query, Some(DEMO), "")]
    {
        let (status, answer) = zoom.ask_token(uri, authorization, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["token_type"], "bearer");
        assert_eq!(answer["expires_in"], 3599);
        assert_eq!(answer["api_url"], "http://127.0.0.1:8090");
        assert!(
            answer["scope"].as_str().is_some_and(|scope| scope.contains("phone:read:list_call_logs:admin"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_token_requests_are_refused_in_the_token_services_own_form() {
    let zoom = Zoom::start().await;
    let wrong = "Basic d3Jvbmc6d3Jvbmc=";
    let cases = [
        (Some(wrong), GRANT, "invalid_client"),
        (None, GRANT, "invalid_client"),
        (Some("Basic !!!"), GRANT, "invalid_client"),
        (Some(DEMO), "grant_type=password&account_id=demo_account_0000000AA", "unsupported_grant_type"),
        (Some(DEMO), "account_id=demo_account_0000000AA", "invalid_request"),
        (Some(DEMO), "grant_type=account_credentials&account_id=other", "invalid_request"),
    ];
    for (authorization, body, error) in cases {
        let (status, answer) = zoom.ask_token("/oauth/token", authorization, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(answer["error"], error, "{body}");
        assert!(answer["reason"].is_string());
    }
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK, "a refusal ends no token");
}

#[tokio::test(start_paused = true)]
async fn a_new_token_kills_the_old_one_and_every_token_ends_after_its_hour() {
    let mut zoom = Zoom::start().await;
    let refused = (StatusCode::UNAUTHORIZED, json!({ "code": 124, "message": "Invalid access token." }));
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK);
    let newer = zoom.new_token().await;
    assert_eq!(zoom.get("/v2/phone/users").await, refused);
    zoom.token = newer;
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK);
    tokio::time::advance(Duration::from_secs(3598)).await;
    assert_eq!(zoom.get("/v2/phone/users").await.0, StatusCode::OK);
    tokio::time::advance(Duration::from_secs(2)).await;
    let expired = json!({ "code": 124, "message": "Access token has expired." });
    assert_eq!(zoom.get("/v2/phone/users").await, (StatusCode::UNAUTHORIZED, expired));
}

#[tokio::test(start_paused = true)]
async fn every_rest_path_asks_for_the_bearer_header() {
    let zoom = Zoom::start().await;
    for uri in [
        "/v2/phone/call_history".to_owned(),
        "/v2/phone/call_queues".to_owned(),
        "/v2/phone/nothing".to_owned(),
        format!("/v2/phone/users?access_token={}", zoom.token),
    ] {
        let request = Request::get(&uri).body(Body::empty()).expect("a request");
        assert_eq!(zoom.send(request).await.0, StatusCode::UNAUTHORIZED, "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_is_absent_until_it_is_ready_and_then_whole() {
    let zoom = Zoom::start().await;
    let (_, answer) = zoom.call("POST", "/_emulator/scenarios/warm_transfer").await;
    let call = &answer["call"];
    let path = format!("/v2/phone/call_history/{}", call["call_history_uuid"].as_str().expect("an id"));
    let (status, answer) = zoom.get(&path).await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!(404)));
    tokio::time::sleep(Duration::from_mins(10)).await;
    let (status, record) = zoom.get(&path).await;
    assert_eq!(status, StatusCode::OK);
    let elements = record["call_elements"].as_array().expect("elements");
    let ids: Vec<_> = elements.iter().map(|element| element["call_element_id"].clone()).collect();
    assert_eq!(json!(ids), call["call_element_ids"]);
    let deprecated = record["call_path"].as_array().expect("the deprecated array");
    assert_eq!(deprecated.iter().map(|step| step["id"].clone()).collect::<Vec<_>>(), ids);
    for id in ids {
        let uri = format!("/v2/phone/call_element/{}", id.as_str().expect("an id"));
        let (status, element) = zoom.get(&uri).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(element["call_history_uuid"], call["call_history_uuid"]);
    }
    let (_, ledger) = zoom.get("/_emulator/ledger").await;
    assert_eq!(&ledger["calls"][0], call, "the ledger says what was announced");
}

#[tokio::test(start_paused = true)]
async fn call_history_has_both_arrays_and_its_filters_work() {
    let mut zoom = Zoom::start().await;
    let played = zoom.play_all().await;
    let all = "/v2/phone/call_history?page_size=300";
    let (_, answer) = zoom.get(all).await;
    assert_eq!(answer["total_records"], played.len());
    let rows = answer["call_history"].as_array().expect("rows");
    let deprecated = answer["call_logs"].as_array().expect("deprecated rows");
    assert_eq!(rows.len(), deprecated.len());
    for (row, old) in rows.iter().zip(deprecated) {
        assert_eq!(row["call_history_uuid"], old["id"]);
        assert_eq!(row["call_result"], old["call_result"]);
        assert!(row.get("id").is_none() && old.get("call_history_uuid").is_none());
    }
    assert!(rows.is_sorted_by(|a, b| a["start_time"].as_str() >= b["start_time"].as_str()), "newest first");

    let count = |what: &dyn Fn(&Value) -> bool| played.iter().filter(|call| what(call)).count();
    let some_id = played[12]["call_ids"][1].as_str().expect("the consultation's id");
    let cases = [
        ("directions=outbound".to_owned(), count(&|call| call["direction"] == "outbound")),
        ("directions=outbound&directions=inbound".to_owned(), played.len()),
        ("directions=outbound,inbound".to_owned(), played.len()),
        ("call_results=answered".to_owned(), count(&|call| call["result"] == "answered")),
        (
            "connect_types=internal".to_owned(),
            count(&|call| call["caller"]["id"].is_string() && call["callee"]["id"].is_string()),
        ),
        ("recording_status=recorded".to_owned(), count(&|call| call["recorded"] == true)),
        ("recording_status=non_recorded".to_owned(), count(&|call| call["recorded"] == false)),
        ("with_voicemail=true".to_owned(), count(&|call| call["voicemail"] == true)),
        (format!("call_ids={some_id}"), 1),
        (format!("keyword={}", played[0]["call_id"].as_str().expect("an id")), 1),
        ("from=2026-11-22&to=2026-11-22".to_owned(), played.len()),
        ("from=2026-11-21&to=2026-11-21".to_owned(), 0),
        (format!("time_type=end_time&from={0}&to={0}", played[3]["end_time"].as_str().expect("a time")), 1),
    ];
    for (filter, expected) in cases {
        let (status, answer) = zoom.get(&format!("{all}&{filter}")).await;
        assert_eq!(status, StatusCode::OK, "{filter}: {answer}");
        assert_eq!(answer["total_records"], expected, "{filter}");
    }
    for wrong in [
        "page_size=301",
        "page_size=0",
        "page_size=many",
        "from=2026-11-22",
        "from=yesterday&to=2026-11-22",
        "from=2026-09-01&to=2026-11-22",
        "from=2026-11-22&to=2026-11-20",
        "time_type=sometime",
        "recording_status=maybe",
        "directions=sideways",
        "directions=inbound&directions=sideways",
        "with_voicemail=perhaps",
    ] {
        let (status, answer) = zoom.get(&format!("/v2/phone/call_history?{wrong}")).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(300)), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn page_tokens_lead_through_the_whole_list_and_hold_only_for_its_filters_and_15_minutes() {
    let mut zoom = Zoom::start().await;
    zoom.play_all().await;
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let (status, page) =
            zoom.get(&format!("/v2/phone/call_history?page_size=5&next_page_token={token}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert_eq!(page["page_count"], Scenario::ALL.len().div_ceil(5));
        let rows = page["call_history"].as_array().expect("rows");
        seen.extend(rows.iter().map(|row| row["call_history_uuid"].as_str().expect("an id").to_owned()));
        page["next_page_token"].as_str().expect("a token").clone_into(&mut token);
        if token.is_empty() {
            break;
        }
    }
    let total = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), total), (Scenario::ALL.len(), Scenario::ALL.len()));

    let (_, page) = zoom.get("/v2/phone/call_history?page_size=5").await;
    let token = page["next_page_token"].as_str().expect("a token");
    let next = |filter: &str| format!("/v2/phone/call_history?page_size=5&next_page_token={token}{filter}");
    let refused = json!({ "code": 300, "message": "The next page token is invalid or expired." });
    assert_eq!(zoom.get(&next("&directions=inbound")).await, (StatusCode::BAD_REQUEST, refused.clone()));
    assert_eq!(
        zoom.get(&format!("/v2/phone/users?next_page_token={token}")).await,
        (StatusCode::BAD_REQUEST, refused.clone())
    );
    tokio::time::advance(Duration::from_mins(14)).await;
    assert_eq!(zoom.get(&next("")).await.0, StatusCode::OK);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(zoom.get(&next("")).await, (StatusCode::BAD_REQUEST, refused));
}

#[tokio::test(start_paused = true)]
async fn users_and_queues_are_listed_and_found() {
    let zoom = Zoom::start().await;
    let (_, answer) = zoom.get("/v2/phone/users?page_size=100").await;
    let users = answer["users"].as_array().expect("users");
    assert_eq!((users.len(), &answer["total_records"]), (36, &json!(36)));
    for key in ["id", "email"] {
        let uri = format!("/v2/phone/users/{}", users[4][key].as_str().expect("a key"));
        let (status, user) = zoom.get(&uri).await;
        assert_eq!((status, &user["extension_id"]), (StatusCode::OK, &users[4]["extension_id"]));
    }
    let (status, answer) = zoom.get("/v2/phone/users/nobody").await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!(1001)));
    for me in ["/v2/users/me", "/v2/phone/users/me"] {
        assert_eq!(zoom.get(me).await.0, StatusCode::BAD_REQUEST, "a server has no user of its own");
    }

    let (_, answer) = zoom.get("/v2/phone/call_queues").await;
    let queues = answer["call_queues"].as_array().expect("queues");
    assert_eq!(queues.len(), 3);
    let id = queues[1]["id"].as_str().expect("an id");
    let (_, queue) = zoom.get(&format!("/v2/phone/call_queues/{id}")).await;
    let (_, members) = zoom.get(&format!("/v2/phone/call_queues/{id}/members?page_size=2")).await;
    assert_eq!(queue["name"], "Support");
    assert_eq!(members["total_records"], queue["members"]["users"].as_array().expect("members").len());
    assert_eq!(members["call_queue_members"].as_array().expect("a page").len(), 2);
    let (status, answer) = zoom.get("/v2/phone/call_queues/none").await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!(13000)));
    let (status, answer) = zoom.get("/v2/phone/call_queues/none/members").await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(300)), "as it is documented");
}

#[tokio::test(start_paused = true)]
async fn answers_have_the_documented_shapes() {
    let mut zoom = Zoom::start().await;
    let calls = zoom.play_all().await;
    let (_, queues) = zoom.get("/v2/phone/call_queues").await;
    let queue = queues["call_queues"][0]["id"].as_str().expect("an id");
    let mut paths = vec![
        "/phone/call_history".to_owned(),
        "/phone/users".to_owned(),
        "/phone/users/ada.moreno@example.com".to_owned(),
        "/phone/call_queues".to_owned(),
        format!("/phone/call_queues/{queue}"),
        format!("/phone/call_queues/{queue}/members"),
    ];
    for call in &calls {
        paths.push(format!("/phone/call_history/{}", call["call_history_uuid"].as_str().expect("an id")));
        for id in call["call_element_ids"].as_array().expect("ids") {
            paths.push(format!("/phone/call_element/{}", id.as_str().expect("an id")));
        }
    }
    for path in paths {
        let (status, answer) = zoom.get(&format!("/v2{path}")).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        let (operation, _) = Catalogue::get().find("GET", &path).expect("a documented operation");
        let Some(Content::Json(schema)) = operation.success().map(|response| &response.content) else {
            panic!("{} answers no JSON", operation.id);
        };
        assert_eq!(schema.validate(&answer), [], "{}: {answer}", operation.id);
    }
}

#[tokio::test(start_paused = true)]
async fn what_zoom_does_not_have_is_404() {
    let zoom = Zoom::start().await;
    for (method, uri) in [
        ("GET", "/v2/phone/nothing"),
        ("GET", "/nothing"),
        ("GET", "/v2/phone/call_history/20261122-none"),
        ("GET", "/v2/phone/call_element/20261122-none"),
    ] {
        let (status, answer) = zoom.call(method, uri).await;
        assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!(404)), "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn control_tells_the_state_and_refuses_unknown_scenarios() {
    let zoom = Zoom::start().await;
    zoom.play(Scenario::Hold).await;
    let (_, state) = zoom.get("/_emulator/state").await;
    assert_eq!(state["calls_finished"], 1);
    assert_eq!(state["calls_by_scenario"], json!({ "hold": 1 }));
    assert_eq!(state["now"], "2026-11-22T10:10:00Z");
    let (status, answer) = zoom.call("POST", "/_emulator/scenarios/dance").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(answer["scenarios"].as_array().is_some_and(|names| names.len() == Scenario::ALL.len()));
    assert_eq!(zoom.get("/_emulator/health").await, (StatusCode::OK, json!({ "status": "ok" })));
}

#[tokio::test]
async fn pages_of_other_sites_and_names_that_are_not_ours_do_not_reach_control() {
    let zoom = crate::rig::Served::start().await;
    let host = zoom.origin.trim_start_matches("http://").to_owned();
    let port = host.rsplit_once(':').expect("a port").1.to_owned();
    let local = format!("localhost:{port}");
    let table: [(&[(&str, &str)], u16); 10] = [
        (&[], 200),
        (&[("origin", &zoom.origin)], 200),
        (&[("host", &local)], 200),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
        (&[("origin", "http://evil.test")], 403),
        (&[("origin", "null")], 403),
        (&[("host", "evil.test:8090"), ("origin", "http://evil.test:8090")], 403),
        (&[("host", "127.0.0.1.evil.test")], 403),
    ];
    for (headers, status) in table {
        for path in ["/_emulator/", "/_emulator/state", "/_emulator/snapshot"] {
            let mut request = zoom.client.get(format!("{}{path}", zoom.origin));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), status, "{path} {headers:?}");
        }
    }
    let request = zoom.client.post(format!("{}/_emulator/embed/text", zoom.origin));
    let answer = request.header("origin", "http://evil.test").send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 403);
    let told: serde_json::Value = answer.json().await.expect("JSON");
    assert!(told["error"].as_str().is_some_and(|error| error.contains("own page")), "{told}");
}
