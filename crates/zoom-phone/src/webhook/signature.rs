//! The signature over timestamp and body.
//!
//! `x-zm-signature: v0=<lower-case hex of HMAC-SHA256(secret token, "v0:" + timestamp header + ":" + body)>`
//! (Zoom: "Using webhooks", verify webhook events).

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Header with `v0=` and 64 lower-case hex digits.
pub const SIGNATURE_HEADER: &str = "x-zm-signature";
/// Header with the time of signing: Unix seconds, in decimal.
pub const TIMESTAMP_HEADER: &str = "x-zm-request-timestamp";

/// Timestamps above this are read as milliseconds; as seconds it is the year 5138.
const LAST_SECOND: i64 = 100_000_000_000;
/// More digits than any timestamp in milliseconds needs, few enough to never overflow.
const MAX_TIMESTAMP_DIGITS: usize = 16;

/// Verifies webhooks against one or several secret tokens.
///
/// Several are valid at once while a secret is rotated. The keyed state of each is computed once here, so a
/// verification costs little more than hashing the body.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<Hmac<Sha256>>,
    tolerance: Tolerance,
}

/// How far the timestamp of a request may lie from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Oldest accepted. Default 2 hours: Zoom repeats a webhook that was not received for 85 minutes, and does
    /// not say whether a repetition is signed anew.
    pub past: Duration,
    /// Furthest ahead of our clock that is accepted. Default 5 minutes.
    pub future: Duration,
    /// Older than this is accepted but marked [`Verdict::late`]. Default 5 minutes.
    pub late_after: Duration,
}

impl Default for Tolerance {
    fn default() -> Self {
        let five_minutes = Duration::from_mins(5);
        Self { past: Duration::from_hours(2), future: five_minutes, late_after: five_minutes }
    }
}

/// A request that Zoom signed, in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Which secret signed it: its position in the list given to [`Verifier::new`].
    pub secret_index: usize,
    /// Seconds between signing and now; negative if Zoom's clock is ahead of ours.
    pub age_seconds: i64,
    /// Older than [`Tolerance::late_after`]: probably a repetition of something not received before.
    pub late: bool,
}

/// A list of secrets that cannot verify anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The list is empty.
    #[error(
        "no webhook secret token is configured; copy it from the page \"Access\" of the app in Zoom's Marketplace"
    )]
    None,
    /// One of them is blank: anybody could sign with it.
    #[error("webhook secret token number {index} (counted from 0) is blank; remove it or fill it in")]
    Blank {
        /// Its position in the list.
        index: usize,
    },
}

/// Why a request is not accepted as Zoom's. Answer it with status 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// A header that every webhook has is not there.
    #[error("the request has no {0} header; it does not come from a Zoom webhook")]
    MissingHeader(&'static str),
    /// The timestamp is not a decimal number of seconds (or milliseconds).
    #[error("the {TIMESTAMP_HEADER} header is not a number of seconds")]
    MalformedTimestamp,
    /// The signature is not `v0=` and 64 lower-case hex digits.
    #[error("the {SIGNATURE_HEADER} header is not v0= and 64 lower-case hex digits")]
    MalformedSignature,
    /// No secret gives this signature for this timestamp and body.
    #[error(
        "the signature fits no configured secret token; compare the token with the app's page \"Access\", and check that nothing between Zoom and here rewrites the body"
    )]
    Mismatch,
    /// Genuine, but signed too long ago.
    #[error(
        "the request was signed {age_seconds} seconds ago, longer than is accepted; check this machine's clock"
    )]
    TooOld {
        /// Seconds between signing and now.
        age_seconds: i64,
    },
    /// Genuine, but signed in the future.
    #[error(
        "the request was signed {ahead_seconds} seconds in the future, further than is accepted; check this machine's clock"
    )]
    TooFarAhead {
        /// Seconds between now and the time of signing.
        ahead_seconds: i64,
    },
}

impl SignatureError {
    /// A stable label for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader(_) => "missing_header",
            Self::MalformedTimestamp => "malformed_timestamp",
            Self::MalformedSignature => "malformed_signature",
            Self::Mismatch => "mismatch",
            Self::TooOld { .. } => "too_old",
            Self::TooFarAhead { .. } => "too_far_ahead",
        }
    }
}

impl Verifier {
    /// A verifier for every secret that is valid now, with the default [`Tolerance`].
    pub fn new(secrets: &[SecretString]) -> Result<Self, SecretError> {
        if secrets.is_empty() {
            return Err(SecretError::None);
        }
        let keys = secrets
            .iter()
            .enumerate()
            .map(|(index, secret)| keyed(index, secret))
            .collect::<Result<_, _>>()?;
        Ok(Self { keys, tolerance: Tolerance::default() })
    }

    /// The same verifier with another tolerance.
    #[must_use]
    pub fn with_tolerance(self, tolerance: Tolerance) -> Self {
        Self { tolerance, ..self }
    }

    /// Verifies a request from its two headers and its body, all exactly as received; `now` is our clock.
    ///
    /// The time is judged last, so [`SignatureError::TooOld`] and [`SignatureError::TooFarAhead`] are only
    /// reported of requests that Zoom did sign: counting them tells whether the tolerance fits.
    pub fn verify(
        &self,
        signature: Option<&[u8]>,
        timestamp: Option<&[u8]>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Verdict, SignatureError> {
        let signature = signature.ok_or(SignatureError::MissingHeader(SIGNATURE_HEADER))?;
        let timestamp = timestamp.ok_or(SignatureError::MissingHeader(TIMESTAMP_HEADER))?;
        let signed_at = parse_timestamp(timestamp).ok_or(SignatureError::MalformedTimestamp)?;
        let tag = parse_signature(signature).ok_or(SignatureError::MalformedSignature)?;
        let secret_index = self
            .keys
            .iter()
            .position(|key| message(key.clone(), timestamp, body).verify_slice(&tag).is_ok())
            .ok_or(SignatureError::Mismatch)?;

        let age_seconds = now.as_second().saturating_sub(signed_at);
        if age_seconds > seconds(self.tolerance.past) {
            return Err(SignatureError::TooOld { age_seconds });
        }
        if age_seconds < -seconds(self.tolerance.future) {
            return Err(SignatureError::TooFarAhead { ahead_seconds: -age_seconds });
        }
        Ok(Verdict { secret_index, age_seconds, late: age_seconds > seconds(self.tolerance.late_after) })
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("secrets", &self.keys.len())
            .field("tolerance", &self.tolerance)
            .finish_non_exhaustive()
    }
}

/// The signature header that Zoom would send: for tests of a receiver, and for replaying stored webhooks.
/// `timestamp` is the text of the timestamp header.
pub fn sign(secret: &SecretString, timestamp: &str, body: &[u8]) -> Result<String, SecretError> {
    let mac = message(keyed(0, secret)?, timestamp.as_bytes(), body);
    Ok(format!("v0={}", hex::encode(mac.finalize().into_bytes())))
}

/// The HMAC state of one secret, before any text.
pub(super) fn keyed(index: usize, secret: &SecretString) -> Result<Hmac<Sha256>, SecretError> {
    let secret = secret.expose_secret();
    if secret.trim().is_empty() {
        return Err(SecretError::Blank { index });
    }
    // HMAC takes keys of any length; the type of `new_from_slice` serves other kinds of MAC too.
    Hmac::new_from_slice(secret.as_bytes()).map_err(|_| SecretError::Blank { index })
}

/// The header's text goes into the message verbatim: another spelling of the same number is another message.
fn message(key: Hmac<Sha256>, timestamp: &[u8], body: &[u8]) -> Hmac<Sha256> {
    key.chain_update(b"v0:").chain_update(timestamp).chain_update(b":").chain_update(body)
}

fn parse_timestamp(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > MAX_TIMESTAMP_DIGITS {
        return None;
    }
    let number = text.iter().try_fold(0_i64, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })?;
    Some(if number > LAST_SECOND { number / 1000 } else { number })
}

fn parse_signature(text: &[u8]) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(b"v0=")?;
    // `hex` also reads capitals. Zoom sends none, and one tag should have one spelling.
    if digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut tag = [0; 32];
    hex::decode_to_slice(digits, &mut tag).ok()?;
    Some(tag)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "it-is-a-synthetic-secret";
    const BODY: &[u8] = br#"{"event":"phone.callee_ringing","event_ts":1795300000000,"payload":{"account_id":"AAAA","object":{}}}"#;
    const SIGNED_AT: &str = "1795300000";
    const SIGNATURE: &str = "v0=4e482462eec7897aff5a333ed0fe94d6bab3a993875ab1d76a5e9b988740bd63";

    fn verifier(secrets: &[&str]) -> Verifier {
        let secrets: Vec<_> = secrets.iter().map(|text| SecretString::from(*text)).collect();
        Verifier::new(&secrets).unwrap()
    }

    /// The clock of the receiver, `age` seconds after signing.
    fn after(age: i64) -> Timestamp {
        Timestamp::from_second(1_795_300_000 + age).unwrap()
    }

    fn verify_at(now: Timestamp) -> Result<Verdict, SignatureError> {
        verifier(&[SECRET]).verify(Some(SIGNATURE.as_bytes()), Some(SIGNED_AT.as_bytes()), BODY, now)
    }

    #[test]
    fn the_known_vector_verifies() {
        assert_eq!(verify_at(after(3)), Ok(Verdict { secret_index: 0, age_seconds: 3, late: false }));
        assert_eq!(sign(&SecretString::from(SECRET), SIGNED_AT, BODY).unwrap(), SIGNATURE);
    }

    #[test]
    fn during_a_rotation_the_verdict_names_the_secret_that_signed() {
        let verdict = verifier(&["the new one", "another", SECRET]).verify(
            Some(SIGNATURE.as_bytes()),
            Some(SIGNED_AT.as_bytes()),
            BODY,
            after(0),
        );
        assert_eq!(verdict.unwrap().secret_index, 2);
    }

    #[test]
    fn a_verifier_without_a_usable_secret_cannot_be_made() {
        assert_eq!(Verifier::new(&[]).err(), Some(SecretError::None));
        let secrets = [SecretString::from(SECRET), SecretString::from(" \n")];
        assert_eq!(Verifier::new(&secrets).err(), Some(SecretError::Blank { index: 1 }));
    }

    #[test]
    fn a_late_but_genuine_webhook_is_accepted_and_marked() {
        assert!(!verify_at(after(300)).unwrap().late);
        assert_eq!(verify_at(after(301)), Ok(Verdict { secret_index: 0, age_seconds: 301, late: true }));
        assert!(verify_at(after(7200)).is_ok());
        assert_eq!(verify_at(after(7201)), Err(SignatureError::TooOld { age_seconds: 7201 }));
    }

    #[test]
    fn a_clock_ahead_of_ours_is_accepted_up_to_the_tolerance() {
        assert_eq!(verify_at(after(-300)), Ok(Verdict { secret_index: 0, age_seconds: -300, late: false }));
        assert_eq!(verify_at(after(-301)), Err(SignatureError::TooFarAhead { ahead_seconds: 301 }));
    }

    #[test]
    fn the_tolerance_can_be_set() {
        let strict = Tolerance {
            past: Duration::from_secs(10),
            future: Duration::ZERO,
            late_after: Duration::from_secs(5),
        };
        let verify = |now| {
            verifier(&[SECRET]).with_tolerance(strict).verify(
                Some(SIGNATURE.as_bytes()),
                Some(SIGNED_AT.as_bytes()),
                BODY,
                now,
            )
        };
        assert!(verify(after(6)).unwrap().late);
        assert_eq!(verify(after(11)), Err(SignatureError::TooOld { age_seconds: 11 }));
        assert_eq!(verify(after(-1)), Err(SignatureError::TooFarAhead { ahead_seconds: 1 }));
    }

    #[test]
    fn a_timestamp_in_milliseconds_is_understood() {
        let secret = SecretString::from(SECRET);
        let timestamp = "1795300000123";
        let signature = sign(&secret, timestamp, BODY).unwrap();
        let verdict = verifier(&[SECRET]).verify(
            Some(signature.as_bytes()),
            Some(timestamp.as_bytes()),
            BODY,
            after(4),
        );
        assert_eq!(verdict.unwrap().age_seconds, 4);
    }

    /// Signature, timestamp, label of the error.
    type Case<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, &'a str);

    #[test]
    fn each_defect_has_its_own_error_and_label() {
        let v = verifier(&[SECRET]);
        let (signature, timestamp) = (Some(SIGNATURE.as_bytes()), Some(SIGNED_AT.as_bytes()));
        let capitals = SIGNATURE.to_uppercase().replace("V0=", "v0=");
        let cases: &[Case<'_>] = &[
            (None, timestamp, "missing_header"),
            (signature, None, "missing_header"),
            (signature, Some(b""), "malformed_timestamp"),
            (signature, Some(b"-5"), "malformed_timestamp"),
            (signature, Some(b"99999999999999999999999999"), "malformed_timestamp"),
            (Some(b""), timestamp, "malformed_signature"),
            (Some(b"v0="), timestamp, "malformed_signature"),
            (Some(&SIGNATURE.as_bytes()[3..]), timestamp, "malformed_signature"),
            (Some(&SIGNATURE.as_bytes()[..66]), timestamp, "malformed_signature"),
            (Some(capitals.as_bytes()), timestamp, "malformed_signature"),
            (signature, Some(b"1795300001"), "mismatch"),
            (signature, Some(b"01795300000"), "mismatch"),
        ];
        for (signature, timestamp, reason) in cases {
            let error = v.verify(*signature, *timestamp, BODY, after(0)).unwrap_err();
            assert_eq!(error.reason(), *reason, "{error}");
        }
    }

    #[test]
    fn the_debug_text_shows_no_secret() {
        assert!(!format!("{:?}", verifier(&[SECRET])).contains(SECRET));
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies(secret in "[!-~]{1,200}", body: Vec<u8>) {
            let signature = sign(&SecretString::from(secret.as_str()), SIGNED_AT, &body).unwrap();
            let verdict = verifier(&[&secret]).verify(
                Some(signature.as_bytes()), Some(SIGNED_AT.as_bytes()), &body, after(0));
            prop_assert!(verdict.is_ok());
        }

        #[test]
        fn one_flipped_bit_anywhere_fails(which in 0..3_usize, position: prop::sample::Index, bit in 0..8_u32) {
            let mut parts = [SIGNATURE.as_bytes().to_vec(), SIGNED_AT.as_bytes().to_vec(), BODY.to_vec()];
            let byte = position.index(parts[which].len());
            parts[which][byte] ^= 1 << bit;
            let [signature, timestamp, body] = &parts;
            let verdict = verifier(&[SECRET]).verify(Some(signature), Some(timestamp), body, after(0));
            prop_assert!(verdict.is_err());
        }

        #[test]
        fn another_secret_fails(secret in "[!-~]{1,64}") {
            prop_assume!(secret != SECRET);
            let verdict = verifier(&[&secret]).verify(
                Some(SIGNATURE.as_bytes()), Some(SIGNED_AT.as_bytes()), BODY, after(0));
            prop_assert_eq!(verdict, Err(SignatureError::Mismatch));
        }

        #[test]
        fn no_input_panics(
            signature: Option<Vec<u8>>,
            timestamp in prop::option::of(prop_oneof![any::<Vec<u8>>(), "[0-9]{0,20}".prop_map(String::into_bytes)]),
            body: Vec<u8>,
            now in any::<i64>(),
        ) {
            let now = Timestamp::from_second(now % 200_000_000_000).unwrap_or(Timestamp::MIN);
            let verdict = verifier(&[SECRET]).verify(signature.as_deref(), timestamp.as_deref(), &body, now);
            prop_assert!(verdict.is_err());
        }
    }
}
