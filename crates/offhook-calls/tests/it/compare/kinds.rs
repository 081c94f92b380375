//! Each kind of item, made by hand: when it appears, and when it does not.

use offhook_calls::compare::{Cause, ItemKind, Verdict, sightings};
use serde_json::json;

use super::*;

/// One answered call of a user, told as Zoom tells it. `n` makes it another call.
struct Call(i64);

impl Call {
    fn start(&self) -> i64 {
        self.0 * 100
    }

    fn id(&self, what: &str) -> String {
        format!("{what}{}", self.0)
    }

    fn event(&self, name: &str, after: i64, object: &Value) -> Telling {
        let when = at(self.start() + after);
        let body = json!({
            "event": name, "event_ts": when.as_millisecond(),
            "payload": { "account_id": ACCOUNT, "object": object },
        });
        telling(0, Door::Webhook, name, when, &body)
    }

    fn line(&self, name: &str, after: i64, time: &str) -> Telling {
        let mut object = json!({
            "call_id": self.id("c"), "ringing_start_time": at(self.start()).to_string(),
            "caller": { "phone_number": "+14155550100", "connection_type": "pstn_off_net" },
            "callee": { "user_id": "u1", "extension_number": 101, "extension_type": "user" },
        });
        object[time] = json!(at(self.start() + after).to_string());
        self.event(name, after, &object)
    }

    fn step(&self) -> Value {
        json!({
            "call_element_id": self.id("e"), "call_id": self.id("c"), "call_history_uuid": self.id("h"),
            "direction": "inbound", "event": "incoming", "result": "answered", "is_node": 1,
            "callee_ext_type": "user", "callee_ext_number": "101", "callee_ext_id": "x1",
            "start_time": at(self.start()).to_string(), "answer_time": at(self.start() + 5).to_string(),
            "end_time": at(self.start() + 30).to_string(), "recording_id": self.id("r"),
        })
    }

    fn row(&self) -> Telling {
        let body = json!({
            "call_history_uuid": self.id("h"), "call_id": self.id("c"), "direction": "inbound", "call_result": "answered",
            "callee_ext_type": "user", "start_time": at(self.start()).to_string(),
            "end_time": at(self.start() + 30).to_string(),
        });
        telling(0, Door::CallHistory, "accountCallHistory", at(self.start() + 7200), &body)
    }

    fn path(&self) -> Telling {
        let body = json!({ "call_history_uuid": self.id("h"), "call_elements": [self.step()] });
        telling(0, Door::CallPath, "getCallPath", at(self.start() + 7201), &body)
    }

    fn recorded(&self, name: &str) -> Telling {
        let file = json!({ "id": self.id("r"), "call_id": self.id("c"), "date_time": at(self.start() + 5).to_string(),
            "download_url": format!("https://file.example/{}", self.0) });
        self.event(name, 60, &json!({ "recordings": [file] }))
    }

    fn events(&self) -> Vec<Telling> {
        vec![
            self.line("phone.callee_ringing", 0, "ringing_start_time"),
            self.line("phone.callee_answered", 5, "answer_start_time"),
            self.line("phone.callee_ended", 30, "call_end_time"),
            self.event(
                "phone.callee_call_element_completed",
                50,
                &json!({ "user_id": "u1", "call_elements": [self.step()] }),
            ),
            self.recorded("phone.recording_completed"),
        ]
    }

    /// Everything, in order of arrival.
    fn all(&self) -> Vec<Telling> {
        [self.events(), vec![self.row(), self.path()]].concat()
    }
}

/// Nobody lists recordings here.
fn of_calls() -> Rules {
    Rules {
        coverage: Coverage { recordings: None, voicemails: None, ..Coverage::whole(always()) },
        ..rules()
    }
}

fn without(mut all: Vec<Telling>, event: &str) -> Vec<Telling> {
    all.retain(|entry| entry.event != event);
    all
}

#[test]
fn a_call_that_came_whole_is_counted_by_who_told_of_it_first() {
    let (items, summary) = compare(of_calls(), &Call(1).all());
    assert_eq!(shown(&items), Vec::<String>::new());
    assert_eq!((summary.verdict, summary.line.as_str()), (Verdict::Complete, "complete: 1 call"));
    assert_eq!((summary.calls.known, summary.calls.by_events, summary.calls.by_records), (1, 1, 1));
    assert_eq!(
        (summary.elements.known, summary.recordings.by_events, summary.recordings.by_records),
        (1, 1, 0)
    );
    assert_eq!(summary.calls.first_by, BTreeMap::from([("webhook".to_owned(), 1)]));
    assert_eq!((summary.events.came, summary.events.late.within_10s), (5, 5));

    let mut first = Call(1).path();
    first.received_at = at(10);
    let heard = [without(Call(1).all(), "getCallPath"), vec![first]].concat();
    let seen = sightings("c1", &heard);
    let ids: Vec<_> = seen.iter().map(|one| (one.id.as_str(), one.first().unwrap().door.as_str())).collect();
    assert_eq!(ids, [("c1", "webhook"), ("e1", "call_path"), ("r1", "webhook")]);
}

#[test]
fn nothing_is_said_of_what_is_too_young_and_it_is_counted() {
    let row_only = [Call(1).row()];
    let young = Rules { now: at(100 + 30 + 3000), ..of_calls() };
    let (items, summary) = compare(young, &row_only);
    assert_eq!((items.len(), summary.calls.young), (0, 1));
    assert!(summary.line.contains("1 call too young to tell"), "{}", summary.line);
    let (items, _) = compare(of_calls(), &row_only);
    assert_eq!(shown(&items), ["only_rest Call * c1", "path_missing Call - h1"]);
}

#[test]
fn where_the_records_were_not_read_the_report_says_that_it_cannot_know() {
    let read = Span { from: at(-200_000), to: at(50) };
    let rules = Rules { coverage: Coverage { calls: vec![read], ..Coverage::default() }, ..of_calls() };
    let (items, summary) = compare(rules.clone(), &Call(1).events());
    assert_eq!(shown(&items), Vec::<String>::new());
    assert_eq!((summary.calls.unknowable, summary.verdict), (1, Verdict::Unknown));
    assert_eq!((summary.gaps.len(), summary.gaps[0].from, summary.gaps[0].to), (1, at(50), at(100_000)));
    assert!(summary.line.starts_with("cannot know; calls from "), "{}", summary.line);
    // What is known to be missing is said first.
    let (_, summary) = compare(rules, &without(Call(1).all(), "getCallPath"));
    assert_eq!(summary.verdict, Verdict::Missing);
    assert!(summary.line.starts_with("1 missing; calls from "), "{}", summary.line);
}

#[test]
fn events_without_a_record_and_a_record_without_events() {
    let (items, summary) = compare(of_calls(), &Call(1).events());
    assert_eq!(shown(&items), ["only_events Call - c1"]);
    assert_eq!((summary.verdict, summary.missing()), (Verdict::Missing, 1));
    let (items, summary) = compare(of_calls(), &[Call(1).row(), Call(1).path()]);
    assert_eq!(shown(&items), ["only_rest Call * c1"], "its parts are not listed once more");
    assert_eq!(summary.verdict, Verdict::Late);
}

#[test]
fn a_step_that_events_told_of_and_the_path_does_not_have_is_named() {
    let mut other = Call(1).step();
    other["call_element_id"] = json!("e1b");
    let more = Call(1).event("phone.callee_call_element_completed", 51, &json!({ "call_elements": [other] }));
    let heard = [Call(1).all(), vec![more]].concat();
    let (items, _) = compare(of_calls(), &heard);
    assert_eq!(shown(&items), ["only_events Element - e1b"]);
    // Unless it was deleted since.
    let deleted = Call(1).event(
        "phone.call_element_deleted",
        90,
        &json!({ "call_element_ids": ["e1b"], "move_to_trash": true, "execute_time": at(190).to_string() }),
    );
    let (items, summary) = compare(of_calls(), &[heard, vec![deleted]].concat());
    assert_eq!((shown(&items), summary.elements.deleted), (Vec::new(), 1));
}

#[test]
fn a_call_whose_end_no_event_told_is_named_once_the_record_has_it() {
    let heard = without(Call(1).all(), "phone.callee_ended");
    let (items, _) = compare(of_calls(), &heard);
    assert_eq!(shown(&items), ["end_not_sent Call phone.callee_ended c1"]);
    let no_status = without(without(heard, "phone.callee_ringing"), "phone.callee_answered");
    let (items, _) = compare(of_calls(), &no_status);
    assert_eq!(shown(&items), Vec::<String>::new(), "whoever gets no status events never saw it begin");
}

#[test]
fn an_announced_recording_that_no_list_has_is_missing_where_the_list_was_read() {
    let (items, summary) = compare(rules(), &Call(1).all());
    assert_eq!(shown(&items), ["not_listed Recording - r1"]);
    assert_eq!(summary.verdict, Verdict::Missing);
    for gone in ["phone.recording_deleted", "phone.recording_failed"] {
        let failed = Call(1).event(
            gone,
            70,
            &json!({ "id": "r1", "call_id": "c1", "recordings": [{ "id": "r1", "call_id": "c1" }] }),
        );
        let (items, _) = compare(rules(), &[Call(1).all(), vec![failed]].concat());
        assert_eq!(shown(&items), Vec::<String>::new(), "{gone}");
    }
    let silent = without(Call(1).all(), "phone.recording_completed");
    let (items, _) = compare(of_calls(), &silent);
    assert_eq!(shown(&items), ["never_sent Recording phone.recording_completed r1"], "its step names it");
}

#[test]
fn copies_are_counted_by_door_and_by_the_time_between_them() {
    let ended = Call(1).line("phone.callee_ended", 30, "call_end_time");
    let copy = |door: Door, after: i64, change: &dyn Fn(&mut Value)| {
        let mut body: Value = serde_json::from_slice(&ended.body).unwrap();
        change(&mut body);
        telling(9, door, &ended.event, ended.received_at + SignedDuration::from_secs(after), &body)
    };
    let found = |copies: Vec<Telling>| {
        let (items, summary) = compare(of_calls(), &[Call(1).all(), copies].concat());
        assert_eq!(summary.verdict, Verdict::Complete, "twice is whole");
        let shown = items
            .iter()
            .map(|item| (item.kind, item.copies.unwrap(), item.identical.unwrap(), item.cause.unwrap()));
        (shown.collect::<Vec<_>>(), summary.events.on_both_doors)
    };
    let twice = ItemKind::SentTwice;
    assert_eq!(found(vec![copy(Door::Webhook, 1, &|_| ())]), (vec![(twice, 2, 2, Cause::Duplicate)], 0));
    assert_eq!(found(vec![copy(Door::Webhook, 300, &|_| ())]), (vec![(twice, 2, 2, Cause::Retry)], 0));
    let later = |body: &mut Value| body["event_ts"] = json!(body["event_ts"].as_i64().unwrap() + 7);
    let copies = vec![copy(Door::Webhook, 300, &later), copy(Door::Webhook, 1500, &|_| ())];
    assert_eq!(found(copies), (vec![(twice, 3, 2, Cause::Retry)], 0));
    assert_eq!(found(vec![copy(Door::WebSocket, 0, &|_| ())]), (Vec::new(), 1), "two subscriptions");
    // A link is made anew each time an event is sent.
    let mut again = Call(1).recorded("phone.recording_completed");
    again.body = String::from_utf8(again.body).unwrap().replace("/1\"", "/1?other\"").into_bytes();
    assert_eq!(found(vec![again]), (vec![(twice, 2, 1, Cause::Duplicate)], 0));
}

#[test]
fn muting_twice_is_no_copy() {
    let muted = |after: i64| {
        Call(1).event("phone.callee_mute", after, &json!({ "call_id": "c1", "callee": { "user_id": "u1" } }))
    };
    let (items, summary) = compare(of_calls(), &[Call(1).all(), vec![muted(10), muted(20)]].concat());
    assert_eq!((shown(&items), summary.events.different), (Vec::new(), 7));
}

#[test]
fn lateness_is_measured_from_the_events_own_time() {
    let mut heard = Call(1).all();
    heard[2].received_at += SignedDuration::from_mins(21);
    heard[3].received_at += SignedDuration::from_mins(4);
    let (items, summary) = compare(of_calls(), &heard);
    assert_eq!(shown(&items), ["sent_late Event phone.callee_ended 0"]);
    assert_eq!(items[0].late_seconds, Some(21 * 60));
    let late = &summary.events.late;
    assert_eq!((late.within_10s, late.within_5m, late.within_30m, late.longest_seconds), (3, 1, 1, 1260));
    assert_eq!(summary.line, "complete, but late; 1 event came late");
}

#[test]
fn events_that_never_come_are_said_once() {
    let heard = |calls: i64, lost: &str| -> Vec<Telling> {
        (1..=calls).flat_map(|n| without(Call(n).all(), lost)).collect()
    };
    let completed = "phone.callee_call_element_completed";
    let (items, summary) = compare(of_calls(), &heard(5, completed));
    assert_eq!(shown(&items), Vec::<String>::new());
    let never: Vec<_> =
        summary.never_seen.iter().map(|family| (family.event.as_str(), family.expected)).collect();
    assert_eq!(never, [(completed, 5)]);
    assert_eq!(summary.line, "complete, but late; 1 kind of events never came at all");
    let (items, summary) = compare(of_calls(), &heard(4, completed));
    assert_eq!((items.len(), summary.never_seen.len()), (4, 0), "four may be chance");
    let mut one_came = heard(4, completed);
    one_came.extend(Call(5).all());
    let (items, _) = compare(of_calls(), &one_came);
    assert_eq!(items.len(), 4);

    let records: Vec<Telling> = (1..=6).flat_map(|n| [Call(n).row(), Call(n).path()]).collect();
    let (items, summary) = compare(of_calls(), &records);
    assert_eq!(items.len(), 0);
    assert!(summary.never_seen.iter().any(|family| family.event == "*" && family.expected == 6));
}

#[test]
fn an_import_is_neither_an_event_nor_a_record() {
    let row: Value = serde_json::from_slice(&Call(1).row().body).unwrap();
    let import = telling(1, Door::Import, "import", at(0), &json!({ "door": "call_history", "row": row }));
    let (items, summary) = compare(of_calls(), &[vec![import], Call(1).events()].concat());
    assert_eq!(shown(&items), ["only_events Call - c1"]);
    assert_eq!(summary.calls.by_records, 0);
}

#[test]
fn a_call_that_reached_nobody_is_told_by_records_alone() {
    let row = json!({ "call_history_uuid": "h1", "call_id": "c1", "direction": "inbound", "call_result": "no_answer",
        "callee_ext_type": "auto_receptionist", "start_time": at(0).to_string(), "end_time": at(9).to_string() });
    let step = json!({ "call_element_id": "e1", "call_id": "c1", "direction": "inbound", "event": "incoming",
        "callee_ext_type": "auto_receptionist", "start_time": at(0).to_string(), "end_time": at(9).to_string() });
    let heard = [
        telling(1, Door::CallHistory, "accountCallHistory", at(7200), &row),
        telling(
            2,
            Door::CallPath,
            "getCallPath",
            at(7200),
            &json!({ "call_history_uuid": "h1", "call_elements": [step] }),
        ),
    ];
    let (items, summary) = compare(of_calls(), &heard);
    assert_eq!((shown(&items), summary.verdict), (Vec::new(), Verdict::Complete));
    assert_eq!((summary.calls.records_only, summary.elements.records_only), (1, 1));
}

#[test]
fn what_is_too_young_to_be_read_is_no_gap_and_a_list_that_zoom_refuses_is_one_with_its_scope() {
    let (begin, read) = (at(-100_000), at(5_000));
    let whole = Span { from: begin, to: read - hours(1) };
    let rules = Rules::new(begin, read, read, Coverage::whole(whole));
    let (_, summary) = compare(rules.clone(), &[]);
    assert_eq!((summary.verdict, summary.gaps.len()), (Verdict::Complete, 0), "{}", summary.line);

    let refused = BTreeMap::from([("recordings".to_owned(), "some:scope".to_owned())]);
    let coverage = Coverage { recordings: Some(Vec::new()), refused, ..Coverage::whole(whole) };
    let (_, summary) = compare(Rules { coverage, ..rules }, &[]);
    assert_eq!(summary.verdict, Verdict::Unknown);
    let line = &summary.line;
    assert!(line.contains("recordings from") && line.contains("lacks the scope some:scope"), "{line}");
}

#[test]
fn a_call_that_was_deleted_at_zoom_is_not_missing() {
    let events = Call(1).events();
    let (items, _) = compare(of_calls(), &events);
    assert_eq!(shown(&items), ["only_events Call - c1"]);
    let deleted = Call(1).event(
        "phone.call_element_deleted",
        90,
        &json!({ "call_element_ids": ["e1"], "move_to_trash": false, "execute_time": at(190).to_string() }),
    );
    let (items, summary) = compare(of_calls(), &[events.clone(), vec![deleted.clone()]].concat());
    assert_eq!((shown(&items), summary.calls.deleted), (Vec::new(), 1));
    // Its path cannot be read any more.
    let (items, _) = compare(of_calls(), &[events, vec![deleted, Call(1).row()]].concat());
    assert_eq!(shown(&items), Vec::<String>::new());
}
