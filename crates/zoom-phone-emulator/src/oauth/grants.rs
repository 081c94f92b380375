//! What was given out: authorization codes, device codes, access and refresh tokens.

mod devices;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

use super::{Client, Refusal};
use crate::config::Temper;
use crate::dice::Dice;
use devices::Device;
pub(super) use devices::{DEVICE_INTERVAL, DEVICE_LIFETIME};

/// Refresh tokens that ended and are remembered, so that their presenters learn why.
const REMEMBERED: usize = 10_000;
/// How long codes of both kinds are remembered after they ended, to be told from unknown ones.
const CODES_REMEMBERED: Duration = Duration::from_hours(1);
/// A refresh token's life; Zoom's pages say 90 days and, older ones, 15 years.
const REFRESH_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// An authorization code's life.
const CODE_LIFETIME: Duration = Duration::from_mins(5);
/// Scope names. Shared, because the whole catalogue has hundreds.
pub(super) type Scopes = Arc<BTreeSet<String>>;

/// For whom a token speaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// The account, through the Server-to-Server app; one for each `token_index`.
    Account(u8),
    /// The user of this id, through a general app.
    User(String),
    /// The app itself, with the grant `client_credentials`.
    App,
}

/// Through which app somebody holds tokens. A new token ends the old one of the same key, which is Zoom's default.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) client_id: String,
    pub(super) holder: Holder,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// There is no bearer header.
    Missing,
    /// Revoked, superseded, or never issued.
    Invalid,
    Expired,
}

/// Why a refresh token ended, as a code of Zoom's table of OAuth errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It was used. Zoom's pages disagree on the code: 4735 also stands for a person who is gone.
    Rotated = 4735,
    /// Revoked, deauthorized, or replaced by a later sign-in.
    Revoked = 4741,
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
    /// Seconds that the access token lives.
    pub(super) lifetime: u64,
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
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// The challenge and whether it is a SHA-256 hash (`S256`) rather than `plain`.
    pub(super) challenge: Option<(String, bool)>,
}

/// All of it.
pub(crate) struct Grants(Mutex<Inner>);

struct Inner {
    dice: Dice,
    /// Zoom's pages say 3600 for users; 3599 was observed, and is documented for Server-to-Server.
    users_lifetime: u64,
    live: HashMap<Key, Grant>,
    ended: VecDeque<(String, End)>,
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

impl Grants {
    pub(crate) fn new(seed: u64, temper: Temper) -> Self {
        Self(Mutex::new(Inner {
            dice: Dice::new(seed, 3),
            users_lifetime: if temper == Temper::Field { 3599 } else { 3600 },
            live: HashMap::new(),
            ended: VecDeque::new(),
            codes: HashMap::new(),
            devices: HashMap::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token in the bearer header, if it is live; the query does not count.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<Access, Locked> {
        let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = presented.and_then(|text| text.split_once(' ')).ok_or(Locked::Missing)?;
        if scheme.eq_ignore_ascii_case("bearer") { self.look_up(token.trim()) } else { Err(Locked::Missing) }
    }

    /// What an access token may do, if it is live.
    pub(crate) fn access(&self, token: &str) -> Option<Access> {
        self.look_up(token).ok()
    }

    fn look_up(&self, token: &str) -> Result<Access, Locked> {
        let inner = self.lock();
        let found = inner.live.iter().find(|(_, grant)| same(&grant.access, token));
        let (key, grant) = found.ok_or(Locked::Invalid)?;
        if grant.ends <= Instant::now() {
            return Err(Locked::Expired);
        }
        Ok(Access { holder: key.holder.clone(), scopes: grant.scopes.clone() })
    }

    /// New tokens, which end the old ones of this key. A user's access comes with a refresh token.
    pub(super) fn issue(&self, key: Key, scopes: Scopes) -> Issued {
        self.lock().issue(key, scopes, End::Revoked)
    }

    /// A new pair for a refresh token of this app, which is dead from now on.
    pub(super) fn refresh(&self, client_id: &str, token: &str) -> Result<Issued, Refusal> {
        let now = Instant::now();
        let mut inner = self.lock();
        let fits = |(key, grant): &(&Key, &Grant)| {
            let live = |(text, ends): &(String, Instant)| now < *ends && same(text, token);
            key.client_id == client_id && grant.refresh.as_ref().is_some_and(live)
        };
        if let Some((key, grant)) = inner.live.iter().find(fits) {
            let (key, scopes) = (key.clone(), grant.scopes.clone());
            return Ok(inner.issue(key, scopes, End::Rotated));
        }
        let end =
            inner.ended.iter().find(|(text, _)| same(text, token)).map_or(End::Rotated, |&(_, end)| end);
        Err(Refusal::new("invalid_grant", end as u16, "Invalid Token!"))
    }

    /// Ends an access token of this app and the refresh token that belongs to it.
    pub(super) fn revoke(&self, client_id: &str, token: &str) {
        let mut inner = self.lock();
        let found =
            inner.live.iter().find(|(key, grant)| key.client_id == client_id && same(&grant.access, token));
        if let Some(key) = found.map(|(key, _)| key.clone()) {
            inner.end(&key, End::Revoked);
        }
    }

    /// Ends the tokens and waiting codes of one user, or of all users, of an app; the users whose tokens ended, in
    /// the order of their ids.
    pub(super) fn deauthorize(&self, client_id: &str, user: Option<&str>) -> Vec<String> {
        let mut inner = self.lock();
        let meant = |of: &str| user.is_none_or(|user| user == of);
        inner.codes.retain(|_, code| code.binding.client_id != client_id || !meant(&code.consent.user));
        let mut users: Vec<_> = inner.users_of(client_id).filter(|of| meant(of)).map(str::to_owned).collect();
        users.sort();
        for user in &users {
            let key = Key { client_id: client_id.to_owned(), holder: Holder::User(user.clone()) };
            inner.end(&key, End::Revoked);
        }
        users
    }

    /// Ids of the users who have tokens of an app, in order.
    pub(crate) fn users_of(&self, client_id: &str) -> BTreeSet<String> {
        self.lock().users_of(client_id).map(str::to_owned).collect()
    }

    /// The scopes of a user's live grant for an app.
    pub(super) fn granted(&self, client_id: &str, user: &str) -> Option<Scopes> {
        let key = Key { client_id: client_id.to_owned(), holder: Holder::User(user.to_owned()) };
        self.lock().live.get(&key).map(|grant| grant.scopes.clone())
    }

    /// An authorization code.
    pub(super) fn code(&self, binding: Binding, consent: Consent) -> String {
        let mut inner = self.lock();
        inner.forget_codes();
        let code = format!("{}_{}", inner.dice.opaque_id(), inner.dice.opaque_id());
        inner.codes.insert(code.clone(), Code { binding, consent, ends: Instant::now() + CODE_LIFETIME });
        code
    }

    /// Tokens for an authorization code. A code that was presented is spent, whatever the outcome.
    pub(super) fn exchange(
        &self,
        client: &Client<'_>,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
    ) -> Result<Issued, Refusal> {
        let mut inner = self.lock();
        let code = inner.codes.remove(code).filter(|code| code.binding.client_id == client.app.client_id);
        let code = code.ok_or(Refusal::new("invalid_grant", 4734, "Invalid authorization code"))?;
        if code.ends <= Instant::now() {
            return Err(Refusal::new("invalid_grant", 4733, "Authorization code expired"));
        }
        if redirect_uri != Some(code.binding.redirect_uri.as_str()) {
            return Err(Refusal::new("invalid_request", 4709, "Redirect URI mismatch."));
        }
        if code.binding.challenge.is_none() && !client.proven {
            return Err(Refusal::new("invalid_client", 4706, "Client ID or client secret is missing."));
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
        let key = Key { client_id: code.binding.client_id, holder: Holder::User(code.consent.user) };
        Ok(inner.issue(key, code.consent.scopes, End::Revoked))
    }
}

impl Inner {
    fn issue(&mut self, key: Key, scopes: Scopes, before: End) -> Issued {
        self.end(&key, before);
        let mut token = || -> String { (0..3).map(|_| self.dice.opaque_id()).collect() };
        let access = format!("emu_{}", token());
        let of_user = matches!(key.holder, Holder::User(_));
        let refresh = of_user.then(|| format!("emr_{}", token()));
        let lifetime = if of_user { self.users_lifetime } else { 3599 };
        let now = Instant::now();
        let grant = Grant {
            access: access.clone(),
            ends: now + Duration::from_secs(lifetime),
            refresh: refresh.clone().map(|refresh| (refresh, now + REFRESH_LIFETIME)),
            scopes: scopes.clone(),
        };
        self.live.insert(key, grant);
        Issued { access, lifetime, refresh, scopes }
    }

    /// Ends what somebody holds, and remembers why.
    fn end(&mut self, key: &Key, end: End) {
        let Some(Grant { refresh: Some((refresh, _)), .. }) = self.live.remove(key) else { return };
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back((refresh, end));
    }

    fn users_of(&self, client_id: &str) -> impl Iterator<Item = &str> {
        self.live.keys().filter(move |key| key.client_id == client_id).filter_map(|key| match &key.holder {
            Holder::User(user) => Some(user.as_str()),
            Holder::Account(_) | Holder::App => None,
        })
    }

    /// Codes that nobody came for do not stay for ever.
    fn forget_codes(&mut self) {
        let now = Instant::now();
        self.codes.retain(|_, code| now < code.ends + CODES_REMEMBERED);
        self.devices.retain(|_, device| now < device.ends + CODES_REMEMBERED);
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
