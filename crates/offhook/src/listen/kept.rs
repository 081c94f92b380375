//! The last events, one file each, so that they can be sent again: also by another process, also tomorrow.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::args::Which;

/// How many are kept.
const KEEP: usize = 200;
/// The secret token that was made for want of one.
const SECRET: &str = "secret";

/// The folder with the last events. Names and numbers of people are in it, and a secret: it is for its owner only.
pub(super) struct Kept {
    folder: PathBuf,
}

/// An event as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptEvent {
    /// Counted from 1, on and on.
    pub(super) number: u64,
    pub(super) received_at: Timestamp,
    pub(super) event: String,
    /// The JSON as Zoom wrote it.
    pub(super) body: String,
}

impl Kept {
    /// Nothing is made on disk before there is something to keep.
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps an event, gives it its number, and lets go of the oldest.
    pub(super) fn keep(
        &self,
        received_at: Timestamp,
        event: String,
        body: String,
    ) -> anyhow::Result<KeptEvent> {
        let mut numbers = self.numbers()?;
        let number = numbers.last().map_or(1, |last| last + 1);
        let mut kept = KeptEvent { number, received_at, event, body };
        // Another listener may be taking the same number.
        while !self.write_new(&file_name(kept.number), serde_json::to_string(&kept)?.as_bytes())? {
            kept.number += 1;
        }
        numbers.push(kept.number);
        for oldest in &numbers[..numbers.len().saturating_sub(KEEP)] {
            // Gone already is as good.
            let _ = fs::remove_file(self.folder.join(file_name(*oldest)));
        }
        Ok(kept)
    }

    /// All of them, oldest first.
    pub(super) fn all(&self) -> anyhow::Result<Vec<KeptEvent>> {
        self.numbers()?.into_iter().map(|number| self.read(number)).collect()
    }

    /// One of them.
    pub(super) fn find(&self, which: Which) -> anyhow::Result<KeptEvent> {
        let numbers = self.numbers()?;
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            bail!("no event is kept in {}; `offhook listen` keeps what it hears", self.folder.display());
        };
        match which {
            Which::Last => self.read(*last),
            Which::Number(number) if numbers.contains(&number) => self.read(number),
            Which::Number(number) => {
                bail!("event {number} is not kept; there are {first} to {last}: see `offhook listen kept`")
            }
        }
    }

    /// The secret token made here earlier, or a new one.
    pub(super) fn secret(&self, new: impl FnOnce() -> String) -> anyhow::Result<String> {
        let path = self.folder.join(SECRET);
        if !path.exists() {
            self.write_new(SECRET, new().as_bytes())?;
        }
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn read(&self, number: u64) -> anyhow::Result<KeptEvent> {
        let path = self.folder.join(file_name(number));
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not an event that was kept; delete it", path.display()))
    }

    fn numbers(&self) -> anyhow::Result<Vec<u64>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", self.folder.display()));
            }
        };
        let mut numbers: Vec<u64> = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes a file that was not there; whether it was not.
    fn write_new(&self, name: &str, bytes: &[u8]) -> anyhow::Result<bool> {
        let path = self.folder.join(name);
        let cannot = || format!("cannot write {}", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).with_context(cannot)?;
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => file.write_all(bytes).with_context(cannot).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error).with_context(cannot),
        }
    }
}

fn file_name(number: u64) -> String {
    format!("{number:08}.json")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_second(1_795_300_000).unwrap()
    }

    #[test]
    fn the_last_200_are_kept_and_numbers_go_on() {
        let directory = TempDir::new().unwrap();
        let kept = Kept::in_folder(directory.path().join("listen"));
        assert!(kept.all().unwrap().is_empty());
        assert!(kept.find(Which::Last).unwrap_err().to_string().contains("no event is kept"));
        for number in 1..=203 {
            let body = format!("{{\"n\": {number}}}");
            assert_eq!(kept.keep(at(), "phone.x".to_owned(), body).unwrap().number, number);
        }
        let numbers: Vec<_> = kept.all().unwrap().iter().map(|event| event.number).collect();
        assert_eq!(numbers, (4..=203).collect::<Vec<_>>());
        assert_eq!(kept.find(Which::Number(4)).unwrap().body, r#"{"n": 4}"#);
        let error = kept.find(Which::Number(3)).unwrap_err().to_string();
        assert!(error.contains("there are 4 to 203"), "{error}");

        // Another process goes on where this one was.
        let again = Kept::in_folder(directory.path().join("listen"));
        let next = again.keep(at(), "phone.x".to_owned(), "{}".to_owned()).unwrap();
        assert_eq!(next.number, 204);
        assert_eq!(again.find(Which::Last).unwrap(), next);
    }

    #[test]
    fn what_is_kept_is_for_its_owner_only() {
        let directory = TempDir::new().unwrap();
        let kept = Kept::in_folder(directory.path().join("a/listen"));
        kept.keep(at(), "phone.x".to_owned(), "{}".to_owned()).unwrap();
        kept.secret(|| "s".to_owned()).unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(kept.folder.clone()), 0o700);
        for file in fs::read_dir(&kept.folder).unwrap() {
            assert_eq!(mode(file.unwrap().path()), 0o600);
        }
    }

    #[test]
    fn a_secret_is_made_once() {
        let directory = TempDir::new().unwrap();
        let kept = Kept::in_folder(directory.path().to_owned());
        assert_eq!(kept.secret(|| "first".to_owned()).unwrap(), "first");
        assert_eq!(kept.secret(|| "second".to_owned()).unwrap(), "first");
    }
}
