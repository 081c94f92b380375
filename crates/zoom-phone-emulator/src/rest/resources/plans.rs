//! Calling plans of the account, and how many of them are in use.

use serde_json::{Value, json};

use super::common::{rows, shown};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::{Doc, World, at};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_calling_plans" => |ask| Ok(calling_plans(ask)),
        "list_phone_plans" => |ask| Ok(plans(ask)),
        "list_phone_number_plan_information" => number_plans,
        _ => return None,
    })
}

/// A plan with its use.
fn counted(world: &World, plan: &Doc) -> Value {
    let has = |doc: &Doc| {
        let plans = doc.get("calling_plans").and_then(Value::as_array);
        plans.is_some_and(|plans| plans.iter().any(|it| Some(&it["type"]) == plan.get("type")))
    };
    let extensions = at::EXTENSIONS.iter().flat_map(|list| world.children(list));
    let assigned = extensions.filter(|(_, doc)| has(doc)).count();
    let subscribed = plan.get("subscribed").and_then(Value::as_u64).unwrap_or_default();
    let mut told = plan.clone();
    told.insert("assigned".to_owned(), json!(assigned));
    told.insert("available".to_owned(), json!(subscribed.saturating_sub(assigned as u64)));
    Value::Object(told)
}

fn all(world: &World) -> Vec<Value> {
    world.children(at::PLANS).iter().map(|(_, plan)| counted(world, plan)).collect()
}

fn calling_plans(ask: &Ask<'_>) -> Answer {
    let plans = ask.shared.state.world(|world| all(world));
    shown(ask, &json!({ "calling_plans": plans }))
}

/// The numbers of the account as one plan.
fn of_numbers(world: &World, product: &str) -> Value {
    let numbers = world.children(at::NUMBERS);
    let of_product = |doc: &&Doc| doc.get("_allocated_product").is_none_or(|it| it == product);
    let numbers: Vec<_> = numbers.iter().map(|(_, doc)| *doc).filter(of_product).collect();
    let assigned = numbers.iter().filter(|doc| doc.contains_key("assignee")).count();
    json!({
        "name": "US/CA Toll Number",
        "subscribed": numbers.len(),
        "assigned": assigned,
        "available": numbers.len() - assigned,
        "is_unlimited": false,
    })
}

fn plans(ask: &Ask<'_>) -> Answer {
    let told = ask.shared.state.world(
        |world| json!({ "calling_plans": all(world), "phone_numbers": [of_numbers(world, "ZOOM_PHONE")] }),
    );
    shown(ask, &told)
}

/// One row for the product that is asked for.
fn number_plans(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let product = ask.query.one("product").unwrap_or("ZOOM_PHONE");
    let first = |world: &World, doc: &Doc| {
        world.children(at::PLANS).first().is_some_and(|(_, plan)| plan.get("type") == doc.get("type"))
    };
    rows(ask, ("plans", 200), at::PLANS, first, |world, _| of_numbers(world, product))
}
