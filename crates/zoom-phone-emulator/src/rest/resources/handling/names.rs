//! What answers say about the things that documents refer to by id.

use serde_json::{Value, json};

use super::World;
use crate::world::hours::Extension;
use crate::world::{Doc, at};

/// Adds number, name and type to every `extension_id` in a value, the name to every `audio_id`, and name, e-mail
/// address and numbers to every `external_contact_id`. What is gone keeps its bare id.
pub(super) fn add(world: &World, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| add(world, item)),
        Value::Object(object) => {
            object.values_mut().for_each(|value| add(world, value));
            if let Some(extension) = extension(world, object) {
                object.extend(extension);
            }
            if let Some(name) = id(object, "audio_id").and_then(|id| audio_name(world, id)) {
                object.insert("audio_name".to_owned(), name.clone());
            }
            if let Some(contact) = id(object, "external_contact_id").and_then(|id| contact(world, id)) {
                let shown = json!({
                    "external_contact_name": contact.get("name"),
                    "external_contact_email": contact.get("email"),
                    "phone_numbers": contact.get("phone_numbers"),
                });
                object.extend(known(shown));
            }
        }
        _ => {}
    }
}

fn id<'a>(object: &'a Doc, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str()
}

fn extension(world: &World, object: &Doc) -> Option<Doc> {
    let address = world.extension(id(object, "extension_id")?)?;
    let doc = world.get(&address)?;
    Some(known(json!({
        "extension_number": doc.get("extension_number"),
        "extension_name": name_of(doc),
        "extension_type": Extension::at(&address).map(type_of),
    })))
}

/// The name of an extension.
pub(super) fn name_of(doc: &Doc) -> Option<&Value> {
    doc.get("name").or_else(|| doc.get("display_name"))
}

/// The name of an audio item in the library.
pub(super) fn audio_name<'a>(world: &'a World, id: &str) -> Option<&'a Value> {
    world.get(&format!("{}/{id}", at::AUDIOS))?.get("name")
}

/// A contact by its `external_contact_id`.
pub(super) fn contact<'a>(world: &'a World, id: &str) -> Option<&'a Doc> {
    world
        .get(&format!("{}/{id}", at::CONTACTS))
        .or_else(|| world.find(at::CONTACTS, "external_contact_id", id).map(|(_, contact)| contact))
}

/// The word for a kind in call handling.
pub(super) fn type_of(kind: Extension) -> &'static str {
    match kind {
        Extension::User => "user",
        Extension::Receptionist => "autoReceptionist",
        Extension::Queue => "callQueue",
        Extension::SharedLines => "sharedLineGroup",
        Extension::CommonArea => "commonArea",
        Extension::Room => "zoomRoom",
    }
}

/// The fields that are not null.
pub(super) fn known(value: Value) -> Doc {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Doc::new(),
    }
}
