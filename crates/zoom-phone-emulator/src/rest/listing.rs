//! Lists of calls, newest first: the stretch of time that is asked for, and pages that cost a page.
//!
//! A page token says where the page before ended, so that nothing is kept for it and calls that come in later do not
//! move the pages. It is signed, and good for fifteen minutes and for the same filters.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use zoom_phone_types::catalogue::{Content, Schema};

use super::Refusal;
use super::ask::Ask;
use super::files::signature;
use super::paging::{SYNC_LIFETIME, TOKEN_LIFETIME};
use crate::clock::text;
use crate::config::Temper;
use crate::records::{CallRecord, Shelf};

/// One month.
const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Six months: nothing older is told.
const DEPTH: SignedDuration = SignedDuration::from_hours(184 * 24);
/// A call that started longer before it ended is not found by its end.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(24);
/// More new rows than this, and a client has to start its sync anew.
pub(super) const MOST_NEW_ROWS: usize = 250;

/// The asked-for stretch of time; both ends belong to it.
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    from_text: String,
    to_text: String,
    by_end: bool,
}

impl Window {
    /// The last day unless asked for otherwise.
    pub(super) fn of_a_day(ask: &Ask<'_>) -> Result<Self, Refusal> {
        Self::read(ask, SignedDuration::from_hours(24), Some(DEPTH), LONGEST_WINDOW)
    }

    /// The last thirty days unless asked for otherwise.
    pub(super) fn of_a_month(ask: &Ask<'_>) -> Result<Self, Refusal> {
        Self::read(ask, SignedDuration::from_hours(30 * 24), Some(DEPTH), LONGEST_WINDOW)
    }

    /// The same without a limit to how long ago it may be: recordings are kept.
    pub(super) fn of_any_month(ask: &Ask<'_>) -> Result<Self, Refusal> {
        Self::read(ask, SignedDuration::from_hours(30 * 24), None, LONGEST_WINDOW)
    }

    /// `usual` is the length without parameters, `depth` how far back one may ask, `longest` the longest stretch.
    pub(super) fn read(
        ask: &Ask<'_>,
        usual: SignedDuration,
        depth: Option<SignedDuration>,
        longest: SignedDuration,
    ) -> Result<Self, Refusal> {
        let query = ask.query;
        let (from, to) = (query.one("from"), query.one("to"));
        if from.is_some() && to.is_none() {
            return Err(Refusal::invalid("The to field is required when from is given."));
        }
        let read = |name: &str, value: &str, end_of_day: bool| {
            instant(value, end_of_day).ok_or_else(|| {
                let form = "yyyy-MM-dd or yyyy-MM-dd'T'HH:mm:ss'Z'";
                Refusal::invalid(format!("The {name} field must have the form {form}."))
            })
        };
        let end = to.map_or(Ok(ask.now), |value| read("to", value, true))?;
        let begin = match from {
            Some(value) => read("from", value, false)?,
            None => end.checked_sub(usual).unwrap_or(Timestamp::MIN),
        };
        if begin > end {
            return Err(Refusal::invalid("The from field must not be later than the to field."));
        }
        if end.duration_since(begin) > longest {
            return Err(Refusal::invalid("The time between from and to must not be longer than one month."));
        }
        if depth.is_some_and(|depth| ask.now.duration_since(end) > depth) {
            return Err(Refusal::invalid("The time range must be within the last six months."));
        }
        let echo = |name: &str, given: Option<&str>, at: Timestamp| match given {
            Some(given) if given.len() <= "yyyy-MM-dd".len() || !is_date(ask, name) => given.to_owned(),
            _ if is_date(ask, name) => at.strftime("%Y-%m-%d").to_string(),
            _ => text(at),
        };
        let time = query.one("time_type").or_else(|| query.one("query_date_type"));
        let by_end = matches!(time, Some("end_time" | "endTime"));
        let (from_text, to_text) = (echo("from", from, begin), echo("to", to, end));
        Ok(Self { from: begin, to: end, from_text, to_text, by_end })
    }

    /// The beginning as the answer shows it.
    pub(super) fn first(&self) -> &str {
        &self.from_text
    }

    /// The end as the answer shows it.
    pub(super) fn last(&self) -> &str {
        &self.to_text
    }

    /// Judged by whole seconds, which is what the rows show.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        (self.from.as_second()..=self.to.as_second()).contains(&at.as_second())
    }
}

/// Whether the answer shows this field as a date without a time.
fn is_date(ask: &Ask<'_>, name: &str) -> bool {
    let content = ask.operation.success().map(|response| &response.content);
    let Some(Content::Json(schema)) = content else { return false };
    matches!(schema.property(name), Some(Schema::Text { format: Some(format), .. }) if format == "date")
}

/// A date stands for its first second, or for its last when it ends a window. Zoom documents one form with spaces.
fn instant(value: &str, end_of_day: bool) -> Option<Timestamp> {
    let value = value.replace(' ', "");
    if value.len() > "yyyy-MM-dd".len() {
        return value.parse().ok();
    }
    let time = if end_of_day { Time::constant(23, 59, 59, 0) } else { Time::midnight() };
    let zoned = value.parse::<Date>().ok()?.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// A row: a call, and which of its rows it is.
pub(super) type Row = (Arc<CallRecord>, usize);

/// One page.
pub(super) struct Rows {
    pub(super) list: Vec<Row>,
    pub(super) size: usize,
    pub(super) total: usize,
    /// Empty on the last page, as documented.
    pub(super) next: String,
}

impl Rows {
    pub(super) fn pages(&self) -> usize {
        self.total.div_ceil(self.size)
    }
}

/// Which rows of a call are wanted: puts their numbers, in order, into the list.
pub(super) type Pick<'a> = &'a dyn Fn(&CallRecord, &mut Vec<usize>);

/// A page of the calls in a window. Without `pick` every call is one row, and counting costs nothing.
pub(super) fn page(
    ask: &Ask<'_>,
    largest: usize,
    window: &Window,
    shelf: &Shelf,
    pick: Option<Pick<'_>>,
) -> Result<Rows, Refusal> {
    let largest = ask.operation.page_size_max.and_then(|max| usize::try_from(max).ok()).unwrap_or(largest);
    let size = ask.query.page_size(largest)?;
    let cursor = ask.query.one("next_page_token").map(|token| Cursor::read(ask, token)).transpose()?;
    let begin = if window.by_end {
        window.from.checked_sub(LONGEST_CALL).unwrap_or(Timestamp::MIN)
    } else {
        window.from
    };
    let calls = || shelf.between(begin, window.to).rev();
    let mut picked = Vec::new();
    let rows_of = |call: &CallRecord, picked: &mut Vec<usize>| {
        picked.clear();
        if window.by_end && !window.holds(call.end) {
            return;
        }
        match pick {
            Some(pick) => pick(call, picked),
            None => picked.push(0),
        }
    };
    let total = match &cursor {
        Some(cursor) => cursor.total,
        None if pick.is_none() && !window.by_end => calls().len(),
        None => calls()
            .map(|call| {
                rows_of(call, &mut picked);
                picked.len()
            })
            .sum(),
    };
    let mut rows: Vec<Row> = Vec::with_capacity(size);
    let mut more = false;
    let rest: Box<dyn Iterator<Item = &Arc<CallRecord>>> = match &cursor {
        Some(cursor) => Box::new(shelf.between_and_below(begin, cursor.place()).rev()),
        None => Box::new(calls()),
    };
    'calls: for call in rest {
        rows_of(call, &mut picked);
        for &row in &picked {
            if cursor.as_ref().is_some_and(|cursor| cursor.place() == call.place() && row <= cursor.row) {
                continue;
            }
            if rows.len() == size {
                more = true;
                break 'calls;
            }
            rows.push((call.clone(), row));
        }
    }
    // Live, the last page may have a token, too; the page it leads to is empty.
    let endless = ask.shared.config.temper == Temper::Field && !rows.is_empty();
    let next = match rows.last() {
        Some((call, row)) if more || endless => {
            Cursor { start: call.start, uuid: call.call_history_uuid.clone(), row: *row, total }.write(ask)
        }
        _ => String::new(),
    };
    Ok(Rows { list: rows, size, total, next })
}

/// Where a page ended.
struct Cursor {
    start: Timestamp,
    uuid: String,
    row: usize,
    total: usize,
}

impl Cursor {
    fn place(&self) -> (Timestamp, &str) {
        (self.start, &self.uuid)
    }

    fn write(&self, ask: &Ask<'_>) -> String {
        let Self { start, uuid, row, total } = self;
        sign(ask, &format!("{}.{uuid}.{row}.{total}", start.as_nanosecond()))
    }

    fn read(ask: &Ask<'_>, token: &str) -> Result<Self, Refusal> {
        let expired = || Refusal::invalid("The next page token is invalid or expired.");
        let lifetime = SignedDuration::try_from(TOKEN_LIFETIME).unwrap_or_default();
        let text = verify(ask, token, lifetime).ok_or_else(expired)?;
        let mut parts = text.split('.');
        let mut cursor = || {
            let start = Timestamp::from_nanosecond(parts.next()?.parse().ok()?).ok()?;
            let uuid = parts.next()?.to_owned();
            Some(Self { start, uuid, row: parts.next()?.parse().ok()?, total: parts.next()?.parse().ok()? })
        };
        cursor().ok_or_else(expired)
    }
}

/// Where a client's copy of a list begins and ends, in the order in which the rows came to be known.
pub(super) struct SyncPoint {
    pub(super) oldest: u64,
    pub(super) newest: u64,
}

impl SyncPoint {
    pub(super) fn write(&self, ask: &Ask<'_>) -> String {
        sign(ask, &format!("{}.{}", self.oldest, self.newest))
    }

    pub(super) fn read(ask: &Ask<'_>, token: &str) -> Result<Self, Refusal> {
        let lifetime = SignedDuration::try_from(SYNC_LIFETIME).unwrap_or_default();
        let read = || {
            let text = verify(ask, token, lifetime)?;
            let (oldest, newest) = text.split_once('.')?;
            Some(Self { oldest: oldest.parse().ok()?, newest: newest.parse().ok()? })
        };
        read().ok_or_else(|| Refusal::invalid("The sync token is invalid or expired."))
    }
}

/// A part of rows for a sync, newest first, and the token that goes with it. `rows` has the number of each row in the
/// order in which they came to be known, which the caller keeps increasing.
pub(super) fn sync<T>(
    ask: &Ask<'_>,
    usual: usize,
    mut rows: Vec<(u64, T)>,
) -> Result<(Vec<T>, String), Refusal> {
    let count = ask.query.parsed::<usize>("count")?.unwrap_or(usual).max(1);
    let token = ask.query.one("sync_token");
    let point = match ask.query.one("sync_type") {
        None | Some("FSync") => None,
        Some("ISync" | "BSync") => {
            let token = token.ok_or_else(|| Refusal::invalid("The sync token is invalid or expired."))?;
            Some(SyncPoint::read(ask, token)?)
        }
        Some(other) => {
            return Err(Refusal::field("sync_type", format!("{other} is none of FSync, ISync, BSync")));
        }
    };
    rows.sort_by_key(|&(number, _)| std::cmp::Reverse(number));
    match &point {
        Some(point) if ask.query.one("sync_type") == Some("ISync") => {
            rows.retain(|&(number, _)| number > point.newest);
            if rows.len() > MOST_NEW_ROWS {
                let message = "Too many new records, please perform a full sync with sync_type FSync.";
                return Err(Refusal::bad(7035, message));
            }
            // The oldest first, or those between would be left out.
            rows.drain(..rows.len().saturating_sub(count));
        }
        Some(point) => {
            rows.retain(|&(number, _)| number < point.oldest);
            rows.truncate(count);
        }
        None => rows.truncate(count),
    }
    let (oldest, newest) = (rows.last().map(|row| row.0), rows.first().map(|row| row.0));
    let point = match point {
        Some(point) => SyncPoint {
            oldest: oldest.map_or(point.oldest, |oldest| point.oldest.min(oldest)),
            newest: newest.map_or(point.newest, |newest| point.newest.max(newest)),
        },
        None => SyncPoint { oldest: oldest.unwrap_or(0), newest: newest.unwrap_or(0) },
    };
    let token = point.write(ask);
    Ok((rows.into_iter().map(|(_, row)| row).collect(), token))
}

/// A token with this text inside, good for this address and these filters.
fn sign(ask: &Ask<'_>, text: &str) -> String {
    let issued = ask.shared.real_time.now().as_millisecond();
    let text = format!("{text}/{issued}");
    let mac = mac(ask, &text);
    URL_SAFE_NO_PAD.encode(format!("{text}/{mac}"))
}

fn verify(ask: &Ask<'_>, token: &str, lifetime: SignedDuration) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (signed, known) = text.rsplit_once('/')?;
    if mac(ask, signed) != known {
        return None;
    }
    let (text, issued) = signed.rsplit_once('/')?;
    let issued = Timestamp::from_millisecond(issued.parse().ok()?).ok()?;
    (ask.shared.real_time.now().duration_since(issued) < lifetime).then(|| text.to_owned())
}

fn mac(ask: &Ask<'_>, text: &str) -> String {
    // Of a sync only the address must stay the same.
    let filters = if ask.address().ends_with("/sync") { String::new() } else { ask.query.filters() };
    let mut mac = signature(ask.shared, &format!("{}?{filters}#{text}", ask.address()));
    mac.truncate(16);
    mac
}
