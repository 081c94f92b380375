//! Every column of every table, once: name, type, unit, meaning, and where its value comes from. The three formats,
//! `offhook export --columns` and docs/export.md are made of it.
//!
//! New columns go to the end of their table. None is removed, renamed or moved: a test holds the order.

use std::borrow::Cow;

use jiff::Timestamp;
use offhook_calls::{CallView, ElementView, LegView, Party, Side};
use offhook_store::{Entry, Exported, Moved};

use self::Cell::{Flag, Json, Text, Time, Whole};

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// One row a call.
    Calls,
    /// One row for each party's part in a call.
    Legs,
    /// One row for each step on record of a call.
    Elements,
    /// One row an inbox entry: what came in, as it came in.
    Events,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Calls, Self::Legs, Self::Elements, Self::Events];

    /// The word in the API, the CLI and as the name of a folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Legs => "legs",
            Self::Elements => "elements",
            Self::Events => "events",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The columns, in order.
    pub fn columns(self) -> Vec<Column> {
        match self {
            Self::Calls => CALLS.iter().map(|field| field.column).collect(),
            Self::Legs => LEGS.iter().map(|field| field.column).collect(),
            Self::Elements => ELEMENTS.iter().map(|field| field.column).collect(),
            Self::Events => EVENTS.iter().map(|field| field.column).collect(),
        }
    }
}

/// What a column holds. Any value may be null: not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// UTF-8.
    Text,
    /// 64 bits, signed.
    Whole,
    /// A moment: milliseconds since 1970 in Parquet, RFC 3339 in UTC elsewhere.
    Time,
    /// True or false.
    Flag,
    /// JSON; a text where it is none. In NDJSON it is a value and not a text.
    Json,
}

impl Type {
    /// The word in the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Whole => "integer",
            Self::Time => "time",
            Self::Flag => "boolean",
            Self::Json => "json",
        }
    }
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// In snake case; the same in every format.
    pub name: &'static str,
    /// What it holds.
    pub kind: Type,
    /// `seconds`, `UTC`, `E.164`…; empty where there is none.
    pub unit: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A value in a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Whole(i64),
    Time(Timestamp),
    Flag(bool),
    Json(Cow<'a, str>),
}

/// A row of the table of calls.
pub(crate) enum CallRow<'a> {
    Call(&'a Exported),
    Moved(&'a Moved),
}

/// A row of the table of legs.
pub(crate) struct LegRow<'a> {
    pub(crate) call: &'a Exported,
    /// Counted from 1.
    pub(crate) number: i64,
    pub(crate) leg: &'a LegView,
}

/// A row of the table of elements.
pub(crate) struct ElementRow<'a> {
    pub(crate) call: &'a Exported,
    pub(crate) element: &'a ElementView,
}

/// A column and where its value comes from.
pub(crate) struct Field<G> {
    column: Column,
    get: G,
}

type OfCall = for<'a> fn(&CallRow<'a>) -> Cell<'a>;
type OfLeg = for<'a> fn(&LegRow<'a>) -> Cell<'a>;
type OfElement = for<'a> fn(&ElementRow<'a>) -> Cell<'a>;
type OfEvent = for<'a> fn(&'a Entry) -> Cell<'a>;

/// The cells of a row, in order of the columns.
impl<'a> CallRow<'a> {
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell<'a>> {
        CALLS.iter().map(|field| (field.get)(self))
    }

    fn view(&self) -> Option<&'a CallView> {
        match self {
            Self::Call(call) => Some(&call.view),
            Self::Moved(_) => None,
        }
    }
}

impl<'a> LegRow<'a> {
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell<'a>> {
        LEGS.iter().map(|field| (field.get)(self))
    }
}

impl<'a> ElementRow<'a> {
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell<'a>> {
        ELEMENTS.iter().map(|field| (field.get)(self))
    }
}

/// The cells of an inbox entry.
pub(crate) fn entry_cells(entry: &Entry) -> impl Iterator<Item = Cell<'_>> {
    EVENTS.iter().map(move |field| (field.get)(entry))
}

fn text(value: &str) -> Cell<'_> {
    Text(Cow::Borrowed(value))
}

fn some_text(value: Option<&String>) -> Cell<'_> {
    value.map_or(Cell::Null, |value| text(value))
}

fn whole(value: Option<i64>) -> Cell<'static> {
    value.map_or(Cell::Null, Whole)
}

fn time(value: Option<Timestamp>) -> Cell<'static> {
    value.map_or(Cell::Null, Time)
}

fn count(value: usize) -> Cell<'static> {
    Whole(i64::try_from(value).unwrap_or(i64::MAX))
}

fn number(value: u64) -> Cell<'static> {
    Whole(i64::try_from(value).unwrap_or(i64::MAX))
}

fn words(words: &[String]) -> Cell<'static> {
    if words.is_empty() { Cell::Null } else { Text(Cow::Owned(words.join(" "))) }
}

/// Part of a party, if there is one.
fn part<'a>(party: Option<&'a Party>, get: impl FnOnce(&'a Party) -> Option<&'a String>) -> Cell<'a> {
    some_text(party.and_then(get))
}

fn kind(party: Option<&Party>) -> Cell<'_> {
    party.map_or(Cell::Null, |party| text(party.kind.as_str()))
}

/// One column. (`const fn`, so that a table is a constant.)
const fn field<G>(
    name: &'static str,
    kind: Type,
    unit: &'static str,
    meaning: &'static str,
    get: G,
) -> Field<G> {
    // A fn pointer needs no dropping; a destructure keeps the compiler convinced in a const fn.
    Field { column: Column { name, kind, unit, meaning }, get }
}

/// The value of a call's own row; null in the row of a call that moved.
macro_rules! call {
    ($view:ident => $cell:expr) => {
        |row| row.view().map_or(Cell::Null, |$view| $cell)
    };
}

const CALLS: &[Field<OfCall>] = &[
    field("account_id", Type::Text, "", "Zoom account id", |row| match row {
        CallRow::Call(call) => text(&call.view.account_id),
        CallRow::Moved(moved) => text(&moved.account_id),
    }),
    field("id", Type::Text, "", "The call's preferred id", |row| match row {
        CallRow::Call(call) => text(&call.view.id),
        CallRow::Moved(moved) => text(&moved.id),
    }),
    field(
        "told_seq",
        Type::Whole,
        "",
        "Newest event that told of it. Of several rows with one id the largest counts",
        |row| match row {
            CallRow::Call(call) => number(call.told_seq),
            CallRow::Moved(moved) => number(moved.seq),
        },
    ),
    field(
        "replaced_by",
        Type::Text,
        "",
        "The id of the call that this one is (part of) now; all that follows is null",
        |row| match row {
            CallRow::Call(_) => Cell::Null,
            CallRow::Moved(moved) => text(&moved.replaced_by),
        },
    ),
    field(
        "version",
        Type::Whole,
        "",
        "How much was heard of it: grows with every new fact",
        call!(it => number(it.version)),
    ),
    field(
        "direction",
        Type::Text,
        "",
        "inbound, outbound, internal, unknown",
        call!(it => text(it.direction.as_str())),
    ),
    field(
        "state",
        Type::Text,
        "",
        "What it was doing when it was exported",
        call!(it => text(it.state.as_str())),
    ),
    field(
        "result",
        Type::Text,
        "",
        "How it ended",
        call!(it => it.result.map_or(Cell::Null, |result| text(result.as_str()))),
    ),
    field("started_at", Type::Time, "UTC", "When it began", call!(it => time(it.started_at))),
    field(
        "answered_at",
        Type::Time,
        "UTC",
        "When the first person answered",
        call!(it => time(it.answered_at)),
    ),
    field("ended_at", Type::Time, "UTC", "When it ended", call!(it => time(it.ended_at))),
    field(
        "wait_seconds",
        Type::Whole,
        "seconds",
        "From its beginning to the first answer, or to its end",
        call!(it => whole(it.wait_seconds)),
    ),
    field(
        "talk_seconds",
        Type::Whole,
        "seconds",
        "Talk of the account's people, each conversation once",
        call!(it => whole(it.talk_seconds)),
    ),
    field("hold_seconds", Type::Whole, "seconds", "On hold, likewise", call!(it => whole(it.hold_seconds))),
    field(
        "from_kind",
        Type::Text,
        "",
        "Who called: user, call_queue, external…",
        call!(it => kind(it.from.as_ref())),
    ),
    field(
        "from_name",
        Type::Text,
        "",
        "Who called: name",
        call!(it => part(it.from.as_ref(), |it| it.name.as_ref())),
    ),
    field(
        "from_number",
        Type::Text,
        "E.164",
        "Who called: telephone number, as far as Zoom writes it so",
        call!(it => part(it.from.as_ref(), |it| it.number.as_ref())),
    ),
    field(
        "from_extension_number",
        Type::Text,
        "",
        "Who called: extension",
        call!(it => part(it.from.as_ref(), |it| it.extension_number.as_ref())),
    ),
    field(
        "from_user_id",
        Type::Text,
        "",
        "Who called: Zoom user id",
        call!(it => part(it.from.as_ref(), |it| it.user_id.as_ref())),
    ),
    field(
        "to_kind",
        Type::Text,
        "",
        "Who or what was called first: user, call_queue, external…",
        call!(it => kind(it.to.as_ref())),
    ),
    field(
        "to_name",
        Type::Text,
        "",
        "Who was called: name",
        call!(it => part(it.to.as_ref(), |it| it.name.as_ref())),
    ),
    field(
        "to_number",
        Type::Text,
        "E.164",
        "Who was called: telephone number, as far as Zoom writes it so",
        call!(it => part(it.to.as_ref(), |it| it.number.as_ref())),
    ),
    field(
        "to_extension_number",
        Type::Text,
        "",
        "Who was called: extension",
        call!(it => part(it.to.as_ref(), |it| it.extension_number.as_ref())),
    ),
    field(
        "to_user_id",
        Type::Text,
        "",
        "Who was called: Zoom user id",
        call!(it => part(it.to.as_ref(), |it| it.user_id.as_ref())),
    ),
    field(
        "queue_name",
        Type::Text,
        "",
        "The queue it was in last: name",
        call!(it => it.queue.as_ref().map_or(Cell::Null, |it| some_text(it.name.as_ref()))),
    ),
    field(
        "queue_extension_number",
        Type::Text,
        "",
        "The queue it was in last: extension",
        call!(it => it.queue.as_ref().map_or(Cell::Null, |it| some_text(it.extension_number.as_ref()))),
    ),
    field(
        "recording",
        Type::Text,
        "",
        "What its recording is doing: ready, trashed, purged…",
        call!(it => some_text(it.recording.as_ref())),
    ),
    field("voicemail", Type::Flag, "", "The caller left a message", call!(it => Flag(it.voicemail))),
    field(
        "emergency",
        Type::Flag,
        "",
        "Somebody dialled an emergency number",
        call!(it => Flag(it.emergency)),
    ),
    field(
        "legs",
        Type::Whole,
        "",
        "How many parties' parts it has: rows of the table of legs",
        call!(it => count(it.legs.len())),
    ),
    field(
        "elements",
        Type::Whole,
        "",
        "How many steps are on record: rows of the table of elements",
        call!(it => count(it.elements.len())),
    ),
    field(
        "derived",
        Type::Text,
        "",
        "Columns that were worked out and not told, with spaces between",
        call!(it => words(&it.derived)),
    ),
    field(
        "ids",
        Type::Text,
        "",
        "Every id of the call as kind:value, with spaces between",
        call!(it => {
            let ids: Vec<String> = it.ids.iter().map(|id| format!("{}:{}", id.kind, id.value)).collect();
            words(&ids)
        }),
    ),
    field(
        "last_at",
        Type::Time,
        "UTC",
        "The last moment that anything tells of",
        call!(it => time(it.last_at)),
    ),
];

const LEGS: &[Field<OfLeg>] = &[
    field("account_id", Type::Text, "", "Zoom account id", |row| text(&row.call.view.account_id)),
    field("call_id", Type::Text, "", "The id of its call, as in the table of calls", |row| {
        text(&row.call.view.id)
    }),
    field(
        "told_seq",
        Type::Whole,
        "",
        "That of its call. Of one call, only rows with the largest count",
        |row| number(row.call.told_seq),
    ),
    field("leg", Type::Whole, "", "Its number in the call, from 1, in order of beginning", |row| {
        Whole(row.number)
    }),
    field("side", Type::Text, "", "caller or callee", |row| {
        text(match row.leg.side {
            Side::Caller => "caller",
            Side::Callee => "callee",
        })
    }),
    field("party_kind", Type::Text, "", "Whose part: user, call_queue, external…", |row| {
        kind(Some(&row.leg.party))
    }),
    field("party_name", Type::Text, "", "Whose part: name", |row| some_text(row.leg.party.name.as_ref())),
    field("party_number", Type::Text, "E.164", "Whose part: telephone number", |row| {
        some_text(row.leg.party.number.as_ref())
    }),
    field("party_extension_number", Type::Text, "", "Whose part: extension", |row| {
        some_text(row.leg.party.extension_number.as_ref())
    }),
    field("party_user_id", Type::Text, "", "Whose part: Zoom user id", |row| {
        some_text(row.leg.party.user_id.as_ref())
    }),
    field("state", Type::Text, "", "What the line was doing when it was exported", |row| {
        text(row.leg.state.as_str())
    }),
    field("outcome", Type::Text, "", "How it ended", |row| {
        row.leg.outcome.map_or(Cell::Null, |outcome| text(outcome.as_str()))
    }),
    field("queue_name", Type::Text, "", "The queue that rang it: name", |row| {
        row.leg.queue.as_ref().map_or(Cell::Null, |it| some_text(it.name.as_ref()))
    }),
    field("queue_extension_number", Type::Text, "", "The queue that rang it: extension", |row| {
        row.leg.queue.as_ref().map_or(Cell::Null, |it| some_text(it.extension_number.as_ref()))
    }),
    field("started_at", Type::Time, "UTC", "First ringing", |row| time(row.leg.started_at)),
    field("answered_at", Type::Time, "UTC", "First answer", |row| time(row.leg.answered_at)),
    field("ended_at", Type::Time, "UTC", "Last end", |row| time(row.leg.ended_at)),
    field(
        "wait_seconds",
        Type::Whole,
        "seconds",
        "Ringing before an answer or the end, over all attempts",
        |row| whole(row.leg.wait_seconds),
    ),
    field("talk_seconds", Type::Whole, "seconds", "Talk without hold, over all attempts", |row| {
        whole(row.leg.talk_seconds)
    }),
    field("hold_seconds", Type::Whole, "seconds", "On hold, over all attempts", |row| {
        whole(row.leg.hold_seconds)
    }),
    field("attempts", Type::Whole, "", "How many times it was rung", |row| {
        Whole(i64::from(row.leg.attempts))
    }),
    field(
        "derived",
        Type::Text,
        "",
        "Columns that were worked out and not told, with spaces between",
        |row| words(&row.leg.derived),
    ),
];

const ELEMENTS: &[Field<OfElement>] = &[
    field("account_id", Type::Text, "", "Zoom account id", |row| text(&row.call.view.account_id)),
    field("call_id", Type::Text, "", "The id of its call, as in the table of calls", |row| {
        text(&row.call.view.id)
    }),
    field(
        "told_seq",
        Type::Whole,
        "",
        "That of its call. Of one call, only rows with the largest count",
        |row| number(row.call.told_seq),
    ),
    field("id", Type::Text, "", "call_element_id", |row| text(&row.element.id)),
    field("segment", Type::Whole, "", "Phase of the call, as Zoom counts", |row| whole(row.element.segment)),
    field("node", Type::Whole, "", "Order inside the phase", |row| whole(row.element.node)),
    field("event", Type::Text, "", "What the step was, in Zoom's word", |row| {
        some_text(row.element.event.as_ref())
    }),
    field("result", Type::Text, "", "How it ended, in Zoom's word", |row| {
        some_text(row.element.result.as_ref())
    }),
    field("result_reason", Type::Text, "", "Why, in Zoom's word", |row| {
        some_text(row.element.result_reason.as_ref())
    }),
    field("from_kind", Type::Text, "", "Who called: user, call_queue, external…", |row| {
        kind(row.element.from.as_ref())
    }),
    field("from_name", Type::Text, "", "Who called: name", |row| {
        part(row.element.from.as_ref(), |it| it.name.as_ref())
    }),
    field("from_number", Type::Text, "E.164", "Who called: telephone number", |row| {
        part(row.element.from.as_ref(), |it| it.number.as_ref())
    }),
    field("from_extension_number", Type::Text, "", "Who called: extension", |row| {
        part(row.element.from.as_ref(), |it| it.extension_number.as_ref())
    }),
    field("to_kind", Type::Text, "", "Who was called: user, call_queue, external…", |row| {
        kind(row.element.to.as_ref())
    }),
    field("to_name", Type::Text, "", "Who was called: name", |row| {
        part(row.element.to.as_ref(), |it| it.name.as_ref())
    }),
    field("to_number", Type::Text, "E.164", "Who was called: telephone number", |row| {
        part(row.element.to.as_ref(), |it| it.number.as_ref())
    }),
    field("to_extension_number", Type::Text, "", "Who was called: extension", |row| {
        part(row.element.to.as_ref(), |it| it.extension_number.as_ref())
    }),
    field("operator_kind", Type::Text, "", "Who or what handled it: user, call_queue…", |row| {
        kind(row.element.operator.as_ref())
    }),
    field("operator_name", Type::Text, "", "Who or what handled it: name", |row| {
        part(row.element.operator.as_ref(), |it| it.name.as_ref())
    }),
    field("operator_extension_number", Type::Text, "", "Who or what handled it: extension", |row| {
        part(row.element.operator.as_ref(), |it| it.extension_number.as_ref())
    }),
    field("press_key", Type::Text, "", "Key pressed in a menu", |row| {
        some_text(row.element.press_key.as_ref())
    }),
    field("started_at", Type::Time, "UTC", "Its beginning", |row| time(row.element.started_at)),
    field("answered_at", Type::Time, "UTC", "Its answer", |row| time(row.element.answered_at)),
    field("ended_at", Type::Time, "UTC", "Its end", |row| time(row.element.ended_at)),
    field("wait_seconds", Type::Whole, "seconds", "Waited", |row| whole(row.element.wait_seconds)),
    field("talk_seconds", Type::Whole, "seconds", "Talked", |row| whole(row.element.talk_seconds)),
    field("hold_seconds", Type::Whole, "seconds", "On hold", |row| whole(row.element.hold_seconds)),
];

const EVENTS: &[Field<OfEvent>] = &[
    field("seq", Type::Whole, "", "Its number in the inbox, in order of arrival", |entry| number(entry.seq)),
    field("account_id", Type::Text, "", "Zoom account id, if it was said", |entry| {
        filled(&entry.arrival.account)
    }),
    field("received_at", Type::Time, "UTC", "When all of it was here", |entry| {
        Time(entry.arrival.received_at)
    }),
    field("source", Type::Text, "", "How it came: webhook, websocket, call_history…", |entry| {
        text(entry.arrival.door.as_str())
    }),
    field("event", Type::Text, "", "Name of the event or of the REST operation", |entry| {
        filled(&entry.arrival.event)
    }),
    field("event_ts", Type::Time, "UTC", "event_ts, as sent", |entry| {
        time(entry.arrival.event_ts.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
    }),
    field("late", Type::Flag, "", "Its signature was more than five minutes old", |entry| {
        Flag(entry.arrival.late)
    }),
    field("body", Type::Json, "", "The bytes as received", |entry| {
        Json(String::from_utf8_lossy(&entry.arrival.body))
    }),
];

fn filled(value: &str) -> Cell<'_> {
    if value.is_empty() { Cell::Null } else { text(value) }
}
