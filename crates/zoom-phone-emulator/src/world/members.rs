//! Members of call queues and shared line groups.

use serde_json::{Value, json};

use super::{Doc, World, at, numbers};

/// Makes a user or common area a member, both given by address. A member stays one as it is.
pub(crate) fn add(world: &mut World, group: &str, member: &str) {
    let Some(doc) = world.get(member) else { return };
    let Some(id) = doc.get("id").and_then(Value::as_str).map(str::to_owned) else { return };
    let address = format!("{group}/members/{id}");
    if world.get(&address).is_some() {
        return;
    }
    let mut entry = Doc::new();
    entry.insert("id".to_owned(), json!(id));
    entry.insert("level".to_owned(), json!(numbers::kind(member)));
    entry.insert("name".to_owned(), doc.get("name").cloned().unwrap_or_default());
    entry.insert("receive_call".to_owned(), json!(true));
    entry.insert("extension_id".to_owned(), doc.get("extension_id").cloned().unwrap_or_default());
    world.put(address, entry);
}

/// Makes a member the manager of a queue.
pub(crate) fn manage(world: &mut World, queue: &str, member: &str) {
    if let Some(doc) = world.get_mut(&format!("{queue}/members/{member}")) {
        doc.insert("_manager".to_owned(), json!(true));
    }
}

/// Ends a membership, that in the custom groups of a queue included. False when there was none.
pub(crate) fn remove(world: &mut World, group: &str, member: &str) -> bool {
    let Some(gone) = world.remove(&format!("{group}/members/{member}")) else { return false };
    let extension = gone.get("extension_id").cloned().unwrap_or_default();
    for custom in custom_groups(world, group) {
        let custom = world.get_mut(&custom).and_then(|doc| doc.get_mut("members"));
        if let Some(Value::Array(members)) = custom {
            members.retain(|it| it.get("extension_id") != Some(&extension));
        }
    }
    true
}

/// The queues and shared line groups of a user or common area, by address.
pub(crate) fn groups_of(world: &World, member: &str) -> Vec<String> {
    let lists = [at::QUEUES, at::SHARED_LINE_GROUPS];
    let groups = lists.iter().flat_map(|list| {
        let groups = world.children(list);
        groups.into_iter().map(move |(id, _)| format!("{list}/{id}"))
    });
    groups.filter(|group| world.get(&format!("{group}/members/{member}")).is_some()).collect()
}

/// Addresses of the custom groups of a queue.
pub(crate) fn custom_groups(world: &World, queue: &str) -> Vec<String> {
    super::extension::addresses(world, &format!("{queue}/custom_groups"))
}
