//! Streams the calls of a month, from both generations of Zoom's records:
//! `cargo run --example month_of_calls -- 2026-11-01T00:00:00Z 2026-12-01T00:00:00Z`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use zoom_phone::client::{CallHistoryQuery, Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut times = std::env::args().skip(1);
    let mut time = || times.next().ok_or("give the times from and to, such as 2026-11-01T00:00:00Z");
    let query = CallHistoryQuery::new(time()?.parse()?, time()?.parse()?);
    let mut pages = Client::from_env()?.call_history(query);
    while let Some(page) = pages.next().await {
        let page = page?;
        for call in &page.items {
            println!(
                "{} {}",
                call.text("start_time").unwrap_or("?"),
                call.text("call_result").unwrap_or("?")
            );
        }
        page.anomalies.iter().for_each(|anomaly| eprintln!("odd: {anomaly}"));
    }
    Ok(())
}
