//! What an operation is asked, and how it answers.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use zoom_phone_types::catalogue::{Content, Operation};

use super::paging::Page;
use super::query::Query;
use super::{FieldError, Refusal};
use crate::config::Temper;
use crate::emulator::Shared;
use crate::oauth::{Access, Holder};

/// One request that passed all checks: token, scopes, limits, and Zoom's documented form.
pub(crate) struct Ask<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) operation: &'static Operation,
    /// Parameters in the path, decoded; `me` and e-mail addresses are resolved to user ids where the user exists.
    path: &'a [(&'static str, String)],
    pub(crate) query: &'a Query,
    /// The JSON body, or the parts of a form as text; null without one.
    pub(crate) body: &'a Value,
    pub(crate) access: &'a Access,
    /// `http://host:port` as the client wrote it, for links.
    pub(crate) origin: &'a str,
    /// The company's time.
    pub(crate) now: Timestamp,
}

/// Where Zoom answers with another status than it documents; the catalogue has what Zoom does.
const DOCUMENTED: [(&str, u16); 3] =
    [("assignCallingPlan", 200), ("assignPhoneNumber", 200), ("assignPhoneToCallQueue", 204)];

/// Performs one operation.
pub(crate) type Handler = fn(&Ask<'_>) -> Result<Answer, Refusal>;

/// A success.
pub(crate) enum Answer {
    /// JSON with the operation's documented status.
    Json(Value),
    /// Nothing, with the operation's documented status.
    Done,
    /// Anything else: files, redirects.
    Other(Response),
}

impl<'a> Ask<'a> {
    pub(super) fn new(
        (shared, access): (&'a Shared, &'a Access),
        called: &'a super::Called,
        query: &'a Query,
        origin: &'a str,
    ) -> Self {
        Self {
            shared,
            operation: called.operation,
            path: &called.path,
            query,
            body: &called.body,
            access,
            origin,
            now: shared.clock.now(),
        }
    }

    /// A parameter of the path; empty when the operation has none of this name.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The last parameter of the path.
    pub(crate) fn last(&self) -> &str {
        self.path.last().map_or("", |(_, value)| value)
    }

    /// The address of the request below `/v2`, as the world has it: parameters filled in, without the query.
    pub(crate) fn address(&self) -> String {
        let mut address = String::new();
        for segment in self.operation.path.split('/').skip(1) {
            address.push('/');
            match segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
                Some(name) => address.push_str(self.path(name)),
                None => address.push_str(segment),
            }
        }
        address
    }

    /// Of the rows of a list of the answer, what is documented of them.
    pub(crate) fn declared(&self, list: &str, rows: Vec<Value>) -> Value {
        let content = self.operation.success().map(|response| &response.content);
        match content {
            Some(Content::Json(schema)) => match schema.property(list) {
                Some(schema) => schema.keep_declared(&Value::Array(rows)),
                None => Value::Array(rows),
            },
            _ => Value::Array(rows),
        }
    }

    /// Of an answer, what is documented of it.
    pub(crate) fn declared_whole(&self, answer: &Value) -> Value {
        match self.operation.success().map(|response| &response.content) {
            Some(Content::Json(schema)) => schema.keep_declared(answer),
            _ => answer.clone(),
        }
    }

    /// The user whose token this is, if it is one of a user.
    pub(crate) fn user(&self) -> Option<&str> {
        match &self.access.holder {
            Holder::User(id) => Some(id),
            _ => None,
        }
    }

    /// A page of `list`, cut by the query. The list is taken down with the first page; the rows are read anew with
    /// every page, and what is gone by then is left out. `largest` is the greatest `page_size`.
    pub(crate) fn page(
        &self,
        largest: usize,
        list: impl FnOnce() -> Result<Vec<String>, Refusal>,
    ) -> Result<Page, Refusal> {
        let largest =
            self.operation.page_size_max.map_or(largest, |max| usize::try_from(max).unwrap_or(largest));
        self.shared.snapshots.page(&self.address(), self.query, largest, list)
    }
}

/// A list answer in the usual envelope.
pub(crate) fn listed(name: &str, rows: &[Value], page: &Page) -> Answer {
    Answer::Json(json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "total_records": page.total,
        name: rows,
    }))
}

impl Answer {
    pub(super) fn respond(self, operation: &Operation, temper: Temper) -> Response {
        let live = operation.success().map_or(200, |response| response.status);
        let documented =
            DOCUMENTED.iter().find(|(id, _)| temper == Temper::Documented && *id == operation.id);
        let status = documented.map_or(live, |&(_, status)| status);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let json = operation.success().is_some_and(|it| matches!(it.content, Content::Json(_)));
        match self {
            Self::Json(_) if status == StatusCode::NO_CONTENT => status.into_response(),
            Self::Json(value) => (status, Json(value)).into_response(),
            // Some operations document an object with nothing in it.
            Self::Done if json && status != StatusCode::NO_CONTENT => {
                (status, Json(json!({}))).into_response()
            }
            Self::Done => status.into_response(),
            Self::Other(response) => response,
        }
    }
}

impl Refusal {
    /// The same in other words.
    pub(crate) fn saying(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// 404 with code 404.
    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, 404, message)
    }

    /// The same with another code.
    pub(crate) fn with_code(self, code: u32) -> Self {
        Self { code, ..self }
    }

    /// 409 with code 409: there is one already.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, 409, message)
    }

    /// 400 with a code of its own.
    pub(crate) fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 with code 300 for one field of the body or the query.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }
}
