//! Every message there is.

use crate::Confidence::{self, Documented, Seen};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// From the page to Zoom's iframe.
    ToZoom,
    /// From Zoom's iframe to the page.
    FromZoom,
}

/// What is known of one message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Facts {
    /// `type` on the wire.
    pub name: &'static str,
    /// Which way it goes.
    pub way: Way,
    /// Whether Zoom's guide has it.
    pub confidence: Confidence,
    /// Whether it carries an `id` of its own beside `data`, to know a second delivery by. Zoom does not say when any of
    /// these messages came to be.
    pub has_id: bool,
}

const fn facts(name: &'static str, way: Way, confidence: Confidence, has_id: bool) -> Facts {
    Facts { name, way, confidence, has_id }
}

/// The messages of Zoom's Smart Embed guide, and `zp-ready`, which only code knows. Names that public code uses without
/// any sign of an answer (`zp-hangup`, `zp-end-call`, `zp-set-caller-id`, ...) and `zp-add-notes`, whose shape nobody
/// has seen, are left out.
pub const MESSAGES: [Facts; 18] = {
    use Way::{FromZoom, ToZoom};
    [
        facts("zp-init-config", ToZoom, Documented, false),
        facts("zp-make-call", ToZoom, Documented, false),
        facts("zp-input-sms", ToZoom, Documented, false),
        facts("zp-contact-search-response", ToZoom, Documented, false),
        facts("zp-contact-match-response", ToZoom, Documented, false),
        facts("zp-call-ringing-event", FromZoom, Documented, true),
        facts("zp-call-connected-event", FromZoom, Documented, true),
        facts("zp-call-ended-event", FromZoom, Documented, true),
        facts("zp-call-log-completed-event", FromZoom, Documented, true),
        facts("zp-call-recording-completed-event", FromZoom, Documented, true),
        facts("zp-call-voicemail-received-event", FromZoom, Documented, true),
        facts("zp-ai-call-summary-event", FromZoom, Documented, false),
        facts("zp-sms-log-event", FromZoom, Documented, true),
        facts("zp-save-log-event", FromZoom, Documented, false),
        facts("zp-contact-search-event", FromZoom, Documented, false),
        facts("zp-contact-match-event", FromZoom, Documented, false),
        facts("zp-notes-save-event", FromZoom, Documented, false),
        facts("zp-ready", FromZoom, Seen, false),
    ]
};
