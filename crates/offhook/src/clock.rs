//! The clock of the commands; they hand its time on.

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place where commands read the clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
