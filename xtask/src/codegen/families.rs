//! Merging the payload schemas of a family of events into one struct, and the nested ones with equal names.

use super::names::{pascal, singular};
use super::overlay::Overlay;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// All that is emitted for events.
#[derive(Default)]
pub(super) struct Model {
    /// In the order of the overlay.
    pub(super) events: Vec<Event>,
    /// In the order of first use.
    pub(super) structs: Vec<Struct>,
    /// Wire values in the order of first use, with their Rust names.
    pub(super) enums: BTreeMap<String, Vec<(String, String)>>,
}

/// One event.
pub(super) struct Event {
    /// With `phone.`.
    pub(super) name: String,
    pub(super) variant: String,
    pub(super) family: String,
    pub(super) required: Vec<String>,
    pub(super) scopes_classic: Vec<String>,
    pub(super) scopes_granular: Vec<String>,
    pub(super) deprecated: bool,
}

/// A struct: the union of the fields seen.
pub(super) struct Struct {
    pub(super) name: String,
    /// Further fields are normal and not reported.
    pub(super) peculiar: bool,
    /// Events of whose payload it is the object.
    pub(super) root_of: Vec<String>,
    /// `Struct.field`s it is the type of.
    pub(super) used_in: BTreeSet<String>,
    /// How often the struct was seen, each use counting.
    pub(super) seen: usize,
    pub(super) fields: Vec<Field>,
}

/// A field of a struct.
pub(super) struct Field {
    pub(super) wire: String,
    pub(super) rust: String,
    pub(super) kind: Kind,
    pub(super) redact: bool,
    pub(super) note: Option<String>,
    /// How often it was there, and required.
    pub(super) seen: usize,
    pub(super) required: usize,
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Int,
    Float,
    Bool,
    Time,
    Any,
    Enum(String),
    Struct(String),
    List(Box<Kind>),
    Map(Box<Kind>),
}

/// The schema of an event's request body.
pub(super) fn payload<'a>(document: &'a Value, event: &str) -> Result<&'a Value> {
    document
        .get("webhooks")
        .and_then(|webhooks| webhooks.get(event))
        .and_then(|event| {
            event.pointer("/post/requestBody/content/application~1json/schema/properties/payload")
        })
        .with_context(|| format!("{event} has no payload schema"))
}

/// Builds the model; fails if the overlay and the document do not name the same events.
pub(super) fn merge(document: &Value, overlay: &Overlay) -> Result<Model> {
    let mut merger = Merger { overlay, model: Model::default() };
    let mut rest: BTreeSet<&str> = document
        .get("webhooks")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    for family in &overlay.family {
        for short in &family.events {
            let name = format!("phone.{short}");
            if !rest.remove(name.as_str()) {
                bail!("family {}: the document has no event {name}, or two families have it", family.name);
            }
            let object =
                payload(document, &name)?.pointer("/properties/object").context("no payload.object")?;
            merger.object(&family.name, object, None)?;
            let mut required = Vec::new();
            required_paths(object, "", &mut required);
            merger.entry(&family.name).root_of.push(name.clone());
            let prose = document
                .pointer(&format!("/webhooks/{name}/post/requestBody/description"))
                .and_then(Value::as_str)
                .unwrap_or_default();
            merger.model.events.push(Event {
                variant: pascal(short),
                family: family.name.clone(),
                required,
                scopes_classic: scopes(prose, "**[Scopes]"),
                scopes_granular: scopes(prose, "**[Granular Scopes]"),
                deprecated: overlay.deprecated.contains(short),
                name,
            });
        }
    }
    if !rest.is_empty() {
        bail!("events without a family in the overlay: {rest:?}");
    }
    for (name, fields) in &overlay.fields {
        for wire in fields {
            merger.undocumented(name, wire)?;
        }
    }
    for (name, rule) in &overlay.enums {
        let values = merger.model.enums.entry(name.clone()).or_default();
        for value in &rule.add {
            if values.iter().any(|(known, _)| known == value) {
                bail!("enums.{name}.add: {value:?} is documented now; remove it from the overlay");
            }
            values.push((value.clone(), pascal(value)));
        }
        for (value, variant) in &rule.variants {
            let Some(entry) = values.iter_mut().find(|(known, _)| known == value) else {
                bail!("enums.{name}.variants: there is no value {value:?}");
            };
            entry.1.clone_from(variant);
        }
    }
    overlay.all_used()?;
    Ok(merger.model)
}

/// Scopes are only in the prose: the code spans of the paragraph that starts with `heading`.
fn scopes(prose: &str, heading: &str) -> Vec<String> {
    let line = prose.lines().find(|line| line.starts_with(heading)).unwrap_or_default();
    line.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Dotted paths of what a schema requires. A required field of an optional object is listed only with the object.
fn required_paths(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for (key, child) in properties.iter().filter(|(key, _)| is_required(schema, key)) {
        let (child, list) = match child.get("items") {
            Some(items) => (items, "[]"),
            None => (child, ""),
        };
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        found.push(path.clone());
        required_paths(child, &format!("{path}{list}"), found);
    }
}

fn is_required(schema: &Value, key: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|list| list.iter().any(|it| it == key))
}

struct Merger<'a> {
    overlay: &'a Overlay,
    model: Model,
}

impl Merger<'_> {
    fn entry(&mut self, name: &str) -> &mut Struct {
        let structs = &mut self.model.structs;
        let index = structs.iter().position(|it| it.name == name).unwrap_or_else(|| {
            structs.push(Struct {
                name: name.to_owned(),
                peculiar: false,
                root_of: Vec::new(),
                used_in: BTreeSet::new(),
                seen: 0,
                fields: Vec::new(),
            });
            structs.len() - 1
        });
        &mut structs[index]
    }

    /// Adds a text field that is not in the schema.
    fn undocumented(&mut self, name: &str, wire: &str) -> Result<()> {
        let Some(owner) = self.model.structs.iter_mut().find(|it| it.name == name) else {
            bail!("fields: there is no struct {name}");
        };
        if owner.fields.iter().any(|field| field.wire == *wire) {
            bail!("fields: {name}.{wire} is documented now; remove it from the overlay");
        }
        owner.fields.push(Field {
            wire: wire.to_owned(),
            rust: wire.to_owned(),
            kind: Kind::Text,
            redact: self.overlay.is_redacted(name, wire),
            note: Some("In Zoom's examples, not in its schemas".to_owned()),
            seen: 0,
            required: 0,
        });
        Ok(())
    }

    /// Adds the properties of an object schema, or those in `only`, to a struct.
    fn object(&mut self, name: &str, schema: &Value, only: Option<&BTreeSet<String>>) -> Result<()> {
        self.entry(name).seen += 1;
        self.entry(name).peculiar |= only.is_some();
        for (wire, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if only.is_some_and(|only| !only.contains(wire)) {
                continue;
            }
            let at = format!("{name}.{wire}");
            let kind = self.kind(name, wire, property).with_context(|| at.clone())?;
            let overlay = self.overlay;
            let required = usize::from(is_required(schema, wire));
            let fields = &mut self.entry(name).fields;
            if let Some(field) = fields.iter_mut().find(|field| field.wire == *wire) {
                field.kind = join(&field.kind, kind);
                field.seen += 1;
                field.required += required;
            } else {
                fields.push(Field {
                    wire: wire.clone(),
                    rust: overlay.rename(name, wire).unwrap_or(wire).to_owned(),
                    kind,
                    redact: overlay.is_redacted(name, wire),
                    note: overlay.note(name, wire).map(str::to_owned),
                    seen: 1,
                    required,
                });
            }
        }
        Ok(())
    }

    fn kind(&mut self, owner: &str, wire: &str, schema: &Value) -> Result<Kind> {
        if self.overlay.is_text(owner, wire) {
            return Ok(Kind::Text);
        }
        if let Some(rule) = self.overlay.map(owner, wire) {
            for item in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values)
            {
                self.object(&rule.item, item, Some(&rule.fields))?;
            }
            self.entry(&rule.item).used_in.insert(format!("{owner}::{wire}"));
            return Ok(Kind::Map(Box::new(Kind::Struct(rule.item.clone()))));
        }
        Ok(match schema.get("type").and_then(Value::as_str) {
            Some("object") if schema.get("properties").is_some() => {
                let name = self
                    .overlay
                    .struct_name(owner, wire)
                    .map_or_else(|| pascal(&singular(wire)), str::to_owned);
                self.object(&name, schema, None)?;
                self.entry(&name).used_in.insert(format!("{owner}::{wire}"));
                Kind::Struct(name)
            }
            Some("array") => Kind::List(Box::new(self.kind(owner, wire, &schema["items"])?)),
            Some("string") => self.text(owner, wire, schema)?,
            Some("integer") => Kind::Int,
            Some("number") => Kind::Float,
            Some("boolean") => Kind::Bool,
            _ => Kind::Any,
        })
    }

    fn text(&mut self, owner: &str, wire: &str, schema: &Value) -> Result<Kind> {
        let documented = schema.get("enum").and_then(Value::as_array);
        match (self.overlay.enum_name(owner, wire), documented) {
            (Some(name), documented) => {
                let values = self.model.enums.entry(name.to_owned()).or_default();
                for value in documented.into_iter().flatten().filter_map(Value::as_str) {
                    if !values.iter().any(|(known, _)| known == value) {
                        values.push((value.to_owned(), pascal(value)));
                    }
                }
                Ok(Kind::Enum(name.to_owned()))
            }
            (None, Some(values)) => {
                bail!("no vocabulary in the overlay has this field, of values {values:?}")
            }
            (None, None) if wire.ends_with("_time") => Ok(Kind::Time),
            (None, None) => Ok(Kind::Text),
        }
    }
}

/// The type of a field that is documented in two ways: what reads both.
fn join(one: &Kind, other: Kind) -> Kind {
    match (one, other) {
        (one, other) if *one == other => other,
        (Kind::Text, Kind::Int) | (Kind::Int, Kind::Text) => Kind::Text,
        _ => Kind::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::overlay;
    use serde_json::json;

    /// Two events of one family, whose objects have these properties.
    fn document(one: &Value, other: &Value) -> Value {
        let event = |properties: &Value| {
            let object = json!({"type": "object", "required": ["id"], "properties": properties});
            let payload = json!({"properties": {"object": object}});
            json!({"post": {"requestBody": {
                "description": "x\n**[Scopes](y):** `a`,`b`\n\n**[Granular Scopes](y):** `c`",
                "content": {"application/json": {"schema": {"properties": {"payload": payload}}}},
            }}})
        };
        json!({"webhooks": {"phone.leg_up": event(one), "phone.leg_down": event(other)}})
    }

    fn overlay(rules: &str) -> Overlay {
        let rest = "[maps]\n[rename]\n[fields]\n[types]\ntext = []\n[notes]\n[redact]\nfields = []\n\
                    [catalogue]\nfiles.operations = []\n[catalogue.names]\n[catalogue.items]\n\
                    [catalogue.page_size_max]\n[catalogue.success]\n[catalogue.host]\n\
                    [catalogue.comma_lists]\n[catalogue.parameters]\n";
        let family = "deprecated = []\n[[family]]\nname = \"Leg\"\nevents = [\"leg_up\", \"leg_down\"]\n";
        overlay::parse(&format!("{family}{rules}\n{rest}")).unwrap()
    }

    #[test]
    fn events_of_a_family_share_one_struct_with_the_fields_of_all() {
        let party = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
        let one = json!({"id": {"type": "string"}, "from": party("name"), "start_time": {"type": "string"}});
        let other = json!({"id": {"type": "integer"}, "to": party("number")});
        let rules = "[structs]\nfrom = \"Party\"\nto = \"Party\"\n[enums]";
        let model = merge(&document(&one, &other), &overlay(rules)).unwrap();

        let fields = |name: &str| -> Vec<(String, Kind)> {
            let found = model.structs.iter().find(|it| it.name == name).unwrap();
            found.fields.iter().map(|field| (field.wire.clone(), field.kind.clone())).collect()
        };
        let party = Kind::Struct("Party".to_owned());
        let expected =
            [("id", Kind::Text), ("from", party.clone()), ("start_time", Kind::Time), ("to", party)];
        assert_eq!(fields("Leg"), expected.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(fields("Party").len(), 2);
        assert_eq!(model.events[0].required, ["id"]);
        assert_eq!(model.events[1].scopes_classic, ["a", "b"]);
        assert_eq!(model.events[1].scopes_granular, ["c"]);
    }

    #[test]
    fn a_vocabulary_is_the_union_of_what_is_documented_and_added() {
        let one = json!({"way": {"type": "string", "enum": ["in"]}});
        let other = json!({"way": {"type": "string", "enum": ["in", "out"]}});
        let rules = "[structs]\n[enums.Way]\nfields = [\"way\"]\nadd = [\"around\"]";
        let model = merge(&document(&one, &other), &overlay(rules)).unwrap();
        let values: Vec<&str> = model.enums["Way"].iter().map(|(value, _)| value.as_str()).collect();
        assert_eq!(values, ["in", "out", "around"]);
    }

    #[test]
    fn the_overlay_and_the_document_cannot_drift_apart() {
        let refused = |rules: &str, one: Value| {
            merge(&document(&one, &json!({})), &overlay(rules))
                .err()
                .unwrap()
                .chain()
                .map(ToString::to_string)
                .collect::<String>()
        };
        let gone = refused("[structs]\nfrom = \"Party\"\n[enums]", json!({}));
        assert!(gone.contains("structs: from"), "{gone}");
        let nameless = refused("[structs]\n[enums]", json!({"way": {"type": "string", "enum": ["in"]}}));
        assert!(nameless.contains("Leg.way"), "{nameless}");
        let documented = "[structs]\n[enums.Way]\nfields = [\"way\"]\nadd = [\"in\"]";
        let documented = refused(documented, json!({"way": {"type": "string", "enum": ["in"]}}));
        assert!(documented.contains("documented now"), "{documented}");

        let mut more = document(&json!({}), &json!({}));
        more["webhooks"]["phone.new"] = json!({});
        let more = merge(&more, &overlay("[structs]\n[enums]")).err().unwrap().to_string();
        assert!(more.contains("phone.new"), "{more}");
    }
}
