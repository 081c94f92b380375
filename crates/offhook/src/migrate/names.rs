//! Names of fields, parameters, operations and events out of whatever somebody has: a list, JSON samples, SQL, paths.

use std::collections::BTreeSet;

use serde_json::Value;

/// What was found, in the order in which it came, each once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Fields and parameters, by their path without what wraps them.
    pub(super) fields: Vec<String>,
    /// Addresses such as `/phone/call_logs`.
    pub(super) paths: Vec<String>,
}

/// Words of SQL and of its types, which are nobody's columns.
const SQL: &[&str] = &[
    "select",
    "as",
    "and",
    "or",
    "where",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "on",
    "using",
    "order",
    "group",
    "by",
    "limit",
    "offset",
    "asc",
    "desc",
    "distinct",
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "create",
    "table",
    "if",
    "exists",
    "not",
    "null",
    "primary",
    "key",
    "unique",
    "index",
    "default",
    "references",
    "foreign",
    "constraint",
    "check",
    "insert",
    "into",
    "values",
    "varchar",
    "char",
    "text",
    "string",
    "integer",
    "int",
    "bigint",
    "smallint",
    "serial",
    "bigserial",
    "boolean",
    "bool",
    "date",
    "datetime",
    "timestamp",
    "timestamptz",
    "with",
    "without",
    "zone",
    "json",
    "jsonb",
    "uuid",
    "numeric",
    "decimal",
    "float",
    "double",
    "precision",
    "real",
    "blob",
    "case",
    "when",
    "then",
    "else",
    "end",
    "is",
    "in",
    "between",
    "like",
    "cast",
    "coalesce",
    "true",
    "false",
    "now",
    "interval",
    "having",
    "union",
    "all",
    "collate",
    "unsigned",
    "auto_increment",
    "engine",
    "charset",
    "comment",
    "int4",
    "int8",
    "nvarchar",
    "nullable",
    "repeated",
    "required",
];

/// Parts of a path that only say how to get on.
const WRAPPERS: &[&str] = &[
    "items",
    "properties",
    "schema",
    "schemas",
    "components",
    "content",
    "application/json",
    "responses",
    "200",
    "get",
    "payload",
    "object",
    "call_logs",
    "call_log",
    "call_history",
    "call_elements",
    "call_element",
    "call_path",
    "data",
    "row",
    "rows",
    "record",
    "records",
    "logs",
    "log",
    "call",
    "calls",
    "$",
    "",
];

/// Reads a text of any of these kinds.
pub(super) fn read(text: &str) -> Names {
    let mut names = Names::default();
    let values: Option<Vec<Value>> =
        serde_json::Deserializer::from_str(text).into_iter::<Value>().collect::<Result<_, _>>().ok();
    match values.filter(|values| {
        !values.is_empty() && values.iter().all(|value| value.is_object() || value.is_array())
    }) {
        Some(values) => values.iter().for_each(|value| of_json(value, &mut names)),
        None => of_text(text, &mut names),
    }
    let mut seen = BTreeSet::new();
    names.fields.retain(|name| seen.insert(name.clone()));
    names.paths.retain(|path| seen.insert(path.clone()));
    names
}

/// A sample: its keys, by path. A list of texts is a list of names.
fn of_json(value: &Value, names: &mut Names) {
    if let Value::Array(items) = value
        && items.iter().all(Value::is_string)
    {
        items.iter().filter_map(Value::as_str).for_each(|text| of_text(text, names));
        return;
    }
    keys(value, "", names);
}

fn keys(value: &Value, path: &str, names: &mut Names) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if key == "event"
                    && let Some(event) = value.as_str()
                {
                    names.fields.push(event.to_owned());
                }
                match value {
                    Value::Object(_) => keys(value, &path, names),
                    Value::Array(items) if items.iter().any(Value::is_object) => {
                        // The array itself is a name, too: arrays were renamed.
                        names.fields.push(format!("{key}[]"));
                        keys(value, &path, names);
                    }
                    _ => names.fields.push(unwrapped(&path)),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, path, names)),
        _ => (),
    }
}

fn of_text(text: &str, names: &mut Names) {
    let lower = text.to_lowercase();
    let is_sql = lower.contains("select ") || lower.contains("create table");
    let text: String = if is_sql { without_comments(text) } else { text.to_owned() };
    let mut skip_next = false;
    for token in text.split(|c: char| !(c.is_alphanumeric() || "_.[]/$?={}-&".contains(c))) {
        let token = token.trim_matches(|c: char| ".-=&".contains(c));
        if token.is_empty() {
            continue;
        }
        if token.contains('/') {
            of_path(token, names);
            continue;
        }
        let word = token.to_lowercase();
        if is_sql {
            // The table after FROM, JOIN and CREATE TABLE is no column.
            let names_table = matches!(word.as_str(), "from" | "join" | "table" | "into");
            let goes_on = skip_next && ["if", "not", "exists"].contains(&word.as_str());
            let is_table = std::mem::replace(&mut skip_next, names_table || goes_on);
            if is_table || names_table || SQL.contains(&word.as_str()) {
                continue;
            }
        }
        if word.chars().all(|c| c.is_ascii_digit())
            || ["get", "post", "put", "patch", "delete"].contains(&word.as_str())
        {
            continue;
        }
        names.fields.push(if word.starts_with("phone.") { word } else { unwrapped(token) });
    }
}

/// `GET /phone/call_logs?type=missed&path=pstn`, `/v2/phone/users/me/call_logs`.
fn of_path(token: &str, names: &mut Names) {
    let (path, query) = token.split_once('?').unwrap_or((token, ""));
    if let Some(at) = path.find("/phone/") {
        names.paths.push(path.get(at..).unwrap_or(path).trim_end_matches('/').to_owned());
    }
    names.fields.extend(
        query
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
    );
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// A path from the row on: `call_logs[].site.id` is `site.id`, `t.duration` is `duration`.
fn unwrapped(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('.').map(|part| part.trim_end_matches("[]")).collect();
    let last = parts.pop().unwrap_or_default();
    parts.retain(|part| !WRAPPERS.contains(&part.to_lowercase().as_str()) && !part.contains('/'));
    parts.push(last);
    // An array at the end is meant as one.
    format!("{}{}", parts.join("."), if path.ends_with("[]") { "[]" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        read(text).fields
    }

    #[test]
    fn lists_of_every_sort_are_names() {
        for text in [
            "caller_user_id\nduration\n",
            "caller_user_id, duration",
            "\"caller_user_id\"; 'duration'",
            "- caller_user_id\n- duration",
            "[\"caller_user_id\", \"duration\"]",
        ] {
            assert_eq!(fields(text), ["caller_user_id", "duration"], "{text}");
        }
    }

    #[test]
    fn sql_is_its_columns() {
        let create = "CREATE TABLE IF NOT EXISTS zoom_logs (\n  id varchar(64) PRIMARY KEY, -- the id\n  call_id TEXT NOT NULL,\n  \
                      duration INTEGER DEFAULT 0\n);";
        assert_eq!(fields(create), ["id", "call_id", "duration"]);
        let select =
            "SELECT l.caller_user_id, count(*) FROM call_logs l WHERE l.date_time > now() GROUP BY 1";
        assert_eq!(fields(select)[0], "l.caller_user_id");
        assert!(
            fields(select).contains(&"l.date_time".to_owned())
                && !fields(select).contains(&"call_logs".to_owned())
        );
    }

    #[test]
    fn samples_and_paths_are_their_fields_without_what_wraps_them() {
        let page =
            r#"{"next_page_token": "", "call_logs": [{"id": "1", "site": {"id": "s"}}, {"path": "pstn"}]}"#;
        assert_eq!(fields(page), ["next_page_token", "call_logs[]", "id", "site.id", "path"]);
        let event = r#"{"event": "phone.call_log_deleted", "payload": {"object": {"user_id": "u"}}}"#;
        assert_eq!(fields(event), ["phone.call_log_deleted", "event", "user_id"]);
        assert_eq!(fields("call_logs[].properties.caller_user_id"), ["caller_user_id"]);
        assert_eq!(fields("$.call_logs[].site.id"), ["site.id"]);
    }

    #[test]
    fn an_address_is_itself_and_its_parameters() {
        let names = read("GET https://api.zoom.us/v2/phone/call_logs?type=missed&time_type=startTime");
        assert_eq!(names.paths, ["/phone/call_logs"]);
        assert!(names.fields.ends_with(&["type".to_owned(), "time_type".to_owned()]), "{names:?}");
    }
}
