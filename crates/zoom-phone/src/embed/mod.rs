//! Smart Embed: the messages between a page and Zoom Phone's iframe.
//!
//! The browser does the talking (`postMessage`); here is what may be said and what was meant. [`Frame`] says how to put
//! the iframe on a page and whose messages count, [`Message`] reads what it tells, [`Command`] writes what it may be
//! told, and nothing else can be written: hanging up, muting or transferring is not in Zoom's contract.
//!
//! ```
//! use zoom_phone::embed::{Body, Message, Origin, remote_party};
//!
//! let zoom = Origin::default();
//! assert!(zoom.is("https://applications.zoom.us") && !zoom.is("https://zoom.us"));
//!
//! let message = Message::parse(r#"{"id": "ev-1", "type": "zp-call-ringing-event", "data": {"callId": "70",
//!     "direction": "inbound", "caller": {"phoneNumber": "+442071838750"}, "callee": {"extensionNumber": 812}}}"#)?;
//! let Body::CallRinging(call) = &message.body else { panic!() };
//! let remote = remote_party(call.direction.as_ref(), call.caller.as_ref(), call.callee.as_ref());
//! assert_eq!(remote.and_then(|party| party.best_number()), Some("+442071838750"));
//! # Ok::<(), zoom_phone::embed::ParseError>(())
//! ```
//!
//! What a browser passes on to a server is a user's word, not Zoom's: treat it so.

#[cfg(feature = "launch")]
mod command;
mod frame;
mod index;
mod rules;

#[cfg(feature = "launch")]
pub use command::{
    Command, CommandError, FoundContact, InitConfig, InputSms, MakeCall, MatchResponse, MatchedContact,
    NoteField, NotePage, SearchResponse, SelectOption,
};
pub use frame::{Frame, Origin, OriginError};
pub use index::{Facts, MESSAGES, Sender};
pub use rules::{key, remote_party};
pub use zoom_phone_types::embed::*;
