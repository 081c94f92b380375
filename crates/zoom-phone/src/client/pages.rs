//! Lists, page by page.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use serde_json::{Map, Value};
use zoom_phone_types::Wire;
use zoom_phone_types::catalogue::{Operation, Schema};

use super::answer::{Answer, integer};
use super::call::Call;
use super::error::{Error, Fault};
use super::paging::{Anomaly, PageFacts, Progress, Row};
use super::windows;

/// One page of a list.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows. May be empty.
    pub items: Vec<T>,
    /// Entries of the list that are no rows, as received. Counted in [`Page::anomalies`].
    pub unreadable: Vec<Value>,
    /// `total_records`: how many rows the whole window has, if Zoom says so.
    pub total_records: Option<u64>,
    /// Of the `…/sync` operations: the token of all that came so far. Keep the last one, and later ask with
    /// `sync_type=ISync` for what is newer.
    pub sync_token: Option<String>,
    /// Where the list goes on, also for another process: give it to [`Call::resume`]. `None` at the end of the list
    /// (with a window of several slices: of the slice), and of the `…/sync` operations.
    pub resume: Option<Resume>,
    /// Everything else that the answer holds, such as another list or the effective window.
    pub rest: Map<String, Value>,
    /// What was odd about this page. Count these; see [`Anomaly::may_miss_rows`].
    pub anomalies: Vec<Anomaly>,
}

/// A place in a list: what its pages so far amount to, and the token of the next one.
///
/// The token lives 15 minutes; where it has run out the list is read again from its beginning, and says so with
/// [`Anomaly::Restarted`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// `next_page_token`.
    pub token: String,
    /// Pages that came.
    pub pages: u64,
    /// Rows that came, each id counted once.
    pub rows: u64,
}

/// Without the rows: there may be numbers of people and signed addresses in them.
impl<T> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("items", &self.items.len())
            .field("total_records", &self.total_records)
            .field("anomalies", &self.anomalies)
            .finish_non_exhaustive()
    }
}

/// The pages of a list, one after the other: a [`Stream`], or [`next`](Pages::next) in a loop.
///
/// It ends after the last page, after an error, and where going on would not end; the last page's
/// [`Page::anomalies`] then say so. A page token lives 15 minutes. If it runs out because the caller took longer, the
/// list (with a window: the slice) is read again once, without the rows that were handed out already.
#[must_use = "pages are asked for when the stream is polled"]
pub struct Pages<T> {
    operation: String,
    raw: BoxStream<'static, Result<Page<Value>, Error>>,
    read: fn(Value) -> Result<T, Value>,
}

impl<T: Wire> Pages<T> {
    pub(super) fn of(call: Call) -> Self {
        Self::with(call, array, T::from_value)
    }
}

impl<T> Pages<T> {
    /// `rows` takes the rows out of an answer, `read` makes one of the caller's type.
    pub(super) fn with(call: Call, rows: Rows, read: fn(Value) -> Result<T, Value>) -> Self {
        let operation = call.target.name().into_owned();
        let walk = Walk::new(call, rows);
        let pages =
            stream::unfold(walk, |mut walk| async move { walk.next().await.map(|page| (page, walk)) });
        Self { operation, raw: pages.fuse().boxed(), read }
    }

    /// The next page, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        stream::StreamExt::next(self).await
    }

    fn decode(&self, page: Page<Value>) -> Page<T> {
        let mut items = Vec::with_capacity(page.items.len());
        let mut unreadable = Vec::new();
        for item in page.items {
            match (self.read)(item) {
                Ok(item) => items.push(item),
                Err(item) => unreadable.push(item),
            }
        }
        let mut anomalies = page.anomalies;
        if !unreadable.is_empty() {
            anomalies.push(Anomaly::UnreadableRows { count: unreadable.len() as u64 });
        }
        Page {
            items,
            unreadable,
            total_records: page.total_records,
            sync_token: page.sync_token,
            resume: page.resume,
            rest: page.rest,
            anomalies,
        }
    }
}

impl<T: Send + 'static> Pages<T> {
    /// The rows of all pages as one stream.
    ///
    /// Where rows may be missing, the stream ends with [`Error::Incomplete`], after all rows that came. Other
    /// anomalies are logged.
    pub fn items(self) -> BoxStream<'static, Result<T, Error>> {
        let operation = self.operation.clone();
        let state = (self, VecDeque::new(), Vec::new());
        let items = stream::unfold(state, move |(mut pages, mut ready, mut missing)| {
            let operation = operation.clone();
            async move {
                loop {
                    if let Some(item) = ready.pop_front() {
                        return Some((Ok(item), (pages, ready, missing)));
                    }
                    match pages.next().await {
                        Some(Ok(page)) => {
                            ready.extend(page.items);
                            for anomaly in page.anomalies {
                                tracing::info!(operation, %anomaly, "an odd page of a list");
                                if anomaly.may_miss_rows() {
                                    missing.push(anomaly);
                                }
                            }
                        }
                        Some(Err(error)) => return Some((Err(error), (pages, ready, Vec::new()))),
                        None if missing.is_empty() => return None,
                        None => {
                            let anomalies = std::mem::take(&mut missing);
                            let error = Error::Incomplete { operation, anomalies };
                            return Some((Err(error), (pages, ready, missing)));
                        }
                    }
                }
            }
        });
        items.fuse().boxed()
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let page = self.raw.poll_next_unpin(context);
        page.map(|page| Some(page?.map(|page| self.decode(page))))
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("operation", &self.operation).finish_non_exhaustive()
    }
}

/// Takes the rows out of an answer, given the name of their array.
pub(super) type Rows = fn(&mut Map<String, Value>, &str, &mut Vec<Anomaly>) -> Vec<Value>;

fn array(answer: &mut Map<String, Value>, name: &str, _: &mut Vec<Anomaly>) -> Vec<Value> {
    // Shifted, not swapped: the other fields keep Zoom's order.
    match answer.shift_remove(name) {
        Some(Value::Array(rows)) => rows,
        None | Some(Value::Null) => Vec::new(),
        Some(other) => vec![other],
    }
}

/// A list under way.
struct Walk {
    call: Call,
    rows: Rows,
    list: Option<&'static Operation>,
    /// The slices of the window that are still to come.
    slices: VecDeque<(String, String)>,
    progress: Progress,
    next: Next,
    restarted: bool,
    /// Anomalies of what led to the next page.
    pending: Vec<Anomaly>,
}

enum Next {
    First,
    Token(String),
    End,
}

impl Walk {
    fn new(mut call: Call, rows: Rows) -> Self {
        let list = call.target.operation().filter(|operation| operation.paging.is_some());
        let mut slices = VecDeque::new();
        match list {
            None => call.faults.push(Fault::new("the operation", "is no list with pages")),
            Some(operation) => {
                largest_page(&mut call, operation);
                slices = windows::slices(&mut call);
            }
        }
        let mut walk = Self {
            call,
            rows,
            list,
            slices,
            progress: Progress::default(),
            next: Next::First,
            restarted: false,
            pending: Vec::new(),
        };
        walk.next_slice();
        if let Some(resume) = walk.call.resume.take() {
            walk.progress = Progress::resumed(&resume);
            walk.next = Next::Token(resume.token);
        }
        walk
    }

    async fn next(&mut self) -> Option<Result<Page<Value>, Error>> {
        loop {
            let token = match std::mem::replace(&mut self.next, Next::End) {
                Next::First => None,
                Next::Token(token) => Some(token),
                Next::End => return None,
            };
            self.ask_with(token);
            match self.call.exchange().await.and_then(|answer| self.take_in(answer)) {
                Err(error) if self.restarts(&error) => {}
                page => return Some(page),
            }
        }
    }

    fn is_sync(&self) -> bool {
        self.token_name() == "sync_token"
    }

    fn token_name(&self) -> &'static str {
        self.list
            .and_then(|list| list.paging.as_ref())
            .map_or("next_page_token", |paging| paging.token.as_str())
    }

    fn asked(&self, name: &str) -> Option<&str> {
        let (_, values) = self.call.query.iter().find(|(set, _)| set == name)?;
        values.first().map(String::as_str)
    }

    fn ask_with(&mut self, token: Option<String>) {
        let name = self.token_name();
        let call = &mut self.call;
        let mut set = |name: &'static str, value: Option<String>| {
            call.query.retain(|(set, _)| set != name);
            call.query.extend(value.map(|value| (name.into(), vec![value])));
        };
        match token {
            Some(token) => set(name, Some(token)),
            // A first page that the caller gave a token for begins there.
            None if !self.restarted => {}
            None => set(name, None),
        }
    }

    fn take_in(&mut self, answer: Answer) -> Result<Page<Value>, Error> {
        let Value::Object(mut rest) = answer.body else {
            return Err(Error::Unreadable {
                operation: self.call.target.name().into_owned(),
                status: answer.status,
                found: "not a JSON object",
                tracking_id: answer.tracking_id,
            });
        };
        let mut anomalies = std::mem::take(&mut self.pending);
        let items =
            self.list.and_then(|list| list.paging.as_ref()).map_or("", |paging| paging.items.as_str());
        let mut items = (self.rows)(&mut rest, items, &mut anomalies);
        let mut token = |name| match rest.shift_remove(name) {
            Some(Value::String(token)) if !token.is_empty() => Some(token),
            _ => None,
        };
        let next_token = token(self.token_name());
        let count = |name: &str| rest.get(name).and_then(integer).and_then(|count| u64::try_from(count).ok());
        let total_records = count("total_records");
        let page_count = count("page_count");

        let rows: Vec<Row> = items.iter().map(|item| self.progress.row(item)).collect();
        let mut fresh = rows.iter().map(|row| !self.progress.handed_out(*row));
        items.retain(|_| fresh.next().unwrap_or(true));

        let sync_token = self.is_sync().then(|| next_token.clone()).flatten();
        let facts = PageFacts { rows, next_token, page_count, total_records };
        self.next = if self.is_sync() {
            self.progress.step_sync(facts, &mut anomalies).map_or(Next::End, Next::Token)
        } else {
            self.progress.step(facts, &mut anomalies).map_or(Next::End, Next::Token)
        };
        if self.is_sync() && matches!(self.next, Next::Token(_)) && self.asked("sync_type") != Some("ISync") {
            // After the newest rows, the older ones.
            self.call.query.retain(|(set, _)| set != "sync_type");
            self.call.query.push(("sync_type".into(), vec!["BSync".to_owned()]));
        }
        let resume = match &self.next {
            Next::Token(token) if !self.is_sync() => Some(self.progress.resume(token.clone())),
            _ => None,
        };
        if matches!(self.next, Next::End) {
            self.next_slice();
        }
        Ok(Page { items, unreadable: Vec::new(), total_records, sync_token, resume, rest, anomalies })
    }

    /// Goes on to the next slice of the window, if there is one.
    fn next_slice(&mut self) {
        let Some((from, to)) = self.slices.pop_front() else { return };
        self.call.query.retain(|(set, _)| set != "next_page_token");
        windows::set(&mut self.call, from, to);
        self.progress.next_slice();
        self.restarted = false;
        self.next = Next::First;
    }

    /// Whether the error means that the list must be read from its beginning, and that was not done yet.
    fn restarts(&mut self, error: &Error) -> bool {
        let Some(error) = error.api() else { return false };
        let message = error.message.to_ascii_lowercase();
        let token = if self.is_sync() { "sync token" } else { "page token" };
        let expired = error.status == 400
            && matches!(error.code, Some(300 | 400) | None)
            && message.contains(token)
            && (message.contains("expired") || message.contains("invalid"));
        let too_many = self.is_sync() && error.code == Some(7035);
        if self.restarted || !(expired || too_many) || self.asked(self.token_name()).is_none() {
            return false;
        }
        self.restarted = true;
        self.progress.restart();
        self.pending.push(Anomaly::Restarted);
        self.next = Next::First;
        if self.is_sync() {
            self.call.query.retain(|(set, _)| set != "sync_type");
            self.call.query.push(("sync_type".into(), vec!["FSync".to_owned()]));
        }
        true
    }
}

/// Asks for the largest page that is documented, and for a full sync, unless the caller chose.
fn largest_page(call: &mut Call, operation: &Operation) {
    let given = |call: &Call, name: &str| call.query.iter().any(|(set, _)| set == name);
    if operation.paging.as_ref().is_some_and(|paging| paging.token == "sync_token")
        && !given(call, "sync_type")
    {
        let kind = if given(call, "sync_token") { "ISync" } else { "FSync" };
        call.query.push(("sync_type".into(), vec![kind.to_owned()]));
    }
    for parameter in &operation.parameters {
        let max = match (parameter.name.as_str(), parameter.schema.as_ref()) {
            ("page_size", _) => operation.page_size_max.map(i64::from),
            ("count", Schema::Integer { max, .. }) => *max,
            _ => None,
        };
        if let Some(max) = max
            && !given(call, &parameter.name)
        {
            call.query.push((parameter.name.clone().into(), vec![max.to_string()]));
        }
    }
}
