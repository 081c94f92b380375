//! The whole way: the emulator plays many calls at once over real sockets, the server is stopped and
//! started in the middle, and in the end every call is as the emulator's ledger says.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use zoom_phone_emulator::{Scenario, Subscription};

use crate::{
    rig::{Rig, SECRET, Setup, eventually},
    sync::{Zoom, every_hour},
};

/// The ledger's `call_result` in the words of our API. A caller who gives up at a person's phone, or in a menu, is,
/// seen from here, a missed call.
fn outcome(truth: &Value) -> &'static str {
    match truth["result"].as_str().unwrap() {
        "canceled" | "hang_up" if direction(truth) != "outbound" => "missed",
        "answered" | "connected" => "answered",
        "no_answer" => "missed",
        "canceled" => "cancelled",
        "rejected" => "rejected",
        "busy" => "busy",
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

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The ids in a list of ours.
fn ids(value: &Value) -> BTreeSet<&str> {
    list(value).filter_map(|one| one["id"].as_str()).collect()
}

fn texts(value: &Value) -> BTreeSet<&str> {
    list(value).filter_map(Value::as_str).collect()
}

/// Whose parts lasted how long: side, extension number, seconds of talk and of hold, where there are any.
fn talks(legs: &Value, who: &str, number: &str) -> BTreeMap<(String, String), (i64, i64)> {
    let mut talks = BTreeMap::new();
    for leg in list(legs) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let seconds = |field: &str| leg[field].as_i64().unwrap_or(0);
        let known: &mut (i64, i64) = talks.entry((text(&leg["side"]), text(&leg[who][number]))).or_default();
        known.0 += seconds("talk_seconds");
        known.1 += seconds("hold_seconds");
    }
    talks.retain(|_, seconds| *seconds != (0, 0));
    talks
}

/// The queue, when, how long, how many phones, and whether a member answered, the caller gave up, or it went on.
fn stays<'a>(stays: &'a Value, entered: &'a str, left: &'a str, rung: &'a str) -> Vec<String> {
    let stays = list(stays).map(|stay| {
        let queue = stay["queue"]["extension_number"].to_string();
        let outcome = match stay["outcome"].as_str().unwrap() {
            answered @ ("answered" | "abandoned") => answered,
            _ => "went on",
        };
        let queue = queue.trim_matches('"');
        format!("{queue} {} {} {} {outcome} {}", stay[entered], stay[left], stay["wait_seconds"], stay[rung])
    });
    stays.collect()
}

/// Every way in which a call differs from the truth about it.
async fn differences(rig: &Rig, truth: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    let mut found: Option<Value> = None;
    let lists = ["call_ids", "call_element_ids", "recording_ids", "voicemail_ids", "ai_call_summary_ids"];
    for id in
        lists.into_iter().flat_map(|field| texts(&truth[field])).chain(truth["call_history_uuid"].as_str())
    {
        let response = rig.get(&format!("/api/v1/calls/{id}")).await;
        if response.status() != 200 {
            differences.push(format!("{id} is not found"));
            continue;
        }
        let call: Value = response.json().await.unwrap();
        match &found {
            Some(first) if first["id"] != call["id"] => differences.push(format!("{id} is another call")),
            _ => found = Some(call),
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
    same("start", word(&call["started_at"]), word(&truth["start_time"]));
    same("answer", word(&call["answered_at"]), word(&truth["answer_time"]));
    same("end", word(&call["ended_at"]), word(&truth["end_time"]));
    same("caller", word(&call["from"]["number"]), word(&truth["caller"]["number"]));
    same(
        "elements",
        format!("{:?}", ids(&call["elements"])),
        format!("{:?}", texts(&truth["call_element_ids"])),
    );
    let failed = |one: &&Value| one["state"] == "failed";
    let recordings: BTreeSet<&str> =
        list(&call["recordings"]).filter(|one| !failed(one)).filter_map(|one| one["id"].as_str()).collect();
    same("recordings", format!("{recordings:?}"), format!("{:?}", texts(&truth["recording_ids"])));
    same(
        "voicemails",
        format!("{:?}", ids(&call["voicemails"])),
        format!("{:?}", texts(&truth["voicemail_ids"])),
    );
    same(
        "summaries",
        format!("{:?}", ids(&call["summaries"])),
        format!("{:?}", texts(&truth["ai_call_summary_ids"])),
    );
    same(
        "talk and hold",
        format!("{:?}", talks(&call["people"], "party", "extension_number")),
        format!("{:?}", talks(&truth["legs"], "who", "extension_number")),
    );
    same(
        "queue stays",
        format!("{:?}", stays(&call["queues"], "entered_at", "left_at", "rung")),
        format!("{:?}", stays(&truth["queues"], "enter_time", "leave_time", "members_rung")),
    );
    same("conflicts", call["conflicts"].to_string(), "[]".to_owned());
    differences
}

async fn play_all(zoom: &Zoom) {
    for scenario in Scenario::ALL {
        eventually("somebody is free", || zoom.can_play(scenario.name())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_end_every_call_is_as_it_truly_was() {
    const ROUNDS: usize = 2;
    let all = Scenario::ALL.len();
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
