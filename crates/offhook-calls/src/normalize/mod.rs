//! The one adapter layer: every shape in which Zoom tells of calls, read into facts.
//!
//! Reading never fails for what it does not know: unfamiliar fields and values are listed for counting,
//! and what cannot be read at all is a [`Problem`], also for counting. The raw bytes stay in the inbox.

mod deleted;
mod embed;
mod log;
pub mod map;
mod media;
mod people;
mod record;
mod status;
mod texts;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zoom_phone_types::events::{Event, Notification, Time, Wire as _};

use crate::{
    call::Heard,
    directory::{Member, Wiped},
    fact::{Fact, Said, Source},
    fax::FaxFact,
    identity::{Alias, AliasKind},
    message::MessageFact,
};

/// By which door an inbox entry came, and so which shape it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A webhook delivery: one event in its envelope.
    Webhook,
    /// A message of the event channel: the same event in the same envelope.
    WebSocket,
    /// One row of `GET /phone/call_history` (`accountCallHistory`), v3 names or v2 names.
    CallHistory,
    /// The answer of `GET /phone/call_history/{callHistoryUuid}` (`getCallPath`): every step of one call,
    /// v3 names or v2 names.
    CallPath,
    /// One v3 element: of `getCallElement`, of a user's list or of a user's sync.
    CallElement,
    /// One v2 leg: of `getCallHistoryDetail`, or of a user's list or sync in v2 names.
    CallHistoryLeg,
    /// One v1 call log: a row of the account's or a user's list or sync.
    CallLog,
    /// The answer of `GET /phone/call_logs/{callLogId}` (`getCallLogDetails`, v1).
    CallLogDetail,
    /// One recording: a row of the account's, a user's or a queue's list, or of one call.
    Recording,
    /// One voicemail: a row of a list, or the answer about one.
    Voicemail,
    /// One AI summary (`getUserAICallSummaryDetail`).
    Summary,
    /// One line of the report of charges (`getCallChargesUsageReport`).
    Charge,
    /// One member of the account's phone users (`listPhoneUsers`): who has which extension.
    User,
    /// One text message of a session (`smsSessionDetails`, `smsByMessageId`). The rows do not name their session:
    /// whoever asks puts it in as `session_id`.
    Message,
    /// One fax log.
    Fax,
    /// One Smart Embed event, with the user whose softphone told it: `{"user_id": …, "message": {"type": …, "data": …}}`.
    SmartEmbed,
    /// One row of an import: `{"door": …, "row": …}`, the row in the shape of that door. It tells just what that door
    /// would have told, so that what is imported and then comes again is one.
    Import,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 17] = [
        Self::Webhook,
        Self::WebSocket,
        Self::CallHistory,
        Self::CallPath,
        Self::CallElement,
        Self::CallHistoryLeg,
        Self::CallLog,
        Self::CallLogDetail,
        Self::Recording,
        Self::Voicemail,
        Self::Summary,
        Self::Charge,
        Self::User,
        Self::Message,
        Self::Fax,
        Self::SmartEmbed,
        Self::Import,
    ];

    /// The word in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::WebSocket => "websocket",
            Self::CallHistory => "call_history",
            Self::CallPath => "call_path",
            Self::CallElement => "call_element",
            Self::CallHistoryLeg => "call_history_leg",
            Self::CallLog => "call_log",
            Self::CallLogDetail => "call_log_detail",
            Self::Recording => "recording",
            Self::Voicemail => "voicemail",
            Self::Summary => "summary",
            Self::Charge => "charge",
            Self::User => "user",
            Self::Message => "message",
            Self::Fax => "fax",
            Self::SmartEmbed => "smart_embed",
            Self::Import => "import",
        }
    }

    /// The door with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.as_str() == word)
    }
}

/// What was read out of one inbox entry.
#[derive(Debug, Default)]
pub struct Reading {
    /// What it tells of calls; empty for events that tell of something else.
    pub facts: Vec<(Fact, Heard)>,
    /// What it tells besides calls.
    pub aside: Vec<Aside>,
    /// Fields and values that the types do not know: dotted paths, `path=value` for values.
    pub unfamiliar: Vec<String>,
    /// Known defects of Zoom's that were read past, each a word of [`quirk`] for counting, each once.
    pub quirks: Vec<&'static str>,
    /// Why nothing, or less than all, could be read.
    pub problem: Option<Problem>,
}

/// What an entry can tell that belongs to no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// Who has which extension.
    Member(Member),
    /// All records of a user were deleted.
    Wiped(Wiped),
    /// A text message.
    Message(MessageFact),
    /// A fax.
    Fax(FaxFact),
}

/// The words for what Zoom is known to send otherwise than documented, or in two ways.
pub mod quirk {
    /// Two steps of one path tell of one and the same thing, once for each party.
    pub const MIRRORED_ROW: &str = "mirrored_row";
    /// A word with space around it. Seen in rows of REST only, but for call logs.
    pub const SPACE: &str = "space";
    /// `caller_acconut_code`.
    pub const MISSPELT_FIELD: &str = "misspelt_field";
    /// `zoom_revenue_accelerator` or `zra_phone_number`: one number type with two names.
    pub const TWO_NAMES: &str = "two_names";
    /// `waiting_time` where `wait_time` is documented, or the other way round.
    pub const WAIT_SPELLING: &str = "wait_spelling";
    /// Text where a whole number is documented. Seen in rows of REST only: events are typed while they are parsed.
    pub const NUMBER_AS_TEXT: &str = "number_as_text";
    /// Segments of a path count from 0, as documented; live ones begin with 1.
    pub const SEGMENT_ZERO: &str = "segment_zero";
    /// One answer has its steps in the names of v3 and of v2. The former are read.
    pub const BOTH_GENERATIONS: &str = "both_generations";

    /// Every word.
    pub const ALL: [&str; 8] = [
        MIRRORED_ROW,
        SPACE,
        MISSPELT_FIELD,
        TWO_NAMES,
        WAIT_SPELLING,
        NUMBER_AS_TEXT,
        SEGMENT_ZERO,
        BOTH_GENERATIONS,
    ];
}

/// Why an entry gave no facts though it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Problem {
    /// Not JSON, or JSON of another shape.
    #[error("the entry is not readable JSON of its kind; its bytes stay in the inbox")]
    Unreadable,
    /// An event name that is in no list of ours.
    #[error("the event is unknown; its bytes stay in the inbox")]
    UnknownEvent,
    /// An event about calls, something in which names no call.
    #[error("something in the entry tells of a call and names none; its bytes stay in the inbox")]
    Nameless,
}

impl Problem {
    /// A word for counting by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownEvent => "unknown_event",
            Self::Nameless => "nameless",
        }
    }
}

/// Reads one inbox entry. `account` is the account it was received for; an event's own account wins.
pub fn read(door: Door, account: &str, body: &[u8]) -> Reading {
    let told = match door {
        Door::Webhook | Door::WebSocket => {
            Notification::parse(body).ok().map(|told| read_notification(account, &told))
        }
        Door::Import => import(account, body),
        _ => serde_json::from_slice(body).ok().and_then(|row| read_row(door, account, row)),
    };
    told.unwrap_or_else(|| Reading { problem: Some(Problem::Unreadable), ..Reading::default() })
}

/// Reads one row of an import as its door would.
fn import(account: &str, body: &[u8]) -> Option<Reading> {
    let Ok(Value::Object(mut told)) = serde_json::from_slice(body) else { return None };
    let door = told.get("door").and_then(Value::as_str).and_then(Door::from_word)?;
    let row = told.shift_remove("row")?;
    match door {
        Door::Webhook | Door::WebSocket => {
            Notification::from_value(row).ok().map(|told| read_notification(account, &told))
        }
        Door::Import => None,
        _ => read_row(door, account, row),
    }
}

/// Reads an answer of the REST API, which is one object. `None` for anything else.
fn read_row(door: Door, account: &str, row: Value) -> Option<Reading> {
    let Value::Object(row) = row else { return None };
    let mut facts = Facts::new(account, None);
    facts.quirks_of(&row);
    match door {
        Door::CallHistory => record::row(row, &mut facts),
        Door::CallPath => record::path(row, &mut facts),
        Door::CallElement => record::one_element(row, &mut facts),
        Door::CallHistoryLeg => record::one_leg(row, &mut facts),
        Door::CallLog => log::row(row, &mut facts),
        Door::CallLogDetail => log::detail(row, &mut facts),
        Door::Recording => media::recording(row, &mut facts),
        Door::Voicemail => media::voicemail(row, &mut facts),
        Door::Summary => media::summary(row, &mut facts),
        Door::Charge => people::charge(row, &mut facts),
        Door::User => people::member(row, &mut facts),
        Door::Message => texts::message(row, &mut facts),
        Door::Fax => texts::fax(row, &mut facts),
        Door::SmartEmbed => return embed::read(row, facts),
        Door::Webhook | Door::WebSocket | Door::Import => return None,
    }
    Some(facts.into_reading(Vec::new()))
}

/// Reads one event.
pub fn read_notification(account: &str, notification: &Notification) -> Reading {
    let account = notification.account_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(account);
    let mut unfamiliar = notification.unfamiliar();
    if notification.event_ts.is_some_and(|ms| !Timestamp::from_millisecond(ms).is_ok_and(is_plausible)) {
        unfamiliar.push("event_ts=implausible".to_owned());
    }
    let mut facts = Facts::new(account, notification.event_ts);
    match &notification.body {
        Event::Unknown(_) => {
            return Reading { unfamiliar, problem: Some(Problem::UnknownEvent), ..Reading::default() };
        }
        body => {
            let is_ours = status::read(body, &mut facts)
                || media::read(body, &mut facts)
                || record::read(body, &mut facts)
                || log::read(body, &mut facts)
                || deleted::read(body, &mut facts)
                || texts::read(body, &mut facts);
            if !is_ours {
                return Reading { unfamiliar, ..Reading::default() };
            }
        }
    }
    facts.into_reading(unfamiliar)
}

/// Facts of one entry, as they are found.
struct Facts<'a> {
    account: &'a str,
    heard: Heard,
    found: Vec<(Fact, Heard)>,
    aside: Vec<Aside>,
    quirks: BTreeSet<&'static str>,
    /// Something in it could be assigned to no call.
    nameless: bool,
}

impl<'a> Facts<'a> {
    fn new(account: &'a str, event_ts: Option<i64>) -> Self {
        let is_plausible = |ms: &i64| Timestamp::from_millisecond(*ms).is_ok_and(is_plausible);
        let heard = Heard { event_ts: event_ts.filter(is_plausible) };
        let (found, aside) = (Vec::new(), Vec::new());
        Self { account, heard, found, aside, quirks: BTreeSet::new(), nameless: false }
    }

    /// Notes a fact, unless it names no call.
    fn add(&mut self, source: Source, at: Option<Timestamp>, names: Names, said: Said) {
        let names: Vec<Alias> = names.0.into_iter().collect();
        if names.is_empty() {
            self.nameless = true;
        } else {
            self.found.push((Fact { source, account: self.account.to_owned(), at, names, said }, self.heard));
        }
    }

    /// A word of a record, with its spaces counted and dropped.
    fn word(&mut self, field: Option<&str>) -> Option<String> {
        if field.is_some_and(|word| word.trim().len() != word.len()) {
            self.quirks.insert(quirk::SPACE);
        }
        text(field)
    }

    /// Counts what can be seen of a row before it is typed.
    fn quirks_of(&mut self, row: &Map<String, Value>) {
        const WHOLE: [&str; 10] = [
            "duration",
            "hold_time",
            "talk_time",
            "wait_time",
            "waiting_time",
            "segment",
            "node",
            "is_node",
            "caller_number_type",
            "callee_number_type",
        ];
        // A kind of number is a word in v2 and v3.
        let is_whole = |text: &str| text.trim().parse::<i64>().is_ok();
        if WHOLE.iter().any(|name| row.get(*name).and_then(Value::as_str).is_some_and(is_whole)) {
            self.quirks.insert(quirk::NUMBER_AS_TEXT);
        }
        let is_spaced = |word: &str| word.trim().len() != word.len();
        let words = ["event", "result", "result_reason", "call_result"];
        if words.iter().any(|name| row.get(*name).and_then(Value::as_str).is_some_and(is_spaced)) {
            self.quirks.insert(quirk::SPACE);
        }
        if row.contains_key("caller_acconut_code") {
            self.quirks.insert(quirk::MISSPELT_FIELD);
        }
    }

    fn into_reading(self, unfamiliar: Vec<String>) -> Reading {
        let is_empty = self.found.is_empty() && self.aside.is_empty();
        Reading {
            problem: (self.nameless || is_empty).then_some(Problem::Nameless),
            facts: self.found,
            aside: self.aside,
            unfamiliar,
            quirks: self.quirks.into_iter().collect(),
        }
    }
}

/// The ids of a call that one message knows.
#[derive(Default)]
struct Names(BTreeSet<Alias>);

impl Names {
    fn of_call(call_id: Option<&String>) -> Self {
        Self::default().and_call(call_id)
    }

    fn and_call(mut self, call_id: Option<&String>) -> Self {
        self.0.extend(call_id.into_iter().flat_map(|id| Alias::of_call_id(id)));
        self
    }

    fn and(mut self, kind: AliasKind, value: Option<&String>) -> Self {
        self.0.extend(value.and_then(|value| Alias::new(kind, value)));
        self
    }
}

/// Times that a telephone call of this century can have. Anything else is a mistake of the sender (the
/// year 3000, the year 1970) and counts as no time at all. A fixed rule, so that reading stays pure.
fn is_plausible(at: Timestamp) -> bool {
    const FIRST: i64 = 1_262_304_000; // 2010-01-01
    const LAST: i64 = 4_102_444_800; // 2100-01-01
    (FIRST..LAST).contains(&at.as_second())
}

/// A time field, if it is there, readable and plausible.
fn time(field: Option<&Time>) -> Option<Timestamp> {
    field.and_then(Time::timestamp).filter(|at| is_plausible(*at))
}

/// A text field without surrounding space; `None` when nothing is left.
fn text(field: Option<&str>) -> Option<String> {
    field.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A duration in seconds; `None` for what no call can last (it would also make sums overflow).
fn seconds(field: Option<i64>) -> Option<i64> {
    const YEAR: i64 = 366 * 24 * 60 * 60;
    field.filter(|seconds| (0..=YEAR).contains(seconds))
}

/// Takes a text field out.
fn take(fields: &mut Map<String, Value>, key: &str) -> Option<String> {
    fields.shift_remove(key).and_then(|value| String::from_json(&value)).and_then(|value| text(Some(&value)))
}
