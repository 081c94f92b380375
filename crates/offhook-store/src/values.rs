//! The plain values that go in and come out.

use jiff::Timestamp;
use offhook_calls::{
    CallView, Direction, Outcome, State,
    compare::Telling,
    fax::FaxView,
    message::MessageView,
    normalize::{Door, Problem},
};

/// Something that came in, about to be written down.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// When we had all of it.
    pub received_at: Timestamp,
    /// How it came.
    pub door: Door,
    /// Zoom account id; empty if it does not say.
    pub account: String,
    /// Event name, or the name of the REST operation; empty if it does not say.
    pub event: String,
    /// `event_ts`, milliseconds since 1970, as sent.
    pub event_ts: Option<i64>,
    /// The signature was old enough to be remarkable.
    pub late: bool,
    /// The bytes, as received.
    pub body: bytes::Bytes,
}

/// Something in the inbox.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number: 1, 2, 3, … in order of arrival.
    pub seq: u64,
    /// What arrived.
    pub arrival: Arrival,
}

impl From<Entry> for Telling {
    fn from(Entry { seq, arrival }: Entry) -> Self {
        Self {
            seq,
            received_at: arrival.received_at,
            door: arrival.door,
            account: arrival.account,
            event: arrival.event,
            event_ts: arrival.event_ts,
            body: arrival.body.to_vec(),
        }
    }
}

/// What one step of folding did.
#[derive(Debug, Default)]
pub struct Folded {
    /// Entries taken from the inbox.
    pub entries: usize,
    /// Calls that changed.
    pub calls: usize,
    /// Entries that gave no facts though they should have, by reason and event name.
    pub problems: Vec<(Problem, String)>,
    /// Fields and values that the types do not know, with the event they were in.
    pub unfamiliar: Vec<(String, String)>,
    /// Known defects of Zoom's that were read past, each once for each entry.
    pub quirks: Vec<&'static str>,
    /// The newest number in the change feed.
    pub change_seq: u64,
    /// The last entry taken.
    pub watermark: u64,
}

/// A stretch of the change feed, each call once and as it is now.
#[derive(Debug, Default)]
pub struct Changes {
    /// The last change in this stretch; the number asked for when nothing has changed.
    pub seq: u64,
    /// Calls that changed.
    pub calls: Vec<CallView>,
    /// Ids under which no call is known any more: it was merged into another.
    pub gone: Vec<String>,
    /// There is more after `seq`.
    pub more: bool,
}

/// The calls that matter now, and where in the change feed that was.
#[derive(Debug)]
pub struct OpenCalls {
    /// The newest change that is in `calls`.
    pub seq: u64,
    /// Read models.
    pub calls: Vec<CallView>,
}

/// Which calls to list.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    /// Zoom account id.
    pub account: Option<String>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Doing what.
    pub state: Option<State>,
    /// Ended how.
    pub result: Option<Outcome>,
    /// Extension number of a queue.
    pub queue: Option<String>,
    /// User id or extension number of somebody in it.
    pub person: Option<String>,
    /// A telephone number in it, in any notation; its last digits suffice.
    pub number: Option<String>,
    /// Only those that several calls were joined to by an id that both claim.
    pub conflict: bool,
    /// Began at or after.
    pub from: Option<Timestamp>,
    /// Began before.
    pub to: Option<Timestamp>,
}

/// A place in a list, newest first: after the call that began then and has this key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Milliseconds since 1970; 0 for calls with no known beginning.
    pub started_ms: i64,
    /// Account and key of the last call seen.
    pub after: String,
}

/// The text is no cursor of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that this list gave out; start again without it")]
pub struct CursorError;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.started_ms, self.after)
    }
}

impl std::str::FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (ms, after) = text.split_once('.').ok_or(CursorError)?;
        Ok(Self { started_ms: ms.parse().map_err(|_| CursorError)?, after: after.to_owned() })
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct CallPage {
    /// Read models, newest first.
    pub calls: Vec<CallView>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
}

/// Which text messages or faxes to list.
#[derive(Debug, Clone, Default)]
pub struct TextFilter {
    /// Zoom account id.
    pub account: Option<String>,
    /// `session_id` of a conversation; faxes have none.
    pub session: Option<String>,
    /// A telephone number it went from or to, in any notation; its last digits suffice, at least four.
    pub number: Option<String>,
}

/// One page of text messages.
#[derive(Debug)]
pub struct MessagePage {
    /// Newest first.
    pub messages: Vec<MessageView>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
}

/// One page of faxes.
#[derive(Debug)]
pub struct FaxPage {
    /// Newest first.
    pub faxes: Vec<FaxView>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
}

/// A call found by something typed into a search box.
#[derive(Debug)]
pub struct Match {
    /// What matched: a kind of id, or `number`, `extension`.
    pub kind: String,
    /// The value that matched.
    pub value: String,
    /// The call.
    pub call: CallView,
}

/// A row of another system's call records, about to be taken in.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// The shape it has.
    pub door: Door,
    /// The row, one JSON object.
    pub row: serde_json::Value,
}

/// What became of imported rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Rows that are in the inbox now and were not before.
    pub stored: u64,
    /// Rows that an earlier import had stored, or that came twice.
    pub known: u64,
}

/// Something that Zoom has announced the end of, and how much of it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedOld {
    /// `operation`, `event` or `array`.
    pub what: String,
    /// Which one, as in `zoom_phone_types::deprecation`.
    pub name: String,
    /// Entries of the inbox, ever.
    pub count: u64,
    /// When the last one came.
    pub last_at: Timestamp,
    /// The newest days on which it came, newest first, with their counts.
    pub days: Vec<(String, u64)>,
}

/// A program that asks for old shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedOld {
    /// What it asks for, as in `zoom_phone_types::deprecation`.
    pub operation: String,
    /// Its `User-Agent`.
    pub client: String,
    /// How often it did.
    pub requests: u64,
    /// The last day on which it did, UTC.
    pub last_day: String,
}
