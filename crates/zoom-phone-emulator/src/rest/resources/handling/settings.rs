//! Settings and policies that nobody has set, and changes of them.

use serde_json::{Value, json};
use zoom_phone_types::catalogue::{Content, Schema};

use super::{Ask, Doc, Refusal};
use crate::rest::project::merge;

/// What the operation's answer declares, as it is by default, with what is set over it.
pub(super) fn shown(ask: &Ask<'_>, set: &Doc) -> Value {
    let Some(Content::Json(schema)) = ask.operation.success().map(|it| &it.content) else {
        return Value::Object(set.clone());
    };
    let mut shown = default(schema).unwrap_or_else(|| json!({}));
    if let Value::Object(shown) = &mut shown {
        merge(shown, set);
    }
    schema.keep_declared(&shown)
}

/// The default of a setting: on, and allowing what it may, not locked, not modified; of several words the first. Texts
/// and lists are left out.
fn default(schema: &Schema) -> Option<Value> {
    Some(match schema {
        Schema::Object { properties } => {
            let fields = properties.iter().filter_map(|property| {
                let value = match property.name.as_str() {
                    name if name == "enable" || name.starts_with("allow_") => match &*property.schema {
                        Schema::Boolean => Some(json!(true)),
                        schema => default(schema),
                    },
                    _ => default(&property.schema),
                };
                Some((property.name.clone(), value?))
            });
            let fields: Doc = fields.collect();
            Value::Object(Some(fields).filter(|fields| !fields.is_empty())?)
        }
        Schema::OneOf(forms) => default(forms.first()?)?,
        Schema::Boolean => json!(false),
        Schema::Integer { values, min, .. } => json!(values.first().copied().or(*min)?),
        Schema::Text { values, .. } => json!(values.first()?),
        Schema::Any | Schema::Number { .. } | Schema::Array { .. } => return None,
    })
}

/// Changes policies: `reset`, alone, gives one back to whoever it is inherited from; anything else makes it modified.
pub(super) fn change_policies(set: &mut Doc, change: &Doc) -> Result<(), Refusal> {
    for (name, change) in change {
        let Value::Object(change) = change else { continue };
        if change.get("reset") == Some(&json!(true)) {
            if change.contains_key("locked") {
                return Err(Refusal::bad(
                    400,
                    "Lock and reset operations cannot be performed simultaneously.",
                ));
            }
            if change.len() > 1 {
                return Err(Refusal::bad(400, "Reset cannot be combined with other operations."));
            }
            set.remove(name);
            continue;
        }
        let policy = set.entry(name).or_insert_with(|| json!({}));
        if let Value::Object(policy) = policy {
            merge(policy, change);
            policy.remove("reset");
            policy.insert("modified".to_owned(), json!(true));
        }
    }
    Ok(())
}

/// The part of a body that the operation declares; what it does not is ignored.
pub(super) fn declared(ask: &Ask<'_>) -> Doc {
    let schema = ask.operation.body.as_ref().map(|body| &body.schema);
    match schema.map(|schema| schema.keep_declared(ask.body)) {
        Some(Value::Object(body)) => body,
        _ => Doc::new(),
    }
}
