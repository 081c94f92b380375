//! The other end of an event channel, moved by the test itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};
use url::Url;

pub(crate) const OPEN: &str = r#"{"module":"build_connection","success":true,"content":"connected"}"#;

/// Listens, and does nothing unless told.
pub(crate) struct Server {
    listener: TcpListener,
    pub(crate) url: Url,
}

/// A request to connect that is not answered yet.
pub(crate) struct Knock {
    stream: TcpStream,
    head: String,
}

/// A connection.
pub(crate) struct Peer(WebSocketStream<TcpStream>);

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("ws://{}/ws", listener.local_addr().unwrap())).unwrap();
        Self { listener, url }
    }

    pub(crate) async fn knock(&self) -> Knock {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        Knock { stream, head: String::from_utf8(head).unwrap() }
    }

    /// Lets the next one in, and says so.
    pub(crate) async fn open(&self) -> Peer {
        let mut peer = self.knock().await.shake_hands().await;
        peer.say(OPEN).await;
        peer
    }
}

impl Knock {
    /// `/ws?subscriptionId=…&access_token=…`
    pub(crate) fn target(&self) -> &str {
        self.head.strip_prefix("GET ").unwrap().split(' ').next().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    fn accept_key(&self) -> String {
        let text = format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", self.header("sec-websocket-key"));
        let sha1 = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
        STANDARD.encode(aws_lc_rs::digest::digest(sha1, text.as_bytes()))
    }

    pub(crate) async fn shake_hands(self) -> Peer {
        let key = self.accept_key();
        Peer(self.switch(&key).await)
    }

    /// Switches protocols with any key.
    pub(crate) async fn switch(mut self, key: &str) -> WebSocketStream<TcpStream> {
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes()).await.unwrap();
        WebSocketStream::from_raw_socket(self.stream, Role::Server, None).await
    }

    /// Answers like any web server.
    pub(crate) async fn refuse(mut self, status: u16, body: &str) {
        let answer = format!(
            "HTTP/1.1 {status} No\r\nx-zm-trackingid: TRACK_1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(answer.as_bytes()).await.unwrap();
        // Until the other side has gone: an early end could overtake the answer.
        let _ = self.stream.read_to_end(&mut Vec::new()).await;
    }
}

impl Peer {
    pub(crate) async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// An event as Zoom wraps it.
    pub(crate) async fn event(&mut self, text: &str) {
        self.say(&serde_json::json!({ "module": "message", "content": text }).to_string()).await;
    }

    /// What comes next; `None` at the end of the connection.
    pub(crate) async fn hear(&mut self) -> Option<Message> {
        self.0.next().await.and_then(Result::ok)
    }

    /// Closes it as a server does, without waiting for an answer.
    pub(crate) async fn close(mut self) {
        let _ = self.0.send(Message::Close(None)).await;
    }
}
