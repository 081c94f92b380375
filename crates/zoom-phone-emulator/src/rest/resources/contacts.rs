//! External contacts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::common::{first, rows, shown, take, text, whole};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::{Doc, World, at};

/// Most bytes of a picture.
const LARGEST_PICTURE: usize = 2 << 20;

const FIELDS: [&str; 8] = [
    "description",
    "email",
    "extension_number",
    "id",
    "name",
    "phone_numbers",
    "auto_call_recorded",
    "enable_internal_extension",
];

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_external_contacts" => list,
        "add_external_contact" => add,
        "get_a_external_contact" => get,
        "update_external_contact" => update,
        "delete_a_external_contact" => delete,
        _ => return None,
    })
}

fn known(world: &World, ask: &Ask<'_>, code: u32) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::CONTACTS, first(ask));
    if world.get(&address).is_some() {
        return Ok(address);
    }
    Err(Refusal::bad(code, format!("External contact does not exist: {}.", first(ask))))
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    rows(ask, ("external_contacts", 300), at::CONTACTS, |_, _| true, whole)
}

/// What is wrong with a body beyond its form.
fn check(world: &World, own: &str, body: &Value, code: u32) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::bad(code, format!("Validation failed. {message}")));
    if let Some(picture) = text(&body["profile_picture"], "base64_encoding") {
        match STANDARD.decode(picture) {
            Err(_) => return refuse("Profile picture file data error."),
            Ok(bytes) if bytes.len() > LARGEST_PICTURE => {
                return refuse("Profile picture size must be less than 2 MB.");
            }
            Ok(_) => {}
        }
    }
    let Some(number) = text(body, "extension_number").filter(|number| !number.is_empty()) else {
        return Ok(());
    };
    let taken = world.find(at::CONTACTS, "extension_number", number).is_some_and(|(id, _)| id != own);
    let internal = number.parse().ok().and_then(|number| crate::world::extension::with_number(world, number));
    if taken || internal.is_some() {
        return refuse("The extension number is already used.");
    }
    Ok(())
}

fn change(doc: &mut Doc, body: &Value) {
    take(doc, body, &FIELDS);
    for (field, own) in [("routing_path", "_routing_path"), ("profile_picture", "_profile_picture")] {
        if let Some(value) = body.get(field) {
            doc.insert(own.to_owned(), value.clone());
        }
    }
}

fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        check(world, "", ask.body, 300)?;
        let id = world.dice(ask.shared.config.seed).opaque_id();
        let mut doc = Doc::from_iter([("external_contact_id".to_owned(), json!(id))]);
        change(&mut doc, ask.body);
        world.put(format!("{}/{id}", at::CONTACTS), doc.clone());
        Ok(Value::Object(doc))
    })?;
    Ok(shown(ask, &told))
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let contact = known(world, ask, 400)?;
        Ok(Value::Object(world.get(&contact).cloned().unwrap_or_default()))
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let contact = known(world, ask, 400)?;
        check(world, first(ask), ask.body, 400)?;
        if let Some(doc) = world.get_mut(&contact) {
            change(doc, ask.body);
        }
        Ok(Answer::Done)
    })
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let contact = known(world, ask, 300)?;
        world.remove(&contact);
        Ok(Answer::Done)
    })
}
