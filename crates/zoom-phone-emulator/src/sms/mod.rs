//! Text messages: threads between a number of the account and people outside, and what those consent to.
//!
//! A thread is a session document with its messages below it. Messages of the near future are written down with their
//! time, and seen from then on; so are changes of consent.

mod consent;
mod etiquette;
mod traffic;
mod truth;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clock::text;
use crate::dice::Dice;
use crate::world::{Doc, World, at, numbers};

pub(crate) use consent::{Opt, opt, set_opt};
pub(crate) use etiquette::{Verdict, check};
pub(crate) use traffic::thread;
pub(crate) use truth::{threads, totals};

/// Seconds until a message that was sent is known to be delivered.
const DELIVERY: i64 = 5;

/// Something that an event tells of: its name without `phone.`, when, and its object.
pub(crate) type News = (String, Timestamp, Value);

/// The account's end of a thread.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    /// E.164.
    pub(crate) number: String,
    /// `user`, `callQueue` or `autoReceptionist`.
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) extension_id: String,
    pub(crate) name: String,
    /// Of the user who writes; empty for others.
    pub(crate) email: String,
}

impl Own {
    /// Who has this number, if somebody of the account does who can write.
    pub(crate) fn of(world: &World, number: &str) -> Option<Self> {
        let id = numbers::find(world, number)?;
        let extension = numbers::assignee(world, &id)?;
        let kind = numbers::kind(&extension);
        let doc = world.get(&extension)?;
        let text = |name: &str| doc.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        matches!(kind, "user" | "callQueue" | "autoReceptionist").then(|| Self {
            number: number.to_owned(),
            kind,
            id: text("id"),
            extension_id: text("extension_id"),
            name: text("name"),
            email: text("email"),
        })
    }

    fn session_type(&self) -> &'static str {
        match self.kind {
            "callQueue" => "call_queue",
            "autoReceptionist" => "auto_receptionist",
            _ => "user",
        }
    }

    fn card(&self) -> Value {
        json!({
            "display_name": self.name,
            "owner": { "id": self.id, "type": self.kind },
            "phone_number": self.number,
        })
    }

    /// As in events.
    fn told(&self) -> Value {
        json!({
            "id": self.id,
            "type": self.kind,
            "display_name": self.name,
            "phone_number": self.number,
        })
    }
}

/// One message to write down.
pub(crate) struct Message {
    pub(crate) text: String,
    /// `attachments[]` of events and of the history.
    pub(crate) attachments: Vec<Value>,
    pub(crate) at: Timestamp,
}

/// The address of the session between these numbers, made when they never wrote to each other.
fn session(world: &mut World, dice: &mut Dice, own: &Own, far: &[String], at: Timestamp) -> String {
    let known = world.children(at::SMS_SESSIONS).into_iter().find_map(|(id, doc)| {
        let same = doc.get("_own") == Some(&json!(own.number)) && doc.get("_far") == Some(&json!(far));
        same.then(|| id.to_owned())
    });
    let id = known.unwrap_or_else(|| {
        let id = dice.hex_id();
        let mut owner = own.card();
        owner["is_session_owner"] = json!(true);
        let others = far.iter().map(|number| json!({ "phone_number": number, "is_session_owner": false }));
        let doc = json!({
            "session_id": id,
            "session_type": own.session_type(),
            "last_access_time": text(at),
            "participants": std::iter::once(owner).chain(others).collect::<Value>(),
            "unread_message_count": 0,
            "_own": own.number,
            "_owner": own.id,
            "_far": far,
        });
        put(world, format!("{}/{id}", at::SMS_SESSIONS), doc);
        id
    });
    format!("{}/{id}", at::SMS_SESSIONS)
}

fn put(world: &mut World, address: String, doc: Value) {
    if let Value::Object(doc) = doc {
        world.put(address, Doc::from(doc));
    }
}

/// A message of somebody of the account: the document, and the event that tells of it. To whoever opted out it fails.
pub(crate) fn send(
    world: &mut World,
    dice: &mut Dice,
    own: &Own,
    far: &[String],
    message: Message,
) -> (Doc, News) {
    let Message { text: words, attachments, at } = message;
    let address = session(world, dice, own, far, at);
    let refused = far.iter().find(|number| opt(world, number, &own.number, at) == Opt::Out);
    let id = dice.opaque_id();
    let session_id = address.rsplit('/').next().unwrap_or_default().to_owned();
    let members: Vec<_> = far.iter().map(|number| json!({ "phone_number": number })).collect();
    let doc = json!({
        "message_id": id,
        "session_id": session_id,
        "message": words,
        "date_time": text(at),
        "direction": "Out",
        "message_type": message_type(far.len(), &attachments),
        "delivery_status": if refused.is_some() { "failed_to_send" } else { "sent" },
        "attachments": attachments,
        "sender": own.card(),
        "to_members": members,
    });
    let mut object = json!({
        "sender": own.told(),
        "to_members": members,
        "owner": { "type": own.kind, "id": own.id },
        "message": words,
        "attachments": attachments,
        "session_id": session_id,
        "message_id": id,
        "message_type": doc["message_type"],
        "date_time": text(at),
        "phone_number_campaign_opt_statuses": opt_statuses(world, far, &own.number, at),
    });
    if own.kind == "user" {
        object["owner"]["sms_sender_user_id"] = json!(own.id);
    }
    let name = if let Some(number) = refused {
        object["failure_reason"] = json!(format!("{number} opted out of messages from this number."));
        "sms_sent_failed"
    } else {
        "sms_sent"
    };
    (write(world, &address, &id, doc), (name.to_owned(), at, object))
}

/// A message from outside: the document and the events. `STOP` and `START` change the consent.
pub(crate) fn receive(
    world: &mut World,
    dice: &mut Dice,
    own: &Own,
    far: &str,
    message: Message,
) -> (Doc, Vec<News>) {
    let Message { text: words, attachments, at } = message;
    let address = session(world, dice, own, &[far.to_owned()], at);
    let id = dice.opaque_id();
    let session_id = address.rsplit('/').next().unwrap_or_default().to_owned();
    let mut news = Vec::new();
    if let Some(wish) = consent::wish(&words) {
        set_opt(world, far, &own.number, wish, at);
        let name = if wish == Opt::Out { "opt_out" } else { "opt_in" };
        let pair = json!({ "consumer_phone_number": far, "zoom_phone_user_number": own.number });
        let object = json!({ "phone_number_campaign_opt_statuses": [pair], "date_time": text(at) });
        news.push((format!("sms_campaign_number_{name}"), at, object));
    }
    let doc = json!({
        "message_id": id,
        "session_id": session_id,
        "message": words,
        "date_time": text(at),
        "direction": "In",
        "message_type": message_type(1, &attachments),
        "delivery_status": "received",
        "attachments": attachments,
        "sender": { "phone_number": far },
        "to_members": [own.card()],
    });
    let mut member = own.told();
    member["is_message_owner"] = json!(true);
    let object = json!({
        "sender": { "phone_number": far },
        "to_members": [member],
        "owner": { "type": own.kind, "id": own.id },
        "message": words,
        "attachments": attachments,
        "session_id": session_id,
        "message_id": id,
        "message_type": doc["message_type"],
        "date_time": text(at),
        "phone_number_campaign_opt_statuses": opt_statuses(world, &[far.to_owned()], &own.number, at),
    });
    news.insert(0, ("sms_received".to_owned(), at, object));
    (write(world, &address, &id, doc), news)
}

fn write(world: &mut World, session: &str, id: &str, doc: Value) -> Doc {
    let Value::Object(doc) = doc else { return Doc::new() };
    world.put(format!("{session}/messages/{id}"), doc.clone());
    doc
}

/// 1 is a text, 2 a file, 3 both; 4 to 6 are the same to a group.
fn message_type(members: usize, attachments: &[Value]) -> u8 {
    let kind = if attachments.is_empty() { 1 } else { 3 };
    if members > 1 { kind + 3 } else { kind }
}

fn opt_statuses(world: &World, far: &[String], own: &str, at: Timestamp) -> Value {
    let statuses = far.iter().map(|number| {
        json!({
            "consumer_phone_number": number,
            "zoom_phone_user_number": own,
            "opt_status": opt(world, number, own, at).text(),
        })
    });
    statuses.collect()
}

/// The time of a message or of a session's last access.
fn time(doc: &Doc, name: &str) -> Option<Timestamp> {
    doc.get(name)?.as_str()?.parse().ok()
}

/// The messages of a session that are there at `now`, newest first, as the history shows them.
pub(crate) fn messages(world: &World, session_id: &str, now: Timestamp) -> Vec<(Timestamp, Value)> {
    let list = format!("{}/{session_id}/messages", at::SMS_SESSIONS);
    let mut messages: Vec<_> = world
        .children(&list)
        .into_iter()
        .filter_map(|(_, doc)| {
            let at = time(doc, "date_time").filter(|&at| at <= now)?;
            Some((at, shown(doc, at, now)))
        })
        .collect();
    messages.sort_by_key(|&(at, _)| std::cmp::Reverse(at));
    messages
}

/// A message at `now`: what was sent is delivered after some seconds.
fn shown(doc: &Doc, at: Timestamp, now: Timestamp) -> Value {
    let mut message = Value::Object(doc.clone());
    let delivered = now.duration_since(at) >= SignedDuration::from_secs(DELIVERY);
    if message["delivery_status"] == "sent" && delivered {
        message["delivery_status"] = json!("delivered");
    }
    message
}
