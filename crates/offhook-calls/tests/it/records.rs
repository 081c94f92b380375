//! Records: elements and rows, before, after and instead of status events.

use offhook_calls::{
    Direction, Outcome, Side, Source, State,
    normalize::{self, Door, Problem},
};
use serde_json::{Value, json};

use crate::say::{
    CALL, call, callee, caller, customer, element, elements, facts, leg, moment, path, path_of_v2, row, time,
    user, voicemail,
};

fn answered(fields: &Value) -> Value {
    let mut told = element(
        "E1",
        1,
        1,
        81,
        json!({
            "result": "answered", "answer_time": time(8), "talk_time": 70, "hold_time": 3, "wait_time": 7
        }),
    );
    told.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    elements("callee", 1, 90, &[told])
}

#[test]
fn records_outrank_status_events_for_outcome_and_times() {
    let line = callee(&user(1), &customer(), 0);
    let status = [line.ringing(), line.answered(6), line.ended(6, 80)];
    let view = call(status.iter().chain([&answered(&json!({}))]));
    assert_eq!(
        (view.started_at, view.answered_at, view.ended_at),
        (Some(moment(1)), Some(moment(8)), Some(moment(81)))
    );
    assert_eq!((view.talk_seconds, view.hold_seconds), (Some(70), Some(3)));
    assert_eq!(leg(&view, 1).wait_seconds, Some(7));
    assert_eq!(leg(&view, 1).attempts, 1, "the record tells of the same ringing");
    for field in ["started_at", "answered_at", "ended_at", "result"] {
        assert_eq!(view.provenance[field], "element_event", "{field}");
    }
    let lost =
        answered(&json!({"result": "voicemail", "voicemail_id": "V9", "talk_time": 0, "answer_time": ""}));
    let view = call([&line.ringing(), &line.missed(20, "No Answer"), &lost]);
    assert_eq!((view.result, view.voicemail), (Some(Outcome::Voicemail), true));
}

#[test]
fn a_record_that_comes_before_its_status_events_gives_the_same_call() {
    let line = callee(&user(1), &customer(), 0);
    let status = [line.ringing(), line.answered(6), line.ended(6, 80)];
    let record = answered(&json!({}));
    let after = call(status.iter().chain([&record]));
    assert_eq!(call([&record].into_iter().chain(&status)), after);
    let early = call([&record, &status[0]]);
    assert_eq!(
        (early.state, early.result),
        (State::Ended, Some(Outcome::Answered)),
        "a late ringing opens nothing"
    );
}

#[test]
fn an_outbound_call_without_any_caller_event_is_known_from_its_record() {
    let told = element(
        "E1",
        1,
        0,
        68,
        json!({
            "event": "outgoing", "direction": "outbound", "result": "connected", "answer_time": time(8), "talk_time": 60,
            "caller_ext_id": "EXT1", "caller_ext_number": "1001", "caller_ext_type": "user", "caller_did_number": "",
            "caller_number_type": "", "callee_ext_id": "", "callee_ext_number": "", "callee_ext_type": "",
            "callee_did_number": "+14155550100", "callee_number_type": "external_pstn"
        }),
    );
    let view = call(&[elements("caller", 1, 90, &[told])]);
    assert_eq!(
        (view.direction, view.state, view.result),
        (Direction::Outbound, State::Ended, Some(Outcome::Answered))
    );
    let caller = leg(&view, 1);
    assert_eq!((caller.side, caller.party.user_id.as_deref()), (Side::Caller, Some("U1")));
    assert_eq!((view.talk_seconds, view.wait_seconds), (Some(60), Some(8)));
}

#[test]
fn talk_time_that_is_not_told_is_derived_and_marked() {
    let view = call(&[answered(&json!({"talk_time": null}))]);
    assert_eq!(view.talk_seconds, Some(81 - 8 - 3), "from answer to end, without hold");
    assert!(view.derived.contains(&"talk_seconds".to_owned()));
    assert!(!view.derived.contains(&"hold_seconds".to_owned()));
    assert!(!call(&[answered(&json!({}))]).derived.contains(&"talk_seconds".to_owned()));
}

#[test]
fn both_spellings_of_waiting_are_read() {
    for name in ["wait_time", "waiting_time"] {
        let mut told = element("E1", 1, 0, 81, json!({"result": "answered", "answer_time": time(8)}));
        told[name] = json!(12);
        let view = call(&[elements("callee", 1, 90, &[told])]);
        assert_eq!(leg(&view, 1).wait_seconds, Some(12), "{name}");
        assert!(!leg(&view, 1).derived.contains(&"wait_seconds".to_owned()));
    }
}

#[test]
fn durations_that_no_call_can_have_are_not_believed() {
    let view = call(&[answered(&json!({"talk_time": -5, "hold_time": i64::MAX}))]);
    assert_eq!((view.talk_seconds, view.hold_seconds), (Some(73), None));
}

#[test]
fn the_record_of_one_agent_does_not_speak_for_the_whole_call() {
    let b = callee(&user(1), &customer(), 0);
    let c = callee(&user(2), &customer(), 100);
    let status =
        [b.ringing(), b.answered(6), b.ended(6, 80), c.ringing(), c.answered(105), c.ended(105, 205)];
    let seconds =
        element("E2", 2, 100, 205, json!({"result": "answered", "answer_time": time(105), "talk_time": 100}));
    let view = call(status.iter().chain([&elements("callee", 2, 220, &[seconds])]));
    assert_eq!((view.started_at, view.answered_at), (Some(moment(0)), Some(moment(6))));
    let view = call(status.iter().chain([&answered(&json!({}))]));
    assert_eq!(view.ended_at, Some(moment(205)));
    let missed = element("E2", 1, 0, 20, json!({"event": "ring_to_member", "result": "ring_timeout"}));
    let d = callee(&user(3), &customer(), 20);
    let view = call(&[d.ringing(), d.answered(25), d.ended(25, 60), elements("callee", 1, 70, &[missed])]);
    assert_eq!(view.result, Some(Outcome::Answered), "one member's miss is not the call's");
}

#[test]
fn mirrored_steps_of_one_conversation_are_counted_once() {
    let step = |id: &str, event: &str, node: i64, result: &str, answer: i64| {
        element(
            id,
            1,
            0,
            80,
            json!({
                "event": event, "result": result, "segment": 3, "node": node, "answer_time": time(answer), "hold_time": 0
            }),
        )
    };
    let steps = [
        step("E1", "incoming", 0, "answered", 10),
        step("E2", "incoming", 1, "answered", 10),
        step("E3", "direct_transfer", 2, "connected", 0),
    ];
    let view = call(&[elements("callee", 1, 90, &steps)]);
    assert_eq!((view.legs.len(), leg(&view, 1).attempts), (1, 1));
    assert_eq!(view.talk_seconds, Some(70), "the step that sent the call here is not the conversation");
}

#[test]
fn an_element_that_begins_with_the_call_is_the_ringing_that_it_overlaps() {
    let line = callee(&user(1), &customer(), 30);
    let whole =
        element("E1", 1, 0, 90, json!({"result": "answered", "answer_time": time(36), "talk_time": 54}));
    let view =
        call(&[line.ringing(), line.answered(36), line.ended(36, 90), elements("callee", 1, 99, &[whole])]);
    assert_eq!((leg(&view, 1).attempts, view.talk_seconds), (1, Some(54)));
}

#[test]
fn a_row_alone_is_a_call() {
    let told = Value::Object(row(
        0,
        80,
        json!({
            "call_result": "answered", "answer_time": time(6), "recording_status": "recorded"
        }),
    ));
    let view = call(&[told]);
    assert_eq!(
        (view.direction, view.state, view.result),
        (Direction::Inbound, State::Ended, Some(Outcome::Answered))
    );
    assert_eq!(
        (view.started_at, view.answered_at, view.ended_at),
        (Some(moment(0)), Some(moment(6)), Some(moment(80)))
    );
    assert_eq!(view.recording.as_deref(), Some("ready"));
    assert_eq!((view.wait_seconds, view.talk_seconds), (Some(6), None), "a row has no talk time");
    assert_eq!(view.to.unwrap().extension_number.as_deref(), Some("1001"));
    assert_eq!(view.provenance["result"], "history_row");
    assert_eq!(view.timeline.len(), 0);
}

#[test]
fn a_row_with_the_names_of_v2_is_read_likewise() {
    let mut told = row(0, 80, json!({"call_result": "no_answer", "recording_status": "non_recorded"}));
    let id = told.shift_remove("call_history_uuid").unwrap();
    told.insert("id".into(), id);
    let view = call(&[Value::Object(told)]);
    assert_eq!((view.result, view.recording), (Some(Outcome::Missed), None));
    assert_eq!(view.provenance["result"], "v2");
    assert!(view.ids.iter().any(|id| id.kind == "call_history_uuid" && id.value == "H1"));
}

#[test]
fn both_generations_of_one_row_are_one_call() {
    let v3 = row(0, 80, json!({"call_result": "answered"}));
    let mut v2 = v3.clone();
    let id = v2.shift_remove("call_history_uuid").unwrap();
    v2.insert("id".into(), id);
    v2.shift_remove("call_id");
    let view = call(&[Value::Object(v2), Value::Object(v3)]);
    assert_eq!((view.result, view.id.as_str()), (Some(Outcome::Answered), CALL));
    assert_eq!(view.provenance["result"], "history_row");
}

#[test]
fn a_row_closes_what_status_events_left_open() {
    let line = callee(&user(1), &customer(), 0);
    let told = Value::Object(row(0, 80, json!({"call_result": "answered", "answer_time": time(6)})));
    let view = call([&line.ringing(), &line.answered(6), &told]);
    assert_eq!((view.state, leg(&view, 1).ended_at), (State::Ended, Some(moment(80))));
    assert_eq!((leg(&view, 1).outcome, view.talk_seconds), (Some(Outcome::Answered), Some(74)));
    assert!(leg(&view, 1).derived.contains(&"ended_at".to_owned()));
}

#[test]
fn a_row_of_an_earlier_part_does_not_close_a_line_that_began_later() {
    let later = callee(&user(2), &customer(), 100).on(&format!("{CALL}_1"));
    let told = Value::Object(row(0, 80, json!({"call_result": "answered"})));
    let view = call([&told, &later.ringing(), &later.answered(105)]);
    assert_eq!((view.state, view.result), (State::Talking, None));
}

#[test]
fn rows_of_one_call_in_several_parts_reach_from_first_to_last() {
    let first = Value::Object(row(0, 80, json!({"call_result": "answered", "answer_time": time(6)})));
    let second = Value::Object(row(
        80,
        200,
        json!({
            "call_history_uuid": "H2", "call_id": format!("{CALL}_1"), "call_result": "no_answer"
        }),
    ));
    let view = call([&first, &second]);
    assert_eq!((view.started_at, view.ended_at), (Some(moment(0)), Some(moment(200))));
    assert_eq!(view.result, Some(Outcome::Answered));
}

#[test]
fn a_row_decides_but_a_code_that_nobody_knows_does_not() {
    let line = callee(&user(1), &customer(), 0);
    let status = [line.ringing(), line.missed(20, "No Answer")];
    let with_result = |result: &str| Value::Object(row(0, 20, json!({"call_result": result})));
    let result = |word: &str| call(status.iter().chain([&with_result(word)])).result;
    assert_eq!(result("rejected"), Some(Outcome::Rejected));
    assert_eq!(result("canceled"), Some(Outcome::Missed), "a caller who gives up at a person's phone");
    assert_eq!(result("teleported"), Some(Outcome::Missed), "what the phones told still holds");
    assert_eq!(call(&[with_result("teleported")]).result, Some(Outcome::Unknown));
}

#[test]
fn an_abandoned_row_in_a_queue_is_told_and_not_derived() {
    let line = callee(&user(1), &customer(), 0).via(&crate::say::sales());
    let told = Value::Object(row(0, 20, json!({"call_result": "abandoned"})));
    let view = call([&line.ringing(), &line.missed(20, "No Answer"), &told]);
    assert_eq!(view.result, Some(Outcome::Abandoned));
    assert!(!view.derived.contains(&"result".to_owned()));
}

#[test]
fn an_internal_record_is_internal_whatever_direction_it_says() {
    let told = Value::Object(row(
        0,
        20,
        json!({
            "connect_type": "internal", "direction": "outbound", "caller_ext_id": "EXT9", "caller_ext_type": "user",
            "caller_did_number": "", "caller_number_type": "", "call_result": "connected"
        }),
    ));
    assert_eq!(call(&[told]).direction, Direction::Internal);
}

#[test]
fn a_callers_line_that_ends_in_a_mailbox_is_a_voicemail() {
    let a = caller(&user(2), &user(1), 0);
    let b = callee(&user(1), &user(2), 0);
    let told = [a.ringing(), b.ringing(), b.missed(20, "No Answer"), a.gave_up(45, "Voicemail")];
    assert_eq!(call(&told).result, Some(Outcome::Voicemail));
    assert_eq!(call(told.iter().chain([&voicemail(45, 1)])).result, Some(Outcome::Voicemail));
}

#[test]
fn a_leg_of_v2_is_an_element_under_other_names() {
    let mut leg =
        element("E1", 1, 1, 81, json!({"result": "answered", "answer_time": time(8), "talk_time": 70}));
    let fields = leg.as_object_mut().unwrap();
    let (id, path) = (fields.shift_remove("call_element_id"), fields.shift_remove("call_history_uuid"));
    fields.extend([("id".to_owned(), id.unwrap()), ("call_path_id".to_owned(), path.unwrap())]);
    let old =
        crate::say::event("callee_call_history_completed", 90, json!({"user_id": "U1", "call_logs": [leg]}));
    let view = call([&old]);
    assert_eq!((view.result, view.talk_seconds), (Some(Outcome::Answered), Some(70)));
    assert_eq!(view.provenance["result"], "v2");
    let same = call([&old, &answered(&json!({"talk_time": 69}))]);
    assert_eq!((same.elements.len(), same.talk_seconds), (1, Some(69)), "v3 is believed before v2");
}

#[test]
fn a_hold_that_events_showed_and_the_record_tells_is_told() {
    let line = callee(&user(1), &customer(), 0);
    let status =
        [line.ringing(), line.answered(6), line.does("hold", 20), line.does("unhold", 25), line.ended(6, 80)];
    let before = call(&status);
    assert_eq!(before.hold_seconds, Some(5));
    assert!(before.derived.contains(&"hold_seconds".to_owned()));
    let after = call(status.iter().chain([&answered(&json!({}))]));
    assert_eq!(after.hold_seconds, Some(3));
    assert!(!after.derived.contains(&"hold_seconds".to_owned()));
}

#[test]
fn a_mailbox_that_picks_up_is_nobody_answering() {
    let taken = json!({"result": "voicemail", "answer_time": time(20), "voicemail_id": "V1", "talk_time": 0});
    let view = call(&[elements("callee", 1, 90, &[element("E1", 1, 0, 60, taken)])]);
    assert_eq!((view.result, view.answered_at), (Some(Outcome::Voicemail), None));
}

/// A queued call's record: the menu's step and the key pressed in it, the queue, and the member who answered,
/// whose step is there once for each party.
fn whole_record() -> [Value; 5] {
    let receptionist = json!({
        "callee_ext_type": "auto_receptionist", "callee_ext_id": "EXTM", "callee_ext_number": "700",
        "callee_name": "Menu", "result": "succeeded", "segment": 1, "node": 1, "is_node": 1
    });
    let key = json!({
        "event": "", "operator_ext_type": "auto_receptionist", "operator_ext_id": "EXTM", "press_key": "2",
        "result": "answered", "answer_time": time(2), "segment": 1, "node": 0, "is_node": 0
    });
    let queue = json!({
        "event": "forward", "callee_ext_type": "call_queue", "callee_ext_id": "EXTQ", "callee_ext_number": "800",
        "callee_name": "Sales", "result": "succeeded", "segment": 2, "node": 1, "is_node": 1
    });
    let member = |node: i64| {
        json!({
            "event": "ring_to_member", "result": "answered", "answer_time": time(12), "waiting_time": 4,
            "hold_time": 3, "segment": 3, "node": node, "is_node": node
        })
    };
    [
        element("E1", 7, 0, 5, receptionist),
        element("E2", 2, 0, 5, key),
        element("E3", 8, 5, 8, queue),
        element("E4", 1, 8, 80, member(1)),
        element("E5", 1, 8, 80, member(0)),
    ]
}

#[test]
fn every_step_of_a_path_names_the_call_and_the_record_as_a_whole() {
    for (told, source) in
        [(path(&whole_record()), Source::ElementRest), (path_of_v2(&whole_record()), Source::V2)]
    {
        let facts = facts(&told);
        assert_eq!(facts.len(), 5);
        for (fact, _) in &facts {
            let names: Vec<_> = fact.names.iter().map(|name| name.kind.as_str()).collect();
            assert_eq!(fact.source, source);
            for kind in ["call_id", "call_history_uuid", "call_element_id"] {
                assert!(names.contains(&kind), "{kind} in {names:?}");
            }
        }
        let view = call(&[told]);
        assert_eq!((view.elements.len(), view.state), (5, State::Ended));
        let key = view.elements.iter().find(|step| step.id == "E2").unwrap();
        assert_eq!(key.press_key.as_deref(), Some("2"));
        assert_eq!(view.queue.unwrap().name.as_deref(), Some("Sales"));
    }
}

#[test]
fn where_a_path_has_both_arrays_the_new_one_is_read_and_an_empty_one_does_not_count() {
    let mut both = path(&whole_record());
    both["call_path"] = path_of_v2(&whole_record())["call_path"].clone();
    assert_eq!(facts(&both), facts(&path(&whole_record())));
    both["call_elements"] = json!([]);
    assert_eq!(facts(&both), facts(&path_of_v2(&whole_record())));
    let read = |told: &Value| normalize::read(Door::CallPath, "A", told.to_string().as_bytes());
    let nothing = read(&path(&[]));
    assert!(nothing.facts.is_empty());
    assert_eq!(nothing.problem, Some(Problem::Nameless));
    let one = read(&json!({"id": "H1", "call_elements": [7, {"call_id": "1"}, {"call_element_id": "E1"}]}));
    assert_eq!((one.facts.len(), one.problem), (1, Some(Problem::Nameless)));
}

#[test]
fn mirrored_steps_of_a_path_are_one_conversation_in_every_total() {
    let view = call(&[path(&whole_record())]);
    assert_eq!((view.legs.len(), leg(&view, 1).attempts), (1, 1), "who only pressed a key is no leg");
    let totals = (view.wait_seconds, view.talk_seconds, view.hold_seconds);
    assert_eq!(totals, (Some(12), Some(80 - 12 - 3), Some(3)));
    assert_eq!((view.result, view.answered_at), (Some(Outcome::Answered), Some(moment(12))));
    assert_eq!(leg(&view, 1).wait_seconds, Some(4));
}

#[test]
fn a_path_after_events_of_the_same_steps_adds_steps_and_no_seconds() {
    let mut told = whole_record()[3].clone();
    told["talk_time"] = json!(64);
    let line = callee(&user(1), &customer(), 8);
    let status = [line.ringing(), line.answered(12), line.ended(12, 80), elements("callee", 1, 90, &[told])];
    let before = call(&status);
    let after = call(status.iter().chain([&path(&whole_record())]));
    assert_eq!((before.elements.len(), after.elements.len()), (1, 5));
    assert_eq!((after.legs.len(), leg(&after, 1).attempts), (1, 1));
    assert_eq!(
        (after.talk_seconds, after.hold_seconds),
        (Some(64), Some(3)),
        "who knows the talk time is believed"
    );
    let lines = after.timeline.iter().filter(|entry| entry.what.starts_with("record_")).count();
    assert_eq!(lines, 5, "each step is one line of the story");
}

#[test]
fn a_key_pressed_in_a_menu_answers_nothing() {
    let key = json!({
        "event": "", "operator_ext_type": "auto_receptionist", "press_key": "2", "result": "answered",
        "callee_ext_type": "", "callee_ext_id": "", "callee_number_type": "external_pstn", "is_node": 0
    });
    let gone = json!({"callee_ext_type": "auto_receptionist", "result": "hang_up", "is_node": 1});
    let view = call(&[path(&[element("E1", 7, 0, 9, gone), element("E2", 2, 0, 9, key)])]);
    assert_ne!(view.result, Some(Outcome::Answered));
    assert_eq!(view.legs.len(), 0);
}
