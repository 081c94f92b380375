//! `users/{userId}/settings`: one document for everything, and writes of single types.

use serde_json::{Value, json};

use super::super::common;
use super::target::Target;
use super::{
    Answer, Ask, Doc, Extension, Handler, Refusal, World, body, change, company_hours, hours, names, shared,
};
use crate::rest::project::merge;
use crate::world::{at, members};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "phone_user_settings" => get,
        "update_user_settings" => update,
        "add_user_setting" => add,
        "update_user_setting" => change_type,
        "delete_user_setting" => delete,
        _ => return None,
    })
}

/// Lists of members with their field in answers, and the type in the path.
const SHARED: [(&str, &str); 3] = [
    ("voice_mail", "voicemail_access_members"),
    ("auto_call_recording", "auto_call_recording_access_members"),
    ("ad_hoc_call_recording", "ad_hoc_call_recording_access_members"),
];

/// `phoneUserSettings`.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = Target::of(ask, world)?;
        let address = &user.address;
        let doc = world.get(address).cloned().unwrap_or_default();
        let set = world.get(&format!("{address}/settings")).cloned().unwrap_or_default();
        let text = |field: &str, default: &str| set.get(field).cloned().unwrap_or_else(|| json!(default));
        let number = doc.get("phone_numbers").and_then(|numbers| numbers[0]["number"].as_str());
        let caller = set.get("outbound_caller_id").and_then(Value::as_str).or(number);
        let ids = doc.get("phone_numbers").and_then(Value::as_array).into_iter().flatten().map(|it| {
            let number = &it["number"];
            json!({ "is_default": number.as_str() == caller, "name": doc.get("name"), "number": number })
        });
        let members = |kind: &str| shared::all(world, &format!("{address}/settings/{kind}"));
        let country = set.get("country_iso_code").and_then(Value::as_str).unwrap_or("US");
        let active = doc.get("status").and_then(Value::as_str) != Some("deactivate");
        let list = |kind: &str| -> Vec<Value> {
            let rows = world.children(&format!("{address}/settings/{kind}"));
            rows.into_iter().map(|(_, row)| Value::Object(row.clone())).collect()
        };
        Ok(common::shown(
            ask,
            &Value::Object(names::known(json!({
                "area_code": set.get("area_code"),
                "audio_prompt_language": text("audio_prompt_language", "en-US"),
                "default_transcription_language": text("default_transcription_language", "en-US"),
                "company_number": company_number(world, address),
                "country": { "code": country, "name": country_name(country) },
                "delegation": delegation(world, address, &set),
                "desk_phone": {
                    "devices": list("desk_phone"),
                    "keys_positions": { "primary_number": number.unwrap_or_default() },
                    "phone_screen_lock": set.get("phone_screen_lock").cloned().unwrap_or(json!(false)),
                    "pin_code": text("pin_code", ""),
                },
                "extension_number": doc.get("extension_number"),
                "music_on_hold_id": text("music_on_hold_id", ""),
                "outbound_caller": { "number": caller.unwrap_or_default() },
                "outbound_caller_ids": ids.collect::<Vec<_>>(),
                "status": if active { "Active" } else { "Inactive" },
                "voice_mail": shared::in_old_words(&members("voice_mail")),
                "intercom": { "audio_intercoms": list("intercom") },
                "auto_call_recording_access_members": members("auto_call_recording"),
                "ad_hoc_call_recording_access_members": members("ad_hoc_call_recording"),
                "shared_lines_call_setting": shared_lines(world, &user, &set),
                "holiday_hours": hours::holidays(world, address, true),
                "break_hours": hours::breaks(world, address),
                "business_hours_settings": company_hours::weekly(world, address),
            }))),
        ))
    })
}

/// The number of the main receptionist of the user's site.
fn company_number(world: &World, user: &str) -> Option<Value> {
    let site = world.get(&company_hours::site(world, user)?)?;
    let main = site.get("main_auto_receptionist")?["id"].as_str()?;
    let main = world.get(&format!("{}/{main}", at::RECEPTIONISTS))?;
    main.get("phone_numbers")?.get(0)?.get("number").cloned()
}

fn country_name(code: &str) -> Option<&'static str> {
    let known = [("US", "United States"), ("CA", "Canada"), ("GB", "United Kingdom"), ("DE", "Germany")];
    known.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

fn delegation(world: &World, user: &str, set: &Doc) -> Value {
    let assistants = world.children(&format!("{user}/settings/delegation")).into_iter().map(|(id, _)| {
        let address = world.extension(id);
        let doc = address.as_deref().and_then(|address| world.get(address));
        Value::Object(names::known(json!({
            "extension_id": id,
            "id": doc.and_then(|doc| doc.get("id")),
            "display_name": doc.and_then(names::name_of),
            "extension_number": doc.and_then(|doc| doc.get("extension_number")),
            "extension_type": address.as_deref().and_then(Extension::at).map(names::type_of),
        })))
    });
    let assistants: Vec<_> = assistants.collect();
    let field = |name: &str, default: Value| set.get(name).cloned().unwrap_or(default);
    json!({
        "assistants": assistants,
        "privacy": field("privacy", json!(false)),
        "privileges": field("privileges", json!([1, 2])),
        "locked": field("locked", json!(false)),
    })
}

/// Whose calls a user takes besides their own: those of executives, and of shared line groups.
fn shared_lines(world: &World, user: &Target, set: &Doc) -> Value {
    let set = set.get("_receive_calls");
    let receives = |id: &str| set.and_then(|set| set.get(id)).cloned().unwrap_or(json!(true));
    let executives = executives(world, user).into_iter().map(|id| {
        let name = world.get(&format!("{}/{id}", at::USERS)).and_then(names::name_of);
        json!({ "user_id": id, "display_name": name, "receive_calls": receives(&id), "allow_opt_out": true })
    });
    let groups = groups(world, user).into_iter().map(|id| {
        let name = world.get(&format!("{}/{id}", at::SHARED_LINE_GROUPS)).and_then(names::name_of);
        json!({ "slg_id": id, "display_name": name, "receive_calls": receives(&id) })
    });
    json!({
        "shared_line_appearances": { "executives": executives.collect::<Vec<_>>() },
        "shared_line_groups": {
            "receive_calls": receives("shared_line_groups"),
            "shared_line_group": groups.collect::<Vec<_>>(),
        },
    })
}

/// Users who have this one as an assistant.
fn executives(world: &World, user: &Target) -> Vec<String> {
    let extension = user.extension_id(world);
    let users = world.children(at::USERS).into_iter();
    let theirs =
        |id: &str| world.get(&format!("{}/{id}/settings/delegation/{extension}", at::USERS)).is_some();
    users.filter(|(id, _)| theirs(id)).map(|(id, _)| id.to_owned()).collect()
}

fn groups(world: &World, user: &Target) -> Vec<String> {
    let all = members::groups_of(world, user.id());
    let below = format!("{}/", at::SHARED_LINE_GROUPS);
    all.iter().filter_map(|address| address.strip_prefix(&below)).map(str::to_owned).collect()
}

/// `updateUserSettings`. Weekly hours are set before breaks, which need them.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = Target::of(ask, world)?;
        let text = |field: &str| ask.body.get(field).and_then(Value::as_str);
        if let Some(id) = text("music_on_hold_id") {
            super::actions::audio(world, id, &["", "0"])?;
        }
        if let Some(number) = text("outbound_caller_id") {
            let doc = world.get(&user.address);
            let numbers = doc.and_then(|doc| doc.get("phone_numbers")).and_then(Value::as_array);
            let own = numbers.into_iter().flatten().any(|it| it["number"] == number);
            if !own && company_number(world, &user.address) != Some(json!(number)) {
                return Err(Refusal::bad(400, "Invalid outbound caller ID."));
            }
        }
        let received = received(ask, world, &user)?;
        if ask.body.get("business_hours_settings").is_some() {
            let week = body::part(ask, "business_hours_settings")?;
            let (kind, days) = (week.get("business_hour_type"), week.get("business_hours"));
            hours::set_weekly(world, &user.address, kind, days)?;
        }
        if ask.body.get("break_hours").is_some() {
            hours::change_breaks(world, &user, &body::items(ask, "break_hours", "break_hour_settings")?)?;
        }
        if ask.body.get("holiday_hours").is_some() {
            hours::change_holidays(world, &user.address, &body::items(ask, "holiday_hours", "holidays")?)?;
        }
        change(world, &format!("{}/settings", user.address), |doc| {
            for field in [
                "area_code",
                "audio_prompt_language",
                "default_transcription_language",
                "country_iso_code",
                "music_on_hold_id",
                "outbound_caller_id",
            ] {
                if let Some(value) = ask.body.get(field) {
                    doc.insert(field.to_owned(), value.clone());
                }
            }
            let known = doc.entry("_receive_calls").or_insert_with(|| json!({}));
            for (id, receives) in received {
                known[id] = receives;
            }
        });
        Ok(Answer::Done)
    })
}

/// Whose calls the body turns on and off, by id.
fn received(ask: &Ask<'_>, world: &World, user: &Target) -> Result<Vec<(String, Value)>, Refusal> {
    let lines = &ask.body["shared_lines_call_setting"];
    let groups = &lines["shared_line_groups"];
    let mut received = Vec::new();
    if let Some(all) = groups.get("receive_calls") {
        received.push(("shared_line_groups".to_owned(), all.clone()));
    }
    for (rows, id, known) in [
        (&lines["shared_line_appearances"]["executives"], "user_id", executives(world, user)),
        (&groups["shared_line_group"], "slg_id", self::groups(world, user)),
    ] {
        for row in rows.as_array().into_iter().flatten() {
            let of = row[id].as_str().unwrap_or_default();
            if !known.iter().any(|known| known == of) {
                return Err(Refusal::field(
                    &format!("shared_lines_call_setting.{id}"),
                    format!("{of} does not exist"),
                ));
            }
            received.push((of.to_owned(), row["receive_calls"].clone()));
        }
    }
    Ok(received)
}

fn no_such_type() -> Refusal {
    Refusal::invalid("Invalid user sub-setting type.")
}

/// The list of members that a type is about, and its field in bodies.
fn list_of(user: &Target, setting_type: &str) -> Option<(String, &'static str)> {
    let (_, field) = SHARED.iter().find(|(known, _)| *known == setting_type)?;
    Some((format!("{}/settings/{setting_type}", user.address), field))
}

/// The members in a body.
fn named<'a>(ask: &Ask<'a>, field: &str) -> Result<Vec<&'a Doc>, Refusal> {
    let one = ask.body.get("voice_mail").filter(|_| ask.last() == "voice_mail");
    let list = ask.body.get(field).and_then(Value::as_array);
    let named: Vec<_> = list.into_iter().flatten().chain(one).filter_map(Value::as_object).collect();
    if named.is_empty() { Err(Refusal::field(field, "is required")) } else { Ok(named) }
}

/// `addUserSetting`.
fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = Target::of(ask, world)?;
        if let Some((list, field)) = list_of(&user, ask.last()) {
            let made = shared::add(world, &list, &named(ask, field)?)?;
            let made: Vec<_> = made.into_iter().map(Value::Object).collect();
            let mut answer = json!({});
            // The body's own form comes back.
            if ask.body.get(field).is_some() {
                answer[field] = json!(made);
            } else {
                answer["voice_mail"] = json!(shared::in_old_words(&made).first());
            }
            return Ok(Answer::Json(answer));
        }
        let text = |field: &str| ask.body.get(field).and_then(Value::as_str);
        match ask.last() {
            "delegation" => {
                let id = text("delegation_assistant_extension_id");
                let id = id.ok_or_else(|| Refusal::invalid("Delegation assistant is required."))?;
                let kind = world.extension(id).and_then(|address| Extension::at(&address));
                match kind {
                    Some(Extension::User | Extension::CommonArea) => {}
                    Some(_) => {
                        let message = "Delegation assistant is not a user or a common area.";
                        return Err(Refusal::invalid(message));
                    }
                    None => {
                        let message = format!("User delegation assistant does not exist: {id}.");
                        return Err(Refusal::invalid(message));
                    }
                }
                let entry = Doc::from_iter([("extension_id".to_owned(), json!(id))]);
                world.put(format!("{}/settings/delegation/{id}", user.address), entry);
                let set = world.get(&format!("{}/settings", user.address)).cloned().unwrap_or_default();
                Ok(common::shown(ask, &json!({ "delegation": delegation(world, &user.address, &set) })))
            }
            "desk_phone" => {
                let id = text("device_id").ok_or_else(|| Refusal::field("device_id", "is required"))?;
                let device = world.get(&format!("/phone/devices/{id}")).cloned();
                let device =
                    device.ok_or_else(|| Refusal::field("device_id", format!("{id} does not exist")))?;
                let entry = names::known(json!({
                    "id": id,
                    "display_name": device.get("display_name"),
                    "device_type": device.get("device_type"),
                    "status": device.get("status"),
                    "mac_address": device.get("mac_address"),
                    "policy": { "call_control": { "status": "off" }, "hot_desking": { "status": "off" } },
                }));
                world.put(format!("{}/settings/desk_phone/{id}", user.address), entry);
                Ok(Answer::Json(json!({})))
            }
            _ => Err(no_such_type()),
        }
    })
}

/// `updateUserSetting`.
fn change_type(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = Target::of(ask, world)?;
        if let Some((list, field)) = list_of(&user, ask.last()) {
            shared::change(world, &list, &named(ask, field)?)?;
            return Ok(Answer::Done);
        }
        let part = ask.body.get(ask.last());
        let part = part.ok_or_else(|| Refusal::field(ask.last(), "is required"));
        let own = format!("{}/settings", user.address);
        let keep = |world: &mut World, part: &Value, fields: &[&str]| {
            change(world, &own, |doc| {
                for field in fields {
                    if let Some(value) = part.get(*field) {
                        doc.insert((*field).to_owned(), value.clone());
                    }
                }
            });
        };
        match ask.last() {
            "delegation" => keep(world, part?, &["privacy", "privileges", "locked"]),
            "desk_phone" => {
                let part = part?;
                let pin = part["pin_code"].as_str().unwrap_or_default();
                if !pin.bytes().all(|digit| digit.is_ascii_digit()) {
                    return Err(Refusal::field("desk_phone.pin_code", "PIN code can only include numbers."));
                }
                for device in part["devices"].as_array().into_iter().flatten() {
                    let id = device["id"].as_str().unwrap_or_default();
                    let known = world.get_mut(&format!("{own}/desk_phone/{id}"));
                    let known =
                        known.ok_or_else(|| Refusal::field("desk_phone.devices.id", "does not exist"))?;
                    if let Some(Value::Object(policy)) = device.get("policy") {
                        let whole = known.entry("policy").or_insert_with(|| json!({}));
                        if let Value::Object(whole) = whole {
                            merge(whole, policy);
                        }
                    }
                }
                keep(world, part, &["phone_screen_lock", "pin_code"]);
            }
            "intercom" => {
                let part = part?;
                let id = part["extension_id"].as_str().unwrap_or_default();
                super::actions::extension(world, id)?;
                let mut entry =
                    json!({ "extension_id": id, "status": "active", "device_id": part["device_id"] });
                names::add(world, &mut entry);
                entry["display_name"] = entry["extension_name"].clone();
                entry["extension_number"] = json!(entry["extension_number"].to_string());
                world.put(format!("{own}/intercom/{id}"), names::known(entry));
            }
            other => return Err(Refusal::invalid(format!("Invalid user setting Type: {other}."))),
        }
        Ok(Answer::Done)
    })
}

/// `deleteUserSetting`.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = Target::of(ask, world)?;
        if let Some((list, _)) = list_of(&user, ask.last()) {
            shared::remove(world, &list, &ask.query.many("shared_id"))?;
            return Ok(Answer::Done);
        }
        let parameter = match ask.last() {
            "delegation" => "assistant_extension_id",
            "desk_phone" => "device_id",
            "intercom" => "intercom_extension_id",
            _ => return Err(no_such_type()),
        };
        let id = ask.query.one(parameter).unwrap_or_default();
        let gone = world.remove(&format!("{}/settings/{}/{id}", user.address, ask.last()));
        gone.map(|_| Answer::Done).ok_or_else(|| Refusal::field(parameter, format!("{id} does not exist")))
    })
}
