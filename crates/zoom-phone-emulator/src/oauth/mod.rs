//! Zoom's OAuth, for the apps of [`Config::apps`](crate::Config::apps).

mod consent;
mod deauthorize;
mod device;
mod grants;
mod metadata;
mod page;
mod refusal;
mod token;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::form_urlencoded;

use crate::apps::{App, AppKind};
use crate::config::Config;
use crate::emulator::Shared;
use crate::world::at;
pub(crate) use deauthorize::deauthorize;
pub(crate) use device::{Verdict, settle};
use grants::Key;
pub(crate) use grants::{Access, Grants, Holder, Locked};
use refusal::Refusal;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .route("/oauth/token", post(token::token))
        .route("/oauth/revoke", post(token::revoke))
        .route("/oauth/authorize", get(consent::ask).post(consent::decide))
        .route("/oauth/devicecode", post(device::begin))
        .route("/oauth_device", get(device::enter))
        .route("/oauth/device/complete/{user_code}", get(device::ask).post(device::decide))
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
        self.all(name).next()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(key, value)| key == name && !value.is_empty());
        named.map(|(_, value)| value.as_str())
    }
}

/// Who asks the token service.
struct Client<'a> {
    app: &'a App,
    /// Whether it knew the secret. Public clients may do without, when PKCE protects them.
    proven: bool,
}

/// The app whose credentials the request carries, as Basic header or as parameters.
fn client<'a>(
    config: &'a Config,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Client<'a>, Refusal> {
    let wrong = || Refusal::new("invalid_client", 4702, "Invalid client_id or client_secret");
    let missing = || Refusal::new("invalid_client", 4706, "Client ID or client secret is missing.");
    let parameter = |name| parameters.get(name).map(str::to_owned);
    let (id, secret) = match basic(headers) {
        Some((id, secret)) => (id, Some(secret)),
        None => (parameter("client_id").ok_or_else(missing)?, parameter("client_secret")),
    };
    let app = App::find(&config.apps, &id).ok_or_else(wrong)?;
    match secret {
        Some(secret) if app.has_secret(&secret) => Ok(Client { app, proven: true }),
        Some(_) => Err(wrong()),
        None if app.pkce_public => Ok(Client { app, proven: false }),
        None => Err(missing()),
    }
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

/// The address under which this request reached the emulator, without a slash at its end.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

/// An access token of the account through the first Server-to-Server app, without asking for it. It has a
/// `token_index` of its own, so that it ends nobody's tokens but its predecessor.
pub(crate) fn token_for_account(shared: &Shared) -> Option<String> {
    let app = shared.config.apps.iter().find(|app| app.kind == AppKind::ServerToServer)?;
    Some(token_of(shared, app, Holder::Account(u8::MAX)))
}

/// An access token of a user, by id or e-mail address, through the first general app.
pub(crate) fn token_for_user(shared: &Shared, user: &str) -> Option<String> {
    let app = shared.config.apps.iter().find(|app| app.kind == AppKind::General)?;
    Some(token_of(shared, app, Holder::User(user_id(shared, Some(user))?)))
}

fn token_of(shared: &Shared, app: &App, holder: Holder) -> String {
    let key = Key { client_id: app.client_id.clone(), holder };
    shared.grants.issue(key, Arc::new(app.scopes.iter().cloned().collect())).access
}

/// The id of a user of the company, given the id or the e-mail address; without either, of the first.
fn user_id(shared: &Shared, id_or_email: Option<&str>) -> Option<String> {
    shared.state.world(|world| match id_or_email {
        Some(wanted) => world.user(wanted).map(str::to_owned),
        None => world.children(at::USERS).first().map(|(id, _)| (*id).to_owned()),
    })
}
