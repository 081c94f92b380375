//! A store with calls, and readers of what is exported.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use offhook_calls::normalize::Door;
use offhook_export::{
    Column, Files, Format, Kind, PART_ROWS, Selection, Streamed, Type, Written, stream, to_directory,
};
use offhook_store::{Archive, Arrival, Store};
use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_phone_emulator::{Exchange, Happening, Scenario, play};

pub(crate) const ACCOUNT: &str = "A";

/// Rows by column.
pub(crate) type Row = BTreeMap<String, Value>;

pub(crate) fn start() -> Timestamp {
    "2026-11-22T20:00:00Z".parse().unwrap()
}

/// Long after all calls are over.
pub(crate) fn later() -> Timestamp {
    start() + SignedDuration::from_hours(100)
}

/// Calls of every scenario, seven minutes apart, over midnight.
pub(crate) fn arrivals() -> Vec<Arrival> {
    let mut exchange = Exchange::new(11);
    exchange.account_id = ACCOUNT.to_owned();
    let mut planned: Vec<_> = (0..)
        .zip(Scenario::ALL.iter())
        .flat_map(|(n, scenario)| play(&mut exchange, *scenario, start() + SignedDuration::from_mins(n * 7)))
        .collect();
    planned.sort_by_key(|planned| planned.at);
    let arrivals = planned.into_iter().filter_map(|planned| match planned.what {
        Happening::Webhook(body) => Some(arrival(planned.at, Door::Webhook, &body)),
        Happening::Record(record) => Some(arrival(planned.at, Door::CallPath, &record.path())),
        Happening::Finished(_) => None,
    });
    arrivals.collect()
}

fn arrival(at: Timestamp, door: Door, body: &Value) -> Arrival {
    Arrival {
        received_at: at,
        door,
        account: ACCOUNT.to_owned(),
        event: body["event"].as_str().unwrap_or("getCallPath").to_owned(),
        event_ts: body["event_ts"].as_i64(),
        late: false,
        body: body.to_string().into(),
    }
}

/// Somebody's phone rings.
pub(crate) fn ringing(call_id: &str, name: &str) -> Arrival {
    let body = json!({
        "event": "phone.callee_ringing", "event_ts": start().as_millisecond(),
        "payload": { "account_id": ACCOUNT, "object": {
            "call_id": call_id, "ringing_start_time": start().to_string(),
            "caller": { "phone_number": "+14155550100", "connection_type": "pstn_off_net" },
            "callee": { "user_id": "u1", "extension_number": 101, "extension_type": "user", "name": name },
        } },
    });
    arrival(start(), Door::Webhook, &body)
}

/// A step that belongs to two calls: they are one.
pub(crate) fn joining(one: &str, other: &str) -> Arrival {
    let step =
        |id: &str, call: &str| json!({ "call_element_id": id, "call_id": call, "call_history_uuid": "h" });
    let body = json!({
        "event": "phone.callee_call_element_completed", "event_ts": start().as_millisecond(),
        "payload": { "account_id": ACCOUNT, "object": { "user_id": "u1",
            "call_elements": [step("e1", one), step("e2", other)] } },
    });
    arrival(start(), Door::Webhook, &body)
}

pub(crate) struct Rig {
    pub(crate) data: TempDir,
    pub(crate) out: TempDir,
    pub(crate) store: Store,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let data = TempDir::new().unwrap();
        let store = Store::open(data.path()).unwrap();
        Self { data, out: TempDir::new().unwrap(), store }
    }

    pub(crate) async fn take(&self, arrivals: impl IntoIterator<Item = Arrival>) {
        for arrival in arrivals {
            self.store.inbox().append(arrival).await.unwrap();
        }
        while self.store.fold_next(500).unwrap().entries > 0 {}
    }

    pub(crate) fn archive(&self) -> Archive {
        Archive::open(self.data.path()).unwrap()
    }

    pub(crate) fn stream(&self, kind: Kind, format: Format) -> Vec<u8> {
        self.stream_after(kind, format, 0).0
    }

    pub(crate) fn stream_after(&self, kind: Kind, format: Format, after: u64) -> (Vec<u8>, Streamed) {
        let mut bytes = Vec::new();
        let archive = self.archive();
        let up_to = kind.up_to(&archive).unwrap();
        let streamed = stream(archive, &all(kind), format, after, up_to, &mut bytes).unwrap();
        (bytes, streamed)
    }

    pub(crate) fn files(&self, format: Format) -> Files {
        Files {
            directory: self.out.path().to_owned(),
            format,
            time_zone: TimeZone::UTC,
            full: false,
            part_rows: PART_ROWS,
        }
    }

    pub(crate) fn export(&self, kind: Kind, format: Format) -> Written {
        to_directory(self.archive(), &all(kind), &self.files(format), |_, _, _| ()).unwrap()
    }
}

pub(crate) fn all(kind: Kind) -> Selection {
    Selection { kind, now: later(), account: None, from: None, to: None }
}

/// Every file below a folder, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The parts below a folder.
pub(crate) fn parts(folder: &Path) -> Vec<PathBuf> {
    let is_part = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("part-");
    files_below(folder).into_iter().filter(is_part).collect()
}

/// All rows of these files.
pub(crate) fn rows(kind: Kind, format: Format, files: &[PathBuf]) -> Vec<Row> {
    files.iter().flat_map(|file| read(kind, format, fs::read(file).unwrap())).collect()
}

/// What a file says, in one shape for all formats: times in milliseconds, JSON as text.
pub(crate) fn read(kind: Kind, format: Format, bytes: Vec<u8>) -> Vec<Row> {
    let columns = kind.columns();
    match format {
        Format::Csv { .. } => read_csv(&columns, &bytes),
        Format::Ndjson => {
            let lines = std::str::from_utf8(&bytes).unwrap().lines();
            lines.map(|line| read_line(&columns, line)).collect()
        }
        Format::Parquet => read_parquet(bytes),
    }
}

fn read_csv(columns: &[Column], bytes: &[u8]) -> Vec<Row> {
    let mut reader = ::csv::ReaderBuilder::new().from_reader(bytes);
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let expected: Vec<&str> = columns.iter().map(|column| column.name).collect();
    assert_eq!(names, expected);
    let row = |record: ::csv::StringRecord| {
        let cell = |(column, text): (&Column, &str)| {
            let value = match column.kind {
                // This reader cannot tell `""` from nothing; no text of the tests is empty.
                _ if text.is_empty() => Value::Null,
                Type::Text | Type::Json => text.into(),
                Type::Whole => text.parse::<i64>().unwrap().into(),
                Type::Time => text.parse::<Timestamp>().unwrap().as_millisecond().into(),
                Type::Flag => text.parse::<bool>().unwrap().into(),
            };
            (column.name.to_owned(), value)
        };
        columns.iter().zip(record.iter()).map(cell).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn read_line(columns: &[Column], line: &str) -> Row {
    let Value::Object(fields) = serde_json::from_str(line).unwrap() else { panic!("{line}") };
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let expected: Vec<&str> = columns.iter().map(|column| column.name).collect();
    assert_eq!(names, expected);
    let cell = |(column, (name, value)): (&Column, (String, Value))| {
        let value = match (column.kind, value) {
            (_, Value::Null) => Value::Null,
            (Type::Time, Value::String(at)) => at.parse::<Timestamp>().unwrap().as_millisecond().into(),
            (Type::Json, json @ (Value::Object(_) | Value::Array(_))) => json.to_string().into(),
            (_, value) => value,
        };
        (name, value)
    };
    columns.iter().zip(fields).map(cell).collect()
}

fn read_parquet(bytes: Vec<u8>) -> Vec<Row> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let row = |row: parquet::record::Row| {
        let cell = |(name, field): (&String, &Field)| {
            let value = match field {
                Field::Null => Value::Null,
                Field::Str(text) => text.as_str().into(),
                Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).unwrap().into(),
                Field::Long(number) | Field::TimestampMillis(number) => (*number).into(),
                Field::Bool(flag) => (*flag).into(),
                other => panic!("{name}: {other:?}"),
            };
            (name.clone(), value)
        };
        row.get_column_iter().map(cell).collect()
    };
    reader.get_row_iter(None).unwrap().map(|one| row(one.unwrap())).collect()
}

pub(crate) const FORMATS: [Format; 3] = [Format::Csv { safe: false }, Format::Ndjson, Format::Parquet];
