//! Extensions of every kind: how they come into being, what else tells of them, and what goes when they go.

use serde_json::{Value, json};

use super::hours::object;
use super::{Doc, World, at, members, numbers};
use crate::dice::Dice;

/// Numbers that telephones keep for themselves.
const RESERVED: [i64; 5] = [112, 911, 933, 988, 999];

/// Why an extension number cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Not of 3 to 6 digits.
    Length,
    /// Kept for emergencies.
    Reserved,
    /// Somebody else has it.
    Taken,
}

/// A new extension, put at `{list}/{id}`; its address.
pub(crate) fn create(
    world: &mut World,
    dice: &mut Dice,
    list: &str,
    (name, number): (&str, i64),
    site: &Value,
    further: Value,
) -> String {
    let (id, extension_id) = (dice.opaque_id(), dice.opaque_id());
    let timezone = site.get("id").and_then(Value::as_str).map(|id| timezone(world, id)).unwrap_or_default();
    let mut doc = object(json!({
        "id": id,
        "extension_id": extension_id,
        "extension_number": number,
        "name": name,
        "site": { "id": site.get("id"), "name": site.get("name") },
        "phone_numbers": [],
        "timezone": timezone,
        "audio_prompt_language": "en-US",
        "default_transcription_language": "en-US",
    }));
    doc.extend(object(further));
    doc.retain(|_, value| !value.is_null());
    let address = format!("{list}/{id}");
    world.put(address.clone(), doc);
    address
}

/// IANA name of a site's time zone.
pub(crate) fn timezone(world: &World, site: &str) -> String {
    let doc = world.get(&format!("{}/{site}", at::SITES));
    let zone = doc.and_then(|doc| doc.get("_timezone")).and_then(Value::as_str);
    zone.unwrap_or("America/New_York").to_owned()
}

/// Whether an extension may have this number; `own` is its address, unless it is new.
pub(crate) fn may_have(world: &World, own: &str, number: i64) -> Result<(), Unfit> {
    if RESERVED.contains(&number) {
        return Err(Unfit::Reserved);
    }
    if !(100..1_000_000).contains(&number) {
        return Err(Unfit::Length);
    }
    match with_number(world, number) {
        Some(other) if other != own => Err(Unfit::Taken),
        _ => Ok(()),
    }
}

/// The address of the extension with this number.
pub(crate) fn with_number(world: &World, number: i64) -> Option<String> {
    at::EXTENSIONS.iter().find_map(|list| {
        let docs = world.children(list);
        let found =
            docs.iter().find(|(_, doc)| doc.get("extension_number").and_then(Value::as_i64) == Some(number));
        found.map(|(id, _)| format!("{list}/{id}"))
    })
}

/// The first number from here on that nobody has.
pub(crate) fn free_number(world: &World, from: i64) -> i64 {
    let taken: std::collections::BTreeSet<_> = at::EXTENSIONS
        .iter()
        .flat_map(|list| world.children(list))
        .filter_map(|(_, doc)| doc.get("extension_number").and_then(Value::as_i64))
        .collect();
    let mut number = from;
    while taken.contains(&number) || RESERVED.contains(&number) {
        number += 1;
    }
    number
}

/// Puts an extension at a site.
pub(crate) fn move_to(world: &mut World, extension: &str, site: &Value) {
    let Some(doc) = world.get_mut(extension) else { return };
    doc.insert("site".to_owned(), json!({ "id": site.get("id"), "name": site.get("name") }));
    if doc.contains_key("site_id") {
        doc.insert("site_id".to_owned(), site.get("id").cloned().unwrap_or_default());
    }
    changed(world, extension);
}

/// Brings up to date what others say about an extension: its numbers, its queues and groups, its site.
pub(crate) fn changed(world: &mut World, extension: &str) {
    let Some(doc) = world.get(extension) else { return };
    let field = |name: &str| doc.get(name).cloned().unwrap_or_default();
    let (id, extension_id) = (field("id"), field("extension_id"));
    let (name, number, site) = (field("name"), field("extension_number"), field("site"));
    for own in numbers::of(world, extension) {
        let Some(doc) = world.get_mut(&format!("{}/{own}", at::NUMBERS)) else { continue };
        doc.insert("site".to_owned(), site.clone());
        if let Some(Value::Object(card)) = doc.get_mut("assignee") {
            card.insert("name".to_owned(), name.clone());
            card.insert("extension_number".to_owned(), number.clone());
        }
    }
    let Some(id) = id.as_str() else { return };
    for group in members::groups_of(world, id) {
        if let Some(member) = world.get_mut(&format!("{group}/members/{id}")) {
            member.insert("name".to_owned(), name.clone());
        }
        for custom in members::custom_groups(world, &group) {
            let entries =
                world.get_mut(&custom).and_then(|doc| doc.get_mut("members")).and_then(Value::as_array_mut);
            for entry in entries.into_iter().flatten().filter(|it| it["extension_id"] == extension_id) {
                entry["name"] = name.clone();
                entry["extension_number"] = number.clone();
            }
        }
    }
    for site in addresses(world, at::SITES) {
        let main = world.get(&site).and_then(|doc| doc.get("main_auto_receptionist"));
        if main.and_then(|main| main.get("id")).and_then(Value::as_str) == Some(id)
            && let Some(main) = world.get_mut(&site).and_then(|doc| doc.get_mut("main_auto_receptionist"))
        {
            main["name"] = name.clone();
            main["extension_number"] = number.clone();
        }
    }
}

/// Brings the name of a site up to date wherever it stands.
pub(crate) fn site_renamed(world: &mut World, site: &str, name: &Value) {
    for list in at::EXTENSIONS.iter().chain(&[at::NUMBERS, at::PENDING_USERS]) {
        for address in addresses(world, list) {
            let at_site = world.get(&address).is_some_and(|doc| is_at(doc, site));
            if at_site && let Some(doc) = world.get_mut(&address) {
                doc.insert("site".to_owned(), json!({ "id": site, "name": name }));
            }
        }
    }
}

/// Whether something belongs to a site.
pub(crate) fn is_at(doc: &Doc, site: &str) -> bool {
    doc.get("site").and_then(|it| it.get("id")).and_then(Value::as_str) == Some(site)
}

/// Removes an extension with everything below it. Its numbers are free again, its memberships end, and directories
/// forget it; what forwards to it goes on naming its id.
pub(crate) fn remove(world: &mut World, extension: &str) {
    numbers::release_all(world, extension);
    let Some(gone) = world.remove(extension) else { return };
    let field = |name: &str| gone.get(name).and_then(Value::as_str).unwrap_or_default();
    let (id, extension_id) = (field("id"), field("extension_id"));
    for group in members::groups_of(world, id) {
        members::remove(world, &group, id);
    }
    let sites = addresses(world, at::SITES).into_iter().map(|site| site + at::SITE_DIRECTORY);
    for directory in sites.chain([at::DIRECTORY.to_owned(), at::PRIVATE_DIRECTORY.to_owned()]) {
        world.remove(&format!("{directory}/{extension_id}"));
    }
}

/// Addresses of everything in a list.
pub(crate) fn addresses(world: &World, list: &str) -> Vec<String> {
    world.children(list).into_iter().map(|(id, _)| format!("{list}/{id}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::world::file::CompanyFile;

    /// What may happen to an account; the numbers choose an extension, a number, or a queue of those there are.
    #[derive(Debug, Clone)]
    enum Change {
        Assign(usize, usize),
        Release(usize),
        Remove(usize),
        Join(usize, usize),
        Leave(usize, usize),
        Rename(usize, String),
        Move(usize, usize),
    }

    fn change() -> impl Strategy<Value = Change> {
        let any = || 0..1000_usize;
        prop_oneof![
            (any(), any()).prop_map(|(extension, number)| Change::Assign(extension, number)),
            any().prop_map(Change::Release),
            any().prop_map(Change::Remove),
            (any(), any()).prop_map(|(queue, member)| Change::Join(queue, member)),
            (any(), any()).prop_map(|(queue, member)| Change::Leave(queue, member)),
            (any(), "[A-Z]{1,8}").prop_map(|(extension, name)| Change::Rename(extension, name)),
            (any(), any()).prop_map(|(extension, site)| Change::Move(extension, site)),
        ]
    }

    fn apply(world: &mut World, change: Change) {
        let extensions: Vec<_> = at::EXTENSIONS.iter().flat_map(|list| addresses(world, list)).collect();
        let numbers: Vec<_> = world.children(at::NUMBERS).iter().map(|(id, _)| (*id).to_owned()).collect();
        let (queues, users) = (addresses(world, at::QUEUES), addresses(world, at::USERS));
        let pick = |list: &[String], nth: usize| list.get(nth % list.len().max(1)).cloned();
        let (some, queue) = (|nth| pick(&extensions, nth), |nth| pick(&queues, nth));
        match change {
            Change::Assign(extension, number) => {
                if let (Some(extension), Some(number)) = (some(extension), pick(&numbers, number)) {
                    let _ = numbers::assign(world, &extension, &number);
                }
            }
            Change::Release(number) => {
                if let Some(number) = pick(&numbers, number) {
                    numbers::release(world, &number);
                }
            }
            Change::Remove(extension) => {
                if let Some(extension) = some(extension) {
                    remove(world, &extension);
                }
            }
            Change::Join(nth, member) => {
                if let (Some(queue), Some(member)) = (queue(nth), pick(&users, member)) {
                    members::add(world, &queue, &member);
                }
            }
            Change::Leave(nth, member) => {
                if let (Some(queue), Some(member)) = (queue(nth), pick(&users, member)) {
                    members::remove(world, &queue, member.rsplit_once('/').map_or("", |(_, id)| id));
                }
            }
            Change::Rename(extension, name) => {
                if let Some(extension) = some(extension) {
                    world.get_mut(&extension).expect("it is there").insert("name".to_owned(), json!(name));
                    changed(world, &extension);
                }
            }
            Change::Move(extension, site) => {
                let sites = world.children(at::SITES);
                let (id, doc) = sites[site % sites.len()];
                let site = json!({ "id": id, "name": doc["name"] });
                if let Some(extension) = some(extension) {
                    move_to(world, &extension, &site);
                }
            }
        }
    }

    /// Everything that is said twice is said the same.
    fn agrees(world: &World) {
        for (id, number) in world.children(at::NUMBERS) {
            let Some(card) = number.get("assignee") else { continue };
            let owner =
                numbers::assignee(world, id).and_then(|owner| world.get(&owner)).expect("an assignee");
            assert_eq!((&card["name"], &number["site"]), (&owner["name"], &owner["site"]));
            let entries = owner["phone_numbers"].as_array().expect("numbers");
            assert_eq!(entries.iter().filter(|entry| entry["id"] == id).count(), 1);
        }
        for extension in at::EXTENSIONS.iter().flat_map(|list| addresses(world, list)) {
            for number in numbers::of(world, &extension) {
                assert_eq!(numbers::assignee(world, &number).as_deref(), Some(extension.as_str()));
            }
        }
        for group in addresses(world, at::QUEUES).into_iter().chain(addresses(world, at::SHARED_LINE_GROUPS))
        {
            for (id, member) in world.children(&format!("{group}/members")) {
                let extension = world.extension(member["extension_id"].as_str().expect("an id"));
                let extension =
                    extension.and_then(|address| world.get(&address)).expect("a member that exists");
                assert_eq!((&extension["id"], &extension["name"]), (&json!(id), &member["name"]));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_happens_numbers_members_and_names_agree(
            changes in prop::collection::vec(change(), 1..40),
        ) {
            let mut world = crate::world::seed(&CompanyFile::default(), 7);
            agrees(&world);
            for change in changes {
                apply(&mut world, change);
            }
            agrees(&world);
        }
    }
}
