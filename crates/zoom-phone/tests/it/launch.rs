//! Launch addresses: what is built, what is read, what is refused, and what works where.

use proptest::prelude::*;
use std::fmt::Write as _;
use zoom_phone::launch::{Action, LaunchError, LaunchUri, Platform, SUPPORT, Scheme, Support, Way, ways};
use zoom_phone::number::{Dialable, NumberError, Region};

fn us() -> Option<Region> {
    Region::new("US")
}

fn call(text: &str) -> Dialable {
    Dialable::to_call(text, us()).unwrap()
}

fn text(text: &str) -> Dialable {
    Dialable::to_text(text, us()).unwrap()
}

fn parse(address: &str) -> Result<String, LaunchError> {
    LaunchUri::parse(address, us()).map(|launch| launch.uri.to_string())
}

#[test]
fn each_form_is_written_as_zoom_documents_it() {
    let built = |scheme, target| LaunchUri::new(scheme, target).unwrap().to_string();
    assert_eq!(built(Scheme::Callto, call("+14155550142")), "callto:+14155550142");
    assert_eq!(built(Scheme::Tel, call("+14155550142")), "tel:+14155550142");
    assert_eq!(built(Scheme::Tel, call("+14155550142 x12")), "tel:+14155550142;ext=12");
    assert_eq!(built(Scheme::ZoomPhoneCall, call("+14155550142")), "zoomphonecall://+14155550142");
    assert_eq!(built(Scheme::ZoomPhoneCall, call("812")), "zoomphonecall://812");
    assert_eq!(built(Scheme::ZoomPhoneCall, call("*86")), "zoomphonecall://*86");
    assert_eq!(built(Scheme::ZoomPhoneSms, text("(415) 555-0142")), "zoomphonesms://+14155550142");
    assert_eq!(built(Scheme::ZoomPhoneSms, text("24273")), "zoomphonesms://24273");
    let from =
        |scheme, target, from| LaunchUri::new(scheme, target).unwrap().caller_id(from).unwrap().to_string();
    assert_eq!(
        from(Scheme::ZoomPhoneCall, call("+14155550142"), call("812")),
        "zoomphonecall://+14155550142?callerid=812"
    );
    assert_eq!(
        from(Scheme::ZoomPhoneSms, text("+14155550142"), call("+14155550100")),
        "zoomphonesms://+14155550142?callerid=+14155550100"
    );
}

#[test]
fn what_a_form_cannot_say_is_not_left_out_in_silence() {
    for (scheme, target) in [
        (Scheme::ZoomPhoneCall, call("+14155550142 x12")),
        (Scheme::Callto, call("+14155550142 x12")),
        (Scheme::ZoomPhoneSms, text("+14155550142 x12")),
    ] {
        assert_eq!(LaunchUri::new(scheme, target), Err(LaunchError::Target(NumberError::Extension)));
    }
    let unsupported = |result: Result<LaunchUri, LaunchError>| {
        assert!(matches!(result, Err(LaunchError::Unsupported { .. })), "{result:?}");
    };
    unsupported(LaunchUri::new(Scheme::ZoomPhoneSms, call("812")));
    unsupported(LaunchUri::new(Scheme::ZoomPhoneSms, call("*86")));
    unsupported(LaunchUri::new(Scheme::Tel, call("#31#")));
    unsupported(LaunchUri::new(Scheme::Tel, text("24273")));
    unsupported(LaunchUri::new(Scheme::Tel, call("812")).unwrap().caller_id(call("813")));
    unsupported(LaunchUri::new(Scheme::ZoomPhoneSms, text("+14155550142")).unwrap().caller_id(call("813")));
    unsupported(LaunchUri::new(Scheme::ZoomPhoneCall, call("812")).unwrap().caller_id(call("911")));
}

#[test]
fn an_emergency_number_is_launched_untouched_by_every_scheme() {
    for (code, number) in [("US", "911"), ("DE", "112"), ("GB", "999"), ("AU", "000"), ("FR", "15")] {
        let region = Region::new(code);
        for scheme in Scheme::ALL {
            let target = Dialable::to_call(number, region).unwrap();
            let uri = LaunchUri::new(scheme, target).unwrap();
            assert!(uri.to_string().ends_with(number), "{uri}");
            assert_eq!(LaunchUri::parse(&uri.to_string(), region).unwrap().uri, uri);
        }
    }
}

#[test]
fn nothing_said_about_an_emergency_call_gets_in_its_way() {
    for (address, means) in [
        ("tel:911;phone-context=+1", "tel:911"),
        ("tel:911;phone-context=+1-415-555", "tel:911"),
        ("tel:911;ext=12", "tel:911"),
        ("zoomphonecall://911?callerid=1", "zoomphonecall://911"),
        ("zoomphonecall://911?callerid=+14155550100", "zoomphonecall://911?callerid=+14155550100"),
        ("callto://9-1-1/?callerid=812", "callto:911"),
    ] {
        assert_eq!(parse(address).as_deref(), Ok(means), "{address}");
    }
}

#[test]
fn addresses_are_read_in_the_spellings_that_are_about() {
    for (address, means) in [
        ("tel:+1-415-555-0142", "tel:+14155550142"),
        ("TEL:+1.415.555.0142", "tel:+14155550142"),
        ("tel://4155550142", "tel:+14155550142"),
        ("tel:415-555-0142;phone-context=+1", "tel:+14155550142"),
        ("tel:+14155550142;ext=12", "tel:+14155550142;ext=12"),
        ("tel:812;phone-context=example.com", "tel:812"),
        ("tel:+1%20415%20555%200142", "tel:+14155550142"),
        ("callto:(415) 555-0142", "callto:+14155550142"),
        ("callto://+14155550142/", "callto:+14155550142"),
        ("zoomphonecall:+14155550142", "zoomphonecall://+14155550142"),
        ("ZoomPhoneCall://14155550142/?CallerID=812", "zoomphonecall://+14155550142?callerid=812"),
        (
            "zoomphonecall://%2B14155550142?callerid=%2B14155550100",
            "zoomphonecall://+14155550142?callerid=+14155550100",
        ),
        (
            "zoomphonesms://+14155550142?callerid=+14155550100",
            "zoomphonesms://+14155550142?callerid=+14155550100",
        ),
        ("tel:*86", "tel:*86"),
        ("tel:911", "tel:911"),
    ] {
        assert_eq!(parse(address).as_deref(), Ok(means), "{address}");
    }
}

#[test]
fn parameters_nobody_knows_are_kept_apart_and_go_no_further() {
    let launch =
        LaunchUri::parse("zoomphonecall://812?cat=seccall&token=a.b-c&callerid=813&new=x%20y", us()).unwrap();
    let others: Vec<_> = launch.others.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(others, [("cat", "seccall"), ("token", "a.b-c"), ("new", "x y")]);
    assert_eq!(launch.uri.to_string(), "zoomphonecall://812?callerid=813");
    assert!(!format!("{launch:?}").contains("a.b-c"), "{launch:?}");
}

#[test]
fn whatever_could_smuggle_something_in_is_refused() {
    use LaunchError::{Context, Forbidden, Repeated, Scheme, TooLong};
    let several = LaunchError::Target(NumberError::Several);
    let long = format!("tel:{}", "1".repeat(3000));
    for (address, why) in [
        ("javascript:alert(1)", Scheme),
        ("https://example.com/", Scheme),
        ("sms:+14155550142", Scheme),
        ("zoommtg://zoom.us/join", Scheme),
        ("+14155550142", Scheme),
        ("", Scheme),
        ("\u{200b}tel:812", Scheme),
        ("te\tl:812", Scheme),
        ("tel:+1415\n5550142", Forbidden),
        ("tel:+1415%0a5550142", Forbidden),
        ("tel:+1415%0D%0ASubject", Forbidden),
        ("tel:+1415\u{0}5550142", Forbidden),
        ("tel:\u{202e}2410555514+", Forbidden),
        ("tel:+14155\u{200b}550142", Forbidden),
        ("tel:%e2%80%ae812", Forbidden),
        ("tel:812%26callerid=813", Forbidden),
        ("tel:812%3Fcallerid=813", Forbidden),
        ("tel:812#fragment", Forbidden),
        ("tel:812%23", Forbidden),
        ("tel:%2331%23", Forbidden),
        ("tel:%25%30%61", Forbidden),
        ("tel:812%", Forbidden),
        ("tel:812%zz", Forbidden),
        ("tel:812&callerid=813", Forbidden),
        ("zoomphonecall://812@evil.example", Forbidden),
        ("zoomphonecall://evil.example/812", Forbidden),
        ("zoomphonecall://812\" --url=\"x", Forbidden),
        ("zoomphonecall://812' x", Forbidden),
        ("zoomphonecall://812`id`", Forbidden),
        ("zoomphonecall://$(id)", Forbidden),
        ("zoomphonecall://812|813", Forbidden),
        ("zoomphonecall://812\\813", Forbidden),
        ("zoomphonecall://812<b>", Forbidden),
        ("zoomphonecall://812?x=%00", Forbidden),
        ("zoomphonecall://812?x=<script>", Forbidden),
        ("zoomphonecall://812?callerid=javascript:x", Forbidden),
        ("zoomphonecall://812?callerid=813?x", Forbidden),
        ("callto:skypename", Forbidden),
        ("zoomphonecall://812?callerid=813&callerid=814", Repeated),
        ("zoomphonecall://812?callerid=813&CALLERID=814", Repeated),
        ("tel:+14155550142,812", several),
        ("tel:+14155550142%2C812", several),
        ("callto:+14155550142;+14155550143", several),
        ("zoomphonesms://+14155550142,+14155550143", several),
        ("tel:+14155550142+14155550143", several),
        ("tel:0142;phone-context=+1-415-555", Context),
        (long.as_str(), TooLong),
    ] {
        assert_eq!(parse(address), Err(why), "{address:?}");
    }
}

#[test]
fn an_error_does_not_tell_the_number() {
    for address in
        ["tel:+1415555014299999999", "zoomphonecall://812?callerid=55501429999999999", "tel:4155550142@x"]
    {
        let error = LaunchUri::parse(address, us()).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("5550142"), "{said}");
    }
}

#[test]
fn every_platform_says_something_about_every_scheme_once() {
    for platform in Platform::ALL {
        for scheme in Scheme::ALL {
            let facts = SUPPORT.iter().filter(|fact| fact.platform == platform && fact.scheme == scheme);
            assert_eq!(facts.count(), 1, "{platform:?} {scheme:?}");
        }
        for action in [Action::Call, Action::Text] {
            assert_eq!(ways(platform, action).last(), Some(&Way::CopyNumber));
        }
    }
}

#[test]
fn the_surest_way_comes_first_and_what_cannot_work_not_at_all() {
    use Scheme::{Callto, Tel, ZoomPhoneCall, ZoomPhoneSms};
    let open = |schemes: &[Scheme]| -> Vec<Way> {
        schemes.iter().copied().map(Way::Open).chain([Way::CopyNumber]).collect()
    };
    for desktop in [Platform::Windows, Platform::MacOs, Platform::Linux] {
        assert_eq!(ways(desktop, Action::Call), open(&[ZoomPhoneCall, Callto, Tel]));
    }
    assert_eq!(ways(Platform::Ios, Action::Call), open(&[ZoomPhoneCall, Callto, Tel]));
    assert_eq!(ways(Platform::Android, Action::Call), open(&[Callto]));
    assert_eq!(ways(Platform::Android, Action::Text), open(&[ZoomPhoneSms]));
    assert!(SUPPORT.iter().all(|fact| fact.support != Support::No || fact.platform == Platform::Android));
}

#[test]
fn the_documented_table_is_the_data() {
    let mut table =
        String::from("| | scheme | reaches Zoom | number to call from | how sure |\n|---|---|---|---|---|\n");
    for fact in &SUPPORT {
        let (support, from) = (fact.support.as_str(), fact.caller_id.as_str());
        let (platform, scheme) = (fact.platform.as_str(), fact.scheme.as_str());
        let from = if fact.scheme.takes_caller_id() { from } else { "—" };
        writeln!(table, "| {platform} | `{scheme}:` | {support} | {from} | {} |", fact.confidence.as_str())
            .unwrap();
    }
    let page = include_str!("../../../../docs/launch.md");
    assert!(page.contains(&table), "docs/launch.md needs this table:\n{table}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_safe_and_reads_as_itself(
        address in prop_oneof![
            "\\PC{0,40}",
            "(tel|callto|zoomphonecall|zoomphonesms):(//)?[+0-9%&?#;=,. a-f*-]{0,30}",
            "(tel|callto|zoomphonecall://|zoomphonesms://):?\\+?[0-9]{2,15}(\\?callerid=\\+?[0-9]{2,15})?",
        ],
    ) {
        if let Ok(launch) = LaunchUri::parse(&address, us()) {
            let written = launch.uri.to_string();
            let (scheme, rest) = written.split_once(':').unwrap();
            prop_assert_eq!(scheme, launch.uri.scheme().as_str());
            let rest = rest.replace("?callerid=", "").replace(";ext=", "");
            let rest = rest.strip_prefix("//").unwrap_or(&rest);
            prop_assert!(rest.chars().all(|letter| letter.is_ascii_digit() || "+*".contains(letter)), "{}", written);
            let again = LaunchUri::parse(&written, us()).unwrap();
            prop_assert_eq!(again.uri, launch.uri);
            prop_assert!(again.others.is_empty());
        }
    }
}
