//! The emulator as its users see it: plans, HTTP and deliveries.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod apps;
mod delivery;
mod embed;
mod event_faults;
mod faults;
mod http;
mod jumps;
mod limits;
mod oauth;
mod operations;
mod plans;
mod receiver;
mod rig;
mod scopes;
mod socket;
mod subscriptions;
