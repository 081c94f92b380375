//! Times as people write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The first moment that is meant.
pub(super) fn begin(text: &str) -> Result<Timestamp, String> {
    moment(text, Some)
}

/// The end that is meant: of a date, its last moment.
pub(super) fn end(text: &str) -> Result<Timestamp, String> {
    moment(text, |date| date.checked_add(1.day()).ok())
}

fn moment(text: &str, midnight: impl Fn(Date) -> Option<Date>) -> Result<Timestamp, String> {
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let date = |text: &str| utc(midnight(text.parse().ok()?)?.to_datetime(jiff::civil::Time::midnight()));
    let is_date = !text.contains([':', 'T', 't']);
    text.parse()
        .ok()
        .or_else(|| if is_date { date(text) } else { utc(text.parse().ok()?) })
        .ok_or_else(|| "give a date such as 2026-11-22, or a time such as 2026-11-22T09:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_all_of_its_day_and_a_time_without_offset_is_utc() {
        let shown = |time: Result<Timestamp, String>| time.unwrap().to_string();
        assert_eq!(shown(begin("2026-11-22")), "2026-11-22T00:00:00Z");
        assert_eq!(shown(end("2026-11-22")), "2026-11-23T00:00:00Z");
        for parse in [begin, end] {
            assert_eq!(shown(parse("2026-11-22T09:00:00")), "2026-11-22T09:00:00Z");
            assert_eq!(shown(parse("2026-11-22T09:00:00+02:00")), "2026-11-22T07:00:00Z");
            for bad in ["", "yesterday", "2026-13-01", "22.11.2026", "9999-12-31T99:00"] {
                assert!(parse(bad).is_err(), "{bad}");
            }
        }
    }
}
