//! Shared line groups.

use serde_json::{Value, json};

use super::common::{
    assign, first, gone, is_timezone, number, rows, shown, site, take, text, unassign, whole,
};
use super::members::{self, Group};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::{self, Unfit};
use crate::world::numbers::{self, Unassignable};
use crate::world::{Doc, World, at};

/// Where the numbers of new groups begin.
const NUMBERS_FROM: i64 = 860;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_shared_line_groups" => list,
        "create_a_shared_line_group" => create,
        "get_a_shared_line_group" => get,
        "update_a_shared_line_group" => update,
        "delete_a_shared_line_group" => delete,
        "add_members_to_shared_line_group" => add_members,
        "delete_members_of_slg" => remove_members,
        "delete_a_member_slg" => remove_member,
        "assign_phone_numbers_slg" => assign_numbers,
        "delete_phone_numbers_slg" => unassign_numbers,
        "delete_a_phone_number_slg" => unassign_number,
        _ => return None,
    })
}

/// The address of the group in the path; `absent` for operations that document 404, `invalid` for the others.
fn known(world: &World, ask: &Ask<'_>, refuse: fn(String) -> Refusal) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::SHARED_LINE_GROUPS, first(ask));
    if world.get(&address).is_some() {
        return Ok(address);
    }
    Err(gone(ask, refuse(format!("Shared line group does not exist: {}.", first(ask)))))
}

fn absent(message: String) -> Refusal {
    Refusal::absent(message)
}

fn invalid(message: String) -> Refusal {
    Refusal::bad(300, message)
}

fn unfit(unfit: Unfit, number: &str) -> Refusal {
    match unfit {
        Unfit::Length => Refusal::bad(409, "Invalid short number length."),
        Unfit::Reserved => Refusal::bad(409, format!("Number {number} is a reserved extension number.")),
        Unfit::Taken => Refusal::bad(400, format!("Extension number {number} is already used.")),
    }
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    rows(ask, ("shared_line_groups", 300), at::SHARED_LINE_GROUPS, |_, _| true, whole)
}

fn create(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let site = site(world, text(ask.body, "site_id"));
        let site = site.ok_or_else(|| invalid("Site does not exist.".to_owned()))?;
        let number = match ask.body.get("extension_number") {
            Some(asked) => number(world, "", asked, unfit)?,
            None => extension::free_number(world, NUMBERS_FROM),
        };
        let name = text(ask.body, "display_name").unwrap_or_default();
        let further = json!({
            "display_name": name,
            "status": "active",
            "allow_privacy": false,
            "_description": ask.body.get("description"),
        });
        let mut dice = world.dice(ask.shared.config.seed);
        let group =
            extension::create(world, &mut dice, at::SHARED_LINE_GROUPS, (name, number), &site, further);
        Ok(world.get(&group).cloned().unwrap_or_default())
    })?;
    Ok(shown(ask, &Value::Object(told)))
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let group = known(world, ask, absent)?;
        let mut told = Value::Object(world.get(&group).cloned().unwrap_or_default());
        told["members"] = members::told(world, &group);
        told["policy"] = members::voicemail_access(world, &group);
        Ok(told)
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, absent)?;
        let number = match ask.body.get("extension_number") {
            Some(asked) => Some(number(world, &group, asked, unfit)?),
            None => None,
        };
        if let Some(primary) = text(ask.body, "primary_number").filter(|it| !it.is_empty()) {
            let own = numbers::find(world, primary);
            let own = own.filter(|id| numbers::assignee(world, id).as_deref() == Some(group.as_str()));
            if own.is_none() {
                return Err(invalid(format!("The group does not have the phone number {primary}.")));
            }
        }
        if let Some(zone) = text(ask.body, "timezone").filter(|zone| !is_timezone(zone)) {
            return Err(invalid(format!("Time zone is invalid:{zone}")));
        }
        if let Some(doc) = world.get_mut(&group) {
            change(doc, ask.body, number);
        }
        extension::changed(world, &group);
        Ok(Answer::Done)
    })
}

fn change(doc: &mut Doc, body: &Value, number: Option<i64>) {
    let fields = [
        "display_name",
        "primary_number",
        "status",
        "timezone",
        "cost_center",
        "department",
        "audio_prompt_language",
        "default_transcription_language",
        "recording_storage_location",
        "allow_privacy",
    ];
    take(doc, body, &fields);
    if let Some(name) = body.get("display_name") {
        doc.insert("name".to_owned(), name.clone());
    }
    if let Some(number) = number {
        doc.insert("extension_number".to_owned(), json!(number));
    }
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, invalid)?;
        extension::remove(world, &group);
        Ok(Answer::Done)
    })
}

fn add_members(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, invalid)?;
        let members = members::asked(world, ask.body, Group::SharedLines)?;
        members::join(world, &group, &members, Group::SharedLines)?;
        Ok(Answer::Done)
    })
}

fn remove_members(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, invalid)?;
        let members = world.children(&format!("{group}/members"));
        for member in members.into_iter().map(|(id, _)| id.to_owned()).collect::<Vec<_>>() {
            crate::world::members::remove(world, &group, &member);
        }
        Ok(Answer::Done)
    })
}

fn remove_member(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, invalid)?;
        if crate::world::members::remove(world, &group, ask.last()) {
            return Ok(Answer::Done);
        }
        Err(invalid(format!("The member does not exist: {}.", ask.last())))
    })
}

fn assign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, absent)?;
        assign(world, &group, ask.body, |trouble, number| {
            Refusal::bad(
                400,
                match trouble {
                    Unassignable::Absent => "Phone number does not exist.".to_owned(),
                    Unassignable::Taken => format!("Phone number is already assigned: {number}."),
                },
            )
        })?;
        settle_primary(world, &group);
        Ok(Answer::Done)
    })
}

fn unassign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, invalid)?;
        numbers::release_all(world, &group);
        settle_primary(world, &group);
        Ok(Answer::Done)
    })
}

fn unassign_number(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = known(world, ask, invalid)?;
        if !unassign(world, &group, ask.last()) {
            return Err(Refusal::bad(400, "Phone number does not exist"));
        }
        settle_primary(world, &group);
        Ok(Answer::Done)
    })
}

/// The primary number is one of the group's: the first, when it has another no more.
fn settle_primary(world: &mut World, group: &str) {
    let Some(doc) = world.get_mut(group) else { return };
    let numbers = doc.get("phone_numbers").and_then(Value::as_array).cloned().unwrap_or_default();
    let primary = doc.get("primary_number");
    if numbers.iter().any(|entry| Some(&entry["number"]) == primary) {
        return;
    }
    match numbers.first() {
        Some(first) => doc.insert("primary_number".to_owned(), first["number"].clone()),
        None => doc.shift_remove("primary_number"),
    };
}
