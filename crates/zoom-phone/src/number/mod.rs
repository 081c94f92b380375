//! Phone numbers as people and Zoom write them.
//!
//! [`PhoneNumber`] is E.164 inside and is what contacts are matched by. [`Dialable`] is whatever can be called or
//! texted: a number, an extension, a short code, a service code such as `*86`, or an emergency number, which is
//! recognised first and never altered. [`Caller`] is who a call says it comes from, which may be nobody.
//!
//! ```
//! use zoom_phone::number::{Dialable, PhoneNumber, Region, same_line};
//!
//! let germany = Region::new("DE");
//! let number = PhoneNumber::parse("030 / 12 34 56-7", germany)?;
//! assert_eq!(number.e164(), "+49301234567");
//! assert!(same_line("+49 (0)30 1234567", "0301234567 ext. 12", germany));
//! assert!(matches!(Dialable::to_call("812", germany)?, Dialable::Extension(_)));
//! assert!(matches!(Dialable::to_call("112", germany)?, Dialable::Emergency(_)));
//! # Ok::<(), zoom_phone::number::NumberError>(())
//! ```

mod caller;
mod clean;
mod dialable;
mod emergency;
mod phone;

pub use caller::Caller;
pub use dialable::{Code, Dialable};
pub use phone::{PhoneNumber, Region, same_line};

/// Why text is not a number. The text itself is not in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// Nothing there.
    #[error("the number is empty")]
    Empty,
    /// Longer than E.164 or Zoom allow.
    #[error("the number is too long: at most 15 digits and the country code count")]
    TooLong,
    /// Too few digits to reach anybody from abroad.
    #[error("the number is too short: write it with its area code")]
    TooShort,
    /// Characters that no number has.
    #[error("this is not a phone number: write it as digits, such as +14155550142")]
    NotANumber,
    /// More than one number, or digits to be sent once somebody answers.
    #[error("there is more than one number here, or digits to send after the answer: give one number alone")]
    Several,
    /// No such country code.
    #[error("the number starts with a country code that does not exist")]
    Country,
    /// A national number, of which country is unknown.
    #[error("the number has no country code: write it with +, or say which country it is of")]
    NoRegion,
    /// A number with an extension where only one of the two can be dialled.
    #[error("a number and its extension cannot be dialled in one: dial the number, then the extension")]
    Extension,
}
