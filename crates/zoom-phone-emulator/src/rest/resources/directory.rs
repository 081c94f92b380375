//! Who can be reached by name: the dial-by-name directories of the account and of its sites, and the private directory.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::common::{rows, site, text};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::is_at;
use crate::world::{Doc, World, at, numbers};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_users_from_directory" | "list_users_from_directory_by_site" => list,
        "add_users_to_directory" | "add_users_to_directory_by_site" => add,
        "delete_users_from_directory" | "delete_users_from_directory_by_site" => delete,
        "list_private_directory_members" => list_private,
        "add_members_to_a_private_directory" => add_private,
        "update_a_private_directory_member" => update_private,
        "remove_a_member_from_a_private_directory" => remove_private,
        _ => return None,
    })
}

fn no_site(id: &str) -> Refusal {
    Refusal::bad(300, format!("Site does not exist: {id}."))
}

/// The directory that is meant: of a site, or of the account.
fn directory(world: &World, ask: &Ask<'_>) -> Result<String, Refusal> {
    let of = ask.path("siteId");
    if !of.is_empty() && site(world, Some(of)).is_none() {
        return Err(no_site(of));
    }
    Ok(ask.address())
}

/// Users of the site that is asked for, in the directory or not. `in_directory` is true unless given.
fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let wanted = ask.query.one("site_id");
    let directory = ask.shared.state.world(|world| {
        if let Some(id) = wanted.filter(|id| site(world, Some(id)).is_none()) {
            return Err(no_site(id));
        }
        directory(world, ask)
    })?;
    let inside = ask.query.one("in_directory") != Some("false");
    let keep = |world: &World, doc: &Doc| {
        let id = doc.get("extension_id").and_then(Value::as_str).unwrap_or_default();
        wanted.is_none_or(|site| is_at(doc, site))
            && world.get(&format!("{directory}/{id}")).is_some() == inside
    };
    let row = |_: &World, doc: &Doc| {
        json!({
            "extension_id": doc.get("extension_id"),
            "display_name": doc.get("name"),
            "email": doc.get("email"),
            "extension_number": doc.get("extension_number").map(Value::to_string),
            "site": doc.get("site"),
        })
    };
    rows(ask, ("result", 100), at::USERS, keep, row)
}

/// All users of the site, unless the body names some.
fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let directory = directory(world, ask)?;
        let of = text(ask.body, "site_id");
        if let Some(id) = of.filter(|id| site(world, Some(id)).is_none()) {
            return Err(no_site(id));
        }
        let named = ask.body.get("extension_ids").and_then(Value::as_array);
        let ids: Vec<String> = match named {
            Some(ids) => ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => of.map(|of| users_of(world, of)).unwrap_or_default(),
        };
        for id in &ids {
            if world.find(at::USERS, "extension_id", id).is_none() {
                return Err(Refusal::bad(300, format!("Extension does not exist: {id}.")));
            }
        }
        for id in ids {
            world.put(format!("{directory}/{id}"), Doc::from_iter([("extension_id".to_owned(), json!(id))]));
        }
        Ok(Answer::Done)
    })
}

/// Extension ids of the users of a site.
fn users_of(world: &World, site: &str) -> Vec<String> {
    let users = world.children(at::USERS).into_iter().filter(|(_, doc)| is_at(doc, site));
    users.filter_map(|(_, doc)| doc.get("extension_id")?.as_str().map(str::to_owned)).collect()
}

/// All users of the site, unless the query names some.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let directory = directory(world, ask)?;
        let named = ask.query.many("extension_ids").into_iter().map(str::to_owned).collect::<Vec<_>>();
        let gone = match (named.is_empty(), ask.query.one("site_id")) {
            (false, _) => named,
            (true, Some(of)) => {
                site(world, Some(of)).ok_or_else(|| no_site(of))?;
                users_of(world, of)
            }
            (true, None) => Vec::new(),
        };
        for id in gone {
            world.remove(&format!("{directory}/{id}"));
        }
        Ok(Answer::Done)
    })
}

/// Private directories are those of sites; without one, that of the main site.
fn private_site(world: &World, id: Option<&str>) -> Result<Value, Refusal> {
    let message = || format!("Site does not exist: {}", id.unwrap_or_default());
    site(world, id).ok_or_else(|| Refusal::bad(8001, message()))
}

fn list_private(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let of = match ask.query.one("site_id") {
        Some(id) => Some(ask.shared.state.world(|world| private_site(world, Some(id)))?["id"].clone()),
        None => None,
    };
    let keep = |world: &World, member: &Doc| {
        of.as_ref().is_none_or(|of| member.get("site_id") == Some(of))
            && ask.query.one("keyword").is_none_or(|word| {
                let told = private_row(world, member);
                let number = told["extension_number"].to_string();
                number.ends_with(word)
                    || told["extension_display_name"].as_str().is_some_and(|it| it.contains(word))
            })
    };
    rows(ask, ("private_directory_members", 300), at::PRIVATE_DIRECTORY, keep, private_row)
}

fn private_row(world: &World, member: &Doc) -> Value {
    let id = member.get("extension_id").and_then(Value::as_str).unwrap_or_default();
    let address = world.extension(id).unwrap_or_default();
    let doc = world.get(&address).cloned().unwrap_or_default();
    let kind = match numbers::kind(&address) {
        "zoomRoom" => "zoom_room",
        "commonArea" => "common_area",
        "autoReceptionist" => "auto_receptionist",
        "callQueue" => "call_queue",
        "sharedLineGroup" => "shared_line_group",
        other => other,
    };
    json!({
        "extension_id": id,
        "extension_type": kind,
        "extension_number": doc.get("extension_number"),
        "extension_display_name": doc.get("name"),
        "extension_email": doc.get("email"),
        "searchable_on_web_portal": member.get("searchable_on_web_portal"),
        "site_id": member.get("site_id"),
        "site_name": site(world, member.get("site_id").and_then(Value::as_str)).map(|site| site["name"].clone()),
    })
}

fn add_private(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let site = private_site(world, text(ask.body, "site_id"))?;
        let members = ask.body["members"].as_array().cloned().unwrap_or_default();
        for member in &members {
            let id = text(member, "extension_id").unwrap_or_default();
            if world.extension(id).is_none() {
                return Err(Refusal::bad(300, format!("Extension does not exist: {id}.")));
            }
        }
        for member in members {
            let id = text(&member, "extension_id").unwrap_or_default().to_owned();
            let Value::Object(mut doc) = member else { continue };
            doc.insert("site_id".to_owned(), site["id"].clone());
            world.put(format!("{}/{id}", at::PRIVATE_DIRECTORY), doc);
        }
        Ok(Answer::Done)
    })
}

/// The address of the member in the path.
fn private_member(world: &World, ask: &Ask<'_>, site: Option<&str>) -> Result<String, Refusal> {
    let absent = |message: String| Refusal::new(StatusCode::NOT_FOUND, 404, message);
    let of = private_site(world, site)?;
    let id = ask.last();
    if world.extension(id).is_none() {
        return Err(absent(format!("Extension does not exist: {id}")));
    }
    let address = format!("{}/{id}", at::PRIVATE_DIRECTORY);
    let member = world.get(&address);
    if member.is_some_and(|member| site.is_none() || member.get("site_id") == Some(&of["id"])) {
        return Ok(address);
    }
    Err(absent(format!("Extension does not exist in the private directory: {id}.")))
}

fn update_private(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let member = private_member(world, ask, text(ask.body, "site_id"))?;
        if let Some(doc) = world.get_mut(&member) {
            super::common::take(doc, ask.body, &["searchable_on_web_portal"]);
        }
        Ok(Answer::Done)
    })
}

fn remove_private(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let member = private_member(world, ask, ask.query.one("site_id"))?;
        world.remove(&member);
        Ok(Answer::Done)
    })
}
