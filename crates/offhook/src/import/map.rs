//! Columns of another system, read as Zoom's fields.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use offhook_calls::normalize::Door;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::time::{Reading, seconds};

/// Which column is which field.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    given: Option<File>,
    reading: Reading,
}

/// A file of `--map`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The shape of the rows.
    shape: Option<String>,
    /// The zone of times that name none.
    time_zone: Option<String>,
    /// Column to field; `site.name` goes into an object.
    #[serde(default)]
    columns: BTreeMap<String, String>,
    /// Of a field, the value here to the value there.
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
}

/// Names that other systems give to fields of a call log (v1), beside Zoom's own in another case.
const SYNONYMS: &[(&str, &str)] = &[
    ("call_log_id", "id"),
    ("log_id", "id"),
    ("zoom_call_id", "call_id"),
    ("zoom_id", "call_id"),
    ("from_number", "caller_number"),
    ("from_name", "caller_name"),
    ("to_number", "callee_number"),
    ("to_name", "callee_name"),
    ("called_at", "date_time"),
    ("started_at", "date_time"),
    ("call_start_time", "date_time"),
    ("ended_at", "call_end_time"),
    ("answered_at", "answer_start_time"),
    ("duration_seconds", "duration"),
    ("call_duration", "duration"),
    ("site_name", "site.name"),
];

/// Fields that hold a time.
pub(super) const TIMES: &[&str] = &[
    "date_time",
    "answer_start_time",
    "call_end_time",
    "start_time",
    "answer_time",
    "end_time",
    "deleted_time",
];

/// Fields that hold seconds.
pub(super) const SECONDS: &[&str] = &["duration", "hold_time", "waiting_time", "wait_time", "talk_time"];

/// Other fields that hold a whole number.
const NUMBERS: &[&str] = &["caller_number_type", "callee_number_type", "segment", "node", "is_node"];

/// Fields that hold true or false.
const FLAGS: &[&str] =
    &["has_recording", "has_voicemail", "international", "hide_caller_id", "end_to_end", "deleted"];

impl Mapping {
    /// What a file says, or nothing but guesses.
    pub(super) fn load(path: Option<&Path>, reading: Reading) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self { given: None, reading }) };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: File = toml::from_str(&text).with_context(|| {
            format!(
                "{} is no mapping: it has [columns] with lines such as Caller = \"caller_number\"",
                path.display()
            )
        })?;
        if let Some(shape) = file.shape.as_deref().filter(|shape| Door::from_word(shape).is_none()) {
            anyhow::bail!("{}: {shape:?} is no shape; offhook import --help lists them", path.display());
        }
        let mut reading = reading;
        if let (None, Some(name)) = (&reading.zone, &file.time_zone) {
            let zone = TimeZone::get(name)
                .with_context(|| format!("{}: {name:?} is no time zone", path.display()))?;
            reading.zone = Some(zone);
        }
        Ok(Self { given: Some(file), reading })
    }

    /// Somebody said which column is what.
    pub(super) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The shape that the file names.
    pub(super) fn door(&self) -> Option<Door> {
        self.given.as_ref()?.shape.as_deref().and_then(Door::from_word)
    }

    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The field that a column holds: as given, else Zoom's name in any case, else a known synonym. A column that the
    /// file leaves out keeps its name.
    pub(super) fn field(&self, column: &str) -> String {
        if let Some(field) = self.given.as_ref().and_then(|given| given.columns.get(column)) {
            return field.clone();
        }
        let name = snake(column);
        SYNONYMS.iter().find(|(synonym, _)| *synonym == name).map_or(name, |(_, field)| (*field).to_owned())
    }

    /// A row with Zoom's names and Zoom's kinds of values.
    pub(super) fn apply(&self, columns: Map<String, Value>) -> Result<Map<String, Value>, String> {
        let mut row = Map::new();
        for (column, value) in columns {
            let field = self.field(&column);
            let value = self.translated(&field, value);
            put(&mut row, &field, tidy(&field, value, &self.reading)?);
        }
        Ok(row)
    }

    fn translated(&self, field: &str, value: Value) -> Value {
        let table = self.given.as_ref().and_then(|given| given.values.get(field));
        match (table, &value) {
            (Some(table), Value::String(text)) => {
                table.get(text.trim()).map_or(value, |to| to.as_str().into())
            }
            (Some(table), Value::Number(number)) => {
                table.get(&number.to_string()).map_or(value, |to| to.as_str().into())
            }
            _ => value,
        }
    }
}

/// A value as Zoom would write it.
pub(super) fn tidy(field: &str, value: Value, reading: &Reading) -> Result<Value, String> {
    let text = match &value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if TIMES.contains(&field) => number.to_string(),
        Value::Number(number) if field == "id" || field.ends_with("_id") || field.ends_with("_number") => {
            return Ok(number.to_string().into());
        }
        _ => return Ok(value),
    };
    if text.is_empty() || text.trim_matches(['-', ' ']).is_empty() {
        return Ok(Value::Null);
    }
    let wrong = |error: super::time::TimeError| format!("{field}: {error}");
    Ok(match field {
        _ if TIMES.contains(&field) => reading.moment(&text, None).map_err(wrong)?.to_string().into(),
        _ if SECONDS.contains(&field) => seconds(&text).map_err(wrong)?.into(),
        _ if NUMBERS.contains(&field) => text.parse::<i64>().map_or(value, Value::from),
        _ if FLAGS.contains(&field) => match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => true.into(),
            "false" | "f" | "no" | "n" | "0" => false.into(),
            _ => value,
        },
        "direction" => text.to_lowercase().into(),
        _ => text.into(),
    })
}

/// Puts a value where `site.name` says. Nothing is left out.
pub(super) fn put(row: &mut Map<String, Value>, field: &str, value: Value) {
    if value.is_null() {
        return;
    }
    match field.split_once('.') {
        None => {
            row.insert(field.to_owned(), value);
        }
        Some((outer, inner)) => {
            let place = row.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(object) = place {
                put(object, inner, value);
            }
        }
    }
}

/// `callerNumber`, `Caller Number`, `CALLER-NUMBER` as `caller_number`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in name.trim().chars() {
        if c.is_alphanumeric() {
            let starts_word = (c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()))
                || (!before.is_alphanumeric() && !out.is_empty());
            if starts_word && !out.ends_with('_') {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(text: &str) -> Mapping {
        Mapping {
            given: Some(toml::from_str(text).unwrap()),
            reading: Reading { zone: Some(TimeZone::UTC), order: None },
        }
    }

    fn applied(mapping: &Mapping, row: Value) -> Value {
        let Value::Object(row) = row else { unreachable!() };
        Value::Object(mapping.apply(row).unwrap())
    }

    #[test]
    fn names_in_any_case_are_zooms_names() {
        for name in ["callerNumber", "Caller Number", "CALLER_NUMBER", "caller-number", "Caller  Number "] {
            assert_eq!(snake(name), "caller_number", "{name}");
        }
        assert_eq!(snake("callID"), "call_id");
        assert_eq!(snake("call_history_uuid"), "call_history_uuid");
    }

    #[test]
    fn a_map_names_columns_and_values_and_the_rest_is_guessed() {
        let mapping = mapping(
            "shape = \"call_log\"\n[columns]\nANI = \"caller_number\"\nbranch = \"site.name\"\n\
             [values.direction]\nI = \"inbound\"\n",
        );
        let row = json!({
            "ANI": "+14155550100", "branch": "Berlin", "direction": "I", "callId": 7018, "durationSeconds": "00:01:23",
            "started_at": "2025-06-11 08:15:00", "hasRecording": "t", "note": "x", "client_code": "",
        });
        assert_eq!(
            applied(&mapping, row),
            json!({
                "caller_number": "+14155550100", "site": {"name": "Berlin"}, "direction": "inbound", "call_id": "7018",
                "duration": 83, "date_time": "2025-06-11T08:15:00Z", "has_recording": true, "note": "x",
            })
        );
        assert_eq!(mapping.door(), Some(Door::CallLog));
    }

    #[test]
    fn a_time_that_cannot_be_read_is_an_error_that_names_the_field() {
        let mapping = mapping("");
        let Value::Object(row) = json!({ "date_time": "soon" }) else { unreachable!() };
        assert!(mapping.apply(row).unwrap_err().contains("date_time"));
    }
}
