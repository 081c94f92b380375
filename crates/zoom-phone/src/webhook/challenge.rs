//! The endpoint challenge: Zoom asks the receiver to prove that it knows the secret token.
//!
//! The request is `{"event":"endpoint.url_validation","payload":{"plainToken":"…"}}`, signed like any
//! other webhook: verify it first. The answer is due within 3 seconds, as JSON with status 200, when the
//! webhook is saved and again every 72 hours. (Zoom: "Using webhooks", validate your webhook endpoint.)

use hmac::Mac as _;
use secrecy::SecretString;
use serde::Serialize;

use super::signature::{SecretError, keyed};

/// Longest plain token that is answered, in bytes. Zoom's own have 22.
pub const MAX_PLAIN_TOKEN: usize = 512;

/// The body of the answer; serialise it as JSON. The field names are Zoom's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeResponse {
    /// The token that was asked, unchanged.
    pub plain_token: String,
    /// Lower-case hex of HMAC-SHA256(secret token, plain token).
    pub encrypted_token: String,
}

/// Why a challenge is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// Empty, or longer than [`MAX_PLAIN_TOKEN`].
    #[error(
        "the plain token of the endpoint challenge has {length} bytes; 1 to {MAX_PLAIN_TOKEN} are answered"
    )]
    Length {
        /// Bytes of the token that was asked.
        length: usize,
    },
    /// The token has the form of a signed message. Answering would sign a webhook for whoever asks.
    #[error("the plain token of the endpoint challenge begins like a signed webhook (v0:); not answered")]
    LooksLikeMessage,
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Answers a challenge with `secret`: the one that verified the request
/// ([`Verdict::secret_index`](super::Verdict::secret_index)), so that an endpoint can be validated in the
/// middle of a rotation.
pub fn answer(secret: &SecretString, plain_token: &str) -> Result<ChallengeResponse, ChallengeError> {
    if plain_token.is_empty() || plain_token.len() > MAX_PLAIN_TOKEN {
        return Err(ChallengeError::Length { length: plain_token.len() });
    }
    // Webhook signature and challenge share one key and one function; only the text tells them apart.
    if plain_token.starts_with("v0:") {
        return Err(ChallengeError::LooksLikeMessage);
    }
    let mac = keyed(0, secret)?.chain_update(plain_token);
    Ok(ChallengeResponse {
        plain_token: plain_token.to_owned(),
        encrypted_token: hex::encode(mac.finalize().into_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretString {
        SecretString::from("it-is-a-synthetic-secret")
    }

    #[test]
    fn the_answer_is_the_known_vector_under_zooms_field_names() {
        let answer = answer(&secret(), "qgg8vlvZRS6UYooatFL8Aw").unwrap();
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            serde_json::json!({
                "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
                "encryptedToken": "154a1713c87669b7e2358936d3be84fa09ce4eab8d9c0a55b5214a29cf177e02",
            })
        );
    }

    #[test]
    fn tokens_of_unreasonable_length_are_refused() {
        assert_eq!(answer(&secret(), ""), Err(ChallengeError::Length { length: 0 }));
        assert_eq!(answer(&secret(), &"a".repeat(513)), Err(ChallengeError::Length { length: 513 }));
        assert!(answer(&secret(), &"a".repeat(512)).is_ok());
    }

    #[test]
    fn a_challenge_cannot_be_used_to_sign_a_webhook() {
        assert_eq!(answer(&secret(), "v0:1795300000:{}"), Err(ChallengeError::LooksLikeMessage));
    }
}
