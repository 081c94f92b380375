//! The emulator as its users see it: plans, HTTP and deliveries.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod apps;
mod builder;
mod delivery;
mod docs;
mod embed;
mod faults;
mod http;
mod limits;
mod oauth;
mod operations;
mod plans;
mod rig;
mod scopes;
mod socket;
