//! RFC 4180.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::{
    batch::{Batch, Value},
    table::{Column, Type},
};

pub(super) fn header(out: &mut impl Write, columns: &[Column]) -> io::Result<()> {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    write!(out, "{}\r\n", names.join(","))
}

pub(super) fn write(out: &mut impl Write, batch: &Batch, safe: bool) -> io::Result<()> {
    let mut line = Vec::new();
    batch.each_row(|cells| {
        line.clear();
        for (nth, (column, value)) in cells.enumerate() {
            if nth > 0 {
                line.push(b',');
            }
            match value {
                None => {}
                Some(Value::Text(text)) => field(&mut line, text, safe),
                Some(Value::Number(ms)) if column.kind == Type::Time => write!(line, "{}", at(ms))?,
                Some(Value::Number(number)) => write!(line, "{number}")?,
                Some(Value::Flag(flag)) => write!(line, "{flag}")?,
            }
        }
        line.extend_from_slice(b"\r\n");
        out.write_all(&line)
    })
}

/// A moment from milliseconds; those of a batch were moments before.
pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A text, in quotation marks where it needs them, and where it is empty: nothing at all is null.
fn field(line: &mut Vec<u8>, text: &str, safe: bool) {
    let guard = safe && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.is_empty()
        || text.contains([',', '"', '\r', '\n'])
        || text.starts_with([' ', '\t'])
        || text.ends_with([' ', '\t']);
    if quoted {
        line.push(b'"');
    }
    if guard {
        line.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    if quoted {
        line.push(b'"');
    }
}
