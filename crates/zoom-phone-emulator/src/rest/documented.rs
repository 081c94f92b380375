//! Requests held against Zoom's own documents.

use axum::http::header;
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};
use zoom_phone_types::catalogue::{Operation, Parameter, Place, Schema, Violation};

use super::form_data;
use super::query::Query;
use super::{FieldError, Refusal};

/// Refuses what is not of the documented form: values in the path and the query, and the body, which
/// is handed back. Undocumented parameters and fields are ignored, and so are empty parameters.
pub(super) fn check(
    operation: &Operation,
    path: &[(&'static str, String)],
    parts: &Parts,
    body: &[u8],
) -> Result<Value, Refusal> {
    let query = Query::parse(parts.uri.query());
    let mut errors = Vec::new();
    for parameter in &operation.parameters {
        match parameter.place {
            Place::Path => {
                let value = path.iter().find(|(name, _)| *name == parameter.name);
                errors.extend(value.and_then(|(_, value)| complain(parameter, &parameter.schema, value)));
            }
            Place::Query => check_query(parameter, &query, &mut errors),
        }
    }
    if !errors.is_empty() {
        return Err(Refusal::fields(errors));
    }
    let Some(documented) = &operation.body else { return Ok(Value::Null) };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    if documented.content_type == "multipart/form-data" {
        return check_form(&documented.schema, content_type, body);
    }
    let value = if body.is_empty() {
        Value::Object(Map::new())
    } else if content_type.to_ascii_lowercase().starts_with("application/json") {
        serde_json::from_slice(body).map_err(|_| Refusal::invalid("The request body must be valid JSON."))?
    } else {
        return Err(Refusal::invalid("The Content-Type must be application/json."));
    };
    let violations = form(&documented.schema, &value).validate(&value);
    if violations.is_empty() { Ok(value) } else { Err(refused(operation, violations)) }
}

/// Of several forms the one that the body says it has: the deprecated call handling names it.
fn form<'a>(schema: &'a Schema, body: &Value) -> &'a Schema {
    let named = body.get("sub_setting_type");
    let is_named = |form: &Schema| {
        let property = form.property("sub_setting_type");
        named.zip(property).is_some_and(|(named, schema)| schema.validate(named).is_empty())
    };
    let Schema::OneOf(forms) = schema else { return schema };
    forms.iter().map(|form| &**form).find(|form| is_named(form)).unwrap_or(schema)
}

/// What Zoom says of a body that is not as documented. Settings have a code of their own for lists that are too long
/// (`UpdateCommonAreaSetting`, `updateUserSettings`, `updateCallHandling`).
pub(super) fn refused(operation: &Operation, violations: Vec<Violation>) -> Refusal {
    let too_long = |it: &Violation| {
        let most = it.message.strip_prefix("must be at most ")?.strip_suffix(" items long")?;
        Some(format!("The number of items for {} must not exceed {most}.", it.path))
    };
    if operation.path.contains("settings")
        && let Some(message) = violations.iter().find_map(too_long)
    {
        return Refusal::bad(405, message);
    }
    let errors = violations.into_iter().map(|it| FieldError { field: it.path, message: it.message });
    Refusal::fields(errors.collect())
}

fn check_query(parameter: &Parameter, query: &Query, errors: &mut Vec<FieldError>) {
    let name = &parameter.name;
    if parameter.required && query.one(name).is_none() {
        errors.push(FieldError { field: name.clone(), message: "is required".to_owned() });
    }
    match &*parameter.schema {
        Schema::Array { items, max_items, .. } => {
            let values = query.many(name);
            if let Some(max) = max_items.filter(|&max| values.len() > max) {
                let message = format!("must be at most {max} items long");
                errors.push(FieldError { field: name.clone(), message });
            }
            errors.extend(values.into_iter().find_map(|value| complain(parameter, items, value)));
        }
        schema => errors.extend(query.one(name).and_then(|value| complain(parameter, schema, value))),
    }
}

/// The parts of a form as an object; files are their names.
fn check_form(schema: &Schema, content_type: &str, body: &[u8]) -> Result<Value, Refusal> {
    let parts = form_data::parts(content_type, body).ok_or_else(|| {
        Refusal::invalid("The Content-Type must be multipart/form-data with a well-formed body.")
    })?;
    let Schema::Object { properties } = schema else { return Ok(Value::Null) };
    let mut errors = Vec::new();
    for property in properties {
        match parts.iter().find(|part| part.name == property.name) {
            // The catalogue has no schema for the content of a file.
            Some(part) if part.file_name.is_some() => {}
            Some(part) => errors.extend(
                violation(&property.schema, &String::from_utf8_lossy(part.content))
                    .map(|message| FieldError { field: property.name.clone(), message }),
            ),
            None if property.required || property.name == "file" => {
                errors.push(FieldError { field: property.name.clone(), message: "is required".to_owned() });
            }
            None => {}
        }
    }
    if !errors.is_empty() {
        return Err(Refusal::fields(errors));
    }
    let text = |part: &form_data::Part<'_>| match &part.file_name {
        Some(name) => name.clone(),
        None => String::from_utf8_lossy(part.content).into_owned(),
    };
    Ok(Value::Object(parts.iter().map(|part| (part.name.clone(), Value::String(text(part)))).collect()))
}

fn complain(parameter: &Parameter, schema: &Schema, text: &str) -> Option<FieldError> {
    violation(schema, text).map(|message| FieldError { field: parameter.name.clone(), message })
}

/// What is wrong with a text that is to be as the schema says, or to spell such a number or truth value.
fn violation(schema: &Schema, text: &str) -> Option<String> {
    read(schema, text).err().or_else(|| not_a_time(schema, text))
}

/// What the schema's format says of times; empty counts as absent.
fn not_a_time(schema: &Schema, text: &str) -> Option<String> {
    let Schema::Text { format: Some(format), .. } = schema else { return None };
    let is_date = text.parse::<Date>().is_ok() && text.len() == "yyyy-MM-dd".len();
    let is_time = text.parse::<Timestamp>().is_ok();
    let (fits, form) = match format.as_str() {
        "date" => (is_date, "yyyy-MM-dd"),
        "date-time" => (is_time, "yyyy-MM-dd'T'HH:mm:ss'Z'"),
        "date-or-date-time" => (is_date || is_time, "yyyy-MM-dd or yyyy-MM-dd'T'HH:mm:ss'Z'"),
        _ => return None,
    };
    (!fits && !text.is_empty()).then(|| format!("must have the form {form}"))
}

/// The value that a text from the path or the query stands for.
pub(super) fn read(schema: &Schema, text: &str) -> Result<Value, String> {
    let as_text = Value::from(text);
    let spelt = serde_json::from_str::<Value>(text).ok();
    let mut complaint = None;
    for value in [Some(as_text), spelt].into_iter().flatten() {
        match schema.validate(&value).into_iter().next() {
            None => return Ok(value),
            Some(violation) => complaint = Some(violation.message),
        }
    }
    Err(complaint.unwrap_or_default())
}
