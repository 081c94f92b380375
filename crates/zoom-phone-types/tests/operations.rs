//! What callers rely on: every body and answer is typed, nothing received is lost, nothing is refused.

#![cfg(all(feature = "operations", feature = "catalogue"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "generated/readers.rs"]
mod readers;

use readers::READERS;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use zoom_phone_types::Wire;
use zoom_phone_types::catalogue::{Catalogue, Content, Schema};

/// A value read, written again; how it prints; what was unfamiliar. `None`: not read.
type Reader = fn(Value) -> Option<(Value, String, Vec<String>)>;

fn read<T: Wire + std::fmt::Debug + PartialEq>(value: Value) -> Option<(Value, String, Vec<String>)> {
    assert_eq!(T::fits(&value), T::from_json(&value).is_some(), "fits() tells what from_value() does");
    let read = T::from_value(value).ok()?;
    let written = read.to_json();
    assert_eq!(T::from_json(&written).as_ref(), Some(&read), "what was written reads the same");
    let mut found = Vec::new();
    read.unfamiliar("", &mut found);
    Some((written, format!("{read:?}"), found))
}

/// How many different samples of each schema: as many as the largest vocabulary that selects a form.
const SAMPLES: usize = 12;

/// A value of the schema with every property; `pick` chooses among forms and values.
fn sample(schema: &Schema, field: &str, pick: usize) -> Value {
    match schema {
        Schema::Any => json!({"any": field}),
        Schema::Boolean => json!(pick.is_multiple_of(2)),
        Schema::Integer { min, values, .. } => values
            .get(pick % values.len().max(1))
            .map_or_else(|| json!(min.unwrap_or(7)), |value| json!(value)),
        Schema::Number { .. } => json!(4.5),
        Schema::Text { values, format, .. } => match values.get(pick % values.len().max(1)) {
            Some(value) => json!(value),
            None if format.as_deref() == Some("date-time") => json!("2026-11-22T10:00:06Z"),
            None => json!(field.to_ascii_uppercase()),
        },
        Schema::Array { items, .. } => json!([sample(items, field, pick), sample(items, field, pick + 1)]),
        Schema::Object { properties } => {
            let pairs = properties.iter().map(|it| (it.name.clone(), sample(&it.schema, &it.name, pick)));
            pairs.collect::<Map<_, _>>().into()
        }
        Schema::OneOf(forms) => sample(&forms[pick % forms.len()], field, pick),
    }
}

/// Reader and schema of every body and answer, with a name for failures.
fn places() -> Vec<(String, Reader, &'static Schema)> {
    let catalogue = Catalogue::get();
    let found = READERS.iter().map(|(name, place, reader)| {
        let operation = catalogue.operation(name).unwrap();
        let schema = match (*place, operation.body.as_ref(), operation.success().map(|it| &it.content)) {
            ("body", Some(body), _) => &body.schema,
            ("response", _, Some(Content::Json(schema))) => schema,
            other => panic!("{name}: {other:?}"),
        };
        (format!("{name}:{place}"), *reader, schema.as_ref())
    });
    found.collect()
}

/// Scalars as text, so that `7`, `7.0` and `"7"` are the same, and so are `true`, `"true"` and `1`.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_text).collect(),
        Value::Object(object) => {
            object.iter().map(|(k, v)| (k.clone(), as_text(v))).collect::<Map<_, _>>().into()
        }
        Value::Bool(flag) => i32::from(*flag).to_string().into(),
        Value::String(text) if text == "true" => "1".into(),
        Value::String(text) if text == "false" => "0".into(),
        Value::String(text) => text.clone().into(),
        other => other.to_string().trim_end_matches(".0").into(),
    }
}

#[test]
fn every_documented_body_and_answer_has_a_type() {
    let catalogue = Catalogue::get();
    let documented: BTreeSet<(&str, &str)> = catalogue
        .operations()
        .iter()
        .flat_map(|it| {
            let json = it.body.as_ref().is_some_and(|body| body.content_type == "application/json");
            let answer = it.success().is_some_and(|success| matches!(success.content, Content::Json(_)));
            [(json, "body"), (answer, "response")]
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, place)| (it.name.as_str(), place))
        })
        .collect();
    let typed: BTreeSet<(&str, &str)> = READERS.iter().map(|(name, place, _)| (*name, *place)).collect();
    assert_eq!(documented, typed);
    assert_eq!(typed.len(), READERS.len());
}

#[test]
fn what_is_documented_goes_back_as_it_came() {
    for (place, reader, schema) in places() {
        for pick in 0..SAMPLES {
            let value = sample(schema, "value", pick);
            let (written, ..) = reader(value.clone()).unwrap_or_else(|| panic!("{place} refuses {value}"));
            assert_eq!(as_text(&written), as_text(&value), "{place}");
            // Zoom takes in a request only the type it documents.
            assert!(!place.ends_with(":body") || written == value, "{place}: {written} for {value}");
        }
    }
}

#[test]
fn what_is_documented_is_familiar() {
    for (place, reader, schema) in places() {
        // The first sample: there, each form is the one that the sample's selector means, or has none.
        let (_, _, mut found) = reader(sample(schema, "value", 0)).unwrap();
        // A vocabulary that is documented at another place has the field's name for a value here.
        found.retain(|it| {
            !it.split_once('=').is_some_and(|(_, value)| value.chars().all(|c| !c.is_ascii_lowercase()))
        });
        // Forms that no other field selects in this sample.
        found.retain(|it| !it.ends_with("_setting") && !it.ends_with("settings"));
        assert_eq!(found, Vec::<String>::new(), "{place}");
    }
}

/// Every way to one value inside another: `a`, `a/0`, `a/0/b`.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, child)| (key.clone(), child)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, child)| (at.to_string(), child)).collect(),
        _ => return,
    };
    for (key, child) in children {
        let at = format!("{at}/{key}");
        pointers(child, &at, found);
        found.push(at);
    }
}

/// Ways to spoil a value.
const CHANGES: [fn(&mut Value); 4] = [
    |it| *it = Value::Null,
    |it| {
        *it = match it {
            Value::String(_) => json!(7),
            Value::Number(number) => json!(number.to_string()),
            Value::Bool(flag) => json!(flag.to_string()),
            _ => json!("odd"),
        };
    },
    |it| *it = json!({"unknown": [null, 1, "x"]}),
    |it| *it = json!(["odd", 1, null]),
];

/// Takes the value at the pointer away and puts an unknown field beside it.
fn replace(value: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(object)) = value.pointer_mut(parent) {
        object.shift_remove(key);
        object.insert("a_new_field".to_owned(), json!({"deep": [1, {"x": null}]}));
    }
}

#[test]
fn whatever_fields_turn_into_nothing_is_refused_and_nothing_lost() {
    // So many fields apart are changed at once.
    const STRIDE: usize = 7;
    for (place, reader, schema) in places() {
        let value = sample(schema, "value", 1);
        let mut found = Vec::new();
        pointers(&value, "", &mut found);
        for start in 0..STRIDE.min(found.len()) {
            let chosen = || found.iter().skip(start).step_by(STRIDE);
            let mut spoilt = vec![value.clone(); CHANGES.len() + 1];
            let (last, others) = spoilt.split_last_mut().unwrap();
            chosen().for_each(|pointer| replace(last, pointer));
            for (value, change) in others.iter_mut().zip(CHANGES) {
                // A field may be gone with the one around it.
                chosen().for_each(|pointer| value.pointer_mut(pointer).into_iter().for_each(change));
            }
            for spoilt in spoilt {
                let read = reader(spoilt.clone());
                // A list of things is refused whole if one is none, and the caller told.
                let Some((written, ..)) = read else {
                    assert!(value.is_array(), "{place}: {spoilt}");
                    continue;
                };
                assert_eq!(as_text(&written), as_text(&spoilt), "{place}");
            }
        }
    }
}

#[test]
fn debug_output_shows_no_personal_data() {
    for (place, reader, schema) in places() {
        let (_, shown, _) = reader(sample(schema, "value", 0)).unwrap();
        for private in [
            "\"PASSWORD\"",
            "\"PIN",
            "\"EMAIL\"",
            "PHONE_NUMBER\"",
            "DISPLAY_NAME\"",
            "\"CONTENT\"",
            "\"MESSAGE\"",
            "_URL\"",
            "ADDRESS_LINE1",
        ] {
            assert!(!shown.contains(private), "{place}: {private}: {shown}");
        }
    }
}

/// Paths to all scalars, without positions in lists.
fn leaves(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, it) in object {
                leaves(it, &format!("{at}.{key}"), found);
            }
        }
        Value::Array(items) => {
            for it in items {
                leaves(it, at, found);
            }
        }
        _ => drop(found.insert(at.to_owned())),
    }
}

/// Paths to all scalars that a schema declares, in any of its forms.
fn declared_leaves(schema: &Schema, at: &str, found: &mut BTreeSet<String>) {
    match schema {
        Schema::Object { properties } => {
            for it in properties {
                declared_leaves(&it.schema, &format!("{at}.{}", it.name), found);
            }
        }
        Schema::Array { items, .. } => declared_leaves(items, at, found),
        Schema::OneOf(forms) => {
            for it in forms {
                declared_leaves(it, at, found);
            }
        }
        _ => drop(found.insert(at.to_owned())),
    }
}

#[test]
fn call_handling_that_was_read_is_written_back_without_what_is_only_displayed() {
    use zoom_phone_types::{auto_receptionists, call_queues, common_areas, shared_line_groups, users};
    type Convert = fn(&Value) -> Value;
    let kinds: [(&str, &str, Convert); 5] = [
        ("getUserCallHandlingSetting", "updateUserCallHandlingSetting", |it| {
            users::CallHandling::from_json(it).unwrap().for_update().to_json()
        }),
        ("getAutoReceptionistCallHandlingSettings", "updateAutoReceptionistCallHandlingSettings", |it| {
            auto_receptionists::CallHandling::from_json(it).unwrap().for_update().to_json()
        }),
        ("getCallQueueCallHandlingSetting", "updateCallQueueCallHandlingSetting", |it| {
            call_queues::CallHandling::from_json(it).unwrap().for_update().to_json()
        }),
        ("getSharedLineGroupCallHandlingSetting", "updateSharedLineGroupCallHandlingSetting", |it| {
            shared_line_groups::CallHandling::from_json(it).unwrap().for_update().to_json()
        }),
        ("getCommonAreaCallHandlingSetting", "updateCommonAreaCallHandlingSetting", |it| {
            common_areas::CallHandling::from_json(it).unwrap().for_update().to_json()
        }),
    ];
    for (get, update, convert) in kinds {
        let operation = |id| Catalogue::get().operation(id).unwrap();
        let Content::Json(read) = &operation(get).success().unwrap().content else { panic!("{get}") };
        let mut declared = BTreeSet::new();
        declared_leaves(&operation(update).body.as_ref().unwrap().schema, "", &mut declared);
        let mut dropped = 0;
        for pick in 0..SAMPLES {
            let value = sample(read, "value", pick);
            let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
            leaves(&value, "", &mut before);
            leaves(&convert(&value), "", &mut after);
            let writable: BTreeSet<String> = before.intersection(&declared).cloned().collect();
            assert_eq!(after, writable, "{update}");
            dropped += before.len() - after.len();
        }
        assert!(dropped > 0, "{get} has something that is only displayed");
    }
}

#[test]
fn a_setting_with_nothing_in_it_is_not_written_back() {
    // Zoom answers so when both actions of a user share the voicemail settings, and writing one would write both.
    let value = json!({"call_handling_setting": {
        "busy_on_another_call_action": "forward_to_voicemail", "busy_on_another_call_action_setting": {},
        "call_not_answer_action": "forward_to_voicemail",
        "call_not_answer_action_setting": {"voicemail_greeting": {"audio_id": "A", "audio_name": "Hello"}},
    }});
    let body = zoom_phone_types::users::CallHandling::from_json(&value).unwrap().for_update();
    let expected = json!({"call_handling_setting": {
        "busy_on_another_call_action": "forward_to_voicemail", "call_not_answer_action": "forward_to_voicemail",
        "call_not_answer_action_setting": {"voicemail_greeting": {"audio_id": "A"}},
    }});
    assert_eq!(body.to_json(), expected);
}

/// The examples of Zoom's documents are not part of this repository; where they are at hand, they are read.
#[test]
fn zooms_own_examples_are_read_and_nothing_lost() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/zoom");
    for file in ["zoom-phone-api-openapi.json", "zoom-phone-number-management-openapi.json"] {
        let Ok(text) = std::fs::read(format!("{folder}/{file}")) else {
            // Past the test runner, which keeps what a passing test prints to itself.
            writeln!(std::io::stderr(), "NOT TESTED: {file} is not here, its examples were not read")
                .unwrap();
            continue;
        };
        let document: Value = serde_json::from_slice(&text).unwrap();
        let mut read = 0;
        for (place, reader, _) in places() {
            let (name, place_name) = place.split_once(':').unwrap();
            let operation = Catalogue::get().operation(name).unwrap();
            if let Some(schema) = documented(&document, &operation.id, place_name) {
                let example = example(schema);
                if example.is_null() {
                    continue;
                }
                let Some((written, ..)) = reader(example.clone()) else {
                    panic!("{place} refuses {example}")
                };
                assert_eq!(as_text(&written), as_text(&example), "{place}");
                read += 1;
            }
        }
        assert!(read > 20, "{file} has examples");
    }
}

/// The schema of an operation's body or first success in Zoom's document.
fn documented<'a>(document: &'a Value, id: &str, place: &str) -> Option<&'a Value> {
    let mut operations =
        document["paths"].as_object()?.values().flat_map(|verbs| verbs.as_object().unwrap().values());
    let operation = operations.find(|it| it["operationId"] == id)?;
    let owner = match place {
        "body" => &operation["requestBody"],
        _ => operation["responses"].as_object()?.iter().find(|(status, _)| status.starts_with('2'))?.1,
    };
    owner.pointer("/content/application~1json/schema")
}

/// What the document gives as examples, put together.
fn example(schema: &Value) -> Value {
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().filter_map(|part| example(part).as_object().cloned());
        return parts.flatten().collect::<Map<_, _>>().into();
    }
    if let Some(forms) = schema["oneOf"].as_array() {
        return example(&forms[0]);
    }
    match (&schema["properties"], &schema["items"], schema.get("example")) {
        (Value::Object(properties), ..) => properties
            .iter()
            .map(|(name, schema)| (name.clone(), example(schema)))
            .collect::<Map<_, _>>()
            .into(),
        (_, items @ Value::Object(_), _) => json!([example(items)]),
        (.., Some(example)) => example.clone(),
        _ => Value::Null,
    }
}
