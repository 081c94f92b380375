//! What the limiter learns from answers.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::{counter, gauge};
use zoom_phone_types::catalogue::RateLabel;

use super::headers::{LimitKind, RateFacts};
use super::limiter::{State, window};
use super::name;
use super::plan::Plan;
use super::retry_after::RetryAfter;
use super::sent::{Notes, has_daily_budget, index, midnight};

/// The pause after a 429 that says nothing more, before jitter.
const PAUSE: Duration = Duration::from_secs(1);
/// A 429 that does not name a daily limit pauses the label no longer than this; a longer `Retry-After` means a
/// day's limit, named or not.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// A suspension ends within a day and the doubt about the clocks.
const LONGEST_SUSPENSION: SignedDuration = SignedDuration::from_hours(25);

/// What a 429 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limited {
    /// Too fast: send less for a while.
    Fast,
    /// Zoom takes no request of the label until then.
    Until(Timestamp),
    /// A limit of one user or one object, not of the account: the label goes on.
    Other,
}

impl State {
    /// Returns the labels whose waiters must look again. `dice` is from 0 to 1.
    pub(super) fn learn(
        &mut self,
        label: Option<RateLabel>,
        answer: &RateFacts,
        at: Duration,
        dice: f64,
    ) -> Vec<RateLabel> {
        if let Some(date) = answer.date
            && self.clock.learn(date, at)
        {
            tracing::warn!(zoom = %date, "this machine's clock is wrong by more than an hour; Zoom's is used");
            self.notes().clock_was_wrong = Some(date);
        }
        let counted = answer.category.or(label).unwrap_or(RateLabel::Medium);
        let mut changed = self.learn_limits(counted, answer, at);
        if !answer.limited {
            return changed;
        }
        let limited = self.means(answer, at);
        counter!("zoom_phone_rate_limited_total", "label" => name(counted), "kind" => limited.name())
            .increment(1);
        match limited {
            Limited::Other => {
                tracing::info!(label = name(counted), "Zoom limits a user or an object, not the account");
            }
            Limited::Fast => {
                let asked = answer.wait().unwrap_or_default().min(LONGEST_PAUSE);
                let pause = asked.max(PAUSE) + PAUSE.mul_f64(dice / 2.0);
                // The label that requests come under, too: our table may be behind Zoom's.
                let ours = label.filter(|ours| *ours != counted);
                for label in [Some(counted), ours].into_iter().flatten() {
                    let window = window(label);
                    let allowance = &mut self.lanes[index(label)].allowance;
                    allowance.limited(at, window, pause);
                    let allowed = allowance.allowed(at, window);
                    tracing::info!(
                        label = name(label),
                        allowed,
                        pause_ms = pause.as_millis(),
                        "Zoom answered 429; slower"
                    );
                    changed.push(label);
                }
            }
            Limited::Until(until) => {
                // HEAVY and RESOURCE-INTENSIVE have one budget of the day.
                let budget = answer.kind == Some(LimitKind::Daily) && has_daily_budget(counted);
                for label in ALL.into_iter().filter(|one| *one == counted || budget && has_daily_budget(*one))
                {
                    tracing::warn!(label = name(label), %until, "Zoom takes no more requests of this account today");
                    self.notes().suspended[index(label)] = Some(until);
                    gauge!("zoom_phone_quota_suspended", "label" => name(label)).set(1.0);
                    self.lanes[index(label)].suspended = true;
                    changed.push(label);
                }
            }
        }
        changed
    }

    fn learn_limits(&mut self, label: RateLabel, answer: &RateFacts, at: Duration) -> Vec<RateLabel> {
        let Some((kind, limit)) = answer.kind.zip(answer.limit.filter(|limit| *limit > 0)) else {
            return Vec::new();
        };
        let used = answer.remaining.and_then(|remaining| limit.checked_sub(remaining));
        let highest = self.highest();
        match kind {
            LimitKind::Daily => {
                if has_daily_budget(label) {
                    self.daily = limit.min(highest.daily);
                    if let Some(used) = used {
                        let known = &mut self.notes().daily_used;
                        *known = used.max(*known);
                    }
                }
                Vec::new()
            }
            LimitKind::PerSecond => {
                let limit = u32::try_from(limit).unwrap_or(u32::MAX).min(highest.of(label));
                let before = self.lanes[index(label)].allowance.ceiling();
                if self.plan == Plan::Unknown && limit == highest.of(label) && before < limit {
                    tracing::info!("the account's limits are those of Business and above");
                    self.become_business(at);
                } else if limit != before {
                    self.lanes[index(label)].allowance.set_ceiling(limit, at, window(label));
                }
                if let Some(used) = used.filter(|_| !self.shared) {
                    let used = u32::try_from(used).unwrap_or(u32::MAX);
                    self.lanes[index(label)].allowance.counted(used, at, window(label));
                }
                if limit == before { Vec::new() } else { ALL.to_vec() }
            }
        }
    }

    fn become_business(&mut self, at: Duration) {
        self.plan = Plan::Business;
        let limits = self.plan.limits();
        self.daily = limits.daily;
        for label in ALL {
            self.lanes[index(label)].allowance.set_ceiling(limits.of(label), at, window(label));
        }
    }

    fn means(&self, answer: &RateFacts, at: Duration) -> Limited {
        let server = self.clock.now(at);
        let until = answer.retry_after.map(|retry_after| match retry_after {
            RetryAfter::At(until) => until,
            RetryAfter::In(wait) => server.saturating_add(wait).unwrap_or(server),
        });
        let soon = |until: &Timestamp| {
            let wait = until.duration_since(server);
            wait > SignedDuration::ZERO && wait <= LONGEST_SUSPENSION
        };
        match answer.kind {
            Some(LimitKind::PerSecond) => Limited::Fast,
            Some(LimitKind::Daily) => {
                Limited::Until(until.or(answer.reset).filter(soon).unwrap_or_else(|| midnight(server)))
            }
            // Others of the account may go on: Zoom says so.
            None if answer.remaining.is_some_and(|remaining| remaining > 0) => Limited::Other,
            None => until
                .filter(|until| soon(until) && answer.wait().is_none_or(|wait| wait > LONGEST_PAUSE))
                .map_or(Limited::Fast, Limited::Until),
        }
    }

    fn notes(&mut self) -> &mut Notes {
        self.notes.get_or_insert_default()
    }
}

impl Limited {
    fn name(self) -> &'static str {
        match self {
            Self::Fast => "second",
            Self::Until(_) => "daily",
            Self::Other => "other",
        }
    }
}

const ALL: [RateLabel; 4] =
    [RateLabel::Light, RateLabel::Medium, RateLabel::Heavy, RateLabel::ResourceIntensive];
