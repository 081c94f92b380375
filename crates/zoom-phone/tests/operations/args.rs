//! Arguments of an operation, made up from the catalogue's schemas, and the two ways an answer is handed back.

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use zoom_phone::client::{Download, Error, Part};
use zoom_phone::types::Wire;
use zoom_phone::types::catalogue::{Operation, Place, Schema};

/// What is in an uploaded file.
pub(crate) const PART: &str = "the pages of a fax";

/// An answer, written again after it was read.
pub(crate) type Sent = BoxFuture<'static, Result<Value, Error>>;

/// Arguments by their names on the wire.
pub(crate) struct Args {
    pub(crate) parameters: Map<String, Value>,
    pub(crate) body: Value,
}

impl Args {
    /// The required arguments of an operation, or all.
    pub(crate) fn of(operation: &Operation, all: bool) -> Self {
        let given = operation.parameters.iter().filter(|it| all || it.required || it.place == Place::Path);
        Self {
            parameters: given.map(|it| (it.name.clone(), sample(&it.schema, &it.name))).collect(),
            body: operation.body.as_ref().map_or(Value::Null, |body| sample(&body.schema, "body")),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.parameters.contains_key(name)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.parameters[name].as_str().unwrap()
    }

    pub(crate) fn int(&self, name: &str) -> i64 {
        self.parameters[name].as_i64().unwrap()
    }

    pub(crate) fn float(&self, name: &str) -> f64 {
        self.parameters[name].as_f64().unwrap()
    }

    pub(crate) fn ints(&self, name: &str) -> Vec<i64> {
        self.parameters[name].as_array().unwrap().iter().map(|item| item.as_i64().unwrap()).collect()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.parameters[name].as_bool().unwrap()
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.parameters[name].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
    }

    pub(crate) fn body<T: Wire>(&self) -> T {
        T::from_json(&self.body).unwrap()
    }

    #[expect(clippy::unused_self, reason = "called as the others are")]
    pub(crate) fn part(&self) -> Part {
        Part::file("fax.pdf", "application/pdf", PART)
    }
}

/// A value of the schema, with every property, within the bounds.
pub(crate) fn sample(schema: &Schema, field: &str) -> Value {
    match schema {
        Schema::Any => json!({"any": field}),
        Schema::Boolean => json!(true),
        Schema::Integer { min, max, values } => json!(values.first().copied().or(*min).or(*max).unwrap_or(7)),
        Schema::Number { min, .. } => json!(min.unwrap_or(4.0) + 0.5),
        Schema::Text { values, format, min_length, max_length } => {
            match values.iter().find(|value| !value.is_empty()) {
                Some(value) => json!(value),
                None if format.as_deref().is_some_and(|it| it.starts_with("date")) => json!("2026-11-22"),
                None => {
                    let text =
                        format!("{field} a/b?c&d=e ü+%").repeat(1 + min_length.unwrap_or(0) / field.len());
                    json!(text.chars().take(max_length.unwrap_or(40)).collect::<String>())
                }
            }
        }
        Schema::Array { items, min_items, .. } => {
            vec![sample(items, field); min_items.unwrap_or(1).max(1)].into()
        }
        Schema::Object { properties } => {
            object(properties.iter().map(|it| (it.name.clone(), sample(&it.schema, &it.name))))
        }
        Schema::OneOf(forms) => sample(&forms[0], field),
    }
}

fn object(pairs: impl IntoIterator<Item = (String, Value)>) -> Value {
    pairs.into_iter().collect::<Map<_, _>>().into()
}

/// Scalars as text, so that `7` and `"7"` are the same.
pub(crate) fn as_text(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_text).collect(),
        Value::Object(fields) => object(fields.iter().map(|(key, value)| (key.clone(), as_text(value)))),
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    }
}

pub(crate) fn encoded<T: Wire + 'static>(sent: BoxFuture<'static, Result<T, Error>>) -> Sent {
    Box::pin(async { Ok(sent.await?.to_json()) })
}

/// The length of the file.
pub(crate) fn file(sent: BoxFuture<'static, Result<Download, Error>>) -> Sent {
    Box::pin(async { Ok(sent.await?.bytes().await?.len().into()) })
}
