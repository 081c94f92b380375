//! One request of one operation, while it is written.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use zoom_phone_types::Wire;
use zoom_phone_types::catalogue::{Catalogue, Method, Operation, RateLabel};

use super::Client;
use super::answer::Answer;
use super::download::Download;
use super::error::{Error, Fault};
use super::multipart::Part;
use super::pages::{Pages, Resume};
use super::request::Request;
use super::windows;
use crate::quota::Priority;

/// A request of the client, not sent yet. Nothing happens until one of [`send`](Call::send),
/// [`answer`](Call::answer), [`pages`](Call::pages) and [`download`](Call::download).
///
/// From [`Client::operation`] and [`Client::request`]; the builders of each operation hold one. Only what is set is
/// sent: schema defaults never are, because some of Zoom's hide rows. What is wrong with the request is kept and
/// returned as [`Error::Invalid`] when it is sent; nothing leaves then.
#[derive(Clone)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    pub(super) client: Client,
    pub(super) target: Target,
    pub(super) path: Vec<(Name, String)>,
    pub(super) query: Vec<(Name, Vec<String>)>,
    pub(super) content: Content,
    /// Paths of the settings in the body that are not of the action beside them.
    pub(super) contradictions: Vec<String>,
    pub(super) window: Option<(Timestamp, Timestamp)>,
    pub(super) resume: Option<Resume>,
    pub(super) priority: Priority,
    pub(super) deadline: Option<Duration>,
    pub(super) checked: bool,
    pub(super) faults: Vec<Fault>,
}

/// Names of parameters: the generated builders', or a caller's own.
pub(super) type Name = Cow<'static, str>;

#[derive(Clone)]
pub(super) enum Target {
    /// One of the catalogue.
    Operation(&'static Operation),
    /// Newer than the catalogue.
    Raw { method: Method, path: String, label: RateLabel },
}

#[derive(Clone)]
pub(super) enum Content {
    Empty,
    Json(Value),
    Parts(Vec<(Name, Part)>),
}

impl Target {
    pub(super) fn method(&self) -> Method {
        match self {
            Self::Operation(operation) => operation.method,
            Self::Raw { method, .. } => *method,
        }
    }

    /// The template of the path, below `/v2`.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Operation(operation) => &operation.path,
            Self::Raw { path, .. } => path,
        }
    }

    pub(super) fn label(&self) -> Option<RateLabel> {
        match self {
            Self::Operation(operation) => operation.rate,
            Self::Raw { label, .. } => Some(*label),
        }
    }

    pub(super) fn operation(&self) -> Option<&'static Operation> {
        match self {
            Self::Operation(operation) => Some(operation),
            Self::Raw { .. } => None,
        }
    }

    /// For errors, logs and metrics: Zoom's operationId; else verb and the first two segments of the path, because
    /// the others may be ids. Of a path that the catalogue does not know, where any may be one, only the first.
    pub(super) fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Operation(operation) => Cow::Borrowed(&operation.id),
            Self::Raw { method, path, .. } => {
                // The catalogue's spelling, which has no values in it.
                let known = Catalogue::get().find(method.as_str(), path);
                let (path, keep) = known.map_or((path.as_str(), 1), |(operation, _)| (&operation.path, 2));
                let mut segments = path.split('/').filter(|segment| !segment.is_empty());
                let kept: Vec<_> = segments.by_ref().take(keep).collect();
                let rest = if segments.next().is_some() { "/…" } else { "" };
                Cow::Owned(format!("{method} /{}{rest}", kept.join("/")))
            }
        }
    }
}

impl Call {
    /// A call of the operation with this name in the catalogue.
    pub(crate) fn new(client: &Client, name: &'static str) -> Self {
        if let Some(operation) = Catalogue::get().operation(name) {
            return Self::to(client, Target::Operation(operation));
        }
        // Generated code and catalogue come from one run of the generator: this is for the compiler.
        let raw = Target::Raw { method: Method::Get, path: String::new(), label: RateLabel::Light };
        let mut call = Self::to(client, raw);
        call.faults.push(Fault::new(name, "is no operation of the catalogue"));
        call
    }

    pub(super) fn to(client: &Client, target: Target) -> Self {
        Self {
            client: client.clone(),
            target,
            path: Vec::new(),
            query: Vec::new(),
            content: Content::Empty,
            contradictions: Vec::new(),
            window: None,
            resume: None,
            priority: Priority::default(),
            deadline: None,
            checked: true,
            faults: Vec::new(),
        }
    }

    /// Sets a path parameter, such as `userId`. Written as one segment whatever it contains.
    pub fn path(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.path.retain(|(set, _)| *set != name);
        self.path.push((name, value.into()));
        self
    }

    /// Sets a query parameter; an earlier value of it is replaced.
    pub fn query(self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.query_all(name, [value])
    }

    /// Sets a query parameter that is a list, in the way that the operation writes lists. An earlier value is
    /// replaced; an empty list is not sent.
    pub fn query_all(
        mut self,
        name: impl Into<Cow<'static, str>>,
        values: impl IntoIterator<Item = impl fmt::Display>,
    ) -> Self {
        let name = name.into();
        let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
        match self.query.iter_mut().find(|(set, _)| *set == name) {
            Some((_, set)) => *set = values,
            None => self.query.push((name, values)),
        }
        self
    }

    /// Sets the JSON body; of any verb, because some of Zoom's DELETEs have one.
    pub fn body(mut self, body: Value) -> Self {
        self.content = Content::Json(body);
        self.contradictions.clear();
        self
    }

    /// Sets the JSON body from its type. More is checked than of plain JSON: that settings are those of the action
    /// beside them.
    pub fn typed_body(mut self, body: &impl Wire) -> Self {
        self = self.body(body.to_json());
        body.contradictions("body", &mut self.contradictions);
        self
    }

    /// Adds a part of a multipart body, such as `file`.
    pub fn part(mut self, name: impl Into<Cow<'static, str>>, part: Part) -> Self {
        let entry = (name.into(), part);
        match &mut self.content {
            Content::Parts(parts) => parts.push(entry),
            Content::Empty | Content::Json(_) => self.content = Content::Parts(vec![entry]),
        }
        self
    }

    /// The rate label, if Zoom has told one for what the catalogue does not know. Without it: LIGHT.
    pub fn label(mut self, label: RateLabel) -> Self {
        if let Target::Raw { label: set, .. } = &mut self.target {
            *set = label;
        }
        self
    }

    /// The window of time of a list with `from` and `to`; the end is rounded up to a whole second, or day where
    /// the operation takes only dates. [`Call::pages`] asks for it in slices of at most a month; `from` and `to` that
    /// are set as query parameters go to Zoom as they are, and Zoom refuses more than a month of them.
    pub fn window(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.window = Some((from, to));
        self
    }

    /// Lets [`Call::pages`] go on where an earlier reading of the same list ended: [`Page::resume`](super::Page::resume).
    /// All else must be as it was then. Of a window, it is the first slice that goes on.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.resume = Some(resume);
        self
    }

    /// Who waits for the answer. Default: [`Priority::Live`].
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// How long the caller waits for the answer, over all tries and waits for the quota; of pages, for each page.
    /// Default: a minute, with [`Priority::Backfill`] none.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sends the request even if it is not as Zoom documents it: an undocumented parameter, a new enum value.
    pub fn unchecked(mut self) -> Self {
        self.checked = false;
        self
    }

    /// Says what is wrong with the request ([`Error::Invalid`]), as sending it would; sends nothing. A window is not
    /// looked at.
    pub fn check(&self) -> Result<(), Error> {
        Request::of(self).map(drop)
    }

    /// Sends the request. The body of the answer as JSON, and what came with it.
    pub async fn answer(mut self) -> Result<Answer, Error> {
        windows::whole(&mut self);
        self.exchange().await
    }

    /// Sends the request and reads the answer; `()` for none.
    pub async fn send<T: Wire>(mut self) -> Result<T, Error> {
        windows::whole(&mut self);
        self.fetch().await?.decode(&self.target.name())
    }

    /// The pages of a list, one after the other. Asks for the largest page that Zoom gives unless `page_size` is
    /// set. Cut at months is only what [`Call::window`] set, not `from` and `to` of their own.
    pub fn pages<T: Wire>(self) -> Pages<T> {
        Pages::of(self)
    }

    /// Sends the request for a file, and gives the file as it comes.
    pub async fn download(self) -> Result<Download, Error> {
        Download::of(self).await
    }
}

/// Without values: they may be a person's.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.target.name())
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}
