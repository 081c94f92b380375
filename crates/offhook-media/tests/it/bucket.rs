//! A bucket instead of a folder: a small S3 on a socket, that lets nobody in who does not sign.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{digest, hmac};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawQuery, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use offhook_media::{Bucket, S3, Shelf, Verified};
use offhook_store::{MediaKind, MediaState};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::rig::{Rig, Setup};

const SECRET: &str = "the secret of the bucket";

type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// What is signed with; whoever mends the settings of a bucket changes it.
type Secret = Arc<Mutex<&'static str>>;

/// Signature version 4 of a signed address, computed from the documentation of the protocol.
fn signature(secret: &str, method: &Method, path: &str, query: &str, host: &str) -> String {
    let of = |name: &str| {
        let find = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        find.unwrap_or_default().replace("%2F", "/")
    };
    let signed: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    let asked = format!("{method}\n{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", signed.join("&"));
    let (date, scope) = (of("X-Amz-Date"), of("X-Amz-Credential"));
    let scope = scope.split_once('/').map_or("", |(_, scope)| scope);
    let hash = hex::encode(digest::digest(&digest::SHA256, asked.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let sign = |key: &[u8], text: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
    };
    let key = scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| sign(&key, part));
    hex::encode(sign(&key, &text))
}

async fn serve(
    State((objects, secret)): State<(Objects, Secret)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let query = query.unwrap_or_default();
    let path = request.uri().path().to_owned();
    let host = headers[header::HOST].to_str().unwrap();
    let secret = *secret.lock().unwrap();
    let expected = format!("X-Amz-Signature={}", signature(secret, request.method(), &path, &query, host));
    if !query.split('&').any(|pair| pair == expected) {
        return (StatusCode::FORBIDDEN, "<Error><Code>SignatureDoesNotMatch</Code></Error>").into_response();
    }
    match *request.method() {
        Method::PUT => {
            assert!(headers.contains_key(header::CONTENT_LENGTH), "S3 takes nothing of unknown length");
            let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
            objects.lock().unwrap().insert(path, bytes);
            StatusCode::OK.into_response()
        }
        Method::DELETE => {
            objects.lock().unwrap().remove(&path);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => {
            let Some(bytes) = objects.lock().unwrap().get(&path).cloned() else {
                return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response();
            };
            let Some(range) = headers.get(header::RANGE) else { return Body::from(bytes).into_response() };
            let (from, to) = range.to_str().unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
            let part = bytes.slice(from..(to + 1).min(bytes.len()));
            (StatusCode::PARTIAL_CONTENT, Body::from(part)).into_response()
        }
    }
}

struct Store {
    objects: Objects,
    secret: Secret,
    endpoint: String,
}

impl Store {
    async fn start() -> Self {
        let (objects, secret) = (Objects::default(), Arc::new(Mutex::new(SECRET)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve).with_state((objects.clone(), secret.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { objects, secret, endpoint }
    }

    fn shelf(&self, drafts: &TempDir) -> Shelf {
        let bucket = Bucket {
            endpoint: self.endpoint.parse().unwrap(),
            name: "calls".to_owned(),
            region: "eu-central-1".to_owned(),
            prefix: "offhook/".to_owned(),
            key_id: "key".to_owned(),
            secret: SecretString::from(SECRET),
        };
        Shelf::S3(Box::new(S3::open(bucket, drafts.path().to_owned()).unwrap()))
    }

    /// Whether requests are let in.
    fn lets_in(&self, whoever_signs_well: bool) {
        *self.secret.lock().unwrap() = if whoever_signs_well { SECRET } else { "another secret" };
    }

    fn names(&self) -> Vec<String> {
        let names: Vec<String> = self.objects.lock().unwrap().keys().cloned().collect();
        names.into_iter().filter(|name| !name.ends_with(".record")).collect()
    }
}

#[tokio::test]
async fn files_are_put_into_a_bucket_read_in_parts_and_deleted_there() {
    for encrypt in [false, true] {
        let bucket = Store::start().await;
        let drafts = TempDir::new().unwrap();
        let shelf = Some(bucket.shelf(&drafts));
        let mut rig = Rig::with(Setup { encrypt, shelf, ..Setup::default() }, |zoom| zoom).await;
        rig.call("recorded").await;
        assert_eq!(rig.pass().await.fetched, 2, "{:#?}", rig.all().await);
        assert_eq!(bucket.names().len(), 2);
        assert!(bucket.names()[0].starts_with("/calls/offhook/"), "{:?}", bucket.names());
        assert_eq!(std::fs::read_dir(drafts.path()).unwrap().count(), 0, "nothing stays on this machine");
        let recording = rig.one(MediaKind::Recording).await;
        let whole = rig.bytes(&recording).await;
        assert_eq!(rig.part(&recording, 10..300).await, whole[10..300]);
        assert_eq!(rig.archive.verify(&recording.id).await.unwrap(), Verified::Intact);
        rig.archive.purge(&recording.id, None, "asked to".into(), rig.now()).await.unwrap();
        assert_eq!(bucket.names().len(), 1);
        assert_eq!(rig.one(MediaKind::Recording).await.state, MediaState::Deleted);
    }
}

/// Why a bucket did not do it, in a text that is shown.
fn refused(text: &str) {
    assert!(text.contains("SignatureDoesNotMatch") && text.contains("calls"), "{text}");
    assert!(!text.contains("X-Amz") && !text.contains("http://"), "{text}");
}

#[tokio::test]
async fn a_bucket_that_refuses_is_told_without_its_address_and_tried_again() {
    let bucket = Store::start().await;
    let drafts = TempDir::new().unwrap();
    let shelf = Some(bucket.shelf(&drafts));
    let mut rig = Rig::with(Setup { shelf, ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    bucket.lets_in(false);
    // What the bucket has of these calls cannot be known yet.
    let error = rig.archive.pass(rig.now()).await.unwrap_err();
    refused(&format!("{error:?} {error}"));
    bucket.lets_in(true);
    assert_eq!(rig.pass().await.fetched, 2);

    // When a file is fetched, the refusal is the file's, and it is due again.
    bucket.lets_in(false);
    rig.call("inbound_voicemail").await;
    assert_eq!(rig.pass().await.failed, 2);
    let voicemail = rig.one(MediaKind::Voicemail).await;
    assert_eq!(voicemail.state, MediaState::Failed);
    refused(voicemail.why.as_deref().unwrap());
    bucket.lets_in(true);
    assert_eq!(rig.pass_after(SignedDuration::from_mins(1)).await.fetched, 2);
    assert_eq!(rig.one(MediaKind::Voicemail).await.state, MediaState::Here);
}
