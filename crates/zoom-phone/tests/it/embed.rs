//! Smart Embed: every documented message read and written, whatever of it is missing, misspelled or new.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use zoom_phone::embed::{
    Body, Command, CommandError, Facts, FoundContact, Frame, InitConfig, MESSAGES, MakeCall, MatchedContact,
    Message, NoteField, NotePage, Origin, ParseError, SelectOption, Sender, key, remote_party,
};
use zoom_phone::number::{Dialable, NumberError, PhoneNumber, Region};
use zoom_phone::types::vocabulary::{CallResult, NumberType};

const CALL: &str = "7391820045512378841";
const LOG: &str = "0b9d6f0e-31c4-4d57-9b0e-6a1f2c3d4e5f";

/// One of each message that Zoom documents, with every field it documents.
fn samples() -> Vec<Value> {
    let ada = json!({"name": "Ada Example", "phoneNumber": "+442071838750"});
    let agent = json!({"name": "Agent One", "phoneNumber": "+14155550100", "extensionNumber": "812",
        "extensionId": "Qx7bLr2nTfW0aZk9pV3s1g", "extensionType": "user"});
    let live = |result: Option<&str>| {
        let mut data = json!({"callId": CALL, "direction": "inbound", "caller": ada, "callee": agent,
            "forwardedBy": {"name": "Support", "extensionNumber": "900", "extensionType": "callQueue"},
            "dateTime": "2026-04-02T09:15:30Z", "enableAutoLog": false});
        if let Some(result) = result {
            data["result"] = result.into();
        }
        data
    };
    let caller = json!({"name": "Ada Example", "number": "+442071838750", "numberType": 2});
    let callee = json!({"name": "Agent One", "number": "812", "numberType": 1, "didNumber": "+14155550100"});
    let page = "https://applications.zoom.us/integration/phone/embeddablephone/audio/play/0/1";
    vec![
        json!({"id": "ev-1", "type": "zp-call-ringing-event", "data": live(None)}),
        json!({"id": "ev-2", "type": "zp-call-connected-event", "data": live(None)}),
        json!({"id": "ev-3", "type": "zp-call-ended-event", "data": live(Some("missed"))}),
        json!({"id": "ev-4", "type": "zp-call-log-completed-event", "data": {"callId": CALL, "callLogId": LOG,
            "caller": caller, "callee": callee, "result": "Call Connected", "direction": "inbound", "duration": 331,
            "dateTime": "2026-04-02T09:15:30Z", "enableAutoLog": true}}),
        json!({"id": "ev-5", "type": "zp-call-recording-completed-event", "data": {"callId": CALL, "callLogId": LOG,
            "caller": caller, "callee": callee, "direction": "inbound", "recordingUrl": page,
            "dateTime": "2026-04-02T09:24:00Z", "enableAutoLog": true}}),
        json!({"id": "ev-6", "type": "zp-call-voicemail-received-event", "data": {"callId": CALL, "callLogId": LOG,
            "caller": caller, "callee": callee, "voicemailUrl": page, "dateTime": "2026-04-02T10:02:11Z"}}),
        json!({"type": "zp-ai-call-summary-event", "data": {"callId": CALL, "deleted": false, "edited": true,
            "callSummary": "Renewal.", "nextSteps": "Send quote.", "detailedSummary": "Long.",
            "modifiedTime": "2026-04-02T09:26:40Z"}}),
        json!({"id": "ev-7", "type": "zp-sms-log-event", "data": {"sessionId": "s-1", "messageId": "m-1",
            "dateTime": "2026-04-02T11:00:00Z", "sender": {"phoneNumber": "+14155550100"},
            "receivers": [{"phoneNumber": "+14155550142"}, {"phoneNumber": "+14155550143"}], "message": "See you",
            "attachments": [{"type": "PNG", "fileUrl": page}], "status": "Not delivered",
            "direction": "outbound"}}),
        json!({"type": "zp-save-log-event", "data": {"callId": CALL, "callLogId": LOG, "caller": caller,
            "callee": callee, "result": "Answered by other member", "direction": "inbound", "duration": 0,
            "dateTime": "2026-04-02T09:15:30Z", "recordingUrl": page, "voicemailUrl": page,
            "callSummary": "Renewal.", "nextSteps": "Send quote.", "detailedSummary": "Long."}}),
        json!({"type": "zp-contact-search-event", "data": {"requestId": "rq-31", "searchString": "ada"}}),
        json!({"type": "zp-contact-match-event", "data": {"requestId": "rq-32",
            "phoneNumbers": ["+442071838750", "4155550199"]}}),
        json!({"type": "zp-notes-save-event", "data": {"callId": CALL,
            "notesData": {"Outcome": "callback", "Remarks": "after 5 pm"}}}),
    ]
}

fn read(value: &Value) -> Message {
    Message::from_value(value.clone()).unwrap()
}

/// Each sample with one field replaced, at any depth; `None` drops it.
fn variants(value: &Value, with: &[Option<Value>]) -> Vec<Value> {
    let Some(object) = value.as_object() else { return vec![] };
    let mut all = Vec::new();
    for (key, inner) in object {
        if key != "type" {
            for replacement in with {
                let mut other = object.clone();
                match replacement {
                    Some(replacement) => other.insert(key.clone(), replacement.clone()),
                    None => other.shift_remove(key),
                };
                all.push(other.into());
            }
        }
        for inner in variants(inner, with) {
            let mut other = object.clone();
            other.insert(key.clone(), inner);
            all.push(other.into());
        }
    }
    all
}

#[test]
fn every_documented_message_is_known_and_goes_back_unchanged() {
    for sample in samples() {
        let message = read(&sample);
        assert!(!matches!(message.body, Body::Unknown(_)), "{}", message.name);
        assert_eq!(message.unfamiliar(), Vec::<String>::new(), "{}", message.name);
        assert_eq!(message.to_value(), sample);
        assert_eq!(Message::parse(&sample.to_string()).unwrap(), message);
    }
}

#[test]
fn a_missing_null_or_misfitting_field_is_no_error_and_nothing_is_lost() {
    let replacements = [
        None,
        Some(Value::Null),
        Some(json!("text")),
        Some(json!(7)),
        Some(json!([1])),
        Some(json!({"new": {}})),
    ];
    let mut read_back = 0;
    for sample in samples() {
        for variant in variants(&sample, &replacements) {
            let message = read(&variant);
            let again = message.to_value();
            // What was read as another type is written as that: the same value, so the same message.
            assert_eq!(read(&again), message, "{variant}");
            let keys = |value: &Value| value["data"].as_object().map(Map::len);
            assert_eq!(keys(&again), keys(&variant), "{variant}");
            read_back += 1;
        }
    }
    assert!(read_back > 700, "{read_back}");
}

#[test]
fn a_new_field_or_word_is_kept_and_counted() {
    let message =
        read(&json!({"type": "zp-call-ended-event", "version": 2, "data": {"callId": 70, "result": "parked",
        "callee": {"extensionNumber": 812, "extensionType": "robot", "mood": "fine"}}}));
    let Body::CallEnded(call) = &message.body else { panic!("{message:?}") };
    assert_eq!(call.call_id.as_deref(), Some("70"));
    assert_eq!(call.callee.as_ref().and_then(|party| party.extension_number.as_deref()), Some("812"));
    let unfamiliar = message.unfamiliar();
    assert_eq!(
        unfamiliar,
        ["data.callee.extensionType=robot", "data.callee.mood", "data.result=parked", "version"]
    );
    assert_eq!(message.to_value()["data"]["callee"]["mood"], "fine");
}

#[test]
fn an_unknown_message_is_kept_whole() {
    for value in [
        json!({"type": "zp-brand-new-event", "id": "ev-9", "data": {"a": [1]}, "b": null}),
        json!({"type": "zp-call-ringing-event", "data": "not an object"}),
        json!({"type": "zp-call-ringing-event"}),
        json!({"type": "recordingEnded"}),
    ] {
        let message = read(&value);
        assert!(matches!(message.body, Body::Unknown(_)), "{value}");
        assert_eq!(message.to_value(), value);
    }
    let ready = read(&json!({"type": "zp-ready"}));
    assert!(matches!(ready.body, Body::Ready(Value::Null)));
}

#[test]
fn most_of_what_a_window_receives_is_no_message() {
    for value in
        [json!("zp-ready"), json!(null), json!([]), json!({"type": 7}), json!({"iFrameEventType": "X"})]
    {
        assert!(matches!(Message::from_value(value), Err(ParseError::Shape)));
    }
    assert!(matches!(Message::parse("zp-ready"), Err(ParseError::Json(_))));
}

#[test]
fn a_log_reads_the_same_with_the_brace_that_the_guide_forgot() {
    let right = &samples()[3];
    let mut nested = right.clone();
    for field in ["result", "direction", "duration", "dateTime", "enableAutoLog"] {
        let value = nested["data"].as_object_mut().unwrap().shift_remove(field).unwrap();
        nested["data"]["callee"][field] = value;
    }
    assert_eq!(read(&nested).body, read(right).body);
    // But a field in its place stays, and the stray one with it.
    nested["data"]["result"] = json!("Busy");
    let Body::CallLogCompleted(log) = read(&nested).body else { panic!() };
    assert_eq!(log.result.as_deref(), Some("Busy"));
    assert_eq!(log.callee.unwrap().extra["result"], "Call Connected");
}

#[test]
fn live_events_may_come_with_the_parties_of_logs() {
    let message = read(&json!({"type": "zp-call-connected-event", "data": {"direction": "outbound",
        "caller": {"number": "812", "numberType": "1"}, "callee": {"number": "+442071838750", "numberType": 2}}}));
    let Body::CallConnected(call) = &message.body else { panic!("{message:?}") };
    let remote = remote_party(call.direction.as_ref(), call.caller.as_ref(), call.callee.as_ref()).unwrap();
    assert_eq!(remote.best_number(), Some("+442071838750"));
    let own = call.caller.as_ref().unwrap();
    assert_eq!(own.number_type.and_then(NumberType::from_log_code), Some(NumberType::Extension));
    assert!(message.unfamiliar().is_empty());
}

#[test]
fn an_anonymous_party_has_no_number() {
    let message = read(&json!({"type": "zp-call-ringing-event", "data": {"direction": "inbound",
        "caller": {"name": "", "phoneNumber": " "}, "callee": {}}}));
    let Body::CallRinging(call) = &message.body else { panic!("{message:?}") };
    assert_eq!(call.caller.as_ref().unwrap().best_number(), None);
}

#[test]
fn a_duration_may_be_text_and_a_result_any_spelling() {
    let message =
        read(&json!({"type": "zp-save-log-event", "data": {"duration": "331", "result": "call connected"}}));
    let Body::SaveLog(log) = &message.body else { panic!("{message:?}") };
    assert_eq!(log.duration, Some(331));
    assert_eq!(CallResult::from_wire(log.result.as_deref().unwrap()), Some(CallResult::Answered));
}

#[test]
fn next_steps_may_be_a_text_or_a_list() {
    for (steps, lines) in [(json!("Call"), vec!["Call"]), (json!(["Call", "Write"]), vec!["Call", "Write"])] {
        let sample = json!({"type": "zp-ai-call-summary-event", "data": {"nextSteps": steps}});
        let message = read(&sample);
        let Body::AiSummaryChanged(summary) = &message.body else { panic!("{message:?}") };
        assert_eq!(summary.next_steps.as_ref().unwrap().steps(), lines);
        assert_eq!(message.to_value(), sample);
    }
}

#[test]
fn an_empty_note_is_none() {
    let message = read(&json!({"type": "zp-notes-save-event", "data": {"notesData":
        {"Outcome": "sold", "Amount": 12, "Remarks": "", "Other": null}}}));
    let Body::NotesSaved(notes) = &message.body else { panic!("{message:?}") };
    let notes: Vec<_> = notes.notes.as_ref().unwrap().iter().collect();
    assert_eq!(notes, [("Outcome", "sold".to_owned()), ("Amount", "12".to_owned())]);
}

#[test]
fn a_log_does_not_show_who_called_or_what_was_said() {
    for sample in samples() {
        let shown = format!("{:?}", read(&sample));
        for private in
            ["Ada", "44207", "1415555", "415555", "Renewal", "quote", "See you", "callback", "play/0", "ada"]
        {
            assert!(!shown.contains(private), "{private} in {shown}");
        }
    }
}

#[test]
fn a_message_delivered_to_two_tabs_has_one_key() {
    let keys: Vec<_> = samples().iter().map(|sample| key(&read(sample))).collect();
    assert_eq!(keys.iter().flatten().count(), 8);
    for sample in samples() {
        assert_eq!(key(&read(&sample)), key(&read(&sample)));
    }
    let without_id = |mut sample: Value| {
        sample.as_object_mut().unwrap().shift_remove("id");
        key(&read(&sample))
    };
    assert_eq!(without_id(samples()[0].clone()), Some(format!("zp-call-ringing-event {CALL}")));
    assert_ne!(without_id(samples()[0].clone()), without_id(samples()[1].clone()));
    let mut edited = samples()[6].clone();
    edited["data"]["modifiedTime"] = json!("2026-04-02T09:30:00Z");
    assert_ne!(key(&read(&edited)), key(&read(&samples()[6])));
    // Requests are answered, saved notes replaced, each time.
    for sample in &samples()[8..] {
        assert_eq!(key(&read(sample)), None, "{sample}");
    }
}

fn call(text: &str) -> Dialable {
    Dialable::to_call(text, Region::new("US")).unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::new("US")).unwrap()
}

#[test]
fn only_documented_commands_can_be_written_and_each_in_its_documented_form() {
    let search = |id: Option<&str>| {
        let message =
            read(&json!({"type": "zp-contact-search-event", "data": {"requestId": id, "searchString": "a"}}));
        let Body::ContactSearched(search) = message.body else { panic!() };
        search
    };
    let Body::ContactsMatched(matching) = read(&samples()[10]).body else { panic!() };
    let notes = vec![
        NoteField::Select {
            name: "Outcome".into(),
            placeholder: Some("Pick one".into()),
            options: vec![SelectOption { label: "Sold".into(), value: "sold".into() }],
        },
        NoteField::Text { name: "Remarks".into(), placeholder: None },
    ];
    let notes = NotePage::new(notes).unwrap();
    let config =
        InitConfig { enable_auto_log: true, enable_ai_summary: true, notes, ..InitConfig::default() };
    let ada = FoundContact::new(&call("+442071838750"), "Ada Example").unwrap();
    let commands: Vec<(Command, Value)> = vec![
        (
            config.into(),
            json!({"type": "zp-init-config", "data": {"enableSavingLog": false, "enableAutoLog": true,
                "enableContactSearching": false, "enableContactMatching": false, "enableAISummary": true,
                "disableInactiveTabCallEvent": false, "notePageConfiguration": [
                    {"fieldType": "select", "fieldName": "Outcome", "placeholder": "Pick one",
                     "selectOptions": [{"label": "Sold", "value": "sold"}]},
                    {"fieldType": "text", "fieldName": "Remarks"}]}}),
        ),
        (
            MakeCall::new(&call("(415) 555-0142"))
                .unwrap()
                .caller_id(&number("+14155550100"))
                .unwrap()
                .into(),
            json!({"type": "zp-make-call",
                "data": {"number": "+14155550142", "callerId": "+14155550100", "autoDial": true}}),
        ),
        (
            MakeCall::new(&call("812")).unwrap().only_fill_in().into(),
            json!({"type": "zp-make-call", "data": {"number": "812", "autoDial": false}}),
        ),
        (
            Command::text(&call("+14155550142")).unwrap(),
            json!({"type": "zp-input-sms", "data": {"number": "+14155550142"}}),
        ),
        (
            Command::answer_search(&search(Some("rq-31")), vec![ada]).unwrap(),
            json!({"type": "zp-contact-search-response", "data": {"responseId": "rq-31",
                "contacts": [{"number": "+442071838750", "displayName": "Ada Example"}]}}),
        ),
        (
            Command::answer_match(&matching, |number| {
                (number == "4155550199").then(|| MatchedContact { id: "crm-17".into(), name: "Bo".into() })
            })
            .unwrap(),
            json!({"type": "zp-contact-match-response", "data": {"responseId": "rq-32",
                "contacts": {"4155550199": {"id": "crm-17", "name": "Bo"}}}}),
        ),
        (
            Command::answer_match(&matching, |_| None).unwrap(),
            json!({"type": "zp-contact-match-response", "data": {"responseId": "rq-32", "contacts": {}}}),
        ),
    ];
    let mut names: Vec<&str> = Vec::new();
    for (command, expected) in &commands {
        assert_eq!(serde_json::to_value(command).unwrap(), *expected);
        assert_eq!(expected["type"], command.name());
        names.push(command.name());
        assert!(!format!("{command:?}").contains("5550142"), "{command:?}");
    }
    names.dedup();
    let documented: Vec<_> =
        MESSAGES.iter().filter(|facts| facts.sender == Sender::Page).map(|facts| facts.name).collect();
    assert_eq!(names, documented);
    assert_eq!(Command::answer_search(&search(None), vec![]), None);
}

#[test]
fn the_index_has_every_message_and_says_truly_which_carry_an_id() {
    let from_zoom: Vec<&Facts> = MESSAGES.iter().filter(|facts| facts.sender == Sender::Zoom).collect();
    let mut names: Vec<_> =
        from_zoom.iter().map(|facts| facts.name).filter(|name| *name != "zp-ready").collect();
    let mut known = Body::NAMES.to_vec();
    names.sort_unstable();
    known.sort_unstable();
    assert_eq!(names, known);
    for sample in samples() {
        let facts = from_zoom.iter().find(|facts| sample["type"] == facts.name).unwrap();
        assert_eq!(facts.has_id, sample.get("id").is_some(), "{}", facts.name);
    }
}

#[test]
fn a_command_that_makes_no_sense_is_refused() {
    assert_eq!(
        MakeCall::new(&call("+14155550142 x12")).unwrap_err(),
        CommandError::Number(NumberError::Extension)
    );
    assert_eq!(Command::text(&call("812")).unwrap_err(), CommandError::NotTextable);
    let notes = |fields| NotePage::new(fields).unwrap_err();
    let field = |name: &str| NoteField::Text { name: name.into(), placeholder: None };
    assert_eq!(notes(vec![field(" ")]), CommandError::FieldName);
    assert_eq!(notes(vec![field("a"), field("a")]), CommandError::FieldName);
    let select = |options| NoteField::Select { name: "a".into(), placeholder: None, options };
    assert_eq!(notes(vec![select(vec![])]), CommandError::Options);
    let blank = SelectOption { label: "Sold".into(), value: String::new() };
    assert_eq!(notes(vec![select(vec![blank])]), CommandError::Options);
}

#[test]
fn an_emergency_call_goes_out_as_dialled() {
    let command = Command::from(MakeCall::new(&call("911")).unwrap());
    assert_eq!(
        serde_json::to_value(&command).unwrap(),
        json!({"type": "zp-make-call", "data": {"number": "911", "autoDial": true}})
    );
}

#[test]
fn messages_count_from_one_origin_only_and_none_go_to_everybody() {
    let zoom = Origin::default();
    assert!(Frame::ZOOM.src.starts_with(&format!("{}/", zoom.as_str())));
    assert!(zoom.is("https://applications.zoom.us"));
    for other in [
        "https://zoom.us",
        "https://applications.zoom.us.evil.example",
        "https://evil.example/https://applications.zoom.us",
        "https://x.applications.zoom.us",
        "http://applications.zoom.us",
        "https://applications.zoom.us:8443",
        "https://applications.zoom.us/",
        "https://APPLICATIONS.zoom.us",
        "null",
        "*",
        "",
    ] {
        assert!(!zoom.is(other), "{other}");
    }
    for fine in
        ["https://applications.zoom.us", "http://localhost:8091", "http://127.0.0.1:1", "http://[::1]:80801"]
    {
        assert_eq!(Origin::new(fine).is_ok(), !fine.ends_with("80801"), "{fine}");
    }
    assert!(Origin::new("http://[::1]").is_ok());
    for wrong in [
        "*",
        "null",
        "",
        "https://",
        "https://*",
        "https://*.zoom.us",
        "https://zoom.us/",
        "https://zoom.us:443",
        "https://zoom.us:",
        "https://zoom.us:+44",
        "https://user@zoom.us",
        "https://ZOOM.us",
        "http://zoom.us",
        "chrome-extension://x",
        "javascript:alert(1)",
        "https://zoom..us",
        "https://zoom.us?x",
    ] {
        assert!(Origin::new(wrong).is_err(), "{wrong}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof!["[a-z]{1,4}", Just("callee".to_owned()), Just("phoneNumbers".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|entries| entries.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_data_is_the_message_is_read_and_reads_as_itself(
        name in prop_oneof![prop::sample::select(Body::NAMES).prop_map(str::to_owned), "\\PC{0,12}"],
        data in any_json(),
    ) {
        let message = read(&json!({"type": name, "data": data}));
        let again = read(&message.to_value());
        prop_assert_eq!(&again, &message);
        message.unfamiliar();
        let _ = key(&message);
    }
}
