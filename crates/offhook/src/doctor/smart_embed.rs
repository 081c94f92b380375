//! Zoom's softphone on a page.

use url::Url;
use zoom_phone::embed::{Frame, Origin};

use super::{
    checks,
    facts::{Asked, Page, Settings},
    line::Line,
};

/// Everything about Smart Embed.
pub(crate) fn judge(settings: &Settings, page: &Asked<Page>) -> Vec<Line> {
    vec![url(settings), origin(settings), reachable(page), frame(settings, page), domain(settings)]
}

fn url(settings: &Settings) -> Line {
    let Some(text) = &settings.embed_url else {
        return checks::EMBED_URL.skip("ZOOM_PHONE_SMART_EMBED_URL is not set: no softphone is shown");
    };
    let usual = Url::parse(Frame::ZOOM.src).ok();
    match (Url::parse(text), usual) {
        (Ok(url), Some(usual)) if url.host() == usual.host() && url.path() == usual.path() => {
            checks::EMBED_URL.pass("ZOOM_PHONE_SMART_EMBED_URL is Zoom's page")
        }
        (Ok(url), _) if url.scheme() == "https" || super::facts::is_local(&url) => checks::EMBED_URL.warn(
            format!(
                "ZOOM_PHONE_SMART_EMBED_URL is not Zoom's page but one of {}",
                url.host_str().unwrap_or("nobody")
            ),
            format!("Zoom's is {}; another is for an emulator only.", Frame::ZOOM.src),
        ),
        _ => checks::EMBED_URL.fail(
            "ZOOM_PHONE_SMART_EMBED_URL is no https address",
            format!("Set it to {}.", Frame::ZOOM.src),
        ),
    }
}

fn origin(settings: &Settings) -> Line {
    let Some(text) = &settings.embed_origin else {
        return match settings.embed_url {
            None => checks::EMBED_ORIGIN.skip("ZOOM_PHONE_SMART_EMBED_ORIGIN is not set"),
            Some(_) => checks::EMBED_ORIGIN.warn(
                "ZOOM_PHONE_SMART_EMBED_ORIGIN is not set; Zoom's is taken",
                format!("Set it to {} to be explicit.", Origin::default().as_str()),
            ),
        };
    };
    let remedy = "Write scheme and host of ZOOM_PHONE_SMART_EMBED_URL and nothing more, such as https://applications.zoom.us.";
    let Ok(origin) = Origin::new(text.trim_end_matches('/')) else {
        return checks::EMBED_ORIGIN.fail("ZOOM_PHONE_SMART_EMBED_ORIGIN is no origin", remedy);
    };
    let of_page = settings.embed_url.as_deref().unwrap_or(Frame::ZOOM.src);
    let of_page = Url::parse(of_page).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    if origin.is(&of_page) {
        checks::EMBED_ORIGIN.pass("messages are exchanged with the origin of the page and no other")
    } else {
        checks::EMBED_ORIGIN.fail(
            format!("ZOOM_PHONE_SMART_EMBED_ORIGIN is {}, but the page comes from {of_page}: every message would be ignored", origin.as_str()),
            remedy,
        )
    }
}

fn reachable(page: &Asked<Page>) -> Line {
    match page {
        Asked::Skipped(why) => checks::EMBED_PAGE.skip(why),
        Asked::Failed(failure) => checks::EMBED_PAGE.fail(
            format!("the page cannot be reached: {}", failure.text),
            "Check network, DNS and proxy; agents' browsers need the same way.",
        ),
        Asked::Got(page) if page.status < 400 => {
            checks::EMBED_PAGE.pass(format!("the page answers {}", page.status))
        }
        Asked::Got(page) => checks::EMBED_PAGE.fail(
            format!("the page answers {}", page.status),
            format!("Set ZOOM_PHONE_SMART_EMBED_URL to {}.", Frame::ZOOM.src),
        ),
    }
}

fn frame(settings: &Settings, page: &Asked<Page>) -> Line {
    let page = match page {
        Asked::Got(page) => page,
        Asked::Skipped(why) => return checks::EMBED_FRAME.skip(why),
        Asked::Failed(_) => return checks::EMBED_FRAME.skip("the page cannot be reached"),
    };
    let refuses = |what: &str| {
        checks::EMBED_FRAME.fail(
            format!("the page may not be framed here: {what}"),
            "Install Zoom Phone Smart Embed from the Marketplace, add this site to its approved domains, and compare the address.",
        )
    };
    // Browsers that know frame-ancestors ignore the older header beside it.
    let Some(ancestors) = &page.frame_ancestors else {
        return match page.frame_options.as_deref() {
            Some(options @ ("DENY" | "SAMEORIGIN")) => refuses(&format!("X-Frame-Options is {options}")),
            _ => checks::EMBED_FRAME.pass("no header keeps the page from being framed"),
        };
    };
    let here = settings.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    let names_here = |source: &String| {
        source == "*" || source == "https:" || here.as_ref().is_some_and(|here| matches(source, here))
    };
    if ancestors.iter().any(names_here) {
        checks::EMBED_FRAME.pass("the page allows itself to be framed here")
    } else if ancestors.iter().all(|source| source == "'none'" || source == "'self'") {
        refuses(&format!("frame-ancestors is {}", ancestors.join(" ")))
    } else {
        checks::EMBED_FRAME.warn(
            format!("the page may be framed by {} only", ancestors.join(" ")),
            "See that the site which shows the softphone is among them; its domain is added in the Smart Embed app.",
        )
    }
}

/// Whether a source such as `https://*.example.com` is about an origin.
fn matches(source: &str, origin: &str) -> bool {
    let host = |text: &str| text.split_once("://").map_or(text, |(_, host)| host).to_owned();
    match host(source).strip_prefix("*.") {
        Some(domain) => host(origin).ends_with(&format!(".{domain}")),
        None => source == origin || source == host(origin),
    }
}

fn domain(settings: &Settings) -> Line {
    match &settings.embed_url {
        None => checks::EMBED_DOMAIN.skip("no softphone is shown"),
        Some(_) => checks::EMBED_DOMAIN.skip(
            "which domains are approved cannot be seen from outside: an administrator adds each site that shows the softphone, by its domain without a path, in the settings of the Marketplace app Zoom Phone Smart Embed",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Status::{Fail, Pass, Skip, Warn};
    use super::*;

    fn settings(url: &str, origin: Option<&str>) -> Settings {
        Settings {
            embed_url: Some(url.to_owned()),
            embed_origin: origin.map(str::to_owned),
            public_url: "https://phone.example.com/".parse().ok(),
            ..Settings::default()
        }
    }

    #[test]
    fn the_table_of_addresses_and_origins() {
        let zooms = "https://applications.zoom.us";
        for (page, from, expected) in [
            (Frame::ZOOM.src, Some(zooms), (Pass, Pass)),
            (Frame::ZOOM.src, Some("https://applications.zoom.us/"), (Pass, Pass)),
            (Frame::ZOOM.src, None, (Pass, Warn)),
            (Frame::ZOOM.src, Some("https://evil.example"), (Pass, Fail)),
            (Frame::ZOOM.src, Some("*"), (Pass, Fail)),
            ("https://elsewhere.example/phone", Some("https://elsewhere.example"), (Warn, Pass)),
            ("http://127.0.0.1:8090/embed", Some("http://127.0.0.1:8090"), (Warn, Pass)),
            ("http://elsewhere.example/phone", Some(zooms), (Fail, Fail)),
        ] {
            let settings = settings(page, from);
            assert_eq!((url(&settings).status, origin(&settings).status), expected, "{page} {from:?}");
        }
        let none = judge(&Settings::default(), &Asked::Skipped("not set".to_owned()));
        assert!(none.iter().all(|line| line.status == Skip), "{none:?}");
    }

    #[test]
    fn headers_that_keep_a_page_out_of_frames_are_found() {
        let page = |options: Option<&str>, ancestors: Option<&[&str]>| {
            let page = Page {
                status: 200,
                frame_options: options.map(str::to_owned),
                frame_ancestors: ancestors.map(|list| list.iter().map(|&source| source.to_owned()).collect()),
            };
            frame(&settings(Frame::ZOOM.src, None), &Asked::Got(page)).status
        };
        assert_eq!(page(None, None), Pass);
        assert_eq!(page(Some("SAMEORIGIN"), None), Fail);
        assert_eq!(page(Some("DENY"), Some(&["*"])), Pass, "the newer header counts");
        assert_eq!(page(None, Some(&["'self'"])), Fail);
        assert_eq!(page(None, Some(&["'self'", "https://*.example.com"])), Pass);
        assert_eq!(page(None, Some(&["https://phone.example.com"])), Pass);
        assert_eq!(page(None, Some(&["https://other.example"])), Warn);
    }

    #[test]
    fn a_page_that_is_not_there_fails() {
        let page = |status| Asked::Got(Page { status, ..Page::default() });
        assert_eq!(reachable(&page(200)).status, Pass);
        assert_eq!(reachable(&page(302)).status, Pass, "to the sign-in");
        assert_eq!(reachable(&page(404)).status, Fail);
    }
}
