//! The emulator as its users see it: plans, HTTP and deliveries.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod delivery;
mod event_faults;
mod faults;
mod http;
mod jumps;
mod oauth;
mod operations;
mod plans;
mod receiver;
mod rig;
mod socket;
mod subscriptions;
