//! Call handling that nobody has set: Zoom's defaults.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::hours::{Extension, HourType, object, site};
use super::{Doc, World};

/// What becomes of a call in these hours, as the kind's GET of `call_handling/settings` shows it, without names:
/// references are ids. What the extension has not set is as by default. Of a user whose both actions are
/// `forward_to_voicemail`, the settings are with `call_not_answer_action`, and those of the other are `{}`.
pub(crate) fn handling(world: &World, extension: &str, hours: &HourType) -> Doc {
    let mut filled = default(world, extension, hours);
    let Some(own) = world.get(&format!("{extension}/call_handling/settings/{}", hours.step())) else {
        return filled;
    };
    for (name, value) in own {
        match (filled.get_mut(name).and_then(Value::as_object_mut), value.as_object()) {
            (Some(defaults), Some(own)) => overlay(defaults, own),
            _ => {
                filled.insert(name.clone(), value.clone());
            }
        }
    }
    filled
}

/// The menu of a receptionist in these hours, as `getAutoReceptionistIVR` shows it, without names and without keys that
/// do nothing. A menu that nobody has set takes messages on 0 and repeats itself on the star.
pub(crate) fn menu(world: &World, receptionist: &str, hours: &HourType) -> Doc {
    let mut menu = object(json!({
        "audio_prompt": { "id": "" },
        "caller_enters_no_action": { "action": -1, "audio_prompt_repeat": 3 },
        "key_actions": [{ "key": "0", "action": 100 }, { "key": "*", "action": 21 }],
        "allow_callers_to_navigate_ivr": { "enable": false, "voice_input_confidence_score": "high" },
        "allow_dialing_by_extension": true,
    }));
    let own = world.get(&format!("{receptionist}/ivr/{}", hours.step()));
    menu.extend(own.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    menu
}

/// Own fields replace the defaults; with an action goes its setting.
fn overlay(defaults: &mut Doc, own: &Doc) {
    for (name, value) in own {
        if defaults.get(name) != Some(value) {
            defaults.remove(&format!("{name}_setting"));
        }
    }
    defaults.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
}

/// The rows that every user's forwarding list begins with; they are known by their descriptions.
pub(crate) const OWN_APPS: [&str; 3] = ["Zoom Mobile Apps", "Zoom Desktop Apps", "Zoom Phone Appliance Apps"];

fn default(world: &World, extension: &str, hours: &HourType) -> Doc {
    let Some(kind) = Extension::at(extension) else { return Doc::new() };
    let voicemail = voicemail(world, extension, hours);
    let open = *hours == HourType::Business;
    object(match kind {
        Extension::User => json!({
            "call_forward_settings": own_apps(extension, hours),
            "call_distribution_setting": {
                "ring_mode": "simultaneous",
                "simultaneous_ring_max_wait_time": 30,
                "sequential_ring_duration": 20,
            },
            "call_handling_setting": if open {
                json!({
                    "busy_on_another_call_action": "call_waiting",
                    "call_not_answer_action": "forward_to_voicemail",
                    "call_not_answer_action_setting": voicemail,
                })
            } else {
                json!({
                    "busy_on_another_call_action": "forward_to_voicemail",
                    "busy_on_another_call_action_setting": {},
                    "call_not_answer_action": "forward_to_voicemail",
                    "call_not_answer_action_setting": voicemail,
                })
            },
        }),
        Extension::Receptionist => json!({
            "greeting_setting": { "greeting_prompt": { "audio_id": "" } },
            "call_handling_setting": {
                "routing_action": "forward_to_voicemail",
                "routing_action_setting": voicemail,
            },
        }),
        Extension::Queue => {
            let mut queue = json!({ "call_handling_setting": {
                "overflow_action": "forward_to_voicemail",
                "overflow_action_setting": voicemail,
            } });
            if open {
                queue["greeting_setting"] = json!({
                    "greeting_prompt": { "audio_id": "" },
                    "audio_while_connecting": { "audio_id": "" },
                    "music_on_hold": { "audio_id": "" },
                });
                queue["call_distribution_setting"] = json!({
                    "max_wait_time": 60,
                    "wrap_up_time": 10,
                    "max_call_in_queue": 60,
                    "receive_calls_while_on_a_call": false,
                    "ring_mode": "simultaneous",
                    "allow_members_to_set_own_business_hours": false,
                });
            }
            queue
        }
        Extension::SharedLines => {
            let mut lines = json!({ "call_handling_setting": {
                "overflow_action": "forward_to_voicemail",
                "overflow_action_setting": voicemail,
            } });
            if open {
                lines["call_distribution_setting"] = json!({ "max_wait_time": 30 });
            }
            lines
        }
        Extension::CommonArea => json!({
            "call_distribution_setting": { "ring_device": open, "ring_duration": 30 },
            "call_handling_setting": { "call_not_answer_action": "disconnect" },
        }),
        Extension::Room => json!({ "call_handling_setting": { "call_not_answer_action": "disconnect" } }),
    })
}

/// The setting of `forward_to_voicemail` that nobody changed: the own box with the default greeting. Whether callers
/// reach an operator or may check voicemail there, the site says.
pub(crate) fn voicemail(world: &World, extension: &str, hours: &HourType) -> Value {
    let kind = Extension::at(extension);
    let mut setting = json!({ "voicemail_greeting": { "audio_id": "" } });
    if matches!(kind, Some(Extension::Receptionist | Extension::Queue)) {
        let own = world.get(extension).and_then(|doc| doc.get("extension_id"));
        setting["leave_voicemail_to"] = json!({ "extension_id": own });
    }
    if kind == Some(Extension::Receptionist) {
        return setting;
    }
    let overflow = overflow(world, extension, hours);
    let flag = |name: &str| overflow.get(name).and_then(Value::as_bool).unwrap_or(false);
    let operator = flag("allow_caller_to_reach_operator");
    let check = flag("allow_caller_to_check_voicemail") && kind != Some(Extension::Queue);
    setting["connect_to_operator"] = json!(operator);
    if kind != Some(Extension::Queue) {
        setting["allow_callers_check_voicemail"] = json!(check);
    }
    if operator && let Some(id) = overflow.get("operator").and_then(|operator| operator.get("extension_id")) {
        setting["operator_extension"] = json!({ "extension_id": id });
    }
    if operator || check {
        setting["leave_voicemail_instruction"] = json!({ "audio_id": "" });
    }
    setting
}

/// What the site sets for users, queues and shared line groups in such hours.
fn overflow(world: &World, extension: &str, hours: &HourType) -> Doc {
    let hours = match hours {
        HourType::Business | HourType::Break(_) => "business_hours",
        HourType::Closed => "closed_hours",
        HourType::Holiday(_) => "holiday_hours",
    };
    let applies =
        matches!(Extension::at(extension), Some(Extension::User | Extension::Queue | Extension::SharedLines));
    let site = site(world, extension).filter(|_| applies);
    let doc = site.and_then(|site| world.get(&format!("{site}/settings/{hours}")));
    let overflow = doc.and_then(|doc| doc.get(hours)).and_then(|doc| doc.get("overflow"));
    overflow.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn own_apps(user: &str, hours: &HourType) -> Vec<Value> {
    let row = |app: &&str| {
        json!({
            "call_forward_id": id_of(&format!("{user} {} {app}", hours.step())),
            "enable": true,
            "phone_number_description": app,
        })
    };
    OWN_APPS.iter().map(row).collect()
}

/// An id that follows from a text, of the form of Zoom's: 22 characters of base64url.
pub(crate) fn id_of(text: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let mut id = URL_SAFE_NO_PAD.encode(Sha256::digest(text));
    id.truncate(22);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        let mut world = World::default();
        for (list, id) in [("users", "u"), ("call_queues", "q"), ("auto_receptionists", "r")] {
            let doc = json!({ "id": id, "extension_id": id.to_uppercase(), "site": { "id": "s" } });
            world.put(format!("/phone/{list}/{id}"), object(doc));
        }
        world
    }

    #[test]
    fn what_is_set_replaces_the_default_and_the_rest_stays() {
        let mut world = world();
        let set = json!({
            "call_distribution_setting": { "max_wait_time": 120 },
            "call_handling_setting": { "overflow_action": "disconnect" },
        });
        world.put("/phone/call_queues/q/call_handling/settings/business_hours", object(set));
        let handling = Value::Object(handling(&world, "/phone/call_queues/q", &HourType::Business));
        assert_eq!(handling["call_distribution_setting"]["max_wait_time"], 120);
        assert_eq!(handling["call_distribution_setting"]["ring_mode"], "simultaneous");
        assert_eq!(handling["call_handling_setting"], json!({ "overflow_action": "disconnect" }));
    }

    #[test]
    fn by_default_a_receptionist_takes_messages_for_itself() {
        let handling = Value::Object(handling(&world(), "/phone/auto_receptionists/r", &HourType::Closed));
        let setting = &handling["call_handling_setting"]["routing_action_setting"];
        assert_eq!(setting["leave_voicemail_to"]["extension_id"], "R");
    }

    #[test]
    fn the_site_decides_about_the_operator_until_the_user_does() {
        let mut world = world();
        let overflow = json!({ "closed_hours": { "overflow": {
            "allow_caller_to_reach_operator": true,
            "operator": { "extension_id": "Q" },
        } } });
        world.put("/phone/sites/s/settings/closed_hours", object(overflow));
        let of = |hours| {
            Value::Object(handling(&world, "/phone/users/u", &hours))["call_handling_setting"]
            ["call_not_answer_action_setting"]
            .clone()
        };
        assert_eq!(of(HourType::Closed)["operator_extension"]["extension_id"], "Q");
        assert_eq!(of(HourType::Business)["connect_to_operator"], false);
    }
}
