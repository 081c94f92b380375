//! Zoom's rate limits: used fully, never broken.
//!
//! Zoom counts the requests of an *account*, over all apps and users, by plan and by the label of the operation
//! (`zoom_phone_types::catalogue::Operation::rate`). One [`Limiter`] stands for one account; its clones share
//! one count, so give the same limiter to every client of the account.
//!
//! Source of the numbers: Zoom's page "API rate limits", table "Zoom Phone".

mod headers;
mod limiter;
mod plan;

pub use headers::{LimitKind, RateFacts, RetryAfter};
pub use limiter::{Limiter, Pass, Priority, QuotaError};
pub use plan::{Limits, Plan};

pub use zoom_phone_types::catalogue::RateLabel;
