//! The account's rules of what messages must not say.
//!
//! Zoom has these rules in its web portal only, so they are fixed here: one that blocks and one that warns.

use serde_json::{Value, json};

use super::{Message, News, Own, put};
use crate::clock::text;
use crate::dice::Dice;
use crate::world::World;

/// Where the messages that broke a rule are.
pub(super) const BREACHES: &str = "/phone/sms_breaches";

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
fn judge(message: &str) -> Verdict {
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

/// Holds a message against the rules, writes down when it breaks one, and says what is told of that.
pub(crate) fn check(
    world: &mut World,
    dice: &mut Dice,
    own: &Own,
    message: &Message,
) -> (Verdict, Option<News>) {
    let verdict = judge(&message.text);
    let (what, policy) = match verdict {
        Verdict::Fine => return (verdict, None),
        Verdict::Warn(policy) => ("warn", policy),
        Verdict::Block(policy) => ("block", policy),
    };
    let breach = json!({
        "time": text(message.at),
        "verdict": what,
        "policy_name": policy,
        "owner": own.id,
        "number": own.number,
        "message": message.text,
    });
    put(world, format!("{BREACHES}/{}", dice.opaque_id()), breach);
    let object: Value = json!({
        "email": own.email,
        "message": message.text,
        "policy_name": policy,
        "date_time": text(message.at),
    });
    (verdict, Some((format!("sms_etiquette_{what}"), message.at, object)))
}
