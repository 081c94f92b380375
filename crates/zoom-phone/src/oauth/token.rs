//! Tokens: the one that is sent, and the grant that is kept.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::StoreError;

/// A token is replaced this long before it expires, and up to [`JITTER`] earlier.
const REFRESH_BEFORE: Duration = Duration::from_mins(2);
/// Spreads the renewals of machines that were started together.
const JITTER: Duration = Duration::from_secs(30);
/// Lifetime of a token whose answer names none: Zoom's usual one.
const USUAL_LIFETIME: Duration = Duration::from_hours(1);
/// No answer makes a token live longer than this.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);

/// How a token was come by, and thereby whom it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person (or an administrator) signed in.
    User,
    /// An account, by a server-to-server app. `me` is not available to it.
    ServerToServer,
    /// The app itself (`client_credentials`): event subscriptions and sockets, no Phone data.
    ClientCredentials,
}

/// A bearer token. Cheap to clone; never printed; wiped from memory when its last clone is dropped.
#[derive(Clone)]
pub struct AccessToken(Arc<Token>);

struct Token {
    secret: SecretString,
    kind: Kind,
    scopes: Vec<String>,
    api_url: Option<Url>,
    expires_at: Timestamp,
    refresh_at: Instant,
    /// By the other clock, which nobody sets, but which may stand still while the machine sleeps.
    ends_at: Instant,
}

impl AccessToken {
    /// The text for `Authorization: Bearer`. Keep it out of logs, errors and address lines.
    pub fn secret(&self) -> &SecretString {
        &self.0.secret
    }

    /// How it was come by.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The scopes that Zoom says this token has. May be incomplete for some seconds after the app changed.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// The base address of the account's region as Zoom names it, such as `https://api-us.zoom.us`; without `/v2`.
    pub fn api_url(&self) -> Option<&Url> {
        self.0.api_url.as_ref()
    }

    /// When it ends, unless it is replaced or revoked before.
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// The token of a grant, to be renewed at a moment that is a little different each time.
    pub(super) fn of(grant: &Grant, now: Timestamp) -> Self {
        let use_for = grant.use_for(now, JITTER.mul_f64(rand::random::<f64>()));
        let began = Instant::now();
        Self(Arc::new(Token {
            secret: grant.access.clone(),
            kind: grant.kind,
            scopes: grant.scopes.clone(),
            api_url: grant.api_url.clone(),
            expires_at: grant.expires_at,
            refresh_at: began + use_for,
            ends_at: began + grant.left(now),
        }))
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.0.refresh_at
    }

    /// Not at its end yet, by either clock.
    pub(super) fn is_live(&self, now: Instant, wall: Timestamp) -> bool {
        now < self.0.ends_at && wall < self.0.expires_at
    }

    pub(super) fn is_of(&self, grant: &Grant) -> bool {
        self.0.secret.expose_secret() == grant.access.expose_secret()
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.secret.expose_secret() == other.0.secret.expose_secret()
    }
}

impl Eq for AccessToken {}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken")
            .field("kind", &self.0.kind)
            .field("scopes", &self.0.scopes)
            .field("api_url", &self.0.api_url.as_ref().map(Url::as_str))
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}

/// What Zoom granted, as it is kept in a [`TokenStore`](super::TokenStore): an access token, of a person also the
/// refresh token, and how far a refresh has come. Never printed, wiped from memory when dropped.
#[derive(Debug, Clone)]
pub struct Grant {
    pub(super) kind: Kind,
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) scopes: Vec<String>,
    pub(super) api_url: Option<Url>,
    /// A refresh was begun and its outcome is not known.
    pub(super) refresh_started: Option<Timestamp>,
    /// Zoom's last word.
    pub(super) ended: Option<Ended>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) reason: String,
    pub(super) answer_lost: bool,
}

/// How a grant stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantState {
    /// It can be used and refreshed.
    Live,
    /// A refresh was begun and its outcome never heard: the process or the network died. The next one tries the
    /// old refresh token once more; Zoom then gives new tokens, or its last word.
    Unknown {
        /// When that refresh began.
        since: Timestamp,
    },
    /// Zoom refuses it for good.
    SignInAgain {
        /// Zoom's words, and what they mean.
        reason: String,
    },
}

/// A token answer. Zoom's names; everything but the token may be missing, and everything but the tokens may be of any
/// shape: an answer that is given up for the sake of its `scope` is a grant lost.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow, default)]
    refresh_token: Option<Cow<'a, str>>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    scope: Value,
    #[serde(default)]
    api_url: Value,
}

impl Grant {
    /// Reads a token answer. `old` is the refresh token that was used; it stays where the answer has no new one.
    /// `None`: this is no token answer.
    pub(super) fn read(
        kind: Kind,
        body: &[u8],
        old: Option<&SecretString>,
        asked_at: Timestamp,
    ) -> Option<Self> {
        let answer: Answer<'_> = serde_json::from_slice(body).ok()?;
        let present =
            |text: Cow<'_, str>| (!text.trim().is_empty()).then(|| SecretString::from(text.into_owned()));
        Some(Self {
            kind,
            access: present(answer.access_token)?,
            refresh: answer.refresh_token.and_then(present).or_else(|| old.cloned()),
            issued_at: asked_at,
            expires_at: asked_at.saturating_add(lifetime(&answer.expires_in)).unwrap_or(asked_at),
            scopes: scopes(&answer.scope),
            api_url: answer.api_url.as_str().and_then(|url| Url::parse(url).ok()),
            refresh_started: None,
            ended: None,
        })
    }

    /// How it was come by.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The scopes that were granted.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The base address of the account's region, without `/v2`.
    pub fn api_url(&self) -> Option<&Url> {
        self.api_url.as_ref()
    }

    /// When these tokens were given: at sign-in, or at the last refresh.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// When the access token ends.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether it can still be used.
    pub fn state(&self) -> GrantState {
        match (&self.ended, self.refresh_started) {
            (Some(ended), _) => GrantState::SignInAgain { reason: ended.reason.clone() },
            (None, Some(since)) => GrantState::Unknown { since },
            (None, None) => GrantState::Live,
        }
    }

    /// How long an unused grant may be left alone: refresh tokens die of neglect, after about 90 days by Zoom's
    /// present word.
    pub const REFRESH_EVERY: SignedDuration = SignedDuration::from_hours(30 * 24);

    /// Whether it is time to refresh a grant that nobody uses, only to keep it alive: its tokens are older than
    /// `every` ([`Grant::REFRESH_EVERY`]). [`TokenSource::token`](super::TokenSource::token) does it.
    pub fn refresh_due(&self, now: Timestamp, every: SignedDuration) -> bool {
        self.refresh.is_some() && self.ended.is_none() && now.duration_since(self.issued_at) >= every
    }

    /// How much longer the access token is handed out.
    fn use_for(&self, now: Timestamp, jitter: Duration) -> Duration {
        self.left(now).saturating_sub(margin(span(self.expires_at, self.issued_at), jitter))
    }

    /// How much longer the access token lives.
    fn left(&self, now: Timestamp) -> Duration {
        // A clock that was set back makes no token live longer.
        span(self.expires_at, now).min(span(self.expires_at, self.issued_at))
    }

    /// Whether its access token can be handed out.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.use_for(now, Duration::ZERO) > Duration::ZERO
    }

    /// For a store: all of it, **not encrypted**. Seal it ([`seal`](super::seal)).
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let record = Record {
            version: VERSION,
            kind: self.kind,
            access_token: Cow::Borrowed(self.access.expose_secret()),
            refresh_token: self.refresh.as_ref().map(|secret| Cow::Borrowed(secret.expose_secret())),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            scopes: Cow::Borrowed(&self.scopes),
            api_url: self.api_url.as_ref().map(|url| Cow::Borrowed(url.as_str())),
            refresh_started: self.refresh_started,
            ended: self.ended.clone(),
        };
        // Large enough not to grow: a buffer that grows leaves copies behind.
        let secrets = record.access_token.len() + record.refresh_token.as_ref().map_or(0, |text| text.len());
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * secrets + 16 * 1024));
        if let Err(error) = serde_json::to_writer(&mut *bytes, &record) {
            // Texts, times and lists have no way to fail.
            tracing::error!(%error, "a grant could not be written");
        }
        bytes
    }

    /// Reads what [`Grant::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let record: Record<'_> = serde_json::from_slice(bytes).map_err(|_| StoreError::Unreadable)?;
        if record.version != VERSION {
            return Err(StoreError::Version { found: record.version });
        }
        Ok(Self {
            kind: record.kind,
            access: record.access_token.into_owned().into(),
            refresh: record.refresh_token.map(|text| text.into_owned().into()),
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            scopes: record.scopes.into_owned(),
            api_url: record.api_url.and_then(|url| Url::parse(&url).ok()),
            refresh_started: record.refresh_started,
            ended: record.ended,
        })
    }
}

/// Of what is stored.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    version: u8,
    kind: Kind,
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    refresh_token: Option<Cow<'a, str>>,
    issued_at: Timestamp,
    expires_at: Timestamp,
    scopes: Cow<'a, [String]>,
    #[serde(borrow)]
    api_url: Option<Cow<'a, str>>,
    refresh_started: Option<Timestamp>,
    ended: Option<Ended>,
}

/// `scope`: text with spaces between, or a list of texts.
fn scopes(scope: &Value) -> Vec<String> {
    let texts = scope.as_array().map_or(std::slice::from_ref(scope), Vec::as_slice);
    let words = texts.iter().filter_map(Value::as_str).flat_map(str::split_whitespace);
    words.map(str::to_owned).collect()
}

/// Seconds, as a number or as text.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    let whole = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()).map(Duration::from_secs);
    whole.or_else(|| Duration::try_from_secs_f64(value.as_f64()?).ok())
}

/// `expires_in`.
fn lifetime(expires_in: &Value) -> Duration {
    seconds(expires_in).unwrap_or(USUAL_LIFETIME).min(LONGEST_LIFETIME)
}

fn span(to: Timestamp, from: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

/// How long before its end a token is replaced. One that lives shorter than that is used for half its life.
fn margin(lifetime: Duration, jitter: Duration) -> Duration {
    (REFRESH_BEFORE + jitter).min(lifetime / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn grant(expires_in: u64) -> Grant {
        let body = format!(
            r#"{{"access_token":"the-access","refresh_token":"the-refresh","expires_in":{expires_in},"scope":"a b","api_url":"https://api-us.zoom.us"}}"#
        );
        Grant::read(Kind::User, body.as_bytes(), None, at(0)).unwrap()
    }

    #[test]
    fn a_token_is_used_until_two_minutes_and_jitter_before_its_end() {
        assert_eq!(grant(3600).use_for(at(0), s(0)), s(3480));
        assert_eq!(grant(3600).use_for(at(0), s(30)), s(3450));
        assert_eq!(grant(3600).use_for(at(1000), s(0)), s(2480));
        assert_eq!(grant(3600).use_for(at(4000), s(0)), s(0));
        assert_eq!(grant(100).use_for(at(0), s(30)), s(50));
        assert_eq!(grant(0).use_for(at(0), s(0)), s(0));
        assert_eq!(grant(3600).use_for(at(-9000), s(0)), s(3480), "the clock was set back");
    }

    #[test]
    fn a_lifetime_is_read_as_number_or_text_and_bounded() {
        assert_eq!(lifetime(&3599.into()), s(3599));
        assert_eq!(lifetime(&"3599".into()), s(3599));
        assert_eq!(lifetime(&3599.0.into()), s(3599));
        assert_eq!(lifetime(&Value::Null), USUAL_LIFETIME);
        assert_eq!(lifetime(&(-1).into()), USUAL_LIFETIME);
        assert_eq!(lifetime(&u64::MAX.into()), LONGEST_LIFETIME);
    }

    #[test]
    fn an_unused_grant_is_due_after_thirty_days_unless_it_is_dead() {
        let mut grant = grant(3600);
        let due = |grant: &Grant, day: i64| grant.refresh_due(at(day * 86_400), Grant::REFRESH_EVERY);
        assert!(!due(&grant, 29) && due(&grant, 30));
        grant.ended = Some(Ended { reason: "no".to_owned(), answer_lost: false });
        assert!(!due(&grant, 30));
    }

    #[test]
    fn what_is_stored_is_read_back_whole() {
        let mut before = grant(3600);
        before.refresh_started = Some(at(7));
        before.ended = Some(Ended { reason: "no".to_owned(), answer_lost: true });
        let after = Grant::from_bytes(&before.to_bytes()).unwrap();
        assert_eq!(after.to_bytes(), before.to_bytes());
        assert_eq!(after.access.expose_secret(), "the-access");
        assert_eq!(after.refresh.unwrap().expose_secret(), "the-refresh");
        assert_eq!(after.api_url, before.api_url);
    }

    #[test]
    fn another_version_and_garbage_are_errors() {
        let text = String::from_utf8(grant(1).to_bytes().to_vec()).unwrap();
        let newer = text.replace("\"version\":1", "\"version\":2");
        assert!(matches!(Grant::from_bytes(newer.as_bytes()), Err(StoreError::Version { found: 2 })));
        assert!(matches!(Grant::from_bytes(b"{}"), Err(StoreError::Unreadable)));
    }

    #[test]
    fn new_tokens_are_kept_whatever_the_rest_of_the_answer_is() {
        for (rest, scopes) in [
            (r#""scope":["a","b c"],"api_url":{"us":"https://api-us.zoom.us"},"expires_in":"600""#, 3),
            (r#""scope":{"a":1},"api_url":["x"],"expires_in":[1]"#, 0),
            (r#""scope":7,"api_url":7,"expires_in":-7.5"#, 0),
            (r#""scope":null,"api_url":null,"expires_in":null"#, 0),
        ] {
            let body = format!(r#"{{"access_token":"x","refresh_token":"new",{rest}}}"#);
            let grant = Grant::read(Kind::User, body.as_bytes(), None, at(0)).expect(rest);
            assert_eq!(grant.refresh.unwrap().expose_secret(), "new");
            assert_eq!((grant.scopes.len(), grant.api_url), (scopes, None), "{rest}");
        }
    }

    #[test]
    fn an_answer_without_a_new_refresh_token_keeps_the_old_one() {
        let old = SecretString::from("old");
        let read = |body: &str| Grant::read(Kind::User, body.as_bytes(), Some(&old), at(0)).unwrap();
        for body in [r#"{"access_token":"x"}"#, r#"{"access_token":"x","refresh_token":" "}"#] {
            assert_eq!(read(body).refresh.unwrap().expose_secret(), "old");
        }
        assert_eq!(
            read(r#"{"access_token":"x","refresh_token":"new"}"#).refresh.unwrap().expose_secret(),
            "new"
        );
    }

    #[test]
    fn neither_a_grant_nor_a_token_prints_its_secrets() {
        let grant = grant(3600);
        let text = format!("{grant:?} {grant:#?} {:?}", AccessToken::of(&grant, at(0)));
        assert!(!text.contains("the-access") && !text.contains("the-refresh"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn any_answer_and_any_record_are_read_without_panic(bytes: Vec<u8>, expires_in: u64) {
            let _ = Grant::read(Kind::User, &bytes, None, at(0));
            let _ = Grant::from_bytes(&bytes);
            proptest::prop_assert!(grant(expires_in).use_for(at(0), JITTER) <= LONGEST_LIFETIME);
        }
    }
}
