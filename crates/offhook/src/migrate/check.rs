//! What becomes of each name.

use offhook_calls::normalize::map::{
    fields::{Change, FIELDS, Mapped, of_v1, of_v2},
    results::RESULTS,
    words::{self, Word},
};
use serde_json::{Value, json};
use zoom_phone::types::{
    catalogue::{Catalogue, Method, Operation},
    deprecation::{self, Deprecation, What},
};

use super::names::Names;
use crate::import::snake;

/// A generation of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Generation {
    /// Call logs
    V1,
    /// Call history as it was until November 2025: arrays call_logs and call_path
    V2,
}

impl Generation {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

/// A query parameter of the old lists.
#[derive(Debug, Clone, Copy)]
struct Parameter {
    v1: &'static str,
    v3: &'static [&'static str],
    note: &'static str,
}

/// Query parameters of `accountCallLogs` and `phoneUserCallLogs` and what `accountCallHistory` has for them, from the
/// parameters of both in the OpenAPI document; what goes with what is ours.
const PARAMETERS: &[Parameter] = &[
    Parameter {
        v1: "type",
        v3: &["call_results"],
        note: "missed: no_answer, ring_timeout, abandoned, voicemail; all: leave it out",
    },
    Parameter { v1: "path", v3: &["extension_types", "number_types"], note: "near, not the same" },
    Parameter {
        v1: "phone_number",
        v3: &["keyword"],
        note: "also a name, an extension, an e-mail address, a call id",
    },
    Parameter { v1: "site_id", v3: &["site_ids"], note: "a list" },
    Parameter { v1: "time_type", v3: &["time_type"], note: "startTime is start_time, endTime is end_time" },
    Parameter { v1: "charged_call_logs", v3: &[], note: "gone; costs are in GetCallChargesUsageReport" },
];

/// A field or array, and what became of it.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) generation: Generation,
    pub(super) change: Change,
    pub(super) mapped: &'static Mapped,
    pub(super) words: Vec<String>,
    pub(super) obtain: Vec<&'static Operation>,
}

/// What became of everything that was asked about.
#[derive(Default)]
pub(super) struct Report {
    pub(super) fields: Vec<Field>,
    /// Query parameter, what to send instead, what to know.
    pub(super) parameters: Vec<(&'static str, &'static [&'static str], &'static str)>,
    /// Operations and events that end.
    pub(super) ending: Vec<&'static Deprecation>,
    /// Fields that v3 has under this name and the older generations had not.
    pub(super) current: Vec<String>,
    /// Names that nobody knows, with the nearest that is known.
    pub(super) unknown: Vec<(String, Option<&'static str>)>,
}

/// Fields of envelopes, which no generation has changed.
const ENVELOPE: &[&str] = &[
    "next_page_token",
    "page_count",
    "page_size",
    "total_records",
    "from",
    "to",
    "sync_token",
    "event",
    "event_ts",
    "account_id",
    "page_number",
    "type",
];

/// Says of each name what became of it. Without `generation` it is what the names themselves show.
pub(super) fn judge(names: &Names, generation: Option<Generation>) -> Report {
    let mut report = Report::default();
    for path in &names.paths {
        let methods = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
        let operations = methods.iter().filter_map(|method| Catalogue::get().find(method.as_str(), path));
        let before = report.ending.len();
        let mut any = false;
        for (operation, _) in operations {
            any = true;
            report.ending.extend(deprecation::of(What::Operation, &operation.name));
            arrays(operation, &mut report);
        }
        if !any {
            report.unknown.push((path.clone(), None));
        } else if report.ending.len() == before {
            report.current.push(path.clone());
        }
    }
    let generation = generation.unwrap_or_else(|| shown(&names.fields));
    for name in &names.fields {
        field(name, generation, &mut report);
    }
    report.ending.dedup();
    report
}

/// Arrays of an operation's answer that end though the operation stays.
fn arrays(operation: &Operation, report: &mut Report) {
    let ending = deprecation::DEPRECATIONS.iter().filter(|entry| {
        entry.what == What::Array && entry.name.split_once('.').is_some_and(|(of, _)| of == operation.name)
    });
    report.ending.extend(ending);
}

/// The generation that has most of these names; v1 where both have as many.
fn shown(names: &[String]) -> Generation {
    let count = |known: fn(&str) -> Option<&'static Mapped>| {
        names.iter().filter(|name| known(&snake(name)).is_some()).count()
    };
    if count(of_v2) > count(of_v1) { Generation::V2 } else { Generation::V1 }
}

fn field(written: &str, generation: Generation, report: &mut Report) {
    if let Some(entry) = deprecation::of(What::Event, written) {
        report.ending.push(entry);
        return;
    }
    if written.starts_with("phone.") {
        report.current.push(written.to_owned());
        return;
    }
    if let Some(operation) = Catalogue::get().operation(written) {
        match deprecation::of(What::Operation, &operation.name) {
            Some(entry) => report.ending.push(entry),
            None => report.current.push(written.to_owned()),
        }
        return;
    }
    let mut found = false;
    // A table's own prefix, or an alias, may be in front: `call_log.duration`, `l.duration`.
    for name in candidates(written) {
        if let Some(parameter) = PARAMETERS.iter().find(|parameter| parameter.v1 == name)
            && generation == Generation::V1
            && !report.parameters.iter().any(|(known, ..)| *known == parameter.v1)
        {
            report.parameters.push((parameter.v1, parameter.v3, parameter.note));
            found = true;
        }
        if let Some((mapped, of)) = known(&name, generation) {
            let change =
                if of == Generation::V2 { mapped.since_v2().unwrap_or(mapped.change) } else { mapped.change };
            report.fields.push(Field {
                name,
                generation: of,
                change,
                mapped,
                words: if change == Change::Same { Vec::new() } else { vocabulary(mapped) },
                obtain: operations(mapped.note),
            });
            return;
        }
        if found || ENVELOPE.contains(&name.as_str()) {
            return;
        }
        if is_v3(&name) {
            report.current.push(name);
            return;
        }
    }
    let nearest = nearest(&snake(written));
    report.unknown.push((written.to_owned(), nearest));
}

/// A name, and what is left of it without what may be in front.
fn candidates(written: &str) -> Vec<String> {
    let is_array = written.ends_with("[]");
    let parts: Vec<String> = written.trim_end_matches("[]").split('.').map(snake).collect();
    let end = if is_array { "[]" } else { "" };
    (0..parts.len()).filter_map(|from| Some(format!("{}{end}", parts.get(from..)?.join(".")))).collect()
}

/// The line of a name: of its own generation, else of the other.
fn known(name: &str, generation: Generation) -> Option<(&'static Mapped, Generation)> {
    let flat = name.replacen('_', ".", 1);
    let v1 = || of_v1(name).or_else(|| of_v1(&flat)).map(|mapped| (mapped, Generation::V1));
    let v2 = || of_v2(name).map(|mapped| (mapped, Generation::V2));
    match generation {
        Generation::V1 => v1().or_else(v2),
        Generation::V2 => v2().or_else(v1),
    }
}

fn is_v3(name: &str) -> bool {
    let names = |mapped: &Mapped| [mapped.v3_row, mapped.v3_element, mapped.v3_participant];
    FIELDS.iter().flat_map(names).flatten().flat_map(|names| names.split(' ')).any(|known| known == name)
}

/// What became of a field's words.
fn vocabulary(mapped: &Mapped) -> Vec<String> {
    let of = |table: &[Word]| {
        table
            .iter()
            .map(|word| {
                let to = if word.v3.is_empty() { "no word".to_owned() } else { word.v3.join(", ") };
                let from = if word.v1 == "-" { "new" } else { word.v1 };
                let note = if word.note.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", word.note.trim_end_matches('.'))
                };
                format!("{from}: {to}{note}")
            })
            .collect()
    };
    match mapped.v1.unwrap_or_default() {
        "result" => RESULTS
            .iter()
            .map(|word| {
                let to = if word.v3.is_empty() { "no result".to_owned() } else { word.v3.join(", ") };
                format!(
                    "{}: {to}{}",
                    word.v1,
                    word.beside.map(|beside| format!(" with {beside}")).unwrap_or_default()
                )
            })
            .collect(),
        "caller_number_type" | "callee_number_type" => of(words::NUMBER_TYPES),
        "caller_number_source" | "callee_number_source" => of(words::NUMBER_SOURCES),
        "owner.type" => of(words::EXTENSION_TYPES),
        "call_type" => of(words::CALL_TYPES),
        "recording_type" => of(words::RECORDING_TYPES),
        "has_recording" => of(words::RECORDING_FLAGS),
        "path" => of(words::PATHS),
        _ => Vec::new(),
    }
}

/// The operations that a note names.
fn operations(note: &str) -> Vec<&'static Operation> {
    let all = Catalogue::get().operations();
    let words = note.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| all.iter().find(|operation| operation.id.eq_ignore_ascii_case(word))).collect()
}

/// The known name that is nearest, if one is near.
fn nearest(name: &str) -> Option<&'static str> {
    let known = FIELDS.iter().flat_map(|mapped| [mapped.v1, mapped.v2]).flatten();
    known
        .map(|known| (crate::rest::distance(name, known), known))
        .filter(|(edits, known)| edits * 3 <= known.len().max(name.len()))
        .min()
        .map(|(_, known)| known)
}

impl Report {
    pub(super) fn json(&self) -> Value {
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|field| {
                let obtain: Vec<Value> = field
                    .obtain
                    .iter()
                    .map(|operation| {
                        json!({
                            "operation": operation.id, "method": operation.method.as_str(), "path": operation.path,
                            "scopes": operation.scopes_granular, "scopes_classic": operation.scopes_classic,
                        })
                    })
                    .collect();
                let names = |names: Option<&'static str>| names.map(|names| names.split(' ').collect::<Vec<_>>());
                json!({
                    "name": field.name, "generation": field.generation.as_str(), "change": field.change.as_str(),
                    "v3": {
                        "row": names(field.mapped.v3_row), "element": names(field.mapped.v3_element),
                        "participant": names(field.mapped.v3_participant),
                    },
                    "words": field.words, "note": field.mapped.note, "obtain": obtain,
                })
            })
            .collect();
        let parameters: Vec<Value> = self
            .parameters
            .iter()
            .map(|(name, instead, note)| json!({ "name": name, "instead": instead, "note": note }))
            .collect();
        let ending: Vec<Value> = self.ending.iter().map(|entry| super::ending(entry)).collect();
        let unknown: Vec<Value> =
            self.unknown.iter().map(|(name, nearest)| json!({ "name": name, "nearest": nearest })).collect();
        json!({
            "fields": fields, "parameters": parameters, "ending": ending, "current": self.current, "unknown": unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    fn judged(text: &str) -> Report {
        judge(&names::read(text), None)
    }

    #[test]
    fn each_field_says_its_v3_names_its_change_and_where_to_get_what_is_gone() {
        let report =
            judged("caller_user_id, duration, result, caller_number_type, call_logs.site.id, chrage");
        let of = |name: &str| report.fields.iter().find(|field| field.name == name).unwrap();
        assert_eq!(of("caller_user_id").change, Change::Elsewhere);
        assert_eq!(of("caller_user_id").obtain[0].id, "listPhoneUsers");
        assert!(!of("caller_user_id").obtain[0].scopes_granular.is_empty());
        assert_eq!(of("caller_number_type").change, Change::Type);
        assert!(of("result").words.iter().any(|word| word.starts_with("Missed: no_answer")));
        assert_eq!(of("site.id").mapped.v3_row, Some("site_id"));
        assert_eq!(report.unknown, [("chrage".to_owned(), Some("charge"))]);
    }

    #[test]
    fn names_of_v2_are_judged_by_what_changed_since_v2() {
        let report = judged("id, call_path_id, start_time, caller_ext_id, result, call_type");
        assert!(report.fields.iter().all(|field| field.generation == Generation::V2));
        let of = |name: &str| report.fields.iter().find(|field| field.name == name).unwrap();
        assert_eq!(of("call_path_id").change, Change::Renamed);
        assert_eq!(of("call_type").change, Change::Same);
        assert!(of("result").words.is_empty(), "its words are those of v2");
    }

    #[test]
    fn operations_events_arrays_and_parameters_are_known() {
        let report = judged(
            "GET /phone/call_logs?type=missed&charged_call_logs=true phone.callee_call_log_completed syncUserCallLogs",
        );
        let ending: Vec<&str> = report.ending.iter().map(|entry| entry.name).collect();
        assert_eq!(ending, ["account_call_logs", "phone.callee_call_log_completed", "sync_user_call_logs"]);
        let parameters: Vec<&str> = report.parameters.iter().map(|(name, ..)| *name).collect();
        assert_eq!(parameters, ["type", "charged_call_logs"]);
        let arrays: Vec<&str> = judged("/phone/call_history").ending.iter().map(|entry| entry.name).collect();
        assert_eq!(arrays, ["account_call_history.call_logs"]);
    }

    #[test]
    fn every_parameter_is_one_of_the_old_operations_and_its_successor_one_of_the_new() {
        let has = |operation: &str, name: &str| {
            Catalogue::get()
                .operation(operation)
                .unwrap()
                .parameters
                .iter()
                .any(|parameter| parameter.name == name)
        };
        for parameter in PARAMETERS {
            assert!(
                has("accountCallLogs", parameter.v1) || has("phoneUserCallLogs", parameter.v1),
                "{}",
                parameter.v1
            );
            for name in parameter.v3 {
                assert!(has("accountCallHistory", name), "{name}");
            }
        }
    }

    #[test]
    fn every_operation_in_a_note_is_one_of_the_catalogue() {
        for mapped in FIELDS.iter().filter(|mapped| mapped.change == Change::Elsewhere) {
            assert!(!operations(mapped.note).is_empty(), "{mapped:?}");
        }
    }
}
