//! Blocked numbers: the account's list, and the inbound rules of the account and of its extensions. Calls from numbers
//! that they mean are refused.

use serde_json::{Value, json};

use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler, listed};
use crate::rest::project::merge;
use crate::world::Doc;
use crate::world::blocked::{LIST, RULES, rules_of};

/// How many extensions blocked a number.
const STATISTICS: &str = "/phone/inbound_blocked/extension_rules/statistics";

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_blocked_list" => |ask| list(ask, LIST, "blocked_list", 100),
        "add_a_number_to_blocked_list" => |ask| add(ask, LIST),
        "get_a_blocked_list" => get,
        "update_blocked_list" => |ask| update(ask, LIST),
        "delete_a_blocked_list" => |ask| {
            let id = ask.last();
            let missing = format!("Validation Failed. Blocked number (Id: {id}) does not exist.");
            remove(ask, LIST, id, Refusal::invalid(missing))
        },
        "list_account_level_inbound_block_rules" => |ask| list(ask, RULES, "account_blocked_rules", 300),
        "add_account_level_inbound_block_rules" => |ask| add(ask, RULES),
        "update_account_level_inbound_block_rule" => |ask| update(ask, RULES),
        "delete_account_level_inbound_block_rules" => |ask| {
            let id = ask.query.one("blocked_rule_id").unwrap_or_default();
            remove(ask, RULES, id, no_rule(id))
        },
        "list_extension_level_inbound_block_rules" => {
            |ask| list(ask, &extension(ask)?, "extension_blocked_rules", 300)
        }
        "add_extension_level_inbound_block_rules" => add_of_extension,
        "delete_extension_level_inbound_block_rules" => |ask| {
            let id = ask.query.one("blocked_rule_id").unwrap_or_default();
            remove(ask, &extension(ask)?, id, no_rule(id))
        },
        "list_account_level_inbound_blocked_statistics" => {
            |ask| list(ask, STATISTICS, "blocked_statistic", 300)
        }
        "delete_account_level_inbound_blocked_statistics" => |ask| {
            let id = ask.query.one("blocked_statistic_id").unwrap_or_default();
            remove(ask, STATISTICS, id, no_statistic(id))
        },
        "mark_phone_number_as_blocked_for_all_extensions" => block_for_all,
        _ => return None,
    })
}

fn no_number(id: &str) -> Refusal {
    Refusal::bad(400, format!("Blocked number (Id: {id}) does not exist."))
}

fn no_rule(id: &str) -> Refusal {
    Refusal::absent(format!("Blocked rule does not exist: {id}."))
}

fn no_statistic(id: &str) -> Refusal {
    Refusal::absent(format!("Blocked statistic does not exist: {id}."))
}

/// The address of the rules of the extension in the path.
fn extension(ask: &Ask<'_>) -> Result<String, Refusal> {
    let id = ask.path("extensionId");
    match ask.shared.state.world(|world| world.extension(id)) {
        Some(_) => Ok(rules_of(id)),
        None => Err(Refusal::absent(format!("Extension does not exist: {id}."))),
    }
}

/// The fields that queries filter by.
const FILTERS: [&str; 3] = ["match_type", "type", "status"];

fn list(ask: &Ask<'_>, address: &str, name: &str, largest: usize) -> Result<Answer, Refusal> {
    let keyword = ask.query.one("keyword").map(|keyword| keyword.trim_start_matches('+'));
    let wanted = |doc: &Doc| {
        let text = |name: &str| doc.get(name).and_then(Value::as_str).unwrap_or_default();
        FILTERS.iter().all(|filter| ask.query.one(filter).is_none_or(|value| text(filter) == value))
            && keyword.is_none_or(|keyword| number(doc).is_some_and(|number| number.contains(keyword)))
    };
    let page = ask.page(largest, || {
        Ok(ask.shared.state.world(|world| {
            let all = world.children(address).into_iter();
            all.filter(|(_, doc)| wanted(doc)).map(|(id, _)| id.to_owned()).collect()
        }))
    })?;
    let rows = ask.shared.state.world(|world| {
        let row = |id: &String| world.get(&format!("{address}/{id}")).cloned().map(Value::Object);
        page.ids.iter().filter_map(row).collect()
    });
    let Answer::Json(mut answer) = listed(name, &[], &page) else { return Ok(Answer::Done) };
    answer[name] = ask.declared(name, rows);
    Ok(Answer::Json(ask.declared_whole(&answer)))
}

fn number(doc: &Doc) -> Option<&str> {
    doc.get("blocked_number").or_else(|| doc.get("phone_number")).and_then(Value::as_str)
}

fn add(ask: &Ask<'_>, list: &str) -> Result<Answer, Refusal> {
    let Value::Object(body) = ask.body else { return Ok(Answer::Done) };
    let mut doc = body.clone();
    doc.entry("status").or_insert_with(|| json!("active"));
    let wanted = number(&doc).map(str::to_owned);
    if wanted.is_none() && doc.get("match_type").is_none_or(|kind| kind != "countryCode") {
        let field = if list == LIST { "phone_number" } else { "blocked_number" };
        return Err(Refusal::field(field, "is required"));
    }
    ask.shared.state.world(|world| {
        let taken = world.children(list).into_iter().any(|(_, known)| {
            number(known) == wanted.as_deref() && known.get("block_type") == doc.get("block_type")
        });
        if taken && wanted.is_some() {
            let number = wanted.unwrap_or_default();
            let message = format!("Blocked phone number already exists:{number}.");
            return Err(if list == LIST { Refusal::conflict(message) } else { Refusal::bad(13601, message) });
        }
        let id = world.dice(ask.shared.config.seed).opaque_id();
        doc.insert("id".to_owned(), json!(id));
        if list != LIST {
            doc.insert("phone_number".to_owned(), json!(wanted));
        }
        world.put(format!("{list}/{id}"), doc);
        Ok(Answer::Json(json!({ "id": id })))
    })
}

/// `POST /phone/extension/{extensionId}/inbound_blocked/rules`, which counts in the account's statistics.
fn add_of_extension(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let answer = add(ask, &extension(ask)?)?;
    let Value::Object(rule) = ask.body else { return Ok(answer) };
    ask.shared.state.world(|world| {
        let wanted = number(rule);
        let known = world.children(STATISTICS).into_iter().find(|(_, doc)| number(doc) == wanted);
        let (id, mut doc) = match known {
            Some((id, doc)) => (id.to_owned(), doc.clone()),
            None => (world.dice(ask.shared.config.seed).opaque_id(), rule.clone()),
        };
        doc.insert("id".to_owned(), json!(id));
        let threat = rule.get("type").is_some_and(|kind| kind == "block_as_threat");
        for (name, counted) in [("block_count", !threat), ("threat_count", threat)] {
            let before = doc.get(name).and_then(Value::as_i64).unwrap_or(0);
            doc.insert(name.to_owned(), json!(before + i64::from(counted)));
        }
        world.put(format!("{STATISTICS}/{id}"), doc);
    });
    Ok(answer)
}

/// `GET /phone/blocked_list/{blockedListId}`.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.last();
    let doc = ask.shared.state.world(|world| world.get(&format!("{LIST}/{id}")).cloned());
    Ok(Answer::Json(ask.declared_whole(&Value::Object(doc.ok_or_else(|| no_number(id))?))))
}

fn update(ask: &Ask<'_>, list: &str) -> Result<Answer, Refusal> {
    let id = ask.last();
    let done = ask.shared.state.world(|world| {
        let (Some(doc), Value::Object(change)) = (world.get_mut(&format!("{list}/{id}")), ask.body) else {
            return false;
        };
        merge(doc, change);
        true
    });
    let missing = || if list == LIST { no_number(id) } else { no_rule(id) };
    if done { Ok(Answer::Done) } else { Err(missing()) }
}

fn remove(ask: &Ask<'_>, list: &str, id: &str, missing: Refusal) -> Result<Answer, Refusal> {
    match ask.shared.state.world(|world| world.remove(&format!("{list}/{id}"))) {
        Some(_) => Ok(Answer::Done),
        None => Err(missing),
    }
}

/// `PATCH /phone/inbound_blocked/extension_rules/statistics/blocked_for_all`: what some extensions block becomes a rule
/// of the account.
fn block_for_all(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.body["blocked_statistic_id"].as_str().unwrap_or_default();
    let removed = ask.shared.state.world(|world| {
        let mut rule = world.remove(&format!("{STATISTICS}/{id}"))?;
        let id = world.dice(ask.shared.config.seed).opaque_id();
        rule.insert("id".to_owned(), json!(id));
        rule.insert("status".to_owned(), json!("active"));
        world.put(format!("{RULES}/{id}"), rule);
        Some(())
    });
    removed.map(|()| Answer::Done).ok_or_else(|| no_statistic(id))
}
