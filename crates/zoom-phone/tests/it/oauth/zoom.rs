//! A token service that rotates refresh tokens as Zoom does, and plays tricks.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use axum::routing::post;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use url::{Url, form_urlencoded};
use zoom_phone::oauth::{App, Authorization, Begun, Grant, SignIn};

pub(super) const SECRET: &str = "synthetic-client-secret";
pub(super) const CODE: &str = "the-authorization-code";

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// What happens to the next request for a token.
pub(super) enum Trick {
    /// It is carried out, and the answer breaks off.
    LoseAnswer,
    /// Something else is answered, and nothing carried out.
    Say(u16, &'static str),
    /// It is carried out when the test lets it.
    Hold,
}

#[derive(Clone)]
pub(super) struct Zoom {
    pub(super) url: Url,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    book: Mutex<Book>,
    arrived: Notify,
    go: Gate,
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

#[derive(Default)]
struct Book {
    tricks: VecDeque<Trick>,
    requests: Vec<Request>,
    issued: u32,
    live: Option<String>,
    /// The refresh token before is good too, for one that lost an answer.
    grace: bool,
    before: Option<String>,
    expires_in: VecDeque<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) query: String,
    pub(super) authorization: String,
    pub(super) form: BTreeMap<String, String>,
}

impl Zoom {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/oauth/token", listener.local_addr().unwrap())).unwrap();
        let zoom = Self { url, inner: Arc::default() };
        let app = Router::new()
            .route("/oauth/token", post(token))
            .route("/oauth/revoke", post(plain))
            .route("/oauth/devicecode", post(plain))
            .with_state(zoom.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        zoom
    }

    pub(super) fn app(&self) -> App {
        App { token_url: self.url.clone(), ..App::new("synthetic-client", SECRET.into()) }
    }

    pub(super) fn trick(&self, trick: Trick) {
        self.book().tricks.push_back(trick);
    }

    /// The lifetimes of the next tokens; an hour for those after.
    pub(super) fn expires_in(&self, seconds: impl IntoIterator<Item = u64>) {
        self.book().expires_in.extend(seconds);
    }

    pub(super) fn allow_grace(&self) {
        self.book().grace = true;
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.book().requests.clone()
    }

    /// The refresh tokens that were presented, in order.
    pub(super) fn refreshes(&self) -> Vec<String> {
        let requests = self.requests();
        requests.into_iter().filter_map(|mut request| request.form.remove("refresh_token")).collect()
    }

    /// Lets a held request go on.
    pub(super) fn release(&self) {
        self.inner.go.0.add_permits(1);
    }

    /// Waits until a held request is there.
    pub(super) async fn holds(&self) {
        self.inner.arrived.notified().await;
    }

    /// Somebody signs in.
    pub(super) async fn sign_in(&self) -> Grant {
        let sign_in = SignIn::new(self.app()).unwrap();
        let Begun { url, pending } =
            sign_in.begin(&Authorization::new("https://x.test/back"), at(0)).unwrap();
        let state = url.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
        sign_in.finish(pending, &format!("code={CODE}&state={state}"), at(1)).await.unwrap()
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.inner.book.lock().unwrap()
    }

    fn note(&self, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> BTreeMap<String, String> {
        let form: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let authorization = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
        self.book().requests.push(Request {
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            authorization: authorization.to_owned(),
            form: form.clone(),
        });
        form
    }
}

impl Book {
    fn answer(&mut self, form: &BTreeMap<String, String>) -> (u16, String) {
        let grant_type = form["grant_type"].as_str();
        let dead = || (400, r#"{"reason":"Invalid Token!","error":"invalid_request"}"#.to_owned());
        match grant_type {
            "refresh_token" => {
                let presented = form.get("refresh_token");
                let known =
                    presented == self.live.as_ref() || self.grace && presented == self.before.as_ref();
                if presented.is_none() || !known {
                    return dead();
                }
            }
            "authorization_code" if form["code"] != CODE => return dead(),
            _ => {}
        }
        self.issued += 1;
        let number = self.issued;
        let mut answer = serde_json::json!({
            "access_token": format!("access-{number}"), "token_type": "bearer",
            "expires_in": self.expires_in.pop_front().unwrap_or(3600),
            "scope": "phone:read:user phone:read:call_log", "api_url": "https://api-us.zoom.us",
        });
        if !matches!(grant_type, "account_credentials" | "client_credentials") {
            self.before = self.live.replace(format!("refresh-{number}"));
            answer["refresh_token"] = format!("refresh-{number}").into();
        }
        (200, answer.to_string())
    }
}

fn response(status: u16, body: Body) -> Response<Body> {
    Response::builder().status(status).body(body).unwrap()
}

async fn token(State(zoom): State<Zoom>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let form = zoom.note(&uri, &headers, &body);
    let trick = zoom.book().tricks.pop_front();
    match trick {
        Some(Trick::Say(status, body)) => return response(status, Body::from(body)),
        Some(Trick::LoseAnswer) => {
            zoom.book().answer(&form);
            let start = Ok(Bytes::from_static(b"{\"access"));
            let broken = futures::stream::iter([start, Err(std::io::Error::other("the line is cut"))]);
            return response(200, Body::from_stream(broken));
        }
        Some(Trick::Hold) => {
            zoom.inner.arrived.notify_one();
            zoom.inner.go.0.acquire().await.unwrap().forget();
        }
        None => {}
    }
    let (status, body) = zoom.book().answer(&form);
    response(status, Body::from(body))
}

/// The siblings answer with the next [`Trick::Say`], or with a success.
async fn plain(
    State(zoom): State<Zoom>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Infallible> {
    zoom.note(&uri, &headers, &body);
    let said = zoom.book().tricks.pop_front();
    Ok(match said {
        Some(Trick::Say(status, body)) => response(status, Body::from(body)),
        _ => response(200, Body::from(r#"{"status":"success"}"#)),
    })
}
