//! The iframe on the page, and whose messages count.

/// How to put Zoom Phone on a page. Facts of Zoom's Smart Embed guide.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame {
    /// Address of the page inside.
    pub src: &'static str,
    /// Value of the iframe's attribute `allow`. No microphone: the desktop client carries the sound.
    pub allow: &'static str,
    /// `id` that Zoom's own snippets look for; any other will do.
    pub id: &'static str,
    /// Smallest size in pixels: width, height.
    pub smallest: (u32, u32),
    /// The directive of a Content-Security-Policy that the page around needs.
    pub csp: &'static str,
}

impl Frame {
    /// Zoom's. No `sandbox` is documented for Zoom Phone: set none. It wants the Zoom client 5.9.0 or newer, signed in,
    /// and the page's domain approved by the account's administrator.
    pub const ZOOM: Self = Self {
        src: "https://applications.zoom.us/integration/phone/embeddablephone/home",
        allow: "clipboard-read; clipboard-write https://applications.zoom.us",
        id: "zoom-embeddable-phone-iframe",
        smallest: (350, 580),
        csp: "frame-src https://applications.zoom.us",
    };
}

/// The one origin that messages may come from and go to. Zoom's by default; another for an emulator.
///
/// It can be no wildcard, so that it is always fit to be `targetOrigin`. The browser must compare the source window as
/// well (`event.source === iframe.contentWindow`).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Origin(String);

/// Why text is no origin to talk to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "not an origin: write https://host or https://host:port, nothing more; http only for this computer (localhost)"
)]
pub struct OriginError;

impl Default for Origin {
    fn default() -> Self {
        Self("https://applications.zoom.us".to_owned())
    }
}

impl Origin {
    /// An origin as a browser writes it: scheme, host in lower case, port unless it is the scheme's own.
    pub fn new(origin: &str) -> Result<Self, OriginError> {
        let (host_and_port, default_port, loopback_only) = match origin.split_once("://") {
            Some(("https", rest)) => (rest, "443", false),
            Some(("http", rest)) => (rest, "80", true),
            _ => return Err(OriginError),
        };
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !host_and_port.ends_with(']') => (host, Some(port)),
            _ => (host_and_port, None),
        };
        let is_port = |port: &str| {
            !port.starts_with('0')
                && port != default_port
                && port.parse::<u16>().is_ok()
                && !port.starts_with('+')
        };
        let is_name = |host: &str| {
            host.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            })
        };
        let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let fits = (loopback || (is_name(host) && !loopback_only)) && port.is_none_or(is_port);
        if fits { Ok(Self(origin.to_owned())) } else { Err(OriginError) }
    }

    /// Whether a message with this `event.origin` is from here. Exactly, not by ending or start.
    pub fn is(&self, event_origin: &str) -> bool {
        self.0 == event_origin
    }

    /// The origin, for `targetOrigin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
