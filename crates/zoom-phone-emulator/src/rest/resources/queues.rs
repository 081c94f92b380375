//! Call queues and their members.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::common::{
    assign, first, fits, fits_site, gone, is_timezone, number, rows, shown, site, take, text, unassign, whole,
};
use super::members::{self, Group};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::{self, Unfit};
use crate::world::numbers::{self, Unassignable};
use crate::world::{Doc, World, at};

/// Where the numbers of new queues begin.
const NUMBERS_FROM: i64 = 801;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_call_queues" => list,
        "create_call_queue" => create,
        "get_a_call_queue" => get,
        "update_call_queue" => update,
        "delete_a_call_queue" => delete,
        "list_call_queue_members" => list_members,
        "add_members_to_call_queue" => add_members,
        "unassign_all_members" => remove_members,
        "unassign_member_from_call_queue" => remove_member,
        "assign_phone_to_call_queue" => assign_numbers,
        "unassign_a_phone_num_call_queue" => unassign_numbers,
        "unassign_phone_num_call_queue" => unassign_number,
        _ => return None,
    })
}

/// 404 with code 13000.
pub(super) fn absent(ask: &Ask<'_>) -> Refusal {
    let message = format!("The Call Queue does not exist, callQueueId:{}.", first(ask));
    gone(ask, Refusal::new(StatusCode::NOT_FOUND, 13000, message))
}

/// 400 with code 300: most writes to queues say it so.
fn no_group(ask: &Ask<'_>) -> Refusal {
    let message = format!("Validation Failed. The group does not exist, groupId:{}.", first(ask));
    gone(ask, Refusal::bad(300, message))
}

/// The address of the queue in the path.
pub(super) fn known(
    world: &World,
    ask: &Ask<'_>,
    refuse: fn(&Ask<'_>) -> Refusal,
) -> Result<String, Refusal> {
    let queue = format!("{}/{}", at::QUEUES, first(ask));
    if world.get(&queue).is_some() { Ok(queue) } else { Err(refuse(ask)) }
}

fn unfit(unfit: Unfit, number: &str) -> Refusal {
    match unfit {
        Unfit::Length => Refusal::bad(300, format!("{number} is out of range")),
        Unfit::Reserved => Refusal::bad(400, format!("Number {number} is a reserved extension number.")),
        Unfit::Taken => Refusal::bad(400, format!("Extension number {number} is already used.")),
    }
}

fn no_site() -> Refusal {
    Refusal::bad(300, "Validation Failed. Site does not exist.")
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let keep = |_: &World, doc: &Doc| {
        fits_site(ask, doc) && fits(ask, doc, "department") && fits(ask, doc, "cost_center")
    };
    rows(ask, ("call_queues", 100), at::QUEUES, keep, whole)
}

fn create(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let site = site(world, text(ask.body, "site_id")).ok_or_else(no_site)?;
        let number = match ask.body.get("extension_number") {
            Some(asked) => number(world, "", asked, unfit)?,
            None => extension::free_number(world, NUMBERS_FROM),
        };
        let members = members::asked(world, ask.body, Group::Queue)?;
        let mut further = Doc::from_iter([("status".to_owned(), json!("active"))]);
        take(&mut further, ask.body, &["cost_center", "department"]);
        if let Some(description) = ask.body.get("description") {
            further.insert("_description".to_owned(), description.clone());
        }
        let name = text(ask.body, "name").unwrap_or_default();
        let mut dice = world.dice(ask.shared.config.seed);
        let queue =
            extension::create(world, &mut dice, at::QUEUES, (name, number), &site, Value::Object(further));
        for member in members {
            crate::world::members::add(world, &queue, &member);
        }
        Ok(world.get(&queue).cloned().unwrap_or_default())
    })?;
    Ok(shown(ask, &Value::Object(told)))
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let queue = known(world, ask, absent)?;
        let mut told = Value::Object(world.get(&queue).cloned().unwrap_or_default());
        told["members"] = members::told(world, &queue);
        told["policy"] = members::voicemail_access(world, &queue);
        Ok(told)
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, no_group)?;
        let number = match ask.body.get("extension_number") {
            Some(asked) => Some(number(world, &queue, asked, unfit)?),
            None => None,
        };
        let site = match text(ask.body, "site_id") {
            Some(id) => Some(site(world, Some(id)).ok_or_else(no_site)?),
            None => None,
        };
        if text(ask.body, "timezone").is_some_and(|zone| !is_timezone(zone)) {
            return Err(Refusal::bad(300, "Validation Failed. Timezone not found in the system."));
        }
        if let Some(doc) = world.get_mut(&queue) {
            let fields = [
                "cost_center",
                "department",
                "name",
                "status",
                "timezone",
                "audio_prompt_language",
                "default_transcription_language",
                "recording_storage_location",
            ];
            take(doc, ask.body, &fields);
            if let Some(description) = ask.body.get("description") {
                doc.insert("_description".to_owned(), description.clone());
            }
            if let Some(number) = number {
                doc.insert("extension_number".to_owned(), json!(number));
            }
        }
        match site {
            Some(site) => extension::move_to(world, &queue, &site),
            None => extension::changed(world, &queue),
        }
        Ok(Answer::Done)
    })
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, |ask| {
            gone(ask, Refusal::bad(400, format!("The group does not exist, groupId:{}.", first(ask))))
        })?;
        extension::remove(world, &queue);
        Ok(Answer::Done)
    })
}

/// Paging works although the specification names no parameters for it.
fn list_members(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let queue = ask.shared.state.world(|world| known(world, ask, no_group))?;
    rows(ask, ("call_queue_members", 300), &format!("{queue}/members"), |_, _| true, whole)
}

fn add_members(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, no_group)?;
        let members = members::asked(world, ask.body, Group::Queue)?;
        members::join(world, &queue, &members, Group::Queue)?;
        Ok(Answer::Done)
    })
}

fn remove_members(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, no_group)?;
        let members = world.children(&format!("{queue}/members"));
        let members = members.into_iter().filter(|(_, doc)| doc.get("_manager").is_none());
        for member in members.map(|(id, _)| id.to_owned()).collect::<Vec<_>>() {
            crate::world::members::remove(world, &queue, &member);
        }
        Ok(Answer::Done)
    })
}

fn remove_member(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, no_group)?;
        let member = world.get(&format!("{queue}/members/{}", ask.last()));
        let Some(member) = member else {
            return Err(Refusal::absent(format!("The member does not exist: {}.", ask.last())));
        };
        if member.get("_manager").is_some() {
            return Err(Refusal::bad(400, "Unable to delete manager"));
        }
        crate::world::members::remove(world, &queue, ask.last());
        Ok(Answer::Done)
    })
}

fn assign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, |ask| {
            Refusal::bad(400, format!("Call Queue does not exist: {}.", first(ask)))
        })?;
        if ask.body["phone_numbers"].as_array().is_none_or(Vec::is_empty) {
            return Err(Refusal::bad(400, "Need to specify at least one phone number"));
        }
        assign(world, &queue, ask.body, |trouble, number| {
            Refusal::bad(
                400,
                match trouble {
                    Unassignable::Absent => format!("Phone number does not exist: {number}."),
                    Unassignable::Taken => format!("Phone number is already assigned: {number}."),
                },
            )
        })?;
        Ok(Answer::Done)
    })
}

fn unassign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, no_group)?;
        numbers::release_all(world, &queue);
        Ok(Answer::Done)
    })
}

fn unassign_number(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, no_group)?;
        if unassign(world, &queue, ask.last()) {
            return Ok(Answer::Done);
        }
        Err(Refusal::absent("Phone number not belong to call queue."))
    })
}
