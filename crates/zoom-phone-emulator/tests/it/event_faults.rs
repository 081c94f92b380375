//! Faults of events, as a receiver meets them.

use serde_json::{Value, json};
use zoom_phone_emulator::{Config, Fault, FaultPlan, Temper, What};

use crate::receiver::{Rig, Seen, quiet};

#[tokio::test]
async fn a_dropped_event_reaches_nobody_and_the_log_says_why() {
    let rig = Rig::willing(quiet()).await;
    rig.fault(json!({ "fault": "event_drop", "event": "phone.caller_*", "probability": 1.0 })).await;
    rig.ask("POST", "/scenarios/internal_answered", &Value::Null).await;
    rig.advance("1h").await;
    let names = rig.names();
    assert!(names.iter().any(|name| name == "phone.callee_answered"), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("phone.caller_")), "{names:?}");
    let log = rig.get("/events/log?event=phone.caller_ringing").await;
    assert_eq!(log["events"][0]["faults"], json!(["event_drop"]));
    assert_eq!(log["events"][0]["deliveries"], json!([]));
}

#[tokio::test]
async fn a_delayed_event_comes_so_much_later_on_the_companys_clock() {
    let rig = Rig::willing(quiet()).await;
    rig.fault(json!({ "fault": "event_delay", "seconds": 90 })).await;
    rig.emit(&["phone.sms_sent", "phone.sms_received"]).await;
    assert_eq!(rig.names(), ["phone.sms_received"]);
    rig.advance("89s").await;
    assert_eq!(rig.names(), ["phone.sms_received"]);
    rig.advance("1s").await;
    assert_eq!(rig.names(), ["phone.sms_received", "phone.sms_sent"]);
    assert_eq!(rig.get("/events/log/2").await["at"], "2026-11-22T10:01:30Z");
}

#[tokio::test]
async fn a_duplicate_is_a_second_request_with_the_same_body() {
    let rig = Rig::willing(quiet()).await;
    rig.fault(json!({ "fault": "event_duplicate", "event": "phone.sms_received" })).await;
    rig.emit(&["phone.sms_sent", "phone.sms_received"]).await;
    let events = rig.events();
    assert_eq!(rig.names(), ["phone.sms_sent", "phone.sms_received", "phone.sms_received"]);
    assert_eq!(events[1].body, events[2].body);
    assert_ne!(events[1].header("x-zm-trackingid"), events[2].header("x-zm-trackingid"));
}

#[tokio::test]
async fn a_reordered_event_comes_after_the_next_one_or_alone_after_ten_seconds() {
    let rig = Rig::willing(quiet()).await;
    rig.fault(json!({ "fault": "event_reorder", "times": 2 })).await;
    rig.emit(&["phone.sms_sent"]).await;
    assert_eq!(rig.names(), [""; 0]);
    rig.ask("DELETE", "/faults", &Value::Null).await;
    rig.emit(&["phone.sms_received"]).await;
    assert_eq!(rig.names(), ["phone.sms_received", "phone.sms_sent"]);
    rig.fault(json!({ "fault": "event_reorder" })).await;
    rig.emit(&["phone.callee_ringing"]).await;
    rig.advance("10s").await;
    assert_eq!(rig.names()[2..], ["phone.callee_ringing"]);
    rig.advance("1h").await;
    assert_eq!(rig.names().len(), 3, "once only");
}

#[tokio::test]
async fn signatures_can_be_wrong_old_or_from_a_clock_that_is_wrong() {
    let rig = Rig::willing(quiet()).await;
    rig.emit(&["phone.sms_sent"]).await;
    rig.fault(json!({ "fault": "wrong_secret" })).await;
    rig.emit(&["phone.sms_sent"]).await;
    rig.fault(json!({ "fault": "stale_timestamp", "seconds": 900 })).await;
    rig.emit(&["phone.sms_sent"]).await;
    rig.fault(json!({ "fault": "clock_skew", "seconds": 5000 })).await;
    rig.emit(&["phone.sms_sent"]).await;
    let events = rig.events();
    assert_eq!(events.iter().map(Seen::is_genuine).collect::<Vec<_>>(), [true, false, true, true]);
    // A few seconds may pass between them on a slow machine.
    let age = events[0].timestamp() - events[2].timestamp();
    assert!((800..=900).contains(&age), "{age}");
    let ahead = events[3].timestamp() - events[0].timestamp();
    assert!((5000..5100).contains(&ahead), "{ahead}");
    let attempt = &rig.get("/events/log/2").await["deliveries"][0]["attempts"][0];
    assert_eq!(attempt["faults"], json!(["wrong_secret"]));
}

#[tokio::test]
async fn a_plan_strikes_the_same_events_under_the_same_seed() {
    async fn names(seed: u64) -> Vec<String> {
        let plan = FaultPlan::parse(
            "[[fault]]\nfault = \"event_drop\"\nprobability = 0.3\n\n\
            [[fault]]\nfault = \"event_duplicate\"\nprobability = 0.2\n\n\
            [[fault]]\nfault = \"event_reorder\"\nprobability = 0.2\n\n\
            [[fault]]\nfault = \"event_delay\"\nprobability = 0.1\nseconds = 40\n",
        );
        let faults = plan.expect("a plan").faults;
        let rig = Rig::willing(Config { seed, faults, ..quiet() }).await;
        for scenario in ["warm_transfer", "queue_answered", "hold", "recorded"] {
            rig.ask("POST", &format!("/scenarios/{scenario}"), &Value::Null).await;
        }
        rig.advance("1h").await;
        let log = rig.get("/events/log?limit=1000").await;
        let told = |event: &Value| format!("{} {} {}", event["at"], event["event"], event["faults"]);
        log["events"].as_array().expect("events").iter().map(told).collect()
    }
    let first = names(3).await;
    for fault in ["event_drop", "event_duplicate", "event_reorder", "event_delay"] {
        assert!(first.iter().any(|told| told.contains(fault)), "{fault}: {first:#?}");
    }
    assert_eq!(names(3).await, first);
    assert_ne!(names(4).await, first);
}

#[tokio::test]
async fn the_field_temper_shows_its_faults_and_the_documented_one_has_none() {
    let field = Rig::willing(Config { temper: Temper::Field, ..quiet() }).await;
    let faults = field.get("/faults").await;
    assert_eq!(faults, json!({ "faults": [{ "fault": "event_duplicate", "probability": 0.01 }] }));
    let documented = Rig::willing(quiet()).await;
    assert_eq!(documented.get("/faults").await, json!({ "faults": [] }));
}

#[test]
fn a_configuration_with_a_fault_that_makes_no_sense_is_refused() {
    let wrong = Fault { times: Some(0), ..What::EventDrop {}.into() };
    let config = Config { faults: vec![wrong], ..quiet() };
    let error =
        zoom_phone_emulator::Emulator::new(config, jiff::Timestamp::UNIX_EPOCH).expect_err("a refusal");
    assert!(error.to_string().contains("times"), "{error}");
}

#[tokio::test]
async fn a_receiver_in_the_companys_time_gets_stamps_of_that_time() {
    let rig = Rig::willing(Config { stamps_in_company_time: true, ..quiet() }).await;
    rig.advance("48h").await;
    rig.emit(&["phone.sms_sent"]).await;
    let now: jiff::Timestamp =
        rig.get("/state").await["now"].as_str().expect("a time").parse().expect("a time");
    let stamp: i64 = rig.events()[0].header("x-zm-request-timestamp").parse().expect("unix seconds");
    assert_eq!(stamp, now.as_second());
}

#[tokio::test]
async fn the_state_tells_how_often_each_fault_struck() {
    let rig = Rig::willing(quiet()).await;
    rig.fault(json!({ "fault": "event_duplicate", "times": 2 })).await;
    rig.emit(&["phone.sms_sent", "phone.sms_received", "phone.sms_sent"]).await;
    assert_eq!(rig.get("/state").await["faults_struck"], json!({ "event_duplicate": 2 }));
}
