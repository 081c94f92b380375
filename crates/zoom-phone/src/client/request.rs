//! From a call to what goes over the wire: path, query and body, encoded.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use url::Url;
use url::form_urlencoded;
use zoom_phone_types::catalogue::{ListEncoding, Method, RateLabel};

use super::call::{Call, Content};
use super::error::{Error, Fault};
use super::{check, multipart};
use crate::quota::Priority;

/// Everything outside RFC 3986's unreserved characters is escaped in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request that may be sent as often as its verb allows.
pub(super) struct Request {
    /// For errors, logs and metrics.
    pub(super) operation: Cow<'static, str>,
    pub(super) method: Method,
    pub(super) place: Place,
    pub(super) body: Option<(Cow<'static, str>, Bytes)>,
    pub(super) label: Option<RateLabel>,
    /// Counted by Zoom, and so by the limiter.
    pub(super) counted: bool,
    pub(super) priority: Priority,
}

/// Where a request goes.
pub(super) enum Place {
    /// Below the API's address, or the same path at another host of Zoom.
    Api { host: Option<&'static str>, path: String, query: String },
    /// An address that Zoom gave.
    Url(Url),
}

impl Request {
    /// Checks and encodes a call.
    pub(super) fn of(call: &Call) -> Result<Self, Error> {
        let mut faults = call.faults.clone();
        let path = path(call, &mut faults);
        if call.checked {
            check::call(call, &mut faults);
        }
        if let Content::Parts(parts) = &call.content
            && parts.iter().any(|(_, part)| !part.is_writable())
        {
            faults.push(Fault::new("part", "has a content type that cannot be sent"));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid { operation: call.target.name().into_owned(), faults });
        }
        Ok(Self {
            operation: call.target.name(),
            method: call.target.method(),
            place: Place::Api {
                host: call.target.operation().and_then(|operation| operation.host.as_deref()),
                path,
                query: query(call),
            },
            body: body(&call.content),
            label: call.target.label(),
            counted: true,
            priority: call.priority,
        })
    }

    /// The address, given the one of the API. An operation's own host counts only for Zoom itself: an emulator is
    /// all hosts in one.
    pub(super) fn url(&self, base: Url, configured: bool) -> Url {
        match &self.place {
            Place::Url(url) => url.clone(),
            Place::Api { host, path, query } => {
                let mut url = base;
                if let (Some(host), false) = (host, configured) {
                    // A host of the catalogue; its tests parse it.
                    let _ = url.set_host(Some(host));
                }
                let full = format!("{}{path}", url.path().trim_end_matches('/'));
                url.set_path(&full);
                url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
                url
            }
        }
    }
}

fn path(call: &Call, faults: &mut Vec<Fault>) -> String {
    let template = call.target.path();
    let mut path = String::with_capacity(template.len() + 40);
    let mut used = 0;
    for segment in template.trim_start_matches('/').split('/') {
        path.push('/');
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            if let Some(problem) = literal_problem(segment) {
                faults.push(Fault::new(format!("path segment {segment:?}"), problem));
            }
            path.push_str(segment);
            continue;
        };
        let Some((_, value)) = call.path.iter().find(|(set, _)| set == name) else {
            faults.push(Fault::new(name, "is required"));
            continue;
        };
        used += 1;
        // Addresses with these in them mean another path than the one that was written.
        if matches!(value.trim(), "" | "." | "..") {
            faults.push(Fault::new(name, "is no id: it is blank or dots"));
        }
        let encoded = utf8_percent_encode(value, SEGMENT);
        if is_meeting_uuid(name, value) {
            path.extend(utf8_percent_encode(&encoded.to_string(), SEGMENT));
        } else {
            path.extend(encoded);
        }
    }
    if used < call.path.len() {
        let unknown = call.path.iter().filter(|(name, _)| !template.contains(&format!("{{{name}}}")));
        faults.extend(
            unknown.map(|(name, _)| Fault::new(name.as_ref(), "is not in the path of this operation")),
        );
    }
    path
}

/// What is wrong with a segment of a path that a caller wrote. Those of the catalogue are fine.
fn literal_problem(segment: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@".contains(c);
    if !segment.chars().all(allowed) {
        return Some(
            "has a character that must be escaped; write {name} there, and give the value with path(name, value)",
        );
    }
    let mut escapes = segment.split('%').skip(1);
    if escapes.any(|rest| !rest.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)))
    {
        return Some("has a % that begins no escape");
    }
    let decoded = percent_decode_str(segment).decode_utf8_lossy();
    matches!(decoded.as_ref(), "" | "." | "..").then_some("is empty or dots, which would change the path")
}

/// Zoom wants the UUID of a meeting escaped twice where a slash would make two segments of it.
fn is_meeting_uuid(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("meeting") && name.ends_with("id") && (value.starts_with('/') || value.contains("//"))
}

fn query(call: &Call) -> String {
    let parameters = call.target.operation().map_or(&[][..], |operation| operation.parameters.as_slice());
    let mut written = form_urlencoded::Serializer::new(String::new());
    for (name, values) in &call.query {
        let list = parameters.iter().find(|parameter| parameter.name == *name).and_then(|it| it.list);
        if list == Some(ListEncoding::Comma) && values.len() > 1 {
            written.append_pair(name, &values.join(","));
        } else {
            written.extend_pairs(values.iter().map(|value| (name, value)));
        }
    }
    written.finish()
}

fn body(content: &Content) -> Option<(Cow<'static, str>, Bytes)> {
    match content {
        Content::Empty => None,
        Content::Json(value) => Some((Cow::Borrowed("application/json"), json(value))),
        Content::Parts(parts) => {
            let (kind, bytes) = multipart::encode(parts);
            Some((Cow::Owned(kind), bytes))
        }
    }
}

fn json(value: &Value) -> Bytes {
    value.to_string().into()
}
