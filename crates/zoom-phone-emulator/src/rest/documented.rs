//! Requests held against Zoom's own documents.

use axum::extract::Request;
use serde_json::Value;
use zoom_phone_types::catalogue::{Catalogue, Operation, Place, Schema};

use super::Refusal;
use super::query::Query;

/// The documented operation that a request below `/v2` means.
pub(super) fn operation(request: &Request) -> Option<&'static Operation> {
    let found = Catalogue::get().find(request.method().as_str(), request.uri().path());
    found.map(|(operation, _)| operation)
}

/// Refuses query parameters that are not of the documented form. Undocumented ones are ignored, and
/// so are those with an empty value.
pub(super) fn check(request: &Request) -> Result<(), Refusal> {
    let Some(operation) = operation(request) else { return Ok(()) };
    let query = Query::parse(request.uri().query());
    for parameter in operation.parameters.iter().filter(|parameter| parameter.place == Place::Query) {
        let name = &parameter.name;
        if parameter.required && query.one(name).is_none() {
            return Err(Refusal::invalid(format!("The {name} parameter is required.")));
        }
        let (values, schema) = match &*parameter.schema {
            Schema::Array { items, .. } => (query.many(name), &**items),
            schema => (query.one(name).into_iter().collect(), schema),
        };
        if let Some(value) = values.into_iter().find(|value| !fits(schema, value)) {
            return Err(Refusal::invalid(format!("The value {value:?} of {name} is not a documented one.")));
        }
    }
    Ok(())
}

/// Text that is as the schema says, or that spells such a number or truth value.
fn fits(schema: &Schema, text: &str) -> bool {
    let as_text = Value::from(text);
    let spelt = serde_json::from_str::<Value>(text).ok();
    [Some(as_text), spelt].into_iter().flatten().any(|value| schema.validate(&value).is_empty())
}
