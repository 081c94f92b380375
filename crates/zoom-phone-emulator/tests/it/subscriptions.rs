//! Who gets which events: filters, challenges again and again, the log, sending again, the stream of news.

use axum::http::StatusCode;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use zoom_phone_emulator::{Config, Emulator, Error, Subscription, Temper, signature};

use crate::receiver::{CHALLENGE, Rig, Seen, quiet, secret};
use crate::rig::Served;

/// What the log says became of the newest event, by subscription.
async fn outcomes(rig: &Rig) -> Value {
    let log = rig.get("/events/log?limit=1").await;
    let deliveries = log["events"][0]["deliveries"].as_array().expect("deliveries");
    deliveries.iter().map(|it| json!([it["subscription"], it["outcome"]])).collect()
}

#[tokio::test]
async fn each_subscription_gets_its_events_signed_with_its_secret() {
    let rig = Rig::willing(quiet()).await;
    let new = json!({
        "id": "sms", "url": format!("{}/sms", rig.origin), "secret": secret("sms"),
        "events": ["phone.sms_sent", "phone.sms_received"], "app": "another_app",
    });
    let (status, told) = rig.ask("POST", "/subscriptions", &new).await;
    assert_eq!((status, &told["validated"]), (StatusCode::CREATED, &json!(false)));
    assert!(!told.to_string().contains("secret"), "{told}");
    rig.settle().await;
    rig.emit(&["phone.callee_ringing", "phone.sms_sent"]).await;
    let events = rig.events();
    let mut got: Vec<_> = events.iter().map(|seen| (seen.to.as_str(), seen.event.as_str())).collect();
    got.sort_unstable();
    assert_eq!(
        got,
        [("hook", "phone.callee_ringing"), ("hook", "phone.sms_sent"), ("sms", "phone.sms_sent")]
    );
    assert!(events.iter().all(Seen::is_genuine));

    let (status, _) = rig.ask("DELETE", "/subscriptions/sms", &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    rig.emit(&["phone.sms_received"]).await;
    assert_eq!(outcomes(&rig).await, json!([["webhook", "acknowledged"]]));
    let listed = rig.get("/subscriptions").await;
    assert_eq!(listed["subscriptions"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&listed["subscriptions"][0]["id"], &listed["subscriptions"][0]["app"]),
        (&json!("webhook"), &json!("demo_client_id_000000A"))
    );
}

#[tokio::test]
async fn wrong_subscriptions_are_refused() {
    let rig = Rig::willing(quiet()).await;
    for (method, path, body, status) in [
        ("POST", "/subscriptions", json!({}), 400),
        ("POST", "/subscriptions", json!({ "url": "ftp://127.0.0.1/" }), 400),
        ("POST", "/subscriptions", json!({ "url": "nowhere" }), 400),
        ("POST", "/subscriptions", json!({ "url": rig.origin, "secrets": [] }), 400),
        ("POST", "/subscriptions", json!({ "url": rig.origin, "id": "webhook" }), 409),
        ("PATCH", "/subscriptions/webhook", json!({ "id": "other" }), 400),
        ("PATCH", "/subscriptions/other", json!({ "name": "Other" }), 404),
        ("GET", "/subscriptions/other", Value::Null, 404),
        ("DELETE", "/subscriptions/other", Value::Null, 404),
        ("POST", "/subscriptions/other/challenge", Value::Null, 404),
    ] {
        let (told, answer) = rig.ask(method, path, &body).await;
        assert_eq!(told.as_u16(), status, "{method} {path} {body}");
        assert!(answer["error"].is_string(), "{method} {path} {body}");
    }
    let twice = || Subscription::new(rig.origin.parse().expect("a URL"), "secret");
    let config = Config { subscriptions: vec![twice(), twice()], ..Config::default() };
    let refused = Emulator::new(config, jiff::Timestamp::UNIX_EPOCH).err();
    assert!(matches!(refused, Some(Error::Subscription(id)) if id == "webhook"));
}

#[tokio::test]
async fn a_new_address_must_pass_the_challenge_before_it_gets_events() {
    let rig = Rig::start(quiet(), |seen, _| if seen.to == "later" { 500 } else { 200 }).await;
    let to = json!({ "url": format!("{}/later", rig.origin), "secret": secret("later") });
    let (status, told) = rig.ask("PATCH", "/subscriptions/webhook", &to).await;
    assert_eq!((status, &told["validated"]), (StatusCode::OK, &json!(false)));
    rig.emit(&["phone.sms_sent"]).await;
    assert_eq!(outcomes(&rig).await, json!([["webhook", "withheld"]]));
    assert_eq!(rig.challenges("later"), 1);
    rig.answer(|_, _| 200);
    rig.ask("POST", "/subscriptions/webhook/challenge", &Value::Null).await;
    rig.settle().await;
    rig.emit(&["phone.sms_received"]).await;
    let events = rig.events();
    assert_eq!(
        events.iter().map(|seen| (&*seen.to, &*seen.event)).collect::<Vec<_>>(),
        [("later", "phone.sms_received")]
    );
    assert!(events[0].is_genuine());
}

#[tokio::test]
async fn the_challenge_comes_again_every_72_hours_and_six_failures_in_a_row_disable() {
    let rig = Rig::willing(quiet()).await;
    assert_eq!(rig.challenges("hook"), 1);
    rig.advance("71h 59m").await;
    assert_eq!(rig.challenges("hook"), 1);
    rig.advance("1m").await;
    assert_eq!(rig.challenges("hook"), 2);
    rig.advance("144h").await;
    assert_eq!(rig.challenges("hook"), 4);

    // Five failures are forgiven by one success.
    rig.answer(|seen, _| if seen.event == CHALLENGE { 500 } else { 200 });
    rig.advance("360h").await;
    assert_eq!(rig.get("/subscriptions/webhook").await["failed_challenges_in_a_row"], 5);
    rig.answer(|_, _| 200);
    rig.advance("72h").await;
    let told = rig.get("/subscriptions/webhook").await;
    assert_eq!((&told["failed_challenges_in_a_row"], &told["enabled"]), (&json!(0), &json!(true)));

    rig.answer(|seen, _| if seen.event == CHALLENGE { 401 } else { 503 });
    rig.advance("360h").await;
    rig.emit(&["phone.sms_sent"]).await;
    assert_eq!(rig.names().len(), 1, "events flow until it is disabled");
    rig.advance("2h").await;
    rig.advance("72h").await;
    let told = rig.get("/subscriptions/webhook").await;
    assert_eq!((&told["failed_challenges_in_a_row"], &told["enabled"]), (&json!(6), &json!(false)));
    let (sent, challenged) = (rig.names().len(), rig.challenges("hook"));
    rig.emit(&["phone.sms_received"]).await;
    rig.advance("200h").await;
    assert_eq!((rig.names().len(), rig.challenges("hook")), (sent, challenged));
    assert_eq!(rig.get("/subscriptions/webhook").await["withheld"], 1);
    assert_eq!(outcomes(&rig).await, json!([["webhook", "withheld"]]));

    rig.answer(|_, _| 200);
    rig.ask("PATCH", "/subscriptions/webhook", &json!({ "enabled": true })).await;
    rig.settle().await;
    rig.emit(&["phone.sms_sent_failed"]).await;
    assert_eq!(outcomes(&rig).await, json!([["webhook", "acknowledged"]]));
}

#[tokio::test]
async fn an_endless_answer_to_a_challenge_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (sent, mut poured) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _read = stream.read(&mut request).await.expect("a request");
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.expect("sent");
        let chunk = [b"1000\r\n".as_slice(), &[b' '; 4096], b"\r\n"].concat();
        let mut chunks = 0;
        while stream.write_all(&chunk).await.is_ok() {
            chunks += 1;
        }
        sent.send(chunks).await.expect("the test waits");
    });
    let config = quiet().with_webhook(url.parse().expect("a URL"), "secret");
    let zoom = Served::with(config).await;
    poured.recv().await.expect("the connection ends");
    let state = loop {
        let state = zoom.control("GET", "/state", &Value::Null).await;
        if state["challenges_failed"] != 0 {
            break state;
        }
    };
    assert_eq!(state["receiver_validated"], false);
}

#[tokio::test]
async fn the_log_has_what_is_needed_to_send_an_event_again_by_hand() {
    let rig =
        Rig::start(quiet(), |seen, before| if seen.event == CHALLENGE || before > 0 { 200 } else { 500 })
            .await;
    rig.emit(&["phone.sms_sent", "phone.callee_ringing"]).await;
    rig.advance("5m").await;
    let log = rig.get("/events/log").await;
    assert_eq!((&log["oldest"], &log["newest"]), (&json!(1), &json!(2)));
    let first = &log["events"][0];
    assert_eq!(
        (&first["id"], &first["event"], &first["at"]),
        (&json!(1), &json!("phone.sms_sent"), &json!("2026-11-22T10:00:00Z"))
    );
    let statuses: Vec<_> = first["deliveries"][0]["attempts"].as_array().expect("attempts").iter().collect();
    assert_eq!(statuses.iter().map(|it| &it["status"]).collect::<Vec<_>>(), [&json!(500), &json!(200)]);
    assert_eq!(rig.get("/events/log?after=1").await["events"][0]["id"], 2);
    assert_eq!(rig.get("/events/log?event=phone.sms_sent").await["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(rig.ask("GET", "/events/log/77", &Value::Null).await.0, StatusCode::NOT_FOUND);

    let whole = rig.get("/events/log/1").await;
    let body = whole["body"].as_str().expect("the body as it was sent");
    let attempt = &whole["deliveries"][0]["attempts"][0];
    let headers = attempt["request"]["headers"].as_array().expect("headers");
    let header = |name: &str| {
        headers.iter().find(|it| it[0] == name).and_then(|it| it[1].as_str()).expect("a header").to_owned()
    };
    let timestamp = header("x-zm-request-timestamp").parse().expect("unix seconds");
    assert_eq!(header("x-zm-signature"), signature(&secret("hook"), timestamp, body.as_bytes()));
    assert_eq!(attempt["request"]["url"], format!("{}/hook", rig.origin));
    assert!(attempt["response"]["headers"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(rig.events()[0].body, body.as_bytes());
}

#[tokio::test]
async fn an_event_of_the_log_is_sent_again_with_the_same_body() {
    let rig = Rig::willing(quiet()).await;
    rig.emit(&["phone.sms_sent"]).await;
    let (status, answer) = rig.ask("POST", "/events/log/1/resend", &Value::Null).await;
    assert_eq!((status, answer), (StatusCode::ACCEPTED, json!({ "subscriptions": ["webhook"] })));
    rig.settle().await;
    let events = rig.events();
    assert_eq!((events.len(), &events[0].body), (2, &events[1].body));
    assert!(events[1].is_genuine());
    assert_ne!(events[0].header("x-zm-trackingid"), events[1].header("x-zm-trackingid"));
    let whole = rig.get("/events/log/1").await;
    assert_eq!(
        (&whole["deliveries"][0]["resent"], &whole["deliveries"][1]["resent"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(rig.get("/events/log").await["newest"], 1, "it is no new event");
    for (path, status) in [("/events/log/9/resend", 404), ("/events/log/1/resend?subscription=other", 409)] {
        assert_eq!(rig.ask("POST", path, &Value::Null).await.0.as_u16(), status);
    }
}

#[tokio::test]
async fn in_the_field_a_refused_event_is_gone_and_retries_carry_the_first_signature() {
    let answer = |seen: &Seen, _: usize| match seen.event.as_str() {
        CHALLENGE => 200,
        "phone.sms_sent" => 400,
        _ => 500,
    };
    let field = Rig::start(Config { temper: Temper::Field, ..quiet() }, answer).await;
    field.ask("DELETE", "/faults", &Value::Null).await;
    // Zoom's clock is put right after the first attempt: a fresh timestamp would be another one.
    field.fault(json!({ "fault": "clock_skew", "seconds": -1000 })).await;
    field.emit(&["phone.sms_sent", "phone.sms_received"]).await;
    field.ask("DELETE", "/faults", &Value::Null).await;
    field.advance("2h").await;
    let events = field.events();
    let (refused, failed): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|seen| seen.event == "phone.sms_sent");
    assert_eq!((refused.len(), failed.len()), (1, 4));
    assert!(failed.iter().all(|seen| seen.timestamp() == failed[0].timestamp() && seen.is_genuine()));

    let documented = Rig::start(quiet(), answer).await;
    documented.fault(json!({ "fault": "clock_skew", "seconds": -1000 })).await;
    documented.emit(&["phone.sms_sent"]).await;
    documented.ask("DELETE", "/faults", &Value::Null).await;
    documented.advance("2h").await;
    let events = documented.events();
    assert_eq!(events.len(), 4);
    assert!(events[1].timestamp() >= events[0].timestamp() + 1000, "signed anew");
}

#[tokio::test]
async fn the_stream_tells_of_events_attempts_calls_faults_and_the_clock() {
    let (rig, zoom) = tokio::join!(Rig::willing(quiet()), Served::with(quiet()));
    let url = format!("{}/_emulator/stream", zoom.origin);
    let response = zoom.client.get(url).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.bytes_stream();
    let mut waiting = String::new();
    let mut next = async || loop {
        if let Some((news, rest)) = waiting.split_once("\n\n") {
            let told =
                news.strip_prefix("data: ").map(|data| serde_json::from_str::<Value>(data).expect("JSON"));
            waiting = rest.to_owned();
            if let Some(told) = told {
                return told;
            }
            continue;
        }
        let part = stream.next().await.expect("an open stream").expect("a part");
        waiting.push_str(std::str::from_utf8(&part).expect("text"));
    };
    let hook = json!({ "url": format!("{}/hook", rig.origin), "secret": secret("hook") });
    zoom.control("POST", "/subscriptions", &hook).await;
    let told = next().await;
    assert_eq!(
        (&told["kind"], &told["passed"], &told["subscription"]),
        (&json!("challenge"), &json!(true), &json!("webhook"))
    );
    zoom.control("POST", "/faults", &json!({ "fault": "event_duplicate" })).await;
    zoom.control("POST", "/events/phone.sms_sent", &Value::Null).await;
    let kinds = [next().await, next().await, next().await, next().await];
    assert_eq!(kinds.each_ref().map(|told| &told["kind"]), ["fault", "event", "attempt", "attempt"]);
    assert_eq!(
        (&kinds[0]["fault"], &kinds[0]["struck"]),
        (&json!("event_duplicate"), &json!("phone.sms_sent"))
    );
    assert!(kinds[1]["payload"]["object"].is_object());
    assert_eq!((&kinds[2]["event_id"], &kinds[2]["status"]), (&kinds[1]["id"], &json!(200)));
    zoom.control("POST", "/scenarios/inbound_missed", &Value::Null).await;
    zoom.control("POST", "/clock", &json!({ "advance": "10m" })).await;
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "clock") {
        kinds.push(next().await["kind"].as_str().expect("a kind").to_owned());
    }
    for kind in ["event", "attempt", "call", "clock"] {
        assert!(kinds.iter().any(|told| told == kind), "{kinds:?}");
    }
}
