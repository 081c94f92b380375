//! Calls that change hands: blind and warm transfer, park, conference.

use offhook_calls::{Direction, Outcome, State};
use serde_json::{Value, json};

use crate::say::{
    CALL, call, callee, caller, customer, element, elements, leg, moment, time, transfer, user, views, with,
};

const CONSULT: &str = "7018317023722949999";

/// User 1 takes the customer's call and sends it to user 2, who has it under a suffixed id.
fn blind() -> Vec<Value> {
    let b = callee(&user(1), &customer(), 0);
    let c = callee(&user(2), &customer(), 33).on(&format!("{CALL}_1"));
    vec![
        b.ringing(),
        b.answered(5),
        transfer("blind_transfer_initiated", 1, 30, json!({})),
        b.ended(5, 31),
        c.ringing(),
        c.answered(38),
        transfer("transfer_recipient_updated", 1, 38, json!({"recipient": user(2)})),
        c.ended(38, 98),
    ]
}

#[test]
fn a_blind_transfer_is_one_call_that_is_transferring_until_the_recipient_rings() {
    let events = blind();
    let states: Vec<State> = (1..=events.len()).map(|n| call(&events[..n]).state).collect();
    assert_eq!(
        states,
        [
            State::Ringing,
            State::Talking,
            State::Talking,
            State::Transferring,
            State::Ringing,
            State::Talking,
            State::Talking,
            State::Ended
        ]
    );
    let sent = call(&events[..4]);
    assert_eq!((sent.state_since, sent.result), (Some(moment(30)), None));
    assert!(sent.derived.contains(&"state".to_owned()));
    let view = call(&events);
    assert_eq!(view.id, CALL, "the id without suffix is preferred");
    assert_eq!((view.direction, view.result), (Direction::Inbound, Some(Outcome::Answered)));
    assert_eq!(view.talk_seconds, Some(26 + 60));
    assert_eq!(view.to.unwrap().user_id.as_deref(), Some("U1"), "who was called first");
}

#[test]
fn a_transfer_that_failed_changes_nothing() {
    let b = callee(&user(1), &customer(), 0);
    let failed = transfer("blind_transfer_initiated", 1, 30, json!({"failure_reason": "not allowed"}));
    let view = call(&[b.ringing(), b.answered(5), failed.clone()]);
    assert_eq!(view.state, State::Talking);
    let view = call(&[b.ringing(), b.answered(5), failed, b.ended(5, 40)]);
    assert_eq!(view.state, State::Ended);
}

#[test]
fn an_outbound_call_sent_on_is_still_outbound_and_goes_on() {
    let a = caller(&user(1), &customer(), 0);
    let mut events = vec![
        a.ringing(),
        a.answered(5),
        transfer("blind_transfer_initiated", 1, 30, json!({})),
        a.ended(5, 31),
    ];
    assert_eq!(call(&events).state, State::Transferring);
    let c = callee(&user(2), &customer(), 33);
    events.extend([c.ringing(), c.answered(35), c.ended(35, 95)]);
    let view = call(&events);
    assert_eq!((view.direction, view.result), (Direction::Outbound, Some(Outcome::Answered)));
    assert_eq!(view.talk_seconds, Some(26 + 60), "both conversations with the customer");
}

#[test]
fn an_internal_callers_open_line_does_not_hide_that_the_call_was_sent_on() {
    let a = caller(&user(9), &user(1), 0);
    let b = callee(&user(1), &user(9), 0);
    let view = call(&[
        a.ringing(),
        b.ringing(),
        b.answered(5),
        a.answered(5),
        transfer("blind_transfer_initiated", 1, 30, json!({})),
        b.ended(5, 31),
    ]);
    assert_eq!(view.state, State::Transferring);
}

/// User 1 takes the customer's call, asks user 2, and hands it over.
fn warm() -> Vec<Value> {
    let b = callee(&user(1), &customer(), 0);
    let asks = caller(&user(1), &user(2), 40).on(CONSULT);
    let c = callee(&user(2), &user(1), 40).on(CONSULT);
    vec![
        b.ringing(),
        b.answered(5),
        b.does("hold", 39),
        transfer("warm_transfer_initiated", 1, 40, json!({"transfer_call_id": CONSULT})),
        asks.ringing(),
        c.ringing(),
        c.answered(45),
        asks.answered(45),
        transfer("warm_transfer_completed", 1, 60, json!({})),
        asks.ended(45, 60),
        b.ended(5, 60),
        c.ended(45, 120),
    ]
}

#[test]
fn a_warm_transfer_is_one_call_consulting_then_talking() {
    let events = warm();
    assert_eq!(call(&events[..4]).state, State::Consulting);
    let consulting = call(&events[..8]);
    assert_eq!((consulting.state, consulting.state_since), (State::Consulting, Some(moment(40))));
    assert_eq!(consulting.direction, Direction::Inbound, "the consultation is not the call");
    assert_eq!(call(&events[..11]).state, State::Talking);
    let view = call(&events);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Answered)));
    assert_eq!(view.id, CALL.min(CONSULT));
    // User 1: 55 s on the line of which 21 s held. User 2: 75 s, the consultation included.
    assert_eq!(leg(&view, 1).talk_seconds, Some(34));
    assert_eq!((view.talk_seconds, view.hold_seconds), (Some(34 + 75), Some(21)));
    assert_eq!(view.started_at, Some(moment(0)));
    assert!(view.from.unwrap().number.is_some(), "the customer called, not user 1");
}

#[test]
fn a_consultation_joins_two_calls_whichever_is_heard_of_first() {
    let events = warm();
    let link = 3;
    let apart: Vec<&Value> = events.iter().enumerate().filter(|(i, _)| *i != link).map(|(_, e)| e).collect();
    assert_eq!(views(apart.iter().copied()).len(), 2, "without the link they are two");
    let whole = call(&events);
    for position in 0..=apart.len() {
        let mut told = apart.clone();
        told.insert(position, &events[link]);
        assert_eq!(call(told), whole);
    }
}

#[test]
fn a_consultation_that_is_cancelled_goes_back_to_the_caller() {
    let mut events = warm();
    events.truncate(8);
    let b = callee(&user(1), &customer(), 0);
    let asks = caller(&user(1), &user(2), 40).on(CONSULT);
    let c = callee(&user(2), &user(1), 40).on(CONSULT);
    events.extend([
        transfer("warm_transfer_cancelled", 1, 60, json!({})),
        c.ended(45, 60),
        asks.ended(45, 60),
        b.does("unhold", 61),
    ]);
    let view = call(&events);
    assert_eq!((view.state, view.state_since), (State::Talking, Some(moment(61))));
}

#[test]
fn who_calls_out_and_then_consults_is_on_two_lines_that_do_not_mix() {
    let a = caller(&user(1), &customer(), 0);
    let asks = caller(&user(1), &user(2), 40).on(CONSULT);
    let c = callee(&user(2), &user(1), 40).on(CONSULT);
    let events = [
        a.ringing(),
        a.answered(5),
        a.does("hold", 39),
        transfer("warm_transfer_initiated", 1, 40, json!({"transfer_call_id": CONSULT})),
        asks.ringing(),
        c.ringing(),
        c.answered(42),
        asks.answered(42),
        transfer("warm_transfer_cancelled", 1, 52, json!({})),
        c.ended(42, 52),
        asks.ended(42, 52),
        a.does("unhold", 54),
        a.ended(5, 64),
    ];
    assert_eq!(call(&events[..8]).state, State::Consulting);
    assert_eq!(call(&events[..11]).state, State::Held, "back on the first line, not yet resumed");
    let view = call(&events);
    assert_eq!((view.direction, view.result), (Direction::Outbound, Some(Outcome::Answered)));
    assert_eq!(view.hold_seconds, Some(15));
    assert_eq!(view.talk_seconds, Some(59 - 15 + 10), "with the customer, and the consultation once");
}

#[test]
fn the_consolidated_record_of_a_warm_transfer_adds_no_leg_and_no_talk() {
    let outgoing = element(
        "E2",
        2,
        40,
        60,
        json!({
            "event": "warm_transfer_outgoing", "result": "connected", "caller_ext_id": "EXT1", "direction": "outbound",
            "caller_ext_number": "1001", "caller_ext_type": "user", "caller_did_number": "", "connect_type": "internal",
            "caller_number_type": "", "answer_time": time(45), "talk_time": 15
        }),
    );
    let incoming = element(
        "E3",
        2,
        40,
        120,
        json!({
            "event": "warm_transfer_incoming", "result": "answered", "answer_time": time(45), "talk_time": 75
        }),
    );
    let main = element(
        "E1",
        1,
        0,
        60,
        json!({
            "result": "answered", "answer_time": time(5), "talk_time": 34, "hold_time": 21, "wait_time": 5
        }),
    );
    let status = warm();
    let before = call(&status);
    let records = [
        elements("callee", 1, 130, &[main]),
        elements("caller", 1, 130, &[outgoing]),
        elements("callee", 2, 130, &[incoming]),
    ];
    let after = call(status.iter().chain(&records));
    assert_eq!(after.legs.len(), before.legs.len());
    assert_eq!((after.talk_seconds, after.hold_seconds), (Some(109), Some(21)));
    assert_eq!((after.direction, after.result), (Direction::Inbound, Some(Outcome::Answered)));
    assert!(!after.derived.contains(&"talk_seconds".to_owned()), "all of it was told");
    // The receiving agent's record alone, ahead of the others, does not turn the call into an internal one.
    let early = call(status.iter().chain(&records[1..2]));
    assert_eq!((early.direction, early.started_at), (Direction::Inbound, Some(moment(0))));
}

#[test]
fn a_parked_call_stays_parked_when_the_line_closes_until_somebody_picks_up() {
    let b = callee(&user(1), &customer(), 0);
    let parked = with(b.does("parked", 30), json!({"park_code": "*8001"}));
    let mut events = vec![b.ringing(), b.answered(5), parked];
    assert_eq!(call(&events).state, State::Parked);
    events.push(b.ended(5, 31));
    let view = call(&events);
    assert_eq!((view.state, view.state_since, view.result), (State::Parked, Some(moment(30)), None));
    let c = callee(&user(2), &customer(), 50);
    events.extend([c.ringing(), c.answered(51)]);
    assert_eq!(call(&events).state, State::Talking);
    events.push(c.ended(51, 71));
    let view = call(&events);
    assert_eq!((view.state, view.talk_seconds), (State::Ended, Some(26 + 20)));
}

#[test]
fn a_parked_line_that_never_closes_is_over_once_somebody_else_has_the_call() {
    let b = callee(&user(1), &customer(), 0);
    let c = callee(&user(2), &customer(), 50);
    let view = call(&[
        b.ringing(),
        b.answered(5),
        b.does("parked", 30),
        c.ringing(),
        c.answered(51),
        c.ended(51, 71),
    ]);
    assert_eq!((view.state, leg(&view, 1).ended_at), (State::Ended, Some(moment(30))));
    assert_eq!(view.talk_seconds, Some(25 + 20));
}

#[test]
fn parking_that_failed_leaves_people_talking() {
    let b = callee(&user(1), &customer(), 0);
    let failed = with(b.does("parked", 30), json!({"park_failure_reason": "no free place"}));
    assert_eq!(call(&[b.ringing(), b.answered(5), failed]).state, State::Talking);
}

#[test]
fn a_parked_caller_who_hangs_up_later_ends_the_call() {
    let b = callee(&user(1), &customer(), 0);
    let view = call(&[b.ringing(), b.answered(5), b.does("parked", 30), b.ended(5, 90)]);
    assert_eq!(view.state, State::Ended);
}

#[test]
fn an_old_call_is_not_believed_to_be_open() {
    let b = callee(&user(1), &customer(), 0);
    let open = call(&[b.ringing(), b.answered(5)]);
    assert_eq!(open.clone().as_of(moment(5 + 4 * 3600)), open);
    let stale = open.clone().as_of(moment(6 + 4 * 3600));
    assert_eq!((stale.state, stale.result), (State::Unknown, Some(Outcome::Unknown)));
    assert_eq!((stale.legs[0].state, stale.legs[0].outcome), (State::Unknown, Some(Outcome::Unknown)));
}

#[test]
fn a_consultation_whose_end_was_never_told_ends_with_the_line_of_who_began_it() {
    let mut events = warm();
    events.remove(8);
    assert_eq!(call(&events[..8]).state, State::Consulting);
    assert_eq!(call(&events[..10]).state, State::Talking);
}
