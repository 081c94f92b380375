//! Menus of auto receptionists: `GET` and `PATCH …/ivr`, one for each kind of hours.

use serde_json::{Value, json};

use super::target::Target;
use super::{Answer, Ask, Doc, Extension, Handler, HourType, Refusal, World, actions, company_hours, names};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_auto_receptionist_ivr" => get,
        "update_auto_receptionist_ivr" => update,
        _ => return None,
    })
}

/// `getAutoReceptionistIVR`.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let hours = hours(
            world,
            &target,
            ask.query.one("hours_type"),
            ask.query.one("holiday_id"),
            ask.query.one("break_id"),
        )?;
        let mut menu = Value::Object(company_hours::menu(world, &target.address, &hours));
        show(world, &mut menu);
        Ok(Answer::Json(menu))
    })
}

/// A holiday wins over a break, and both over the kind of hours.
fn hours(
    world: &World,
    target: &Target,
    kind: Option<&str>,
    holiday: Option<&str>,
    pause: Option<&str>,
) -> Result<HourType, Refusal> {
    let kind = match (holiday, pause, kind) {
        (Some(_), _, _) => "holiday_hours",
        (None, Some(_), _) => "break_hours",
        (None, None, kind) => kind.unwrap_or("business_hours"),
    };
    target.hours(world, kind, holiday, pause).map_err(|_| {
        let (what, id) = if kind == "holiday_hours" { ("Holiday", holiday) } else { ("Break", pause) };
        Refusal::bad(400, format!("{what} hours handling does not exist: {}.", id.unwrap_or_default()))
    })
}

/// Adds names to ids. Audio that is gone from the library has an id that says so.
fn show(world: &World, menu: &mut Value) {
    match menu {
        Value::Array(items) => items.iter_mut().for_each(|item| show(world, item)),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match name.as_str() {
                    "audio_prompt" | "voicemail_greeting" => super::old_show::name_audio(world, value),
                    "forward_to" | "target" => name_target(world, value),
                    _ => show(world, value),
                }
            }
        }
        _ => {}
    }
}

fn name_target(world: &World, target: &mut Value) {
    let id = target["extension_id"].as_str();
    let Some(address) = id.and_then(|id| world.extension(id)) else { return };
    let Some(doc) = world.get(&address) else { return };
    // A number elsewhere, text here.
    let number =
        doc.get("extension_number").map(|it| it.as_str().map_or_else(|| it.to_string(), ToOwned::to_owned));
    let known = names::known(json!({
        "id": doc.get("id"),
        "display_name": names::name_of(doc),
        "extension_number": number,
    }));
    if let Value::Object(target) = target {
        target.extend(known);
    }
}

/// `updateAutoReceptionistIVR`: the prompt, what happens without a key, and one key. The kind of hours is in the body;
/// in the query it has no effect, and neither has `key_actions`.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let text = |field: &str| ask.body.get(field).and_then(Value::as_str);
        let hours = hours(world, &target, text("hours_type"), text("holiday_id"), text("break_id"))?;
        let mut menu = company_hours::menu(world, &target.address, &hours);
        if let Some(id) = text("audio_prompt_id") {
            menu.insert("audio_prompt".to_owned(), json!({ "id": audio(world, id)? }));
        }
        if let Some(change) = ask.body.get("caller_enters_no_action") {
            menu.insert("caller_enters_no_action".to_owned(), no_action(world, change)?);
        }
        if let Some(change) = ask.body.get("key_action") {
            set_key(world, &mut menu, change)?;
        }
        if let Some(Value::Object(change)) = ask.body.get("allow_callers_to_navigate_ivr") {
            let mut voice = json!({ "enable": false, "voice_input_confidence_score": "high" });
            for (name, value) in change {
                voice[name] = value.clone();
            }
            menu.insert("allow_callers_to_navigate_ivr".to_owned(), voice);
        }
        if let Some(allow) = ask.body.get("allow_dialing_by_extension") {
            menu.insert("allow_dialing_by_extension".to_owned(), allow.clone());
        }
        world.put(format!("{}/ivr/{}", target.address, hours.step()), menu);
        Ok(Answer::Done)
    })
}

/// What callers get who press nothing, as GET has it. The number of repetitions is required.
fn no_action(world: &World, change: &Value) -> Result<Value, Refusal> {
    let action = change["action"].as_i64();
    let possible = [-1, 2, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 19, 24, 25];
    let Some(action) = action.filter(|action| possible.contains(action)) else {
        return Err(Refusal::invalid(
            "The action value set for if caller enters no action after the prompt played is not correct.",
        ));
    };
    let Some(repeat) = change["audio_prompt_repeat"].as_i64() else {
        return Err(Refusal::invalid(
            "The number of times to repeat the audio prompt is required and can not be greater than 5.",
        ));
    };
    let mut set = json!({ "action": action, "audio_prompt_repeat": repeat });
    if let Some(seconds) = change["caller_no_input_timeout"].as_i64() {
        set["caller_no_input_timeout"] = json!(seconds);
    }
    let mut to = change["forward_to"].as_object().cloned().unwrap_or_default();
    if let Some(id) = change.get("forward_to_extension_id") {
        to.insert("extension_id".to_owned(), id.clone());
    }
    let to = destination(world, action, &to)
        .map_err(|_| Refusal::invalid("The id for noAction to forward to is not correct."))?;
    if !to.is_empty() {
        set["forward_to"] = Value::Object(to);
    }
    if let Some(greeting) = greeting(world, action, change)? {
        set["voicemail_greeting"] = greeting;
    }
    Ok(set)
}

/// Sets one key. A key without an action is not in the menu.
fn set_key(world: &World, menu: &mut Doc, change: &Value) -> Result<(), Refusal> {
    let wrong = || Refusal::invalid("The action value is not correct.");
    let key = change["key"].as_str().unwrap_or_default();
    let (digit, sign) = match key.as_bytes() {
        [b'0'..=b'9'] => (true, false),
        [b'*' | b'#'] => (false, true),
        _ => return Err(Refusal::field("key_action.key", "must be one of 0 to 9, *, #")),
    };
    let action = change["action"].as_i64().ok_or_else(wrong)?;
    let possible = match action {
        -1 | 2..=10 | 12 | 15..=19 | 24 | 25 | 27..=29 | 100 | 200 | 300 | 400 | 500 => true,
        21..=23 => sign,
        26 => digit,
        _ => false,
    };
    if !possible {
        return Err(wrong());
    }
    let to = change["target"].as_object().cloned().unwrap_or_default();
    let mut set = json!({ "key": key, "action": action });
    let to = destination(world, action, &to)?;
    if !to.is_empty() {
        set["target"] = Value::Object(to);
    }
    if let Some(greeting) = greeting(world, action, change)? {
        set["voicemail_greeting"] = greeting;
    }
    let keys = menu.entry("key_actions").or_insert_with(|| json!([]));
    let Value::Array(keys) = keys else { return Ok(()) };
    keys.retain(|known| known["key"] != key);
    if action != -1 {
        keys.push(set);
    }
    keys.sort_by_key(|key| "1234567890*#".find(key["key"].as_str().unwrap_or_default()));
    Ok(())
}

/// What an action needs to know of where the call goes.
fn destination(world: &World, action: i64, to: &Doc) -> Result<Doc, Refusal> {
    let wrong = |field: &str| Refusal::field(&format!("key_action.target.{field}"), "is not correct");
    let id = |field: &str| {
        let id = to.get(field).and_then(Value::as_str).filter(|id| !id.is_empty());
        id.ok_or_else(|| wrong(field))
    };
    let field = match action {
        2..=8 | 200 | 300 | 400 | 500 => {
            let kind = actions::extension(world, id("extension_id")?).map_err(|_| wrong("extension_id"))?;
            let fits = match kind {
                Extension::User => matches!(action, 2 | 200),
                // Rooms of other makers are Zoom Rooms here.
                Extension::Room => matches!(action, 3 | 5),
                Extension::CommonArea => action == 4,
                Extension::Receptionist => matches!(action, 6 | 300),
                Extension::Queue => matches!(action, 7 | 400),
                Extension::SharedLines => matches!(action, 8 | 500),
            };
            if !fits {
                return Err(wrong("extension_id"));
            }
            "extension_id"
        }
        9 => {
            actions::contact(world, id("external_contact_id")?).map_err(|_| wrong("external_contact_id"))?;
            "external_contact_id"
        }
        10 | 19 => {
            let number = to.get("phone_number").filter(|number| number.as_str() != Some(""));
            let number =
                number.ok_or_else(|| Refusal::invalid("The phone number to forward to is required."))?;
            actions::phone_number("key_action.target.phone_number", number)?;
            "phone_number"
        }
        15 => "partner_contact_center_id",
        18 => "teams_app_id",
        24 => "zva_receptionist_id",
        25 => "third_party_agent_id",
        _ => return Ok(Doc::new()),
    };
    Ok(Doc::from_iter([(field.to_owned(), json!(id(field)?))]))
}

/// The message or greeting of an action: messages need one, boxes may have one.
fn greeting(world: &World, action: i64, change: &Value) -> Result<Option<Value>, Refusal> {
    let id = change["voicemail_greeting_id"].as_str();
    match (action, id) {
        (12 | 27 | 28 | 29, None) => Err(Refusal::invalid("Voicemail greeting file id is required.")),
        (12 | 27 | 28 | 29 | 100 | 200 | 300 | 400 | 500, Some(id)) => {
            Ok(Some(json!({ "id": audio(world, id)? })))
        }
        _ => Ok(None),
    }
}

fn audio(world: &World, id: &str) -> Result<String, Refusal> {
    if id.is_empty() || actions::is_audio(world, id) {
        return Ok(id.to_owned());
    }
    Err(Refusal::invalid(format!("Audio does not exist: {id}.")))
}
