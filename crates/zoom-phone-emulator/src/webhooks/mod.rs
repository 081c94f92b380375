//! Sending events as Zoom sends them: signed, after a challenge, with retries.

mod deliver;
mod retry;
mod sign;

pub(crate) use deliver::Deliverer;
pub use retry::{RETRY_AFTER, Verdict, verdict};
pub use sign::{encrypted_token, signature};
