//! Which address starts something where, as data. Zoom's pages "outbound call" and "outbound SMS" are the source of what
//! is documented; the rest is read off installed clients and public code.

use super::{Action, Scheme};
use crate::Confidence::{self, Documented, Inferred, Seen};

/// A system that opens addresses.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Platform {
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// Windows.
    Windows,
    /// macOS.
    MacOs,
    /// Linux.
    Linux,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Windows, Self::MacOs, Self::Linux, Self::Ios, Self::Android];

    /// Its name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::Ios => "iOS",
            Self::Windows => "Windows",
            Self::MacOs => "macOS",
            Self::Linux => "Linux",
        }
    }
}

/// Whether opening an address reaches Zoom.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Support {
    /// Yes, with the Zoom client installed and signed in.
    Works,
    /// Only if the user has chosen Zoom for such addresses; otherwise another program answers.
    IfHandler,
    /// Nobody says.
    Unknown,
    /// No.
    No,
}

impl Support {
    /// The words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::IfHandler => "works if Zoom is the handler",
            Self::Unknown => "unknown",
            Self::No => "does not work",
        }
    }
}

/// Whether the number to call or text from is heeded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallerIdSupport {
    /// Yes. A number that is not the user's is ignored without a word.
    Yes,
    /// No: leave it out.
    No,
    /// Nobody says.
    Unknown,
}

impl CallerIdSupport {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// What one scheme does on one platform.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fact {
    /// Where.
    pub platform: Platform,
    /// What is opened.
    pub scheme: Scheme,
    /// What happens.
    pub support: Support,
    /// Whether `callerid` is heeded.
    pub caller_id: CallerIdSupport,
    /// How sure this is.
    pub confidence: Confidence,
}

const fn fact(
    platform: Platform,
    scheme: Scheme,
    support: Support,
    caller_id: CallerIdSupport,
    confidence: Confidence,
) -> Fact {
    Fact { platform, scheme, support, caller_id, confidence }
}

/// Every platform with every scheme, once.
#[rustfmt::skip]
pub const SUPPORT: [Fact; 20] = {
    use CallerIdSupport as From;
    use Platform::{Android, Ios, Linux, MacOs, Windows};
    use Scheme::{Callto, Tel, ZoomPhoneCall, ZoomPhoneSms};
    use Support::{IfHandler, No, Unknown, Works};
    [
        fact(Windows, ZoomPhoneCall, Works, From::Yes, Documented),
        fact(Windows, Callto, IfHandler, From::No, Documented),
        fact(Windows, Tel, IfHandler, From::No, Documented),
        fact(Windows, ZoomPhoneSms, Works, From::Yes, Documented),
        fact(MacOs, ZoomPhoneCall, Works, From::Yes, Documented),
        fact(MacOs, Callto, IfHandler, From::No, Documented),
        fact(MacOs, Tel, IfHandler, From::No, Documented),
        fact(MacOs, ZoomPhoneSms, Works, From::Yes, Documented),
        // The client's desktop entry names the schemes; Zoom's pages say "desktop" and name no Linux.
        fact(Linux, ZoomPhoneCall, Works, From::Unknown, Seen),
        fact(Linux, Callto, IfHandler, From::No, Seen),
        fact(Linux, Tel, IfHandler, From::No, Seen),
        fact(Linux, ZoomPhoneSms, Works, From::Unknown, Seen),
        fact(Ios, ZoomPhoneCall, Works, From::No, Documented),
        fact(Ios, Callto, Unknown, From::No, Inferred),
        fact(Ios, Tel, Unknown, From::No, Inferred),
        fact(Ios, ZoomPhoneSms, Works, From::Unknown, Documented),
        fact(Android, ZoomPhoneCall, No, From::No, Documented),
        fact(Android, Callto, Unknown, From::No, Inferred),
        fact(Android, Tel, No, From::No, Documented),
        fact(Android, ZoomPhoneSms, Works, From::Unknown, Documented),
    ]
};

/// One way to get a call or a message going.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// Open an address of this scheme.
    Open(Scheme),
    /// Show the number to be copied into Zoom: no page learns whether an address was opened, so this is always there.
    CopyNumber,
}

/// What to try on a platform, the surest first; each is the fallback of the one before. What is known not to work is
/// not among them.
pub fn ways(platform: Platform, action: Action) -> Vec<Way> {
    let mut facts: Vec<&Fact> = SUPPORT
        .iter()
        .filter(|fact| {
            fact.platform == platform && fact.scheme.action() == action && fact.support != Support::No
        })
        .collect();
    facts.sort_by_key(|fact| fact.support);
    facts.iter().map(|fact| Way::Open(fact.scheme)).chain([Way::CopyNumber]).collect()
}
