//! What Zoom writes into a frame.
//!
//! | frame | meaning |
//! |---|---|
//! | `{"module":"build_connection","success":true,"content":"…"}` | first: the channel is open, or why not |
//! | `{"module":"heartbeat",…}` | the echo of ours |
//! | `{"module":"message","content":"{\"event\":…}"}` | an event, as text or as an object |

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The frame that keeps a channel alive.
pub(super) const HEARTBEAT: &str = r#"{"module":"heartbeat"}"#;

/// A frame, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The channel is open.
    Open,
    /// It is not, and why.
    Refused(String),
    /// The echo of a heartbeat.
    Heartbeat,
    /// The JSON of an event, as written.
    Event(String),
    /// Something else.
    Unknown,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    module: Cow<'a, str>,
    #[serde(default)]
    success: Value,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// Reads a frame; never fails.
pub(super) fn read(text: &str) -> Frame {
    let Ok(Envelope { module, success, content }) = serde_json::from_str(text) else {
        return Frame::Unknown;
    };
    let content = content.map_or("", RawValue::get);
    match &*module {
        "build_connection" if success == true || success == "true" => Frame::Open,
        "build_connection" => Frame::Refused(words(content)),
        "heartbeat" => Frame::Heartbeat,
        "message" => event(content).map_or(Frame::Unknown, Frame::Event),
        _ => Frame::Unknown,
    }
}

/// The content of a message: an object, or text that is one.
fn event(content: &str) -> Option<String> {
    if content.starts_with('{') {
        return Some(content.to_owned());
    }
    let text: String = serde_json::from_str(content).ok()?;
    let is_object = text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(&text).is_ok();
    is_object.then_some(text)
}

/// What a person may read of a refusal.
fn words(content: &str) -> String {
    match serde_json::from_str(content) {
        Ok(Value::String(text)) if !text.trim().is_empty() => text,
        Ok(Value::String(_) | Value::Null) | Err(_) => "no reason given".to_owned(),
        Ok(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_frame_is_told_apart() {
        for (text, frame) in [
            (r#"{"module":"build_connection","success":true,"content":"ok"}"#, Frame::Open),
            (r#"{"module":"build_connection","success":"true"}"#, Frame::Open),
            (
                r#"{"module":"build_connection","success":false,"content":"Invalid Token"}"#,
                Frame::Refused("Invalid Token".to_owned()),
            ),
            (
                r#"{"module":"build_connection","success":false}"#,
                Frame::Refused("no reason given".to_owned()),
            ),
            (r#"{"module":"build_connection","content":{"a":1}}"#, Frame::Refused(r#"{"a":1}"#.to_owned())),
            (HEARTBEAT, Frame::Heartbeat),
            (r#"{"success":true,"module":"heartbeat","content":null}"#, Frame::Heartbeat),
            (
                r#"{"module":"message","content":{"event":"x", "n":1.0}}"#,
                event_of(r#"{"event":"x", "n":1.0}"#),
            ),
            (
                r#"{"module":"message","content":"{\"event\":\"x\", \"n\":1.0}"}"#,
                event_of(r#"{"event":"x", "n":1.0}"#),
            ),
            (r#"{"module":"message","content":" {\"\\u00e4\":\"\u00e4\"}"}"#, event_of(r#" {"\u00e4":"ä"}"#)),
        ] {
            assert_eq!(read(text), frame, "{text}");
        }
    }

    fn event_of(text: &str) -> Frame {
        Frame::Event(text.to_owned())
    }

    #[test]
    fn what_is_no_frame_of_zooms_is_unknown_rather_than_an_error() {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "{",
            r#"{"module":7}"#,
            r#"{"module":"news","content":"x"}"#,
            r#"{"module":"message"}"#,
            r#"{"module":"message","content":null}"#,
            r#"{"module":"message","content":"hello"}"#,
            r#"{"module":"message","content":"{broken"}"#,
            r#"{"module":"message","content":[{"event":"x"}]}"#,
        ] {
            assert_eq!(read(text), Frame::Unknown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            let _ = read(&text);
        }

        #[test]
        fn an_event_comes_out_as_it_was_written_however_it_is_wrapped(key: String, value: String) {
            let event = json!({ key: value }).to_string();
            let wrapped = json!({ "module": "message", "content": event }).to_string();
            prop_assert_eq!(read(&wrapped), Frame::Event(event.clone()));
            let bare = format!(r#"{{"content":{event},"module":"message"}}"#);
            prop_assert_eq!(read(&bare), Frame::Event(event));
        }
    }
}
