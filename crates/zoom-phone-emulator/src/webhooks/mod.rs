//! Sending events as Zoom sends them: signed, after a challenge, with retries, to each subscription.

mod line;
mod log;
mod outcome;
mod post;
mod retry;
mod send;
mod sign;
mod subscription;
mod wire;

pub(crate) use line::Change;
pub use retry::{RETRY_AFTER, Verdict, verdict};
pub(crate) use send::Sender;
pub use sign::{encrypted_token, signature};
pub use subscription::Subscription;
pub(crate) use wire::{Resent, Wire};
