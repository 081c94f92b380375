//! Plays a working day of the large company as fast as it goes and says what it took.
//!
//! ```text
//! cargo run --release -p zoom-phone-emulator --example day
//! ```

use std::io::Write as _;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use zoom_phone_emulator::{CompanyFile, Config, Emulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Monday, midnight in New York.
    let start: Timestamp = "2026-11-23T05:00:00Z".parse()?;
    let config = Config { company: CompanyFile::large(), by_the_hour: true, speed: 0.0, ..Config::default() };
    let emulator = Emulator::new(config, start)?;
    let stop = tokio_util::sync::CancellationToken::new();
    let (running, until) = (emulator.clone(), stop.clone());
    let life = tokio::spawn(async move { running.run(until).await });
    let began = Instant::now();
    emulator.advance(SignedDuration::from_hours(24)).await;
    let took = began.elapsed();
    stop.cancel();
    life.await??;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown").to_owned();
    let summary = emulator.summary();
    writeln!(std::io::stdout(), "{summary}\nplayed in {took:?}, {memory}")?;
    Ok(())
}
