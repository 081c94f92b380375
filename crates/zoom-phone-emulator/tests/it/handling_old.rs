//! The deprecated operations on call handling, and that they and the new ones tell of the same.

use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::{Value, json};

use crate::handling::{
    ABSENT, BAD, CREATED, NONE, add_break, add_holiday, ask, extension, first, get, office_hours, rows,
    without_names,
};
use crate::rig::Zoom;

/// Both addresses of an extension.
struct Both {
    kind: &'static str,
    new: String,
    old: String,
}

async fn both(zoom: &Zoom, kind: &'static str) -> Both {
    let row = rows(zoom, kind, kind).await[0].clone();
    let text = |field: &str| row[field].as_str().expect("an id").to_owned();
    Both {
        kind,
        new: format!("/v2/phone/{kind}/{}", text("id")),
        old: format!("/v2/phone/extension/{}/call_handling/settings", text("extension_id")),
    }
}

fn handling(settings: impl Into<Value>) -> Value {
    json!({ "sub_setting_type": "call_handling", "settings": settings.into() })
}

/// The settings of one type in an old answer.
fn part(details: &Value, kind: &str) -> Value {
    let details = details.as_array().expect("details");
    let found = details.iter().find(|part| part["sub_setting_type"] == kind);
    found.map(|part| part["settings"].clone()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn hours_written_in_the_old_way_are_read_in_the_new_one() {
    let zoom = Zoom::start().await;
    let queue = both(&zoom, "call_queues").await;
    let week = json!({ "sub_setting_type": "custom_hours", "settings": {
        "type": 2,
        "custom_hours_settings": [{ "weekday": 2, "type": 2, "from": "08:00", "to": "18:00" }],
        "allow_members_to_reset": true,
    } });
    ask(&zoom, "PATCH", &format!("{}/business_hours", queue.old), week, (NONE, 0)).await;
    let new = get(&zoom, &format!("{}/settings", queue.new)).await;
    assert_eq!(new["business_hours_settings"]["business_hour_type"], 2);
    assert_eq!(new["business_hours_settings"]["business_hours"][1]["from"], "08:00");
    let distribution = get(&zoom, &format!("{}/call_handling/settings", queue.new)).await;
    let allowed = &distribution["call_distribution_setting"]["allow_members_to_set_own_business_hours"];
    assert_eq!(*allowed, true);

    let holiday = json!({ "name": "May Day", "from": "2027-05-01T00:00:00Z", "to": "2027-05-02T00:00:00Z" });
    let body = json!({ "sub_setting_type": "holiday", "settings": holiday });
    let uri = format!("{}/holiday_hours", queue.old);
    let made = ask(&zoom, "POST", &uri, body, (CREATED, 0)).await;
    let id = made["holiday_id"].as_str().expect("an id");
    let renamed =
        json!({ "sub_setting_type": "holiday", "settings": { "holiday_id": id, "name": "Labour Day" } });
    ask(&zoom, "PATCH", &uri, renamed, (NONE, 0)).await;
    let new = get(&zoom, &format!("{}/settings?setting_type=holiday_hours", queue.new)).await;
    let holiday = new["holiday_hours"].as_array().expect("holidays").iter().find(|it| it["holiday_id"] == id);
    assert_eq!(holiday.expect("the holiday")["name"], "Labour Day");

    ask(&zoom, "DELETE", &format!("{uri}?holiday_id={id}"), json!({}), (NONE, 0)).await;
    ask(&zoom, "DELETE", &format!("{uri}?holiday_id={id}"), json!({}), (ABSENT, 404)).await;
    let lost = handling(json!({ "holiday_id": id, "call_not_answer_action": 11 }));
    ask(&zoom, "PATCH", &uri, lost, (ABSENT, 404)).await;
}

#[tokio::test(start_paused = true)]
async fn the_old_words_of_a_queue_become_the_new_ones() {
    let zoom = Zoom::start().await;
    let queue = both(&zoom, "call_queues").await;
    let old = handling(json!({
        "max_wait_time": 300,
        "receive_call": true,
        "greeting_prompt_id": "0",
        "audio_while_connecting_id": "ring_tone",
        "call_distribution": { "ring_mode": "longest_idle", "ring_duration": 25 },
        "call_not_answer_action": 10,
        "phone_number": "+15555550123",
    }));
    ask(&zoom, "PATCH", &format!("{}/business_hours", queue.old), old, (NONE, 0)).await;
    let new = get(&zoom, &format!("{}/call_handling/settings", queue.new)).await;
    let distribution = &new["call_distribution_setting"];
    assert_eq!(distribution["max_wait_time"], 300);
    assert_eq!(distribution["receive_calls_while_on_a_call"], true);
    assert_eq!(distribution["ring_mode"], "longest_idle");
    assert_eq!(distribution["ring_mode_setting"]["ring_duration"], 25);
    assert_eq!(new["greeting_setting"]["greeting_prompt"]["audio_id"], "disable");
    assert_eq!(new["greeting_setting"]["audio_while_connecting"]["audio_id"], "ring_tone");
    let setting = &new["call_handling_setting"];
    assert_eq!(setting["overflow_action"], "forward_to_external_number");
    assert_eq!(setting["overflow_action_setting"]["forward_phone_number"], "+15555550123");

    let grouped = json!({ "call_distribution_setting": { "ring_mode": "group_rotating" } });
    ask(&zoom, "PATCH", &format!("{}/call_handling/settings/business_hours", queue.new), grouped, (NONE, 0))
        .await;
    let shown = part(&get(&zoom, &queue.old).await["business_hours"], "call_handling");
    assert!(
        shown["call_distribution"].get("ring_mode").is_none(),
        "the old words have no such mode: {shown}"
    );
    assert_eq!(shown["greeting_prompt"]["id"], "0");

    // What only the old words can say is the nearest thing in the new ones.
    let long = handling(json!({ "wrap_up_time": 300 }));
    ask(&zoom, "PATCH", &format!("{}/business_hours", queue.old), long, (NONE, 0)).await;
    let new = get(&zoom, &format!("{}/call_handling/settings", queue.new)).await;
    assert_eq!(new["call_distribution_setting"]["wrap_up_time"], 240);
}

#[tokio::test(start_paused = true)]
async fn the_old_rules_about_what_goes_together_hold() {
    let zoom = Zoom::start().await;
    let user = both(&zoom, "users").await;
    let business = format!("{}/business_hours", user.old);
    ask(&zoom, "PATCH", &business, handling(json!({ "ring_mode": "sequential" })), (BAD, 400)).await;
    let together = handling(json!({ "ring_mode": "sequential", "max_wait_time": 15 }));
    ask(&zoom, "PATCH", &business, together, (NONE, 0)).await;
    let audio = get(&zoom, &format!("{}/audios", user.new)).await["audios"][0]["audio_id"].clone();
    let instruction = handling(json!({ "voicemail_leaving_instruction_id": audio }));
    ask(&zoom, "PATCH", &business, instruction.clone(), (BAD, 400)).await;
    let own = rows(&zoom, "users", "users").await[0]["extension_id"].clone();
    let myself = handling(json!({ "connect_to_operator": true, "operator_extension_id": own }));
    ask(&zoom, "PATCH", &business, myself, (BAD, 400)).await;
    let check = handling(json!({ "allow_callers_check_voicemail": true }));
    ask(&zoom, "PATCH", &business, check, (NONE, 0)).await;
    ask(&zoom, "PATCH", &business, instruction.clone(), (NONE, 0)).await;
    let shown = part(&get(&zoom, &user.old).await["business_hours"], "call_handling");
    assert_eq!(shown["routing"]["voicemail_leaving_instruction"]["id"], audio);
    ask(&zoom, "PATCH", &business, handling(json!({ "call_not_answer_action": 11 })), (NONE, 0)).await;
    ask(&zoom, "PATCH", &business, instruction, (BAD, 400)).await;
    let hours = json!({ "sub_setting_type": "custom_hours", "settings": { "type": 2 } });
    ask(&zoom, "PATCH", &format!("{}/closed_hours", user.old), hours, (BAD, 400)).await;
    let days: Vec<_> = (0..8).map(|_| json!({ "weekday": 1, "type": 1 })).collect();
    let long = json!({ "sub_setting_type": "custom_hours", "settings": { "custom_hours_settings": days } });
    ask(&zoom, "PATCH", &business, long, (BAD, 405)).await;
}

#[tokio::test(start_paused = true)]
async fn forwarding_is_one_list_for_both() {
    let zoom = Zoom::start().await;
    let user = both(&zoom, "users").await;
    let uri = format!("{}/business_hours", user.old);
    let row = json!({ "phone_number": "+15555550111", "description": "Home" });
    let body = json!({ "sub_setting_type": "call_forwarding", "settings": row });
    let made = ask(&zoom, "POST", &uri, body.clone(), (CREATED, 0)).await;
    let id = made["call_forwarding_id"].as_str().expect("an id");
    let off = json!({ "sub_setting_type": "call_forwarding", "settings": {
        "call_forwarding_settings": [{ "id": id, "enable": false }],
        "require_press_1_before_connecting": true,
    } });
    ask(&zoom, "PATCH", &uri, off, (NONE, 0)).await;
    let new = get(&zoom, &format!("{}/call_handling/settings", user.new)).await;
    let row = new["call_forward_settings"].as_array().expect("rows").last().expect("a row").clone();
    let expected = json!({
        "call_forward_id": id,
        "enable": false,
        "phone_number": "+15555550111",
        "phone_number_description": "Home",
    });
    assert_eq!(row, expected);
    let old = part(&get(&zoom, &user.old).await["business_hours"], "call_forwarding");
    assert_eq!(old["require_press_1_before_connecting"], true);
    ask(&zoom, "DELETE", &format!("{uri}?call_forwarding_id={id}"), json!({}), (NONE, 0)).await;
    ask(&zoom, "DELETE", &format!("{uri}?call_forwarding_id={id}"), json!({}), (ABSENT, 404)).await;
    let queue = both(&zoom, "call_queues").await;
    ask(&zoom, "POST", &format!("{}/business_hours", queue.old), body, (BAD, 400)).await;
}

const ACTIONS: [(i64, &str); 7] = [
    (1, "forward_to_voicemail"),
    (7, "forward_to_extension"),
    (10, "forward_to_external_number"),
    (11, "disconnect"),
    (12, "play_message_then_disconnect"),
    (21, "call_waiting"),
    (22, "play_busy_signal"),
];

/// One write: by the old family or the new one, to which hours, about which action, with which of the optional fields.
type Write = (bool, usize, bool, usize, bool);

/// Where things are in the test's extension.
struct Ground {
    extension: Both,
    holiday: String,
    operator: Value,
    target: Value,
}

async fn write(zoom: &Zoom, ground: &Ground, (old, hours, busy, action, operator): Write) {
    let (code, action) = ACTIONS[action % ACTIONS.len()];
    let hours = ["business_hours", "closed_hours", "holiday_hours"][hours % 3];
    let user = ground.extension.kind == "users";
    let busy = busy && user;
    let (uri, body) = if old {
        let mut settings = json!({ "holiday_id": ground.holiday });
        let prefix = if busy { "busy_" } else { "" };
        settings[if busy { "busy_on_another_call_action" } else { "call_not_answer_action" }] = json!(code);
        settings[format!("{prefix}phone_number")] = json!("+15555550177");
        if code == 7 {
            settings[format!("{prefix}forward_to_extension_id")] = ground.target.clone();
        }
        settings["connect_to_operator"] = json!(operator);
        settings["operator_extension_id"] = ground.operator.clone();
        (format!("{}/{hours}", ground.extension.old), handling(settings))
    } else {
        let key = match ground.extension.kind {
            "users" if busy => "busy_on_another_call_action",
            "users" => "call_not_answer_action",
            _ => "overflow_action",
        };
        let mut body = json!({ "call_handling_setting": { key: action, format!("{key}_setting"): {
            "forward_to_extension": { "extension_id": ground.target },
            "forward_phone_number": "+15555550188",
            "connect_to_operator": operator,
            "operator_extension": { "extension_id": ground.operator },
        } } });
        if hours == "holiday_hours" {
            body["holiday_hour_id"] = json!(ground.holiday);
        }
        (format!("{}/call_handling/settings/{hours}", ground.extension.new), body)
    };
    // Some of them are impossible, and must then change nothing.
    let before = get(zoom, &ground.extension.old).await;
    let (status, answer) = zoom.say("PATCH", &uri, &body).await;
    if status != NONE {
        assert_eq!(status, BAD, "{uri} {body}: {answer}");
        assert_eq!(get(zoom, &ground.extension.old).await, before);
    }
}

/// Holds what the two families say of the same hours against each other.
async fn compare(zoom: &Zoom, ground: &Ground) {
    let old = get(zoom, &ground.extension.old).await;
    let uri = format!("{}/call_handling/settings", ground.extension.new);
    let holiday = old["holiday_hours"].as_array().expect("holidays");
    let holiday = holiday.iter().find(|it| it["holiday_id"] == *ground.holiday).expect("the holiday");
    for (hours, old) in [
        ("business_hours".to_owned(), &old["business_hours"]),
        ("closed_hours".to_owned(), &old["closed_hours"]),
        (format!("holiday_hours&holiday_hour_id={}", ground.holiday), &holiday["details"]),
    ] {
        let read = format!("{uri}?hour_type={hours}");
        let new = get(zoom, &read).await;
        let old = part(old, "call_handling");
        let setting = &new["call_handling_setting"];
        let user = ground.extension.kind == "users";
        let keys: &[(&str, &str)] = if user {
            &[("routing", "call_not_answer_action"), ("busy_routing", "busy_on_another_call_action")]
        } else {
            &[("routing", "overflow_action")]
        };
        for (routing, key) in keys {
            // The answer for holidays declares no busy_routing.
            if *routing == "busy_routing" && hours.starts_with("holiday") {
                continue;
            }
            let routing = &old[routing];
            let code = ACTIONS.iter().find(|(_, action)| setting[*key] == **action).expect("an action").0;
            assert_eq!(routing["action"], code, "{hours} {old} {new}");
            let mut of = &setting[format!("{key}_setting")];
            if of.as_object().is_some_and(serde_json::Map::is_empty) {
                of = &setting["call_not_answer_action_setting"];
            }
            assert_eq!(routing["forward_to"]["phone_number"], of["forward_phone_number"]);
            if code == 7 {
                let target = &of["forward_to_extension"]["extension_id"];
                assert_eq!(routing["forward_to"]["extension_id"], *target);
            }
            assert_eq!(routing["connect_to_operator"], of["connect_to_operator"]);
            assert_eq!(routing["operator"]["extension_id"], of["operator_extension"]["extension_id"]);
        }
        let mut same = without_names(&new);
        if hours.starts_with("holiday") {
            same["holiday_hour_id"] = json!(ground.holiday);
        }
        let name = hours.split('&').next().expect("a name");
        ask(zoom, "PATCH", &format!("{uri}/{name}"), same, (NONE, 0)).await;
        assert_eq!(get(zoom, &read).await, new, "writing what was read");
    }
}

#[test]
fn both_families_tell_the_same_whatever_was_written_by_either() {
    let writes =
        prop::collection::vec((any::<bool>(), 0..3_usize, any::<bool>(), 0..7_usize, any::<bool>()), 1..8);
    let strategy = (any::<bool>(), writes);
    let mut runner = TestRunner::new(Runs { cases: 48, ..Runs::default() });
    let outcome = runner.run(&strategy, |(queue, writes): (bool, Vec<Write>)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let zoom = Zoom::start().await;
            let extension_ = both(&zoom, if queue { "call_queues" } else { "users" }).await;
            office_hours(&zoom, &extension_.new).await;
            let ground = Ground {
                holiday: add_holiday(&zoom, &extension_.new).await,
                operator: extension(&zoom, "users", 1).await,
                target: extension(&zoom, "call_queues", 1).await,
                extension: extension_,
            };
            for one in writes {
                write(&zoom, &ground, one).await;
                compare(&zoom, &ground).await;
            }
        });
        Ok(())
    });
    outcome.expect("the families agree");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_target_stays_as_a_bare_id_and_can_be_written_around() {
    let zoom = Zoom::start().await;
    let queue = first(&zoom, "call_queues").await;
    let uri = format!("{queue}/call_handling/settings");
    add_holiday(&zoom, &queue).await;
    office_hours(&zoom, &queue).await;
    add_break(&zoom, &queue).await;
    let group = &rows(&zoom, "shared_line_groups", "shared_line_groups").await[0];
    let target = json!({ "extension_id": group["extension_id"] });
    let forward = json!({ "call_handling_setting": {
        "overflow_action": "forward_to_extension",
        "overflow_action_setting": { "forward_to_extension": target },
    } });
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), forward.clone(), (NONE, 0)).await;
    let deleted = format!("/v2/phone/shared_line_groups/{}", group["id"].as_str().expect("an id"));
    ask(&zoom, "DELETE", &deleted, json!({}), (NONE, 0)).await;
    let shown = get(&zoom, &uri).await;
    assert_eq!(shown["call_handling_setting"]["overflow_action_setting"]["forward_to_extension"], target);
    let other = json!({ "call_distribution_setting": { "max_wait_time": 900 } });
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), other, (NONE, 0)).await;
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), forward, (BAD, 13808)).await;
    let gone = zoom.get(&format!("{deleted}/call_handling/settings")).await;
    assert_eq!((gone.0, gone.1["code"].as_u64()), (ABSENT, Some(404)));
}

#[tokio::test(start_paused = true)]
async fn audio_that_left_the_library_is_shown_so_and_cannot_be_written_back() {
    let zoom = Zoom::start().await;
    let user = first(&zoom, "users").await;
    let spoken = json!({ "text": "Hello", "voice_language": "en-US", "voice_accent": "Joanna-Female", "audio_name": "Hello" });
    let audio = ask(&zoom, "POST", &format!("{user}/audios"), spoken, (CREATED, 0)).await["audio_id"].clone();
    let receptionist = both(&zoom, "auto_receptionists").await;
    let handling_of = format!("{}/call_handling/settings", receptionist.new);
    let business = format!("{handling_of}/business_hours");
    let greeting = json!({ "greeting_setting": { "greeting_prompt": { "audio_id": audio } } });
    ask(&zoom, "PATCH", &business, greeting, (NONE, 0)).await;
    let menu = format!("{}/ivr", receptionist.new);
    ask(&zoom, "PATCH", &menu, json!({ "audio_prompt_id": audio }), (NONE, 0)).await;
    let shown = get(&zoom, &handling_of).await;
    assert_eq!(shown["greeting_setting"]["greeting_prompt"]["audio_name"], "Hello");

    let id = audio.as_str().expect("an id");
    ask(&zoom, "DELETE", &format!("/v2/phone/audios/{id}"), json!({}), (NONE, 0)).await;
    let removed = format!("removed_{id}");
    let old = part(&get(&zoom, &receptionist.old).await["business_hours"], "call_handling");
    assert_eq!(old["greeting_prompt"], json!({ "id": removed, "name": "Hello" }));
    assert_eq!(get(&zoom, &menu).await["audio_prompt"]["id"], *removed);
    let back = json!({ "greeting_setting": { "greeting_prompt": { "audio_id": removed } } });
    ask(&zoom, "PATCH", &business, back, (BAD, 13802)).await;
    ask(&zoom, "PATCH", &menu, json!({ "audio_prompt_id": removed }), (BAD, 300)).await;
}

#[tokio::test(start_paused = true)]
async fn a_user_may_be_forbidden_to_send_calls_elsewhere() {
    let zoom = Zoom::start().await;
    let user = both(&zoom, "users").await;
    let uri = format!("{}/business_hours", user.old);
    let number = handling(json!({ "call_not_answer_action": 10, "phone_number": "+15555550123" }));
    let queue = extension(&zoom, "call_queues", 0).await;
    let queue = handling(json!({ "call_not_answer_action": 7, "forward_to_extension_id": queue }));
    let policy = async |overflow: Value| {
        ask(&zoom, "PATCH", &user.new, json!({ "policy": { "call_overflow": overflow } }), (NONE, 0)).await;
    };
    policy(json!({ "enable": true, "call_overflow_type": 1 })).await;
    let refusal = ask(&zoom, "PATCH", &uri, number.clone(), (BAD, 400)).await;
    let message = "Failed to overflow to an external number since the user overflow policy is restricted.";
    assert_eq!(refusal["message"], message);
    ask(&zoom, "PATCH", &uri, queue.clone(), (NONE, 0)).await;
    policy(json!({ "call_overflow_type": 3 })).await;
    ask(&zoom, "PATCH", &uri, queue.clone(), (BAD, 400)).await;
    policy(json!({ "enable": false })).await;
    ask(&zoom, "PATCH", &uri, queue, (BAD, 400)).await;
    policy(json!({ "enable": true, "call_overflow_type": 4 })).await;
    ask(&zoom, "PATCH", &uri, number, (NONE, 0)).await;
}
