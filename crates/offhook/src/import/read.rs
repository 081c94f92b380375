//! Files, row by row, in constant memory: JSON (a page, a list, several pages one after the other), NDJSON, CSV; each
//! also compressed (gzip).

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, bail};
use offhook_calls::normalize::Door;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{
    map::{Mapping, snake},
    portal::Portal,
    shape::{Row, recognise, rows},
    time::{DateOrder, Reading, shown_order},
};

/// The longest line of NDJSON: a page of 300 rows is some hundred kilobytes.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// What comes out of a file.
pub(super) enum Item {
    /// A row, and the line (of JSON that is not one value a line, the number of the value) it was in.
    Row(u64, Row),
    /// A line that cannot be read: why, and what it says.
    Bad(u64, String, String),
    /// Something to know about the file.
    Remark(String),
}

/// Where items go. An error ends the reading.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Item) -> anyhow::Result<()>;

/// How to read.
#[derive(Debug)]
pub(super) struct How {
    /// The shape that a person named.
    pub(super) forced: Option<Door>,
    pub(super) mapping: Mapping,
}

/// Reads a file, or standard input for `-`. `read` counts the bytes of the file as they are read.
pub(super) fn file(path: &Path, how: &How, read: &Arc<AtomicU64>, sink: Sink<'_>) -> anyhow::Result<()> {
    let again = || -> anyhow::Result<Box<dyn BufRead>> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        unpacked(Box::new(file))
    };
    let is_stdin = path == Path::new("-");
    let counted: Box<dyn Read> = if is_stdin {
        Box::new(Counting { inner: io::stdin(), read: Arc::clone(read) })
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Box::new(Counting { inner: file, read: Arc::clone(read) })
    };
    let mut reader = unpacked(counted)?;
    let first = first_byte(&mut reader)?;
    let done = match first {
        None => Ok(()),
        Some(b'[') => list(&mut reader, how, sink),
        Some(b'{') => objects(&mut reader, how, sink),
        Some(_) => {
            let mut order = how.mapping.reading().order;
            if order.is_none() && !is_stdin {
                order = table_order(&mut again()?)?;
            }
            table(&mut reader, how, order, sink)
        }
    };
    done.with_context(|| format!("{} was read up to there", path.display()))
}

/// A reader that counts.
struct Counting<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Without compression, and as UTF-8: without a byte order mark, and out of UTF-16 if it is that.
fn unpacked(raw: Box<dyn Read>) -> anyhow::Result<Box<dyn BufRead>> {
    let mut reader: Box<dyn BufRead> = Box::new(BufReader::with_capacity(256 * 1024, raw));
    if reader.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        reader = Box::new(BufReader::with_capacity(256 * 1024, flate2::bufread::MultiGzDecoder::new(reader)));
    }
    let start = reader.fill_buf()?;
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        reader.consume(3);
    } else if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        bail!("it is UTF-16, as spreadsheets save \"Unicode text\"; save it as CSV (UTF-8)");
    }
    Ok(reader)
}

/// The first byte that is no space; it stays unread.
fn first_byte(reader: &mut Box<dyn BufRead>) -> anyhow::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let spaces = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let byte = buffer.get(spaces).copied();
        reader.consume(spaces);
        if byte.is_some() {
            return Ok(byte);
        }
    }
}

/// One value's rows.
fn tell(number: u64, value: &Value, how: &How, sink: Sink<'_>) -> anyhow::Result<()> {
    match rows(value.clone(), how.forced, &how.mapping) {
        Ok(rows) => rows.into_iter().try_for_each(|row| sink(Item::Row(number, row))),
        Err(reason) => sink(Item::Bad(number, reason, value.to_string())),
    }
}

/// A JSON list, element by element.
fn list(reader: &mut Box<dyn BufRead>, how: &How, sink: Sink<'_>) -> anyhow::Result<()> {
    struct Each<'a, 'b> {
        how: &'a How,
        sink: Sink<'b>,
        failed: &'a mut Option<anyhow::Error>,
    }
    impl<'de> Visitor<'de> for Each<'_, '_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of rows or pages")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
            let mut number = 0;
            while let Some(value) = sequence.next_element::<Value>()? {
                number += 1;
                if let Err(error) = tell(number, &value, self.how, self.sink) {
                    *self.failed = Some(error);
                    return Err(serde::de::Error::custom("stopped"));
                }
            }
            Ok(())
        }
    }
    impl<'de> DeserializeSeed<'de> for Each<'_, '_> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }
    let mut failed = None;
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let done = Each { how, sink, failed: &mut failed }.deserialize(&mut deserializer);
    match (failed, done) {
        (Some(error), _) => Err(error),
        (None, done) => done.context("the list is not JSON to its end"),
    }
}

/// Objects: one a line, or spread over lines one after the other.
fn objects(reader: &mut Box<dyn BufRead>, how: &How, sink: Sink<'_>) -> anyhow::Result<()> {
    let mut line = Vec::new();
    let mut number = 1;
    read_line(reader, &mut line)?;
    if serde_json::from_slice::<Value>(&line).is_err() {
        let whole = Cursor::new(line).chain(reader);
        for value in serde_json::Deserializer::from_reader(whole).into_iter::<Value>() {
            match value {
                Ok(value) => tell(number, &value, how, sink)?,
                Err(error) if error.is_io() => return Err(error.into()),
                // Where one of these ends nobody can say, so what follows cannot be read either.
                Err(error) => {
                    return sink(Item::Bad(number, format!("not JSON from here on: {error}"), String::new()));
                }
            }
            number += 1;
        }
        return Ok(());
    }
    loop {
        if !line.trim_ascii().is_empty() {
            match serde_json::from_slice::<Value>(&line) {
                Ok(value) => tell(number, &value, how, sink)?,
                Err(error) => {
                    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                    sink(Item::Bad(number, format!("not JSON: {error}"), text))?;
                }
            }
        }
        number += 1;
        if read_line(reader, &mut line)? == 0 {
            return Ok(());
        }
    }
}

fn read_line(reader: &mut Box<dyn BufRead>, line: &mut Vec<u8>) -> anyhow::Result<u64> {
    line.clear();
    let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', line)? as u64;
    if read == LONGEST_LINE && !line.ends_with(b"\n") {
        bail!("a line is longer than {LONGEST_LINE} bytes");
    }
    Ok(read)
}

/// A CSV reader whose separator is the one that the first line has most of.
fn csv_reader(reader: &mut Box<dyn BufRead>) -> anyhow::Result<csv::Reader<&mut Box<dyn BufRead>>> {
    let start = reader.fill_buf()?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.split(|byte| *byte == separator).count();
    let separator =
        [b',', b';', b'\t'].into_iter().max_by_key(|separator| (count(*separator), *separator == b','));
    Ok(csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .flexible(true)
        .has_headers(false)
        .from_reader(reader))
}

/// A cell as text. What is not UTF-8 is taken for the Latin alphabet of old spreadsheets.
fn cell(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}

fn headers<R: Read>(reader: &mut csv::Reader<R>) -> anyhow::Result<Vec<String>> {
    let mut first = csv::ByteRecord::new();
    reader.read_byte_record(&mut first).context("the first line is no CSV")?;
    Ok(first.iter().map(cell).collect())
}

/// The order of day and month, shown by the first date of a table whose day is no month.
fn table_order(reader: &mut Box<dyn BufRead>) -> anyhow::Result<Option<DateOrder>> {
    first_byte(reader)?;
    let mut csv = csv_reader(reader)?;
    let Some((portal, _)) = Portal::of(&headers(&mut csv)?) else { return Ok(None) };
    let times: Vec<usize> = portal.times().collect();
    let mut record = csv::ByteRecord::new();
    while csv.read_byte_record(&mut record).unwrap_or(false) {
        let shown = times.iter().find_map(|number| shown_order(&cell(record.get(*number)?)));
        if shown.is_some() {
            return Ok(shown);
        }
    }
    Ok(None)
}

/// A table: of the portal, or of anybody with the API's names or a mapping.
fn table(
    reader: &mut Box<dyn BufRead>,
    how: &How,
    order: Option<DateOrder>,
    sink: Sink<'_>,
) -> anyhow::Result<()> {
    let mut csv = csv_reader(reader)?;
    let headers = headers(&mut csv)?;
    let named_as_in_the_api =
        headers.iter().all(|header| header.trim() == snake(header) || header.contains('.'));
    let portal = if how.mapping.is_given() || named_as_in_the_api { None } else { Portal::of(&headers) };
    if portal.is_none() && !how.mapping.is_given() && !named_as_in_the_api && how.forced.is_none() {
        bail!(
            "it is neither JSON nor a table of calls: of its columns ({}) none is known; name them with --map",
            headers.join(", ")
        );
    }
    let reading = Reading { order, ..how.mapping.reading().clone() };
    if let Some((_, unread)) = &portal {
        if !unread.is_empty() {
            sink(Item::Remark(format!("columns that are not read: {}", unread.join(", "))))?;
        }
        if !headers.iter().any(|header| matches!(snake(header).as_str(), "call_id" | "id" | "call_log_id")) {
            sink(Item::Remark(
                "this table has no id of a call: its calls stand for themselves and are not joined with the same calls \
                 from elsewhere"
                    .to_owned(),
            ))?;
        }
    }
    let mut record = csv::ByteRecord::new();
    loop {
        let line = csv.position().line();
        match csv.read_byte_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => (),
            Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => return Err(error.into()),
            Err(error) => {
                sink(Item::Bad(line, format!("not CSV: {error}"), String::new()))?;
                continue;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        let cells: Vec<String> = record.iter().map(cell).collect();
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let made = match &portal {
            Some((portal, _)) => {
                let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                portal.row(&cells, &reading).map(|row| (how.forced.unwrap_or(Door::CallLog), row))
            }
            None => named(&headers, &cells, how),
        };
        sink(match made {
            Ok(row) => Item::Row(line, row),
            Err(reason) => Item::Bad(line, reason, cells.join(",")),
        })?;
    }
}

/// A row whose columns have the API's names, or the map's.
fn named(headers: &[String], cells: &[String], how: &How) -> Result<Row, String> {
    let columns: Map<String, Value> = headers
        .iter()
        .zip(cells)
        .filter(|(header, cell)| !header.trim().is_empty() && !cell.trim().is_empty())
        .map(|(header, cell)| (header.trim().to_owned(), cell.as_str().into()))
        .collect();
    let row = how.mapping.apply(columns)?;
    match how.forced.or(how.mapping.door()).or_else(|| recognise(&row)) {
        Some(door) => Ok((door, Value::Object(row))),
        None => {
            Err("its shape is not recognised by its columns; name it with --as, or its columns with --map"
                .to_owned())
        }
    }
}
