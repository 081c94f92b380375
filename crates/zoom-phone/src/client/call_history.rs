//! The account's call history: one row for each call.
//!
//! Operation `accountCallHistory`, `GET /phone/call_history`. While Zoom moves from the array `call_logs`
//! (generation 2) to `call_history` (generation 3), one answer may hold the same calls in both.

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Client;
use super::call::Call;
use super::pages::{Pages, Resume};
use super::paging::Anomaly;
use crate::quota::Priority;

/// What to ask the call history for. Nothing is sent that is not set here: some of the defaults in Zoom's
/// specification hide calls (`recording_status=recorded`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallHistoryQuery {
    /// Begin of the window. Zoom keeps 6 months.
    pub from: Timestamp,
    /// End of the window.
    pub to: Timestamp,
    /// Rows on a page: 1 to 300.
    pub page_size: u16,
    /// Which time of a call must lie in the window. Zoom's default, if not set: its start.
    pub time_type: Option<TimeType>,
    /// Further parameters of the operation, such as `("directions", "inbound")`. Repeat a name for an array.
    pub filters: Vec<(String, String)>,
    /// Who waits for the rows.
    pub priority: Priority,
    /// Where an earlier reading of this query ended, to go on there.
    pub resume: Option<Resume>,
}

/// Which time of a call is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeType {
    /// When it began.
    StartTime,
    /// When it ended. With this, windows that follow each other miss no call that was under way.
    EndTime,
}

impl CallHistoryQuery {
    /// All calls of a window, 300 on a page.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            page_size: 300,
            time_type: None,
            filters: Vec::new(),
            priority: Priority::default(),
            resume: None,
        }
    }

    fn call(self, client: &Client) -> Call {
        let mut call = Call::new(client, "account_call_history").query("page_size", self.page_size);
        if let Some(time_type) = self.time_type {
            let value = match time_type {
                TimeType::StartTime => "start_time",
                TimeType::EndTime => "end_time",
            };
            call = call.query("time_type", value);
        }
        for (name, value) in self.filters {
            match call.query.iter_mut().find(|(set, _)| *set == name) {
                Some((_, values)) => values.push(value),
                None => call.query.push((name.into(), vec![value])),
            }
        }
        call.resume = self.resume;
        call.priority(self.priority).window(self.from, self.to)
    }
}

/// Which form a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// As in `call_logs`, whose id is `id`. Deprecated by Zoom for November 2026.
    V2,
    /// As in `call_history`, whose id is `call_history_uuid`.
    V3,
}

/// One call, with all fields as Zoom sent them.
#[derive(Clone, PartialEq, Eq)]
pub struct HistoryRow {
    generation: Generation,
    fields: Map<String, Value>,
}

impl HistoryRow {
    /// Which form it has.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The id of the record: `call_history_uuid`, which generation 2 calls `id`.
    pub fn id(&self) -> Option<&str> {
        self.text("call_history_uuid").or_else(|| self.text("id"))
    }

    /// The id of the call, which webhooks have too. Opaque; may end in `_1`, `_2` after a transfer.
    pub fn call_id(&self) -> Option<&str> {
        self.text("call_id")
    }

    /// A text field by its wire name, without the blanks around it; `None` if absent or blank.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// A time field by its wire name: `start_time`, `answer_time`, `end_time`.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    /// All fields.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// All fields, to keep.
    pub fn into_fields(self) -> Map<String, Value> {
        self.fields
    }
}

/// Without the numbers and names of people.
impl fmt::Debug for HistoryRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryRow")
            .field("generation", &self.generation)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// The account's calls in a window, page by page. Operation `accountCallHistory`, rate label HEAVY. A window
    /// longer than a month is asked for in slices.
    pub fn call_history(&self, query: CallHistoryQuery) -> Pages<HistoryRow> {
        Pages::with(query.call(self), one_set, HistoryRow::read)
    }
}

impl HistoryRow {
    fn read(row: Value) -> Result<Self, Value> {
        let Value::Object(fields) = row else { return Err(row) };
        let is_new = fields.contains_key("call_history_uuid");
        Ok(Self { generation: if is_new { Generation::V3 } else { Generation::V2 }, fields })
    }
}

/// The calls of both arrays, each once. Where both have a call, generation 3 wins.
fn one_set(answer: &mut Map<String, Value>, _: &str, anomalies: &mut Vec<Anomaly>) -> Vec<Value> {
    let mut array = |name: &str| match answer.shift_remove(name) {
        Some(Value::Array(rows)) => rows,
        None | Some(Value::Null) => Vec::new(),
        Some(other) => vec![other],
    };
    let mut rows = array("call_history");
    let mut old = array("call_logs");
    if !old.is_empty() {
        let known: HashSet<&str> = rows.iter().filter_map(id).collect();
        old.retain(|row| id(row).is_none_or(|id| !known.contains(id)));
        let count = old.iter().filter(|row| row.is_object()).count() as u64;
        if count > 0 {
            anomalies.push(Anomaly::OnlyInCallLogs { count });
        }
        rows.extend(old);
    }
    let count = rows.iter().filter(|row| row.is_object() && id(row).is_none()).count() as u64;
    if count > 0 {
        anomalies.push(Anomaly::RowsWithoutId { count });
    }
    rows
}

fn id(row: &Value) -> Option<&str> {
    let id = |name: &str| row.get(name)?.as_str().map(str::trim).filter(|id| !id.is_empty());
    id("call_history_uuid").or_else(|| id("id"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn joined(answer: Value) -> (Vec<Value>, Vec<Anomaly>) {
        let Value::Object(mut answer) = answer else { panic!("not an object") };
        let mut anomalies = Vec::new();
        let rows = one_set(&mut answer, "call_history", &mut anomalies);
        (rows, anomalies)
    }

    #[test]
    fn both_arrays_in_one_answer_are_one_set_of_calls() {
        let (rows, anomalies) = joined(json!({
            "call_logs": [{"id": "u1", "call_id": "1"}, {"id": "u2", "call_id": "2"}],
            "call_history": [{"call_history_uuid": "u1", "call_id": "1"}],
        }));
        let rows: Vec<_> = rows.into_iter().map(|row| HistoryRow::read(row).unwrap()).collect();
        let found: Vec<_> = rows.iter().map(|row| (row.id(), row.generation())).collect();
        assert_eq!(found, [(Some("u1"), Generation::V3), (Some("u2"), Generation::V2)]);
        assert_eq!(anomalies, [Anomaly::OnlyInCallLogs { count: 1 }]);
    }

    #[test]
    fn the_new_array_alone_is_nothing_odd() {
        let (rows, anomalies) =
            joined(json!({"call_history": [{"call_history_uuid": "u1"}], "call_logs": null}));
        assert_eq!((rows.len(), anomalies), (1, vec![]));
    }

    #[test]
    fn what_is_no_row_stays_apart_and_what_has_no_id_is_kept() {
        let (rows, anomalies) =
            joined(json!({"call_history": [{"call_id": "1"}, 7, null], "call_logs": "gone"}));
        assert_eq!(anomalies, [Anomaly::RowsWithoutId { count: 1 }]);
        let read: Vec<_> = rows.into_iter().map(HistoryRow::read).collect();
        assert_eq!(read.iter().filter(|row| row.is_ok()).count(), 1);
        assert_eq!(read.iter().filter(|row| row.is_err()).count(), 3);
    }

    #[test]
    fn texts_are_trimmed_and_blank_ones_are_absent() {
        let row = HistoryRow::read(json!(
            {"call_history_uuid": " u1 ", "call_result": "answered ", "end_time": "", "start_time": "2026-11-22T10:00:00Z"}
        ));
        let row = row.unwrap();
        assert_eq!(row.id(), Some("u1"));
        assert_eq!(row.text("call_result"), Some("answered"));
        assert_eq!(row.time("end_time"), None);
        assert_eq!(row.time("start_time").unwrap().to_string(), "2026-11-22T10:00:00Z");
    }
}
