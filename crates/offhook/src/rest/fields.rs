//! What a schema says, in lines that people and programs can read.

use serde_json::{Value, json};
use zoom_phone::types::catalogue::Schema;

/// One value that can be given or returned.
#[derive(Debug)]
pub(super) struct Field {
    /// Where, such as `settings.items[].type`; `settings|2.type` is that of the second of several forms.
    pub(super) path: String,
    pub(super) required: bool,
    /// In words: `integer, 1 to 300`.
    pub(super) kind: String,
    /// The only values, unless empty.
    pub(super) values: Vec<String>,
}

impl Field {
    /// How deep inside, and the name there.
    pub(super) fn indented(&self) -> String {
        let depth = self.path.matches(['.', '|']).count();
        let name = match self.path.rfind(['.', '|']) {
            Some(at) if self.path[at..].starts_with('|') => format!("form {}", &self.path[at + 1..]),
            Some(at) => self.path[at + 1..].to_owned(),
            None => self.path.clone(),
        };
        format!("{}{name}", "  ".repeat(depth))
    }

    pub(super) fn json(&self) -> Value {
        let mut json = json!({ "name": self.path, "required": self.required, "type": self.kind });
        if !self.values.is_empty() {
            json["values"] = self.values.clone().into();
        }
        json
    }
}

/// All fields of a body, outer ones before inner ones.
pub(super) fn of(schema: &Schema) -> Vec<Field> {
    let mut fields = Vec::new();
    inside(schema, "", &mut fields);
    fields
}

fn inside(schema: &Schema, path: &str, fields: &mut Vec<Field>) {
    match schema {
        Schema::Object { properties } => {
            for property in properties {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", property.name);
                let schema = &property.schema;
                fields.push(Field {
                    path: path.clone(),
                    required: property.required,
                    kind: kind(schema),
                    values: values(schema),
                });
                inside(schema, &path, fields);
            }
        }
        Schema::Array { items, .. } => inside(items, &format!("{path}[]"), fields),
        Schema::OneOf(forms) => {
            for (index, form) in forms.iter().enumerate() {
                let mut within = Vec::new();
                let path = format!("{path}|{}", index + 1);
                inside(form, &path, &mut within);
                if !within.is_empty() {
                    let kind = format!("of {} forms", forms.len());
                    fields.push(Field { path, required: false, kind, values: Vec::new() });
                    fields.append(&mut within);
                }
            }
        }
        _ => {}
    }
}

/// The only values, unless empty; of a list, those of its items.
pub(super) fn values(schema: &Schema) -> Vec<String> {
    match schema {
        Schema::Array { items, .. } => values(items),
        Schema::Text { values, .. } => values.clone(),
        Schema::Integer { values, .. } => values.iter().map(ToString::to_string).collect(),
        Schema::Boolean => vec!["true".to_owned(), "false".to_owned()],
        _ => Vec::new(),
    }
}

/// The type in words.
pub(super) fn kind(schema: &Schema) -> String {
    match schema {
        Schema::Any => "any".to_owned(),
        Schema::Boolean => "boolean".to_owned(),
        Schema::Integer { min, max, .. } => format!("integer{}", bounds(*min, *max, "")),
        Schema::Number { min, max } => format!("number{}", bounds(*min, *max, "")),
        Schema::Text { format, min_length, max_length, .. } => {
            let format = match format.as_deref() {
                None => "text",
                Some("date-or-date-time") => "date or time",
                Some("date-time") => "time",
                Some(other) => other,
            };
            format!("{format}{}", bounds(*min_length, *max_length, " characters"))
        }
        Schema::Array { min_items, max_items, items } => {
            format!("list of {}{}", kind(items), bounds(*min_items, *max_items, " items"))
        }
        Schema::Object { .. } => "object".to_owned(),
        Schema::OneOf(forms) => {
            let mut kinds: Vec<String> = forms.iter().map(|form| kind(form)).collect();
            kinds.dedup();
            match kinds.as_slice() {
                [only] => format!("{only} in one of {} forms", forms.len()),
                kinds => kinds.join(" or "),
            }
        }
    }
}

fn bounds<T: std::fmt::Display>(min: Option<T>, max: Option<T>, unit: &str) -> String {
    match (min, max) {
        (None, None) => String::new(),
        (Some(min), None) => format!(", at least {min}{unit}"),
        (None, Some(max)) => format!(", at most {max}{unit}"),
        (Some(min), Some(max)) => format!(", {min} to {max}{unit}"),
    }
}
