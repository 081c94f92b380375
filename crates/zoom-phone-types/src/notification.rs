//! The envelope of a webhook or WebSocket event.

use crate::events::Event;
use crate::wire::{self, Redacted, Wire};
use serde_json::{Map, Value};

/// One event as Zoom delivers it: `{"event", "event_ts", "payload": {"account_id", "object", "old_object"}}`.
///
/// Nothing received is lost: what has no place stays in `extra` and `payload_extra`.
#[derive(Clone, PartialEq)]
pub struct Notification {
    /// Name of the event, such as `phone.callee_ringing`.
    pub event: String,
    /// When it happened, in milliseconds since 1970.
    pub event_ts: Option<i64>,
    /// The Zoom account it is about.
    pub account_id: Option<String>,
    /// `payload.object`, typed.
    pub body: Event,
    /// `payload.old_object` of settings events: the object before the change.
    pub old_object: Option<Value>,
    /// The rest of `payload`.
    pub payload_extra: Map<String, Value>,
    /// The rest of the envelope.
    pub extra: Map<String, Value>,
    /// The payload had no `object`: `body` is the whole payload.
    bare: bool,
}

/// Why bytes are not an event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not JSON, or not UTF-8.
    #[error("the event is not JSON: check that the body is passed on unchanged")]
    Json(#[from] serde_json::Error),
    /// JSON, but not an object with a text `event`.
    #[error("the JSON is not an event: it must be an object with a text field `event`")]
    Shape,
}

impl Notification {
    /// An event to send.
    pub fn new(event: impl Into<String>, account_id: impl Into<String>, event_ts: i64, body: Event) -> Self {
        Self {
            event: event.into(),
            event_ts: Some(event_ts),
            account_id: Some(account_id.into()),
            body,
            old_object: None,
            payload_extra: Map::new(),
            extra: Map::new(),
            bare: false,
        }
    }

    /// Reads the body of a webhook delivery, or the content of a WebSocket frame.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::from_value(serde_json::from_slice(bytes)?)
    }

    /// Reads an event that is JSON already.
    pub fn from_value(value: Value) -> Result<Self, ParseError> {
        let Value::Object(mut extra) = value else { return Err(ParseError::Shape) };
        let Some(Value::String(event)) = extra.shift_remove("event") else { return Err(ParseError::Shape) };
        let event_ts = take(&mut extra, "event_ts");
        let mut new = Self {
            event,
            event_ts,
            account_id: None,
            body: Event::Unknown(Value::Null),
            old_object: None,
            payload_extra: Map::new(),
            extra,
            bare: true,
        };
        match new.extra.shift_remove("payload") {
            Some(Value::Object(mut payload)) if payload.contains_key("object") => {
                new.body = Event::read(&new.event, payload.shift_remove("object").unwrap_or_default());
                new.account_id = take(&mut payload, "account_id");
                new.old_object = take(&mut payload, "old_object");
                new.payload_extra = payload;
                new.bare = false;
            }
            Some(payload) => {
                new.account_id = payload.get("account_id").and_then(Wire::from_json);
                new.body = Event::Unknown(payload);
            }
            None => {}
        }
        Ok(new)
    }

    /// The event as JSON, ready to be sent.
    pub fn to_value(&self) -> Value {
        let mut envelope = Map::new();
        envelope.insert("event".to_owned(), self.event.to_json());
        if let Some(event_ts) = self.event_ts {
            envelope.insert("event_ts".to_owned(), event_ts.into());
        }
        let payload = if self.bare {
            self.body.to_json()
        } else {
            let mut payload = Map::new();
            if let Some(account_id) = &self.account_id {
                payload.insert("account_id".to_owned(), account_id.to_json());
            }
            payload.insert("object".to_owned(), self.body.to_json());
            if let Some(old_object) = &self.old_object {
                payload.insert("old_object".to_owned(), old_object.clone());
            }
            wire::keep(&mut payload, &self.payload_extra);
            payload.into()
        };
        envelope.insert("payload".to_owned(), payload);
        wire::keep(&mut envelope, &self.extra);
        envelope.into()
    }

    /// What this crate does not know in the event, to be counted: dotted paths of fields that are unknown or do not
    /// fit, and `path=value` for unknown enum values. Each once, sorted.
    ///
    /// An unknown event has no unknown fields: its name says it all.
    pub fn unfamiliar(&self) -> Vec<String> {
        // Null is no news.
        let keys = |extra: &Map<String, Value>, path: &str| -> Vec<String> {
            extra.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| wire::join(path, key)).collect()
        };
        let mut found = [keys(&self.extra, ""), keys(&self.payload_extra, "payload")].concat();
        self.body.unfamiliar("payload.object", &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Takes a field out if it fits; leaves it where it is otherwise.
fn take<T: Wire>(object: &mut Map<String, Value>, key: &str) -> Option<T> {
    let value = T::from_json(object.get(key)?)?;
    object.shift_remove(key);
    Some(value)
}

/// Personal data stays out: of untyped parts, only their keys are printed.
impl std::fmt::Debug for Notification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notification")
            .field("event", &self.event)
            .field("event_ts", &self.event_ts)
            .field("account_id", &self.account_id)
            .field("body", &self.body)
            .field("old_object", &self.old_object.as_ref().map(|_| Redacted))
            .field("payload_extra", &self.payload_extra.keys().collect::<Vec<_>>())
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
