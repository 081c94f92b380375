//! What Offhook keeps when everything goes wrong.

mod ingest;
mod week;

use std::io::{self, Write as _};

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
#[command(
    after_help = "The emulator plays the company on its own clock and loses, delays, doubles and reorders events, \
    refuses, breaks and delays answers, loses tokens and breaks the event channel off. Offhook listens, is stopped \
    and started in between, and reads Zoom's records until it says that it has all. Then every call, step, recording, \
    voicemail and stay in a queue is compared with the emulator's ledger.\n\n\
    Fails when something is missing, extra or wrong."
)]
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
                print(report).context("cannot write the report")?;
            }
        }
        let bad = reports.iter().filter(|report| !report.is_good()).count();
        ensure!(bad == 0, "{bad} of {} weeks are not as they truly were", reports.len());
        Ok(())
    }
}

/// For people.
fn print(report: &week::Report) -> io::Result<()> {
    let mut out = io::stdout();
    let faults = if report.faults { "every fault" } else { "no faults" };
    writeln!(
        out,
        "week: {:?}, {} days, {faults} (--seed {}), {:.0} s",
        report.generation, report.days, report.seed, report.seconds
    )?;
    let mut line = |what: &str, count: String| writeln!(out, "{what:<26}{count:>12}");
    for (what, count) in &report.counts {
        line(what, count.to_string())?;
    }
    line("missing", report.missing.to_string())?;
    line("extra", report.extra.to_string())?;
    for (field, wrong) in &report.wrong_fields {
        line(&format!("wrong {field}"), wrong.count.to_string())?;
    }
    line("ids looked up", report.ids_looked_up.to_string())?;
    line("rebuild identical", format!("{:?}", report.rebuild_identical))?;
    line("order dependent", report.order_dependent.to_string())?;
    line("import dependent", report.import_dependent.to_string())?;
    line("restarts", report.hardships.restarts.to_string())?;
    line("minutes off", report.hardships.minutes_off.to_string())?;
    line("channel cuts", report.hardships.channel_cuts.to_string())?;
    line("deletions", report.hardships.deletions.to_string())?;
    for (what, count) in &report.zoom {
        line(what, count.to_string())?;
    }
    writeln!(out, "faults struck: {}", report.faults_struck)?;
    for (field, wrong) in &report.wrong_fields {
        writeln!(out, "\n{field}: {:?}", wrong.by_scenario)?;
        for example in &wrong.examples {
            writeln!(out, "  {example}")?;
        }
    }
    for example in &report.examples {
        writeln!(out, "{example}")?;
    }
    for (field, not_told) in &report.not_told {
        writeln!(out, "not told {} times: {field}: {}", not_told.count, not_told.why)?;
    }
    Ok(())
}
