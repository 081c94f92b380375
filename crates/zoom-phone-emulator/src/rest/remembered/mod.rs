//! Operations without a simulation of their own: their answers are made from their schema once and kept; what is
//! written to them is kept, too.

mod family;
mod references;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use zoom_phone_types::catalogue::{Content, Method, Place, Schema};

use super::ask::{Answer, Ask};
use super::project::{merge, project};
use super::sample::Sampler;
use super::{Refusal, files};
use crate::dice::Dice;
use crate::world::{Doc, World, at};
use family::{Family, Subject, canonical, snake, subject};

/// Things that a list has at first.
const SEEDED: std::ops::RangeInclusive<u64> = 5..=7;

/// Parameters that filter nothing.
const OF_PAGES: [&str; 2] = ["page_size", "next_page_token"];

/// Performs any operation.
pub(super) fn answer(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let response = ask.operation.success();
    let content = response.map(|response| &response.content);
    if matches!(content, Some(Content::File)) {
        return Ok(Answer::Other(if ask.operation.path.contains("/fax/") {
            files::fax()
        } else {
            files::audio()
        }));
    }
    if response.is_some_and(|response| response.status == StatusCode::FOUND.as_u16()) {
        return Ok(Answer::Other(files::transcript(ask.shared, ask.origin, ask.last()).into_response()));
    }
    let schema = match content {
        Some(Content::Json(schema)) => Some(&**schema),
        _ => None,
    };
    let address = canonical(&ask.address());
    ask.shared.state.world(|world| parents(ask, world))?;
    let told = match subject(ask.operation) {
        Subject::List(family) => list(ask, family, &address, schema)?,
        Subject::Item(family) => item(ask, family, &address)?,
        Subject::Single => single(ask, &address, schema),
    };
    Ok(match schema {
        Some(schema) => Answer::Json(project(schema, &told, &mut sampler(ask, &address))),
        None => Answer::Done,
    })
}

/// Refuses what belongs to things that are not there.
fn parents(ask: &Ask<'_>, world: &mut World) -> Result<(), Refusal> {
    let mut template = String::new();
    let mut address = String::new();
    let segments: Vec<_> = ask.operation.path.split('/').skip(1).collect();
    for (nth, segment) in segments.iter().enumerate() {
        let Some(name) = segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) else {
            template = format!("{template}/{segment}");
            address = format!("{address}/{segment}");
            continue;
        };
        let id = ask.path(name);
        let there = match address.as_str() {
            _ if ask.shared.config.invent_ids && nth + 1 < segments.len() => {
                !world.is_removed(&format!("{address}/{id}"))
            }
            "/phone/extension" => world.extension(id).is_some(),
            "/phone/user" => world.get(&format!("{}/{id}", at::USERS)).is_some(),
            _ if nth + 1 == segments.len() => true,
            _ => match family::of_list(&template) {
                Some(family) if family.is_seen() => {
                    find(ask, world, family, &canonical(&address), id).is_some()
                }
                _ => true,
            },
        };
        if !there {
            return Err(absent(ask, name, id));
        }
        template = format!("{template}/{segment}");
        address = format!("{address}/{id}");
    }
    Ok(())
}

/// The address of a thing of a list, which is given its first things if it has none yet.
fn find(ask: &Ask<'_>, world: &mut World, family: &Family, list: &str, id: &str) -> Option<String> {
    furnish(ask, world, family, list);
    let address = format!("{list}/{id}");
    if world.get(&address).is_none() && ask.shared.config.invent_ids && !world.is_removed(&address) {
        let doc = made_up(ask, world, family, list, id);
        world.put(address.clone(), doc);
    }
    world.get(&address).map(|_| address)
}

/// Gives a list its first things.
fn furnish(ask: &Ask<'_>, world: &mut World, family: &Family, list: &str) {
    if !world.open(list) || !family.is_seen() {
        return;
    }
    let mut dice = sampler(ask, list).dice;
    for _ in 0..dice.between(*SEEDED.start(), *SEEDED.end()) {
        let id =
            if family.by_number { format!("+1646555{}", dice.between(7000, 7999)) } else { dice.opaque_id() };
        let doc = made_up(ask, world, family, list, &id);
        world.put(format!("{list}/{id}"), doc);
    }
}

/// A thing as it might be.
fn made_up(ask: &Ask<'_>, world: &World, family: &Family, list: &str, id: &str) -> Doc {
    let address = format!("{list}/{id}");
    let mut doc = Doc::new();
    for shape in family.shapes() {
        if let Value::Object(fields) = sampler(ask, &address).value("", shape, 1) {
            fields.into_iter().for_each(|(name, value)| {
                doc.entry(name).or_insert(value);
            });
        }
    }
    let mut doc = Value::Object(doc);
    references::settle(&mut doc, world, &mut sampler(ask, &address).dice);
    let mut doc = if let Value::Object(doc) = doc { doc } else { Doc::new() };
    name_by(&mut doc, family, id);
    doc
}

/// Writes the id under the names that the family has for it.
fn name_by(doc: &mut Doc, family: &Family, id: &str) {
    let mut named = false;
    for name in &family.id_names {
        if let Some(field) = doc.get_mut(name) {
            *field = json!(id);
            named = true;
        }
    }
    if !named {
        doc.insert("id".to_owned(), json!(id));
    }
}

fn list(ask: &Ask<'_>, family: &Family, address: &str, schema: Option<&Schema>) -> Result<Value, Refusal> {
    match ask.operation.method {
        Method::Get => rows(ask, family, address, schema),
        Method::Post => Ok(create(ask, family, address)),
        Method::Put | Method::Patch => {
            ask.shared.state.world(|world| change_many(ask, world, family, address));
            Ok(json!({}))
        }
        Method::Delete => {
            ask.shared.state.world(|world| remove_many(ask, world, family, address));
            Ok(json!({}))
        }
    }
}

/// A page of the list in its envelope.
fn rows(ask: &Ask<'_>, family: &Family, address: &str, schema: Option<&Schema>) -> Result<Value, Refusal> {
    let Some((name, _)) = &family.rows else { return Ok(json!({})) };
    let ids = || {
        Ok(ask.shared.state.world(|world| {
            furnish(ask, world, family, address);
            let fitting = world.children(address).into_iter().filter(|(_, doc)| fits(ask, doc));
            fitting.map(|(id, _)| id.to_owned()).collect()
        }))
    };
    let mut answer = json!({});
    let ids = if ask.operation.paging.is_some() {
        let page = ask.page(300, ids)?;
        answer = json!({
            "next_page_token": page.next,
            "page_size": page.size,
            "total_records": page.total,
            "page_count": page.count(),
        });
        page.ids
    } else {
        ids()?
    };
    let docs: Value = ask.shared.state.world(|world| {
        let docs = ids.iter().filter_map(|id| world.get(&format!("{address}/{id}")));
        docs.map(|doc| Value::Object(doc.clone())).collect()
    });
    if name.is_empty() {
        return Ok(docs);
    }
    answer[name] = docs;
    for parameter in ask.operation.parameters.iter().filter(|it| it.place == Place::Query) {
        // `from` and `to` come back.
        let asked = ask.query.one(&parameter.name).filter(|_| answer.get(&parameter.name).is_none());
        if let (Some(asked), Some(_)) = (asked, schema.and_then(|schema| schema.property(&parameter.name))) {
            answer[&parameter.name] = json!(asked);
        }
    }
    Ok(answer)
}

/// Whether a thing has what the query asks for: a parameter named as a field must have its value, `keyword` must occur
/// anywhere in a text.
fn fits(ask: &Ask<'_>, doc: &Doc) -> bool {
    let filters = ask.operation.parameters.iter().filter(|it| it.place == Place::Query);
    filters.into_iter().all(|parameter| {
        let wanted = ask.query.many(&parameter.name);
        if wanted.is_empty() || OF_PAGES.contains(&parameter.name.as_str()) {
            return true;
        }
        if parameter.name == "keyword" {
            let word = wanted[0].to_lowercase();
            let mut texts = doc.values().filter_map(Value::as_str);
            return texts.any(|text| text.to_lowercase().contains(&word));
        }
        let beside = parameter.name.strip_suffix("_id").and_then(|stem| doc.get(stem)?.get("id"));
        match doc.get(&parameter.name).or(beside) {
            Some(Value::String(text)) => wanted.contains(&text.as_str()),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => wanted.contains(&value.to_string().as_str()),
            _ => true,
        }
    })
}

/// New things of the list: one for the body, or one for each entry of the body's only list.
fn create(ask: &Ask<'_>, family: &Family, address: &str) -> Value {
    ask.shared.state.world(|world| {
        furnish(ask, world, family, address);
        let mut dice = world.dice(ask.shared.config.seed);
        let entries = entries(ask.body);
        let single = entries.is_none();
        let mut told = ask.body.as_object().cloned().unwrap_or_default();
        let mut ids = Vec::new();
        for (known, mut doc) in entries.unwrap_or_else(|| vec![(None, told.clone())]) {
            let given = family.id_names.iter().find_map(|name| doc.get(name)?.as_str().map(str::to_owned));
            let id = known.or(given).unwrap_or_else(|| dice.opaque_id());
            for name in &family.id_names {
                doc.insert(name.clone(), json!(id));
            }
            if single {
                told.clone_from(&doc);
            }
            world.put(format!("{address}/{id}"), doc);
            ids.push(id);
        }
        told.insert("ids".to_owned(), json!(ids));
        if let (Some(Content::Json(schema)), true) = (ask.operation.success().map(|it| &it.content), single) {
            complete(schema, &mut told, &mut sampler(ask, address), family, &ids);
        }
        Value::Object(told)
    })
}

/// A creation tells more than it was told.
fn complete(schema: &Schema, told: &mut Doc, sampler: &mut Sampler, family: &Family, ids: &[String]) {
    let Value::Object(fields) = sampler.value("", schema, 0) else { return };
    for (name, value) in fields {
        // One operation spells it `rule_Id`.
        let is_id = family.id_names.iter().any(|id| id.eq_ignore_ascii_case(&name));
        let value = ids.first().filter(|_| is_id).map_or(value, |id| json!(id));
        told.entry(name).or_insert(value);
    }
}

/// The entries of a body that is little more than one list; texts are ids.
fn entries(body: &Value) -> Option<Vec<(Option<String>, Doc)>> {
    let fields = body.as_object().filter(|fields| fields.len() <= 2)?;
    let (name, list) = fields.iter().find_map(|(name, value)| Some((name, value.as_array()?)))?;
    let entry = |value: &Value| match value {
        Value::Object(doc) => Some((None, doc.clone())),
        Value::String(id) => {
            let name = name.strip_suffix('s').unwrap_or(name);
            Some((Some(id.clone()), Map::from_iter([(name.to_owned(), json!(id))])))
        }
        _ => None,
    };
    list.iter().map(entry).collect()
}

/// Changes to several things at once: entries with a known id change that thing, the rest is kept for the whole list.
fn change_many(ask: &Ask<'_>, world: &mut World, family: &Family, address: &str) {
    furnish(ask, world, family, address);
    for (known, change) in entries(ask.body).unwrap_or_default() {
        let given = family.id_names.iter().find_map(|name| change.get(name)?.as_str());
        let Some(id) = known.as_deref().or(given) else { continue };
        if let Some(doc) = world.get_mut(&format!("{address}/{id}")) {
            merge(doc, &change);
        }
    }
}

/// Removes what the query or the body names, by its id or any other field; everything when they name nothing.
fn remove_many(ask: &Ask<'_>, world: &mut World, family: &Family, address: &str) {
    furnish(ask, world, family, address);
    let parameters = ask.operation.parameters.iter().filter(|it| it.place == Place::Query);
    let mut named: Vec<String> =
        parameters.flat_map(|it| ask.query.many(&it.name)).map(str::to_owned).collect();
    for (known, doc) in entries(ask.body).unwrap_or_default() {
        named.extend(known);
        named.extend(doc.values().filter_map(Value::as_str).map(str::to_owned));
    }
    let is_named = |id: &str, doc: &Doc| {
        let mut texts = doc.values().filter_map(Value::as_str);
        named.is_empty()
            || named.iter().any(|name| name == id)
            || texts.any(|text| named.iter().any(|it| it == text))
    };
    let gone: Vec<_> = world
        .children(address)
        .into_iter()
        .filter(|(id, doc)| is_named(id, doc))
        .map(|(id, _)| format!("{address}/{id}"))
        .collect();
    for address in gone {
        world.remove(&address);
    }
}

fn item(ask: &Ask<'_>, family: &Family, address: &str) -> Result<Value, Refusal> {
    let (list, id) = address.rsplit_once('/').unwrap_or((address, ""));
    let name = ask.operation.path_parameters().last().unwrap_or_default();
    ask.shared.state.world(|world| {
        let found = find(ask, world, family, list, id);
        if found.is_none() && family.is_seen() {
            return Err(absent(ask, name, id));
        }
        Ok(match ask.operation.method {
            Method::Delete => {
                world.remove(address);
                json!({})
            }
            Method::Get => world.get(address).map_or_else(|| json!({}), |doc| Value::Object(doc.clone())),
            Method::Post | Method::Put | Method::Patch => {
                let mut doc = world.get(address).cloned().unwrap_or_default();
                if let Value::Object(change) = ask.body {
                    merge(&mut doc, change);
                }
                world.put(address, doc.clone());
                Value::Object(doc)
            }
        })
    })
}

/// A document that is always there. Verbs other than GET that nobody can see the effect of are just answered.
fn single(ask: &Ask<'_>, address: &str, schema: Option<&Schema>) -> Value {
    ask.shared.state.world(|world| {
        let mut doc = match (world.get(address), schema, ask.operation.method) {
            (Some(doc), ..) => doc.clone(),
            (None, Some(schema), _) => {
                let mut doc = sampler(ask, address).value("", schema, 0);
                references::settle(&mut doc, world, &mut sampler(ask, address).dice);
                let mut doc = if let Value::Object(doc) = doc { doc } else { Doc::new() };
                for name in ask.operation.path_parameters() {
                    if let Some(field) = doc.get_mut(&snake(name)) {
                        *field = json!(ask.path(name));
                    }
                }
                doc
            }
            (None, None, _) => Doc::new(),
        };
        match (ask.operation.method, ask.body) {
            (Method::Delete, _) => {
                world.remove(address);
            }
            (Method::Get, _) => world.put(address, doc.clone()),
            (_, Value::Object(change)) => {
                merge(&mut doc, change);
                world.put(address, doc.clone());
            }
            _ => {}
        }
        Value::Object(doc)
    })
}

/// Dice that fall the same for the same address.
pub(super) fn sampler(ask: &Ask<'_>, address: &str) -> Sampler {
    let seed = address.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let of_body = ask.body.as_object().into_iter().flat_map(|body| body.values()).filter_map(Value::as_str);
    let hints = address.split('/').chain(ask.query.values()).chain(of_body);
    let is_word = |text: &&str| text.len() > 3 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    Sampler {
        dice: Dice::new(seed ^ ask.shared.config.seed, 5),
        origin: ask.origin.to_owned(),
        hints: hints.filter(is_word).map(str::to_owned).collect(),
        time: ask.shared.clock.start(),
    }
}

/// Whose absence is 400, with which code, and whether to those who only want to read, too; the first that the path
/// begins with counts.
const BAD: [(&str, u32, bool); 13] = [
    ("/phone/carrier_reseller/numbers/", 400, true),
    ("/phone/devices/{deviceId}/line_keys", 300, false),
    ("/phone/devices/", 400, true),
    ("/phone/emergency_addresses/", 400, true),
    ("/phone/extension/{extensionId}/line_keys/", 300, false),
    ("/phone/group_call_pickup/", 404, false),
    ("/phone/locations/", 400, true),
    ("/phone/monitoring_groups/", 404, true),
    ("/phone/outbound_calling/exception_rules/", 300, true),
    ("/phone/provision_templates/", 404, false),
    ("/phone/roles/", 300, false),
    ("/phone/routing_rules/", 404, false),
    ("/phone/sms_campaigns/{smsCampaignId}/phone_numbers/", 400, false),
];

/// Zoom's answers for things that are not there; which one depends on the thing.
fn absent(ask: &Ask<'_>, name: &str, id: &str) -> Refusal {
    if name == "userId" {
        return Refusal::new(StatusCode::NOT_FOUND, 1001, format!("User does not exist: {id}."));
    }
    let what = snake(name).trim_end_matches("_id").replace('_', " ");
    let message = format!("This {what} does not exist: {id}.");
    let bad = BAD.iter().find(|(path, ..)| ask.operation.path.starts_with(path));
    match bad {
        Some(&(_, code, reading)) if reading || ask.operation.method != Method::Get => {
            Refusal::bad(code, message)
        }
        _ => Refusal::absent(message),
    }
}
