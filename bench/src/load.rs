//! The load: a closed loop to find how much a server takes, an open loop to find how long it makes one wait.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    events::{EventId, Signer, Stage, Writer},
    http::{Connection, Response},
    stats::Latencies,
};

/// A load whose last answers do not come within this after its end has found a server that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The open loop looks at its schedule this often. Finer costs the server's own processor time; coarser
/// would show up in the latencies, which count from the intended moment.
const PACE: Duration = Duration::from_micros(250);

/// Signed requests, made before the clock starts so that making them costs the measurement nothing.
pub(crate) struct Pool(Vec<Vec<u8>>);

impl Pool {
    /// `size` ringing events of as many calls, each exactly `body_bytes` long, signed at `now`. Servers accept a
    /// signature for minutes, so a pool must be young.
    pub(crate) fn new(size: u64, body_bytes: usize, signer: &Signer, now: Timestamp) -> anyhow::Result<Self> {
        let writer = Writer::new(now);
        let requests = (0..size).map(|call| {
            let event = EventId { call, stage: Stage::Ringing };
            let body = writer.body_of(event, body_bytes).with_context(|| {
                format!(
                    "a ringing event needs {} bytes; ask for a --body-bytes of that or more",
                    writer.body(event).len()
                )
            })?;
            Ok(signer.request(now, &body))
        });
        Ok(Self(requests.collect::<anyhow::Result<_>>()?))
    }

    /// The request with this number; numbers beyond the end begin anew.
    fn request(&self, number: u64) -> &[u8] {
        let index = number % (self.0.len() as u64).max(1);
        usize::try_from(index).ok().and_then(|index| self.0.get(index)).map_or(&[], Vec::as_slice)
    }
}

/// What became of the requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Answered 204, read to the end.
    pub(crate) acknowledged: u64,
    /// Answered otherwise, by status.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// Not answered: the connection broke.
    pub(crate) broken: u64,
}

impl Tally {
    fn count(&mut self, outcome: &io::Result<Response>) {
        match outcome {
            Ok(Response { status: 204, .. }) => self.acknowledged += 1,
            Ok(response) => *self.refused.entry(response.status).or_default() += 1,
            Err(_) => self.broken += 1,
        }
    }

    /// Adds another tally.
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.broken += other.broken;
        for (status, count) in &other.refused {
            *self.refused.entry(*status).or_default() += count;
        }
    }

    /// Requests that got no 204.
    pub(crate) fn non_204(&self) -> u64 {
        self.refused.values().sum::<u64>() + self.broken
    }
}

/// What a closed loop found.
pub(crate) struct Run {
    /// What became of the requests.
    pub(crate) tally: Tally,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
}

impl Run {
    /// Acknowledged requests per second.
    #[expect(clippy::cast_precision_loss, reason = "no run acknowledges 2^52 requests")]
    pub(crate) fn per_second(&self) -> f64 {
        self.tally.acknowledged as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

async fn connect(to: SocketAddr, connections: usize) -> anyhow::Result<Vec<Connection>> {
    let mut open = Vec::with_capacity(connections);
    for number in 1..=connections {
        let connection = Connection::open(to).await;
        open.push(connection.with_context(|| {
            format!("cannot open connection {number} of {connections} to {to}; is `ulimit -n` large enough?")
        })?);
    }
    Ok(open)
}

/// One request; opens the connection anew when it is of no more use.
async fn deliver(connection: &mut Connection, to: SocketAddr, request: &[u8]) -> io::Result<Response> {
    let outcome = connection.send(request).await;
    if outcome.as_ref().map_or(true, |response| response.closes)
        && let Ok(fresh) = Connection::open(to).await
    {
        *connection = fresh;
    }
    outcome
}

/// Every connection sends its next request as soon as it has the answer to its last: the most that a server
/// takes. Returns when all answers are read.
pub(crate) async fn closed(
    to: SocketAddr,
    pool: &Arc<Pool>,
    connections: usize,
    duration: Duration,
) -> anyhow::Result<Run> {
    let mut workers = JoinSet::new();
    let open = connect(to, connections).await?;
    let begun = Instant::now();
    for (first, mut connection) in (0u64..).zip(open) {
        let pool = Arc::clone(pool);
        workers.spawn(async move {
            let mut tally = Tally::default();
            let mut number = first;
            while begun.elapsed() < duration {
                let outcome = deliver(&mut connection, to, pool.request(number)).await;
                tally.count(&outcome);
                number += connections as u64;
            }
            tally
        });
    }
    let tallies = timeout(duration + PATIENCE, workers.join_all())
        .await
        .with_context(|| format!("{to} did not answer all requests within {PATIENCE:?}"))?;
    let took = begun.elapsed();
    let mut tally = Tally::default();
    for one in &tallies {
        tally.add(one);
    }
    Ok(Run { tally, took })
}

/// When each request of an open loop is meant to be sent: evenly, whatever the server does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    per_second: f64,
    total: u64,
}

impl Schedule {
    /// `per_second` requests each second for this long.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are positive and small"
    )]
    pub(crate) fn new(per_second: f64, duration: Duration) -> Self {
        Self { per_second, total: (per_second * duration.as_secs_f64()).floor() as u64 }
    }

    /// How long after the beginning request `number`, counted from 0, is meant to be sent.
    #[expect(clippy::cast_precision_loss, reason = "numbers are far below 2^52")]
    fn intended(&self, number: u64) -> Duration {
        Duration::from_secs_f64(number as f64 / self.per_second)
    }

    /// How long request `number` took that was answered this long after the beginning: from the moment it was
    /// meant to be sent, however much later it was sent.
    fn latency(&self, number: u64, answered: Duration) -> Duration {
        answered.saturating_sub(self.intended(number))
    }

    /// How many requests should have been sent by now.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "elapsed time is positive and small"
    )]
    fn due(&self, elapsed: Duration) -> u64 {
        ((elapsed.as_secs_f64() * self.per_second).floor() as u64 + 1).min(self.total)
    }
}

/// Sends by a schedule, and measures each latency from the moment at which its request was meant to be sent.
/// A server that stalls delays the requests behind the stalled one too, and those waits count: callers do not
/// stop calling because a server is slow (no coordinated omission).
pub(crate) async fn open(
    to: SocketAddr,
    pool: &Arc<Pool>,
    connections: usize,
    schedule: Schedule,
) -> anyhow::Result<(Tally, Latencies)> {
    let open = connect(to, connections).await?;
    let due = Arc::new(Semaphore::new(0));
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let pacer = tokio::task::spawn_blocking({
        // A thread: the runtime's timers are no finer than a millisecond.
        let due = Arc::clone(&due);
        move || {
            let mut released = 0;
            while released < schedule.total {
                let now_due = schedule.due(begun.elapsed());
                due.add_permits(usize::try_from(now_due - released).unwrap_or(usize::MAX));
                released = now_due;
                std::thread::sleep(PACE);
            }
            // One more for each, to find that nothing is left.
            due.add_permits(connections);
        }
    });
    let mut workers = JoinSet::new();
    for mut connection in open {
        let (pool, due, next) = (Arc::clone(pool), Arc::clone(&due), Arc::clone(&next));
        workers.spawn(async move {
            let mut tally = Tally::default();
            let mut latencies = Vec::new();
            while let Ok(permit) = due.acquire().await {
                permit.forget();
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= schedule.total {
                    break;
                }
                let outcome = deliver(&mut connection, to, pool.request(number)).await;
                tally.count(&outcome);
                latencies.push(schedule.latency(number, begun.elapsed()));
            }
            (tally, latencies)
        });
    }
    let patience = schedule.intended(schedule.total) + PATIENCE;
    let finished = timeout(patience, workers.join_all())
        .await
        .with_context(|| format!("{to} did not answer all requests within {PATIENCE:?}"))?;
    pacer.await.context("the pacer stopped")?;
    let mut tally = Tally::default();
    let mut latencies = Vec::new();
    for (one, its_latencies) in finished {
        tally.add(&one);
        latencies.extend(its_latencies);
    }
    Ok((tally, Latencies::new(latencies)))
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::StatusCode, routing::post};

    use super::*;
    use crate::{events::SECRET, noop, stub};

    fn pool() -> Arc<Pool> {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        Arc::new(Pool::new(64, 1_024, &Signer::new(SECRET).unwrap(), now).unwrap())
    }

    #[test]
    fn the_schedule_is_even_and_complete() {
        let schedule = Schedule::new(4.0, Duration::from_secs(2));
        assert_eq!(schedule.total, 8);
        let intended: Vec<_> = (0..3).map(|number| schedule.intended(number).as_millis()).collect();
        assert_eq!(intended, [0, 250, 500]);
        let due = [0, 249, 250, 999, 1_000, 60_000].map(|ms| schedule.due(Duration::from_millis(ms)));
        assert_eq!(due, [1, 1, 2, 4, 5, 8], "the first at once, and never more than the total");
    }

    #[test]
    fn nothing_is_released_before_its_intended_moment() {
        let schedule = Schedule::new(12_345.6, Duration::from_secs(1));
        for step in 0..4_000 {
            let elapsed = PACE * step;
            let last = schedule.due(elapsed) - 1;
            assert!(schedule.intended(last) <= elapsed + Duration::from_nanos(1), "{last} at {elapsed:?}");
        }
    }

    #[test]
    fn a_body_too_short_for_an_event_is_refused_with_the_length_it_needs() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let error = Pool::new(1, 10, &Signer::new(SECRET).unwrap(), now).err().unwrap();
        assert!(error.to_string().contains("--body-bytes"), "{error}");
    }

    #[test]
    fn a_pool_is_cycled() {
        let pool = pool();
        assert_eq!(pool.request(3), pool.request(67));
        assert_ne!(pool.request(3), pool.request(4));
    }

    #[tokio::test]
    async fn the_closed_loop_counts_every_acknowledgement() {
        let to = stub::serve(noop::router()).await;
        let run = closed(to, &pool(), 4, Duration::from_millis(50)).await.unwrap();
        assert!(run.tally.acknowledged >= 4, "{:?}", run.tally);
        assert_eq!(run.tally.non_204(), 0, "{:?}", run.tally);
        assert!(run.per_second() > 0.0);
    }

    #[tokio::test]
    async fn a_refusal_is_no_acknowledgement() {
        let busy = Router::new().route("/zoom/webhook", post(async || StatusCode::SERVICE_UNAVAILABLE));
        let run = closed(stub::serve(busy).await, &pool(), 2, Duration::from_millis(20)).await.unwrap();
        assert_eq!(run.tally.acknowledged, 0);
        assert_eq!(run.tally.refused.keys().copied().collect::<Vec<_>>(), [503]);
        assert_eq!(run.tally.non_204(), run.tally.refused[&503]);
    }

    #[tokio::test]
    async fn the_open_loop_sends_exactly_what_was_scheduled() {
        let to = stub::serve(noop::router()).await;
        let schedule = Schedule::new(500.0, Duration::from_millis(100));
        let (tally, latencies) = open(to, &pool(), 4, schedule).await.unwrap();
        assert_eq!(tally, Tally { acknowledged: 50, ..Tally::default() });
        assert!(latencies.percentile(50).is_some());
    }

    #[test]
    fn a_stall_counts_for_every_request_that_it_delays() {
        // The server answers nothing for 100 ms, then everything at once. Measured from the actual sending on
        // one connection only the first would seem slow.
        let schedule = Schedule::new(100.0, Duration::from_millis(50));
        let stalled: Vec<_> =
            (0..5).map(|number| schedule.latency(number, Duration::from_millis(100)).as_millis()).collect();
        assert_eq!(stalled, [100, 90, 80, 70, 60]);
    }
}
