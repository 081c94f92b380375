//! A bucket of an S3-compatible store. Addresses are signed by `rusty-s3`; a signed address is a secret, and is in no
//! error and no log.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::header::{CONTENT_LENGTH, RANGE};
use reqwest::{Body, Response, StatusCode};
use rusty_s3::actions::{DeleteObject, GetObject, PutObject};
use rusty_s3::{Credentials, S3Action as _, UrlStyle};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;
use url::Url;

use super::{ShelfError, folder};

/// How long a signed address holds: a request begins with it at once.
const SIGNED_FOR: Duration = Duration::from_mins(5);
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long a transfer may stand still.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes that are sent at a time.
const BLOCK: u64 = 256 * 1024;

/// Which bucket, and who we are there.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Address of the service, such as `https://s3.eu-central-1.amazonaws.com`.
    pub endpoint: Url,
    /// Name of the bucket.
    pub name: String,
    /// Region, such as `eu-central-1`.
    pub region: String,
    /// What names of our objects begin with, such as `offhook`; empty for nothing.
    pub prefix: String,
    /// Access key id.
    pub key_id: String,
    /// Secret access key.
    pub secret: SecretString,
}

/// Why a bucket did not do what it was asked. Holds no address: it would be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum S3Error {
    /// The settings make no address.
    #[error(
        "the bucket's address cannot be made of endpoint and name; check media.s3_endpoint and media.s3_bucket"
    )]
    Address,
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up; check the machine's root certificates")]
    Setup(#[source] reqwest::Error),
    /// No answer.
    #[error("the bucket {bucket} gave no answer; check media.s3_endpoint and the network")]
    Unreachable {
        /// Its name.
        bucket: String,
        /// What the network said, without the address.
        source: reqwest::Error,
    },
    /// It took nothing more of a file, or gave no answer when it had all of it.
    #[error("the bucket {bucket} stood still for {} s while a file was sent; check the network", PATIENCE.as_secs())]
    Stalled {
        /// Its name.
        bucket: String,
    },
    /// An answer that is no success.
    #[error(
        "the bucket {bucket} answered {status}{code}; check its keys and what they may do: get, put and delete"
    )]
    Refused {
        /// Its name.
        bucket: String,
        /// HTTP status.
        status: u16,
        /// Its own word for the error, with a comma and a space before it, if it had one.
        code: String,
    },
}

/// A bucket.
#[derive(Debug)]
pub struct S3 {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
    http: reqwest::Client,
    /// Without a bound to the time until an answer: that of `http` runs while a file is sent, however long it is.
    uploads: reqwest::Client,
    pub(super) drafts: PathBuf,
}

impl S3 {
    /// This bucket; drafts are written into a folder of this machine, which is made if it is not there.
    pub fn open(bucket: Bucket, drafts: PathBuf) -> Result<Self, ShelfError> {
        folder::make(&drafts)?;
        let Bucket { endpoint, name, region, prefix, key_id, secret } = bucket;
        let bucket =
            rusty_s3::Bucket::new(endpoint, UrlStyle::Path, name, region).map_err(|_| S3Error::Address)?;
        let client = || {
            let client = reqwest::Client::builder().connect_timeout(CONNECT_WITHIN);
            client.redirect(reqwest::redirect::Policy::none()).no_proxy()
        };
        let http = client().read_timeout(PATIENCE).build().map_err(S3Error::Setup)?;
        let uploads = client().build().map_err(S3Error::Setup)?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let credentials = Credentials::new(key_id, secret.expose_secret());
        Ok(Self { bucket, credentials, prefix, http, uploads, drafts })
    }

    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    pub(super) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), S3Error> {
        let length = bytes.len() as u64;
        self.put_body(key, length, bytes.into(), &Notify::new()).await
    }

    pub(super) async fn put_file(&self, key: &str, path: &Path) -> Result<(), ShelfError> {
        let path = path.to_owned();
        let (file, length) = {
            let path = path.clone();
            folder::blocking(move || {
                let file = File::open(&path).map_err(folder::failed(&path))?;
                let length = file.metadata().map_err(folder::failed(&path))?.len();
                Ok((file, length))
            })
            .await?
        };
        let goes_on = Arc::new(Notify::new());
        let asked = Arc::clone(&goes_on);
        let blocks = stream::try_unfold((file, length, path), move |(mut file, left, path)| {
            // The block before this one was taken.
            asked.notify_one();
            async move {
                if left == 0 {
                    return Ok(None);
                }
                folder::blocking(move || {
                    let mut block = vec![0; usize::try_from(left.min(BLOCK)).unwrap_or(0)];
                    file.read_exact(&mut block).map_err(folder::failed(&path))?;
                    let left = left - block.len() as u64;
                    Ok(Some((Bytes::from(block), (file, left, path))))
                })
                .await
            }
        });
        Ok(self.put_body(key, length, Body::wrap_stream(blocks), &goes_on).await?)
    }

    /// Sends a body; `goes_on` is notified when a block of it is taken.
    async fn put_body(&self, key: &str, length: u64, body: Body, goes_on: &Notify) -> Result<(), S3Error> {
        let name = self.name(key);
        let url = PutObject::new(&self.bucket, Some(&self.credentials), &name).sign(SIGNED_FOR);
        let stored = async {
            let sent = self.uploads.put(url).header(CONTENT_LENGTH, length).body(body).send().await;
            self.checked(sent).await.map(drop)
        };
        let stored = patiently(stored, goes_on).await;
        stored.unwrap_or_else(|| Err(S3Error::Stalled { bucket: self.bucket.name().to_owned() }))
    }

    pub(super) async fn get_all(&self, key: &str) -> Result<Option<Vec<u8>>, ShelfError> {
        let name = self.name(key);
        let url = GetObject::new(&self.bucket, Some(&self.credentials), &name).sign(SIGNED_FOR);
        match self.checked(self.http.get(url).send().await).await {
            Ok(response) => {
                Ok(Some(response.bytes().await.map_err(|error| self.unreachable(error))?.to_vec()))
            }
            Err(S3Error::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn read(
        &self,
        key: &str,
        part: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, ShelfError>>, ShelfError> {
        let name = self.name(key);
        let url = GetObject::new(&self.bucket, Some(&self.credentials), &name).sign(SIGNED_FOR);
        let range = format!("bytes={}-{}", part.start, part.end.saturating_sub(1));
        let response = match self.checked(self.http.get(url).header(RANGE, range).send().await).await {
            Err(S3Error::Refused { status: 404, .. }) => return Err(ShelfError::Missing(key.to_owned())),
            response => response?,
        };
        // A store that knows no ranges would send the file from its beginning.
        if part.start > 0 && response.status() != StatusCode::PARTIAL_CONTENT {
            let status = response.status().as_u16();
            let code = ", the whole file instead of a part".to_owned();
            return Err(S3Error::Refused { bucket: self.bucket.name().to_owned(), status, code }.into());
        }
        let bucket = self.bucket.name().to_owned();
        let bytes = response.bytes_stream().map_err(move |error| {
            S3Error::Unreachable { bucket: bucket.clone(), source: error.without_url() }.into()
        });
        Ok(bytes.boxed())
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), S3Error> {
        let name = self.name(key);
        let url = DeleteObject::new(&self.bucket, Some(&self.credentials), &name).sign(SIGNED_FOR);
        match self.checked(self.http.delete(url).send().await).await {
            Ok(_) | Err(S3Error::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn checked(&self, sent: Result<Response, reqwest::Error>) -> Result<Response, S3Error> {
        let response = sent.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.text().await.unwrap_or_default();
        let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        let code = code.map(|(code, _)| format!(", {}", code.chars().take(60).collect::<String>()));
        Err(S3Error::Refused {
            bucket: self.bucket.name().to_owned(),
            status: status.as_u16(),
            code: code.unwrap_or_default(),
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> S3Error {
        S3Error::Unreachable { bucket: self.bucket.name().to_owned(), source: error.without_url() }
    }
}

/// Waits for what goes on, however long that is; `None` when it has stood still for too long.
async fn patiently<T>(work: impl Future<Output = T>, goes_on: &Notify) -> Option<T> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            () = goes_on.notified() => {}
            () = tokio::time::sleep(PATIENCE) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_file_may_be_sent_for_long_but_not_stand_still_for_long() {
        let goes_on = Notify::new();
        let sending = |blocks: u32, answer: Duration| {
            let goes_on = &goes_on;
            async move {
                for _ in 0..blocks {
                    tokio::time::sleep(PATIENCE * 9 / 10).await;
                    goes_on.notify_one();
                }
                tokio::time::sleep(answer).await;
            }
        };
        assert_eq!(patiently(sending(10, PATIENCE / 2), &goes_on).await, Some(()));
        assert_eq!(patiently(sending(0, PATIENCE * 2), &goes_on).await, None, "no block is taken");
        assert_eq!(patiently(sending(3, PATIENCE * 2), &goes_on).await, None, "no answer comes");
    }
}
