//! Zoom's REST API: one shared token, the quota kept, retries where they are safe, pages that end, files that are
//! files.
//!
//! Every operation has a builder of its own in `api`; these are the doors for everything, by name and by path:
//!
//! ```no_run
//! use serde_json::{Value, json};
//! use zoom_phone::client::{Client, ClientConfig};
//! use zoom_phone::oauth::TokenSource;
//! use zoom_phone::types::catalogue::Method;
//!
//! # async fn example(tokens: TokenSource) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(ClientConfig::default(), tokens)?;
//!
//! let user = client.operation("phoneUser")?.path("userId", "me").answer().await?;
//! println!("{}", user.body["extension_number"]);
//!
//! let mut recordings = client
//!     .operation("getPhoneRecordings")?
//!     .window("2026-09-01T00:00:00Z".parse()?, "2026-11-22T00:00:00Z".parse()?)
//!     .pages::<Value>();
//! while let Some(page) = recordings.next().await {
//!     let page = page?;
//!     for anomaly in &page.anomalies {
//!         eprintln!("{anomaly}");
//!     }
//!     for recording in &page.items {
//!         let Some(url) = recording["download_url"].as_str() else { continue };
//!         let sound = client.download_url(&url.parse()?).await?.limit(100_000_000).bytes().await?;
//!         println!("{} bytes", sound.len());
//!     }
//! }
//!
//! // What is newer than this crate:
//! let path = "/phone/users/{userId}/new_settings";
//! let call = client.request(Method::Patch, path).path("userId", "me").body(json!({"on": true}));
//! call.send::<()>().await?;
//! # Ok(())
//! # }
//! ```

mod advice;
mod answer;
mod call;
mod call_history;
mod check;
mod circuit;
mod download;
mod env;
mod error;
mod host;
mod multipart;
mod pages;
mod paging;
mod request;
mod retry;
mod send;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;
use zoom_phone_types::catalogue::{Catalogue, Method, RateLabel};

pub use answer::Answer;
#[doc(hidden)]
pub use answer::read_error;
pub use call::Call;
pub use call_history::{CallHistoryQuery, Generation, HistoryRow, TimeType};
pub use download::Download;
pub use env::EnvError;
pub use error::{ApiError, Error, Fault, FieldError};
pub use multipart::Part;
pub use pages::{Page, Pages, Resume};
pub use paging::Anomaly;
pub use retry::Retry;

use self::call::Target;
use self::host::{Circuits, is_zooms};
use crate::http;
use crate::oauth::{AccessToken, TokenSource};
use crate::quota::{Limiter, Plan};

/// How a [`Client`] reaches Zoom.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The API's address with its version, such as `https://api.zoom.us/v2`: an emulator, a recording proxy.
    /// `http://` is for this machine only: the token goes along.
    ///
    /// `None`: the region that the token names if it is a host of `zoom.us`, else `https://api.zoom.us/v2`.
    pub base_url: Option<Url>,
    /// Time to reach the host. Default 5 seconds.
    pub connect_timeout: Duration,
    /// Time for one try, until the last byte of the answer; of a download, how long it may stand still. Default 30
    /// seconds.
    pub timeout: Duration,
    /// How long a caller waits for an answer, over all tries and waits for the quota, who did not say so with
    /// [`Call::deadline`]. Default a minute; never for [`Priority::Backfill`](crate::quota::Priority::Backfill).
    pub deadline: Duration,
    /// How often a request is repeated, and after which wait.
    pub retry: Retry,
    /// The quota of the account. Give the same one to every client of the account in this process. `None`: one of
    /// this client's own, for [`Plan::Unknown`].
    pub limiter: Option<Limiter>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            deadline: Duration::from_mins(1),
            retry: Retry::default(),
            limiter: None,
        }
    }
}

/// Zoom's global API address: `https://api.zoom.us/v2`.
pub fn zoom_api_url() -> Url {
    http::constant_url("https://api.zoom.us/v2")
}

/// A client of one Zoom account. Cloning it shares connections, token and quota.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    tokens: TokenSource,
    config: ClientConfig,
    limiter: Limiter,
    circuits: Circuits,
}

impl Client {
    /// A client that takes its tokens from `tokens`. Sends nothing yet.
    pub fn new(config: ClientConfig, tokens: TokenSource) -> Result<Self, Error> {
        if let Some(url) = &config.base_url
            && !http::keeps_secrets(url)
        {
            return Err(Error::BaseUrl { scheme: url.scheme().to_owned() });
        }
        let http = http::client(config.connect_timeout, config.timeout).map_err(Error::Setup)?;
        let limiter = config.limiter.clone().unwrap_or_else(|| Limiter::new(Plan::Unknown));
        Ok(Self { inner: Arc::new(Inner { http, tokens, config, limiter, circuits: Circuits::default() }) })
    }

    /// The account's quota, to share with another client of the account.
    pub fn limiter(&self) -> &Limiter {
        &self.inner.limiter
    }

    /// A call of any operation of the catalogue, by Zoom's operationId or by its name there:
    /// `client.operation("listCallQueues")?.query("page_size", 30).answer()`.
    pub fn operation(&self, id: &str) -> Result<Call, Error> {
        let operation = Catalogue::get().operation(id);
        let operation = operation.ok_or_else(|| Error::UnknownOperation { id: id.to_owned() })?;
        Ok(Call::to(self, Target::Operation(operation)))
    }

    /// A call of what the catalogue does not know yet: `client.request(Method::Get, "/phone/users/{userId}/news")`.
    ///
    /// The path is below `/v2`, escaped, without a query; `{name}` stands for a segment that [`Call::path`] gives.
    /// Nothing about parameters and body is checked. Where it is a path of the catalogue after all, its rate label
    /// counts, else LIGHT.
    pub fn request(&self, method: Method, path: &str) -> Call {
        let known = Catalogue::get().find(method.as_str(), path);
        let label = known.and_then(|(operation, _)| operation.rate).unwrap_or(RateLabel::Light);
        Call::to(self, Target::Raw { method, path: path.to_owned(), label })
    }

    /// Every step of one call, as Zoom answers: the array `call_elements` and the deprecated `call_path` in one
    /// object. Operation `getCallPath`, rate label LIGHT, scope `phone:read:call_log:admin`.
    ///
    /// `history_uuid` is a row's [`HistoryRow::id`]. [`Error::is_not_found`] tells that the record is not
    /// written yet, or is gone.
    pub async fn call_path(&self, history_uuid: &str) -> Result<Map<String, Value>, Error> {
        let answer = Call::new(self, "get_call_path").path("callHistoryUuid", history_uuid).answer().await?;
        match answer.body {
            Value::Object(path) => Ok(path),
            _ => Err(Error::Unreadable {
                operation: "getCallPath".to_owned(),
                status: answer.status,
                found: "not a JSON object",
                tracking_id: answer.tracking_id,
            }),
        }
    }
}

impl Inner {
    fn base(&self, token: &AccessToken) -> Url {
        if let Some(url) = &self.config.base_url {
            return url.clone();
        }
        match token.api_url().filter(|url| is_zooms(url)) {
            Some(region) => {
                let mut url = region.clone();
                url.set_path("/v2");
                url
            }
            None => zoom_api_url(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::oauth::ServerToServer;

    /// A client whose requests are never sent.
    pub(super) fn client() -> Client {
        static CLIENT: LazyLock<Client> = LazyLock::new(|| {
            let tokens = TokenSource::server_to_server(ServerToServer {
                client_id: "synthetic-client".to_owned(),
                client_secret: "synthetic-secret".into(),
                account_id: "synthetic-account".to_owned(),
                token_url: "http://127.0.0.1:1/oauth/token".parse().unwrap(),
            });
            Client::new(ClientConfig::default(), tokens.unwrap()).unwrap()
        });
        CLIENT.clone()
    }

    #[test]
    fn an_operation_that_is_not_there_is_named() {
        let error = client().operation("listCallQueue").unwrap_err();
        assert!(error.to_string().contains("\"listCallQueue\""), "{error}");
        assert!(client().operation("listCallQueues").is_ok());
        assert!(client().operation("list_call_queues").is_ok());
    }
}
