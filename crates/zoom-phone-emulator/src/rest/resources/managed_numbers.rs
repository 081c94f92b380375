//! Telephone numbers in the words of Number Management.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::common::{rows, shown, site, text};
use super::numbers::{asked_numbers, bring, is_e164, known, renamed};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::is_at;
use crate::world::numbers::{assignee, find};
use crate::world::{Doc, World, at};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_phone_numbers" => list,
        "get_phone_number" => get,
        "update_phone_number_detail" => update,
        "delete_numbers" => delete,
        "add_byoc_phone_number" => add,
        "allocate_number" => allocate,
        _ => return None,
    })
}

/// The words of Number Management for the kinds of extensions.
const KINDS: [(&str, &str); 6] = [
    ("user", "User"),
    ("callQueue", "CallQueue"),
    ("autoReceptionist", "AutoReceptionist"),
    ("sharedLineGroup", "SharedLineGroup"),
    ("commonArea", "CommonArea"),
    ("zoomRoom", "CiscoPolycomRoom"),
];

fn product(doc: &Doc) -> &str {
    doc.get("_allocated_product").and_then(Value::as_str).unwrap_or("ZOOM_PHONE")
}

/// A number as Number Management has it.
fn managed(doc: &Doc) -> Value {
    let capabilities = doc.get("capability").and_then(Value::as_array).into_iter().flatten();
    let capabilities: Vec<_> = capabilities
        .filter_map(|it| match it.as_str()? {
            "incoming" => Some("Incoming"),
            "outgoing" => Some("Outgoing"),
            _ => None,
        })
        .collect();
    let assigned = doc.get("assignee").map(|assignee| {
        let kind = KINDS.iter().find(|(kind, _)| assignee["type"] == *kind).map(|(_, word)| *word);
        json!({
            "assigned_to_id": assignee["id"],
            "assigned_to_name": assignee["name"],
            // Spelt so where one number is asked for.
            "assgined_to_name": assignee["name"],
            "assigned_to_type": kind,
            "source_channel": "Voice",
            "extension_number": assignee["extension_number"].to_string(),
        })
    });
    let tollfree = doc.get("number_type").is_some_and(|it| it == "tollfree");
    let external = doc.get("source").is_some_and(|it| it == "external");
    let pending = doc.get("status").is_some_and(|it| it == "pending");
    let mut told = json!({
        "id": doc.get("id"),
        "number": doc.get("number"),
        "allocated_product": product(doc),
        "number_type": if tollfree { "TollFree" } else { "Toll" },
        "display_name": doc.get("display_name"),
        "caller_id_name": doc.get("_caller_id_name"),
        "carrier": doc.get("carrier"),
        "capability": capabilities,
        "source": if external { "BYOCCloud" } else { "Zoom" },
        "status": if pending { "Pending" } else { "Normal" },
        "emergency_address": doc.get("emergency_address"),
        "address_update_required": false,
        "assigned_list": Vec::from_iter(assigned),
        "location": { "country": doc.get("_country") },
        "sip_group": doc.get("sip_group"),
    });
    if let Some(site) = doc.get("site") {
        told["site"] = json!({ "site_id": site["id"], "name": site["name"] });
    }
    told
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    if let Some(id) = ask.query.one("site_id")
        && ask.shared.state.world(|world| site(world, Some(id))).is_none()
    {
        return Err(no_site());
    }
    let keep = |_: &World, doc: &Doc| {
        let told = managed(doc);
        let same = |query: &str, field: &str| ask.query.one(query).is_none_or(|wanted| told[field] == wanted);
        let wanted = ask.query.one("assigned_to_type");
        let kind = told["assigned_list"][0]["assigned_to_type"].as_str();
        let unassigned = match product(doc) {
            "ZOOM_CONTACT_CENTER" => "ContactCenterUnassigned",
            _ => "PhoneUnassigned",
        };
        same("allocated_product", "allocated_product")
            && same("number_type", "number_type")
            && same("number_status", "status")
            && same("number_source", "source")
            && ask.query.one("site_id").is_none_or(|site| is_at(doc, site))
            && wanted.is_none_or(|wanted| wanted == kind.unwrap_or(unassigned))
            && ask.query.one("keyword").is_none_or(|word| {
                let number = doc["number"].as_str().unwrap_or_default();
                number.starts_with(word) || number.trim_start_matches('+').starts_with(word)
            })
    };
    rows(ask, ("numbers", 200), at::NUMBERS, keep, |_, doc| managed(doc))
}

fn no_site() -> Refusal {
    Refusal::bad(1_002_010, "The site does not exist")
}

fn missing(_: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, 100_002, "Phone number not found")
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let number = known(world, ask, missing)?;
        Ok(world.get(&number).map(managed).unwrap_or_default())
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let number = known(world, ask, missing)?;
        let Some(doc) = world.get_mut(&number) else { return Ok(Answer::Done) };
        super::common::take(doc, ask.body, &["display_name"]);
        if let Some(name) = ask.body.get("caller_id_name") {
            doc.insert("_caller_id_name".to_owned(), name.clone());
        }
        if let Some(id) = ask.body.get("sip_group_id") {
            doc.insert("sip_group".to_owned(), json!({ "id": id }));
        }
        if let Some(Value::Object(capability)) = ask.body.get("capability") {
            let mut own = doc.get("capability").and_then(Value::as_array).cloned().unwrap_or_default();
            for (name, wanted) in capability {
                own.retain(|it| it != name);
                if *wanted == true {
                    own.push(json!(name));
                }
            }
            doc.insert("capability".to_owned(), json!(own));
        }
        renamed(world, &number);
        Ok(Answer::Done)
    })
}

/// Ids of numbers out of ids or numbers; 400 with code 100002 for one that is not there.
fn all_of(world: &World, named: &[&str]) -> Result<Vec<String>, Refusal> {
    let absent = || Refusal::bad(100_002, "Phone number not found");
    named.iter().map(|name| find(world, name).ok_or_else(absent)).collect()
}

/// Numbers that somebody has are in use and stay.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let ids = all_of(world, &ask.query.many("numbers"))?;
        if ids.iter().any(|id| assignee(world, id).is_some()) {
            return Err(Refusal::bad(999, "The phone number is assigned"));
        }
        for id in ids {
            world.remove(&format!("{}/{id}", at::NUMBERS));
        }
        Ok(Answer::Done)
    })
}

fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let numbers = asked_numbers(ask.body);
        let mut failed = Vec::new();
        for number in &numbers {
            if !is_e164(number) {
                failed.push(json!({ "phoneNumber": number, "reason": "Phone Number format invalid" }));
            } else if find(world, number).is_some() {
                failed.push(json!({ "phoneNumber": number, "reason": "Phone Number already exists" }));
            }
        }
        if !failed.is_empty() {
            return Err(Refusal::bad(1000, format!("Some data failed: {}", Value::Array(failed))));
        }
        let site = match (text(ask.body, "site_id"), text(ask.body, "allocated_product")) {
            (None, Some("ZOOM_PHONE")) => {
                return Err(Refusal::bad(1_002_003, "Site cannot be empty in zoom phone"));
            }
            (None, _) => Value::Null,
            (id, _) => site(world, id).ok_or_else(no_site)?,
        };
        let further = json!({
            "sip_group": text(ask.body, "sip_group_id").map(|id| json!({ "id": id })),
            "_allocated_product": ask.body["allocated_product"],
            "_country": text(ask.body, "country_iso"),
        });
        Ok(bring(world, ask, &numbers, &site, &further))
    })?;
    Ok(shown(ask, &json!({ "phone_numbers": told })))
}

/// A number that somebody has cannot change its product.
fn allocate(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let named = ask.body["numbers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let named: Vec<_> = named.collect();
    ask.shared.state.world(|world| {
        let ids = all_of(world, &named)?;
        let site = match text(ask.body, "site_id") {
            Some(id) => Some(site(world, Some(id)).ok_or_else(no_site)?),
            None => None,
        };
        if ids.iter().any(|id| assignee(world, id).is_some()) {
            return Err(Refusal::bad(200_002, "Unable to switch products for the number"));
        }
        for id in ids {
            let Some(doc) = world.get_mut(&format!("{}/{id}", at::NUMBERS)) else { continue };
            doc.insert("_allocated_product".to_owned(), ask.body["allocated_product"].clone());
            if let Some(site) = &site {
                doc.insert("site".to_owned(), site.clone());
            }
        }
        Ok(Answer::Done)
    })
}
