//! Completion of operations and their parameters, from the catalogue.

use std::ffi::OsStr;

use clap_complete::CompletionCandidate;
use zoom_phone::types::catalogue::{Catalogue, Operation};

use super::{fields, find};

/// Ids that begin so; names in snake case if it looks like one.
pub(crate) fn operations(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let beginning = |key: fn(&Operation) -> &str| -> Vec<CompletionCandidate> {
        let begins =
            |it: &&Operation| key(it).to_ascii_lowercase().starts_with(&current.to_ascii_lowercase());
        let operations = Catalogue::get().operations().iter();
        operations
            .filter(begins)
            .map(|it| candidate(key(it), &format!("{} {}", it.method, it.path)))
            .collect()
    };
    let ids = beginning(find::handle);
    if ids.is_empty() { beginning(|it| &it.name) } else { ids }
}

/// Chapters.
pub(crate) fn tags(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut tags: Vec<&str> = Catalogue::get().operations().iter().map(|it| it.tag.as_str()).collect();
    tags.sort_unstable();
    tags.dedup();
    tags.retain(|tag| tag.to_ascii_lowercase().starts_with(&current));
    tags.into_iter().map(CompletionCandidate::new).collect()
}

/// `name=` for the parameters of the operation on the same line, then `name=value` where the values are known.
pub(crate) fn parameters(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    // The line that is being completed is what this program was called with.
    let words = std::env::args().skip_while(|word| word != "api").skip(1);
    let Some(operation) =
        words.filter(|word| !word.starts_with('-')).find_map(|it| find::operation(&it).ok())
    else {
        return Vec::new();
    };
    of(operation, current)
}

fn of(operation: &Operation, current: &str) -> Vec<CompletionCandidate> {
    let Some((name, begun)) = current.split_once('=') else {
        let parameters = operation.parameters.iter().filter(|it| it.name.starts_with(current));
        return parameters
            .map(|it| {
                let required = if it.required { ", required" } else { "" };
                candidate(&format!("{}=", it.name), &format!("{}{required}", fields::kind(&it.schema)))
            })
            .collect();
    };
    let Some(parameter) = operation.parameters.iter().find(|it| it.name == name) else { return Vec::new() };
    let begins = fields::values(&parameter.schema).into_iter().filter(|value| value.starts_with(begun));
    begins.map(|value| CompletionCandidate::new(format!("{name}={value}"))).collect()
}

fn candidate(value: &str, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(help.to_owned().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(candidates: &[CompletionCandidate]) -> Vec<String> {
        candidates.iter().map(|it| it.get_value().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn operations_complete_in_both_spellings() {
        let all = texts(&operations(OsStr::new("")));
        assert_eq!(all.len(), Catalogue::get().operations().len());
        assert!(all.iter().all(|it| it.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')));
        let ids = texts(&operations(OsStr::new("listcallq")));
        assert!(
            ids.contains(&"listCallQueues".to_owned()) && ids.iter().all(|id| id.starts_with("listCallQ"))
        );
        let names = texts(&operations(OsStr::new("list_call_q")));
        assert!(names.contains(&"list_call_queues".to_owned()), "{names:?}");
    }

    #[test]
    fn parameters_complete_with_their_values() {
        let operation = find::operation("accountCallHistory").unwrap();
        assert!(texts(&of(operation, "")).contains(&"page_size=".to_owned()));
        assert_eq!(texts(&of(operation, "direct")), ["directions="]);
        assert_eq!(texts(&of(operation, "directions=in")), ["directions=inbound"]);
        assert!(of(operation, "nonsense=").is_empty());
    }

    #[test]
    fn tags_complete() {
        assert_eq!(texts(&tags(OsStr::new("call q"))), ["Call Queues"]);
    }
}
