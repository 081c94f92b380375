//! What was sent: the part of the limiter that all who share an account must have in common. Pure.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zoom_phone_types::catalogue::RateLabel;

use super::window::Window;

/// Requests of this time before midnight may arrive after it, so they count on both days. It is longer than
/// the doubt about Zoom's clock: a second of its `Date` header and the way of an answer.
const LATE: i64 = 5;
const DAY: i64 = 86_400;
/// A day that Zoom's clock puts this far into the future came from a wrong clock. Seconds.
const WRONG: i64 = 3_600;

/// The requests of one account that count yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sent {
    windows: [Window; 4],
    day: Day,
    /// By label: Zoom takes no request before this time.
    suspended: [Option<Timestamp>; 4],
}

/// The budget of one day, 00:00 to 00:00 UTC by Zoom's clock.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Day {
    /// Days since 1970.
    number: i64,
    used: u64,
    /// Those of `used` that may arrive on the next day.
    late: u64,
}

/// A request that wants to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) label: RateLabel,
    /// Requests that may be sent in a `span` at this time.
    pub(super) limit: usize,
    /// The most that `limit` may become.
    pub(super) ceiling: usize,
    pub(super) span: Duration,
    /// HEAVY and RESOURCE-INTENSIVE requests of a day.
    pub(super) daily: u64,
    /// On the clock of the windows.
    pub(super) now: Duration,
    /// Zoom's clock.
    pub(super) server: Timestamp,
}

/// The answer to an [`Ask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Now.
    Now,
    /// Not before this time, on the clock of the windows.
    At(Duration),
    /// Not today.
    Daily(Timestamp),
}

/// What was learned since the last look at [`Sent`].
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) suspended: [Option<Timestamp>; 4],
    /// Zoom counted at least so many requests today.
    pub(super) daily_used: u64,
    /// The day was told by a clock that proved wrong; it is this time at Zoom.
    pub(super) clock_was_wrong: Option<Timestamp>,
}

impl Sent {
    /// Takes in what was learned.
    pub(super) fn note(&mut self, notes: &Notes, server: Timestamp) {
        if let Some(server) = notes.clock_was_wrong {
            self.day.number = day_of(server);
        }
        self.day.turn_to(server);
        self.day.used = self.day.used.max(notes.daily_used);
        for (mine, learned) in self.suspended.iter_mut().zip(notes.suspended) {
            *mine = learned.or(*mine);
        }
    }

    /// When the request may be sent, if `ahead` others of its label are sent before it.
    pub(super) fn look(&mut self, ask: &Ask, ahead: usize) -> Turn {
        if let Some(until) = self.suspended[index(ask.label)].filter(|until| *until > ask.server) {
            return Turn::Daily(until);
        }
        self.day.turn_to(ask.server);
        if has_daily_budget(ask.label) && self.day.used >= ask.daily {
            return Turn::Daily(self.day.end(ask.server));
        }
        let window = &mut self.windows[index(ask.label)];
        window.settle(ask.now);
        let at = window.free_at(ask.limit, ask.span, ahead, ask.now);
        if at <= ask.now { Turn::Now } else { Turn::At(at) }
    }

    /// Counts the request if it may be sent now.
    pub(super) fn take(&mut self, ask: &Ask) -> Turn {
        let turn = self.look(ask, 0);
        if turn == Turn::Now {
            self.windows[index(ask.label)].push(ask.now, ask.ceiling);
            if has_daily_budget(ask.label) {
                self.day.count(ask.server);
            }
        }
        turn
    }

    /// Requests of HEAVY and RESOURCE-INTENSIVE operations since 00:00 UTC.
    pub(super) fn used_today(&self) -> u64 {
        self.day.used
    }

    /// Nothing is known: as if all windows were full.
    pub(super) fn unknown(now: Duration) -> Self {
        let full = || Window::full(now, 1000);
        Self { windows: [full(), full(), full(), full()], ..Self::default() }
    }
}

impl Day {
    fn turn_to(&mut self, server: Timestamp) {
        let number = day_of(server);
        if number > self.number {
            self.used = if number == self.number + 1 { self.late } else { 0 };
            self.late = 0;
            self.number = number;
        } else if server.as_second() < self.number * DAY - WRONG {
            self.number = number;
        }
    }

    fn count(&mut self, server: Timestamp) {
        self.used = self.used.saturating_add(1);
        if server.as_second() >= (self.number + 1) * DAY - LATE {
            self.late += 1;
        }
    }

    fn end(&self, server: Timestamp) -> Timestamp {
        Timestamp::from_second((self.number + 1) * DAY).unwrap_or(server)
    }
}

fn day_of(server: Timestamp) -> i64 {
    server.as_second().div_euclid(DAY)
}

/// The next 00:00 UTC.
pub(super) fn midnight(server: Timestamp) -> Timestamp {
    Timestamp::from_second((day_of(server) + 1) * DAY).unwrap_or(server)
}

pub(super) fn has_daily_budget(label: RateLabel) -> bool {
    matches!(label, RateLabel::Heavy | RateLabel::ResourceIntensive)
}

/// A label's place in an array of four.
pub(super) fn index(label: RateLabel) -> usize {
    match label {
        RateLabel::Light => 0,
        RateLabel::Medium => 1,
        RateLabel::Heavy => 2,
        RateLabel::ResourceIntensive => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(label: RateLabel, now: Duration, server: &str) -> Ask {
        let server = server.parse().unwrap();
        Ask { label, limit: 100, ceiling: 100, span: Duration::from_secs(1), daily: 7, now, server }
    }

    fn take_all(sent: &mut Sent, label: RateLabel, server: &str) -> u64 {
        let taken =
            (0..100).take_while(|_| sent.take(&ask(label, Duration::ZERO, server)) == Turn::Now).count();
        taken.try_into().unwrap()
    }

    #[test]
    fn heavy_and_resource_intensive_share_one_daily_budget_and_the_others_have_none() {
        let mut sent = Sent::default();
        assert_eq!(take_all(&mut sent, RateLabel::Light, "2026-11-22T10:00:00Z"), 100);
        assert_eq!(sent.take(&ask(RateLabel::Heavy, Duration::ZERO, "2026-11-22T10:00:00Z")), Turn::Now);
        assert_eq!(take_all(&mut sent, RateLabel::ResourceIntensive, "2026-11-22T23:59:59Z"), 6);
        let until = "2026-11-23T00:00:00Z".parse().unwrap();
        let turn = sent.take(&ask(RateLabel::Heavy, Duration::ZERO, "2026-11-22T23:59:59Z"));
        assert_eq!(turn, Turn::Daily(until));
    }

    #[test]
    fn the_budget_is_whole_again_at_midnight_but_for_what_may_arrive_late() {
        let mut sent = Sent::default();
        assert_eq!(sent.take(&ask(RateLabel::Heavy, Duration::ZERO, "2026-11-22T23:00:00Z")), Turn::Now);
        assert_eq!(sent.take(&ask(RateLabel::Heavy, Duration::ZERO, "2026-11-22T23:59:58Z")), Turn::Now);
        assert_eq!(take_all(&mut sent, RateLabel::Heavy, "2026-11-23T00:00:00Z"), 6);
        assert_eq!(take_all(&mut sent, RateLabel::Heavy, "2026-11-24T00:00:00Z"), 7);
        assert_eq!(take_all(&mut sent, RateLabel::Heavy, "2026-11-29T00:00:00Z"), 7);
    }

    #[test]
    fn a_wrong_clock_does_not_renew_the_budget() {
        let right: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for wrong in ["1970-01-01T00:00:00Z", "2031-01-01T00:00:00Z"] {
            let mut sent = Sent::default();
            assert_eq!(take_all(&mut sent, RateLabel::Heavy, wrong), 7);
            sent.note(&Notes { clock_was_wrong: Some(right), ..Notes::default() }, right);
            assert_eq!(take_all(&mut sent, RateLabel::Heavy, "2026-11-22T10:00:01Z"), 0, "{wrong}");
            assert_eq!(take_all(&mut sent, RateLabel::Heavy, "2026-11-23T00:00:00Z"), 7, "{wrong}");
        }
    }

    #[test]
    fn what_zoom_counted_is_trusted_if_it_is_more() {
        let server = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut sent = Sent::default();
        sent.note(&Notes { daily_used: 5, ..Notes::default() }, server);
        sent.note(&Notes { daily_used: 3, ..Notes::default() }, server);
        assert_eq!(take_all(&mut sent, RateLabel::Heavy, "2026-11-22T10:00:00Z"), 2);
    }

    #[test]
    fn a_suspended_label_is_refused_until_its_time_and_no_longer() {
        let until: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut notes = Notes::default();
        notes.suspended[index(RateLabel::Light)] = Some(until);
        let mut sent = Sent::default();
        sent.note(&notes, "2026-11-22T10:00:00Z".parse().unwrap());
        let mut turn = |label, server| sent.take(&ask(label, Duration::ZERO, server));
        assert_eq!(turn(RateLabel::Light, "2026-11-22T11:59:59Z"), Turn::Daily(until));
        assert_eq!(turn(RateLabel::Medium, "2026-11-22T11:59:59Z"), Turn::Now);
        assert_eq!(turn(RateLabel::Light, "2026-11-22T12:00:00Z"), Turn::Now);
    }
}
