//! The part of a body that counts, where several forms are documented without anything that tells them apart.

use serde_json::Value;
use zoom_phone_types::catalogue::Schema;

use super::{Ask, Doc, Refusal};
use crate::rest::documented;

/// The object at this field of the body, held against the form that has the field.
pub(super) fn part<'a>(ask: &Ask<'a>, field: &str) -> Result<&'a Doc, Refusal> {
    let Some(value) = ask.body.get(field) else { return Err(Refusal::field(field, "is required")) };
    let schema = ask.operation.body.as_ref().and_then(|body| form(&body.schema, field));
    let violations = schema.map(|schema| schema.validate(ask.body)).unwrap_or_default();
    if !violations.is_empty() {
        return Err(documented::refused(ask.operation, violations));
    }
    value.as_object().ok_or_else(|| Refusal::field(field, "must be an object"))
}

/// The objects in the list `field.list` of the body.
pub(super) fn items<'a>(ask: &Ask<'a>, field: &str, list: &str) -> Result<Vec<&'a Doc>, Refusal> {
    match part(ask, field)?.get(list).and_then(Value::as_array) {
        Some(items) => Ok(items.iter().filter_map(Value::as_object).collect()),
        None => Err(Refusal::field(&format!("{field}.{list}"), "is required")),
    }
}

fn form<'a>(schema: &'a Schema, field: &str) -> Option<&'a Schema> {
    match schema {
        Schema::OneOf(forms) => forms.iter().find_map(|it| form(it, field)),
        Schema::Object { properties } => properties.iter().any(|it| it.name == field).then_some(schema),
        _ => None,
    }
}
