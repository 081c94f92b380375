//! How much of Zoom's quota a backfill uses, and how often Zoom has to say no: the limiter of `zoom-phone`
//! against a strict simulated Zoom, on a virtual clock.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde::Serialize;
use tokio::{
    runtime,
    time::{Instant, sleep},
};
use zoom_phone::quota::{Limiter, LimiterConfig, Plan, Priority, RateLabel};

use crate::{
    console,
    quota_zoom::{Talk, Zoom, saturate},
};

const PLANS: [(&str, Plan); 2] = [("pro", Plan::Pro), ("business", Plan::Business)];
const LABELS: [(&str, RateLabel); 4] = [
    ("light", RateLabel::Light),
    ("medium", RateLabel::Medium),
    ("heavy", RateLabel::Heavy),
    ("resource-intensive", RateLabel::ResourceIntensive),
];

/// Simulate a backfill on each label and plan: how much of the quota it uses, and how many 429s it gets.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Zoom is simulated as strict as it may be: it counts what arrives in windows that slide, \
    after a way that takes each request another time. Nothing is sent, and no time passes but the processor's. \
    Fails when, with no other app and jitter below the limiter's margin, a label got a 429 or used less than \
    --min-percent."
)]
pub(crate) struct Quota {
    /// Length of each backfill, in simulated minutes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=50))]
    minutes: u32,
    /// By how much one request's way to Zoom may be longer than another's, in milliseconds
    #[arg(long, default_value_t = 39, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    jitter_ms: u64,
    /// How much of the quota other apps of the account use, in percent
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    others: u32,
    /// Zoom sends no X-RateLimit headers
    #[arg(long)]
    no_headers: bool,
    /// The least part of the quota to use, in percent
    #[arg(long, default_value_t = 95.0)]
    min_percent: f64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    minutes: u32,
    jitter_ms: u64,
    others_percent: u32,
    no_headers: bool,
    /// Real time for all of it.
    took_ms: u128,
    runs: Vec<Run>,
}

/// One backfill.
#[derive(Debug, Serialize)]
struct Run {
    plan: &'static str,
    label: &'static str,
    /// Requests that Zoom would have taken, of all apps.
    quota: u64,
    /// Those that it took, of all apps.
    accepted: u64,
    utilisation_percent: f64,
    /// Answers 429, to all apps.
    limited: u64,
}

impl Quota {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        // A clock that is stopped needs a runtime of its own.
        let report = tokio::task::spawn_blocking(move || self.simulate().map(|report| (self, report)));
        let (quota, report) = report.await.context("the simulation stopped")??;
        if quota.json {
            console::print_json(&report)?;
        } else {
            report.print().context("cannot write the report")?;
        }
        let margin = LimiterConfig::default().jitter.as_millis();
        if quota.others == 0 && u128::from(quota.jitter_ms) < margin {
            for run in &report.runs {
                ensure!(run.limited == 0, "{} {}: {} answers 429", run.plan, run.label, run.limited);
                ensure!(
                    run.utilisation_percent >= quota.min_percent,
                    "{} {}: only {:.1} % of the quota was used",
                    run.plan,
                    run.label,
                    run.utilisation_percent
                );
            }
        }
        Ok(())
    }

    fn simulate(&self) -> anyhow::Result<Report> {
        let begin = std::time::Instant::now();
        let mut runs = Vec::new();
        for (plan_name, plan) in PLANS {
            for (label_name, label) in LABELS {
                console::progress(&format!("{plan_name} {label_name}"));
                let runtime = runtime::Builder::new_current_thread()
                    .enable_time()
                    .start_paused(true)
                    .build()
                    .context("cannot begin the simulation")?;
                let (quota, accepted, limited) = runtime.block_on(self.backfill(plan, label))?;
                #[expect(clippy::cast_precision_loss, reason = "a percentage of some ten thousand")]
                let utilisation_percent = accepted as f64 * 100.0 / quota as f64;
                runs.push(Run {
                    plan: plan_name,
                    label: label_name,
                    quota,
                    accepted,
                    utilisation_percent,
                    limited,
                });
            }
        }
        console::progress_done();
        Ok(Report {
            minutes: self.minutes,
            jitter_ms: self.jitter_ms,
            others_percent: self.others,
            no_headers: self.no_headers,
            took_ms: begin.elapsed().as_millis(),
            runs,
        })
    }

    /// Returns what Zoom would take, took and refused.
    async fn backfill(&self, plan: Plan, label: RateLabel) -> anyhow::Result<(u64, u64, u64)> {
        let talk = if self.no_headers { Talk::Little } else { Talk::Much };
        let noon = jiff::Timestamp::from_second(43_200)?;
        let zoom = Zoom::new(plan.limits(), talk, self.jitter_ms, noon, 1);
        let limiter = Limiter::new(plan);
        let limit = plan.limits().of(label);
        let minute = if label == RateLabel::ResourceIntensive { limit } else { limit * 60 };
        if self.others > 0 {
            let (zoom, pause) = (zoom.clone(), Duration::from_mins(1) * 100 / (minute * self.others));
            tokio::spawn(async move {
                let mut next = Instant::now();
                loop {
                    zoom.arrive(label);
                    next += pause;
                    tokio::time::sleep_until(next).await;
                }
            });
        }
        saturate(&limiter, &zoom, label, Priority::Backfill, Duration::from_mins(1) * self.minutes).await;
        // The last answers are on their way.
        sleep(Duration::from_millis(1)).await;
        let seen = zoom.seen(label);
        Ok((u64::from(minute * self.minutes), seen.accepted, seen.too_fast + seen.too_many))
    }
}

impl Report {
    fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{} simulated minutes of backfill for each, in {} ms; jitter up to {} ms; other apps use {} %",
            self.minutes, self.took_ms, self.jitter_ms, self.others_percent
        )?;
        writeln!(
            out,
            "{:<10}{:<20}{:>8}{:>10}{:>8}{:>6}",
            "plan", "label", "quota", "accepted", "used", "429"
        )?;
        for run in &self.runs {
            writeln!(
                out,
                "{:<10}{:<20}{:>8}{:>10}{:>6.1} %{:>6}",
                run.plan, run.label, run.quota, run.accepted, run.utilisation_percent, run.limited
            )?;
        }
        Ok(())
    }
}
