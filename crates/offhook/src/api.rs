//! Asking a running server.

use std::{fmt, net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::{args::ServerArg, config::Config};

/// A running server.
pub(crate) struct Api {
    base: Url,
    http: reqwest::Client,
}

impl Api {
    /// The server that was named, or the one that these settings start on this machine.
    pub(crate) fn new(server: &ServerArg, config: Option<&Path>) -> anyhow::Result<Self> {
        let base = if let Some(url) = &server.url {
            url.clone()
        } else {
            let config = Config::load(config)?;
            let address = SocketAddr::new(config.bind(), config.port());
            Url::parse(&format!("http://{address}")).context("server.bind and server.port make no address")?
        };
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_mins(1))
            .no_proxy()
            .build()?;
        Ok(Self { base, http })
    }

    /// Gets JSON from a path given in segments.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, String)]) -> anyhow::Result<Value> {
        self.answer(self.http.get(self.url(path)?).query(query)).await
    }

    /// Asks for something to be done, with a body of JSON where it has one.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let request = self.http.request(method, self.url(path)?).query(query);
        self.answer(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// Posts NDJSON, and again, at most so many times in all, where the server says that it cannot take it now.
    pub(crate) async fn post_lines(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        body: &str,
        attempts: u32,
    ) -> anyhow::Result<Value> {
        let mut wait = Duration::from_secs(1);
        let mut attempt = 1;
        loop {
            let request = self.http.post(self.url(path)?).query(query).timeout(LONG);
            let request = request.header("content-type", "application/x-ndjson").body(body.to_owned());
            match self.answer(request).await {
                Err(error) if error.is::<NotNow>() && attempt < attempts => tokio::time::sleep(wait).await,
                done => return done,
            }
            attempt += 1;
            wait *= 2;
        }
    }

    fn url(&self, path: &[&str]) -> anyhow::Result<Url> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(["api", "v1"]).extend(path),
            Err(()) => bail!("{} is no server address; give one such as http://127.0.0.1:8080", self.base),
        };
        Ok(url)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let response = request.send().await.with_context(|| {
            format!(
                "no answer from {}; start `offhook serve`, or name another server with --server",
                self.base
            )
        })?;
        let status = response.status();
        let body = response.bytes().await.with_context(|| format!("{} broke off its answer", self.base))?;
        let value: Value = serde_json::from_slice(&body).with_context(|| {
            format!("{} answered {status} with something that is not JSON; is it Offhook?", self.base)
        })?;
        if !status.is_success() {
            let detail = value["detail"].as_str().or(value["title"].as_str()).unwrap_or("it did not say why");
            if status == reqwest::StatusCode::SERVICE_UNAVAILABLE {
                bail!(NotNow(detail.to_owned()));
            }
            bail!("{detail}");
        }
        Ok(value)
    }
}

/// How long a batch may take.
const LONG: Duration = Duration::from_mins(5);

/// The server cannot do it for the time being.
#[derive(Debug)]
struct NotNow(String);

impl fmt::Display for NotNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotNow {}
