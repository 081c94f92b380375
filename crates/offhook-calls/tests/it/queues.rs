//! Calls to queues: ring-all, rounds, abandons, overflow.

use offhook_calls::{Direction, Outcome, PartyKind, QueueOutcome, State};
use serde_json::json;

use crate::say::{
    Line, call, callee, caller, customer, element, elements, leg, moment, path, queue, row, sales, time,
    user, voicemail,
};

fn member(n: usize, ring: i64) -> Line {
    callee(&user(n), &customer(), ring).via(&sales())
}

#[test]
fn ring_all_losers_missed_nothing_by_status_alone() {
    let (a, b, c) = (member(1, 0), member(2, 0), member(3, 0));
    let mut events = vec![a.ringing(), b.ringing(), c.ringing()];
    assert_eq!(call(&events).state, State::Ringing);
    events.extend([b.answered(7), a.missed(7, "Call Cancel"), c.missed(8, "No Answer")]);
    let view = call(&events);
    assert_eq!((view.state, view.state_since), (State::Talking, Some(moment(7))));
    for loser in [1, 3] {
        assert_eq!(leg(&view, loser).outcome, Some(Outcome::AnsweredElsewhere));
        assert!(leg(&view, loser).derived.contains(&"outcome".to_owned()), "nobody told so");
    }
    events.push(b.ended(7, 67));
    let view = call(&events);
    assert_eq!((view.result, view.talk_seconds), (Some(Outcome::Answered), Some(60)));
    let queue = view.queue.unwrap();
    assert_eq!((queue.name.as_deref(), queue.extension_number.as_deref()), (Some("Sales"), Some("800")));
    assert_eq!(view.to.unwrap().kind, PartyKind::CallQueue, "the customer called the queue");
}

#[test]
fn losers_who_are_never_told_stop_ringing_with_the_answer() {
    let (a, b) = (member(1, 0), member(2, 0));
    let view = call(&[a.ringing(), b.ringing(), b.answered(7)]);
    assert_eq!((leg(&view, 1).state, leg(&view, 1).ended_at), (State::Ended, Some(moment(7))));
    assert_eq!(leg(&view, 1).outcome, Some(Outcome::AnsweredElsewhere));
    let view = call(&[a.ringing(), b.ringing(), b.answered(7), b.ended(7, 67)]);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Answered)));
}

#[test]
fn a_reason_with_space_behind_it_tells_that_somebody_else_answered() {
    let lost = element(
        "E1",
        1,
        0,
        7,
        json!({
            "event": "ring_to_member", "result": "no_answer", "result_reason": "answered_by_other ",
            "operator_ext_type": "call_queue", "operator_ext_number": "800", "operator_name": "Sales"
        }),
    );
    let view = call(&[elements("callee", 1, 90, &[lost])]);
    let loser = leg(&view, 1);
    assert_eq!(loser.outcome, Some(Outcome::AnsweredElsewhere));
    assert!(!loser.derived.contains(&"outcome".to_owned()), "the record told so");
    assert_eq!(view.result, Some(Outcome::Answered), "by somebody of whom nothing was heard");
    assert!(view.derived.contains(&"result".to_owned()));
    assert_eq!(view.queue.unwrap().extension_number.as_deref(), Some("800"));
    assert_eq!(view.to.unwrap().kind, PartyKind::CallQueue);
}

#[test]
fn a_missed_turn_before_somebody_else_answers_stays_missed() {
    let (a, b) = (member(1, 0), member(2, 20));
    let view = call(&[a.ringing(), a.missed(20, "No Answer"), b.ringing(), b.answered(30), b.ended(30, 60)]);
    assert_eq!(leg(&view, 1).outcome, Some(Outcome::Missed));
    assert_eq!(view.result, Some(Outcome::Answered));
}

#[test]
fn a_caller_who_gives_up_in_the_queue_abandons() {
    let (a, b) = (member(1, 0), member(2, 0));
    let view = call(&[a.ringing(), b.ringing(), a.missed(25, "Call Cancel"), b.missed(25, "Call Cancel")]);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Abandoned)));
    assert!(view.derived.contains(&"result".to_owned()));
    assert_eq!((view.wait_seconds, view.talk_seconds, view.answered_at), (Some(25), None, None));
}

#[test]
fn between_rounds_the_caller_waits_and_that_is_inferred() {
    let a = member(1, 0);
    let mut events = vec![a.ringing(), a.missed(20, "No Answer")];
    let view = call(&events);
    assert_eq!((view.state, view.state_since, view.result), (State::Waiting, Some(moment(20)), None));
    assert!(view.derived.contains(&"state".to_owned()));
    let b = member(2, 30);
    events.push(b.ringing());
    assert_eq!(call(&events).state, State::Ringing);
    events.push(b.missed(50, "Call Cancel"));
    let view = call(&events);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Abandoned)));
}

#[test]
fn a_phone_stopped_in_an_earlier_round_does_not_mean_that_the_caller_left() {
    let (a, b) = (member(1, 0), member(2, 30));
    let view = call(&[a.ringing(), a.missed(20, "Call Cancel"), b.ringing(), b.missed(50, "No Answer")]);
    assert_eq!(view.state, State::Waiting);
}

#[test]
fn a_caller_on_the_account_waits_in_the_queue_until_heard_to_leave() {
    let a = caller(&user(9), &sales(), 0);
    let b = callee(&user(1), &user(9), 2).via(&sales());
    let mut events = vec![a.ringing(), a.answered(1), b.ringing()];
    assert_eq!(call(&events).state, State::Ringing, "a greeting is no conversation");
    events.push(b.missed(20, "No Answer"));
    let view = call(&events);
    assert_eq!((view.state, view.direction), (State::Waiting, Direction::Internal));
    events.push(a.ended(1, 40));
    let view = call(&events);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Abandoned)));
}

#[test]
fn a_member_rung_twice_is_one_leg_with_two_attempts() {
    let (first, second) = (member(1, 0), member(1, 40));
    let view = call(&[
        first.ringing(),
        first.missed(20, "No Answer"),
        second.ringing(),
        second.answered(45),
        second.ended(45, 105),
    ]);
    let one = leg(&view, 1);
    assert_eq!(view.legs.len(), 1);
    assert_eq!((one.attempts, one.outcome), (2, Some(Outcome::Answered)));
    assert_eq!((one.wait_seconds, one.talk_seconds), (Some(25), Some(60)));
    assert_eq!((one.started_at, one.answered_at), (Some(moment(0)), Some(moment(45))));
    assert_eq!(view.wait_seconds, Some(45));
}

#[test]
fn overflow_to_another_queue_shows_the_queue_it_is_in_now() {
    let support = queue(801, "Support");
    let (a, b) = (member(1, 0), callee(&user(2), &customer(), 30).via(&support));
    let view = call(&[a.ringing(), a.missed(20, "No Answer"), b.ringing(), b.answered(35)]);
    assert_eq!(view.queue.as_ref().unwrap().name.as_deref(), Some("Support"));
    assert_eq!(leg(&view, 1).queue.as_ref().unwrap().name.as_deref(), Some("Sales"));
    // A record of the first queue that comes early does not move the caller back.
    let early = element(
        "E1",
        1,
        0,
        20,
        json!({
            "event": "ring_to_member", "result": "ring_timeout", "operator_ext_type": "call_queue",
            "operator_ext_number": "800", "operator_ext_id": "Q800"
        }),
    );
    let view = call(&[
        a.ringing(),
        a.missed(20, "No Answer"),
        b.ringing(),
        b.answered(35),
        elements("callee", 1, 22, &[early]),
    ]);
    assert_eq!(view.queue.unwrap().name.as_deref(), Some("Support"));
    assert_eq!(view.state, State::Talking);
}

#[test]
fn what_the_queues_steps_say_tells_how_it_ended() {
    let step = |id: &str, number: &str, start, end, event: &str, result: &str| {
        element(
            id,
            1,
            start,
            end,
            json!({
                "event": event, "result": result, "callee_ext_type": "call_queue", "callee_ext_id": format!("Q{number}"),
                "callee_ext_number": number, "callee_name": "Queue"
            }),
        )
    };
    let a = member(1, 0);
    let status = [a.ringing(), a.missed(20, "No Answer")];
    let overflowed = step("E1", "800", 0, 20, "incoming", "overflowed");
    let abandoned = step("E2", "801", 20, 44, "overflow", "abandoned");
    let view = call(status.iter().chain([&elements("callee", 1, 90, std::slice::from_ref(&overflowed))]));
    assert_eq!(view.result, Some(Outcome::Overflowed), "where to, nobody knows");
    let view = call(status.iter().chain([&elements("callee", 1, 90, &[overflowed.clone(), abandoned])]));
    assert_eq!((view.result, view.ended_at), (Some(Outcome::Abandoned), Some(moment(44))));
    assert_eq!(view.queue.unwrap().extension_number.as_deref(), Some("801"));
    let view = call(status.iter().chain([&elements("callee", 1, 90, &[overflowed]), &voicemail(60, 1)]));
    assert_eq!(view.result, Some(Outcome::Voicemail));
}

#[test]
fn a_queue_that_took_the_call_has_not_answered_it() {
    let taken = element(
        "E1",
        1,
        0,
        30,
        json!({
            "event": "incoming", "result": "answered", "callee_ext_type": "call_queue", "callee_ext_id": "Q800",
            "callee_ext_number": "800", "answer_time": crate::say::time(0)
        }),
    );
    let rung = element("E2", 1, 5, 30, json!({"event": "ring_to_member", "result": "canceled"}));
    let view = call(&[elements("callee", 1, 60, &[taken, rung])]);
    assert_eq!((view.result, view.answered_at), (Some(Outcome::Abandoned), None));
    assert_eq!(view.legs.len(), 1, "the queue is nobody's leg");
}

#[test]
fn an_event_about_all_members_does_not_make_them_one_person() {
    let rung =
        |id: &str, n| element(id, n, 0, 7, json!({"event": "ring_to_member", "result": "ring_timeout"}));
    let view = call(&[elements("callee", 1, 60, &[rung("E1", 1), rung("E2", 2), rung("E3", 3)])]);
    assert_eq!(view.legs.len(), 3);
}

#[test]
fn a_ringing_that_was_never_ended_ends_with_the_next_one() {
    let (first, second) = (member(1, 0), member(1, 40));
    let view = call(&[first.ringing(), second.ringing(), second.answered(45), second.ended(45, 105)]);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Answered)));
    assert_eq!((leg(&view, 1).attempts, leg(&view, 1).wait_seconds), (2, Some(45)));
    let view = call(&[first.ringing(), second.ringing(), second.missed(60, "No Answer")]);
    assert_eq!((view.state, leg(&view, 1).outcome), (State::Waiting, Some(Outcome::Missed)));
}

#[test]
fn an_answer_long_before_a_phone_stopped_does_not_explain_it() {
    let (a, b) = (member(1, 0), member(2, 0));
    let view = call(&[a.ringing(), b.ringing(), b.answered(10), a.missed(30, "No Answer"), b.ended(10, 60)]);
    assert_eq!(leg(&view, 1).outcome, Some(Outcome::Missed));
}

#[test]
fn a_call_that_a_queue_sent_on_was_made_to_the_queue() {
    let line = member(1, 20);
    let record =
        element("E2", 1, 20, 60, json!({"event": "overflow", "result": "answered", "answer_time": time(30)}));
    let view =
        call(&[line.ringing(), line.answered(30), line.ended(30, 60), elements("callee", 1, 90, &[record])]);
    let to = view.to.unwrap();
    assert_eq!((to.kind, to.name.as_deref()), (PartyKind::CallQueue, Some("Sales")));
}

#[test]
fn the_story_names_people_whom_an_event_names_by_extension_only() {
    let (full, bare) = (user(1), json!({"extension_number": 1001, "extension_type": "user"}));
    let told = callee(&full, &customer(), 0).ringing();
    let view = call(&[told, callee(&bare, &customer(), 0).missed(20, "No Answer")]);
    let names: Vec<_> =
        view.timeline.iter().map(|entry| entry.who.as_ref().and_then(|who| who.name.clone())).collect();
    assert_eq!(names, [Some("User 1".to_owned()), Some("User 1".to_owned())]);
}

#[test]
fn a_caller_named_by_the_number_has_no_name() {
    let record = element("E1", 1, 0, 20, json!({"result": "no_answer", "caller_name": "+14155550100"}));
    let from = call(&[elements("callee", 1, 90, &[record])]).from.unwrap();
    assert_eq!((from.name, from.number.as_deref()), (None, Some("+14155550100")));
}

#[test]
fn a_colleague_who_waits_in_a_queue_is_in_it_though_no_phone_rings() {
    let line = caller(&user(1), &sales(), 0);
    let waiting = call(&[line.ringing(), line.answered(1)]);
    assert_eq!(waiting.queues.len(), 1);
    assert_eq!(waiting.queues[0].outcome, QueueOutcome::InProgress);
    assert_eq!((waiting.queues[0].entered_at, waiting.queues[0].left_at), (Some(moment(0)), None));
    let gone = call(&[line.ringing(), line.answered(1), line.ended(1, 40)]);
    assert_eq!(gone.queues[0].outcome, QueueOutcome::Abandoned);
    assert_eq!((gone.queues[0].left_at, gone.queues[0].wait_seconds), (Some(moment(40)), Some(40)));
    let member = callee(&user(2), &user(1), 10).via(&sales());
    let taken = call(&[line.ringing(), line.answered(1), member.ringing(), member.answered(15)]);
    assert_eq!(taken.queues.len(), 1);
    assert_eq!(taken.queues[0].outcome, QueueOutcome::Answered);
    assert_eq!((taken.queues[0].entered_at, taken.queues[0].wait_seconds), (Some(moment(0)), Some(15)));
}

/// A queue's own step.
fn stay(id: &str, number: u32, start: i64, end: i64, mut fields: serde_json::Value) -> serde_json::Value {
    let mut step = element(
        id,
        1,
        start,
        end,
        json!({
            "callee_ext_type": "call_queue", "callee_ext_id": format!("Q{number}"),
            "callee_ext_number": number.to_string(), "segment": start, "node": 1, "is_node": 1
        }),
    );
    step.as_object_mut().unwrap().append(fields.as_object_mut().unwrap());
    step
}

#[test]
fn a_call_that_overflows_is_in_two_queues_one_after_the_other_and_each_stay_ends_once() {
    let view = call(&[path(&[
        stay("E1", 800, 0, 30, json!({"event": "incoming", "result": "overflowed"})),
        stay("E2", 801, 30, 55, json!({"event": "overflow", "result": "abandoned"})),
    ])]);
    let stays: Vec<_> = view
        .queues
        .iter()
        .map(|stay| {
            (stay.queue.extension_number.as_deref(), stay.via.as_deref(), stay.outcome, stay.wait_seconds)
        })
        .collect();
    assert_eq!(
        stays,
        [
            (Some("800"), Some("incoming"), QueueOutcome::OverflowedOut, Some(30)),
            (Some("801"), Some("overflow"), QueueOutcome::Abandoned, Some(25)),
        ]
    );
    assert!(view.queues.iter().all(|stay| !stay.derived));
}

#[test]
fn a_queue_that_sends_the_caller_to_its_own_mailbox_was_entered_once() {
    let first = stay("E1", 800, 0, 30, json!({"event": "incoming", "result": "overflowed"}));
    let mailbox = |fields| stay("E2", 800, 30, 50, fields);
    let message = json!({"event": "overflow", "result": "voicemail", "voicemail_id": "V1"});
    let left = call(&[path(&[first.clone(), mailbox(message)])]);
    assert_eq!(left.queues.len(), 1);
    assert_eq!((left.queues[0].outcome, left.queues[0].left_at), (QueueOutcome::Voicemail, Some(moment(30))));
    let nothing =
        call(&[path(&[first.clone(), mailbox(json!({"event": "overflow", "result": "no_answer"}))])]);
    assert_eq!((nothing.queues.len(), nothing.queues[0].outcome), (1, QueueOutcome::TimedOut));
    let again = call(&[path(&[first, mailbox(json!({"event": "overflow", "result": "abandoned"}))])]);
    assert_eq!(again.queues.len(), 2, "sent to itself, it was entered again");
}

#[test]
fn a_row_alone_tells_of_the_stay_and_how_it_ended() {
    let fields = json!({
        "callee_ext_type": "call_queue", "callee_ext_id": "Q800", "callee_ext_number": "800", "call_result": "abandoned"
    });
    let view = call(&[serde_json::Value::Object(row(0, 42, fields))]);
    assert_eq!(view.queues.len(), 1);
    let stay = &view.queues[0];
    assert_eq!((stay.outcome, stay.wait_seconds, stay.derived), (QueueOutcome::Abandoned, Some(42), true));
}
