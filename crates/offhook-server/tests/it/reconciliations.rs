//! Reports on what came in, held against what the emulator says it sent and did not send.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use offhook_server::{Clock, SyncConfig};
use offhook_store::{NewReport, Store};
use serde_json::{Value, json};
use zoom_phone_emulator::{Emulator, Running};

use crate::{
    rig::{ACCOUNT, Rig, SECRET, Setup, eventually},
    sync::{client_with, tokens_of},
};

const DAY: &str = "2026-11-16T00:00:00Z";
const NEXT_DAY: &str = "2026-11-17T00:00:00Z";

/// Calls of which each has one `call_id`, so that what is left of one is one call.
const PLAYED: [&str; 10] = [
    "inbound_answered",
    "inbound_missed",
    "inbound_voicemail",
    "outbound_connected",
    "internal_answered",
    "queue_answered",
    "queue_overflow",
    "queue_abandoned",
    "hold",
    "recorded",
];

/// An emulated Zoom whose clock moves only when told to.
async fn zoom(seed: u64) -> Arc<Running> {
    let start: Timestamp = DAY.parse().unwrap();
    let builder = Emulator::builder().seed(seed).at(start + SignedDuration::from_hours(9)).config(|config| {
        config.speed = 0.0;
        config.calls_per_minute = 0.0;
        config.stamps_in_company_time = true;
    });
    Arc::new(builder.start().await.unwrap())
}

/// A server that lives in the company's time.
async fn rig(zoom: &Arc<Running>, setup: Setup) -> Rig {
    let (company, address) = (Arc::clone(zoom), zoom.origin().trim_start_matches("http://").parse().unwrap());
    let client = client_with(address, tokens_of(address, "demo_client_secret"));
    let clock = Clock::new(move || company.now());
    // Nobody reads Zoom's records but for a report.
    let sync = vec![SyncConfig { every: None, ..SyncConfig::new(client, ACCOUNT) }];
    Rig::with(Setup { sync, clock, ..setup }).await
}

async fn subscribe(zoom: &Running, rig: &Rig) {
    let body = json!({ "url": rig.url("/zoom/webhook"), "secret": SECRET });
    zoom.control(Method::POST, "/subscriptions", Some(body)).await.unwrap();
    zoom.validated().await;
}

/// Orders a report of the day and waits until it is done.
async fn report(rig: &Rig) -> Value {
    let wanted = json!({ "from": DAY, "to": NEXT_DAY });
    let response = rig.http.post(rig.url("/api/v1/reconciliations")).json(&wanted).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let ordered: Value = response.json().await.unwrap();
    done(rig, ordered["id"].as_i64().unwrap()).await
}

async fn done(rig: &Rig, id: i64) -> Value {
    eventually("the report is done", || async {
        let report = rig.json(&format!("/api/v1/reconciliations/{id}")).await;
        assert_ne!(report["state"], "failed", "{report}");
        assert!(report["state"] == "done" || report["summary"].is_null(), "half a report: {report}");
        (report["state"] == "done").then_some(report)
    })
    .await
}

/// All items of a report, page by page.
async fn items(rig: &Rig, report: &Value, limit: usize) -> Vec<Value> {
    let path = format!("/api/v1/reconciliations/{}/items?limit={limit}", report["id"]);
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = rig.json(&format!("{path}&cursor={cursor}")).await;
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return all,
        }
    }
}

/// An event as the emulator's log has it.
struct Sent {
    name: String,
    call: String,
    faults: BTreeSet<String>,
    object: Value,
}

impl Sent {
    fn is_lost(&self) -> bool {
        self.faults.contains("event_drop")
    }
}

/// What the emulator sent of each call, and did not send, by its `call_id`.
async fn sent(zoom: &Running) -> BTreeMap<String, Vec<Sent>> {
    let log = zoom.control(Method::GET, "/events/log?after=0&limit=20000", None).await.unwrap();
    let mut sent = BTreeMap::<String, Vec<Sent>>::new();
    for entry in log["events"].as_array().unwrap() {
        let path = format!("/events/log/{}", entry["id"]);
        let whole = zoom.control(Method::GET, &path, None).await.unwrap();
        let body: Value = serde_json::from_str(whole["body"].as_str().unwrap()).unwrap();
        let object = &body["payload"]["object"];
        let parts = [object, &object["call_elements"][0], &object["recordings"][0]];
        let Some(call) = parts.iter().find_map(|part| part["call_id"].as_str()) else { continue };
        let faults = entry["faults"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
        sent.entry(call.to_owned()).or_default().push(Sent {
            name: entry["event"].as_str().unwrap().to_owned(),
            call: call.to_owned(),
            faults: faults.collect(),
            object: object.clone(),
        });
    }
    sent
}

/// What a report has to say of a call, by the emulator's log.
fn expected(events: &[Sent], records_alone: &BTreeSet<String>) -> Vec<String> {
    let call = &events[0].call;
    let (lost, came): (Vec<&Sent>, Vec<&Sent>) = events.iter().partition(|event| event.is_lost());
    let mut said = Vec::new();
    if came.is_empty() {
        assert!(!records_alone.contains(call));
        return vec![format!("only_rest * {call}")];
    }
    for event in &came {
        for (fault, kind) in [("event_delay", "sent_late"), ("event_duplicate", "sent_twice")] {
            if event.faults.contains(fault) {
                said.push(format!("{kind} {} {call}", event.name));
            }
        }
    }
    for event in &lost {
        let list = |name: &str| event.object[name].as_array().cloned().unwrap_or_default();
        let things = match event.name.as_str() {
            name if name.ends_with("_call_element_completed") => list("call_elements"),
            "phone.recording_completed" => list("recordings"),
            "phone.voicemail_received" => vec![event.object.clone()],
            _ => Vec::new(),
        };
        let id = |thing: &Value| {
            thing["call_element_id"]
                .as_str()
                .filter(|_| thing["id"].is_null())
                .or(thing["id"].as_str())
                .unwrap()
                .to_owned()
        };
        said.extend(things.iter().map(|thing| format!("never_sent {} {}", event.name, id(thing))));
    }
    let has = |events: &[&Sent], ends: &[&str]| {
        events.iter().any(|event| ends.iter().any(|end| event.name.ends_with(end)))
    };
    let began = ["_ringing", "_answered", "_connected", "_hold", "_unhold"];
    let over = ["_missed", "_rejected", "_ended"];
    if has(&came, &began) && !has(&came, &over) && has(&lost, &over) {
        said.push(format!("end_not_sent {call}"));
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_what_the_emulators_log_says_it_sent_late_twice_or_never() {
    let zoom = zoom(5).await;
    let rig = rig(&zoom, Setup::default()).await;
    subscribe(&zoom, &rig).await;
    for (fault, probability) in [("event_drop", 0.25), ("event_delay", 0.1), ("event_duplicate", 0.1)] {
        let mut fault = json!({ "fault": fault, "probability": probability });
        if fault["fault"] == "event_delay" {
            fault["seconds"] = json!(1500);
        }
        zoom.control(Method::POST, "/faults", Some(fault)).await.unwrap();
    }
    for scenario in PLAYED.iter().cycle().take(60) {
        zoom.trigger(scenario, json!({})).await.unwrap();
        zoom.advance(SignedDuration::from_mins(7)).await;
    }
    zoom.advance_to(NEXT_DAY.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(3)).await;
    let report = report(&rig).await;
    let summary = &report["summary"];
    let found = items(&rig, &report, 7).await;
    let log = sent(&zoom).await;
    let ledger = zoom.ledger().await.unwrap();
    assert_eq!((summary["calls"]["known"].as_u64(), ledger.len()), (Some(60), 60), "{summary}");
    let of_ids = |id: &Value| {
        let entry = ledger
            .iter()
            .find(|call| call["call_ids"].as_array().unwrap().contains(id) || call["call_id"] == *id);
        entry.unwrap()["call_id"].as_str().unwrap().to_owned()
    };
    let mut expected: Vec<String> =
        log.values().flat_map(|events| expected(events, &BTreeSet::new())).collect();
    expected.sort();
    let mut shown: Vec<String> = found
        .iter()
        .filter(|item| item["thing"] != "queue")
        .map(|item| {
            let (kind, event) = (item["kind"].as_str().unwrap(), item["event"].as_str().unwrap_or("-"));
            match kind {
                "never_sent" => format!("{kind} {event} {}", item["id"].as_str().unwrap()),
                "end_not_sent" => format!("{kind} {}", of_ids(&item["call"])),
                _ => format!("{kind} {event} {}", of_ids(&item["call"])),
            }
        })
        .collect();
    shown.sort();
    assert_eq!(shown, expected);
    for kind in ["never_sent", "sent_late", "sent_twice"] {
        let count = expected.iter().filter(|said| said.starts_with(kind)).count();
        assert!(count > 3, "{kind}: {count}");
        assert_eq!(summary["items"][kind], count, "the summary counts what is listed");
        let only = rig.json(&format!("/api/v1/reconciliations/{}/items?kind={kind}", report["id"])).await;
        assert_eq!(only["items"].as_array().unwrap().len(), count);
    }
    let came: usize = log.values().flatten().filter(|event| !event.is_lost()).count();
    assert_eq!(summary["events"]["different"], came);
    assert_eq!(summary["gaps"], json!([]));
    // Zoom's sums of its queues are those of the ledger.
    let stays = ledger.iter().flat_map(|call| call["queues"].as_array().cloned().unwrap_or_default()).count();
    assert_eq!(summary["queues"]["days"], 1);
    assert_eq!(summary["queues"]["zooms"], stays, "{}", summary["queues"]);
    assert_eq!(
        (&summary["queues"]["ours"], &summary["queues"]["unreconciled"]),
        (&json!(stays), &json!(0)),
        "{found:?}"
    );

    let newest = rig.json("/api/v1/reconciliations?limit=1").await;
    assert_eq!((&newest["reconciliations"][0], &newest["next_cursor"]), (&report, &Value::Null));
    let metrics = rig.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("offhook_reconciliation_items{kind=\"never_sent\"}"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_id_of_a_call_shows_which_door_brought_it_first() {
    let zoom = zoom(6).await;
    let rig = rig(&zoom, Setup::default()).await;
    subscribe(&zoom, &rig).await;
    let call = zoom.trigger("recorded", json!({})).await.unwrap();
    zoom.advance(SignedDuration::from_hours(1)).await;
    rig.folded().await;
    let seen = rig.json(&format!("/api/v1/calls/{}/sightings", call["call_id"].as_str().unwrap())).await;
    let things: Vec<&str> =
        seen["sightings"].as_array().unwrap().iter().map(|one| one["thing"].as_str().unwrap()).collect();
    assert_eq!(things, ["call", "element", "recording"]);
    for one in seen["sightings"].as_array().unwrap() {
        assert_eq!((&one["by_events"]["door"], &one["by_records"]), (&json!("webhook"), &Value::Null));
    }
    assert_eq!(rig.get("/api/v1/calls/nobody/sightings").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_was_cut_off_is_made_anew_and_half_of_it_is_never_shown() {
    let setup = Setup::default();
    let (from, to) = (DAY.parse().unwrap(), NEXT_DAY.parse().unwrap());
    let store = Store::open(setup.directory.path()).unwrap();
    let new = NewReport { account: ACCOUNT.to_owned(), from, to, cause: "asked" };
    let cut_off = store.order_report(new.clone(), from).await.unwrap().id;
    let item = r#"{"kind":"never_sent","thing":"element","id":"e1"}"#;
    store.next_report().await.unwrap();
    let found = vec![(1, serde_json::from_str(item).unwrap())];
    store.advance_report(cut_off, "comparing", (1, 2), found).await.unwrap();
    let given_up = store.order_report(new, from).await.unwrap().id;
    drop(store);

    let rig = Rig::with(setup).await;
    let report = done(&rig, cut_off).await;
    assert_eq!(items(&rig, &report, 10).await, Vec::<Value>::new());
    assert_eq!(report["summary"]["verdict"], "unknown", "nobody read Zoom's records: {report}");
    done(&rig, given_up).await;
    rig.store.fail_report(given_up, "for a test".to_owned(), to).await.unwrap();
    let answer = rig.get(&format!("/api/v1/reconciliations/{given_up}/items")).await;
    assert_eq!(answer.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_ordered_or_found_is_refused_with_the_reason() {
    let rig = Rig::new().await;
    let order = async |body: Value| {
        let answer = rig.http.post(rig.url("/api/v1/reconciliations")).json(&body).send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap()["detail"].as_str().unwrap_or("").to_owned(),
        )
    };
    let (status, detail) = order(json!({ "from": NEXT_DAY, "to": DAY })).await;
    assert!(status == 400 && detail.contains("before"), "{detail}");
    let (status, detail) = order(json!({ "from": "2026-05-01T00:00:00Z", "to": NEXT_DAY })).await;
    assert!(status == 400 && detail.contains("190 days"), "{detail}");
    let (status, detail) = order(json!({ "from": DAY, "to": NEXT_DAY, "account": "nobodys" })).await;
    assert!(status == 400 && detail.contains(ACCOUNT), "{detail}");
    let (status, detail) = order(json!({ "from": "yesterday", "to": NEXT_DAY })).await;
    assert!(status == 400 && detail.contains("from"), "{detail}");
    for (path, status) in [
        ("/api/v1/reconciliations/7", 404),
        ("/api/v1/reconciliations/x", 404),
        ("/api/v1/reconciliations/7/items", 404),
        ("/api/v1/reconciliations?cursor=x", 400),
    ] {
        assert_eq!(rig.get(path).await.status(), status, "{path}");
    }
    assert_eq!(
        rig.json("/api/v1/reconciliations").await,
        json!({ "reconciliations": [], "next_cursor": null })
    );
}
