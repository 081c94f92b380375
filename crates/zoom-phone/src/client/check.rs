//! Strict writing: what is sent is what Zoom documents, or the caller said [`Call::unchecked`].

use serde_json::{Map, Number, Value};
use zoom_phone_types::catalogue::{ListEncoding, Operation, Place, Schema};

use super::call::{Call, Content};
use super::error::Fault;

/// Adds everything about the call that the catalogue does not know or allow.
pub(super) fn call(call: &Call, faults: &mut Vec<Fault>) {
    let Some(operation) = call.target.operation() else { return };
    path(call, operation, faults);
    query(call, operation, faults);
    body(call, operation, faults);
}

/// Whether they are all there and no dots is seen to where the path is written.
fn path(call: &Call, operation: &Operation, faults: &mut Vec<Fault>) {
    for parameter in operation.parameters.iter().filter(|parameter| parameter.place == Place::Path) {
        if let Some((name, value)) = call.path.iter().find(|(set, _)| *set == parameter.name)
            && !faults.iter().any(|fault| fault.at == *name)
        {
            add(faults, name, &parameter.schema, &typed(value, &parameter.schema));
        }
    }
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
        // Of some lists only the prose names the maximum.
        if name == "page_size"
            && let Some(max) = operation.page_size_max
            && value.1.as_i64().is_some_and(|size| size > i64::from(max))
            && !faults.iter().any(|fault| fault.at == "page_size")
        {
            faults.push(Fault::new("page_size", format!("must be at most {max}")));
        }
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
            let contradictions = call.contradictions.iter();
            faults.extend(
                contradictions.map(|at| Fault::new(at.as_str(), "is not a setting of the action beside it")),
            );
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::client::{Part, tests::client};

    fn faults(id: &str, write: impl FnOnce(Call) -> Call) -> Vec<String> {
        let mut faults = Vec::new();
        super::call(&write(client().operation(id).unwrap()), &mut faults);
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_documented_passes() {
        assert_eq!(
            faults("accountCallHistory", |call| call
                .query("page_size", 300)
                .query_all("directions", ["inbound", "outbound"])
                .query("from", "2026-11-22")
                .query("with_voicemail", true)),
            [""; 0]
        );
        assert_eq!(faults("phoneUser", |call| call), [""; 0]);
        assert_eq!(
            faults("smsSessionSync", |call| call.query("count", 10).query("sync_type", "FSync")),
            [""; 0]
        );
        assert_eq!(
            faults("UploadFaxFiles", |call| call.part("file", Part::file("a", "application/zip", "x"))),
            [""; 0]
        );
    }

    #[test]
    fn each_kind_of_fault_is_named_with_its_place() {
        let history = |name: &'static str, value: &str| {
            faults("accountCallHistory", |call| call.query(name, value)).join("; ")
        };
        assert_eq!(history("pagesize", "1"), "pagesize is no parameter of this operation");
        assert_eq!(history("page_size", "ten"), "page_size must be an integer");
        assert_eq!(history("page_size", "301"), "page_size must be at most 300");
        assert_eq!(history("with_voicemail", "yes"), "with_voicemail must be true or false");
        assert!(history("directions", "up").starts_with("directions[0] must be one of "));
        assert_eq!(
            faults("accountCallHistory", |call| call.query_all("page_size", [1, 2])),
            ["page_size takes one value"]
        );
        // Only the prose of this one names its maximum.
        assert_eq!(
            faults("getPhoneRecordings", |call| call.query("page_size", 301)),
            ["page_size must be at most 300"]
        );
        assert_eq!(faults("smsSessionSync", |call| call), ["count is required"]);
        assert_eq!(faults("phoneUser", |call| call.body(json!({}))), ["body is not taken by this operation"]);
        assert_eq!(faults("UploadFaxFiles", |call| call), ["body is required"]);
        assert_eq!(
            faults("UploadFaxFiles", |call| call.body(json!({}))),
            ["body is multipart: give it in parts"]
        );
        assert_eq!(
            faults("UploadFaxFiles", |call| call.part("other", Part::text("x"))),
            ["file is required"]
        );
    }

    #[test]
    fn a_value_in_the_path_is_one_that_zoom_documents() {
        let settings = |hours: &'static str| {
            let call =
                |call: Call| call.path("autoReceptionistId", "a").path("hourType", hours).body(json!({}));
            faults("updateAutoReceptionistCallHandlingSettings", call).join("; ")
        };
        assert!(settings("busines_hours").starts_with("hourType must be one of "));
        assert_eq!(settings("business_hours"), "");
        // An id is whatever Zoom gave out.
        assert_eq!(faults("phoneUser", |call| call.path("userId", "any one/of them")), [""; 0]);
    }

    #[test]
    fn a_body_is_checked_to_its_depth() {
        assert_eq!(faults("createCallQueue", |call| call), ["body is required"]);
        let wrong = json!({"name": "Sales", "site_id": "s", "members": {"users": [{"id": 7}]}});
        assert_eq!(
            faults("createCallQueue", |call| call.body(wrong)),
            ["body.members.users[0].id must be text"]
        );
        assert_eq!(faults("createCallQueue", |call| call.body(json!([]))), ["body must be an object"]);
        assert_eq!(
            faults("createCallQueue", |call| call.part("x", Part::text("x"))),
            ["body is JSON, not multipart"]
        );
    }

    proptest! {
        #[test]
        fn any_texts_are_checked_without_panic(name: String, values: Vec<String>) {
            let call = client().operation("accountCallHistory").unwrap();
            let call = call.query_all(name, values.clone()).query_all("directions", values.clone());
            super::call(&call.query_all("page_size", values), &mut Vec::new());
        }
    }
}
