//! The company and its Zoom.

use std::sync::Arc;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use zoom_phone_emulator::{CompanyFile, Emulator, Running, Scenario, Subscription, Temper};

use super::{Generation, Plan, faults};

pub(super) const SECRET: &str = "the_secret_of_this_week";
pub(super) const ACCOUNT: &str = "demo_account_0000000AA";

/// The Monday on which the week begins.
const MONDAY: &str = "2026-11-16T00:00:00Z";

/// A running emulator.
pub(super) struct Zoom {
    pub(super) running: Arc<Running>,
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
        let mut webhook = Subscription::new(url, SECRET);
        webhook.events = events_of(plan.generation);
        let start: Timestamp = MONDAY.parse().context("no Monday")?;
        let mut builder =
            Emulator::builder().seed(plan.seed).company(company).at(start).subscription(webhook).config(
                |config| {
                    config.by_the_hour = true;
                    config.calls_per_minute = 1.0;
                    config.stamps_in_company_time = true;
                    config.older_records = plan.generation != Generation::V3;
                },
            );
        if plan.faults {
            builder = builder.temper(Temper::Field);
            for fault in faults::all()? {
                builder = builder.fault(fault);
            }
        }
        Ok(Self { running: Arc::new(builder.start().await?) })
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

    /// What an administrator does who sees that Zoom has given the endpoint up.
    pub(super) async fn enable_webhook(&self) -> anyhow::Result<()> {
        let body = Some(json!({ "enabled": true }));
        self.ask(axum::http::Method::PATCH, "/subscriptions/webhook", body).await?;
        Ok(())
    }
}

/// Events that the subscription names; none for all.
fn events_of(_generation: Generation) -> Vec<String> {
    Vec::new()
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
