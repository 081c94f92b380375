//! Strict writing: what is sent is what Zoom documents, or the caller said [`Call::unchecked`].

use serde_json::{Map, Number, Value};
use zoom_phone_types::catalogue::{ListEncoding, Operation, Place, Schema};

use super::call::{Call, Content};
use super::error::Fault;

/// Adds everything about the call that the catalogue does not know or allow.
pub(super) fn call(call: &Call, faults: &mut Vec<Fault>) {
    let Some(operation) = call.target.operation() else { return };
    query(call, operation, faults);
    body(call, operation, faults);
}

fn query(call: &Call, operation: &Operation, faults: &mut Vec<Fault>) {
    let parameters = || operation.parameters.iter().filter(|parameter| parameter.place == Place::Query);
    for (name, values) in &call.query {
        let Some(parameter) = parameters().find(|parameter| parameter.name == *name) else {
            faults.push(Fault::new(name.as_ref(), "is no parameter of this operation"));
            continue;
        };
        let value = match (parameter.schema.as_ref(), values.as_slice()) {
            (schema @ Schema::Array { items, .. }, values) => {
                let split = parameter.list == Some(ListEncoding::Comma);
                let texts = values.iter().flat_map(|text| {
                    let parts: Vec<&str> = if split { text.split(',').collect() } else { vec![text] };
                    parts
                });
                (schema, texts.map(|text| typed(text, items)).collect())
            }
            (schema, [text]) => (schema, typed(text, schema)),
            (_, []) => continue,
            (_, _) if parameter.list.is_some() => continue,
            _ => {
                faults.push(Fault::new(name.as_ref(), "takes one value"));
                continue;
            }
        };
        add(faults, name, value.0, &value.1);
    }
    let given = |name: &str| call.query.iter().any(|(set, values)| set == name && !values.is_empty());
    let missing = parameters().filter(|parameter| parameter.required && !given(&parameter.name));
    faults.extend(missing.map(|parameter| Fault::new(parameter.name.as_str(), "is required")));
}

fn body(call: &Call, operation: &Operation, faults: &mut Vec<Fault>) {
    match (&call.content, &operation.body) {
        (Content::Empty, None) => {}
        (Content::Empty, Some(body)) => {
            // Where nothing in it is required, it may be left out.
            if !body.schema.validate(&Value::Object(Map::new())).is_empty() {
                faults.push(Fault::new("body", "is required"));
            }
        }
        (Content::Json(_) | Content::Parts(_), None) => {
            faults.push(Fault::new("body", "is not taken by this operation"));
        }
        (Content::Json(value), Some(body)) if body.content_type == "application/json" => {
            add(faults, "body", &body.schema, value);
        }
        (Content::Json(_), Some(_)) => faults.push(Fault::new("body", "is multipart: give it in parts")),
        (Content::Parts(parts), Some(body)) if body.content_type == "multipart/form-data" => {
            if let Schema::Object { properties } = body.schema.as_ref() {
                let given = |name: &str| parts.iter().any(|(part, _)| part == name);
                let missing =
                    properties.iter().filter(|property| property.required && !given(&property.name));
                faults.extend(missing.map(|property| Fault::new(property.name.as_str(), "is required")));
            }
        }
        (Content::Parts(_), Some(_)) => faults.push(Fault::new("body", "is JSON, not multipart")),
    }
}

fn add(faults: &mut Vec<Fault>, name: &str, schema: &Schema, value: &Value) {
    faults.extend(schema.validate(value).into_iter().map(|violation| {
        let dot = if violation.path.is_empty() || violation.path.starts_with('[') { "" } else { "." };
        Fault::new(format!("{name}{dot}{}", violation.path), violation.message)
    }));
}

/// The text of a parameter as the JSON that its schema speaks of.
fn typed(text: &str, schema: &Schema) -> Value {
    let typed = match schema {
        Schema::Integer { .. } => text.parse().ok().map(|number: i64| number.into()),
        Schema::Number { .. } => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        Schema::Boolean => text.parse().ok().map(Value::Bool),
        Schema::OneOf(forms) => forms
            .iter()
            .map(|form| (form, typed(text, form)))
            .find(|(form, value)| form.validate(value).is_empty())
            .map(|(_, value)| value),
        _ => None,
    };
    typed.unwrap_or_else(|| Value::String(text.to_owned()))
}
