//! Prints events as they happen, without a public address: needs an event subscription of method "WebSocket".
//!
//! `ZOOM_ACCOUNT_ID`, `ZOOM_CLIENT_ID`, `ZOOM_CLIENT_SECRET` and `ZOOM_WEBSOCKET_SUBSCRIPTION_ID` say whose.

use std::env::var;

use zoom_phone::oauth::{ServerToServer, TokenSource};
use zoom_phone::socket::{ChannelConfig, ChannelEvent, EventChannel};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example shows what it does")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tokens = TokenSource::server_to_server(ServerToServer {
        client_id: var("ZOOM_CLIENT_ID")?,
        client_secret: var("ZOOM_CLIENT_SECRET")?.into(),
        account_id: var("ZOOM_ACCOUNT_ID")?,
        token_url: ServerToServer::zoom_token_url(),
    })?;
    let mut channel =
        EventChannel::connect(ChannelConfig::new(var("ZOOM_WEBSOCKET_SUBSCRIPTION_ID")?), tokens)?;
    while let Some(next) = channel.next().await {
        match next? {
            ChannelEvent::Connected => println!("connected"),
            ChannelEvent::Event(raw) => println!("{}", raw.notification()?.event),
            ChannelEvent::Gap(gap) => println!("nothing came from {} to {}", gap.since, gap.until),
            ChannelEvent::Down { outage, retry_in } => println!("{outage}; again in {retry_in:?}"),
            _ => {}
        }
    }
    Ok(())
}
