//! Which app asks, and where.

use secrecy::SecretString;
use url::Url;

use super::AuthError;
use crate::http;

/// An app of Zoom's Marketplace, from its page "App Credentials".
#[derive(Debug, Clone)]
pub struct App {
    /// The client id.
    pub client_id: String,
    /// The client secret; not the secret token that signs webhooks. `None` for a public client, which proves
    /// itself by PKCE alone; the app has a switch for that.
    pub client_secret: Option<SecretString>,
    /// Where tokens are asked for: [`App::zoom_token_url`], or an emulator (`http://` on this machine only). The
    /// addresses for consent, device codes and revocation are its siblings, as on Zoom's host.
    pub token_url: Url,
}

impl App {
    /// An app with a secret, at Zoom.
    pub fn new(client_id: impl Into<String>, client_secret: SecretString) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: Some(client_secret),
            token_url: Self::zoom_token_url(),
        }
    }

    /// Zoom's token endpoint: `https://zoom.us/oauth/token`.
    pub fn zoom_token_url() -> Url {
        http::constant_url("https://zoom.us/oauth/token")
    }

    /// A sibling of the token address: `authorize`, `devicecode`, `revoke`.
    pub(super) fn sibling(&self, name: &'static str) -> Result<Url, AuthError> {
        self.token_url.join(name).map_err(|_| AuthError::Address {
            what: "token URL",
            fault: "has no path, so that no address stands beside it",
        })
    }
}

/// The credentials of a server-to-server OAuth app, from its page "App Credentials" in Zoom's Marketplace.
#[derive(Debug, Clone)]
pub struct ServerToServer {
    /// The client id.
    pub client_id: String,
    /// The client secret; not the secret token that signs webhooks.
    pub client_secret: SecretString,
    /// The account id: about 22 letters and digits, not the account number of the admin portal.
    pub account_id: String,
    /// Where tokens are asked for: [`ServerToServer::zoom_token_url`], or an emulator.
    pub token_url: Url,
}

impl ServerToServer {
    /// Zoom's token endpoint: `https://zoom.us/oauth/token`.
    pub fn zoom_token_url() -> Url {
        App::zoom_token_url()
    }
}
