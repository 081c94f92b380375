//! Reading launch addresses that others made.

use super::{Action, LaunchError, LaunchUri, Scheme};
use crate::number::{Dialable, NumberError, PhoneNumber, Region};

/// Longer addresses are refused unread. A signed token may be in one.
pub(super) const LONGEST: usize = 2048;

/// A launch address as it was read.
#[derive(Clone, PartialEq)]
pub struct Launch {
    /// What it starts, safe to open.
    pub uri: LaunchUri,
    /// Parameters this crate does not use, decoded: `cat`, `bind` and `token` of old forms, or newer ones. They may hold
    /// a secret, and opening `uri` does not pass them on.
    pub others: Vec<(String, String)>,
}

/// Names of parameters only.
impl std::fmt::Debug for Launch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let others: Vec<_> = self.others.iter().map(|(name, _)| name).collect();
        f.debug_struct("Launch").field("uri", &self.uri).field("others", &others).finish()
    }
}

impl LaunchUri {
    /// Reads an address. Tolerant of case, of `//` where it does not belong and the other way round, of separators in
    /// numbers and of parameters it does not know; not of anything that could smuggle a second address, parameter or
    /// command line in. `region` is where it is dialled from.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Launch, LaunchError> {
        if text.len() > LONGEST {
            return Err(LaunchError::TooLong);
        }
        let (scheme, rest) = text.trim_matches(' ').split_once(':').ok_or(LaunchError::Scheme)?;
        let scheme = Scheme::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(scheme))
            .ok_or(LaunchError::Scheme)?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Browsers put a slash behind what they take for a host.
        let mut path = path.strip_suffix('/').unwrap_or(path).split(';');
        let target = number(path.next().unwrap_or_default())?;
        let mut read = Parameters::default();
        for parameter in path {
            // Parameters in the path are a thing of `tel:`.
            if scheme != Scheme::Tel {
                return Err(LaunchError::Target(NumberError::Several));
            }
            read.add(parameter, true)?;
        }
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            read.add(parameter, false)?;
        }
        let target = read.target(&target, scheme.action(), region)?;
        let mut uri = Self::new(scheme, target)?;
        if let Some(from) = &read.caller_id {
            let from = Dialable::to_call(from, region).map_err(LaunchError::CallerId);
            match from.and_then(|from| uri.clone().caller_id(from)) {
                Ok(with) => uri = with,
                // Nothing that is said about it stands between a person and help.
                Err(_) if matches!(uri.target(), Dialable::Emergency(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Launch { uri, others: read.others })
    }
}

#[derive(Default)]
struct Parameters {
    extension: Option<String>,
    context: Option<String>,
    caller_id: Option<String>,
    others: Vec<(String, String)>,
}

impl Parameters {
    fn add(&mut self, parameter: &str, in_path: bool) -> Result<(), LaunchError> {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let name = decode(name)?.to_ascii_lowercase();
        let slot = match (name.as_str(), in_path) {
            ("ext", true) => &mut self.extension,
            ("phone-context", true) => &mut self.context,
            ("callerid", false) => &mut self.caller_id,
            _ => {
                self.others.push((name, decode(value)?));
                return Ok(());
            }
        };
        let value = if name == "phone-context" { decode(value)? } else { number(value)? };
        if slot.replace(value).is_some() {
            return Err(LaunchError::Repeated);
        }
        Ok(())
    }

    fn target(
        &mut self,
        number: &str,
        action: Action,
        region: Option<Region>,
    ) -> Result<Dialable, LaunchError> {
        if let Ok(emergency @ Dialable::Emergency(_)) = Dialable::to_call(number, region) {
            return Ok(emergency);
        }
        let mut whole = number.to_owned();
        if let Some(context) = self.context.take() {
            if let Some(digits) = context.strip_prefix('+') {
                // RFC 3966 does not say that a longer prefix and the number make up one number.
                if !number.starts_with('+') {
                    if digits.len() > 3 {
                        return Err(LaunchError::Context);
                    }
                    whole = format!("{context}{number}");
                }
            } else {
                self.others.push(("phone-context".to_owned(), context));
            }
        }
        if let Some(extension) = &self.extension {
            let number = PhoneNumber::parse(&format!("{whole};ext={extension}"), region);
            let number = number.map_err(LaunchError::Target)?;
            // Otherwise the library took it for something else.
            return if number.extension().is_some() {
                Ok(number.into())
            } else {
                Err(LaunchError::Forbidden)
            };
        }
        match action {
            Action::Call => Dialable::to_call(&whole, region),
            Action::Text => Dialable::to_text(&whole, region),
        }
        .map_err(LaunchError::Target)
    }
}

/// Decoded, and nothing in it but what a number is written with.
fn number(text: &str) -> Result<String, LaunchError> {
    let text = decode(text)?;
    if text.contains([',', ';']) || text.chars().skip(1).any(|letter| letter == '+') {
        return Err(LaunchError::Target(NumberError::Several));
    }
    let fits =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '*' | '-' | '.' | '(' | ')' | ' ');
    if text.chars().all(fits) { Ok(text) } else { Err(LaunchError::Forbidden) }
}

/// Percent-decoded once. Nothing may come out, or have been in, that means something to a browser, a shell or the next
/// reader: so an address that was encoded twice is refused as well.
fn decode(text: &str) -> Result<String, LaunchError> {
    let mut decoded = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = if letter == '%' {
            let mut digit =
                || letters.next().and_then(|digit| digit.to_digit(16)).ok_or(LaunchError::Forbidden);
            let code = digit()? * 16 + digit()?;
            char::from_u32(code).ok_or(LaunchError::Forbidden)?
        } else {
            letter
        };
        let harmless = matches!(letter, ' ' | '!' | '(' ..= ';' | '=' | 'A'..='Z' | 'a'..='z' | '_' | '~');
        if !harmless {
            return Err(LaunchError::Forbidden);
        }
        decoded.push(letter);
    }
    Ok(decoded)
}
