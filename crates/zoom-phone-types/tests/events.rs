//! What receivers rely on: every documented event is typed, nothing received is lost, nothing panics.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use zoom_phone_types::events::*;

/// One made-up notification per documented event, every documented field filled in.
fn samples() -> Vec<Value> {
    include_str!("generated/events.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(value: &Value) -> Notification {
    Notification::from_value(value.clone()).unwrap()
}

fn leg(object: &Value) -> CallLeg {
    let value = json!({"event": "phone.callee_ringing", "event_ts": 1, "payload": {"account_id": "A", "object": object}});
    match read(&value).body {
        Event::CalleeRinging(leg) => *leg,
        other => panic!("{other:?}"),
    }
}

/// Scalars as text, so that `7` and `"7"` are the same.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_text).collect(),
        Value::Object(object) => {
            object.iter().map(|(k, v)| (k.clone(), as_text(v))).collect::<Map<_, _>>().into()
        }
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    }
}

#[test]
fn every_documented_event_is_typed_and_goes_back_as_it_came() {
    let samples = samples();
    assert_eq!(samples.len(), 71);
    for sample in &samples {
        let notification = read(sample);
        assert_eq!(notification.body.name(), sample["event"].as_str(), "typed as itself");
        let mut unfamiliar = notification.unfamiliar();
        // Made up: these vocabularies are documented in prose only, so the sample has the field's name for a value.
        unfamiliar.retain(|it| {
            !it.split_once('=').is_some_and(|(path, value)| path.ends_with(&value.to_lowercase()))
        });
        assert_eq!(unfamiliar, Vec::<String>::new(), "{}", notification.event);
        assert_eq!(as_text(&notification.to_value()), as_text(sample), "{}", notification.event);
        assert_eq!(read(&notification.to_value()), notification, "{}", notification.event);
    }
}

#[test]
fn facts_and_types_name_the_same_events() {
    let names: BTreeSet<&str> = EVENTS.iter().map(|facts| facts.name).collect();
    assert_eq!((names.len(), EVENTS.len()), (71, 71));
    for sample in &samples() {
        let facts = EventFacts::of(sample["event"].as_str().unwrap()).unwrap();
        assert_eq!(Some(facts.name), read(sample).body.name());
        assert!(!facts.scopes_classic.is_empty() && !facts.scopes_granular.is_empty(), "{}", facts.name);
        let object = &sample["payload"]["object"];
        for path in facts.required {
            let steps =
                path.split('.').map(|step| step.strip_suffix("[]").map_or((step, false), |s| (s, true)));
            let end = steps.fold(object, |at, (step, list)| if list { &at[step][0] } else { &at[step] });
            assert!(!end.is_null(), "{}: {path}", facts.name);
        }
    }
}

#[test]
fn an_unknown_event_is_kept_whole() {
    let value = json!({"event": "phone.line_status_changed", "event_ts": 5, "new": [1],
        "payload": {"account_id": "A", "site": 2, "object": {"line": "x"}}});
    let notification = read(&value);
    assert_eq!(notification.body, Event::Unknown(json!({"line": "x"})));
    assert_eq!(notification.account_id.as_deref(), Some("A"));
    assert_eq!(notification.unfamiliar(), ["new", "payload.site"]);
    assert_eq!(notification.to_value(), value);
}

#[test]
fn a_payload_without_object_is_the_body() {
    let value = json!({"event": "endpoint.url_validation", "event_ts": 5, "payload": {"plainToken": "t"}});
    let notification = read(&value);
    assert_eq!(notification.body, Event::Unknown(json!({"plainToken": "t"})));
    assert_eq!(notification.to_value(), value);

    let uninstalled = json!({"event": "app_deauthorized", "payload": {"account_id": "A", "user_id": "U"}});
    assert_eq!(read(&uninstalled).account_id.as_deref(), Some("A"));
    assert_eq!(read(&uninstalled).to_value(), uninstalled);
}

#[test]
fn an_object_that_is_no_object_is_kept() {
    let value = json!({"event": "phone.callee_ringing", "event_ts": 5, "payload": {"object": "none"}});
    assert_eq!(read(&value).body, Event::Unknown(json!("none")));
    assert_eq!(read(&value).to_value(), value);
}

#[test]
fn only_what_is_no_event_is_refused() {
    assert!(matches!(Notification::parse(b"{\"event\":\"\xff\"}"), Err(ParseError::Json(_))));
    assert!(matches!(Notification::parse(b""), Err(ParseError::Json(_))));
    assert!(matches!(Notification::parse(b"[]"), Err(ParseError::Shape)));
    assert!(matches!(Notification::parse(b"{\"event\":1}"), Err(ParseError::Shape)));
    assert!(Notification::parse(b"{\"event\":\"x\"}").is_ok());
}

#[test]
fn integers_are_read_where_text_is_meant_and_text_where_integers_are() {
    let leg = leg(&json!({"call_id": 7_018_317_023_722_949_162_i64, "callee": {"extension_number": 1002}}));
    assert_eq!(leg.call_id.as_deref(), Some("7018317023722949162"));
    assert_eq!(leg.callee.unwrap().extension_number.as_deref(), Some("1002"));

    let value = json!({"event": "phone.voicemail_received", "event_ts": "17", "payload": {"object":
        {"duration": "12", "caller_number_type": 2.0}}});
    let notification = read(&value);
    assert_eq!(notification.event_ts, Some(17));
    let Event::VoicemailReceived(voicemail) = notification.body else { panic!() };
    assert_eq!((voicemail.duration, voicemail.caller_number_type), (Some(12), Some(2)));
}

#[test]
fn what_does_not_fit_or_is_unknown_stays_in_extra() {
    let object =
        json!({"call_id": {"no": 1}, "callee": [], "ringing_start_time": null, "brand_new": {"a": [1]}});
    let leg = leg(&object);
    assert_eq!((&leg.call_id, &leg.callee, &leg.ringing_start_time), (&None, &None, &None));
    assert_eq!(Value::Object(leg.extra.clone()), object);
    assert_eq!(leg.to_json(), object);

    let mut found = Vec::new();
    leg.unfamiliar("", &mut found);
    assert_eq!(found, ["call_id", "callee", "brand_new"], "null is not news");
}

#[test]
fn a_list_with_a_misfit_is_kept_whole() {
    let value = json!({"event": "phone.recording_deleted", "payload": {"object": {"recordings": [{"id": 1}, "odd"]}}});
    let Event::RecordingDeleted(files) = read(&value).body else { panic!() };
    assert_eq!(files.recordings, None);
    assert_eq!(files.extra["recordings"], json!([{"id": 1}, "odd"]));
}

#[test]
fn an_unknown_enum_value_is_kept_and_reported() {
    let leg = leg(
        &json!({"callee": {"extension_type": "hologram", "connection_type": " voip "}, "handup_result": ""}),
    );
    let callee = leg.callee.as_ref().unwrap();
    assert_eq!(callee.extension_type, Some(ExtensionType::Other("hologram".to_owned())));
    assert_eq!(callee.connection_type, Some(ConnectionType::Voip));
    assert!(!callee.extension_type.as_ref().unwrap().is_known());
    let mut found = Vec::new();
    leg.unfamiliar("payload.object", &mut found);
    assert_eq!(found, ["payload.object.callee.extension_type=hologram"]);
}

#[test]
fn values_missing_from_the_document_are_known() {
    assert_eq!(ElementEvent::from("warm_transfer_outgoing"), ElementEvent::WarmTransferOutgoing);
    assert_eq!(HandupResult::from("No Answer"), HandupResult::NoAnswer);
    assert_eq!(HandupResult::NoAnswer.to_string(), "No Answer");
    assert_eq!(leg(&json!({"channel_id": "C", "sip_id": "S"})).channel_id.as_deref(), Some("C"));
}

#[test]
fn a_setting_keeps_its_peculiar_fields_and_they_are_no_news() {
    let value = json!({"event": "phone.account_settings_updated", "payload": {"object": {"id": "A", "settings":
        {"voicemail": {"enable": true, "allow_share": false}}}, "old_object": {"id": "A"}}});
    let notification = read(&value);
    assert_eq!(notification.unfamiliar(), Vec::<String>::new());
    assert_eq!(notification.to_value(), value);
    assert_eq!(notification.old_object, Some(json!({"id": "A"})));
    let Event::AccountSettingsUpdated(settings) = notification.body else { panic!() };
    let voicemail = &settings.settings.unwrap()["voicemail"];
    assert_eq!((voicemail.enable, &voicemail.extra["allow_share"]), (Some(true), &json!(false)));
}

#[test]
fn debug_output_shows_no_personal_data() {
    for sample in &samples() {
        let shown = format!("{:?}", read(sample));
        for private in [
            "+1555",
            "PASSWORD",
            "_EMAIL",
            "\"EMAIL",
            "\"NAME",
            "LER_NAME",
            "LEE_NAME",
            "\"DISPLAY_NAME",
            "CONTENT",
            "\"MESSAGE\"",
        ] {
            assert!(!shown.contains(private), "{private}: {shown}");
        }
    }
    let unknown = json!({"event": "x", "secret_key": "hush", "payload": {"other": "hush", "object": {"a": "hush"},
        "old_object": "hush"}});
    assert!(!format!("{:?}", read(&unknown)).contains("hush"));
    assert!(!format!("{:?}", leg(&json!({"extra_name": "hush"}))).contains("hush"));
}

/// Any JSON, with the field names of real events here and there.
fn json_like_an_event() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        3 => prop::sample::select(vec![
            "call_id", "callee", "caller", "extension_number", "extension_type", "ringing_start_time", "forwarded_by",
            "recordings", "call_elements", "event", "settings", "enable", "duration", "has_voicemail", "owner", "id",
            "gps", "location", "password", "sip_accounts", "provision", "object", "account_id", "old_object",
        ])
        .prop_map(str::to_owned),
        1 => "[a-z_.]{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("2026-11-22T10:00:06Z")),
        Just(json!(" true ")),
        Just(json!("3.0")),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_payload_is_read_and_reading_what_was_written_changes_nothing(
        facts in prop::sample::select(EVENTS.to_vec()),
        payload in json_like_an_event(),
        object in json_like_an_event(),
        event_ts in json_like_an_event(),
        nested in any::<bool>(),
    ) {
        let payload = match payload {
            Value::Object(mut payload) if nested => {
                payload.insert("object".to_owned(), object);
                payload.into()
            }
            payload => payload,
        };
        let notification = read(&json!({"event": facts.name, "event_ts": event_ts, "payload": payload}));
        let again = read(&notification.to_value());
        prop_assert_eq!(&again, &notification);
        prop_assert_eq!(again.to_value(), notification.to_value());
        let _ = (notification.unfamiliar(), format!("{notification:?}"));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Notification::parse(&bytes);
    }

    #[test]
    fn any_text_is_a_time(text in "\\PC{0,24}") {
        let time = Time::from(text.as_str());
        prop_assert_eq!(time.as_str(), text);
    }
}
