//! When hours apply: `{kind}/{id}/settings` of receptionists, queues, shared line groups and common areas, and
//! `users/{id}/profile_settings`.

use serde_json::{Value, json};

use super::calendar::{change_week, checked_break, checked_holiday};
use super::target::{Target, no_break, no_holiday};
use super::{
    Answer, Ask, Doc, Extension, Handler, HourType, Refusal, Temper, World, body, change, company_hours, mint,
};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_auto_receptionist_settings"
        | "get_call_queue_settings"
        | "get_shared_line_group_settings"
        | "get_common_area_settings" => get,
        "add_auto_receptionist_setting"
        | "add_call_queue_setting"
        | "add_shared_line_group_setting"
        | "add_common_area_setting"
        | "add_user_profile_setting" => add,
        "update_auto_receptionist_setting"
        | "update_call_queue_setting"
        | "update_shared_line_group_setting"
        | "update_common_area_setting" => update,
        "delete_auto_receptionist_setting"
        | "delete_call_queue_setting"
        | "delete_shared_line_group_setting"
        | "delete_common_area_setting"
        | "delete_user_profile_setting" => delete,
        _ => return None,
    })
}

/// `GET {kind}/{id}/settings`. Without `setting_type`, business hours; of a common area, its desk phones.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let default = if target.kind == Extension::CommonArea { "desk_phone" } else { "business_hours" };
        Ok(Answer::Json(match ask.query.one("setting_type").unwrap_or(default) {
            "holiday_hours" => {
                let ids = ask.shared.config.temper == Temper::Documented
                    || !matches!(target.kind, Extension::Queue | Extension::SharedLines);
                json!({ "holiday_hours": holidays(world, &target.address, ids) })
            }
            "break_hours" => json!({ "break_hours": breaks(world, &target.address) }),
            "desk_phone" => json!({ "desk_phones": desk_phones(world, &target.address) }),
            "custom_hours" => {
                let week = company_hours::weekly(world, &target.address);
                json!({ "custom_hours_settings": {
                    "custom_hour_type": week["business_hour_type"],
                    "custom_hours": week["business_hours"],
                } })
            }
            _ => json!({ "business_hours_settings": company_hours::weekly(world, &target.address) }),
        }))
    })
}

/// The holidays of an extension as GETs list them. Live answers for queues and shared line groups lack the ids.
pub(super) fn holidays(world: &World, address: &str, ids: bool) -> Vec<Value> {
    let listed = company_hours::holidays(world, address).into_iter().map(|(id, holiday)| {
        let mut row =
            json!({ "name": holiday.get("name"), "from": holiday.get("from"), "to": holiday.get("to") });
        if ids {
            row["holiday_id"] = json!(id);
        }
        row
    });
    listed.collect()
}

/// The breaks of an extension as GETs list them.
pub(super) fn breaks(world: &World, address: &str) -> Vec<Value> {
    let breaks = world.children(&format!("{address}/settings/break_hours"));
    breaks.into_iter().map(|(_, pause)| Value::Object(pause.clone())).collect()
}

fn desk_phones(world: &World, address: &str) -> Vec<Value> {
    let phones = world.children(&format!("{address}/settings/desk_phones"));
    phones.into_iter().map(|(_, phone)| Value::Object(phone.clone())).collect()
}

/// `POST {kind}/{id}/settings/{settingType}` and `POST users/{id}/profile_settings/{settingType}`: ids only, but for
/// common areas, which answer with all holidays.
fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let address = target.address.as_str();
        match ask.last() {
            "break_hours" => {
                target.refuse_when_always_open(world, "break_hours")?;
                let breaks = body::items(ask, "break_hours", "break_hour_settings")?;
                let breaks = breaks.into_iter().map(|item| checked_break(&Doc::new(), item));
                let mut made = Vec::new();
                for mut pause in breaks.collect::<Result<Vec<_>, _>>()? {
                    let list = format!("{address}/settings/break_hours");
                    let id = mint(world, &list);
                    pause.insert("break_hour_id".to_owned(), json!(id));
                    made.push(json!({ "break_hour_id": id, "break_hour_name": pause["break_hour_name"] }));
                    world.put(format!("{list}/{id}"), pause);
                }
                Ok(Answer::Json(json!({ "break_hours": { "break_hour_settings": made } })))
            }
            "holiday_hours" => {
                let items = body::items(ask, "holiday_hours", "holidays")?;
                let made = add_holidays(world, address, &items)?;
                let rows: Vec<_> = if target.kind == Extension::CommonArea {
                    holidays(world, address, true)
                } else {
                    made.iter().map(|(id, name)| json!({ "holiday_id": id, "name": name })).collect()
                };
                Ok(Answer::Json(json!({ "holiday_hours": { "holidays": rows } })))
            }
            "desk_phone" => add_desk_phone(ask, world, &target),
            other => Err(no_such_type(other)),
        }
    })
}

fn no_such_type(name: &str) -> Refusal {
    Refusal::field("settingType", format!("{name} is not possible here"))
}

/// Adds holidays to the list at an address, an extension's or a site's: ids and names in the same order.
pub(super) fn add_holidays(
    world: &mut World,
    address: &str,
    items: &[&Doc],
) -> Result<Vec<(String, Value)>, Refusal> {
    let new = items.iter().map(|item| checked_holiday(&Doc::new(), item)).collect::<Result<Vec<_>, _>>()?;
    own_holidays(world, address);
    let list = format!("{address}/settings/holiday_hours");
    let mut made = Vec::new();
    for mut holiday in new {
        let id = mint(world, &list);
        holiday.insert("holiday_id".to_owned(), json!(id));
        made.push((id.clone(), holiday["name"].clone()));
        world.put(format!("{list}/{id}"), holiday);
    }
    Ok(made)
}

/// From now on an extension has holidays of its own, which begin as those of its site.
fn own_holidays(world: &mut World, address: &str) {
    let list = format!("{address}/settings/holiday_hours");
    if world.get(&list).is_some() {
        return;
    }
    let known = company_hours::holidays(world, address);
    let known: Vec<_> = known.into_iter().map(|(id, holiday)| (id.to_owned(), holiday.clone())).collect();
    world.put(list.clone(), Doc::new());
    for (id, mut holiday) in known {
        holiday.insert("holiday_id".to_owned(), json!(id));
        world.put(format!("{list}/{id}"), holiday);
    }
}

/// `PATCH {kind}/{id}/settings/{settingType}`.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        match ask.last() {
            "business_hours" => {
                let week = body::part(ask, "business_hours_settings")?;
                set_weekly(
                    world,
                    &target.address,
                    week.get("business_hour_type"),
                    week.get("business_hours"),
                )?;
            }
            "custom_hours" => {
                let week = body::part(ask, "custom_hours_settings")?;
                set_weekly(world, &target.address, week.get("custom_hour_type"), week.get("custom_hours"))?;
            }
            "holiday_hours" => {
                let items = body::items(ask, "holiday_hours", "holidays")?;
                change_holidays(world, &target.address, &items)?;
            }
            "break_hours" => {
                let items = body::items(ask, "break_hours", "break_hour_settings")?;
                change_breaks(world, &target, &items)?;
            }
            "desk_phone" => {
                for phone in ask.body.get("desk_phones").and_then(Value::as_array).into_iter().flatten() {
                    let id = phone["id"].as_str().unwrap_or_default();
                    let known = world.get_mut(&format!("{}/settings/desk_phones/{id}", target.address));
                    let known = known.ok_or_else(|| no_device(id))?;
                    known.insert("hot_desking".to_owned(), phone["hot_desking"].clone());
                }
            }
            other => return Err(no_such_type(other)),
        }
        Ok(Answer::Done)
    })
}

/// Sets weekly hours: days that are not named stay as they are, and so does all of them without a list.
pub(super) fn set_weekly(
    world: &mut World,
    address: &str,
    kind: Option<&Value>,
    days: Option<&Value>,
) -> Result<(), Refusal> {
    let mut week = company_hours::weekly(world, address);
    change_week(&mut week, kind, days)?;
    let address = format!("{address}/settings/business_hours");
    change(world, &address, |doc| {
        doc.insert("business_hours_settings".to_owned(), Value::Object(week));
    });
    Ok(())
}

/// Changes holidays by id; one without an id is known by its name, or is new: neither users nor queues document the
/// id in this body.
pub(super) fn change_holidays(world: &mut World, address: &str, items: &[&Doc]) -> Result<(), Refusal> {
    let known: Vec<_> = {
        let known = company_hours::holidays(world, address);
        known.into_iter().map(|(id, holiday)| (id.to_owned(), holiday.clone())).collect()
    };
    let (mut changed, mut new) = (Vec::new(), Vec::new());
    for &item in items {
        let found = match item.get("holiday_id").and_then(Value::as_str) {
            Some(id) => Some(known.iter().find(|(known, _)| known == id).ok_or_else(|| no_holiday(id))?),
            None => known.iter().find(|(_, holiday)| holiday.get("name") == item.get("name")),
        };
        if let Some((id, old)) = found {
            changed.push((id.clone(), checked_holiday(old, item)?));
        } else {
            checked_holiday(&Doc::new(), item)?;
            new.push(item);
        }
    }
    own_holidays(world, address);
    for (id, mut holiday) in changed {
        holiday.insert("holiday_id".to_owned(), json!(id));
        world.put(format!("{address}/settings/holiday_hours/{id}"), holiday);
    }
    add_holidays(world, address, &new)?;
    Ok(())
}

/// Changes breaks by id.
pub(super) fn change_breaks(world: &mut World, target: &Target, items: &[&Doc]) -> Result<(), Refusal> {
    target.refuse_when_always_open(world, "break_hours")?;
    let mut changed = Vec::new();
    for item in items {
        let id = item.get("break_hour_id").and_then(Value::as_str).unwrap_or_default();
        let address = format!("{}/settings/break_hours/{id}", target.address);
        let old = world.get(&address).ok_or_else(|| no_break(id))?;
        changed.push((address, checked_break(old, item)?));
    }
    for (address, pause) in changed {
        world.put(address, pause);
    }
    Ok(())
}

/// `DELETE {kind}/{id}/settings/{settingType}` and `DELETE users/{id}/profile_settings/{settingType}`.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let named = |name: &str| ask.query.one(name).unwrap_or_default();
        match ask.last() {
            "holiday_hours" => remove_holiday(world, &target, named("holiday_hour_id"))?,
            "break_hours" => {
                target.refuse_when_always_open(world, "break_hours")?;
                let id = named("break_hour_id");
                let pause = target.hours(world, "break_hours", None, Some(id))?;
                world.remove(&format!("{}/settings/break_hours/{id}", target.address));
                forget(world, &target, &pause);
            }
            "desk_phone" => {
                let id = named("device_id");
                let gone = world.remove(&format!("{}/settings/desk_phones/{id}", target.address));
                gone.ok_or_else(|| no_device(id))?;
            }
            other => return Err(no_such_type(other)),
        }
        Ok(Answer::Done)
    })
}

/// Removes a holiday of an extension, its handling and its menu.
pub(super) fn remove_holiday(world: &mut World, target: &Target, id: &str) -> Result<(), Refusal> {
    let holiday = target.hours(world, "holiday_hours", Some(id), None)?;
    own_holidays(world, &target.address);
    world.remove(&format!("{}/settings/holiday_hours/{id}", target.address));
    forget(world, target, &holiday);
    Ok(())
}

fn forget(world: &mut World, target: &Target, hours: &HourType) {
    world.remove(&format!("{}/call_handling/settings/{}", target.address, hours.step()));
    world.remove(&format!("{}/ivr/{}", target.address, hours.step()));
}

/// `POST common_areas/{id}/settings/desk_phone`: a common area has at most three.
fn add_desk_phone(ask: &Ask<'_>, world: &mut World, target: &Target) -> Result<Answer, Refusal> {
    let id = ask.body.get("device_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| Refusal::field("device_id", "is required"))?;
    let device = world.get(&format!("/phone/devices/{id}")).ok_or_else(|| no_device(id))?;
    let phone = json!({
        "id": id,
        "display_name": device.get("display_name"),
        "device_type": device.get("device_type"),
        "status": device.get("status"),
        "mac_address": device.get("mac_address"),
        "hot_desking": { "status": "off" },
    });
    let phone = super::names::known(phone);
    let list = format!("{}/settings/desk_phones", target.address);
    let (new, count) = (format!("{list}/{id}"), world.children(&list).len());
    if count >= 3 && world.get(&new).is_none() {
        return Err(Refusal::bad(405, "The number of items for desk_phones must not exceed 3."));
    }
    world.put(new, phone);
    let phones = world.children(&list).into_iter();
    let rows: Vec<_> =
        phones.map(|(id, phone)| json!({ "id": id, "display_name": phone.get("display_name") })).collect();
    Ok(Answer::Json(json!({ "desk_phones": rows })))
}

fn no_device(id: &str) -> Refusal {
    Refusal::bad(404, format!("Device does not exist: {id}."))
}
