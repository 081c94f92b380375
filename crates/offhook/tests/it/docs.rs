//! `docs/cli.md` shows the help of every command as it is.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::rig::{printed, run};

const MARK: &str = "<!-- From here on: written by the test `docs`, with UPDATE_DOCS=1 set. -->\n";

/// The help of a command and of all below it, in the order in which they are listed.
fn helps(directory: &Path, command: &[&str], found: &mut String) {
    let help = printed(&run(directory, &[command, &["--help"]].concat()));
    let name = ["offhook"].iter().chain(command).copied().collect::<Vec<_>>().join(" ");
    found.extend(["\n## ", &name, "\n\n```text\n", help.trim_end(), "\n```\n"]);
    let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    for line in listed.lines().take_while(|line| line.starts_with("  ")) {
        let Some(below) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) else { continue };
        if !below.is_empty() && below != "help" {
            helps(directory, &[command, &[below]].concat(), found);
        }
    }
}

#[test]
fn the_command_line_is_documented_as_it_is() {
    let directory = TempDir::new().unwrap();
    let mut expected = String::new();
    helps(directory.path(), &[], &mut expected);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
    let document = fs::read_to_string(path).unwrap();
    let (written, generated) = document.split_once(MARK).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, format!("{written}{MARK}{expected}")).unwrap();
        return;
    }
    assert!(generated == expected, "docs/cli.md is not up to date: UPDATE_DOCS=1 cargo test -p offhook docs");
}
