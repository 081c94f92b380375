//! An offline Zoom Phone: OAuth, REST, signed webhooks, and a company whose phones ring.
//!
//! Zoom offers no sandbox for Zoom Phone. This crate is one: a company of 36 people and three
//! call queues whose calls follow from a seed, on a clock that may run faster than life. A client
//! sees what it would see at Zoom: events signed with the app's secret or over a WebSocket, records
//! that are ready a little later than the events say, pages, tokens and refusals. Every documented
//! operation answers; those without a simulation answer with valid data made from their schema.
//!
//! What is known of Zoom's behaviour comes from its OpenAPI documents and developer pages; names of
//! operations in the documentation (`getCallPath`) are the operation ids of those documents. The
//! emulator builds plain JSON and shares no types with any client library, so that one misreading
//! cannot hide on both sides.
//!
//! Serve it on a free port and let it call a receiver:
//!
//! ```no_run
//! use tokio_util::sync::CancellationToken;
//! use zoom_phone_emulator::{Config, DEMO_WEBHOOK_SECRET, serve};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
//! let config = Config { seed: 7, speed: 10.0, ..Config::default() }
//!     .with_webhook("http://127.0.0.1:8080/zoom/webhook".parse()?, DEMO_WEBHOOK_SECRET);
//! serve(config, listener, CancellationToken::new()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Or let a test have one of its own, see [`Emulator::builder`]. Or plan calls without any clock or network:
//!
//! ```
//! use zoom_phone_emulator::{Exchange, Happening, Scenario, play};
//!
//! let mut exchange = Exchange::new(7);
//! let start = "2026-11-22T10:00:00Z".parse().expect("a valid time");
//! let plan = play(&mut exchange, Scenario::InboundAnswered, start);
//! let events: Vec<_> = plan
//!     .iter()
//!     .filter_map(|planned| match &planned.what {
//!         Happening::Webhook(envelope) => envelope["event"].as_str(),
//!         _ => None,
//!     })
//!     .collect();
//! assert_eq!(
//!     events,
//!     [
//!         "phone.callee_ringing",
//!         "phone.callee_answered",
//!         "phone.callee_ended",
//!         "phone.callee_call_element_completed",
//!     ]
//! );
//! ```

mod account;
mod apps;
mod arrivals;
mod builder;
mod clock;
mod config;
mod control;
mod dice;
mod embed;
mod emulator;
mod error;
mod events;
mod examples;
mod exchange;
mod faults;
mod ledger;
mod limits;
mod live;
mod news;
mod oauth;
mod party;
mod records;
mod rest;
mod scenario;
mod scopes;
mod sms;
mod snapshot;
mod socket;
mod state;
mod webhooks;
mod words;
mod world;

pub use apps::{App, AppKind};
pub use builder::{Builder, Running};
pub use clock::FASTEST;
pub use config::{Config, DEMO_WEBHOOK_SECRET, Temper, Version};
pub use emulator::{Emulator, serve, serve_from, serve_with_embed};
pub use error::Error;
pub use exchange::Exchange;
pub use faults::{
    Fault, FaultField, FaultKind, FaultPlan, FaultPlanError, LimitKind, Malformed, NotReady, What,
};
pub use ledger::LedgerEntry;
pub use limits::Plan;
pub use party::{Kind, Party};
pub use records::{CallRecord, Element, Side};
pub use scenario::{Happening, Params, Planned, Scenario, Unfit, play, play_with};
pub use webhooks::{RETRY_AFTER, Subscription, Verdict, encrypted_token, signature, verdict};
pub use world::file::{
    CompanyFile, CompanyFileError, ContactEntry, DepartmentEntry, Holiday, Hours, PlaceEntry, QueueEntry,
    ReceptionistEntry, RingMode, SharedLineGroupEntry, SiteEntry, Spread, Traffic, UserEntry, Weekday,
};
