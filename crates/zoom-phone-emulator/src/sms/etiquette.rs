//! The account's rules of what messages must not say.
//!
//! Zoom has these rules in its web portal only, so they are fixed here: one that blocks and one that warns.

/// What the rules say of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// Sent, and `phone.sms_etiquette_warn` tells of it. The name of the policy.
    Warn(&'static str),
    /// Not sent; `phone.sms_etiquette_block` tells of it. The name of the policy.
    Block(&'static str),
}

const BLOCKED: [&str; 3] = ["credit card number", "social security number", "password is"];
const WARNED: [&str; 3] = ["guaranteed", "risk-free", "act now"];

/// Holds a message against the rules.
pub(crate) fn judge(message: &str) -> Verdict {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
    if says(&BLOCKED) {
        Verdict::Block("Personal data")
    } else if says(&WARNED) {
        Verdict::Warn("Promises")
    } else {
        Verdict::Fine
    }
}
