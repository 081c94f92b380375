//! A Zoom that answers every operation with what is documented, and remembers the last request.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, Response, StatusCode, Uri};
use axum::routing::post;
use tokio::net::TcpListener;
use url::Url;
use zoom_phone::client::{Client, ClientConfig};
use zoom_phone::oauth::{ServerToServer, TokenSource};
use zoom_phone::quota::{Limiter, Limits, Plan};
use zoom_phone::types::catalogue::{Catalogue, Content};

use crate::args::sample;

/// Quotas that nobody reaches.
const UNLIMITED: Limits =
    Limits { light: 100_000, medium: 100_000, heavy: 100_000, resource_intensive: 100_000, daily: 100_000 };

pub(crate) const FILE: &[u8] = b"the sound of a voice";

#[derive(Clone)]
pub(crate) struct Server {
    url: Url,
    last: Arc<Mutex<Option<Seen>>>,
}

/// A request that arrived.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The operation that answers it.
    pub(crate) operation: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Values of the path's parameters.
    pub(crate) values: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let server = Self { url, last: Arc::default() };
        let app = Router::new().route("/oauth/token", post(token)).fallback(api).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    /// A client that is not slowed down by quotas.
    pub(crate) fn client(&self) -> Client {
        let tokens = TokenSource::server_to_server(ServerToServer {
            client_id: "synthetic-client".to_owned(),
            client_secret: "synthetic-client-secret".into(),
            account_id: "synthetic account".to_owned(),
            token_url: self.url.join("oauth/token").unwrap(),
        });
        let config = ClientConfig {
            base_url: Some(self.url.join("v2").unwrap()),
            limiter: Some(Limiter::new(Plan::custom(UNLIMITED))),
            ..ClientConfig::default()
        };
        Client::new(config, tokens.unwrap()).unwrap()
    }

    /// The last request.
    pub(crate) fn take(&self) -> Seen {
        self.last.lock().unwrap().take().unwrap()
    }
}

async fn token() -> String {
    serde_json::json!({"access_token": "token", "token_type": "bearer", "expires_in": 3600, "scope": ""})
        .to_string()
}

async fn api(State(server): State<Server>, method: Method, uri: Uri, body: Bytes) -> Response<Body> {
    let path = uri.path().trim_start_matches("/v2").to_owned();
    let (operation, values) = Catalogue::get().find(method.as_str(), &path).unwrap();
    let query =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let values = values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let body = String::from_utf8(body.to_vec()).unwrap();
    *server.last.lock().unwrap() =
        Some(Seen { operation: operation.name.clone(), method, path, values, query, body });
    let success = operation.success().unwrap();
    // One download is documented to redirect only.
    let status = if success.status == 302 { 200 } else { success.status };
    let (kind, content) = match &success.content {
        Content::Json(schema) => ("application/json", Body::from(sample(schema, "value").to_string())),
        Content::File => ("audio/mpeg", Body::from(FILE)),
        Content::Empty if success.status == 302 => ("application/json", Body::from(FILE)),
        Content::Empty => ("text/plain", Body::empty()),
    };
    let response =
        Response::builder().status(StatusCode::from_u16(status).unwrap()).header("content-type", kind);
    response.body(content).unwrap()
}
