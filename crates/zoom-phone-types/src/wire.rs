//! How event payloads are read and written: a small layer that never fails.
//!
//! Zoom sends integers where it documents text, leaves out what it calls required and adds fields without notice.
//! So a struct is read field by field; what does not fit its type stays, verbatim, in the struct's `extra`. Serde's
//! derives give up at the first surprise and cost more to compile.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A value of an event payload.
pub trait Wire: Sized {
    /// Reads a value leniently; `None` when it cannot be this type. JSON null is never a value.
    fn from_json(value: &Value) -> Option<Self>;

    /// The value as Zoom would send it.
    fn to_json(&self) -> Value;

    /// Adds what this crate does not know about the value found at `path`: the path of each unknown or misfitting
    /// field, and `path=value` for each unknown enum value.
    fn unfamiliar(&self, _path: &str, _found: &mut Vec<String>) {}
}

/// Accepts text, integers, short decimals and booleans.
impl Wire for String {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            // An identifier beyond 64 bits has lost its digits in f64 already: do not pretend.
            Value::Number(number) if number.as_f64().is_some_and(|n| number.is_f64() && n.abs() >= 1e15) => {
                None
            }
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

/// Accepts integers, decimals without a fraction and either as text.
impl Wire for i64 {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        (*self).into()
    }
}

/// The integer a float stands for, within the range where floats are exact.
#[expect(clippy::cast_possible_truncation, reason = "in range and without a fraction by the check")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// Accepts numbers and numbers as text.
impl Wire for f64 {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        (*self).into()
    }
}

/// Accepts booleans, `"true"`/`"false"` in any case and 0/1.
impl Wire for bool {
    fn from_json(value: &Value) -> Option<Self> {
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

    fn to_json(&self) -> Value {
        Value::Bool(*self)
    }
}

/// Accepts everything but null.
impl Wire for Value {
    fn from_json(value: &Value) -> Option<Self> {
        (!value.is_null()).then(|| value.clone())
    }

    fn to_json(&self) -> Value {
        self.clone()
    }
}

/// All items fit or none is taken.
impl<T: Wire> Wire for Vec<T> {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_json).collect()
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
}

/// All entries fit or none is taken.
impl<T: Wire> Wire for BTreeMap<String, T> {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_object()?.iter().map(|(key, value)| Some((key.clone(), T::from_json(value)?))).collect()
    }

    fn to_json(&self) -> Value {
        self.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<Map<_, _>>().into()
    }

    fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
        for (key, value) in self {
            value.unfamiliar(&join(path, key), found);
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

/// Prints `[redacted]`.
pub(crate) struct Redacted;

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A payload object: every field optional, what is unknown or does not fit in `extra`.
///
/// `Debug` prints the fields that are there, `[redacted]` for the ones marked so, and of `extra` only the keys.
/// `peculiar` before `struct`: unknown fields are expected and [`Wire::unfamiliar`] does not report them.
macro_rules! wire_struct {
    (
        $(#[$attr:meta])*
        pub $($kind:ident)+ {
            $( $(#[$field_attr:meta])* $wire:literal => $field:ident: $ty:ty $([$redact:ident])?, )*
        }
    ) => {
        $crate::wire::wire_struct!(@declare ($($kind)+) $(#[$attr])* { $( $(#[$field_attr])* $field: $ty, )* });
        $crate::wire::wire_struct!(@impl ($($kind)+) { $( $wire $field $ty [$($redact)?] )* });
    };
    (@declare (peculiar $name:ident) $($rest:tt)*) => { $crate::wire::wire_struct!(@declare ($name) $($rest)*); };
    (@declare ($name:ident) $(#[$attr:meta])* { $( $(#[$field_attr:meta])* $field:ident: $ty:ty, )* }) => {
        $(#[$attr])*
        #[derive(Clone, Default, PartialEq)]
        pub struct $name {
            $( $(#[$field_attr])* pub $field: Option<$ty>, )*
            /// Unknown fields, and known ones whose value is null or does not fit, as received.
            pub extra: serde_json::Map<String, serde_json::Value>,
        }
    };
    (@impl ($($kind:ident)+) { $( $wire:literal $field:ident $ty:ty [$($redact:ident)?] )* }) => {
        impl $crate::wire::Wire for $crate::wire::wire_struct!(@name $($kind)+) {
            fn from_json(value: &serde_json::Value) -> Option<Self> {
                let mut new = Self::default();
                for (key, value) in value.as_object()? {
                    let fits = match key.as_str() {
                        $( $wire => {
                            new.$field = <$ty as $crate::wire::Wire>::from_json(value);
                            new.$field.is_some()
                        } )*
                        _ => false,
                    };
                    if !fits {
                        new.extra.insert(key.clone(), value.clone());
                    }
                }
                Some(new)
            }

            fn to_json(&self) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $( if let Some(value) = &self.$field {
                    object.insert($wire.to_owned(), $crate::wire::Wire::to_json(value));
                } )*
                $crate::wire::keep(&mut object, &self.extra);
                object.into()
            }

            fn unfamiliar(&self, path: &str, found: &mut Vec<String>) {
                $( if let Some(value) = &self.$field {
                    $crate::wire::Wire::unfamiliar(value, &$crate::wire::join(path, $wire), found);
                } )*
                for (key, value) in &self.extra {
                    let known = matches!(key.as_str(), $($wire)|*);
                    let expected = if known { value.is_null() } else { $crate::wire::wire_struct!(@open $($kind)+) };
                    if !expected {
                        found.push($crate::wire::join(path, key));
                    }
                }
            }
        }

        impl std::fmt::Debug for $crate::wire::wire_struct!(@name $($kind)+) {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct($crate::wire::wire_struct!(@text $($kind)+));
                $( if let Some(_value) = &self.$field {
                    shown.field(stringify!($field), $crate::wire::wire_struct!(@shown _value $($redact)?));
                } )*
                if !self.extra.is_empty() {
                    shown.field("extra", &self.extra.keys().collect::<Vec<_>>());
                }
                shown.finish()
            }
        }
    };
    (@name peculiar $name:ident) => { $name };
    (@name $name:ident) => { $name };
    (@text peculiar $name:ident) => { stringify!($name) };
    (@text $name:ident) => { stringify!($name) };
    (@open peculiar $name:ident) => { true };
    (@open $name:ident) => { false };
    (@shown $value:ident redact) => { &$crate::wire::Redacted };
    (@shown $value:ident) => { $value };
}
pub(crate) use wire_struct;

/// A vocabulary that may grow: the known values as variants and `Other` with the text received.
macro_rules! open_enum {
    ( $(#[$attr:meta])* pub $name:ident { $( $variant:ident = $wire:literal, )* } ) => {
        $(#[$attr])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
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

        impl $crate::wire::Wire for $name {
            fn from_json(value: &serde_json::Value) -> Option<Self> {
                Some(String::from_json(value)?.as_str().into())
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
