//! Zoom's rate limits: used fully, never broken.
//!
//! Zoom counts the requests of an *account*, over all apps and users, by plan and by the label of the operation
//! (`zoom_phone_types::catalogue::Operation::rate`). One [`Limiter`] stands for one account: its clones share
//! one count, so give the same limiter to every client of the account, and the same
//! [`shared_file`](LimiterConfig::shared_file) to every process.
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
//! ```
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
//! ```

mod allowance;
mod clock;
mod file;
mod headers;
mod learn;
mod limiter;
mod plan;
mod queue;
mod sent;
mod window;

pub use headers::{LimitKind, RateFacts, RetryAfter};
pub use limiter::{Limiter, LimiterConfig, Pass, QuotaError};
pub use plan::{Limits, Plan};
pub use queue::Priority;

pub use zoom_phone_types::catalogue::RateLabel;

/// A label's name in metrics and messages.
fn name(label: RateLabel) -> &'static str {
    match label {
        RateLabel::Light => "light",
        RateLabel::Medium => "medium",
        RateLabel::Heavy => "heavy",
        RateLabel::ResourceIntensive => "resource-intensive",
    }
}
