//! Members of call queues and shared line groups, as requests name them and answers show them.

use serde_json::{Value, json};

use super::common::{no_user, text};
use crate::rest::Refusal;
use crate::world::{Doc, World, at, members};

/// Members that may be added in one call, users and common areas together.
const AT_A_TIME: usize = 10;

/// Members of a queue or group; the detail of a queue shows at most so many of a kind.
const AT_MOST: usize = 300;

/// What people are members of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// A call queue.
    Queue,
    /// A shared line group.
    SharedLines,
}

/// Addresses of the users and common areas that a body names; refused when there are none of that name.
pub(super) fn asked(world: &World, body: &Value, group: Group) -> Result<Vec<String>, Refusal> {
    let members = &body["members"];
    let mut found = Vec::new();
    for entry in members["users"].as_array().into_iter().flatten() {
        let id = text(entry, "id").filter(|id| world.get(&format!("{}/{id}", at::USERS)).is_some());
        let email = text(entry, "email").and_then(|email| Some(world.find(at::USERS, "email", email)?.0));
        let named = text(entry, "id").or_else(|| text(entry, "email")).unwrap_or_default();
        let id = id.or(email).ok_or_else(|| not_found(named))?;
        found.push(format!("{}/{id}", at::USERS));
    }
    for id in members["common_area_ids"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let address = format!("{}/{id}", at::COMMON_AREAS);
        if world.get(&address).is_none() {
            let message = format!("Validation Failed. Common area does not exist: {id}.");
            return Err(Refusal::bad(300, message));
        }
        found.push(address);
    }
    if group == Group::Queue && found.len() > AT_A_TIME {
        let message = "Validation Failed. Exceeded the maximum number to add members per time.";
        return Err(Refusal::bad(300, message));
    }
    Ok(found)
}

fn not_found(user: &str) -> Refusal {
    no_user(user).saying(format!("User not found: {user}."))
}

/// Adds members unless the group would get too many, or is a shared line group and they are in another.
pub(super) fn join(world: &mut World, group: &str, new: &[String], kind: Group) -> Result<(), Refusal> {
    let list = format!("{group}/members");
    let id = |address: &String| address.rsplit_once('/').map_or("", |(_, id)| id).to_owned();
    let newcomers = new.iter().filter(|address| world.get(&format!("{list}/{}", id(address))).is_none());
    if world.children(&list).len() + newcomers.count() > AT_MOST {
        let message = format!("The maximum number of Call Queue members is up to {AT_MOST}.");
        return Err(Refusal::bad(412, message));
    }
    for member in new.iter().map(id) {
        let mut others = members::groups_of(world, &member).into_iter();
        if kind == Group::SharedLines
            && others.any(|other| other != group && other.starts_with(at::SHARED_LINE_GROUPS))
        {
            let message = format!("The member {member} is in another shared line group.");
            return Err(Refusal::bad(300, message));
        }
    }
    for member in new {
        members::add(world, group, member);
    }
    Ok(())
}

/// Members by kind, as the detail of a queue or group has them.
pub(super) fn told(world: &World, group: &str) -> Value {
    let (mut users, mut common_areas) = (Vec::new(), Vec::new());
    for (_, member) in world.children(&format!("{group}/members")) {
        let entry = |level: &str| {
            let mut entry = Doc::clone(member);
            entry.insert("level".to_owned(), json!(level));
            Value::Object(entry)
        };
        if member.get("level").and_then(Value::as_str) == Some("commonArea") {
            common_areas.push(entry("commonArea"));
        } else {
            users.push(entry(if member.contains_key("_manager") { "manager" } else { "user" }));
        }
    }
    json!({ "users": users, "common_areas": common_areas })
}

/// Who may hear the voicemail of a queue or group, as its detail has them.
pub(super) fn voicemail_access(world: &World, group: &str) -> Value {
    let members = world.children(&format!("{group}/policies/voice_mail")).into_iter();
    let members = members.map(|(_, member)| Value::Object(member.clone()));
    json!({ "voicemail_access_members": members.collect::<Vec<_>>() })
}
