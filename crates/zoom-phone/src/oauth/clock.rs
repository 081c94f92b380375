//! The one place of this crate that asks the machine for the time: what is stored expires by the wall clock.

use jiff::Timestamp;

#[expect(
    clippy::disallowed_methods,
    reason = "stored tokens outlive the process; no caller can lend a clock"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
