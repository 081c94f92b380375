//! Times and durations as people's programs write them.

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
    tz::TimeZone,
};

/// In which order `03/04/2026` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DateOrder {
    /// Month, day, year
    Mdy,
    /// Day, month, year
    Dmy,
}

/// How to read times that say neither their zone nor the order of their parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// The zone of times that name none.
    pub(crate) zone: Option<TimeZone>,
    /// The order of day and month.
    pub(crate) order: Option<DateOrder>,
}

/// Why a time cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TimeError {
    #[error("{0:?} is no time")]
    Unreadable(String),
    #[error("{0:?} says no time zone: name it with --time-zone, such as --time-zone America/New_York")]
    NoZone(String),
    #[error("{0:?} may be two days: say with --dates mdy or --dates dmy which")]
    Ambiguous(String),
}

impl Reading {
    /// A moment. RFC 3339, seconds or milliseconds since 1970, or a date and a time of day of `zone`.
    pub(crate) fn moment(&self, text: &str, zone: Option<&TimeZone>) -> Result<Timestamp, TimeError> {
        let text = text.trim();
        let unreadable = || TimeError::Unreadable(text.to_owned());
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(at);
        }
        if let Some(at) = since_1970(text) {
            return Ok(at);
        }
        let (text_only, named) = split_zone(text);
        let local = self.civil(text_only).map_err(|ambiguous| {
            if ambiguous { TimeError::Ambiguous(text.to_owned()) } else { unreadable() }
        })?;
        let zone = named.as_ref().or(zone).or(self.zone.as_ref());
        let zone = zone.ok_or_else(|| TimeError::NoZone(text.to_owned()))?;
        let moment = local.to_zoned(zone.clone()).map_err(|_| unreadable())?;
        Ok(moment.timestamp())
    }

    /// Date and time of day; the error says whether only the order of day and month is missing.
    fn civil(&self, text: &str) -> Result<DateTime, bool> {
        // `2026-05-01T10:00:00` and `Jun 11, 2025 10:15`
        let text = match text.split_once('T') {
            Some((day, time)) if day.ends_with(|c: char| c.is_ascii_digit()) => format!("{day} {time}"),
            _ => text.replace(',', " "),
        };
        let mut words = text.split_whitespace();
        let first = words.next().ok_or(false)?;
        let (day, used) = match self.day(first) {
            Err(ambiguous) if ambiguous => return Err(true),
            Ok(day) => (day, 1),
            Err(_) => {
                // `Jun 11 2025`, `11 Jun 2025`
                let parts: Vec<&str> = text.split_whitespace().take(3).collect();
                (named_month(&parts).ok_or(false)?, 3)
            }
        };
        let rest: Vec<&str> = text.split_whitespace().skip(used).collect();
        Ok(day.to_datetime(time_of_day(&rest).ok_or(false)?))
    }

    fn day(&self, text: &str) -> Result<jiff::civil::Date, bool> {
        let numbers: Option<Vec<i16>> = text.split(['/', '-', '.']).map(|part| part.parse().ok()).collect();
        let numbers = numbers.ok_or(false)?;
        let [a, b, c] = numbers[..] else { return Err(false) };
        let (year, month, day) = if a > 31 {
            (a, b, c)
        } else {
            let order = match self.order {
                Some(order) => order,
                None if text.contains('.') || a > 12 => DateOrder::Dmy,
                None if b > 12 || a == b => DateOrder::Mdy,
                None => return Err(true),
            };
            let year = if c < 100 { 2000 + c } else { c };
            match order {
                DateOrder::Mdy => (year, a, b),
                DateOrder::Dmy => (year, b, a),
            }
        };
        let small = |number: i16| i8::try_from(number).map_err(|_| false);
        jiff::civil::Date::new(year, small(month)?, small(day)?).map_err(|_| false)
    }
}

/// The order of day and month that a time shows, if it does: one of them is no month.
pub(crate) fn shown_order(text: &str) -> Option<DateOrder> {
    let first = text.split_whitespace().next()?;
    if !first.contains('/') {
        return None;
    }
    let mut numbers = first.split('/').map(|part| part.parse::<u16>().unwrap_or(0));
    match (numbers.next()?, numbers.next()?) {
        (13..=31, _) => Some(DateOrder::Dmy),
        (_, 13..=31) => Some(DateOrder::Mdy),
        _ => None,
    }
}

fn since_1970(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match text.len() {
        9..=10 => Timestamp::from_second(number).ok(),
        12..=13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// A zone at the end: `UTC`, `GMT`, `Z`, `+01:00`, `+00`, `-0800`.
fn split_zone(text: &str) -> (&str, Option<TimeZone>) {
    for name in ["UTC", "GMT", "Z"] {
        if let Some(rest) = text
            .strip_suffix(name)
            .filter(|rest| rest.ends_with([' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
        {
            return (rest.trim_end(), Some(TimeZone::UTC));
        }
    }
    if let Some(at) = text.rfind(['+', '-']).filter(|at| *at > 10)
        && let Some(offset) = text.get(at..).and_then(offset)
    {
        return (text.get(..at).unwrap_or(text).trim_end(), Some(offset));
    }
    (text, None)
}

/// `+01:00`, `+0100`, `+01`.
pub(super) fn offset(text: &str) -> Option<TimeZone> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    jiff::tz::Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}

fn named_month(parts: &[&str]) -> Option<jiff::civil::Date> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let [a, b, year] = parts else { return None };
    let month = |text: &str| {
        let start = text.get(..3)?.to_lowercase();
        i8::try_from(MONTHS.iter().position(|name| *name == start)? + 1).ok()
    };
    let (month, day) = match (month(a), month(b)) {
        (Some(month), None) => (month, b),
        (None, Some(month)) => (month, a),
        _ => return None,
    };
    let day: i8 = day.trim_end_matches('.').parse().ok()?;
    let year: i16 = year.parse().ok().filter(|year| *year > 1900)?;
    jiff::civil::Date::new(year, month, day).ok()
}

fn time_of_day(words: &[&str]) -> Option<Time> {
    let clock = words.first()?;
    let (clock, glued) = match clock.to_ascii_lowercase() {
        lower if lower.ends_with("am") => (clock.get(..clock.len() - 2)?, Some(false)),
        lower if lower.ends_with("pm") => (clock.get(..clock.len() - 2)?, Some(true)),
        _ => (*clock, None),
    };
    let afternoon = match (glued, words.get(1).map(|word| word.to_ascii_lowercase().replace('.', ""))) {
        (Some(afternoon), _) => Some(afternoon),
        (None, Some(word)) if word == "am" => Some(false),
        (None, Some(word)) if word == "pm" => Some(true),
        (None, None) => None,
        _ => return None,
    };
    let clock = clock.split('.').next()?; // fractions of a second are of no use here
    let numbers: Vec<i8> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hour, minute, second) = match numbers[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let hour = match afternoon {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    Time::new(hour, minute, second, 0).ok()
}

/// A duration in seconds: `00:01:23`, `1:23`, `83`, `1h 2m 3s`. `None` for nothing, or for a dash.
pub(crate) fn seconds(text: &str) -> Result<Option<i64>, TimeError> {
    let text = text.trim();
    let unreadable = || TimeError::Unreadable(text.to_owned());
    if text.trim_matches(['-', '—', '–', ' ']).is_empty() {
        return Ok(None);
    }
    if let Ok(number) = text.parse() {
        return Ok(Some(number));
    }
    if text.contains(':') {
        let parts: Option<Vec<i64>> = text.split(':').map(|part| part.trim().parse().ok()).collect();
        let parts = parts.filter(|parts| parts.len() <= 3).ok_or_else(unreadable)?;
        return Ok(Some(parts.into_iter().fold(0, |sum, part| sum * 60 + part)));
    }
    let mut total = 0;
    let mut number = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        match c.to_ascii_lowercase() {
            '0'..='9' => number.push(c),
            unit @ ('h' | 'm' | 's') if !number.is_empty() => {
                let of_unit = match unit {
                    'h' => 3600,
                    'm' => 60,
                    _ => 1,
                };
                total += number.parse::<i64>().map_err(|_| unreadable())? * of_unit;
                number.clear();
            }
            // The rest of `min`, `sec`, `hour`.
            'a'..='z' | '.' if number.is_empty() => (),
            _ => return Err(unreadable()),
        }
    }
    if number.is_empty() { Ok(Some(total)) } else { Err(unreadable()) }
}

/// A moment of June 2025, in UTC, for the tests of this room and its neighbours.
#[cfg(test)]
pub(super) fn june(day: i8, hour: i8, minute: i8) -> Timestamp {
    jiff::civil::date(2025, 6, day).at(hour, minute, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(2))
    }

    #[test]
    fn times_of_every_spelling_are_one_moment() {
        let reading = Reading { zone: Some(berlin()), order: Some(DateOrder::Mdy) };
        for text in [
            "2025-06-11T08:15:00Z",
            "2025-06-11 08:15:00+00",
            "2025-06-11 08:15:00.123 UTC",
            "2025-06-11T10:15:00+02:00",
            "1749629700",
            "1749629700000",
            "06/11/2025 10:15",
            "06/11/2025 10:15:00 AM",
            "6/11/25 10:15am",
            "11.06.2025 10:15",
            "Jun 11, 2025 10:15:00 AM",
            "11 June 2025 10:15",
            "2025/06/11 10:15",
        ] {
            let order = if text.contains('.') { Some(DateOrder::Dmy) } else { reading.order };
            let reading = Reading { order, ..reading.clone() };
            let at = reading.moment(text, None).map(|at| at.as_second());
            assert_eq!(at, Ok(june(11, 8, 15).as_second()), "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_asked_for_and_never_guessed() {
        let reading = Reading::default();
        assert!(matches!(reading.moment("2025-06-11 10:15", None), Err(TimeError::NoZone(_))));
        let zoned = Reading { zone: Some(berlin()), order: None };
        assert!(matches!(zoned.moment("06/11/2025 10:15", None), Err(TimeError::Ambiguous(_))));
        assert_eq!(zoned.moment("13/06/2025 10:15", None), Ok(june(13, 8, 15)));
        for odd in ["", "soon", "2025-13-01 10:00", "2025-06-11 25:00", "11/11", "12345"] {
            assert!(matches!(zoned.moment(odd, None), Err(TimeError::Unreadable(_))), "{odd}");
        }
        assert_eq!(shown_order("13/06/2025 1:00"), Some(DateOrder::Dmy));
        assert_eq!(shown_order("06/13/2025 1:00"), Some(DateOrder::Mdy));
        assert_eq!(shown_order("06/11/2025 1:00"), None);
    }

    #[test]
    fn durations_of_every_spelling_are_seconds_and_a_dash_is_none() {
        for (text, expected) in [
            ("00:01:23", 83),
            ("1:23", 83),
            ("83", 83),
            ("1h 2m 3s", 3723),
            ("2 min 1 sec", 121),
            ("01:00:00", 3600),
        ] {
            assert_eq!(seconds(text), Ok(Some(expected)), "{text}");
        }
        for nothing in ["", " --", "-", "—"] {
            assert_eq!(seconds(nothing), Ok(None), "{nothing}");
        }
        assert!(seconds("long").is_err() || seconds("long") == Ok(Some(0)));
        assert!(seconds("1:2:3:4").is_err());
    }
}
