//! Addresses and numbers from anybody: what is read is safe to open and reads as itself.
//!
//! Input: a region's two letters, then the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use zoom_phone::launch::LaunchUri;
use zoom_phone::number::{Caller, Dialable, PhoneNumber, Region, same_line};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (region, text) = text.split_at_checked(2).unwrap_or(("", text));
    let region = Region::new(region);

    if let Ok(launch) = LaunchUri::parse(text, region) {
        let written = launch.uri.to_string();
        let bare = written.replacen("?callerid=", "", 1).replacen(";ext=", "", 1);
        let (_, rest) = bare.split_once(':').expect("a scheme");
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        assert!(rest.chars().all(|letter| letter.is_ascii_digit() || "+*".contains(letter)), "{written}");
        let again = LaunchUri::parse(&written, region).expect("what was written");
        assert_eq!(again.uri, launch.uri);
    }
    for read in [PhoneNumber::parse, PhoneNumber::from_zoom] {
        if let Ok(number) = read(text, region) {
            let again = PhoneNumber::parse(number.e164(), region).expect("E.164");
            assert_eq!(again, number.clone().without_extension());
            assert_eq!(PhoneNumber::parse(&number.international(), None), Ok(number));
        }
    }
    let _ = Dialable::to_call(text, region);
    let _ = Dialable::to_text(text, region);
    let _ = Caller::read(text, region);
    same_line(text, "+14155550142", region);
});
