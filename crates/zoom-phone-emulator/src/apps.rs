//! The apps that clients of the emulator are.

use std::fmt;

use subtle::ConstantTimeEq as _;
use url::Url;

use crate::config::DEMO_CLIENT_ID;
use crate::scopes;

/// What an app is at Zoom's Marketplace, as far as OAuth depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppKind {
    /// Acts for the account (`account_credentials`); has no users and no refresh tokens.
    ServerToServer,
    /// Acts for users who have consented (`authorization_code`, device codes, `refresh_token`).
    General,
}

/// One app. [`App::server_to_server`] and [`App::general`] are the demo apps; change what should differ:
///
/// ```
/// use zoom_phone_emulator::{App, Config};
///
/// let app = App { scopes: vec!["phone:read:admin".to_owned()], ..App::general() };
/// let config = Config { apps: vec![App::server_to_server(), app], ..Config::default() };
/// ```
#[derive(Clone)]
pub struct App {
    /// What the consent page calls it.
    pub name: String,
    /// Which grants it may use.
    pub kind: AppKind,
    /// OAuth client id; no two apps of an emulator have the same.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// Granular and classic scopes that it may be granted. Users may consent to fewer.
    pub scopes: Vec<String>,
    /// Where users may be sent back to. Compared letter by letter, as Zoom does.
    pub redirect_uris: Vec<String>,
    /// A client that cannot keep a secret: it may leave the secret out, and must use PKCE.
    /// Zoom has the switch (`enable_public_pkce_client`); that the secret may be left out is not documented.
    pub pkce_public: bool,
    /// Whether it may ask for device codes (Zoom's feature "Use App on Device").
    pub device: bool,
    /// Where `app_deauthorized` is sent when a user removes the app.
    pub deauthorization_url: Option<Url>,
    /// The app's Secret Token, with which that event is signed.
    pub secret_token: String,
}

impl App {
    /// The demo Server-to-Server app, `demo_client_id_000000A`, with all granular `…:admin` scopes of operations
    /// and events.
    pub fn server_to_server() -> Self {
        Self {
            name: "Demo Server-to-Server app".to_owned(),
            kind: AppKind::ServerToServer,
            client_id: DEMO_CLIENT_ID.to_owned(),
            client_secret: "demo_client_secret".to_owned(),
            scopes: scopes::all(),
            redirect_uris: Vec::new(),
            pkce_public: false,
            device: false,
            deauthorization_url: None,
            secret_token: crate::DEMO_WEBHOOK_SECRET.to_owned(),
        }
    }

    /// The demo app that users sign in to, `demo_general_app_0000A`, with the same scopes. Users come back to
    /// `/oauth/callback` on port 8080 of `127.0.0.1` or `localhost`.
    pub fn general() -> Self {
        Self {
            name: "Demo app".to_owned(),
            kind: AppKind::General,
            client_id: "demo_general_app_0000A".to_owned(),
            client_secret: "demo_general_secret".to_owned(),
            redirect_uris: ["127.0.0.1", "localhost"]
                .map(|host| format!("http://{host}:8080/oauth/callback"))
                .into(),
            device: true,
            ..Self::server_to_server()
        }
    }

    /// The app of a client id.
    pub(crate) fn find<'a>(apps: &'a [Self], client_id: &str) -> Option<&'a Self> {
        apps.iter().find(|app| app.client_id.as_bytes().ct_eq(client_id.as_bytes()).into())
    }

    /// Whether this is the app's secret.
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        self.client_secret.as_bytes().ct_eq(secret.as_bytes()).into()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes.len())
            .field("redirect_uris", &self.redirect_uris)
            .field("pkce_public", &self.pkce_public)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}
