//! Events without a public address: Zoom's WebSocket channel.
//!
//! An event subscription of method "WebSocket" (Marketplace, page "Feature" of the app) sends what a webhook
//! would, over a connection that we open. [`EventChannel`] holds that connection: a fresh token for each
//! attempt, the heartbeat, the reconnecting. **Zoom repeats nothing that was missed**: after each reconnect
//! comes a [`ChannelEvent::Gap`], and the call history of that time is the caller's to read.
//!
//! A subscription has one live connection; a newer one closes the older. Two programs need two subscriptions.
//!
//! Frames carry no signature: who may speak is decided by TLS and the token.
//!
//! ```no_run
//! use zoom_phone::{oauth::TokenSource, socket::{ChannelConfig, ChannelEvent, EventChannel}};
//!
//! # async fn example(tokens: TokenSource) -> Result<(), Box<dyn std::error::Error>> {
//! let mut channel = EventChannel::connect(ChannelConfig::new("the subscription's id"), tokens)?;
//! while let Some(next) = channel.next().await {
//!     match next? {
//!         ChannelEvent::Event(raw) => println!("{}", raw.notification()?.event),
//!         ChannelEvent::Gap(gap) => println!("read the call history from {} to {}", gap.since, gap.until),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! (Zoom: "Using WebSockets" in the event documentation; the names of the frames are those of Zoom's sample.)

mod dial;
mod error;
mod frame;
mod policy;
mod run;
mod session;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;
use zoom_phone_types::events::{Notification, ParseError};

pub use self::error::{ChannelError, Outage};
use crate::http;
use crate::oauth::TokenSource;

/// How many events wait for a slow caller, before the rest waits in the network.
const WAITING: usize = 256;

/// Which channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Where Zoom listens: [`ChannelConfig::zoom_url`], or an emulator on this machine, which alone may be
    /// `ws://`. A `subscriptionId` in it is replaced.
    pub url: Url,
    /// Id of the event subscription, as its page in the Marketplace shows it (`subscriptionId=…`).
    pub subscription_id: String,
}

impl ChannelConfig {
    /// A subscription at Zoom.
    pub fn new(subscription_id: impl Into<String>) -> Self {
        Self { url: Self::zoom_url(), subscription_id: subscription_id.into() }
    }

    /// Zoom's address for channels: `wss://ws.zoom.us/ws`.
    pub fn zoom_url() -> Url {
        http::constant_url("wss://ws.zoom.us/ws")
    }
}

/// What a channel tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChannelEvent {
    /// Zoom accepted the connection. From here on events come.
    Connected,
    /// An event: what the body of a webhook would be.
    Event(Raw),
    /// There is no connection. The next attempt is made after `retry_in`; nothing is to be done.
    Down {
        /// Why.
        outage: Outage,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// The connection is back, after [`ChannelEvent::Connected`]. What happened meanwhile is not repeated.
    Gap(Gap),
    /// A frame of a kind that this crate does not know, whole.
    Unknown(Raw),
}

/// A time from which events may be missing. Ask the REST API about it, such as the call history by end time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// When the lost connection was last heard of; on this machine's clock.
    pub since: Timestamp,
    /// When the new one was there.
    pub until: Timestamp,
}

/// JSON text as Zoom wrote it. Prints no content: it may hold names and numbers of people.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    /// When it came, on this machine's clock.
    pub received_at: Timestamp,
    /// The text. Of an event: `{"event", "event_ts", "payload"}`.
    pub text: String,
}

impl Raw {
    /// The event, typed.
    pub fn notification(&self) -> Result<Notification, ParseError> {
        Notification::parse(self.text.as_bytes())
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw")
            .field("received_at", &self.received_at)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// A channel that stays connected: a stream of [`ChannelEvent`]s.
///
/// It runs in a task of its own, so that a slow caller does not hold up the heartbeat. An error is the last
/// item: what it names does not pass by waiting. Dropping the channel closes the connection.
#[derive(Debug)]
pub struct EventChannel {
    items: mpsc::Receiver<Result<ChannelEvent, ChannelError>>,
    task: JoinHandle<()>,
}

impl EventChannel {
    /// Starts connecting; [`ChannelEvent::Connected`] says when that is done. Fails only on a configuration that
    /// cannot be used. Call it inside a Tokio runtime.
    pub fn connect(config: ChannelConfig, tokens: TokenSource) -> Result<Self, ChannelError> {
        let dialer = dial::Dialer::new(config)?;
        let (out, items) = mpsc::channel(WAITING);
        let task = tokio::spawn(run::run(dialer, tokens, out));
        Ok(Self { items, task })
    }

    /// The next item; `None` after an error. May be dropped while waiting: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<ChannelEvent, ChannelError>> {
        self.items.recv().await
    }

    /// Says good-bye to Zoom and waits until that is done, for a second or two at most. Returns what had come in
    /// and was not taken yet: Zoom will not send it again.
    pub async fn close(mut self) -> Vec<ChannelEvent> {
        self.items.close();
        let mut rest = Vec::new();
        while let Some(item) = self.items.recv().await {
            // An error has no meaning any more.
            rest.extend(item);
        }
        // The task does not panic; and if it did, it would have ended too.
        let _ = self.task.await;
        rest
    }
}

impl Stream for EventChannel {
    type Item = Result<ChannelEvent, ChannelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.poll_recv(cx)
    }
}
