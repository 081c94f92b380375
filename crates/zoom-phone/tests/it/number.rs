//! Phone numbers in the spellings that people, address books and Zoom use.

use proptest::prelude::*;
use zoom_phone::number::{Dialable, NumberError, PhoneNumber, Region, same_line};

fn e164(text: &str, region: &str) -> Result<String, NumberError> {
    PhoneNumber::parse(text, Region::new(region)).map(|number| number.e164().to_owned())
}

#[test]
fn every_spelling_of_a_number_is_one_number() {
    for text in [
        "+14155550142",
        "14155550142",
        "+1 (415) 555-0142",
        "415.555.0142",
        "1-415-555-0142",
        "tel:+1-415-555-0142",
        "sip:+14155550142@example.org;transport=tls",
        "\u{202d}(415) 555\u{2011}0142\u{202c}",
        "＋１４１５５５５０１４２",
    ] {
        assert_eq!(e164(text, "US").as_deref(), Ok("+14155550142"), "{text}");
    }
    for text in
        ["030 123456-7", "030/1234567", "+49 (0)30 1234567", "0049301234567", "49301234567", "+4930 1234567"]
    {
        assert_eq!(e164(text, "DE").as_deref(), Ok("+49301234567"), "{text}");
    }
}

#[test]
fn zoom_may_leave_out_the_plus() {
    for (text, region, number) in [
        ("14232058798", "DE", "+14232058798"),
        ("14232058798", "", "+14232058798"),
        ("4155550142", "US", "+14155550142"),
        ("030 1234567", "DE", "+49301234567"),
        ("00442071838750", "US", "+442071838750"),
    ] {
        let found = PhoneNumber::from_zoom(text, Region::new(region)).unwrap();
        assert_eq!(found.e164(), number, "{text} {region}");
    }
}

#[test]
fn what_a_person_writes_is_a_number_of_their_country_if_it_can_be() {
    // With a + before them, both would be numbers in use in Germany.
    assert_eq!(e164("(492) 010-0000", "US").as_deref(), Ok("+14920100000"));
    assert_eq!(e164("4920100000", "US").as_deref(), Ok("+14920100000"));
    assert_eq!(e164("14232058798", "").as_deref(), Ok("+14232058798"));
    assert_eq!(e164("00442071838750", "US").as_deref(), Ok("+442071838750"));
}

#[test]
fn letters_are_dialled_as_digits() {
    assert_eq!(e164("1-800-FLOWERS", "US").as_deref(), Ok("+18003569377"));
}

#[test]
fn an_italian_number_keeps_its_zero() {
    assert_eq!(e164("06 6982 1234", "IT").as_deref(), Ok("+390669821234"));
    assert_eq!(e164("+39 06 6982 1234", "US").as_deref(), Ok("+390669821234"));
}

#[test]
fn an_extension_is_kept_apart_from_its_number() {
    for text in
        ["+14155550142 x12", "+14155550142 ext. 12", "+14155550142;ext=12", "(415) 555-0142 extension 12"]
    {
        let number = PhoneNumber::parse(text, Region::new("US")).unwrap();
        assert_eq!((number.e164(), number.extension()), ("+14155550142", Some("12")), "{text}");
        assert_eq!(Dialable::from(number.clone()).dialled(), Err(NumberError::Extension));
        assert_eq!(Dialable::from(number.without_extension()).dialled(), Ok("+14155550142"));
    }
}

#[test]
fn what_is_no_number_is_refused_and_says_why() {
    let refused = |text, region| PhoneNumber::parse(text, Region::new(region)).unwrap_err();
    for (text, region, why) in [
        ("", "US", NumberError::Empty),
        ("   ", "US", NumberError::Empty),
        ("Ada Example", "US", NumberError::NotANumber),
        ("555-0142", "US", NumberError::TooShort),
        ("+1415555014299", "US", NumberError::TooLong),
        ("+999 1234567", "US", NumberError::Country),
        ("030 1234567", "", NumberError::NoRegion),
        ("+14155550142 +14155550143", "US", NumberError::Several),
        ("+14155550142,,812", "US", NumberError::Several),
        ("+1415555\n0142", "US", NumberError::NotANumber),
    ] {
        assert_eq!(refused(text, region), why, "{text:?}");
    }
}

#[test]
fn people_read_numbers_in_their_own_way() {
    let number = PhoneNumber::parse("+49301234567;ext=12", None).unwrap();
    assert_eq!(number.international(), "+49 30 1234567 ext. 12");
    assert_eq!(number.national(), "030 1234567 ext. 12");
    assert_eq!(number.region(), Region::new("DE"));
    assert_eq!(Region::new("de").unwrap().code(), "DE");
    assert_eq!(Region::new("ZZ"), None);
}

#[test]
fn a_contact_is_found_however_it_was_written_down() {
    for (one, other, region) in [
        ("+49301234567", "030 1234567", "DE"),
        ("+49301234567", "030 1234567", ""),
        ("030 1234567", "+49301234567", ""),
        ("49301234567", "+49 (0)30 1234567", ""),
        ("+49301234567", "+49301234567 ext. 12", ""),
        ("415-555-0142", "+14155550142", "US"),
        ("0301234567", "030 / 123 45 67", ""),
        ("812", " 812 ", "US"),
    ] {
        assert!(same_line(one, other, Region::new(region)), "{one} {other} {region}");
        assert!(same_line(other, one, Region::new(region)), "{other} {one} {region}");
    }
}

#[test]
fn two_lines_are_not_taken_for_one() {
    for (one, other, region) in [
        ("+49301234567", "+49301234568", ""),
        ("+49301234567 ext. 12", "+49301234567 ext. 13", ""),
        ("+49301234567", "+43301234567", ""),
        ("030 1234567", "+43301234567", "DE"),
        ("812", "+4930812", "DE"),
        ("anonymous", "anonymous", "DE"),
        ("", "", ""),
    ] {
        assert!(!same_line(one, other, Region::new(region)), "{one} {other} {region}");
    }
}

#[test]
fn extensions_short_codes_services_and_numbers_are_kept_apart() {
    let call = |text| Dialable::to_call(text, Region::new("US"));
    for text in ["812", "1002", "ext. 1002", "x1002", "Extension: 0123456789"] {
        assert!(matches!(call(text), Ok(Dialable::Extension(_))), "{text}");
    }
    for text in ["*86", "*67 415 555 0142", "#31#"] {
        assert!(matches!(call(text), Ok(Dialable::Service(_))), "{text}");
    }
    assert!(matches!(call("415 555 0142"), Ok(Dialable::Number(_))));
    let text = |number| Dialable::to_text(number, Region::new("US"));
    assert!(matches!(text("24273"), Ok(Dialable::ShortCode(_))));
    assert!(matches!(text("+14155550142"), Ok(Dialable::Number(_))));
    for nothing in ["*", "8", "x", "ext. 12345678901", "*86x", "812@812@"] {
        assert!(!matches!(call(nothing), Ok(Dialable::Number(_))), "{nothing}");
    }
}

#[test]
fn an_emergency_number_is_known_first_and_never_rewritten() {
    for (text, region, dialled) in [
        ("911", "US", "911"),
        (" 9-1-1 ", "US", "911"),
        ("tel:112", "DE", "112"),
        ("\u{202a}999\u{202c}", "GB", "999"),
        ("000", "AU", "000"),
        ("112", "", "112"),
        ("10111", "NA", "10111"),
    ] {
        for read in [Dialable::to_call, Dialable::to_text] {
            let found = read(text, Region::new(region)).unwrap();
            assert!(matches!(found, Dialable::Emergency(_)), "{text} {region}");
            assert_eq!(found.dialled(), Ok(dialled));
        }
    }
}

#[test]
fn a_log_does_not_show_a_whole_number() {
    let number = PhoneNumber::parse("+14155550142 x12", None).unwrap();
    assert_eq!(format!("{number:?}"), "PhoneNumber(+14…42 ext. …)");
}

fn regions() -> impl Strategy<Value = Option<Region>> {
    prop_oneof![Just(""), Just("US"), Just("DE"), Just("IT"), Just("GB"), Just("JP"), Just("BR"), Just("AR")]
        .prop_map(Region::new)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// And nothing panics on any text.
    #[test]
    fn a_number_read_again_is_the_same(
        text in prop_oneof!["\\PC{0,24}", "[+0-9() ./x*#;=,-]{0,24}", "\\+?[0-9]{4,16}( ?(x|ext\\.) ?[0-9]{1,5})?"],
        region in regions(),
        other in regions(),
    ) {
        let _ = Dialable::to_call(&text, region);
        let _ = Dialable::to_text(&text, region);
        let _ = zoom_phone::number::Caller::read(&text, region);
        if let Ok(number) = PhoneNumber::parse(&text, region) {
            prop_assert!(number.e164().starts_with('+') && number.e164().len() <= 16);
            let again = PhoneNumber::parse(number.e164(), other);
            prop_assert_eq!(again.as_ref(), Ok(&number.clone().without_extension()));
            let again = PhoneNumber::parse(&number.international(), other);
            prop_assert_eq!(again.as_ref(), Ok(&number));
            prop_assert!(same_line(number.e164(), &text, region));
        }
    }

    #[test]
    fn a_number_reads_back_from_its_national_form(digits in "[2-9][0-9]{9}") {
        let number = PhoneNumber::parse(&format!("+1{digits}"), None).unwrap();
        prop_assert_eq!(PhoneNumber::parse(&number.national(), Region::new("US")), Ok(number));
    }
}
