//! Custom groups of a queue's members, which ring one group after the other.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::common::{shown, take, text};
use super::queues::{absent, known};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::{Doc, World, members};

/// Groups of a queue.
const GROUPS: usize = 20;
/// Members of a group.
const MEMBERS: usize = 50;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_call_queue_custom_groups" => list,
        "create_call_queue_custom_group" => create,
        "get_call_queue_custom_group" => get,
        "update_call_queue_custom_group" => update,
        "delete_call_queue_custom_group" => delete,
        "add_call_queue_custom_group_members" => add_members,
        "remove_call_queue_custom_group_member" => remove_member,
        _ => return None,
    })
}

/// The address of the group in the path.
fn group(world: &World, ask: &Ask<'_>) -> Result<String, Refusal> {
    let queue = known(world, ask, absent)?;
    let id = ask.path("customGroupId");
    let group = format!("{queue}/custom_groups/{id}");
    if world.get(&group).is_some() {
        return Ok(group);
    }
    let message = format!("The custom group does not exist, customGroupId: {id}.");
    Err(Refusal::new(StatusCode::NOT_FOUND, 13002, message))
}

/// Members of the queue by their extension ids, as groups have them.
fn entries(world: &World, queue: &str, ids: &Value) -> Result<Vec<Value>, Refusal> {
    let members = world.children(&format!("{queue}/members"));
    let mut found = Vec::new();
    for id in ids.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let member =
            members.iter().find(|(_, doc)| doc.get("extension_id").and_then(Value::as_str) == Some(id));
        let extension = world.extension(id).and_then(|address| world.get(&address));
        let (Some((_, member)), Some(extension)) = (member, extension) else {
            let message = format!("Validation failed. The extension {id} is not a member of the call queue.");
            return Err(Refusal::bad(300, message));
        };
        found.push(json!({
            "extension_id": id,
            "name": member.get("name"),
            "extension_number": extension.get("extension_number"),
        }));
    }
    Ok(found)
}

fn too_many() -> Refusal {
    Refusal::bad(13004, "Custom group member limit exceeded.")
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let queue = known(world, ask, absent)?;
        let groups = world.children(&format!("{queue}/custom_groups"));
        let groups = groups.into_iter().map(|(_, doc)| Value::Object(doc.clone()));
        Ok(json!({ "custom_groups": groups.collect::<Vec<_>>() }))
    })?;
    Ok(shown(ask, &told))
}

fn create(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let queue = known(world, ask, absent)?;
        let groups = world.children(&format!("{queue}/custom_groups"));
        if groups.len() >= GROUPS {
            return Err(Refusal::bad(13003, "Custom group limit exceeded."));
        }
        let last = groups.iter().filter_map(|(_, doc)| doc.get("sequence")?.as_u64()).max();
        let members = entries(world, &queue, &ask.body["member_extension_ids"])?;
        let id = world.dice(ask.shared.config.seed).opaque_id();
        let group = json!({
            "custom_group_id": id,
            "sequence": last.unwrap_or(0) + 1,
            "name": ask.body["name"],
            "description": text(ask.body, "description").unwrap_or_default(),
            "members": members,
        });
        if let Value::Object(doc) = &group {
            world.put(format!("{queue}/custom_groups/{id}"), doc.clone());
        }
        Ok(group)
    })?;
    Ok(shown(ask, &told))
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let group = group(world, ask)?;
        Ok(Value::Object(world.get(&group).cloned().unwrap_or_default()))
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = group(world, ask)?;
        if let Some(doc) = world.get_mut(&group) {
            take(doc, ask.body, &["name", "description"]);
        }
        Ok(())
    })?;
    get(ask)
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, absent)?;
        let group = group(world, ask)?;
        world.remove(&group);
        // The others move up.
        for (nth, other) in members::custom_groups(world, &queue).iter().enumerate() {
            if let Some(doc) = world.get_mut(other) {
                doc.insert("sequence".to_owned(), json!(nth + 1));
            }
        }
        Ok(Answer::Done)
    })
}

fn members_of(doc: &mut Doc) -> Option<&mut Vec<Value>> {
    doc.get_mut("members")?.as_array_mut()
}

fn add_members(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let queue = known(world, ask, absent)?;
        let group = group(world, ask)?;
        let mut new = entries(world, &queue, &ask.body["member_extension_ids"])?;
        let Some(members) = world.get_mut(&group).and_then(members_of) else { return Ok(Answer::Done) };
        new.retain(|entry| !members.iter().any(|it| it["extension_id"] == entry["extension_id"]));
        if members.len() + new.len() > MEMBERS {
            return Err(too_many());
        }
        members.extend(new);
        Ok(Answer::Done)
    })
}

fn remove_member(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let group = group(world, ask)?;
        let Some(members) = world.get_mut(&group).and_then(members_of) else { return Ok(Answer::Done) };
        let before = members.len();
        members.retain(|it| it["extension_id"] != ask.last());
        if members.len() == before {
            let message = format!("The extension {} is not a member of the custom group.", ask.last());
            return Err(Refusal::absent(message));
        }
        Ok(Answer::Done)
    })
}
