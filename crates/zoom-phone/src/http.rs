//! What the token endpoint and the API have in common.

use std::time::Duration;

use reqwest::header::HeaderMap;
use url::{Host, Url};

/// A client that follows no redirect: a bearer token goes only where it was sent.
pub(crate) fn client(connect: Duration, whole: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(connect)
        .timeout(whole)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("zoom-phone-rust/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Parses an address that is written in this crate's source.
#[expect(clippy::expect_used, reason = "the tests parse every one of them")]
pub(crate) fn constant_url(text: &'static str) -> Url {
    Url::parse(text).expect("a constant of this crate")
}

/// Whether secrets may be sent there: over TLS, or without leaving this machine.
pub(crate) fn keeps_secrets(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_this_machine(url),
        _ => false,
    }
}

/// Nothing is between here and there that could read along.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Zoom's id of the request, which its support asks for.
pub(crate) fn tracking_id(headers: &HeaderMap) -> Option<String> {
    Some(printable(headers.get("x-zm-trackingid")?.to_str().ok()?)).filter(|id| !id.is_empty())
}

/// A response body, up to a limit.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// There was more than the limit.
    pub(crate) cut: bool,
}

pub(crate) async fn read_body(
    response: &mut reqwest::Response,
    limit: usize,
) -> Result<Body, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = limit - bytes.len();
        if chunk.len() > room {
            bytes.extend_from_slice(&chunk[..room]);
            return Ok(Body { bytes, cut: true });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Body { bytes, cut: false })
}

/// Longest foreign text in an error, in characters.
const MAX_TEXT: usize = 500;

/// Makes text from outside fit for one line of a log: no control characters, not too long, and of each
/// web address only the host, because its path or query may be a signature.
pub(crate) fn printable(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TEXT).collect();
    let mut clean = String::with_capacity(line.len());
    let mut rest = line.trim();
    while let Some(start) = rest.find("://") {
        let host = &rest[start + 3..];
        let host_end =
            host.find(|c: char| !(c.is_alphanumeric() || ".-:[]".contains(c))).unwrap_or(host.len());
        let url_end = host.find(|c: char| c.is_whitespace() || "\"'<>".contains(c)).unwrap_or(host.len());
        // `user:password@host`: what looks like the host is not.
        let user_info = host[..url_end].find('@').is_some_and(|at| at <= host_end);
        clean.push_str(&rest[..start + 3]);
        if !user_info {
            clean.push_str(&host[..host_end]);
        }
        if user_info || host_end < url_end {
            clean.push('…');
        }
        rest = &host[url_end.max(host_end)..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_addresses_parse() {
        assert_eq!(crate::oauth::ServerToServer::zoom_token_url().scheme(), "https");
        assert_eq!(crate::client::zoom_api_url().scheme(), "https");
    }

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        for (url, good) in [
            ("https://zoom.us/oauth/token", true),
            ("http://127.0.0.1:8080/oauth/token", true),
            ("http://[::1]:8080/", true),
            ("http://localhost/v2", true),
            ("http://zoom.us/oauth/token", false),
            ("http://localhost.example.test/", false),
            ("http://192.168.1.7/", false),
            ("ws://127.0.0.1/", false),
            ("mailto:x@example.test", false),
        ] {
            assert_eq!(keeps_secrets(&url.parse().unwrap()), good, "{url}");
        }
    }

    #[test]
    fn foreign_text_keeps_its_words_and_loses_signed_addresses() {
        assert_eq!(printable("  Bad\nRequest\u{7} "), "Bad Request");
        assert_eq!(
            printable("see https://file.zoom.us/a/b?jwt=secret, then \"http://x.test:80/?t=1\" end"),
            "see https://file.zoom.us… then \"http://x.test:80…\" end"
        );
        assert_eq!(printable("https://host.test"), "https://host.test");
        assert_eq!(printable("ftp://user:pass@host/x y"), "ftp://… y");
        assert_eq!(printable(&"ä".repeat(600)).chars().count(), 500);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_made_printable(text: String) {
            let clean = printable(&text);
            proptest::prop_assert!(!clean.contains(char::is_control));
        }
    }
}
