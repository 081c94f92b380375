//! Virtual time: the company's time, which may run faster than life, stand still, or jump.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

/// The greatest speed, in virtual seconds per second: at more, a company's day takes less time than playing it.
pub const FASTEST: f64 = 100_000.0;

/// Maps the runtime's monotonic time to the company's. Under tokio's paused time it is paused too.
/// Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: Timestamp,
    hands: Arc<Mutex<Hands>>,
    /// Tells sleepers that somebody turned the hands.
    turned: Arc<watch::Sender<()>>,
}

/// What it showed when, and how fast it has gone since.
#[derive(Debug, Clone, Copy)]
struct Hands {
    shown: Timestamp,
    at: Instant,
    speed: f64,
    paused: bool,
}

impl Hands {
    fn now(&self) -> Timestamp {
        if self.paused {
            return self.shown;
        }
        let passed = Duration::try_from_secs_f64(self.at.elapsed().as_secs_f64() * self.speed);
        let passed = passed.ok().and_then(|passed| SignedDuration::try_from(passed).ok());
        passed.and_then(|passed| self.shown.checked_add(passed).ok()).unwrap_or(Timestamp::MAX)
    }

    /// Real time until it shows `at`; `None` while it stands still.
    fn until(&self, at: Timestamp) -> Option<Duration> {
        let missing = at.duration_since(self.now()).as_secs_f64();
        if missing <= 0.0 {
            return Some(Duration::ZERO);
        }
        (!self.paused).then(|| Duration::try_from_secs_f64(missing / self.speed).unwrap_or(Duration::MAX))
    }
}

impl Clock {
    /// A clock that shows `start` now and then `speed` seconds more with every second; with 0 it stands still.
    pub(crate) fn new(start: Timestamp, speed: f64) -> Self {
        let paused = speed <= 0.0;
        let speed = if paused { 1.0 } else { speed };
        let hands = Hands { shown: start, at: Instant::now(), speed, paused };
        Self { start, hands: Arc::new(Mutex::new(hands)), turned: Arc::new(watch::Sender::new(())) }
    }

    fn lock(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it showed when the emulator began.
    pub(crate) fn start(&self) -> Timestamp {
        self.start
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.lock().now()
    }

    /// Virtual seconds in a second; 0 while it stands still.
    pub(crate) fn speed(&self) -> f64 {
        let hands = self.lock();
        if hands.paused { 0.0 } else { hands.speed }
    }

    /// Waits until it shows `at`, however it gets there.
    pub(crate) async fn sleep_until(&self, at: Timestamp) {
        let mut turned = self.turned.subscribe();
        loop {
            let real = match self.lock().until(at) {
                Some(Duration::ZERO) => return,
                real => real,
            };
            let nap = async {
                match real {
                    // Timers have whole milliseconds; one that is early sleeps again.
                    Some(real) => tokio::time::sleep(real.min(LONGEST_NAP)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = nap => {}
                // The sender lives as long as this clock.
                _ = turned.changed() => {}
            }
        }
    }

    /// Puts the hands forward; a clock that shows `at` or later already is left alone.
    pub(crate) fn forward(&self, at: Timestamp) {
        self.turn(|hands| hands.shown = hands.shown.max(at));
    }

    /// Puts the hands to any time, also back.
    pub(crate) fn set(&self, at: Timestamp) {
        self.turn(|hands| hands.shown = at);
    }

    /// Changes the speed, from now on; 0 lets it stand still. From 0 to [`FASTEST`].
    pub(crate) fn set_speed(&self, speed: f64) {
        self.turn(|hands| {
            hands.paused = speed <= 0.0;
            if !hands.paused {
                hands.speed = speed;
            }
        });
    }

    /// Stands still, or goes on at the speed that it had before.
    pub(crate) fn pause(&self, paused: bool) {
        self.turn(|hands| hands.paused = paused);
    }

    fn turn(&self, turn: impl FnOnce(&mut Hands)) {
        let mut hands = self.lock();
        (hands.shown, hands.at) = (hands.now(), Instant::now());
        turn(&mut hands);
        drop(hands);
        self.turned.send_replace(());
    }
}

/// tokio's timers reach about two years.
const LONGEST_NAP: Duration = Duration::from_hours(24 * 365);

/// Real time, for the things that a receiver or a library start compares with its own clock.
#[expect(clippy::disallowed_methods, reason = "the one place where the emulator reads the machine's clock")]
pub(crate) fn wall_clock() -> Timestamp {
    Timestamp::now()
}

/// Zoom's time text: UTC, whole seconds.
pub(crate) fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().expect("a valid time")
    }

    #[tokio::test(start_paused = true)]
    async fn virtual_time_runs_at_the_given_speed() {
        let clock = Clock::new(start(), 60.0);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(text(clock.now()), "2026-11-22T10:02:00Z");
        let before = Instant::now();
        clock.sleep_until(clock.now() + SignedDuration::from_mins(5)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(5));
        clock.sleep_until(start()).await;
        assert_eq!(before.elapsed(), Duration::from_secs(5), "what is past is not waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_of_speed_counts_from_now_on_and_a_pause_stops_the_hands() {
        let clock = Clock::new(start(), 60.0);
        tokio::time::advance(Duration::from_secs(1)).await;
        clock.set_speed(3600.0);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(text(clock.now()), "2026-11-22T11:01:00Z");
        clock.pause(true);
        assert!(clock.speed() <= 0.0);
        tokio::time::advance(Duration::from_secs(100)).await;
        assert_eq!(text(clock.now()), "2026-11-22T11:01:00Z");
        clock.pause(false);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(text(clock.now()), "2026-11-22T12:01:00Z", "as fast as before the pause");
    }

    #[tokio::test(start_paused = true)]
    async fn sleepers_wake_when_the_hands_are_put_past_their_time() {
        let clock = Clock::new(start(), 0.0);
        let sleeper = {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep_until(start() + SignedDuration::from_hours(2)).await })
        };
        clock.forward(start() + SignedDuration::from_hours(1));
        tokio::time::sleep(Duration::from_hours(10)).await;
        assert!(!sleeper.is_finished());
        clock.forward(start() + SignedDuration::from_hours(3));
        sleeper.await.expect("it woke");
        clock.forward(start());
        assert_eq!(text(clock.now()), "2026-11-22T13:00:00Z", "never backwards");
    }
}
