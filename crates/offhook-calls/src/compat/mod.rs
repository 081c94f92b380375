//! Calls in the shapes of older generations, for programs that cannot move yet.
//!
//! Whatever generation told of a call, it is shown as a call log ([`v1`]) or as call history ([`v2`]). What none of its
//! records said (site, department, country, device, rates) is left out, never made up.

pub mod v1;
pub mod v2;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    identity::AliasKind,
    party::{Party, PartyKind},
    view::{CallView, Direction, ElementView, Outcome, Side},
};

/// Fields that are known, in order.
struct Fields(Map<String, Value>);

impl Fields {
    fn new() -> Self {
        Self(Map::new())
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        if !value.is_null() {
            self.0.insert(name.to_owned(), value);
        }
    }

    fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// `yyyy-MM-ddTHH:mm:ssZ`, as Zoom writes every time of a record.
fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The first id of a kind.
fn id(call: &CallView, kind: AliasKind) -> Option<String> {
    call.ids.iter().find(|id| id.kind == kind.as_str()).map(|id| id.value.clone())
}

/// Whole seconds from one moment to another.
fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<i64> {
    from.zip(to).map(|(from, to)| (to.as_second() - from.as_second()).max(0))
}

/// Whether two sightings are of one party: by any identifier that both have.
fn same(one: &Party, other: &Party) -> bool {
    let equal = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    equal(&one.user_id, &other.user_id)
        || equal(&one.extension_id, &other.extension_id)
        || equal(&one.extension_number, &other.extension_number)
}

/// Both ends are on the account.
fn is_internal(call: &CallView) -> bool {
    call.direction == Direction::Internal
}

/// The steps in which somebody is on a side, as the account's records tell them.
fn steps_of<'a>(call: &'a CallView, side: Side, party: &'a Party) -> impl Iterator<Item = &'a ElementView> {
    call.elements.iter().filter(move |element| {
        let end = match side {
            Side::Caller => &element.from,
            Side::Callee => &element.to,
        };
        end.as_ref().is_some_and(|end| same(end, party))
    })
}

/// How an extension is called in records of v2, and in events and call logs (v1).
fn kinds(kind: &PartyKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        PartyKind::User => ("user", "user"),
        PartyKind::CallQueue => ("call_queue", "callQueue"),
        PartyKind::AutoReceptionist => ("auto_receptionist", "autoReceptionist"),
        PartyKind::CommonArea => ("common_area", "commonArea"),
        PartyKind::SharedLineGroup => ("shared_line_group", "sharedLineGroup"),
        PartyKind::Room => ("zoom_room", "room"),
        PartyKind::External | PartyKind::Unknown | PartyKind::Other(_) => return None,
    })
}

/// The code of v2 and v3 for an outcome; the likeliest where several stand for it.
fn code(outcome: Outcome, direction: Direction) -> Option<&'static str> {
    Some(match outcome {
        // Somebody of the account called, and got through.
        Outcome::Answered if matches!(direction, Direction::Outbound | Direction::Internal) => "connected",
        Outcome::Answered | Outcome::AnsweredElsewhere => "answered",
        Outcome::Voicemail => "voicemail",
        Outcome::Abandoned => "abandoned",
        Outcome::Overflowed => "overflowed",
        Outcome::Rejected => "rejected",
        Outcome::Busy => "busy",
        Outcome::Missed => "no_answer",
        Outcome::Cancelled => "canceled",
        Outcome::Blocked => "system_blocked",
        Outcome::Failed => "call_failed",
        Outcome::Unknown => return None,
    })
}
