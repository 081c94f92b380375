//! Threads that come up by themselves.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::etiquette::{Verdict, check};
use super::{Message, News, Own, receive, send};
use crate::dice::Dice;
use crate::world::blocked::refuses;
use crate::world::{World, at};

const FROM_OUTSIDE: [&str; 8] = [
    "Hi, is my order ready?",
    "Can I move my appointment to Friday?",
    "Thank you!",
    "What are your opening hours?",
    "Where do I park?",
    "Please call me when you have a minute.",
    "Got it.",
    "Could you send me the invoice again?",
];

const FROM_INSIDE: [&str; 7] = [
    "Your order is ready for pick-up.",
    "Friday at ten works for us.",
    "You are welcome!",
    "We are open from nine to five.",
    "I have sent it by e-mail just now.",
    "Delivery tomorrow is guaranteed.",
    "Please do not send us your credit card number here.",
];

/// A thread that begins at `at`: a few messages back and forth over some minutes. One in twenty ends with `STOP`, and
/// now and then somebody comes back with `START`. Writes the messages down; the events are for the caller to plan.
pub(crate) fn thread(world: &mut World, dice: &mut Dice, at: Timestamp) -> Vec<News> {
    let Some(own) = somebody(world, dice) else { return Vec::new() };
    // Area code 555 is not assigned, so these can be nobody's telephone.
    let far = format!("+1555{:03}{:04}", 200 + dice.between(0, 39), dice.between(0, 9));
    if refuses(world, &own.extension_id, Some(&far)) {
        return Vec::new();
    }
    let mut news = Vec::new();
    let mut now = at;
    for turn in 0..dice.between(2, 6) {
        let inbound = turn % 2 == 0;
        let words = if inbound { &FROM_OUTSIDE[..] } else { &FROM_INSIDE[..] };
        let mut words = words[dice.index(words.len())];
        if inbound && dice.chance(5) {
            words = "STOP";
        } else if inbound && dice.chance(3) {
            words = "START";
        }
        let message = Message { text: words.to_owned(), attachments: Vec::new(), at: now };
        if inbound {
            news.extend(receive(world, dice, &own, &far, message).1);
        } else {
            news.extend(write_back(world, dice, &own, &far, message));
        }
        let pause = i64::try_from(dice.between(15, 180)).unwrap_or(60);
        now = now.checked_add(SignedDuration::from_secs(pause)).unwrap_or(now);
    }
    news
}

/// A message of the account, as far as its rules let it out.
fn write_back(world: &mut World, dice: &mut Dice, own: &Own, far: &str, message: Message) -> Vec<News> {
    let (verdict, told) = check(world, dice, own, &message);
    let mut news: Vec<_> = told.into_iter().collect();
    if !matches!(verdict, Verdict::Block(_)) {
        news.push(send(world, dice, own, &[far.to_owned()], message).1);
    }
    news
}

/// A user who has a number, by dice.
fn somebody(world: &World, dice: &mut Dice) -> Option<Own> {
    let users = world.children(at::USERS);
    let numbers: Vec<_> = users
        .iter()
        .filter(|(_, user)| user.get("status").and_then(Value::as_str) == Some("activate"))
        .filter_map(|(_, user)| user.get("phone_numbers")?.as_array()?.first()?.get("number")?.as_str())
        .collect();
    if numbers.is_empty() {
        return None;
    }
    Own::of(world, numbers[dice.index(numbers.len())])
}
