//! Reading Zoom's records while everything goes wrong.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    extract::Query,
    http::Method,
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp, civil::time, tz::TimeZone};
use offhook_server::{Clock, Nightly, SyncConfig};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use zoom_phone::{
    client::{Client, ClientConfig},
    quota::{Limiter, Limits, Plan},
};
use zoom_phone_emulator::{Emulator, Fault, Running};

use crate::{
    rig::{ACCOUNT, Rig, Setup, eventually, now},
    sync::{Ahead, client_of, tokens_of},
};

fn fault(fault: Value) -> Fault {
    serde_json::from_value(fault).unwrap()
}

/// A company that has lived through some weeks. Its clock stands still.
async fn weeks(calls_per_minute: f64, days: i64, faults: &[Value]) -> Arc<Running> {
    let end: Timestamp = "2026-11-23T04:00:00Z".parse().unwrap();
    let zoom = Emulator::builder().seed(5).at(end - SignedDuration::from_hours(days * 24));
    let zoom = zoom.calls_per_minute(calls_per_minute).config(|config| config.sms_threads_per_hour = 0.5);
    let zoom = Arc::new(zoom.start().await.unwrap());
    zoom.advance_to(end).await;
    zoom.control(Method::POST, "/arrivals", Some(json!({"calls_per_minute": 0}))).await.unwrap();
    // What is under way ends, and files come.
    zoom.advance(SignedDuration::from_hours(6)).await;
    for one in faults {
        zoom.fault(fault(one.clone()));
    }
    zoom
}

fn setup(zoom: &Arc<Running>, sync: SyncConfig) -> Setup {
    let zoom = Arc::clone(zoom);
    Setup { sync: vec![sync], clock: Clock::new(move || zoom.now()), ..Setup::default() }
}

fn config(zoom: &Running) -> SyncConfig {
    let address = zoom.origin().strip_prefix("http://").unwrap().parse().unwrap();
    SyncConfig { every: None, ..SyncConfig::new(client_of(address, "demo_client_secret"), ACCOUNT) }
}

async fn order(rig: &Rig, order: &Value) -> Value {
    let answer = rig.http.post(rig.url("/api/v1/sync")).json(order).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    answer.json().await.unwrap()
}

/// The newest run, as the API shows it.
async fn newest(rig: &Rig) -> Value {
    rig.json("/api/v1/sync").await["accounts"][0]["runs"][0].clone()
}

fn of_kind<'a>(list: &'a Value, kind: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_end_all_rows_and_paths_are_there_once_whatever_zoom_answers() {
    let faults = [
        json!({"fault": "status", "status": 429, "limit": "qps", "operation": "accountCallHistory", "times": 2}),
        json!({"fault": "status", "status": 503, "operation": "getCallPath", "times": 5}),
        json!({"fault": "expired_page_token", "operation": "accountCallHistory", "times": 1}),
        json!({"fault": "not_ready", "operation": "getCallPath", "times": 1}),
        json!({"fault": "reset", "operation": "getCallPath", "times": 2}),
        json!({"fault": "half_closed", "operation": "accountCallHistory", "times": 1}),
    ];
    let zoom = weeks(0.01, 35, &faults).await;
    let truth: BTreeSet<String> = zoom
        .ledger()
        .await
        .unwrap()
        .iter()
        .map(|call| call["call_history_uuid"].as_str().unwrap().to_owned())
        .collect();
    assert!(truth.len() > 400, "{}", truth.len());
    let rig = Rig::with(setup(&zoom, config(&zoom))).await;
    order(&rig, &json!({"mode": "backfill", "kinds": ["calls"]})).await;
    eventually("it is under way", || async {
        let run = newest(&rig).await;
        zoom.advance(SignedDuration::from_secs(30)).await;
        (run["rows"].as_u64() > Some(0)).then_some(())
    })
    .await;
    // Stopped in the middle, it goes on.
    let directory = rig.stop().await;
    let rig = Rig::with(Setup { directory, ..setup(&zoom, config(&zoom)) }).await;
    let run = eventually("it has ended", || async {
        zoom.advance(SignedDuration::from_mins(3)).await;
        let run = newest(&rig).await;
        let paths = of_kind(&run["items"], "path");
        (run["state"] == "done" && paths["due"] == 0).then_some(run)
    })
    .await;
    let paths = of_kind(&run["items"], "path");
    assert_eq!((&paths["done"], &paths["given_up"]), (&json!(truth.len()), &json!(0)));
    assert_eq!(of_kind(&run["kinds"], "calls")["windows_missing"], 0);
    let status = rig.json("/api/v1/sync").await;
    assert_eq!(status["accounts"][0]["troubles"], json!([]));
    let inbox = rig.inbox().await;
    for (door, name) in [("call_history", "call_history_uuid"), ("call_path", "call_history_uuid")] {
        let ids: Vec<String> = inbox
            .iter()
            .filter(|entry| entry.arrival.door.as_str() == door)
            .map(|entry| {
                serde_json::from_slice::<Value>(&entry.arrival.body).unwrap()[name]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(ids.len(), truth.len(), "{door}: each once");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), truth, "{door}");
    }
    // Each path took a refusal and an answer; few were asked for again because of the stop and the other faults.
    let light = run["requests"]["light"].as_u64().unwrap();
    assert!(light <= 2 * truth.len() as u64 + 150, "{light} for {} paths", truth.len());

    // A second backfill has nothing to read but the last day.
    let before = rig.store.inbox().last_seq();
    order(&rig, &json!({"mode": "backfill", "kinds": ["calls"]})).await;
    let run = eventually("the second has ended", || async {
        let run = newest(&rig).await;
        (run["id"] != 1 && run["state"] == "done").then_some(run)
    })
    .await;
    assert_eq!(of_kind(&run["kinds"], "calls")["windows_done"], 1, "{run}");
    assert_eq!(rig.store.inbox().last_seq(), before, "nothing is stored again");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_read_and_a_paused_backfill_rests() {
    let zoom = weeks(0.05, 1, &[]).await;
    let rig = Rig::with(setup(&zoom, config(&zoom))).await;
    let pause =
        |what: &'static str| rig.http.post(rig.url(&format!("/api/v1/sync/{what}"))).json(&json!({})).send();
    assert_eq!(pause("pause").await.unwrap().status(), 200);
    let begun = order(&rig, &json!({"mode": "backfill", "from": "2026-11-01T00:00:00Z"})).await;
    assert_eq!(begun["accounts"][0]["run"], 1);
    let run = newest(&rig).await;
    assert_eq!((&run["state"], &run["rows"]), (&json!("paused"), &json!(0)));
    assert_eq!(pause("resume").await.unwrap().status(), 200);
    let run = eventually("it has ended", || async {
        let status = rig.json("/api/v1/sync").await;
        assert_eq!(status["accounts"][0]["troubles"], json!([]), "{status}");
        let run = status["accounts"][0]["runs"][0].clone();
        (run["state"] == "done").then_some(run)
    })
    .await;
    let status = rig.json("/api/v1/sync").await;
    assert_eq!(status["accounts"][0]["refused"], json!([]), "{status}");
    assert_eq!(status["accounts"][0]["troubles"], json!([]), "{status}");
    let inbox = rig.inbox().await;
    let doors: BTreeSet<&str> = inbox.iter().map(|entry| entry.arrival.door.as_str()).collect();
    for door in
        ["user", "call_history", "call_path", "recording", "voicemail", "charge", "message", "call_element"]
    {
        assert!(doors.contains(door), "{door} is not among {doors:?}: {run}");
    }
    let totals = zoom.emulator().summary();
    let rows = |kind: &str| of_kind(&run["kinds"], kind)["rows"].clone();
    assert_eq!(
        (rows("calls"), rows("recordings"), rows("voicemails")),
        (totals["calls"].clone(), totals["recordings"].clone(), totals["voicemails"].clone())
    );
    let answer = rig
        .http
        .post(rig.url("/api/v1/sync"))
        .json(&json!({"mode": "nightly", "from": "2026-11-01T00:00:00Z"}));
    assert_eq!(answer.send().await.unwrap().status(), 400, "only a backfill takes a window");
}

/// All reports, the newest first.
async fn reports(rig: &Rig) -> Vec<Value> {
    rig.json("/api/v1/reconciliations").await["reconciliations"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_reads_the_last_days_again_and_orders_one_report_on_them() {
    let zoom = weeks(0.02, 3, &[]).await;
    let calls = zoom.ledger().await.unwrap().len();
    assert!(calls > 30, "{calls}");
    // It is 10:00 UTC on the 23rd. Catch-ups are as frequent as the test needs the clock looked at.
    let nightly = Some(Nightly { at: time(2, 30, 0, 0), zone: TimeZone::UTC });
    let every = Some(std::time::Duration::from_millis(100));
    let rig = Rig::with(setup(&zoom, SyncConfig { every, nightly, ..config(&zoom) })).await;
    let caught_up = async |since: Timestamp| {
        eventually("calls are caught up with", || async {
            let until = rig.store.sync_mark(ACCOUNT.to_owned(), "calls".to_owned()).await.unwrap();
            (until >= Some(since)).then_some(())
        })
        .await;
    };
    eventually("the first night is the one to come", || async {
        rig.store.sync_mark(ACCOUNT.to_owned(), "nightly".to_owned()).await.unwrap()
    })
    .await;
    caught_up(zoom.now()).await;
    assert_eq!(reports(&rig).await, Vec::<Value>::new());

    let night: Timestamp = "2026-11-24T03:00:00Z".parse().unwrap();
    zoom.advance_to(night).await;
    let report = eventually("the report is done", || async {
        let report = reports(&rig).await.into_iter().next()?;
        assert_ne!(report["state"], "failed", "{report}");
        (report["state"] == "done").then_some(report)
    })
    .await;
    assert_eq!((&report["cause"], &report["from"]), (&json!("nightly"), &json!("2026-11-22T00:00:00Z")));
    let to: Timestamp = report["to"].as_str().unwrap().parse().unwrap();
    assert!(to <= night && to > night - SignedDuration::from_mins(31), "it reads up to when it began: {to}");
    let runs = rig.json("/api/v1/sync").await["accounts"][0]["runs"].as_array().unwrap().clone();
    let nights: Vec<&Value> = runs.iter().filter(|run| run["mode"] == "nightly").collect();
    assert_eq!(nights.len(), 1);
    assert_eq!(nights[0]["state"], "done");
    let read = of_kind(&nights[0]["kinds"], "calls");
    assert!(read["rows"].as_u64() > Some(0), "days that were read are read again: {read}");

    // The same night is over, however often the clock is looked at.
    let later = night + SignedDuration::from_hours(2);
    zoom.advance_to(later).await;
    caught_up(later).await;
    assert_eq!(reports(&rig).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_leaves_the_rest_of_the_day_to_others_and_goes_on_after_midnight() {
    let zoom = weeks(0.01, 35, &[]).await;
    // Days are Zoom's: by its `Date` it is noon, and later noon of the next day.
    let noon = now().to_zoned(TimeZone::UTC).date().at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let skew = noon.timestamp().duration_since(now()).as_secs();
    let at_zoom = async |skew: i64| {
        zoom.control(Method::DELETE, "/faults", None).await.unwrap();
        zoom.fault(fault(json!({"fault": "clock_skew", "seconds": skew})));
    };
    at_zoom(skew).await;
    let limits = Limits { light: 1000, medium: 1000, heavy: 1000, resource_intensive: 1000, daily: 16 };
    let address = zoom.origin().strip_prefix("http://").unwrap().parse().unwrap();
    let base_url = format!("{}/v2", zoom.origin()).parse().ok();
    let limiter = Some(Limiter::new(Plan::custom(limits)));
    let tokens = tokens_of(address, "demo_client_secret");
    let client = Client::new(ClientConfig { base_url, limiter, ..ClientConfig::default() }, tokens).unwrap();
    // Something else that is not HEAVY tells what day it is.
    let ask = async || client.operation("listPhoneUsers").unwrap().answer().await.unwrap();
    ask().await;
    let sync = SyncConfig { every: None, share_percent: 50, ..SyncConfig::new(client.clone(), ACCOUNT) };
    let rig = Rig::with(setup(&zoom, sync)).await;
    order(&rig, &json!({"mode": "backfill", "kinds": ["calls", "recordings"]})).await;
    // Recordings, which are not HEAVY, come after the calls: once they are read, calls were passed over.
    let run = eventually("all is read but what is HEAVY", || async {
        let run = newest(&rig).await;
        (of_kind(&run["kinds"], "recordings")["windows_waiting"] == 0).then_some(run)
    })
    .await;
    assert_eq!(run["requests"]["heavy"], 8, "half of the day's budget: {run}");
    assert!(of_kind(&run["kinds"], "calls")["windows_waiting"].as_u64() > Some(0), "{run}");
    assert_eq!(run["state"], "running");
    let quota = rig.json("/api/v1/sync").await["accounts"][0]["quota"].clone();
    assert_eq!((&quota["used_today"], &quota["backfill_share"]), (&json!(8), &json!(8)));

    at_zoom(skew + 86_400).await;
    ask().await;
    let run = eventually("it has ended on the next day", || async {
        let run = newest(&rig).await;
        (run["state"] == "done").then_some(run)
    })
    .await;
    let calls = of_kind(&run["kinds"], "calls");
    assert_eq!((&calls["windows_waiting"], &calls["windows_missing"]), (&json!(0), &json!(0)));
    assert_eq!(of_kind(&run["items"], "path")["done"], zoom.ledger().await.unwrap().len());
}

/// A Zoom whose list repeats its page token for windows of more than twelve hours.
async fn stuttering() -> std::net::SocketAddr {
    let hours = |from: Timestamp, to: Timestamp| to.duration_since(from).as_hours();
    let list = move |Query(query): Query<Vec<(String, String)>>| async move {
        let time = |name: &str| -> Timestamp {
            query.iter().find(|(set, _)| set == name).unwrap().1.parse().unwrap()
        };
        let (from, to) = (time("from"), time("to"));
        let begin = now() - SignedDuration::from_hours(23);
        let rows: Vec<Value> = (0..23)
            .map(|hour| (hour, begin + SignedDuration::from_hours(hour)))
            .filter(|(_, end)| from <= *end && *end <= to)
            .map(|(hour, end)| {
                let at = end.strftime("%Y-%m-%dT%H:00:00Z").to_string();
                json!({"call_history_uuid": format!("uuid-{hour}"), "call_id": hour.to_string(), "end_time": at})
            })
            .collect();
        let total = rows.len();
        if hours(from, to) < 12 {
            return Json(json!({"call_history": rows, "total_records": total, "next_page_token": ""}));
        }
        Json(json!({"call_history": rows[..1], "total_records": total, "next_page_token": "the_same"}))
    };
    let steps = |axum::extract::Path(id): axum::extract::Path<String>| async move {
        Json(json!({"call_history_uuid": id, "call_elements": []}))
    };
    let token = json!({"access_token": "token_of_this_test", "token_type": "bearer", "expires_in": 3600, "scope": ""});
    let router = Router::new()
        .route("/oauth/token", post(move || async move { Json(token) }))
        .route("/v2/phone/call_history", get(list))
        .route("/v2/phone/call_history/{id}", get(steps));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_token_repeats_is_read_in_parts_until_it_is_whole() {
    let address = stuttering().await;
    let ahead = Ahead::default();
    let sync = SyncConfig { every: None, ..SyncConfig::new(client_of(address, "any"), ACCOUNT) };
    let rig = Rig::with(Setup { sync: vec![sync], clock: ahead.clock(), ..Setup::default() }).await;
    let from = now() - SignedDuration::from_hours(24);
    order(&rig, &json!({"mode": "backfill", "kinds": ["calls"], "from": from.to_string()})).await;
    let run = eventually("it has ended", || async {
        ahead.minutes(1);
        let run = newest(&rig).await;
        (run["state"] == "done").then_some(run)
    })
    .await;
    let calls = of_kind(&run["kinds"], "calls");
    assert_eq!(calls["windows_missing"], 0, "{run}");
    assert!(calls["windows_done"].as_u64() > Some(1), "{run}");
    let paths = of_kind(&run["items"], "path");
    assert_eq!(paths["done"], 23, "{run}");
}
