//! Points in time as Zoom writes them.

use crate::wire::Wire;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

/// A point in time: the text received and what it means, if anything.
///
/// Zoom documents `yyyy-MM-dd'T'HH:mm:ss'Z'`. Read as well: fractions, offsets, a space for the `T`, a missing zone
/// (taken as UTC) and epoch seconds or milliseconds. Compared by text.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Time {
    raw: String,
    timestamp: Option<Timestamp>,
}

impl Time {
    /// The text as received.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// The instant; `None` when the text is empty or not understood.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }
}

impl From<&str> for Time {
    fn from(text: &str) -> Self {
        Self { raw: text.to_owned(), timestamp: read(text.trim()) }
    }
}

/// Written the way Zoom documents it, in whole seconds: a fraction is cut off.
impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        let timestamp = Timestamp::from_second(timestamp.as_second()).unwrap_or(timestamp);
        Self { raw: timestamp.to_string(), timestamp: Some(timestamp) }
    }
}

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.raw.fmt(f)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.raw)
    }
}

impl Wire for Time {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::String(raw) => {
                let timestamp = read(raw.trim());
                Ok(Self { raw, timestamp })
            }
            Value::Number(_) => Ok(String::from_value(value)?.as_str().into()),
            _ => Err(value),
        }
    }

    fn fits(value: &Value) -> bool {
        !value.is_boolean() && String::fits(value)
    }

    fn to_json(&self) -> Value {
        self.raw.as_str().into()
    }
}

crate::wire::serde_traits!(Time);

fn read(text: &str) -> Option<Timestamp> {
    if let Ok(epoch) = text.parse::<i64>() {
        // 10^11 s is the year 5138, 10^11 ms is 1973.
        return if epoch.unsigned_abs() < 100_000_000_000 {
            Timestamp::from_second(epoch).ok()
        } else {
            Timestamp::from_millisecond(epoch).ok()
        };
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        // Any other zone would have been understood above, so a civil time is one without a zone. A bare date is not
        // an instant.
        let civil = text.parse::<DateTime>().ok().filter(|_| text.contains(':'))?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn instant(value: &Value) -> Option<String> {
        Time::from_json(value).and_then(|time| time.timestamp()).map(|t| t.to_string())
    }

    #[test]
    fn every_spelling_of_an_instant_means_the_same() {
        for spelling in [
            json!("2026-11-22T10:00:06Z"),
            json!("2026-11-22T10:00:06.000Z"),
            json!("2026-11-22 10:00:06"),
            json!("2026-11-22T10:00:06"),
            json!(" 2026-11-22T10:00:06Z "),
            json!("2026-11-22T11:00:06+01:00"),
            json!(1_795_341_606),
            json!(1_795_341_606_000_i64),
            json!("1795341606000"),
        ] {
            assert_eq!(instant(&spelling).as_deref(), Some("2026-11-22T10:00:06Z"), "{spelling}");
        }
    }

    #[test]
    fn text_that_is_no_instant_is_kept_without_one() {
        for text in ["", "soon", "2026-13-40T00:00:00Z", "2026-11-22", "99999999999999999999"] {
            let time = Time::from(text);
            assert_eq!((time.timestamp(), time.as_str()), (None, text));
        }
    }

    #[test]
    fn an_instant_is_written_in_whole_seconds() {
        for (exact, written) in [
            ("2026-11-22T10:00:06.987654321Z", "2026-11-22T10:00:06Z"),
            ("2026-11-22T10:00:06Z", "2026-11-22T10:00:06Z"),
        ] {
            let time = Time::from(exact.parse::<Timestamp>().unwrap());
            assert_eq!(time.as_str(), written);
            assert_eq!(time, Time::from(written));
        }
    }

    #[test]
    fn the_text_goes_back_as_it_came() {
        assert_eq!(Time::from("2026-11-22 10:00:06 ").to_json(), json!("2026-11-22 10:00:06 "));
    }
}
