//! What the GET of the deprecated family shows: the documents of the new one in the old words.

use serde_json::{Value, json};

use super::super::common;
use super::target::Target;
use super::{Answer, Ask, Doc, Extension, HourType, World, company_hours, names, old};
use crate::world::at;

/// `getCallHandling`: business hours, closed hours if there are any, and all holidays. It knows no breaks.
pub(super) fn shown(ask: &Ask<'_>, world: &World, target: &Target) -> Answer {
    let week = company_hours::weekly(world, &target.address);
    let of = |hours: &HourType| details(world, target, hours);
    let mut business = of(&HourType::Business);
    let mut custom_hours = json!({
        "type": week["business_hour_type"],
        "custom_hours_settings": week["business_hours"],
    });
    if target.kind == Extension::Queue {
        let handling = company_hours::handling(world, &target.address, &HourType::Business);
        let allowed = &handling["call_distribution_setting"]["allow_members_to_set_own_business_hours"];
        custom_hours["allow_members_to_reset"] = allowed.clone();
    }
    business.insert(0, json!({ "sub_setting_type": "custom_hours", "settings": custom_hours }));
    let holidays = company_hours::holidays(world, &target.address).into_iter().map(|(id, holiday)| {
        let mut details = of(&HourType::Holiday(id.to_owned()));
        let settings = json!({ "name": holiday["name"], "from": holiday["from"], "to": holiday["to"] });
        details.insert(0, json!({ "sub_setting_type": "holiday", "settings": settings }));
        json!({ "holiday_id": id, "details": details })
    });
    let mut all = json!({ "business_hours": business, "holiday_hours": holidays.collect::<Vec<_>>() });
    if company_hours::is_custom(&week) {
        all["closed_hours"] = Value::Array(of(&HourType::Closed));
    }
    // What the old words have no number for is left out.
    common::shown(ask, &all)
}

fn details(world: &World, target: &Target, hours: &HourType) -> Vec<Value> {
    let mut handling = company_hours::handling(world, &target.address, hours);
    if let Some(Value::Object(setting)) = handling.get_mut("call_handling_setting") {
        setting.values_mut().for_each(super::actions::hide_without_effect);
    }
    let mut details = vec![
        json!({ "sub_setting_type": "call_handling", "settings": call_handling(world, target, &handling, hours) }),
    ];
    if target.kind == Extension::User {
        let press_1 = handling.get(old::PRESS_1).cloned().unwrap_or(json!(false));
        let rows = handling.get("call_forward_settings").and_then(Value::as_array).into_iter().flatten();
        let settings = json!({
            "call_forwarding_settings": rows.map(|row| forward(world, row)).collect::<Vec<_>>(),
            "require_press_1_before_connecting": press_1,
        });
        details.push(json!({ "sub_setting_type": "call_forwarding", "settings": settings }));
    }
    details
}

fn forward(world: &World, row: &Value) -> Value {
    let mut shown = names::known(json!({
        "id": row.get("call_forward_id"),
        "enable": row.get("enable"),
        "phone_number": row.get("phone_number"),
        "description": row.get("phone_number_description"),
    }));
    let id = row.get("external_contact").and_then(|contact| contact["external_contact_id"].as_str());
    if let Some(id) = id {
        let contact = names::contact(world, id);
        let field = |name: &str| contact.and_then(|contact| contact.get(name));
        let contact = names::known(json!({
            "external_contact_id": id,
            "name": field("name"),
            "email": field("email"),
            "phone_numbers": field("phone_numbers"),
        }));
        shown.insert("external_contact".to_owned(), Value::Object(contact));
    }
    Value::Object(shown)
}

fn call_handling(world: &World, target: &Target, handling: &Doc, hours: &HourType) -> Value {
    let mut settings = Doc::new();
    let empty = json!({});
    let distribution = handling.get("call_distribution_setting").unwrap_or(&empty);
    let mut put = |name: &str, value: &Value| {
        if !value.is_null() {
            settings.insert(name.to_owned(), value.clone());
        }
    };
    match target.kind {
        Extension::User => {
            let mode = &distribution["ring_mode"];
            put("ring_mode", mode);
            let sequential = mode == "sequential";
            let seconds =
                if sequential { "sequential_ring_duration" } else { "simultaneous_ring_max_wait_time" };
            put("max_wait_time", &distribution[seconds]);
        }
        Extension::Queue => {
            for (old, new) in [
                ("max_wait_time", "max_wait_time"),
                ("wrap_up_time", "wrap_up_time"),
                ("max_call_in_queue", "max_call_in_queue"),
                ("receive_call", "receive_calls_while_on_a_call"),
            ] {
                put(old, &distribution[new]);
            }
            let mut mode = distribution["ring_mode_setting"].as_object().cloned().unwrap_or_default();
            mode.insert("ring_mode".to_owned(), distribution["ring_mode"].clone());
            put("call_distribution", &Value::Object(mode));
        }
        Extension::SharedLines => put("max_wait_time", &distribution["max_wait_time"]),
        Extension::Receptionist | Extension::CommonArea | Extension::Room => {}
    }
    for name in ["greeting_prompt", "audio_while_connecting", "music_on_hold"] {
        let audio = handling.get("greeting_setting").and_then(|greetings| greetings.get(name));
        if let Some(audio) = audio {
            put(name, &audio_of(world, audio));
        }
    }
    let actions = handling.get("call_handling_setting").unwrap_or(&empty);
    let key = super::actions::keys(target.kind).last().copied().unwrap_or_default();
    let unanswered = &actions[format!("{key}_setting")];
    let routing = routing(world, &actions[key], unanswered, "overflow_play_callee_voicemail_greeting");
    if matches!(hours, HourType::Holiday(_)) {
        // Only of holidays the flat fields are still described.
        put("call_not_answer_action", &routing["action"]);
        put("connect_to_operator", &unanswered["connect_to_operator"]);
        put("allow_callers_check_voicemail", &unanswered["allow_callers_check_voicemail"]);
    }
    put("routing", &routing);
    if target.kind == Extension::User {
        let key = "busy_on_another_call_action";
        let own = &actions[format!("{key}_setting")];
        // The box that both share is with the unanswered calls.
        let shared = actions[key] == "forward_to_voicemail" && own.as_object().is_none_or(Doc::is_empty);
        let setting = if shared { unanswered } else { own };
        put(
            "busy_routing",
            &self::routing(world, &actions[key], setting, "busy_play_callee_voicemail_greeting"),
        );
    }
    Value::Object(settings)
}

fn routing(world: &World, action: &Value, setting: &Value, play: &str) -> Value {
    let action = action.as_str().unwrap_or_default();
    let mut routing = Doc::new();
    let mut to = Doc::new();
    let mut code = old::code(action);
    for field in ["forward_to_extension", "leave_voicemail_to"] {
        let Some(id) = setting.get(field).and_then(|to| to["extension_id"].as_str()) else { continue };
        to = extension(world, id);
        if action == "forward_to_extension" {
            code = world.extension(id).and_then(|address| Extension::at(&address)).map(code_of);
        }
    }
    if let Some(id) =
        setting.get("forward_to_external_contact").and_then(|to| to["external_contact_id"].as_str())
    {
        to.insert("extension_id".to_owned(), json!(id));
        let name = names::contact(world, id).and_then(|contact| contact.get("name"));
        to.extend(names::known(json!({ "id": id, "display_name": name })));
    }
    let nested = |outer: &str, inner: &str| setting.get(outer).and_then(|it| it.get(inner)).cloned();
    to.extend(names::known(json!({
        "phone_number": setting.get("forward_phone_number"),
        "description": setting.get("forward_phone_number_description"),
        "zcc_phone_number": setting.get("zoom_contact_center_number").cloned()
            .or_else(|| nested("forward_to_zoom_contact_center", "zoom_contact_center_number")),
        "partner_contact_center_id": nested("forward_to_partner_contact_center", "partner_contact_center_id"),
        "teams_app_id": nested("forward_to_teams", "teams_app_id"),
    })));
    if !to.is_empty() {
        routing.insert("forward_to".to_owned(), Value::Object(to));
    }
    if let Some(id) = setting.get("operator_extension").and_then(|it| it["extension_id"].as_str()) {
        routing.insert("operator".to_owned(), Value::Object(extension(world, id)));
    }
    for (old, new) in [
        ("voicemail_greeting", "voicemail_greeting"),
        ("voicemail_leaving_instruction", "leave_voicemail_instruction"),
        ("message_greeting", "message_greeting"),
    ] {
        if let Some(audio) = setting.get(new) {
            routing.insert(old.to_owned(), audio_of(world, audio));
        }
    }
    let voicemail = action == "forward_to_voicemail";
    let play = if voicemail { "play_callee_voicemail_greeting" } else { play };
    routing.extend(names::known(json!({
        "action": code,
        "connect_to_operator": setting.get("connect_to_operator"),
        "allow_callers_check_voicemail": setting.get("allow_callers_check_voicemail"),
        "require_press_1_before_connecting": setting.get("require_press_1_before_connecting"),
        play: setting.get("play_callee_voicemail_greeting"),
    })));
    Value::Object(routing)
}

/// The number of the action that forwards to such an extension.
fn code_of(kind: Extension) -> i64 {
    match kind {
        Extension::User => 2,
        Extension::Room => 3,
        Extension::CommonArea => 4,
        Extension::Receptionist => 6,
        Extension::Queue => 7,
        Extension::SharedLines => 8,
    }
}

fn extension(world: &World, extension_id: &str) -> Doc {
    let address = world.extension(extension_id);
    let doc = address.as_ref().and_then(|address| world.get(address));
    let kind = address.as_deref().and_then(Extension::at);
    names::known(json!({
        "extension_id": extension_id,
        "id": doc.and_then(|doc| doc.get("id")),
        "display_name": doc.and_then(names::name_of),
        "extension_number": doc.and_then(|doc| doc.get("extension_number")),
        "extension_type": kind.map(names::type_of),
    }))
}

/// `{audio_id}` as `{id, name}`; what is disabled has the id `0`.
fn audio_of(world: &World, audio: &Value) -> Value {
    let id = audio["audio_id"].as_str().unwrap_or_default();
    let mut shown = json!({ "id": if id == "disable" { "0" } else { id } });
    name_audio(world, &mut shown);
    shown
}

/// Adds the name to `{id}`; the id of an item that is gone from the library says so.
pub(super) fn name_audio(world: &World, audio: &mut Value) {
    let id = audio["id"].as_str().unwrap_or_default().to_owned();
    if matches!(id.as_str(), "" | "0" | "ring_tone") {
        return;
    }
    let mut item = world.get(&format!("{}/{id}", at::AUDIOS));
    if item.is_none() {
        item = world.get(&format!("{}/{id}", at::REMOVED_AUDIOS));
        audio["id"] = json!(format!("removed_{id}"));
    }
    if let Some(name) = item.and_then(|item| item.get("name")) {
        audio["name"] = name.clone();
    }
}
