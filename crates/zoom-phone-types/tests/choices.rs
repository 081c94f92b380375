//! What callers of call handling rely on: a setting is typed by the action beside it, and agrees with it when it is set.

#![cfg(feature = "operations")]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zoom_phone_types::call_handling::{AddCallForwarding, AddSetting, UpdateSetting};
use zoom_phone_types::call_queues::{self, RingModeSetting};
use zoom_phone_types::events::Time;
use zoom_phone_types::shared::{
    BreakHour, BreakHourSetting, BreakHourType, BreakHoursSetting, CallNotAnswerAction,
    EveryBusinessDayBreak, ExtensionRef, ExtensionSetting, Holiday,
};
use zoom_phone_types::users::{
    BusyOnAnotherCallAction, BusyOnAnotherCallActionSetting, CallHandlingSetting, CallNotAnswerActionSetting,
};
use zoom_phone_types::{Wire, auto_receptionists, common_areas, shared_line_groups, users};

/// Reads, checks that it goes back as it came, and gives what was read.
fn read<T: Wire>(value: &Value) -> T {
    let read = T::from_json(value).unwrap();
    assert_eq!(read.to_json(), *value);
    read
}

/// What is not known in it.
fn unfamiliar<T: Wire>(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    T::from_json(value).unwrap().unfamiliar("", &mut found);
    found
}

#[test]
fn a_setting_is_typed_by_the_action_beside_it_wherever_that_stands() {
    let setting =
        json!({"forward_to_extension": {"extension_id": "E"}, "play_callee_voicemail_greeting": true});
    for value in [
        json!({"call_not_answer_action": "forward_to_extension", "call_not_answer_action_setting": setting}),
        json!({"call_not_answer_action_setting": setting, "call_not_answer_action": "forward_to_extension"}),
    ] {
        let handling = CallHandlingSetting::from_json(&value).unwrap();
        assert_eq!(handling.to_json(), value);
        let Some(CallNotAnswerActionSetting::ForwardToExtension(forward)) =
            handling.call_not_answer_action_setting
        else {
            panic!("{value}")
        };
        assert_eq!(forward.forward_to_extension.unwrap().extension_id.as_deref(), Some("E"));
    }
}

#[test]
fn an_empty_setting_goes_back_empty() {
    // Zoom sends this when both actions of a user share the voicemail settings.
    let value = json!({"busy_on_another_call_action": "forward_to_voicemail", "busy_on_another_call_action_setting": {}});
    let handling: CallHandlingSetting = read(&value);
    assert!(matches!(
        handling.busy_on_another_call_action_setting,
        Some(BusyOnAnotherCallActionSetting::ForwardToVoicemail(_))
    ));
    assert_eq!(unfamiliar::<CallHandlingSetting>(&value), Vec::<String>::new());
}

#[test]
fn a_setting_without_a_known_action_is_kept_as_it_is() {
    let setting = json!({"leave": ["it", null], "message_greeting": 3});
    for action in [json!("fly_to_the_moon"), json!("disconnect"), json!(null), json!({"odd": 1})] {
        let value = json!({"call_not_answer_action": action, "call_not_answer_action_setting": setting});
        let handling: CallHandlingSetting = read(&value);
        let kept = Some(CallNotAnswerActionSetting::Other(setting.clone()));
        assert_eq!(handling.call_not_answer_action_setting, kept);
        assert!(
            unfamiliar::<CallHandlingSetting>(&value).contains(&"call_not_answer_action_setting".to_owned())
        );
    }
    let value =
        json!({"call_not_answer_action": "forward_to_extension", "call_not_answer_action_setting": "odd"});
    let handling: CallHandlingSetting = read(&value);
    assert_eq!(
        handling.call_not_answer_action_setting,
        Some(CallNotAnswerActionSetting::Other(json!("odd")))
    );
    let value =
        json!({"call_not_answer_action": "forward_to_extension", "call_not_answer_action_setting": null});
    assert_eq!(read::<CallHandlingSetting>(&value).call_not_answer_action_setting, None);
}

#[test]
fn setting_a_form_sets_the_action_it_belongs_to() {
    let mut handling = CallHandlingSetting {
        call_not_answer_action: Some(CallNotAnswerAction::Disconnect),
        busy_on_another_call_action: Some(BusyOnAnotherCallAction::CallWaiting),
        ..Default::default()
    };
    let target = ExtensionRef { extension_id: Some("E".to_owned()), ..Default::default() };
    let forward = ExtensionSetting { forward_to_extension: Some(target), ..Default::default() };
    handling.set_call_not_answer_action_setting(CallNotAnswerActionSetting::ForwardToExtension(forward));
    let expected = json!({
        "busy_on_another_call_action": "call_waiting",
        "call_not_answer_action": "forward_to_extension",
        "call_not_answer_action_setting": {"forward_to_extension": {"extension_id": "E"}},
    });
    assert_eq!(handling.to_json(), expected);
    // What is kept as it was says nothing about the action.
    handling.set_call_not_answer_action_setting(CallNotAnswerActionSetting::Other(json!({"x": 1})));
    assert_eq!(handling.call_not_answer_action, Some(CallNotAnswerAction::ForwardToExtension));
}

/// To an extension when no one answers.
fn forward() -> CallNotAnswerActionSetting {
    let target = ExtensionRef { extension_id: Some("E".to_owned()), ..Default::default() };
    let forward = ExtensionSetting { forward_to_extension: Some(target), ..Default::default() };
    CallNotAnswerActionSetting::ForwardToExtension(forward)
}

#[test]
fn a_setting_without_its_action_is_written_with_it() {
    let mut handling =
        CallHandlingSetting { call_not_answer_action_setting: Some(forward()), ..Default::default() };
    let expected = json!({
        "call_not_answer_action": "forward_to_extension",
        "call_not_answer_action_setting": {"forward_to_extension": {"extension_id": "E"}},
    });
    assert_eq!(handling.to_json(), expected);
    // Also in place of a null that was read.
    handling.extra.insert("call_not_answer_action".to_owned(), Value::Null);
    assert_eq!(handling.to_json(), expected);
    // What was said is not changed.
    handling.call_not_answer_action = Some(CallNotAnswerAction::Disconnect);
    assert_eq!(handling.to_json()["call_not_answer_action"], "disconnect");
}

#[test]
fn a_setting_of_another_action_is_found_at_any_depth() {
    let found = |action, setting| {
        let handling = CallHandlingSetting {
            call_not_answer_action: action,
            call_not_answer_action_setting: setting,
            ..Default::default()
        };
        let handling = users::CallHandling { call_handling_setting: Some(handling), ..Default::default() };
        let mut found = Vec::new();
        vec![handling].contradictions("body", &mut found);
        found
    };
    let place = ["body[0].call_handling_setting.call_not_answer_action_setting"];
    assert_eq!(found(Some(CallNotAnswerAction::Disconnect), Some(forward())), place);
    assert_eq!(found(Some(CallNotAnswerAction::Other("new".to_owned())), Some(forward())), place);
    assert_eq!(found(Some(CallNotAnswerAction::ForwardToExtension), Some(forward())), [""; 0]);
    assert_eq!(found(None, Some(forward())), [""; 0]);
    assert_eq!(found(Some(CallNotAnswerAction::Disconnect), None), [""; 0]);
    // In a form as well.
    let hour = BreakHour {
        break_hour_type: Some(BreakHourType::CustomHours),
        break_hour_setting: Some(BreakHourSetting::EveryBusinessDay(EveryBusinessDayBreak::default())),
        ..Default::default()
    };
    let hours = BreakHoursSetting { break_hours: Some(vec![hour]), ..Default::default() };
    let mut inside = Vec::new();
    common_areas::Settings::BreakHours(hours).contradictions("", &mut inside);
    assert_eq!(inside, ["break_hours[0].break_hour_setting"]);
    let unknown = CallNotAnswerActionSetting::Other(json!({}));
    assert_eq!(found(Some(CallNotAnswerAction::Disconnect), Some(unknown)), [""; 0]);
}

/// What a caller may keep, in its own file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    handling: users::CallHandling,
    action: Option<CallNotAnswerAction>,
    setting: CallNotAnswerActionSetting,
    at: zoom_phone_types::events::Time,
}

#[test]
fn what_a_struct_with_serdes_traits_holds_goes_through_serde_and_back() {
    let value = json!({
        "handling": {
            "call_handling_setting": {
                "call_not_answer_action": "forward_to_extension",
                "call_not_answer_action_setting": {"forward_to_extension": {"extension_id": "E"}, "new": 1},
            },
            "unknown": [null],
        },
        "action": null,
        "setting": {"any": "thing"},
        "at": "2026-11-22T10:00:06Z",
    });
    let saved: Saved = serde_json::from_str(&value.to_string()).unwrap();
    let setting =
        saved.handling.call_handling_setting.as_ref().unwrap().call_not_answer_action_setting.as_ref();
    assert_eq!(setting.unwrap().selector(), Some("forward_to_extension"));
    assert_eq!(serde_json::to_value(&saved).unwrap(), value);
    assert_eq!(serde_json::from_value::<Saved>(value).unwrap(), saved);
}

#[test]
fn what_serde_cannot_read_is_named_without_its_value() {
    let error = serde_json::from_str::<users::CallHandling>("[\"hush\"]").unwrap_err().to_string();
    assert!(error.starts_with("a list is no CallHandling"), "{error}");
    let error = serde_json::from_str::<CallNotAnswerAction>("{\"hush\": 1}").unwrap_err().to_string();
    assert!(error.starts_with("an object is no CallNotAnswerAction"), "{error}");
}

#[test]
fn each_kind_of_extension_has_its_own_forms() {
    // Contact centers: flat for queues, nested for the others.
    let queue = json!({"overflow_action": "forward_to_zoom_contact_center",
        "overflow_action_setting": {"zoom_contact_center_number": "+15550100001"}});
    let queue: call_queues::CallHandlingSetting = read(&queue);
    let Some(call_queues::OverflowActionSetting::ForwardToZoomContactCenter(center)) =
        queue.overflow_action_setting
    else {
        panic!("{queue:?}")
    };
    assert_eq!(center.zoom_contact_center_number.as_deref(), Some("+15550100001"));

    let nested = json!({"forward_to_zoom_contact_center": {"zoom_contact_center_number": "+15550100001"}});
    let group =
        json!({"overflow_action": "forward_to_zoom_contact_center", "overflow_action_setting": nested});
    let group: shared_line_groups::CallHandlingSetting = read(&group);
    let Some(shared_line_groups::OverflowActionSetting::ForwardToZoomContactCenter(center)) =
        group.overflow_action_setting
    else {
        panic!("{group:?}")
    };
    let number = center.forward_to_zoom_contact_center.unwrap().zoom_contact_center_number;
    assert_eq!(number.as_deref(), Some("+15550100001"));

    let receptionist = json!({"routing_action": "forward_to_voicemail",
        "routing_action_setting": {"leave_voicemail_to": {"extension_id": ""}, "voicemail_greeting": {"audio_id": ""}}});
    let receptionist: auto_receptionists::CallHandlingSetting = read(&receptionist);
    assert_eq!(receptionist.routing_action_setting.unwrap().selector(), Some("forward_to_voicemail"));

    let area = json!({"call_not_answer_action": "forward_to_voicemail",
        "call_not_answer_action_setting": {"connect_to_operator": false, "play_callee_voicemail_greeting": true}});
    let area: common_areas::CallHandlingSetting = read(&area);
    assert_eq!(area.call_not_answer_action_setting.unwrap().selector(), Some("forward_to_voicemail"));
}

#[test]
fn modes_that_share_a_shape_stay_apart() {
    for mode in ["sequential", "rotating", "longest_idle"] {
        let value = json!({"ring_mode": mode, "ring_mode_setting": {"ring_duration": 20, "handle_multiple_calls": true}});
        let distribution: call_queues::CallDistributionSetting = read(&value);
        assert_eq!(distribution.ring_mode_setting.unwrap().selector(), Some(mode));
    }
    let value = json!({"ring_mode": "custom_group_rotating", "ring_mode_setting": {"custom_groups": [{"sequence": 1}]}});
    let distribution: call_queues::CallDistributionSetting = read(&value);
    let Some(RingModeSetting::CustomGroupRotating(groups)) = distribution.ring_mode_setting else { panic!() };
    assert_eq!(groups.custom_groups.unwrap().len(), 1);
}

#[test]
fn settings_are_told_apart_by_the_property_that_is_there() {
    let value = json!({"holiday_hours": [{"holiday_id": "H", "name": "New Year"}]});
    assert_eq!(read::<call_queues::Settings>(&value).selector(), Some("holiday_hours"));
    let value = json!({"break_hours": [{"break_hour_id": "B", "break_hour_type": "custom_hours",
        "break_hour_setting": {"days": [{"weekday": 2, "from": "12:00", "to": "13:00"}]}}]});
    let settings: call_queues::Settings = read(&value);
    assert_eq!(settings.selector(), Some("break_hours"));
    // Null says that a property is not there.
    let value = json!({"holiday_hours": null, "break_hours": [{"break_hour_id": "B"}]});
    assert_eq!(read::<call_queues::Settings>(&value).selector(), Some("break_hours"));
    let value = json!({"holiday_hours": null, "break_hours": null});
    assert_eq!(read::<call_queues::Settings>(&value), call_queues::Settings::Other(value));
    assert_eq!(read::<call_queues::Settings>(&json!({})), call_queues::Settings::Other(json!({})));
    let both = json!({"break_hour_type": "every_business_day", "break_hour_setting": {"from": "12:00", "to": "13:00"}});
    assert!(matches!(
        read::<BreakHour>(&both).break_hour_setting,
        Some(BreakHourSetting::EveryBusinessDay(_))
    ));
}

#[test]
fn a_form_that_names_itself_is_written_with_its_name() {
    let written = AddSetting::CallForwarding(AddCallForwarding::default()).to_json();
    assert_eq!(written, json!({"sub_setting_type": "call_forwarding"}));
    assert!(matches!(read(&written), AddSetting::CallForwarding(_)));
    let value = json!({"sub_setting_type": "custom_hours", "settings": {"type": 2}});
    assert!(matches!(read(&value), UpdateSetting::CustomHours(_)));
    let value = json!({"sub_setting_type": "new_kind", "settings": {"type": 2}});
    assert!(matches!(read(&value), UpdateSetting::Other(_)));
}

#[test]
fn debug_output_hides_what_has_no_form() {
    let value =
        json!({"call_not_answer_action": "new", "call_not_answer_action_setting": {"number": "hush"}});
    assert!(!format!("{:?}", read::<CallHandlingSetting>(&value)).contains("hush"));
}

/// Values like those of call handling, with the names of real actions, fields and settings here and there.
fn like_handling() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "forward_to_voicemail",
        "forward_to_extension",
        "forward_to_external_number",
        "play_message_then_disconnect",
        "disconnect",
        "call_waiting",
        "moon",
    ]);
    let key = prop::sample::select(vec![
        "busy_on_another_call_action",
        "busy_on_another_call_action_setting",
        "call_not_answer_action",
        "call_not_answer_action_setting",
        "forward_to_extension",
        "forward_phone_number",
        "extension_id",
        "extension_number",
        "voicemail_greeting",
        "connect_to_operator",
        "new_field",
    ]);
    let leaf = prop_oneof![
        4 => words.prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            4 => prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn writing_what_was_read_and_reading_that_changes_nothing(value in like_handling()) {
        if let Some(read) = CallHandlingSetting::from_json(&value) {
            let written = read.to_json();
            prop_assert_eq!(CallHandlingSetting::from_json(&written), Some(read));
            prop_assert_eq!(CallHandlingSetting::from_json(&written).map(|it| it.to_json()), Some(written));
        }
    }
}

#[test]
fn holidays_begin_and_end_at_an_instant_for_every_kind() {
    let value = json!({"name": "New Year", "from": "2027-01-01T00:00:00Z", "to": "2027-01-02T00:00:00Z"});
    let begins: Time = read::<Holiday>(&value).from.unwrap();
    assert_eq!(begins.timestamp().map(|it| it.to_string()).as_deref(), Some("2027-01-01T00:00:00Z"));
}
