//! What was given out: authorization codes, device codes, access and refresh tokens.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

use super::{App, Refusal};
use crate::dice::Dice;

/// Seconds of an access token's life.
pub(super) const LIFETIME: u64 = 3599;
/// A refresh token's life; Zoom's pages say 90 days and, older ones, 15 years.
const REFRESH_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// An authorization code's life.
const CODE_LIFETIME: Duration = Duration::from_mins(5);
/// A device code's life, in seconds.
pub(super) const DEVICE_LIFETIME: u64 = 900;
/// Seconds that a device waits between two polls.
pub(super) const DEVICE_INTERVAL: u64 = 5;

/// Scope names. Shared, because the whole catalogue has hundreds.
pub(super) type Scopes = Arc<BTreeSet<String>>;

/// For whom a token speaks. A new token ends the holder's old one, which is Zoom's default.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// The account, through the Server-to-Server app; one for each `token_index`.
    Account(u8),
    /// The user of this id, through the general app.
    User(String),
    /// An app itself, with the grant `client_credentials`.
    App(App),
}

/// A live access token, looked at.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// For whom it speaks.
    pub(crate) holder: Holder,
    /// What it may do.
    pub(crate) scopes: Scopes,
}

/// A fresh pair.
pub(super) struct Issued {
    pub(super) access: String,
    /// Users have one.
    pub(super) refresh: Option<String>,
    pub(super) scopes: Scopes,
}

/// What a user said yes to.
#[derive(Debug, Clone)]
pub(super) struct Consent {
    pub(super) user: String,
    pub(super) scopes: Scopes,
}

/// What was sent to the consent page and is held against the exchange of the code.
pub(super) struct Binding {
    pub(super) redirect_uri: String,
    /// The challenge and whether it is a SHA-256 hash (`S256`) rather than `plain`.
    pub(super) challenge: Option<(String, bool)>,
}

/// How the user answered a device.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    Approved(Consent),
    Denied,
}

/// All of it.
pub(crate) struct Grants(Mutex<Inner>);

struct Inner {
    dice: Dice,
    live: HashMap<Holder, Grant>,
    codes: HashMap<String, Code>,
    devices: HashMap<String, Device>,
}

struct Grant {
    access: String,
    ends: Instant,
    refresh: Option<(String, Instant)>,
    scopes: Scopes,
}

struct Code {
    binding: Binding,
    consent: Consent,
    ends: Instant,
}

struct Device {
    user_code: String,
    ends: Instant,
    polled: Option<Instant>,
    decision: Option<Decision>,
}

impl Grants {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Inner {
            dice: Dice::new(seed, 3),
            live: HashMap::new(),
            codes: HashMap::new(),
            devices: HashMap::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token in the bearer header, if it is live; the query does not count.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Option<Access> {
        let presented = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, presented) = presented.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") { self.access(presented.trim()) } else { None }
    }

    /// What an access token may do, if it is live.
    pub(crate) fn access(&self, token: &str) -> Option<Access> {
        let now = Instant::now();
        let inner = self.lock();
        let live = |grant: &Grant| now < grant.ends && same(&grant.access, token);
        let (holder, grant) = inner.live.iter().find(|(_, grant)| live(grant))?;
        Some(Access { holder: holder.clone(), scopes: grant.scopes.clone() })
    }

    /// New tokens, which end the holder's old ones. A user's access comes with a refresh token.
    pub(super) fn issue(&self, holder: Holder, scopes: Scopes) -> Issued {
        self.lock().issue(holder, scopes)
    }

    /// A new pair for a refresh token, which is dead from now on.
    pub(super) fn refresh(&self, token: &str) -> Result<Issued, Refusal> {
        let now = Instant::now();
        let mut inner = self.lock();
        let fits = |grant: &Grant| {
            grant.refresh.as_ref().is_some_and(|(text, ends)| now < *ends && same(text, token))
        };
        let found = inner.live.iter().find(|(_, grant)| fits(grant));
        let (holder, scopes) = found
            .map(|(holder, grant)| (holder.clone(), grant.scopes.clone()))
            .ok_or(Refusal::new("invalid_grant", 4735, "Invalid Token!"))?;
        Ok(inner.issue(holder, scopes))
    }

    /// Ends the access token and the refresh token that belongs to it.
    pub(super) fn revoke(&self, token: &str) -> bool {
        let mut inner = self.lock();
        let holder = inner.live.iter().find(|(_, grant)| same(&grant.access, token));
        let Some(holder) = holder.map(|(holder, _)| holder.clone()) else { return false };
        inner.live.remove(&holder).is_some()
    }

    /// An authorization code.
    pub(super) fn code(&self, binding: Binding, consent: Consent) -> String {
        let mut inner = self.lock();
        let code = format!("{}_{}", inner.dice.opaque_id(), inner.dice.opaque_id());
        inner.codes.insert(code.clone(), Code { binding, consent, ends: Instant::now() + CODE_LIFETIME });
        code
    }

    /// Tokens for an authorization code. A code that was presented is spent, whatever the outcome.
    pub(super) fn exchange(
        &self,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
    ) -> Result<Issued, Refusal> {
        let mut inner = self.lock();
        let code = inner.codes.remove(code);
        let code = code.ok_or(Refusal::new("invalid_grant", 4734, "Invalid authorization code"))?;
        if code.ends <= Instant::now() {
            return Err(Refusal::new("invalid_grant", 4733, "Authorization code expired"));
        }
        if redirect_uri != Some(code.binding.redirect_uri.as_str()) {
            return Err(Refusal::new("invalid_request", 4709, "Redirect URI mismatch."));
        }
        if let Some((challenge, hashed)) = &code.binding.challenge {
            let answer = verifier.map(|verifier| if *hashed { s256(verifier) } else { verifier.to_owned() });
            if !answer.is_some_and(|answer| same(&answer, challenge)) {
                return Err(Refusal::new(
                    "invalid_grant",
                    4700,
                    "The code verifier does not fit the challenge",
                ));
            }
        }
        Ok(inner.issue(Holder::User(code.consent.user), code.consent.scopes))
    }

    /// A device code and the code that its user types.
    pub(super) fn device(&self) -> (String, String) {
        let mut inner = self.lock();
        let device_code = format!("{}{}", inner.dice.opaque_id(), inner.dice.opaque_id());
        let user_code =
            format!("{:04X}-{:04X}", inner.dice.between(0, 0xffff), inner.dice.between(0, 0xffff));
        let ends = Instant::now() + Duration::from_secs(DEVICE_LIFETIME);
        let device = Device { user_code: user_code.clone(), ends, polled: None, decision: None };
        inner.devices.insert(device_code.clone(), device);
        (device_code, user_code)
    }

    /// Notes what the user said; false when no device waits for an answer to this code.
    pub(super) fn decide(&self, user_code: &str, decision: Decision) -> bool {
        let now = Instant::now();
        let mut inner = self.lock();
        let waits = |device: &&mut Device| {
            device.user_code == user_code && device.decision.is_none() && now < device.ends
        };
        let device = inner.devices.values_mut().find(waits);
        device.is_some_and(|device| device.decision.replace(decision).is_none())
    }

    /// One poll of a device.
    pub(super) fn poll(&self, device_code: &str) -> Result<Issued, Refusal> {
        let now = Instant::now();
        let mut inner = self.lock();
        let device = inner.devices.get_mut(device_code).ok_or(Refusal::bare("invalid_grant"))?;
        if device.ends <= now {
            return Err(Refusal::bare("expired_token"));
        }
        let patience = Duration::from_secs(DEVICE_INTERVAL);
        let hasty = device.polled.replace(now).is_some_and(|before| now < before + patience);
        match device.decision.clone() {
            _ if hasty => Err(Refusal::bare("slow_down")),
            None => Err(Refusal::bare("authorization_pending")),
            Some(Decision::Denied) => Err(Refusal::bare("access_denied")),
            Some(Decision::Approved(Consent { user, scopes })) => {
                inner.devices.remove(device_code);
                Ok(inner.issue(Holder::User(user), scopes))
            }
        }
    }
}

impl Inner {
    fn issue(&mut self, holder: Holder, scopes: Scopes) -> Issued {
        let mut token = || -> String { (0..3).map(|_| self.dice.opaque_id()).collect() };
        let access = format!("emu_{}", token());
        let refresh = matches!(holder, Holder::User(_)).then(|| format!("emr_{}", token()));
        let now = Instant::now();
        let grant = Grant {
            access: access.clone(),
            ends: now + Duration::from_secs(LIFETIME),
            refresh: refresh.clone().map(|refresh| (refresh, now + REFRESH_LIFETIME)),
            scopes: scopes.clone(),
        };
        self.live.insert(holder, grant);
        Issued { access, refresh, scopes }
    }
}

/// PKCE's `S256` of a verifier.
fn s256(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
