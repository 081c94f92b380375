//! Text messages that come up by themselves: the ledger, REST and the events say the same of them.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use zoom_phone_emulator::Config;

use crate::receiver::{Rig, quiet};
use crate::rig::{DEMO, GRANT, Zoom};

/// Asks REST.
struct Client<'a> {
    rig: &'a Rig,
    token: String,
}

impl<'a> Client<'a> {
    async fn new(rig: &'a Rig) -> Self {
        let mut client = Self { rig, token: String::new() };
        let request = Request::post(format!("/oauth/token?{GRANT}")).header("authorization", DEMO);
        let answer = client.send(request.body(Body::empty()).expect("a request")).await;
        answer["access_token"].as_str().expect("a token").clone_into(&mut client.token);
        client
    }

    async fn send(&self, request: Request<Body>) -> Value {
        let response = self.rig.emulator.router().oneshot(request).await.expect("the router answers");
        assert_eq!(response.status(), StatusCode::OK);
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Every row of a list.
    async fn all(&self, uri: &str, list: &str) -> Vec<Value> {
        let (mut rows, mut token) = (Vec::new(), String::new());
        loop {
            let request = Request::get(format!("{uri}?page_size=100&next_page_token={token}"))
                .header("authorization", format!("Bearer {}", self.token));
            let page = self.send(request.body(Body::empty()).expect("a request")).await;
            rows.extend(page[list].as_array().expect("rows").iter().cloned());
            page["next_page_token"].as_str().expect("a token").clone_into(&mut token);
            if token.is_empty() {
                return rows;
            }
        }
    }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} in {row}"))
}

#[tokio::test]
async fn ledger_rest_and_events_of_half_a_day_of_texts_add_up_to_the_same() {
    // Threads begin when calls arrive at all; these are as few as can be.
    let config = Config { calls_per_minute: 0.000_001, sms_threads_per_hour: 25.0, ..quiet() };
    let rig = Rig::willing(config).await;
    rig.advance("12h").await;
    let totals = rig.get("/ledger/totals").await["texts"].clone();
    let total = |name: &str| totals[name].as_u64().unwrap_or_else(|| panic!("{name} in {totals}"));

    let events = rig.events();
    let told = |name: &str| {
        let name = format!("phone.{name}");
        u64::try_from(events.iter().filter(|seen| seen.event == name).count()).expect("few")
    };
    for (counted, event) in [
        ("sent", "sms_sent"),
        ("received", "sms_received"),
        ("failed", "sms_sent_failed"),
        ("opt_outs", "sms_campaign_number_opt_out"),
        ("opt_ins", "sms_campaign_number_opt_in"),
        ("blocked", "sms_etiquette_block"),
        ("warned", "sms_etiquette_warn"),
    ] {
        assert!(total(counted) > 0, "{counted}: {totals}");
        assert_eq!(total(counted), told(event), "{counted}");
    }

    let ledger = rig.get("/ledger/texts").await;
    let threads = ledger["threads"].as_array().expect("threads");
    let mut truth = BTreeMap::new();
    for thread in threads {
        for message in thread["messages"].as_array().expect("messages") {
            let known = (text(thread, "session_id").to_owned(), text(message, "outcome").to_owned());
            truth.insert(text(message, "message_id").to_owned(), known);
        }
    }
    assert_eq!(u64::try_from(truth.len()).expect("few"), total("sent") + total("received") + total("failed"));
    let breaches = ledger["breaches"].as_array().expect("breaches").len();
    assert_eq!(u64::try_from(breaches).expect("few"), total("blocked") + total("warned"));

    let client = Client::new(&rig).await;
    let sessions = client.all("/v2/phone/sms/sessions", "sms_sessions").await;
    assert_eq!(sessions.len(), threads.len());
    let mut shown = BTreeMap::new();
    for session in &sessions {
        let id = text(session, "session_id");
        for message in client.all(&format!("/v2/phone/sms/sessions/{id}"), "sms_histories").await {
            let outcome = match (text(&message, "direction"), text(&message, "delivery_status")) {
                ("In", _) => "received",
                (_, "failed_to_send") => "failed",
                _ => "sent",
            };
            shown.insert(text(&message, "message_id").to_owned(), (id.to_owned(), outcome.to_owned()));
        }
    }
    assert_eq!(shown, truth);

    // Nothing is sent to who said STOP until they say START.
    let mut out = BTreeMap::<(String, String), bool>::new();
    let mut all: Vec<_> = threads
        .iter()
        .flat_map(|thread| {
            let pair = (text(thread, "number").to_owned(), thread["with"][0].to_string());
            thread["messages"].as_array().expect("messages").iter().map(move |it| (pair.clone(), it))
        })
        .collect();
    all.sort_by_key(|(_, message)| text(message, "time").to_owned());
    for (pair, message) in all {
        let opted_out = out.entry(pair).or_default();
        match (text(message, "outcome"), text(message, "message")) {
            ("received", "STOP") => *opted_out = true,
            ("received", "START") => *opted_out = false,
            ("received", _) => {}
            (outcome, _) => assert_eq!(outcome == "failed", *opted_out, "{message}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_cuts_the_texts_of_the_ledger_and_blocked_ones_are_in_no_thread() {
    let zoom = Zoom::start().await;
    let (_, users) = zoom.get("/v2/phone/users").await;
    let mut numbers = users["users"].as_array().expect("users").iter();
    let number = numbers.find_map(|user| user["phone_numbers"][0]["number"].as_str()).expect("a number");
    let write = async |message: &str| {
        let body = json!({
            "sender": { "phone_number": number },
            "to_members": [{ "phone_number": "+15553331234" }],
            "message": message,
        });
        zoom.say("POST", "/v2/phone/sms/messages", &body).await.0
    };
    assert_eq!(write("Good morning").await, StatusCode::CREATED);
    tokio::time::sleep(std::time::Duration::from_mins(30)).await;
    assert_eq!(write("Tell me your credit card number").await, StatusCode::BAD_REQUEST);
    assert_eq!(write("This is risk-free").await, StatusCode::CREATED);
    let totals = async |query: &str| {
        let texts = zoom.get(&format!("/_emulator/ledger/totals{query}")).await.1["texts"].clone();
        [&texts["sent"], &texts["blocked"], &texts["warned"]].map(|it| it.as_u64().expect("a count"))
    };
    assert_eq!(totals("").await, [2, 1, 1]);
    assert_eq!(totals("?to=2026-11-22T10:20:00Z").await, [1, 0, 0]);
    assert_eq!(totals("?from=2026-11-22T10:20:00Z").await, [1, 1, 1]);
    let (_, ledger) = zoom.get("/_emulator/ledger/texts?from=2026-11-22T10:20:00Z").await;
    let sent: Vec<_> = ledger["threads"][0]["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .filter(|message| message["outcome"] == "sent")
        .map(|message| text(message, "message"))
        .collect();
    assert_eq!(sent, ["This is risk-free"]);
    assert_eq!(ledger["breaches"][0]["verdict"], "block");
}
