//! What the server kept, read through its API and compared with what it was sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinSet;

use super::ledger::Ledger;
use crate::{
    events::{EventId, Stage, TALK_SECONDS, Writer, call_id, call_of},
    http::Connection,
};

/// Connections that ask for calls.
const READERS: usize = 4;
/// How many problems are described.
const EXAMPLES: usize = 10;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Audit {
    /// Distinct events in the inbox.
    pub(crate) stored: u64,
    /// Entries in the inbox, repetitions included.
    pub(crate) entries: u64,
    /// Acknowledged events that are not in the inbox as they were sent.
    pub(crate) lost: u64,
    /// Inbox entries beyond the number of times that their event was sent, and calls that are listed twice
    /// or in which an event counts twice.
    pub(crate) doubled: u64,
    /// Calls with events in the inbox that the read models do not show, or not with all their events.
    pub(crate) unfolded: u64,
    /// Calls in the read models.
    pub(crate) folded_calls: u64,
    /// The first problems, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) examples: Vec<String>,
}

#[derive(Deserialize)]
struct EventsPage {
    events: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    seq: u64,
    body: Value,
}

#[derive(Deserialize)]
struct CallsPage {
    calls: Vec<Listed>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

/// A call as the server shows it, as far as it is compared.
#[derive(Debug, Deserialize)]
struct Call {
    state: String,
    legs: Vec<Leg>,
    timeline: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Leg {
    state: String,
    attempts: u32,
    talk_seconds: Option<i64>,
}

impl Audit {
    /// Reads the whole inbox and every call.
    pub(crate) async fn of(to: SocketAddr, ledger: &Ledger, writer: Writer) -> anyhow::Result<Self> {
        let mut audit = Self::default();
        let stored = audit.inbox(to, ledger, writer).await?;
        let listed = listed_calls(to).await?;
        audit.calls(to, &stored, &listed).await?;
        Ok(audit)
    }

    fn example(&mut self, what: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(what());
        }
    }

    /// Compares the inbox with the ledger. Returns which steps of each call are stored.
    async fn inbox(
        &mut self,
        to: SocketAddr,
        ledger: &Ledger,
        writer: Writer,
    ) -> anyhow::Result<BTreeMap<u64, BTreeSet<Stage>>> {
        let mut copies: BTreeMap<EventId, u64> = BTreeMap::new();
        let mut connection = Connection::open(to).await.context("cannot ask the server what it kept")?;
        let mut after = 0;
        loop {
            let page: EventsPage =
                get(&mut connection, &format!("/api/v1/events?after={after}&limit=1000")).await?;
            let Some(last) = page.events.last() else { break };
            ensure!(last.seq > after, "/api/v1/events?after={after} answers with entry {}", last.seq);
            after = last.seq;
            for entry in page.events {
                self.entries += 1;
                if let Some(event) = identify(&entry.body, writer) {
                    *copies.entry(event).or_default() += 1;
                } else {
                    // Whatever this is, nobody sent it. If it is a damaged event, that one is missing.
                    self.doubled += 1;
                    self.example(|| format!("inbox entry {} was never sent like that", entry.seq));
                }
            }
        }
        self.stored = copies.len() as u64;
        for (event, copies) in &copies {
            let sent = ledger.sent_of(*event).times;
            if *copies > sent {
                self.doubled += copies - sent;
                self.example(|| format!("{event} was sent {sent} times and stored {copies} times"));
            }
        }
        for (event, sent) in ledger.events() {
            if sent.acknowledged && !copies.contains_key(&event) {
                self.lost += 1;
                self.example(|| format!("{event} was acknowledged and is not in the inbox"));
            }
        }
        let mut stored: BTreeMap<u64, BTreeSet<Stage>> = BTreeMap::new();
        for event in copies.keys() {
            stored.entry(event.call).or_default().insert(event.stage);
        }
        Ok(stored)
    }

    /// Compares the read models with the inbox.
    async fn calls(
        &mut self,
        to: SocketAddr,
        stored: &BTreeMap<u64, BTreeSet<Stage>>,
        listed: &BTreeMap<String, u64>,
    ) -> anyhow::Result<()> {
        self.folded_calls = listed.values().sum();
        for (id, times) in listed {
            let known = call_of(id).is_some_and(|call| stored.contains_key(&call));
            let surplus = if known { times - 1 } else { *times };
            if surplus > 0 {
                self.doubled += surplus;
                self.example(|| format!("call {id} is listed {times} times, {surplus} too many"));
            }
        }
        let unlisted = stored.keys().filter(|call| !listed.contains_key(&call_id(**call)));
        for call in unlisted {
            self.unfolded += 1;
            self.example(|| format!("call {} has events in the inbox and is not listed", call_id(*call)));
        }
        let expected: Arc<Vec<(u64, BTreeSet<Stage>)>> = Arc::new(
            stored
                .iter()
                .filter(|(call, _)| listed.contains_key(&call_id(**call)))
                .map(|(call, stages)| (*call, stages.clone()))
                .collect(),
        );
        let mut readers = JoinSet::new();
        for reader in 0..READERS {
            let expected = Arc::clone(&expected);
            readers.spawn(async move {
                let mut connection = Connection::open(to).await?;
                let mut found = Vec::new();
                for (call, stages) in expected.iter().skip(reader).step_by(READERS) {
                    let id = call_id(*call);
                    let shown: Call = get(&mut connection, &format!("/api/v1/calls/{id}")).await?;
                    found.extend(compare(&shown, stages).map(|difference| (id, difference)));
                }
                anyhow::Ok(found)
            });
        }
        for found in readers.join_all().await {
            for (id, difference) in found.context("cannot read every call")? {
                let problem = match difference {
                    Difference::Doubled(problem) => {
                        self.doubled += 1;
                        problem
                    }
                    Difference::Unfolded(problem) => {
                        self.unfolded += 1;
                        problem
                    }
                };
                self.example(|| format!("call {id} {problem}"));
            }
        }
        Ok(())
    }
}

async fn listed_calls(to: SocketAddr) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut listed: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut connection = Connection::open(to).await.context("cannot ask the server for its calls")?;
    let mut path = "/api/v1/calls?limit=500".to_owned();
    loop {
        let page: CallsPage = get(&mut connection, &path).await?;
        for call in page.calls {
            *listed.entry(call.id).or_default() += 1;
        }
        let Some(cursor) = page.next_cursor else { return Ok(listed) };
        path = format!("/api/v1/calls?limit=500&cursor={}", escape(&cursor));
        ensure!(seen.insert(cursor), "/api/v1/calls leads in a circle: {path}");
    }
}

/// A cursor is opaque: in a query everything but letters, digits and `-._~` is written as `%XX`.
fn escape(cursor: &str) -> String {
    cursor
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

async fn get<T: for<'de> Deserialize<'de>>(connection: &mut Connection, path: &str) -> anyhow::Result<T> {
    let response = connection.get(path).await.with_context(|| format!("cannot read {path}"))?;
    ensure!(
        response.status == 200,
        "{path} answers {}: {}",
        response.status,
        String::from_utf8_lossy(&response.body)
    );
    serde_json::from_slice(&response.body).with_context(|| format!("{path} answers something unexpected"))
}

/// Which event this is, if it is, in every field, one that was sent.
fn identify(body: &Value, writer: Writer) -> Option<EventId> {
    let name = body.get("event")?.as_str()?;
    let stage = Stage::ALL.into_iter().find(|stage| stage.name() == name)?;
    let call = call_of(body.pointer("/payload/object/call_id")?.as_str()?)?;
    let event = EventId { call, stage };
    (serde_json::from_slice::<Value>(&writer.body(event)).ok()? == *body).then_some(event)
}

/// How a call differs from what its stored events amount to.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    /// Something counts twice.
    Doubled(String),
    /// Something is missing.
    Unfolded(String),
}

fn compare(shown: &Call, stages: &BTreeSet<Stage>) -> Option<Difference> {
    let (told, expected) = (shown.timeline.len(), stages.len());
    if told > expected {
        return Some(Difference::Doubled(format!("tells {told} events and has {expected}")));
    }
    if told < expected {
        return Some(Difference::Unfolded(format!("tells {told} events and has {expected}")));
    }
    let [leg] = shown.legs.as_slice() else {
        let problem = format!("has {} legs, not 1", shown.legs.len());
        let none = shown.legs.is_empty();
        return Some(if none { Difference::Unfolded(problem) } else { Difference::Doubled(problem) });
    };
    if leg.attempts != 1 {
        return Some(Difference::Doubled(format!("rang {} times, not once", leg.attempts)));
    }
    let last = stages.last().copied().unwrap_or(Stage::Ringing);
    let state = match last {
        Stage::Ringing => "ringing",
        Stage::Answered => "talking",
        Stage::Ended => "ended",
    };
    if shown.state != state || leg.state != state {
        return Some(Difference::Unfolded(format!(
            "is {} and its leg {}, after {} it should be {state}",
            shown.state,
            leg.state,
            last.name()
        )));
    }
    let talk = (last == Stage::Ended).then_some(TALK_SECONDS);
    if leg.talk_seconds != talk {
        return Some(Difference::Doubled(format!("counts {:?} s of talk, not {talk:?}", leg.talk_seconds)));
    }
    None
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::stub::{self, Stub};

    fn writer() -> Writer {
        Writer::new("2026-11-22T12:00:00Z".parse().unwrap())
    }

    /// A run of 300 requests, all stored and acknowledged.
    fn run() -> (Stub, Ledger) {
        let (stub, mut ledger) = (Stub::default(), Ledger::new(ChaCha8Rng::seed_from_u64(3)));
        for _ in 0..300 {
            let event = ledger.next();
            stub.store(&writer().body(event));
            ledger.acknowledge(event);
        }
        (stub, ledger)
    }

    async fn audit(stub: &Stub, ledger: &Ledger) -> Audit {
        Audit::of(stub::serve(stub.router()).await, ledger, writer()).await.unwrap()
    }

    #[tokio::test]
    async fn a_faultless_server_passes() {
        let (stub, ledger) = run();
        let audit = audit(&stub, &ledger).await;
        assert_eq!((audit.lost, audit.doubled, audit.unfolded), (0, 0, 0), "{:?}", audit.examples);
        assert_eq!((audit.entries, audit.stored), (300, ledger.acknowledged()));
    }

    #[tokio::test]
    async fn an_acknowledged_event_that_is_not_stored_is_lost() {
        let (stub, mut ledger) = run();
        let fresh = std::iter::repeat_with(|| {
            let event = ledger.next();
            (event, ledger.sent_of(event).times)
        })
        .find(|(_, times)| *times == 1);
        ledger.acknowledge(fresh.unwrap().0);
        assert_eq!(audit(&stub, &ledger).await.lost, 1);
    }

    #[tokio::test]
    async fn an_event_stored_damaged_is_lost_and_its_entry_and_its_call_are_nobodys() {
        let (stub, ledger) = run();
        let once = ledger.events().find(|(_, sent)| sent.times == 1).unwrap().0;
        stub.damage(&writer().body(once));
        let audit = audit(&stub, &ledger).await;
        assert_eq!((audit.lost, audit.doubled), (1, 2), "{:?}", audit.examples);
    }

    #[tokio::test]
    async fn more_copies_than_were_sent_are_doubled_and_as_many_are_not() {
        let (stub, ledger) = run();
        assert!(ledger.events().any(|(_, sent)| sent.times > 1), "the run has repetitions");
        stub.store(&writer().body(EventId { call: 0, stage: Stage::Ringing }));
        let audit = audit(&stub, &ledger).await;
        assert_eq!((audit.lost, audit.doubled, audit.unfolded), (0, 1, 0), "{:?}", audit.examples);
    }

    #[tokio::test]
    async fn a_fold_that_counts_repetitions_is_doubled() {
        let (mut stub, ledger) = run();
        stub.folds_twice = true;
        let repeated: BTreeSet<_> =
            ledger.events().filter(|(_, sent)| sent.times > 1).map(|(event, _)| event.call).collect();
        let audit = audit(&stub, &ledger).await;
        assert_eq!((audit.doubled, audit.unfolded), (repeated.len() as u64, 0), "{:?}", audit.examples);
    }

    #[tokio::test]
    async fn a_call_listed_twice_is_doubled_and_one_not_listed_unfolded() {
        let (mut stub, ledger) = run();
        stub.lists_twice = Some(0);
        stub.hides = Some(1);
        let audit = audit(&stub, &ledger).await;
        assert_eq!((audit.lost, audit.doubled, audit.unfolded), (0, 1, 1), "{:?}", audit.examples);
    }

    #[test]
    fn a_call_in_the_wrong_state_is_unfolded() {
        let shown = Call {
            state: "ringing".to_owned(),
            legs: vec![Leg { state: "ringing".to_owned(), attempts: 1, talk_seconds: None }],
            timeline: vec![Value::Null, Value::Null],
        };
        let difference = compare(&shown, &BTreeSet::from([Stage::Ringing, Stage::Ended]));
        assert!(matches!(difference, Some(Difference::Unfolded(_))), "{difference:?}");
    }

    #[test]
    fn a_cursor_survives_the_query() {
        assert_eq!(escape("2026-11-22T12:00:00Z|a+b/c="), "2026-11-22T12%3A00%3A00Z%7Ca%2Bb%2Fc%3D");
    }
}
