//! Every REST operation of Zoom Phone and of Number Management as data: 391 and 28 of them.
//!
//! The client takes addresses, encodings, scopes, limits and paging from here, the emulator its routes and the shapes
//! of requests and responses. The data is `generated/catalogue.json`, parsed once on first use.

mod schema;

pub use schema::{Property, Schema, Violation};

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// All operations.
#[derive(Debug)]
pub struct Catalogue {
    operations: Vec<Operation>,
    /// Positions by id and by name; where an id is also a name, the id counts.
    positions: HashMap<String, usize>,
}

/// One REST operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Zoom's `operationId`; eight of them are in both APIs.
    pub id: String,
    /// The id in snake case, unique: `account_call_history`. Where both APIs have the name, Number Management's starts
    /// with `number_management_`.
    pub name: String,
    /// Which document it is from.
    pub api: Api,
    /// The verb.
    pub method: Method,
    /// Template below `/v2`, such as `/phone/users/{userId}`.
    pub path: String,
    /// The chapter of the documentation, such as `Call Logs`.
    pub tag: String,
    /// Documented as deprecated.
    pub deprecated: bool,
    /// Classic scopes, any of which suffices.
    pub scopes_classic: Vec<String>,
    /// Granular scopes, any of which suffices.
    pub scopes_granular: Vec<String>,
    /// The rate limit it counts against; `None` for two operations that are documented without.
    pub rate: Option<RateLabel>,
    /// The largest `page_size` accepted, where documented.
    pub page_size_max: Option<u32>,
    /// How it pages, if it does.
    pub paging: Option<Paging>,
    /// In the path and in the query.
    pub parameters: Vec<Parameter>,
    /// The request body; on some DELETEs, too.
    pub body: Option<Body>,
    /// Documented outcomes that are no errors, the usual one first. Accept any other 2xx as well.
    pub responses: Vec<Response>,
    /// The host, if it is not the one of the API: `fileapi.zoom.us`.
    pub host: Option<String>,
}

/// Zoom's two documents.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// Zoom Phone.
    Phone,
    /// Number Management.
    NumberManagement,
}

/// An HTTP verb.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// `GET` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Zoom's rate limit labels.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RateLabel {
    Light,
    Medium,
    Heavy,
    ResourceIntensive,
}

/// How a list operation pages.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Paging {
    /// Query parameter and response field of the cursor: `next_page_token`, or `sync_token`.
    pub token: String,
    /// The response field with the items.
    pub items: String,
}

/// A parameter in the path or the query.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// As on the wire.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// Documented as required; all path parameters are.
    pub required: bool,
    /// How a list is written; `None` for single values.
    pub list: Option<ListEncoding>,
    /// Its values.
    pub schema: Arc<Schema>,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Place {
    Path,
    Query,
}

/// How a list is written into the query.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum ListEncoding {
    /// `a=1&a=2`. Zoom does not say; this is OpenAPI's default.
    Repeated,
    /// `a=1,2`.
    Comma,
}

/// A request body.
#[derive(Clone, Debug)]
pub struct Body {
    /// `application/json`, or `multipart/form-data`.
    pub content_type: String,
    /// Its shape; of multipart, the parts.
    pub schema: Arc<Schema>,
}

/// A documented outcome that is no error.
#[derive(Clone, Debug)]
pub struct Response {
    /// 200, 201, 202, 204; 302 for one download.
    pub status: u16,
    /// What comes with it.
    pub content: Content,
}

/// The content of a response.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// A file.
    File,
    /// JSON of this shape.
    Json(Arc<Schema>),
}

impl Catalogue {
    /// The catalogue, parsed on the first call.
    pub fn get() -> &'static Self {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE.get_or_init(|| {
            #[expect(clippy::expect_used, reason = "compiled in; a test parses it")]
            load(include_str!("generated/catalogue.json")).expect("the built-in catalogue is valid")
        })
    }

    /// All operations, in Zoom's order, Number Management last.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation with this id or name. Of an id that is in both APIs, Zoom Phone's.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.get(*self.positions.get(id)?)
    }

    /// The operation that answers a request, and the values of its path parameters, decoded.
    ///
    /// `method` is upper-case, `path` starts below `/v2` and has no query. Where several templates match, the one that
    /// is literal furthest to the left wins: `/phone/rooms/unassigned` is no room.
    pub fn find(&self, method: &str, path: &str) -> Option<(&Operation, Vec<(&str, String)>)> {
        let segments: Vec<&str> = path.split('/').collect();
        let candidates = self.operations.iter().filter(|it| it.method.as_str() == method);
        let (operation, _) = candidates
            .filter_map(|it| Some((it, literal_segments(&it.path, &segments)?)))
            .max_by(|(_, one), (_, other)| one.cmp(other))?;
        let values = operation.path.split('/').zip(&segments).filter_map(|(template, segment)| {
            let value = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
            Some((placeholder(template)?, value.into_owned()))
        });
        Some((operation, values.collect()))
    }
}

/// For each segment of the template whether it is literal; `None` when the path does not match.
fn literal_segments(template: &str, segments: &[&str]) -> Option<Vec<bool>> {
    if template.split('/').count() != segments.len() {
        return None;
    }
    let matches = template.split('/').zip(segments).map(|(template, segment)| match placeholder(template) {
        Some(_) => (!segment.is_empty()).then_some(false),
        None => (template == *segment).then_some(true),
    });
    matches.collect()
}

/// `userId` of `{userId}`.
fn placeholder(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

impl Operation {
    /// The parameters in the path, in the order of the template.
    pub fn path_parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(placeholder)
    }

    /// The documented success; every operation has one.
    pub fn success(&self) -> Option<&Response> {
        self.responses.first()
    }
}

/// The file: schemas refer to earlier ones by index, everything else to schemas by index.
#[derive(Deserialize)]
struct File {
    schemas: Vec<schema::Line>,
    operations: Vec<OperationLine>,
}

#[derive(Deserialize)]
struct OperationLine {
    id: String,
    name: String,
    api: Api,
    method: Method,
    path: String,
    tag: String,
    #[serde(default)]
    deprecated: bool,
    scopes_classic: Vec<String>,
    scopes_granular: Vec<String>,
    rate: Option<RateLabel>,
    page_size_max: Option<u32>,
    paging: Option<Paging>,
    parameters: Vec<ParameterLine>,
    body: Option<BodyLine>,
    responses: Vec<ResponseLine>,
    host: Option<String>,
}

#[derive(Deserialize)]
struct ParameterLine {
    name: String,
    r#in: Place,
    #[serde(default)]
    required: bool,
    list: Option<ListEncoding>,
    schema: usize,
}

#[derive(Deserialize)]
struct BodyLine {
    content_type: String,
    schema: usize,
}

#[derive(Deserialize)]
struct ResponseLine {
    status: u16,
    schema: Option<usize>,
    #[serde(default)]
    file: bool,
}

/// Builds the catalogue; the error says what is wrong with the file, to whoever broke the generator.
fn load(text: &str) -> Result<Catalogue, String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut schemas: Vec<Arc<Schema>> = Vec::with_capacity(file.schemas.len());
    for line in file.schemas {
        let schema = line.resolve(&schemas)?;
        schemas.push(Arc::new(schema));
    }
    let schema = |index: usize| schemas.get(index).cloned().ok_or_else(|| format!("no schema {index}"));
    let operations = file.operations.into_iter().map(|line| {
        let parameters = line.parameters.into_iter().map(|it| {
            let ParameterLine { name, r#in: place, required, list, schema: index } = it;
            Ok(Parameter { name, place, required, list, schema: schema(index)? })
        });
        let responses = line.responses.into_iter().map(|it| {
            let content = match it.schema {
                Some(index) => Content::Json(schema(index)?),
                None if it.file => Content::File,
                None => Content::Empty,
            };
            Ok(Response { status: it.status, content })
        });
        let body = line
            .body
            .map(|it| Ok::<_, String>(Body { content_type: it.content_type, schema: schema(it.schema)? }));
        Ok(Operation {
            parameters: parameters.collect::<Result<_, String>>()?,
            body: body.transpose()?,
            responses: responses.collect::<Result<_, String>>()?,
            id: line.id,
            name: line.name,
            api: line.api,
            method: line.method,
            path: line.path,
            tag: line.tag,
            deprecated: line.deprecated,
            scopes_classic: line.scopes_classic,
            scopes_granular: line.scopes_granular,
            rate: line.rate,
            page_size_max: line.page_size_max,
            paging: line.paging,
            host: line.host,
        })
    });
    let operations = operations.collect::<Result<Vec<_>, String>>()?;
    let mut positions = HashMap::with_capacity(2 * operations.len());
    for key in [|it: &Operation| it.id.clone(), |it: &Operation| it.name.clone()] {
        for (position, operation) in operations.iter().enumerate() {
            positions.entry(key(operation)).or_insert(position);
        }
    }
    Ok(Catalogue { operations, positions })
}

/// Of what was read, the body of an operation: the part of it that the operation takes.
#[cfg(feature = "operations")]
pub(crate) fn for_body<T: crate::wire::Wire + Default>(operation: &str, read: &serde_json::Value) -> T {
    let body = Catalogue::get().operation(operation).and_then(|it| it.body.as_ref());
    body.and_then(|body| T::from_value(body.schema.keep_declared(read)).ok()).unwrap_or_default()
}
