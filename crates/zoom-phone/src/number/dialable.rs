//! Whatever can be called or texted.

use super::{
    NumberError, PhoneNumber, Region,
    clean::{after, bare, clean},
    emergency::is_emergency,
};

/// Digits (and `*`, `#`) that are dialled as they stand.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Code(String);

impl Code {
    /// What is dialled.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something to call or to text.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Dialable {
    /// A telephone number.
    Number(PhoneNumber),
    /// An extension of the Zoom account, 2 to 10 digits.
    Extension(Code),
    /// A short code to text to, 3 to 6 digits.
    ShortCode(Code),
    /// A service code, such as `*86`.
    Service(Code),
    /// An emergency number of the country, exactly as dialled. It is never held up, hidden or rewritten.
    Emergency(Code),
}

impl Dialable {
    /// Reads what is to be called from `region`. Two to six digits are an extension, and so are up to ten behind
    /// `ext.` or `x`; a telephone number that short wants its `+`.
    pub fn to_call(text: &str, region: Option<Region>) -> Result<Self, NumberError> {
        Self::read(text, region, Self::Extension, 2)
    }

    /// Reads what is to be texted from `region`. Three to six digits are a short code.
    pub fn to_text(text: &str, region: Option<Region>) -> Result<Self, NumberError> {
        Self::read(text, region, Self::ShortCode, 3)
    }

    fn read(
        text: &str,
        region: Option<Region>,
        short: fn(Code) -> Self,
        shortest: usize,
    ) -> Result<Self, NumberError> {
        let text = clean(text)?;
        let bare = bare(&text);
        // First of all, and whatever else it could be.
        if is_emergency(&bare, region) {
            return Ok(Self::Emergency(Code(bare)));
        }
        if bare.starts_with(['*', '#']) {
            return service(bare);
        }
        if let Some(extension) = ["extension", "ext", "x"].iter().find_map(|mark| after(&bare, mark)) {
            let extension = extension.trim_start_matches([':', '.']);
            return if is_digits(extension) && (2..=10).contains(&extension.len()) {
                Ok(Self::Extension(Code(extension.to_owned())))
            } else {
                Err(NumberError::NotANumber)
            };
        }
        if is_digits(&bare) && (shortest..=6).contains(&bare.len()) {
            return Ok(short(Code(bare)));
        }
        PhoneNumber::parse(&text, region).map(Self::Number)
    }

    /// What is dialled: E.164, or the code. An error for a number with an extension, which nothing dials in one go.
    pub fn dialled(&self) -> Result<&str, NumberError> {
        match self {
            Self::Number(number) if number.extension().is_some() => Err(NumberError::Extension),
            Self::Number(number) => Ok(number.e164()),
            Self::Extension(code) | Self::ShortCode(code) | Self::Service(code) | Self::Emergency(code) => {
                Ok(code.as_str())
            }
        }
    }
}

impl From<PhoneNumber> for Dialable {
    fn from(number: PhoneNumber) -> Self {
        Self::Number(number)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit())
}

/// `*86`, `#31#`, `*67` with a number behind it.
fn service(code: String) -> Result<Dialable, NumberError> {
    if code.len() > 20 {
        Err(NumberError::TooLong)
    } else if code.len() > 1
        && code.bytes().all(|letter| letter.is_ascii_digit() || matches!(letter, b'*' | b'#'))
    {
        Ok(Dialable::Service(Code(code)))
    } else {
        Err(NumberError::NotANumber)
    }
}
