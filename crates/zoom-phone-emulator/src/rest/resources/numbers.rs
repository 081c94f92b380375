//! Telephone numbers in Zoom Phone's words.

use serde_json::{Value, json};

use super::common::{first, rows, shown, site, text, whole};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::numbers::{assignee, find};
use crate::world::{Doc, World, at};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_account_phone_numbers" => list,
        "get_phone_number_details" => get,
        "update_phone_number_details" => update,
        "delete_unassigned_phone_numbers" => delete,
        "update_site_for_unassigned_phone_numbers" => move_to_site,
        "add_byoc_number" => add,
        _ => return None,
    })
}

pub(super) fn known(
    world: &World,
    ask: &Ask<'_>,
    refuse: impl FnOnce(&str) -> Refusal,
) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::NUMBERS, first(ask));
    if world.get(&address).is_some() { Ok(address) } else { Err(refuse(first(ask))) }
}

/// Zoom Phone's words do not know numbers of Zoom Contact Center.
fn is_of_phone(doc: &Doc) -> bool {
    doc.get("_allocated_product").is_none_or(|product| product == "ZOOM_PHONE")
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let keep = |_: &World, doc: &Doc| {
        let assignee = doc.get("assignee");
        let kind = assignee.and_then(|it| it["type"].as_str());
        let of_type = match ask.query.one("type") {
            Some("assigned") => {
                ask.query.one("extension_type").is_none_or(|wanted| Some(wanted) == kind) && kind.is_some()
            }
            Some("unassigned") => kind.is_none(),
            Some("byoc") => doc.get("source").is_some_and(|source| source == "external"),
            _ => true,
        };
        let pending = doc.get("status").is_some_and(|status| status == "pending");
        is_of_phone(doc)
            && of_type
            && (!pending || ask.query.one("pending_numbers") == Some("true"))
            && super::common::fits(ask, doc, "number_type")
            && super::common::fits_site(ask, doc)
            && ask.query.one("phone_number").is_none_or(|wanted| doc["number"] == wanted)
    };
    rows(ask, ("phone_numbers", 100), at::NUMBERS, keep, whole)
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let missing =
            |id: &str| Refusal::bad(400, format!("Phone number does not exist, phonenumberId:{id}"));
        let number = known(world, ask, missing)?;
        Ok(Value::Object(world.get(&number).cloned().unwrap_or_default()))
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let missing = |id: &str| Refusal::absent(format!("Phone number does not exist. ID: {id}."));
        let number = known(world, ask, missing)?;
        let capabilities = ask.body["capability"].as_array().into_iter().flatten();
        if capabilities.into_iter().any(|it| it != "incoming" && it != "outgoing") {
            let message = "The value of capability is invalid. Provide a valid capability and try again.";
            return Err(Refusal::bad(300, message));
        }
        let external = world.get(&number).is_some_and(|doc| doc["source"] == "external");
        if ask.body.get("sip_group_id").is_some() && !external {
            return Err(Refusal::bad(300, "The phone number is not BYOC phone number."));
        }
        let Some(doc) = world.get_mut(&number) else { return Ok(Answer::Done) };
        super::common::take(doc, ask.body, &["capability", "display_name", "emergency_address_status"]);
        if let Some(id) = ask.body.get("sip_group_id") {
            doc.insert("sip_group".to_owned(), json!({ "id": id }));
        }
        renamed(world, &number);
        Ok(Answer::Done)
    })
}

/// The assignee shows the number's name.
pub(super) fn renamed(world: &mut World, number: &str) {
    let Some(doc) = world.get(number) else { return };
    let (id, name) = (doc["id"].clone(), doc.get("display_name").cloned().unwrap_or_default());
    let owner = assignee(world, id.as_str().unwrap_or_default());
    let owner = owner.and_then(|owner| world.get_mut(&owner)).and_then(|doc| doc.get_mut("phone_numbers"));
    for entry in owner.and_then(Value::as_array_mut).into_iter().flatten().filter(|entry| entry["id"] == id) {
        entry["display_name"] = name.clone();
    }
}

/// Ids of numbers that nobody has, out of ids or numbers.
fn unassigned(world: &World, named: &[&str]) -> Result<Vec<String>, Refusal> {
    let mut ids = Vec::new();
    for name in named {
        let id = find(world, name)
            .ok_or_else(|| Refusal::bad(300, format!("Phone number does not exist: {name}.")))?;
        if assignee(world, &id).is_some() {
            return Err(Refusal::bad(300, format!("Phone number is assigned: {name}.")));
        }
        ids.push(id);
    }
    Ok(ids)
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let named = ask.query.many("phone_numbers");
    if !(1..=20).contains(&named.len()) {
        let message =
            "The number of items for the query parameter `phone_numbers` must be between 1 and 20 inclusive.";
        return Err(Refusal::bad(300, message));
    }
    ask.shared.state.world(|world| {
        for id in unassigned(world, &named)? {
            world.remove(&format!("{}/{id}", at::NUMBERS));
        }
        Ok(Answer::Done)
    })
}

fn move_to_site(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let named = ask.body["phone_numbers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let named: Vec<_> = named.collect();
    ask.shared.state.world(|world| {
        let site = site(world, Some(first(ask))).ok_or_else(|| Refusal::bad(300, "Site does not exist."))?;
        for id in unassigned(world, &named)? {
            if let Some(doc) = world.get_mut(&format!("{}/{id}", at::NUMBERS)) {
                doc.insert("site".to_owned(), site.clone());
            }
        }
        Ok(Answer::Done)
    })
}

/// Whether a text is a number in E.164.
pub(super) fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// New numbers of a carrier of the account's own; their ids.
pub(super) fn bring(
    world: &mut World,
    ask: &Ask<'_>,
    numbers: &[&str],
    site: &Value,
    further: &Value,
) -> Vec<Value> {
    let mut dice = world.dice(ask.shared.config.seed);
    let mut told = Vec::new();
    for number in numbers {
        let id = dice.opaque_id();
        let doc = json!({
            "id": id,
            "number": number,
            "display_name": "",
            "number_type": "toll",
            "capability": ["incoming", "outgoing"],
            "source": "external",
            "status": "available",
            "site": site,
        });
        let (Value::Object(mut doc), Value::Object(further)) = (doc, further.clone()) else { continue };
        doc.extend(further);
        doc.retain(|_, value| !value.is_null());
        world.put(format!("{}/{id}", at::NUMBERS), doc);
        told.push(json!({ "id": id, "number": number }));
    }
    told
}

pub(super) fn asked_numbers(body: &Value) -> Vec<&str> {
    body["phone_numbers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let numbers = asked_numbers(ask.body);
        for number in &numbers {
            if !is_e164(number) || find(world, number).is_some() {
                return Err(Refusal::bad(300, format!("Validation failed. {number}")));
            }
        }
        let site = site(world, text(ask.body, "site_id"));
        let site = site.ok_or_else(|| Refusal::bad(300, "Validation failed. Site does not exist."))?;
        let further = json!({
            "carrier": { "name": ask.body["carrier"], "code": 0 },
            "sip_group": text(ask.body, "sip_group_id").map(|id| json!({ "id": id })),
            "_allocated_product": "ZOOM_PHONE",
        });
        Ok(bring(world, ask, &numbers, &site, &further))
    })?;
    Ok(shown(ask, &json!({ "phone_numbers": told })))
}
