//! Types of the Zoom Phone platform: webhook events, bodies and answers of all operations, and the operation
//! catalogue, generated from Zoom's OpenAPI documents. No I/O.
//!
//! ```
//! # #[cfg(feature = "events")] {
//! use zoom_phone_types::events::{Event, Notification};
//!
//! let body = br#"{"event": "phone.callee_ringing", "event_ts": 1795341606000, "payload": {"account_id": "A",
//!     "object": {"call_id": "7018317023722949162", "callee": {"extension_number": 1002}, "new_field": 1}}}"#;
//! let notification = Notification::parse(body)?;
//! let Event::CalleeRinging(leg) = &notification.body else { panic!() };
//! assert_eq!(leg.callee.as_ref().and_then(|callee| callee.extension_number.as_deref()), Some("1002"));
//! assert_eq!(notification.unfamiliar(), ["payload.object.new_field"]);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Bodies and answers are in a module for each group of operations, and in [`shared`]. Every field is optional; what is
//! unknown or does not fit is kept in `extra`, so that what is written is what was read.
//!
//! ```
//! # #[cfg(feature = "operations")] {
//! use zoom_phone_types::Wire;
//! use zoom_phone_types::call_queues::{CallHandlingSetting, OverflowActionSetting};
//!
//! let value = serde_json::json!({"overflow_action": "forward_to_extension", "overflow_action_setting":
//!     {"forward_to_extension": {"extension_id": "8f71O6rWT8KFUGQmJIFAdQ"}}});
//! let handling = CallHandlingSetting::from_json(&value).unwrap();
//! // The setting is typed by the action beside it.
//! let Some(OverflowActionSetting::ForwardToExtension(setting)) = &handling.overflow_action_setting else { panic!() };
//! assert!(setting.forward_to_extension.is_some());
//! assert_eq!(handling.to_json(), value);
//! # }
//! ```
//!
//! ```
//! # #[cfg(feature = "catalogue")] {
//! use zoom_phone_types::catalogue::{Catalogue, RateLabel};
//!
//! let (operation, values) = Catalogue::get().find("GET", "/phone/users/me/call_history").unwrap();
//! assert_eq!((operation.name.as_str(), operation.rate), ("phone_user_call_history", Some(RateLabel::Medium)));
//! assert_eq!(values, [("userId", "me".to_owned())]);
//! # }
//! ```

#[cfg(feature = "catalogue")]
pub mod catalogue;
#[cfg(feature = "events")]
pub mod deprecation;
#[cfg(feature = "events")]
pub mod embed;
#[cfg(feature = "events")]
pub mod events;
#[cfg(feature = "events")]
mod generated;
#[cfg(feature = "events")]
mod notification;
#[cfg(feature = "events")]
mod time;
pub mod vocabulary;
#[cfg(feature = "events")]
pub mod wire;

#[cfg(feature = "operations")]
#[doc(inline)]
pub use generated::operations::*;
#[cfg(feature = "events")]
pub use wire::Wire;
