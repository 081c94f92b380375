//! The probes of `peers/` through `zoom-phone`: what it does with a Zoom that behaves badly in known ways.

use std::time::Instant;

use anyhow::{Context, Result};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use url::Url;
use zoom_phone::client::{Client, ClientConfig, Error};
use zoom_phone::oauth::{ServerToServer, TokenSource};
use zoom_phone::quota::{Limiter, Limits, Plan, QuotaError};
use zoom_phone::types::call_queues::CreateCallQueue;
use zoom_phone::types::catalogue::Catalogue;
use zoom_phone::webhook::{Verifier, sign};

use crate::clock;

/// One SDK's answers to the probes of bench/peers, on standard output
#[derive(Debug, clap::Args)]
pub(crate) struct Peer {
    /// The referee's address
    #[arg(long, env = "REFEREE")]
    referee: Url,
}

#[expect(clippy::print_stdout, reason = "the answers are this program's output")]
fn say(probe: &str, mut result: Value) {
    result["probe"] = probe.into();
    println!("{result}");
}

impl Peer {
    pub(crate) async fn run(self) -> Result<()> {
        self.tokens().await?;
        self.answers().await?;
        self.create().await?;
        self.endless().await?;
        webhooks()?;
        self.page().await?;
        say("operations", json!({ "count": Catalogue::get().operations().len() }));
        Ok(())
    }

    fn client(&self) -> Result<Client> {
        self.client_with(None)
    }

    fn client_with(&self, limiter: Option<Limiter>) -> Result<Client> {
        let tokens = TokenSource::server_to_server(ServerToServer {
            client_id: "id".to_owned(),
            client_secret: "secret".into(),
            account_id: "account".to_owned(),
            token_url: self.referee.join("/oauth/token")?,
        })?;
        let config =
            ClientConfig { base_url: Some(self.referee.join("/v2")?), limiter, ..ClientConfig::default() };
        Ok(Client::new(config, tokens)?)
    }

    async fn counts(&self) -> Result<Value> {
        Ok(reqwest::get(self.referee.join("/_count")?).await?.json().await?)
    }

    async fn reset(&self) -> Result<()> {
        reqwest::get(self.referee.join("/_reset")?).await?;
        Ok(())
    }

    async fn tokens(&self) -> Result<()> {
        self.reset().await?;
        let client = self.client()?;
        let calls = (0..200).map(|_| async { client.call_queues().get("plain").await.is_ok() });
        let ok = futures::future::join_all(calls).await.into_iter().filter(|it| *it).count();
        say("tokens", json!({ "ok": ok, "requests": self.counts().await?["token"] }));
        Ok(())
    }

    async fn answers(&self) -> Result<()> {
        let client = self.client()?;
        for id in [
            "plain", "seconds", "date", "bare", "daily", "broken", "html", "value", "text", "nulls",
            "expired", "scope",
        ] {
            self.reset().await?;
            // A client of its own where the answer stops all others of the account.
            let client = if id == "daily" { self.client()? } else { client.clone() };
            let answer = client.call_queues().get(id).await;
            let requests = self.counts().await?[id].clone();
            say(
                id,
                match answer {
                    Ok(queue) => json!({ "ok": queue.id.as_deref() == Some(id), "requests": requests }),
                    Err(error) => json!({
                        "ok": false,
                        "error": error.to_string(),
                        "error_kind": kind(&error),
                        "names_scope": error.to_string().contains("phone:read:call_queue:admin")
                            && error.to_string().contains("getACallQueue"),
                        "requests": requests,
                    }),
                },
            );
        }
        Ok(())
    }

    async fn create(&self) -> Result<()> {
        self.reset().await?;
        let queue = CreateCallQueue {
            name: Some("Sales".to_owned()),
            site_id: Some("site".to_owned()),
            ..CreateCallQueue::default()
        };
        let error = self.client()?.call_queues().create(queue).await.err().map(|error| error.to_string());
        say("create", json!({ "ok": false, "error": error, "requests": self.counts().await?["create"] }));
        Ok(())
    }

    async fn endless(&self) -> Result<()> {
        self.reset().await?;
        let mut pages = self.client()?.sites().list().pages();
        let mut reported = false;
        let mut error = None;
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => reported |= !page.anomalies.is_empty(),
                Err(found) => error = Some(found.to_string()),
            }
        }
        let requests = self.counts().await?["sites"].clone();
        say(
            "endless",
            json!({
                "ok": error.is_none() && requests.as_u64() < Some(5),
                "reported": reported,
                "error": error,
                "requests": requests,
            }),
        );
        Ok(())
    }

    /// A page of 300 calls, against the bare HTTP client under it: by turns, the best of each counts.
    async fn page(&self) -> Result<()> {
        const ROUNDS: u32 = 100;
        let bare = reqwest::Client::builder().build()?;
        let url = self.referee.join("/v2/phone/call_history")?;
        // Zoom's limit would be all that is measured; the peers have none.
        let much = 1_000_000;
        let limits =
            Limits { light: much, medium: much, heavy: much, resource_intensive: much, daily: much.into() };
        let client = self.client_with(Some(Limiter::new(Plan::custom(limits))))?;
        let mut best = [f64::MAX; 2];
        // The first turn warms up.
        for turn in 0..=5 {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                let page: Value = bare.get(url.clone()).send().await?.json().await?;
                anyhow::ensure!(page["call_history"].as_array().map(Vec::len) == Some(300), "not the page");
            }
            let untyped = start.elapsed();
            let start = Instant::now();
            for _ in 0..ROUNDS {
                let page = client.call_logs().list_call_history().await?;
                anyhow::ensure!(page.call_history.map(|it| it.len()) == Some(300), "not the page");
            }
            for (best, time) in best.iter_mut().zip([untyped, start.elapsed()]) {
                if turn > 0 {
                    *best = best.min(time.as_secs_f64() * 1000.0 / f64::from(ROUNDS));
                }
            }
        }
        say("page", json!({ "bare_ms": best[0], "sdk_ms": best[1] }));
        Ok(())
    }
}

fn kind(error: &Error) -> Option<String> {
    match error {
        Error::Quota { source: QuotaError::Daily { until, .. }, .. } => {
            Some(format!("typed error, until {until}"))
        }
        Error::Api(error) if error.daily_limit() => Some("typed error with the time it ends".to_owned()),
        _ => None,
    }
}

fn webhooks() -> Result<()> {
    let secret = "webhook_secret".into();
    let verifier = Verifier::new(std::slice::from_ref(&secret))?;
    let now = clock::now();
    let plain = json!({
        "event": "phone.callee_ringing", "event_ts": now.as_millisecond(),
        "payload": { "account_id": "a", "object": { "call_id": "1" } },
    })
    .to_string();
    // The same facts in another, equally valid form of JSON.
    let other = plain.replace("\"call_id\":\"1\"", "\"call_id\": \"1\", \"x\": 1.0, \"y\": \"a\\/b\"");
    anyhow::ensure!(plain != other, "the other form is the same");
    let accepted = |body: &str, at: Timestamp| -> Result<bool> {
        let timestamp = at.as_second().to_string();
        let signature = sign(&secret, &timestamp, body.as_bytes())?;
        Ok(verifier
            .verify(Some(signature.as_bytes()), Some(timestamp.as_bytes()), body.as_bytes(), now)
            .is_ok())
    };
    say("webhook_plain", json!({ "ok": accepted(&plain, now)? }));
    say("webhook_other_json", json!({ "ok": accepted(&other, now)? }));
    let yesterday = now.checked_sub(24.hours()).context("a day ago")?;
    // Accepting is the fault here.
    say("webhook_day_old", json!({ "ok": !accepted(&plain, yesterday)? }));
    Ok(())
}
