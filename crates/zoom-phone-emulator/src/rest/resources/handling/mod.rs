//! Call handling, hours, menus and policies of extensions, and the settings of sites, groups and the account.
//!
//! Two families of operations write call handling: the one per kind of extension (`users/{id}/call_handling/settings`)
//! and the deprecated one for all (`extension/{id}/call_handling/settings`). Both work on the same documents.

mod account;
mod actions;
mod body;
mod calendar;
mod forwards;
mod hours;
mod ivr;
mod names;
mod old;
mod old_show;
mod policies;
mod settings;
mod shared;
mod sites;
mod target;
mod templates;
mod users;
mod write;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::Refusal;
use super::super::ask::{Answer, Ask, Handler};
use crate::config::Temper;
use crate::world::hours::{self as company_hours, Extension, HourType};
use crate::world::{Doc, World};
use target::Target;
pub(super) use templates::apply_to_user;

/// The operations on call handling and settings.
pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_user_call_handling_setting"
        | "get_auto_receptionist_call_handling_settings"
        | "get_call_queue_call_handling_setting"
        | "get_shared_line_group_call_handling_setting"
        | "get_common_area_call_handling_setting" => get,
        "update_user_call_handling_setting"
        | "update_auto_receptionist_call_handling_settings"
        | "update_call_queue_call_handling_setting"
        | "update_shared_line_group_call_handling_setting"
        | "update_common_area_call_handling_setting" => update,
        _ => {
            return [
                forwards::route,
                hours::route,
                users::route,
                ivr::route,
                old::route,
                sites::route,
                policies::route,
                account::route,
                templates::route,
            ]
            .iter()
            .find_map(|route| route(name));
        }
    })
}

/// `GET …/call_handling/settings` of all kinds. Without `hour_type`, of business hours, as is documented for shared
/// line groups.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let hours = target.hours(
            world,
            ask.query.one("hour_type").unwrap_or("business_hours"),
            ask.query.one("holiday_hour_id"),
            ask.query.one("break_hour_id"),
        )?;
        let documented = ask.shared.config.temper == Temper::Documented;
        Ok(Answer::Json(shown(world, &target, &hours, documented)))
    })
}

/// What the GETs of the new family show, with the names of what is referred to.
fn shown(world: &World, target: &Target, hours: &HourType, documented: bool) -> Value {
    let mut handling = company_hours::handling(world, &target.address, hours);
    handling.retain(|name, _| !name.starts_with('_'));
    if target.kind == Extension::User && !write::has_own_forwards(&handling) {
        handling.remove("call_distribution_setting");
    }
    if documented
        && let Some(distribution) = handling.get_mut("call_distribution_setting")
        && distribution["wrap_up_time"] == json!(300)
    {
        // Only the old family can say 300 seconds; this is the most that the new one has.
        distribution["wrap_up_time"] = json!(240);
    }
    if let Some(distribution) = handling.get_mut("call_distribution_setting")
        && distribution["ring_mode"] == json!("custom_group_rotating")
    {
        distribution["ring_mode_setting"] = custom_groups(world, target, &distribution["ring_mode_setting"]);
    }
    let mut handling = Value::Object(handling);
    if let Some(Value::Object(setting)) = handling.get_mut("call_handling_setting") {
        setting.values_mut().for_each(actions::hide_without_effect);
    }
    names::add(world, &mut handling);
    handling
}

/// The groups of a queue in the order in which they are rung.
fn custom_groups(world: &World, queue: &Target, set: &Value) -> Value {
    let groups = world.children(&format!("{}/custom_groups", queue.address));
    let groups: Vec<_> = groups.into_iter().map(|(_, group)| group).collect();
    let duration = set["ring_duration"].as_i64().unwrap_or(20);
    json!({ "ring_duration": duration, "custom_groups": groups })
}

/// `PATCH …/call_handling/settings/{hourType}` of all kinds.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let text = |field: &str| ask.body.get(field).and_then(Value::as_str);
        let hours =
            target.hours_to_write(world, ask.last(), text("holiday_hour_id"), text("break_hour_id"))?;
        let mut body = ask.body.as_object().cloned().unwrap_or_default();
        // Such fields are ours.
        body.retain(|name, _| !name.starts_with('_'));
        if target.kind == Extension::SharedLines {
            let given =
                ["call_distribution_setting", "call_handling_setting"].map(|it| body.contains_key(it));
            if given == [false, false] {
                return Err(Refusal::field(
                    "call_handling_setting",
                    "this or call_distribution_setting is required",
                ));
            }
            if given[0] && hours != HourType::Business {
                return Err(Refusal::field("call_distribution_setting", "is for business_hours only"));
            }
        }
        write::handling(world, &target, &hours, &body)?;
        Ok(Answer::Done)
    })
}

/// 400 with code 15104.
fn always_open(hours: &str) -> Refusal {
    Refusal::bad(
        15104,
        format!(
            "The {hours} cannot be updated when business hours are set to `24 Hours a Day, 7 Days a Week`."
        ),
    )
}

/// An id for something new below an address. Ids are never used again: the world has changed since the last one.
fn mint(world: &World, list: &str) -> String {
    crate::world::id_of(&format!("{list} {}", world.revision()))
}

/// Puts a document at an address from what is there and a change to it.
fn change(world: &mut World, address: &str, act: impl FnOnce(&mut Doc)) {
    let mut doc = world.get(address).cloned().unwrap_or_default();
    act(&mut doc);
    world.put(address, doc);
}

/// 404 with a code of its own.
fn missing(code: u32, message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, code, message)
}
