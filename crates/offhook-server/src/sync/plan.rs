//! Which windows cover a stretch of history. Pure.

use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};

/// Zoom takes a month at most; and some accounts see windows refused that begin in one month and end in the next.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Shorter windows are not split: what is wrong with them is not their length.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);

/// A stretch of time: begin included, end excluded.
pub(super) type Stretch = (Timestamp, Timestamp);

/// Windows that together are `from` to `to` without what is covered already: oldest first, none longer than thirty days
/// or over the end of a month (UTC), none overlapping another.
pub(super) fn plan(from: Timestamp, to: Timestamp, covered: &[Stretch]) -> Vec<Stretch> {
    let mut covered: Vec<Stretch> = covered.iter().copied().filter(|(begin, end)| begin < end).collect();
    covered.sort_unstable();
    let mut windows = Vec::new();
    let mut begin = from;
    for (covered_from, covered_to) in covered {
        if covered_from > begin {
            cut(begin, covered_from.min(to), &mut windows);
        }
        begin = begin.max(covered_to);
    }
    cut(begin, to, &mut windows);
    windows
}

fn cut(from: Timestamp, to: Timestamp, windows: &mut Vec<Stretch>) {
    let mut begin = from;
    while begin < to {
        let month = begin.to_zoned(TimeZone::UTC).date().first_of_month().checked_add(1.month());
        let month_end = month.and_then(|date| date.to_zoned(TimeZone::UTC)).map(|zoned| zoned.timestamp());
        let end = to.min(begin.saturating_add(LONGEST).unwrap_or(to)).min(month_end.unwrap_or(to));
        windows.push((begin, end));
        begin = end;
    }
}

/// Cuts a window into so many of about the same length, on whole seconds. Empty where it is too short for that.
pub(super) fn split(from: Timestamp, to: Timestamp, parts: u64) -> Vec<Stretch> {
    let length = to.duration_since(from);
    let most = length.as_secs() / SHORTEST.as_secs();
    let parts = i64::try_from(parts).unwrap_or(i64::MAX).min(most);
    if parts < 2 {
        return Vec::new();
    }
    let border = |nth: i64| {
        let offset = i128::from(length.as_secs()) * i128::from(nth) / i128::from(parts);
        let offset = SignedDuration::from_secs(i64::try_from(offset).unwrap_or(i64::MAX));
        from.saturating_add(offset).unwrap_or(to)
    };
    let begins = (0..parts).map(border);
    let ends = (1..parts).map(border).chain([to]);
    begins.zip(ends).collect()
}

/// The moment so many months before.
pub(super) fn months_before(now: Timestamp, months: i32) -> Timestamp {
    now.to_zoned(TimeZone::UTC).saturating_sub(months.months()).timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A small dice: the tests need many cases, not a library.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: i64) -> i64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from(self.0 >> 33).unwrap() % end
        }
    }

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + seconds).unwrap()
    }

    #[test]
    fn six_months_are_cut_at_the_ends_of_months_and_after_thirty_days() {
        let windows = plan(at("2026-05-23T04:00:00Z"), at("2026-08-02T00:00:00Z"), &[]);
        let shown: Vec<_> = windows.iter().map(|(from, to)| format!("{from} {to}")).collect();
        assert_eq!(
            shown,
            [
                "2026-05-23T04:00:00Z 2026-06-01T00:00:00Z",
                "2026-06-01T00:00:00Z 2026-07-01T00:00:00Z",
                "2026-07-01T00:00:00Z 2026-07-31T00:00:00Z",
                "2026-07-31T00:00:00Z 2026-08-01T00:00:00Z",
                "2026-08-01T00:00:00Z 2026-08-02T00:00:00Z",
            ]
        );
    }

    /// Every second of the stretch is in one window or covered, never in two windows, and in no window if covered.
    #[test]
    fn whatever_is_covered_nothing_is_left_out_and_nothing_is_twice() {
        let mut dice = Dice(7);
        for _ in 0..2000 {
            let (from, length) = (dice.below(10_000_000), dice.below(20_000_000));
            let to = from + length;
            let covered: Vec<Stretch> = (0..dice.below(6))
                .map(|_| {
                    let begin = dice.below(30_000_000);
                    (seconds(begin), seconds(begin + dice.below(4_000_000)))
                })
                .collect();
            let windows = plan(seconds(from), seconds(to), &covered);
            let mut ends = vec![from, to];
            for (begin, end) in covered.iter().chain(&windows) {
                ends.extend([begin, end].map(|time| time.as_second() - 1_780_000_000));
            }
            for moment in ends.iter().flat_map(|end| [end - 1, *end]) {
                let within = |stretch: &&Stretch| {
                    (stretch.0.as_second()..stretch.1.as_second()).contains(&(moment + 1_780_000_000))
                };
                let read = windows.iter().filter(within).count();
                let known = covered.iter().any(|stretch| within(&stretch));
                let asked = (from..to).contains(&moment);
                assert_eq!(
                    read,
                    usize::from(asked && !known),
                    "{moment} of {from}..{to} without {covered:?}"
                );
            }
            for (begin, end) in windows {
                let month = |time: Timestamp| time.to_zoned(TimeZone::UTC).date().first_of_month();
                assert!(begin < end && end.duration_since(begin) <= LONGEST);
                assert_eq!(month(begin), month(end - SignedDuration::from_nanos(1)));
            }
        }
    }

    #[test]
    fn the_parts_of_a_window_are_the_window() {
        let mut dice = Dice(3);
        for _ in 0..2000 {
            let (from, length, parts) = (dice.below(10_000_000), dice.below(3_000_000), dice.below(900));
            let whole = (seconds(from), seconds(from + length));
            let parts = split(whole.0, whole.1, parts.unsigned_abs());
            if parts.is_empty() {
                continue;
            }
            assert!(
                parts.len() > 1 && parts.iter().all(|(begin, end)| end.duration_since(*begin) >= SHORTEST)
            );
            assert_eq!((parts[0].0, parts[parts.len() - 1].1), whole);
            assert!(parts.windows(2).all(|two| two[0].1 == two[1].0));
        }
        assert_eq!(split(seconds(0), seconds(90), 2), [], "too short");
    }

    #[test]
    fn months_before_are_months_of_the_calendar() {
        assert_eq!(months_before(at("2026-11-23T04:00:00Z"), 6), at("2026-05-23T04:00:00Z"));
        assert_eq!(months_before(at("2026-08-31T04:00:00Z"), 6), at("2026-02-28T04:00:00Z"));
    }
}
