//! JSON in colour.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::{
    Serializer, Value,
    ser::{CharEscape, Formatter, PrettyFormatter},
};

const NAME: &[u8] = b"\x1b[34m";
const TEXT: &[u8] = b"\x1b[32m";
const NUMBER: &[u8] = b"\x1b[36m";
const WORD: &[u8] = b"\x1b[35m";
const END: &[u8] = b"\x1b[0m";

/// The value, indented, for a terminal.
pub(super) fn coloured(value: &Value) -> String {
    let mut text = Vec::new();
    let formatter = Coloured { pretty: PrettyFormatter::new(), in_name: false };
    match value.serialize(&mut Serializer::with_formatter(&mut text, formatter)) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => format!("{value:#}"),
    }
}

struct Coloured {
    pretty: PrettyFormatter<'static>,
    in_name: bool,
}

fn in_colour<W: ?Sized + Write>(to: &mut W, colour: &[u8], text: impl std::fmt::Display) -> io::Result<()> {
    to.write_all(colour)?;
    write!(to, "{text}")?;
    to.write_all(END)
}

impl Formatter for Coloured {
    fn write_null<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        in_colour(to, WORD, "null")
    }

    fn write_bool<W: ?Sized + Write>(&mut self, to: &mut W, value: bool) -> io::Result<()> {
        in_colour(to, WORD, value)
    }

    fn write_i64<W: ?Sized + Write>(&mut self, to: &mut W, value: i64) -> io::Result<()> {
        in_colour(to, NUMBER, value)
    }

    fn write_u64<W: ?Sized + Write>(&mut self, to: &mut W, value: u64) -> io::Result<()> {
        in_colour(to, NUMBER, value)
    }

    fn write_f64<W: ?Sized + Write>(&mut self, to: &mut W, value: f64) -> io::Result<()> {
        to.write_all(NUMBER)?;
        self.pretty.write_f64(to, value)?;
        to.write_all(END)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(if self.in_name { NAME } else { TEXT })?;
        to.write_all(b"\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b"\"")?;
        to.write_all(END)
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, to: &mut W, escape: CharEscape) -> io::Result<()> {
        self.pretty.write_char_escape(to, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.pretty.begin_array(to)
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.pretty.end_array(to)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(to, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(to)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.pretty.begin_object(to)
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.pretty.end_object(to)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.in_name = true;
        self.pretty.begin_object_key(to, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.in_name = false;
        self.pretty.end_object_key(to)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(to)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(to)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn without_its_colours_it_is_the_same_json() {
        let value =
            json!({ "a": [1, -2, 0.5, null, true, {}], "b\u{1b}": "c\n\u{1b}[31m", "d": { "e": [] } });
        let text = coloured(&value);
        assert!(text.contains("\x1b[34m\"a\"\x1b[0m: ["), "{text}");
        let mut plain = text;
        for code in [NAME, TEXT, NUMBER, WORD, END] {
            plain = plain.replace(std::str::from_utf8(code).unwrap(), "");
        }
        assert!(!plain.contains('\x1b'), "what Zoom sends cannot colour the terminal");
        assert_eq!(plain, format!("{value:#}"));
    }
}
