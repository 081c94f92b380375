//! Zoom's rate limits: used fully, never broken.
//!
//! Zoom counts the requests of an *account*, over all apps and users, by plan and by the label of the operation
//! (`zoom_phone_types::catalogue::Operation::rate`). One `Limiter` stands for one account: its clones share
//! one count, so give the same limiter to every client of the account, and the same
//! `LimiterConfig::shared_file` to every process.
//!
//! | | Pro | Business and above |
//! |---|---|---|
//! | LIGHT | 20 a second | 40 a second |
//! | MEDIUM, and operations without a label | 10 a second | 20 a second |
//! | HEAVY | 5 a second | 10 a second |
//! | RESOURCE-INTENSIVE | 5 a minute | 10 a minute |
//! | HEAVY and RESOURCE-INTENSIVE together | 15 000 a day | 30 000 a day |
//!
//! Days begin at 00:00 UTC, by Zoom's clock. Source: Zoom's page "API rate limits", table "Zoom Phone API".
//! An operation without a label counts as MEDIUM: the safer of the two common ones, and it spends no day's
//! budget. Where an answer names another label (`X-RateLimit-Category`), what it says is learned for that one.
//!
//! Metrics: `zoom_phone_quota_used_total{label}`, `zoom_phone_quota_wait_seconds{label, priority}`,
//! `zoom_phone_rate_limited_total{label, kind}` (429s: `second`, `daily`, `other`),
//! `zoom_phone_quota_daily_remaining`, `zoom_phone_quota_suspended{label}` (0 or 1).
//!
//! ```
//! # #[cfg(feature = "client")] {
//! use zoom_phone::quota::{Limiter, Plan, Priority, RateFacts, RateLabel};
//!
//! # async fn example(answer: reqwest::Response) -> Result<(), zoom_phone::quota::QuotaError> {
//! let limiter = Limiter::new(Plan::Business);
//! let label = Some(RateLabel::Heavy);
//! limiter.enter(label, Priority::Backfill, None).await?;
//! // … send the request, then:
//! limiter.learn(label, &RateFacts::read(answer.status().as_u16(), answer.headers()));
//! # Ok(())
//! # }
//! # }
//! ```

#[cfg(feature = "client")]
mod allowance;
#[cfg(feature = "client")]
mod clock;
#[cfg(feature = "client")]
mod file;
#[cfg(feature = "client")]
mod headers;
#[cfg(feature = "client")]
mod learn;
#[cfg(feature = "client")]
mod limiter;
mod plan;
#[cfg(feature = "client")]
mod queue;
mod retry_after;
#[cfg(feature = "client")]
mod sent;
#[cfg(feature = "client")]
mod window;

#[cfg(feature = "client")]
pub use headers::{LimitKind, RateFacts};
#[cfg(feature = "client")]
pub use limiter::{Budget, Limiter, LimiterConfig, Pass, QuotaError};
pub use plan::{Limits, Plan};
#[cfg(feature = "client")]
pub use queue::Priority;
pub use retry_after::RetryAfter;

pub use zoom_phone_types::catalogue::RateLabel;

/// A label's name in metrics and messages.
#[cfg(feature = "client")]
fn name(label: RateLabel) -> &'static str {
    match label {
        RateLabel::Light => "light",
        RateLabel::Medium => "medium",
        RateLabel::Heavy => "heavy",
        RateLabel::ResourceIntensive => "resource-intensive",
    }
}
