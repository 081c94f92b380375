//! How fast the emulator is, and whether a day of calls adds up: in its ledger, over REST, and in the events.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use zoom_phone_emulator::{App, CompanyFile, Config, DEMO_WEBHOOK_SECRET, encrypted_token, serve};

use crate::console;

/// Rows of a page, which is the most that Zoom gives.
const ROWS: usize = 300;

/// Elements that repeat the talk of another, or tell of phones outside.
const NO_LEGS: [&str; 7] =
    ["call_me_on", "listen", "whisper", "barge", "monitor", "merge", "direct_transfer"];

/// Play a day of calls in the emulator, hold its ledger against REST and the events, and fetch pages of it
///
/// The large company lives through 24 hours as fast as it can, while every event goes to a receiver by webhook. Pages
/// of 300 rows are then fetched by turns from the emulator and from a server that sends the same bytes from memory.
#[derive(Debug, clap::Args)]
pub(crate) struct Emulator {
    /// Calls of the day, on average
    #[arg(long, default_value_t = 100_000)]
    calls: u32,
    /// The company and its day follow from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Connections that fetch pages at the same time
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Seconds of each turn
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Turns; each server's best counts
    #[arg(long, default_value_t = 3)]
    turns: u32,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    calls: u64,
    events: u64,
    /// Wall time of the day, deliveries included.
    day_seconds: f64,
    events_per_second: f64,
    /// Resident memory of this process, which is emulator and receiver, in MB (10^6 bytes).
    memory_before_mb: u64,
    memory_after_mb: u64,
    /// What the ledger, REST and the events count, which must be the same.
    totals: BTreeMap<&'static str, [Option<i64>; 3]>,
    pages: usize,
    page_bytes: usize,
    pages_per_second: f64,
    static_pages_per_second: f64,
    pages_ratio: f64,
}

/// What the events of the day add up to.
#[derive(Debug, Default)]
struct Heard {
    events: u64,
    recordings: i64,
    voicemails: i64,
    talk_seconds: i64,
    hold_seconds: i64,
}

impl Emulator {
    pub(crate) async fn run(self) -> Result<()> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let receiver = listen(receiver(heard.clone())).await?;
        let before = memory()?;
        let zoom = Zoom::start(&self, &receiver).await?;
        let begun = Instant::now();
        // By the hour, so that it shows how far it is; in the last six the files follow that take longest.
        for hour in 1..=30 {
            zoom.control("clock", &json!({ "advance": "1h" })).await?;
            if hour == 24 {
                zoom.control("arrivals", &json!({ "calls_per_minute": 0 })).await?;
            }
            console::progress(&format!("{hour} of 30 hours, {:.0} s", begun.elapsed().as_secs_f64()));
        }
        console::progress_done();
        let day = begun.elapsed();
        let after = memory()?;
        let totals = zoom.totals().await?;
        let rest = zoom.rest().await?;
        let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
        let count = |value: &Value| value.as_i64();
        let counts = BTreeMap::from([
            ("calls", [count(&totals["calls"]), Some(rest.calls), None]),
            ("inbound", [count(&totals["by_direction"]["inbound"]), Some(rest.inbound), None]),
            ("recordings", [count(&totals["recordings"]), Some(rest.recordings), Some(heard.recordings)]),
            ("voicemails", [count(&totals["voicemails"]), Some(rest.voicemails), Some(heard.voicemails)]),
            ("talk_seconds", [count(&totals["talk_seconds"]), None, Some(heard.talk_seconds)]),
            ("hold_seconds", [count(&totals["hold_seconds"]), None, Some(heard.hold_seconds)]),
        ]);
        let static_server =
            listen(Router::new().route("/", get(same_bytes)).with_state(rest.page.clone())).await?;
        let (mut pages, mut bare) = (0.0_f64, 0.0_f64);
        for _ in 0..self.turns {
            bare = bare.max(self.fetch(&format!("{static_server}/"), "").await?);
            pages = pages.max(self.fetch(&zoom.page(), &zoom.token().await?).await?);
        }
        let calls = totals["calls"].as_u64().unwrap_or_default();
        let seconds = day.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate to read")]
        let report = Report {
            calls,
            events: heard.events,
            day_seconds: seconds,
            events_per_second: heard.events as f64 / seconds,
            memory_before_mb: before,
            memory_after_mb: after,
            totals: counts,
            pages: rest.pages,
            page_bytes: rest.page.len(),
            pages_per_second: pages,
            static_pages_per_second: bare,
            pages_ratio: pages / bare,
        };
        report.print(self.json)?;
        report.check()
    }

    /// Requests per second.
    async fn fetch(&self, url: &str, token: &str) -> Result<f64> {
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let begun = Instant::now();
        let fetchers = (0..self.connections).map(|_| {
            let (url, token) = (url.to_owned(), token.to_owned());
            tokio::spawn(async move {
                let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
                let mut fetched = 0_u32;
                while Instant::now() < until {
                    let answer = client.get(&url).bearer_auth(&token).send().await?.error_for_status()?;
                    answer.bytes().await?;
                    fetched += 1;
                }
                anyhow::Ok(fetched)
            })
        });
        let mut all = 0;
        for fetcher in fetchers.collect::<Vec<_>>() {
            all += fetcher.await??;
        }
        Ok(f64::from(all) / begun.elapsed().as_secs_f64())
    }
}

/// What REST tells of the day.
struct Rest {
    calls: i64,
    inbound: i64,
    recordings: i64,
    voicemails: i64,
    pages: usize,
    page: Bytes,
}

/// A running emulator.
struct Zoom {
    origin: String,
    /// When the day began.
    begin: jiff::Timestamp,
    client: reqwest::Client,
    _stop: tokio_util::sync::DropGuard,
}

impl Zoom {
    async fn start(options: &Emulator, receiver: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let config = Config {
            seed: options.seed,
            company: CompanyFile::large(),
            calls_per_minute: f64::from(options.calls) / (24.0 * 60.0),
            sms_threads_per_hour: 0.0,
            speed: 0.0,
            ..Config::default()
        };
        let stop = CancellationToken::new();
        let config = config.with_webhook(receiver.parse()?, DEMO_WEBHOOK_SECRET);
        tokio::spawn(serve(config, listener, stop.clone()));
        let client = reqwest::Client::builder().build()?;
        let zoom = Self { origin, begin: crate::clock::now(), client, _stop: stop.drop_guard() };
        loop {
            // Calls arrive once the receiver has passed the challenge.
            let state = zoom.client.get(format!("{}/_emulator/state", zoom.origin)).send().await;
            if let Ok(answer) = state
                && answer.json::<Value>().await?["receiver_validated"] == true
            {
                return Ok(zoom);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn control(&self, what: &str, body: &Value) -> Result<()> {
        let request = self.client.post(format!("{}/_emulator/{what}", self.origin)).json(body);
        let answer = request.timeout(Duration::from_mins(30)).send().await?;
        let status = answer.status();
        let told = answer.text().await?;
        ensure!(status.is_success(), "the emulator refuses {what} {body}: {status} {told}");
        Ok(())
    }

    async fn totals(&self) -> Result<Value> {
        let answer = self.client.get(format!("{}/_emulator/ledger/totals", self.origin)).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn token(&self) -> Result<String> {
        let app = App::server_to_server();
        let answer = self
            .client
            .post(format!("{}/oauth/token", self.origin))
            .basic_auth(app.client_id, Some(app.client_secret))
            .form(&[("grant_type", "account_credentials"), ("account_id", &Config::default().account_id)])
            .send()
            .await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        Ok(answer["access_token"].as_str().context("no token in the answer")?.to_owned())
    }

    fn page(&self) -> String {
        format!("{}/v2/phone/call_history?page_size={ROWS}&{}", self.origin, self.days())
    }

    /// The emulator begins today.
    fn days(&self) -> String {
        let day =
            |hours| (self.begin + jiff::SignedDuration::from_hours(hours)).strftime("%Y-%m-%d").to_string();
        format!("from={}&to={}", day(0), day(48))
    }

    async fn rest(&self) -> Result<Rest> {
        let token = self.token().await?;
        let read = |url: String| {
            let request = self.client.get(url).bearer_auth(&token);
            async move { anyhow::Ok(request.send().await?.error_for_status()?.bytes().await?) }
        };
        let mut rest =
            Rest { calls: 0, inbound: 0, recordings: 0, voicemails: 0, pages: 0, page: Bytes::new() };
        let mut next = String::new();
        loop {
            let bytes = read(format!("{}&next_page_token={next}", self.page())).await?;
            let page: Value = serde_json::from_slice(&bytes)?;
            let rows = page["call_history"].as_array().context("a page without rows")?;
            rest.calls += i64::try_from(rows.len())?;
            rest.inbound += i64::try_from(rows.iter().filter(|row| row["direction"] == "inbound").count())?;
            rest.pages += 1;
            if rest.page.is_empty() {
                rest.page = bytes;
            }
            page["next_page_token"].as_str().unwrap_or_default().clone_into(&mut next);
            if next.is_empty() {
                break;
            }
        }
        let total = async |list: &str| {
            let bytes = read(format!("{}/v2/phone/{list}?page_size=30&{}", self.origin, self.days())).await?;
            let page: Value = serde_json::from_slice(&bytes)?;
            page["total_records"].as_i64().with_context(|| format!("{list} has no total_records"))
        };
        rest.recordings = total("recordings").await?;
        rest.voicemails = total("voice_mails").await?;
        Ok(rest)
    }
}

/// Takes every event and adds up what it tells.
fn receiver(heard: Arc<Mutex<Heard>>) -> Router {
    Router::new().route("/", post(hear)).with_state(heard)
}

async fn hear(State(heard): State<Arc<Mutex<Heard>>>, body: Bytes) -> Json<Value> {
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(plain) = event["payload"]["plainToken"].as_str() {
        return Json(
            json!({ "plainToken": plain, "encryptedToken": encrypted_token(DEMO_WEBHOOK_SECRET, plain) }),
        );
    }
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    heard.events += 1;
    let object = &event["payload"]["object"];
    match event["event"].as_str().unwrap_or_default() {
        "phone.recording_completed" => heard.recordings += 1,
        "phone.voicemail_received" => heard.voicemails += 1,
        "phone.caller_call_element_completed" | "phone.callee_call_element_completed" => {
            for element in object["call_elements"].as_array().into_iter().flatten() {
                if element["event"].as_str().is_some_and(|event| NO_LEGS.contains(&event)) {
                    continue;
                }
                heard.talk_seconds += element["talk_time"].as_i64().unwrap_or_default();
                heard.hold_seconds += element["hold_time"].as_i64().unwrap_or_default();
            }
        }
        _ => {}
    }
    Json(json!({}))
}

async fn same_bytes(State(page): State<Bytes>) -> ([(axum::http::HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "application/json")], page)
}

async fn listen(router: Router) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// Resident memory in MB.
fn memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is read from /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024 / 1_000_000)
}

impl Report {
    fn print(&self, as_json: bool) -> Result<()> {
        if as_json {
            return console::print_json(self);
        }
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "day     {} calls, {} events in {:.1} s ({:.0} events/s); memory {} MB before, {} MB after",
            self.calls,
            self.events,
            self.day_seconds,
            self.events_per_second,
            self.memory_before_mb,
            self.memory_after_mb
        )?;
        for (what, [ledger, rest, events]) in &self.totals {
            let shown = |count: &Option<i64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
            writeln!(
                out,
                "{what:13} ledger {}, REST {}, events {}",
                shown(ledger),
                shown(rest),
                shown(events)
            )?;
        }
        writeln!(
            out,
            "pages   {:.0}/s of {ROWS} rows ({} kB); {:.0}/s from memory; ratio {:.2}",
            self.pages_per_second,
            self.page_bytes / 1000,
            self.static_pages_per_second,
            self.pages_ratio
        )?;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        for (what, counts) in &self.totals {
            let mut known = counts.iter().flatten();
            let first = known.next();
            ensure!(known.all(|count| Some(count) == first), "{what} differ: {counts:?}");
        }
        Ok(())
    }
}
