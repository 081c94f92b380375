//! Zoom's OAuth for two apps: a Server-to-Server app for the account, and a general app that
//! users sign in to.

mod consent;
mod device;
mod grants;
mod refusal;
mod token;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use subtle::ConstantTimeEq as _;
use url::form_urlencoded;

use crate::config::Config;
use crate::emulator::Shared;
pub(crate) use device::{Verdict, settle};
pub(crate) use grants::{Access, Grants, Holder};
use refusal::Refusal;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/oauth/token", post(token::token))
        .route("/oauth/revoke", post(token::revoke))
        .route("/oauth/authorize", get(consent::ask).post(consent::decide))
        .route("/oauth/devicecode", post(device::begin))
        .route("/oauth_device", get(device::enter))
        .route("/oauth/device/complete/{user_code}", get(device::ask).post(device::decide))
}

/// The two apps that the emulator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum App {
    /// Server-to-Server: acts for the account.
    Server,
    /// General: acts for a user who has consented.
    General,
}

impl App {
    /// The app of a client id.
    fn of(config: &Config, client_id: &str) -> Option<Self> {
        let is = |known: &str| bool::from(known.as_bytes().ct_eq(client_id.as_bytes()));
        match () {
            () if is(&config.client_id) => Some(Self::Server),
            () if is(&config.general_client_id) => Some(Self::General),
            () => None,
        }
    }

    fn secret(self, config: &Config) -> &str {
        match self {
            Self::Server => &config.client_secret,
            Self::General => &config.general_client_secret,
        }
    }
}

/// Parameters of a request, from the form body and the query; Zoom takes them from either.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn read(query: Option<&str>, body: &[u8]) -> Self {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let owned = |(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned());
        Self(form_urlencoded::parse(body).chain(query).map(owned).collect())
    }

    /// Empty counts as absent.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

/// The app whose credentials the request carries, as Basic header or as parameters.
fn client(config: &Config, headers: &HeaderMap, parameters: &Parameters) -> Result<App, Refusal> {
    let given =
        || Some((parameters.get("client_id")?.to_owned(), parameters.get("client_secret")?.to_owned()));
    let Some((id, secret)) = basic(headers).or_else(given) else {
        return Err(Refusal::new("invalid_client", 4706, "Missing client credentials"));
    };
    App::of(config, &id)
        .filter(|app| app.secret(config).as_bytes().ct_eq(secret.as_bytes()).into())
        .ok_or(Refusal::new("invalid_client", 4702, "Invalid client_id or client_secret"))
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The id of a user of the company, given the id or the e-mail address; without either, of the first.
fn user_id(shared: &Shared, id_or_email: Option<&str>) -> Option<String> {
    shared.state.company(|company| match id_or_email {
        Some(wanted) => company.user(wanted).map(|user| user.id.clone()),
        None => company.users.first().map(|user| user.id.clone()),
    })
}

/// A small page. `title` and `body` are HTML.
fn page(title: &str, body: &str) -> String {
    format!("<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}")
}

/// Text for use inside HTML and its quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A list of the company's people to choose from.
fn user_choice(shared: &Shared) -> String {
    let options: String = shared.state.company(|company| {
        let option = |user: &crate::party::Party| {
            let name = escape(user.name.as_deref().unwrap_or_default());
            format!("<option value=\"{}\">{name}</option>", escape(&user.id))
        };
        company.users.iter().map(|user| option(user)).collect()
    });
    format!("<label>Sign in as <select name=user>{options}</select></label>")
}
