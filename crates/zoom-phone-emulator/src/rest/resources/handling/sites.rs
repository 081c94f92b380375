//! `sites/{siteId}/settings/{settingType}`: what extensions have by default, and other settings of a site.

use serde_json::{Value, json};

use super::calendar::change_week;
use super::{
    Answer, Ask, Doc, Extension, Handler, Refusal, Temper, World, actions, change, hours, names, old_show,
    settings,
};
use crate::rest::project::merge;
use crate::world::at;
use crate::world::hours::{always, holidays};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_site_setting_for_type" => get,
        "update_site_setting" => update,
        "add_site_setting" => add,
        "delete_site_setting" => delete,
        _ => return None,
    })
}

/// The address of the site, which must exist. GETs say so with a code of their own, live with the usual one.
fn site(ask: &Ask<'_>, world: &World) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::SITES, ask.path("siteId"));
    if world.get(&address).is_some() {
        return Ok(address);
    }
    let documented = ask.shared.config.temper == Temper::Documented;
    let code = if documented && ask.operation.method.as_str() == "GET" { 400 } else { 300 };
    Err(Refusal::bad(code, "Site does not exist."))
}

/// The field of a type of settings in bodies.
fn field(setting_type: &str) -> &str {
    if setting_type == "local_based_routing" { "location_based_routing" } else { setting_type }
}

/// `getSiteSettingForType`.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let site = site(ask, world)?;
        let name = field(ask.last());
        let stored = world.get(&format!("{site}/settings/{}", ask.last())).cloned().unwrap_or_default();
        let Value::Object(mut shown) = settings::shown(ask, &stored) else { return Ok(Answer::Done) };
        shown.retain(|known, _| known == name);
        let part = shown.entry(name).or_insert_with(|| json!({}));
        match name {
            "business_hours" => {
                for (field, value) in week(&stored) {
                    let field = if field == "business_hours" { "custom_hours" } else { "custom_hour_type" };
                    part[field] = value;
                }
            }
            "holiday_hours" => part["holidays"] = Value::Array(hours::holidays(world, &site, true)),
            "security" => {
                let types = stored.get("security").and_then(|it| it.get("device_types")).cloned();
                part["device_types"] = types.unwrap_or_else(|| json!([]));
            }
            _ => {}
        }
        let mut shown = Value::Object(shown);
        show(world, &mut shown);
        Ok(Answer::Json(shown))
    })
}

/// The weekly hours of a site in the form that extensions have them.
fn week(stored: &Doc) -> Doc {
    let hours = stored.get("business_hours");
    let mut week = always();
    for (ours, sites) in [("business_hour_type", "custom_hour_type"), ("business_hours", "custom_hours")] {
        if let Some(value) = hours.and_then(|hours| hours.get(sites)) {
            week.insert(ours.to_owned(), value.clone());
        }
    }
    week
}

/// Adds names to operators and audio.
fn show(world: &World, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| show(world, item)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| show(world, value));
            if let Some(id) = fields.get("audio_id").cloned() {
                let mut audio = json!({ "id": id });
                old_show::name_audio(world, &mut audio);
                fields.insert("audio_id".to_owned(), audio["id"].clone());
                if !audio["name"].is_null() {
                    fields.insert("name".to_owned(), audio["name"].clone());
                }
            }
            let id = fields.get("extension_id").and_then(Value::as_str);
            let address = id.and_then(|id| world.extension(id));
            if let Some((doc, kind)) =
                address.as_deref().and_then(|it| Some((world.get(it)?, Extension::at(it)?)))
            {
                let known = names::known(json!({
                    "extension_number": doc.get("extension_number"),
                    "display_name": names::name_of(doc),
                    "extension_type": names::type_of(kind),
                }));
                fields.extend(known);
            }
        }
        _ => {}
    }
}

/// `updateSiteSetting`.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let site = site(ask, world)?;
        let name = field(ask.last());
        if name == "security" {
            return Err(Refusal::field("settingType", "security can be added and deleted only"));
        }
        let mut body = settings::declared(ask);
        // One field of the desk phones is beside them.
        if let Some(general) = body.remove("general_setting") {
            let phone = body.entry("desk_phone").or_insert_with(|| json!({}));
            phone["general_setting"] = general;
        }
        let Some(Value::Object(mut part)) = body.remove(name) else {
            return Err(Refusal::field(name, "is required"));
        };
        check_references(world, &Value::Object(part.clone()))?;
        let address = format!("{site}/settings/{}", ask.last());
        let stored = world.get(&address).cloned().unwrap_or_default();
        if name == "business_hours" {
            let mut week = week(&stored);
            let (kind, days) = (part.remove("custom_hour_type"), part.remove("custom_hours"));
            change_week(&mut week, kind.as_ref(), days.as_ref())?;
            part.insert("custom_hour_type".to_owned(), week["business_hour_type"].clone());
            part.insert("custom_hours".to_owned(), week["business_hours"].clone());
        }
        if let Some(Value::Array(items)) = part.remove("holidays") {
            let items: Vec<_> = items.iter().filter_map(Value::as_object).collect();
            hours::change_holidays(world, &site, &items)?;
        }
        change(world, &address, |doc| {
            merge(doc, &Doc::from_iter([(name.to_owned(), Value::Object(part))]));
        });
        Ok(Answer::Done)
    })
}

fn check_references(world: &World, value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check_references(world, item)),
        Value::Object(fields) => {
            if let Some(id) = fields.get("extension_id").and_then(Value::as_str)
                && world.extension(id).is_none()
            {
                return Err(Refusal::field("extension_id", format!("{id} does not exist")));
            }
            if let Some(id) = fields.get("audio_id").and_then(Value::as_str)
                && !matches!(id, "" | "0")
                && !actions::is_audio(world, id)
            {
                return Err(Refusal::invalid(format!("Prompt files do not exist, audio IDs: {id}.")));
            }
            fields.values().try_for_each(|value| check_references(world, value))
        }
        _ => Ok(()),
    }
}

/// `addSiteSetting`: holidays, which are at the top of the body here, or a type of device.
fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let site = site(ask, world)?;
        match ask.last() {
            "holiday_hours" => {
                let items = ask.body.get("holidays").and_then(Value::as_array);
                let items: Vec<_> = items.into_iter().flatten().filter_map(Value::as_object).collect();
                if items.is_empty() {
                    return Err(Refusal::field("holidays", "is required"));
                }
                let made = hours::add_holidays(world, &site, &items)?;
                let rows = holidays(world, &site).into_iter();
                let rows = rows.filter(|(id, _)| made.iter().any(|(made, _)| made == id));
                let rows: Vec<_> = rows.map(|(_, holiday)| holiday.clone()).collect();
                Ok(Answer::Json(json!({ "holidays": rows })))
            }
            "security" => {
                let kind = ask.body.get("device_type").and_then(Value::as_str);
                let kind = kind.ok_or_else(|| Refusal::field("device_type", "is required"))?;
                device_types(world, &site, |types| {
                    if !types.iter().any(|known| known == kind) {
                        types.push(json!(kind));
                    }
                });
                Ok(Answer::Json(json!({})))
            }
            other => Err(Refusal::field("settingType", format!("nothing can be added to {other}"))),
        }
    })
}

/// `deleteSiteSetting`.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let site = site(ask, world)?;
        let gone = match ask.last() {
            "holiday_hours" => {
                let id = ask.query.one("holiday_id").unwrap_or_default();
                world.remove(&format!("{site}/settings/holiday_hours/{id}")).is_some()
            }
            "security" => {
                let kind = ask.query.one("device_type").unwrap_or_default();
                let mut gone = false;
                device_types(world, &site, |types| {
                    let before = types.len();
                    types.retain(|known| known != kind);
                    gone = types.len() < before;
                });
                gone
            }
            _ => false,
        };
        if gone { Ok(Answer::Done) } else { Err(Refusal::field("settingType", "there is nothing to delete")) }
    })
}

fn device_types(world: &mut World, site: &str, act: impl FnOnce(&mut Vec<Value>)) {
    change(world, &format!("{site}/settings/security"), |doc| {
        let security = doc.entry("security").or_insert_with(|| json!({}));
        let mut types = security["device_types"].as_array().cloned().unwrap_or_default();
        act(&mut types);
        security["device_types"] = Value::Array(types);
    });
}
