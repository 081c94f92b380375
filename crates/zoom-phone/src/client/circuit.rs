//! A host that fails again and again is left alone for a while, so that nobody waits for what cannot come and
//! the host has room to recover.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row, on whatever requests, that open the circuit.
const FAILURES: u32 = 8;
/// How long it stays open the first time; doubled after each failed probe.
const FIRST: Duration = Duration::from_secs(1);
/// The longest that it stays open, before jitter.
const LONGEST: Duration = Duration::from_mins(1);
/// Jitter: up to this part of the time on top, so that many clients do not probe together.
const JITTER: f64 = 0.25;
/// A probe that is not heard of after this time is taken for lost (its caller went away), and the next may go.
const PROBE: Duration = Duration::from_secs(30);

/// The circuit of one host. Closed, it lets everything through; open, nothing until a time, then one probe.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    open: Option<Opened>,
}

#[derive(Debug)]
struct Opened {
    /// The next request may go then.
    until: Instant,
    /// How long it was opened for, before jitter.
    wait: Duration,
    /// A probe is under way.
    probing: bool,
}

/// The host is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    /// Ask again then.
    pub(super) until: Instant,
    /// Unless the probe that is under way succeeds before.
    pub(super) probing: bool,
}

impl Circuit {
    /// Whether a request may be sent now. Each request that may must be told to [`record`](Self::record).
    pub(super) fn allow(&mut self, now: Instant) -> Result<(), Open> {
        if let Some(open) = self.look(now) {
            return Err(open);
        }
        if let Some(open) = &mut self.open {
            open.probing = true;
            open.until = now + PROBE;
        }
        Ok(())
    }

    /// As [`allow`](Self::allow), without sending anything.
    pub(super) fn look(&self, now: Instant) -> Option<Open> {
        let open = self.open.as_ref().filter(|open| now < open.until)?;
        Some(Open { until: open.until, probing: open.probing })
    }

    /// The host began to answer: closed, but a failure before the end counts on top of those before.
    pub(super) fn answered(&mut self) {
        self.open = None;
    }

    /// How a request ended. `ok`: the host answered, with anything but a 5xx; an answer 4xx is the host at work.
    pub(super) fn record(&mut self, ok: bool, now: Instant) {
        self.record_with(ok, now, rand::random());
    }

    /// `dice` is from 0 to 1.
    fn record_with(&mut self, ok: bool, now: Instant, dice: f64) {
        if ok {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let wait = match &self.open {
            // A request from before the circuit opened tells nothing new.
            Some(open) if !open.probing => return,
            Some(open) => (open.wait * 2).min(LONGEST),
            None if self.failures < FAILURES => return,
            None => FIRST,
        };
        self.open = Some(Opened { until: now + wait + wait.mul_f64(JITTER * dice), wait, probing: false });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn opened(now: Instant) -> Circuit {
        let mut circuit = Circuit::default();
        for _ in 0..FAILURES {
            assert_eq!(circuit.allow(now), Ok(()));
            circuit.record_with(false, now, 0.0);
        }
        circuit
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_success_between_does_not_let_them_add_up() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        for _ in 0..3 {
            for _ in 1..FAILURES {
                circuit.record(false, now);
            }
            assert_eq!(circuit.allow(now), Ok(()));
            circuit.record(true, now);
        }
        assert_eq!(opened(now).allow(now), Err(Open { until: now + FIRST, probing: false }));
    }

    #[test]
    fn after_its_time_one_probe_goes_and_a_success_closes_it() {
        let now = Instant::now();
        let mut circuit = opened(now);
        let later = now + FIRST;
        assert_eq!(circuit.allow(later - MS), Err(Open { until: later, probing: false }));
        assert_eq!(circuit.allow(later), Ok(()));
        assert_eq!(circuit.allow(later), Err(Open { until: later + PROBE, probing: true }));
        circuit.record(true, later);
        assert_eq!(circuit.allow(later), Ok(()));
        assert_eq!(circuit.allow(later), Ok(()));
    }

    #[test]
    fn each_failed_probe_doubles_the_time_up_to_the_longest() {
        let mut now = Instant::now();
        let mut circuit = opened(now);
        let mut waits = Vec::new();
        for _ in 0..9 {
            let Err(Open { until, .. }) = circuit.allow(now) else { panic!("it must be open") };
            waits.push((until - now).as_secs());
            now = until;
            assert_eq!(circuit.allow(now), Ok(()));
            circuit.record_with(false, now, 0.0);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn requests_from_before_it_opened_neither_prolong_nor_double_it() {
        let now = Instant::now();
        let mut circuit = opened(now);
        circuit.record(false, now + FIRST / 2);
        assert_eq!(circuit.allow(now + FIRST / 2), Err(Open { until: now + FIRST, probing: false }));
    }

    #[test]
    fn a_probe_that_is_never_heard_of_does_not_keep_it_open() {
        let now = Instant::now();
        let mut circuit = opened(now);
        assert_eq!(circuit.allow(now + FIRST), Ok(()));
        assert_eq!(circuit.allow(now + FIRST + PROBE), Ok(()));
    }

    proptest! {
        /// A dead host sees few requests, yet is asked again soon after it comes back.
        #[test]
        fn a_dead_host_is_asked_rarely_and_found_again(dice in 0.0..1.0_f64, minutes in 2..60_u32) {
            let start = Instant::now();
            let end = start + Duration::from_mins(1) * minutes;
            let (mut circuit, mut now, mut sent) = (Circuit::default(), start, 0);
            while now < end {
                if circuit.allow(now).is_ok() {
                    sent += 1;
                    circuit.record_with(false, now, dice);
                }
                now += 100 * MS;
            }
            prop_assert!(sent <= FAILURES + 6 + minutes, "{sent} requests");
            let found = match circuit.allow(now) {
                Ok(()) => now,
                Err(open) => open.until,
            };
            prop_assert!(found - now <= LONGEST.mul_f64(1.0 + JITTER));
            if found > now {
                prop_assert_eq!(circuit.allow(found), Ok(()));
            }
            circuit.record(true, found);
            prop_assert_eq!(circuit.allow(found), Ok(()));
        }
    }
}
