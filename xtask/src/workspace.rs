//! Where things are, and how other programs are run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The repository's root. Asked of Cargo at run time: checkouts may share a target directory, and so this program.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = PathBuf::from(here);
    here.parent().map_or(here.clone(), Path::to_owned)
}

/// Cargo's target directory, wherever the user put it.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata = json(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let path = metadata["target_directory"].as_str().context("cargo metadata names no target_directory")?;
    Ok(PathBuf::from(path))
}

/// Builds the product and returns the path of its binary.
pub(crate) fn build_offhook(release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "-p", "offhook"]);
    if release {
        build.arg("--release");
    }
    execute(&mut build)?;
    Ok(target()?.join(if release { "release" } else { "debug" }).join("offhook"))
}

/// The cargo that runs this program, at the root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// npm in `web/`. It reports nothing about this machine to anybody.
pub(crate) fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root().join("web"));
    command.envs([
        ("npm_config_audit", "false"),
        ("npm_config_fund", "false"),
        ("npm_config_update_notifier", "false"),
    ]);
    command
}

/// Runs a command to its end, showing it and what it prints.
pub(crate) fn execute(command: &mut Command) -> Result<()> {
    let shown = show(command);
    // Standard output is for reports.
    eprintln!("$ {shown}");
    let status = command.stdin(Stdio::null()).status().with_context(|| cannot_start(&shown, command))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command quietly and returns what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(&shown, command))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not text"))
}

/// The same for commands that print JSON.
pub(crate) fn json(command: &mut Command) -> Result<Value> {
    let text = output(command)?;
    serde_json::from_str(&text)
        .with_context(|| format!("`{}` printed something that is not JSON", show(command)))
}

fn cannot_start(shown: &str, command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    format!("`{shown}` could not be started; is {program} installed?")
}

/// A command as a person would type it.
pub(crate) fn show(command: &Command) -> String {
    let word = |text: &OsStr| Path::new(text).file_name().unwrap_or(text).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(word(command.get_program())).chain(arguments).collect::<Vec<_>>().join(" ")
}
