//! Credentials, token, scopes, and the way to sign in.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;
use zoom_phone::oauth::{App, Authorization, SignIn};

use super::{
    checks,
    facts::{Asked, Machine, Settings, Zoom, is_local},
    line::Line,
    scopes,
};

/// Zoom's current pages say that an unused refresh token lives about this long.
const GRANT_ENDS: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Time to be reminded.
const GRANT_OLD: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What the settings say.
pub(crate) fn settings(settings: &Settings) -> Vec<Line> {
    vec![credentials(settings), account_id(settings)]
}

fn credentials(settings: &Settings) -> Line {
    if settings.accounts > 0 {
        return checks::CREDENTIALS.pass(format!(
            "account id, client id and client secret are set for {} {}",
            settings.accounts,
            if settings.accounts == 1 { "account" } else { "accounts" }
        ));
    }
    if settings.unset.len() == 3 {
        return checks::CREDENTIALS.skip(
            "no credentials of a server-to-server app are set: events are received, Zoom's records are not compared",
        );
    }
    checks::CREDENTIALS.fail(
        format!("{} not set, the rest is", settings.unset.join(" and ")),
        "Copy all three from the page \"App Credentials\" of your server-to-server OAuth app.",
    )
}

fn account_id(settings: &Settings) -> Line {
    let Some(id) = &settings.account_id else {
        return checks::ACCOUNT_ID.skip("ZOOM_ACCOUNT_ID is not set");
    };
    let remedy = "Copy the account id from the page \"App Credentials\" of the app, not the account number of the admin portal.";
    let digits = id.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ' ');
    if digits {
        checks::ACCOUNT_ID.fail("ZOOM_ACCOUNT_ID is an account number", remedy)
    } else if !(18..=30).contains(&id.len())
        || !id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    {
        checks::ACCOUNT_ID.warn(
            format!(
                "ZOOM_ACCOUNT_ID has {} characters; Zoom's ids have about 22 letters and digits",
                id.len()
            ),
            remedy,
        )
    } else {
        checks::ACCOUNT_ID.pass("ZOOM_ACCOUNT_ID looks like an account id")
    }
}

/// What one account's token says.
pub(crate) fn judge(zoom: &Zoom, settings: &Settings) -> Vec<Line> {
    vec![token(zoom), lifetime(zoom), sharing(zoom), scopes::judge(zoom, settings)]
}

fn token(zoom: &Zoom) -> Line {
    match &zoom.token {
        Asked::Got(token) => checks::TOKEN
            .pass(format!("Zoom gave a server-to-server token with {} scopes", token.scopes.len())),
        Asked::Skipped(why) => checks::TOKEN.skip(why),
        Asked::Failed(failure) if failure.no_answer => checks::TOKEN.fail(
            format!("no token: {}", failure.text),
            "Check network, DNS and proxy settings of this machine, and OFFHOOK_ZOOM_OAUTH_URL if it is set; then run this again.",
        ),
        Asked::Failed(failure) => checks::TOKEN.fail(
            format!("no token: {}", failure.text),
            "Compare account id, client id and client secret with the app's page, see that it is a server-to-server app and activated, and run this again.",
        ),
    }
}

fn lifetime(zoom: &Zoom) -> Line {
    match zoom.token.got().map(|token| token.lives) {
        Some(lives @ 600..) => checks::LIFETIME.pass(format!("a new token lives {} minutes", lives / 60)),
        Some(lives) => checks::LIFETIME.warn(
            format!("a new token lives only {lives} s; Zoom's live an hour"),
            "See prerequisites.clock, and whether OFFHOOK_ZOOM_OAUTH_URL is Zoom's.",
        ),
        None => checks::LIFETIME.skip("there is no token"),
    }
}

fn sharing(zoom: &Zoom) -> Line {
    match &zoom.token_lived {
        Asked::Got(true) => checks::SHARING.pass("the token was still good at the end of this run"),
        Asked::Got(false) => checks::SHARING.warn(
            "the token died during this run: another program asked for one with the same app, and each new token ends the one before",
            "Give every program an app of its own; if it was the Offhook server on this machine, nothing is wrong.",
        ),
        Asked::Failed(failure) => {
            checks::SHARING.warn(format!("could not be told: {}", failure.text), "Run this again.")
        }
        Asked::Skipped(why) => checks::SHARING.skip(why),
    }
}

/// The way for people to sign in: redirect address and PKCE.
pub(crate) fn sign_in(settings: &Settings, machine: &Machine, now: Timestamp) -> Vec<Line> {
    vec![redirect_uri(settings), pkce(settings, now), grants(machine, now)]
}

fn redirect_uri(settings: &Settings) -> Line {
    let Some(uri) = &settings.redirect_uri else {
        return checks::REDIRECT_URI
            .skip("ZOOM_REDIRECT_URI is not set: people cannot sign in, servers need not");
    };
    let bad = |what: &str| {
        checks::REDIRECT_URI.fail(
            format!("ZOOM_REDIRECT_URI {what}"),
            "Write it as in the app's settings, letter for letter, such as https://phone.example.com/oauth/callback.",
        )
    };
    let Ok(url) = Url::parse(uri) else { return bad("is no web address") };
    match url.scheme() {
        "https" => {}
        "http" if is_local(&url) => {}
        "http" => return bad("is plain http; only addresses of this machine may be"),
        _ => return bad("is no web address"),
    }
    if uri.contains('#') {
        return bad("has a #, which Zoom does not send back");
    }
    if uri.contains('*') {
        return bad("has a *; Zoom compares letter for letter");
    }
    if url.path() == "/" && !uri.ends_with('/') {
        return checks::REDIRECT_URI.warn(
            "ZOOM_REDIRECT_URI has no path",
            "See that the app's settings have it exactly so, without a slash at its end.",
        );
    }
    let note = if is_local(&url) { ", on this machine" } else { "" };
    checks::REDIRECT_URI.pass(format!(
        "ZOOM_REDIRECT_URI is well formed{note}; the app's settings must have it letter for letter"
    ))
}

/// Begins a sign-in and looks at the address a browser would be sent to. Sends nothing.
fn pkce(settings: &Settings, now: Timestamp) -> Line {
    let Some(redirect) = settings.redirect_uri.as_deref() else {
        return checks::PKCE.skip("ZOOM_REDIRECT_URI is not set");
    };
    let app = App {
        token_url: settings.oauth_url.clone().unwrap_or_else(App::zoom_token_url),
        ..App::new("any", SecretString::from("any"))
    };
    let begun = SignIn::new(app).and_then(|sign_in| sign_in.begin(&Authorization::new(redirect), now));
    match begun {
        Err(error) => checks::PKCE.fail(
            format!("a sign-in cannot begin: {}", super::gather::chain(&error)),
            "Correct ZOOM_REDIRECT_URI or OFFHOOK_ZOOM_OAUTH_URL.",
        ),
        Ok(begun) => {
            let value = |name: &str| {
                begun.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
            };
            let proven = value("code_challenge_method").as_deref() == Some("S256")
                && value("code_challenge").is_some_and(|text| text.len() == 43)
                && value("state").is_some_and(|text| text.len() >= 32);
            if proven {
                checks::PKCE.pass("sign-ins carry PKCE (S256) and a state of their own")
            } else {
                checks::PKCE
                    .fail("a sign-in would carry no PKCE or state", "Report this as a bug of Offhook.")
            }
        }
    }
}

fn grants(machine: &Machine, now: Timestamp) -> Line {
    let Some(refreshed) = machine.signed_in else {
        return checks::SIGN_IN.skip("nobody is signed in here; a server-to-server app needs nobody to be");
    };
    let age = now.duration_since(refreshed);
    let days = age.as_hours() / 24;
    let remedy = "Run `offhook auth status`, which refreshes it, or `offhook auth login` if it is too late.";
    if age > GRANT_ENDS {
        checks::SIGN_IN.fail(
            format!("the sign-in was last refreshed {days} days ago; Zoom ends them after about 90"),
            remedy,
        )
    } else if age > GRANT_OLD {
        checks::SIGN_IN.warn(
            format!("the sign-in was last refreshed {days} days ago; Zoom ends them after about 90"),
            remedy,
        )
    } else {
        checks::SIGN_IN.pass(format!("the sign-in was refreshed {days} days ago"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Failure, Token};
    use super::super::line::Status::{Fail, Pass, Skip, Warn};
    use super::*;

    fn zoom(scopes: &[&str], lives: i64) -> Zoom {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        Zoom { token: Asked::Got(Token { lives, scopes }), ..Zoom::unasked("A".to_owned(), "not asked") }
    }

    #[test]
    fn half_of_the_credentials_is_worse_than_none() {
        let unset = |unset: &[&'static str]| Settings { unset: unset.to_vec(), ..Settings::default() };
        let none = unset(&["ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"]);
        assert_eq!(credentials(&none).status, Skip);
        let half = unset(&["ZOOM_CLIENT_SECRET"]);
        let line = credentials(&half);
        assert_eq!(line.status, Fail);
        assert!(line.found.contains("ZOOM_CLIENT_SECRET not set"), "{}", line.found);
        assert_eq!(credentials(&Settings { accounts: 1, ..half }).status, Pass);
    }

    #[test]
    fn an_account_number_is_no_account_id() {
        for (id, expected) in [
            ("1234567890", Fail),
            ("123-456-7890", Fail),
            ("aBcDeFgHiJkLmNoPqRsTuV", Pass),
            ("demo_account_0000000AA", Pass),
            ("short", Warn),
            ("has a space in the middle", Warn),
        ] {
            let settings = Settings { account_id: Some(id.to_owned()), ..Settings::default() };
            assert_eq!(account_id(&settings).status, expected, "{id}");
        }
    }

    #[test]
    fn a_token_that_dies_early_or_is_refused_is_told_apart() {
        assert_eq!(lifetime(&zoom(&[], 3599)).status, Pass);
        assert_eq!(lifetime(&zoom(&[], 30)).status, Warn);
        let refused = Zoom { token: Asked::Failed(Failure::default()), ..zoom(&[], 0) };
        assert_eq!((token(&refused).status, lifetime(&refused).status), (Fail, Skip));
        assert!(token(&refused).remedy.unwrap().contains("client secret"));
        let dead = Failure { no_answer: true, ..Failure::default() };
        let line = token(&Zoom { token: Asked::Failed(dead), ..refused });
        assert_eq!(line.status, Fail);
        assert!(line.remedy.unwrap().contains("network"), "credentials are not to blame");
        for (lived, expected) in [(true, Pass), (false, Warn)] {
            assert_eq!(sharing(&Zoom { token_lived: Asked::Got(lived), ..zoom(&[], 1) }).status, expected);
        }
    }

    #[test]
    fn redirect_addresses_are_https_or_of_this_machine_and_exact() {
        let now = Timestamp::UNIX_EPOCH;
        for (uri, expected) in [
            ("https://phone.example.com/oauth/callback", Pass),
            ("http://127.0.0.1:8080/oauth/callback", Pass),
            ("http://localhost:4000/", Pass),
            ("https://phone.example.com", Warn),
            ("http://phone.example.com/cb", Fail),
            ("http://localhost.example.com/cb", Fail),
            ("https://phone.example.com/cb#x", Fail),
            ("https://*.example.com/cb", Fail),
            ("zoomus://x", Fail),
            ("callback", Fail),
        ] {
            let settings = Settings { redirect_uri: Some(uri.to_owned()), ..Settings::default() };
            assert_eq!(redirect_uri(&settings).status, expected, "{uri}");
            if expected == Pass {
                assert_eq!(pkce(&settings, now).status, Pass, "{uri}");
            }
        }
        assert_eq!(redirect_uri(&Settings::default()).status, Skip);
        assert_eq!(pkce(&Settings::default(), now).status, Skip);
    }

    #[test]
    fn a_sign_in_is_judged_by_its_last_refresh() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (days, expected) in [(0, Pass), (59, Pass), (61, Warn), (91, Fail)] {
            let written = now - SignedDuration::from_hours(days * 24);
            let machine = Machine { signed_in: Some(written), ..Machine::nothing() };
            assert_eq!(grants(&machine, now).status, expected, "{days}");
        }
        assert_eq!(grants(&Machine::nothing(), now).status, Skip);
    }
}
