//! What the things of the account have in common: lists, extension numbers, sites, numbers, plans, policies.

use axum::http::StatusCode;
use serde_json::{Value, json};
use zoom_phone_types::catalogue::Content;

use crate::config::Temper;
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask};
use crate::rest::project::{merge, project};
use crate::rest::remembered::sampler;
use crate::world::extension::{self, Unfit};
use crate::world::numbers::{self, Unassignable};
use crate::world::{Doc, World, at};

/// The first id of the path.
pub(super) fn first<'a>(ask: &'a Ask<'_>) -> &'a str {
    ask.operation.path_parameters().next().map_or("", |name| ask.path(name))
}

/// Text in the body.
pub(super) fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field)?.as_str()
}

/// What the operation declares of this.
pub(super) fn shown(ask: &Ask<'_>, told: &Value) -> Answer {
    match ask.operation.success().map(|response| &response.content) {
        Some(Content::Json(schema)) => Answer::Json(project(schema, told, &mut sampler(ask, &ask.address()))),
        _ => Answer::Done,
    }
}

/// A page of the list at an address: of what is to be kept, in the given form.
pub(super) fn rows(
    ask: &Ask<'_>,
    (name, largest): (&str, usize),
    list: &str,
    keep: impl Fn(&World, &Doc) -> bool,
    row: impl Fn(&World, &Doc) -> Value,
) -> Result<Answer, Refusal> {
    let ids = |world: &mut World| {
        let kept = world.children(list).into_iter().filter(|(_, doc)| keep(world, doc));
        kept.map(|(id, _)| id.to_owned()).collect()
    };
    let page = ask.page(largest, || Ok(ask.shared.state.world(ids)))?;
    let rows: Vec<_> = ask.shared.state.world(|world| {
        let docs = page.ids.iter().filter_map(|id| world.get(&format!("{list}/{id}")));
        docs.map(|doc| row(world, doc)).collect()
    });
    let envelope = json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "total_records": page.total,
        name: rows,
    });
    Ok(shown(ask, &envelope))
}

/// The whole document as a row.
pub(super) fn whole(_: &World, doc: &Doc) -> Value {
    Value::Object(doc.clone())
}

/// Whether a thing is as a query parameter of the name of its field wants it.
pub(super) fn fits(ask: &Ask<'_>, doc: &Doc, field: &str) -> bool {
    ask.query.one(field).is_none_or(|wanted| doc.get(field).and_then(Value::as_str) == Some(wanted))
}

/// Whether a thing is at the `site_id` of the query.
pub(super) fn fits_site(ask: &Ask<'_>, doc: &Doc) -> bool {
    ask.query.one("site_id").is_none_or(|site| extension::is_at(doc, site))
}

/// Whether a thing has the `calling_type` of the query among its plans.
pub(super) fn fits_plan(ask: &Ask<'_>, doc: &Doc) -> bool {
    let Some(wanted) = ask.query.one("calling_type").and_then(|text| text.parse::<i64>().ok()) else {
        return true;
    };
    let plans = doc.get("calling_plans").and_then(Value::as_array);
    plans.is_some_and(|plans| plans.iter().any(|plan| plan["type"] == wanted))
}

/// Whether the `keyword` of the query is part of the name, the address, or a number of an extension.
pub(super) fn fits_keyword(ask: &Ask<'_>, doc: &Doc) -> bool {
    let Some(word) = ask.query.one("keyword").map(str::to_lowercase) else { return true };
    let mut texts = ["name", "display_name", "email"].iter().filter_map(|field| doc.get(*field)?.as_str());
    let extension = doc.get("extension_number").and_then(Value::as_i64).map(|number| number.to_string());
    let numbers = doc.get("phone_numbers").and_then(Value::as_array).into_iter().flatten();
    let mut numbers = numbers.filter_map(|entry| entry["number"].as_str());
    texts.any(|text| text.to_lowercase().contains(&word))
        || extension.is_some_and(|number| number.contains(&word))
        || numbers.any(|number| number.contains(&word))
}

/// How Zoom refuses a queue, shared line group or site that is not there: as documented for the operation, but with 400
/// and code 300 or 404 live.
pub(super) fn gone(ask: &Ask<'_>, documented: Refusal) -> Refusal {
    if ask.shared.config.temper == Temper::Documented {
        return documented;
    }
    match ask.operation.method {
        zoom_phone_types::catalogue::Method::Get => Refusal::bad(300, "Validation Failed."),
        zoom_phone_types::catalogue::Method::Delete => Refusal::bad(404, "It does not exist."),
        _ => documented,
    }
}

/// 404 with code 1001.
pub(super) fn no_user(id: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, 1001, format!("User does not exist: {id}."))
}

/// A site as its things have it, `{id, name}`; the main site without an id.
pub(super) fn site(world: &World, id: Option<&str>) -> Option<Value> {
    let sites = world.children(at::SITES);
    let found = sites.iter().find(|(known, _)| id.is_none_or(|id| id == *known));
    found.map(|(id, doc)| json!({ "id": id, "name": doc.get("name") }))
}

/// An extension number of a body, as a number or as text, that the extension at `own` may have; empty for a new one.
pub(super) fn number(
    world: &World,
    own: &str,
    asked: &Value,
    refuse: impl Fn(Unfit, &str) -> Refusal,
) -> Result<i64, Refusal> {
    let text = asked.as_str().map_or_else(|| asked.to_string(), str::to_owned);
    let number = text.parse().map_err(|_| refuse(Unfit::Length, &text))?;
    extension::may_have(world, own, number).map_err(|unfit| refuse(unfit, &text))?;
    Ok(number)
}

/// The numbers that a body lists by id or in E.164 become those of the extension, or none of them does.
pub(super) fn assign(
    world: &mut World,
    extension: &str,
    body: &Value,
    refuse: impl Fn(Unassignable, &str) -> Refusal,
) -> Result<Vec<Value>, Refusal> {
    let mut ids = Vec::new();
    for entry in body["phone_numbers"].as_array().into_iter().flatten() {
        let named = text(entry, "id").or_else(|| text(entry, "number")).unwrap_or_default();
        let id = numbers::find(world, named).ok_or_else(|| refuse(Unassignable::Absent, named))?;
        if numbers::assignee(world, &id).is_some_and(|other| other != extension) {
            return Err(refuse(Unassignable::Taken, named));
        }
        ids.push(id);
    }
    let mut told = Vec::new();
    for id in ids {
        numbers::assign(world, extension, &id).map_err(|trouble| refuse(trouble, &id))?;
        let number = world.get(&format!("{}/{id}", at::NUMBERS)).and_then(|doc| doc.get("number"));
        told.push(json!({ "id": id, "number": number }));
    }
    Ok(told)
}

/// Takes a number, by id or in E.164, from the extension; false when it is not the extension's.
pub(super) fn unassign(world: &mut World, extension: &str, number: &str) -> bool {
    let id =
        numbers::find(world, number).filter(|id| numbers::assignee(world, id).as_deref() == Some(extension));
    if let Some(id) = &id {
        numbers::release(world, id);
    }
    id.is_some()
}

/// Adds the calling plans of a body to an extension; `refuse` is asked about a plan that the account has not.
pub(super) fn add_plans(
    world: &mut World,
    extension: &str,
    body: &Value,
    refuse: impl Fn(&str) -> Refusal,
) -> Result<(), Refusal> {
    let mut plans = Vec::new();
    for entry in body["calling_plans"].as_array().into_iter().flatten() {
        plans.push(plan(world, entry["type"].as_i64().unwrap_or_default(), &refuse)?);
    }
    let Some(doc) = world.get_mut(extension) else { return Ok(()) };
    let own = doc.entry("calling_plans").or_insert_with(|| json!([]));
    for plan in plans {
        if let Some(own) = own.as_array_mut()
            && !own.iter().any(|it| it["type"] == plan["type"])
        {
            own.push(plan);
        }
    }
    Ok(())
}

/// A calling plan of the account, as extensions have it.
pub(super) fn plan(world: &World, kind: i64, refuse: impl Fn(&str) -> Refusal) -> Result<Value, Refusal> {
    let plan = world.get(&format!("{}/{kind}", at::PLANS)).ok_or_else(|| refuse(&kind.to_string()))?;
    Ok(json!({ "type": kind, "name": plan.get("name") }))
}

/// Takes a calling plan from an extension; false when it has none of this kind.
pub(super) fn drop_plan(world: &mut World, extension: &str, kind: &str) -> bool {
    let plans =
        world.get_mut(extension).and_then(|doc| doc.get_mut("calling_plans")).and_then(Value::as_array_mut);
    let Some(plans) = plans else { return false };
    let before = plans.len();
    let kind = kind.parse::<i64>().unwrap_or_default();
    plans.retain(|plan| plan["type"] != kind);
    plans.len() < before
}

/// Writes the `policy` of a body into a document. A part with `reset` is as if nobody had ever changed it.
pub(super) fn change_policy(doc: &mut Doc, body: &Value) {
    let Some(Value::Object(changes)) = body.get("policy") else { return };
    let policy = doc.entry("policy").or_insert_with(|| json!({}));
    let Value::Object(policy) = policy else { return };
    for (name, change) in changes {
        if change["reset"] == true {
            policy.shift_remove(name);
            continue;
        }
        let mut change = Doc::from_iter([(name.clone(), change.clone())]);
        if let Some(Value::Object(fields)) = change.get_mut(name) {
            fields.shift_remove("reset");
            fields.insert("modified".to_owned(), json!(true));
        }
        merge(policy, &change);
    }
}

/// A document with its policy, over the one that the account gives to everything of its kind.
pub(super) fn with_policy(doc: &Doc, usual: Value) -> Value {
    let mut told = Value::Object(doc.clone());
    let mut policy = usual;
    for part in policy.as_object_mut().into_iter().flat_map(|parts| parts.values_mut()) {
        if let Value::Object(fields) = part {
            fields.insert("locked".to_owned(), json!(false));
            fields.insert("modified".to_owned(), json!(false));
        }
    }
    if let (Value::Object(usual), Some(Value::Object(own))) = (&mut policy, doc.get("policy")) {
        merge(usual, own);
    }
    told["policy"] = policy;
    told
}

/// Writes fields of a body that the document is to have as they are.
pub(super) fn take(doc: &mut Doc, body: &Value, fields: &[&str]) {
    for field in fields {
        if let Some(value) = body.get(*field) {
            doc.insert((*field).to_owned(), value.clone());
        }
    }
}

/// Whether a text names a time zone.
pub(super) fn is_timezone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}
