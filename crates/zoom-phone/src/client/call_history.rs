//! The account's call history: one row for each call.
//!
//! Operation `accountCallHistory`, `GET /phone/call_history`. While Zoom moves from the array `call_logs`
//! (generation 2) to `call_history` (generation 3), one answer may hold the same calls in both.

use std::collections::HashSet;

use jiff::{Timestamp, Unit};
use serde_json::{Map, Value};

use super::Client;
use super::answer::integer;
use super::error::Error;
use super::paging::{Anomaly, PageFacts, Progress};

const OPERATION: &str = "accountCallHistory";

/// What to ask the call history for. Nothing is sent that is not set here: some of the defaults in Zoom's
/// specification hide calls (`recording_status=recorded`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallHistoryQuery {
    /// Begin of the window. Zoom keeps 6 months.
    pub from: Timestamp,
    /// End of the window. At most a month after `from`.
    pub to: Timestamp,
    /// Rows on a page: 1 to 300.
    pub page_size: u16,
    /// Which time of a call must lie in the window. Zoom's default, if not set: its start.
    pub time_type: Option<TimeType>,
    /// Further parameters of the operation, such as `("directions", "inbound")`. Repeat a name for an array.
    pub filters: Vec<(String, String)>,
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
        Self { from, to, page_size: 300, time_type: None, filters: Vec::new() }
    }

    fn parameters(&self, token: Option<&str>) -> Vec<(String, String)> {
        // Zoom reads whole seconds. The end is rounded up: better a call too many than one too few.
        let to = self.to.round(Unit::Second).unwrap_or(self.to);
        let to = if to < self.to { to + jiff::SignedDuration::from_secs(1) } else { to };
        let mut parameters = vec![
            ("from".to_owned(), utc(self.from)),
            ("to".to_owned(), utc(to)),
            ("page_size".to_owned(), self.page_size.to_string()),
        ];
        if let Some(time_type) = self.time_type {
            let value = match time_type {
                TimeType::StartTime => "start_time",
                TimeType::EndTime => "end_time",
            };
            parameters.push(("time_type".to_owned(), value.to_owned()));
        }
        parameters.extend(self.filters.iter().cloned());
        if let Some(token) = token {
            parameters.push(("next_page_token".to_owned(), token.to_owned()));
        }
        parameters
    }
}

fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Which of the two arrays a row came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// `call_logs`, whose id is `id`. Deprecated by Zoom for November 2026.
    V2,
    /// `call_history`, whose id is `call_history_uuid`.
    V3,
}

/// One call, with all fields as Zoom sent them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    generation: Generation,
    fields: Map<String, Value>,
}

impl HistoryRow {
    /// Which array it came in.
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

/// One page of the call history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The calls, each once. May be empty.
    pub rows: Vec<HistoryRow>,
    /// `total_records`: how many calls the whole window has, if Zoom says so.
    pub total_records: Option<u64>,
    /// What was odd about this page. Count these; see [`Anomaly::may_miss_rows`].
    pub anomalies: Vec<Anomaly>,
}

/// The pages of a [`CallHistoryQuery`], one after the other.
///
/// It ends after the last page, after an error, and where going on would not end; the last page's
/// [`Page::anomalies`] then say so. A page token lives 15 minutes: do not wait long between pages.
#[derive(Debug)]
pub struct CallHistoryPages {
    client: Client,
    query: CallHistoryQuery,
    progress: Progress,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    Token(String),
    End,
}

impl CallHistoryPages {
    pub(super) fn new(client: Client, query: CallHistoryQuery) -> Self {
        Self { client, query, progress: Progress::default(), next: Next::First }
    }

    /// The next page, or `None` at the end. After an error it is at its end: ask for the window again.
    pub async fn next(&mut self) -> Option<Result<Page, Error>> {
        let token = match &self.next {
            Next::First => None,
            Next::Token(token) => Some(token.as_str()),
            Next::End => return None,
        };
        let parameters = self.query.parameters(token);
        let query: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.client.get_as(OPERATION, &["phone", "call_history"], &query).await;
        let page = answer.and_then(|answer| self.take_in(answer));
        if page.is_err() {
            self.next = Next::End;
        }
        Some(page)
    }

    fn take_in(&mut self, answer: Value) -> Result<Page, Error> {
        let Value::Object(mut answer) = answer else {
            return Err(Error::no_object(OPERATION));
        };
        let mut anomalies = Vec::new();
        let rows = one_set(&mut answer, &mut anomalies);
        let count =
            |name: &str| answer.get(name).and_then(integer).and_then(|count| u64::try_from(count).ok());
        let total_records = count("total_records");
        let ids: Vec<_> = rows.iter().filter_map(|row| row.id().map(str::to_owned)).collect();
        let facts = PageFacts {
            rows_without_id: (rows.len() - ids.len()) as u64,
            ids,
            next_token: answer
                .get("next_page_token")
                .and_then(Value::as_str)
                .filter(|token| !token.is_empty())
                .map(str::to_owned),
            page_count: count("page_count"),
            total_records,
        };
        self.next = self.progress.step(facts, &mut anomalies).map_or(Next::End, Next::Token);
        Ok(Page { rows, total_records, anomalies })
    }
}

/// The calls of both arrays, each once. Where both have a call, generation 3 wins.
fn one_set(answer: &mut Map<String, Value>, anomalies: &mut Vec<Anomaly>) -> Vec<HistoryRow> {
    let mut unreadable = 0;
    let mut array = |name: &str, generation| {
        let entries = match answer.get_mut(name).map(Value::take) {
            Some(Value::Array(entries)) => entries,
            None | Some(Value::Null) => Vec::new(),
            Some(_) => {
                unreadable += 1;
                Vec::new()
            }
        };
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Value::Object(fields) => rows.push(HistoryRow { generation, fields }),
                _ => unreadable += 1,
            }
        }
        rows
    };
    let mut rows = array("call_history", Generation::V3);
    let old = array("call_logs", Generation::V2);

    let known: HashSet<String> = rows.iter().filter_map(|row| row.id().map(str::to_owned)).collect();
    let only_old: Vec<_> =
        old.into_iter().filter(|row| row.id().is_none_or(|id| !known.contains(id))).collect();
    let counted = [
        (only_old.len() as u64, Anomaly::OnlyInCallLogs { count: only_old.len() as u64 }),
        (unreadable, Anomaly::UnreadableRows { count: unreadable }),
    ];
    rows.extend(only_old);
    let without_id = rows.iter().filter(|row| row.id().is_none()).count() as u64;
    anomalies.extend(counted.into_iter().filter(|(count, _)| *count > 0).map(|(_, anomaly)| anomaly));
    if without_id > 0 {
        anomalies.push(Anomaly::RowsWithoutId { count: without_id });
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn joined(answer: Value) -> (Vec<HistoryRow>, Vec<Anomaly>) {
        let Value::Object(mut answer) = answer else { panic!("not an object") };
        let mut anomalies = Vec::new();
        let rows = one_set(&mut answer, &mut anomalies);
        (rows, anomalies)
    }

    #[test]
    fn both_arrays_in_one_answer_are_one_set_of_calls() {
        let (rows, anomalies) = joined(json!({
            "call_logs": [{"id": "u1", "call_id": "1"}, {"id": "u2", "call_id": "2"}],
            "call_history": [{"call_history_uuid": "u1", "call_id": "1"}],
        }));
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
    fn what_is_no_row_is_counted_and_what_has_no_id_is_kept() {
        let (rows, anomalies) =
            joined(json!({"call_history": [{"call_id": "1"}, 7, null], "call_logs": "gone"}));
        assert_eq!(rows.len(), 1);
        assert_eq!(anomalies, [Anomaly::UnreadableRows { count: 3 }, Anomaly::RowsWithoutId { count: 1 }]);
    }

    #[test]
    fn texts_are_trimmed_and_blank_ones_are_absent() {
        let (rows, _) = joined(json!({"call_history": [
            {"call_history_uuid": " u1 ", "call_result": "answered ", "end_time": "", "start_time": "2026-11-22T10:00:00Z"}
        ]}));
        assert_eq!(rows[0].id(), Some("u1"));
        assert_eq!(rows[0].text("call_result"), Some("answered"));
        assert_eq!(rows[0].time("end_time"), None);
        assert_eq!(rows[0].time("start_time").unwrap().to_string(), "2026-11-22T10:00:00Z");
    }

    #[test]
    fn only_what_is_set_is_sent_and_the_window_never_shrinks() {
        let query = CallHistoryQuery::new(
            "2026-11-21T10:00:00.9Z".parse().unwrap(),
            "2026-11-22T10:00:00.1Z".parse().unwrap(),
        );
        let sent: Vec<_> = query.parameters(None);
        let text: Vec<_> = sent.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(text, ["from=2026-11-21T10:00:00Z", "to=2026-11-22T10:00:01Z", "page_size=300"]);
    }
}
