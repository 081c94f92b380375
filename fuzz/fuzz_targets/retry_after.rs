//! `Retry-After`, which anybody between Zoom and us may write.

#![no_main]

use libfuzzer_sys::fuzz_target;
use zoom_phone::quota::RetryAfter;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = RetryAfter::parse(text);
    // Blanks around it change nothing.
    assert_eq!(read, RetryAfter::parse(&format!(" {text}\t")));
    // What was read is read again from our own spelling of it.
    match read {
        Some(RetryAfter::At(until)) => assert_eq!(RetryAfter::parse(&until.to_string()), read),
        Some(RetryAfter::In(wait)) => assert_eq!(RetryAfter::parse(&wait.as_secs().to_string()), read),
        None => {}
    }
});
