//! The ways to come by tokens, on the wire.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;
use zoom_phone::oauth::{
    App, AuthError, Authorization, CallbackError, Grant, Kind, Locked, Loopback, MemoryStore, ServerToServer,
    SignIn, StoreError, TokenSource, TokenStore,
};

use super::text;
use super::zoom::{CODE, Trick, Zoom, at};

const BASIC: &str = "Basic c3ludGhldGljLWNsaWVudDpzeW50aGV0aWMtY2xpZW50LXNlY3JldA==";

pub(super) fn value(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

#[tokio::test]
async fn a_code_is_exchanged_with_the_verifier_of_its_challenge() {
    let zoom = Zoom::start().await;
    let sign_in = SignIn::new(zoom.app()).unwrap();
    let begun = sign_in.begin(&Authorization::new("https://x.test/back"), at(0)).unwrap();
    assert_eq!(begun.url.path(), "/oauth/authorize");
    let callback = format!("https://x.test/back?code={CODE}&state={}", value(&begun.url, "state"));
    let grant = sign_in.finish(begun.pending, &callback, at(1)).await.unwrap();
    let request = zoom.requests().remove(0);
    assert_eq!((request.path.as_str(), request.query.as_str()), ("/oauth/token", ""));
    assert_eq!(request.authorization, BASIC);
    assert_eq!(request.form["grant_type"], "authorization_code");
    assert_eq!(
        (request.form["code"].as_str(), request.form["redirect_uri"].as_str()),
        (CODE, "https://x.test/back")
    );
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&request.form["code_verifier"]));
    assert_eq!(value(&begun.url, "code_challenge"), challenge);
    assert_eq!((grant.kind(), grant.scopes()[1].as_str()), (Kind::User, "phone:read:call_log"));
    assert_eq!(grant.api_url().unwrap().as_str(), "https://api-us.zoom.us/");
}

#[tokio::test]
async fn a_foreign_state_sends_nothing() {
    let zoom = Zoom::start().await;
    let sign_in = SignIn::new(zoom.app()).unwrap();
    let begun = sign_in.begin(&Authorization::new("https://x.test/back"), at(0)).unwrap();
    let error =
        sign_in.finish(begun.pending, &format!("code={CODE}&state=guessed"), at(1)).await.unwrap_err();
    assert!(matches!(error, AuthError::Callback(CallbackError::State)), "{error:?}");
    assert!(zoom.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_that_differs_is_explained() {
    let zoom = Zoom::start().await;
    zoom.trick(Trick::Say(400, r#"{"code":4709,"message":"Redirect URI mismatch."}"#));
    let sign_in = SignIn::new(zoom.app()).unwrap();
    let begun = sign_in.begin(&Authorization::new("https://x.test/back"), at(0)).unwrap();
    let callback = format!("code={CODE}&state={}", value(&begun.url, "state"));
    let error = sign_in.finish(begun.pending, &callback, at(1)).await.unwrap_err();
    assert!(matches!(&error, AuthError::Refused { error, .. } if error == "4709"), "{error:?}");
    assert!(error.to_string().contains("letter for letter"), "{error}");
}

#[tokio::test]
async fn a_public_client_names_itself_in_the_body_and_has_no_credentials() {
    let zoom = Zoom::start().await;
    let sign_in = SignIn::new(App { client_secret: None, ..zoom.app() }).unwrap();
    let begun = sign_in.begin(&Authorization::new("https://x.test/back"), at(0)).unwrap();
    let callback = format!("code={CODE}&state={}", value(&begun.url, "state"));
    sign_in.finish(begun.pending, &callback, at(1)).await.unwrap();
    let request = zoom.requests().remove(0);
    assert_eq!(
        (request.authorization.as_str(), request.form["client_id"].as_str()),
        ("", "synthetic-client")
    );
}

#[tokio::test]
async fn a_device_waits_for_its_person() {
    let zoom = Zoom::start().await;
    let sign_in = SignIn::new(zoom.app()).unwrap();
    zoom.trick(Trick::Say(
        200,
        r#"{"device_code":"the-device","user_code":"ABCD","verification_uri":"https://zoom.us/oauth_device","expires_in":900,"interval":5}"#,
    ));
    let device = sign_in.device().await.unwrap();
    assert_eq!(
        (device.user_code(), device.verification_uri().as_str()),
        ("ABCD", "https://zoom.us/oauth_device")
    );
    tokio::time::pause();
    let mut waiting = Box::pin(sign_in.wait(device));
    assert!(futures::poll!(&mut waiting).is_pending());
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    assert!(waiting.await.is_ok());
    let [begin, poll] = zoom.requests().try_into().unwrap();
    assert_eq!(
        (begin.path.as_str(), begin.form["client_id"].as_str()),
        ("/oauth/devicecode", "synthetic-client")
    );
    assert_eq!(poll.form["grant_type"], "urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!(poll.form["device_code"], "the-device");
}

#[tokio::test]
async fn an_app_asks_for_itself_without_an_account() {
    let zoom = Zoom::start().await;
    let token = TokenSource::client_credentials(zoom.app()).unwrap().token().await.unwrap();
    assert_eq!(token.kind(), Kind::ClientCredentials);
    let request = zoom.requests().remove(0);
    assert_eq!((request.authorization.as_str(), request.form.len()), (BASIC, 1));
    assert_eq!(request.form["grant_type"], "client_credentials");
}

#[tokio::test]
async fn processes_of_one_account_share_its_token_through_a_store() {
    let zoom = Zoom::start().await;
    let store = MemoryStore::default();
    let source = || {
        let app = ServerToServer {
            client_id: "synthetic-client".to_owned(),
            client_secret: "s".into(),
            account_id: "account".to_owned(),
            token_url: zoom.url.clone(),
        };
        TokenSource::server_to_server(app).unwrap().shared_through(store.clone(), "account")
    };
    let (one, other) = (source(), source());
    let first = one.token().await.unwrap();
    assert_eq!(other.token().await.unwrap(), first);
    // Rejected: the first replaces it, the other finds the new one.
    one.invalidate(&first).await;
    let second = one.token().await.unwrap();
    assert_eq!(text(&second), "access-2");
    other.invalidate(&first).await;
    assert_eq!(other.token().await.unwrap(), second);
    assert_eq!(zoom.requests().len(), 2);
}

#[tokio::test]
async fn an_account_does_not_overwrite_the_grant_of_a_person() {
    let zoom = Zoom::start().await;
    let store = MemoryStore::default();
    store.lock("anna").await.unwrap().save(&zoom.sign_in().await).await.unwrap();
    let tokens = TokenSource::client_credentials(zoom.app()).unwrap().shared_through(store, "anna");
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, AuthError::Store(_)), "{error:?}");
    assert_eq!(zoom.requests().len(), 1, "that of the sign-in");
    assert_eq!(tokens.stored().await.unwrap().unwrap().kind(), Kind::User);
}

#[tokio::test]
async fn signing_out_revokes_and_forgets() {
    let zoom = Zoom::start().await;
    let tokens = TokenSource::grant(zoom.app(), MemoryStore::default(), "anna").unwrap();
    tokens.sign_in(&zoom.sign_in().await).await.unwrap();
    tokens.sign_out().await.unwrap();
    let request = zoom.requests().remove(1);
    assert_eq!((request.path.as_str(), request.form["token"].as_str()), ("/oauth/revoke", "access-1"));
    assert_eq!(request.authorization, BASIC);
    assert!(matches!(tokens.token().await, Err(AuthError::NotSignedIn { .. })));
    assert_eq!(zoom.requests().len(), 2);
}

#[tokio::test]
async fn signing_out_forgets_even_when_zoom_cannot_be_told() {
    let zoom = Zoom::start().await;
    let tokens = TokenSource::grant(zoom.app(), MemoryStore::default(), "anna").unwrap();
    tokens.sign_in(&zoom.sign_in().await).await.unwrap();
    zoom.trick(Trick::Say(503, ""));
    assert!(matches!(tokens.sign_out().await, Err(AuthError::Unavailable { .. })));
    assert!(tokens.stored().await.unwrap().is_none());
}

#[tokio::test]
async fn a_grant_that_is_dead_already_can_be_signed_out() {
    let zoom = Zoom::start().await;
    let tokens = TokenSource::grant(zoom.app(), MemoryStore::default(), "anna").unwrap();
    tokens.sign_in(&zoom.sign_in().await).await.unwrap();
    zoom.trick(Trick::Say(400, r#"{"reason":"Invalid Token!","error":"invalid_request"}"#));
    tokens.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_grant_whose_access_token_has_expired_is_refreshed_to_be_revoked() {
    let zoom = Zoom::start().await;
    let tokens = TokenSource::grant(zoom.app(), MemoryStore::default(), "anna").unwrap();
    zoom.expires_in([0]);
    tokens.sign_in(&zoom.sign_in().await).await.unwrap();
    tokens.sign_out().await.unwrap();
    let request = zoom.requests().pop().unwrap();
    assert_eq!((request.path.as_str(), request.form["token"].as_str()), ("/oauth/revoke", "access-2"));
    assert!(tokens.stored().await.unwrap().is_none());

    zoom.expires_in([0]);
    tokens.sign_in(&zoom.sign_in().await).await.unwrap();
    zoom.trick(Trick::Say(400, r#"{"error":"invalid_grant"}"#));
    tokens.sign_out().await.unwrap();
    assert_eq!(zoom.requests().pop().unwrap().path, "/oauth/token", "dead: there is nothing to revoke");
}

#[tokio::test]
async fn a_sign_out_that_zoom_refuses_is_an_error_that_says_so() {
    let zoom = Zoom::start().await;
    let tokens = TokenSource::grant(zoom.app(), MemoryStore::default(), "anna").unwrap();
    tokens.sign_in(&zoom.sign_in().await).await.unwrap();
    zoom.trick(Trick::Say(400, r#"{"reason":"Bad Request","error":"invalid_request"}"#));
    let error = tokens.sign_out().await.unwrap_err();
    assert!(matches!(error, AuthError::NotRevoked { status: 400, .. }), "{error:?}");
    assert!(error.to_string().contains("did not revoke"), "{error}");
    assert!(tokens.stored().await.unwrap().is_none());
}

/// A store whose disk, or database, is away.
struct Away;

impl TokenStore for Away {
    fn load<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Grant>, StoreError>> {
        Box::pin(async { Err(StoreError::Other("away".into())) })
    }

    fn lock<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Box<dyn Locked>, StoreError>> {
        Box::pin(async { Err(StoreError::Other("away".into())) })
    }
}

#[tokio::test]
async fn an_account_and_an_app_need_no_store_and_a_person_does() {
    let zoom = Zoom::start().await;
    let account = ServerToServer {
        client_id: "synthetic-client".to_owned(),
        client_secret: "s".into(),
        account_id: "account".to_owned(),
        token_url: zoom.url.clone(),
    };
    let account = TokenSource::server_to_server(account).unwrap().shared_through(Away, "account");
    let app = TokenSource::client_credentials(zoom.app()).unwrap().shared_through(Away, "app");
    assert_eq!(text(&account.token().await.unwrap()), "access-1");
    assert_eq!(text(&app.token().await.unwrap()), "access-2");
    let person = TokenSource::grant(zoom.app(), Away, "anna").unwrap();
    assert!(matches!(person.token().await, Err(AuthError::Store(_))));
}

#[test]
fn a_token_address_that_others_could_read_along_is_refused() {
    for address in ["http://zoom.us/oauth/token", "http://192.168.1.7/oauth/token", "mailto:x@example.test"] {
        let app = App { token_url: address.parse().unwrap(), ..App::new("synthetic-client", "s".into()) };
        assert!(matches!(SignIn::new(app.clone()), Err(AuthError::Address { .. })), "{address}");
        assert!(matches!(TokenSource::client_credentials(app), Err(AuthError::Address { .. })), "{address}");
    }
}

pub(super) async fn visit(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {target} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_loopback_listener_lets_in_only_the_browser_that_was_sent_away() {
    let zoom = Zoom::start().await;
    let loopback = Loopback::bind(0).await.unwrap();
    let redirect = loopback.redirect_uri();
    let address = redirect.strip_prefix("http://").unwrap().strip_suffix("/callback").unwrap().to_owned();
    let sign_in = SignIn::new(zoom.app()).unwrap();
    let begun = sign_in.begin(&Authorization::new(redirect), at(0)).unwrap();
    let state = value(&begun.url, "state");
    let visitors = async {
        for junk in ["/", "/favicon.ico", "/callback?code=x&state=guessed", "/callback?code=x"] {
            assert!(visit(&address, junk).await.starts_with("HTTP/1.1 404"), "{junk}");
        }
        visit(&address, &format!("/callback?code={CODE}&state={state}")).await
    };
    // Connections that say nothing do not keep the others waiting; each may stay silent for five seconds.
    let _silent = (TcpStream::connect(&address).await.unwrap(), TcpStream::connect(&address).await.unwrap());
    let both = async { tokio::join!(loopback.wait(&begun.pending), visitors) };
    let (query, page) = tokio::time::timeout(Duration::from_secs(4), both).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && !page.contains(CODE), "{page}");
    assert!(sign_in.finish(begun.pending, &query.unwrap(), at(1)).await.is_ok());
}
