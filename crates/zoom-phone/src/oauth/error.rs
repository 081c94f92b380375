//! What can stand between a program and its token.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::{CallbackError, StoreError};
use crate::http;

/// Why there is no access token.
///
/// Cloneable, because everyone who waited for the same request gets the same answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Zoom knows no app with this client id and secret. Asking again does not help.
    #[error(
        "Zoom does not accept the client id and secret ({reason}); copy both again from the app's page \"App Credentials\" in Zoom's Marketplace"
    )]
    InvalidClient {
        /// Zoom's words.
        reason: String,
    },
    /// Zoom knows the app, or says nothing about it, but gives it no token. Asking again does not help.
    #[error(
        "Zoom gives this app no token: {reason} ({error}, status {status}, tracking id {tracking_id}); {advice}"
    )]
    Refused {
        /// HTTP status.
        status: u16,
        /// Zoom's numeric code where it gives one, or its `error`, such as `invalid_request`.
        error: String,
        /// Zoom's `reason`.
        reason: String,
        /// What to do.
        advice: &'static str,
        /// `x-zm-trackingid`, for Zoom's support; "none" if the answer has none.
        tracking_id: String,
    },
    /// The grant is dead: Zoom will never again give a token for it. Nobody asks Zoom again until somebody
    /// signed in.
    #[error("{reason}{}; sign in again", if *answer_lost { " (the answer to an earlier refresh was lost, and the new tokens with it)" } else { "" })]
    SignInAgain {
        /// Zoom's words, and what they mean.
        reason: String,
        /// The outcome of an earlier refresh was never heard: that is probably why.
        answer_lost: bool,
    },
    /// The store holds no grant under this key: nobody signed in, or somebody signed out.
    #[error("nobody is signed in as {key}; sign in first")]
    NotSignedIn {
        /// The key in the store.
        key: String,
    },
    /// Zoom did not revoke the grant: it may still be good there.
    #[error(
        "Zoom did not revoke the grant: {reason} ({error}, status {status}, tracking id {tracking_id}); remove the app in Zoom's Marketplace"
    )]
    NotRevoked {
        /// HTTP status.
        status: u16,
        /// Zoom's numeric code where it gives one, or its `error`, such as `invalid_request`.
        error: String,
        /// Zoom's `reason`.
        reason: String,
        /// `x-zm-trackingid`, for Zoom's support; "none" if the answer has none.
        tracking_id: String,
    },
    /// The person, or an administrator, said no.
    #[error("access was denied on Zoom's page; start again, and allow it there")]
    Denied,
    /// The device code ran out before anybody typed it in.
    #[error("nobody entered the code in time; start again with a new one")]
    DeviceExpired,
    /// The way back from Zoom's consent page went wrong.
    #[error("the way back from Zoom's consent page went wrong")]
    Callback(#[from] CallbackError),
    /// An address of the configuration cannot be used.
    #[error("the {what} {fault}; correct it")]
    Address {
        /// Which.
        what: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Zoom is overloaded or broken (status 429 or 5xx). Ask again later.
    #[error(
        "Zoom's token endpoint cannot answer now (status {status}, tracking id {tracking_id}); try again later"
    )]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// `x-zm-trackingid`, for Zoom's support; "none" if the answer has none.
        tracking_id: String,
    },
    /// A success that holds no token: usually a proxy or a sign-in page between here and Zoom.
    #[error(
        "the answer to the token request (status {status}) is not Zoom's token answer; check the token URL, and proxies on the way"
    )]
    Unreadable {
        /// HTTP status.
        status: u16,
    },
    /// The token endpoint could not be reached. Ask again later.
    #[error("the token endpoint {host} could not be reached; check the network, DNS and proxy settings")]
    Unreachable {
        /// Host of the token URL.
        host: String,
        /// What the network said.
        #[source]
        source: Arc<reqwest::Error>,
    },
    /// The HTTP client could not be set up: the machine's TLS settings or certificates are at fault.
    #[error("the HTTP client for token requests could not be set up; check the machine's root certificates")]
    Setup(#[source] Arc<reqwest::Error>),
    /// The machine has no random numbers.
    #[error("the machine gives no random numbers, and without them nothing here is safe; nothing was sent")]
    NoRandomness,
    /// The runtime ended before the answer came.
    #[error("the program is shutting down")]
    ShuttingDown,
    /// This source keeps its token in memory only.
    #[error("this token source has no store; make it with one")]
    NoStore,
    /// The tokens could not be read or kept.
    #[error("the token store failed")]
    Store(#[source] Arc<StoreError>),
}

impl AuthError {
    /// Whether the same request may succeed later, with nothing changed.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Unreachable { .. } => true,
            Self::Store(error) => error.retry_helps(),
            _ => false,
        }
    }

    /// The request was never sent, or certainly not carried out.
    pub(super) fn certainly_not_done(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => source.is_connect(),
            Self::Unavailable { status, .. } => *status == 429,
            Self::Unreadable { .. } => false,
            _ => true,
        }
    }

    /// The request may have been carried out, and its answer got lost on the way.
    pub(super) fn answer_lost(&self) -> bool {
        matches!(self, Self::Unreachable { source, .. } if !source.is_connect())
    }
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// A refusal: `{"reason","error"}` of the token endpoint, or `{"code","message"}` of the API, or both; each field is
/// read for itself.
struct Body(Map<String, Value>);

impl Body {
    /// The first of these fields that holds a text.
    fn text(&self, names: &[&str]) -> Option<String> {
        let texts = names.iter().filter_map(|name| self.0.get(*name)?.as_str());
        texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A number, or text that is one.
    fn code(&self) -> Option<u64> {
        let code = self.0.get("code")?;
        code.as_u64().or_else(|| code.as_str()?.trim().parse().ok())
    }
}

/// What the token service said no with.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    pub(super) error: String,
    code: Option<u64>,
    reason: String,
    tracking_id: String,
}

/// An answer that is no success.
pub(super) enum No {
    Refused(Refusal),
    Unavailable(AuthError),
}

impl No {
    /// `secrets` were in the request; where the answer repeats them, they are left out.
    pub(super) fn read(
        status: StatusCode,
        tracking_id: Option<String>,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        let tracking_id = tracking_id.unwrap_or_else(|| "none".to_owned());
        let status_code = status.as_u16();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Self::Unavailable(AuthError::Unavailable { status: status_code, tracking_id });
        }
        let body = Body(serde_json::from_slice(body).unwrap_or_default());
        // Before the text is cut to length: half a secret is one too.
        let clean = |text: String| {
            let hidden = secrets.iter().filter(|secret| !secret.is_empty());
            http::printable(&hidden.fold(text, |text, secret| text.replace(secret, "…")))
        };
        let reason = body.text(&["reason", "message", "error_description"]);
        Self::Refused(Refusal {
            status: status_code,
            error: body.text(&["error"]).map(&clean).unwrap_or_default(),
            code: body.code(),
            reason: reason.map_or_else(|| "no reason given".to_owned(), &clean),
            tracking_id,
        })
    }
}

impl No {
    /// With advice for a refusal that says nothing of its cause.
    pub(super) fn or(self, advice: &'static str) -> AuthError {
        match self {
            Self::Refused(refusal) => refusal.or(advice),
            Self::Unavailable(error) => error,
        }
    }
}

/// What to do about a refusal that says nothing of its cause.
pub(super) const CHECK_ACCOUNT: &str = "check the account id (not the account number) and that the app is of type server-to-server OAuth and activated";
/// The same, of an app that asks for itself, or for somebody who has signed in.
pub(super) const CHECK_APP: &str = "check the type of the app, and that it is activated";
/// The same, while somebody signs in.
pub(super) const START_AGAIN: &str =
    "start again; if it stays, check the type of the app, its redirect addresses, and that it is activated";

const WRONG_TYPE: &str = "this type of app may not ask for tokens in this way; check the type of the app";

/// What to do about Zoom's codes of the token service (its list of OAuth errors).
const ADVICE: &[(u64, &str)] = &[
    (4700, "check that the app is activated and has the scopes it needs"),
    (4705, WRONG_TYPE),
    (4706, "credentials or grant type were missing; check that nothing on the way changes the request"),
    (
        4709,
        "the redirect address must be the one of the app's settings, letter for letter, with or without the slash at its end",
    ),
    (4711, "the app's scopes have changed since; sign in again"),
    (4717, "Zoom has disabled this app; ask Zoom's support"),
    (4732, "Zoom could not make the code; start again"),
    (4733, "the code was older than five minutes; start again"),
    (4734, "the code was not the one Zoom gave, or was used before; start again"),
    (4735, "the person who signed in is no longer a user of Zoom"),
    (4737, "the authorization is gone; the app was probably removed from the account"),
    (4738, "an administrator has disabled the authorization"),
    (4740, "a later sign-in of the same person replaced this one"),
    (4741, "the authorization was withdrawn, or a later sign-in of the same person replaced it"),
];

impl Refusal {
    /// 4702 and 4704: client id or secret wrong (Zoom's list of OAuth errors).
    fn wrong_client(&self) -> bool {
        self.error == "invalid_client" || matches!(self.code, Some(4702 | 4704))
    }

    /// Said of a refresh token: no later refresh with it can succeed. Zoom says `invalid_request` of dead refresh
    /// tokens ("Invalid Token!"), other servers `invalid_grant`. Where a code comes with `invalid_request`, the
    /// code counts: it is also said of requests that are at fault themselves, and of disabled apps.
    pub(super) fn ends_the_grant(&self) -> bool {
        let by_word = match self.error.as_str() {
            "invalid_grant" => true,
            "invalid_request" => self.code.is_none(),
            _ => false,
        };
        !self.wrong_client() && (by_word || self.token_is_over() || self.code == Some(4711))
    }

    /// Said of an access token that was to be revoked: there is nothing to revoke any more.
    pub(super) fn nothing_to_revoke(&self) -> bool {
        let by_word = match self.error.as_str() {
            "invalid_grant" | "invalid_token" => true,
            "invalid_request" if self.code.is_none() => {
                let reason = self.reason.to_ascii_lowercase();
                reason.contains("token")
                    && ["invalid", "expired", "revoked"].iter().any(|word| reason.contains(word))
            }
            _ => false,
        };
        !self.wrong_client() && (by_word || self.token_is_over())
    }

    fn token_is_over(&self) -> bool {
        matches!(self.code, Some(124 | 4735 | 4737 | 4738 | 4740 | 4741))
    }

    /// Zoom's words, with their meaning where it is known.
    pub(super) fn words(&self) -> String {
        match self.known_advice() {
            Some(advice) => format!("Zoom refuses the refresh token: {} ({advice})", self.reason),
            None => format!("Zoom refuses the refresh token: {}", self.reason),
        }
    }

    fn known_advice(&self) -> Option<&'static str> {
        let code = self.code?;
        ADVICE.iter().find(|(known, _)| *known == code).map(|(_, advice)| *advice)
    }
}

impl Refusal {
    /// With advice where it says nothing of its cause.
    pub(super) fn or(self, advice: &'static str) -> AuthError {
        let refusal = self;
        if refusal.wrong_client() {
            return AuthError::InvalidClient { reason: refusal.reason };
        }
        let advice = refusal.known_advice().unwrap_or(match refusal.error.as_str() {
            "unsupported_grant_type" | "unauthorized_client" => WRONG_TYPE,
            "invalid_scope" => "ask only for scopes that the app has in Zoom's Marketplace",
            _ if (300..400).contains(&refusal.status) => "redirects are not followed; check the token URL",
            _ => advice,
        });
        AuthError::Refused {
            status: refusal.status,
            error: refusal.short(),
            reason: refusal.reason,
            advice,
            tracking_id: refusal.tracking_id,
        }
    }

    /// Of an access token that was to be revoked.
    pub(super) fn not_revoked(self) -> AuthError {
        if self.wrong_client() {
            return AuthError::InvalidClient { reason: self.reason };
        }
        let error = self.short();
        let Self { status, reason, tracking_id, .. } = self;
        AuthError::NotRevoked { status, error, reason, tracking_id }
    }

    /// Zoom's code, or its word.
    fn short(&self) -> String {
        match self.code {
            Some(code) => code.to_string(),
            None if self.error.is_empty() => "no error code".to_owned(),
            None => self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> Refusal {
        match No::read(StatusCode::BAD_REQUEST, None, body.as_bytes(), &[]) {
            No::Refused(refusal) => refusal,
            No::Unavailable(error) => panic!("{error}"),
        }
    }

    #[test]
    fn every_known_code_comes_with_advice_whether_number_or_text() {
        for (code, advice) in ADVICE {
            for body in [
                format!(r#"{{"code":{code},"message":"no"}}"#),
                format!(r#"{{"code":"{code}","message":"no"}}"#),
            ] {
                let error = refusal(&body).or(CHECK_APP);
                assert!(error.to_string().contains(advice), "{error}");
            }
        }
    }

    #[test]
    fn only_refusals_of_the_refresh_token_itself_end_a_grant() {
        let table = [
            (r#"{"reason":"Invalid Token!","error":"invalid_request"}"#, true),
            (r#"{"error":"invalid_grant"}"#, true),
            (r#"{"code":4741,"message":"revoked"}"#, true),
            (r#"{"code":4735,"message":"owner"}"#, true),
            (r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#, false),
            (r#"{"code":4702,"message":"client","error":"invalid_request"}"#, false),
            (r#"{"code":4717,"message":"disabled"}"#, false),
            (r#"{"code":4717,"message":"disabled","error":"invalid_request"}"#, false),
            (r#"{"code":"4706","message":"missing","error":"invalid_request"}"#, false),
            (r#"{"code":4741,"message":"revoked","error":"invalid_request"}"#, true),
            (r#"{"error":"unsupported_grant_type"}"#, false),
            ("<html>a proxy</html>", false),
            ("", false),
        ];
        for (body, ends) in table {
            assert_eq!(refusal(body).ends_the_grant(), ends, "{body}");
        }
    }

    #[test]
    fn each_field_of_a_refusal_is_read_whatever_the_others_are() {
        let table = [
            (r#"{"error":"invalid_grant","reason":"r","error_description":"d"}"#, "invalid_grant", "r"),
            (r#"{"error":"invalid_grant","error_description":"d","message":null}"#, "invalid_grant", "d"),
            (r#"{"error":"invalid_grant","reason":{"text":"r"},"message":"m"}"#, "invalid_grant", "m"),
            (r#"{"error":["x"],"reason":"r","code":4741}"#, "4741", "r"),
            (r#"{"error":"invalid_grant","reason":7,"code":{}}"#, "invalid_grant", "no reason given"),
            (r#"["invalid_grant"]"#, "no error code", "no reason given"),
        ];
        for (body, short, reason) in table {
            let refusal = refusal(body);
            assert_eq!((refusal.short().as_str(), refusal.reason.as_str()), (short, reason), "{body}");
        }
    }

    #[test]
    fn only_a_token_that_is_dead_already_needs_no_revoking() {
        let table = [
            (r#"{"reason":"Invalid Token!","error":"invalid_request"}"#, true),
            (r#"{"error":"invalid_token"}"#, true),
            (r#"{"code":124,"message":"Invalid access token."}"#, true),
            (r#"{"reason":"Bad Request","error":"invalid_request"}"#, false),
            (r#"{"code":4711,"message":"Invalid access token, does not contain scopes"}"#, false),
            (r#"{"code":4717,"message":"Invalid token of a disabled app","error":"invalid_request"}"#, false),
            (r#"{"reason":"Invalid Token!","error":"invalid_client"}"#, false),
            ("<html>a proxy</html>", false),
        ];
        for (body, nothing) in table {
            assert_eq!(refusal(body).nothing_to_revoke(), nothing, "{body}");
        }
    }

    #[test]
    fn a_refusal_that_repeats_a_secret_is_told_without_it() {
        let body = format!(r#"{{"error":"bad the-secret","reason":"{}the-secret"}}"#, "x".repeat(495));
        let error =
            No::read(StatusCode::BAD_REQUEST, None, body.as_bytes(), &["", "the-secret"]).or(CHECK_APP);
        let text = format!("{error} {error:?}");
        assert!(text.contains("bad …") && !text.contains("the-") && !text.contains("secret"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn any_refusal_is_read(body: Vec<u8>, status in 300u16..600) {
            let status = StatusCode::from_u16(status).unwrap();
            let _ = No::read(status, None, &body, &[]).or(CHECK_APP).to_string();
        }
    }
}
