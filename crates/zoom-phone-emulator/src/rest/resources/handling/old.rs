//! Writes of the deprecated family, `extension/{extensionId}/call_handling/settings/{settingType}`: translated into
//! those of the new one.

use serde_json::{Value, json};

use super::target::Target;
use super::{
    Answer, Ask, Doc, Extension, Handler, HourType, Refusal, Temper, World, actions, company_hours, forwards,
    hours, old_show, write,
};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_call_handling" => get,
        "add_call_handling" => add,
        "update_call_handling" => update,
        "delete_call_handling" => delete,
        _ => return None,
    })
}

/// Actions by number; 2 to 8 all forward to an extension, whose kind they name.
const ACTIONS: [(i64, &str); 18] = [
    (1, "forward_to_voicemail"),
    (2, "forward_to_extension"),
    (3, "forward_to_extension"),
    (4, "forward_to_extension"),
    (5, "forward_to_extension"),
    (6, "forward_to_extension"),
    (7, "forward_to_extension"),
    (8, "forward_to_extension"),
    (9, "forward_to_external_contact"),
    (10, "forward_to_external_number"),
    (11, "disconnect"),
    (12, "play_message_then_disconnect"),
    (14, "forward_to_ivr"),
    (15, "forward_to_partner_contact_center"),
    (18, "forward_to_teams"),
    (19, "forward_to_zoom_contact_center"),
    (21, "call_waiting"),
    (22, "play_busy_signal"),
];

/// The number of an action that needs no look at its target.
pub(super) fn code(action: &str) -> Option<i64> {
    ACTIONS.iter().find(|(_, name)| *name == action).map(|(code, _)| *code)
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = extension(ask, world)?;
        Ok(old_show::shown(ask, world, &target))
    })
}

/// The extension in the path. Live, one that is missing is 400 with code 300.
fn extension(ask: &Ask<'_>, world: &World) -> Result<Target, Refusal> {
    let id = ask.path("extensionId");
    let target = world.extension(id).and_then(|address| {
        let kind = Extension::at(&address)?;
        Some(Target { address, kind })
    });
    match target {
        Some(target) if target.kind == Extension::Room => Err(not_supported()),
        Some(target) => Ok(target),
        None if ask.shared.config.temper == Temper::Field && ask.operation.method.as_str() == "GET" => {
            Err(Refusal::invalid(format!("Extension does not exist: {id}")))
        }
        None => Err(Refusal::absent(format!("Extension does not exist: {id}"))),
    }
}

fn not_supported() -> Refusal {
    Refusal::bad(400, "This operation is not supported.")
}

fn no_holiday() -> Refusal {
    Refusal::absent("Holiday does not exist.")
}

fn no_forwarding(id: &str) -> Refusal {
    Refusal::absent(format!("Call forwarding does not exist: {id}."))
}

/// The hours of a write. The id of a holiday is an undocumented field of the settings for most of them.
fn hours_of(world: &World, target: &Target, name: &str, settings: &Doc) -> Result<HourType, Refusal> {
    let holiday = settings.get("holiday_id").and_then(Value::as_str);
    target.hours(world, name, holiday, None).map_err(|_| no_holiday())
}

fn settings<'a>(ask: &Ask<'a>) -> Result<(&'a str, &'a Doc), Refusal> {
    let kind = ask.body.get("sub_setting_type").and_then(Value::as_str);
    let kind = kind.ok_or_else(|| Refusal::field("sub_setting_type", "is required"))?;
    let settings = ask.body.get("settings").and_then(Value::as_object);
    Ok((kind, settings.ok_or_else(|| Refusal::field("settings", "is required"))?))
}

/// `addCallHandling`: a holiday, or a number to forward to.
fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = extension(ask, world)?;
        let (kind, settings) = settings(ask)?;
        match (kind, ask.last()) {
            ("holiday", "holiday_hours") => {
                let made = hours::add_holidays(world, &target.address, &[settings])?;
                Ok(Answer::Json(json!({ "holiday_id": made.first().map(|(id, _)| id) })))
            }
            ("call_forwarding", name) if target.kind == Extension::User => {
                let hours = hours_of(world, &target, name, settings)?;
                let mut row = Doc::new();
                take(settings, "phone_number", &mut row, "phone_number");
                take(settings, "description", &mut row, "phone_number_description");
                let ids = forwards::insert(world, &target, &hours, &[row])?;
                Ok(Answer::Json(json!({ "call_forwarding_id": ids.first() })))
            }
            _ => Err(not_supported()),
        }
    })
}

/// `updateCallHandling`.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = extension(ask, world)?;
        let (kind, settings) = settings(ask)?;
        match (kind, ask.last()) {
            ("custom_hours", "business_hours") => {
                let address = &target.address;
                hours::set_weekly(
                    world,
                    address,
                    settings.get("type"),
                    settings.get("custom_hours_settings"),
                )?;
                if target.kind == Extension::Queue && settings.contains_key("allow_members_to_reset") {
                    let mut distribution = Doc::new();
                    take(settings, "allow_members_to_reset", &mut distribution, OWN_HOURS);
                    let body =
                        Doc::from_iter([("call_distribution_setting".to_owned(), distribution.into())]);
                    write::handling(world, &target, &HourType::Business, &body)?;
                }
            }
            ("holiday", "holiday_hours") => {
                hours_of(world, &target, "holiday_hours", settings)?;
                hours::change_holidays(world, &target.address, &[settings])?;
            }
            ("call_handling", name) => {
                let hours = hours_of(world, &target, name, settings)?;
                let body = translated(world, &target, &hours, settings)?;
                write::handling(world, &target, &hours, &body)?;
            }
            ("call_forwarding", name) if target.kind == Extension::User => {
                let hours = hours_of(world, &target, name, settings)?;
                let body = forwarding(world, &target, &hours, settings)?;
                write::handling(world, &target, &hours, &body)?;
            }
            _ => return Err(not_supported()),
        }
        Ok(Answer::Done)
    })
}

/// `deleteCallHandling`: a holiday, or a number to forward to.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = extension(ask, world)?;
        if let Some(id) = ask.query.one("call_forwarding_id") {
            let all = forwards::hours_named(world, &target, ask.last());
            if !all.iter().any(|hours| forwards::remove(world, &target, hours, id)) {
                return Err(no_forwarding(id));
            }
        } else {
            let id = ask.query.one("holiday_id").unwrap_or_default();
            hours::remove_holiday(world, &target, id).map_err(|_| no_holiday())?;
        }
        Ok(Answer::Done)
    })
}

const OWN_HOURS: &str = "allow_members_to_set_own_business_hours";

fn take(from: &Doc, old: &str, to: &mut Doc, new: &str) {
    if let Some(value) = from.get(old) {
        to.insert(new.to_owned(), value.clone());
    }
}

/// An id of the old family as an object of the new one.
fn refer(from: &Doc, old: &str, to: &mut Doc, new: &str, id: &str) {
    if let Some(value) = from.get(old) {
        to.insert(new.to_owned(), json!({ id: value }));
    }
}

/// Greetings are disabled with `0`, which the new family spells out.
fn greeting(from: &Doc, old: &str, to: &mut Doc, new: &str) {
    if let Some(value) = from.get(old) {
        let id = if value == "0" { &json!("disable") } else { value };
        to.insert(new.to_owned(), json!({ "audio_id": id }));
    }
}

/// `call_forwarding` in the words of the new family.
fn forwarding(world: &World, target: &Target, hours: &HourType, settings: &Doc) -> Result<Doc, Refusal> {
    let known = company_hours::handling(world, &target.address, hours);
    let known = known.get("call_forward_settings").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut rows = Vec::new();
    let changes = settings.get("call_forwarding_settings").and_then(Value::as_array);
    for change in changes.into_iter().flatten().filter_map(Value::as_object) {
        let id = change.get("id").and_then(Value::as_str).unwrap_or_default();
        if !known.iter().any(|row| row["call_forward_id"] == id) {
            return Err(no_forwarding(id));
        }
        let mut row = Doc::from_iter([("call_forward_id".to_owned(), json!(id))]);
        take(change, "enable", &mut row, "enable");
        take(change, "phone_number", &mut row, "phone_number");
        take(change, "description", &mut row, "phone_number_description");
        take(change, "external_contact", &mut row, "external_contact");
        rows.push(Value::Object(row));
    }
    let mut body = Doc::from_iter([("call_forward_settings".to_owned(), Value::Array(rows))]);
    take(settings, "require_press_1_before_connecting", &mut body, PRESS_1);
    Ok(body)
}

/// Where `require_press_1_before_connecting` of the forwarding list is kept, which the new family does not have.
pub(super) const PRESS_1: &str = "_require_press_1_before_connecting";

/// `call_handling` in the words of the new family.
fn translated(world: &World, target: &Target, hours: &HourType, old: &Doc) -> Result<Doc, Refusal> {
    let now = company_hours::handling(world, &target.address, hours);
    let now = now.get("call_handling_setting").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut setting = Doc::new();
    for &key in actions::keys(target.kind) {
        let busy = key == "busy_on_another_call_action";
        let field = if busy { key } else { "call_not_answer_action" };
        if let Some(code) = old.get(field) {
            let action = ACTIONS.iter().find(|(known, _)| code.as_i64() == Some(*known));
            let (_, action) = action.ok_or_else(|| Refusal::field(field, "is not possible here"))?;
            setting.insert(key.to_owned(), json!(action));
        }
        let action = setting.get(key).or_else(|| now.get(key)).and_then(Value::as_str).unwrap_or_default();
        let given = action_setting(target.kind, action, old, busy);
        if !given.is_empty() {
            setting.insert(format!("{key}_setting"), Value::Object(given));
        }
    }
    check_instruction(target.kind, &now, &setting, old)?;
    let mut body = Doc::new();
    let mut add = |name: &str, part: Doc| {
        if !part.is_empty() {
            body.insert(name.to_owned(), Value::Object(part));
        }
    };
    add("call_distribution_setting", distribution(target.kind, old)?);
    let mut greetings = Doc::new();
    greeting(old, "greeting_prompt_id", &mut greetings, "greeting_prompt");
    greeting(old, "audio_while_connecting_id", &mut greetings, "audio_while_connecting");
    greeting(old, "music_on_hold_id", &mut greetings, "music_on_hold");
    add("greeting_setting", greetings);
    add("call_handling_setting", setting);
    Ok(body)
}

fn distribution(kind: Extension, old: &Doc) -> Result<Doc, Refusal> {
    let mut new = Doc::new();
    match kind {
        Extension::User => match (old.get("ring_mode"), old.get("max_wait_time")) {
            (Some(mode), Some(seconds)) => {
                if seconds.as_i64().is_some_and(|seconds| seconds > 60) {
                    return Err(Refusal::field("settings.max_wait_time", "must be at most 60"));
                }
                let field = if mode == "sequential" {
                    "sequential_ring_duration"
                } else {
                    "simultaneous_ring_max_wait_time"
                };
                new.insert("ring_mode".to_owned(), mode.clone());
                new.insert(field.to_owned(), seconds.clone());
            }
            (None, None) => {}
            _ => {
                return Err(Refusal::bad(
                    400,
                    "The user business hours ring mode and max wait time need to be set together.",
                ));
            }
        },
        Extension::Queue => {
            take(old, "max_wait_time", &mut new, "max_wait_time");
            take(old, "wrap_up_time", &mut new, "wrap_up_time");
            take(old, "max_call_in_queue", &mut new, "max_call_in_queue");
            take(old, "receive_call", &mut new, "receive_calls_while_on_a_call");
            take(old, "allow_members_to_reset", &mut new, OWN_HOURS);
            if let Some(Value::Object(mode)) = old.get("call_distribution") {
                take(mode, "ring_mode", &mut new, "ring_mode");
                new.insert("ring_mode_setting".to_owned(), Value::Object(mode.clone()));
            }
        }
        Extension::SharedLines => {
            // The one schema of the old family has the waiting times of queues, too.
            if old.get("max_wait_time").and_then(Value::as_i64).is_some_and(|seconds| seconds > 60) {
                return Err(Refusal::bad(
                    400,
                    "The max wait time of a shared line group is 60 seconds at most.",
                ));
            }
            take(old, "max_wait_time", &mut new, "max_wait_time");
        }
        Extension::Receptionist | Extension::CommonArea | Extension::Room => {}
    }
    Ok(new)
}

/// The setting of an action from the flat fields, which of a user are there twice.
fn action_setting(kind: Extension, action: &str, old: &Doc, busy: bool) -> Doc {
    let mut new = Doc::new();
    let twice = |field: &'static str, busy_field: &'static str| if busy { busy_field } else { field };
    let to = twice("forward_to_extension_id", "busy_forward_to_extension_id");
    let press_1 =
        twice("un_answered_require_press_1_before_connecting", "busy_require_press_1_before_connecting");
    match action {
        "forward_to_voicemail" => {
            if matches!(kind, Extension::Receptionist | Extension::Queue) {
                refer(old, to, &mut new, "leave_voicemail_to", "extension_id");
            }
            refer(old, "voicemail_greeting_id", &mut new, "voicemail_greeting", "audio_id");
            refer(
                old,
                "voicemail_leaving_instruction_id",
                &mut new,
                "leave_voicemail_instruction",
                "audio_id",
            );
            refer(old, "operator_extension_id", &mut new, "operator_extension", "extension_id");
            for field in
                ["connect_to_operator", "allow_callers_check_voicemail", "play_callee_voicemail_greeting"]
            {
                take(old, field, &mut new, field);
            }
        }
        "forward_to_extension" => {
            refer(old, to, &mut new, "forward_to_extension", "extension_id");
            let play =
                twice("overflow_play_callee_voicemail_greeting", "busy_play_callee_voicemail_greeting");
            take(old, play, &mut new, "play_callee_voicemail_greeting");
        }
        "forward_to_external_contact" => {
            refer(old, to, &mut new, "forward_to_external_contact", "external_contact_id");
            take(old, press_1, &mut new, "require_press_1_before_connecting");
        }
        "forward_to_external_number" => {
            take(old, twice("phone_number", "busy_phone_number"), &mut new, "forward_phone_number");
            take(old, twice("description", "busy_description"), &mut new, "forward_phone_number_description");
            take(old, press_1, &mut new, "require_press_1_before_connecting");
        }
        "play_message_then_disconnect" => {
            refer(old, "message_greeting_id", &mut new, "message_greeting", "audio_id");
        }
        "forward_to_partner_contact_center" => refer(
            old,
            "forward_to_partner_contact_center_id",
            &mut new,
            "forward_to_partner_contact_center",
            "partner_contact_center_id",
        ),
        "forward_to_zoom_contact_center" if kind == Extension::Queue => {
            take(old, "forward_to_zcc_phone_number", &mut new, "zoom_contact_center_number");
        }
        "forward_to_zoom_contact_center" => refer(
            old,
            "forward_to_zcc_phone_number",
            &mut new,
            "forward_to_zoom_contact_center",
            "zoom_contact_center_number",
        ),
        "forward_to_teams" => refer(old, "forward_to_teams_id", &mut new, "forward_to_teams", "teams_app_id"),
        _ => {}
    }
    new
}

/// An instruction to leave a message is only for callers who can do something else than that.
fn check_instruction(kind: Extension, now: &Doc, change: &Doc, old: &Doc) -> Result<(), Refusal> {
    if old.get("voicemail_leaving_instruction_id").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Ok(());
    }
    let keys = actions::keys(kind);
    let boxes: Vec<_> = keys
        .iter()
        .filter(|key| change.get(**key).or_else(|| now.get(**key)) == Some(&json!("forward_to_voicemail")))
        .collect();
    if boxes.is_empty() {
        return Err(Refusal::bad(
            400,
            "The forwarding of busy on another call and the forwarding of unanswered calls are both not set to \
             'Forward to voicemail/videomail', so you can't update the voicemail leaving instruction.",
        ));
    }
    let on = |field: &str| {
        let current = boxes.iter().find_map(|key| now.get(&format!("{key}_setting"))?.get(field));
        old.get(field).or(current) == Some(&json!(true))
    };
    if !on("connect_to_operator") && !on("allow_callers_check_voicemail") {
        return Err(Refusal::bad(
            400,
            "Since 'Allow callers to reach an operator' and 'Allow callers to check voicemail' are disabled, you \
             can't update the voicemail leaving instruction.",
        ));
    }
    Ok(())
}
