//! Smart Embed: the telephone that runs in an iframe of somebody's web application.
//!
//! The page lives on an origin of its own and speaks with its host by `postMessage`, as Zoom's does
//! (Smart Embed guide). The telephone behind it is that of a user of the company: calls to somebody who
//! has the page open wait until they are answered there. The page is plain JavaScript; the bodies of
//! the events about calls are made here, of the phone's changes and of the events that go to webhooks.

mod api;
mod desk;
mod feed;
mod journal;
mod message;
mod page;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::emulator::Shared;
use desk::Desks;
use journal::Journal;

/// What the embedded phones need besides the company.
#[derive(Default)]
pub(crate) struct Embed {
    pub(crate) journal: Journal,
    desks: Desks,
    /// Where the page is; known when its listener is.
    origin: OnceLock<String>,
    closing: CancellationToken,
}

impl Embed {
    /// The page has an origin of its own, `http://host:port`. Said once.
    pub(crate) fn is_at(&self, origin: String) {
        // A second call would come from a second listener, of which there is none.
        let _ = self.origin.set(origin);
    }

    /// Ends the streams of all pages, which would otherwise keep the server from stopping.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Where the page is: on its own origin, else on the emulator's; empty, and so relative, when neither is known.
    fn origin(&self, config: &Config) -> String {
        let own = self.origin.get().cloned();
        let url = || config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
        own.or_else(url).unwrap_or_default()
    }
}

/// The page, what it needs, and the script that puts it into other pages.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/phoneSdk/static/smart-embed/js/sdk.js", get(page::sdk)).nest(
        "/integration/phone/embeddablephone",
        Router::new()
            .route("/home", get(page::home))
            .route("/assets/{name}", get(page::asset))
            .route("/audio/play/0/{id}", get(page::play_recording))
            .route("/voicemail/play/0/{id}", get(page::play_voicemail))
            .route("/player/{kind}/{id}", get(page::player))
            .route("/media/{kind}/{id}", get(page::media))
            .nest("/api", api::router()),
    )
}

/// An example of a host page, for trying things out: below `/_emulator`.
pub(crate) fn host_router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/embed", get(page::host))
        .route("/embed/{name}", get(page::host_asset))
        .route("/embed/text", post(api::text_user))
}

/// Whether a page of this origin may hold the phone. An entry with a scheme stands for that very origin
/// (`chrome-extension://…`, `https://crm.example.com:8443`), one without for a host on any port.
fn is_approved(domains: &[String], origin: &str) -> bool {
    let host = origin.split_once("://").map(|(_, rest)| rest);
    let host = host.map(|rest| match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    });
    domains.iter().map(|domain| domain.trim_end_matches('/')).any(|domain| {
        if domain.contains("://") {
            domain.eq_ignore_ascii_case(origin)
        } else {
            host.is_some_and(|host| domain.eq_ignore_ascii_case(host))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_approved_by_its_host_or_by_itself_and_by_no_part_of_it() {
        let domains = ["crm.example.com", "https://app.example.com:8443/", "chrome-extension://abcdef"];
        let domains: Vec<_> = domains.map(str::to_owned).into();
        for good in [
            "https://crm.example.com",
            "http://CRM.example.com:3000",
            "https://app.example.com:8443",
            "chrome-extension://abcdef",
        ] {
            assert!(is_approved(&domains, good), "{good}");
        }
        for bad in [
            "https://example.com",
            "https://evil-crm.example.com",
            "https://crm.example.com.evil.test",
            "https://app.example.com",
            "http://app.example.com:8443",
            "chrome-extension://abcdeg",
            "null",
            "",
        ] {
            assert!(!is_approved(&domains, bad), "{bad}");
        }
    }
}
