use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zoom_phone::client::{Client, ClientConfig, Download, Error};

use crate::fake::{Answer, Fake};

fn audio() -> Answer {
    Answer::new(200, "sound").header("content-type", "audio/mpeg").header("x-zm-trackingid", "WEB_5")
}

fn to(location: &str) -> Answer {
    Answer::new(302, "").header("location", location)
}

/// Fetches a recording by its id.
async fn recording(client: &Client) -> Result<Download, Error> {
    client.operation("phoneDownloadRecordingFile").unwrap().path("fileId", "f-1").download().await
}

#[tokio::test]
async fn a_file_comes_as_a_stream_with_its_type_and_length() {
    let fake = Fake::start().await;
    fake.answer(audio());
    let mut file = recording(&fake.client()).await.unwrap();
    assert_eq!((file.content_type(), file.length()), (Some("audio/mpeg"), Some(5)));
    assert_eq!(file.tracking_id(), Some("WEB_5"));
    assert_eq!(file.next().await.unwrap().unwrap(), "sound");
    assert!(file.next().await.is_none());
    let request = fake.requests().remove(0);
    assert_eq!(request.path, "/v2/phone/recording/download/f-1");
    assert_eq!(request.authorization, "Bearer token-1");
}

#[tokio::test]
async fn redirects_are_followed_and_an_address_with_a_jwt_gets_no_token() {
    let fake = Fake::start().await;
    fake.answer(to("/files/a?signature=s")).answer(to("b?jwt=j")).answer(audio());
    let transcript = fake.client().operation("phoneDownloadRecordingTranscript").unwrap();
    let file = transcript.path("recordingId", "r").download().await.unwrap();
    assert_eq!(file.bytes().await.unwrap(), "sound");
    let seen: Vec<_> = fake.requests().into_iter().map(|it| (it.path, it.authorization)).collect();
    let bearer = "Bearer token-1".to_owned();
    assert_eq!(
        seen,
        [
            ("/v2/phone/recording_transcript/download/r".to_owned(), bearer.clone()),
            ("/files/a".to_owned(), bearer),
            ("/files/b".to_owned(), String::new()),
        ]
    );
}

#[tokio::test]
async fn a_redirect_to_an_unencrypted_host_is_not_followed() {
    let (fake, other) = (Fake::start().await, Fake::start().await);
    fake.answer(to(other.url.join("x?signature=secret").unwrap().as_str()));
    let error = recording(&fake.client()).await.unwrap_err();
    assert!(error.to_string().contains("https only"), "{error}");
    assert!(!format!("{error:?}{error}").contains("secret"));
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let fake = Fake::start().await;
    for _ in 0..9 {
        fake.answer(to("/files/a"));
    }
    let error = recording(&fake.client()).await.unwrap_err();
    assert!(error.to_string().contains("more than 5 redirects"), "{error}");
    assert_eq!(fake.requests().len(), 6);
}

#[tokio::test]
async fn a_web_page_instead_of_a_file_is_an_error() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(200, "<html>").header("content-type", "text/html;charset=utf-8"));
    let error = recording(&fake.client()).await.unwrap_err();
    assert!(matches!(&error, Error::Download { host, .. } if host == "127.0.0.1"), "{error:?}");
    assert!(!error.retry_helps());
}

#[tokio::test]
async fn a_file_above_the_callers_limit_ends_with_an_error() {
    let fake = Fake::start().await;
    fake.answer(audio()).answer(audio());
    let client = fake.client();
    let error = recording(&client).await.unwrap().limit(4).bytes().await.unwrap_err();
    assert!(error.to_string().contains("larger than 4 bytes"), "{error}");
    assert_eq!(recording(&client).await.unwrap().limit(5).bytes().await.unwrap(), "sound");
}

#[tokio::test]
async fn errors_before_the_file_are_zooms_and_the_token_is_replaced_once() {
    let fake = Fake::start().await;
    let rejected = json!({"code": 124, "message": "Invalid access token."});
    let gone = json!({"code": 404, "message": "File does not exist."});
    fake.answer(Answer::new(401, &rejected)).answer(Answer::new(400, &gone)).answer(Answer::new(502, ""));
    fake.answer(audio());
    let client = fake.client();
    let error = recording(&client).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(error.to_string().contains("take its new address"), "{error}");
    assert_eq!(fake.token_requests().len(), 2);
    assert!(recording(&client).await.is_ok());
}

#[tokio::test]
async fn a_signed_link_that_is_over_does_not_cost_the_token() {
    let fake = Fake::start().await;
    fake.answer(Answer::new(401, ""));
    let url = fake.url.join("files/x?jwt=signature").unwrap();
    let error = fake.client().download_url(&url).await.unwrap_err();
    assert!(error.to_string().contains("status 401; the link is over"), "{error}");
    assert!(!format!("{error:?}{error}").contains("signature"));
    assert_eq!((fake.requests().len(), fake.token_requests().len()), (1, 1));
}

#[tokio::test]
async fn transfers_that_break_off_may_be_repeated_and_count_against_their_host() {
    let fake = Fake::start().await;
    // Promises more than it sends.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v2", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsound").await.unwrap();
        }
    });
    let mut config = ClientConfig { base_url: Some(base.parse().unwrap()), ..fake.config() };
    config.retry.tries = 1;
    let client = Client::new(config, fake.tokens()).unwrap();
    for _ in 0..8 {
        let error = recording(&client).await.unwrap().bytes().await.unwrap_err();
        assert!(matches!(error, Error::Download { .. }) && error.retry_helps(), "{error:?}");
    }
    assert!(matches!(recording(&client).await, Err(Error::CircuitOpen { .. })));
}

#[tokio::test]
async fn an_address_that_zoom_gave_is_fetched_as_it_is() {
    let fake = Fake::start().await;
    fake.answer(audio());
    let url = fake.url.join("v2/phone/recording/download/a%2Fb?x=1").unwrap();
    let file = fake.client().download_url(&url).await.unwrap();
    assert_eq!(file.bytes().await.unwrap(), "sound");
    let request = fake.requests().remove(0);
    assert_eq!(
        (request.path.as_str(), request.query.as_str()),
        ("/v2/phone/recording/download/a%2Fb", "x=1")
    );
}

#[tokio::test]
async fn without_a_configured_base_nothing_is_fetched_unencrypted() {
    let fake = Fake::start().await;
    let client = Client::new(ClientConfig::default(), fake.tokens()).unwrap();
    let error = client.download_url(&fake.url.join("x").unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("https only"), "{error}");
    assert!(fake.requests().is_empty());
}
