//! Calls between two people: in, out, inside.

use offhook_calls::{Direction, Outcome, PartyKind, State};
use serde_json::json;

use crate::say::{
    CALL, call, callee, caller, customer, element, elements, event, leg, moment, time, user, voicemail, with,
};

#[test]
fn an_answered_inbound_call_is_one_leg_with_its_times() {
    let line = callee(&user(1), &customer(), 0);
    let view = call(&[line.ringing(), line.answered(6), line.ended(6, 80)]);
    assert_eq!(
        (view.direction, view.state, view.result),
        (Direction::Inbound, State::Ended, Some(Outcome::Answered))
    );
    assert_eq!(view.started_at, Some(moment(0)));
    assert_eq!(view.answered_at, Some(moment(6)));
    assert_eq!(view.ended_at, Some(moment(80)));
    assert_eq!((view.wait_seconds, view.talk_seconds, view.hold_seconds), (Some(6), Some(74), None));
    let from = view.from.unwrap();
    assert_eq!((from.number.as_deref(), from.kind), (Some("+14155550100"), PartyKind::External));
    assert_eq!(view.to.unwrap().user_id.as_deref(), Some("U1"));
    assert_eq!(view.legs.len(), 1);
    assert!(view.derived.contains(&"talk_seconds".to_owned()), "nobody told the talk time");
}

#[test]
fn an_inbound_call_is_ringing_then_talking() {
    let line = callee(&user(1), &customer(), 0);
    let view = call(&[line.ringing()]);
    assert_eq!((view.state, view.result, view.ended_at), (State::Ringing, None, None));
    assert_eq!(view.state_since, Some(moment(0)));
    let view = call(&[line.ringing(), line.answered(6)]);
    assert_eq!((view.state, view.state_since, view.result), (State::Talking, Some(moment(6)), None));
    assert_eq!(view.talk_seconds, None, "talk is counted when it is over");
}

#[test]
fn a_call_that_nobody_answers_is_missed_whoever_gave_up() {
    for result in ["No Answer", "Call Cancel", "", "Something New"] {
        let line = callee(&user(1), &customer(), 0);
        let view = call(&[line.ringing(), line.missed(20, result)]);
        assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Missed)), "{result}");
        assert_eq!((view.wait_seconds, view.talk_seconds), (Some(20), None));
        assert_eq!(leg(&view, 1).wait_seconds, Some(20));
    }
}

#[test]
fn a_declined_call_is_rejected() {
    let line = callee(&user(1), &customer(), 0);
    let view = call(&[line.ringing(), line.rejected(4)]);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Rejected)));
}

#[test]
fn a_call_to_somebody_on_the_phone_is_busy_even_without_ringing() {
    let view = call(&[callee(&user(1), &customer(), 0).missed(0, "Busy")]);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Busy)));
}

#[test]
fn a_message_left_makes_a_missed_call_a_voicemail() {
    let line = callee(&user(1), &customer(), 0);
    let view = call(&[line.ringing(), line.missed(20, "No Answer"), voicemail(50, 1)]);
    assert_eq!((view.state, view.result, view.voicemail), (State::Ended, Some(Outcome::Voicemail), true));
    assert_eq!(view.legs.len(), 1, "a mailbox is not another person");
    assert_eq!(view.answered_at, None);
}

#[test]
fn a_call_known_by_its_voicemail_alone_came_in_and_is_over() {
    let view = call(&[voicemail(50, 1)]);
    assert_eq!((view.direction, view.state), (Direction::Inbound, State::Ended));
    assert_eq!(view.result, Some(Outcome::Voicemail));
    assert_eq!(view.from.unwrap().number.as_deref(), Some("+14155550100"));
    assert_eq!(view.to.unwrap().user_id.as_deref(), Some("U1"));
}

#[test]
fn an_outbound_call_counts_the_callers_talk() {
    let line = caller(&user(1), &customer(), 0);
    let view = call(&[line.ringing(), line.answered(8), line.ended(8, 68)]);
    assert_eq!((view.direction, view.result), (Direction::Outbound, Some(Outcome::Answered)));
    assert_eq!((view.wait_seconds, view.talk_seconds), (Some(8), Some(60)));
    assert_eq!(view.from.unwrap().user_id.as_deref(), Some("U1"));
    assert_eq!(view.to.unwrap().kind, PartyKind::External);
}

#[test]
fn an_outbound_call_that_the_caller_gives_up_is_cancelled() {
    let line = caller(&user(1), &customer(), 0);
    let view = call(&[line.ringing(), line.gave_up(15, "Call Cancel")]);
    assert_eq!((view.direction, view.result), (Direction::Outbound, Some(Outcome::Cancelled)));
    assert_eq!((view.answered_at, view.talk_seconds), (None, None));
}

#[test]
fn an_internal_call_is_seen_from_both_sides_and_counted_once() {
    let a = caller(&user(1), &user(2), 0);
    let b = callee(&user(2), &user(1), 0);
    let view =
        call(&[a.ringing(), b.ringing(), b.answered(5), a.answered(5), a.ended(5, 65), b.ended(5, 65)]);
    assert_eq!((view.direction, view.result), (Direction::Internal, Some(Outcome::Answered)));
    assert_eq!(view.legs.len(), 2);
    assert_eq!(view.talk_seconds, Some(60), "one conversation, though both lines tell of it");
    assert_eq!(view.from.unwrap().user_id.as_deref(), Some("U1"));
    assert_eq!(view.to.unwrap().user_id.as_deref(), Some("U2"));
}

#[test]
fn an_internal_call_whose_caller_sends_no_events_is_still_internal() {
    let b = callee(
        &user(2),
        &json!({"extension_id": "EXT1", "extension_type": "user", "extension_number": 1001}),
        0,
    );
    let view = call(&[b.ringing(), b.answered(5)]);
    assert_eq!(view.direction, Direction::Internal);
}

#[test]
fn an_internal_call_that_the_callee_misses_is_missed() {
    let a = caller(&user(1), &user(2), 0);
    let b = callee(&user(2), &user(1), 0);
    let view = call(&[a.ringing(), b.ringing(), b.missed(20, "Call Cancel"), a.gave_up(20, "Call Cancel")]);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Missed)));
}

#[test]
fn holds_add_up_and_are_no_talk() {
    let line = callee(&user(1), &customer(), 0);
    let mut events = vec![line.ringing(), line.answered(10), line.does("hold", 20)];
    let view = call(&events);
    assert_eq!((view.state, view.state_since), (State::Held, Some(moment(20))));
    events.push(line.does("unhold", 35));
    let view = call(&events);
    assert_eq!(
        (view.state, view.state_since, view.hold_seconds),
        (State::Talking, Some(moment(35)), Some(15))
    );
    events.extend([line.does("hold", 50), line.ended(10, 60)]);
    let view = call(&events);
    assert_eq!((view.hold_seconds, view.talk_seconds), (Some(25), Some(25)), "a hold ends with the call");
}

#[test]
fn a_caller_on_the_account_who_holds_has_the_call_on_hold() {
    let a = caller(&user(1), &user(2), 0);
    let b = callee(&user(2), &user(1), 0);
    let view = call(&[a.ringing(), b.ringing(), b.answered(5), a.answered(5), a.does("hold", 9)]);
    assert_eq!(view.state, State::Held);
}

#[test]
fn a_mute_alone_shows_that_people_talk() {
    let view = call(&[callee(&user(1), &customer(), 0).does("mute", 12)]);
    assert_eq!(view.state, State::Talking);
    assert!(leg(&view, 1).muted);
    let line = callee(&user(1), &customer(), 0);
    let view = call(&[line.does("mute", 12), line.does("unmute", 13)]);
    assert!(!leg(&view, 1).muted);
}

#[test]
fn two_devices_of_one_user_are_one_leg_and_the_one_that_answers_decides() {
    let desk = callee(&with_device(user(1), "DESK"), &customer(), 0);
    let app = callee(&with_device(user(1), "APP"), &customer(), 1);
    let mut events = vec![desk.ringing(), app.ringing(), app.answered(6), desk.missed(6, "Call Cancel")];
    let view = call(&events);
    assert_eq!((view.state, view.legs.len()), (State::Talking, 1));
    events.push(app.ended(6, 60));
    let view = call(&events);
    assert_eq!((view.result, leg(&view, 1).outcome), (Some(Outcome::Answered), Some(Outcome::Answered)));
    assert_eq!((leg(&view, 1).attempts, view.talk_seconds), (1, Some(54)));
}

#[test]
fn the_other_devices_end_does_not_end_the_conversation() {
    let desk = callee(&with_device(user(1), "DESK"), &customer(), 0);
    let app = callee(&with_device(user(1), "APP"), &customer(), 0);
    let view = call(&[desk.ringing(), app.ringing(), app.answered(6), desk.gave_up(7, "")]);
    assert_eq!(view.state, State::Talking);
}

fn with_device(mut party: serde_json::Value, device: &str) -> serde_json::Value {
    party["device_id"] = json!(device);
    party
}

#[test]
fn two_users_with_one_company_number_are_two_legs() {
    let shared = |n: usize| {
        let mut party = user(n);
        party["phone_number"] = json!("+15550009999");
        party
    };
    let (a, b) = (callee(&shared(1), &customer(), 0), callee(&shared(2), &customer(), 0));
    let view = call(&[a.ringing(), b.ringing(), a.answered(5), b.missed(5, "Call Cancel")]);
    assert_eq!(view.legs.len(), 2);
    assert_eq!(leg(&view, 1).state, State::Talking);
    assert_eq!(leg(&view, 2).outcome, Some(Outcome::AnsweredElsewhere));
}

#[test]
fn a_line_named_by_its_number_alone_is_the_only_user_who_shows_that_number() {
    let line = callee(&user(1), &customer(), 0);
    let bare = callee(&json!({"phone_number": "+15550000001"}), &customer(), 0);
    let view = call(&[line.ringing(), line.answered(5), bare.ended(5, 30)]);
    assert_eq!((view.legs.len(), view.state), (1, State::Ended));
    let nobody = callee(&json!({}), &customer(), 0);
    let view = call(&[line.ringing(), line.answered(5), nobody.ended(5, 30)]);
    assert_eq!((view.legs.len(), view.state), (1, State::Ended));
}

#[test]
fn an_emergency_call_says_so_and_by_whom() {
    let alert = event(
        "emergency_alert",
        1,
        json!({
            "call_id": CALL, "ringing_start_time": time(0), "deliver_to": "PSAP",
            "caller": {"id": "U1", "extension_number": "1001", "display_name": "User 1", "extension_type": "user"}
        }),
    );
    let view = call([&alert]);
    assert!(view.emergency);
    assert_eq!(view.direction, Direction::Outbound);
    assert_eq!(view.from.unwrap().user_id.as_deref(), Some("U1"));
    let line = caller(&user(1), &json!({"phone_number": "911"}), 0);
    let view = call(&[line.ringing(), alert, line.answered(3), line.ended(3, 30)]);
    assert!(view.emergency);
    assert_eq!((view.direction, view.talk_seconds), (Direction::Outbound, Some(27)));
}

#[test]
fn a_call_only_seen_in_the_middle_is_known_as_far_as_told() {
    let view = call(&[callee(&user(1), &customer(), 0).does("hold", 100)]);
    assert_eq!(
        (view.state, view.state_since, view.direction),
        (State::Held, Some(moment(100)), Direction::Inbound)
    );
    let line = callee(&user(1), &customer(), 0);
    let ended = with(line.ended(0, 90), json!({"answer_start_time": ""}));
    let view = call(&[line.does("hold", 50), ended]);
    assert_eq!(view.result, Some(Outcome::Answered), "who holds has talked");
}

#[test]
fn a_forward_to_an_outside_number_that_is_answered_there_is_answered() {
    let line = callee(&user(1), &customer(), 0);
    let forwarded = element(
        "E2",
        1,
        20,
        80,
        json!({
            "event": "forward", "result": "answered", "callee_ext_id": "", "callee_ext_number": "",
            "callee_ext_type": "", "callee_did_number": "+14155550177", "callee_number_type": "external_pstn"
        }),
    );
    let view = call(&[line.ringing(), line.missed(20, "No Answer"), elements("callee", 1, 90, &[forwarded])]);
    assert_eq!((view.result, view.ended_at), (Some(Outcome::Answered), Some(moment(80))));
}
