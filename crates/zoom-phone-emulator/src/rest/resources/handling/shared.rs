//! Who may hear somebody else's voicemail or recordings: lists of members with a `shared_id` each.

use serde_json::{Value, json};

use super::{Doc, Refusal, World, mint};
use crate::world::at;

/// Adds members to a list, and hands them out as they are kept: with `allow_delete`, `allow_download` and
/// `allow_sharing`.
pub(super) fn add(world: &mut World, list: &str, members: &[&Doc]) -> Result<Vec<Doc>, Refusal> {
    let mut new = Vec::new();
    for member in members {
        let member = checked(world, member)?;
        let is_same = |known: &Doc| known.get("access_user_id") == member.get("access_user_id");
        if world.children(list).into_iter().any(|(_, known)| is_same(known)) || new.iter().any(is_same) {
            return Err(Refusal::invalid("Voicemail has already been shared to the user."));
        }
        new.push(member);
    }
    for member in &mut new {
        let id = mint(world, list);
        member.insert("shared_id".to_owned(), json!(id));
        world.put(format!("{list}/{id}"), member.clone());
    }
    Ok(new)
}

/// Changes members by their `shared_id`.
pub(super) fn change(world: &mut World, list: &str, members: &[&Doc]) -> Result<(), Refusal> {
    for member in members {
        let id = member.get("shared_id").and_then(Value::as_str).unwrap_or_default();
        let address = format!("{list}/{id}");
        let Some(old) = world.get(&address) else {
            return Err(Refusal::field("shared_id", format!("{id} does not exist")));
        };
        let mut whole = old.clone();
        whole.extend(in_new_words(member));
        let mut changed = checked(world, &whole)?;
        changed.insert("shared_id".to_owned(), json!(id));
        world.put(address, changed);
    }
    Ok(())
}

/// Removes members; `ids` may be lists with commas.
pub(super) fn remove(world: &mut World, list: &str, ids: &[&str]) -> Result<(), Refusal> {
    for id in ids.iter().flat_map(|ids| ids.split(',')) {
        if world.remove(&format!("{list}/{id}")).is_none() {
            return Err(Refusal::field("shared_ids", format!("{id} does not exist")));
        }
    }
    Ok(())
}

/// The members of a list.
pub(super) fn all(world: &World, list: &str) -> Vec<Value> {
    world.children(list).into_iter().map(|(_, member)| Value::Object(member.clone())).collect()
}

/// The same with `delete` and `download`, the words of users and auto receptionists.
pub(super) fn in_old_words(members: &[Value]) -> Vec<Value> {
    let old = |member: &Value| {
        let mut member = member.clone();
        member["delete"] = member["allow_delete"].clone();
        member["download"] = member["allow_download"].clone();
        member
    };
    members.iter().map(old).collect()
}

fn in_new_words(member: &Doc) -> Doc {
    let new = |name: &str| match name {
        "access_member_id" => "access_user_id".to_owned(),
        "access_member_type" => "access_user_type".to_owned(),
        "delete" | "download" => format!("allow_{name}"),
        "share" => "allow_sharing".to_owned(),
        name => name.to_owned(),
    };
    member.iter().map(|(name, value)| (new(name), value.clone())).collect()
}

fn checked(world: &World, member: &Doc) -> Result<Doc, Refusal> {
    let given = in_new_words(member);
    let id = given.get("access_user_id").and_then(Value::as_str).unwrap_or_default();
    let kind = given.get("access_user_type").and_then(Value::as_str).unwrap_or("user");
    let list = if kind == "commonArea" { at::COMMON_AREAS } else { at::USERS };
    if world.get(&format!("{list}/{id}")).is_none() {
        return Err(Refusal::invalid(format!("User does not exist: {id}.")));
    }
    let flag = |name: &str| given.get(name) == Some(&json!(true));
    let member = json!({
        "access_user_id": id,
        "access_user_type": kind,
        "allow_delete": flag("allow_delete"),
        "allow_download": flag("allow_download"),
        "allow_sharing": flag("allow_sharing"),
    });
    Ok(super::names::known(member))
}
