//! Signing in on another device, by a code that is typed in there (RFC 8628).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::AuthError;
use super::endpoint::Endpoint;
use super::error::{No, START_AGAIN};
use super::token::{Grant, seconds};

/// What to do about a refusal that says nothing of its cause.
const NO_DEVICES: &str = "check that the app is activated and has the feature \"Use App on Device\"";
/// What Zoom's `slow_down` adds, and the usual interval.
const STEP: Duration = Duration::from_secs(5);
/// Lifetime of a code whose answer names none: Zoom's usual one.
const USUAL_LIFETIME: Duration = Duration::from_mins(15);
/// No code is waited for longer, and no pause is longer.
const LONGEST: Duration = Duration::from_hours(1);

/// Show [`DeviceCode::user_code`] and [`DeviceCode::verification_uri`] to the person, then
/// [`SignIn::wait`](super::SignIn::wait).
pub struct DeviceCode {
    secret: SecretString,
    user_code: String,
    verification_uri: Url,
    verification_uri_complete: Option<Url>,
    interval: Duration,
    expires: Instant,
}

#[derive(Deserialize)]
struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    verification_uri_complete: Value,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

impl std::fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceCode").field("interval", &self.interval).finish_non_exhaustive()
    }
}

impl DeviceCode {
    /// What the person types in. No secret from them, but from everybody else.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where they type it in.
    pub fn verification_uri(&self) -> &Url {
        &self.verification_uri
    }

    /// The same with the code filled in, for a link or a picture to scan.
    pub fn verification_uri_complete(&self) -> Option<&Url> {
        self.verification_uri_complete.as_ref()
    }

    /// How long the code still lives.
    pub fn left(&self, now: Instant) -> Duration {
        self.expires.saturating_duration_since(now)
    }

    fn read(body: &[u8], asked: Instant) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        if answer.device_code.is_empty() || answer.user_code.is_empty() {
            return None;
        }
        let lifetime = seconds(&answer.expires_in).unwrap_or(USUAL_LIFETIME).min(LONGEST);
        let interval = seconds(&answer.interval).unwrap_or(STEP);
        Some(Self {
            secret: answer.device_code.into(),
            user_code: answer.user_code,
            verification_uri: web_page(&answer.verification_uri)?,
            verification_uri_complete: answer.verification_uri_complete.as_str().and_then(web_page),
            interval: interval.clamp(Duration::from_secs(1), LONGEST),
            expires: asked + lifetime,
        })
    }

    /// Asks by `ask` until there is an answer that counts.
    pub(super) async fn wait(
        mut self,
        mut ask: impl AsyncFnMut(&[(&str, &str)]) -> Result<Result<Grant, No>, AuthError>,
    ) -> Result<Grant, AuthError> {
        let secret = self.secret;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", secret.expose_secret()),
        ];
        loop {
            let next = Instant::now() + self.interval;
            if next >= self.expires {
                tokio::time::sleep_until(self.expires).await;
                return Err(AuthError::DeviceExpired);
            }
            tokio::time::sleep_until(next).await;
            let trouble = match ask(&form).await {
                Ok(Ok(grant)) => return Ok(grant),
                Ok(Err(No::Refused(refusal))) => match refusal.error.as_str() {
                    "authorization_pending" => continue,
                    "slow_down" => {
                        self.interval = (self.interval + STEP).min(LONGEST);
                        continue;
                    }
                    "expired_token" => return Err(AuthError::DeviceExpired),
                    "access_denied" => return Err(AuthError::Denied),
                    _ => return Err(refusal.or(START_AGAIN)),
                },
                Ok(Err(No::Unavailable(error))) => error,
                Err(error) if error.retry_helps() => error,
                Err(error) => return Err(error),
            };
            tracing::info!(error = &trouble as &dyn std::error::Error, "asking for the device's token again");
            self.interval = (self.interval * 2).min(LONGEST);
        }
    }
}

/// An address that may be shown to somebody.
fn web_page(address: &str) -> Option<Url> {
    Url::parse(address).ok().filter(|url| matches!(url.scheme(), "https" | "http"))
}

pub(super) async fn begin(endpoint: &Endpoint) -> Result<DeviceCode, AuthError> {
    let asked = Instant::now();
    let url = endpoint.app.sibling("devicecode")?;
    let form = [("client_id", endpoint.app.client_id.as_str())];
    let (status, body) = endpoint.post(url, &form).await?.map_err(|no| no.or(NO_DEVICES))?;
    DeviceCode::read(&body, asked).ok_or(AuthError::Unreadable { status })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use reqwest::StatusCode;

    use super::*;
    use crate::oauth::token::Kind;

    const ANSWER: &str = r#"{"device_code":"the-device-code","user_code":"ABCD","interval":5,"expires_in":900,
        "verification_uri":"https://zoom.us/oauth_device","verification_uri_complete":"https://zoom.us/oauth/device/complete/ABCD"}"#;

    type Heard = Result<Grant, No>;

    fn no(status: u16, error: &str) -> Heard {
        let body = format!(r#"{{"error":"{error}"}}"#);
        Err(No::read(StatusCode::from_u16(status).unwrap(), None, body.as_bytes(), &[]))
    }

    fn grant() -> Grant {
        Grant::read(Kind::User, br#"{"access_token":"t"}"#, None, Timestamp::UNIX_EPOCH).unwrap()
    }

    /// Waits with these answers; tells the outcome and at which seconds Zoom was asked.
    async fn waited(answers: impl IntoIterator<Item = Heard>) -> (Result<Grant, AuthError>, Vec<u64>) {
        let began = Instant::now();
        let device = DeviceCode::read(ANSWER.as_bytes(), began).unwrap();
        let mut answers = answers.into_iter();
        let mut asked = Vec::new();
        let outcome = device
            .wait(async |form: &[(&str, &str)]| {
                assert_eq!(form[1], ("device_code", "the-device-code"));
                asked.push(began.elapsed().as_secs());
                Ok(answers.next().unwrap_or_else(|| no(400, "authorization_pending")))
            })
            .await;
        (outcome, asked)
    }

    #[tokio::test(start_paused = true)]
    async fn zoom_is_asked_every_five_seconds_and_less_often_when_it_says_so() {
        let pending = || no(400, "authorization_pending");
        let (outcome, asked) =
            waited([pending(), no(400, "slow_down"), pending(), no(503, ""), pending(), Ok(grant())]).await;
        assert!(outcome.is_ok());
        assert_eq!(asked, [5, 10, 20, 30, 50, 70]);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_the_code_does_and_no_request_comes_after() {
        let (outcome, asked) = waited([]).await;
        assert!(matches!(outcome, Err(AuthError::DeviceExpired)));
        assert_eq!((asked.len(), asked.last()), (179, Some(&895)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_no_is_final() {
        for (error, says) in [
            ("access_denied", "denied"),
            ("expired_token", "in time"),
            ("invalid_request", "invalid_request"),
        ] {
            let (outcome, asked) = waited([no(400, error)]).await;
            assert!(outcome.unwrap_err().to_string().contains(says));
            assert_eq!(asked, [5]);
        }
    }

    #[test]
    fn a_page_that_is_no_web_page_is_not_shown_to_anybody() {
        let bad = ANSWER.replace("https://zoom.us/oauth_device", "javascript:alert(1)");
        assert!(DeviceCode::read(bad.as_bytes(), Instant::now()).is_none());
    }

    #[test]
    fn a_code_is_read_whatever_the_shape_of_what_it_can_do_without() {
        for (interval, lifetime, complete, seconds) in [
            (r#""7""#, r#""60""#, "null", (7, 60)),
            ("{}", "[1]", "7", (5, 900)),
            ("null", "60.0", "[]", (5, 60)),
        ] {
            let body = format!(
                r#"{{"device_code":"d","user_code":"u","verification_uri":"https://zoom.us/oauth_device",
                "interval":{interval},"expires_in":{lifetime},"verification_uri_complete":{complete}}}"#
            );
            let now = Instant::now();
            let device = DeviceCode::read(body.as_bytes(), now).expect(&body);
            assert_eq!((device.interval.as_secs(), device.left(now).as_secs()), seconds, "{body}");
            assert_eq!(device.verification_uri_complete(), None);
        }
    }

    #[test]
    fn neither_code_is_printed() {
        let device = DeviceCode::read(ANSWER.as_bytes(), Instant::now()).unwrap();
        let text = format!("{device:?}");
        assert!(!text.contains("the-device-code") && !text.contains("ABCD"), "{text}");
    }
}
