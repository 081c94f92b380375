//! Windows of time: in the spelling of the operation, in slices that Zoom accepts.

use std::collections::VecDeque;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Unit};
use zoom_phone_types::catalogue::{Operation, Schema};

use super::call::Call;
use super::error::Fault;

/// Longest slice. Zoom allows a month, and some accounts see windows refused that begin in one month and end in the
/// next: slices end with the calendar month (UTC), too.
const SLICE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The one list that is no list of records but sums over the window, up to a year of it.
const SUMS: &str = "call_queue_analytics";

/// Writes the whole window of a call into its query.
pub(super) fn whole(call: &mut Call) {
    let Some((from, to)) = call.window.take() else { return };
    let Some(spelling) = spelling(call) else { return };
    for (name, value) in [("from", spelling.begin(from)), ("to", spelling.end(to))] {
        call.query.retain(|(set, _)| set != name);
        call.query.push((name.into(), vec![value]));
    }
}

/// Takes the window off a call, and cuts it, oldest first. Empty without a window.
pub(super) fn slices(call: &mut Call) -> VecDeque<(String, String)> {
    let Some((from, to)) = call.window.take() else { return VecDeque::new() };
    if from >= to {
        call.faults.push(Fault::new("the window", "ends before it begins"));
        return VecDeque::new();
    }
    let Some(spelling) = spelling(call) else { return VecDeque::new() };
    let sums = call.target.operation().is_some_and(|operation| operation.name == SUMS);
    let cuts = if sums { vec![(from, to)] } else { cut(from, to, SLICE) };
    cuts.into_iter().map(|(from, to)| (spelling.begin(from), spelling.end(to))).collect()
}

#[derive(Clone, Copy)]
enum Spelling {
    /// `2026-11-22`, the last day included.
    Date,
    /// `2026-11-22T00:00:00Z`.
    DateTime,
}

fn spelling(call: &mut Call) -> Option<Spelling> {
    let parameter =
        |operation: &'static Operation, name| operation.parameters.iter().find(|it| it.name == name);
    let operation = call.target.operation();
    let from = operation.and_then(|operation| parameter(operation, "from"));
    let to = operation.and_then(|operation| parameter(operation, "to"));
    let (Some(from), Some(_)) = (from, to) else {
        call.faults.push(Fault::new("the window", "is not taken by this operation"));
        return None;
    };
    Some(match from.schema.as_ref() {
        Schema::Text { format: Some(format), .. } if format == "date" => Spelling::Date,
        _ => Spelling::DateTime,
    })
}

impl Spelling {
    fn begin(self, time: Timestamp) -> String {
        match self {
            Self::Date => time.strftime("%Y-%m-%d").to_string(),
            Self::DateTime => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    /// Rounded up: better a row too many than one too few.
    fn end(self, time: Timestamp) -> String {
        match self {
            // Midnight is the end of the day before.
            Self::Date => self.begin(time - SignedDuration::from_nanos(1)),
            Self::DateTime => {
                let second = time.round(Unit::Second).unwrap_or(time);
                let up = if second < time { second + SignedDuration::from_secs(1) } else { second };
                self.begin(up)
            }
        }
    }
}

/// Slices without gaps, oldest first, none longer than `longest` or over the end of a month. Each begins where the one
/// before ends.
fn cut(from: Timestamp, to: Timestamp, longest: SignedDuration) -> Vec<(Timestamp, Timestamp)> {
    let mut slices = Vec::new();
    let mut begin = from;
    while begin < to {
        let month = begin.to_zoned(TimeZone::UTC).date().first_of_month().checked_add(1.month());
        let month_end = month.and_then(|date| date.to_zoned(TimeZone::UTC)).map(|it| it.timestamp());
        let end = to.min(begin + longest).min(month_end.unwrap_or(to));
        slices.push((begin, end));
        begin = end;
    }
    slices
}
