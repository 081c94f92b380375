//! HTTP/1.1 over one kept-alive socket, with as little work per request as can be: a load generator that is
//! slower than the server measures itself.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// An answer, read to its last byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// Status code.
    pub(crate) status: u16,
    /// Body; empty for 204, and then nothing was allocated for it.
    pub(crate) body: Vec<u8>,
    /// The server will close the connection after this.
    pub(crate) closes: bool,
}

/// Bytes that are no HTTP/1.1 response, or one whose end cannot be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(&'static str);

impl From<Malformed> for io::Error {
    fn from(malformed: Malformed) -> Self {
        Self::new(io::ErrorKind::InvalidData, format!("the server's answer {}", malformed.0))
    }
}

/// Where a body ends.
enum Framing {
    Length(usize),
    Chunked,
}

/// Reads a whole response from the beginning of `bytes`, and says how many bytes it took; `None` if more
/// bytes are needed.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Response, usize)>, Malformed> {
    let Some(head_length) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = (&bytes[..head_length], &bytes[head_length + 4..]);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let status = status(lines.next().unwrap_or_default())?;
    let mut framing = None;
    let mut closes = false;
    for line in lines {
        let colon = find(line, b":").ok_or(Malformed("has a header line with no colon"))?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            framing = framing.or(Some(Framing::Length(number(value, 10)?)));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Malformed("has a transfer encoding other than chunked"));
            }
            framing = Some(Framing::Chunked);
        } else if name.eq_ignore_ascii_case(b"connection") {
            closes = value.eq_ignore_ascii_case(b"close");
        }
    }
    let bodiless = status < 200 || status == 204 || status == 304;
    let body = if bodiless {
        Some((Vec::new(), 0))
    } else {
        match framing {
            Some(Framing::Length(length)) => rest.get(..length).map(|body| (body.to_vec(), length)),
            Some(Framing::Chunked) => chunks(rest)?,
            None => return Err(Malformed("says neither content-length nor chunked")),
        }
    };
    Ok(body.map(|(body, length)| (Response { status, body, closes }, head_length + 4 + length)))
}

fn status(line: &[u8]) -> Result<u16, Malformed> {
    let digits = line.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = number(digits.ok_or(Malformed("does not begin with HTTP/1.1 and a status"))?, 10)?;
    u16::try_from(status).map_err(|_| Malformed("has a status that is no number"))
}

/// A body in chunks, and how many bytes it took with its trailer.
fn chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Malformed> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else { return Ok(None) };
        let size = bytes[at..at + line].split(|byte| *byte == b';').next().unwrap_or_default();
        let size = number(size.trim_ascii(), 16)?;
        at += line + 2;
        if size == 0 {
            // Trailer lines, up to an empty one.
            while let Some(line) = find(&bytes[at..], b"\r\n") {
                at += line + 2;
                if line == 0 {
                    return Ok(Some((body, at)));
                }
            }
            return Ok(None);
        }
        let end = at.checked_add(size).ok_or(Malformed("has a chunk of absurd size"))?;
        match bytes.get(end..).and_then(|rest| rest.get(..2)) {
            None => return Ok(None),
            Some(b"\r\n") => body.extend_from_slice(&bytes[at..end]),
            Some(_) => return Err(Malformed("has a chunk longer than it says")),
        }
        at = end + 2;
    }
}

fn number(digits: &[u8], radix: u32) -> Result<usize, Malformed> {
    std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|text| usize::from_str_radix(text, radix).ok())
        .ok_or(Malformed("has a length that is no number"))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// One socket, one request at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// Sends a request, given as its exact bytes, and reads the whole answer. After an error, or an answer
    /// that [`closes`](Response::closes), the connection is of no more use.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<Response> {
        self.stream.write_all(request).await?;
        loop {
            if let Some((response, length)) = parse(&self.received)? {
                self.received.drain(..length);
                if response.status >= 200 {
                    return Ok(response);
                }
                // An interim answer; the real one follows.
            } else if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed the connection before its answer was complete",
                ));
            }
        }
    }

    /// `GET path`.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<Response> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> (Response, usize) {
        parse(text.as_bytes()).unwrap().expect("complete")
    }

    #[test]
    fn a_204_ends_with_its_head_and_leaves_what_follows() {
        let text = "HTTP/1.1 204 No Content\r\ndate: today\r\n\r\nHTTP/1.1 401";
        let (response, length) = whole(text);
        assert_eq!(response, Response { status: 204, body: Vec::new(), closes: false });
        assert_eq!(&text[length..], "HTTP/1.1 401");
    }

    #[test]
    fn a_body_of_known_length_is_read_exactly_and_header_names_ignore_case() {
        let (response, length) =
            whole("HTTP/1.1 503 Busy\r\nCONTENT-Length:  4\r\nConnection: close\r\n\r\nbusyrest");
        assert_eq!(response, Response { status: 503, body: b"busy".to_vec(), closes: true });
        assert_eq!(length, 64, "without `rest`");
    }

    #[test]
    fn chunks_are_joined_and_their_extensions_and_trailers_ignored() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
        let (response, length) = whole(text);
        assert_eq!(response.body, b"wiki0123456789");
        assert_eq!(length, text.len());
    }

    #[test]
    fn every_beginning_of_a_response_asks_for_more() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ] {
            for length in 0..text.len() {
                assert_eq!(parse(&text.as_bytes()[..length]), Ok(None), "{:?}", &text[..length]);
            }
            assert!(parse(text.as_bytes()).unwrap().is_some());
        }
    }

    #[test]
    fn an_answer_whose_end_cannot_be_told_is_an_error() {
        for text in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabcd\r\n",
            "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
