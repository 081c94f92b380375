//! Why there is no connection, and when to stop trying.

use std::error::Error;

use crate::oauth::AuthError;

/// Why there is no connection for now. The channel goes on trying.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Outage {
    /// There is no access token.
    #[error("there is no access token for the event channel")]
    Token(#[source] AuthError),
    /// The network did not lead there.
    #[error("{host} could not be reached; check the network, DNS and proxy settings")]
    Unreachable {
        /// Host of the channel.
        host: String,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// The connection was not there in time.
    #[error("{host} did not accept the connection within {seconds} s")]
    Slow {
        /// Host of the channel.
        host: String,
        /// How long was waited.
        seconds: u64,
    },
    /// An HTTP answer instead of a connection.
    #[error("{host} answers status {status} to the event channel (tracking id {tracking_id})")]
    Status {
        /// Host of the channel.
        host: String,
        /// HTTP status.
        status: u16,
        /// `x-zm-trackingid`, for Zoom's support; "none" if the answer has none.
        tracking_id: String,
    },
    /// Status 101 without the rest of a WebSocket handshake.
    #[error("what answers as {host} is no WebSocket server; check the address, and proxies on the way")]
    Handshake {
        /// Host of the channel.
        host: String,
    },
    /// Zoom let us in and then refused the token or the subscription (`build_connection` with `success: false`).
    #[error("Zoom refuses the event channel: {reason}")]
    Refused {
        /// Zoom's words.
        reason: String,
    },
    /// Zoom closed the connection with a Close frame: a newer connection to the same subscription, the end of the token, or an
    /// end on Zoom's side.
    #[error("Zoom closed the event channel{}", detail(*.code, .reason))]
    Closed {
        /// The close code, if one was sent.
        code: Option<u16>,
        /// Zoom's words; often empty.
        reason: String,
    },
    /// No frame for longer than two heartbeats would leave time for.
    #[error("the event channel was silent for {seconds} s")]
    Silent {
        /// How long was waited.
        seconds: u64,
    },
    /// The connection broke or ended without a Close frame, or what came over it was no WebSocket traffic.
    #[error("the event channel broke off")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

fn detail(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, "") => String::new(),
        (None, reason) => format!(": {reason}"),
        (Some(code), "") => format!(" (code {code})"),
        (Some(code), reason) => format!(" (code {code}): {reason}"),
    }
}

/// Why a channel cannot be had, or gives up. Trying again with nothing changed does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The address is not `wss://`, and not `ws://` on this machine.
    #[error(
        "the event channel's address ({scheme}://{host}) must be wss://, because the access token is part of it; ws:// is for an emulator on this machine"
    )]
    Address {
        /// Its scheme.
        scheme: String,
        /// Its host.
        host: String,
    },
    /// No subscription is named.
    #[error(
        "no subscription id; copy what follows subscriptionId= on the page of the app's WebSocket event subscription in Zoom's Marketplace"
    )]
    NoSubscription,
    /// The HTTP client could not be set up: the machine's TLS settings or certificates are at fault.
    #[error(
        "the HTTP client for the event channel could not be set up; check the machine's root certificates"
    )]
    Setup(#[source] reqwest::Error),
    /// There is no access token, and asking again would not bring one.
    #[error("Zoom gives no access token for the event channel")]
    Credentials(#[source] AuthError),
    /// Zoom refused the channel several times, each time with a fresh token.
    #[error(
        "Zoom refused the event channel {times} times; check that the subscription id belongs to the app whose client id is used, that its method is WebSocket, and that the app is activated"
    )]
    Refused {
        /// How often in a row.
        times: u32,
        /// The last refusal.
        #[source]
        last: Outage,
    },
    /// Zoom closed the connection soon after each start: usually because another program holds the same
    /// subscription. Whoever connects last gets the events, so going on would only be a fight.
    #[error(
        "Zoom closed the event channel {times} times within a minute of its start: another program seems to use the same subscription; stop it, or give each a subscription of its own"
    )]
    TakenOver {
        /// How often in a row.
        times: u32,
    },
}
