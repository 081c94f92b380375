//! Launch addresses: starting a call or a text message from a link.
//!
//! ```
//! use zoom_phone::launch::{LaunchUri, Scheme};
//! use zoom_phone::number::{Dialable, Region};
//!
//! let us = Region::new("US");
//! let uri = LaunchUri::new(Scheme::ZoomPhoneCall, Dialable::to_call("(415) 555-0142", us)?)?
//!     .caller_id(Dialable::to_call("+14155550100", us)?)?;
//! assert_eq!(uri.to_string(), "zoomphonecall://+14155550142?callerid=+14155550100");
//!
//! let launch = LaunchUri::parse("tel:+1-415-555-0142;ext=12", us)?;
//! assert_eq!(launch.uri.to_string(), "tel:+14155550142;ext=12");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is built holds digits, `+`, `*` and the fixed words of its form, and nothing else, whatever was read. Zoom dials
//! at once when such an address is opened, so a page opens one only after a click. There is no parameter for the text of
//! a message, for several recipients, or for digits after the answer: Zoom documents none. Emergency numbers are
//! launched like any other, untouched.
//!
//! Forms: Zoom's pages "outbound call" and "outbound SMS"; RFC 3966 for `tel:`.

mod parse;
mod support;

pub use parse::Launch;
pub use support::{CallerIdSupport, Fact, Platform, SUPPORT, Support, Way, ways};

use crate::number::{Dialable, NumberError};

/// What a launch address starts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// A call, dialled at once.
    Call,
    /// A text message, which a person still writes and sends.
    Text,
}

/// The scheme of a launch address.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// `zoomphonecall://`: the Zoom client, whatever else is installed.
    ZoomPhoneCall,
    /// `callto:`: what the system has chosen for it.
    Callto,
    /// `tel:`: what the system has chosen for it.
    Tel,
    /// `zoomphonesms://`: the Zoom client, from 6.1.0.
    ZoomPhoneSms,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ZoomPhoneCall, Self::Callto, Self::Tel, Self::ZoomPhoneSms];

    /// The scheme without its colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ZoomPhoneCall => "zoomphonecall",
            Self::Callto => "callto",
            Self::Tel => "tel",
            Self::ZoomPhoneSms => "zoomphonesms",
        }
    }

    /// What it starts.
    pub fn action(self) -> Action {
        match self {
            Self::ZoomPhoneSms => Action::Text,
            Self::ZoomPhoneCall | Self::Callto | Self::Tel => Action::Call,
        }
    }

    /// Whether its address may say which number the call or message comes from.
    pub fn takes_caller_id(self) -> bool {
        matches!(self, Self::ZoomPhoneCall | Self::ZoomPhoneSms)
    }
}

/// An address that is safe to open. `Display` writes it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct LaunchUri {
    scheme: Scheme,
    target: Dialable,
    caller_id: Option<Dialable>,
}

/// Why there is no launch address. The text that was read is not in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// Not one of the four schemes.
    #[error("the address does not start with callto:, tel:, zoomphonecall:// or zoomphonesms://")]
    Scheme,
    /// Longer than any address of these forms.
    #[error("the address is longer than {} characters", parse::LONGEST)]
    TooLong,
    /// Characters that have no place in an address, encoded or not.
    #[error(
        "the address holds characters that could smuggle something in: only digits, + and * may stand for a number"
    )]
    Forbidden,
    /// A parameter that is there twice.
    #[error("the address says twice which number to call from")]
    Repeated,
    /// `phone-context` other than a country code or a domain.
    #[error("the number is relative to a part of the network: write it with its country code")]
    Context,
    /// What is to be called or texted cannot be read.
    #[error("the number to call or text cannot be read")]
    Target(#[source] NumberError),
    /// The number to call or text from cannot be read.
    #[error("the number to call or text from cannot be read")]
    CallerId(#[source] NumberError),
    /// A scheme cannot start that.
    #[error("{}: cannot be used for {what}", scheme.as_str())]
    Unsupported {
        /// The scheme.
        scheme: Scheme,
        /// What it was to be used for.
        what: &'static str,
    },
}

impl LaunchUri {
    /// The address that calls or texts `target`.
    pub fn new(scheme: Scheme, target: Dialable) -> Result<Self, LaunchError> {
        let unsupported = |what| Err(LaunchError::Unsupported { scheme, what });
        match (&target, scheme.action()) {
            (Dialable::Emergency(_), _)
            | (Dialable::Extension(_), Action::Call)
            | (Dialable::ShortCode(_), Action::Text) => {}
            (Dialable::Number(number), _) => {
                if number.extension().is_some() && scheme != Scheme::Tel {
                    return Err(LaunchError::Target(NumberError::Extension));
                }
            }
            (Dialable::Service(code), Action::Call) => {
                if code.as_str().contains('#') {
                    return unsupported("a service code with #");
                }
            }
            (Dialable::Service(_), Action::Text) => return unsupported("a service code"),
            (Dialable::Extension(_), Action::Text) => return unsupported("an extension"),
            (Dialable::ShortCode(_), Action::Call) => return unsupported("a short code"),
        }
        Ok(Self { scheme, target, caller_id: None })
    }

    /// Calls or texts from this number of the user's, this once. Zoom takes an extension as well for calls.
    pub fn caller_id(mut self, from: Dialable) -> Result<Self, LaunchError> {
        let scheme = self.scheme;
        if !scheme.takes_caller_id() {
            return Err(LaunchError::Unsupported { scheme, what: "choosing the number to call from" });
        }
        match &from {
            Dialable::Number(number) if number.extension().is_some() => {
                return Err(LaunchError::CallerId(NumberError::Extension));
            }
            Dialable::Number(_) => {}
            Dialable::Extension(_) if scheme.action() == Action::Call => {}
            _ => {
                return Err(LaunchError::Unsupported {
                    scheme,
                    what: "this sort of number to call or text from",
                });
            }
        }
        self.caller_id = Some(from);
        Ok(self)
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What is called or texted.
    pub fn target(&self) -> &Dialable {
        &self.target
    }

    /// Where the call or message comes from; Zoom's default if `None`.
    pub fn from(&self) -> Option<&Dialable> {
        self.caller_id.as_ref()
    }
}

/// The address. It shows whole numbers: not for logs.
impl std::fmt::Display for LaunchUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slashes = if self.scheme.takes_caller_id() { "//" } else { "" };
        write!(f, "{}:{slashes}", self.scheme.as_str())?;
        write_target(f, &self.target)?;
        if let Some(caller_id) = &self.caller_id {
            f.write_str("?callerid=")?;
            write_target(f, caller_id)?;
        }
        Ok(())
    }
}

fn write_target(f: &mut std::fmt::Formatter<'_>, target: &Dialable) -> std::fmt::Result {
    match target {
        Dialable::Number(number) => {
            f.write_str(number.e164())?;
            // Only `tel:` comes here with an extension.
            number.extension().map_or(Ok(()), |extension| write!(f, ";ext={extension}"))
        }
        Dialable::Extension(code)
        | Dialable::ShortCode(code)
        | Dialable::Service(code)
        | Dialable::Emergency(code) => f.write_str(code.as_str()),
    }
}
