//! The files of the page, as a browser asks for them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::emulator::Shared;
use crate::rest;

/// Nothing from anywhere else, and no script in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; media-src 'self'; base-uri 'none'; form-action 'none'";

/// File names and their contents.
type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../page/embed/", $name)))),*]
    };
}

const PAGE: Files = files![
    "bridge.js",
    "calls.js",
    "contacts.js",
    "dom.js",
    "embed.css",
    "history.js",
    "keypad.js",
    "main.js",
    "notes.js",
    "server.js",
    "settings.js",
    "texts.js",
];
const HOST: Files = files!["host.css", "host.js"];

/// The telephone itself. The browser keeps it out of pages that are not approved, whatever their address says.
pub(super) async fn home(State(shared): State<Arc<Shared>>) -> Response {
    let mut page = protected(Html(include_str!("../../page/embed/home.html")));
    let policy = format!("{POLICY}; frame-ancestors {}", ancestors(&shared.config.embed_domains));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    page
}

/// The approved domains as sources of a policy; a domain that could end the directive is none.
fn ancestors(domains: &[String]) -> String {
    let is_source = |domain: &&str| {
        !domain.is_empty() && domain.bytes().all(|byte| byte.is_ascii_graphic() && !b";,'".contains(&byte))
    };
    let sources: Vec<_> = domains
        .iter()
        .map(|domain| domain.trim_end_matches('/'))
        .filter(is_source)
        .map(|domain| {
            if domain.contains("://") {
                domain.to_owned()
            } else {
                format!("http://{domain}:* https://{domain}:*")
            }
        })
        .collect();
    if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") }
}

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    file(PAGE, &name)
}

/// The script for pages that do not want to make an iframe themselves.
pub(super) async fn sdk(State(shared): State<Arc<Shared>>) -> Response {
    let origin = json!(shared.embed.origin(&shared.config)).to_string();
    let script = include_str!("../../page/embed/sdk.js").replace("\"EMBED_ORIGIN\"", &origin);
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// The example of a host page. It finds the phone through a meta element.
pub(super) async fn host(State(shared): State<Arc<Shared>>) -> Response {
    let origin = shared.embed.origin(&shared.config).replace('&', "&amp;").replace('"', "&quot;");
    Html(include_str!("../../page/embed/host.html").replace("EMBED_ORIGIN", &origin)).into_response()
}

pub(super) async fn host_asset(Path(name): Path<String>) -> Response {
    file(HOST, &name)
}

/// Zoom's links of recordings lead on to a player.
pub(super) async fn play_recording(Path(id): Path<String>) -> Redirect {
    Redirect::to(&format!("/integration/phone/embeddablephone/player/recording/{}", encoded(&id)))
}

/// The same for voicemails.
pub(super) async fn play_voicemail(Path(id): Path<String>) -> Redirect {
    Redirect::to(&format!("/integration/phone/embeddablephone/player/voicemail/{}", encoded(&id)))
}

fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// A page with one audio element.
pub(super) async fn player(Path((kind, id)): Path<(String, String)>) -> Response {
    let title = match kind.as_str() {
        "recording" => "Recording",
        "voicemail" => "Voicemail",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let page = include_str!("../../page/embed/player.html").replace("TITLE", title);
    protected(Html(page.replace("KIND", &kind).replace("FILE_ID", &encoded(&id))))
}

/// The sound of a recording or a voicemail, as REST has it. The links carry ids that nobody guesses.
pub(super) async fn media(
    State(shared): State<Arc<Shared>>,
    Path((kind, id)): Path<(String, String)>,
) -> Response {
    let path = match kind.as_str() {
        "recording" => format!("/phone/recording/download/{id}"),
        _ => format!("/phone/voice_mails/download/{id}"),
    };
    rest::perform_for(&shared, "", ("GET", &path), Value::Null)
        .unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

fn protected(page: impl IntoResponse) -> Response {
    let mut page = page.into_response();
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    page
}

fn file(files: Files, name: &str) -> Response {
    let Some((_, content)) = files.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = if name.rsplit_once('.').is_some_and(|(_, kind)| kind == "css") {
        "text/css"
    } else {
        "text/javascript"
    };
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], *content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_approved_domains_may_be_around_the_phone() {
        let of = |domains: &[&str]| ancestors(&domains.iter().map(|&it| it.to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]), "'none'");
        assert_eq!(of(&["x; script-src *", ""]), "'none'");
        assert_eq!(
            of(&["crm.example.com", "https://app.example.com:8443/", "chrome-extension://abcdef"]),
            "http://crm.example.com:* https://crm.example.com:* https://app.example.com:8443 \
            chrome-extension://abcdef"
        );
    }
}
