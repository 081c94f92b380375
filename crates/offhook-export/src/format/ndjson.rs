//! One JSON object a line.

use std::io::{self, Write};

use serde_json::value::RawValue;

use super::csv::at;
use crate::{
    batch::{Batch, Value},
    table::Type,
};

pub(super) fn write(out: &mut impl Write, batch: &Batch) -> io::Result<()> {
    let mut line = Vec::new();
    batch.each_row(|cells| {
        line.clear();
        for (nth, (column, value)) in cells.enumerate() {
            line.push(if nth == 0 { b'{' } else { b',' });
            write!(line, "\"{}\":", column.name)?;
            match value {
                None => line.extend_from_slice(b"null"),
                Some(Value::Text(json)) if column.kind == Type::Json => match one_line(json) {
                    Some(json) => line.extend_from_slice(json.as_bytes()),
                    None => serde_json::to_writer(&mut line, json)?,
                },
                Some(Value::Text(text)) => serde_json::to_writer(&mut line, text)?,
                Some(Value::Number(ms)) if column.kind == Type::Time => write!(line, "\"{}\"", at(ms))?,
                Some(Value::Number(number)) => write!(line, "{number}")?,
                Some(Value::Flag(flag)) => write!(line, "{flag}")?,
            }
        }
        line.extend_from_slice(b"}\n");
        out.write_all(&line)
    })
}

/// The same JSON without breaks between its tokens (inside a text there can be none); `None` if it is no JSON.
fn one_line(json: &str) -> Option<String> {
    serde_json::from_str::<&RawValue>(json).ok()?;
    Some(json.replace(['\r', '\n'], " "))
}
