//! Call logs that the Zoom portal exported as CSV, row by row in the names of a call log (v1).
//!
//! The portal's pages have had several sets of columns. One is that of files named `zoomus_call_log_<date>.csv`
//! (Phone System Management, Logs, Export; seen in a program that reads them, June 2025): Direction, From, To,
//! Forward To, Device, Time, Result, Path, Duration, Client Code, Site, Department, Cost Center, Charge, Type,
//! End-to-End Encryption, and an empty one at the end; a party is `name-extension` or `name-number`, a time
//! `MM/DD/YYYY HH:MM`, and what is not known `--`. It has no id of any sort. Zoom's article on viewing logs (KB0069952)
//! has the same columns. Other headers are read by likeness to names of the API; what is not read is said.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    map::{TIMES, put, snake, tidy},
    time::{Reading, offset},
};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    /// A field of a call log.
    Field(&'static str),
    /// A party: name and number in one, under this side.
    Party(&'static str),
    /// The telephone number of a side.
    Number(&'static str),
    /// The extension of a side.
    Extension(&'static str),
    /// The day, where day and time of day are two columns.
    Day,
    /// A word that the API writes as one: `Call Queue`, `callQueue`.
    Word(&'static str),
}

/// Headers, without case and punctuation, and what is below them.
const COLUMNS: &[(&str, Column)] = &[
    ("call_id", Column::Field("call_id")),
    ("call_log_id", Column::Field("id")),
    ("log_id", Column::Field("id")),
    ("id", Column::Field("id")),
    ("direction", Column::Field("direction")),
    ("call_direction", Column::Field("direction")),
    ("from", Column::Party("caller")),
    ("to", Column::Party("callee")),
    ("caller", Column::Party("caller")),
    ("callee", Column::Party("callee")),
    ("from_name", Column::Field("caller_name")),
    ("to_name", Column::Field("callee_name")),
    ("caller_name", Column::Field("caller_name")),
    ("callee_name", Column::Field("callee_name")),
    ("from_number", Column::Number("caller")),
    ("to_number", Column::Number("callee")),
    ("caller_number", Column::Number("caller")),
    ("callee_number", Column::Number("callee")),
    ("caller_phone_number", Column::Number("caller")),
    ("callee_phone_number", Column::Number("callee")),
    ("caller_did_number", Column::Number("caller")),
    ("callee_did_number", Column::Number("callee")),
    ("caller_extension", Column::Extension("caller")),
    ("callee_extension", Column::Extension("callee")),
    ("caller_ext", Column::Extension("caller")),
    ("callee_ext", Column::Extension("callee")),
    ("caller_ext_number", Column::Extension("caller")),
    ("callee_ext_number", Column::Extension("callee")),
    ("caller_extension_number", Column::Extension("caller")),
    ("callee_extension_number", Column::Extension("callee")),
    ("forward_to", Column::Party("forwarded_to")),
    ("forwarded_to", Column::Party("forwarded_to")),
    ("date", Column::Day),
    ("time", Column::Field("date_time")),
    ("date_time", Column::Field("date_time")),
    ("start_time", Column::Field("date_time")),
    ("call_time", Column::Field("date_time")),
    ("call_start_time", Column::Field("date_time")),
    ("answer_time", Column::Field("answer_start_time")),
    ("answer_start_time", Column::Field("answer_start_time")),
    ("end_time", Column::Field("call_end_time")),
    ("call_end_time", Column::Field("call_end_time")),
    ("result", Column::Field("result")),
    ("call_result", Column::Field("result")),
    ("path", Column::Word("path")),
    ("duration", Column::Field("duration")),
    ("call_duration", Column::Field("duration")),
    ("hold_time", Column::Field("hold_time")),
    ("wait_time", Column::Field("waiting_time")),
    ("waiting_time", Column::Field("waiting_time")),
    ("client_code", Column::Field("client_code")),
    ("site", Column::Field("site.name")),
    ("site_name", Column::Field("site.name")),
    ("department", Column::Field("department")),
    ("cost_center", Column::Field("cost_center")),
    ("charge", Column::Field("charge")),
    ("rate", Column::Field("rate")),
    ("type", Column::Word("call_type")),
    ("call_type", Column::Word("call_type")),
    ("recording_id", Column::Field("recording_id")),
    ("has_recording", Column::Field("has_recording")),
    ("has_voicemail", Column::Field("has_voicemail")),
    ("end_to_end_encryption", Column::Field("end_to_end")),
];

/// What the columns of a file hold.
#[derive(Debug)]
pub(super) struct Portal {
    columns: Vec<Option<(Column, Option<TimeZone>)>>,
}

impl Portal {
    /// What these headers mean; `None` when they are no call log. Also the headers that mean nothing here.
    pub(super) fn of(headers: &[String]) -> Option<(Self, Vec<String>)> {
        let mut unread = Vec::new();
        let columns: Vec<_> = headers
            .iter()
            .map(|header| {
                let (name, zone) = header_zone(header);
                let name = snake(&name.replace(['.', '(', ')'], " "));
                let column =
                    COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, column)| (*column, zone));
                if column.is_none() && !header.trim().is_empty() {
                    unread.push(header.trim().to_owned());
                }
                column
            })
            .collect();
        let has = |wanted: &[Column]| columns.iter().flatten().any(|(column, _)| wanted.contains(column));
        let when = has(&[Column::Field("date_time"), Column::Day]);
        let who = has(&[Column::Party("caller"), Column::Number("caller"), Column::Extension("caller")]);
        (when && who).then_some((Self { columns }, unread))
    }

    /// The columns that hold times, by number.
    pub(super) fn times(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().enumerate().filter_map(|(number, column)| match column {
            Some((Column::Day, _)) => Some(number),
            Some((Column::Field(field), _)) if TIMES.contains(field) => Some(number),
            _ => None,
        })
    }

    /// One row as a call log. A row without an id gets one that is the same for the same row of another export.
    pub(super) fn row(&self, cells: &[&str], reading: &Reading) -> Result<Value, String> {
        let mut row = Map::new();
        let day = self
            .columns
            .iter()
            .zip(cells)
            .find_map(|(column, cell)| matches!(column, Some((Column::Day, _))).then_some(cell.trim()));
        for (column, cell) in self.columns.iter().zip(cells) {
            let (Some((column, zone)), cell) = (column, cell.trim()) else { continue };
            if cell.trim_matches(['-', '—', ' ']).is_empty() {
                continue;
            }
            match *column {
                Column::Day => (),
                Column::Field(field) if TIMES.contains(&field) => {
                    // A time of day alone belongs to the day in its own column.
                    let whole = match day {
                        Some(day) if !cell.contains(['/', '-', 'T']) => format!("{day} {cell}"),
                        _ => cell.to_owned(),
                    };
                    let at =
                        reading.moment(&whole, zone.as_ref()).map_err(|error| format!("{field}: {error}"))?;
                    put(&mut row, field, at.to_string().into());
                }
                Column::Field(field) => put(&mut row, field, tidy(field, cell.into(), reading)?),
                Column::Word(field) => put(&mut row, field, camel(cell).into()),
                Column::Party(side) => party(&mut row, side, cell),
                Column::Number(side) => number(&mut row, side, cell),
                Column::Extension(side) => {
                    row.insert(format!("{side}_number"), cell.into());
                    row.insert(format!("{side}_number_type"), 1.into());
                }
            }
        }
        let Some(began) =
            row.get("date_time").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok())
        else {
            return Err("it has no time".to_owned());
        };
        // A log is written after the call. When that was, a table of these columns tells by the duration only.
        if !row.contains_key("call_end_time") {
            let length = row.get("duration").and_then(Value::as_i64).unwrap_or(0);
            let end = began.checked_add(SignedDuration::from_secs(length)).unwrap_or(began);
            row.insert("call_end_time".to_owned(), end.to_string().into());
        }
        if !row.contains_key("id") {
            let id = derived_id(&row);
            row.insert("id".to_owned(), id.into());
        }
        Ok(Value::Object(row))
    }
}

/// `Start Time (UTC)`, `Time (GMT-08:00)`: the header without the zone, and the zone.
fn header_zone(header: &str) -> (String, Option<TimeZone>) {
    let Some((name, rest)) = header.split_once('(') else { return (header.to_owned(), None) };
    let inside = rest.trim_end().trim_end_matches(')').trim();
    let zone = match inside.strip_prefix("GMT").or(inside.strip_prefix("UTC")) {
        Some("") => Some(TimeZone::UTC),
        Some(shift) => offset(shift.trim()),
        None => TimeZone::get(inside).ok(),
    };
    if zone.is_some() { (name.trim().to_owned(), zone) } else { (header.to_owned(), None) }
}

/// Name and number of a party in one cell.
fn party(row: &mut Map<String, Value>, side: &str, cell: &str) {
    let (name, digits, is_extension) = split(cell);
    if side == "forwarded_to" {
        let mut to = Map::new();
        if let Some(name) = name {
            to.insert("name".to_owned(), name.into());
        }
        if let Some(digits) = digits {
            let field = if is_extension { "extension_number" } else { "phone_number" };
            to.insert(field.to_owned(), digits.into());
        }
        row.insert(side.to_owned(), Value::Object(to));
        return;
    }
    if let Some(name) = name {
        row.insert(format!("{side}_name"), name.into());
    }
    if let Some(digits) = digits {
        number(row, side, &digits);
        if is_extension {
            row.insert(format!("{side}_number_type"), 1.into());
        }
    }
}

/// A number of a side: an extension, or a telephone number, which is then its direct number as well. An extension
/// stays where it is: in v1 the number of somebody on the account is the extension.
fn number(row: &mut Map<String, Value>, side: &str, cell: &str) {
    let (_, digits, is_extension) = split(cell);
    let Some(digits) = digits else { return };
    let (field, kind) = (format!("{side}_number"), format!("{side}_number_type"));
    if !is_extension {
        row.insert(format!("{side}_did_number"), digits.clone().into());
    }
    if is_extension || !row.contains_key(&field) {
        row.insert(field, digits.into());
        row.insert(kind, i64::from(if is_extension { 1 } else { 2 }).into());
    }
}

/// `Ada-101`, `Ada - Ext. 101`, `Ada (+1 415-555-0100)`, `(415) 555-0100`: name, number without its dress, and whether
/// that is an extension.
fn split(cell: &str) -> (Option<String>, Option<String>, bool) {
    /// Longer without a plus sign it is a telephone number.
    const LONGEST_EXTENSION: usize = 8;
    let in_number = |c: char| c.is_ascii_digit() || "+()-. \u{a0}".contains(c);
    let start =
        cell.trim_end().char_indices().rev().take_while(|(_, c)| in_number(*c)).last().map(|(at, _)| at);
    let (before, tail) = start.map_or((cell, ""), |at| {
        // The full stop of `Acme Inc.` is no part of the number behind it.
        let tail = cell.get(at..).unwrap_or_default();
        let lead =
            tail.len() - tail.trim_start_matches(|c: char| !c.is_ascii_digit() && !"+(".contains(c)).len();
        cell.split_at(at + lead)
    });
    let digits: String = tail.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    if digits.chars().filter(char::is_ascii_digit).count() < 2 {
        return (Some(cell.trim().to_owned()), None, false);
    }
    let lower = before.trim_end().to_lowercase();
    let marked = ["ext.", "ext", "extension", "x", "#"]
        .iter()
        .find(|mark| lower.strip_suffix(**mark).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric)))
        .map(|mark| mark.len());
    let name = before.trim_end();
    let name = marked.and_then(|length| name.get(..name.len() - length)).unwrap_or(name);
    let name = name.trim_matches(|c: char| c.is_whitespace() || "-–—(|,:".contains(c));
    let is_extension = marked.is_some() || (!digits.starts_with('+') && digits.len() <= LONGEST_EXTENSION);
    ((!name.is_empty()).then(|| name.to_owned()), Some(digits), is_extension)
}

/// `Call Queue` as `callQueue`, `PSTN` as `pstn`.
fn camel(words: &str) -> String {
    let mut out = String::new();
    for (number, word) in words.split([' ', '-', '_']).filter(|word| !word.is_empty()).enumerate() {
        let mut letters = word.chars();
        let all_upper = word.chars().all(|c| !c.is_lowercase());
        match letters.next() {
            Some(first) if number > 0 => {
                out.extend(first.to_uppercase());
                out.push_str(&if all_upper {
                    letters.as_str().to_lowercase()
                } else {
                    letters.as_str().to_owned()
                });
            }
            Some(first) => {
                out.extend(first.to_lowercase());
                out.push_str(&if all_upper {
                    letters.as_str().to_lowercase()
                } else {
                    letters.as_str().to_owned()
                });
            }
            None => (),
        }
    }
    out
}

/// An id for a row that has none: of what any export has of it, whatever its columns and its time zone.
fn derived_id(row: &Map<String, Value>) -> String {
    let telling = [
        "call_id",
        "date_time",
        "direction",
        "caller_number",
        "caller_name",
        "callee_number",
        "callee_name",
        "duration",
        "result",
    ];
    let content = json!(telling.map(|field| row.get(field)));
    let sum = Sha256::digest(content.to_string());
    let (half, _) = sum.split_at(16);
    format!("portal-{}", hex::encode(half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::time::{DateOrder, june};

    fn headers(line: &str) -> Vec<String> {
        line.split(',').map(str::to_owned).collect()
    }

    fn reading() -> Reading {
        Reading { zone: Some(TimeZone::UTC), order: Some(DateOrder::Mdy) }
    }

    #[test]
    fn a_row_of_the_logs_page_is_a_call_log_with_an_id_of_its_own() {
        let header = "Direction,From,To,Forward To,Device,Time,Result,Path,Duration,Client Code,Site,Department,\
                      Cost Center,Charge,Type,End-to-End Encryption,";
        let (portal, unread) = Portal::of(&headers(header)).unwrap();
        assert_eq!(unread, ["Device"]);
        let cells = [
            "Inbound",
            "(415) 555-0100",
            "Ada Lovelace-101",
            " --",
            "Desk",
            "06/11/2025 08:15",
            "Call connected",
            "Call Queue",
            "00:01:23",
            "",
            "Berlin",
            "Sales",
            "",
            " --",
            "PSTN",
            "No",
            "",
        ];
        let row = portal.row(&cells, &reading()).unwrap();
        let id = row["id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("portal-") && id.len() == 39, "{id}");
        assert_eq!(
            row,
            json!({
                "direction": "inbound", "caller_did_number": "4155550100", "caller_number": "4155550100",
                "caller_number_type": 2, "callee_name": "Ada Lovelace", "callee_number": "101", "callee_number_type": 1,
                "date_time": june(11, 8, 15).to_string(), "call_end_time": "2025-06-11T08:16:23Z", "result": "Call connected", "path": "callQueue",
                "duration": 83, "site": {"name": "Berlin"}, "department": "Sales", "call_type": "pstn",
                "end_to_end": false, "id": id,
            })
        );
    }

    #[test]
    fn the_same_row_in_another_zone_and_with_fewer_columns_has_the_same_id() {
        let (one, _) = Portal::of(&headers("Time,From,To,Result,Site")).unwrap();
        let (other, _) = Portal::of(&headers("To,From,Result,Time (GMT+2)")).unwrap();
        let a = one.row(&["06/11/2025 08:15", "Ada-101", "Bob-102", "Missed", "Berlin"], &reading()).unwrap();
        let b = other.row(&["Bob-102", "Ada-101", "Missed", "06/11/2025 10:15"], &reading()).unwrap();
        assert_eq!(a["id"], b["id"]);
        let c = other.row(&["Bob-102", "Ada-101", "Missed", "06/11/2025 10:16"], &reading()).unwrap();
        assert_ne!(a["id"], c["id"]);
    }

    #[test]
    fn ids_and_separate_names_numbers_and_extensions_are_read() {
        let (portal, unread) = Portal::of(&headers(
            "Call ID,Caller Name,Caller Ext. Number,Caller DID Number,Callee Name,Callee Number,Date,Time,Call Result",
        ))
        .unwrap();
        assert!(unread.is_empty(), "{unread:?}");
        let cells = [
            "7018",
            "Ada",
            "101",
            "+14155550101",
            "",
            "+1 (415) 555-0100",
            "2025-06-11",
            "8:15 AM",
            "Voicemail",
        ];
        let row = portal.row(&cells, &reading()).unwrap();
        assert_eq!(row["call_id"], "7018");
        assert_eq!((&row["caller_number"], &row["caller_number_type"]), (&json!("101"), &json!(1)));
        assert_eq!(row["caller_did_number"], "+14155550101");
        assert_eq!((&row["callee_number"], &row["callee_number_type"]), (&json!("+14155550100"), &json!(2)));
        assert_eq!(row["date_time"], june(11, 8, 15).to_string());
    }

    #[test]
    fn parties_of_every_dress_are_taken_apart() {
        let some = |text: &str| Some(text.to_owned());
        for (cell, name, number, extension) in [
            ("Ada Lovelace-101", some("Ada Lovelace"), some("101"), true),
            ("Ada - Ext. 101", some("Ada"), some("101"), true),
            ("Anne-Marie Doe (ext 2024)", some("Anne-Marie Doe"), some("2024"), true),
            ("Ada (+1 415-555-0100)", some("Ada"), some("+14155550100"), false),
            ("Acme Inc.-(415) 555-0100", some("Acme Inc."), some("4155550100"), false),
            ("+14155550100", None, some("+14155550100"), false),
            ("Anonymous", some("Anonymous"), None, false),
            ("Room 7", some("Room 7"), None, false),
            ("Ümläut-101", some("Ümläut"), some("101"), true),
        ] {
            assert_eq!(split(cell), (name, number, extension), "{cell}");
        }
    }

    #[test]
    fn a_table_of_something_else_is_no_call_log() {
        assert!(Portal::of(&headers("Name,Colour")).is_none());
        assert!(Portal::of(&headers("From,To,Subject")).is_none());
    }
}
