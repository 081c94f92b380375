//! Windows of time: in the spelling of the operation, in slices that Zoom accepts.

use std::collections::VecDeque;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use zoom_phone_types::catalogue::Schema;

use super::call::Call;
use super::error::Fault;

/// Longest slice. Zoom allows a month, and some accounts see windows refused that begin in one month and end in the
/// next: slices end with the calendar month (UTC), too.
const SLICE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most slices of one window: more than ten years. Longer ones are mistakes.
const MAX_SLICES: usize = 240;

/// The one list that is no list of records but sums over the window, up to a year of it.
const SUMS: &str = "call_queue_analytics";

/// Writes the whole window of a call into its query.
pub(super) fn whole(call: &mut Call) {
    if let Some((from, to, spelling)) = take(call) {
        let (from, to) = spelling.widen(from, to);
        set(call, spelling.begin(from), spelling.end(to));
    }
}

/// Sets the window of a query.
pub(super) fn set(call: &mut Call, from: String, to: String) {
    for (name, value) in [("from", from), ("to", to)] {
        call.query.retain(|(set, _)| set != name);
        call.query.push((name.into(), vec![value]));
    }
}

/// Takes the window off a call, and cuts it, oldest first. Empty without a window.
pub(super) fn slices(call: &mut Call) -> VecDeque<(String, String)> {
    let Some((from, to, spelling)) = take(call) else { return VecDeque::new() };
    let sums = call.target.operation().is_some_and(|operation| operation.name == SUMS);
    let (from, to) = spelling.widen(from, to);
    let cuts = if sums { vec![(from, to)] } else { cut(from, to, SLICE) };
    if cuts.len() > MAX_SLICES {
        call.faults.push(Fault::new("the window", "is longer than ten years; ask for less at a time"));
        return VecDeque::new();
    }
    cuts.into_iter().map(|(from, to)| (spelling.begin(from), spelling.end(to))).collect()
}

fn take(call: &mut Call) -> Option<(Timestamp, Timestamp, Spelling)> {
    let (from, to) = call.window.take()?;
    if from >= to {
        call.faults.push(Fault::new("the window", "ends before it begins"));
        return None;
    }
    let operation = call.target.operation();
    let parameter = |name| operation?.parameters.iter().find(|parameter| parameter.name == name);
    let (Some(from_parameter), Some(_)) = (parameter("from"), parameter("to")) else {
        call.faults.push(Fault::new("the window", "is not taken by this operation"));
        return None;
    };
    let spelling = match from_parameter.schema.as_ref() {
        Schema::Text { format: Some(format), .. } if format == "date" => Spelling::Date,
        _ => Spelling::DateTime,
    };
    Some((from, to, spelling))
}

#[derive(Clone, Copy)]
enum Spelling {
    /// `2026-11-22`, the last day included.
    Date,
    /// `2026-11-22T00:00:00Z`.
    DateTime,
}

impl Spelling {
    /// The window in whole units, so that no two slices share one. Rather a row too many than one too few.
    fn widen(self, from: Timestamp, to: Timestamp) -> (Timestamp, Timestamp) {
        let unit = match self {
            Self::Date => 24 * 60 * 60,
            Self::DateTime => 1,
        };
        let floor = |time: Timestamp| {
            Timestamp::from_second(time.as_second().div_euclid(unit) * unit).unwrap_or(time)
        };
        let end = floor(to);
        (
            floor(from),
            if end < to { end.saturating_add(SignedDuration::from_secs(unit)).unwrap_or(to) } else { end },
        )
    }

    fn begin(self, time: Timestamp) -> String {
        match self {
            Self::Date => time.strftime("%Y-%m-%d").to_string(),
            Self::DateTime => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    fn end(self, time: Timestamp) -> String {
        match self {
            // Midnight is the end of the day before.
            Self::Date => self.begin(time - SignedDuration::from_nanos(1)),
            Self::DateTime => self.begin(time),
        }
    }
}

/// Slices without gaps, oldest first, none longer than `longest` or over the end of a month. Each begins where the one
/// before ends. Of a window that needs more than [`MAX_SLICES`], only the first ones and one too many.
fn cut(from: Timestamp, to: Timestamp, longest: SignedDuration) -> Vec<(Timestamp, Timestamp)> {
    let mut slices = Vec::new();
    let mut begin = from;
    while begin < to && slices.len() <= MAX_SLICES {
        let month = begin.to_zoned(TimeZone::UTC).date().first_of_month().checked_add(1.month());
        let month_end = month.and_then(|date| date.to_zoned(TimeZone::UTC)).map(|it| it.timestamp());
        let end = to.min(begin.saturating_add(longest).unwrap_or(to)).min(month_end.unwrap_or(to));
        slices.push((begin, end));
        begin = end;
    }
    slices
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::client::tests::client;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn sliced(id: &str, from: &str, to: &str) -> Vec<(String, String)> {
        let mut call = client().operation(id).unwrap().window(time(from), time(to));
        let slices = slices(&mut call);
        assert!(call.faults.is_empty(), "{:?}", call.faults);
        slices.into()
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn a_long_window_is_cut_after_thirty_days_and_at_the_end_of_a_month() {
        assert_eq!(
            sliced("accountCallHistory", "2026-09-20T12:00:00Z", "2026-11-03T00:00:00Z"),
            [
                pair("2026-09-20T12:00:00Z", "2026-10-01T00:00:00Z"),
                pair("2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z"),
                pair("2026-10-31T00:00:00Z", "2026-11-01T00:00:00Z"),
                pair("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z"),
            ]
        );
    }

    #[test]
    fn a_window_of_parts_of_seconds_never_shrinks() {
        assert_eq!(
            sliced("accountCallHistory", "2026-11-21T10:00:00.9Z", "2026-11-22T10:00:00.1Z"),
            [pair("2026-11-21T10:00:00Z", "2026-11-22T10:00:01Z")]
        );
    }

    #[test]
    fn where_only_dates_are_taken_the_days_are_whole_and_do_not_overlap() {
        assert_eq!(
            sliced("getPSOperationLogs", "2026-09-30T10:00:00Z", "2026-11-02T00:00:00Z"),
            [
                pair("2026-09-30", "2026-09-30"),
                pair("2026-10-01", "2026-10-30"),
                pair("2026-10-31", "2026-10-31"),
                pair("2026-11-01", "2026-11-01")
            ]
        );
        assert_eq!(
            sliced("getPSOperationLogs", "2026-11-01T10:00:00Z", "2026-11-01T10:00:01Z"),
            [pair("2026-11-01", "2026-11-01")]
        );
    }

    #[test]
    fn sums_over_a_window_are_asked_for_in_one_piece() {
        assert_eq!(sliced("callqueueanalytics", "2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z").len(), 1);
    }

    #[test]
    fn a_window_that_makes_no_sense_is_a_fault() {
        let fault = |id: &str, from: &str, to: &str| {
            let mut call = client().operation(id).unwrap().window(time(from), time(to));
            whole(&mut call);
            call.faults.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let (one, two) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
        assert_eq!(fault("accountCallHistory", one, two), [""; 0]);
        assert_eq!(fault("accountCallHistory", two, one), ["the window ends before it begins"]);
        assert_eq!(fault("listPhoneUsers", one, two), ["the window is not taken by this operation"]);
    }

    #[test]
    fn a_window_without_end_is_a_fault_and_one_at_the_end_of_time_is_cut() {
        let (one, end) = (time("2026-11-01T00:00:00Z"), Timestamp::MAX);
        let mut call = client().operation("accountCallHistory").unwrap().window(one, end);
        assert!(slices(&mut call).is_empty());
        assert_eq!(call.faults[0].to_string(), "the window is longer than ten years; ask for less at a time");
        let last = end - SignedDuration::from_hours(1);
        let mut call = client().operation("accountCallHistory").unwrap().window(last, end);
        assert_eq!((slices(&mut call).len(), call.faults.len()), (1, 0));
        let mut ten_years = client().operation("accountCallHistory").unwrap();
        ten_years = ten_years.window(time("2016-11-01T00:00:00Z"), time("2026-11-01T00:00:00Z"));
        assert!(slices(&mut ten_years).len() > 120 && ten_years.faults.is_empty());
    }

    proptest! {
        #[test]
        fn slices_cover_the_window_and_none_is_too_long(begin in 0..4_000_000_000_i64, length in 1..40_000_000_i64) {
            let from = Timestamp::from_second(begin).unwrap();
            let to = Timestamp::from_second(begin + length).unwrap();
            let slices = cut(from, to, SLICE);
            prop_assert_eq!((slices[0].0, slices[slices.len() - 1].1), (from, to));
            for window in slices.windows(2) {
                prop_assert_eq!(window[0].1, window[1].0);
            }
            for (begin, end) in slices {
                prop_assert!(begin < end && end.duration_since(begin) <= SLICE);
                let month = |time: Timestamp| {
                    let date = time.to_zoned(TimeZone::UTC).date();
                    (date.year(), date.month())
                };
                prop_assert_eq!(month(begin), month(end - SignedDuration::from_nanos(1)));
            }
        }
    }
}
