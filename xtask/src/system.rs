//! Programs that Debian has and Cargo and npm do not.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::workspace::{execute, output};

/// Whether a program is there now.
pub(crate) enum Found {
    /// It is.
    Yes(PathBuf),
    /// It is not, and this user may not install it. Holds the command for somebody who may.
    No(String),
}

/// Debian's Chromium, or the browser that the variable CHROMIUM names.
pub(crate) fn chromium() -> Result<Found> {
    if let Some(path) = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|path| path.exists()) {
        return Ok(Found::Yes(path));
    }
    ensure("chromium", "chromium")
}

/// A C++ compiler.
pub(crate) fn cxx() -> Result<Found> {
    if let Some(path) = std::env::var_os("CXX").map(PathBuf::from) {
        return Ok(Found::Yes(path));
    }
    ensure("c++", "g++")
}

/// Looks for a program, and installs its Debian package if it is missing and we are root.
fn ensure(program: &str, package: &str) -> Result<Found> {
    if let Some(path) = find(program) {
        return Ok(Found::Yes(path));
    }
    let install = format!("apt-get install -y --no-install-recommends {package}");
    if find("apt-get").is_none() {
        return Ok(Found::No(format!("install {program} (Debian: {install})")));
    }
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Ok(Found::No(format!("sudo {install}")));
    }
    execute(apt().arg("update"))?;
    execute(apt().args(["install", "-y", "--no-install-recommends", package]))?;
    Ok(find(program).map_or(Found::No(install), Found::Yes))
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// A program on the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
