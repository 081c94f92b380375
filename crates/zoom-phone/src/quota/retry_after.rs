//! How long Zoom asks to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// `Retry-After` in its three spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A date and time: RFC 3339, as Zoom writes it on daily limits, or an HTTP date.
    At(Timestamp),
    /// Seconds.
    In(Duration),
}

impl RetryAfter {
    /// Reads the header's value: seconds, RFC 3339, or an HTTP date.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Self::In(Duration::from_secs(seconds)));
        }
        text.parse().ok().or_else(|| http_date(text)).map(Self::At)
    }
}

/// A date as HTTP headers write it.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}
