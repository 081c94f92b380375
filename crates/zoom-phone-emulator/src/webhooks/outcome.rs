//! What follows from an answer, or from none.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::Instant;

use super::log::{Attempt, Outcome};
use super::wire::{Due, Inner, Job, PENDING};
use super::{Verdict, verdict};
use crate::config::Temper;
use crate::emulator::Shared;

/// Real time between two challenges of a receiver that has never passed one.
const CHALLENGE_EVERY: Duration = Duration::from_secs(2);
/// Virtual time between two challenges of one that has.
const CHALLENGE_AGAIN: SignedDuration = SignedDuration::from_hours(72);
/// After so many failed challenges in a row a subscription is disabled. That they are 72 hours apart, too, is not
/// documented.
const MOST_FAILURES: u32 = 6;

impl Inner {
    /// A challenge was answered, well or badly.
    pub(super) fn challenged(
        &mut self,
        shared: &Shared,
        generation: u64,
        at: Timestamp,
        refused: Option<&str>,
    ) {
        let number = self.number();
        let Some(line) = self.lines.iter_mut().find(|line| line.generation == generation) else { return };
        line.challenges += 1;
        line.failures = if refused.is_some() { line.failures + 1 } else { 0 };
        let url = line.subscription.plain_url();
        match refused {
            None => {
                tracing::info!(%url, "the receiver answered the challenge; events flow");
                line.validated = true;
            }
            Some(reason) => {
                tracing::info!(%url, reason, "the receiver did not pass the challenge");
                shared.state.count(|counts| counts.challenges_failed += 1);
                if line.validated && line.failures >= MOST_FAILURES {
                    tracing::warn!(%url, "the subscription is disabled after six failed challenges in a row");
                    line.disabled = true;
                }
            }
        }
        if !line.validated {
            line.eager = Some(Instant::now() + CHALLENGE_EVERY);
        } else if !line.disabled
            && let Ok(again) = at.checked_add(CHALLENGE_AGAIN)
        {
            line.again = Some(again);
            self.due.insert((again, number), Due::Challenge(generation));
        }
        shared.state.news.tell("challenge", || {
            json!({ "subscription": &*line.id, "passed": refused.is_none(), "error": refused, "disabled": line.disabled })
        });
    }

    /// An attempt is over: noted, and followed by another one or none.
    pub(super) fn attempted(&mut self, shared: &Shared, mut job: Job, attempt: Attempt, temper: Temper) {
        let status = attempt.answer.as_ref().ok().map(|answer| answer.status);
        let mut judged = verdict(job.attempt, status, temper);
        let retry_at = match judged {
            Verdict::RetryAfter(wait) => attempt.at.checked_add(wait).ok(),
            _ => None,
        };
        if retry_at.is_some() && self.due.len() >= PENDING {
            shared.state.count(|counts| counts.webhooks_crowded_out += 1);
            judged = Verdict::Dropped;
        }
        let (outcome, retry_at) = match judged {
            Verdict::Acknowledged => (Outcome::Acknowledged, None),
            Verdict::RetryAfter(_) => (Outcome::Waiting, retry_at),
            Verdict::Dropped => (Outcome::Dropped, None),
        };
        shared.state.count(|counts| match outcome {
            Outcome::Acknowledged => counts.webhooks_acknowledged += 1,
            Outcome::Dropped => counts.webhooks_dropped += 1,
            Outcome::Waiting | Outcome::Withheld => {}
        });
        if outcome == Outcome::Dropped {
            tracing::warn!(event = &*job.name, status, "the receiver never took this event; it is dropped");
        }
        shared.state.news.tell("attempt", || {
            let mut told = attempt.summary();
            told["event_id"] = json!(job.event);
            told["event"] = json!(&*job.name);
            told["subscription"] = json!(&*job.line);
            told["attempt"] = json!(job.attempt);
            told["retry_at"] = json!(retry_at.map(|at| at.to_string()));
            told
        });
        if let Some(delivery) = self.log.delivery(job.event, job.delivery) {
            delivery.outcome = outcome;
            delivery.retry_at = retry_at;
            delivery.attempts.push(attempt);
        }
        if let Some(retry_at) = retry_at {
            job.attempt += 1;
            let number = self.number();
            self.due.insert((retry_at, number), Due::Retry(job));
        }
    }
}
