//! `docs/emulator.md` has tables of what there is; they are made from the emulator itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use axum::http::Method;
use zoom_phone_emulator::{Emulator, FaultKind};

/// A row for each chapter of Zoom's reference, with the number of operations of each kind.
async fn operations() -> String {
    let zoom = Emulator::builder().start().await.expect("it starts");
    let census = zoom.control(Method::GET, "/operations", None).await.expect("a census");
    let mut chapters: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for operation in census["operations"].as_array().expect("operations") {
        let chapter = chapters.entry(operation["tag"].as_str().expect("a tag")).or_default();
        match operation["kind"].as_str() {
            Some("stateful") => chapter.0 += 1,
            _ => chapter.1 += 1,
        }
    }
    let mut table = String::from("| resource | simulated | shaped |\n|---|---:|---:|\n");
    let (mut all_simulated, mut all_shaped) = (0, 0);
    for (chapter, (simulated, shaped)) in chapters {
        writeln!(table, "| {chapter} | {simulated} | {shaped} |").expect("a text");
        all_simulated += simulated;
        all_shaped += shaped;
    }
    writeln!(table, "| all | {all_simulated} | {all_shaped} |").expect("a text");
    table
}

fn faults() -> String {
    let mut table = String::from("| fault | what happens | fields |\n|---|---|---|\n");
    for kind in FaultKind::ALL {
        let fields: Vec<_> = kind
            .fields
            .iter()
            .map(|field| {
                let optional = if field.required { "" } else { "?" };
                format!("`{}`{optional} {}", field.name, field.what)
            })
            .collect();
        writeln!(table, "| `{}` | {} | {} |", kind.fault, kind.what, fields.join("; ")).expect("a text");
    }
    table
}

/// The text with another part between the mark and the next end.
fn with(document: &str, mark: &str, part: &str) -> String {
    let mark = format!("<!-- {mark} -->\n");
    let (before, rest) = document.split_once(&mark).expect("the mark is there");
    let (_, after) = rest.split_once("<!-- end -->").expect("the part has an end");
    format!("{before}{mark}{part}<!-- end -->{after}")
}

#[tokio::test]
async fn the_tables_of_the_documentation_say_what_there_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/emulator.md");
    let document = fs::read_to_string(path).expect("the document");
    let made = with(&document, "faults", &faults());
    let made = with(&made, "operations", &operations().await);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, made).expect("it can be written");
        return;
    }
    assert!(
        made == document,
        "docs/emulator.md is not up to date: UPDATE_DOCS=1 cargo test -p zoom-phone-emulator docs"
    );
}
