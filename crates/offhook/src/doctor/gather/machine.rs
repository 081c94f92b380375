//! This machine: files, disk, git, and what opens links.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use tokio::process::Command;
use zoom_phone::launch::Scheme;

use super::{failed, refused, within};
use crate::doctor::facts::{Asked, Git, Machine, OpenFile};

/// What a sealed record begins with.
const SEALED: &[u8] = b"ZPS1";

/// Looks around. `settings_file` is `offhook.toml` or what was named instead.
pub(crate) async fn machine(data: &Path, tokens: &Path, settings_file: Option<&Path>) -> Machine {
    let (handlers, git, space) = tokio::join!(handlers(), git(), space(data));
    let mut files: Vec<(PathBuf, bool)> = vec![(".env".into(), true)];
    files.extend(settings_file.map(|file| (file.to_owned(), true)));
    files.extend([(data.to_owned(), false), (data.join("secrets.db"), true), (tokens.to_owned(), true)]);
    files.extend(children(tokens).map(|file| (file, true)));
    files.retain(|(file, _)| file.exists());
    let open_files = files.iter().filter_map(|(file, secret)| open_file(file, *secret)).collect();
    Machine {
        system: std::env::consts::OS,
        handlers,
        open_files,
        files: files.len(),
        git,
        signed_in: None,
        grants: children(tokens).filter_map(|file| grant(&file)).collect(),
        space,
        has_data: data.join("inbox.db").exists() && data.join("calls.db").exists(),
    }
}

fn children(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

/// Others than its owner may read it, or list it.
fn open_file(file: &Path, secret: bool) -> Option<OpenFile> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & 0o044 != 0).then(|| OpenFile { path: file.display().to_string(), mode, secret })
}

/// When a kept grant was last refreshed, and whether it is sealed.
fn grant(file: &Path) -> Option<(Timestamp, bool)> {
    if file.extension()? != "grant" {
        return None;
    }
    let written = std::fs::metadata(file).ok()?.modified().ok()?;
    let sealed = std::fs::read(file).ok()?.starts_with(SEALED);
    Some((Timestamp::try_from(written).ok()?, sealed))
}

/// Which program opens each scheme, where that can be asked cheaply.
async fn handlers() -> Asked<Vec<(&'static str, String)>> {
    if std::env::consts::OS != "linux" {
        return Asked::Skipped("only Linux can be asked from here".to_owned());
    }
    let mut found = Vec::new();
    for scheme in Scheme::ALL {
        let kind = format!("x-scheme-handler/{}", scheme.as_str());
        match output("xdg-mime", &["query", "default", &kind]).await {
            Asked::Got((_, text)) => found.push((scheme.as_str(), text.trim().to_owned())),
            _ => {
                return Asked::Skipped(
                    "this machine has no xdg-mime, so no desktop that opens links".to_owned(),
                );
            }
        }
    }
    Asked::Got(found)
}

/// What git says of `.env` here.
async fn git() -> Asked<Git> {
    if !Path::new(".env").exists() {
        return Asked::Skipped("there is no .env here".to_owned());
    }
    match output("git", &["ls-files", "--error-unmatch", ".env"]).await {
        Asked::Got((Some(0), _)) => Asked::Got(Git::Tracked),
        Asked::Got((Some(1), _)) => match output("git", &["check-ignore", "-q", ".env"]).await {
            Asked::Got((Some(0), _)) => Asked::Got(Git::Ignored),
            _ => Asked::Got(Git::NotIgnored),
        },
        _ => Asked::Skipped("this is no git repository, or there is no git".to_owned()),
    }
}

/// Free and all bytes of the disk that a directory is on, or will be.
async fn space(directory: &Path) -> Asked<(u64, u64)> {
    let there = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    match output("df", &["-Pk", &there.display().to_string()]).await {
        Asked::Got((_, text)) => match kilobytes(&text) {
            Some((free, all)) => Asked::Got((free.saturating_mul(1024), all.saturating_mul(1024))),
            None => failed("df answered something else"),
        },
        Asked::Failed(failure) => Asked::Failed(failure),
        Asked::Skipped(why) => Asked::Skipped(why),
    }
}

/// Available and all blocks, from the last line of `df -Pk`. The name of the device may have spaces.
fn kilobytes(text: &str) -> Option<(u64, u64)> {
    let words: Vec<&str> = text.lines().last()?.split_whitespace().collect();
    let capacity = words.iter().position(|word| word.ends_with('%'))?;
    let number = |back: usize| words.get(capacity.checked_sub(back)?)?.parse().ok();
    Some((number(1)?, number(3)?))
}

/// Runs a program to its end: its code and what it printed.
async fn output(program: &str, args: &[&str]) -> Asked<(Option<i32>, String)> {
    within(program, async {
        let run = Command::new(program).args(args).kill_on_drop(true).output().await;
        match run {
            Ok(output) => {
                Asked::Got((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
            }
            Err(error) => refused(&error),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_whatever_the_device_is_called() {
        let text =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sd a1 1000 400 600 40% /\n";
        assert_eq!(kilobytes(text), Some((600, 1000)));
        assert_eq!(kilobytes("nonsense"), None);
        assert_eq!(kilobytes(""), None);
    }
}
