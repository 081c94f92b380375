//! The company and its Zoom.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use zoom_phone_emulator::{CompanyFile, Emulator, Running, Scenario, Subscription, Temper, Version};

use super::{Generation, Plan, faults};

pub(super) const SECRET: &str = "the_secret_of_this_week";
pub(super) const ACCOUNT: &str = "demo_account_0000000AA";

/// The Monday on which the week begins.
const MONDAY: &str = "2026-11-16T00:00:00Z";

/// A running emulator.
pub(super) struct Zoom {
    pub(super) running: Arc<Running>,
    http: reqwest::Client,
}

impl Zoom {
    /// A company whose events go to this port.
    pub(super) async fn start(plan: &Plan, port: u16) -> anyhow::Result<Self> {
        let mut company = CompanyFile::default();
        let traffic = &mut company.traffic;
        let in_a_week = traffic.calls_per_hour.iter().sum::<f64>() * traffic.weekdays.iter().sum::<f64>();
        // Days of less than a week are the first ones, which are working days.
        let wanted = f64::from(plan.calls) * 7.0 / f64::from(plan.days.clamp(1, 7));
        for calls in &mut traffic.calls_per_hour {
            *calls *= wanted / in_a_week;
        }
        let url = format!("http://127.0.0.1:{port}/zoom/webhook").parse().context("no address")?;
        let webhook = Subscription::new(url, SECRET);
        let start: Timestamp = MONDAY.parse().context("no Monday")?;
        let mut builder =
            Emulator::builder().seed(plan.seed).company(company).at(start).subscription(webhook).config(
                |config| {
                    config.by_the_hour = true;
                    config.calls_per_minute = 1.0;
                    config.sms_threads_per_hour = 1.0;
                    config.stamps_in_company_time = true;
                    config.older_records = true;
                    config.only = match plan.generation {
                        Generation::V1 => Some(Version::V1),
                        Generation::V2 => Some(Version::V2),
                        Generation::V3 => Some(Version::V3),
                        Generation::Mixed => None,
                    };
                },
            );
        if plan.faults {
            builder = builder.temper(Temper::Field);
            for fault in faults::all()? {
                builder = builder.fault(fault);
            }
        }
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { running: Arc::new(builder.start().await?), http })
    }

    async fn ask(
        &self,
        method: axum::http::Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        Ok(self.running.control(method, path, body).await?)
    }

    /// What the emulator counted.
    pub(super) async fn state(&self) -> anyhow::Result<Value> {
        self.ask(axum::http::Method::GET, "/state", None).await
    }

    /// No more calls begin.
    pub(super) async fn quiet(&self) -> anyhow::Result<()> {
        self.ask(axum::http::Method::POST, "/arrivals", Some(json!({ "calls_per_minute": 0.0 }))).await?;
        Ok(())
    }

    /// Breaks the event channel off; whether there was one.
    pub(super) async fn cut_channel(&self) -> anyhow::Result<bool> {
        Ok(self.ask(axum::http::Method::POST, "/ws/drop", None).await?["dropped"] == true)
    }

    /// Somebody deletes something of a call: the record, the recording or the message. Whether Zoom did it.
    pub(super) async fn delete(&self, dice: &mut ChaCha8Rng) -> anyhow::Result<bool> {
        let ledger = self.running.ledger().await?;
        if ledger.is_empty() {
            return Ok(false);
        }
        let call = &ledger[dice.random_range(0..ledger.len())];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut paths = Vec::new();
        for (list, field) in [("recordings", "recording_ids"), ("voice_mails", "voicemail_ids")] {
            let ids = call[field].as_array().into_iter().flatten();
            paths.extend(ids.map(|id| format!("{list}/{}", text(id))));
        }
        let users = call["answered_by"].as_array().into_iter().flatten();
        let history = text(&call["call_history_uuid"]);
        paths.extend(users.map(|user| format!("users/{}/call_history/{history}", text(&user["id"]))));
        let Some(path) = paths.first() else { return Ok(false) };
        let url = format!("{}/v2/phone/{path}", self.running.origin());
        let request = self.http.delete(url).bearer_auth(self.running.token());
        // Faults strike people, too.
        Ok(request.send().await.is_ok_and(|answer| answer.status().is_success()))
    }

    /// What an administrator does who sees that Zoom has given the endpoint up.
    pub(super) async fn enable_webhook(&self) -> anyhow::Result<()> {
        let body = Some(json!({ "enabled": true }));
        self.ask(axum::http::Method::PATCH, "/subscriptions/webhook", body).await?;
        Ok(())
    }
}

/// Every kind of call once a day, however rare it is.
pub(super) struct Rare(Vec<(Timestamp, Scenario)>);

impl Rare {
    pub(super) fn new(days: u16, begin: Timestamp, dice: &mut ChaCha8Rng) -> Self {
        let mut due = Vec::new();
        for day in 0..i64::from(days) {
            for &scenario in Scenario::ALL {
                let minute = SignedDuration::from_mins(dice.random_range(0..24 * 60 - 60));
                due.push((begin + SignedDuration::from_hours(24 * day) + minute, scenario));
            }
        }
        due.sort();
        due.reverse();
        Self(due)
    }

    /// Plays what is due. Where nobody is free, it is tried again a little later.
    pub(super) async fn play(&mut self, zoom: &Zoom) -> anyhow::Result<()> {
        let now = zoom.running.now();
        let mut again = Vec::new();
        while let Some((_, scenario)) = self.0.pop_if(|(at, _)| *at <= now) {
            let played = zoom.running.trigger(scenario.name(), json!({})).await;
            if let Err(error) = played {
                anyhow::ensure!(error.to_string().contains("free"), "{scenario}: {error}");
                again.push((now + SignedDuration::from_mins(7), scenario));
            }
        }
        self.0.extend(again);
        self.0.sort();
        self.0.reverse();
        Ok(())
    }
}
