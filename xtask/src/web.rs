//! `cargo xtask web`: the web app's packages, and the app that the binary carries.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::workspace::{execute, npm, root};

/// Installed packages, build results and test output: not what the app is made from.
const NOT_SOURCES: &[&str] = &["node_modules", "dist", "test-results", "screenshots", "e2e"];

/// The web app's packages.
pub(crate) fn install() -> Result<()> {
    packages("web")
}

/// `npm ci` in a folder of the repository, unless the installed packages are those of its package-lock.json.
pub(crate) fn packages(folder: &str) -> Result<()> {
    let folder = root().join(folder);
    let mut hash = Sha256::new();
    add(&mut hash, &folder, &folder.join("package-lock.json"))?;
    once(&folder.join("node_modules/.offhook-stamp"), hash, true, || {
        let mut ci = npm();
        execute(ci.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]).stdout(std::io::stderr()))
    })
}

/// Builds web/dist, unless it was built from these very sources.
pub(crate) fn build() -> Result<()> {
    install()?;
    let web = root().join("web");
    let mut files = Vec::new();
    collect(&web, &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        add(&mut hash, &web, file)?;
    }
    let built = web.join("dist/index.html").exists();
    once(&web.join("node_modules/.offhook-build-stamp"), hash, built, || {
        execute(npm().args(["run", "build"]))
    })
}

/// Does something unless the stamp says that it was done for this hash.
fn once(
    stamp: &Path,
    hash: Sha256,
    result_is_there: bool,
    action: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let wanted = hex::encode(hash.finalize());
    if result_is_there && fs::read_to_string(stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    action()?;
    fs::write(stamp, wanted).with_context(|| stamp.display().to_string())
}

fn add(hash: &mut Sha256, web: &Path, file: &Path) -> Result<()> {
    let content = fs::read(file).with_context(|| file.display().to_string())?;
    hash.update(file.strip_prefix(web).unwrap_or(file).to_string_lossy().as_bytes());
    hash.update((content.len() as u64).to_le_bytes());
    hash.update(content);
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if NOT_SOURCES.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
