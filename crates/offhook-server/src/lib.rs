//! Offhook over HTTP.
//!
//! ```text
//! POST /zoom/webhook -> ingest -> inbox -> folding -> calls
//!                                              |         |
//!                         GET /api/v1/live <- live      api
//! ```
//!
//! Everything that may be asked, by whom, is decided in `access`. What runs beside the requests is in
//! `folding` (inbox to calls), `live` (changes to browsers), `sync` (Zoom's own records to inbox), `reconciliation`
//! (reports that compare the two) and `channel`
//! (Zoom's WebSocket events to inbox).

mod access;
mod api;
mod channel;
mod clock;
mod folding;
mod health;
mod ingest;
mod live;
mod log;
mod media;
mod metrics;
mod problem;
mod reconciliation;
mod serve;
mod sync;
mod tokens;
mod web;

pub use api::document;
pub use channel::Channel;
pub use clock::Clock;
pub use ingest::Secrets;
pub use serve::{ServeError, Server, ServerConfig};
pub use sync::{Kind, Mode, Night, Nightly, SyncConfig, Syncer};
pub use tokens::DatabaseTokens;
