//! Zoom's REST API: one shared token, retries where they help, pages that end.
//!
//! ```no_run
//! use zoom_phone::client::{CallHistoryQuery, Client, ClientConfig};
//! use zoom_phone::oauth::TokenSource;
//!
//! # async fn example(tokens: TokenSource) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(ClientConfig::default(), tokens)?;
//! let query = CallHistoryQuery::new("2026-11-21T00:00:00Z".parse()?, "2026-11-22T00:00:00Z".parse()?);
//! let mut pages = client.call_history(query);
//! while let Some(page) = pages.next().await {
//!     let page = page?;
//!     for anomaly in &page.anomalies {
//!         eprintln!("{anomaly}");
//!     }
//!     println!("{} calls", page.rows.len());
//! }
//! # Ok(())
//! # }
//! ```

mod answer;
mod call_history;
#[cfg_attr(not(test), expect(dead_code, reason = "the transport does not use it yet"))]
mod circuit;
mod error;
mod paging;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use url::Url;

pub use call_history::{CallHistoryPages, CallHistoryQuery, Generation, HistoryRow, Page, TimeType};
pub use error::{ApiError, Error, FieldError};
pub use paging::Anomaly;
pub use retry::Retry;

use crate::http;
use crate::oauth::{AccessToken, TokenSource};

/// Largest answer that is read, in bytes. A page of 300 calls has about half a megabyte.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Everything outside RFC 3986's unreserved characters is escaped in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a [`Client`] reaches Zoom.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The API's address with its version, such as `https://api.zoom.us/v2`: an emulator, a recording proxy.
    ///
    /// `None`: the region that the token names if it is a host of `zoom.us`, else `https://api.zoom.us/v2`.
    pub base_url: Option<Url>,
    /// Time to reach the host. Default 5 seconds.
    pub connect_timeout: Duration,
    /// Time for one try, until the last byte of the answer. Default 30 seconds.
    pub timeout: Duration,
    /// How often a GET is repeated, and after which wait.
    pub retry: Retry,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            retry: Retry::default(),
        }
    }
}

/// Zoom's global API address: `https://api.zoom.us/v2`.
pub fn zoom_api_url() -> Url {
    http::constant_url("https://api.zoom.us/v2")
}

/// A client of one Zoom account. Cloning it shares connections and token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    tokens: TokenSource,
    config: Arc<ClientConfig>,
}

impl Client {
    /// A client that takes its tokens from `tokens`. Sends nothing yet.
    pub fn new(config: ClientConfig, tokens: TokenSource) -> Result<Self, Error> {
        if let Some(url) = &config.base_url
            && !(matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            return Err(Error::BaseUrl { scheme: url.scheme().to_owned() });
        }
        let http = http::client(config.connect_timeout, config.timeout).map_err(Error::Setup)?;
        Ok(Self { http, tokens, config: Arc::new(config) })
    }

    /// The account's calls in a window, page by page. Operation `accountCallHistory`, rate label HEAVY.
    pub fn call_history(&self, query: CallHistoryQuery) -> CallHistoryPages {
        CallHistoryPages::new(self.clone(), query)
    }

    /// Every step of one call, as Zoom answers: the array `call_elements` and the deprecated `call_path` in one
    /// object. Operation `getCallPath`, rate label LIGHT, scope `phone:read:call_log:admin`.
    ///
    /// `history_uuid` is a row's [`HistoryRow::id`]. [`Error::is_not_found`] tells that the record is not
    /// written yet, or is gone.
    pub async fn call_path(&self, history_uuid: &str) -> Result<Map<String, Value>, Error> {
        let operation = "getCallPath";
        match self.get_as(operation, &["phone", "call_history", history_uuid], &[]).await? {
            Value::Object(path) => Ok(path),
            _ => Err(Error::no_object(operation)),
        }
    }

    /// GET of any path, for what has no method here: `client.get(&["phone", "users", id], &[("page_size", "100")])`.
    ///
    /// The path is given as segments, so that an id with a slash stays one segment. Repeat a key for an array.
    /// An answer without a body is [`Value::Null`].
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Error> {
        self.get_as(&format!("GET /{}", path.join("/")), path, query).await
    }

    /// GET with a name for errors and logs; repeats what may be repeated.
    async fn get_as(&self, operation: &str, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Error> {
        let mut rejected_once = false;
        let mut tries = 1;
        loop {
            let token = self
                .tokens
                .token()
                .await
                .map_err(|source| Error::Auth { operation: operation.to_owned(), source })?;
            let url = address(self.base(&token), path, query)?;
            let error = match self.get_once(operation, url, &token).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if error.token_rejected() && !rejected_once {
                rejected_once = true;
                tracing::info!(operation, "Zoom rejected the access token; once more with a new one");
                self.tokens.invalidate(&token).await;
                continue;
            }
            let Some(wait) = self.config.retry.wait_after(&error, tries, rand::random()) else {
                return Err(error);
            };
            tracing::warn!(operation, tries, wait_ms = wait.as_millis(), %error, "asking Zoom again");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    async fn get_once(&self, operation: &str, url: Url, token: &AccessToken) -> Result<Value, Error> {
        let unreachable = |source: reqwest::Error| Error::Unreachable {
            operation: operation.to_owned(),
            source: source.without_url(),
        };
        let bearer = token.secret().expose_secret();
        let mut response = self.http.get(url).bearer_auth(bearer).send().await.map_err(unreachable)?;
        let body = http::read_body(&mut response, MAX_ANSWER).await.map_err(unreachable)?;
        answer::read(operation, response.status(), response.headers(), &body, bearer)
    }

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

/// Whether a bearer token may go there: an https host of zoom.us.
fn is_zooms(url: &Url) -> bool {
    url.scheme() == "https"
        && url.host_str().is_some_and(|host| host == "zoom.us" || host.ends_with(".zoom.us"))
}

fn address(mut base: Url, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Error> {
    let mut full = base.path().trim_end_matches('/').to_owned();
    for segment in path {
        // Addresses with these in them mean another path than the one that was written.
        if matches!(*segment, "" | "." | "..") {
            return Err(Error::Path { segment: (*segment).to_owned(), path: path.join("/") });
        }
        full.push('/');
        full.extend(utf8_percent_encode(segment, SEGMENT));
    }
    base.set_path(&full);
    if !query.is_empty() {
        base.query_pairs_mut().extend_pairs(query);
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn an_id_stays_one_segment_whatever_it_contains() {
        let address =
            address(url("https://api.zoom.us/v2/"), &["phone", "users", "a/b?c#d%2F é+@=-_.~"], &[]);
        assert_eq!(
            address.unwrap().as_str(),
            "https://api.zoom.us/v2/phone/users/a%2Fb%3Fc%23d%252F%20%C3%A9%2B%40%3D-_.~"
        );
    }

    #[test]
    fn a_segment_that_would_change_the_path_is_an_error() {
        for segment in ["", ".", ".."] {
            let error = address(zoom_api_url(), &["phone", "users", segment, "settings"], &[]).unwrap_err();
            assert!(matches!(error, Error::Path { .. }), "{error}");
        }
    }

    #[test]
    fn a_query_is_escaped_and_keys_may_repeat() {
        let address = address(
            zoom_api_url(),
            &["phone"],
            &[("from", "2026-11-22T00:00:00Z"), ("x", "a&b"), ("x", "c")],
        );
        assert_eq!(
            address.unwrap().as_str(),
            "https://api.zoom.us/v2/phone?from=2026-11-22T00%3A00%3A00Z&x=a%26b&x=c"
        );
    }

    #[test]
    fn a_token_may_only_go_to_https_hosts_of_zoom() {
        assert!(is_zooms(&url("https://api-us.zoom.us")));
        for other in [
            "http://api.zoom.us",
            "https://zoom.us.evil.test",
            "https://evilzoom.us",
            "https://x.test/.zoom.us",
        ] {
            assert!(!is_zooms(&url(other)), "{other}");
        }
    }
}
