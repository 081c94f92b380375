//! What is said in calls, messages and summaries: made up, and the same for the same id.

use crate::dice::Dice;

const REASONS: [&str; 8] = [
    "my order from last week",
    "an invoice that I do not understand",
    "a quote for twelve desks",
    "the appointment on Thursday",
    "a change of our delivery address",
    "the repair of the coffee machine",
    "our contract, which ends next month",
    "a parcel that arrived open",
];

const ANSWERS: [&str; 6] = [
    "Let me look that up for you.",
    "I will send you the details by e-mail.",
    "I see it here, one moment please.",
    "A colleague will call you back this afternoon.",
    "That is taken care of already.",
    "I have made a note of it.",
];

const STEPS: [&str; 4] = [
    "Send the details by e-mail.",
    "Call back this afternoon.",
    "Correct the entry in the system.",
    "Ask the warehouse and report back.",
];

/// Dice that fall the same for the same id.
pub(crate) fn dice(id: &str) -> Dice {
    let seed = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Dice::new(seed, 8)
}

/// A message on a mailbox.
pub(crate) fn message(id: &str) -> String {
    let mut dice = dice(id);
    let reason = REASONS[dice.index(REASONS.len())];
    format!("Hello, I am calling about {reason}. Please call me back. Thank you.")
}

/// The lines of a conversation, caller and callee in turn.
pub(crate) fn conversation(id: &str, caller: &str, callee: &str) -> Vec<(bool, String)> {
    let mut dice = dice(id);
    let reason = REASONS[dice.index(REASONS.len())];
    vec![
        (false, format!("Good morning, this is {callee}.")),
        (true, format!("Hello, {caller} here. I am calling about {reason}.")),
        (false, ANSWERS[dice.index(ANSWERS.len())].to_owned()),
        (true, "Thank you very much, goodbye.".to_owned()),
    ]
}

/// An AI summary: short, next steps, and long.
pub(crate) fn summary(id: &str, caller: &str, callee: &str) -> [String; 3] {
    let mut dice = dice(id);
    let reason = REASONS[dice.index(REASONS.len())];
    let step = STEPS[dice.index(STEPS.len())];
    [
        format!("{caller} and {callee} spoke about {reason}."),
        step.to_owned(),
        format!("{caller} called about {reason}. {callee} listened and promised to help. Next: {step}"),
    ]
}
