//! What Offhook keeps when everything goes wrong.

mod ingest;
mod week;

use anyhow::{Context as _, ensure};

use crate::console;

/// Make things go wrong, and count what Offhook kept.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Chaos {
    Ingest(ingest::Ingest),
    Week(Week),
}

impl Chaos {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Ingest(ingest) => ingest.run().await,
            Self::Week(week) => week.run().await,
        }
    }
}

/// Play a week of a company, with every fault on, and hold Offhook's records against what truly happened
#[derive(Debug, clap::Args)]
#[command(after_help = "The emulator plays the company on its own clock and loses, delays, doubles and reorders events, \
    refuses, breaks and delays answers, loses tokens and breaks the event channel off. Offhook listens, is stopped \
    and started in between, and reads Zoom's records until it says that it has all. Then every call, step, recording, \
    voicemail and stay in a queue is compared with the emulator's ledger.\n\n\
    Fails when something is missing, extra or wrong.")]
pub(crate) struct Week {
    /// Seed of the company, its calls, the faults and the moments
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Days that are played
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=31))]
    days: u16,
    /// Calls in all these days, about
    #[arg(long, default_value_t = 3500)]
    calls: u32,
    /// Which generations of Zoom's records Offhook is told
    #[arg(long, value_enum, default_value_t = Generations::V3)]
    generation: Generations,
    /// What goes wrong
    #[arg(long, value_enum, default_value_t = Faults::All)]
    faults: Faults,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Generations {
    V1,
    V2,
    V3,
    Mixed,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Faults {
    None,
    All,
}

impl Week {
    async fn run(self) -> anyhow::Result<()> {
        use week::Generation::{Mixed, V1, V2, V3};
        let generations: &[_] = match self.generation {
            Generations::V1 => &[V1],
            Generations::V2 => &[V2],
            Generations::V3 => &[V3],
            Generations::Mixed => &[Mixed],
            Generations::All => &[V1, V2, V3, Mixed],
        };
        let mut reports = Vec::new();
        for &generation in generations {
            let plan = week::Plan {
                seed: self.seed,
                days: self.days,
                calls: self.calls,
                generation,
                faults: self.faults == Faults::All,
            };
            reports.push(week::live(&plan, console::progress).await?);
            console::progress_done();
        }
        if self.json {
            console::print_json(&reports)?;
        } else {
            for report in &reports {
                report.print().context("cannot write the report")?;
            }
        }
        let bad = reports.iter().filter(|report| !report.is_good()).count();
        ensure!(bad == 0, "{bad} of {} weeks are not as they truly were", reports.len());
        Ok(())
    }
}
