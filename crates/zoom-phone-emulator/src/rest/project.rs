//! Documents shown in the shape that an operation declares.

use serde_json::{Map, Value, json};
use zoom_phone_types::catalogue::Schema;

use super::sample::Sampler;

/// Of a document, what the schema declares and admits: further fields are left out, and numbers become text or text
/// numbers where the schema has the other (`extension_number` is text in some operations and a number in others). What
/// the schema requires and the document lacks is made up.
pub(crate) fn project(schema: &Schema, doc: &Value, sampler: &mut Sampler) -> Value {
    shown(schema, doc, sampler).unwrap_or_else(|| sampler.value("", schema, 0))
}

fn shown(schema: &Schema, value: &Value, sampler: &mut Sampler) -> Option<Value> {
    match (schema, value) {
        (Schema::Any, Value::Object(fields)) => Some(public(fields)),
        (Schema::Object { properties }, Value::Object(fields)) if properties.is_empty() => {
            Some(public(fields))
        }
        (Schema::Any, value) => Some(value.clone()),
        (Schema::Object { properties }, Value::Object(fields)) => {
            let mut object = Map::new();
            for property in properties {
                let known = fields.get(&property.name).filter(|value| !value.is_null());
                let shown = known.and_then(|value| shown(&property.schema, value, sampler));
                let value = match shown {
                    None if property.required => Some(sampler.value(&property.name, &property.schema, 1)),
                    shown => shown,
                };
                if let Some(value) = value {
                    object.insert(property.name.clone(), value);
                }
            }
            Some(Value::Object(object))
        }
        (Schema::Array { items, max_items, .. }, Value::Array(values)) => {
            let most = max_items.unwrap_or(usize::MAX);
            let shown = values.iter().filter_map(|value| shown(items, value, sampler));
            Some(shown.take(most).collect())
        }
        (Schema::OneOf(forms), value) => {
            let shown = forms.iter().filter_map(|form| shown(form, value, sampler));
            shown.reduce(|best, other| if leaves(&other) > leaves(&best) { other } else { best })
        }
        (Schema::Text { .. }, Value::Number(number)) => admitted(schema, json!(number.to_string())),
        (Schema::Integer { .. }, Value::String(text)) => admitted(schema, json!(text.parse::<i64>().ok()?)),
        (_, value) => admitted(schema, value.clone()),
    }
}

/// Without the emulator's own fields.
fn public(fields: &Map<String, Value>) -> Value {
    let public = fields.iter().filter(|(name, _)| !name.starts_with('_'));
    Value::Object(public.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn admitted(schema: &Schema, value: Value) -> Option<Value> {
    schema.validate(&value).is_empty().then_some(value)
}

/// How much a value says.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(leaves).sum(),
        Value::Array(items) => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

/// Writes a change into a document: objects are merged, everything else is replaced. A changed `site_id` shows in
/// `site`, too, and so on for every `…_id` beside an object.
pub(crate) fn merge(doc: &mut Map<String, Value>, change: &Map<String, Value>) {
    for (name, value) in change {
        if let Some(Value::Object(beside)) = name.strip_suffix("_id").and_then(|stem| doc.get_mut(stem)) {
            beside.insert("id".to_owned(), value.clone());
        }
        match (doc.get_mut(name), value) {
            (Some(Value::Object(fields)), Value::Object(changed)) => merge(fields, changed),
            _ => {
                doc.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use zoom_phone_types::catalogue::{Catalogue, Content};

    use super::*;
    use crate::dice::Dice;

    fn sampler(seed: u64) -> Sampler {
        Sampler {
            dice: Dice::new(seed, 5),
            origin: "http://127.0.0.1:8090".to_owned(),
            hints: Vec::new(),
            time: "2026-11-22T10:00:00Z".parse().expect("a valid time"),
        }
    }

    #[test]
    fn whatever_a_document_holds_it_is_shown_in_a_valid_shape() {
        for operation in Catalogue::get().operations() {
            let Some(Content::Json(schema)) = operation.success().map(|it| &it.content) else { continue };
            let mut full = sampler(1).value("", schema, 0);
            if let Value::Object(fields) = &mut full {
                fields.insert("_own".to_owned(), json!("hidden"));
                fields.insert("surplus".to_owned(), json!([1, 2]));
            }
            for doc in [full, json!({}), json!({ "id": 7, "status": 3, "name": ["?"] })] {
                let shown = project(schema, &doc, &mut sampler(2));
                assert_eq!(schema.validate(&shown), [], "{}: {doc} became {shown}", operation.id);
                assert!(shown.get("_own").is_none());
            }
        }
    }

    #[test]
    fn numbers_and_text_turn_into_each_other() {
        let text = Schema::Text { format: None, min_length: None, max_length: None, values: Vec::new() };
        let number = Schema::Integer { min: None, max: None, values: Vec::new() };
        assert_eq!(project(&text, &json!(1001), &mut sampler(1)), json!("1001"));
        assert_eq!(project(&number, &json!("1001"), &mut sampler(1)), json!(1001));
    }

    #[test]
    fn a_change_of_an_id_shows_in_the_object_beside_it() {
        let Value::Object(mut doc) =
            json!({ "site": { "id": "a", "name": "A" }, "tags": [1], "deep": { "x": 1, "y": 2 } })
        else {
            panic!("an object")
        };
        let Value::Object(change) = json!({ "site_id": "b", "tags": [2, 3], "deep": { "y": 3 } }) else {
            panic!("an object")
        };
        merge(&mut doc, &change);
        assert_eq!(doc["site"]["id"], "b");
        assert_eq!(doc["tags"], json!([2, 3]));
        assert_eq!(doc["deep"], json!({ "x": 1, "y": 3 }));
    }
}
