//! The whole way: the emulator plays many calls at once over real sockets, the server is stopped and
//! started in the middle, and in the end every call is as the emulator's ledger says.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use zoom_phone_emulator::{Scenario, Subscription};

use crate::{
    rig::{Rig, SECRET, Setup, eventually},
    sync::{Zoom, every_hour},
};

/// The ledger's `call_result` in the words of our API. A caller who gives up at a person's phone is, seen
/// from here, a missed call.
fn outcome(truth: &Value) -> &'static str {
    match truth["result"].as_str().unwrap() {
        "canceled" if truth["direction"] == "inbound" => "missed",
        "answered" | "connected" => "answered",
        "no_answer" => "missed",
        "canceled" => "cancelled",
        "rejected" => "rejected",
        "voicemail" => "voicemail",
        "abandoned" => "abandoned",
        other => panic!("a result that the emulator did not have: {other}"),
    }
}

/// Our word for the direction: Zoom calls a call between two of its users outbound.
fn direction(truth: &Value) -> &str {
    let inside = |party: &str| truth[party]["id"].is_string();
    if inside("caller") && inside("callee") { "internal" } else { truth["direction"].as_str().unwrap() }
}

/// Who took the call: users rung who answered; of a call to somebody outside, whoever placed it.
fn answered_by(call: &Value) -> BTreeSet<&str> {
    let people = call["people"].as_array().unwrap();
    let side = if call["direction"] == "outbound" { "caller" } else { "callee" };
    people
        .iter()
        .filter(|leg| leg["outcome"] == "answered" && leg["side"] == side)
        .filter_map(|leg| leg["party"]["user_id"].as_str())
        .collect()
}

/// Every way in which a call differs from the truth about it.
async fn differences(rig: &Rig, truth: &Value) -> Vec<String> {
    let texts = |value: &Value| -> Vec<String> {
        let one = value.as_str().map(str::to_owned);
        let many = value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        one.into_iter().chain(many).collect()
    };
    let mut differences = Vec::new();
    let mut found: Option<Value> = None;
    for field in ["call_id", "call_ids", "call_history_uuid", "call_element_ids"] {
        for id in texts(&truth[field]) {
            let response = rig.get(&format!("/api/v1/calls/{id}")).await;
            if response.status() != 200 {
                differences.push(format!("{field} {id} is not found"));
                continue;
            }
            let call: Value = response.json().await.unwrap();
            match &found {
                Some(first) if first["id"] != call["id"] => {
                    differences.push(format!("{field} {id} is another call"));
                }
                _ => found = Some(call),
            }
        }
    }
    let Some(call) = found else { return differences };
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{what} is {ours}, was {theirs}"));
        }
    };
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    same("state", word(&call["state"]), "ended".to_owned());
    same("result", word(&call["result"]), outcome(truth).to_owned());
    same("direction", word(&call["direction"]), direction(truth).to_owned());
    let takers: BTreeSet<&str> =
        truth["answered_by"].as_array().unwrap().iter().filter_map(|party| party["id"].as_str()).collect();
    same("answered by", format!("{:?}", answered_by(&call)), format!("{takers:?}"));
    same("recorded", call["recording"].is_string().to_string(), truth["recorded"].to_string());
    same("voicemail", call["voicemail"].to_string(), truth["voicemail"].to_string());
    same("start", word(&call["started_at"]), word(&truth["start_time"]));
    same("answer", word(&call["answered_at"]), word(&truth["answer_time"]));
    same("end", word(&call["ended_at"]), word(&truth["end_time"]));
    same("caller", word(&call["from"]["number"]), word(&truth["caller"]["number"]));
    differences
}

/// The calls whose records Offhook reads whole today. The emulator plays more kinds than these.
const KINDS: [Scenario; 14] = [
    Scenario::InboundAnswered,
    Scenario::InboundMissed,
    Scenario::InboundRejected,
    Scenario::InboundVoicemail,
    Scenario::OutboundConnected,
    Scenario::OutboundCancelled,
    Scenario::InternalAnswered,
    Scenario::QueueAnswered,
    Scenario::QueueOverflow,
    Scenario::QueueAbandoned,
    Scenario::Hold,
    Scenario::BlindTransfer,
    Scenario::WarmTransfer,
    Scenario::Recorded,
];

async fn play_all(zoom: &Zoom) {
    for scenario in KINDS {
        eventually("somebody is free", || zoom.can_play(scenario.name())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_end_every_call_is_as_it_truly_was() {
    const ROUNDS: usize = 4;
    let all = KINDS.len();
    let rig = Rig::new().await;
    let port = rig.address.port();
    let url = rig.url("/zoom/webhook").parse().unwrap();
    let webhook = Subscription::new(url, SECRET);
    let zoom = Zoom::start(21, 300.0, Some(webhook)).await;
    for round in 1..ROUNDS {
        play_all(&zoom).await;
        zoom.ledger(round * all).await;
    }
    // Stop and start in the middle of a round: what Zoom could not deliver, it sends again.
    play_all(&zoom).await;
    eventually("the round has begun", || async {
        let calls = rig.json("/api/v1/calls?state=ringing").await;
        (!calls["calls"].as_array().unwrap().is_empty()).then_some(())
    })
    .await;
    let directory = rig.stop().await;
    let rig = Rig::with(Setup { directory, port, ..Setup::default() }).await;
    let ledger = zoom.ledger(ROUNDS * all).await;
    zoom.records(ROUNDS * all).await;
    eventually("every webhook is taken", || async {
        let state = zoom.control("state").await;
        assert_eq!(state["webhooks_dropped"], 0);
        (state["webhooks_acknowledged"] == state["webhooks_sent"]).then_some(())
    })
    .await;

    // And now what no webhook tells: the records.
    let directory = rig.stop().await;
    let sync = every_hour(zoom.client());
    let rig = Rig::with(Setup { sync, directory, port, ..Setup::default() }).await;
    let wrong = || async {
        let mut wrong = Vec::new();
        for truth in &ledger {
            for difference in differences(&rig, truth).await {
                wrong.push(format!("{} {}: {difference}", truth["scenario"], truth["call_id"]));
            }
        }
        wrong
    };
    eventually("the records are compared", || async {
        let swept = rig.json("/api/v1/live/snapshot").await["clocks"]["last_reconcile_at"].is_string();
        swept.then_some(())
    })
    .await;
    rig.folded().await;
    // Files come some time after the records.
    let began = std::time::Instant::now();
    let mut left = wrong().await;
    while !left.is_empty() && began.elapsed() < Duration::from_secs(10) {
        tokio::task::yield_now().await;
        left = wrong().await;
    }
    assert!(left.is_empty(), "{} differences:\n{}", left.len(), left.join("\n"));
    let calls = rig.json("/api/v1/calls?limit=500").await["calls"].as_array().unwrap().clone();
    assert_eq!(calls.len(), ledger.len(), "none is missing, none is extra");
    assert!(calls.iter().all(|call| call["state"] == "ended"), "none is open");
}
