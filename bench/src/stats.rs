//! What a list of latencies amounts to.

use std::time::Duration;

/// Latencies, in order.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Sorts them.
    pub(crate) fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// The smallest latency that at least `percent` of all do not exceed (nearest rank, no interpolation: it
    /// is one that was measured). `None` when nothing was measured.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).or(self.0.last()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl Iterator<Item = u64>) -> Latencies {
        Latencies::new(millis.map(Duration::from_millis).collect())
    }

    #[test]
    fn a_percentile_is_the_nearest_rank_of_the_sorted_latencies() {
        let hundred = of((1..=100).rev());
        assert_eq!(hundred.percentile(50), Some(Duration::from_millis(50)));
        assert_eq!(hundred.percentile(99), Some(Duration::from_millis(99)));
        assert_eq!(hundred.percentile(100), Some(Duration::from_millis(100)));
        assert_eq!(of(1..=5).percentile(50), Some(Duration::from_millis(3)));
        assert_eq!(of(1..=4).percentile(99), Some(Duration::from_millis(4)));
    }

    #[test]
    fn one_latency_is_every_percentile_and_none_has_none() {
        assert_eq!(of(7..8).percentile(0), Some(Duration::from_millis(7)));
        assert_eq!(of(7..8).percentile(99), Some(Duration::from_millis(7)));
        assert_eq!(of(0..0).percentile(50), None);
    }
}
