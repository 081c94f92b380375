//! Which events went where, and what came back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

/// Events that are kept; older ones are forgotten.
const KEPT: usize = 20_000;
/// Deliveries of one event that are kept, copies and resent ones included.
pub(super) const MOST_DELIVERIES: usize = 100;

/// The newest events, oldest first.
#[derive(Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    /// The id of the next event; ids count from 1 without a gap.
    numbered: u64,
}

/// One event.
pub(super) struct Entry {
    id: u64,
    /// When it came up, on the company's clock.
    at: Timestamp,
    pub(super) name: Arc<str>,
    pub(super) body: Arc<str>,
    call_id: Option<String>,
    /// Names of the faults that struck it.
    faults: Vec<&'static str>,
    /// Whether a WebSocket took it.
    pub(super) socket: bool,
    deliveries: Vec<Delivery>,
}

/// One event on its way to one subscription.
pub(super) struct Delivery {
    pub(super) subscription: Arc<str>,
    pub(super) resent: bool,
    pub(super) outcome: Outcome,
    /// When it is tried again, on the company's clock.
    pub(super) retry_at: Option<Timestamp>,
    pub(super) attempts: Vec<Attempt>,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Waiting,
    Acknowledged,
    /// Given up.
    Dropped,
    /// The subscription has not passed its challenge, or is disabled.
    Withheld,
}

/// One request and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    /// On the company's clock.
    pub(super) at: Timestamp,
    /// In real time.
    pub(super) sent_at: Timestamp,
    pub(super) url: Arc<str>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) latency: Duration,
    /// The answer, or why there is none.
    pub(super) answer: Result<Answer, String>,
    /// Names of the faults that struck this attempt.
    pub(super) faults: Vec<&'static str>,
}

/// What a receiver answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// The first 4 KB; of an answer that says that all is well, 1 KB.
    pub(super) body: String,
}

impl Log {
    /// Notes an event that came up; its id.
    pub(super) fn note(&mut self, event: &Value, at: Timestamp, faults: Vec<&'static str>) -> u64 {
        self.numbered += 1;
        if self.entries.len() >= KEPT {
            self.entries.pop_front();
        }
        let call_id = event.pointer("/payload/object/call_id").and_then(Value::as_str);
        self.entries.push_back(Entry {
            id: self.numbered,
            at,
            name: event["event"].as_str().unwrap_or_default().into(),
            body: event.to_string().into(),
            call_id: call_id.map(str::to_owned),
            faults,
            socket: false,
            deliveries: Vec::new(),
        });
        self.numbered
    }

    pub(super) fn get(&self, id: u64) -> Option<&Entry> {
        self.entries.get(self.place(id)?)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Entry> {
        let place = self.place(id)?;
        self.entries.get_mut(place)
    }

    /// All events as they were sent, oldest first.
    pub(super) fn bodies(&self) -> Vec<Value> {
        self.entries.iter().filter_map(|entry| serde_json::from_str(&entry.body).ok()).collect()
    }

    fn place(&self, id: u64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.entries.front()?.id)?).ok()
    }

    pub(super) fn delivery(&mut self, id: u64, delivery: usize) -> Option<&mut Delivery> {
        self.get_mut(id)?.deliveries.get_mut(delivery)
    }

    /// Up to `limit` events called `event`, oldest first: those after an id, else the newest.
    pub(super) fn list(&self, after: Option<u64>, limit: usize, event: Option<&str>) -> Value {
        let called = |entry: &&Entry| event.is_none_or(|event| *entry.name == *event);
        let mut found: Vec<&Entry> = match after {
            Some(after) => {
                let skipped = self.entries.partition_point(|entry| entry.id <= after);
                self.entries.iter().skip(skipped).filter(called).take(limit).collect()
            }
            None => self.entries.iter().rev().filter(called).take(limit).collect(),
        };
        if after.is_none() {
            found.reverse();
        }
        let events: Vec<_> = found.into_iter().map(Entry::summary).collect();
        json!({
            "events": events,
            "oldest": self.entries.front().map(|entry| entry.id),
            "newest": self.entries.back().map(|entry| entry.id),
        })
    }
}

impl Entry {
    /// Adds a delivery; its number.
    pub(super) fn deliver(&mut self, subscription: Arc<str>, resent: bool, outcome: Outcome) -> usize {
        self.deliveries.push(Delivery {
            subscription,
            resent,
            outcome,
            retry_at: None,
            attempts: Vec::new(),
        });
        self.deliveries.len() - 1
    }

    pub(super) fn is_full(&self) -> bool {
        self.deliveries.len() >= MOST_DELIVERIES
    }

    /// Without what was said in the requests and answers.
    pub(super) fn summary(&self) -> Value {
        self.told(Delivery::summary)
    }

    /// With everything that is needed to say it again, by `curl` for one.
    pub(super) fn whole(&self) -> Value {
        let mut told = self.told(Delivery::whole);
        told["body"] = json!(&*self.body);
        told
    }

    fn told(&self, deliveries: fn(&Delivery) -> Value) -> Value {
        json!({
            "id": self.id,
            "event": &*self.name,
            "at": self.at.to_string(),
            "call_id": self.call_id,
            "faults": self.faults,
            "socket": self.socket,
            "deliveries": self.deliveries.iter().map(deliveries).collect::<Vec<_>>(),
        })
    }
}

impl Delivery {
    fn summary(&self) -> Value {
        self.told(Attempt::summary)
    }

    fn whole(&self) -> Value {
        self.told(Attempt::whole)
    }

    fn told(&self, attempts: fn(&Attempt) -> Value) -> Value {
        let outcome = match self.outcome {
            Outcome::Waiting => "waiting",
            Outcome::Acknowledged => "acknowledged",
            Outcome::Dropped => "dropped",
            Outcome::Withheld => "withheld",
        };
        json!({
            "subscription": &*self.subscription,
            "resent": self.resent,
            "outcome": outcome,
            "retry_at": self.retry_at.map(|at| at.to_string()),
            "attempts": self.attempts.iter().map(attempts).collect::<Vec<_>>(),
        })
    }
}

impl Attempt {
    pub(super) fn summary(&self) -> Value {
        json!({
            "at": self.at.to_string(),
            "sent_at": self.sent_at.to_string(),
            "status": self.answer.as_ref().ok().map(|answer| answer.status),
            "error": self.answer.as_ref().err(),
            "latency_ms": u64::try_from(self.latency.as_millis()).unwrap_or(u64::MAX),
            "faults": self.faults,
        })
    }

    fn whole(&self) -> Value {
        let mut told = self.summary();
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| [*name, value.as_str()]).collect();
        told["request"] = json!({ "method": "POST", "url": &*self.url, "headers": headers });
        let answer = self.answer.as_ref().ok();
        told["response"] = answer.map_or(
            Value::Null,
            |answer| json!({ "status": answer.status, "headers": answer.headers, "body": answer.body }),
        );
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_events_are_kept_and_pages_follow_their_ids() {
        let mut log = Log::default();
        for number in 0..KEPT + 5 {
            let name = if number % 2 == 0 { "even" } else { "odd" };
            log.note(&json!({ "event": name }), Timestamp::UNIX_EPOCH, Vec::new());
        }
        let ids = |told: &Value| -> Vec<u64> {
            let events = told["events"].as_array().expect("events");
            events.iter().filter_map(|event| event["id"].as_u64()).collect()
        };
        let newest = log.list(None, 2, None);
        assert_eq!(
            (ids(&newest), &newest["oldest"], &newest["newest"]),
            (vec![20_004, 20_005], &json!(6), &json!(20_005))
        );
        assert_eq!(ids(&log.list(Some(0), 2, None)), [6, 7], "what is forgotten is left out");
        assert_eq!(ids(&log.list(Some(20_000), 10, Some("odd"))), [20_002, 20_004]);
        assert!(log.get(5).is_none() && log.get(20_006).is_none());
        assert_eq!(log.get(6).map(|entry| entry.id), Some(6));
    }
}
