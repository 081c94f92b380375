//! `cargo xtask demo`: Offhook at work, with no Zoom account.

use std::collections::HashSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::interrupt::Interrupt;
use crate::stack::{Options, Stack, TICK, free_port};
use crate::{web, workspace};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where Offhook listens; the next free port if it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the emulator listens; the next free port if it is taken.
    #[arg(long, default_value_t = 8090)]
    emulator_port: u16,
    /// The emulated company and its calls follow from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How fast the company lives: 1x is life, 10x plays ten minutes in one.
    #[arg(long, default_value = "1x")]
    speed: String,
    /// Calls that begin in a minute of the company's time, on average.
    #[arg(long, default_value_t = 20.0)]
    calls_per_minute: f64,
    /// End after this time (30s, 2m), and fail if no call made it to the live board.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Use the release build.
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    web::build()?;
    let binary = workspace::build_offhook(arguments.release)?;
    let folder = workspace::target()?.join("demo");
    let port = choose("Offhook", arguments.port, arguments.port)?;
    // The one port that looks free and will not be.
    let from = if arguments.emulator_port == port { port.saturating_add(1) } else { arguments.emulator_port };
    let emulator_port = choose("the emulator", arguments.emulator_port, from)?;

    let interrupt = Interrupt::watch()?;
    let options = Options {
        binary: binary.clone(),
        folder: folder.clone(),
        port,
        emulator_port,
        seed: arguments.seed,
        speed: arguments.speed.clone(),
        calls_per_minute: arguments.calls_per_minute,
    };
    let mut stack = match Stack::start(&options, &interrupt) {
        Err(_) if interrupt.happened() => return Ok(()),
        started => started?,
    };
    println!("\n    Open {}/\n", stack.url());
    println!("    Try the commands beside it: cd {} && {} doctor\n", folder.display(), binary.display());
    println!("Ctrl-C ends the demo. Logs: {}", stack.logs());

    let begun = Instant::now();
    let mut seen = HashSet::new();
    let mut trouble = None;
    while !interrupt.happened() && arguments.duration.is_none_or(|time| begun.elapsed() < time) {
        stack.check()?;
        if arguments.duration.is_some() {
            match stack.board() {
                Ok(calls) => seen.extend(calls),
                Err(error) => trouble = Some(error),
            }
        }
        sleep(TICK * 5);
    }
    let ran = begun.elapsed().as_secs();
    drop(stack);
    if arguments.duration.is_some() {
        if seen.is_empty() && !interrupt.happened() {
            return Err(trouble.unwrap_or_else(|| anyhow::anyhow!("the board stayed empty; see the logs")))
                .with_context(|| format!("no call came to the live board in {ran} s"));
        }
        println!("{} calls came to the live board in {ran} s", seen.len());
    }
    Ok(())
}

fn choose(who: &str, wanted: u16, from: u16) -> Result<u16> {
    let port = free_port(from)?;
    if port != wanted {
        println!("port {wanted} is taken; {who} listens on {port}");
    }
    Ok(port)
}

/// `30s`, `2m` or `45` (seconds).
fn duration(text: &str) -> Result<Duration> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    match number.parse::<u64>() {
        Ok(number) => Ok(Duration::from_secs(number.saturating_mul(unit))),
        Err(_) => bail!("write it like 30s or 2m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_unless_they_say_minutes() {
        let seconds = |text| duration(text).unwrap().as_secs();
        assert_eq!((seconds("30s"), seconds("2m"), seconds("45")), (30, 120, 45));
        assert!(duration("soon").is_err() && duration("").is_err() && duration("-1s").is_err());
    }
}
