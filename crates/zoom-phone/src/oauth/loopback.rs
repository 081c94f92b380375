//! The way back from Zoom's consent page to a program on this machine (RFC 8252, 7.3).

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Pending;

/// Longest head of a request.
const MAX_HEAD: usize = 16 * 1024;
/// How many are listened to at once.
const MOST_VISITS: usize = 32;
/// How long one visitor may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens on 127.0.0.1 for the browser that comes back.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
}

impl Loopback {
    /// Listens on this port; 0 for any, if the app's settings allow any.
    pub async fn bind(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The redirect address to ask Zoom for, which must also be in the app's settings:
    /// `http://127.0.0.1:4000/callback`.
    pub fn redirect_uri(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    /// Waits for the browser to come back, tells the person that they may close the page, and returns the query for
    /// [`SignIn::finish`](super::SignIn::finish).
    ///
    /// Any page that is open on this machine can send requests here; those without the right `state` are turned
    /// away, and waiting goes on.
    pub async fn wait(&self, pending: &Pending) -> std::io::Result<String> {
        // Side by side: browsers open connections that they then do not use.
        let mut visits = FuturesUnordered::new();
        loop {
            tokio::select! {
                visitor = self.listener.accept(), if visits.len() < MOST_VISITS => {
                    visits.push(tokio::time::timeout(PATIENCE, visit(visitor?.0, pending)));
                }
                Some(visited) = visits.next() => {
                    if let Ok(Some(query)) = visited {
                        return Ok(query);
                    }
                }
            }
        }
    }
}

/// Serves one visitor; `Some` when it was the one that is waited for.
async fn visit(mut stream: TcpStream, pending: &Pending) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let query = target.strip_prefix("/callback?").filter(|query| pending.is_of(query)).map(str::to_owned);
    let (status, text) = match &query {
        Some(_) => ("200 OK", "You can close this page and go back to the program."),
        None => ("404 Not Found", "Nothing here."),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    // The person may have closed the page; what they came with counts all the same.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        let _ = stream.shutdown().await;
    }
    query
}
