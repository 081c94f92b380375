//! Telephone numbers and whose they are: the number knows its assignee, the assignee lists its numbers.

use serde_json::{Value, json};

use super::{World, at};

/// Why a number cannot be assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unassignable {
    /// There is no such number.
    Absent,
    /// It is somebody else's.
    Taken,
}

/// What a kind of extension is called where Zoom spells it in camelCase.
pub(crate) fn kind(extension: &str) -> &'static str {
    match extension.rsplit_once('/').map(|(list, _)| list) {
        Some(at::QUEUES) => "callQueue",
        Some(at::RECEPTIONISTS) => "autoReceptionist",
        Some(at::SHARED_LINE_GROUPS) => "sharedLineGroup",
        Some(at::COMMON_AREAS) => "commonArea",
        Some(at::ROOMS) => "zoomRoom",
        _ => "user",
    }
}

/// The id of a number, given by id or in E.164.
pub(crate) fn find(world: &World, id_or_number: &str) -> Option<String> {
    if world.get(&address(id_or_number)).is_some() {
        return Some(id_or_number.to_owned());
    }
    world.find(at::NUMBERS, "number", id_or_number).map(|(id, _)| id.to_owned())
}

/// The address of the extension that has this number.
pub(crate) fn assignee(world: &World, number: &str) -> Option<String> {
    let assignee = world.get(&address(number))?.get("assignee")?;
    let list = match assignee.get("type")?.as_str()? {
        "user" => at::USERS,
        "callQueue" => at::QUEUES,
        "autoReceptionist" => at::RECEPTIONISTS,
        "sharedLineGroup" => at::SHARED_LINE_GROUPS,
        "commonArea" => at::COMMON_AREAS,
        "zoomRoom" => at::ROOMS,
        _ => return None,
    };
    Some(format!("{list}/{}", assignee.get("id")?.as_str()?))
}

/// Gives a number to an extension. One that the extension has already stays.
pub(crate) fn assign(world: &mut World, extension: &str, number: &str) -> Result<(), Unassignable> {
    let doc = world.get(&address(number)).ok_or(Unassignable::Absent)?;
    if doc.contains_key("assignee") {
        let mine = assignee(world, number).as_deref() == Some(extension);
        return if mine { Ok(()) } else { Err(Unassignable::Taken) };
    }
    let entry = json!({
        "id": number,
        "number": doc.get("number"),
        "display_name": doc.get("display_name"),
        "source": doc.get("source"),
        "status": doc.get("status"),
    });
    let Some(owner) = world.get_mut(extension) else { return Err(Unassignable::Absent) };
    let card = json!({
        "id": owner.get("id"),
        "extension_number": owner.get("extension_number"),
        "name": owner.get("name"),
        "type": kind(extension),
    });
    let site = owner.get("site").cloned();
    if let Some(numbers) = owner.entry("phone_numbers").or_insert_with(|| json!([])).as_array_mut() {
        numbers.push(entry);
    }
    if let Some(doc) = world.get_mut(&address(number)) {
        doc.insert("assignee".to_owned(), card);
        if let Some(site) = site {
            doc.insert("site".to_owned(), site);
        }
    }
    Ok(())
}

/// Takes a number away from whoever has it.
pub(crate) fn release(world: &mut World, number: &str) {
    let owner = assignee(world, number);
    if let Some(doc) = world.get_mut(&address(number)) {
        doc.shift_remove("assignee");
    }
    let owner = owner.and_then(|owner| world.get_mut(&owner));
    if let Some(Value::Array(numbers)) = owner.and_then(|owner| owner.get_mut("phone_numbers")) {
        numbers.retain(|entry| entry.get("id").and_then(Value::as_str) != Some(number));
    }
}

/// Takes all its numbers away from an extension.
pub(crate) fn release_all(world: &mut World, extension: &str) {
    for number in of(world, extension) {
        release(world, &number);
    }
}

/// Ids of the numbers of an extension.
pub(crate) fn of(world: &World, extension: &str) -> Vec<String> {
    let numbers = world.get(extension).and_then(|doc| doc.get("phone_numbers")).and_then(Value::as_array);
    let ids = numbers.into_iter().flatten().filter_map(|entry| entry.get("id").and_then(Value::as_str));
    ids.map(str::to_owned).collect()
}

fn address(number: &str) -> String {
    format!("{}/{number}", at::NUMBERS)
}
