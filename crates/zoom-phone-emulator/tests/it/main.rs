//! The emulator as its users see it: plans, HTTP and deliveries.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod account;
mod apps;
mod blocked;
mod builder;
mod deletions;
mod delivery;
mod docs;
mod embed;
mod event_faults;
mod faults;
mod handling;
mod handling_any;
mod handling_old;
mod handling_settings;
mod http;
mod jumps;
mod limits;
mod oauth;
mod operations;
mod plans;
mod receiver;
mod records;
mod rig;
mod scopes;
mod sms;
mod snapshot;
mod socket;
mod subscriptions;
mod syncs;
mod texts;
