//! Files: recordings, voicemails, transcripts, faxes.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use url::Url;
use zoom_phone_types::catalogue::{Catalogue, Method};

use super::call::Call;
use super::error::Error;
use super::host::{is_zooms, same_origin};
use super::request::{Place, Request};
use super::{Client, Inner, request, send};
use crate::http;
use crate::oauth::AccessToken;
use crate::quota::Priority;

/// Redirects that are followed.
const MAX_HOPS: usize = 5;
/// A download that takes longer is cut. How long it may stand still is the client's `timeout`.
const LONGEST: Duration = Duration::from_hours(24);

/// A file on its way: a [`Stream`] of its bytes.
///
/// An error in the middle ends it; begin again then. Dropping it ends the transfer.
pub struct Download {
    content_type: Option<String>,
    length: Option<u64>,
    tracking_id: Option<String>,
    limit: Option<u64>,
    received: u64,
    operation: String,
    host: String,
    bytes: BoxStream<'static, Result<Bytes, Error>>,
}

impl Download {
    pub(super) async fn of(call: Call) -> Result<Self, Error> {
        let request = Request::of(&call)?;
        Self::open(&call.client, request, call.deadline).await
    }

    async fn open(client: &Client, request: Request, deadline: Option<Duration>) -> Result<Self, Error> {
        let response = client.inner.send(&request, deadline, fetch).await?;
        Ok(Self::read(response, request.operation, client.clone()))
    }

    fn read(response: Response, operation: Cow<'static, str>, client: Client) -> Self {
        let patience = client.inner.config.timeout;
        let host = response.url().host_str().unwrap_or_default().to_owned();
        let failed = {
            let (operation, host) = (operation.clone(), host.clone());
            move |problem| Error::Download {
                operation: operation.clone().into_owned(),
                host: host.clone(),
                problem: Cow::Borrowed(problem),
                passing: true,
            }
        };
        let from = host.clone();
        Self {
            content_type: content_type(&response),
            length: response.content_length(),
            tracking_id: http::tracking_id(response.headers()),
            limit: None,
            received: 0,
            operation: operation.into_owned(),
            host,
            bytes: stream::try_unfold(response, move |mut response| {
                let (failed, client, from) = (failed.clone(), client.clone(), from.clone());
                async move {
                    let result = match tokio::time::timeout(patience, response.chunk()).await {
                        Ok(Ok(chunk)) => Ok(chunk.map(|chunk| (chunk, response))),
                        Ok(Err(_)) => Err(failed("the transfer broke off; begin again")),
                        Err(_) => Err(failed("nothing came for too long; begin again")),
                    };
                    if !matches!(result, Ok(Some(_))) {
                        client.inner.circuits.record(&from, &result);
                    }
                    result
                }
            })
            .boxed(),
        }
    }

    /// The type that the server says it is, such as `audio/mpeg`.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The length in bytes that the server says it has.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// `x-zm-trackingid`, for Zoom's support.
    pub fn tracking_id(&self) -> Option<&str> {
        self.tracking_id.as_deref()
    }

    /// Ends with an error where there are more bytes than this.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// The next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        stream::StreamExt::next(self).await
    }

    /// All of it in memory; set a [`limit`](Self::limit) before.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.next().await {
            whole.extend_from_slice(&chunk?);
        }
        Ok(whole.freeze())
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.bytes.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(chunk))) = &next {
            self.received += chunk.len() as u64;
            if let Some(limit) = self.limit.filter(|limit| self.received > *limit) {
                self.bytes = stream::empty().boxed();
                return Poll::Ready(Some(Err(Error::Download {
                    operation: self.operation.clone(),
                    host: self.host.clone(),
                    problem: Cow::Owned(format!("it is larger than {limit} bytes, the caller's limit")),
                    passing: false,
                })));
            }
        }
        next
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("operation", &self.operation)
            .field("host", &self.host)
            .field("content_type", &self.content_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// The file at an address that Zoom gave: `download_url` of a recording, a voicemail, an attachment.
    ///
    /// The token goes along only to `https` hosts of zoom.us (and to the configured base address), and not where the
    /// address has a `jwt`; at most 5 redirects are followed, over `https` only. Links are short-lived: on 401, 403
    /// and 404 read the recording again and take its new address. An address of the API counts against its quota.
    pub async fn download_url(&self, url: &Url) -> Result<Download, Error> {
        let base = self.inner.config.base_url.as_ref();
        let ours = is_zooms(url) || base.is_some_and(|base| same_origin(base, url));
        let known = url.path().split_once("/v2/").filter(|_| ours);
        let known = known.and_then(|(_, path)| Catalogue::get().find("GET", &format!("/{path}")));
        let operation = known.as_ref().map_or("download", |(operation, _)| &operation.id);
        let request = Request {
            span: request::span(operation, Method::Get),
            operation: Cow::Borrowed(operation),
            method: Method::Get,
            place: Place::Url(url.clone()),
            body: None,
            label: known.as_ref().and_then(|(operation, _)| operation.rate),
            counted: known.is_some(),
            priority: Priority::default(),
        };
        Download::open(self, request, None).await
    }
}

/// One try: goes where the answers point until a file comes.
fn fetch<'a>(
    inner: &'a Inner,
    request: &'a Request,
    token: &'a AccessToken,
) -> BoxFuture<'a, Result<Response, Error>> {
    async move {
        let mut url = inner.address(request, token);
        for _ in 0..=MAX_HOPS {
            let host = url.host_str().unwrap_or_default().to_owned();
            let trouble = |problem, passing| Error::Download {
                operation: request.operation.clone().into_owned(),
                host: host.clone(),
                problem: Cow::Borrowed(problem),
                passing,
            };
            let failed = |problem| trouble(problem, false);
            let bearer = bearer_goes(&url, inner.config.base_url.as_ref())
                .ok_or_else(|| failed("files are fetched over https only"))?;
            inner.may_ask(request, &host)?;
            let head = inner.hop(request, url.clone(), bearer.then_some(token), LONGEST);
            let head = match tokio::time::timeout(inner.config.timeout, head).await {
                Ok(head) => head,
                Err(_) => Err(trouble("no answer came in time; try again", true)),
            };
            let mut response = match head {
                Ok(response) => response,
                error => {
                    inner.circuits.record(&host, &error);
                    return error;
                }
            };
            if response.status().is_redirection() {
                inner.circuits.record(&host, &Ok(()));
            }
            if response.status().is_redirection() {
                let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok());
                let Some(next) = target.and_then(|target| url.join(target).ok()) else {
                    return Err(failed("it redirects to nowhere; ask Zoom's support"));
                };
                url = next;
                continue;
            }
            if !response.status().is_success() {
                let read = send::read(inner, request, &mut response, token, bearer).await;
                inner.circuits.record(&host, &read);
                let error = match read {
                    Err(error) => error,
                    Ok(_) => failed("it answered neither with a file nor with an error"),
                };
                // A host that never saw the token cannot have rejected it.
                let status = response.status().as_u16();
                return Err(if error.token_rejected() && !bearer {
                    Error::Download {
                        operation: request.operation.clone().into_owned(),
                        host,
                        problem: Cow::Owned(format!("status {status}; the link is over: read the record again and take its new address")),
                        passing: false,
                    }
                } else {
                    error
                });
            }
            if content_type(&response).is_some_and(|kind| kind.starts_with("text/html")) {
                inner.circuits.record(&host, &Ok(()));
                return Err(failed(
                    "a web page came instead of a file, usually a sign-in page: check that the app may read this file, and take its address anew",
                ));
            }
            inner.circuits.answered(&host);
            return Ok(response);
        }
        Err(Error::Download {
            operation: request.operation.clone().into_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            problem: Cow::Owned(format!("more than {MAX_HOPS} redirects; take the file's address anew")),
            passing: false,
        })
    }
    .boxed()
}

/// Whether the token goes along to an address; `None` where nothing may go.
fn bearer_goes(url: &Url, base: Option<&Url>) -> Option<bool> {
    let configured = base.is_some_and(|base| same_origin(base, url));
    if url.scheme() != "https" && !configured {
        return None;
    }
    let signed = url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("jwt"));
    Some((is_zooms(url) || configured) && !signed)
}

fn content_type(response: &Response) -> Option<String> {
    let text = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(text.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_zoom_and_the_configured_host_only_and_nothing_goes_unencrypted() {
        let base = Url::parse("http://127.0.0.1:8090/v2").unwrap();
        for (url, with_base, without) in [
            ("https://zoom.us/v2/phone/recording/download/x", Some(true), Some(true)),
            ("https://api-us.zoom.us/x?y=1", Some(true), Some(true)),
            ("https://file.zoom.us/x?jwt=abc", Some(false), Some(false)),
            ("https://file.zoom.us/x?a=1&JWT=abc", Some(false), Some(false)),
            ("https://bucket.s3.example.test/x?signature=1", Some(false), Some(false)),
            ("https://zoom.us.example.test/x", Some(false), Some(false)),
            ("http://zoom.us/x", None, None),
            ("http://127.0.0.1:8090/files/x", Some(true), None),
            ("http://127.0.0.1:8090/files/x?jwt=abc", Some(false), None),
            ("http://127.0.0.1:8091/files/x", None, None),
            ("file:///etc/passwd", None, None),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(bearer_goes(&url, Some(&base)), with_base, "{url}");
            assert_eq!(bearer_goes(&url, None), without, "{url}");
        }
    }
}
