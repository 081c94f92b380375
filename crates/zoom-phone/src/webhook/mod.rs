//! Is this request really from Zoom? The signature of webhooks, and the endpoint challenge.
//!
//! Zoom signs each webhook with the app's *secret token* (Marketplace, page "Access" of the app;
//! not the OAuth client secret) and puts two headers on the request: [`SIGNATURE_HEADER`] and
//! [`TIMESTAMP_HEADER`]. [`Verifier::verify`] checks them against the bytes of the body **as received**.
//! Parse the body only afterwards; a body that was parsed and written again has another signature. [`Receiver`] does
//! both, in this order, and answers the challenge.
//!
//! ```
//! use zoom_phone::webhook::{self, Verifier};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = secrecy::SecretString::from("the app's secret token");
//! let verifier = Verifier::new(std::slice::from_ref(&secret))?;
//!
//! // What arrived; here signed by ourselves, as a test of your own receiver would do.
//! let body = br#"{"event":"phone.callee_ringing","event_ts":1795300000000,"payload":{}}"#;
//! let timestamp = "1795300000";
//! let signature = webhook::sign(&secret, timestamp, body)?;
//!
//! let now = jiff::Timestamp::from_second(1_795_300_002)?;
//! let verdict =
//!     verifier.verify(Some(signature.as_bytes()), Some(timestamp.as_bytes()), body, now)?;
//! assert_eq!((verdict.secret_index, verdict.age_seconds, verdict.late), (0, 2, false));
//! # Ok(())
//! # }
//! ```

pub mod challenge;
mod receiver;
mod signature;

pub use receiver::{ReceiveError, Received, Receiver};
pub use signature::{
    SIGNATURE_HEADER, SecretError, SignatureError, TIMESTAMP_HEADER, Tolerance, Verdict, Verifier, sign,
};
