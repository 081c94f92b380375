//! The 71 events of Zoom Phone as types.
//!
//! One struct describes the `payload.object` of a family of events, such as [`CallLeg`] for the nineteen call status
//! events. Every field is optional, because Zoom's lists of required fields are not reliable.

#[doc(inline)]
pub use crate::generated::{enums::*, events::*};
pub use crate::notification::{Notification, ParseError};
pub use crate::time::Time;
pub use crate::wire::Wire;

/// What Zoom's documentation says about one event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EventFacts {
    /// Name on the wire, such as `phone.callee_ringing`.
    pub name: &'static str,
    /// The variant of [`Event`].
    pub variant: &'static str,
    /// The struct of `payload.object`.
    pub family: &'static str,
    /// Paths below `payload.object` that are documented as required; `[]` stands for each item of a list.
    pub required: &'static [&'static str],
    /// Classic scopes, any of which suffices.
    pub scopes_classic: &'static [&'static str],
    /// Granular scopes, any of which suffices.
    pub scopes_granular: &'static [&'static str],
    /// At its sunset: a newer event replaces it.
    pub deprecated: bool,
}

impl EventFacts {
    /// The facts of an event; `None` for one that is not documented.
    pub fn of(name: &str) -> Option<&'static Self> {
        EVENTS.iter().find(|facts| facts.name == name)
    }
}

/// Declares [`Event`] from `Variant(Struct) = "phone.name"` lines.
macro_rules! event_enum {
    ( $( $variant:ident($family:ident) = $name:literal, )* ) => {
        /// The `payload.object` of an event.
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            $( #[doc = concat!("`", $name, "`")] $variant(Box<$family>), )*
            /// An event this crate does not know, or a known one whose object is not a JSON object: `payload.object`
            /// as received, or the whole payload if it has no `object`.
            Unknown(serde_json::Value),
        }

        impl Event {
            /// The name on the wire; `None` for an unknown event, which [`Notification::event`] names.
            ///
            /// [`Notification::event`]: crate::events::Notification::event
            pub fn name(&self) -> Option<&'static str> {
                match self {
                    $( Self::$variant(_) => Some($name), )*
                    Self::Unknown(_) => None,
                }
            }

            /// Types the `payload.object` of the event called `name`.
            pub fn read(name: &str, object: serde_json::Value) -> Self {
                match name {
                    $( $name => match $crate::wire::Wire::from_value(object) {
                        Ok(body) => Self::$variant(Box::new(body)),
                        Err(object) => Self::Unknown(object),
                    }, )*
                    _ => Self::Unknown(object),
                }
            }

            /// The `payload.object` as Zoom would send it.
            pub fn to_json(&self) -> serde_json::Value {
                match self {
                    $( Self::$variant(body) => $crate::wire::Wire::to_json(body.as_ref()), )*
                    Self::Unknown(object) => object.clone(),
                }
            }

            pub(crate) fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
                match self {
                    $( Self::$variant(body) => $crate::wire::Wire::unfamiliar(body.as_ref(), path, found), )*
                    Self::Unknown(_) => {}
                }
            }
        }

        impl std::fmt::Debug for Event {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $( Self::$variant(body) => f.debug_tuple(stringify!($variant)).field(body).finish(), )*
                    Self::Unknown(_) => f.debug_tuple("Unknown").field(&$crate::wire::Redacted).finish(),
                }
            }
        }
    };
}
pub(crate) use event_enum;
