//! Settings of users, sites, groups and the account, and policies.

use serde_json::{Value, json};

use crate::handling::{
    ABSENT, BAD, CREATED, NONE, OK, add_holiday, ask, extension, first, get, office_hours, rows,
};
use crate::rig::{Served, Zoom};
use crate::socket::Channel;

async fn id(zoom: &Zoom, kind: &str, nth: usize) -> String {
    rows(zoom, kind, kind).await[nth]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(start_paused = true)]
async fn settings_of_a_user_are_kept_and_what_they_refer_to_is_checked() {
    let zoom = Zoom::start().await;
    let user = first(&zoom, "users").await;
    let uri = format!("{user}/settings");
    let before = get(&zoom, &uri).await;
    assert_eq!(before["business_hours_settings"]["business_hour_type"], 1);
    assert_eq!(before["status"], "Active");
    let number = before["outbound_caller_ids"][0]["number"].clone();
    assert_eq!(before["outbound_caller"]["number"], number);
    let change = json!({
        "area_code": "212",
        "audio_prompt_language": "de-DE",
        "outbound_caller_id": number,
        "shared_lines_call_setting": { "shared_line_groups": { "receive_calls": false } },
    });
    ask(&zoom, "PATCH", &uri, change, (NONE, 0)).await;
    let after = get(&zoom, &uri).await;
    assert_eq!((&after["area_code"], &after["audio_prompt_language"]), (&json!("212"), &json!("de-DE")));
    assert_eq!(after["shared_lines_call_setting"]["shared_line_groups"]["receive_calls"], false);
    assert_eq!(after["extension_number"], before["extension_number"]);
    ask(&zoom, "PATCH", &uri, json!({ "outbound_caller_id": "+15555550000" }), (BAD, 400)).await;
    ask(&zoom, "PATCH", &uri, json!({ "music_on_hold_id": "lost" }), (BAD, 13802)).await;
    let lost = json!({ "shared_lines_call_setting": {
        "shared_line_appearances": { "executives": [{ "user_id": "lost", "receive_calls": true }] },
    } });
    ask(&zoom, "PATCH", &uri, lost, (BAD, 300)).await;
}

#[tokio::test(start_paused = true)]
async fn an_assistant_is_seen_from_both_sides() {
    let zoom = Zoom::start().await;
    let (boss, assistant) = (id(&zoom, "users", 0).await, id(&zoom, "users", 1).await);
    let uri = format!("/v2/phone/users/{boss}/settings/delegation");
    let extension = extension(&zoom, "users", 1).await;
    ask(&zoom, "POST", &uri, json!({}), (BAD, 300)).await;
    let body = json!({ "delegation_assistant_extension_id": extension });
    let made = ask(&zoom, "POST", &uri, body, (CREATED, 0)).await;
    assert_eq!(made["delegation"]["assistants"][0]["id"], assistant);
    ask(&zoom, "PATCH", &uri, json!({ "delegation": { "privacy": true, "privileges": [3] } }), (NONE, 0))
        .await;
    let settings = get(&zoom, &format!("/v2/phone/users/{boss}/settings")).await;
    assert_eq!(settings["delegation"]["privacy"], true);

    let theirs = format!("/v2/phone/users/{assistant}/settings");
    let executives = async || {
        get(&zoom, &theirs).await["shared_lines_call_setting"]["shared_line_appearances"]["executives"]
            .clone()
    };
    assert_eq!(executives().await[0]["user_id"], boss);
    let gone = format!("{uri}?assistant_extension_id={}", extension.as_str().expect("an id"));
    ask(&zoom, "DELETE", &gone, json!({}), (NONE, 0)).await;
    assert_eq!(executives().await, json!([]));
    ask(&zoom, "DELETE", &gone, json!({}), (BAD, 300)).await;
}

#[tokio::test(start_paused = true)]
async fn voicemail_is_shared_by_an_id_that_comes_back() {
    let zoom = Zoom::start().await;
    let member = id(&zoom, "users", 2).await;
    for (kind, reads_list) in [
        ("users", false),
        ("auto_receptionists", true),
        ("call_queues", false),
        ("shared_line_groups", false),
    ] {
        let owner = first(&zoom, kind).await;
        let part = if kind == "users" { "settings" } else { "policies" };
        let uri = format!("{owner}/{part}/voice_mail");
        let one = json!({ "access_user_id": member, "access_user_type": "user", "allow_delete": true });
        let body = if reads_list {
            json!({ "voicemail_access_member": { "access_user_id": member, "access_user_type": "user", "delete": true } })
        } else {
            json!({ "voicemail_access_members": [one] })
        };
        let made = ask(&zoom, "POST", &uri, body.clone(), (CREATED, 0)).await;
        let row =
            if reads_list { &made["voicemail_access_member"] } else { &made["voicemail_access_members"][0] };
        let shared = row["shared_id"].as_str().expect("an id");
        ask(&zoom, "POST", &uri, body, (BAD, 300)).await;
        let change = json!({ "shared_id": shared, "allow_delete": false, "delete": false, "allow_download": true, "download": true });
        let field = if reads_list { "voicemail_access_member" } else { "voicemail_access_members" };
        let change = if reads_list { json!({ field: change }) } else { json!({ field: [change] }) };
        ask(&zoom, "PATCH", &uri, change, (NONE, 0)).await;
        let seen = match kind {
            "users" => get(&zoom, &format!("{owner}/settings")).await["voice_mail"].clone(),
            "auto_receptionists" => {
                get(&zoom, &format!("{owner}/policies")).await["voicemail_access_members"].clone()
            }
            _ => Value::Null,
        };
        if !seen.is_null() {
            assert_eq!((&seen[0]["delete"], &seen[0]["download"]), (&json!(false), &json!(true)), "{kind}");
        }
        let parameter = if kind == "users" { "shared_id" } else { "shared_ids" };
        ask(&zoom, "DELETE", &format!("{uri}?{parameter}={shared}"), json!({}), (NONE, 0)).await;
        ask(&zoom, "DELETE", &format!("{uri}?{parameter}={shared}"), json!({}), (BAD, 300)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_modified_until_it_is_reset() {
    let zoom = Zoom::start().await;
    for (kind, policy) in [
        ("auto_receptionists", "voicemail_transcription"),
        ("call_queues", "voicemail_transcription"),
        ("shared_line_groups", "check_voicemails_over_phone"),
    ] {
        let uri = format!("{}/policies", first(&zoom, kind).await);
        let before = get(&zoom, &uri).await;
        assert_eq!(
            before[policy],
            json!({ "enable": true, "locked": false, "locked_by": "invalid", "modified": false })
        );
        ask(&zoom, "PATCH", &uri, json!({ policy: { "enable": false } }), (NONE, 0)).await;
        let after = get(&zoom, &uri).await;
        assert_eq!((&after[policy]["enable"], &after[policy]["modified"]), (&json!(false), &json!(true)));
        ask(&zoom, "PATCH", &uri, json!({ policy: { "enable": true, "reset": true } }), (BAD, 400)).await;
        ask(&zoom, "PATCH", &uri, json!({ policy: { "reset": true } }), (NONE, 0)).await;
        assert_eq!(get(&zoom, &uri).await, before);
    }
    let uri = format!("{}/policies", first(&zoom, "call_queues").await);
    let prompt = json!({ "auto_call_recording": { "inbound_audio_notification": {
        "recording_start_prompt_audio_id": "lost",
    } } });
    ask(&zoom, "PATCH", &uri, prompt, (BAD, 13802)).await;
}

#[tokio::test(start_paused = true)]
async fn extensions_have_the_hours_and_holidays_of_their_site_until_they_have_their_own() {
    let zoom = Zoom::start().await;
    let user = rows(&zoom, "users", "users").await[0].clone();
    let site = format!("/v2/phone/sites/{}/settings", user["site"]["id"].as_str().expect("a site"));
    let user = format!("/v2/phone/users/{}", user["id"].as_str().expect("an id"));
    let queue = first(&zoom, "call_queues").await;
    let days =
        json!([{ "weekday": 1, "type": 0 }, { "weekday": 2, "type": 2, "from": "07:00", "to": "15:00" }]);
    let week = json!({ "business_hours": { "custom_hour_type": 2, "custom_hours": days } });
    ask(&zoom, "PATCH", &format!("{site}/business_hours"), week, (NONE, 0)).await;
    let shown = get(&zoom, &format!("{site}/business_hours")).await;
    assert_eq!(shown["business_hours"]["custom_hours"].as_array().map(Vec::len), Some(7));
    let users = get(&zoom, &format!("{user}/settings")).await;
    assert_eq!(users["business_hours_settings"]["business_hours"][1]["from"], "07:00");
    let queues = get(&zoom, &format!("{queue}/settings")).await;
    assert_eq!(queues["business_hours_settings"]["business_hour_type"], 1, "queues do not inherit those");

    let holiday = json!({ "name": "New Year", "from": "2027-01-01T05:00:00Z", "to": "2027-01-02T05:00:00Z" });
    let body = json!({ "holidays": [holiday] });
    let made = ask(&zoom, "POST", &format!("{site}/holiday_hours"), body, (CREATED, 0)).await;
    let id = made["holidays"][0]["holiday_id"].clone();
    let holidays = async |uri: String| get(&zoom, &uri).await["holiday_hours"].clone();
    let of_queue = format!("{queue}/settings?setting_type=holiday_hours");
    assert_eq!(holidays(of_queue.clone()).await[0]["holiday_id"], id);
    // With one of its own, it has both, and no longer those that the site gets later.
    add_holiday(&zoom, &queue).await;
    let delete = format!("{site}/holiday_hours?holiday_id={}", id.as_str().expect("an id"));
    ask(&zoom, "DELETE", &delete, json!({}), (NONE, 0)).await;
    assert_eq!(holidays(of_queue).await.as_array().map(Vec::len), Some(2));
    assert_eq!(holidays(format!("{user}/settings")).await, json!([]));

    let operator = extension(&zoom, "call_queues", 0).await;
    let overflow = json!({ "closed_hours": { "overflow": {
        "allow_caller_to_reach_operator": true,
        "operator": { "extension_id": operator },
    } } });
    ask(&zoom, "PATCH", &format!("{site}/closed_hours"), overflow, (NONE, 0)).await;
    let shown = get(&zoom, &format!("{site}/closed_hours")).await;
    assert_eq!(shown["closed_hours"]["overflow"]["operator"]["extension_type"], "callQueue");
    let closed = get(&zoom, &format!("{user}/call_handling/settings?hour_type=closed_hours")).await;
    let setting = &closed["call_handling_setting"]["call_not_answer_action_setting"];
    assert_eq!(setting["operator_extension"]["extension_id"], operator);
    let lost = json!({ "audio_prompt": { "hold_music": { "audio_id": "lost" } } });
    ask(&zoom, "PATCH", &format!("{site}/audio_prompt"), lost, (BAD, 300)).await;
}

#[tokio::test(start_paused = true)]
async fn other_settings_of_a_site_are_kept_by_type() {
    let zoom = Zoom::start().await;
    let user = rows(&zoom, "users", "users").await[0].clone();
    let site = format!("/v2/phone/sites/{}/settings", user["site"]["id"].as_str().expect("a site"));
    for (name, field, part) in [
        ("local_based_routing", "location_based_routing", json!({ "enable": false })),
        ("outbound_caller_id", "outbound_caller_id", json!({ "call_queue_numbers": true })),
        ("dial_by_name", "dial_by_name", json!({ "status": true, "rule": "last_name" })),
    ] {
        let uri = format!("{site}/{name}");
        ask(&zoom, "PATCH", &uri, json!({ field: part }), (NONE, 0)).await;
        let shown = get(&zoom, &uri).await;
        assert_eq!(shown.as_object().map(serde_json::Map::len), Some(1), "{shown}");
        for (name, value) in part.as_object().expect("an object") {
            assert_eq!(shown[field][name], *value);
        }
    }
    let uri = format!("{site}/security");
    ask(&zoom, "POST", &uri, json!({ "device_type": "yealink" }), (CREATED, 0)).await;
    assert_eq!(get(&zoom, &uri).await["security"]["device_types"], json!(["yealink"]));
    ask(&zoom, "DELETE", &format!("{uri}?device_type=yealink"), json!({}), (NONE, 0)).await;
    ask(&zoom, "DELETE", &format!("{uri}?device_type=yealink"), json!({}), (BAD, 300)).await;
}

#[tokio::test(start_paused = true)]
async fn the_policy_on_emergency_calls_comes_from_the_account() {
    let zoom = Zoom::start().await;
    let user = format!("{}/policies/allow_emergency_calls", first(&zoom, "users").await);
    let account = "/v2/phone/policies/allow_emergency_calls";
    let off = json!({ "allow_emergency_calls": { "allow_emergency_calls_from_clients": false } });
    ask(&zoom, "PATCH", account, off.clone(), (NONE, 0)).await;
    let policy = get(&zoom, &user).await["allow_emergency_calls"].clone();
    assert_eq!(policy["allow_emergency_calls_from_clients"], false);
    assert_eq!(policy["modified"], false);
    let on = json!({ "allow_emergency_calls": { "allow_emergency_calls_from_clients": true } });
    ask(&zoom, "PATCH", &user, on, (NONE, 0)).await;
    let policy = get(&zoom, &user).await["allow_emergency_calls"].clone();
    assert_eq!(
        (&policy["allow_emergency_calls_from_clients"], &policy["modified"]),
        (&json!(true), &json!(true))
    );
    ask(&zoom, "PATCH", &user, json!({ "allow_emergency_calls": { "reset": true } }), (NONE, 0)).await;
    assert_eq!(get(&zoom, &user).await["allow_emergency_calls"]["modified"], false);
    ask(&zoom, "PATCH", "/v2/phone/users/lost/policies/allow_emergency_calls", off, (ABSENT, 1001)).await;
}

#[tokio::test(start_paused = true)]
async fn settings_of_the_account_are_listed_by_type() {
    let zoom = Zoom::start().await;
    for uri in ["/v2/phone/account_settings", "/v2/phone/groups/g/settings"] {
        let all = get(&zoom, uri).await;
        assert!(all.as_object().expect("settings").len() > 40);
        let some = get(&zoom, &format!("{uri}?setting_types=call_park,voicemail")).await;
        assert_eq!(some.as_object().map(serde_json::Map::len), Some(2), "{some}");
        assert_eq!(some["call_park"], all["call_park"]);
        let (status, answer) = zoom.get(&format!("{uri}?setting_types=lost")).await;
        assert_eq!((status, answer["code"].as_u64()), (BAD, Some(400)));
    }
    let several = json!({ "multiple_sites": { "enabled": false } });
    let (status, answer) = zoom.say("PATCH", "/v2/phone/settings", &several).await;
    assert_eq!((status.as_u16(), answer["code"].as_u64()), (412, Some(412)));
}

#[tokio::test]
async fn changes_for_the_account_and_for_groups_are_events() {
    let zoom = Served::start().await;
    let mut channel = Channel::ready(&zoom).await;
    let patch = async |path: &str, body: Value| {
        let answer = zoom.request("PATCH", path).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), NONE);
    };
    let policy = json!({ "allow_emergency_calls": { "enable": false } });
    patch("/phone/groups/g1/policies/allow_emergency_calls", policy.clone()).await;
    let event = channel.event().await;
    assert_eq!(event["event"], "phone.group_settings_updated");
    assert_eq!(event["payload"]["object"]["group_id"], "g1");
    assert_eq!(event["payload"]["object"]["settings"]["allow_emergency_calls"]["enable"], false);
    assert_eq!(event["payload"]["old_object"]["settings"], json!({}));
    patch("/phone/policies/allow_emergency_calls", policy).await;
    let event = channel.event().await;
    assert_eq!(event["event"], "phone.account_settings_updated");
    patch("/phone/settings", json!({ "multiple_sites": { "site_code": { "enable": true } } })).await;
    let event = channel.event().await;
    assert_eq!(event["event"], "phone.account_settings_updated");
    assert_eq!(event["payload"]["old_object"]["settings"]["multiple_sites"]["site_code"], false);
    assert_eq!(event["payload"]["object"]["settings"]["multiple_sites"]["site_code"], true);
    let shown = zoom.request("GET", "/phone/settings").send().await.expect("an answer");
    assert_eq!(shown.status(), OK);
    let shown: Value = shown.json().await.expect("JSON");
    assert_eq!(shown["multiple_sites"], json!({ "enabled": true, "site_code": true }));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_queue_leaves_nothing_of_its_settings() {
    let zoom = Zoom::start().await;
    let queue = first(&zoom, "call_queues").await;
    office_hours(&zoom, &queue).await;
    ask(&zoom, "DELETE", &queue, json!({}), (NONE, 0)).await;
    for part in ["settings", "call_handling/settings", "policies"] {
        let (status, answer) = zoom.get(&format!("{queue}/{part}")).await;
        assert_eq!((status, answer["code"].as_u64()), (ABSENT, Some(404)), "{part}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_template_gives_common_areas_its_hours_and_call_handling() {
    let zoom = Zoom::start().await;
    let (first, second) = (id(&zoom, "common_areas", 0).await, id(&zoom, "common_areas", 1).await);
    let new = json!({ "name": "Lobbies", "type": "commonArea" });
    let made = ask(&zoom, "POST", "/v2/phone/setting_templates", new, (CREATED, 0)).await;
    let template = made["id"].as_str().expect("an id");
    let handling = json!({ "user_settings": { "call_handling": {
        "business_hours": {
            "type": 2,
            "custom_hours": [{ "weekday": 2, "type": 2, "from": "10:00", "to": "12:00" }],
            "business_hour_action": 50,
            "connect_to_operator": { "id": extension(&zoom, "call_queues", 0).await },
            "ringing_duration": "45",
        },
        "close_hours": { "close_hour_action": 1 },
    } } });
    ask(&zoom, "PATCH", &format!("/v2/phone/setting_templates/{template}"), handling, (NONE, 0)).await;
    let uri = format!("/v2/phone/common_areas/template_id/{template}");
    ask(&zoom, "POST", &uri, json!({ "common_area_ids": [first, "lost"] }), (BAD, 404)).await;
    ask(&zoom, "POST", &uri, json!({ "common_area_ids": [first, second] }), (CREATED, 0)).await;
    for area in [first, second] {
        let area = format!("/v2/phone/common_areas/{area}");
        let week = get(&zoom, &format!("{area}/settings?setting_type=business_hours")).await;
        assert_eq!(week["business_hours_settings"]["business_hours"][1]["from"], "10:00");
        let open = get(&zoom, &format!("{area}/call_handling/settings")).await;
        assert_eq!(open["call_distribution_setting"]["ring_duration"], 45);
        let setting = &open["call_handling_setting"]["call_not_answer_action_setting"];
        assert_eq!(setting["forward_to_extension"]["extension_type"], "callQueue");
        let closed = get(&zoom, &format!("{area}/call_handling/settings?hour_type=closed_hours")).await;
        let action = &closed["call_handling_setting"]["call_not_answer_action"];
        assert_eq!(action, "play_message_then_disconnect");
    }
    let lost = json!({ "common_area_ids": [] });
    ask(&zoom, "POST", "/v2/phone/common_areas/template_id/lost", lost, (ABSENT, 404)).await;
}

#[tokio::test(start_paused = true)]
async fn everything_nobody_has_set_is_shown_as_documented() {
    let zoom = Zoom::start().await;
    for kind in ["users", "auto_receptionists", "call_queues", "shared_line_groups", "common_areas"] {
        for row in rows(&zoom, kind, kind).await {
            let extension = format!("/v2/phone/{kind}/{}", row["id"].as_str().expect("an id"));
            for hours in ["business_hours", "closed_hours"] {
                get(&zoom, &format!("{extension}/call_handling/settings?hour_type={hours}")).await;
                if kind == "auto_receptionists" {
                    get(&zoom, &format!("{extension}/ivr?hours_type={hours}")).await;
                }
            }
            for part in ["business_hours", "holiday_hours", "break_hours", "desk_phone", "custom_hours"] {
                match (kind, part) {
                    ("users", "business_hours") => drop(get(&zoom, &format!("{extension}/settings")).await),
                    ("users", _) => {}
                    ("common_areas", _) | (_, "business_hours" | "holiday_hours" | "break_hours") => {
                        get(&zoom, &format!("{extension}/settings?setting_type={part}")).await;
                    }
                    _ => {}
                }
            }
            if !matches!(kind, "users" | "common_areas") {
                get(&zoom, &format!("{extension}/policies")).await;
            }
            if let Some(id) = row["extension_id"].as_str() {
                get(&zoom, &format!("/v2/phone/extension/{id}/call_handling/settings")).await;
            }
        }
    }
    for site in rows(&zoom, "sites", "sites").await {
        let site = format!("/v2/phone/sites/{}/settings", site["id"].as_str().expect("an id"));
        for part in [
            "local_based_routing",
            "business_hours",
            "closed_hours",
            "holiday_hours",
            "security",
            "outbound_caller_id",
            "audio_prompt",
            "desk_phone",
            "dial_by_name",
            "billing_account",
        ] {
            get(&zoom, &format!("{site}/{part}")).await;
        }
    }
    for uri in ["settings", "account_settings", "policies/allow_emergency_calls"] {
        get(&zoom, &format!("/v2/phone/{uri}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_template_gives_a_user_its_call_handling() {
    let zoom = Zoom::start().await;
    let user = first(&zoom, "users").await;
    let new = json!({ "name": "Sales", "type": "user" });
    let made = ask(&zoom, "POST", "/v2/phone/setting_templates", new, (CREATED, 0)).await;
    let template = made["id"].as_str().expect("an id");
    let handling = json!({ "user_settings": { "call_handling": { "business_hours": {
        "business_hour_action": 11,
        "connect_to_operator": { "external_number": { "number": "+15555550144", "description": "Office" } },
        "busy_action": 13,
        "ring_type": "sequential",
        "ringing_duration": "15",
    } } } });
    ask(&zoom, "PATCH", &format!("/v2/phone/setting_templates/{template}"), handling, (NONE, 0)).await;
    ask(&zoom, "PATCH", &user, json!({ "template_id": "lost" }), (BAD, 300)).await;
    ask(&zoom, "PATCH", &user, json!({ "template_id": template }), (NONE, 0)).await;
    let setting =
        get(&zoom, &format!("{user}/call_handling/settings")).await["call_handling_setting"].clone();
    assert_eq!(setting["busy_on_another_call_action"], "play_busy_signal");
    assert_eq!(setting["call_not_answer_action_setting"]["forward_phone_number"], "+15555550144");
    let row = json!({ "call_forward_settings": [{ "phone_number": "+15555550100" }] });
    ask(&zoom, "POST", &format!("{user}/call_forward_settings/business_hours"), row, (CREATED, 0)).await;
    let ringing =
        get(&zoom, &format!("{user}/call_handling/settings")).await["call_distribution_setting"].clone();
    assert_eq!(
        (&ringing["ring_mode"], &ringing["sequential_ring_duration"]),
        (&json!("sequential"), &json!(15))
    );
}
