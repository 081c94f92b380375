//! How much of a run is left. Pure.

use std::time::Duration;

use offhook_store::{SyncKindProgress, SyncRequests, SyncRun};
use zoom_phone::quota::{Budget, RateLabel};

use super::{
    Kind,
    kind::{Item, label_of},
    requests,
};

/// Rows of a page.
const PAGE: u64 = 300;

/// What is left of a run, as far as that can be told by now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// Requests that are yet to come.
    pub(crate) left: SyncRequests,
    /// How much of it is done, 0 to 100: requests made, of all.
    pub(crate) percent: f64,
    /// Until its end, if nothing else uses the quota. `None` where the quota is not known.
    pub(crate) time: Option<Duration>,
}

/// Looks at a run. `share`: how many HEAVY requests of a day it may come up to.
pub(crate) fn estimate(run: &SyncRun, budget: Option<Budget>, share: u64) -> Estimate {
    if run.ended.is_some() {
        return Estimate { left: SyncRequests::default(), percent: 100.0, time: Some(Duration::ZERO) };
    }
    let mut left = SyncRequests::default();
    let mut add = |label, count| {
        let more = requests(label, count);
        left.light += more.light;
        left.medium += more.medium;
        left.heavy += more.heavy;
    };
    for progress in &run.kinds {
        let Some(kind) = Kind::of(&progress.kind) else { continue };
        let rows = rows_to_come(progress);
        let at_least = progress.waiting;
        add(kind.label(), rows.div_ceil(PAGE).max(at_least));
        if let Some(item) = kind.item() {
            add(item.label(), rows);
        }
    }
    for progress in &run.items {
        if let Some(item) = Item::of(&progress.kind) {
            add(label_of(item.operation()), progress.due - progress.not_ready);
        }
    }
    let made = run.requests.light + run.requests.medium + run.requests.heavy;
    let all = made + left.light + left.medium + left.heavy;
    #[expect(clippy::cast_precision_loss, reason = "a percentage to look at")]
    let percent = if all == 0 { 0.0 } else { made as f64 * 100.0 / all as f64 };
    Estimate { left, percent, time: budget.map(|budget| time(left, budget, share)) }
}

/// Rows of the windows that wait, by what Zoom said, else by how dense those are that are read.
fn rows_to_come(progress: &SyncKindProgress) -> u64 {
    let by_density =
        u128::from(progress.rows) * u128::from(progress.waiting_ms) / u128::from(progress.done_ms.max(1));
    let by_density = if progress.done_ms == 0 { 0 } else { u64::try_from(by_density).unwrap_or(u64::MAX) };
    by_density.max(progress.rows_to_come)
}

fn time(left: SyncRequests, budget: Budget, share: u64) -> Duration {
    let at_rate = |count: u64, label| {
        let rate = u64::from(budget.limits.of(label)).max(1);
        Duration::from_millis(count.saturating_mul(1000) / rate)
    };
    let today = share.saturating_sub(budget.used_today);
    let heavy = if left.heavy <= today {
        at_rate(left.heavy, RateLabel::Heavy)
    } else {
        let later = left.heavy - today;
        let days = later.div_ceil(share.max(1)) - 1;
        let last = later - days * share;
        budget.day_ends_in
            + Duration::from_hours(24) * u32::try_from(days).unwrap_or(u32::MAX)
            + at_rate(last, RateLabel::Heavy)
    };
    heavy.max(at_rate(left.light, RateLabel::Light)).max(at_rate(left.medium, RateLabel::Medium))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use offhook_store::SyncItemProgress;
    use zoom_phone::quota::Plan;

    use super::*;

    fn run() -> SyncRun {
        SyncRun {
            id: 1,
            mode: "backfill".to_owned(),
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::UNIX_EPOCH,
            started: Timestamp::UNIX_EPOCH,
            ended: None,
            requests: SyncRequests { light: 50, medium: 0, heavy: 10 },
            kinds: vec![SyncKindProgress {
                kind: "calls".to_owned(),
                done: 1,
                waiting: 3,
                done_ms: 1000,
                waiting_ms: 3000,
                pages: 10,
                rows: 3000,
                ..SyncKindProgress::default()
            }],
            items: vec![SyncItemProgress {
                kind: "path".to_owned(),
                due: 150,
                not_ready: 50,
                ..SyncItemProgress::default()
            }],
        }
    }

    fn budget(used_today: u64) -> Budget {
        Budget { limits: Plan::Business.limits(), used_today, day_ends_in: Duration::from_hours(5) }
    }

    #[test]
    fn what_is_left_follows_from_how_dense_the_windows_are_that_are_read() {
        let estimate = estimate(&run(), Some(budget(0)), 24_000);
        assert_eq!(estimate.left, SyncRequests { light: 9000 + 100, medium: 0, heavy: 30 });
        assert!((estimate.percent - 60.0 * 100.0 / 9190.0).abs() < 0.01);
        // 40 LIGHT requests a second.
        assert_eq!(estimate.time, Some(Duration::from_millis(227_500)));
    }

    #[test]
    fn heavy_requests_wait_for_the_days_that_their_share_takes() {
        // 30 left, 10 a day, 4 today.
        let estimate = estimate(&run(), Some(budget(6)), 10);
        let expected = Duration::from_hours(5 + 2 * 24) + Duration::from_millis(600);
        assert_eq!(estimate.time, Some(expected));
    }

    #[test]
    fn a_run_that_ended_is_whole_and_one_that_has_read_nothing_is_not() {
        let ended = SyncRun { ended: Some(Timestamp::UNIX_EPOCH), ..run() };
        assert!((estimate(&ended, None, 0).percent - 100.0).abs() < 0.01);
        let fresh =
            SyncRun { kinds: Vec::new(), items: Vec::new(), requests: SyncRequests::default(), ..run() };
        assert!(estimate(&fresh, None, 0).percent < 0.01);
    }
}
