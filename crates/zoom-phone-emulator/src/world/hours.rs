//! Which hours an extension has at a moment, and what becomes of a call in them.
//!
//! Weekly hours and breaks are wall times where the extension is, holidays are instants. What an extension has not set
//! itself it has from its site, and what the site has not set is Zoom's default: open at all times.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

pub(crate) use super::defaults::{handling, menu};
use super::{Doc, World, at};

/// What a call meets that arrives now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum HourType {
    Business,
    Closed,
    /// The holiday's id.
    Holiday(String),
    /// The break's id.
    Break(String),
}

impl HourType {
    /// The last steps of the address of what is set for these hours: `closed_hours`, `holiday_hours/{id}`.
    pub(crate) fn step(&self) -> String {
        match self {
            Self::Business => "business_hours".to_owned(),
            Self::Closed => "closed_hours".to_owned(),
            Self::Holiday(id) => format!("holiday_hours/{id}"),
            Self::Break(id) => format!("break_hours/{id}"),
        }
    }
}

/// What has an extension number; each is configured in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    User,
    Receptionist,
    Queue,
    SharedLines,
    CommonArea,
    Room,
}

impl Extension {
    /// What is at this address.
    pub(crate) fn at(address: &str) -> Option<Self> {
        let (list, _) = address.rsplit_once('/')?;
        Some(match list {
            at::USERS => Self::User,
            at::RECEPTIONISTS => Self::Receptionist,
            at::QUEUES => Self::Queue,
            at::SHARED_LINE_GROUPS => Self::SharedLines,
            at::COMMON_AREAS => Self::CommonArea,
            at::ROOMS => Self::Room,
            _ => return None,
        })
    }
}

/// The hours of an extension at a moment. Holidays outrank breaks, and breaks business hours; of several holidays that
/// last, the one that began last counts.
pub(crate) fn now(world: &World, extension: &str, at: Timestamp) -> HourType {
    if let Some((id, _)) = holidays(world, extension)
        .into_iter()
        .filter_map(|(id, holiday)| {
            let time = |field: &str| holiday.get(field)?.as_str()?.parse::<Timestamp>().ok();
            let (from, to) = (time("from")?, time("to")?);
            (from <= at && at < to).then_some((id, from))
        })
        .max_by_key(|&(_, from)| from)
    {
        return HourType::Holiday(id.to_owned());
    }
    let local = at.to_zoned(time_zone(world, extension));
    let (weekday, time) = (i64::from(local.weekday().to_sunday_one_offset()), local.time());
    let week = weekly(world, extension);
    if !is_custom(&week) {
        return HourType::Business;
    }
    if !is_open(&week, weekday, time) {
        return HourType::Closed;
    }
    let list = format!("{extension}/settings/break_hours");
    let now = world.children(&list).into_iter().find(|(_, pause)| is_in_break(pause, weekday, time));
    now.map_or(HourType::Business, |(id, _)| HourType::Break(id.to_owned()))
}

/// The `business_hours_settings` of an extension: `business_hour_type` 1 (24/7) or 2, `business_hours` from Sunday (1)
/// to Saturday (7).
pub(crate) fn weekly(world: &World, extension: &str) -> Doc {
    let own = world.get(&format!("{extension}/settings/business_hours"));
    if let Some(Value::Object(own)) = own.and_then(|doc| doc.get("business_hours_settings")) {
        return own.clone();
    }
    // Receptionists, queues and shared line groups take only closed and holiday hours from the site.
    let from_site =
        matches!(Extension::at(extension), Some(Extension::User | Extension::CommonArea | Extension::Room));
    let site = site(world, extension).filter(|_| from_site);
    let site = site.and_then(|site| world.get(&format!("{site}/settings/business_hours")));
    if let Some(hours) = site.and_then(|doc| doc.get("business_hours"))
        && let Some(days) = hours.get("custom_hours").and_then(Value::as_array)
    {
        let kind = hours.get("custom_hour_type").cloned().unwrap_or(json!(1));
        return object(json!({ "business_hour_type": kind, "business_hours": days }));
    }
    always()
}

/// Zoom's default: open at all times. The days keep a whole day each for when that changes.
pub(crate) fn always() -> Doc {
    let days =
        (1..=7).map(|weekday| json!({ "from": "00:00", "to": "00:00", "type": 1, "weekday": weekday }));
    object(json!({ "business_hour_type": 1, "business_hours": days.collect::<Vec<_>>() }))
}

/// Whether there are closed hours at all.
pub(crate) fn is_custom(week: &Doc) -> bool {
    week.get("business_hour_type").and_then(Value::as_i64) == Some(2)
}

/// The holidays of an extension with their ids: its own, or the site's until it has a list of its own, which a
/// document at `{extension}/settings/holiday_hours` says.
pub(crate) fn holidays<'a>(world: &'a World, extension: &str) -> Vec<(&'a str, &'a Doc)> {
    let list = format!("{extension}/settings/holiday_hours");
    let own = world.children(&list);
    if !own.is_empty() || world.get(&list).is_some() {
        return own;
    }
    site(world, extension)
        .map_or_else(Vec::new, |site| world.children(&format!("{site}/settings/holiday_hours")))
}

/// The address of the site of an extension.
pub(crate) fn site(world: &World, extension: &str) -> Option<String> {
    let id = world.get(extension)?.get("site")?.get("id")?.as_str()?;
    Some(format!("{}/{id}", at::SITES))
}

/// The time zone of an extension; New York where none is known, like the demo company.
fn time_zone(world: &World, extension: &str) -> TimeZone {
    let named = |address: &str| {
        let doc = world.get(address)?;
        let name = ["timezone", "_timezone"].iter().find_map(|field| doc.get(*field))?.as_str()?;
        TimeZone::get(name).ok()
    };
    named(extension)
        .or_else(|| named(&site(world, extension)?))
        .or_else(|| TimeZone::get("America/New_York").ok())
        .unwrap_or(TimeZone::UTC)
}

fn is_open(week: &Doc, weekday: i64, time: Time) -> bool {
    let days = week.get("business_hours").and_then(Value::as_array);
    days.into_iter().flatten().filter(|day| day["weekday"].as_i64() == Some(weekday)).any(|day| {
        match day["type"].as_i64() {
            Some(1) => true,
            Some(2) => is_between(day, time),
            _ => false,
        }
    })
}

fn is_in_break(pause: &Doc, weekday: i64, time: Time) -> bool {
    let Some(setting) = pause.get("break_hour_setting") else { return false };
    match setting.get("days").and_then(Value::as_array) {
        None => is_between(setting, time),
        Some(days) => days.iter().any(|day| {
            day["weekday"].as_i64() == Some(weekday)
                && day["enable"].as_bool() != Some(false)
                && is_between(day, time)
        }),
    }
}

fn is_between(span: &Value, time: Time) -> bool {
    let end = |field: &str| clock_time(span.get(field)?.as_str()?);
    end("from").zip(end("to")).is_some_and(|(from, to)| from <= time && time < to)
}

/// `HH:mm`.
pub(crate) fn clock_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// The object in a value that is one.
pub(super) fn object(value: Value) -> Doc {
    match value {
        Value::Object(doc) => doc,
        _ => Doc::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "/phone/call_queues/q";

    fn world(documents: &[(&str, Value)]) -> World {
        let mut world = World::default();
        world.put("/phone/sites/s", object(json!({ "id": "s" })));
        let queue =
            json!({ "id": "q", "timezone": "Europe/Berlin", "site": { "id": "s" }, "extension_id": "Q" });
        world.put(QUEUE, object(queue));
        for (address, doc) in documents {
            world.put(*address, object(doc.clone()));
        }
        world
    }

    fn at_time(world: &World, time: &str) -> HourType {
        now(world, QUEUE, time.parse().expect("a valid time"))
    }

    fn office() -> (&'static str, Value) {
        let day = |weekday| json!({ "weekday": weekday, "type": 2, "from": "09:00", "to": "17:00" });
        let mut days: Vec<_> = (2..=6).map(day).collect();
        days.push(json!({ "weekday": 1, "type": 0, "from": "09:00", "to": "17:00" }));
        days.push(json!({ "weekday": 7, "type": 1 }));
        let hours = json!({ "business_hours_settings": { "business_hour_type": 2, "business_hours": days } });
        ("/phone/call_queues/q/settings/business_hours", hours)
    }

    #[test]
    fn an_extension_is_open_at_all_times_until_hours_are_set() {
        assert_eq!(at_time(&world(&[]), "2026-11-22T03:00:00Z"), HourType::Business);
    }

    #[test]
    fn weekly_hours_are_wall_time_of_the_extension() {
        let world = world(&[office()]);
        // 23 November 2026 is a Monday; Berlin is an hour ahead of UTC.
        assert_eq!(at_time(&world, "2026-11-23T07:59:59Z"), HourType::Closed);
        assert_eq!(at_time(&world, "2026-11-23T08:00:00Z"), HourType::Business);
        assert_eq!(at_time(&world, "2026-11-23T16:00:00Z"), HourType::Closed);
        assert_eq!(at_time(&world, "2026-11-22T12:00:00Z"), HourType::Closed, "Sundays are off");
        assert_eq!(at_time(&world, "2026-11-21T02:00:00Z"), HourType::Business, "Saturdays are whole");
    }

    #[test]
    fn breaks_interrupt_business_hours_and_holidays_everything() {
        let every_day = json!({
            "break_hour_id": "b",
            "break_hour_type": "every_business_day",
            "break_hour_setting": { "from": "12:00", "to": "13:00" },
        });
        let mondays = json!({
            "break_hour_id": "m",
            "break_hour_type": "custom_hours",
            "break_hour_setting": { "days": [
                { "weekday": 2, "enable": true, "from": "15:00", "to": "16:00" },
                { "weekday": 3, "enable": false, "from": "15:00", "to": "16:00" },
            ] },
        });
        let holiday = |from: &str| json!({ "from": from, "to": "2026-11-25T23:00:00Z" });
        let world = world(&[
            office(),
            ("/phone/call_queues/q/settings/break_hours/b", every_day),
            ("/phone/call_queues/q/settings/break_hours/m", mondays),
            ("/phone/call_queues/q/settings/holiday_hours/h", holiday("2026-11-24T23:00:00Z")),
            ("/phone/call_queues/q/settings/holiday_hours/i", holiday("2026-11-25T10:00:00Z")),
        ]);
        assert_eq!(at_time(&world, "2026-11-23T11:30:00Z"), HourType::Break("b".to_owned()));
        assert_eq!(at_time(&world, "2026-11-22T11:30:00Z"), HourType::Closed, "no break on a day off");
        assert_eq!(at_time(&world, "2026-11-23T14:30:00Z"), HourType::Break("m".to_owned()));
        assert_eq!(at_time(&world, "2026-11-24T14:30:00Z"), HourType::Business, "that day is not enabled");
        assert_eq!(at_time(&world, "2026-11-25T03:00:00Z"), HourType::Holiday("h".to_owned()));
        assert_eq!(at_time(&world, "2026-11-25T11:30:00Z"), HourType::Holiday("i".to_owned()));
    }

    #[test]
    fn holidays_of_the_site_count_until_there_is_an_own_list() {
        let holiday = json!({ "from": "2026-11-24T23:00:00Z", "to": "2026-11-25T23:00:00Z" });
        let mut world = world(&[("/phone/sites/s/settings/holiday_hours/h", holiday)]);
        assert_eq!(at_time(&world, "2026-11-25T03:00:00Z"), HourType::Holiday("h".to_owned()));
        world.put("/phone/call_queues/q/settings/holiday_hours", Doc::new());
        assert_eq!(at_time(&world, "2026-11-25T03:00:00Z"), HourType::Business);
    }

    #[test]
    fn users_have_the_weekly_hours_of_their_site_and_queues_do_not() {
        let closed = json!({ "business_hours": { "custom_hour_type": 2, "custom_hours": [] } });
        let mut world = world(&[("/phone/sites/s/settings/business_hours", closed)]);
        world.put("/phone/users/u", object(json!({ "id": "u", "site": { "id": "s" } })));
        let at = "2026-11-25T12:00:00Z".parse().expect("a valid time");
        assert_eq!(now(&world, "/phone/users/u", at), HourType::Closed);
        assert_eq!(now(&world, QUEUE, at), HourType::Business);
    }
}
