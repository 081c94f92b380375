//! What `zoom-phone` costs per call, beside the bare HTTP client under it, and how often it asks for a token.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::Json;
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;
use zoom_phone::client::{Client, ClientConfig};
use zoom_phone::oauth::{ServerToServer, TokenSource};
use zoom_phone::quota::{Limiter, Limits, Plan};

use crate::console;

/// Rows of the page, which is the most that Zoom gives.
const ROWS: u32 = 300;

/// What a call through the SDK costs, beside the bare HTTP client with untyped JSON
///
/// Both fetch the same page of 300 calls from the same server on this machine, by turns.
#[derive(Debug, clap::Args)]
pub(crate) struct Sdk {
    /// Calls of each kind per turn
    #[arg(long, default_value_t = 200)]
    calls: u32,
    /// Turns; each kind's best counts
    #[arg(long, default_value_t = 7)]
    turns: u32,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    page_bytes: usize,
    rows: u32,
    bare_ms: f64,
    typed_ms: f64,
    typed_ratio: f64,
    stream_ms: f64,
    stream_ratio: f64,
    concurrent_first_calls: u32,
    token_requests: u64,
}

impl Sdk {
    pub(crate) async fn run(self) -> Result<()> {
        let page = page();
        let page_bytes = page.len();
        let (address, tokens_given) = serve(page).await?;
        let url: Url = format!("http://{address}/v2/phone/call_history?page_size=300").parse()?;
        let bare = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        let client = client(&address)?;

        let mut best = [f64::MAX; 3];
        // The first turn warms up.
        for turn in 0..=self.turns {
            console::progress(&format!("turn {turn} of {}", self.turns));
            let mut times = [0.0; 3];
            for (kind, time) in times.iter_mut().enumerate() {
                let start = Instant::now();
                for _ in 0..self.calls {
                    let rows = match kind {
                        0 => {
                            let page: Value = bare.get(url.clone()).send().await?.json().await?;
                            page["call_history"].as_array().map_or(0, Vec::len)
                        }
                        1 => {
                            let page = client.call_logs().list_call_history().page_size(300).await?;
                            page.call_history.map_or(0, |rows| rows.len())
                        }
                        _ => {
                            let mut pages = client.call_logs().list_call_history().pages();
                            pages.next().await.context("a page")??.items.len()
                        }
                    };
                    ensure!(rows == ROWS as usize, "{rows} rows");
                }
                *time = start.elapsed().as_secs_f64() * 1000.0 / f64::from(self.calls);
            }
            if turn > 0 {
                best = std::array::from_fn(|kind| best[kind].min(times[kind]));
            }
        }
        console::progress_done();

        let concurrent_first_calls = 200;
        let before = tokens_given.load(Ordering::SeqCst);
        let fresh = self::client(&address)?;
        let calls = (0..concurrent_first_calls).map(|_| fresh.users().list().send());
        for answer in futures::future::join_all(calls).await {
            answer?;
        }
        let report = Report {
            page_bytes,
            rows: ROWS,
            bare_ms: best[0],
            typed_ms: best[1],
            typed_ratio: best[1] / best[0],
            stream_ms: best[2],
            stream_ratio: best[2] / best[0],
            concurrent_first_calls,
            token_requests: tokens_given.load(Ordering::SeqCst) - before,
        };
        if self.json {
            return console::print_json(&report);
        }
        report.print();
        Ok(())
    }
}

impl Report {
    #[expect(clippy::print_stdout, reason = "the report is this program's output")]
    fn print(&self) {
        println!("a page of {} calls, {} kB:", self.rows, self.page_bytes / 1000);
        println!("  reqwest and serde_json::Value  {:.2} ms", self.bare_ms);
        println!("  typed, one page                {:.2} ms, ratio {:.2}", self.typed_ms, self.typed_ratio);
        println!("  typed, as a stream of pages    {:.2} ms, ratio {:.2}", self.stream_ms, self.stream_ratio);
        println!(
            "token requests of {} concurrent first calls: {}",
            self.concurrent_first_calls, self.token_requests
        );
    }
}

fn client(address: &str) -> Result<Client> {
    let tokens = TokenSource::server_to_server(ServerToServer {
        client_id: "id".to_owned(),
        client_secret: "secret".into(),
        account_id: "account".to_owned(),
        token_url: format!("http://{address}/oauth/token").parse()?,
    })?;
    // Zoom's limits would be all that is measured.
    let rate = 1_000_000;
    let limiter = Limiter::new(Plan::custom(Limits {
        light: rate,
        medium: rate,
        heavy: rate,
        resource_intensive: rate,
        daily: 1_000_000,
    }));
    let config = ClientConfig {
        base_url: Some(format!("http://{address}/v2").parse()?),
        limiter: Some(limiter),
        ..ClientConfig::default()
    };
    Ok(Client::new(config, tokens)?)
}

/// A server of its own threads: a token endpoint that counts, a page of calls, a list of users.
async fn serve(page: String) -> Result<(String, Arc<AtomicU64>)> {
    let given = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&given);
    let token = move || {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            // Long enough for all callers to be there.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Json(json!({
                "access_token": format!("token_{number}"), "token_type": "bearer", "expires_in": 3599, "scope": "",
            }))
        }
    };
    let page = axum::body::Bytes::from(page);
    let json = [("content-type", "application/json")];
    let router = axum::Router::new()
        .route("/oauth/token", post(token))
        .route("/v2/phone/call_history", get(async move || (json, page.clone())))
        .route("/v2/phone/users", get(async || Json(json!({ "users": [], "next_page_token": "" }))));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot listen")?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((address, given))
}

/// A page as Zoom's, with every field of a row that an answered call has.
fn page() -> String {
    let row = |n: u32| {
        json!({
            "id": format!("20261122-{n:012}"), "call_path_id": format!("path-{n}"),
            "call_id": format!("7575753377402{n:06}"), "group_id": "", "connect_type": "external",
            "call_type": "general", "direction": if n.is_multiple_of(2) { "inbound" } else { "outbound" },
            "international": false, "hide_caller_id": false, "end_to_end": false,
            "caller_ext_id": format!("ext{n}"), "caller_name": format!("Caller {n}"),
            "caller_email": format!("caller{n}@example.com"), "caller_did_number": "+14155550100",
            "caller_ext_number": "1001", "caller_ext_type": "user", "caller_number_type": "zoom_pstn",
            "caller_device_type": "desktop", "caller_country_iso_code": "US", "caller_country_code": "1",
            "callee_ext_id": format!("ext{}", n + 1), "callee_name": format!("Callee {n}"),
            "callee_email": format!("callee{n}@example.com"), "callee_did_number": "+14155550101",
            "callee_ext_number": "1002", "callee_ext_type": "user", "callee_number_type": "zoom_pstn",
            "callee_device_type": "desktop", "callee_country_iso_code": "US", "callee_country_code": "1",
            "department": "", "cost_center": "", "site_id": "site1", "site_name": "Main",
            "start_time": "2026-11-22T10:00:00Z", "answer_time": "2026-11-22T10:00:07Z",
            "end_time": "2026-11-22T10:01:07Z", "duration": 60, "call_result": "answered",
            "recording_status": "non_recorded",
        })
    };
    let rows: Vec<Value> = (0..ROWS).map(row).collect();
    json!({ "next_page_token": "", "page_size": 300, "total_records": 300, "call_history": rows }).to_string()
}
