//! What the webhook endpoint does with bytes from anybody: signature first, then the envelope.
//!
//! Input: the signature header, a line feed, the timestamp header, a line feed, the body.

#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;
use zoom_phone::types::events::Notification;
use zoom_phone::webhook::{self, SignatureError, Verifier};

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let signature = parts.next();
    let timestamp = parts.next();
    let body = parts.next().unwrap_or_default();

    let secret = SecretString::from("synthetic-secret");
    let verifier = Verifier::new(std::slice::from_ref(&secret)).expect("a secret that is not blank");
    let now = Timestamp::from_second(1_795_300_000).expect("a time in range");

    if verifier.verify(signature, timestamp, body, now).is_ok() {
        // Whoever forges a signature has found something.
        let text = timestamp.and_then(|text| std::str::from_utf8(text).ok()).expect("digits");
        let genuine = webhook::sign(&secret, text, body).expect("a secret that is not blank");
        assert_eq!(signature, Some(genuine.as_bytes()));
    }
    // And what is signed properly is never called a forgery, whatever the timestamp says.
    if let Some(text) = timestamp.and_then(|text| std::str::from_utf8(text).ok()) {
        let genuine = webhook::sign(&secret, text, body).expect("a secret that is not blank");
        let verdict = verifier.verify(Some(genuine.as_bytes()), Some(text.as_bytes()), body, now);
        assert_ne!(verdict.err(), Some(SignatureError::Mismatch));
    }
    if let Ok(notification) = Notification::parse(body) {
        notification.unfamiliar();
    }
});
