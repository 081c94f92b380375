//! Calls by the million: a few hundred that the emulator plays, stamped out again and again with other ids, outside
//! numbers and times.

use std::collections::HashMap;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use offhook_calls::{CallBook, CallView, PartyKind, normalize, normalize::Door};
use offhook_store::Arrival;
use serde_json::Value;
use zoom_phone_emulator::{Exchange, Happening, Scenario, play};

/// The account of all calls.
pub(crate) const ACCOUNT: &str = "BenchAccount_0123456789A";

/// Calls played. Each scenario comes several times, with other people.
const PLAYED: usize = 510;

/// One call in `HOT` is with the same outside number.
pub(crate) const HOT: u64 = 25;

/// Outside numbers beside that one.
const NUMBERS: u64 = 500_000;

/// Marks a place to fill in; no JSON that is written contains it.
const MARK: char = '\u{1}';

/// Calls to stamp out.
pub(crate) struct Stamps {
    calls: Vec<Stamp>,
}

/// One call with places to fill in.
struct Stamp {
    events: Vec<Message>,
    row: Message,
    path: Message,
    elements: u64,
}

struct Message {
    door: Door,
    event: String,
    /// From the call's beginning.
    after: SignedDuration,
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    /// A call id, and what follows its digits.
    CallId(u64, String),
    /// Another id: what comes before its last 12 digits.
    Id(u64, String),
    /// Ends of an outside number, `+` and digits.
    Number,
    Time(SignedDuration),
    Milliseconds(SignedDuration),
}

/// What a call of the mass is known by.
pub(crate) struct Known {
    /// The id of its row of history.
    pub(crate) history_uuid: String,
}

impl Stamps {
    /// Plays the calls.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let start = beginning()?;
        let mut exchange = Exchange::new(7);
        ACCOUNT.clone_into(&mut exchange.account_id);
        let mut calls = Vec::new();
        for (n, scenario) in (0..PLAYED).zip(Scenario::ALL.iter().cycle()) {
            let at = start + SignedDuration::from_mins(i64::try_from(n)?);
            calls.extend(Stamp::of(play(&mut exchange, *scenario, at), at)?);
        }
        anyhow::ensure!(!calls.is_empty(), "the emulator played no call with a record");
        Ok(Self { calls })
    }

    fn of(&self, call: u64) -> &Stamp {
        let count = self.calls.len() as u64;
        &self.calls[usize::try_from(call % count).unwrap_or(0)]
    }

    /// Steps on record of a call.
    pub(crate) fn elements(&self, call: u64) -> u64 {
        self.of(call).elements
    }

    /// What a backfill would bring in of a call: its row, and its steps.
    pub(crate) fn records(&self, call: u64) -> anyhow::Result<[Arrival; 2]> {
        let stamp = self.of(call);
        Ok([stamp.row.arrival(call)?, stamp.path.arrival(call)?])
    }

    /// The webhooks of a call.
    pub(crate) fn events(&self, call: u64) -> impl Iterator<Item = anyhow::Result<Arrival>> {
        self.of(call).events.iter().map(move |event| event.arrival(call))
    }

    /// An id of a call.
    pub(crate) fn known(&self, call: u64) -> anyhow::Result<Known> {
        let body: Value = serde_json::from_slice(&self.of(call).row.arrival(call)?.body)?;
        let history_uuid = body["call_history_uuid"].as_str().context("a row without its id")?.to_owned();
        Ok(Known { history_uuid })
    }
}

/// When the first call begins.
fn beginning() -> anyhow::Result<Timestamp> {
    Ok("2026-01-05T08:00:00Z".parse()?)
}

/// When a call begins: 2.5 million of them take half a year.
fn start_of(call: u64) -> anyhow::Result<Timestamp> {
    Ok(beginning()? + SignedDuration::from_millis(i64::try_from(call)? * 6_200))
}

/// Looks random, and is another number for every number below 2^48.
fn mixed(number: u64) -> u64 {
    let low = (1 << 48) - 1;
    let once = number.wrapping_mul(0x5DEE_CE66_D1B5) & low;
    (once ^ (once >> 21)).wrapping_mul(0x9E37_79B9_7F4B) & low
}

/// The outside number of a call.
pub(crate) fn number_of(call: u64) -> String {
    let which = if call.is_multiple_of(HOT) { 0 } else { 1 + mixed(call) % NUMBERS };
    format!("+49{:010}", 3_000_000_000 + mixed(which) % 6_000_000_000)
}

impl Stamp {
    /// `None` for a call without a record, or without an outside number.
    fn of(planned: Vec<zoom_phone_emulator::Planned>, start: Timestamp) -> anyhow::Result<Option<Self>> {
        let mut messages = Vec::new();
        let mut record = None;
        for planned in planned {
            match planned.what {
                Happening::Webhook(body) => messages.push((Door::Webhook, planned.at, body)),
                Happening::Record(one) => record = Some((planned.at, one)),
                Happening::Finished(_) => {}
            }
        }
        let Some((at, record)) = record else { return Ok(None) };
        messages.push((Door::CallHistory, at, record.row()));
        messages.push((Door::CallPath, at, record.path()));
        let mut book = CallBook::default();
        for (door, _, body) in &messages {
            for (fact, heard) in normalize::read(*door, ACCOUNT, body.to_string().as_bytes()).facts {
                book.absorb(fact, heard);
            }
        }
        let changes = book.into_changes();
        let [change] = changes.as_slice() else { return Ok(None) };
        let view = CallView::of(&change.key, &change.names, &change.facts);
        let outside =
            [&view.from, &view.to].into_iter().flatten().find(|end| end.kind == PartyKind::External);
        let Some(number) = outside.and_then(|party| party.number.clone()) else { return Ok(None) };
        // Some callers hide theirs in records.
        if !messages
            .iter()
            .any(|(door, _, body)| *door != Door::Webhook && body.to_string().contains(&number))
        {
            return Ok(None);
        }
        let mut ids = HashMap::new();
        let mut messages: Vec<Message> = messages
            .into_iter()
            .map(|(door, at, body)| Message::of(door, at, start, body, &number, &mut ids))
            .collect::<Result<_, _>>()?;
        let (path, row) = (messages.pop(), messages.pop());
        let elements = record.elements.len() as u64;
        Ok(path.zip(row).map(|(path, row)| Self { events: messages, row, path, elements }))
    }
}

impl Message {
    fn of(
        door: Door,
        at: Timestamp,
        start: Timestamp,
        mut body: Value,
        number: &str,
        ids: &mut HashMap<String, u64>,
    ) -> anyhow::Result<Self> {
        let event = match door {
            Door::Webhook => body["event"].as_str().context("an event without a name")?,
            Door::CallPath => "getCallPath",
            _ => "accountCallHistory",
        };
        let event = event.to_owned();
        let mut places = Vec::new();
        mark(&mut body, start, number, ids, &mut places);
        // A number stands without quotation marks, every other place inside them.
        let text = body.to_string().replace("\\u0001", &MARK.to_string());
        let mut pieces = Vec::new();
        let mut places = places.into_iter();
        for (nth, text) in text.split(MARK).enumerate() {
            if nth > 0 {
                pieces.push(places.next().context("more marks than places")?);
            }
            let mut text = text.to_owned();
            if matches!(pieces.last(), Some(Piece::Milliseconds(_))) {
                text.remove(0);
            }
            pieces.push(Piece::Text(text));
        }
        for nth in 1..pieces.len() {
            let (before, after) = pieces.split_at_mut(nth);
            if let (Some(Piece::Text(text)), Piece::Milliseconds(_)) = (before.last_mut(), &after[0]) {
                text.pop();
            }
        }
        Ok(Self { door, event, after: at.duration_since(start), pieces })
    }

    fn arrival(&self, call: u64) -> anyhow::Result<Arrival> {
        use std::fmt::Write as _;
        let start = start_of(call)?;
        let mut body = String::with_capacity(2_048);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => body.push_str(text),
                Piece::CallId(nth, suffix) => {
                    write!(
                        body,
                        "7{call:010}{:08}{suffix}",
                        (mixed(call * 64 + nth) / 64 * 64 + nth) % 100_000_000
                    )?;
                }
                Piece::Id(nth, prefix) => write!(body, "{prefix}{:012x}", mixed(call * 64 + nth))?,
                Piece::Number => body.push_str(&number_of(call)),
                Piece::Time(after) => write!(body, "{}", start + *after)?,
                Piece::Milliseconds(after) => write!(body, "{}", (start + *after).as_millisecond())?,
            }
        }
        let received_at = start + self.after;
        Ok(Arrival {
            received_at,
            door: self.door,
            account: ACCOUNT.to_owned(),
            event: self.event.clone(),
            event_ts: (self.door == Door::Webhook).then(|| received_at.as_millisecond()),
            late: false,
            body: body.into(),
        })
    }
}

/// Puts a mark where something is to be filled in, in the order of the text.
fn mark(
    value: &mut Value,
    start: Timestamp,
    number: &str,
    ids: &mut HashMap<String, u64>,
    places: &mut Vec<Piece>,
) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if name == "event_ts"
                    && let Some(at) = value.as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok())
                {
                    places.push(Piece::Milliseconds(at.duration_since(start)));
                    *value = MARK.to_string().into();
                } else {
                    mark(value, start, number, ids, places);
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                mark(value, start, number, ids, places);
            }
        }
        Value::String(text) => {
            if let Some(place) = place(text, start, number, ids) {
                places.push(place);
                *text = MARK.to_string();
            }
        }
        _ => {}
    }
}

fn place(text: &str, start: Timestamp, number: &str, ids: &mut HashMap<String, u64>) -> Option<Piece> {
    if text == number {
        return Some(Piece::Number);
    }
    if text.len() >= 20 && text.as_bytes()[10] == b'T' {
        return text.parse::<Timestamp>().ok().map(|at| Piece::Time(at.duration_since(start)));
    }
    let mut nth = |id: &str| {
        let next = ids.len() as u64;
        *ids.entry(id.to_owned()).or_insert(next)
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_call_id = digits == 19 && (text.len() == 19 || text[19..].starts_with('_'));
    if is_call_id {
        return Some(Piece::CallId(nth(&text[..19]), text[19..].to_owned()));
    }
    let end = text.len().checked_sub(12)?;
    let is_id = text.len() >= 32
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && !text[end..].contains('-');
    is_id.then(|| Piece::Id(nth(text), text[..end].to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn stamped_calls_are_as_many_calls_with_as_many_elements() {
        let stamps = Stamps::new().unwrap();
        let (mut book, mut elements) = (CallBook::default(), 0);
        for call in 0..1_000 {
            elements += stamps.elements(call);
            let records = stamps.records(call).unwrap().into_iter().map(Ok);
            for arrival in records.chain(stamps.events(call)) {
                let arrival = arrival.unwrap();
                let reading = normalize::read(arrival.door, &arrival.account, &arrival.body);
                assert_eq!(reading.problem, None, "{}", String::from_utf8_lossy(&arrival.body));
                for (fact, heard) in reading.facts {
                    book.absorb(fact, heard);
                }
            }
        }
        let changes = book.into_changes();
        let views: Vec<_> = changes.iter().map(|it| CallView::of(&it.key, &it.names, &it.facts)).collect();
        assert_eq!(views.len(), 1_000);
        let ids: BTreeSet<&str> = views.iter().flat_map(|it| &it.elements).map(|it| it.id.as_str()).collect();
        assert_eq!(ids.len() as u64, elements);
        let hot = number_of(0);
        let with_hot = |view: &&CallView| {
            [&view.from, &view.to].into_iter().flatten().any(|party| party.number.as_ref() == Some(&hot))
        };
        assert_eq!(views.iter().filter(with_hot).count() as u64, 1_000 / HOT);
    }
}
