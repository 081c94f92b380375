//! From text to types without a tree of JSON in between.
//!
//! Most of the time of reading a page goes into building [`Value`]s that are taken apart at once. Here the parser's
//! events go straight into the slots. Only the plain cases are told apart: text for text, an object for a struct.
//! What is not plain becomes a [`Value`] after all and is judged by [`Slot::take`], and a list with a misfit in it
//! sends the whole document back to [`Wire::from_value`]: both ways give the same, which the tests hold them to.

use super::{Facts, Slot, Wire};
use serde::Deserialize as _;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Where a parsed value goes.
pub enum Place<'a> {
    /// Text.
    Text(&'a mut Option<String>),
    /// Text of a vocabulary.
    Word(&'a mut dyn Word),
    /// An integer.
    Whole(&'a mut Option<i64>),
    /// A truth value.
    Flag(&'a mut Option<bool>),
    /// A struct.
    Object(&'a mut dyn Object),
    /// A list.
    List(&'a mut dyn List),
    /// Anything else: by way of a [`Value`].
    Tree,
}

/// A field that takes a word.
pub trait Word {
    /// Fills the field.
    fn set(&mut self, word: &str);
}

/// Fills a new struct: gets what it is, its slots and its `extra`.
pub type Fill<'f> = &'f mut dyn FnMut(&Facts, &mut [&mut dyn Slot], &mut Map<String, Value>);

/// A field that takes an object.
pub trait Object {
    /// Fills the field: `fill` gets the slots of a new struct.
    fn fill(&mut self, fill: Fill<'_>);
}

/// A field that takes a list.
pub trait List {
    /// An empty list.
    fn begin(&mut self);
    /// Adds an item: `read` fills its slot, and says whether it did.
    fn item(&mut self, read: &mut dyn FnMut(&mut dyn Slot) -> bool);
}

/// Reads JSON text as `T`. Gives back the tree where that is no `T`.
///
/// # Errors
///
/// The text is not JSON.
pub fn read_slice<T: Wire>(text: &[u8]) -> Result<Result<T, Value>, serde_json::Error> {
    let mut slot: Option<T> = None;
    if let Ok(None) = direct(text, &mut slot)
        && let Some(read) = slot
    {
        return Ok(Ok(read));
    }
    Ok(T::from_value(serde_json::from_slice(text)?))
}

fn direct(text: &[u8], slot: &mut dyn Slot) -> Result<Option<Value>, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let misfit = SlotSeed(slot).deserialize(&mut parser)?;
    parser.end()?;
    Ok(misfit)
}

/// Reads the fields of an object into their slots.
fn fill<'de, A: MapAccess<'de>>(
    mut map: A,
    fields: &[&str],
    slots: &mut [&mut dyn Slot],
    extra: &mut Map<String, Value>,
) -> Result<(), A::Error> {
    let (mut next, mut seen) = (0, 0);
    while let Some(key) = map.next_key_seed(KeySeed { fields, next })? {
        let misfit = match key {
            Key::Known(at) => {
                let Some(slot) = slots.get_mut(at) else {
                    return Err(A::Error::custom("more fields than slots"));
                };
                // Of a key that comes twice the last one counts, which the tree knows how to do.
                if at < seen && (slot.shown().is_some() || extra.contains_key(fields[at])) {
                    return Err(A::Error::custom("a key twice"));
                }
                next = at + 1;
                seen = seen.max(next);
                map.next_value_seed(SlotSeed(&mut **slot))?.map(|misfit| (fields[at].to_owned(), misfit))
            }
            Key::Unknown(key) => Some((key, map.next_value()?)),
        };
        if let Some((key, misfit)) = misfit {
            extra.insert(key, misfit);
        }
    }
    Ok(())
}

/// Finds a key among the fields, first behind the last one found.
struct KeySeed<'f> {
    fields: &'f [&'f str],
    next: usize,
}

enum Key {
    Known(usize),
    Unknown(String),
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Key, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(super::position(self.fields, self.next, key)
            .map_or_else(|| Key::Unknown(key.to_owned()), Key::Known))
    }
}

/// Reads a value into a slot; gives back what does not fit.
struct SlotSeed<'s>(&'s mut dyn Slot);

impl<'de> DeserializeSeed<'de> for SlotSeed<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Option<Value>, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SlotSeed<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Value>, E> {
        match self.0.place() {
            Place::Text(slot) => *slot = Some(text.to_owned()),
            Place::Word(slot) => slot.set(text),
            _ => return Ok(self.0.take(text.into())),
        }
        Ok(None)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Option<Value>, E> {
        self.visit_str(&text)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Option<Value>, E> {
        match self.0.place() {
            Place::Flag(slot) => *slot = Some(flag),
            _ => return Ok(self.0.take(flag.into())),
        }
        Ok(None)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<Value>, E> {
        match self.0.place() {
            Place::Whole(slot) => *slot = Some(number),
            _ => return Ok(self.0.take(number.into())),
        }
        Ok(None)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<Value>, E> {
        match (self.0.place(), i64::try_from(number)) {
            (Place::Whole(slot), Ok(number)) => *slot = Some(number),
            _ => return Ok(self.0.take(number.into())),
        }
        Ok(None)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<Value>, E> {
        Ok(self.0.take(number.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Value>, E> {
        Ok(self.0.take(Value::Null))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Value>, A::Error> {
        let Place::Object(slot) = self.0.place() else {
            let tree = Value::deserialize(MapAccessDeserializer::new(map))?;
            return Ok(self.0.take(tree));
        };
        let mut map = Some(map);
        let mut outcome = Ok(());
        slot.fill(&mut |facts, slots, extra| {
            if let Some(map) = map.take() {
                outcome = fill(map, facts.fields, slots, extra);
            }
        });
        outcome.map(|()| None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<Value>, A::Error> {
        let Place::List(slot) = self.0.place() else {
            let tree = Value::deserialize(SeqAccessDeserializer::new(items))?;
            return Ok(self.0.take(tree));
        };
        slot.begin();
        loop {
            let mut outcome = Ok(None);
            slot.item(&mut |slot| {
                outcome = items.next_element_seed(SlotSeed(slot));
                matches!(outcome, Ok(Some(None)))
            });
            match outcome? {
                None => return Ok(None),
                Some(None) => {}
                // The items before it are typed already and cannot be turned back into what they were.
                Some(Some(_)) => return Err(A::Error::custom("a misfit in a list")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{open_enum, wire_struct};
    use proptest::prelude::*;

    open_enum! {
        /// A word.
        pub Colour { Red = "red", Green = "green", }
    }

    wire_struct! {
        /// Holds a word.
        pub Inner {
            /// Word.
            "colour" => colour: Colour,
            /// Structs.
            "things" => things: Vec<Thing>,
        }
    }

    wire_struct! {
        /// Holds every kind of field.
        pub Thing {
            /// Text.
            "text" => text: String,
            /// Integer.
            "whole" => whole: i64,
            /// Number.
            "number" => number: f64,
            /// Truth value.
            "flag" => flag: bool,
            /// Word.
            "colour" => colour: Colour,
            /// Struct.
            "inner" => inner: Inner,
            /// Structs.
            "things" => things: Vec<Thing>,
            /// Texts.
            "texts" => texts: Vec<String>,
            /// Integers.
            "wholes" => wholes: Vec<i64>,
            /// Anything.
            "any" => any: Value,
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("1.5".to_owned()),
            Just("-0.0".to_owned()),
            Just("1e300".to_owned()),
            Just("18446744073709551615".to_owned()),
            Just("\"red\"".to_owned()),
            Just("\" 7 \"".to_owned()),
            any::<bool>().prop_map(|it| it.to_string()),
            any::<i64>().prop_map(|it| it.to_string()),
            any::<String>().prop_map(|it| Value::from(it).to_string()),
        ];
        leaf.prop_recursive(4, 60, 6, |inner| {
            let keys = prop_oneof![
                8 => proptest::sample::select(Thing::FACTS.fields).prop_map(str::to_owned),
                1 => "[a-z]{1,3}",
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(", "))),
                // Keys may repeat and come in any order.
                prop::collection::vec((keys, inner), 0..8).prop_map(|it| {
                    let fields: Vec<_> = it.iter().map(|(key, value)| format!("{key:?}: {value}")).collect();
                    format!("{{ {} }}", fields.join(","))
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn both_ways_of_reading_give_the_same(text in json()) {
            let tree: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read_slice::<Thing>(text.as_bytes()).unwrap(), Thing::from_value(tree.clone()));
            prop_assert_eq!(read_slice::<Vec<Thing>>(text.as_bytes()).unwrap(), Vec::<Thing>::from_value(tree));
        }

        #[test]
        fn text_that_is_no_json_is_an_error(text in json(), cut in 1_usize..20) {
            let cut = text.floor_char_boundary(text.len().saturating_sub(cut));
            let broken = &text[..cut];
            prop_assert_eq!(
                read_slice::<Thing>(broken.as_bytes()).is_err(),
                serde_json::from_str::<Value>(broken).is_err()
            );
        }
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_counts() {
        let thing: Thing =
            read_slice(br#"{"text": "a", "text": "b", "whole": {}, "whole": 1}"#).unwrap().unwrap();
        assert_eq!((thing.text.as_deref(), thing.whole), (Some("b"), Some(1)));
        assert!(thing.extra.is_empty());
    }
}
