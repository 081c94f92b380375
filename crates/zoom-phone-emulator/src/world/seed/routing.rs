//! When the extensions of a company are open, and where calls to them go.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Seeder;
use crate::world::file::{Holiday, Hours, QueueEntry, ReceptionistEntry, RingMode, copies_of};
use crate::world::numbers;

impl Seeder {
    pub(super) fn distribution(&mut self, entry: &QueueEntry) {
        for name in copies_of(&entry.name, entry.copies) {
            let Some(address) = self.named.get(&name).cloned() else { continue };
            self.hours(&address, entry.hours.as_ref());
            let mut handling = json!({ "call_distribution_setting": {
                "max_wait_time": entry.max_wait,
                "wrap_up_time": entry.wrap_up,
                "max_call_in_queue": entry.max_calls,
                "ring_mode": entry.ring_mode,
            } });
            if entry.ring_mode != RingMode::Simultaneous {
                handling["call_distribution_setting"]["ring_mode_setting"] = json!({
                    "ring_duration": 20,
                    "handle_multiple_calls": false,
                    "skip_offline_device_phone_number": false,
                });
            }
            if let Some(target) = entry.overflow.as_ref().and_then(|name| self.extension_id(name)) {
                handling["call_handling_setting"] = json!({
                    "overflow_action": "forward_to_extension",
                    "overflow_action_setting": { "forward_to_extension": { "extension_id": target } },
                });
            }
            self.put(format!("{address}/call_handling/settings/business_hours"), handling);
        }
    }

    pub(super) fn routing(&mut self, entry: &ReceptionistEntry) {
        let Some(address) = self.named.get(&entry.name).cloned() else { return };
        if !entry.menu.is_empty() {
            let keys = entry.menu.iter().filter_map(|(key, name)| {
                let target = self.named.get(name)?;
                let action = match numbers::kind(target) {
                    "user" => 2,
                    "zoomRoom" => 3,
                    "commonArea" => 4,
                    "autoReceptionist" => 6,
                    "callQueue" => 7,
                    _ => 8,
                };
                Some(json!({
                    "key": key,
                    "action": action,
                    "target": { "extension_id": self.extension_id(name) },
                }))
            });
            let menu = json!({ "key_actions": keys.collect::<Vec<_>>() });
            self.put(format!("{address}/ivr/business_hours"), menu);
            let handling = json!({ "call_handling_setting": { "routing_action": "forward_to_ivr" } });
            self.put(format!("{address}/call_handling/settings/business_hours"), handling);
        } else if let Some(target) = entry.forward_to.as_ref() {
            self.forward(&address, "business_hours", target);
        }
        if let Some(target) = entry.closed_forward_to.as_ref() {
            self.forward(&address, "closed_hours", target);
            let holidays = self.world.children(&format!("{address}/settings/holiday_hours"));
            let ids: Vec<_> = holidays.iter().map(|(id, _)| format!("holiday_hours/{id}")).collect();
            for hours in ids {
                self.forward(&address, &hours, target);
            }
        }
    }

    pub(super) fn forward(&mut self, receptionist: &str, hours: &str, target: &str) {
        let handling = json!({ "call_handling_setting": {
            "routing_action": "forward_to_extension",
            "routing_action_setting": { "forward_to_extension": { "extension_id": self.extension_id(target) } },
        } });
        self.put(format!("{receptionist}/call_handling/settings/{hours}"), handling);
    }

    pub(super) fn extension_id(&self, name: &str) -> Option<String> {
        let doc = self.named.get(name).and_then(|address| self.world.get(address))?;
        doc.get("extension_id").and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn hours(&mut self, extension: &str, hours: Option<&Hours>) {
        let Some(hours) = hours else { return };
        let open = |weekday: usize| hours.days.iter().any(|&day| day as usize + 1 == weekday);
        let days = (1..=7).map(|weekday| {
            json!({
                "weekday": weekday,
                "type": if open(weekday) { 2 } else { 0 },
                "from": hours.from,
                "to": hours.to,
            })
        });
        let days: Vec<_> = days.collect();
        let week = json!({ "business_hours_settings": { "business_hour_type": 2, "business_hours": days } });
        self.put(format!("{extension}/settings/business_hours"), week);
    }

    pub(super) fn holidays(&mut self, extension: &str, timezone: &str, holidays: &[Holiday]) {
        let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
        for holiday in holidays {
            let id = self.dice.opaque_id();
            let day = |date: Date| date.to_zoned(zone.clone()).map(|start| start.timestamp().to_string());
            let Ok(date) = holiday.date.parse::<Date>() else { continue };
            let (Ok(from), Ok(to)) = (day(date), day(date.saturating_add(1.day()))) else { continue };
            let doc = json!({ "holiday_id": id, "name": holiday.name, "from": from, "to": to });
            self.put(format!("{extension}/settings/holiday_hours/{id}"), doc);
        }
    }
}
