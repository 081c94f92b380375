//! Which request is made next, and with what signature.

use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::line::Line;
use super::send::Letter;
use super::wire::{Inner, Job, Wire};
use crate::clock::wall_clock;
use crate::config::Temper;
use crate::emulator::Shared;

/// Requests under way at once, for each subscription.
const IN_FLIGHT: usize = 64;

/// A request to be made, and what it is for.
pub(crate) struct Post {
    pub(crate) letter: Letter,
    /// Real time.
    pub(crate) sent_at: Timestamp,
    pub(super) number: u64,
    /// On the company's clock.
    pub(super) at: Timestamp,
    pub(super) faults: Vec<&'static str>,
    pub(super) purpose: Purpose,
}

pub(super) enum Purpose {
    Event(Job),
    /// Of the line with this generation.
    Challenge(u64),
}

/// What the clocks say as a request is made.
struct Moment {
    /// On the company's clock.
    at: Timestamp,
    sent_at: Timestamp,
    /// What Zoom's clock says, in unix seconds: real time or the company's, but for a fault.
    timestamp: i64,
}

impl Wire {
    /// The next request to make, if there is one and a place for it.
    pub(crate) fn next_post(&self, shared: &Shared) -> Option<Post> {
        let mut inner = self.lock();
        let now = Instant::now();
        let eager = |line: &Line| !line.disabled && line.eager.is_some_and(|eager| eager <= now);
        let ready = |line: &Line| !line.ready.is_empty() && line.in_flight < IN_FLIGHT && line.takes_events();
        let challenge = inner.lines.iter().position(eager);
        let chosen = challenge.or_else(|| inner.lines.iter().position(ready))?;
        let sent_at = wall_clock();
        let at = shared.clock.now();
        let stamped = if shared.config.stamps_in_company_time { at } else { sent_at };
        let moment = Moment { at, sent_at, timestamp: stamped.as_second() + shared.faults.skew() };
        let post = if challenge.is_some() {
            inner.challenge(chosen, &moment)
        } else {
            inner.event(shared, chosen, &moment, self.temper)?
        };
        inner.in_flight.insert(post.number, post.at);
        Some(post)
    }
}

impl Inner {
    fn challenge(&mut self, chosen: usize, moment: &Moment) -> Post {
        let number = self.number();
        let plain_token = self.dice.opaque_id();
        let body = json!({
            "event": "endpoint.url_validation",
            "event_ts": moment.at.as_millisecond(),
            "payload": { "plainToken": plain_token },
        });
        let line = &mut self.lines[chosen];
        line.eager = None;
        let letter = Letter {
            url: line.subscription.url.clone(),
            secret: line.subscription.secret.clone(),
            body: body.to_string().into(),
            timestamp: moment.timestamp,
            number,
            plain_token: Some(plain_token),
        };
        let purpose = Purpose::Challenge(line.generation);
        Post { letter, sent_at: moment.sent_at, number, at: moment.at, faults: Vec::new(), purpose }
    }

    fn event(&mut self, shared: &Shared, chosen: usize, moment: &Moment, temper: Temper) -> Option<Post> {
        let number = self.number();
        let line = &mut self.lines[chosen];
        let mut job = line.ready.pop_front()?;
        line.in_flight += 1;
        let mut faults = Vec::new();
        let mut secret = line.subscription.secret.clone();
        let mut timestamp = job.timestamp.unwrap_or(moment.timestamp);
        if temper == Temper::Field {
            job.timestamp = Some(timestamp);
        }
        if shared.faults.wrong_secret(&job.name) {
            secret.push_str(" is not it");
            faults.push("wrong_secret");
        }
        if let Some(seconds) = shared.faults.stale_timestamp(&job.name) {
            timestamp -= i64::from(seconds);
            faults.push("stale_timestamp");
        }
        let first = job.attempt == 1;
        shared.state.count(|counts| {
            if first {
                counts.webhooks_sent += 1;
            } else {
                counts.webhooks_retried += 1;
            }
        });
        let url = line.subscription.url.clone();
        let letter = Letter { url, secret, body: job.body.clone(), timestamp, number, plain_token: None };
        let Moment { at, sent_at, .. } = *moment;
        Some(Post { letter, sent_at, number, at, faults, purpose: Purpose::Event(job) })
    }
}
