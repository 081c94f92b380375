//! Call history: `accountCallHistory`, `getCallPath`, `getCallElement`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Refusal;
use super::query::Query;
use crate::clock::text;
use crate::emulator::Shared;
use crate::records::CallRecord;

/// The longest time between `from` and `to`: one month.
const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(31 * 24);

/// `GET /phone/call_history`: newest first, in both the array of today and the deprecated one.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = Query::parse(raw.as_deref());
    let window = Window::read(&query, shared.clock.now())?;
    let page = shared.snapshots.page("accountCallHistory", &query, 300, || {
        let mut calls: Vec<_> = shared.state.book(|book| book.all().iter().cloned().collect());
        calls.retain(|call| window.holds(call));
        filter(&mut calls, &query)?;
        calls.sort_by(|a, b| (b.start, &b.call_history_uuid).cmp(&(a.start, &a.call_history_uuid)));
        Ok(calls.iter().map(|call| call.call_history_uuid.clone()).collect())
    })?;
    let calls: Vec<_> = page.ids.iter().filter_map(|uuid| shared.state.call(uuid)).collect();
    let deprecated: Vec<_> = calls.iter().map(|call| call.deprecated_row()).collect();
    let rows: Vec<_> = calls.iter().map(|call| call.row()).collect();
    Ok(Json(json!({
        "call_logs": deprecated,
        "call_history": rows,
        "from": window.from_text,
        "to": window.to_text,
        "page_count": page.count(),
        "page_size": page.size,
        "total_records": page.total,
        "next_page_token": page.next,
    })))
}

/// `GET /phone/call_history/{callHistoryUuid}`.
pub(super) async fn path(
    State(shared): State<Arc<Shared>>,
    Path(uuid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let call = shared.state.call(&uuid).ok_or_else(|| absent("Call history"))?;
    Ok(Json(call.path()))
}

/// `GET /phone/call_element/{callElementId}`.
pub(super) async fn element(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let element = shared.state.book(|book| book.with_id(&id).cloned()).and_then(|call| call.element(&id));
    Ok(Json(element.ok_or_else(|| absent("Call element"))?))
}

/// Also the answer while a record is not ready yet.
fn absent(what: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, 404, format!("{what} does not exist."))
}

/// The asked-for stretch of time; both ends belong to it.
struct Window {
    from: Timestamp,
    to: Timestamp,
    from_text: String,
    to_text: String,
    by_end: bool,
}

impl Window {
    fn read(query: &Query, now: Timestamp) -> Result<Self, Refusal> {
        let by_end = query.one("time_type") == Some("end_time");
        let (from, to) = (query.one("from"), query.one("to"));
        if from.is_some() && to.is_none() {
            return Err(Refusal::invalid("The to field is required when from is given."));
        }
        let read = |name: &str, value: &str, end_of_day: bool| {
            instant(value, end_of_day).ok_or_else(|| {
                let form = "yyyy-MM-dd or yyyy-MM-dd'T'HH:mm:ss'Z'";
                Refusal::invalid(format!("The {name} field must have the form {form}."))
            })
        };
        let end = to.map_or(Ok(now), |value| read("to", value, true))?;
        let day = SignedDuration::from_hours(24);
        let begin = match from {
            Some(value) => read("from", value, false)?,
            None => end.checked_sub(day).unwrap_or(Timestamp::MIN),
        };
        if begin > end {
            return Err(Refusal::invalid("The from field must not be later than the to field."));
        }
        if end.duration_since(begin) > LONGEST_WINDOW {
            return Err(Refusal::invalid("The time between from and to must not be longer than one month."));
        }
        let (from_text, to_text) =
            (from.map_or_else(|| text(begin), str::to_owned), to.map_or_else(|| text(end), str::to_owned));
        Ok(Self { from: begin, to: end, from_text, to_text, by_end })
    }

    /// Judged by whole seconds, which is what the rows show.
    fn holds(&self, call: &CallRecord) -> bool {
        let at = if self.by_end { call.end } else { call.start };
        (self.from.as_second()..=self.to.as_second()).contains(&at.as_second())
    }
}

/// A date stands for its first second, or for its last when it ends a window.
fn instant(value: &str, end_of_day: bool) -> Option<Timestamp> {
    if value.len() > "yyyy-MM-dd".len() {
        return value.parse().ok();
    }
    let time = if end_of_day { Time::constant(23, 59, 59, 0) } else { Time::midnight() };
    let zoned = value.parse::<Date>().ok()?.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// Keeps the calls that fit all filters. Absent filters keep everything: the default `recorded` that
/// Zoom's specification gives for `recording_status` is not what Zoom does.
fn filter(calls: &mut Vec<Arc<CallRecord>>, query: &Query) -> Result<(), Refusal> {
    let any = |values: &[&str], found: &[&Value]| {
        values.is_empty()
            || found.iter().any(|value| value.as_str().is_some_and(|text| values.contains(&text)))
    };
    let directions = query.many("directions");
    let connect_types = query.many("connect_types");
    let call_types = query.many("call_types");
    let results = query.many("call_results");
    let number_types = query.many("number_types");
    let extension_types = query.many("extension_types");
    let (groups, sites, ids) = (query.many("group_ids"), query.many("site_ids"), query.many("call_ids"));
    let (department, recording_status) = (query.one("department"), query.one("recording_status"));
    let with_voicemail: Option<bool> = query.parsed("with_voicemail")?;
    let keyword = query.one("keyword").map(str::to_lowercase);
    calls.retain(|call| {
        let row = call.row();
        any(&directions, &[&row["direction"]])
            && any(&connect_types, &[&row["connect_type"]])
            && any(&call_types, &[&row["call_type"]])
            && any(&results, &[&row["call_result"]])
            && any(&number_types, &[&row["caller_number_type"], &row["callee_number_type"]])
            && any(&extension_types, &[&row["caller_ext_type"], &row["callee_ext_type"]])
            && any(&groups, &[&row["group_id"]])
            && any(&sites, &[&row["site_id"]])
            && (ids.is_empty() || call.elements.iter().any(|element| ids.contains(&element.call_id.as_str())))
            && department.is_none_or(|department| row["department"] == department)
            && recording_status.is_none_or(|status| call.recording_status() == status)
            && with_voicemail.is_none_or(|with| call.has_voicemail() == with)
            && keyword.as_ref().is_none_or(|keyword| mentions(&row, keyword))
    });
    Ok(())
}

/// Whether the keyword occurs in a name, number, extension, e-mail address or the call id.
fn mentions(row: &Value, keyword: &str) -> bool {
    let fields = ["name", "did_number", "ext_number", "email"];
    let parties = ["caller", "callee"].into_iter();
    let mut texts = parties
        .flat_map(|side| fields.map(|field| &row[format!("{side}_{field}")]))
        .chain([&row["call_id"]])
        .filter_map(Value::as_str);
    texts.any(|text| text.to_lowercase().contains(keyword))
}
