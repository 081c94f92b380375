//! Our stays in call queues against Zoom's own sums of them.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::view::{CallView, QueueOutcome, QueueRef};

/// What happened in a queue in a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    /// Calls that came in: each stay counts.
    pub inbound: i64,
    /// A member took them.
    pub completed: i64,
    /// The caller gave up.
    pub abandoned: i64,
    /// They went elsewhere, to a mailbox for one.
    pub overflowed: i64,
}

/// A row of `GET /phone/call_queue_analytics` (`callqueueanalytics`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZoomQueue {
    /// `call_queue_ext_id`.
    pub extension_id: String,
    /// `call_queue_name`.
    pub name: Option<String>,
    /// `inbound_calls`, `completed_calls`, `abandoned_calls`, `overflowed_calls`.
    pub counts: QueueCounts,
}

/// A queue's day: ours, Zoom's, the difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueDay {
    /// The day, midnight to midnight in UTC, in which the calls began: what Zoom's list takes as a day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Which queue.
    pub queue: QueueRef,
    /// By our stays.
    pub ours: QueueCounts,
    /// By Zoom.
    pub zooms: QueueCounts,
    /// Of our stays, those that no number of Zoom's has a name for: refused by a rule, timed out, still waiting.
    pub ours_other: i64,
    /// The largest difference of any number; 0 when all are equal.
    pub unreconciled: i64,
}

/// Our counts of a queue in a day.
#[derive(Debug, Clone, Default)]
struct Ours {
    queue: QueueRef,
    counts: QueueCounts,
    other: i64,
}

/// Our counts so far. There are as many as queues had days with calls.
#[derive(Debug, Default)]
pub(super) struct Queues {
    days: BTreeMap<Date, BTreeMap<QueueRef, Ours>>,
    /// Extension numbers, and the ids that some record told with them.
    ids: BTreeMap<String, String>,
}

impl Queues {
    pub(super) fn add(&mut self, call: &CallView) {
        let Some(start) = call.started_at else { return };
        let day = start.to_zoned(TimeZone::UTC).date();
        for stay in &call.queues {
            if let (Some(number), Some(id)) = (&stay.queue.extension_number, &stay.queue.extension_id) {
                self.ids.insert(number.clone(), id.clone());
            }
            let ours = self.days.entry(day).or_default().entry(stay.queue.clone()).or_default();
            ours.queue = stay.queue.clone();
            let counts = &mut ours.counts;
            let place = match stay.outcome {
                QueueOutcome::Answered => Some(&mut counts.completed),
                QueueOutcome::Abandoned => Some(&mut counts.abandoned),
                QueueOutcome::OverflowedOut | QueueOutcome::Voicemail => Some(&mut counts.overflowed),
                QueueOutcome::TimedOut | QueueOutcome::Rejected | QueueOutcome::InProgress => None,
            };
            match place {
                Some(place) => {
                    *place += 1;
                    counts.inbound += 1;
                }
                None => ours.other += 1,
            }
        }
    }

    /// The queues of a day, and forgets it. Queues without a call by either count are left out.
    pub(super) fn compare(&mut self, day: Date, zooms: &[ZoomQueue]) -> Vec<QueueDay> {
        // One queue may have been named in several ways: by its number during a call, by its id in the record.
        let mut ours: BTreeMap<String, Ours> = BTreeMap::new();
        for (queue, counted) in self.days.remove(&day).unwrap_or_default() {
            let by_number = || self.ids.get(queue.extension_number.as_ref()?).cloned();
            let by_name = || {
                let mut named = zooms.iter().filter(|row| row.name.is_some() && row.name == queue.name);
                let only = named.next().filter(|_| named.next().is_none())?;
                Some(only.extension_id.clone())
            };
            let id = queue.extension_id.clone().or_else(by_number).or_else(by_name);
            let key =
                id.clone().or(queue.extension_number.clone()).or(queue.name.clone()).unwrap_or_default();
            let sum = ours.entry(key).or_default();
            sum.queue.extension_id = sum.queue.extension_id.take().or(id);
            sum.queue.extension_number = sum.queue.extension_number.take().or(queue.extension_number);
            sum.queue.name = sum.queue.name.take().or(queue.name);
            sum.counts = sum.counts.plus(counted.counts);
            sum.other += counted.other;
        }
        let mut days = Vec::new();
        for row in zooms {
            let mut mine = ours.remove(&row.extension_id).unwrap_or_default();
            mine.queue.extension_id = Some(row.extension_id.clone());
            mine.queue.name = row.name.clone().or(mine.queue.name);
            days.push(QueueDay::of(day, mine, row.counts));
        }
        days.extend(ours.into_values().map(|mine| QueueDay::of(day, mine, QueueCounts::default())));
        let none = QueueCounts::default();
        days.retain(|one| one.ours != none || one.zooms != none || one.ours_other != 0);
        days
    }
}

impl QueueDay {
    fn of(day: Date, ours: Ours, zooms: QueueCounts) -> Self {
        let unreconciled = ours.counts.distance(zooms);
        Self { day, queue: ours.queue, ours: ours.counts, zooms, ours_other: ours.other, unreconciled }
    }
}

impl QueueCounts {
    fn numbers(self) -> [i64; 4] {
        [self.inbound, self.completed, self.abandoned, self.overflowed]
    }

    fn plus(self, other: Self) -> Self {
        Self {
            inbound: self.inbound + other.inbound,
            completed: self.completed + other.completed,
            abandoned: self.abandoned + other.abandoned,
            overflowed: self.overflowed + other.overflowed,
        }
    }

    fn distance(self, other: Self) -> i64 {
        let pairs = self.numbers().into_iter().zip(other.numbers());
        pairs
            .map(|(mine, theirs)| mine.abs_diff(theirs))
            .max()
            .map_or(0, |most| i64::try_from(most).unwrap_or(i64::MAX))
    }
}
