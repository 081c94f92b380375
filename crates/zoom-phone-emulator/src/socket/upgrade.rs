//! The server's side of the WebSocket handshake (RFC 6455, section 4.2).

use aws_lc_rs::digest;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

/// An open WebSocket.
pub(super) type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// Answers a handshake and lets `talk` have the connection; refuses what is no handshake.
pub(super) fn upgrade<F>(mut request: Request, talk: impl FnOnce(Stream) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let headers = request.headers();
    let asks =
        mentions(headers, header::CONNECTION, "upgrade") && mentions(headers, header::UPGRADE, "websocket");
    let version = mentions(headers, header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| accept(key.as_bytes()));
    let Some(accept) = key.filter(|_| asks && version) else {
        let headers = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
        return (StatusCode::UPGRADE_REQUIRED, headers, "This address speaks WebSocket only.\n")
            .into_response();
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => {
                talk(Stream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await).await;
            }
            Err(error) => tracing::debug!(%error, "a connection did not become a WebSocket"),
        }
    });
    let headers = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// Whether a header's list has this word.
fn mentions(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|found| found.trim().eq_ignore_ascii_case(word))
}

/// `Sec-WebSocket-Accept` for a key; SHA-1 is what the RFC asks for and protects nothing here.
fn accept(key: &[u8]) -> String {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    context.update(key);
    context.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    BASE64_STANDARD.encode(context.finish())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_accept_key_is_that_of_rfc_6455_section_1_3() {
        assert_eq!(super::accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
