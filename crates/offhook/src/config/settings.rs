//! Every setting there is.

use std::net::IpAddr;

use offhook_store::MediaKind;
use url::Url;

/// One setting.
#[derive(Debug)]
pub(super) struct Setting {
    /// Its name in `offhook.toml`, as `table.key`.
    pub(super) key: &'static str,
    /// Its names in the environment; the first that is set counts.
    pub(super) env: &'static [&'static str],
    /// Never shown.
    pub(super) secret: bool,
    /// What holds when it is not set; empty for nothing.
    pub(super) default: &'static str,
    /// Whether a value can be one, and if not, why.
    pub(super) check: fn(&str) -> Result<(), String>,
}

const fn setting(
    key: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    check: fn(&str) -> Result<(), String>,
) -> Setting {
    Setting { key, env, secret: false, default, check }
}

const fn secret(key: &'static str, env: &'static [&'static str]) -> Setting {
    Setting { key, env, secret: true, default: "", check: token }
}

/// In the order in which `offhook config check` shows them. `.env.example` lists the same.
pub(super) const SETTINGS: &[Setting] = &[
    setting("server.port", &["PORT"], "8080", port),
    setting("server.bind", &["OFFHOOK_BIND"], "127.0.0.1", address),
    setting("server.websocket_subscription_id", &["OFFHOOK_WEBSOCKET_SUBSCRIPTION_ID"], "", subscription),
    setting("server.public_url", &["OFFHOOK_PUBLIC_URL"], "", url),
    setting("data.dir", &["OFFHOOK_DATA_DIR"], "data", text),
    setting("data.tokens_dir", &["OFFHOOK_TOKENS_DIR"], "", text),
    secret("data.secret_key", &["OFFHOOK_SECRET_KEY"]),
    setting("zoom.account_id", &["ZOOM_ACCOUNT_ID"], "", account_id),
    setting("zoom.client_id", &["ZOOM_CLIENT_ID"], "", token),
    secret("zoom.client_secret", &["ZOOM_CLIENT_SECRET"]),
    setting("zoom.plan", &["ZOOM_PLAN"], "unknown", plan),
    setting("zoom.redirect_uri", &["ZOOM_REDIRECT_URI"], "", url),
    secret("zoom.webhook_secret", &["ZOOM_WEBHOOK_SECRET", "WEBHOOK_SECRET_TOKEN"]),
    secret("zoom.webhook_secret_previous", &["OFFHOOK_WEBHOOK_SECRET_PREVIOUS"]),
    setting("zoom.smart_embed_url", &["ZOOM_PHONE_SMART_EMBED_URL"], "", url),
    setting("zoom.smart_embed_origin", &["ZOOM_PHONE_SMART_EMBED_ORIGIN"], "", origin),
    setting("zoom.api_url", &["OFFHOOK_ZOOM_API_URL"], "", url),
    setting("zoom.oauth_url", &["OFFHOOK_ZOOM_OAUTH_URL"], "", url),
    setting("zoom.websocket_subscription_id", &["ZOOM_WEBSOCKET_SUBSCRIPTION_ID"], "", subscription),
    setting("zoom.websocket_url", &["OFFHOOK_ZOOM_WEBSOCKET_URL"], "", websocket),
    setting("webhook.max_age_seconds", &["OFFHOOK_WEBHOOK_MAX_AGE_SECONDS"], "7200", seconds),
    setting("webhook.max_ahead_seconds", &["OFFHOOK_WEBHOOK_MAX_AHEAD_SECONDS"], "300", seconds),
    setting("sync.every_seconds", &["OFFHOOK_SYNC_EVERY_SECONDS"], "300", seconds),
    setting("sync.nightly_at", &["OFFHOOK_SYNC_NIGHTLY_AT"], "02:30", time_of_day),
    setting("sync.backfill_percent", &["OFFHOOK_SYNC_BACKFILL_PERCENT"], "80", percent),
    setting("media.fetch", &["OFFHOOK_MEDIA_FETCH"], "false", switch),
    setting("media.kinds", &["OFFHOOK_MEDIA_KINDS"], "", media_kinds),
    setting("media.queues", &["OFFHOOK_MEDIA_QUEUES"], "", text),
    setting("media.people", &["OFFHOOK_MEDIA_PEOPLE"], "", text),
    setting("media.max_age_days", &["OFFHOOK_MEDIA_MAX_AGE_DAYS"], "", days),
    setting("media.max_megabytes", &["OFFHOOK_MEDIA_MAX_MEGABYTES"], "1024", megabytes),
    setting("media.parallel", &["OFFHOOK_MEDIA_PARALLEL"], "2", parallel),
    setting("media.retention_days", &["OFFHOOK_MEDIA_RETENTION_DAYS"], "", days),
    setting("media.follow_trash", &["OFFHOOK_MEDIA_FOLLOW_TRASH"], "false", switch),
    setting("media.encrypt", &["OFFHOOK_MEDIA_ENCRYPT"], "false", switch),
    setting("media.folder", &["OFFHOOK_MEDIA_FOLDER"], "", text),
    setting("media.s3_endpoint", &["OFFHOOK_MEDIA_S3_ENDPOINT"], "", url),
    setting("media.s3_bucket", &["OFFHOOK_MEDIA_S3_BUCKET"], "", token),
    setting("media.s3_region", &["OFFHOOK_MEDIA_S3_REGION"], "us-east-1", token),
    setting("media.s3_prefix", &["OFFHOOK_MEDIA_S3_PREFIX"], "", token),
    setting("media.s3_key_id", &["OFFHOOK_MEDIA_S3_KEY_ID", "AWS_ACCESS_KEY_ID"], "", token),
    secret("media.s3_secret", &["OFFHOOK_MEDIA_S3_SECRET", "AWS_SECRET_ACCESS_KEY"]),
    setting("log.level", &["OFFHOOK_LOG"], "info", log_level),
    setting("log.format", &["OFFHOOK_LOG_FORMAT"], "", log_format),
];

/// The keys of one `[[account]]`.
pub(super) const ACCOUNT_KEYS: &[&str] =
    &["id", "client_id", "client_secret", "webhook_secret", "webhook_secret_previous"];

fn text(value: &str) -> Result<(), String> {
    if value.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(()) }
}

pub(super) fn token(value: &str) -> Result<(), String> {
    text(value)?;
    if value.chars().any(char::is_whitespace) {
        return Err("has a space or line break in it; copy it again".to_owned());
    }
    Ok(())
}

pub(super) fn account_id(value: &str) -> Result<(), String> {
    token(value)?;
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(
            "is the account number; copy the account id from your app's credentials page instead".to_owned()
        );
    }
    Ok(())
}

fn plan(value: &str) -> Result<(), String> {
    match value {
        "unknown" | "pro" | "business" => Ok(()),
        _ => Err(
            "is neither unknown, pro nor business; business is also education, enterprise and partner plans"
                .to_owned(),
        ),
    }
}

fn port(value: &str) -> Result<(), String> {
    value.parse::<u16>().map(drop).map_err(|_| "is no port; give a number from 0 to 65535".to_owned())
}

fn address(value: &str) -> Result<(), String> {
    value.parse::<IpAddr>().map(drop).map_err(|_| "is no IP address; 127.0.0.1 is usual".to_owned())
}

fn seconds(value: &str) -> Result<(), String> {
    value.parse::<u32>().map(drop).map_err(|_| "is no number of seconds".to_owned())
}

fn url(value: &str) -> Result<(), String> {
    let url = Url::parse(value).map_err(|error| format!("is no URL: {error}"))?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(()),
        "http" if local => Ok(()),
        "http" => Err("is not https; only addresses on this machine may be plain http".to_owned()),
        _ => Err("is no https URL".to_owned()),
    }
}

/// An id, or an address with the id in it.
fn subscription(value: &str) -> Result<(), String> {
    token(value)?;
    if !value.contains("://") {
        return Ok(());
    }
    websocket(value)?;
    match Url::parse(value) {
        Ok(url) if url.query_pairs().any(|(name, _)| name == "subscriptionId") => Ok(()),
        _ => {
            Err("is an address without subscriptionId= in it; copy it from the subscription's page"
                .to_owned())
        }
    }
}

fn websocket(value: &str) -> Result<(), String> {
    match value.split_once("://") {
        Some(("wss", rest)) => url(&format!("https://{rest}")),
        Some(("ws", rest)) => url(&format!("http://{rest}"))
            .map_err(|_| "is not wss; only addresses on this machine may be ws".to_owned()),
        _ => Err("is no wss URL".to_owned()),
    }
}

fn origin(value: &str) -> Result<(), String> {
    url(value)?;
    let parsed = Url::parse(value).map_err(|error| error.to_string())?;
    if parsed.origin().ascii_serialization() != value.trim_end_matches('/') {
        return Err(
            "is more than an origin; give scheme and host only, such as https://applications.zoom.us"
                .to_owned(),
        );
    }
    Ok(())
}

fn switch(value: &str) -> Result<(), String> {
    if matches!(value, "true" | "false") { Ok(()) } else { Err("is neither true nor false".to_owned()) }
}

/// The words of a list that is written with commas.
pub(super) fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn media_kinds(value: &str) -> Result<(), String> {
    let kinds = MediaKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
    match list(value).find(|word| !kinds.contains(word)) {
        Some(word) => Err(format!("has {word:?}, which is none of {}", kinds.join(", "))),
        None => Ok(()),
    }
}

fn number_from(value: &str, from: u32, to: u32, what: &str) -> Result<(), String> {
    match value.parse::<u32>() {
        Ok(number) if (from..=to).contains(&number) => Ok(()),
        _ => Err(format!("is no number of {what}; give {from} to {to}")),
    }
}

fn days(value: &str) -> Result<(), String> {
    number_from(value, 1, 36_500, "days")
}

/// One request to a bucket carries 5 GB at most.
fn megabytes(value: &str) -> Result<(), String> {
    number_from(value, 1, 5_000, "megabytes")
}

fn parallel(value: &str) -> Result<(), String> {
    number_from(value, 1, 16, "files at a time")
}

/// `off` is a time of day, too: never.
fn time_of_day(text: &str) -> Result<(), String> {
    let is_time = text == "off" || text.parse::<jiff::civil::Time>().is_ok();
    is_time.then_some(()).ok_or_else(|| "must be a time such as 02:30, or off".to_owned())
}

fn percent(text: &str) -> Result<(), String> {
    match text.parse::<u8>() {
        Ok(1..=100) => Ok(()),
        _ => Err("must be a number from 1 to 100".to_owned()),
    }
}

/// A word that is no level would be taken for the name of a module, and nothing else would be logged.
fn log_level(value: &str) -> Result<(), String> {
    let is_level = |part: &str| {
        let level = part.rsplit('=').next().unwrap_or_default().trim();
        ["off", "error", "warn", "info", "debug", "trace"].contains(&level.to_ascii_lowercase().as_str())
    };
    if value.split(',').all(is_level) {
        Ok(())
    } else {
        Err("is no log level; give error, warn, info or debug, or a filter such as offhook_server=debug"
            .to_owned())
    }
}

fn log_format(value: &str) -> Result<(), String> {
    if matches!(value, "text" | "json") { Ok(()) } else { Err("is neither text nor json".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mistakes_people_make_are_named() {
        assert!(account_id("1234567890").unwrap_err().contains("account number"));
        assert!(account_id("aBcDeFgHiJkLmNoPqRsTuV").is_ok());
        assert!(url("http://zoom.example").is_err());
        assert!(url("http://127.0.0.1:8090/v2").is_ok());
        assert!(origin("https://applications.zoom.us").is_ok());
        assert!(origin("https://applications.zoom.us/integration").is_err());
        assert!(websocket("wss://ws.zoom.us/ws").is_ok());
        assert!(websocket("ws://127.0.0.1:8090/ws").is_ok());
        assert!(websocket("ws://ws.zoom.us/ws").unwrap_err().contains("not wss"));
        assert!(websocket("https://ws.zoom.us/ws").unwrap_err().contains("no wss"));
        for good in ["aBc", "wss://ws.zoom.us/ws?subscriptionId=aBc"] {
            assert!(subscription(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "wss://ws.zoom.us/ws", "https://ws.zoom.us/ws?subscriptionId=a"] {
            assert!(subscription(bad).is_err(), "{bad}");
        }
        assert!(token("two words").is_err());
        assert!(plan("business").is_ok() && plan("Enterprise").unwrap_err().contains("enterprise"));
        assert!(port("99999").is_err());
        assert!(media_kinds("recording, voicemail").is_ok());
        assert!(media_kinds("recordings").unwrap_err().contains("recording, transcript"));
        assert!(switch("yes").is_err() && days("0").is_err() && megabytes("9000").is_err());
        for good in ["info", "WARN", "off", "offhook_server=debug", "info,offhook_store=debug"] {
            assert!(log_level(good).is_ok(), "{good}");
        }
        for bad in ["", "verbose", "shout=", "info,loud"] {
            assert!(log_level(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn defaults_pass_their_own_checks() {
        for setting in SETTINGS {
            if !setting.default.is_empty() {
                assert_eq!((setting.check)(setting.default), Ok(()), "{}", setting.key);
            }
        }
    }
}
