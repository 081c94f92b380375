//! The clock on the wall, for signatures.

use jiff::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the binary's edge; everything else takes the time")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
