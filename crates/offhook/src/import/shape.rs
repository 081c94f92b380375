//! Which shape a piece of JSON has, and the rows in it.

use offhook_calls::normalize::Door;
use serde_json::{Map, Value};

use super::map::Mapping;

/// One row, and the shape it has.
pub(super) type Row = (Door, Value);

/// The arrays in which Zoom's lists have their rows. `call_logs` has v1 logs, v2 rows or v2 legs; each row tells.
const PAGES: &[(&str, Option<Door>)] = &[
    ("call_logs", None),
    ("call_history", None),
    ("call_elements", None),
    ("recordings", Some(Door::Recording)),
    ("voice_mails", Some(Door::Voicemail)),
    ("call_charges", Some(Door::Charge)),
    ("users", Some(Door::User)),
];

/// Columns in which other systems keep what Zoom sent, whole.
const ORIGINALS: &[&str] =
    &["raw", "raw_json", "json", "payload", "raw_payload", "data", "body", "record", "original", "response"];

/// The rows of a value: of a page, of a list, of an event, or the value itself. `forced` is the shape that a person
/// named.
pub(super) fn rows(value: Value, forced: Option<Door>, mapping: &Mapping) -> Result<Vec<Row>, String> {
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Array(values) => {
            return values
                .into_iter()
                .map(|value| rows(value, forced, mapping))
                .collect::<Result<Vec<_>, _>>()
                .map(|rows| rows.concat());
        }
        _ => return Err("not a JSON object".to_owned()),
    };
    if let Some(items) = page(&fields) {
        return items
            .into_iter()
            .map(|(door, item)| one(item, forced.or(door), mapping))
            .collect::<Result<Vec<_>, _>>();
    }
    one(Value::Object(fields), forced, mapping).map(|row| vec![row])
}

/// The items of a page. The answer about one call has an array of steps, too, and is no page.
fn page(fields: &Map<String, Value>) -> Option<Vec<(Option<Door>, Value)>> {
    if fields.contains_key("event") || path(fields) {
        return None;
    }
    let mut found = None;
    for (name, door) in PAGES {
        if let Some(Value::Array(items)) = fields.get(*name) {
            // Where an answer has the old and the new array, both are taken: they become one call.
            let all: &mut Vec<_> = found.get_or_insert_default();
            all.extend(items.iter().map(|item| (*door, item.clone())));
        }
    }
    found
}

/// The answer of `getCallPath`: one call with its steps.
fn path(fields: &Map<String, Value>) -> bool {
    let has = |name: &str| fields.contains_key(name);
    has("call_path") || (has("call_elements") && (has("call_history_uuid") || has("call_id")))
}

fn one(value: Value, forced: Option<Door>, mapping: &Mapping) -> Result<Row, String> {
    let Value::Object(fields) = value else { return Err("a row that is not a JSON object".to_owned()) };
    if !mapping.is_given() {
        if let Some(row) = own(&fields) {
            return row;
        }
        if let Some(door) = forced.or_else(|| recognise(&fields)) {
            return Ok((door, Value::Object(fields)));
        }
        if let Some(row) = original(&fields, mapping) {
            return Ok(row);
        }
    }
    let columns: Vec<String> = fields.keys().cloned().collect();
    let renamed = mapping.apply(fields)?;
    match forced.or(mapping.door()).or_else(|| recognise(&renamed)) {
        Some(door) => Ok((door, Value::Object(renamed))),
        None => Err(format!(
            "its shape is not recognised by its fields ({}); name it with --as, or its columns with --map",
            few(&columns)
        )),
    }
}

/// A line of an import as the server takes it.
fn own(fields: &Map<String, Value>) -> Option<Result<Row, String>> {
    let (Some(Value::String(door)), Some(row), 2) = (fields.get("door"), fields.get("row"), fields.len())
    else {
        return None;
    };
    Some(Door::from_word(door).map(|door| (door, row.clone())).ok_or_else(|| format!("{door:?} is no shape")))
}

/// What Zoom sent, kept in one column.
fn original(fields: &Map<String, Value>, mapping: &Mapping) -> Option<Row> {
    ORIGINALS.iter().find_map(|name| {
        let inner = match fields.get(*name)? {
            Value::String(text) => serde_json::from_str(text).ok()?,
            Value::Object(inner) => Value::Object(inner.clone()),
            _ => return None,
        };
        let mut rows = rows(inner, None, mapping).ok()?;
        (rows.len() == 1).then(|| rows.remove(0))
    })
}

/// The shape that a row's fields show: the fields that only this shape has, most telling first. From the response
/// schemas of Zoom Phone's OpenAPI document.
pub(super) fn recognise(fields: &Map<String, Value>) -> Option<Door> {
    let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    Some(match () {
        () if has("event") && has("payload") => Door::Webhook,
        () if path(fields) => Door::CallPath,
        () if has("log_details") => Door::CallLogDetail,
        () if any(&["call_summary_id", "ai_call_summary_id"]) && !has("call_element_id") => Door::Summary,
        // Recordings and voicemails name the step they belong to, as elements do.
        () if any(&["auto_delete_policy", "transcript_download_url", "disclaimer_status"]) => Door::Recording,
        () if has("download_url") && any(&["recording_type", "end_time", "file_url"]) => Door::Recording,
        () if has("download_url") || (has("status") && has("callee_number") && has("owner")) => {
            Door::Voicemail
        }
        () if has("call_element_id") => Door::CallElement,
        () if has("call_history_uuid") => Door::CallHistory,
        () if has("id") && (has("call_path_id") || (has("event") && has("result"))) => Door::CallHistoryLeg,
        () if has("id") && has("call_result") => Door::CallHistory,
        () if has("call_history_id") && any(&["session_id", "message_id"]) => Door::Message,
        () if has("date_time") && any(&["caller_number", "callee_number", "caller_name", "result"]) => {
            Door::CallLog
        }
        () => return None,
    })
}

/// Some names, for a sentence.
fn few(names: &[String]) -> String {
    const MOST: usize = 8;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doors(value: Value) -> Vec<&'static str> {
        let rows = rows(value, None, &Mapping::default()).unwrap();
        rows.into_iter().map(|(door, _)| door.as_str()).collect()
    }

    #[test]
    fn each_of_zooms_shapes_is_told_by_its_fields() {
        for (row, expected) in [
            (json!({"id": "1", "date_time": "2026-05-01T10:00:00Z", "caller_number": "101"}), "call_log"),
            (json!({"id": "1", "date_time": "x", "result": "Missed", "log_details": []}), "call_log_detail"),
            (json!({"id": "1", "call_id": "7", "call_result": "answered"}), "call_history"),
            (json!({"call_history_uuid": "1", "call_id": "7"}), "call_history"),
            (json!({"id": "1", "call_path_id": "2", "call_id": "7"}), "call_history_leg"),
            (json!({"call_element_id": "1", "call_history_uuid": "2", "event": "incoming"}), "call_element"),
            (json!({"id": "1", "call_id": "7", "call_path": []}), "call_path"),
            (json!({"call_history_uuid": "1", "call_id": "7", "call_elements": []}), "call_path"),
            (
                json!({"id": "r", "call_element_id": "1", "download_url": "u", "recording_type": "Automatic"}),
                "recording",
            ),
            (json!({"id": "v", "call_element_id": "1", "download_url": "u", "status": "read"}), "voicemail"),
            (json!({"event": "phone.callee_ringing", "event_ts": 1, "payload": {}}), "webhook"),
        ] {
            assert_eq!(doors(row.clone()), [expected], "{row}");
        }
    }

    #[test]
    fn a_page_is_its_rows_of_both_generations_and_an_empty_one_is_nothing() {
        let page = json!({
            "next_page_token": "", "page_size": 30,
            "call_logs": [{"id": "1", "call_id": "7", "call_result": "answered"}],
            "call_history": [{"call_history_uuid": "1", "call_id": "7", "call_result": "answered"}],
        });
        assert_eq!(doors(page), ["call_history", "call_history"]);
        assert!(doors(json!({"call_logs": [], "total_records": 0})).is_empty());
        let legs = json!({"call_elements": [{"call_element_id": "1"}], "from": "x", "to": "y"});
        assert_eq!(doors(legs), ["call_element"]);
    }

    #[test]
    fn what_zoom_sent_is_found_in_the_column_where_another_system_kept_it() {
        let text = json!({"id": "1", "call_id": "7", "call_result": "answered"}).to_string();
        assert_eq!(doors(json!({"pk": 1, "created": "today", "raw_json": text})), ["call_history"]);
        let event = json!({"event": "phone.callee_ringing", "event_ts": 1, "payload": {}});
        assert_eq!(doors(json!({"pk": 1, "payload": event})), ["webhook"]);
    }

    #[test]
    fn a_shape_that_nobody_knows_is_refused_with_its_columns() {
        let error = rows(json!({"pk": 1, "colour": "red"}), None, &Mapping::default()).unwrap_err();
        assert!(error.contains("pk, colour") && error.contains("--as"), "{error}");
        let forced = rows(json!({"id": 1}), Some(Door::CallLog), &Mapping::default()).unwrap();
        assert_eq!(forced[0].0, Door::CallLog);
    }
}
