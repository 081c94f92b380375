//! Call handling, hours and menus by the operations of each kind of extension.

use axum::http::StatusCode;
use serde_json::{Value, json};
use zoom_phone_emulator::{Config, Temper};
use zoom_phone_types::catalogue::{Catalogue, Content};

use crate::rig::Zoom;

pub(crate) const NONE: StatusCode = StatusCode::NO_CONTENT;
pub(crate) const OK: StatusCode = StatusCode::OK;
pub(crate) const CREATED: StatusCode = StatusCode::CREATED;
pub(crate) const BAD: StatusCode = StatusCode::BAD_REQUEST;
pub(crate) const ABSENT: StatusCode = StatusCode::NOT_FOUND;

/// The kinds with their list in answers.
const KINDS: [(&str, &str); 5] = [
    ("users", "users"),
    ("auto_receptionists", "auto_receptionists"),
    ("call_queues", "call_queues"),
    ("shared_line_groups", "shared_line_groups"),
    ("common_areas", "common_areas"),
];

pub(crate) async fn rows(zoom: &Zoom, kind: &str, field: &str) -> Vec<Value> {
    let (status, answer) = zoom.get(&format!("/v2/phone/{kind}?page_size=100")).await;
    assert_eq!(status, OK, "{answer}");
    answer[field].as_array().expect("rows").clone()
}

/// The address of the first of a kind.
pub(crate) async fn first(zoom: &Zoom, kind: &str) -> String {
    let field = KINDS.iter().find(|(known, _)| *known == kind).expect("a kind").1;
    format!("/v2/phone/{kind}/{}", rows(zoom, kind, field).await[0]["id"].as_str().expect("an id"))
}

/// `extension_id`s of queues and users to forward to.
pub(crate) async fn extension(zoom: &Zoom, kind: &str, nth: usize) -> Value {
    rows(zoom, kind, kind).await[nth]["extension_id"].clone()
}

pub(crate) async fn ask(
    zoom: &Zoom,
    verb: &str,
    uri: &str,
    body: Value,
    expected: (StatusCode, u64),
) -> Value {
    let (status, answer) = zoom.say(verb, uri, &body).await;
    assert_eq!((status, answer["code"].as_u64().unwrap_or(0)), expected, "{verb} {uri} {body}: {answer}");
    if status.is_success() {
        check_shape(verb, uri, status, &answer);
    }
    answer
}

pub(crate) async fn get(zoom: &Zoom, uri: &str) -> Value {
    let (status, answer) = zoom.get(uri).await;
    assert_eq!(status, OK, "{uri}: {answer}");
    check_shape("GET", uri, status, &answer);
    answer
}

/// Every answer in these tests is as documented.
fn check_shape(verb: &str, uri: &str, status: StatusCode, answer: &Value) {
    let path = uri.trim_start_matches("/v2").split('?').next().expect("a path");
    let (operation, _) = Catalogue::get().find(verb, path).expect("a documented operation");
    let documented = operation.success().expect("a success");
    assert_eq!(status.as_u16(), documented.status, "{}", operation.id);
    match &documented.content {
        Content::Json(schema) => assert_eq!(schema.validate(answer), [], "{}: {answer}", operation.id),
        _ => assert_eq!(*answer, Value::Null, "{}", operation.id),
    }
}

/// Where weekly hours, holidays and breaks are written.
fn hours_of(extension: &str, verb: &str, part: &str) -> String {
    match verb {
        "PATCH" if extension.contains("/users/") => format!("{extension}/settings"),
        "POST" | "DELETE" if extension.contains("/users/") => format!("{extension}/profile_settings/{part}"),
        _ => format!("{extension}/settings/{part}"),
    }
}

pub(crate) async fn office_hours(zoom: &Zoom, extension: &str) {
    let day = |weekday| json!({ "weekday": weekday, "type": 2, "from": "09:00", "to": "17:00" });
    let days: Vec<_> = (1..=7).map(day).collect();
    let week = json!({ "business_hours_settings": { "business_hour_type": 2, "business_hours": days } });
    ask(zoom, "PATCH", &hours_of(extension, "PATCH", "business_hours"), week, (NONE, 0)).await;
}

fn lunch() -> Value {
    json!({ "break_hours": { "break_hour_settings": [{
        "break_hour_name": "Lunch",
        "break_hour_type": "every_business_day",
        "break_hour_setting": { "from": "12:00", "to": "13:00" },
    }] } })
}

fn christmas() -> Value {
    json!({ "holiday_hours": { "holidays": [{
        "name": "Christmas",
        "from": "2026-12-25T00:00:00+01:00",
        "to": "2026-12-26T00:00:00Z",
    }] } })
}

pub(crate) async fn add_holiday(zoom: &Zoom, extension: &str) -> String {
    let uri = hours_of(extension, "POST", "holiday_hours");
    let made = ask(zoom, "POST", &uri, christmas(), (CREATED, 0)).await;
    let made = made["holiday_hours"]["holidays"].as_array().expect("holidays").last().expect("one").clone();
    assert_eq!(made["name"], "Christmas");
    made["holiday_id"].as_str().expect("an id").to_owned()
}

pub(crate) async fn add_break(zoom: &Zoom, extension: &str) -> String {
    let uri = hours_of(extension, "POST", "break_hours");
    let made = ask(zoom, "POST", &uri, lunch(), (CREATED, 0)).await;
    let made = &made["break_hours"]["break_hour_settings"][0];
    assert_eq!(made.as_object().expect("an object").len(), 2, "ids and names only: {made}");
    made["break_hour_id"].as_str().expect("an id").to_owned()
}

#[tokio::test(start_paused = true)]
async fn closed_hours_and_breaks_are_refused_while_an_extension_is_always_open() {
    let zoom = Zoom::start().await;
    for (kind, _) in KINDS {
        let extension = first(&zoom, kind).await;
        let handling = format!("{extension}/call_handling/settings");
        let all_day = json!({ "business_hours_settings": { "business_hour_type": 1 } });
        ask(&zoom, "PATCH", &hours_of(&extension, "PATCH", "business_hours"), all_day, (NONE, 0)).await;
        let breaks = hours_of(&extension, "POST", "break_hours");
        ask(&zoom, "PATCH", &format!("{handling}/closed_hours"), json!({}), (BAD, 15104)).await;
        ask(&zoom, "PATCH", &format!("{handling}/break_hours"), json!({}), (BAD, 15104)).await;
        ask(&zoom, "POST", &breaks, lunch(), (BAD, 15104)).await;
        ask(&zoom, "DELETE", &format!("{breaks}?break_hour_id=x"), json!({}), (BAD, 15104)).await;
        let change = hours_of(&extension, "PATCH", "break_hours");
        ask(&zoom, "PATCH", &change, json!({ "break_hours": { "break_hour_settings": [] } }), (BAD, 15104))
            .await;
        let (status, _) = zoom.get(&format!("{handling}?hour_type=closed_hours")).await;
        assert_eq!(status, OK, "reading is not refused");

        office_hours(&zoom, &extension).await;
        let pause = add_break(&zoom, &extension).await;
        ask(
            &zoom,
            "PATCH",
            &format!("{handling}/break_hours"),
            json!({ "break_hour_id": pause, "call_handling_setting": {} }),
            (NONE, 0),
        )
        .await;
        // Back to always open, everything about the break is frozen.
        let all_day = json!({ "business_hours_settings": { "business_hour_type": 1 } });
        ask(&zoom, "PATCH", &hours_of(&extension, "PATCH", "business_hours"), all_day, (NONE, 0)).await;
        let uri = format!("{breaks}?break_hour_id={pause}");
        ask(&zoom, "DELETE", &uri, json!({}), (BAD, 15104)).await;
    }
    let user = first(&zoom, "users").await;
    let uri = format!("{user}/call_forward_settings/closed_hours");
    let row = json!({ "call_forward_settings": [{ "phone_number": "+15555550100" }] });
    ask(&zoom, "POST", &uri, row, (BAD, 15104)).await;
    ask(&zoom, "DELETE", &format!("{uri}?call_forward_id=x"), json!({}), (BAD, 15104)).await;
}

#[tokio::test(start_paused = true)]
async fn holidays_and_breaks_have_ids_that_are_never_used_again_and_take_their_handling_with_them() {
    let zoom = Zoom::start().await;
    for (kind, _) in KINDS {
        let extension = first(&zoom, kind).await;
        office_hours(&zoom, &extension).await;
        let handling = format!("{extension}/call_handling/settings");
        let (holiday, pause) = (add_holiday(&zoom, &extension).await, add_break(&zoom, &extension).await);
        for (hours, name, id, unknown) in [
            ("holiday_hours", "holiday_hour_id", &holiday, 15102),
            ("break_hours", "break_hour_id", &pause, 15101),
        ] {
            let action = if kind == "users" { "call_not_answer_action" } else { "overflow_action" };
            let action = match kind {
                "auto_receptionists" => "routing_action",
                "common_areas" => "call_not_answer_action",
                _ => action,
            };
            let message = json!({ action: "play_message_then_disconnect" });
            let body = json!({ name: id, "call_handling_setting": message });
            ask(&zoom, "PATCH", &format!("{handling}/{hours}"), body, (NONE, 0)).await;
            let shown = get(&zoom, &format!("{handling}?hour_type={hours}&{name}={id}")).await;
            assert_eq!(shown["call_handling_setting"][action], "play_message_then_disconnect");
            let lost = json!({ name: "lost" });
            ask(&zoom, "PATCH", &format!("{handling}/{hours}"), lost, (BAD, unknown)).await;

            let delete = format!("{}?{name}={id}", hours_of(&extension, "DELETE", hours));
            ask(&zoom, "DELETE", &delete, json!({}), (NONE, 0)).await;
            ask(&zoom, "DELETE", &delete, json!({}), (BAD, unknown)).await;
            let gone = zoom.get(&format!("{handling}?hour_type={hours}&{name}={id}")).await;
            assert_eq!((gone.0, gone.1["code"].as_u64()), (BAD, Some(unknown)));
        }
        assert_ne!(add_holiday(&zoom, &extension).await, holiday);
        assert_ne!(add_break(&zoom, &extension).await, pause);
    }
}

#[tokio::test(start_paused = true)]
async fn hours_are_shown_as_they_were_written() {
    let zoom = Zoom::start().await;
    for (kind, _) in KINDS {
        let extension = first(&zoom, kind).await;
        office_hours(&zoom, &extension).await;
        add_holiday(&zoom, &extension).await;
        let pause = add_break(&zoom, &extension).await;
        let monday =
            json!({ "business_hours_settings": { "business_hours": [{ "weekday": 2, "type": 0 }] } });
        ask(&zoom, "PATCH", &hours_of(&extension, "PATCH", "business_hours"), monday, (NONE, 0)).await;
        let other = json!({ "break_hours": { "break_hour_settings": [{
            "break_hour_id": pause,
            "break_hour_type": "custom_hours",
            "break_hour_setting": { "days": [
                { "weekday": 3, "enable": true, "from": "10:00", "to": "10:15" },
                { "weekday": 4, "enable": false, "from": "10:00", "to": "10:15" },
            ] },
        }] } });
        ask(&zoom, "PATCH", &hours_of(&extension, "PATCH", "break_hours"), other, (NONE, 0)).await;

        let types = ["business_hours", "holiday_hours", "break_hours"];
        let shown = if kind == "users" {
            get(&zoom, &format!("{extension}/settings")).await
        } else {
            let mut all = json!({});
            for name in types {
                let part = get(&zoom, &format!("{extension}/settings?setting_type={name}")).await;
                for (name, value) in part.as_object().expect("an object") {
                    all[name] = value.clone();
                }
            }
            all
        };
        let week = &shown["business_hours_settings"]["business_hours"];
        assert_eq!(week.as_array().map(Vec::len), Some(7));
        assert_eq!(week[1], json!({ "weekday": 2, "type": 0, "from": "09:00", "to": "17:00" }));
        let holiday = shown["holiday_hours"].as_array().expect("holidays").last().expect("one");
        assert_eq!(holiday["from"], "2026-12-24T23:00:00Z");
        assert!(holiday["holiday_id"].is_string());
        let pause = &shown["break_hours"][0];
        assert_eq!(pause["break_hour_name"], "Lunch");
        let days = pause["break_hour_setting"]["days"].as_array().expect("days");
        assert_eq!(days.len(), 1, "only enabled days: {pause}");
    }
}

#[tokio::test(start_paused = true)]
async fn times_out_of_order_and_lists_that_are_too_long_are_refused() {
    let zoom = Zoom::start().await;
    for (kind, _) in KINDS {
        let extension = first(&zoom, kind).await;
        office_hours(&zoom, &extension).await;
        let week = hours_of(&extension, "PATCH", "business_hours");
        for (from, to) in [("10:00", "10:00"), ("18:00", "09:00"), ("9:00", "17:00"), ("09:00", "24:00")] {
            let days = json!([{ "weekday": 2, "type": 2, "from": from, "to": to }]);
            let body = json!({ "business_hours_settings": { "business_hours": days } });
            let answer = ask(&zoom, "PATCH", &week, body, (BAD, 400)).await;
            assert_eq!(answer["message"], "Invalid customer hours from/to time for weekday: 2.");
        }
        let days: Vec<_> = (0..8).map(|_| json!({ "weekday": 2, "type": 1 })).collect();
        let body = json!({ "business_hours_settings": { "business_hours": days } });
        ask(&zoom, "PATCH", &week, body, (BAD, 405)).await;

        let holidays = hours_of(&extension, "POST", "holiday_hours");
        let holiday = |to: &str| json!({ "name": "H", "from": "2026-12-25T00:00:00Z", "to": to });
        let body = |rows: Vec<Value>| json!({ "holiday_hours": { "holidays": rows } });
        ask(&zoom, "POST", &holidays, body(vec![holiday("2026-12-24T00:00:00Z")]), (BAD, 400)).await;
        let many = vec![holiday("2026-12-26T00:00:00Z"); 11];
        let answer = ask(&zoom, "POST", &holidays, body(many), (BAD, 405)).await;
        let message = "The number of items for holiday_hours.holidays must not exceed 10.";
        assert_eq!(answer["message"], message);
        ask(&zoom, "POST", &holidays, body(vec![json!({ "name": "H" })]), (BAD, 300)).await;

        let breaks = hours_of(&extension, "POST", "break_hours");
        let mut late = lunch();
        late["break_hours"]["break_hour_settings"][0]["break_hour_setting"] =
            json!({ "from": "23:00", "to": "01:00" });
        ask(&zoom, "POST", &breaks, late, (BAD, 400)).await;
        let mut many = lunch();
        let one = many["break_hours"]["break_hour_settings"][0].clone();
        many["break_hours"]["break_hour_settings"] = json!(vec![one; 6]);
        ask(&zoom, "POST", &breaks, many, (BAD, 405)).await;
    }
    let user = first(&zoom, "users").await;
    let rows = json!({ "call_forward_settings": vec![json!({ "phone_number": "+15555550100" }); 11] });
    ask(&zoom, "POST", &format!("{user}/call_forward_settings/business_hours"), rows, (BAD, 405)).await;
}

#[tokio::test(start_paused = true)]
async fn an_action_needs_its_setting_and_what_it_refers_to() {
    let zoom = Zoom::start().await;
    let support = extension(&zoom, "call_queues", 1).await;
    for (kind, _) in KINDS {
        let extension = first(&zoom, kind).await;
        let uri = format!("{extension}/call_handling/settings/business_hours");
        let key = match kind {
            "users" | "common_areas" => "call_not_answer_action",
            "auto_receptionists" => "routing_action",
            _ => "overflow_action",
        };
        let set = |action: &str, setting: Value| json!({ "call_handling_setting": { key: action, format!("{key}_setting"): setting } });
        let lost = json!({ "forward_to_extension": { "extension_id": "lost" } });
        ask(&zoom, "PATCH", &uri, set("forward_to_extension", lost), (BAD, 13808)).await;
        let lost = json!({ "forward_to_external_contact": { "external_contact_id": "lost" } });
        ask(&zoom, "PATCH", &uri, set("forward_to_external_contact", lost), (BAD, 13810)).await;
        let lost = json!({ "message_greeting": { "audio_id": "lost" } });
        ask(&zoom, "PATCH", &uri, set("play_message_then_disconnect", lost), (BAD, 13802)).await;
        ask(&zoom, "PATCH", &uri, set("forward_to_extension", json!({})), (BAD, 300)).await;
        let flag =
            json!({ "connect_to_operator": "yes", "forward_to_extension": { "extension_id": support } });
        if kind != "auto_receptionists" {
            ask(&zoom, "PATCH", &uri, set("forward_to_voicemail", flag), (BAD, 300)).await;
        }
        let impossible = match kind {
            "common_areas" => "forward_to_external_number",
            "auto_receptionists" => "disconnect",
            // In the enum, but without a setting.
            "shared_line_groups" => "forward_to_ivr",
            _ => "forward_to_voicemail_access",
        };
        ask(&zoom, "PATCH", &uri, set(impossible, json!({})), (BAD, 300)).await;

        let real = json!({ "forward_to_extension": { "extension_id": support } });
        ask(&zoom, "PATCH", &uri, set("forward_to_extension", real), (NONE, 0)).await;
        let shown = get(&zoom, &format!("{extension}/call_handling/settings")).await;
        let target = &shown["call_handling_setting"][format!("{key}_setting")]["forward_to_extension"];
        assert_eq!(target["extension_name"], "Support", "{shown}");
        assert_eq!(target["extension_type"], "callQueue");
        assert!(target["extension_number"].is_number());
        // Fields that nobody declares have no effect.
        ask(
            &zoom,
            "PATCH",
            &uri,
            json!({ "key_actions": [], "_own": 1, "call_handling_setting": {} }),
            (NONE, 0),
        )
        .await;
        assert_eq!(get(&zoom, &format!("{extension}/call_handling/settings")).await, shown);
    }
}

#[tokio::test(start_paused = true)]
async fn writing_what_was_read_changes_nothing() {
    let zoom = Zoom::start().await;
    for (kind, _) in KINDS {
        let extension = first(&zoom, kind).await;
        office_hours(&zoom, &extension).await;
        let (holiday, pause) = (add_holiday(&zoom, &extension).await, add_break(&zoom, &extension).await);
        let uri = format!("{extension}/call_handling/settings");
        for (hours, id) in [
            ("business_hours", None),
            ("closed_hours", None),
            ("holiday_hours", Some(("holiday_hour_id", holiday))),
            ("break_hours", Some(("break_hour_id", pause))),
        ] {
            let named = id.as_ref().map(|(name, id)| format!("&{name}={id}")).unwrap_or_default();
            let read = format!("{uri}?hour_type={hours}{named}");
            let before = get(&zoom, &read).await;
            let mut body = without_names(&before);
            if let Some((name, id)) = &id {
                body[*name] = json!(id);
            }
            ask(&zoom, "PATCH", &format!("{uri}/{hours}"), body, (NONE, 0)).await;
            assert_eq!(get(&zoom, &read).await, before, "{kind} {hours}");
        }
    }
}

/// An answer without what is only shown: names and numbers of what is referred to.
pub(crate) fn without_names(answer: &Value) -> Value {
    const SHOWN: [&str; 7] = [
        "extension_number",
        "extension_name",
        "extension_type",
        "audio_name",
        "external_contact_name",
        "external_contact_email",
        "phone_numbers",
    ];
    match answer {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| !SHOWN.contains(&name.as_str()));
            fields.map(|(name, value)| (name.clone(), without_names(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_names).collect(),
        other => other.clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn both_actions_of_a_user_share_one_voicemail_box() {
    let zoom = Zoom::start().await;
    let user = first(&zoom, "users").await;
    let uri = format!("{user}/call_handling/settings");
    let operator = extension(&zoom, "call_queues", 0).await;
    let both = json!({ "call_handling_setting": {
        "busy_on_another_call_action": "forward_to_voicemail",
        "busy_on_another_call_action_setting": {
            "connect_to_operator": true,
            "operator_extension": { "extension_id": operator },
        },
    } });
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), both, (NONE, 0)).await;
    let shown = get(&zoom, &uri).await;
    let setting = &shown["call_handling_setting"];
    assert_eq!(setting["busy_on_another_call_action_setting"], json!({}));
    let shared = &setting["call_not_answer_action_setting"];
    assert_eq!(shared["operator_extension"]["extension_id"], operator);

    let apart = json!({ "call_handling_setting": { "call_not_answer_action": "disconnect" } });
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), apart, (NONE, 0)).await;
    let shown = get(&zoom, &uri).await;
    let busy = &shown["call_handling_setting"]["busy_on_another_call_action_setting"];
    assert_eq!(busy["operator_extension"]["extension_id"], operator, "the box stays with the other action");
}

#[tokio::test(start_paused = true)]
async fn the_ring_mode_of_a_user_is_shown_once_calls_are_forwarded() {
    let zoom = Zoom::start().await;
    let user = first(&zoom, "users").await;
    let uri = format!("{user}/call_handling/settings");
    let before = get(&zoom, &uri).await;
    assert_eq!(before["call_forward_settings"].as_array().map(Vec::len), Some(3), "Zoom's own apps");
    assert!(before.get("call_distribution_setting").is_none());
    let row = json!({ "call_forward_settings": [{ "phone_number": "+15555550100", "phone_number_description": "Home" }] });
    let forwards = format!("{user}/call_forward_settings/business_hours");
    let made = ask(&zoom, "POST", &forwards, row, (CREATED, 0)).await;
    let made = &made["call_forward_settings"][0];
    assert_eq!(made.as_object().map(serde_json::Map::len), Some(1), "the id only");
    let id = made["call_forward_id"].as_str().expect("an id");
    let shown = get(&zoom, &uri).await;
    assert_eq!(shown["call_distribution_setting"]["ring_mode"], "simultaneous");
    assert_eq!(shown["call_forward_settings"][3]["phone_number_description"], "Home");

    let own = before["call_forward_settings"][0]["call_forward_id"].as_str().expect("an id");
    let off = json!({ "call_forward_settings": [{ "call_forward_id": own, "enable": false, "phone_number": "+15555550101" }] });
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), off, (NONE, 0)).await;
    let shown = get(&zoom, &uri).await;
    assert_eq!(shown["call_forward_settings"][0]["enable"], false);
    assert!(shown["call_forward_settings"][0].get("phone_number").is_none(), "apps have no number");
    let lost = json!({ "call_forward_settings": [{ "call_forward_id": "lost", "enable": false }] });
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), lost, (BAD, 15103)).await;

    ask(&zoom, "DELETE", &format!("{forwards}?call_forward_id={own}"), json!({}), (BAD, 15103)).await;
    ask(&zoom, "DELETE", &format!("{forwards}?call_forward_id={id}"), json!({}), (NONE, 0)).await;
    ask(&zoom, "DELETE", &format!("{forwards}?call_forward_id={id}"), json!({}), (BAD, 15103)).await;
    assert!(get(&zoom, &uri).await.get("call_distribution_setting").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_setting_of_a_ring_mode_goes_with_the_mode() {
    let zoom = Zoom::start().await;
    let queue = first(&zoom, "call_queues").await;
    let uri = format!("{queue}/call_handling/settings");
    let patch = async |setting: Value, expected| {
        let body = json!({ "call_distribution_setting": setting });
        ask(&zoom, "PATCH", &format!("{uri}/business_hours"), body, expected).await;
    };
    patch(json!({ "ring_mode": "rotating", "ring_mode_setting": { "ring_duration": 45 } }), (NONE, 0)).await;
    patch(json!({ "ring_mode_setting": { "handle_multiple_calls": true } }), (NONE, 0)).await;
    let shown = get(&zoom, &uri).await;
    let rotating = json!({
        "ring_duration": 45,
        "handle_multiple_calls": true,
        "skip_offline_device_phone_number": false,
    });
    assert_eq!(shown["call_distribution_setting"]["ring_mode_setting"], rotating);
    let groups =
        |size: Value| json!({ "ring_mode": "group_rotating", "ring_mode_setting": { "group_size": size } });
    patch(groups(json!(51)), (BAD, 300)).await;
    patch(groups(json!("3")), (BAD, 300)).await;
    patch(
        json!({ "ring_mode": "rotating", "ring_mode_setting": { "handle_multiple_calls": 1 } }),
        (BAD, 300),
    )
    .await;
    patch(groups(json!(3)), (NONE, 0)).await;
    let shown = get(&zoom, &uri).await;
    let grouped = json!({ "ring_duration": 20, "group_size": 3 });
    assert_eq!(shown["call_distribution_setting"]["ring_mode_setting"], grouped);
    patch(json!({ "ring_mode": "simultaneous" }), (NONE, 0)).await;
    assert!(get(&zoom, &uri).await["call_distribution_setting"].get("ring_mode_setting").is_none());
    patch(json!({ "max_wait_time": 61 }), (BAD, 300)).await;
    patch(json!({ "wrap_up_time": 300 }), (BAD, 300)).await;

    office_hours(&zoom, &queue).await;
    let body = json!({ "call_distribution_setting": { "max_wait_time": 10 } });
    ask(&zoom, "PATCH", &format!("{uri}/closed_hours"), body, (NONE, 0)).await;
    let closed = get(&zoom, &format!("{uri}?hour_type=closed_hours")).await;
    assert!(closed.get("call_distribution_setting").is_none(), "for business hours only");
}

#[tokio::test(start_paused = true)]
async fn a_shared_line_group_wants_an_object_and_its_wait_time_in_business_hours_only() {
    let zoom = Zoom::start().await;
    let group = first(&zoom, "shared_line_groups").await;
    office_hours(&zoom, &group).await;
    let uri = format!("{group}/call_handling/settings");
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), json!({}), (BAD, 300)).await;
    let wait = json!({ "call_distribution_setting": { "max_wait_time": 7 } });
    ask(&zoom, "PATCH", &format!("{uri}/closed_hours"), wait.clone(), (BAD, 300)).await;
    ask(&zoom, "PATCH", &format!("{uri}/business_hours"), wait, (NONE, 0)).await;
    assert_eq!(get(&zoom, &uri).await["call_distribution_setting"]["max_wait_time"], 7);
}

#[tokio::test(start_paused = true)]
async fn a_menu_is_written_key_by_key_and_hides_keys_that_do_nothing() {
    let zoom = Zoom::start().await;
    let receptionist = first(&zoom, "auto_receptionists").await;
    let uri = format!("{receptionist}/ivr");
    let (user, queue) = (extension(&zoom, "users", 0).await, extension(&zoom, "call_queues", 0).await);
    let key = |key: &str, action: i64, target: Value| json!({ "key_action": { "key": key, "action": action, "target": target } });
    let to = |id: &Value| json!({ "extension_id": id });
    ask(&zoom, "PATCH", &uri, key("5", 2, to(&user)), (NONE, 0)).await;
    ask(&zoom, "PATCH", &uri, key("1", 7, to(&queue)), (NONE, 0)).await;
    let shown = get(&zoom, &uri).await;
    let keys = |menu: &Value| -> Vec<Value> {
        menu["key_actions"].as_array().expect("keys").iter().map(|key| key["key"].clone()).collect()
    };
    let row = |menu: &Value, key: &str| {
        menu["key_actions"].as_array().expect("keys").iter().find(|row| row["key"] == key).cloned()
    };
    let five = row(&shown, "5").expect("the key");
    assert_eq!(five["target"]["extension_id"], user);
    assert!(five["target"]["extension_number"].is_string());
    assert_eq!(keys(&shown).iter().filter(|key| *key == "1").count(), 1);

    ask(&zoom, "PATCH", &uri, key("5", -1, json!({})), (NONE, 0)).await;
    assert!(row(&get(&zoom, &uri).await, "5").is_none(), "a key that does nothing is not shown");
    ask(&zoom, "PATCH", &uri, key("5", 7, to(&user)), (BAD, 300)).await;
    ask(&zoom, "PATCH", &uri, key("5", 22, json!({})), (BAD, 300)).await;
    ask(&zoom, "PATCH", &uri, key("*", 26, json!({})), (BAD, 300)).await;
    ask(&zoom, "PATCH", &uri, key("5", 27, json!({})), (BAD, 300)).await;
    ask(&zoom, "PATCH", &uri, key("A", -1, json!({})), (BAD, 300)).await;
    let before = get(&zoom, &uri).await;
    ask(&zoom, "PATCH", &uri, json!({ "key_actions": [{ "key": "5", "action": -1 }] }), (NONE, 0)).await;
    assert_eq!(get(&zoom, &uri).await, before, "an unknown field is ignored");

    let none = json!({ "caller_enters_no_action": { "action": -1 } });
    ask(&zoom, "PATCH", &uri, none, (BAD, 300)).await;
    let none = json!({ "caller_enters_no_action": {
        "action": 7, "audio_prompt_repeat": 2, "forward_to_extension_id": queue,
    } });
    ask(&zoom, "PATCH", &uri, none, (NONE, 0)).await;
    assert_eq!(get(&zoom, &uri).await["caller_enters_no_action"]["forward_to"]["extension_id"], queue);

    // Each kind of hours has a menu of its own; which one, the body says.
    let query = format!("{uri}?hours_type=closed_hours");
    ask(&zoom, "PATCH", &query, key("9", 100, json!({})), (NONE, 0)).await;
    assert!(row(&get(&zoom, &query).await, "9").is_none());
    assert!(row(&get(&zoom, &uri).await, "9").is_some());
    let mut closed = key("8", 100, json!({}));
    closed["hours_type"] = json!("closed_hours");
    ask(&zoom, "PATCH", &uri, closed, (NONE, 0)).await;
    assert!(row(&get(&zoom, &query).await, "8").is_some());
    let gone = zoom.get(&format!("{uri}?holiday_id=lost")).await;
    assert_eq!((gone.0, gone.1["code"].as_u64()), (BAD, Some(400)));
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_there_is_refused_in_its_own_way() {
    let zoom = Zoom::start().await;
    for (uri, status, code) in [
        ("users/lost/call_handling/settings", ABSENT, 404),
        ("users/lost/settings", ABSENT, 1001),
        ("users/lost/policies/allow_emergency_calls", ABSENT, 1001),
        ("auto_receptionists/lost/call_handling/settings", ABSENT, 404),
        ("auto_receptionists/lost/settings", ABSENT, 404),
        ("auto_receptionists/lost/ivr", BAD, 400),
        ("auto_receptionists/lost/policies", BAD, 300),
        ("call_queues/lost/call_handling/settings", ABSENT, 404),
        ("call_queues/lost/policies", ABSENT, 404),
        ("shared_line_groups/lost/call_handling/settings", ABSENT, 404),
        ("shared_line_groups/lost/policies", BAD, 404),
        ("common_areas/lost/call_handling/settings", ABSENT, 404),
        ("common_areas/lost/settings", BAD, 404),
        ("sites/lost/settings/business_hours", BAD, 400),
        ("extension/lost/call_handling/settings", ABSENT, 404),
    ] {
        let (found, answer) = zoom.get(&format!("/v2/phone/{uri}")).await;
        assert_eq!((found, answer["code"].as_u64()), (status, Some(code)), "{uri}: {answer}");
    }
    let members = json!({ "voicemail_access_members": [] });
    let uri = "/v2/phone/call_queues/lost/policies/voice_mail";
    ask(&zoom, "POST", uri, members.clone(), (ABSENT, 13000)).await;
    let queue = first(&zoom, "call_queues").await;
    ask(&zoom, "POST", &format!("{queue}/policies/fax"), members, (ABSENT, 13001)).await;
}

#[tokio::test(start_paused = true)]
async fn live_zoom_says_it_differently() {
    let zoom = Zoom::with(Config { temper: Temper::Field, ..Config::default() }).await;
    let (status, answer) = zoom.get("/v2/phone/extension/lost/call_handling/settings").await;
    assert_eq!((status, answer["code"].as_u64()), (BAD, Some(300)));
    let (status, answer) = zoom.get("/v2/phone/sites/lost/settings/business_hours").await;
    assert_eq!((status, answer["code"].as_u64()), (BAD, Some(300)));
    for kind in ["call_queues", "shared_line_groups"] {
        let lost = format!("/v2/phone/{kind}/lost/settings/holiday_hours?holiday_hour_id=h");
        ask(&zoom, "DELETE", &lost, json!({}), (BAD, 404)).await;
        let (status, answer) = zoom.get(&format!("/v2/phone/{kind}/lost/call_handling/settings")).await;
        assert_eq!((status, answer["code"].as_u64()), (BAD, Some(300)));
        let extension = first(&zoom, kind).await;
        add_holiday(&zoom, &extension).await;
        let shown = get(&zoom, &format!("{extension}/settings?setting_type=holiday_hours")).await;
        assert!(shown["holiday_hours"][0].get("holiday_id").is_none());
    }
    let queue = rows(&zoom, "call_queues", "call_queues").await[0].clone();
    let id = queue["extension_id"].as_str().expect("an id");
    let long = json!({ "sub_setting_type": "call_handling", "settings": { "wrap_up_time": 300 } });
    let uri = format!("/v2/phone/extension/{id}/call_handling/settings/business_hours");
    ask(&zoom, "PATCH", &uri, long, (NONE, 0)).await;
    let id = queue["id"].as_str().expect("an id");
    let (_, shown) = zoom.get(&format!("/v2/phone/call_queues/{id}/call_handling/settings")).await;
    assert_eq!(shown["call_distribution_setting"]["wrap_up_time"], 300);
}
