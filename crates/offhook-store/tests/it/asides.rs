//! What belongs to no call: who has which extension, whose records were wiped, text messages and faxes.

use jiff::SignedDuration;
use offhook_calls::{CallView, message::MessageStatus, normalize::Door};
use offhook_store::{Arrival, CallFilter, Cursor, Store, TextFilter, rebuild};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::events::{ACCOUNT, append, fold_all, later, start, webhook};

fn event(name: &str, seconds: i64, object: impl Into<Value>) -> Arrival {
    let object = object.into();
    let at = start() + SignedDuration::from_secs(seconds);
    webhook(
        seconds,
        &json!({"event": format!("phone.{name}"), "event_ts": at.as_millisecond(),
            "payload": {"account_id": ACCOUNT, "object": object}}),
    )
}

fn answer(door: Door, row: &Value) -> Arrival {
    Arrival { door, account: ACCOUNT.to_owned(), ..webhook(0, row) }
}

fn time(seconds: i64) -> Value {
    json!((start() + SignedDuration::from_secs(seconds)).to_string())
}

/// A call to the extension X1, as the account's records tell it: with no user id.
fn recorded() -> Arrival {
    let element = json!({
        "call_element_id": "E1", "call_history_uuid": "H1", "call_id": "700", "direction": "inbound",
        "connect_type": "external", "event": "incoming", "result": "answered", "caller_did_number": "+14155550100",
        "callee_ext_id": "X1", "callee_ext_number": "101", "callee_ext_type": "user",
        "start_time": time(0), "answer_time": time(5), "end_time": time(60), "segment": 1
    });
    answer(Door::CallElement, &element)
}

fn member(user: &str) -> Arrival {
    let row = json!({"id": user, "extension_id": "X1", "extension_number": 101, "name": "Ann", "email": "a@example.com"});
    answer(Door::User, &row)
}

async fn folded(arrivals: Vec<Arrival>) -> (TempDir, Store) {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    append(&store, arrivals).await;
    fold_all(&store);
    (directory, store)
}

async fn the_call(store: &Store) -> CallView {
    store.call(None, "700").await.unwrap().expect("the call is known")
}

#[tokio::test]
async fn a_user_id_that_the_record_lost_is_filled_in_whichever_came_first_and_marked() {
    for arrivals in [vec![recorded(), member("U1")], vec![member("U1"), recorded()]] {
        let (_directory, store) = folded(arrivals).await;
        let call = the_call(&store).await;
        assert_eq!(call.legs[0].party.user_id.as_deref(), Some("U1"));
        assert!(call.legs[0].derived.contains(&"party.user_id".to_owned()));
        assert_eq!(call.to.as_ref().unwrap().user_id.as_deref(), Some("U1"));
        assert!(call.derived.contains(&"to.user_id".to_owned()) && call.derived.is_sorted());
        let by_user = CallFilter { person: Some("U1".to_owned()), ..CallFilter::default() };
        assert_eq!(store.calls(by_user, None, 9, later()).await.unwrap().calls, std::slice::from_ref(&call));
        let found = store.search(None, "U1", 9).await.unwrap();
        assert_eq!((found.len(), found[0].kind.as_str(), found[0].value.as_str()), (1, "user", "U1"));
        let members = store.members(Some(ACCOUNT.to_owned())).await.unwrap();
        assert_eq!((members.len(), members[0].extension_number.as_deref()), (1, Some("101")));
    }
}

#[tokio::test]
async fn without_the_list_of_users_nothing_is_made_up() {
    let (_directory, store) = folded(vec![recorded()]).await;
    let call = the_call(&store).await;
    assert_eq!(call.legs[0].party.user_id, None);
    assert!(!call.legs[0].derived.contains(&"party.user_id".to_owned()));
    assert!(store.search(None, "U1", 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn records_that_were_all_deleted_are_noted_at_the_calls_that_had_ended_by_then() {
    let wiped = |at: i64, user: &str| {
        let object =
            json!({"user_id": user, "delete_all": true, "move_to_trash": true, "execute_time": time(at)});
        event("call_element_deleted", at, object)
    };
    for (arrivals, expected) in [
        (vec![recorded(), member("U1"), wiped(90, "U1")], 1),
        (vec![wiped(90, "U1"), recorded(), member("U1")], 1),
        (vec![recorded(), member("U1"), wiped(30, "U1")], 0),
        (vec![recorded(), member("U1"), wiped(90, "U2")], 0),
    ] {
        let (_directory, store) = folded(arrivals).await;
        let deletions = the_call(&store).await.deletions;
        assert_eq!(deletions.len(), expected);
        assert!(deletions.iter().all(|one| one.state == "trashed" && one.ids.is_empty()));
    }
}

fn sms(name: &str, id: &str, session: &str, at: i64, from: &str) -> Arrival {
    let object = json!({"message_id": id, "session_id": session, "date_time": time(at), "message": "hello",
        "sender": {"phone_number": from}, "to_members": [{"phone_number": "+15550000101", "id": "U1", "type": "user"}]});
    event(name, at, object)
}

fn fax(id: &str, at: i64) -> Arrival {
    let object = json!({"fax_log_id": id, "direction": "inbound", "status": "received", "create_time": time(at),
        "sender_number": "+14155550100", "receiver_number": "+15550000101"});
    event("fax_received", at, object)
}

async fn ids(store: &Store, filter: &TextFilter) -> Vec<String> {
    let page = store.messages(filter.clone(), None, 9).await.unwrap();
    page.messages.into_iter().map(|message| message.id).collect()
}

#[tokio::test]
async fn messages_are_found_by_id_session_and_number_and_pages_hang_together() {
    let arrivals = (0..5).map(|n| {
        let session = if n % 2 == 0 { "even" } else { "odd" };
        sms("sms_received", &format!("M{n}"), session, n, &format!("+1415555010{n}"))
    });
    let (_directory, store) = folded(arrivals.chain([fax("X1", 3)]).collect()).await;
    let all = TextFilter::default();
    assert_eq!(ids(&store, &all).await, ["M4", "M3", "M2", "M1", "M0"]);
    assert_eq!(ids(&store, &TextFilter { session: Some("odd".into()), ..all.clone() }).await, ["M3", "M1"]);
    assert_eq!(
        ids(&store, &TextFilter { number: Some("(415) 555-0102".into()), ..all.clone() }).await,
        ["M2"]
    );
    assert_eq!(ids(&store, &TextFilter { number: Some("0101".into()), ..all.clone() }).await.len(), 5);
    assert!(ids(&store, &TextFilter { number: Some("1".into()), ..all.clone() }).await.is_empty());
    assert!(ids(&store, &TextFilter { account: Some("other".into()), ..all.clone() }).await.is_empty());
    let (mut after, mut seen): (Option<Cursor>, Vec<String>) = (None, Vec::new());
    loop {
        let page = store.messages(all.clone(), after, 2).await.unwrap();
        seen.extend(page.messages.into_iter().map(|message| message.id));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen, ["M4", "M3", "M2", "M1", "M0"]);
    assert_eq!(store.message(None, "M2").await.unwrap().unwrap().text.as_deref(), Some("hello"));
    assert!(store.message(None, "X1").await.unwrap().is_none(), "that is a fax");
    assert_eq!(
        store.fax(None, "X1").await.unwrap().unwrap().from.unwrap().number.as_deref(),
        Some("+14155550100")
    );
    assert_eq!(store.faxes(all, None, 9).await.unwrap().faxes.len(), 1);
}

#[tokio::test]
async fn a_message_heard_of_twice_and_by_several_is_one() {
    let list = json!({"message_id": "M1", "session_id": "S", "direction": "Out", "delivery_status": "delivered",
        "date_time": time(0), "sender": {"phone_number": "+15550000101", "owner": {"id": "U1", "type": "user"}},
        "to_members": [{"phone_number": "+14155550100"}]});
    let sent = || sms("sms_sent", "M1", "S", 0, "+15550000101");
    let mut views = Vec::new();
    for arrivals in
        [vec![sent(), answer(Door::Message, &list), sent()], vec![answer(Door::Message, &list), sent()]]
    {
        let (_directory, store) = folded(arrivals).await;
        assert_eq!(ids(&store, &TextFilter::default()).await.len(), 1);
        views.push(store.message(None, "M1").await.unwrap().unwrap());
    }
    assert_eq!(views[0], views[1]);
    assert_eq!(views[0].status, MessageStatus::Delivered);
}

#[tokio::test]
async fn a_rebuild_gives_the_same_again_and_notices_what_was_changed() {
    let arrivals = vec![
        recorded(),
        member("U1"),
        member("U2"),
        sms("sms_sent", "M1", "S", 0, "+15550000101"),
        fax("X1", 3),
        event(
            "call_history_deleted",
            9,
            json!({"user_id": "U1", "delete_all": true, "execute_time": time(9)}),
        ),
    ];
    let (directory, store) = folded(arrivals).await;
    let before = (the_call(&store).await, store.members(None).await.unwrap());
    assert_eq!(before.1[0].user_id, "U2", "whoever was told of last has the extension");
    drop(store);
    assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap().identical, Some(true));
    let store = Store::open(directory.path()).unwrap();
    assert_eq!((the_call(&store).await, store.members(None).await.unwrap()), before);
    drop(store);
    for damage in [
        "UPDATE extension SET user_id = 'U3'",
        "DELETE FROM wiped",
        "UPDATE text SET session = 'other' WHERE kind = 'message'",
        "DELETE FROM correspondent WHERE kind = 'fax'",
    ] {
        let calls = Connection::open(directory.path().join("calls.db")).unwrap();
        assert!(calls.execute(damage, []).unwrap() > 0, "{damage}");
        drop(calls);
        assert_eq!(rebuild(directory.path(), |_, _| ()).unwrap().identical, Some(false), "{damage}");
    }
}
