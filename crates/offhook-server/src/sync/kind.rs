//! What is read from Zoom, and how: one table.

use jiff::Timestamp;
use offhook_calls::normalize::Door;
use offhook_store::SyncFollow;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zoom_phone::{
    client::{Call, Client, Error as ZoomError},
    quota::RateLabel,
    types::catalogue::Catalogue,
};

/// A list that is read window by window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The directory: `listPhoneUsers`.
    Users,
    /// One row for each call, and the path of each: `accountCallHistory`, `getCallPath`.
    Calls,
    /// `getPhoneRecordings`.
    Recordings,
    /// `accountVoiceMails`, and each with its transcript: `getVoicemailDetails`.
    Voicemails,
    /// What calls cost: `GetCallChargesUsageReport`.
    Charges,
    /// What each user's phone did, and the AI summaries named there: `syncUserCallHistory`, `getUserAICallSummary`.
    Summaries,
    /// Text messages: `accountSmsSession`, `smsSessionDetails`.
    Messages,
    /// `GetAccount'sFaxLogs`.
    Faxes,
    /// Version 1 of call records: `accountCallLogs`, `getCallLogDetails`. Deprecated by Zoom; read only when asked for.
    CallLogs,
}

/// What is asked for by its id, because a row led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// Every step of a call.
    Path,
    /// A voicemail with its transcript.
    Voicemail,
    /// A v1 call log with its steps.
    CallLog,
    /// The messages of a session in a window.
    Session,
    /// What a user's phone did.
    UserElements,
    /// An AI summary, by user and id.
    Summary,
}

/// How a kind is read.
struct Reading {
    word: &'static str,
    operation: &'static str,
    /// `None`: the rows only lead to others.
    door: Option<Door>,
    /// Beside window and page.
    query: &'static [(&'static str, &'static str)],
    /// Whether the list takes a window of time.
    windowed: bool,
    /// How far back Zoom answers, in months.
    months: i32,
}

/// Zoom keeps calls and voicemails for so many months.
const SIX: i32 = 6;
/// What backfill covers of lists that reach back further than anybody asked for.
const YEAR: i32 = 12;

impl Kind {
    /// All of them, in the order in which a backfill reads them.
    pub const ALL: [Self; 9] = [
        Self::Users,
        Self::Calls,
        Self::Recordings,
        Self::Voicemails,
        Self::Charges,
        Self::Messages,
        Self::Faxes,
        Self::Summaries,
        Self::CallLogs,
    ];
    /// What a backfill and a night read unless told otherwise: everything but the deprecated.
    pub const USUAL: &[Self] = &[
        Self::Users,
        Self::Calls,
        Self::Recordings,
        Self::Voicemails,
        Self::Charges,
        Self::Messages,
        Self::Faxes,
        Self::Summaries,
    ];
    /// What is read again every few minutes.
    pub(super) const CATCH_UP: &[Self] = &[Self::Calls, Self::Recordings, Self::Voicemails];

    fn reading(self) -> Reading {
        let list = |word, operation, door: Door| Reading {
            word,
            operation,
            door: Some(door),
            query: &[],
            windowed: true,
            months: SIX,
        };
        match self {
            Self::Users => Reading { windowed: false, ..list("users", "listPhoneUsers", Door::User) },
            Self::Calls => list("calls", "accountCallHistory", Door::CallHistory),
            Self::Recordings => Reading {
                // A recording is there when the call has ended.
                query: &[("query_date_type", "end_time")],
                months: YEAR,
                ..list("recordings", "getPhoneRecordings", Door::Recording)
            },
            Self::Voicemails => list("voicemails", "accountVoiceMails", Door::Voicemail),
            Self::Charges => {
                Reading { months: 13, ..list("charges", "GetCallChargesUsageReport", Door::Charge) }
            }
            Self::Summaries => {
                Reading { door: None, windowed: false, ..list("summaries", "listPhoneUsers", Door::User) }
            }
            Self::Messages => Reading {
                door: None,
                query: &[("session_type", "all"), ("filter_type", "sent_received_message_time")],
                months: YEAR,
                ..list("messages", "accountSmsSession", Door::Message)
            },
            Self::Faxes => Reading { months: YEAR, ..list("faxes", "GetAccount'sFaxLogs", Door::Fax) },
            Self::CallLogs => Reading {
                query: &[("time_type", "endTime")],
                ..list("call_logs", "accountCallLogs", Door::CallLog)
            },
        }
    }

    /// Its word in API and database.
    pub fn word(self) -> &'static str {
        self.reading().word
    }

    /// The kind with this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The operationId of its list.
    pub(super) fn operation(self) -> &'static str {
        self.reading().operation
    }

    /// By which door its rows come in; `None` for rows that only lead to others.
    pub(super) fn door(self) -> Option<Door> {
        self.reading().door
    }

    /// The list takes a window of time; else it is read whole.
    pub(super) fn is_windowed(self) -> bool {
        self.reading().windowed
    }

    /// How far back Zoom answers, in months.
    pub(super) fn months(self) -> i32 {
        self.reading().months
    }

    /// Rate label of its list.
    pub(super) fn label(self) -> RateLabel {
        label_of(self.operation())
    }

    /// What its rows lead to.
    pub(super) fn item(self) -> Option<Item> {
        match self {
            Self::Calls => Some(Item::Path),
            Self::Voicemails => Some(Item::Voicemail),
            Self::CallLogs => Some(Item::CallLog),
            Self::Messages => Some(Item::Session),
            Self::Summaries => Some(Item::UserElements),
            Self::Users | Self::Recordings | Self::Charges | Self::Faxes => None,
        }
    }

    /// The request for its list, without window and page.
    pub(super) fn call(self, client: &Client) -> Result<Call, ZoomError> {
        let reading = self.reading();
        let mut call = client.operation(reading.operation)?;
        // Of these the client asks for the largest page by itself.
        let known =
            Catalogue::get().operation(reading.operation).and_then(|operation| operation.page_size_max);
        if known.is_none() {
            call = call.query("page_size", 300);
        }
        for (name, value) in reading.query {
            call = call.query(*name, value);
        }
        Ok(call)
    }

    /// What this row leads to.
    pub(super) fn follow(
        self,
        row: &Map<String, Value>,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<SyncFollow> {
        let item = self.item()?;
        let id = ["call_history_uuid", "session_id", "id"].iter().find_map(|name| text(row, name))?;
        let about =
            ["end_time", "call_end_time", "date_time"].iter().find_map(|name| text(row, name)?.parse().ok());
        let (id, about, always) = match self {
            // A session is asked for once for each window in which it has messages.
            Self::Messages => (format!("{id} {from} {to}"), None, true),
            Self::Summaries => (id.to_owned(), None, true),
            _ => (id.to_owned(), about, false),
        };
        Some(SyncFollow { kind: item.word().to_owned(), id, about, always })
    }
}

impl Item {
    pub(super) const ALL: [Self; 6] =
        [Self::Path, Self::Voicemail, Self::CallLog, Self::Session, Self::UserElements, Self::Summary];

    /// Its word in API and database.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Voicemail => "voicemail",
            Self::CallLog => "call_log",
            Self::Session => "session",
            Self::UserElements => "user_elements",
            Self::Summary => "summary",
        }
    }

    /// The item with this word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.word() == word)
    }

    /// The operationId that answers it.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Path => "getCallPath",
            Self::Voicemail => "getVoicemailDetails",
            Self::CallLog => "getCallLogDetails",
            Self::Session => "smsSessionDetails",
            Self::UserElements => "syncUserCallHistory",
            Self::Summary => "getUserAICallSummary",
        }
    }

    /// By which door what it answers comes in.
    pub(super) fn door(self) -> Door {
        match self {
            Self::Path => Door::CallPath,
            Self::Voicemail => Door::Voicemail,
            Self::CallLog => Door::CallLogDetail,
            Self::Session => Door::Message,
            Self::UserElements => Door::CallElement,
            Self::Summary => Door::Summary,
        }
    }

    /// Rate label of its operation.
    pub(super) fn label(self) -> RateLabel {
        label_of(self.operation())
    }
}

/// Operations without a label count as MEDIUM.
pub(crate) fn label_of(operation: &str) -> RateLabel {
    Catalogue::get().operation(operation).and_then(|operation| operation.rate).unwrap_or(RateLabel::Medium)
}

/// A text field, without blanks around it; `None` if absent or blank.
pub(super) fn text<'a>(row: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    row.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_and_every_item_is_an_operation_with_the_parameters_that_are_sent() {
        for kind in Kind::ALL {
            let operation = Catalogue::get().operation(kind.operation()).unwrap();
            assert!(operation.paging.is_some(), "{kind:?}");
            let has = |name: &str| operation.parameters.iter().any(|parameter| parameter.name == name);
            assert_eq!(has("from") && has("to"), kind.is_windowed(), "{kind:?}");
            for (name, _) in kind.reading().query {
                assert!(has(name), "{kind:?} {name}");
            }
            assert_eq!(Kind::of(kind.word()), Some(kind));
        }
        for item in Item::ALL {
            assert!(Catalogue::get().operation(item.operation()).is_some(), "{item:?}");
            assert_eq!(Item::of(item.word()), Some(item));
        }
        assert_eq!((Kind::Calls.label(), Item::Path.label()), (RateLabel::Heavy, RateLabel::Light));
    }
}
