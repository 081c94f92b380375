//! What is made up refers to what is there: users, extensions, sites.

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::world::{Doc, World, at};

/// Replaces invented ids of users, extensions and sites, and what stands beside them, by those of the account.
pub(super) fn settle(value: &mut Value, world: &World, dice: &mut Dice) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, world, dice)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| settle(field, world, dice));
            refer(fields, world, dice);
        }
        _ => {}
    }
}

fn refer(fields: &mut Map<String, Value>, world: &World, dice: &mut Dice) {
    if (fields.contains_key("user_id") || fields.contains_key("extension_id"))
        && let Some(user) = any(world, at::USERS, dice)
    {
        let owns_name = !fields.contains_key("id");
        set(fields, "user_id", user.get("id"));
        for name in ["extension_id", "extension_number", "email"] {
            set(fields, name, user.get(name));
        }
        for name in ["extension_name", "user_name", "display_name"] {
            set(fields, name, user.get("name"));
        }
        if owns_name {
            set(fields, "name", user.get("name"));
        }
        if let Some(kind) = fields.get_mut("extension_type") {
            *kind = json!("user");
        }
    }
    if let Some(site) = any(world, at::SITES, dice) {
        if let Some(Value::Object(shown)) = fields.get_mut("site") {
            set(shown, "id", site.get("id"));
            set(shown, "name", site.get("name"));
        }
        set(fields, "site_id", site.get("id"));
        set(fields, "site_name", site.get("name"));
    }
}

/// Writes a value where there is such a field, as text or number as it was before.
fn set(fields: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
    let (Some(field), Some(value)) = (fields.get_mut(name), value) else { return };
    *field = match (&*field, value) {
        (Value::String(_), Value::Number(number)) => json!(number.to_string()),
        _ => value.clone(),
    };
}

fn any<'a>(world: &'a World, list: &str, dice: &mut Dice) -> Option<&'a Doc> {
    let mut all = world.children(list);
    if all.is_empty() {
        return None;
    }
    let nth = dice.index(all.len());
    Some(all.swap_remove(nth).1)
}
