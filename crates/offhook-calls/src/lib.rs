//! What happened on the phone, and which call it was. Pure: no I/O, and time is an argument.
//!
//! ```text
//! inbox entry --normalize--> facts --CallBook--> calls (sets of facts) --view--> CallView
//! ```
//!
//! - [`normalize`] is the one place that knows Zoom's shapes. It turns an inbox entry into [`Fact`]s.
//! - A call *is* the set of facts that name it ([`CallFacts`]). Taking a fact in is set union, so any
//!   order, any repetition and any interleaving of facts ends in the same call.
//! - [`CallBook`] keeps calls apart and together: every fact lists the ids it knows ([`Alias`]), and a
//!   fact that names two calls makes them one.
//! - What belongs to no call (who has which extension, text messages, faxes) is read beside the facts
//!   ([`normalize::Aside`]).
//! - [`CallView::of`] reads a set of facts and says what a person wants to know: who, with whom, since
//!   when, how it ended. It is recomputed from the whole set, so nothing depends on arrival.
//! - [`outdated`] says what of it comes by ways that Zoom has announced the end of.
//! - [`compat`] shows a call in the shapes of older generations.
//! - [`compare`] holds what came in about each call against what Zoom's records list.

mod book;
mod call;
pub mod compare;
pub mod compat;
pub mod directory;
mod fact;
pub mod fax;
mod identity;
pub mod message;
pub mod normalize;
pub mod outdated;
mod party;
mod view;

pub use book::{CallBook, Change};
pub use call::{CallFacts, Heard};
pub use fact::{
    Charge, Element, Fact, LegEvent, LegFact, RecordingEvent, RecordingFile, Row, Said, Source, Transfer,
    VoicemailEvent, VoicemailFile,
};
pub use identity::{Alias, AliasKind, CallKey};
pub use party::{Party, PartyKind};
pub use view::{
    CallView, ChargeView, ConflictView, DeletionView, Direction, ElementView, IdView, LegView, Outcome,
    QueueEntryView, QueueOutcome, QueueRef, RecordingView, STALE_AFTER, Side, State, SummaryView,
    TimelineEntry, VoicemailView,
};
