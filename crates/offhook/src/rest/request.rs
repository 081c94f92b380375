//! From the command line to a request.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use zoom_phone::{
    client::{Call, Client, Part},
    types::catalogue::{Content, Method, Operation},
};

use super::find;
use crate::{args::RestArgs, clock, exit::Usage};

/// What is to be called.
#[derive(Debug)]
pub(super) enum Target {
    /// One of the catalogue.
    Operation(&'static Operation),
    /// With `--raw`.
    Raw { method: Method, path: String },
}

impl Target {
    pub(super) fn of(text: &str, raw: bool) -> Result<Self, Usage> {
        let request = text.trim().split_once(char::is_whitespace).filter(|(_, path)| path.contains('/'));
        let Some((verb, path)) = request else { return find::operation(text).map(Self::Operation) };
        if !raw {
            return Err(Usage(format!(
                "`{text}` is no operation; to send a method and path as they are, add --raw"
            )));
        }
        let verbs = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
        let method = verbs
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(verb))
            .ok_or_else(|| Usage(format!("`{verb}` is no method; give GET, POST, PUT, PATCH or DELETE")))?;
        let path = path.trim();
        Ok(Self::Raw {
            method,
            path: path.strip_prefix("/v2/").map_or(path.to_owned(), |rest| format!("/{rest}")),
        })
    }

    pub(super) fn operation(&self) -> Option<&'static Operation> {
        match self {
            Self::Operation(operation) => Some(operation),
            Self::Raw { .. } => None,
        }
    }

    pub(super) fn method(&self) -> Method {
        match self {
            Self::Operation(operation) => operation.method,
            Self::Raw { method, .. } => *method,
        }
    }

    pub(super) fn path(&self) -> &str {
        match self {
            Self::Operation(operation) => &operation.path,
            Self::Raw { path, .. } => path,
        }
    }

    /// Whether its usual answer is a file, or the address of one.
    pub(super) fn is_file(&self) -> bool {
        let success = self.operation().and_then(Operation::success);
        success.is_some_and(|success| matches!(success.content, Content::File) || success.status == 302)
    }

    /// The wire name of a parameter that may be written `user_id` or `user-id` for `userId`.
    fn parameter(&self, name: &str) -> String {
        let known = || self.operation().into_iter().flat_map(|it| &it.parameters).map(|it| &it.name);
        known()
            .find(|it| *it == name)
            .or_else(|| known().find(|it| find::folded(it) == find::folded(name)))
            .map_or_else(|| name.to_owned(), String::clone)
    }

    fn is_in_path(&self, name: &str) -> bool {
        self.path().contains(&format!("{{{name}}}"))
    }
}

/// What goes into the body.
#[derive(Debug)]
pub(super) enum Input {
    Nothing,
    Json(Value),
    Parts(Vec<(String, Part)>),
}

impl Input {
    /// Reads files and standard input.
    pub(super) fn read(args: &RestArgs) -> anyhow::Result<Self> {
        if !args.parts.is_empty() {
            let parts = args.parts.iter().map(|(name, value)| Ok((name.clone(), part(value)?)));
            return Ok(Self::Parts(parts.collect::<anyhow::Result<_>>()?));
        }
        let Some(data) = &args.data else { return Ok(Self::Nothing) };
        let (text, origin) = match (data.as_str(), data.strip_prefix('@')) {
            ("-", _) => {
                let mut text = String::new();
                if std::io::stdin().is_terminal() {
                    crate::output::note("Reading JSON from standard input; end it with Ctrl-D.");
                }
                std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
                (text, "standard input".to_owned())
            }
            (_, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Usage(format!("cannot read {path}: {error}")))?;
                (text, path.to_owned())
            }
            (text, None) => (text.to_owned(), "--data".to_owned()),
        };
        let json = serde_json::from_str(&text).map_err(|error| {
            Usage(format!("{origin} is not JSON: {error}; write it as '{{\"name\": \"value\"}}', or @FILE"))
        })?;
        Ok(Self::Json(json))
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// `@FILE`, or text.
fn part(value: &str) -> Result<Part, Usage> {
    let Some(path) = value.strip_prefix('@') else { return Ok(Part::text(value)) };
    let bytes = std::fs::read(path).map_err(|error| Usage(format!("cannot read {path}: {error}")))?;
    let path = Path::new(path);
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let kind = match extension.as_str() {
        "csv" => "text/csv",
        "json" => "application/json",
        "mp3" => "audio/mpeg",
        "pdf" => "application/pdf",
        "tif" | "tiff" => "image/tiff",
        "txt" => "text/plain",
        "wav" => "audio/wav",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Part::file(name, kind, bytes))
}

/// The call, not sent yet.
pub(super) fn call(client: &Client, target: &Target, args: &RestArgs, input: Input) -> anyhow::Result<Call> {
    let mut call = match target {
        Target::Operation(operation) => client.operation(&operation.name)?,
        Target::Raw { method, path } => client.request(*method, path),
    };
    let mut query: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, value) in &args.params {
        let name = target.parameter(name);
        if target.is_in_path(&name) {
            call = call.path(name, value);
        } else if let Some((_, values)) = query.iter_mut().find(|(set, _)| *set == name) {
            values.push(value);
        } else {
            query.push((name, vec![value]));
        }
    }
    for (name, values) in query {
        call = call.query_all(name, values);
    }
    if let Some(from) = args.from {
        call = call.window(from, args.to.unwrap_or_else(clock::now));
    }
    call = match input {
        Input::Nothing => call,
        Input::Json(body) => call.body(body),
        Input::Parts(parts) => parts.into_iter().fold(call, |call, (name, part)| call.part(name, part)),
    };
    Ok(if args.raw { call.unchecked() } else { call })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_and_path_want_raw() {
        assert!(Target::of("GET /phone/users", false).unwrap_err().0.contains("--raw"));
        let target = Target::of("get /v2/phone/new/{id}", true).unwrap();
        assert_eq!((target.method(), target.path()), (Method::Get, "/phone/new/{id}"));
        assert!(target.is_in_path("id") && !target.is_in_path("ID"));
        assert!(Target::of("FETCH /phone/users", true).unwrap_err().0.contains("no method"));
        assert!(matches!(Target::of("list_call_queues", true), Ok(Target::Operation(_))));
    }

    #[test]
    fn parameters_are_found_however_they_are_written() {
        let target = Target::of("getACallQueue", false).unwrap();
        for name in ["callQueueId", "call_queue_id", "call-queue-id"] {
            assert_eq!(target.parameter(name), "callQueueId");
        }
        assert_eq!(target.parameter("something"), "something");
    }

    #[test]
    fn files_are_told_from_json() {
        assert!(Target::of("phoneDownloadRecordingFile", false).unwrap().is_file());
        assert!(!Target::of("listCallQueues", false).unwrap().is_file());
    }
}
