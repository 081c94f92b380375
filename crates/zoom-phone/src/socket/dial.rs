//! Opening a connection: an HTTP request that is upgraded to a WebSocket (RFC 6455, section 4).
//!
//! The request is made by the same HTTP client as all others, so that TLS, certificates, proxies and DNS are
//! the same too; only what follows is left to a WebSocket library.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{CONNECTION, HeaderMap, HeaderName, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use reqwest::{StatusCode, Upgraded};
use secrecy::ExposeSecret as _;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use url::Url;

use super::ChannelConfig;
use super::error::{ChannelError, Outage};
use crate::http;
use crate::oauth::AccessToken;

/// How long the whole handshake may take.
const WITHIN: Duration = Duration::from_secs(15);
/// How long a TCP connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Largest frame and message, in bytes. Zoom's largest events are some tens of kilobytes.
const MAX_MESSAGE: usize = 1024 * 1024;
/// Read and written at once.
const BUFFER: usize = 16 * 1024;
/// What RFC 6455 adds to the key before hashing it.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A connection.
pub(super) type Socket = WebSocketStream<Upgraded>;

/// Opens connections to one channel.
#[derive(Debug)]
pub(super) struct Dialer {
    http: reqwest::Client,
    /// With the subscription, without the token; `https` for `wss`.
    url: Url,
    host: String,
}

impl Dialer {
    pub(super) fn new(config: ChannelConfig) -> Result<Self, ChannelError> {
        let ChannelConfig { mut url, subscription_id } = config;
        let host = url.host_str().unwrap_or_default().to_owned();
        let scheme = match url.scheme() {
            "wss" | "https" => "https",
            "ws" | "http" if http::is_this_machine(&url) => "http",
            scheme => return Err(ChannelError::Address { scheme: scheme.to_owned(), host }),
        };
        if url.set_scheme(scheme).is_err() {
            return Err(ChannelError::Address { scheme: scheme.to_owned(), host });
        }
        let subscription_id = subscription_id.trim();
        if subscription_id.is_empty() {
            return Err(ChannelError::NoSubscription);
        }
        let rest: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "subscriptionId" && name != "access_token")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut().clear().append_pair("subscriptionId", subscription_id).extend_pairs(rest);
        // HTTP/2 has another handshake, which Zoom's documentation does not name.
        let http = reqwest::Client::builder()
            .http1_only()
            .connect_timeout(CONNECT_WITHIN)
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("zoom-phone-rust/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ChannelError::Setup)?;
        Ok(Self { http, url, host })
    }

    /// Opens a connection. Zoom says over it whether it likes the token.
    pub(super) async fn dial(&self, token: &AccessToken) -> Result<Socket, Outage> {
        tokio::time::timeout(WITHIN, self.shake_hands(token))
            .await
            .unwrap_or_else(|_| Err(Outage::Slow { host: self.host.clone(), seconds: WITHIN.as_secs() }))
    }

    async fn shake_hands(&self, token: &AccessToken) -> Result<Socket, Outage> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("access_token", token.secret().expose_secret());
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        // The token is in the address: it must not come out with an error.
        let unreachable = |error: reqwest::Error| Outage::Unreachable {
            host: self.host.clone(),
            source: error.without_url(),
        };
        let response = self
            .http
            .get(url)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", &key)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(Outage::Status {
                host: self.host.clone(),
                status: status.as_u16(),
                tracking_id: http::tracking_id(response.headers()).unwrap_or_else(|| "none".to_owned()),
            });
        }
        if !accepts(response.headers(), &key) {
            return Err(Outage::Handshake { host: self.host.clone() });
        }
        let stream = response.upgrade().await.map_err(unreachable)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
    }
}

/// Whether the answer is that of a WebSocket server to this very request.
fn accepts(headers: &HeaderMap, key: &str) -> bool {
    let lists = |name: HeaderName, word: &str| {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    let accepted = headers.get(SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
    lists(UPGRADE, "websocket") && lists(CONNECTION, "upgrade") && accepted == Some(&accept(key))
}

/// What a server makes of a key, to show that it understood.
fn accept(key: &str) -> String {
    let mut sha1 = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(key.as_bytes());
    sha1.update(ACCEPT_SUFFIX);
    STANDARD.encode(sha1.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialer(url: &str, id: &str) -> Result<Dialer, ChannelError> {
        Dialer::new(ChannelConfig { url: Url::parse(url).unwrap(), subscription_id: id.to_owned() })
    }

    #[test]
    fn the_accept_key_is_that_of_the_standard() {
        // RFC 6455, section 1.3.
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn an_answer_is_a_handshake_only_with_all_its_headers() {
        let headers = |pairs: &[(&'static str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect()
        };
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let full = [
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ];
        assert!(accepts(&headers(&full), key));
        assert!(!accepts(&headers(&full), "another key"));
        for missing in 0..3 {
            let mut some = full.to_vec();
            some.remove(missing);
            assert!(!accepts(&headers(&some), key), "without {}", full[missing].0);
        }
    }

    #[test]
    fn the_token_goes_in_the_clear_to_this_machine_only() {
        for good in ["wss://ws.zoom.us/ws", "ws://127.0.0.1:1/ws", "ws://[::1]/ws", "ws://localhost/ws"] {
            assert!(dialer(good, "sub").is_ok(), "{good}");
        }
        for bad in
            ["ws://ws.zoom.us/ws", "ws://127.0.0.1.example/ws", "http://zoom.us", "ftp://zoom.us", "data:x"]
        {
            assert!(matches!(dialer(bad, "sub"), Err(ChannelError::Address { .. })), "{bad}");
        }
    }

    #[test]
    fn the_address_has_one_subscription_and_no_foreign_token() {
        let dialer = dialer("wss://ws.test/ws?subscriptionId=old&access_token=x&a=b", " a&b ").unwrap();
        assert_eq!(dialer.url.as_str(), "https://ws.test/ws?subscriptionId=a%26b&a=b");
        assert!(matches!(super::tests::dialer("wss://ws.test/ws", " "), Err(ChannelError::NoSubscription)));
    }
}
