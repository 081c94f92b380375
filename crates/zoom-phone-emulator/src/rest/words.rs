//! Plausible texts, judged by the names of their fields.

use jiff::{SignedDuration, Timestamp};

use crate::clock;
use crate::dice::Dice;

const PEOPLE: [&str; 6] =
    ["Ada Moreno", "Ben Okafor", "Chloe Laurent", "David Kim", "Elif Demir", "Frank Novak"];

/// A text for a field of this name and format. `time` is the moment that the object around it tells about.
pub(super) fn text(
    dice: &mut Dice,
    origin: &str,
    time: Timestamp,
    name: &str,
    format: Option<&str>,
) -> String {
    let at = || clock::text(moment(name, time));
    match format {
        Some("date-time" | "date-or-date-time") => return at(),
        Some("date") => return at()[..10].to_owned(),
        Some("time") => return at()[11..19].to_owned(),
        Some("email") => return email(dice),
        _ => {}
    }
    let lower = name.to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    match lower.as_str() {
        "next_page_token" | "sync_token" => String::new(),
        "call_id" => dice.call_id(),
        "from" => "09:00".to_owned(),
        "to" => "17:00".to_owned(),
        _ if ends(&["uuid"]) => dice.uuid(),
        _ if lower == "id" || ends(&["_id"]) || name.ends_with("Id") => dice.opaque_id(),
        _ if has(&["time_zone", "timezone"]) => "America/New_York".to_owned(),
        _ if has(&["transcript"]) && has(&["url"]) => link(dice, origin, "recording_transcript/download"),
        _ if has(&["url"]) => link(dice, origin, "recording/download"),
        _ if has(&["email"]) => email(dice),
        _ if ends(&["_time", "_at", "date_time"]) || lower == "date_time" => at(),
        _ if ends(&["date"]) => at()[..10].to_owned(),
        _ if has(&["mac_address"]) => format!(
            "64-16-7f-{:02x}-{:02x}-{:02x}",
            dice.between(0, 255),
            dice.between(0, 255),
            dice.between(0, 255)
        ),
        _ if has(&["ip_address"]) || ends(&["_ip"]) => format!("192.0.2.{}", dice.between(1, 254)),
        _ if has(&["ext_number", "extension_number"]) => dice.between(1001, 1036).to_string(),
        _ if ends(&["number"]) => format!("+1646555{:04}", dice.between(100, 199)),
        _ if has(&["country"]) => "US".to_owned(),
        _ if has(&["language"]) => "en-US".to_owned(),
        _ if has(&["currency"]) => "USD".to_owned(),
        _ if ends(&["name"]) => PEOPLE[dice.index(PEOPLE.len())].to_owned(),
        _ if lower.is_empty() => "text".to_owned(),
        _ => lower.replace('_', " "),
    }
}

/// Things begin, are answered, and end.
fn moment(name: &str, time: Timestamp) -> Timestamp {
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let later = match () {
        () if has(&["end", "expire", "complete", "last", "modif", "update", "hangup"]) => 55,
        () if has(&["answer", "connect"]) => 10,
        () => 0,
    };
    time + SignedDuration::from_secs(later)
}

fn email(dice: &mut Dice) -> String {
    format!("{}@example.com", PEOPLE[dice.index(PEOPLE.len())].to_lowercase().replace(' ', "."))
}

fn link(dice: &mut Dice, origin: &str, what: &str) -> String {
    format!("{origin}/v2/phone/{what}/{}", dice.opaque_id())
}

/// A text with as many characters as are asked for.
pub(super) fn fit(text: &str, min: Option<usize>, max: Option<usize>) -> String {
    let mut fitting: String = text.chars().take(max.unwrap_or(usize::MAX)).collect();
    let missing = min.unwrap_or(0).saturating_sub(fitting.chars().count());
    fitting.extend(std::iter::repeat_n('x', missing));
    fitting
}

/// Names with which the fields begin that an action, mode or type brings along.
pub(super) fn marks(decided: &str) -> Vec<&str> {
    match decided {
        "forward_to_voicemail" => vec!["voicemail_greeting", "leave_voicemail_to"],
        "play_message_then_disconnect" => vec!["message_greeting", "audio_id"],
        "forward_to_external_number" => vec!["forward_phone_number"],
        "forward_to_zoom_contact_center" => {
            vec!["forward_to_zoom_contact_center", "zoom_contact_center_number"]
        }
        "forward_to_another_extension" => vec!["forward_extension_id"],
        "every_business_day" => vec!["from"],
        "custom_hours" => vec!["days"],
        "simultaneous" | "sequential" | "rotating" | "longest_idle" => vec!["handle_multiple_calls"],
        "group_rotating" => vec!["group_size"],
        "custom_group_rotating" => vec!["custom_groups"],
        "monthly" => vec!["monthly_setting", "week_and_day"],
        other => vec![other],
    }
}
