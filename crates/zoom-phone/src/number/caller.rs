//! Who a call says it comes from.

use super::{Dialable, PhoneNumber, Region, clean::clean};

/// Who a call says it comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// A number, an extension, a service.
    Known(Dialable),
    /// The caller does not want to be known: never look for a name.
    Withheld,
    /// The network did not say, or nobody can read what it said.
    Unknown,
}

/// Spellings, folded to letters and digits. The digits are the words on a telephone's keypad, which networks without
/// letters send.
const WITHHELD: [&str; 13] = [
    "anonymous",
    "anonym",
    "blocked",
    "hidden",
    "nocallerid",
    "private",
    "privatecaller",
    "privatenumber",
    "restricted",
    "withheld",
    "266696687",
    "2562533",
    "7378742833",
];

impl Caller {
    /// Reads the number of a caller as Zoom and the telephone network spell it; see [`PhoneNumber::from_zoom`].
    pub fn read(text: &str, region: Option<Region>) -> Self {
        let Ok(clean) = clean(text) else { return Self::Unknown };
        let word: String = clean
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        if WITHHELD.contains(&word.as_str()) {
            return Self::Withheld;
        }
        // UNKNOWN and UNAVAILABLE on the keypad.
        if matches!(word.as_str(), "8656696" | "86282452253") || word.bytes().all(|digit| digit == b'0') {
            return Self::Unknown;
        }
        match Dialable::to_call(&clean, region) {
            Ok(Dialable::Number(number)) => {
                Self::Known(PhoneNumber::from_zoom(&clean, region).unwrap_or(number).into())
            }
            Ok(other) => Self::Known(other),
            Err(_) => PhoneNumber::from_zoom(&clean, region)
                .map_or(Self::Unknown, |number| Self::Known(number.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_hides_stays_hidden() {
        for text in [
            "Anonymous",
            "anonymous@anonymous.invalid",
            "sip:anonymous@anonymous.invalid",
            "+266696687",
            "PRIVATE",
        ] {
            assert_eq!(Caller::read(text, Region::new("US")), Caller::Withheld, "{text}");
        }
    }

    #[test]
    fn what_the_network_does_not_say_is_unknown() {
        for text in ["", "unknown", "Unavailable", "0000000", "-", "out of area", "☎"] {
            assert_eq!(Caller::read(text, Region::new("US")), Caller::Unknown, "{text}");
        }
    }

    #[test]
    fn everybody_else_is_known() {
        assert!(matches!(Caller::read("14155550142", None), Caller::Known(Dialable::Number(_))));
        assert!(matches!(Caller::read("812", None), Caller::Known(Dialable::Extension(_))));
    }
}
