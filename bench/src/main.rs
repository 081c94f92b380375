//! Load, speed and kill tests of Offhook: real sockets, real signatures, real disks. And its limiter, against a
//! simulated Zoom.

mod backfill;
mod chaos;
mod clock;
mod console;
mod emulator;
mod events;
mod export;
mod http;
mod ingest;
mod load;
mod noop;
mod peer;
mod quota;
#[path = "../../crates/zoom-phone/tests/it/quota_zoom.rs"]
mod quota_zoom;
mod records;
mod sdk;
mod server;
mod stamp;
mod stats;
#[cfg(test)]
mod stub;

use clap::Parser;

/// Load and kill tests of Offhook: real sockets, real signatures, real disks
#[derive(Debug, Parser)]
#[command(name = "offhook-bench", version)]
enum Command {
    Ingest(ingest::Ingest),
    #[command(subcommand)]
    Chaos(chaos::Chaos),
    Emulator(emulator::Emulator),
    Sdk(sdk::Sdk),
    #[command(hide = true)]
    Peer(peer::Peer),
    Quota(quota::Quota),
    Backfill(backfill::Backfill),
    Records(records::Records),
    Export(export::Export),
    /// The server that `ingest` compares with
    #[command(hide = true)]
    Noop {
        /// Where to listen on 127.0.0.1
        #[arg(long, env = "PORT")]
        port: u16,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Ingest(ingest) => ingest.run().await,
        Command::Chaos(chaos) => chaos.run().await,
        Command::Emulator(emulator) => emulator.run().await,
        Command::Sdk(sdk) => sdk.run().await,
        Command::Peer(peer) => peer.run().await,
        Command::Quota(quota) => quota.run().await,
        Command::Backfill(backfill) => backfill.run().await,
        Command::Records(records) => records.run().await,
        Command::Export(export) => export.run().await,
        Command::Noop { port } => noop::serve(port).await,
    }
}
