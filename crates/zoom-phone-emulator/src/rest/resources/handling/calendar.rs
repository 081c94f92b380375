//! Weeks, holidays and breaks after a change to them, with times in order.

use serde_json::{Value, json};

use super::{Doc, Refusal};
use crate::clock;
use crate::world::hours::clock_time;

/// Changes a week: days that are not named stay as they are.
pub(super) fn change_week(week: &mut Doc, kind: Option<&Value>, days: Option<&Value>) -> Result<(), Refusal> {
    let mut known = week.get("business_hours").and_then(Value::as_array).cloned().unwrap_or_default();
    for day in days.and_then(Value::as_array).into_iter().flatten() {
        let Some(weekday) = day["weekday"].as_i64() else {
            return Err(Refusal::field("business_hours.weekday", "is required"));
        };
        let invalid =
            || Refusal::bad(400, format!("Invalid customer hours from/to time for weekday: {weekday}."));
        let old = known.iter().find(|known| known["weekday"] == day["weekday"]);
        let mut new = old.cloned().unwrap_or_else(|| json!({ "from": "00:00", "to": "00:00", "type": 1 }));
        for field in ["weekday", "type", "from", "to"] {
            if !day[field].is_null() {
                new[field] = day[field].clone();
            }
        }
        if new["type"] == json!(2) {
            let time = |field: &str| clock_time(new[field].as_str()?);
            if time("from").zip(time("to")).is_none_or(|(from, to)| from >= to) {
                return Err(invalid());
            }
        }
        known.retain(|known| known["weekday"] != day["weekday"]);
        known.push(new);
    }
    known.sort_by_key(|day| day["weekday"].as_i64());
    week.insert("business_hours".to_owned(), Value::Array(known));
    if let Some(kind) = kind {
        week.insert("business_hour_type".to_owned(), kind.clone());
    }
    Ok(())
}

/// A holiday after a change, with a name and with instants in order.
pub(super) fn checked_holiday(old: &Doc, change: &Doc) -> Result<Doc, Refusal> {
    let mut holiday = old.clone();
    if let Some(name) = change.get("name") {
        holiday.insert("name".to_owned(), name.clone());
    }
    let mut times = Vec::new();
    for field in ["from", "to"] {
        if let Some(text) = change.get(field).and_then(Value::as_str) {
            let time = text.parse().map_err(|_| invalid_holiday())?;
            holiday.insert(field.to_owned(), json!(clock::text(time)));
        }
        times.push(holiday.get(field).and_then(Value::as_str).map(ToOwned::to_owned));
    }
    for field in ["name", "from", "to"] {
        if !holiday.contains_key(field) {
            return Err(Refusal::field(&format!("holiday_hours.holidays.{field}"), "is required"));
        }
    }
    if times[0] >= times[1] {
        return Err(invalid_holiday());
    }
    Ok(holiday)
}

fn invalid_holiday() -> Refusal {
    Refusal::bad(400, "Invalid holiday from/to time.")
}

/// A break after a change, with times in order. Of days only the enabled are kept.
pub(super) fn checked_break(old: &Doc, change: &Doc) -> Result<Doc, Refusal> {
    let mut pause = old.clone();
    for field in ["break_hour_name", "break_hour_type", "break_hour_setting"] {
        if let Some(value) = change.get(field) {
            pause.insert(field.to_owned(), value.clone());
        }
    }
    let setting = pause.get("break_hour_setting").cloned().unwrap_or_default();
    let field = |name: &str| format!("break_hours.break_hour_settings.break_hour_setting.{name}");
    let span = |span: &Value| {
        let time = |field: &str| clock_time(span[field].as_str()?);
        if time("from").zip(time("to")).is_none_or(|(from, to)| from >= to) {
            return Err(Refusal::bad(400, "Invalid break from/to time."));
        }
        Ok(json!({ "from": span["from"], "to": span["to"] }))
    };
    let setting = if pause.get("break_hour_type") == Some(&json!("custom_hours")) {
        let days = setting["days"].as_array().ok_or_else(|| Refusal::field(&field("days"), "is required"))?;
        let mut enabled = Vec::new();
        for day in days.iter().filter(|day| day["enable"] != json!(false)) {
            if !day["weekday"].as_i64().is_some_and(|weekday| (1..=7).contains(&weekday)) {
                return Err(Refusal::field(&field("days.weekday"), "must be 1 to 7"));
            }
            let mut kept = span(day)?;
            kept["weekday"] = day["weekday"].clone();
            kept["enable"] = json!(true);
            enabled.push(kept);
        }
        json!({ "days": enabled })
    } else {
        span(&setting)?
    };
    pause.insert("break_hour_setting".to_owned(), setting);
    Ok(pause)
}
