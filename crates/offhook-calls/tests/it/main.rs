//! What a contact centre sees of its calls, from messages as Zoom sends them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod compare;
mod doors;
mod generations;
mod identity;
mod inbound;
mod ledger;
mod properties;
mod queues;
mod recordings;
mod records;
mod say;
mod strange;
mod transfers;
