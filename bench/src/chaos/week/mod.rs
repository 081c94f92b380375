//! A week of a company, with everything going wrong, held against the emulator's ledger.
//!
//! The emulator's clock is Offhook's clock, too. It stands still but for hops of minutes, in which everything due
//! happens; between two hops Offhook may be stopped, started or cut off.

mod compare;
mod faults;
mod offhook;
mod report;
mod untold;
mod zoom;

use std::time::Instant;

use anyhow::Context as _;
use jiff::SignedDuration;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

pub(crate) use self::report::Report;
use self::{
    offhook::{Doors, Offhook},
    zoom::Zoom,
};

/// What is played.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) days: u16,
    /// About so many, in all days together.
    pub(crate) calls: u32,
    pub(crate) generation: Generation,
    /// Everything goes wrong, or nothing.
    pub(crate) faults: bool,
}

/// What Zoom tells of finished calls. Status events are the same in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Generation {
    /// Call logs.
    V1,
    /// Call history with its call paths.
    V2,
    /// Call elements.
    V3,
    /// All of them at once.
    Mixed,
}

/// What happened to Offhook on the way.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Hardships {
    /// Times that it was stopped and started, gently or not.
    pub(crate) restarts: u32,
    /// Company's minutes in which it did not run.
    pub(crate) minutes_off: i64,
    /// Times that the event channel was broken off.
    pub(crate) channel_cuts: u32,
    /// Records, recordings and messages that people deleted at Zoom.
    pub(crate) deletions: u32,
}

/// Nothing comes after the last call so late as this: recordings, retries and records have come.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(26);

/// Plays, compares, reports. `tell` hears how far it is.
pub(crate) async fn live(plan: &Plan, tell: impl Fn(&str)) -> anyhow::Result<Report> {
    let begun = Instant::now();
    let mut dice = ChaCha8Rng::seed_from_u64(plan.seed);
    let port = offhook::free_port(&mut dice)?;
    let zoom = Zoom::start(plan, port).await?;
    let mut offhook = Offhook::new(&zoom, port)?;
    offhook.start(Doors::both()).await?;
    zoom.running.validated().await;
    let mut hardships = Hardships::default();
    let begin = zoom.running.now();
    let end = begin + SignedDuration::from_hours(24 * i64::from(plan.days));
    let mut rare = zoom::Rare::new(plan.days, zoom.running.now(), &mut dice);
    while zoom.running.now() < end {
        tell(&format!("{}", zoom.running.now().strftime("%A %H:%M")));
        rare.play(&zoom).await?;
        zoom.running.advance(SignedDuration::from_mins(dice.random_range(3..=20))).await;
        if plan.faults {
            hardships.deletions += u32::from(dice.random_ratio(1, 6) && zoom.delete(&mut dice).await?);
            ordeal(&zoom, &mut offhook, &mut dice, &mut hardships).await?;
        }
    }
    zoom.quiet().await?;
    let rest = zoom.running.now() + AFTERMATH;
    while zoom.running.now() < rest {
        zoom.running.advance(SignedDuration::from_hours(1)).await;
    }
    let played = begun.elapsed();
    tell("reading what Zoom recorded");
    let kinds: &[&str] = match plan.generation {
        Generation::V1 => &["users", "call_logs", "recordings", "voicemails"],
        Generation::V2 | Generation::V3 => {
            &["users", "calls", "recordings", "voicemails", "charges", "summaries"]
        }
        Generation::Mixed => {
            &["users", "calls", "recordings", "voicemails", "charges", "summaries", "call_logs"]
        }
    };
    let sync = offhook.complete(begin, kinds).await;
    let sync = sync.context("Offhook did not come to the end of Zoom's records")?;
    let ledger = zoom.running.ledger().await?;
    let calls = offhook.calls().await?;
    let mut report = Report::new(plan, hardships, zoom.state().await?, sync);
    compare::compare(&ledger, &calls, plan.generation, &mut report);
    report.look_up(&offhook, &ledger).await?;
    report.times(played, begun.elapsed());
    tell("making the read models anew");
    report.check_data(offhook.stop().await?, &calls, zoom.running.now()).await?;
    Ok(report)
}

/// Something happens to Offhook, or nothing.
async fn ordeal(
    zoom: &Zoom,
    offhook: &mut Offhook,
    dice: &mut ChaCha8Rng,
    hardships: &mut Hardships,
) -> anyhow::Result<()> {
    if dice.random_ratio(1, 12) && zoom.cut_channel().await? {
        hardships.channel_cuts += 1;
    }
    let off = match dice.random_range(0..100) {
        // Once in about two days it is off for hours: longer than Zoom tries again.
        0 => SignedDuration::from_mins(dice.random_range(120..=420)),
        1..=5 => SignedDuration::from_mins(dice.random_range(1..=30)),
        6..=8 => SignedDuration::ZERO,
        _ => return Ok(()),
    };
    offhook.halt(dice.random_ratio(1, 2)).await?;
    zoom.running.advance(off).await;
    offhook.start(Doors::any(dice)).await?;
    zoom.enable_webhook().await?;
    hardships.restarts += 1;
    hardships.minutes_off += off.as_mins();
    Ok(())
}
