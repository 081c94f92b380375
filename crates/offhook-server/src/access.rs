//! Who may ask what. The one place that decides.
//!
//! Until people can sign in, everything but Zoom's webhook and the health checks is for this machine only.
//! "This machine" means three things at once: the connection comes from loopback; the request is addressed
//! to loopback (a web page elsewhere that rebinds its name to 127.0.0.1 is not); and no proxy says that it
//! handed it on. A proxy on this machine that hides itself cannot be told from a program on it: what it passes
//! on, it answers for.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use offhook_store::Media;

use crate::problem::Problem;

/// Whom a path is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Anybody who can reach us. What it does is guarded otherwise, or gives nothing away.
    Anyone,
    /// Programs and people on this machine.
    ThisMachine,
}

/// The table. What is not in it is for this machine only.
const ANYONE: &[&str] = &["/zoom/webhook", "/healthz", "/readyz"];

/// What is below these is for anyone, too: each address is a signed, short-lived link.
const ANYONE_BELOW: &[&str] = &["/media/"];

/// Whom this path is for.
pub(crate) fn audience(path: &str) -> Audience {
    let open = ANYONE.contains(&path) || ANYONE_BELOW.iter().any(|beginning| path.starts_with(beginning));
    if open { Audience::Anyone } else { Audience::ThisMachine }
}

/// Whether who asks the API may hear this file. Until people can sign in there is nobody to tell apart: who reaches
/// the API may. Every way to the bytes of a file begins with a link, and every link with this question.
pub(crate) fn may_hear(_media: &Media) -> bool {
    true
}

/// Refuses what the table does not allow.
pub(crate) async fn guard(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match refusal(request.uri().path(), peer, request.uri().host(), request.headers()) {
        None => next.run(request).await,
        Some(reason) => {
            metrics::counter!("offhook_http_refused_total", "reason" => reason.label()).increment(1);
            Problem::forbidden(reason.text()).into_response()
        }
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Peer,
    Proxied,
    Host,
}

impl Refusal {
    fn label(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Proxied => "proxied",
            Self::Host => "host",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Peer => {
                "Until sign-in exists, this is served to the machine that Offhook runs on. Use an SSH tunnel."
            }
            Self::Proxied => {
                "The request came through a proxy. Until sign-in exists, let the proxy pass on /zoom/webhook only."
            }
            Self::Host => {
                "The request is not addressed to localhost. Open http://127.0.0.1 with Offhook's port instead."
            }
        }
    }
}

fn refusal(path: &str, peer: SocketAddr, uri_host: Option<&str>, headers: &HeaderMap) -> Option<Refusal> {
    if audience(path) == Audience::Anyone {
        return None;
    }
    if !peer.ip().to_canonical().is_loopback() {
        return Some(Refusal::Peer);
    }
    let by_proxy = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    if by_proxy.iter().any(|name| headers.contains_key(*name)) {
        return Some(Refusal::Proxied);
    }
    let host = uri_host.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    if host.is_some_and(is_loopback_name) { None } else { Some(Refusal::Host) }
}

/// `localhost`, or a loopback address, with or without a port.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, peer: &str, headers: &[(&'static str, &str)]) -> Option<Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        refusal(path, peer.parse().unwrap(), None, &map)
    }

    #[test]
    fn the_table_of_who_may_ask_what() {
        let here = "127.0.0.1:50000";
        let there = "203.0.113.9:50000";
        let local: &[(&'static str, &str)] = &[("host", "127.0.0.1:8080")];
        for path in ["/zoom/webhook", "/healthz", "/readyz", "/media/0011"] {
            assert_eq!(asked(path, there, &[("host", "hooks.example.com")]), None, "{path} is for anyone");
        }
        let guarded = [
            "/",
            "/calls",
            "/calls/1",
            "/assets/app.js",
            "/metrics",
            "/api/openapi.json",
            "/api/v1/live",
            "/api/v1/live/snapshot",
            "/api/v1/calls",
            "/api/v1/calls/1",
            "/api/v1/calls/1/events",
            "/api/v1/events",
            "/api/v1/search",
            "/api/v1/messages",
            "/api/v1/messages/1",
            "/api/v1/faxes",
            "/api/v1/faxes/1",
            "/api/v1/users",
            "/api/v1/reconciliations",
            "/api/v1/reconciliations/1",
            "/api/v1/reconciliations/1/items",
            "/api/v1/media",
            "/api/v1/media/1",
            "/api/v1/media/1/link",
            "/media",
            "/api/v1/imports",
            "/api/v1/sync",
            "/api/v1/sync/pause",
            "/zoom/webhook/",
            "/zoom",
            "/healthz/x",
            "/anything/new",
        ];
        for path in guarded {
            assert_eq!(asked(path, here, local), None, "{path} from here");
            assert_eq!(asked(path, there, local), Some(Refusal::Peer), "{path} from elsewhere");
            assert_eq!(asked(path, here, &[("host", "evil.example")]), Some(Refusal::Host), "{path} rebound");
            assert_eq!(asked(path, here, &[]), Some(Refusal::Host), "{path} without a host");
            for proxy in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] {
                let headers = [("host", "localhost"), (proxy, "203.0.113.9")];
                assert_eq!(
                    asked(path, here, &headers),
                    Some(Refusal::Proxied),
                    "{path} through a proxy ({proxy})"
                );
            }
        }
    }

    #[test]
    fn loopback_has_several_names() {
        for name in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:8080",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in
            ["", "localhost.example", "127.0.0.1.nip.io", "192.168.1.2", "[::2]:80", "example.com:127"]
        {
            assert!(!is_loopback_name(name), "{name}");
        }
    }
}
