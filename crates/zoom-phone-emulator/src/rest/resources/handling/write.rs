//! Changes of call handling, for both families of operations.

use serde_json::{Value, json};

use super::target::Target;
use super::{Doc, Extension, HourType, Refusal, World, actions, company_hours};
use crate::world::{OWN_APPS, voicemail};

const VOICEMAIL: &str = "forward_to_voicemail";
const BUSY: &str = "busy_on_another_call_action";
const UNANSWERED: &str = "call_not_answer_action";

/// Changes what a body of the new family names. What it does not name stays, as is stated for call queues; an action
/// without its setting keeps the setting, or has a new one where that is possible. What the kind does not have in such
/// hours is ignored.
pub(super) fn handling(
    world: &mut World,
    target: &Target,
    hours: &HourType,
    body: &Doc,
) -> Result<(), Refusal> {
    let mut doc = company_hours::handling(world, &target.address, hours);
    let given = |name: &str| body.get(name).and_then(Value::as_object);
    if let Some(rows) = body.get("call_forward_settings").and_then(Value::as_array) {
        change_forwards(world, &mut doc, rows)?;
    }
    // What the kind has in these hours is there by default.
    if let (Some(change), Some(greetings)) = (given("greeting_setting"), part(&mut doc, "greeting_setting")) {
        change_greetings(world, greetings, change)?;
    }
    if let (Some(change), Some(setting)) =
        (given("call_distribution_setting"), part(&mut doc, "call_distribution_setting"))
    {
        change_distribution(target.kind, setting, change)?;
    }
    if let (Some(change), Some(setting)) =
        (given("call_handling_setting"), part(&mut doc, "call_handling_setting"))
    {
        change_actions(world, target, hours, setting, change)?;
    }
    for (name, value) in body.iter().filter(|(name, _)| name.starts_with('_')) {
        doc.insert(name.clone(), value.clone());
    }
    world.put(format!("{}/call_handling/settings/{}", target.address, hours.step()), doc);
    Ok(())
}

/// Whether a user forwards calls to more than Zoom's own apps.
pub(super) fn has_own_forwards(handling: &Doc) -> bool {
    let rows = handling.get("call_forward_settings").and_then(Value::as_array);
    rows.is_some_and(|rows| rows.iter().any(|row| !is_own_app(row)))
}

/// Whether a row of a forwarding list stands for apps of Zoom's: it has no number and cannot be deleted.
pub(super) fn is_own_app(row: &Value) -> bool {
    row.get("phone_number").is_none()
        && row["phone_number_description"].as_str().is_some_and(|text| OWN_APPS.contains(&text))
}

fn part<'a>(doc: &'a mut Doc, name: &str) -> Option<&'a mut Doc> {
    doc.get_mut(name)?.as_object_mut()
}

fn change_forwards(world: &World, doc: &mut Doc, changes: &[Value]) -> Result<(), Refusal> {
    // Only users have such rows.
    let Some(rows) = doc.get_mut("call_forward_settings").and_then(Value::as_array_mut) else {
        return Ok(());
    };
    for change in changes.iter().filter_map(Value::as_object) {
        let id = change.get("call_forward_id").and_then(Value::as_str).unwrap_or_default();
        let row = rows.iter_mut().find(|row| row["call_forward_id"] == id);
        let row = row.ok_or_else(|| Refusal::bad(15103, format!("Call forward does not exist: {id}.")))?;
        let own_app = is_own_app(row);
        let Value::Object(row) = row else { continue };
        if let Some(enable) = change.get("enable") {
            row.insert("enable".to_owned(), enable.clone());
        }
        if !own_app {
            forward_target(world, row, change)?;
        }
    }
    Ok(())
}

/// Writes into a forwarding row where calls go: a number or a contact.
pub(super) fn forward_target(world: &World, row: &mut Doc, change: &Doc) -> Result<(), Refusal> {
    if let Some(contact) = change.get("external_contact").filter(|it| it.get("external_contact_id").is_some())
    {
        let id = contact["external_contact_id"].as_str().unwrap_or_default();
        row.insert("external_contact".to_owned(), actions::contact(world, id)?);
        row.remove("phone_number");
    } else if let Some(number) = change.get("phone_number") {
        let number = actions::phone_number("call_forward_settings.phone_number", number)?;
        row.insert("phone_number".to_owned(), number);
        row.remove("external_contact");
    }
    if let Some(text) = change.get("phone_number_description") {
        row.insert("phone_number_description".to_owned(), text.clone());
    }
    Ok(())
}

fn change_greetings(world: &World, greetings: &mut Doc, change: &Doc) -> Result<(), Refusal> {
    for (name, words) in [
        ("greeting_prompt", ["", "disable", ""]),
        ("audio_while_connecting", ["", "disable", "ring_tone"]),
        ("music_on_hold", ["", "disable", ""]),
    ] {
        let id = change.get(name).and_then(|audio| audio.get("audio_id")).and_then(Value::as_str);
        // A receptionist has no more than the prompt.
        if let Some(id) = id.filter(|_| greetings.contains_key(name)) {
            greetings.insert(name.to_owned(), actions::audio(world, id, &words)?);
        }
    }
    Ok(())
}

fn change_distribution(kind: Extension, setting: &mut Doc, change: &Doc) -> Result<(), Refusal> {
    let known: &[&str] = match kind {
        Extension::User => &["ring_mode", "simultaneous_ring_max_wait_time", "sequential_ring_duration"],
        Extension::Queue => &[
            "max_wait_time",
            "wrap_up_time",
            "max_call_in_queue",
            "receive_calls_while_on_a_call",
            "allow_members_to_set_own_business_hours",
            "ring_mode",
        ],
        Extension::SharedLines => &["max_wait_time"],
        Extension::CommonArea => &["ring_device", "ring_duration"],
        Extension::Receptionist | Extension::Room => &[],
    };
    let before = setting.get("ring_mode").cloned();
    for name in known {
        if let Some(value) = change.get(*name) {
            setting.insert((*name).to_owned(), value.clone());
        }
    }
    if kind == Extension::Queue {
        ring_mode(setting, before.as_ref(), change.get("ring_mode_setting").and_then(Value::as_object))?;
    }
    Ok(())
}

/// Brings the `ring_mode_setting` of a queue in line with its mode.
fn ring_mode(setting: &mut Doc, before: Option<&Value>, change: Option<&Doc>) -> Result<(), Refusal> {
    let mode = setting.get("ring_mode").cloned();
    let one_by_one = json!({
        "ring_duration": 20,
        "handle_multiple_calls": false,
        "skip_offline_device_phone_number": false,
    });
    let defaults = match mode.as_ref().and_then(Value::as_str) {
        Some("sequential" | "rotating" | "longest_idle") => one_by_one,
        Some("group_rotating") => json!({ "ring_duration": 20, "group_size": 2 }),
        Some("custom_group_rotating") => json!({ "ring_duration": 20 }),
        _ => {
            setting.remove("ring_mode_setting");
            return Ok(());
        }
    };
    let custom = mode == Some(json!("custom_group_rotating"));
    let old = setting.get("ring_mode_setting").filter(|_| mode.as_ref() == before);
    let (Value::Object(mut new), old) = (defaults, old.cloned().unwrap_or_default()) else { return Ok(()) };
    for (name, value) in &mut new {
        // There is no way to write the duration of custom groups.
        let given = change.filter(|_| !custom).and_then(|change| change.get(name));
        let Some(set) = given.or_else(|| old.get(name)) else { continue };
        let fits = match name.as_str() {
            "ring_duration" => true,
            "group_size" => set.as_i64().is_some_and(|size| (2..=50).contains(&size)),
            _ => set.is_boolean(),
        };
        if !fits {
            let field = format!("call_distribution_setting.ring_mode_setting.{name}");
            return Err(Refusal::field(&field, "is not possible"));
        }
        value.clone_from(set);
    }
    setting.insert("ring_mode_setting".to_owned(), Value::Object(new));
    Ok(())
}

fn change_actions(
    world: &World,
    target: &Target,
    hours: &HourType,
    setting: &mut Doc,
    change: &Doc,
) -> Result<(), Refusal> {
    let beside = |key: &str| format!("{key}_setting");
    let given = |key: &str| change.get(&beside(key)).and_then(Value::as_object);
    let both =
        |setting: &Doc| [BUSY, UNANSWERED].iter().all(|key| setting.get(*key) == Some(&json!(VOICEMAIL)));
    let one_box = target.kind == Extension::User;
    if one_box
        && both(setting)
        && let Some(box_of_both) = setting.get(&beside(UNANSWERED)).cloned()
    {
        setting.insert(beside(BUSY), box_of_both);
    }
    let was_unanswered = setting.get(UNANSWERED) == Some(&json!(VOICEMAIL));
    for &key in actions::keys(target.kind) {
        if !change.contains_key(key) && given(key).is_none() {
            continue;
        }
        let before = setting.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let action =
            change.get(key).and_then(Value::as_str).map(ToOwned::to_owned).or_else(|| before.clone());
        let action = action.unwrap_or_default();
        if !actions::is_allowed(target.kind, key, &action) {
            let field = format!("call_handling_setting.{key}");
            return Err(Refusal::field(&field, format!("{action} is not possible here")));
        }
        let old =
            setting.get(&beside(key)).and_then(Value::as_object).filter(|_| before.as_ref() == Some(&action));
        let old = match (old, action.as_str()) {
            (Some(old), _) if !old.is_empty() => old.clone(),
            (_, VOICEMAIL) => as_object(voicemail(world, &target.address, hours)),
            (_, "play_message_then_disconnect") => {
                as_object(json!({ "message_greeting": { "audio_id": "" } }))
            }
            _ => Doc::new(),
        };
        let new = actions::changed(world, target, (key, &action), old, given(key))?;
        actions::check_policies(world, target, &action, new.as_ref())?;
        setting.insert(key.to_owned(), Value::String(action));
        match new {
            Some(new) => setting.insert(beside(key), Value::Object(new)),
            None => setting.remove(&beside(key)),
        };
    }
    if one_box && both(setting) {
        // The box that was there first counts, with what was said of either.
        let first = if was_unanswered { UNANSWERED } else { BUSY };
        let mut box_of_both =
            setting.get(&beside(first)).and_then(Value::as_object).cloned().unwrap_or_default();
        for key in [BUSY, UNANSWERED] {
            let changed = actions::changed(world, target, (key, VOICEMAIL), box_of_both.clone(), given(key))?;
            box_of_both = changed.unwrap_or_default();
        }
        setting.insert(beside(UNANSWERED), Value::Object(box_of_both));
        setting.insert(beside(BUSY), json!({}));
    }
    Ok(())
}

fn as_object(value: Value) -> Doc {
    match value {
        Value::Object(object) => object,
        _ => Doc::new(),
    }
}
