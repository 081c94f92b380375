//! A Zoom that says what the test wrote down, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::routing::post;
use tokio::net::TcpListener;
use url::Url;
use zoom_phone::client::{Client, ClientConfig, Retry};
use zoom_phone::oauth::{ServerToServer, TokenSource};

pub(crate) const CLIENT_SECRET: &str = "synthetic-client-secret";

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: Url,
    said: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    tokens: VecDeque<Answer>,
    api: VecDeque<Answer>,
    token_requests: Vec<Seen>,
    api_requests: Vec<Seen>,
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// An answer that waits for its request.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(crate) fn new(status: u16, body: &(impl ToString + ?Sized)) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let fake = Self { url, said: Arc::default() };
        let app = Router::new().route("/oauth/token", post(token)).fallback(api).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    /// The next answer of the token endpoint. Without any it gives out `token-1`, `token-2` and so on.
    pub(crate) fn token_answer(&self, answer: Answer) -> &Self {
        self.said.lock().unwrap().tokens.push_back(answer);
        self
    }

    /// The next answer of the API.
    pub(crate) fn answer(&self, answer: Answer) -> &Self {
        self.said.lock().unwrap().api.push_back(answer);
        self
    }

    pub(crate) fn token_requests(&self) -> Vec<Seen> {
        self.said.lock().unwrap().token_requests.clone()
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.said.lock().unwrap().api_requests.clone()
    }

    pub(crate) fn tokens(&self) -> TokenSource {
        TokenSource::server_to_server(ServerToServer {
            client_id: "synthetic-client".to_owned(),
            client_secret: CLIENT_SECRET.into(),
            account_id: "synthetic account".to_owned(),
            token_url: self.url.join("oauth/token").unwrap(),
        })
        .unwrap()
    }

    /// A client that repeats without waiting.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.config(), self.tokens()).unwrap()
    }

    pub(crate) fn config(&self) -> ClientConfig {
        ClientConfig {
            base_url: Some(self.url.join("v2").unwrap()),
            retry: Retry { first_wait: Duration::ZERO, ..Retry::default() },
            ..ClientConfig::default()
        }
    }
}

fn seen(method: Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Seen {
    let text = |name| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    Seen {
        method,
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        authorization: text("authorization"),
        content_type: text("content-type"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::builder().status(StatusCode::from_u16(answer.status).unwrap());
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

async fn token(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut script = fake.said.lock().unwrap();
    script.token_requests.push(seen(method, &uri, &headers, &body));
    let number = script.token_requests.len();
    response(script.tokens.pop_front().unwrap_or_else(|| {
        Answer::new(
            200,
            &serde_json::json!({
                "access_token": format!("token-{number}"), "token_type": "bearer", "expires_in": 3600,
                "scope": "phone:read:list_call_logs:admin phone:read:call_log:admin", "api_url": "https://api-us.zoom.us",
            }),
        )
    }))
}

async fn api(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut script = fake.said.lock().unwrap();
    script.api_requests.push(seen(method, &uri, &headers, &body));
    response(script.api.pop_front().unwrap_or_else(|| Answer::new(500, "no answer was written down")))
}
