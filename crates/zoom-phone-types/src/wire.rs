//! How payloads are read and written: a small layer that never fails.
//!
//! Zoom sends integers where it documents text, leaves out what it calls required and adds fields without notice.
//! So a struct is read field by field; what does not fit its type stays, verbatim, in the struct's `extra`. Serde's
//! derives give up at the first surprise and cost more to compile: here a struct is a table of [`Slot`]s, and reading,
//! writing and printing are one function each for all of them.

mod direct;

pub use direct::{Fill, List, Object, Place, Word, read_slice};

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A value of a payload: of an event, of a request, of a response.
pub trait Wire: Sized + fmt::Debug {
    /// Reads a value leniently; gives it back when it cannot be this type. JSON null is never a value.
    fn from_value(value: Value) -> Result<Self, Value>;

    /// Whether [`Wire::from_value`] would read the value.
    fn fits(value: &Value) -> bool;

    /// The value as Zoom would send it.
    fn to_json(&self) -> Value;

    /// Adds what this crate does not know about the value found at `path`: the path of each unknown or misfitting
    /// field, and `path=value` for each unknown enum value.
    fn unfamiliar(&self, _path: &str, _found: &mut Vec<String>) {}

    /// Adds the path of each setting, in the value found at `path`, that is not one of the action beside it, such as
    /// that of `forward_to_extension` beside `disconnect`. A setting of unknown form is none.
    fn contradictions(&self, _path: &str, _found: &mut Vec<String>) {}

    /// Where the parser puts a value of this type.
    fn place(_slot: &mut Option<Self>) -> Place<'_> {
        Place::Tree
    }

    /// As [`Wire::from_value`], of a value that is needed afterwards.
    fn from_json(value: &Value) -> Option<Self> {
        Self::from_value(value.clone()).ok()
    }
}

/// Nothing: whatever the value, it is dropped. For answers without content.
impl Wire for () {
    fn from_value(_: Value) -> Result<Self, Value> {
        Ok(())
    }

    fn fits(_: &Value) -> bool {
        true
    }

    fn to_json(&self) -> Value {
        Value::Null
    }
}

/// Accepts text, integers, short decimals and booleans.
impl Wire for String {
    fn place(slot: &mut Option<Self>) -> Place<'_> {
        Place::Text(slot)
    }

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::String(text) => Ok(text),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Number(number) if keeps_digits(&number) => Ok(number.to_string()),
            _ => Err(value),
        }
    }

    fn fits(value: &Value) -> bool {
        match value {
            Value::String(_) | Value::Bool(_) => true,
            Value::Number(number) => keeps_digits(number),
            _ => false,
        }
    }

    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

/// An identifier beyond 64 bits has lost its digits in f64 already: do not pretend.
fn keeps_digits(number: &serde_json::Number) -> bool {
    !(number.is_f64() && number.as_f64().is_some_and(|n| n.abs() >= 1e15))
}

/// Implements reading by value for a type that is copied out of the JSON.
macro_rules! copied {
    ($read:ident) => {
        fn from_value(value: Value) -> Result<Self, Value> {
            $read(&value).ok_or(value)
        }

        fn fits(value: &Value) -> bool {
            $read(value).is_some()
        }

        fn to_json(&self) -> Value {
            (*self).into()
        }
    };
}

/// Accepts integers, decimals without a fraction and either as text.
impl Wire for i64 {
    fn place(slot: &mut Option<Self>) -> Place<'_> {
        Place::Whole(slot)
    }

    copied!(read_integer);
}

fn read_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
        _ => None,
    }
}

/// The integer a float stands for, within the range where floats are exact.
#[expect(clippy::cast_possible_truncation, reason = "in range and without a fraction by the check")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// Accepts numbers and numbers as text.
impl Wire for f64 {
    copied!(read_number);
}

fn read_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// Accepts booleans, `"true"`/`"false"` in any case and 0/1.
impl Wire for bool {
    fn place(slot: &mut Option<Self>) -> Place<'_> {
        Place::Flag(slot)
    }

    copied!(read_flag);
}

fn read_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// Accepts everything but null.
impl Wire for Value {
    fn from_value(value: Value) -> Result<Self, Value> {
        if value.is_null() { Err(value) } else { Ok(value) }
    }

    fn fits(value: &Value) -> bool {
        !value.is_null()
    }

    fn to_json(&self) -> Value {
        self.clone()
    }
}

/// All items fit or none is taken.
impl<T: Wire> Wire for Vec<T> {
    fn place(slot: &mut Option<Self>) -> Place<'_> {
        Place::List(slot)
    }

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Array(items) if items.iter().all(T::fits) => {
                Ok(items.into_iter().filter_map(|item| T::from_value(item).ok()).collect())
            }
            _ => Err(value),
        }
    }

    fn fits(value: &Value) -> bool {
        value.as_array().is_some_and(|items| items.iter().all(T::fits))
    }

    fn to_json(&self) -> Value {
        self.iter().map(T::to_json).collect()
    }

    fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
        let path = format!("{path}[]");
        for item in self {
            item.unfamiliar(&path, found);
        }
    }

    fn contradictions(&self, path: &str, found: &mut Vec<String>) {
        for (index, item) in self.iter().enumerate() {
            item.contradictions(&format!("{path}[{index}]"), found);
        }
    }
}

impl<T: Wire> List for Option<Vec<T>> {
    fn begin(&mut self) {
        *self = Some(Vec::new());
    }

    fn item(&mut self, read: &mut dyn FnMut(&mut dyn Slot) -> bool) {
        let mut slot: Option<T> = None;
        if read(&mut slot)
            && let (Some(list), Some(item)) = (self.as_mut(), slot)
        {
            list.push(item);
        }
    }
}

/// All entries fit or none is taken.
impl<T: Wire> Wire for BTreeMap<String, T> {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(entries) if entries.values().all(T::fits) => Ok(entries
                .into_iter()
                .filter_map(|(key, value)| Some((key, T::from_value(value).ok()?)))
                .collect()),
            _ => Err(value),
        }
    }

    fn fits(value: &Value) -> bool {
        value.as_object().is_some_and(|entries| entries.values().all(T::fits))
    }

    fn to_json(&self) -> Value {
        self.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<Map<_, _>>().into()
    }

    fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
        for (key, value) in self {
            value.unfamiliar(&join(path, key), found);
        }
    }

    fn contradictions(&self, path: &str, found: &mut Vec<String>) {
        for (key, value) in self {
            value.contradictions(&join(path, key), found);
        }
    }
}

/// `path.key`, or `key` at the top.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Adds `extra` to an object; the typed fields already in it win.
pub(crate) fn keep(object: &mut Map<String, Value>, extra: &Map<String, Value>) {
    for (key, value) in extra {
        object.entry(key.as_str()).or_insert_with(|| value.clone());
    }
}

/// Adds the fields of an object to another, in place of the ones there.
#[cfg(feature = "operations")]
pub(crate) fn add(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

/// Adds the field that tells which form an object is, if the caller left it out.
#[cfg(feature = "operations")]
pub(crate) fn with_selector(mut form: Value, field: &str, value: &str) -> Value {
    if let Some(object) = form.as_object_mut().filter(|object| !object.contains_key(field)) {
        object.insert(field.to_owned(), value.into());
    }
    form
}

/// Prints `[redacted]`.
pub(crate) struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A field of a struct, whatever its type.
pub trait Slot {
    /// Where the parser puts the value.
    fn place(&mut self) -> Place<'_>;
    /// Fills the field; gives back what does not fit.
    fn take(&mut self, value: Value) -> Option<Value>;
    /// The value to write, if there is one.
    fn put(&self) -> Option<Value>;
    /// See [`Wire::unfamiliar`].
    fn unfamiliar(&self, path: &str, key: &str, found: &mut Vec<String>);
    /// [`Wire::contradictions`].
    fn contradictions(&self, path: &str, key: &str, found: &mut Vec<String>);
    /// The value to print, if there is one.
    fn shown(&self) -> Option<&dyn fmt::Debug>;
}

impl<T: Wire> Slot for Option<T> {
    fn place(&mut self) -> Place<'_> {
        T::place(self)
    }

    fn take(&mut self, value: Value) -> Option<Value> {
        match T::from_value(value) {
            Ok(value) => {
                *self = Some(value);
                None
            }
            Err(misfit) => Some(misfit),
        }
    }

    fn put(&self) -> Option<Value> {
        self.as_ref().map(T::to_json)
    }

    fn unfamiliar(&self, path: &str, key: &str, found: &mut Vec<String>) {
        if let Some(value) = self {
            value.unfamiliar(&join(path, key), found);
        }
    }

    fn contradictions(&self, path: &str, key: &str, found: &mut Vec<String>) {
        if let Some(value) = self {
            value.contradictions(&join(path, key), found);
        }
    }

    fn shown(&self) -> Option<&dyn fmt::Debug> {
        self.as_ref().map(|value| value as &dyn fmt::Debug)
    }
}

/// What a struct is, beside its fields' types.
pub struct Facts {
    /// The name in Rust.
    pub(crate) name: &'static str,
    /// The names on the wire, in the order of the slots.
    pub(crate) fields: &'static [&'static str],
    /// What stands behind a field in [`wire_struct`]: `redact`, or nothing.
    pub(crate) marks: &'static [&'static str],
    /// Further fields are expected.
    pub(crate) peculiar: bool,
}

/// Reads a struct from an object.
pub(crate) fn read_object<T>(value: Value) -> Result<T, Value>
where
    Option<T>: Object,
{
    let Value::Object(object) = value else { return Err(value) };
    let mut object = Some(object);
    let mut new: Option<T> = None;
    new.fill(&mut |facts, slots, extra| read(object.take().unwrap_or_default(), facts, slots, extra));
    // `fill` always makes one.
    new.ok_or_else(|| Value::Object(Map::new()))
}

/// Fills the slots of a struct and its `extra` from an object.
fn read(
    object: Map<String, Value>,
    facts: &Facts,
    slots: &mut [&mut dyn Slot],
    extra: &mut Map<String, Value>,
) {
    // Keys mostly come in the order of the documentation: look behind the last one first.
    let mut next = 0;
    for (key, value) in object {
        let found = position(facts.fields, next, &key);
        let misfit = match found.and_then(|at| slots.get_mut(at)) {
            Some(slot) => slot.take(value),
            None => Some(value),
        };
        next = found.map_or(next, |at| at + 1);
        if let Some(misfit) = misfit {
            extra.insert(key, misfit);
        }
    }
}

/// Where a key is among the fields, looked for from `next` on first.
fn position(fields: &[&str], next: usize, key: &str) -> Option<usize> {
    let (before, behind) = fields.split_at(next);
    let is_it = |field: &&str| *field == key;
    behind.iter().position(is_it).map(|at| next + at).or_else(|| before.iter().position(is_it))
}

/// The object of a struct.
pub(crate) fn write(facts: &Facts, slots: &[&dyn Slot], extra: &Map<String, Value>) -> Value {
    let mut object = Map::new();
    for (field, slot) in facts.fields.iter().zip(slots) {
        if let Some(value) = slot.put() {
            object.insert((*field).to_owned(), value);
        }
    }
    keep(&mut object, extra);
    object.into()
}

/// [`Wire::unfamiliar`] of a struct.
pub(crate) fn unfamiliar(
    facts: &Facts,
    slots: &[&dyn Slot],
    extra: &Map<String, Value>,
    path: &str,
    found: &mut Vec<String>,
) {
    for (field, slot) in facts.fields.iter().zip(slots) {
        slot.unfamiliar(path, field, found);
    }
    for (key, value) in extra {
        let known = facts.fields.contains(&key.as_str());
        let expected = if known { value.is_null() } else { facts.peculiar };
        if !expected {
            found.push(join(path, key));
        }
    }
}

/// [`Wire::contradictions`] of what is in a struct.
pub(crate) fn contradictions(facts: &Facts, slots: &[&dyn Slot], path: &str, found: &mut Vec<String>) {
    for (field, slot) in facts.fields.iter().zip(slots) {
        slot.contradictions(path, field, found);
    }
}

/// Prints a struct: the fields that are there, `[redacted]` for the ones marked so, and of `extra` only the keys.
pub(crate) fn show(
    facts: &Facts,
    slots: &[&dyn Slot],
    extra: &Map<String, Value>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut shown = f.debug_struct(facts.name);
    for ((field, mark), slot) in facts.fields.iter().zip(facts.marks).zip(slots) {
        if let Some(value) = slot.shown() {
            shown.field(field, if *mark == "redact" { &Redacted } else { value });
        }
    }
    if !extra.is_empty() {
        shown.field("extra", &extra.keys().collect::<Vec<_>>());
    }
    shown.finish()
}

/// Lets a type stand in structs that derive serde's traits: written by [`Wire::to_json`], read by
/// [`Wire::from_value`]. Everything is written: what `Debug` redacts, too.
macro_rules! serde_traits {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&$crate::wire::Wire::to_json(self), to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize(from, stringify!($name))
            }
        }
    };
}
pub(crate) use serde_traits;

/// Reads with serde; fails where [`Wire::from_value`] does. The error has no value in it: it may be a person's.
pub(crate) fn deserialize<'de, T: Wire, D: Deserializer<'de>>(from: D, name: &str) -> Result<T, D::Error> {
    T::from_value(Value::deserialize(from)?).map_err(|misfit| {
        let kind = match misfit {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        D::Error::custom(format_args!("{kind} is no {name}"))
    })
}

/// A payload object: every field optional, what is unknown or does not fit in `extra`.
///
/// A field may be marked `[redact]`, or `[by sibling]`: a [`choice`] that the sibling's value selects, and that is
/// written with that value if the sibling is left out.
/// `Debug` prints the fields that are there, `[redacted]` for the ones marked so, and of `extra` only the keys.
/// `peculiar` before `struct`: unknown fields are expected and [`Wire::unfamiliar`] does not report them.
macro_rules! wire_struct {
    (
        $(#[$attr:meta])*
        pub peculiar $name:ident { $($fields:tt)* }
    ) => {
        $crate::wire::wire_struct!(@all true $(#[$attr])* $name { $($fields)* });
    };
    (
        $(#[$attr:meta])*
        pub $name:ident { $($fields:tt)* }
    ) => {
        $crate::wire::wire_struct!(@all false $(#[$attr])* $name { $($fields)* });
    };
    (@all $peculiar:literal $(#[$attr:meta])* $name:ident {
        $( $(#[$field_attr:meta])* $wire:literal => $field:ident: $ty:ty $([$($mark:ident)+])?, )*
    }) => {
        $(#[$attr])*
        #[derive(Clone, Default, PartialEq)]
        pub struct $name {
            $( $(#[$field_attr])* pub $field: Option<$ty>, )*
            /// Unknown fields, and known ones whose value is null or does not fit, as received.
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            const FACTS: &$crate::wire::Facts = &$crate::wire::Facts {
                name: stringify!($name),
                fields: &[$($wire),*],
                marks: &[$(stringify!($($($mark)+)?)),*],
                peculiar: $peculiar,
            };

            fn slots(&self) -> [&dyn $crate::wire::Slot; <[&str]>::len(&[$($wire),*])] {
                [$(&self.$field),*]
            }
        }

        impl $crate::wire::Object for Option<$name> {
            fn fill(
                &mut self,
                fill: $crate::wire::Fill<'_>,
            ) {
                let mut new = $name::default();
                fill($name::FACTS, &mut [$(&mut new.$field),*], &mut new.extra);
                $( $($crate::wire::wire_struct!(@settle new $field $($mark)+);)? )*
                *self = Some(new);
            }
        }

        impl $crate::wire::Wire for $name {
            fn place(slot: &mut Option<Self>) -> $crate::wire::Place<'_> {
                $crate::wire::Place::Object(slot)
            }

            fn from_value(value: serde_json::Value) -> Result<Self, serde_json::Value> {
                $crate::wire::read_object(value)
            }

            fn fits(value: &serde_json::Value) -> bool {
                value.is_object()
            }

            fn to_json(&self) -> serde_json::Value {
                let written = $crate::wire::write(Self::FACTS, &self.slots(), &self.extra);
                $( $($crate::wire::wire_struct!(@name self written $field $($mark)+);)? )*
                written
            }

            fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
                $crate::wire::unfamiliar(Self::FACTS, &self.slots(), &self.extra, path, found);
            }

            fn contradictions(&self, path: &str, found: &mut Vec<String>) {
                $( $($crate::wire::wire_struct!(@agree self path found $wire $field $($mark)+);)? )*
                $crate::wire::contradictions(Self::FACTS, &self.slots(), path, found);
            }
        }

        $crate::wire::serde_traits!($name);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::wire::show(Self::FACTS, &self.slots(), &self.extra, f)
            }
        }
    };
    (@settle $new:ident $field:ident redact) => {};
    (@name $self:ident $written:ident $field:ident redact) => {};
    (@name $self:ident $written:ident $field:ident by $sibling:ident) => {
        let mut $written = $written;
        if $self.$sibling.is_none()
            && let Some(selector) = $self.$field.as_ref().and_then(|setting| setting.selector())
        {
            let named = Self { $sibling: Some(selector.into()), ..Self::default() };
            $crate::wire::add(&mut $written, named.to_json());
        }
    };
    (@agree $self:ident $path:ident $found:ident $wire:literal $field:ident redact) => {};
    (@agree $self:ident $path:ident $found:ident $wire:literal $field:ident by $sibling:ident) => {
        if let (Some(named), Some(setting)) = (&$self.$sibling, &$self.$field)
            && setting.selector().is_some_and(|selector| selector != named.as_str())
        {
            $found.push($crate::wire::join($path, $wire));
        }
    };
    (@settle $new:ident $field:ident by $sibling:ident) => {
        if let Some(value) = $new.$field.take() {
            $new.$field = Some(value.select($new.$sibling.as_ref().map(|it| it.as_str())));
        }
    };
}
pub(crate) use wire_struct;

/// A vocabulary that may grow: the known values as variants and `Other` with the text received. Match with `_`: what
/// is `Other` today may be a variant tomorrow.
macro_rules! open_enum {
    ( $(#[$attr:meta])* pub $name:ident { $( $variant:ident = $wire:literal, )* } ) => {
        $(#[$attr])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum $name {
            $( #[doc = concat!("`", $wire, "`")] $variant, )*
            /// A value this crate does not know, as received.
            Other(String),
        }

        impl $name {
            /// The known values.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// The wire value.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )*
                    Self::Other(text) => text,
                }
            }

            /// Whether this crate knows the value.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        /// Spaces around a known value do not matter; an unknown one is kept as it is.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text.trim() {
                    $( $wire => Self::$variant, )*
                    _ => Self::Other(text.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        $crate::wire::serde_traits!($name);

        impl $crate::wire::Word for Option<$name> {
            fn set(&mut self, word: &str) {
                *self = Some(word.into());
            }
        }

        impl $crate::wire::Wire for $name {
            fn place(slot: &mut Option<Self>) -> $crate::wire::Place<'_> {
                $crate::wire::Place::Word(slot)
            }

            fn from_value(value: serde_json::Value) -> Result<Self, serde_json::Value> {
                Ok(String::from_value(value)?.as_str().into())
            }

            fn fits(value: &serde_json::Value) -> bool {
                String::fits(value)
            }

            fn to_json(&self) -> serde_json::Value {
                self.as_str().into()
            }

            fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
                // Zoom sends empty text where it has nothing to say.
                if let Self::Other(text) = self && !text.trim().is_empty() {
                    found.push(format!("{path}={text}"));
                }
            }
        }
    };
}
pub(crate) use open_enum;

/// A value of several forms: one variant for each, and `Other` with the JSON received.
///
/// `by sibling`: a field beside it selects the form, see [`wire_struct`]. `by "field"`: its own field of this name does,
/// and is written even if the form leaves it out.
/// `by property`: the first of the properties named that is there and not null.
#[cfg(feature = "operations")]
macro_rules! choice {
    ( $(#[$attr:meta])* pub $name:ident by $by:tt { $( $variant:ident($ty:ty) = $value:literal, )* } ) => {
        $(#[$attr])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( #[doc = concat!("`", $value, "`")] $variant($ty), )*
            /// What fits no form, or an unknown one, as received.
            Other(serde_json::Value),
        }

        impl $name {
            /// The value that stands for the form; `None` for an unknown one.
            pub fn selector(&self) -> Option<&'static str> {
                match self {
                    $( Self::$variant(_) => Some($value), )*
                    Self::Other(_) => None,
                }
            }

            /// The value as the form that the selector stands for.
            fn form(value: serde_json::Value, selector: Option<&str>) -> Self {
                match selector {
                    $( Some($value) => match $crate::wire::Wire::from_value(value) {
                        Ok(form) => Self::$variant(form),
                        Err(misfit) => Self::Other(misfit),
                    }, )*
                    _ => Self::Other(value),
                }
            }
        }

        $crate::wire::choice!(@select $by $name);

        impl $crate::wire::Wire for $name {
            fn from_value(value: serde_json::Value) -> Result<Self, serde_json::Value> {
                if value.is_null() {
                    return Err(value);
                }
                let selector = $crate::wire::choice!(@selector $by value [$($value),*]);
                Ok(Self::form(value, selector.as_ref().map(AsRef::as_ref)))
            }

            fn fits(value: &serde_json::Value) -> bool {
                !value.is_null()
            }

            fn to_json(&self) -> serde_json::Value {
                match self {
                    $( Self::$variant(form) => $crate::wire::choice!(@write $by form $value), )*
                    Self::Other(value) => value.clone(),
                }
            }

            fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
                match self {
                    $( Self::$variant(form) => $crate::wire::Wire::unfamiliar(form, path, found), )*
                    // An empty object says nothing.
                    Self::Other(value) if value.as_object().is_some_and(serde_json::Map::is_empty) => {}
                    Self::Other(_) => found.push(path.to_owned()),
                }
            }

            fn contradictions(&self, path: &str, found: &mut Vec<String>) {
                match self {
                    $( Self::$variant(form) => $crate::wire::Wire::contradictions(form, path, found), )*
                    Self::Other(_) => {}
                }
            }
        }

        $crate::wire::serde_traits!($name);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $( Self::$variant(form) => f.debug_tuple(stringify!($variant)).field(form).finish(), )*
                    Self::Other(_) => f.debug_tuple("Other").field(&$crate::wire::Redacted).finish(),
                }
            }
        }
    };
    (@write $own:literal $form:ident $value:literal) => {
        $crate::wire::with_selector($crate::wire::Wire::to_json($form), $own, $value)
    };
    (@write $by:tt $form:ident $value:literal) => {
        $crate::wire::Wire::to_json($form)
    };
    (@select sibling $name:ident) => {
        impl $name {
            /// What was read without knowing the selector, as the form it stands for.
            pub(crate) fn select(self, selector: Option<&str>) -> Self {
                match self {
                    Self::Other(value) => Self::form(value, selector),
                    known => known,
                }
            }
        }
    };
    (@select $by:tt $name:ident) => {};
    (@selector sibling $object:ident $values:tt) => {
        None::<String>
    };
    (@selector property $object:ident [$($value:literal),*]) => {
        [$($value),*].into_iter().find(|property| $object.get(property).is_some_and(|it| !it.is_null()))
    };
    (@selector $own:literal $object:ident $values:tt) => {
        $object.get($own).and_then(serde_json::Value::as_str).map(str::to_owned)
    };
}
#[cfg(feature = "operations")]
pub(crate) use choice;
