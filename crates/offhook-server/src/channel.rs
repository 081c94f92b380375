//! Events over Zoom's WebSocket channel: the inbox's other door for what webhooks tell.
//!
//! Zoom repeats nothing that was missed while there was no connection, and nothing that was not stored. So a
//! message is held until it is on disk, and after each gap the account's records are compared at once.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use offhook_calls::normalize::Door;
use offhook_store::Inbox;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use zoom_phone::{
    oauth::TokenSource,
    socket::{ChannelConfig, ChannelError, ChannelEvent, EventChannel, Gap, Raw},
};

use crate::{
    clock::Clock,
    ingest::{LastEvent, Said},
};

/// How long to leave a channel alone that was given up: by then somebody may have mended what was wrong.
const AGAIN: Duration = Duration::from_mins(5);

/// From one attempt to store a message to the next.
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// What listening needs.
#[derive(Clone)]
pub struct Channel {
    /// Which channel. Its subscription is for this server alone: whoever connects last gets the events.
    pub config: ChannelConfig,
    /// The tokens of the app that the subscription belongs to; the same that the account's client uses.
    pub tokens: TokenSource,
    /// Zoom account id of events that name none.
    pub account: String,
}

impl Channel {
    /// Listens until shutdown. `sweep` has the account's records compared.
    pub(crate) async fn run(
        self,
        inbox: Inbox,
        last_event: LastEvent,
        clock: Clock,
        sweep: Option<Arc<Notify>>,
        shutdown: CancellationToken,
    ) {
        let listening = Listening { account: self.account, inbox, last_event, clock, sweep, shutdown };
        let mut first = true;
        while !listening.shutdown.is_cancelled() {
            match EventChannel::connect(self.config.clone(), self.tokens.clone()) {
                Ok(channel) => listening.listen(channel, first).await,
                Err(error) => given_up(&error),
            }
            first = false;
            tokio::select! {
                () = listening.shutdown.cancelled() => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }
}

struct Listening {
    account: String,
    inbox: Inbox,
    last_event: LastEvent,
    clock: Clock,
    sweep: Option<Arc<Notify>>,
    shutdown: CancellationToken,
}

impl Listening {
    /// Takes in what comes, until shutdown or until the channel is given up.
    async fn listen(&self, mut channel: EventChannel, first: bool) {
        let gauge = metrics::gauge!("offhook_channel_connected");
        let mut connected = false;
        // The sweep with which a server starts is under way, and knows what was before. A channel that was given up in
        // between, or was late to come, has no gap of its own to tell.
        let mut missed = !first;
        loop {
            let next = tokio::select! {
                () = self.shutdown.cancelled() => None,
                next = channel.next() => next,
            };
            let is_up = match next {
                None => break,
                Some(Err(error)) => {
                    given_up(&error);
                    break;
                }
                Some(Ok(event)) => self.take(event, &mut missed).await.unwrap_or(connected),
            };
            if is_up != connected {
                gauge.increment(if is_up { 1.0 } else { -1.0 });
                connected = is_up;
            }
        }
        if connected {
            gauge.decrement(1.0);
        }
        for event in channel.close().await {
            self.take(event, &mut missed).await;
        }
    }

    /// Takes one item in. Says whether the channel is up, if the item tells. `missed`: there was a time without it.
    async fn take(&self, event: ChannelEvent, missed: &mut bool) -> Option<bool> {
        match event {
            ChannelEvent::Event(raw) => self.keep(raw).await,
            ChannelEvent::Connected => {
                tracing::info!("listening to Zoom's event channel");
                if std::mem::take(missed) {
                    self.compare();
                }
                return Some(true);
            }
            ChannelEvent::Down { outage, retry_in } => {
                let error = &outage as &dyn std::error::Error;
                tracing::warn!(error, retry_in_s = retry_in.as_secs_f64(), "no event channel");
                *missed = true;
                return Some(false);
            }
            ChannelEvent::Gap(Gap { since, until }) => {
                metrics::counter!("offhook_channel_gaps_total").increment(1);
                tracing::info!(%since, %until, "the event channel is back; comparing what it missed");
                self.compare();
            }
            ChannelEvent::Unknown(raw) => {
                count("unknown");
                tracing::info!(bytes = raw.text.len(), "a message of an unknown kind on the event channel");
            }
            _ => {}
        }
        None
    }

    fn compare(&self) {
        if let Some(sweep) = &self.sweep {
            sweep.notify_one();
        } else {
            tracing::warn!("what the event channel missed stays unknown: Zoom's records are not compared");
        }
    }

    /// Writes an event down, however long that takes: nobody will send it again.
    async fn keep(&self, raw: Raw) {
        let body = Bytes::from(raw.text);
        let mut said = Said::read(&body);
        if said.account.is_empty() {
            said.account = self.account.as_str().into();
        }
        let received_at = self.clock.now();
        let arrival = said.arrival(Door::WebSocket, received_at, false, &body);
        let mut told = false;
        while let Err(error) = self.inbox.append(arrival.clone()).await {
            if !told {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "an event of the event channel waits to be stored");
                told = true;
            }
            tokio::select! {
                () = self.shutdown.cancelled() => {
                    count("lost");
                    return tracing::error!("an event of the event channel could not be stored before the end");
                }
                () = tokio::time::sleep(STORE_AGAIN) => {}
            }
        }
        self.last_event.note(received_at);
        count("stored");
    }
}

fn given_up(error: &ChannelError) {
    let error = error as &dyn std::error::Error;
    tracing::error!(error, again_in_s = AGAIN.as_secs(), "the event channel is given up for now");
}

fn count(outcome: &'static str) {
    metrics::counter!("offhook_channel_messages_total", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use offhook_store::Store;
    use zoom_phone::socket::Outage;

    use super::*;

    #[tokio::test]
    async fn a_channel_that_came_late_or_came_back_has_the_records_compared() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let sweep = Arc::new(Notify::new());
        let listening = Listening {
            account: "a".to_owned(),
            inbox: store.inbox().clone(),
            last_event: LastEvent::new(None),
            clock: Clock::default(),
            sweep: Some(Arc::clone(&sweep)),
            shutdown: CancellationToken::new(),
        };
        let compared = || sweep.notified().now_or_never().is_some();
        let mut missed = false;
        assert_eq!(listening.take(ChannelEvent::Connected, &mut missed).await, Some(true));
        assert!(!compared(), "the sweep with which a server starts is enough");
        let down = ChannelEvent::Down { outage: Outage::Silent { seconds: 45 }, retry_in: AGAIN };
        assert_eq!(listening.take(down, &mut missed).await, Some(false));
        assert_eq!(listening.take(ChannelEvent::Connected, &mut missed).await, Some(true));
        assert!(compared());
    }
}
