//! Named, counted repairs of defects in Zoom's documents. A rule that no longer finds what it repairs fails the run:
//! the document has changed, and somebody should look.

use super::overlay::{Catalogue, Overlay};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

/// Fails unless a rule was applied exactly as often as when it was written.
fn applied(rule: &str, expected: usize, found: usize) -> Result<()> {
    if expected != found {
        bail!(
            "quirk `{rule}` applied {found} times, not {expected}: look at the document and correct the rule"
        );
    }
    Ok(())
}

/// Repairs the webhook document in place.
pub(super) fn repair_webhooks(document: &mut Value) -> Result<()> {
    applied("properties-beside-properties", 1, properties_as_keywords(document))?;
    applied("array-without-items", 2, arrays_without_items(document))?;
    Ok(())
}

/// `phone.callee_missed` lists the fields of `redirect_forwarded_by` beside `type` instead of below `properties`.
/// (SMS `owner` has such fields too, but there they repeat what its parent has: left alone.)
fn properties_as_keywords(document: &mut Value) -> usize {
    let pointer = "/webhooks/phone.callee_missed/post/requestBody/content/application~1json/schema/properties/payload\
                   /properties/object/properties/redirect_forwarded_by";
    let Some(Value::Object(schema)) = document.pointer_mut(pointer) else { return 0 };
    let stray: Vec<String> =
        schema.iter().filter(|(_, value)| value.get("type").is_some()).map(|(key, _)| key.clone()).collect();
    let properties: Map<String, Value> =
        stray.into_iter().filter_map(|key| schema.shift_remove(&key).map(|value| (key, value))).collect();
    let found = usize::from(!properties.is_empty() && !schema.contains_key("properties"));
    schema.insert("properties".to_owned(), properties.into());
    found
}

/// `phone_numbers` of the `peering_number_*` events do not say what they hold: phone numbers.
fn arrays_without_items(schema: &mut Value) -> usize {
    let mut found = 0;
    match schema {
        Value::Object(object) => {
            if object.get("type") == Some(&json!("array")) && !object.contains_key("items") {
                object.insert("items".to_owned(), json!({"type": "string"}));
                found += 1;
            }
            // `responses` repeat the request schemas; nothing reads them.
            let children = object.iter_mut().filter(|(key, _)| *key != "responses");
            found + children.map(|(_, child)| arrays_without_items(child)).sum::<usize>()
        }
        Value::Array(items) => items.iter_mut().map(arrays_without_items).sum(),
        _ => 0,
    }
}

/// Repairs the document of Zoom Phone's operations in place.
pub(super) fn repair_phone(document: &mut Value, overlay: &Overlay) -> Result<()> {
    let rules = &overlay.catalogue;
    let adds =
        |name: &str| overlay.enums.get(name).map(|rule| rule.add.clone()).context("no such vocabulary");
    applied("enum-on-array", 3, schemas(document, enum_on_array))?;
    applied("boolean-enum", 4, schemas(document, boolean_enum))?;
    applied("maximum-on-array", 4, schemas(document, maximum_on_array))?;
    applied("paging-number-mistyped", 11, schemas(document, paging_numbers))?;
    applied("example-outside-enum", 6, schemas(document, example_outside_enum))?;
    let events = adds("ElementEvent")?;
    applied("element-event-incomplete", 8, schemas(document, |schema| element_events(schema, &events)))?;
    applied("date-or-date-time", 32, dates(document))?;
    applied("holiday-without-format", 20, schemas(document, holiday_times))?;
    applied("paging-parameters-missing", 2, paging_parameters(document))?;
    applied("parameter-has-two-names", 7, parameter_names(document, rules))?;
    applied("comma-list", rules.comma_lists.len(), comma_lists(document, rules))?;
    applied("site-id-not-required", 1, site_id(document))?;
    applied("success-status", rules.success.len(), success_status(document, rules))?;
    applied("file-without-content", rules.files.operations.len(), files(document, rules))?;
    Ok(())
}

/// Repairs the document of Number Management's operations in place: nothing known so far.
pub(super) fn repair_numbers(document: &mut Value) -> Result<()> {
    applied("enum-on-array", 0, schemas(document, enum_on_array))?;
    applied("boolean-enum", 0, schemas(document, boolean_enum))?;
    applied("maximum-on-array", 0, schemas(document, maximum_on_array))?;
    applied("paging-number-mistyped", 0, schemas(document, paging_numbers))?;
    Ok(())
}

/// Every operation of a document: its path, and itself.
pub(super) fn operations_mut(document: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    paths.into_iter().flatten().flat_map(|(path, verbs)| {
        verbs.as_object_mut().into_iter().flatten().map(move |(_, operation)| (path, operation))
    })
}

fn operation<'a>(document: &'a mut Value, id: &str) -> Option<&'a mut Value> {
    operations_mut(document).map(|(_, operation)| operation).find(|operation| operation["operationId"] == id)
}

fn parameters(operation: &mut Value) -> impl Iterator<Item = &mut Value> {
    operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Applies a repair to every object in the document that may be a schema or a parameter, and counts.
fn schemas(value: &mut Value, mut repair: impl FnMut(&mut Map<String, Value>) -> usize) -> usize {
    fn walk(value: &mut Value, repair: &mut impl FnMut(&mut Map<String, Value>) -> usize) -> usize {
        match value {
            Value::Object(object) => {
                let found = repair(object);
                // Examples look like anything.
                let children = object.iter_mut().filter(|(key, _)| *key != "example" && *key != "examples");
                found + children.map(|(_, child)| walk(child, repair)).sum::<usize>()
            }
            Value::Array(items) => items.iter_mut().map(|item| walk(item, repair)).sum(),
            _ => 0,
        }
    }
    walk(value, &mut repair)
}

/// `delegation.privileges`: the values are those of the items.
fn enum_on_array(schema: &mut Map<String, Value>) -> usize {
    if schema.get("type") != Some(&json!("array")) {
        return 0;
    }
    let (Some(values), Some(Value::Object(items))) = (schema.shift_remove("enum"), schema.get_mut("items"))
    else {
        return 0;
    };
    items.insert("enum".to_owned(), values);
    1
}

/// A boolean needs no list of its values.
fn boolean_enum(schema: &mut Map<String, Value>) -> usize {
    let found = schema.get("type") == Some(&json!("boolean")) && schema.contains_key("enum");
    if found {
        schema.shift_remove("enum");
    }
    usize::from(found)
}

/// What Zoom gives as an example is a value, whatever its list of values says.
fn example_outside_enum(schema: &mut Map<String, Value>) -> usize {
    let Some(example) =
        schema.get("example").filter(|it| it.as_str().is_some_and(|text| !text.is_empty())).cloned()
    else {
        return 0;
    };
    let Some(Value::Array(values)) = schema.get_mut("enum") else { return 0 };
    if values.contains(&example) {
        return 0;
    }
    values.push(example);
    1
}

/// `maximum` of an array means `maxItems`.
fn maximum_on_array(schema: &mut Map<String, Value>) -> usize {
    if schema.get("type") != Some(&json!("array")) {
        return 0;
    }
    let Some(maximum) = schema.shift_remove("maximum") else { return 0 };
    schema.insert("maxItems".to_owned(), maximum);
    1
}

/// `page_size` and `total_records` are integers, also where they are called numbers or text.
fn paging_numbers(object: &mut Map<String, Value>) -> usize {
    let mut found = 0;
    let mut fix = |schema: &mut Value| {
        if let Some(kind) = schema.get_mut("type").filter(|kind| **kind != "integer") {
            *kind = json!("integer");
            found += 1;
        }
    };
    if object.get("name") == Some(&json!("page_size"))
        && let Some(schema) = object.get_mut("schema")
    {
        fix(schema);
    }
    if let Some(properties) = object.get_mut("properties") {
        for name in ["page_size", "total_records"] {
            if let Some(schema) = properties.get_mut(name) {
                fix(schema);
            }
        }
    }
    found
}

/// The `event` of call elements lacks values that are sent.
fn element_events(object: &mut Map<String, Value>, add: &[String]) -> usize {
    let Some(values) = object.get_mut("enum").and_then(Value::as_array_mut) else { return 0 };
    if !values.contains(&json!("warm_transfer")) {
        return 0;
    }
    values.extend(add.iter().map(|value| json!(value)));
    1
}

/// `format: date` on parameters whose text allows a time of day.
fn dates(document: &mut Value) -> usize {
    let mut found = 0;
    for (_, operation) in operations_mut(document) {
        for parameter in parameters(operation) {
            let timed = parameter["description"].as_str().is_some_and(|text| text.contains("HH"));
            if timed && parameter["schema"]["format"] == "date" {
                parameter["schema"]["format"] = json!("date-or-date-time");
                found += 1;
            }
        }
    }
    found
}

/// A holiday begins and ends at an instant: half of the places that say so in prose lack the format. (Once the
/// sentence stands at the holiday's name: only these two fields.)
fn holiday_times(properties: &mut Map<String, Value>) -> usize {
    let mut found = 0;
    for field in ["from", "to"] {
        let Some(Value::Object(schema)) = properties.get_mut(field) else { continue };
        let prose = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let instant = prose.contains("holiday") && prose.contains("'T'HH:mm:ss'Z'");
        if instant && schema.get("type") == Some(&json!("string")) && !schema.contains_key("format") {
            schema.insert("format".to_owned(), json!("date-time"));
            found += 1;
        }
    }
    found
}

/// Lists that answer with a `next_page_token` and do not say that they take one.
fn paging_parameters(document: &mut Value) -> usize {
    let mut found = 0;
    for (_, operation) in operations_mut(document) {
        let response =
            operation.pointer("/responses/200/content/application~1json/schema/properties/next_page_token");
        if response.is_none() || parameters(operation).any(|parameter| parameter["name"] == "next_page_token")
        {
            continue;
        }
        let Some(operation) = operation.as_object_mut() else { continue };
        if let Value::Array(list) = operation.entry("parameters").or_insert_with(|| json!([])) {
            for (name, kind) in [("page_size", "integer"), ("next_page_token", "string")] {
                list.push(json!({"name": name, "in": "query", "required": false, "schema": {"type": kind}}));
            }
            found += 1;
        }
    }
    found
}

/// One path parameter under two names splits one path into two.
fn parameter_names(document: &mut Value, rules: &Catalogue) -> usize {
    let mut found = 0;
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return 0 };
    for (old, new) in &rules.parameters {
        let (placeholder, replacement) = (format!("{{{old}}}"), format!("{{{new}}}"));
        for (path, mut verbs) in std::mem::take(paths) {
            if path.contains(&placeholder) {
                found += 1;
                for operation in verbs.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    for parameter in
                        parameters(operation).filter(|it| it["name"] == *old && it["in"] == "path")
                    {
                        parameter["name"] = json!(new);
                    }
                }
            }
            let merged = paths.entry(path.replace(&placeholder, &replacement)).or_insert_with(|| json!({}));
            if let (Some(merged), Value::Object(verbs)) = (merged.as_object_mut(), verbs) {
                merged.extend(verbs);
            }
        }
    }
    found
}

/// Lists written with commas, documented as text or as a list of any kind.
fn comma_lists(document: &mut Value, rules: &Catalogue) -> usize {
    let mut found = 0;
    for (id, rule) in &rules.comma_lists {
        let operation = operation(document, id);
        for parameter in operation.into_iter().flat_map(parameters).filter(|it| it["name"] == rule.parameter)
        {
            if parameter["schema"]["type"] == "string" {
                parameter["schema"] = json!({"type": "array", "items": {"type": "string"}});
                if let Some(max) = rule.max {
                    parameter["schema"]["maxItems"] = json!(max);
                }
            } else if parameter["schema"]["type"] != "array" || parameter["explode"] == false {
                continue;
            }
            parameter["explode"] = json!(false);
            found += 1;
        }
    }
    found
}

/// Accounts with one site need not name it.
fn site_id(document: &mut Value) -> usize {
    let schema = operation(document, "createCallQueue").and_then(|operation| {
        operation.pointer_mut("/requestBody/content/application~1json/schema/required")
    });
    let Some(Value::Array(required)) = schema else { return 0 };
    let before = required.len();
    required.retain(|name| name != "site_id");
    before - required.len()
}

/// The live API answers 201 where the document says otherwise.
fn success_status(document: &mut Value, rules: &Catalogue) -> usize {
    let mut found = 0;
    for (id, success) in &rules.success {
        let responses = operation(document, id).and_then(|operation| operation["responses"].as_object_mut());
        let Some(responses) = responses else { continue };
        if let Some(response) = responses.shift_remove(&success.documented.to_string()) {
            responses.insert(success.live.to_string(), response);
            found += 1;
        }
    }
    found
}

/// Downloads that do not say that they answer with a file.
fn files(document: &mut Value, rules: &Catalogue) -> usize {
    let mut found = 0;
    for id in &rules.files.operations {
        let response = operation(document, id).and_then(|operation| operation.pointer_mut("/responses/200"));
        if let Some(Value::Object(response)) = response
            && !response.contains_key("content")
        {
            response.insert("content".to_owned(), json!({"application/octet-stream": {}}));
            found += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_that_finds_nothing_to_repair_fails_the_run() {
        let error = repair_webhooks(&mut json!({"webhooks": {}})).unwrap_err().to_string();
        assert!(error.contains("properties-beside-properties"), "{error}");
    }

    #[test]
    fn examples_are_not_taken_for_schemas() {
        let array = json!({"type": "array", "enum": ["a"], "items": {"type": "string"}});
        let mut document = json!({"schema": array, "example": array});
        assert_eq!(schemas(&mut document, enum_on_array), 1);
        assert_eq!(document["schema"]["items"]["enum"], json!(["a"]));
        assert_eq!(document["example"], array);
    }
}
