//! Which operation is meant.

use zoom_phone::types::catalogue::{Catalogue, Operation};

use crate::exit::Usage;

/// Most suggestions for a name that is none.
const SUGGESTIONS: usize = 5;

/// The operation with this id or name, however it is written: `listCallQueues`, `list_call_queues`,
/// `LIST-CALL-QUEUES`.
pub(super) fn operation(name: &str) -> Result<&'static Operation, Usage> {
    let catalogue = Catalogue::get();
    let wanted = folded(name);
    let operations = catalogue.operations();
    let by = |key: fn(&Operation) -> &str| operations.iter().find(|it| folded(key(it)) == wanted);
    catalogue
        .operation(name)
        .or_else(|| by(|it| &it.id))
        .or_else(|| by(|it| &it.name))
        .ok_or_else(|| unknown(name))
}

/// The operations of a chapter, with all of these words in id, name, path or chapter.
pub(super) fn list(tag: Option<&str>, search: Option<&str>) -> Vec<&'static Operation> {
    let words: Vec<String> =
        search.unwrap_or_default().split_whitespace().map(str::to_ascii_lowercase).collect();
    let tag = tag.map(folded).unwrap_or_default();
    let matches = |operation: &&Operation| {
        let text = format!(
            "{} {} {} {} {}",
            operation.id, operation.name, operation.method, operation.path, operation.tag
        )
        .to_ascii_lowercase();
        folded(&operation.tag).contains(&tag) && words.iter().all(|word| text.contains(word.as_str()))
    };
    Catalogue::get().operations().iter().filter(matches).collect()
}

/// What people should call it by: its id; its name where both APIs have the id, or where a shell would trip over it.
pub(super) fn handle(operation: &Operation) -> &str {
    let same = Catalogue::get().operation(&operation.id).is_some_and(|found| found.name == operation.name);
    let plain = operation.id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if same && plain { &operation.id } else { &operation.name }
}

/// Letters and digits, in lower case.
pub(super) fn folded(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn unknown(name: &str) -> Usage {
    let near: Vec<String> = suggestions(name)
        .into_iter()
        .map(|operation| format!("\n  {:<40} {} {}", handle(operation), operation.method, operation.path))
        .collect();
    let question = if near.is_empty() { "" } else { "\n\nDid you mean" };
    Usage(format!(
        "there is no operation `{name}`{question}{}\n\nhint: `offhook api --list --search WORDS` finds operations",
        near.concat()
    ))
}

/// The nearest first: by how much of the name must change, and by words in common.
fn suggestions(name: &str) -> Vec<&'static Operation> {
    let (wanted, words) = (folded(name), words(name));
    let mut near: Vec<(usize, &Operation)> = Catalogue::get()
        .operations()
        .iter()
        .filter_map(|operation| {
            let folded = folded(&operation.id);
            let edits = distance(&wanted, &folded);
            let common = words.iter().filter(|word| operation.name.contains(word.as_str())).count();
            let close = edits * 3 <= wanted.len();
            let related = !words.is_empty() && common == words.len();
            (close || related).then_some((edits, operation))
        })
        .collect();
    near.sort_by_key(|(edits, operation)| (*edits, operation.deprecated));
    near.into_iter().take(SUGGESTIONS).map(|(_, operation)| operation).collect()
}

/// `list`, `call`, `queues` of `listCallQueues` or `list_call_queues`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if (c.is_ascii_uppercase() || !c.is_ascii_alphanumeric())
            && words.last().is_some_and(|word| !word.is_empty())
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| word.len() > 1);
    words
}

/// Letters to add, take away or change (Levenshtein).
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, b) in other.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_name_in_any_case() {
        for wanted in Catalogue::get().operations() {
            for name in [wanted.name.clone(), wanted.name.to_uppercase(), wanted.name.replace('_', "-")] {
                let found = operation(&name).unwrap();
                assert_eq!(found.name, wanted.name, "{name}");
            }
            assert_eq!(operation(handle(wanted)).unwrap().name, wanted.name);
            // Eight ids are in both APIs; Zoom Phone's is meant then.
            assert_eq!(
                operation(&wanted.id.to_lowercase()).unwrap().id.to_lowercase(),
                wanted.id.to_lowercase()
            );
        }
    }

    #[test]
    fn a_slip_finds_its_operation_among_the_suggestions() {
        for (slip, meant) in [
            ("listCallQueue", "listCallQueues"),
            ("lsit_call_queues", "listCallQueues"),
            ("getCallQueue", "getACallQueue"),
            ("call history", "accountCallHistory"),
        ] {
            let ids: Vec<&str> = suggestions(slip).iter().map(|it| it.id.as_str()).collect();
            assert!(ids.contains(&meant), "{slip}: {ids:?}");
        }
        assert!(suggestions("xyzzy").is_empty());
        assert!(suggestions("").is_empty());
    }

    #[test]
    fn a_search_wants_all_words_and_a_tag_any_case() {
        assert_eq!(list(None, None).len(), Catalogue::get().operations().len());
        let queues = list(Some("call queues"), None);
        assert!(queues.len() > 10 && queues.iter().all(|it| it.tag == "Call Queues"));
        let found = list(None, Some("DELETE queue members"));
        assert!(!found.is_empty());
        assert!(
            found.iter().all(|it| it.path.contains("queue") && it.method.as_str() == "DELETE"),
            "{found:?}"
        );
    }

    #[test]
    fn the_distance_is_the_number_of_changed_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
