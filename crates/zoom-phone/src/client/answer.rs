//! From an HTTP answer to JSON or an error. Zoom's error bodies are read with patience: some are HTML, some
//! are broken JSON, some are empty.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};
use zoom_phone_types::Wire;

use super::error::{ApiError, Error, FieldError};
use crate::http::{self, Body, printable};
use crate::quota::RateFacts;

/// Most field errors that are kept.
const MAX_FIELDS: usize = 20;

/// A success.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// HTTP status: 2xx.
    pub status: u16,
    /// The body; [`Value::Null`] if there is none.
    pub body: Value,
    /// `x-zm-trackingid`, for Zoom's support.
    pub tracking_id: Option<String>,
    /// What the answer says about the quota.
    pub rate: RateFacts,
}

/// Without the body: there may be numbers of people and signed addresses in it.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("tracking_id", &self.tracking_id)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

/// A success whose body is not looked at yet.
pub(super) struct Received {
    status: u16,
    text: Vec<u8>,
    html: bool,
    tracking_id: Option<String>,
    rate: RateFacts,
}

impl Received {
    /// The body as JSON of any kind.
    pub(super) fn json(self, operation: &str) -> Result<Answer, Error> {
        let body = if self.is_empty() {
            Value::Null
        } else {
            match serde_json::from_slice(&self.text) {
                Ok(body) => body,
                Err(_) => return Err(self.no_json(operation)),
            }
        };
        Ok(Answer { status: self.status, body, tracking_id: self.tracking_id, rate: self.rate })
    }

    /// The body as a type, read without a tree of JSON in between. One that is missing reads as an empty object: Zoom
    /// leaves bodies out.
    pub(super) fn decode<T: Wire>(self, operation: &str) -> Result<T, Error> {
        let read = if self.is_empty() {
            T::from_value(Value::Null).or_else(|_| T::from_value(Value::Object(Map::new())))
        } else {
            match zoom_phone_types::wire::read_slice(&self.text) {
                Ok(read) => read,
                Err(_) => return Err(self.no_json(operation)),
            }
        };
        read.map_err(|_| self.unreadable(operation, "not the JSON that this operation returns"))
    }

    fn is_empty(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }

    fn no_json(self, operation: &str) -> Error {
        let found = if self.html { "an HTML page" } else { "not JSON" };
        self.unreadable(operation, found)
    }

    fn unreadable(self, operation: &str, found: &'static str) -> Error {
        Error::Unreadable {
            operation: operation.to_owned(),
            status: self.status,
            found,
            tracking_id: self.tracking_id,
        }
    }
}

pub(super) fn read(
    operation: &str,
    status: StatusCode,
    headers: &HeaderMap,
    rate: RateFacts,
    body: Body,
    bearer: &str,
) -> Result<Received, Error> {
    let tracking_id = http::tracking_id(headers);
    if !status.is_success() {
        let said = Said::read(&body.bytes, is_html(headers, &body.bytes), bearer);
        return Err(Error::Api(Box::new(said.into_error(operation, status.as_u16(), tracking_id, rate))));
    }
    let html = is_html(headers, &body.bytes);
    let received = Received { status: status.as_u16(), text: body.bytes, html, tracking_id, rate };
    if body.cut {
        return Err(received.unreadable(operation, "larger than 64 MiB"));
    }
    Ok(received)
}

/// An error body as the client reads it. A door for the fuzzer only.
#[doc(hidden)]
pub fn read_error(status: u16, body: &[u8], bearer: &str) -> ApiError {
    let said = Said::read(body, is_html(&HeaderMap::new(), body), bearer);
    let mut rate = RateFacts { limited: status == 429, ..RateFacts::default() };
    rate.heed_body(body);
    said.into_error("fuzz", status, None, rate)
}

fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    declared || body.trim_ascii_start().starts_with(b"<")
}

/// What an error body says.
struct Said {
    code: Option<i64>,
    message: String,
    fields: Vec<FieldError>,
}

impl Said {
    fn into_error(
        self,
        operation: &str,
        status: u16,
        tracking_id: Option<String>,
        rate: RateFacts,
    ) -> ApiError {
        let Self { code, message, fields } = self;
        ApiError { operation: operation.to_owned(), status, code, message, fields, tracking_id, rate }
    }

    fn read(body: &[u8], html: bool, bearer: &str) -> Self {
        let clean = |text: &str| printable(&text.replace(bearer, "[token]"));
        if let Ok(Value::Object(object)) = serde_json::from_slice(body) {
            let text = ["message", "error_message", "reason", "error"]
                .iter()
                .find_map(|name| object.get(*name)?.as_str());
            let entries = object.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let part =
                |entry: &Value, name| clean(entry.get(name).and_then(Value::as_str).unwrap_or_default());
            return Self {
                code: object.get("code").and_then(integer),
                message: text.map_or_else(|| "no message".to_owned(), clean),
                fields: entries
                    .iter()
                    .take(MAX_FIELDS)
                    .map(|entry| FieldError { field: part(entry, "field"), message: part(entry, "message") })
                    .collect(),
            };
        }
        let text = String::from_utf8_lossy(body);
        let (code, message) = if html {
            (None, "an HTML page instead of JSON".to_owned())
        } else if text.trim().is_empty() {
            (None, "an empty body".to_owned())
        } else {
            salvage(&text).map_or_else(|| (None, clean(&text)), |(code, message)| (code, clean(message)))
        };
        Self { code, message, fields: Vec::new() }
    }
}

/// Code and message of an envelope that is not valid JSON: Zoom forgets to escape quotes in some messages.
fn salvage(text: &str) -> Option<(Option<i64>, &str)> {
    let after = |name: &str| {
        let rest = text.split_once(name)?.1.trim_start().strip_prefix(':')?;
        Some(rest.trim_start())
    };
    let message = after("\"message\"")?.strip_prefix('"')?;
    let message = message.trim_end().trim_end_matches('}').trim_end();
    let code = after("\"code\"").and_then(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    });
    Some((code, message.strip_suffix('"').unwrap_or(message)))
}

/// A number, also one that is written as text.
pub(super) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    fn error(status: u16, body: &str) -> ApiError {
        let body = Body { bytes: body.as_bytes().to_vec(), cut: false };
        let mut headers = HeaderMap::new();
        headers.insert("x-zm-trackingid", HeaderValue::from_static("WEB_1"));
        let status = StatusCode::from_u16(status).unwrap();
        let error = read("accountCallHistory", status, &headers, RateFacts::default(), body, "the-token")
            .err()
            .unwrap();
        error.api().unwrap().clone()
    }

    #[test]
    fn the_envelope_is_read_with_its_field_errors() {
        let body = r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"from","field_value":"+15550000001","message":"Invalid."}]}"#;
        let error = error(400, body);
        assert_eq!((error.code, error.message.as_str()), (Some(300), "Validation Failed."));
        assert_eq!(error.fields, [FieldError { field: "from".to_owned(), message: "Invalid.".to_owned() }]);
        assert_eq!(
            error.to_string(),
            "accountCallHistory: Zoom answered 400, code 300: Validation Failed.; field from: Invalid.; correct the request (tracking id WEB_1)"
        );
    }

    #[test]
    fn broken_json_still_yields_code_and_message() {
        let error = error(
            400,
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:["phone:read:admin"]"}"#,
        );
        assert_eq!(error.code, Some(4711));
        assert_eq!(error.message, r#"Invalid access token, does not contain scopes:["phone:read:admin"]"#);
        assert!(error.scope_missing());
    }

    #[test]
    fn html_empty_and_foreign_bodies_have_words_too() {
        assert_eq!(
            error(502, "<html><body>Bad gateway</body></html>").message,
            "an HTML page instead of JSON"
        );
        assert_eq!(error(503, " ").message, "an empty body");
        assert_eq!(error(500, "upstream said no").message, "upstream said no");
        assert_eq!(error(500, "[1,2]").message, "[1,2]");
    }

    #[test]
    fn the_token_and_signed_addresses_never_reach_the_message() {
        let error = error(400, r#"{"code":1,"message":"the-token at https://file.zoom.us/x?jwt=abc"}"#);
        assert_eq!(error.message, "[token] at https://file.zoom.us…");
    }

    #[test]
    fn a_missing_scope_is_no_rejected_token() {
        let rejected = |status, body| Error::Api(Box::new(error(status, body))).token_rejected();
        assert!(rejected(401, r#"{"code":124,"message":"Invalid access token."}"#));
        assert!(rejected(400, r#"{"code":124,"message":"Invalid access token."}"#));
        assert!(rejected(401, ""));
        assert!(!rejected(
            401,
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[x]"}"#
        ));
        assert!(!rejected(400, r#"{"code":300,"message":"Validation Failed."}"#));
    }

    proptest! {
        #[test]
        fn any_error_body_becomes_an_error(body: Vec<u8>, status in 400..600_u16) {
            let body = Body { bytes: body, cut: false };
            let status = StatusCode::from_u16(status).unwrap();
            let error = read("x", status, &HeaderMap::new(), RateFacts::default(), body, "the-token").err().unwrap();
            prop_assert!(!error.to_string().is_empty());
        }

        #[test]
        fn any_text_after_the_message_key_is_salvaged_without_panic(text: String) {
            salvage(&format!(r#"{{"code":{text},"message":"{text}"#));
        }
    }
}
