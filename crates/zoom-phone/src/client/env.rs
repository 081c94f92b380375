//! A client from the environment.

use std::env::VarError;

use super::{Client, ClientConfig, Error};
use crate::oauth::{AuthError, ServerToServer, TokenSource};

/// Why the environment makes no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// A variable is not set, or is no text.
    #[error("{name} is not set; its value is on the app's page \"App Credentials\" in Zoom's Marketplace")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// A variable that should hold an address does not.
    #[error("{name} is no address")]
    Address {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        #[source]
        source: url::ParseError,
    },
    /// Tokens cannot be asked for.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The client cannot be set up.
    #[error(transparent)]
    Client(#[from] Error),
}

impl Client {
    /// A client of a server-to-server app, from `ZOOM_CLIENT_ID`, `ZOOM_CLIENT_SECRET` and `ZOOM_ACCOUNT_ID`; of an
    /// emulator where `ZOOM_TOKEN_URL` and `ZOOM_API_URL` (with `/v2`) say so. Asks Zoom for nothing yet.
    pub fn from_env() -> Result<Self, EnvError> {
        let address = |name| match optional(name)? {
            Some(text) => text.parse().map(Some).map_err(|source| EnvError::Address { name, source }),
            None => Ok(None),
        };
        let tokens = TokenSource::server_to_server(ServerToServer {
            client_id: required("ZOOM_CLIENT_ID")?,
            client_secret: required("ZOOM_CLIENT_SECRET")?.into(),
            account_id: required("ZOOM_ACCOUNT_ID")?,
            token_url: address("ZOOM_TOKEN_URL")?.unwrap_or_else(ServerToServer::zoom_token_url),
        })?;
        let config = ClientConfig { base_url: address("ZOOM_API_URL")?, ..ClientConfig::default() };
        Ok(Self::new(config, tokens)?)
    }
}

/// A variable that is set to something.
fn optional(name: &'static str) -> Result<Option<String>, EnvError> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(EnvError::Missing { name }),
    }
}

fn required(name: &'static str) -> Result<String, EnvError> {
    optional(name)?.ok_or(EnvError::Missing { name })
}
