//! Pages elsewhere: the public address of the webhook, and Smart Embed.

use jiff::Timestamp;
use reqwest::header::{CONTENT_SECURITY_POLICY, HeaderMap, X_FRAME_OPTIONS};
use secrecy::SecretString;
use url::Url;

use super::{failed, probe, refused, within};
use crate::doctor::facts::{Asked, Page, Public};

/// Asks the public address what Zoom would ask, and what a stranger might.
pub(crate) async fn public(
    http: &reqwest::Client,
    url: &Url,
    secret: Option<&SecretString>,
    now: Timestamp,
) -> Public {
    let webhook = if url.path() == "/" { url.join("/zoom/webhook").ok() } else { Some(url.clone()) };
    let challenge = async {
        match (&webhook, secret) {
            (Some(webhook), Some(secret)) => probe::challenge(http, webhook, secret, now, secret).await,
            (_, None) => Asked::Skipped("no webhook secret is set".to_owned()),
            (None, _) => failed("it is no web address"),
        }
    };
    let api = within("the public address", async {
        let Ok(url) = url.join("/api/v1/events?limit=1") else { return failed("it is no web address") };
        match http.get(url).send().await {
            Ok(answer) => Asked::Got(answer.status().as_u16()),
            Err(error) => refused(&error.without_url()),
        }
    });
    let (challenge, api) = tokio::join!(challenge, api);
    Public { challenge, api }
}

/// Fetches the Smart Embed page, for its headers.
pub(crate) async fn page(http: &reqwest::Client, url: &Url) -> Asked<Page> {
    within("the Smart Embed page", async {
        match http.get(url.clone()).send().await {
            Ok(answer) => Asked::Got(read(answer.status().as_u16(), answer.headers())),
            Err(error) => refused(&error.without_url()),
        }
    })
    .await
}

fn read(status: u16, headers: &HeaderMap) -> Page {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let policies =
        headers.get_all(CONTENT_SECURITY_POLICY).into_iter().filter_map(|value| value.to_str().ok());
    let frame_ancestors = policies.flat_map(|policy| policy.split([';', ','])).find_map(|directive| {
        let mut words = directive.split_whitespace();
        let name = words.next()?;
        name.eq_ignore_ascii_case("frame-ancestors").then(|| words.map(str::to_owned).collect())
    });
    Page { status, frame_options: text(X_FRAME_OPTIONS).map(str::to_uppercase), frame_ancestors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_frame_a_page_is_read_from_either_header() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FRAME_OPTIONS, "sameorigin".parse().unwrap());
        let policy = "default-src 'self'; Frame-Ancestors 'self' https://*.example.com";
        headers.insert(CONTENT_SECURITY_POLICY, policy.parse().unwrap());
        let page = read(200, &headers);
        assert_eq!(page.frame_options.as_deref(), Some("SAMEORIGIN"));
        assert_eq!(page.frame_ancestors.unwrap(), ["'self'", "https://*.example.com"]);
        assert_eq!(read(200, &HeaderMap::new()).frame_ancestors, None);
    }
}
