//! Values made from a schema: always valid, and the same for the same request.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use zoom_phone_types::catalogue::{Property, Schema};

use super::words;
use crate::dice::Dice;

/// Values that Zoom's examples have and its vocabularies have not.
const OF_EXAMPLES: [&str; 2] = ["JPG/JPEG", "On-demand"];

/// Makes values.
pub(crate) struct Sampler {
    pub(crate) dice: Dice,
    /// Scheme and authority for links.
    pub(crate) origin: String,
    /// Words of the request, such as `holiday_hours` in the path, that decide between forms.
    pub(crate) hints: Vec<String>,
    /// The moment about which the value tells.
    pub(crate) time: Timestamp,
}

impl Sampler {
    /// A value for a field of this name. `depth` counts the lists around it.
    pub(crate) fn value(&mut self, name: &str, schema: &Schema, depth: u8) -> Value {
        match schema {
            Schema::Any => json!({}),
            Schema::Boolean => json!(self.dice.chance(50)),
            Schema::Integer { min, max, values } => self.integer(name, *min, *max, values),
            Schema::Number { min, max } => {
                let low = min.unwrap_or(0.0);
                let high = max.unwrap_or(low + 10.0).min(low + 10.0);
                json!(if self.dice.chance(50) { low } else { f64::midpoint(low, high) })
            }
            Schema::Text { values, .. } if !values.is_empty() => {
                let known: Vec<_> = values.iter().filter(|it| !OF_EXAMPLES.contains(&it.as_str())).collect();
                json!(known[self.dice.index(known.len())])
            }
            Schema::Text { format, min_length, max_length, .. } => {
                json!(words::fit(&self.text(name, format.as_deref()), *min_length, *max_length))
            }
            Schema::Array { min_items, max_items, items } => {
                let most = if depth == 0 { 3 } else { 2 };
                let length = usize::try_from(self.dice.between(1, most)).unwrap_or(1);
                let length = length.max(min_items.unwrap_or(0)).min(max_items.unwrap_or(usize::MAX));
                let name = name.strip_suffix('s').unwrap_or(name);
                (0..length).map(|_| self.value(name, items, depth + 1)).collect()
            }
            Schema::Object { properties } => self.object(properties, depth),
            Schema::OneOf(forms) => {
                let hints = self.hints.iter().map(String::as_str).collect::<Vec<_>>();
                let meant = form_with(forms, &hints);
                let nth = meant.unwrap_or_else(|| self.dice.index(forms.len().max(1)));
                forms.get(nth).map_or(Value::Null, |form| self.value(name, form, depth))
            }
        }
    }

    fn object(&mut self, properties: &[Property], depth: u8) -> Value {
        let before = self.time;
        self.time =
            before - SignedDuration::from_secs(i64::try_from(self.dice.between(60, 3600)).unwrap_or(60));
        let mut object = Map::new();
        for property in properties {
            // One that decides about the form of a sibling may have been drawn with it.
            if !object.contains_key(&property.name)
                && let Some(value) = self.property(property, properties, &mut object, depth)
            {
                object.insert(property.name.clone(), value);
            }
        }
        self.time = before;
        Value::Object(object)
    }

    fn property(
        &mut self,
        property: &Property,
        siblings: &[Property],
        object: &mut Map<String, Value>,
        depth: u8,
    ) -> Option<Value> {
        if let Schema::OneOf(forms) = &*property.schema
            && let Some(decider) = decider(property, siblings)
        {
            if !object.contains_key(&decider.name) {
                let value = self.value(&decider.name, &decider.schema, depth);
                object.insert(decider.name.clone(), value);
            }
            let decided = object.get(&decider.name).and_then(Value::as_str).unwrap_or_default();
            // Some actions have nothing to set.
            let form = forms.get(form_with(forms, &words::marks(decided))?)?;
            return Some(self.value(&property.name, form, depth));
        }
        Some(self.value(&property.name, &property.schema, depth))
    }

    fn integer(&mut self, name: &str, min: Option<i64>, max: Option<i64>, values: &[i64]) -> Value {
        if !values.is_empty() {
            return json!(values[self.dice.index(values.len())]);
        }
        let low = min.unwrap_or(if name.ends_with("extension_number") { 1001 } else { 1 });
        let low = max.map_or(low, |max| low.min(max));
        let high = max.unwrap_or(i64::MAX).min(low.saturating_add(60));
        let span = u64::try_from(high - low).unwrap_or(0);
        json!(low + i64::try_from(self.dice.between(0, span)).unwrap_or(0))
    }

    fn text(&mut self, name: &str, format: Option<&str>) -> String {
        words::text(&mut self.dice, &self.origin, self.time, name, format)
    }
}

/// The sibling whose value decides about the form: `ring_mode` for `ring_mode_setting`,
/// `break_hour_type` for `break_hour_setting`, else the one `…_action`.
fn decider<'a>(property: &Property, siblings: &'a [Property]) -> Option<&'a Property> {
    let stem = property.name.strip_suffix("_setting")?;
    let with_values =
        |it: &&Property| matches!(&*it.schema, Schema::Text { values, .. } if !values.is_empty());
    let named = |name: String| siblings.iter().filter(with_values).find(move |it| it.name == name);
    named(stem.to_owned())
        .or_else(|| named(format!("{stem}_type")))
        .or_else(|| siblings.iter().filter(with_values).find(|it| it.name.ends_with("_action")))
}

/// The first form that has a field whose name starts with one of these words.
fn form_with(forms: &[std::sync::Arc<Schema>], words: &[&str]) -> Option<usize> {
    forms.iter().position(|form| has_field(form, words))
}

fn has_field(schema: &Schema, words: &[&str]) -> bool {
    match schema {
        Schema::Object { properties } => {
            properties.iter().any(|it| words.iter().any(|word| it.name.starts_with(word)))
        }
        Schema::OneOf(forms) => forms.iter().any(|form| has_field(form, words)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use zoom_phone_types::catalogue::{Catalogue, Content};

    use super::*;

    fn sampler(seed: u64, hint: &str) -> Sampler {
        Sampler {
            dice: Dice::new(seed, 5),
            origin: "http://127.0.0.1:8090".to_owned(),
            hints: vec![hint.to_owned()],
            time: "2026-11-22T10:00:00Z".parse().expect("a valid time"),
        }
    }

    #[test]
    fn every_sample_of_every_response_and_request_is_valid() {
        for operation in Catalogue::get().operations() {
            let responses = operation.responses.iter().filter_map(|response| match &response.content {
                Content::Json(schema) => Some(schema),
                _ => None,
            });
            for schema in responses.chain(operation.body.iter().map(|body| &body.schema)) {
                for seed in 0..5 {
                    let sample = sampler(seed, "").value("", schema, 0);
                    assert_eq!(schema.validate(&sample), [], "{}: {sample}", operation.id);
                }
            }
        }
    }

    #[test]
    fn settings_belong_to_their_action() {
        let operation = Catalogue::get().operation("getCallQueueCallHandlingSetting").expect("documented");
        let Some(Content::Json(schema)) = operation.success().map(|it| &it.content) else { panic!("JSON") };
        let mut seen = BTreeSet::new();
        for seed in 0..60 {
            look(&sampler(seed, "").value("", schema, 0), &mut |object| {
                let Some(action) = object.get("overflow_action").and_then(Value::as_str) else { return };
                seen.insert(action.to_owned());
                let Some(setting) = object.get("overflow_action_setting") else {
                    return assert_eq!(action, "disconnect");
                };
                let field = match action {
                    "forward_to_voicemail" => "voicemail_greeting",
                    "forward_to_external_number" => "forward_phone_number",
                    "forward_to_zoom_contact_center" => "zoom_contact_center_number",
                    "play_message_then_disconnect" => "message_greeting",
                    action => action,
                };
                assert!(setting.get(field).is_some(), "{action}: {setting}");
            });
        }
        assert!(seen.len() >= 7, "{seen:?}");
    }

    fn look(value: &Value, see: &mut impl FnMut(&Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                see(object);
                object.values().for_each(|value| look(value, see));
            }
            Value::Array(items) => items.iter().for_each(|value| look(value, see)),
            _ => {}
        }
    }

    #[test]
    fn words_of_the_request_decide_between_forms() {
        for (id, hint, field) in [
            ("addAutoReceptionistSetting", "break_hours", "break_hours"),
            ("addAutoReceptionistSetting", "holiday_hours", "holiday_hours"),
            ("AddCommonAreaSetting", "desk_phone", "desk_phones"),
            ("addCallHandling", "call_forwarding", "call_forwarding_id"),
            ("addCallHandling", "holiday", "holiday_id"),
        ] {
            let operation = Catalogue::get().operation(id).expect("documented");
            let Some(Content::Json(schema)) = operation.success().map(|it| &it.content) else {
                panic!("{id}")
            };
            for seed in 0..4 {
                let sample = sampler(seed, hint).value("", schema, 0);
                assert!(sample.get(field).is_some(), "{id} {hint}: {sample}");
            }
        }
    }
}
