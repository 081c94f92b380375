//! Virtual time: the company's time, which may run faster than life.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Maps the runtime's monotonic time to the company's. Under tokio's paused time it is paused too.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: Timestamp,
    began: Instant,
    speed: f64,
}

impl Clock {
    /// A clock that shows `start` now and then `speed` seconds more with every second.
    pub(crate) fn new(start: Timestamp, speed: f64) -> Self {
        Self { start, began: Instant::now(), speed }
    }

    /// What it showed when the emulator began.
    pub(crate) fn start(&self) -> Timestamp {
        self.start
    }

    pub(crate) fn now(&self) -> Timestamp {
        let passed = Duration::try_from_secs_f64(self.began.elapsed().as_secs_f64() * self.speed);
        let passed = passed.ok().and_then(|passed| SignedDuration::try_from(passed).ok());
        passed.and_then(|passed| self.start.checked_add(passed).ok()).unwrap_or(Timestamp::MAX)
    }

    /// Real time until the clock shows `at`; zero when it already does.
    pub(crate) fn until(&self, at: Timestamp) -> Duration {
        let virtual_seconds = at.duration_since(self.now()).as_secs_f64();
        Duration::try_from_secs_f64(virtual_seconds / self.speed).unwrap_or_default()
    }

    /// Waits for so much virtual time.
    pub(crate) async fn sleep(&self, virtual_time: Duration) {
        let real = Duration::try_from_secs_f64(virtual_time.as_secs_f64() / self.speed);
        tokio::time::sleep(real.unwrap_or(Duration::MAX)).await;
    }
}

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

    #[tokio::test(start_paused = true)]
    async fn virtual_time_runs_at_the_given_speed() {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a valid time");
        let clock = Clock::new(start, 60.0);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(text(clock.now()), "2026-11-22T10:02:00Z");
        let later = clock.now() + SignedDuration::from_secs(120);
        assert_eq!(clock.until(later), Duration::from_secs(2));
        assert_eq!(clock.until(start), Duration::ZERO);
        let before = Instant::now();
        clock.sleep(Duration::from_mins(5)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(5));
    }
}
