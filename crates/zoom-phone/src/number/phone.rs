//! Telephone numbers. The only file that knows the library behind it.

use super::{
    NumberError,
    clean::{bare, clean},
};
use rlibphonenumber as lib;

/// Most digits of E.164, the country code among them.
const MOST_DIGITS: usize = 15;

/// A country whose rules a number without country code is read by.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Region(lib::Region);

impl Region {
    /// The region of an ISO 3166-1 code of two letters, in any case. `None` if it has no telephone numbers.
    pub fn new(code: &str) -> Option<Self> {
        let region: lib::Region = code.trim().to_ascii_uppercase().as_str().try_into().ok()?;
        lib::PHONE_NUMBER_UTIL.get_country_code_for_region(region)?;
        Some(Self(region))
    }

    /// The code: two capital letters.
    pub fn code(self) -> String {
        self.0.to_string()
    }
}

/// A telephone number that can be called from anywhere, with the extension behind it if one was given.
///
/// Of the right length for its country; whether it is in use, only a call can tell. `Debug` hides most of it.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PhoneNumber {
    e164: String,
    extension: Option<String>,
}

impl PhoneNumber {
    /// Reads a number as people write it: with or without `+`, with separators, letters (`1-800-FLOWERS`), an
    /// extension (`x12`, `ext. 12`, `;ext=12`), as `sip:` or `tel:` address. `region` is where it is dialled from: what
    /// it can mean there, it means. What it cannot, or where no region is given, is tried with a `+` before it.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Self, NumberError> {
        Self::read(text, region, |number| {
            number.is_possible_with_reason() == Ok(lib::NumberLengthType::IsPossible)
        })
    }

    /// Reads a number as Zoom sends it: E.164, now and then without its `+`. So a number that is not in use where it
    /// is read (`region`), but is with a `+` before it, is taken as the latter.
    pub fn from_zoom(text: &str, region: Option<Region>) -> Result<Self, NumberError> {
        Self::read(text, region, lib::PhoneNumber::is_valid)
    }

    fn read(
        text: &str,
        region: Option<Region>,
        is_meant: fn(&lib::PhoneNumber) -> bool,
    ) -> Result<Self, NumberError> {
        let text = &clean(text)?;
        if text.chars().skip(1).any(|letter| letter == '+') || text.contains(',') {
            return Err(NumberError::Several);
        }
        let as_written = read(text, region);
        if !text.starts_with('+') && !as_written.as_ref().is_ok_and(is_meant) {
            let bare = bare(text);
            let digits = bare.strip_prefix("00").unwrap_or(&bare);
            if digits.bytes().all(|digit| digit.is_ascii_digit())
                && let Ok(number) = read(&format!("+{digits}"), None)
                && number.is_valid()
            {
                return finish(&number);
            }
        }
        as_written.and_then(|number| finish(&number))
    }

    /// `+`, country code and number, digits only: `+14155550142`. Without the extension.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The extension behind the number, digits.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// The number without its extension.
    #[must_use]
    pub fn without_extension(mut self) -> Self {
        self.extension = None;
        self
    }

    /// The country it belongs to; `None` for a number that is of no country, or not in use in any.
    pub fn region(&self) -> Option<Region> {
        self.library()?.get_region_code().map(Region)
    }

    /// For people abroad: `+49 30 1234567`.
    pub fn international(&self) -> String {
        self.format(lib::PhoneNumberFormat::International)
    }

    /// For people in the same country: `030 1234567`.
    pub fn national(&self) -> String {
        self.format(lib::PhoneNumberFormat::National)
    }

    /// Whether both reach the same line. An extension counts only where both have one.
    pub fn is_same_line(&self, other: &Self) -> bool {
        let extensions_agree = match (&self.extension, &other.extension) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => true,
        };
        self.e164 == other.e164 && extensions_agree
    }

    fn format(&self, format: lib::PhoneNumberFormat) -> String {
        self.library().map_or_else(|| self.e164.clone(), |number| number.format_as(format).into_owned())
    }

    fn library(&self) -> Option<lib::PhoneNumber> {
        let mut number = lib::PhoneNumber::parse(&self.e164, None).ok()?;
        number.extension.clone_from(&self.extension);
        Some(number)
    }
}

/// The first three and the last two characters.
impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |range: std::ops::RangeFrom<usize>| self.e164.get(range).unwrap_or_default();
        let (start, end) =
            (self.e164.get(..3).unwrap_or_default(), shown(self.e164.len().saturating_sub(2)..));
        write!(f, "PhoneNumber({start}…{end}{})", if self.extension.is_some() { " ext. …" } else { "" })
    }
}

/// Whether two spellings of a number reach the same line: national against international, with and without `+` or
/// extension. A national number of unknown region is read by the rules of the other one's country; if both are
/// unreadable, their digits decide.
pub fn same_line(one: &str, other: &str, region: Option<Region>) -> bool {
    let read = PhoneNumber::parse;
    match (read(one, region), read(other, region)) {
        (Ok(one), Ok(other)) => one.is_same_line(&other),
        (Ok(known), Err(_)) => read(other, known.region()).is_ok_and(|other| known.is_same_line(&other)),
        (Err(_), Ok(known)) => read(one, known.region()).is_ok_and(|one| known.is_same_line(&one)),
        (Err(_), Err(_)) => {
            let digits = |text| clean(text).map(|text| bare(&text)).unwrap_or_default();
            let one = digits(one);
            one.bytes().any(|letter| letter.is_ascii_digit()) && one == digits(other)
        }
    }
}

fn read(text: &str, region: Option<Region>) -> Result<lib::PhoneNumber, NumberError> {
    lib::PhoneNumber::parse(text, region.map(|region| region.0)).map_err(|error| match error {
        // The library calls it that, too, when the number has no country code and no region was given.
        lib::ParseError::InvalidCountryCode if text.starts_with('+') => NumberError::Country,
        lib::ParseError::InvalidCountryCode => NumberError::NoRegion,
        lib::ParseError::NotANumber(_) => NumberError::NotANumber,
        lib::ParseError::TooShortAfterIdd | lib::ParseError::TooShortNsn => NumberError::TooShort,
        lib::ParseError::TooLongNsn => NumberError::TooLong,
    })
}

/// Refuses what is of no possible length, and what would not read as itself again.
fn finish(number: &lib::PhoneNumber) -> Result<PhoneNumber, NumberError> {
    match number.is_possible_with_reason() {
        Ok(lib::NumberLengthType::IsPossible) => {}
        Ok(lib::NumberLengthType::IsPossibleLocalOnly) | Err(lib::ValidationError::TooShort) => {
            return Err(NumberError::TooShort);
        }
        Err(lib::ValidationError::InvalidCountryCode) => return Err(NumberError::Country),
        Err(lib::ValidationError::TooLong) => return Err(NumberError::TooLong),
        Err(_) => return Err(NumberError::NotANumber),
    }
    let e164 = number.format_as(lib::PhoneNumberFormat::E164).into_owned();
    if e164.len() > MOST_DIGITS + 1 {
        return Err(NumberError::TooLong);
    }
    let again = lib::PhoneNumber::parse(&e164, None).map_err(|_| NumberError::NotANumber)?;
    if again.format_as(lib::PhoneNumberFormat::E164) != e164 {
        return Err(NumberError::NotANumber);
    }
    let extension = number.extension.clone().filter(|extension| !extension.is_empty());
    Ok(PhoneNumber { e164, extension })
}
