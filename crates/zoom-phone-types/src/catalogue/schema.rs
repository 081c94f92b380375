//! The shape of a JSON value, and checking against it.

use crate::catalogue::schema::Schema::{Any, Array, Boolean, Integer, Number, Object, OneOf, Text};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The shape of a JSON value, as far as Zoom documents it.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// Not documented.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A number without fraction.
    Integer {
        /// Smallest value.
        min: Option<i64>,
        /// Largest value.
        max: Option<i64>,
        /// The only values, unless empty.
        values: Vec<i64>,
    },
    /// Any number.
    Number {
        /// Smallest value.
        min: Option<f64>,
        /// Largest value.
        max: Option<f64>,
    },
    /// A string.
    Text {
        /// `date-time`, `date`, `date-or-date-time`, `time`, `email`; not checked.
        format: Option<String>,
        /// Fewest characters.
        min_length: Option<usize>,
        /// Most characters.
        max_length: Option<usize>,
        /// The only values, unless empty.
        values: Vec<String>,
    },
    /// A list.
    Array {
        /// Fewest items.
        min_items: Option<usize>,
        /// Most items.
        max_items: Option<usize>,
        /// Each item.
        items: Arc<Schema>,
    },
    /// An object; it may have further properties.
    Object {
        /// In the order of the document.
        properties: Vec<Property>,
    },
    /// At least one of these.
    OneOf(Vec<Arc<Schema>>),
}

/// A property of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// As on the wire.
    pub name: String,
    /// Documented as required.
    pub required: bool,
    /// Its value.
    pub schema: Arc<Schema>,
}

/// One way in which a value differs from a schema.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// Where, such as `settings.items[2].type`; empty for the value itself.
    pub path: String,
    /// What is wrong, to follow the path in a sentence: `must be text`.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = if self.path.is_empty() { "the value" } else { &self.path };
        write!(f, "{path} {}", self.message)
    }
}

impl Schema {
    /// Everything wrong with a value: types, required properties, vocabularies and bounds. Unknown properties are
    /// fine. Of several forms the value may have, the one it comes nearest to counts.
    pub fn validate(&self, value: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        self.check(value, "", &mut found);
        found
    }

    /// Of a value, what the schema declares: further properties, and objects with nothing in them, are left out at any
    /// depth. Of several forms the value may have, the one that keeps most counts. A value of another type than the
    /// schema's stays as it is.
    pub fn keep_declared(&self, value: &Value) -> Value {
        match (self, value) {
            (Array { items, .. }, Value::Array(list)) => {
                list.iter().map(|item| items.keep_declared(item)).collect()
            }
            (Object { properties }, Value::Object(object)) if !properties.is_empty() => {
                let kept = properties.iter().filter_map(|property| {
                    let kept = property.schema.keep_declared(object.get(&property.name)?);
                    let nothing = kept.as_object().is_some_and(Map::is_empty);
                    (!nothing).then(|| (property.name.clone(), kept))
                });
                Value::Object(kept.collect())
            }
            (OneOf(forms), _) => {
                let attempts = forms.iter().map(|form| form.keep_declared(value));
                let more =
                    |one: Value, other: Value| if scalars(&other) > scalars(&one) { other } else { one };
                attempts.reduce(more).unwrap_or_else(|| value.clone())
            }
            _ => value.clone(),
        }
    }

    /// The schema of a property; for an object of several forms, of the first form that has it.
    pub fn property(&self, name: &str) -> Option<&Schema> {
        match self {
            Object { properties } => {
                properties.iter().find(|it| it.name == name).map(|it| it.schema.as_ref())
            }
            OneOf(forms) => forms.iter().find_map(|form| form.property(name)),
            _ => None,
        }
    }

    fn check(&self, value: &Value, path: &str, found: &mut Vec<Violation>) {
        let mut fail = |message: String| found.push(Violation { path: path.to_owned(), message });
        match (self, value) {
            (Any, _) | (Boolean, Value::Bool(_)) => {}
            (Boolean, _) => fail("must be true or false".to_owned()),
            (Integer { min, max, values }, _) => match integer(value) {
                None => fail("must be an integer".to_owned()),
                Some(number) if !values.is_empty() => {
                    if !values.contains(&number) {
                        fail(format!("must be one of {}", list(values)));
                    }
                }
                Some(number) => bounds(number, *min, *max, "", fail),
            },
            (Number { min, max }, _) => match value.as_f64() {
                None => fail("must be a number".to_owned()),
                Some(number) => bounds(number, *min, *max, "", fail),
            },
            (Text { min_length, max_length, values, .. }, Value::String(text)) => {
                if !values.is_empty() && !values.contains(text) {
                    fail(format!("must be one of {}", list(values)));
                }
                bounds(text.chars().count(), *min_length, *max_length, " characters long", fail);
            }
            (Text { .. }, _) => fail("must be text".to_owned()),
            (Array { items, min_items, max_items }, Value::Array(array)) => {
                bounds(array.len(), *min_items, *max_items, " items long", fail);
                for (index, item) in array.iter().enumerate() {
                    items.check(item, &format!("{path}[{index}]"), found);
                }
            }
            (Array { .. }, _) => fail("must be a list".to_owned()),
            (Object { properties }, Value::Object(object)) => check_object(properties, object, path, found),
            (Object { .. }, _) => fail("must be an object".to_owned()),
            (OneOf(forms), _) => {
                let attempts = forms.iter().map(|form| {
                    let mut attempt = Vec::new();
                    form.check(value, path, &mut attempt);
                    attempt
                });
                found.extend(attempts.min_by_key(Vec::len).unwrap_or_default());
            }
        }
    }
}

fn check_object(
    properties: &[Property],
    object: &Map<String, Value>,
    path: &str,
    found: &mut Vec<Violation>,
) {
    for property in properties {
        let path = match path {
            "" => property.name.clone(),
            _ => format!("{path}.{}", property.name),
        };
        match object.get(&property.name) {
            Some(value) => property.schema.check(value, &path, found),
            None if property.required => found.push(Violation { path, message: "is required".to_owned() }),
            None => {}
        }
    }
}

/// How many values that are neither list nor object there are at any depth.
fn scalars(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(scalars).sum(),
        Value::Object(object) => object.values().map(scalars).sum(),
        _ => 1,
    }
}

/// JSON does not tell `5` from `5.0`.
#[expect(clippy::cast_possible_truncation, reason = "in range and without a fraction by the check")]
fn integer(value: &Value) -> Option<i64> {
    let whole = |number: &f64| number.fract() == 0.0 && number.abs() < 9e15;
    value.as_i64().or_else(|| value.as_f64().filter(whole).map(|number| number as i64))
}

fn bounds<T: Copy + PartialOrd + std::fmt::Display>(
    value: T,
    min: Option<T>,
    max: Option<T>,
    unit: &str,
    mut fail: impl FnMut(String),
) {
    match (min, max) {
        (Some(min), _) if value < min => fail(format!("must be at least {min}{unit}")),
        (_, Some(max)) if value > max => fail(format!("must be at most {max}{unit}")),
        _ => {}
    }
}

fn list<T: std::fmt::Display>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A schema in the file; others are named by index.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    Any,
    Boolean,
    Integer {
        min: Option<i64>,
        max: Option<i64>,
        #[serde(default)]
        values: Vec<i64>,
    },
    Number {
        min: Option<f64>,
        max: Option<f64>,
    },
    Text {
        format: Option<String>,
        min: Option<usize>,
        max: Option<usize>,
        #[serde(default)]
        values: Vec<String>,
    },
    Array {
        min: Option<usize>,
        max: Option<usize>,
        items: usize,
    },
    Object {
        /// Name to index.
        #[serde(default)]
        properties: Map<String, Value>,
        #[serde(default)]
        required: Vec<String>,
    },
    OneOf(Vec<usize>),
}

impl Line {
    /// The schema, given the ones before it, which are all it may refer to.
    pub(super) fn resolve(self, earlier: &[Arc<Schema>]) -> Result<Schema, String> {
        let at = |index: usize| earlier.get(index).cloned().ok_or_else(|| format!("no schema {index} yet"));
        Ok(match self {
            Self::Any => Any,
            Self::Boolean => Boolean,
            Self::Integer { min, max, values } => Integer { min, max, values },
            Self::Number { min, max } => Number { min, max },
            Self::Text { format, min, max, values } => {
                Text { format, min_length: min, max_length: max, values }
            }
            Self::Array { min, max, items } => Array { min_items: min, max_items: max, items: at(items)? },
            Self::Object { properties, required } => {
                let properties = properties.into_iter().map(|(name, index)| {
                    let index =
                        index.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
                    Ok(Property { required: required.contains(&name), schema: at(index)?, name })
                });
                Object { properties: properties.collect::<Result<_, String>>()? }
            }
            Self::OneOf(forms) => OneOf(forms.into_iter().map(at).collect::<Result<_, String>>()?),
        })
    }
}
