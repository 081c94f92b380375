//! Short-lived links to files: a file's id and the end of the link, signed with a key that only this process has.

use aws_lc_rs::hmac;
use jiff::Timestamp;

/// Bytes of a file's id.
const ID: usize = 16;
/// Bytes of the end, in seconds since 1970.
const END: usize = 8;

/// Makes and reads links. They end with the process at the latest.
pub struct Links(hmac::Key);

/// Why a link does not lead to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is not one of ours, or was made before the last restart.
    #[error("this link is not valid; ask for a new one")]
    Invalid,
    /// Its time is over.
    #[error("this link has expired; ask for a new one")]
    Expired,
}

impl Links {
    /// With a new key; `None` if the machine has no random numbers.
    pub fn new() -> Option<Self> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).ok()?;
        Some(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// A token for the file with this id that holds until then (whole seconds). `None`: the id is none of ours.
    pub fn sign(&self, id: &str, until: Timestamp) -> Option<String> {
        let mut token = hex::decode(id).ok().filter(|id| id.len() == ID)?;
        token.extend_from_slice(&until.as_second().to_be_bytes());
        let tag = hmac::sign(&self.0, &token);
        token.extend_from_slice(tag.as_ref());
        Some(hex::encode(token))
    }

    /// The id of the file that a token leads to at `now`.
    pub fn open(&self, token: &str, now: Timestamp) -> Result<String, LinkError> {
        let token = hex::decode(token).map_err(|_| LinkError::Invalid)?;
        let (signed, tag) = token.split_at_checked(ID + END).ok_or(LinkError::Invalid)?;
        hmac::verify(&self.0, signed, tag).map_err(|_| LinkError::Invalid)?;
        let (id, end) = signed.split_at(ID);
        let end = i64::from_be_bytes(end.try_into().map_err(|_| LinkError::Invalid)?);
        if now.as_second() >= end {
            return Err(LinkError::Expired);
        }
        Ok(hex::encode(id))
    }
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_file_until_it_ends_and_no_changed_one_does() {
        let (links, others) = (Links::new().unwrap(), Links::new().unwrap());
        let id = "00112233445566778899aabbccddeeff";
        let at = |second| Timestamp::from_second(second).unwrap();
        let token = links.sign(id, at(100)).unwrap();
        assert_eq!(links.open(&token, at(99)).as_deref(), Ok(id));
        assert_eq!(links.open(&token, at(100)), Err(LinkError::Expired));
        assert_eq!(others.open(&token, at(0)), Err(LinkError::Invalid), "another process");
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(links.open(&changed, at(0)), Err(LinkError::Invalid), "{place}");
        }
        for text in ["", "0", "zz", &token[..40]] {
            assert_eq!(links.open(text, at(0)), Err(LinkError::Invalid));
        }
        assert_eq!(links.sign("short", at(1)), None);
    }
}
