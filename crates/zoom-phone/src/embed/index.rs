//! Every message there is.

use crate::Confidence::{self, Documented, Seen};

/// Who sends a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sender {
    /// The page, to Zoom's iframe.
    Page,
    /// Zoom's iframe, to the page.
    Zoom,
}

/// What is known of one message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Facts {
    /// `type` on the wire.
    pub name: &'static str,
    /// Who sends it.
    pub sender: Sender,
    /// Whether Zoom's guide has it.
    pub confidence: Confidence,
    /// Whether it carries an `id` of its own beside `data`, to know a second delivery by. Zoom does not say when any of
    /// these messages came to be.
    pub has_id: bool,
}

const fn facts(name: &'static str, sender: Sender, confidence: Confidence, has_id: bool) -> Facts {
    Facts { name, sender, confidence, has_id }
}

/// The messages of Zoom's Smart Embed guide, and `zp-ready`, which only code knows. Names that public code uses without
/// any sign of an answer (`zp-hangup`, `zp-end-call`, `zp-set-caller-id`, ...) and `zp-add-notes`, whose shape nobody
/// has seen, are left out.
pub const MESSAGES: [Facts; 18] = {
    use Sender::{Page, Zoom};
    [
        facts("zp-init-config", Page, Documented, false),
        facts("zp-make-call", Page, Documented, false),
        facts("zp-input-sms", Page, Documented, false),
        facts("zp-contact-search-response", Page, Documented, false),
        facts("zp-contact-match-response", Page, Documented, false),
        facts("zp-call-ringing-event", Zoom, Documented, true),
        facts("zp-call-connected-event", Zoom, Documented, true),
        facts("zp-call-ended-event", Zoom, Documented, true),
        facts("zp-call-log-completed-event", Zoom, Documented, true),
        facts("zp-call-recording-completed-event", Zoom, Documented, true),
        facts("zp-call-voicemail-received-event", Zoom, Documented, true),
        facts("zp-ai-call-summary-event", Zoom, Documented, false),
        facts("zp-sms-log-event", Zoom, Documented, true),
        facts("zp-save-log-event", Zoom, Documented, false),
        facts("zp-contact-search-event", Zoom, Documented, false),
        facts("zp-contact-match-event", Zoom, Documented, false),
        facts("zp-notes-save-event", Zoom, Documented, false),
        facts("zp-ready", Zoom, Seen, false),
    ]
};
