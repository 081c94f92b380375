//! One way to tell things in many shapes: what is told knows its facts by Zoom's names, a shape is a list of names.
//!
//! Zoom shows a call in more than a dozen shapes that differ in which fields they have. The shapes come from the
//! catalogue, so that a shape has exactly the fields that its operation documents.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use zoom_phone_types::catalogue::{Catalogue, Content, Schema};

/// The value of one field.
pub(crate) enum Fact<'a> {
    /// The field is left out, as with empty text.
    Nothing,
    Text(Cow<'a, str>),
    Number(i64),
    Flag(bool),
    /// UTC, whole seconds.
    Time(Timestamp),
    Tree(Value),
}

impl<'a> From<&'a str> for Fact<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Fact<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Fact<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Fact<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Fact<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Fact<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<Value> for Fact<'_> {
    fn from(tree: Value) -> Self {
        Self::Tree(tree)
    }
}

impl<'a, T: Into<Fact<'a>>> From<Option<T>> for Fact<'a> {
    fn from(fact: Option<T>) -> Self {
        fact.map_or(Fact::Nothing, Into::into)
    }
}

/// Something that Zoom shows in several shapes.
pub(crate) trait Facts {
    /// The value of Zoom's field of this name.
    fn fact(&self, name: &str) -> Fact<'_>;
}

/// The fields of one shape, in order.
#[derive(Debug)]
pub(crate) struct Shape(Vec<&'static str>);

impl Shape {
    /// What the operation answers, or the items of that list in its answer.
    pub(crate) fn of(operation: &str, list: Option<&str>) -> Self {
        let operation = Catalogue::get().operation(operation);
        let content = operation.and_then(|operation| operation.success()).map(|response| &response.content);
        let schema = match content {
            Some(Content::Json(schema)) => match list {
                Some(list) => schema.property(list),
                None => Some(&**schema),
            },
            _ => None,
        };
        Self(schema.map(names).unwrap_or_default())
    }

    /// Fields that are documented elsewhere.
    pub(crate) fn new(names: &[&'static str]) -> Self {
        Self(names.to_vec())
    }

    /// The same without these fields.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name| !names.contains(name));
        self
    }

    /// The thing in this shape, as JSON.
    pub(crate) fn value(&self, thing: &impl Facts) -> Value {
        serde_json::to_value(Shown(self, thing)).unwrap_or_default()
    }
}

fn names(schema: &'static Schema) -> Vec<&'static str> {
    match schema {
        Schema::Array { items, .. } => names(items),
        Schema::Object { properties } => properties.iter().map(|property| property.name.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// A thing in a shape. Written straight out, because a page has 24,000 fields.
pub(crate) struct Shown<'a, T>(pub(crate) &'a Shape, pub(crate) &'a T);

impl<T: Facts> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in &self.0.0 {
            match self.1.fact(name) {
                Fact::Nothing => {}
                Fact::Text(text) if text.is_empty() => {}
                Fact::Text(text) => map.serialize_entry(name, &text)?,
                Fact::Number(number) => map.serialize_entry(name, &number)?,
                Fact::Flag(flag) => map.serialize_entry(name, &flag)?,
                Fact::Time(at) => map.serialize_entry(name, &seconds(at))?,
                Fact::Tree(tree) => map.serialize_entry(name, &tree)?,
            }
        }
        map.end()
    }
}

/// Zoom's time text, faster than by a format.
fn seconds(at: Timestamp) -> impl Serialize {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
