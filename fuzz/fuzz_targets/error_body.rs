//! The body of an error answer, which Zoom or any proxy on the way may have written.
//!
//! Input: two bytes for the status, then the body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use zoom_phone::client::read_error;

/// No word of an error's own text.
const BEARER: &str = "synthetic-bearer";

fuzz_target!(|data: &[u8]| {
    let Some((status, body)) = data.split_first_chunk() else { return };
    let status = 400 + u16::from_be_bytes(*status) % 200;
    let error = read_error(status, body, BEARER);
    let text = error.to_string();
    // One line, of a length that a log can take, and without the token.
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(error.message.chars().count() <= 600, "{text}");
    assert!(!text.contains(BEARER), "{text}");
    // And what is told from it is told without panic.
    let _ = (error.retry_helps(), error.daily_end(), error.missing_scopes(), error.advice());
});
