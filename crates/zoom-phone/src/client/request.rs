//! From a call to what goes over the wire: path, query and body, encoded.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use tracing::{Span, field};
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
    /// What is logged about it.
    pub(super) span: Span,
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
        let (operation, method) = (call.target.name(), call.target.method());
        Ok(Self {
            span: span(&operation, method),
            operation,
            method,
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

/// One span for a call, over all its tries. No path and no query: ids and numbers of people are in them.
pub(super) fn span(operation: &str, method: Method) -> Span {
    tracing::debug_span!(
        "zoom_phone",
        operation,
        %method,
        status = field::Empty,
        tracking_id = field::Empty,
        tries = field::Empty,
        quota_wait_ms = field::Empty,
    )
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::client::{Client, Part};

    fn client() -> Client {
        crate::client::tests::client()
    }

    fn url(call: &Call) -> Result<String, Error> {
        let base = Url::parse("https://api.zoom.us/v2").unwrap();
        Request::of(call).map(|request| request.url(base, false).into())
    }

    fn raw(path: &str) -> Call {
        client().request(Method::Get, path)
    }

    #[test]
    fn an_id_stays_one_segment_whatever_it_contains() {
        let call = raw("/phone/users/{userId}").path("userId", "a/b?c#d%2F é+@=-_.~");
        assert_eq!(
            url(&call).unwrap(),
            "https://api.zoom.us/v2/phone/users/a%2Fb%3Fc%23d%252F%20%C3%A9%2B%40%3D-_.~"
        );
    }

    #[test]
    fn only_a_meeting_uuid_with_slashes_is_escaped_twice() {
        let twice = raw("/phone/x/{meeting_uuid}").path("meeting_uuid", "/a//b==");
        assert_eq!(url(&twice).unwrap(), "https://api.zoom.us/v2/phone/x/%252Fa%252F%252Fb%253D%253D");
        for (name, value) in [("meeting_uuid", "a/b=="), ("userId", "/a//b==")] {
            let once = raw(&format!("/phone/x/{{{name}}}")).path(name, value);
            assert!(!url(&once).unwrap().contains("%25"), "{name} {value}");
        }
    }

    #[test]
    fn a_segment_that_would_change_the_path_is_a_fault_even_unchecked() {
        for value in ["", " ", ".", ".."] {
            let call = raw("/phone/users/{userId}/settings").path("userId", value).unchecked();
            let error = url(&call).unwrap_err();
            assert!(matches!(&error, Error::Invalid { faults, .. } if faults[0].at == "userId"), "{error}");
        }
        for path in
            ["/phone/../users", "/phone//users", "/phone/%2e%2E/x", "/phone/a b", "/phone?x=1", "/phone/%zz"]
        {
            assert!(matches!(url(&raw(path).unchecked()), Err(Error::Invalid { .. })), "{path}");
        }
        assert!(url(&raw("phone/users/a%2Fb@c")).unwrap().ends_with("/v2/phone/users/a%2Fb@c"));
    }

    #[test]
    fn a_path_needs_all_its_parameters_and_no_others() {
        let call = client().operation("phoneUser").unwrap();
        let error = url(&call).unwrap_err();
        assert!(error.to_string().contains("userId is required"), "{error}");
        let error = url(&call.path("userId", "u").path("siteId", "s")).unwrap_err();
        assert!(error.to_string().contains("siteId is not in the path"), "{error}");
    }

    #[test]
    fn lists_are_repeated_or_joined_as_the_operation_says() {
        let client = client();
        let list = client.operation("accountCallHistory").unwrap();
        let list = list.query_all("directions", ["inbound", "outbound"]).query("keyword", "a&b +1");
        assert!(url(&list).unwrap().ends_with("?directions=inbound&directions=outbound&keyword=a%26b+%2B1"));
        let comma = client.operation("GetCallChargesUsageReport").unwrap().query_all("call_ids", ["1", "2"]);
        assert!(url(&comma).unwrap().ends_with("?call_ids=1%2C2"));
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one_and_an_empty_list_is_not_sent() {
        let call =
            raw("/phone").query("x", 1).query("y", true).query("x", 2).query_all("z", Vec::<String>::new());
        assert_eq!(url(&call).unwrap(), "https://api.zoom.us/v2/phone?x=2&y=true");
    }

    #[test]
    fn files_go_to_their_own_host_unless_the_base_is_configured() {
        let part = Part::file("a.zip", "application/zip", "PK");
        let call = client().operation("UploadFaxFiles").unwrap().part("file", part);
        let request = Request::of(&call).unwrap();
        let base = || Url::parse("https://api-us.zoom.us/v2").unwrap();
        assert_eq!(request.url(base(), false).host_str(), Some("fileapi.zoom.us"));
        assert_eq!(request.url(base(), true).host_str(), Some("api-us.zoom.us"));
        assert!(request.body.unwrap().0.starts_with("multipart/form-data; boundary="));
    }

    #[test]
    fn any_verb_may_have_a_json_body() {
        let call = client().request(Method::Delete, "/phone/x").body(json!({"ids": ["é"]}));
        let (kind, body) = Request::of(&call).unwrap().body.unwrap();
        assert_eq!((kind.as_ref(), body.as_ref()), ("application/json", "{\"ids\":[\"é\"]}".as_bytes()));
    }

    #[test]
    fn a_span_and_an_error_name_no_id_of_a_raw_path() {
        let call = raw("/phone/users/jane@example.test/settings");
        assert_eq!(Request::of(&call).unwrap().operation, "GET /phone/users/…");
        // No path of the catalogue: the second segment may be an id as well.
        assert_eq!(Request::of(&raw("/users/jane@example.test")).unwrap().operation, "GET /users/…");
    }

    proptest! {
        #[test]
        fn any_value_comes_back_as_one_segment_and_one_pair(value: String) {
            prop_assume!(!matches!(value.trim(), "" | "." | ".."));
            let call = raw("/phone/users/{userId}/x").path("userId", value.as_str()).query("q", &value);
            let url = Url::parse(&url(&call).unwrap()).unwrap();
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 5);
            prop_assert_eq!(percent_decode_str(segments[3]).decode_utf8_lossy(), value.as_str());
            let pairs: Vec<_> = url.query_pairs().collect();
            prop_assert_eq!(pairs, vec![("q".into(), value.as_str().into())]);
        }

        #[test]
        fn any_raw_path_is_sent_as_written_or_refused(path in "(/|[a-z]|%2[eEfF]|[.{}? é\\\\]){0,12}") {
            if let Ok(url) = url(&raw(&path)) {
                prop_assert_eq!(url, format!("https://api.zoom.us/v2/{}", path.trim_start_matches('/')));
            }
        }
    }
}
