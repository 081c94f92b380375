//! `cargo xtask codegen`: the generated part of `zoom-phone-types`, from Zoom's OpenAPI documents.
//!
//! Passes: read the documents ([`read`]), repair their defects by named rules ([`quirks`]), merge the events of a
//! family into one struct ([`families`]), name everything ([`names`]), write Rust ([`emit_events`]), example events
//! ([`samples`]) and the catalogue of operations ([`emit_catalogue`]). What the documents do not say is in `codegen/overlay.toml` ([`overlay`]).
//!
//! The documents are Zoom's and not part of the repository; without them the generated files stay as they are.

mod emit_catalogue;
mod emit_events;
mod families;
mod names;
mod operations;
mod overlay;
mod quirks;
pub(crate) mod read;
mod samples;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where generated Rust goes, from the root of the repository.
const TYPES: &str = "crates/zoom-phone-types";
const CLIENT: &str = "crates/zoom-phone";
const EMULATOR: &str = "crates/zoom-phone-emulator";
const OVERLAY: &str = "codegen/overlay.toml";
const LOCK: &str = "codegen/generated.lock";

/// Generates the files, or with `check` only compares them with what is there.
pub(crate) fn run(check: bool) -> Result<()> {
    let root = root();
    let Some(documents) = read::documents(&root.join("../shared/zoom"))? else { return Ok(()) };
    let mut rules = BTreeMap::new();
    for name in [OVERLAY, operations::OPERATIONS, operations::CHOICES, operations::SHAPES] {
        rules.insert(name, std::fs::read_to_string(root.join(name)).context(name)?);
    }
    let files = generate(&documents, &rules)?;
    if check { compare(&root, &files) } else { write(&root, &files) }
}

/// All files with their contents, the lock last.
fn generate(documents: &read::Documents, rules: &BTreeMap<&str, String>) -> Result<BTreeMap<String, String>> {
    let rule = |name: &str| rules.get(name).map(String::as_str).unwrap_or_default();
    let overlay = overlay::parse(rule(OVERLAY)).context(OVERLAY)?;
    let mut webhooks = documents.webhooks.json.clone();
    quirks::repair_webhooks(&mut webhooks).context(documents.webhooks.name)?;
    let mut model = families::merge(&webhooks, &overlay).context(documents.webhooks.name)?;
    let mut phone = documents.phone.json.clone();
    quirks::repair_phone(&mut phone, &overlay).context(documents.phone.name)?;
    let mut numbers = documents.numbers.json.clone();
    quirks::repair_numbers(&mut numbers).context(documents.numbers.name)?;

    let mut files = BTreeMap::new();
    let catalogue = emit_catalogue::catalogue(&phone, &numbers, &overlay.catalogue)?;
    let texts = operations::RuleTexts {
        operations: rule(operations::OPERATIONS),
        choices: rule(operations::CHOICES),
        shapes: rule(operations::SHAPES),
    };
    let generated = operations::generate(&catalogue, &texts, &mut model)?;
    for (name, source) in generated.types {
        files.insert(format!("{TYPES}/{name}"), rustfmt(&source)?);
    }
    for (name, source) in generated.client {
        files.insert(format!("{CLIENT}/{name}"), rustfmt(&source)?);
    }
    files.insert(format!("{TYPES}/src/generated/catalogue.json"), catalogue);
    files.insert(format!("{TYPES}/src/generated/enums.rs"), rustfmt(&emit_events::enums(&model)?)?);
    files.insert(format!("{TYPES}/src/generated/events.rs"), rustfmt(&emit_events::events(&model)?)?);
    files.insert(format!("{TYPES}/src/generated/mod.rs"), rustfmt(&emit_events::index())?);
    let events = samples::lines(&webhooks)?;
    files.insert(format!("{EMULATOR}/src/generated/events.jsonl"), events.clone());
    files.insert(format!("{TYPES}/tests/generated/events.jsonl"), events);
    files.insert(LOCK.to_owned(), lock(documents, rules, &files));
    Ok(files)
}

/// The inputs by hash and the outputs by name, so that a changed document or a left-over file shows.
fn lock(
    documents: &read::Documents,
    rules: &BTreeMap<&str, String>,
    files: &BTreeMap<String, String>,
) -> String {
    let inputs: Vec<String> = documents
        .texts()
        .chain(rules.iter().map(|(name, text)| (*name, text.as_str())))
        .map(|(name, content)| format!("\"{name}\" = \"sha256:{}\"", hex::encode(Sha256::digest(content))))
        .collect();
    let outputs: Vec<String> = files.keys().map(|name| format!("  \"{name}\",")).collect();
    format!(
        "# Written by `cargo xtask codegen`; do not edit.\n\n[inputs]\n{}\n\n[outputs]\nfiles = [\n{}\n]\n",
        inputs.join("\n"),
        outputs.join("\n")
    )
}

fn write(root: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    for name in stale(root, files)? {
        std::fs::remove_file(root.join(&name)).with_context(|| name.clone())?;
        say(&format!("removed {name}"));
    }
    for (name, content) in files {
        let path = root.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == *content) {
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| name.clone())?;
        }
        std::fs::write(&path, content).with_context(|| name.clone())?;
        say(&format!("wrote {name}"));
    }
    Ok(())
}

fn compare(root: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    let mut drift = stale(root, files)?;
    drift.extend(
        files
            .iter()
            .filter(|(name, content)| {
                std::fs::read_to_string(root.join(name)).ok().as_ref() != Some(*content)
            })
            .map(|(name, _)| name.clone()),
    );
    if drift.is_empty() {
        say(&format!("{} generated files are up to date", files.len()));
        return Ok(());
    }
    bail!(
        "these files differ from what the generator writes; run `cargo xtask codegen`:\n  {}",
        drift.join("\n  ")
    )
}

/// Files the last run wrote and this one does not.
fn stale(root: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let Ok(text) = std::fs::read_to_string(root.join(LOCK)) else { return Ok(Vec::new()) };
    let lock: toml::Table = text.parse().context(LOCK)?;
    let old = lock.get("outputs").and_then(|outputs| outputs.get("files")).and_then(toml::Value::as_array);
    Ok(old
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .filter(|name| !files.contains_key(*name) && root.join(name).exists())
        .map(str::to_owned)
        .collect())
}

/// Formats Rust source with the repository's `rustfmt.toml`.
fn rustfmt(source: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--quiet"])
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt did not start; run `rustup component add rustfmt`")?;
    let mut stdin = child.stdin.take().context("rustfmt has no standard input")?;
    // On its own thread: rustfmt may write before it has read all.
    let source = source.to_owned();
    let feeder = std::thread::spawn(move || stdin.write_all(source.as_bytes()));
    let output = child.wait_with_output().context("rustfmt")?;
    feeder.join().map_err(|_| anyhow::anyhow!("feeding rustfmt panicked"))?.context("rustfmt")?;
    if !output.status.success() {
        bail!("rustfmt rejects the generated source: the emitter is wrong");
    }
    String::from_utf8(output.stdout).context("rustfmt")
}

/// The repository, as seen from this crate.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[expect(clippy::print_stdout, reason = "a command-line tool talking to its user")]
fn say(line: &str) {
    println!("{line}");
}
