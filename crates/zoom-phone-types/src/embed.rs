//! What Zoom's Smart Embed iframe tells the page around it, read from any source's shape of it.
//!
//! `{"id"?, "type": "zp-…", "data": {…}}`, an object and not text in the browser. As with webhooks, every field is
//! optional, what does not fit stays in `extra`, and nothing that arrives is an error but what is no message at all.
//! Who may be believed is decided before, in the browser: by origin and by source window.
//!
//! Facts: Zoom's Smart Embed guide, and public integrations where the guide is silent.

mod parts;

pub use parts::*;

use crate::wire::{self, Redacted, Wire};
use serde_json::{Map, Value};

/// Declares [`Body`] from `Variant(Struct) = "zp-…"` lines.
macro_rules! bodies {
    ( $( $variant:ident($family:ident) = $name:literal, )* ) => {
        /// The `data` of a message.
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Body {
            $( #[doc = concat!("`", $name, "`")] $variant(Box<$family>), )*
            /// `zp-ready`: the iframe listens. Not documented; what is in `data`, if anything, is unknown.
            Ready(Value),
            /// A message this crate does not know, or a known one whose `data` is no object: `data` as received.
            Unknown(Value),
        }

        impl Body {
            /// Every `type` this crate knows, but `zp-ready`.
            pub const NAMES: &'static [&'static str] = &[$( $name, )*];

            fn read(name: &str, data: Value) -> Self {
                match name {
                    $( $name => match Wire::from_json(&data) {
                        Some(body) => Self::$variant(Box::new(body)),
                        None => Self::Unknown(data),
                    }, )*
                    "zp-ready" => Self::Ready(data),
                    _ => Self::Unknown(data),
                }
            }

            fn to_json(&self) -> Value {
                match self {
                    $( Self::$variant(body) => body.to_json(), )*
                    Self::Ready(data) | Self::Unknown(data) => data.clone(),
                }
            }

            fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
                match self {
                    $( Self::$variant(body) => body.unfamiliar(path, found), )*
                    Self::Ready(_) | Self::Unknown(_) => {}
                }
            }
        }

        /// Personal data stays out: of untyped parts nothing is printed.
        impl std::fmt::Debug for Body {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $( Self::$variant(body) => f.debug_tuple(stringify!($variant)).field(body).finish(), )*
                    Self::Ready(_) => f.write_str("Ready"),
                    Self::Unknown(_) => f.debug_tuple("Unknown").field(&Redacted).finish(),
                }
            }
        }
    };
}

bodies! {
    CallRinging(LiveCall) = "zp-call-ringing-event",
    CallConnected(LiveCall) = "zp-call-connected-event",
    CallEnded(LiveCall) = "zp-call-ended-event",
    CallLogCompleted(CallLog) = "zp-call-log-completed-event",
    RecordingCompleted(CallMedia) = "zp-call-recording-completed-event",
    VoicemailReceived(CallMedia) = "zp-call-voicemail-received-event",
    AiSummaryChanged(AiSummary) = "zp-ai-call-summary-event",
    SmsLogged(SmsLog) = "zp-sms-log-event",
    SaveLog(CallLog) = "zp-save-log-event",
    ContactSearched(ContactSearch) = "zp-contact-search-event",
    ContactsMatched(ContactMatch) = "zp-contact-match-event",
    NotesSaved(Notes) = "zp-notes-save-event",
}

/// One message of the iframe.
#[derive(Clone, PartialEq)]
pub struct Message {
    /// Names the message, so that a second delivery is known; some types never have it.
    pub id: Option<String>,
    /// `type` on the wire.
    pub name: String,
    /// `data`, typed.
    pub body: Body,
    /// The rest of the envelope.
    pub extra: Map<String, Value>,
}

/// Why something is not a message. Most of what a window receives is not: ignore it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not JSON.
    #[error("the message is not JSON: pass on the event's data, serialised once")]
    Json(#[from] serde_json::Error),
    /// JSON, but not an object with a text `type`.
    #[error("the JSON is not a Smart Embed message: it must be an object with a text field `type`")]
    Shape,
}

impl Message {
    /// Reads a message that was serialised to JSON.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::from_value(serde_json::from_str(text)?)
    }

    /// Reads a message that is JSON already.
    pub fn from_value(value: Value) -> Result<Self, ParseError> {
        let Value::Object(mut extra) = value else { return Err(ParseError::Shape) };
        let Some(Value::String(name)) = extra.shift_remove("type") else { return Err(ParseError::Shape) };
        let id = extra.get("id").and_then(String::from_json).filter(|id| !id.is_empty());
        if id.is_some() {
            extra.shift_remove("id");
        }
        let mut data = extra.shift_remove("data").unwrap_or_default();
        if name == "zp-call-log-completed-event" {
            lift(&mut data);
        }
        Ok(Self { id, body: Body::read(&name, data), name, extra })
    }

    /// The message as the iframe would send it.
    pub fn to_value(&self) -> Value {
        let mut envelope = Map::new();
        if let Some(id) = &self.id {
            envelope.insert("id".to_owned(), id.to_json());
        }
        envelope.insert("type".to_owned(), self.name.to_json());
        let data = self.body.to_json();
        if !data.is_null() {
            envelope.insert("data".to_owned(), data);
        }
        wire::keep(&mut envelope, &self.extra);
        envelope.into()
    }

    /// What this crate does not know in the message, to be counted: dotted paths of fields that are unknown or do
    /// not fit, and `path=value` for each unknown enum value. Each once, sorted. An unknown message has none: its
    /// name says it all.
    pub fn unfamiliar(&self) -> Vec<String> {
        let known = self.extra.iter().filter(|(_, value)| !value.is_null());
        let mut found: Vec<String> = known.map(|(key, _)| key.clone()).collect();
        self.body.unfamiliar("data", &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("body", &self.body)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// The guide's sample of a completed log lacks the brace that closes `callee`: what follows would be inside it. Real
/// messages have it beside. Both are read; a field that is in its place already stays.
fn lift(data: &mut Value) {
    let Some(object) = data.as_object_mut() else { return };
    for field in ["result", "direction", "duration", "dateTime", "enableAutoLog"] {
        if object.contains_key(field) {
            continue;
        }
        let callee = object.get_mut("callee").and_then(Value::as_object_mut);
        if let Some(value) = callee.and_then(|callee| callee.shift_remove(field)) {
            object.insert(field.to_owned(), value);
        }
    }
}
