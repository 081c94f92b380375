//! The way to Zoom's consent page and back: authorization code, PKCE (S256, RFC 7636), state.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use super::{App, AuthError, random};
use crate::http;

/// How long somebody may take on Zoom's pages. The code they come back with lives for five minutes.
const PENDING_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What is asked of the person.
#[derive(Debug, Clone, Default)]
pub struct Authorization {
    /// Where Zoom sends the person afterwards: an address of the app's settings, letter for letter.
    pub redirect_uri: String,
    /// Scopes that are needed; empty: those of the app's settings.
    pub scopes: Vec<String>,
    /// Scopes that the person may refuse.
    pub optional_scopes: Vec<String>,
    /// Whether scopes that were granted earlier are kept.
    pub include_granted_scopes: bool,
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where to send the person's browser.
    pub url: Url,
    /// What to keep until they come back, in their session and nowhere else.
    pub pending: Pending,
}

/// Without the query of the address, which holds the state.
impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = self.url.host_str();
        f.debug_struct("Begun").field("host", &host).field("pending", &self.pending).finish_non_exhaustive()
    }
}

/// What must be remembered between the way there and the way back: good once, for ten minutes.
///
/// It can be serialized to be kept in the session of the browser that was sent away; it holds secrets, so not
/// where anybody else reads. Take it out of the session before it is used, or it is good more than once.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    #[serde(serialize_with = "exposed", deserialize_with = "hidden")]
    state: SecretString,
    #[serde(serialize_with = "exposed", deserialize_with = "hidden")]
    verifier: SecretString,
    redirect_uri: String,
    expires_at: Timestamp,
}

/// Why somebody who came back is not signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// `state` is missing or another: this is not the way back from the sign-in that was begun here. Possibly an
    /// attack (somebody else's code), possibly an old browser tab.
    #[error("this is not the way back from the sign-in that was begun here (`state` differs); start again")]
    State,
    /// A parameter is there twice.
    #[error("the parameter `{0}` is there more than once; start again")]
    Repeated(&'static str),
    /// It took longer than ten minutes.
    #[error("the sign-in took too long; start again")]
    Expired,
    /// The person or Zoom said no.
    #[error("Zoom gave no access: {error}{}; start again, or ask an administrator to approve the app", description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Denied {
        /// Zoom's `error`, such as `access_denied`.
        error: String,
        /// Zoom's `error_description`.
        description: Option<String>,
    },
    /// Neither a code nor an error.
    #[error("Zoom sent no code; start again")]
    NoCode,
}

/// What came back, and what proves that it is ours.
pub(super) struct CameBack {
    pub(super) code: SecretString,
    pub(super) verifier: SecretString,
    pub(super) redirect_uri: String,
}

impl Authorization {
    /// Asks for the scopes of the app's settings.
    pub fn new(redirect_uri: impl Into<String>) -> Self {
        Self { redirect_uri: redirect_uri.into(), ..Self::default() }
    }

    pub(super) fn begin(&self, app: &App, now: Timestamp) -> Result<Begun, AuthError> {
        let fault = |fault| AuthError::Address { what: "redirect address", fault };
        let redirect = Url::parse(&self.redirect_uri).map_err(|_| fault("is no web address"))?;
        if !matches!(redirect.scheme(), "http" | "https") || self.redirect_uri.contains('#') {
            return Err(fault("must begin with https:// (or http:// on this machine) and have no #"));
        }
        let verifier =
            SecretString::from(hex::encode(*random::bytes::<32>().ok_or(AuthError::NoRandomness)?));
        let state = SecretString::from(hex::encode(*random::bytes::<32>().ok_or(AuthError::NoRandomness)?));
        let mut url = app.sibling("authorize")?;
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &app.client_id)
                .append_pair("redirect_uri", &self.redirect_uri)
                .append_pair("state", state.expose_secret())
                .append_pair("code_challenge", &challenge(verifier.expose_secret()))
                // Without it Zoom takes the challenge for the verifier itself.
                .append_pair("code_challenge_method", "S256");
            for (name, scopes) in [("scope", &self.scopes), ("optional_scope", &self.optional_scopes)] {
                if !scopes.is_empty() {
                    query.append_pair(name, &scopes.join(" "));
                }
            }
            if self.include_granted_scopes {
                query.append_pair("include_granted_scopes", "true");
            }
        }
        let expires_at = now.saturating_add(PENDING_FOR).unwrap_or(now);
        let pending = Pending { state, verifier, redirect_uri: self.redirect_uri.clone(), expires_at };
        Ok(Begun { url, pending })
    }
}

impl Pending {
    /// Whether this is the way back from here, told by its `state` alone. `callback` is a query, or an address
    /// with one.
    pub fn is_of(&self, callback: &str) -> bool {
        matches!(parameter(callback, "state"), Ok(Some(state)) if self.knows(&state))
    }

    /// Until when somebody may come back.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    fn knows(&self, state: &str) -> bool {
        verify_slices_are_equal(state.as_bytes(), self.state.expose_secret().as_bytes()).is_ok()
    }

    /// Reads the way back. `state` comes first: of a request that is not ours nothing else is believed.
    pub(super) fn read(self, callback: &str, now: Timestamp) -> Result<CameBack, CallbackError> {
        match parameter(callback, "state")? {
            Some(state) if self.knows(&state) => {}
            _ => return Err(CallbackError::State),
        }
        if now >= self.expires_at {
            return Err(CallbackError::Expired);
        }
        if let Some(error) = parameter(callback, "error")? {
            let description = parameter(callback, "error_description")?.map(|text| http::printable(&text));
            return Err(CallbackError::Denied { error: http::printable(&error), description });
        }
        let code = parameter(callback, "code")?.ok_or(CallbackError::NoCode)?;
        Ok(CameBack { code: code.into(), verifier: self.verifier, redirect_uri: self.redirect_uri })
    }
}

/// The value of a parameter that is there once and not empty.
fn parameter(callback: &str, name: &'static str) -> Result<Option<String>, CallbackError> {
    let query = callback.split_once('?').map_or(callback, |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let value = values.next().map(|(_, value)| value.into_owned());
    if values.next().is_some() {
        return Err(CallbackError::Repeated(name));
    }
    Ok(value.filter(|value| !value.is_empty()))
}

/// `code_challenge` of method S256.
fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    secret.expose_secret().serialize(serializer)
}

fn hidden<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn begun() -> Begun {
        let app = App::new("the-client", "the-secret".into());
        let ask = Authorization {
            scopes: vec!["phone:read:user".to_owned(), "phone:read:call_log".to_owned()],
            ..Authorization::new("https://x.test/back/")
        };
        ask.begin(&app, at(0)).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn query(url: &Url) -> BTreeMap<String, String> {
        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
    }

    fn error(pending: Pending, callback: &str) -> CallbackError {
        pending.read(callback, at(1)).err().unwrap()
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn the_address_has_all_that_zoom_needs_and_the_challenge_belongs_to_the_verifier() {
        let Begun { url, pending } = begun();
        assert!(url.as_str().starts_with("https://zoom.us/oauth/authorize?"), "{url}");
        let query = query(&url);
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], "the-client");
        assert_eq!(query["redirect_uri"], "https://x.test/back/");
        assert_eq!(query["scope"], "phone:read:user phone:read:call_log");
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["code_challenge"], challenge(pending.verifier.expose_secret()));
        assert_eq!(query["state"], pending.state.expose_secret());
        assert!(!url.as_str().contains(pending.verifier.expose_secret()));
        assert!((43..=128).contains(&pending.verifier.expose_secret().len()), "RFC 7636 4.1");
    }

    #[test]
    fn no_two_sign_ins_share_a_state_or_a_verifier() {
        let (one, other) = (begun().pending, begun().pending);
        assert_ne!(one.state.expose_secret(), other.state.expose_secret());
        assert_ne!(one.verifier.expose_secret(), other.verifier.expose_secret());
        assert_ne!(one.state.expose_secret(), one.verifier.expose_secret());
    }

    #[test]
    fn a_code_is_only_read_with_the_state_it_was_asked_with() {
        let pending = begun().pending;
        let state = pending.state.expose_secret().to_owned();
        let code =
            pending.read(&format!("https://x.test/back/?code=a%2Bb&state={state}#frag"), at(599)).unwrap();
        assert_eq!(code.code.expose_secret(), "a+b");
        for callback in [
            "code=a".to_owned(),
            "code=a&state=".to_owned(),
            format!("code=a&state={}0", &state[1..]),
            format!("code=a&state={state}0"),
            "error=access_denied&state=other".to_owned(),
            String::new(),
        ] {
            assert_eq!(error(begun().pending, &callback), CallbackError::State, "{callback}");
        }
    }

    #[test]
    fn what_went_wrong_on_zooms_page_is_said() {
        let with = |rest: &str| {
            let pending = begun().pending;
            let callback = format!("state={}&{rest}", pending.state.expose_secret());
            error(pending, &callback)
        };
        let denied = with("error=access_denied&error_description=The+user%0Asaid+no");
        assert_eq!(
            denied,
            CallbackError::Denied {
                error: "access_denied".to_owned(),
                description: Some("The user said no".to_owned())
            }
        );
        assert!(denied.to_string().contains("access_denied"));
        assert_eq!(with(""), CallbackError::NoCode);
        assert_eq!(with("code="), CallbackError::NoCode);
        assert_eq!(with("code=a&code=b"), CallbackError::Repeated("code"));
        assert_eq!(with("code=a&state=b"), CallbackError::Repeated("state"));
    }

    #[test]
    fn after_ten_minutes_it_is_too_late() {
        let pending = begun().pending;
        let callback = format!("code=a&state={}", pending.state.expose_secret());
        assert_eq!(pending.read(&callback, at(600)).err(), Some(CallbackError::Expired));
    }

    #[test]
    fn it_can_be_kept_in_a_session_and_does_not_print_its_secrets() {
        let Begun { url, pending } = begun();
        let (state, verifier) = (query(&url)["state"].clone(), pending.verifier.expose_secret().to_owned());
        let kept = serde_json::to_string(&pending).unwrap();
        let pending: Pending = serde_json::from_str(&kept).unwrap();
        assert!(pending.is_of(&format!("x?state={state}")) && !pending.is_of("x?state=1"));
        let text = format!("{pending:?}");
        assert!(!text.contains(&state) && !text.contains(&verifier), "{text}");
        assert!(pending.read(&format!("state={state}&code=a"), at(1)).is_ok());
    }

    #[test]
    fn an_address_that_zoom_would_not_return_to_is_refused() {
        let app = App::new("the-client", "the-secret".into());
        for bad in ["", "back", "javascript:alert(1)", "https://x.test/#part", "ftp://x.test"] {
            let refused = Authorization::new(bad).begin(&app, at(0)).unwrap_err();
            assert!(matches!(refused, AuthError::Address { .. }), "{bad}: {refused}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_callback_is_read_and_none_guesses_the_state(callback: String) {
            proptest::prop_assert!(begun().pending.read(&callback, at(1)).is_err());
        }
    }
}
