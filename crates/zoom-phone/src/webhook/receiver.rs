//! Verify, parse, answer: all that a small receiver needs.

use jiff::Timestamp;
use secrecy::SecretString;
use zoom_phone_types::events::{Notification, ParseError};

use super::challenge::{self, ChallengeError, ChallengeResponse};
use super::signature::{SecretError, SignatureError, Verifier};

/// Receives webhooks. A receiver that must not lose any keeps the bytes before it answers; see [`Verifier`].
#[derive(Debug)]
pub struct Receiver {
    verifier: Verifier,
    secrets: Vec<SecretString>,
}

/// What Zoom sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// An event. Answer with status 200 or 204.
    Event(Box<Notification>),
    /// The endpoint challenge. Answer with status 200 and this as JSON.
    Challenge(ChallengeResponse),
}

/// Why a request is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is not signed by Zoom, or too long ago. Answer with status 401.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Signed, but no event. Answer with status 400.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A challenge that is not answered. Answer with status 400.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
}

impl ReceiveError {
    /// The status to answer with: 401 or 400.
    pub fn status(&self) -> u16 {
        match self {
            Self::Signature(_) => 401,
            Self::Parse(_) | Self::Challenge(_) => 400,
        }
    }
}

impl Receiver {
    /// A receiver for every secret token that is valid now.
    pub fn new(secrets: &[SecretString]) -> Result<Self, SecretError> {
        Ok(Self { verifier: Verifier::new(secrets)?, secrets: secrets.to_vec() })
    }

    /// Reads a request: its headers `x-zm-signature` and `x-zm-request-timestamp` and its body, all exactly as received;
    /// `now` is our clock. Nothing is parsed before the signature is verified.
    pub fn receive(
        &self,
        signature: Option<&[u8]>,
        timestamp: Option<&[u8]>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Received, ReceiveError> {
        let verdict = self.verifier.verify(signature, timestamp, body, now)?;
        let event = Notification::parse(body)?;
        if event.event != "endpoint.url_validation" {
            return Ok(Received::Event(Box::new(event)));
        }
        let payload = event.to_value();
        let token = payload["payload"]["plainToken"].as_str().unwrap_or_default();
        let secret = &self.secrets[verdict.secret_index];
        Ok(Received::Challenge(challenge::answer(secret, token)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::sign;

    const NOW: i64 = 1_790_000_000;

    fn receive(body: &str, secret: &str) -> Result<Received, ReceiveError> {
        let receiver = Receiver::new(&["old".into(), "new".into()]).unwrap();
        let timestamp = NOW.to_string();
        let signature = sign(&secret.into(), &timestamp, body.as_bytes()).unwrap();
        let now = Timestamp::from_second(NOW).unwrap();
        receiver.receive(Some(signature.as_bytes()), Some(timestamp.as_bytes()), body.as_bytes(), now)
    }

    #[test]
    fn a_signed_event_is_read_and_anything_else_has_its_status() {
        let body = r#"{"event":"phone.callee_ringing","payload":{"object":{"call_id":"1"}}}"#;
        match receive(body, "old").unwrap() {
            Received::Event(event) => assert_eq!(event.event, "phone.callee_ringing"),
            Received::Challenge(_) => panic!("no challenge"),
        }
        assert_eq!(receive(body, "strange").unwrap_err().status(), 401);
        assert_eq!(receive("{}", "new").unwrap_err().status(), 400);
    }

    #[test]
    fn a_challenge_is_answered_with_the_secret_that_signed_it() {
        let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#;
        for secret in ["old", "new"] {
            let answer = challenge::answer(&secret.into(), "abc").unwrap();
            assert_eq!(receive(body, secret).unwrap(), Received::Challenge(answer));
        }
        let empty = r#"{"event":"endpoint.url_validation","payload":{}}"#;
        assert_eq!(receive(empty, "new").unwrap_err().status(), 400);
    }
}
