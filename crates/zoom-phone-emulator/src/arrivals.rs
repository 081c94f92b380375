//! When the next call comes, and which kind it is.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::scenario::Scenario;
use crate::world::file::Traffic;

/// The random process by which calls arrive. It follows from the seed alone, however often it is looked at.
pub(crate) struct Arrivals {
    seed: u64,
    pub(crate) dice: Dice,
    rate: Rate,
    /// The kinds of calls with their shares.
    shares: Vec<(Scenario, f64)>,
    pub(crate) next: Option<Timestamp>,
}

enum Rate {
    /// So many calls in every minute.
    Even(f64),
    /// As the hour and the day of the week are.
    ByTheHour(Box<Curve>),
}

/// Calls in each hour of a working day, what each day from Monday on has of that, and where.
struct Curve {
    per_hour: [f64; 24],
    weekdays: [f64; 7],
    zone: TimeZone,
}

/// How far the process has come.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedArrivals {
    dice: Dice,
    next: Option<Timestamp>,
}

impl Arrivals {
    /// The same at all times.
    pub(crate) fn even(seed: u64, per_minute: f64) -> Self {
        Self::new(seed, Rate::Even(per_minute), &Traffic::default())
    }

    /// As the company file says, by the clock of this IANA time zone.
    pub(crate) fn by_the_hour(seed: u64, traffic: &Traffic, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let (per_hour, weekdays) = (traffic.calls_per_hour, traffic.weekdays);
        Self::new(seed, Rate::ByTheHour(Box::new(Curve { per_hour, weekdays, zone })), traffic)
    }

    /// None yet, by dice of their own.
    pub(crate) fn beside(&self, stream: u64) -> Self {
        Self { dice: Dice::new(self.seed, stream), ..Self::even(self.seed, 0.0) }
    }

    /// From now on so many arrive in a minute, evenly.
    pub(crate) fn becomes(&mut self, per_minute: f64) {
        self.rate = Rate::Even(per_minute);
    }

    fn new(seed: u64, rate: Rate, traffic: &Traffic) -> Self {
        let shares = Scenario::ALL.iter().map(|&scenario| {
            let own = traffic.shares.get(scenario.name());
            (scenario, own.copied().unwrap_or_else(|| scenario.weight()))
        });
        Self { seed, dice: Dice::new(seed, 1), rate, shares: shares.collect(), next: None }
    }

    /// Calls arrive from `at` on; when the next one comes is known already if it was restored.
    pub(crate) fn open(&mut self, at: Timestamp) {
        if self.next.is_none() {
            self.next = self.after(at);
        }
    }

    /// What a snapshot keeps; the rest is configuration.
    pub(crate) fn save(&self) -> SavedArrivals {
        SavedArrivals { dice: self.dice.clone(), next: self.next }
    }

    /// Goes on from what was saved.
    pub(crate) fn restore(&mut self, saved: SavedArrivals) {
        (self.dice, self.next) = (saved.dice, saved.next);
    }

    /// The call that arrives at `at`; the next one is known from now on.
    pub(crate) fn take(&mut self, at: Timestamp) -> Scenario {
        let scenario = self.draw();
        self.next = self.after(at);
        scenario
    }

    fn draw(&mut self) -> Scenario {
        let total: f64 = self.shares.iter().map(|(_, share)| share).sum();
        let mut left = self.dice.fraction() * total;
        for &(scenario, share) in &self.shares {
            if left < share {
                return scenario;
            }
            left -= share;
        }
        Scenario::QueueAnswered
    }

    /// Candidates come at the greatest rate that there is, and as many are dropped as the hour has fewer.
    fn after(&mut self, at: Timestamp) -> Option<Timestamp> {
        let greatest = self.greatest();
        if greatest <= 0.0 {
            return None;
        }
        let mut at = at;
        loop {
            let seconds = self.dice.seconds_to_next(greatest);
            let gap = SignedDuration::try_from_secs_f64(seconds).ok()?;
            // Whole milliseconds, the resolution of `event_ts`.
            let gap = SignedDuration::from_millis(i64::try_from(gap.as_millis()).ok()?);
            at = at.checked_add(gap).ok()?;
            let Rate::ByTheHour(curve) = &self.rate else { return Some(at) };
            let Curve { per_hour, weekdays, zone } = &**curve;
            let local = at.to_zoned(zone.clone());
            let hour = usize::try_from(local.hour()).unwrap_or_default();
            let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default();
            let now = per_hour.get(hour).copied().unwrap_or_default()
                * weekdays.get(day).copied().unwrap_or_default()
                / 60.0;
            if self.dice.share(now / greatest) {
                return Some(at);
            }
        }
    }

    /// Calls in a minute when most come.
    fn greatest(&self) -> f64 {
        match &self.rate {
            Rate::Even(per_minute) => *per_minute,
            Rate::ByTheHour(curve) => {
                let most = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
                most(&curve.per_hour) * most(&curve.weekdays) / 60.0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_come_by_the_hours_and_days_of_the_company() {
        let mut traffic = Traffic { calls_per_hour: [0.0; 24], weekdays: [0.0; 7], ..Traffic::default() };
        (traffic.calls_per_hour[9], traffic.calls_per_hour[10]) = (600.0, 60.0);
        (traffic.weekdays[0], traffic.weekdays[1]) = (1.0, 0.5);
        let mut arrivals = Arrivals::by_the_hour(7, &traffic, "Europe/Berlin");
        // 22 November 2026 is a Sunday; Berlin is an hour ahead of UTC.
        arrivals.open("2026-11-22T00:00:00Z".parse().expect("a valid time"));
        let mut counts = [0, 0, 0, 0];
        let end: Timestamp = "2026-11-25T00:00:00Z".parse().expect("a valid time");
        while let Some(at) = arrivals.next.filter(|&at| at < end) {
            arrivals.take(at);
            let nth = ["2026-11-23T08", "2026-11-23T09", "2026-11-24T08", "2026-11-24T09"]
                .iter()
                .position(|hour| at.to_string().starts_with(hour));
            counts[nth.unwrap_or_else(|| panic!("nobody calls at {at}"))] += 1;
        }
        assert!((540..660).contains(&counts[0]), "{counts:?}");
        assert!((35..90).contains(&counts[1]), "{counts:?}");
        assert!((240..360).contains(&counts[2]), "{counts:?}");
        assert!((10..55).contains(&counts[3]), "{counts:?}");
    }
}
