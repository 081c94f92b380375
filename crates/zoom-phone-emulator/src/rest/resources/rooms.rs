//! Zoom Rooms with Zoom Phone.

use serde_json::{Value, json};

use super::common::{
    add_plans, assign, change_policy, drop_plan, first, fits_keyword, fits_plan, fits_site, number, rows,
    shown, site, text, unassign, whole, with_policy,
};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension;
use crate::world::numbers::Unassignable;
use crate::world::{Doc, World, at};

/// Where the numbers of rooms begin.
const NUMBERS_FROM: i64 = 950;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_zoom_rooms" => list,
        "list_unassigned_zoom_rooms" => |ask| Ok(list_unassigned(ask)),
        "add_zoom_room" => add,
        "get_zoom_room" => get,
        "update_zoom_room" => update,
        "remove_zoom_room" => remove,
        "assign_calling_plan_to_room" => assign_plans,
        "unassign_calling_plan_from_room" => unassign_plan,
        "assign_phone_number_to_zoom_room" => assign_numbers,
        "unassign_phone_number_from_zoom_room" => unassign_number,
        _ => return None,
    })
}

fn usual_policy() -> Value {
    json!({
        "international_calling": { "enable": false, "locked_by": "invalid" },
        "select_outbound_caller_id": { "enable": true, "locked_by": "invalid" },
    })
}

fn absent(id: &str) -> Refusal {
    Refusal::bad(404, format!("Room does not exist:{id}."))
}

/// The address of the room in the path; 400 with code 404 when there is none.
fn known(world: &World, ask: &Ask<'_>) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::ROOMS, first(ask));
    if world.get(&address).is_some() { Ok(address) } else { Err(absent(first(ask))) }
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let keep = |_: &World, doc: &Doc| fits_site(ask, doc) && fits_plan(ask, doc) && fits_keyword(ask, doc);
    rows(ask, ("rooms", 100), at::ROOMS, keep, whole)
}

fn list_unassigned(ask: &Ask<'_>) -> Answer {
    let rooms: Vec<_> = ask.shared.state.world(|world| {
        let rooms = world.children(at::FREE_ROOMS).into_iter().filter(|(_, doc)| fits_keyword(ask, doc));
        rooms.map(|(_, doc)| Value::Object(doc.clone())).collect()
    });
    shown(ask, &json!({ "rooms": rooms }))
}

fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = text(ask.body, "id").unwrap_or_default();
    ask.shared.state.world(|world| {
        let free = format!("{}/{id}", at::FREE_ROOMS);
        let Some(room) = world.get(&free).cloned() else { return Err(absent(id)) };
        let asked = text(ask.body, "site_id");
        let site = site(world, asked).ok_or_else(|| Refusal::bad(404, "Site does not exist."))?;
        for plan in ask.body["calling_plans"].as_array().into_iter().flatten() {
            if world.get(&format!("{}/{}", at::PLANS, plan["type"])).is_none() {
                let message = format!("Unknown or invalid calling plan: {}.", plan["type"]);
                return Err(Refusal::bad(404, message));
            }
        }
        world.remove(&free);
        let name = room.get("display_name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = extension::free_number(world, NUMBERS_FROM);
        let mut dice = world.dice(ask.shared.config.seed);
        let further = json!({ "calling_plans": [] });
        let made = extension::create(world, &mut dice, at::ROOMS, (&name, number), &site, further);
        // The room keeps the id that it had.
        let mut doc = world.remove(&made).unwrap_or_default();
        doc.insert("id".to_owned(), json!(id));
        let address = format!("{}/{id}", at::ROOMS);
        world.put(address.clone(), doc);
        add_plans(world, &address, ask.body, |_| Refusal::bad(404, "Unknown or invalid calling plan."))?;
        Ok(Answer::Done)
    })
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let room = known(world, ask)?;
        Ok(with_policy(&world.get(&room).cloned().unwrap_or_default(), usual_policy()))
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let room = known(world, ask)?;
        let number = match ask.body.get("extension_number") {
            Some(asked) => {
                Some(number(world, &room, asked, |_, _| Refusal::bad(300, "Extension number error."))?)
            }
            None => None,
        };
        let site = match text(ask.body, "site_id") {
            Some(id) => {
                let found = site(world, Some(id));
                Some(found.ok_or_else(|| Refusal::bad(404, "Site does not exist."))?)
            }
            None => None,
        };
        if let Some(doc) = world.get_mut(&room) {
            change_policy(doc, ask.body);
            if let Some(number) = number {
                doc.insert("extension_number".to_owned(), json!(number));
            }
        }
        match site {
            Some(site) => extension::move_to(world, &room, &site),
            None => extension::changed(world, &room),
        }
        Ok(Answer::Done)
    })
}

/// Takes Zoom Phone away from a room; the room stays.
fn remove(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let room = known(world, ask)?;
        let name = world.get(&room).and_then(|doc| doc.get("name")).cloned().unwrap_or_default();
        extension::remove(world, &room);
        let free = [("id".to_owned(), json!(first(ask))), ("display_name".to_owned(), name)];
        world.put(format!("{}/{}", at::FREE_ROOMS, first(ask)), Doc::from_iter(free));
        Ok(Answer::Done)
    })
}

fn assign_plans(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let room = known(world, ask)?;
        add_plans(world, &room, ask.body, |_| Refusal::bad(300, "Plan invalid."))?;
        Ok(Answer::Done)
    })
}

fn unassign_plan(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let room = known(world, ask)?;
        if drop_plan(world, &room, ask.last()) {
            Ok(Answer::Done)
        } else {
            Err(Refusal::bad(300, "Plan invalid."))
        }
    })
}

fn assign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let room = known(world, ask)?;
        let plans = world.get(&room).and_then(|doc| doc.get("calling_plans")).and_then(Value::as_array);
        if plans.is_none_or(Vec::is_empty) {
            let message = "This function requires a Zoom Phone Metered, Unlimited, or Pro plan.";
            return Err(Refusal::bad(409, message));
        }
        assign(world, &room, ask.body, |trouble, _| match trouble {
            Unassignable::Absent => Refusal::bad(404, "Phone number does not exist."),
            Unassignable::Taken => Refusal::bad(409, "Phone number already in use."),
        })?;
        Ok(Answer::Done)
    })
}

fn unassign_number(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let room = known(world, ask)?;
        if unassign(world, &room, ask.last()) {
            return Ok(Answer::Done);
        }
        Err(Refusal::bad(404, "Phone number does not exist."))
    })
}
