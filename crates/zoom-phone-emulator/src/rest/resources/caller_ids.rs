//! Outbound caller ids: company numbers that an account, a site or a user may show to those who are called.

use serde_json::{Value, json};
use zoom_phone_types::catalogue::Method;

use super::common::{first, no_user, rows};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::{Doc, World, at, numbers};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_customize_outbound_caller_numbers"
        | "list_site_customize_outbound_caller_numbers"
        | "list_user_customize_outbound_caller_numbers" => list,
        "add_outbound_caller_numbers"
        | "add_site_outbound_caller_numbers"
        | "add_user_outbound_caller_numbers" => add,
        "delete_outbound_caller_numbers"
        | "delete_site_outbound_caller_numbers"
        | "delete_user_outbound_caller_numbers" => delete,
        _ => return None,
    })
}

/// Numbers of these can be anybody's caller id.
const OF: [&str; 3] = ["autoReceptionist", "callQueue", "sharedLineGroup"];

/// Where the numbers are kept that were added. An account with several sites has them per site.
fn list_address(world: &World, ask: &Ask<'_>, writing: bool) -> Result<String, Refusal> {
    let address = ask.address();
    let owner = address.strip_suffix("/outbound_caller_id/customized_numbers").unwrap_or_default();
    let alone = world.children(at::SITES).len() < 2;
    if owner == "/phone" && writing && !alone {
        let message =
            "Validation Failed. Account level settings cannot be managed until disable multiple sites.";
        return Err(Refusal::bad(300, message));
    }
    if owner != "/phone" && world.get(owner).is_none() {
        return Err(if owner.starts_with(at::USERS) && ask.operation.method == Method::Delete {
            Refusal::bad(300, "Validation Failed. User does not exist.")
        } else if owner.starts_with(at::USERS) {
            no_user(first(ask))
        } else {
            Refusal::bad(300, "Validation Failed. Site does not exist.")
        });
    }
    Ok(address)
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let chosen = ask.shared.state.world(|world| list_address(world, ask, false))?;
    let added = |world: &World, number: &Doc| {
        world
            .find(&chosen, "phone_number_id", number["id"].as_str().unwrap_or_default())
            .map(|(id, _)| id.to_owned())
    };
    let keep = |world: &World, number: &Doc| {
        let kind = number.get("assignee").and_then(|it| it["type"].as_str());
        let wanted = ask.query.one("selected").map(|selected| selected == "true");
        let told = row(world, number, None);
        let word = ask.query.one("keyword");
        kind.is_some_and(|kind| OF.contains(&kind))
            && ask.query.one("extension_type").is_none_or(|wanted| kind == Some(wanted))
            && super::common::fits_site(ask, number)
            && word.is_none_or(|word| {
                ["phone_number", "extension_number"]
                    .iter()
                    .any(|it| told[*it].as_str().is_some_and(|it| it.contains(word)))
            })
            && wanted.is_none_or(|wanted| added(world, number).is_some() == wanted)
    };
    rows(ask, ("customize_numbers", 300), at::NUMBERS, keep, |world, number| {
        row(world, number, added(world, number).as_deref())
    })
}

fn row(world: &World, number: &Doc, customize_id: Option<&str>) -> Value {
    let id = number.get("id").and_then(Value::as_str).unwrap_or_default();
    let owner = numbers::assignee(world, id).and_then(|owner| world.get(&owner));
    let assignee = number.get("assignee").cloned().unwrap_or_default();
    let can = |what: &str| {
        number.get("capability").and_then(Value::as_array).is_some_and(|it| it.contains(&json!(what)))
    };
    json!({
        "customize_id": customize_id,
        "phone_number_id": number.get("id"),
        "phone_number": number.get("number"),
        "display_name": number.get("display_name"),
        "incoming": can("incoming"),
        "outgoing": can("outgoing"),
        "extension_id": owner.and_then(|owner| owner.get("extension_id")),
        "extension_type": assignee["type"],
        "extension_number": assignee["extension_number"].to_string(),
        "extension_name": assignee["name"],
        "site": number.get("site"),
    })
}

fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let ids = ask.body["phone_number_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let ids: Vec<_> = ids.collect();
    ask.shared.state.world(|world| {
        let list = list_address(world, ask, true)?;
        for id in &ids {
            let kind = numbers::assignee(world, id).map(|extension| numbers::kind(&extension));
            if !kind.is_some_and(|kind| OF.contains(&kind)) {
                let message =
                    format!("Validation Failed. The phone number cannot be used as caller ID: {id}.");
                return Err(Refusal::bad(300, message));
            }
        }
        let mut dice = world.dice(ask.shared.config.seed);
        for id in ids {
            if world.find(&list, "phone_number_id", id).is_none() {
                let key = dice.opaque_id();
                let doc = [("customize_id", json!(key)), ("phone_number_id", json!(id))];
                let doc = Doc::from_iter(doc.map(|(name, value)| (name.to_owned(), value)));
                world.put(format!("{list}/{key}"), doc);
            }
        }
        Ok(Answer::Done)
    })
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let list = list_address(world, ask, true)?;
        for id in ask.query.many("customize_ids") {
            world.remove(&format!("{list}/{id}"));
        }
        Ok(Answer::Done)
    })
}
