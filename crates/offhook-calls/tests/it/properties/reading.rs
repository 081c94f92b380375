//! Whatever comes in, reading it and looking at it is safe.

use offhook_calls::normalize::{self, Door};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use zoom_phone_types::events::EVENTS;

use super::store::calls_of;
use crate::say::{ACCOUNT, element, elements, path, path_of_v2, row};

/// Keys that mean something somewhere, so that nonsense gets deep.
const KEYS: [&str; 48] = [
    "call_id",
    "callee",
    "caller",
    "owner",
    "recipient",
    "forwarded_by",
    "extension_number",
    "extension_id",
    "extension_type",
    "user_id",
    "phone_number",
    "device_id",
    "ringing_start_time",
    "answer_start_time",
    "call_end_time",
    "date_time",
    "handup_result",
    "id",
    "recordings",
    "voice_mails",
    "call_elements",
    "call_element_id",
    "call_element_ids",
    "call_history_uuid",
    "start_time",
    "end_time",
    "talk_time",
    "hold_time",
    "transfer_call_id",
    "call_logs",
    "call_path",
    "log_details",
    "result",
    "duration",
    "caller_number",
    "caller_number_type",
    "charge",
    "deleted_time",
    "call_log_id",
    "call_log_ids",
    "delete_all",
    "message_id",
    "to_members",
    "fax_log_id",
    "message",
    "type",
    "data",
    "direction",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,12}".prop_map(|text| json!(text)),
        select(vec![
            "2026-11-22T10:00:00Z",
            "0000-00-00T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "-009999-01-01T00:00:00Z",
            "7_1",
            "_",
            "user",
            "callQueue",
            "call_queue",
            "zp-call-log-completed-event",
            "zp-sms-log-event",
            "outbound",
            "Call connected",
            "0",
            "+",
            "999999999999999999999",
        ])
        .prop_map(|text| json!(text)),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec(
                (prop_oneof![4 => select(KEYS.to_vec()).prop_map(str::to_owned), 1 => ".{0,6}"], inner),
                0..8
            )
            .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Reads, folds and looks.
fn survive(door: Door, body: &[u8]) {
    let reading = normalize::read(door, ACCOUNT, body);
    for (fact, _) in &reading.facts {
        assert!(!fact.names.is_empty());
        assert!(fact.names.is_sorted());
    }
    calls_of(&reading.facts);
}

/// The same JSON with one part of it replaced; `which` counts the parts.
fn replace(value: &mut Value, which: &mut usize, with: &Value) {
    if *which == 0 {
        *value = with.clone();
    }
    *which = which.wrapping_sub(1);
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, which, with)),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, which, with)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..super::config() })]

    #[test]
    fn any_json_under_any_known_event_is_survived(
        name in select(EVENTS.iter().map(|event| event.name).collect::<Vec<_>>()),
        object in anything(),
        event_ts in scalar(),
    ) {
        let said = json!({"event": name, "event_ts": event_ts, "payload": {"account_id": "A", "object": object}});
        survive(Door::Webhook, said.to_string().as_bytes());
    }

    #[test]
    fn any_json_is_survived_by_every_door(value in anything()) {
        for door in Door::ALL {
            survive(door, value.to_string().as_bytes());
            survive(Door::Import, json!({"door": door.as_str(), "row": value}).to_string().as_bytes());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..200)) {
        for door in Door::ALL {
            survive(door, &bytes);
        }
    }

    #[test]
    fn any_part_of_a_record_may_be_anything(which in 0_usize..60, with in anything()) {
        let fields = json!({"talk_time": 4, "hold_time": 1, "segment": 1, "node": 0, "press_key": "1"});
        let steps = [element("E1", 1, 0, 5, fields.clone()), element("E2", 1, 0, 5, fields)];
        for mut path in [path(&steps), path_of_v2(&steps)] {
            replace(&mut path, &mut which.clone(), &with);
            survive(Door::CallPath, path.to_string().as_bytes());
        }
        let mut said = elements("callee", 1, 9, &steps);
        replace(&mut said, &mut which.clone(), &with);
        survive(Door::Webhook, said.to_string().as_bytes());
        let mut told = Value::Object(row(0, 5, json!({"call_result": "answered"})));
        replace(&mut told, &mut (which % 16), &with);
        survive(Door::CallHistory, told.to_string().as_bytes());
    }
}
