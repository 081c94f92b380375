//! Numbers that must not get through, and queues at rest.

use axum::http::StatusCode;
use serde_json::{Value, json};
use zoom_phone_emulator::Scenario;

use crate::rig::Zoom;

const FAR: &str = "+15559990123";

impl Zoom {
    /// Plays a call from the number under test.
    async fn called(&self, to: &str) -> Value {
        let body = json!({ "from": FAR, "to": to, "answered": true });
        let (status, answer) = self.say("POST", "/_emulator/scenarios/inbound", &body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        tokio::time::sleep(std::time::Duration::from_mins(10)).await;
        answer["call"].clone()
    }

    async fn block(&self, uri: &str, rule: Value) -> String {
        let (status, answer) = self.say("POST", uri, &rule).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }

    async fn newest_event(&self) -> Value {
        self.get("/_emulator/events/log?limit=1").await.1["newest"].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_blocked_caller_reaches_nobody_and_only_the_accounts_records_know() {
    let zoom = Zoom::start().await;
    let rule = json!({ "block_type": "inbound", "match_type": "prefix", "phone_number": "+1555999" });
    let id = zoom.block("/v2/phone/blocked_list", rule).await;
    let (_, queues) = zoom.get("/v2/phone/call_queues").await;
    let queue = queues["call_queues"][0]["name"].as_str().expect("a name").to_owned();
    let before = zoom.newest_event().await;
    for to in ["1001", &queue] {
        let call = zoom.called(to).await;
        assert_eq!((&call["result"], &call["answered_by"]), (&json!("system_blocked"), &json!([])), "{to}");
        assert_eq!((&call["legs"], &call["queues"]), (&json!([]), &json!([])), "nobody is rung: {to}");
        let uuid = call["call_history_uuid"].as_str().expect("an id");
        let (_, path) = zoom.get(&format!("/v2/phone/call_history/{uuid}")).await;
        assert_eq!(
            (&path["call_result"], &path["call_elements"][0]["result"]),
            (&Value::Null, &call["result"])
        );
    }
    assert_eq!(zoom.newest_event().await, before, "no event tells of it");
    let (_, page) = zoom.get("/v2/phone/call_history?call_results=system_blocked").await;
    assert_eq!(page["total_records"], 2);
    let (_, logs) = zoom.get("/v2/phone/call_logs").await;
    assert_eq!(logs["call_logs"][0]["result"], "Blocked");
    let (_, totals) = zoom.get("/_emulator/ledger/totals").await;
    assert_eq!(totals["by_result"], json!({ "system_blocked": 2 }));
    let uri = "/v2/phone/call_queue_analytics?from=2026-11-22&to=2026-11-23";
    let (_, analytics) = zoom.get(uri).await;
    let offered = analytics["call_queues"].as_array().expect("rows").iter();
    assert_eq!(offered.filter_map(|row| row["inbound_calls"].as_i64()).sum::<i64>(), 0);

    let (status, _) = zoom.call("DELETE", &format!("/v2/phone/blocked_list/{id}")).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_ne!(zoom.called("1001").await["result"], "system_blocked");
}

#[tokio::test(start_paused = true)]
async fn what_one_extension_blocks_reaches_the_others() {
    let zoom = Zoom::start().await;
    let (_, users) = zoom.get("/v2/phone/users").await;
    let users = users["users"].as_array().expect("users");
    let user = users.iter().find(|user| user["extension_number"] == 1001).expect("a user");
    let own = user["extension_id"].as_str().expect("an id");
    let rule = json!({ "blocked_number": FAR, "match_type": "phoneNumber", "type": "block_for_other_reasons", "status": "active" });
    zoom.block(&format!("/v2/phone/extension/{own}/inbound_blocked/rules"), rule).await;
    assert_eq!(zoom.called("1001").await["result"], "system_blocked");
    assert_eq!(zoom.called("1002").await["result"], "answered");
    let (_, statistics) = zoom.get("/v2/phone/inbound_blocked/extension_rules/statistics").await;
    let counted = &statistics["blocked_statistic"][0];
    assert_eq!(counted["block_count"], 1, "extensions are counted, not calls");
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_answered_shows_the_rest_that_it_is_set_to() {
    let zoom = Zoom::start().await;
    let (_, queues) = zoom.get("/v2/phone/call_queues").await;
    let rest = 30;
    for queue in queues["call_queues"].as_array().expect("queues") {
        let id = queue["id"].as_str().expect("an id");
        let uri = format!("/v2/phone/call_queues/{id}/call_handling/settings/business_hours");
        let (status, answer) =
            zoom.say("PATCH", &uri, &json!({ "call_distribution_setting": { "wrap_up_time": rest } })).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    }
    zoom.play(Scenario::QueueAnswered).await;
    let uri = "/v2/phone/call_queue_analytics?from=2026-11-22&to=2026-11-23";
    let (_, page) = zoom.get(uri).await;
    for row in page["call_queues"].as_array().expect("rows") {
        let expected = if row["completed_calls"] == 0 { 0 } else { rest };
        assert_eq!(row["avg_wrap_up_time"], expected, "{row}");
    }
    assert!(
        page["call_queues"]
            .as_array()
            .is_some_and(|rows| rows.iter().any(|row| row["avg_wrap_up_time"] == rest))
    );
}
