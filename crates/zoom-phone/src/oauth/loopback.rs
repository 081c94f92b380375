//! The way back from Zoom's consent page to a program on this machine (RFC 8252, 7.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::{Host, Url};

use super::Pending;

/// Longest head of a request.
const MAX_HEAD: usize = 16 * 1024;
/// How many are listened to at once.
const MOST_VISITS: usize = 32;
/// How long one visitor may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens on this machine, and nowhere else, for the browser that comes back.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    redirect_uri: String,
    path: String,
}

impl Loopback {
    /// Listens on this port of 127.0.0.1; 0 for any, if the app's settings allow any.
    pub async fn bind(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
        Ok(Self { listener, redirect_uri, path: "/callback".to_owned() })
    }

    /// Listens where the app's settings send people back to. `None` if that is no `http` address of this machine with
    /// a port: the browser then goes somewhere else, and the person must bring the address from there.
    pub async fn at(redirect_uri: &str) -> Option<std::io::Result<Self>> {
        let url = Url::parse(redirect_uri).ok().filter(|url| url.scheme() == "http")?;
        let port = url.port()?;
        let address = match url.host()? {
            Host::Ipv4(address) if address.is_loopback() => IpAddr::V4(address),
            Host::Ipv6(address) if address.is_loopback() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            Host::Domain("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ => return None,
        };
        let (redirect_uri, path) = (redirect_uri.to_owned(), url.path().to_owned());
        let listener = TcpListener::bind((address, port)).await;
        Some(listener.map(|listener| Self { listener, redirect_uri, path }))
    }

    /// The redirect address to ask Zoom for, which must also be in the app's settings:
    /// `http://127.0.0.1:4000/callback`.
    pub fn redirect_uri(&self) -> String {
        self.redirect_uri.clone()
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
                    visits.push(tokio::time::timeout(PATIENCE, visit(visitor?.0, &self.path, pending)));
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
async fn visit(mut stream: TcpStream, path: &str, pending: &Pending) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let query = target.split_once('?').filter(|(at, query)| *at == path && pending.is_of(query));
    let query = query.map(|(_, query)| query.to_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_http_addresses_of_this_machine_with_a_port_are_listened_on() {
        let free = Loopback::bind(0).await.unwrap().listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost"] {
            let redirect_uri = format!("http://{host}:{free}/oauth/back");
            let loopback = Loopback::at(&redirect_uri).await.unwrap().unwrap();
            assert_eq!(loopback.redirect_uri(), redirect_uri);
            assert_eq!(loopback.path, "/oauth/back");
            assert!(loopback.listener.local_addr().unwrap().ip().is_loopback());
            assert!(Loopback::at(&redirect_uri).await.unwrap().is_err(), "somebody listens there already");
        }
        for elsewhere in [
            "https://127.0.0.1:4000/back",
            "http://127.0.0.1/back",
            "http://192.0.2.1:4000/back",
            "http://localhost.example:4000/back",
            "https://offhook.example/back",
            "nonsense",
        ] {
            assert!(Loopback::at(elsewhere).await.is_none(), "{elsewhere}");
        }
    }
}
