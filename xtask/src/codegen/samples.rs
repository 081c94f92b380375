//! One made-up notification per event, every documented field filled in: the input of round-trip tests.

use super::families::payload;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// One notification a line, by name.
pub(super) fn lines(document: &Value) -> Result<String> {
    let webhooks = document.get("webhooks").and_then(Value::as_object).context("no webhooks")?;
    let mut names: Vec<&String> = webhooks.keys().collect();
    names.sort_unstable();
    let mut text = String::new();
    for name in names {
        let object = payload(document, name)?.pointer("/properties/object").context("no payload.object")?;
        let notification = json!({
            "event": name,
            "event_ts": 1_795_341_606_000_i64,
            "payload": { "account_id": "ACCOUNT", "object": value("object", object) },
        });
        writeln!(text, "{notification}")?;
    }
    Ok(text)
}

/// A value that fits the schema, made of the field's name.
fn value(field: &str, schema: &Value) -> Value {
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let pairs =
                properties.into_iter().flatten().map(|(key, schema)| (key.clone(), value(key, schema)));
            pairs.collect::<Map<_, _>>().into()
        }
        Some("array") => json!([value(field, schema.get("items").unwrap_or(&Value::Null))]),
        Some("string") if field.ends_with("_time") => json!("2026-11-22T10:00:06Z"),
        Some("string") if field.ends_with("number") => json!("+15550100001"),
        Some("integer") => json!(7),
        Some("number") => json!(4.5),
        Some("boolean") => json!(true),
        _ => json!(field.to_ascii_uppercase()),
    }
}
