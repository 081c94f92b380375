//! Where calls of users are forwarded to: `call_forward_settings`.

use serde_json::{Value, json};

use super::target::Target;
use super::{Answer, Ask, Doc, Handler, HourType, Refusal, World, company_hours, mint, write};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "add_user_call_forward_setting" => add,
        "delete_user_call_forward_setting" => delete,
        _ => return None,
    })
}

/// Rows that a list may have, Zoom's own among them: what a GET may show.
const MOST: usize = 10;

/// `POST /phone/users/{userId}/call_forward_settings/{hourType}` (`addUserCallForwardSetting`).
fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let text = |field: &str| ask.body.get(field).and_then(Value::as_str);
        let hours =
            target.hours_to_write(world, ask.last(), text("holiday_hour_id"), text("break_hour_id"))?;
        let rows = ask.body.get("call_forward_settings").and_then(Value::as_array);
        let rows = rows.ok_or_else(|| Refusal::field("call_forward_settings", "is required"))?;
        let rows: Vec<_> = rows.iter().filter_map(Value::as_object).cloned().collect();
        let ids = insert(world, &target, &hours, &rows)?;
        let ids: Vec<_> = ids.iter().map(|id| json!({ "call_forward_id": id })).collect();
        Ok(Answer::Json(json!({ "call_forward_settings": ids })))
    })
}

/// Adds rows to a user's forwarding list and hands out their ids, in the same order.
pub(super) fn insert(
    world: &mut World,
    user: &Target,
    hours: &HourType,
    rows: &[Doc],
) -> Result<Vec<String>, Refusal> {
    let mut doc = company_hours::handling(world, &user.address, hours);
    let list = format!("{}/call_handling/settings/{}", user.address, hours.step());
    let Some(Value::Array(stored)) = doc.get_mut("call_forward_settings") else {
        return Err(Refusal::bad(400, "This operation is not supported."));
    };
    if stored.len() + rows.len() > MOST {
        let message = format!("The number of items for call_forward_settings must not exceed {MOST}.");
        return Err(Refusal::bad(405, message));
    }
    let mut ids = Vec::new();
    for (index, change) in rows.iter().enumerate() {
        let mut row = Doc::new();
        write::forward_target(world, &mut row, change)?;
        if !row.contains_key("phone_number") && !row.contains_key("external_contact") {
            let field = format!("call_forward_settings[{index}].phone_number");
            return Err(Refusal::field(&field, "this or external_contact is required"));
        }
        let id = mint(world, &format!("{list} {index}"));
        row.insert("call_forward_id".to_owned(), json!(id));
        row.insert("enable".to_owned(), change.get("enable").cloned().unwrap_or(json!(true)));
        stored.push(Value::Object(row));
        ids.push(id);
    }
    world.put(list, doc);
    Ok(ids)
}

/// `DELETE /phone/users/{userId}/call_forward_settings/{hourType}` (`deleteUserCallForwardSetting`). The request names
/// no holiday and no break: the id is looked for in all of them.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        target.refuse_when_always_open(world, ask.last())?;
        let id = ask.query.one("call_forward_id").unwrap_or_default();
        let gone =
            hours_named(world, &target, ask.last()).iter().any(|hours| remove(world, &target, hours, id));
        if gone {
            Ok(Answer::Done)
        } else {
            Err(Refusal::bad(15103, format!("Call forward does not exist: {id}.")))
        }
    })
}

/// All hours of a user that go by this name.
pub(super) fn hours_named(world: &World, user: &Target, name: &str) -> Vec<HourType> {
    match name {
        "business_hours" => vec![HourType::Business],
        "closed_hours" => vec![HourType::Closed],
        "holiday_hours" => {
            let holidays = company_hours::holidays(world, &user.address);
            holidays.into_iter().map(|(id, _)| HourType::Holiday(id.to_owned())).collect()
        }
        _ => {
            let breaks = world.children(&format!("{}/settings/break_hours", user.address));
            breaks.into_iter().map(|(id, _)| HourType::Break(id.to_owned())).collect()
        }
    }
}

/// Takes a row out of a user's forwarding list; false if there is none, or if it is one of Zoom's own.
pub(super) fn remove(world: &mut World, user: &Target, hours: &HourType, id: &str) -> bool {
    let address = format!("{}/call_handling/settings/{}", user.address, hours.step());
    let Some(doc) = world.get_mut(&address) else { return false };
    let Some(Value::Array(rows)) = doc.get_mut("call_forward_settings") else { return false };
    let before = rows.len();
    rows.retain(|row| row["call_forward_id"] != id || write::is_own_app(row));
    rows.len() < before
}
