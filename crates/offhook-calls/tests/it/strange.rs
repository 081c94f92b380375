//! Messages that are not as documented.

use offhook_calls::{
    State,
    normalize::{self, Door, Problem},
};
use serde_json::{Value, json};

use crate::say::{
    ACCOUNT, CALL, NOON, call, callee, customer, element, elements, event, facts, leg, moment, user, views,
    with,
};

fn problem(message: &Value) -> Option<Problem> {
    normalize::read(Door::Webhook, ACCOUNT, &serde_json::to_vec(message).unwrap()).problem
}

#[test]
fn an_event_without_a_call_id_is_nameless() {
    for id in [json!(null), json!(""), json!("  ")] {
        let said = with(callee(&user(1), &customer(), 0).ringing(), json!({"call_id": id}));
        assert_eq!(problem(&said), Some(Problem::Nameless), "{id}");
        assert!(facts(&said).is_empty());
    }
}

#[test]
fn what_can_be_read_of_an_event_is_read_and_the_rest_is_a_problem() {
    let good = element("E1", 1, 0, 60, json!({"result": "answered"}));
    let mut bad = good.clone();
    bad.as_object_mut().unwrap().shift_remove("call_element_id");
    let said = elements("callee", 1, 90, &[bad, good]);
    assert_eq!(problem(&said), Some(Problem::Nameless));
    assert_eq!(facts(&said).len(), 1);
}

#[test]
fn unknown_events_and_broken_bytes_are_problems_with_no_facts() {
    assert_eq!(
        problem(&event("line_status_changed", 0, json!({"call_id": CALL}))),
        Some(Problem::UnknownEvent)
    );
    for bytes in [&b"{"[..], b"", b"[]", b"\xff\xfe"] {
        assert_eq!(normalize::read(Door::Webhook, ACCOUNT, bytes).problem, Some(Problem::Unreadable));
        assert_eq!(normalize::read(Door::CallHistory, ACCOUNT, bytes).problem, Some(Problem::Unreadable));
    }
    let about_something_else = event("sms_received", 0, json!({"message_id": "M1", "session_id": "S1"}));
    assert_eq!(problem(&about_something_else), None);
    let row = normalize::read(Door::CallHistory, ACCOUNT, br#"{"direction":"inbound"}"#);
    assert_eq!(row.problem, Some(Problem::Nameless));
}

#[test]
fn numbers_where_text_is_documented_name_the_same_call() {
    let line = callee(&user(1), &customer(), 0);
    let number = with(line.answered(5), json!({"call_id": 7_018_317_023_722_949_162_u64}));
    let mut party = user(1);
    party["extension_number"] = json!("1001");
    let texts = callee(&party, &customer(), 0);
    let view = call(&[line.ringing(), number, texts.ended(5, 60)]);
    assert_eq!((view.legs.len(), view.state), (1, State::Ended));
}

#[test]
fn space_around_ids_does_not_make_another_call() {
    let line = callee(&user(1), &customer(), 0);
    let view = call(&[line.ringing(), with(line.answered(5), json!({"call_id": format!(" {CALL} ")}))]);
    assert_eq!(view.state, State::Talking);
}

#[test]
fn a_clock_in_the_year_3000_is_not_believed() {
    let mut said = callee(&user(1), &customer(), 0).ringing();
    said["event_ts"] = json!(32_503_680_000_000_i64);
    assert_eq!(facts(&said)[0].1.event_ts, None);
    let view = call(&[with(said, json!({"ringing_start_time": "3000-01-01T00:00:00Z"}))]);
    assert_eq!((view.started_at, view.last_at), (None, None));
    let mut said = callee(&user(1), &customer(), 0).ringing();
    said["event_ts"] = json!(0);
    assert_eq!(facts(&said)[0].1.event_ts, None);
}

#[test]
fn a_copy_with_another_event_ts_is_no_news_even_for_an_event_without_time() {
    let hold = with(callee(&user(1), &customer(), 0).does("hold", 30), json!({"date_time": null}));
    let purged = event("voicemail_permanently_deleted", 50, json!({"voice_mails": [{"id": "V1"}]}));
    for said in [callee(&user(1), &customer(), 0).ringing(), hold, purged] {
        let mut copy = said.clone();
        copy["event_ts"] = json!(said["event_ts"].as_i64().unwrap() + 300_000);
        let once = call([&said]);
        assert_eq!(call([&said, &copy]), once);
        assert_eq!(call([&copy, &said]), once);
        assert_eq!((once.version, once.timeline.len()), (1, 1));
    }
}

#[test]
fn an_event_without_time_happened_when_zoom_says_it_was_sent() {
    let line = callee(&user(1), &customer(), 0);
    let hold = with(line.does("hold", 30), json!({"date_time": null}));
    let view = call(&[line.ringing(), line.answered(5), hold]);
    assert_eq!(view.state, State::Held);
    assert_eq!(view.state_since.unwrap().as_second(), NOON + 30);
}

#[test]
fn the_account_in_the_event_wins_and_two_accounts_never_mix() {
    let mine = callee(&user(1), &customer(), 0).ringing();
    let mut theirs = mine.clone();
    theirs["payload"]["account_id"] = json!("ACC2");
    let both = views([&mine, &theirs]);
    assert_eq!(both.len(), 2);
    assert_eq!((both[0].account_id.as_str(), both[1].account_id.as_str()), ("ACC1", "ACC2"));
    let mut unnamed = mine.clone();
    unnamed["payload"]["account_id"] = json!("");
    assert_eq!(views([&mine, &unnamed]).len(), 1);
}

#[test]
fn a_whole_number_in_the_extension_field_is_who_called() {
    let caller = json!({"extension_number": "14155550100", "extension_type": "pstn"});
    let view = call(&[callee(&user(1), &caller, 0).ringing()]);
    let from = view.from.unwrap();
    assert_eq!((from.number.as_deref(), from.extension_number), (Some("14155550100"), None));
}

#[test]
fn an_anonymous_caller_is_outside() {
    let view = call(&[callee(&user(1), &json!({"name": "Anonymous"}), 0).ringing()]);
    assert_eq!(leg(&view, 1).started_at, Some(moment(0)));
    assert_eq!(view.from.unwrap().kind.as_str(), "external");
}

#[test]
fn zooms_send_times_do_not_decide_what_came_first() {
    let line = callee(&user(1), &customer(), 0);
    let told = [line.ringing(), line.answered(5), line.does("hold", 20), line.does("unhold", 25)];
    let backwards = |(n, said): (i64, &Value)| {
        let mut said = said.clone();
        said["event_ts"] = json!((NOON + 100 - n) * 1000);
        said
    };
    let scrambled: Vec<Value> = (0..).zip(&told).map(backwards).collect();
    let view = call(&scrambled);
    assert_eq!((view.state, view.hold_seconds), (State::Talking, Some(5)));
}
