//! Access tokens: every way to come by one, and one place that renews them.
//!
//! | who asks | how |
//! |---|---|
//! | a server, for its account | [`TokenSource::server_to_server`] |
//! | a person, in a browser | [`SignIn::begin`], [`SignIn::finish`] (authorization code, PKCE, state), then [`TokenSource::grant`] |
//! | a person, for a device without a browser | [`SignIn::device`], [`SignIn::wait`], then [`TokenSource::grant`] |
//! | the app itself | [`TokenSource::client_credentials`] |
//!
//! Asking Zoom for a new token can end the one in use, and refreshing a grant ends the refresh token before. So
//! all of a process must share one [`TokenSource`] (cloning it shares it), and processes that use the same app and
//! account must share a [`TokenStore`].
//!
//! ```no_run
//! use zoom_phone::oauth::{ServerToServer, TokenSource};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = TokenSource::server_to_server(ServerToServer {
//!     client_id: "…".to_owned(),
//!     client_secret: "…".into(),
//!     account_id: "…".to_owned(),
//!     token_url: ServerToServer::zoom_token_url(),
//! })?;
//! let token = tokens.token().await?;
//! println!("scopes: {}", token.scopes().join(" "));
//! # Ok(())
//! # }
//! ```
//!
//! What is wiped from memory: tokens, keys and answers when they are dropped. What the HTTP client and the TLS
//! library copy on the way is theirs.

mod app;
mod authorize;
mod clock;
mod device;
mod endpoint;
mod error;
mod file;
mod loopback;
mod random;
mod renew;
pub mod seal;
mod sign_in;
mod source;
mod store;
mod token;

pub use app::{App, ServerToServer};
pub use authorize::{Authorization, Begun, CallbackError, Pending};
pub use device::DeviceCode;
pub use error::AuthError;
pub use file::FileStore;
pub use loopback::Loopback;
pub use sign_in::SignIn;
pub use source::TokenSource;
pub use store::{Locked, MemoryStore, StoreError, TokenStore};
pub use token::{AccessToken, Grant, GrantState, Kind};
