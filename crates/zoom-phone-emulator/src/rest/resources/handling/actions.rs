//! Which actions each kind of extension has, and what is set with each of them.

use serde_json::{Value, json};

use super::names;
use super::target::Target;
use super::{Doc, Extension, Refusal, World};
use crate::world::at;

/// The fields of `call_handling_setting` that name actions.
pub(super) fn keys(kind: Extension) -> &'static [&'static str] {
    match kind {
        Extension::User => &["busy_on_another_call_action", "call_not_answer_action"],
        Extension::Receptionist => &["routing_action"],
        Extension::Queue | Extension::SharedLines => &["overflow_action"],
        Extension::CommonArea | Extension::Room => &["call_not_answer_action"],
    }
}

/// Whether an action may be set there. The enums of shared line groups name four more, which they have no settings
/// for.
pub(super) fn is_allowed(kind: Extension, key: &str, action: &str) -> bool {
    let busy = key == "busy_on_another_call_action";
    match action {
        "forward_to_voicemail"
        | "forward_to_extension"
        | "forward_to_external_contact"
        | "play_message_then_disconnect" => true,
        "forward_to_external_number" => kind != Extension::CommonArea,
        "disconnect" => !busy && kind != Extension::Receptionist,
        "call_waiting" | "play_busy_signal" => busy,
        "forward_to_ivr" | "forward_to_voicemail_access" | "forward_to_partner_contact_center" => {
            kind == Extension::Receptionist
        }
        "forward_to_zoom_contact_center" | "forward_to_teams" => {
            matches!(kind, Extension::Receptionist | Extension::Queue | Extension::SharedLines)
        }
        _ => false,
    }
}

/// Refuses what a user's own policies forbid. Of overflow there are degrees: 1 forbids external numbers, 2 contacts as
/// well, 3 also extensions whose incoming calls are not recorded, 4 nothing.
pub(super) fn check_policies(
    world: &World,
    target: &Target,
    action: &str,
    setting: Option<&Doc>,
) -> Result<(), Refusal> {
    let Some(policy) = world.get(&target.address).and_then(|doc| doc.get("policy")) else { return Ok(()) };
    let off = |name: &str| policy.get(name).is_some_and(|policy| policy["enable"] == json!(false));
    if action == "forward_to_voicemail" && off("voicemail") {
        return Err(Refusal::bad(400, "The extension's voicemail policy is disabled."));
    }
    if action.starts_with("forward_to_e") && off("call_overflow") {
        let message = "Failed to overflow to an extension since the user overflow policy is disabled.";
        return Err(Refusal::bad(400, message));
    }
    let degree = policy.get("call_overflow").and_then(|policy| policy["call_overflow_type"].as_i64());
    let recorded = || {
        let id = setting?.get("forward_to_extension")?["extension_id"].as_str()?;
        let recording = world.get(&world.extension(id)?)?.get("policy")?.get("auto_call_recording")?;
        let inbound = matches!(recording["recording_calls"].as_str(), Some("inbound" | "both"));
        (recording["enable"] == json!(true) && inbound).then_some(())
    };
    let forbidden = match (action, degree) {
        ("forward_to_external_number", Some(1..=3)) => "an external number",
        ("forward_to_external_contact", Some(2 | 3)) => "an external contact",
        ("forward_to_extension", Some(3)) if recorded().is_none() => {
            "an internal extension without inbound Automatic Call Recording"
        }
        _ => return Ok(()),
    };
    let message = format!("Failed to overflow to {forbidden} since the user overflow policy is restricted.");
    Err(Refusal::bad(400, message))
}

/// What a field of a setting holds.
#[derive(Clone, Copy)]
enum Holds {
    Extension,
    /// The voicemail box of an extension; empty is the own one.
    Mailbox,
    Operator,
    Contact,
    Audio,
    PhoneNumber,
    Text,
    Flag,
    /// An object with one text.
    Only(&'static str),
}

/// The fields that go with an action, and whether they must be there.
fn fields(kind: Extension, action: &str) -> Vec<(&'static str, Holds, bool)> {
    let user = kind == Extension::User;
    let keep = |fields: Vec<(&'static str, Holds, bool, bool)>| {
        fields.into_iter().filter(|it| it.3).map(|(name, holds, must, _)| (name, holds, must)).collect()
    };
    let receptionist = kind == Extension::Receptionist;
    let queue = kind == Extension::Queue;
    let personal = matches!(kind, Extension::User | Extension::CommonArea);
    match action {
        "forward_to_voicemail" => keep(vec![
            ("leave_voicemail_to", Holds::Mailbox, false, receptionist || queue),
            ("voicemail_greeting", Holds::Audio, false, true),
            ("connect_to_operator", Holds::Flag, false, !receptionist),
            ("operator_extension", Holds::Operator, false, !receptionist),
            ("allow_callers_check_voicemail", Holds::Flag, false, !receptionist && !queue),
            ("leave_voicemail_instruction", Holds::Audio, false, !receptionist),
            ("play_callee_voicemail_greeting", Holds::Flag, false, personal),
        ]),
        "forward_to_extension" => keep(vec![
            ("forward_to_extension", Holds::Extension, true, true),
            ("play_callee_voicemail_greeting", Holds::Flag, false, personal),
        ]),
        "forward_to_external_contact" => keep(vec![
            ("forward_to_external_contact", Holds::Contact, true, true),
            ("require_press_1_before_connecting", Holds::Flag, false, user),
        ]),
        "forward_to_external_number" => keep(vec![
            ("forward_phone_number", Holds::PhoneNumber, true, true),
            ("forward_phone_number_description", Holds::Text, false, user),
            ("require_press_1_before_connecting", Holds::Flag, false, user),
        ]),
        "play_message_then_disconnect" => vec![("message_greeting", Holds::Audio, false)],
        "forward_to_partner_contact_center" => {
            vec![("forward_to_partner_contact_center", Holds::Only("partner_contact_center_id"), true)]
        }
        "forward_to_zoom_contact_center" if queue => {
            vec![("zoom_contact_center_number", Holds::PhoneNumber, true)]
        }
        "forward_to_zoom_contact_center" => {
            vec![("forward_to_zoom_contact_center", Holds::Only("zoom_contact_center_number"), true)]
        }
        "forward_to_teams" => vec![("forward_to_teams", Holds::Only("teams_app_id"), true)],
        _ => Vec::new(),
    }
}

/// A setting after a change to it: only what belongs to the action, with everything that it needs, and nothing that
/// does not exist. `None` where the action has no setting.
pub(super) fn changed(
    world: &World,
    target: &Target,
    (key, action): (&str, &str),
    mut setting: Doc,
    change: Option<&Doc>,
) -> Result<Option<Doc>, Refusal> {
    let fields = fields(target.kind, action);
    if fields.is_empty() {
        return Ok(None);
    }
    for &(name, holds, must) in &fields {
        let field = || format!("call_handling_setting.{key}_setting.{name}");
        if let Some(value) = change.and_then(|change| change.get(name)) {
            setting.insert(name.to_owned(), checked(world, target, &field(), holds, value)?);
        }
        if must && !setting.contains_key(name) {
            return Err(Refusal::field(&field(), "is required for this action"));
        }
    }
    setting.retain(|name, _| fields.iter().any(|(known, ..)| known == name));
    if setting.get("connect_to_operator") == Some(&json!(true)) && !setting.contains_key("operator_extension")
    {
        let field = format!("call_handling_setting.{key}_setting.operator_extension");
        return Err(Refusal::field(&field, "is required to connect to an operator"));
    }
    Ok(Some(setting))
}

fn checked(
    world: &World,
    target: &Target,
    field: &str,
    holds: Holds,
    value: &Value,
) -> Result<Value, Refusal> {
    let inner = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match holds {
        Holds::Extension => {
            let id = inner("extension_id");
            extension(world, id)?;
            Ok(json!({ "extension_id": id }))
        }
        Holds::Mailbox => {
            let own = target.extension_id(world);
            let id = Some(inner("extension_id")).filter(|id| !id.is_empty()).unwrap_or(own);
            match extension(world, id)? {
                Extension::CommonArea | Extension::Room => Err(no_extension(id)),
                _ => Ok(json!({ "extension_id": id })),
            }
        }
        Holds::Operator => {
            let id = inner("extension_id");
            if id == target.extension_id(world) {
                return Err(Refusal::bad(400, "You cannot assign yourself as the operator."));
            }
            extension(world, id)?;
            Ok(json!({ "extension_id": id }))
        }
        Holds::Contact => contact(world, inner("external_contact_id")),
        Holds::Audio => audio(world, inner("audio_id"), &[""]),
        Holds::PhoneNumber => phone_number(field, value),
        Holds::Only(name) => match inner(name) {
            "" => Err(Refusal::field(&format!("{field}.{name}"), "is required")),
            id => Ok(json!({ name: id })),
        },
        // Several forms are documented for a setting, so that nobody has looked at these yet.
        Holds::Text if !value.is_string() => Err(Refusal::field(field, "must be text")),
        Holds::Flag if !value.is_boolean() => Err(Refusal::field(field, "must be true or false")),
        Holds::Text | Holds::Flag => Ok(value.clone()),
    }
}

/// What is at an `extension_id`; 13808 if nothing is.
pub(super) fn extension(world: &World, id: &str) -> Result<Extension, Refusal> {
    world.extension(id).and_then(|address| Extension::at(&address)).ok_or_else(|| no_extension(id))
}

fn no_extension(id: &str) -> Refusal {
    Refusal::bad(13808, format!("Extension does not exist: {id}."))
}

/// The reference to a contact; 13810 if there is none.
pub(super) fn contact(world: &World, id: &str) -> Result<Value, Refusal> {
    match names::contact(world, id) {
        Some(_) => Ok(json!({ "external_contact_id": id })),
        None => Err(Refusal::bad(13810, format!("External contact does not exist: {id}."))),
    }
}

/// The reference to an audio item; 13802 if there is none and the id is none of the words that the field has besides.
pub(super) fn audio(world: &World, id: &str, words: &[&str]) -> Result<Value, Refusal> {
    if words.contains(&id) || is_audio(world, id) {
        return Ok(json!({ "audio_id": id }));
    }
    Err(Refusal::bad(13802, format!("Audio does not exist: {id}.")))
}

/// Whether the library has this item.
pub(super) fn is_audio(world: &World, id: &str) -> bool {
    world.get(&format!("{}/{id}", at::AUDIOS)).is_some()
}

/// A number in the international form.
pub(super) fn phone_number(field: &str, value: &Value) -> Result<Value, Refusal> {
    let digits = value.as_str().and_then(|text| text.strip_prefix('+')).unwrap_or_default();
    if (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(value.clone());
    }
    Err(Refusal::field(field, "must be a phone number in E.164 format"))
}

/// Leaves out of a voicemail setting what has no effect: the instruction when callers can neither reach an operator nor
/// check voicemail, the callee's greeting without an operator.
pub(super) fn hide_without_effect(setting: &mut Value) {
    let Value::Object(setting) = setting else { return };
    if !setting.contains_key("voicemail_greeting") {
        return;
    }
    let on = |field: &str| setting.get(field) == Some(&json!(true));
    let (operator, check) = (on("connect_to_operator"), on("allow_callers_check_voicemail"));
    if !operator {
        setting.remove("play_callee_voicemail_greeting");
        setting.remove("operator_extension");
    }
    if !operator && !check {
        setting.remove("leave_voicemail_instruction");
    }
}
