//! Files by account and day, written so that whoever reads the folder sees whole files only.
//!
//! `<directory>/<kind>/account=<id>/date=<day>/part-<first>-<last>.<format>`: the rows of that day that the inbox
//! entries from first to last told of. `<directory>/<kind>/manifest.json` says how far it all is. Parts are written
//! under another name, brought to disk and renamed; only then does the manifest move. What a killed export leaves is
//! beyond the manifest, and the next one removes it and goes on from there.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use offhook_store::Archive;
use serde::{Deserialize, Serialize};

use crate::{
    ExportError, Format, Kind, Selection,
    batch::Batch,
    format::Writer,
    rows::{HEAVY, Place, STRETCH, read},
};

/// Rows to gather in memory before parts are written, if nothing else is wanted.
pub const PART_ROWS: usize = 50_000;

/// The name of what has no account or day, as Hive, Spark and DuckDB know it.
const NONE: &str = "__HIVE_DEFAULT_PARTITION__";

/// Where to, and how.
#[derive(Debug, Clone)]
pub struct Files {
    /// The directory; made if need be.
    pub directory: PathBuf,
    /// Format of the parts.
    pub format: Format,
    /// Whose days.
    pub time_zone: TimeZone,
    /// Forget what was exported before, and begin again.
    pub full: bool,
    /// Rows to gather in memory before parts are written: more make larger files, and take more memory.
    pub part_rows: usize,
}

/// What one run wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Parts.
    pub files: u64,
    /// Inbox entry at which the run began.
    pub after: u64,
    /// Inbox entry up to which everything is exported now.
    pub watermark: u64,
}

/// How far an export is, and with which options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    kind: String,
    format: String,
    csv_safe: bool,
    time_zone: String,
    account: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    watermark: u64,
}

impl Manifest {
    fn read(path: &Path) -> Result<Option<Self>, ExportError> {
        match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|source| ExportError::Manifest { path: path.to_owned(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ExportError::file(path)(error)),
        }
    }

    fn options(&self) -> String {
        let Self { format, csv_safe, time_zone, account, from, to, .. } = self;
        let mut options = vec![format!("--format {format}"), format!("--time-zone {time_zone}")];
        options.extend(csv_safe.then(|| "--csv-safe".to_owned()));
        options.extend(account.as_ref().map(|account| format!("--account {account}")));
        options.extend(from.map(|from| format!("--from {from}")));
        options.extend(to.map(|to| format!("--to-date {to}")));
        options.join(" ")
    }
}

/// Exports what was told since the last time into files. `progress` hears rows, the entry they reach to, and the entry
/// at which this run ends.
pub fn to_directory(
    archive: Archive,
    selection: &Selection,
    files: &Files,
    mut progress: impl FnMut(u64, u64, u64),
) -> Result<Written, ExportError> {
    let kind = selection.kind;
    let up_to = kind.up_to(&archive)?;
    let root = files.directory.join(kind.as_str());
    fs::create_dir_all(&root).map_err(ExportError::file(&root))?;
    let _lock = lock(&root)?;
    let path = root.join("manifest.json");
    let mut manifest = Manifest {
        kind: kind.as_str().to_owned(),
        format: files.format.as_str().to_owned(),
        csv_safe: files.format == Format::Csv { safe: true },
        time_zone: files.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        account: selection.account.clone(),
        from: selection.from,
        to: selection.to,
        watermark: 0,
    };
    if files.full {
        // The manifest goes first: without it, every part is a leftover.
        remove(&path)?;
        sync(&root)?;
    } else if let Some(known) = Manifest::read(&path)? {
        manifest.watermark = known.watermark;
        if manifest != known {
            return Err(ExportError::OtherOptions { path: root, options: known.options() });
        }
        if known.watermark > up_to {
            return Err(ExportError::Ahead { path: root, exported: known.watermark, known: up_to });
        }
    }
    remove_leftovers(&root, manifest.watermark)?;
    let mut parts = Parts { root: &root, files, kind, open: BTreeMap::new(), rows: 0 };
    let mut written = Written { rows: 0, files: 0, after: manifest.watermark, watermark: manifest.watermark };
    let mut done = |parts: &mut Parts<'_>, written: &mut Written, through: u64| {
        written.rows += parts.rows as u64;
        written.files += parts.write(manifest.watermark + 1, through)?;
        manifest.watermark = through;
        save(&path, &manifest)?;
        written.watermark = through;
        progress(written.rows, through, up_to);
        Ok::<(), ExportError>(())
    };
    let after = written.after;
    read(archive, selection, after, up_to, STRETCH.min(files.part_rows), |piece| {
        piece.each(kind, |place, row| row.push(parts.of(&place)));
        parts.rows = parts.open.values().map(|batch| batch.rows).sum();
        let weight: usize = parts.open.values().map(Batch::weight).sum();
        if parts.rows >= files.part_rows || weight >= HEAVY || piece.through == up_to {
            done(&mut parts, &mut written, piece.through)?;
        }
        Ok(())
    })?;
    Ok(written)
}

/// Parts that are being gathered, by the folder they will be in.
struct Parts<'a> {
    root: &'a Path,
    files: &'a Files,
    kind: Kind,
    open: BTreeMap<(String, String), Batch>,
    rows: usize,
}

impl Parts<'_> {
    fn of(&mut self, place: &Place<'_>) -> &mut Batch {
        let date = place.at.map(|at| at.to_zoned(self.files.time_zone.clone()).date().to_string());
        let folders = (folder(place.account), date.unwrap_or_else(|| NONE.to_owned()));
        self.open.entry(folders).or_insert_with(|| Batch::new(&self.kind.columns()))
    }

    /// Writes them all, for entries `first` to `last`, and says how many.
    fn write(&mut self, first: u64, last: u64) -> Result<u64, ExportError> {
        let mut count = 0;
        for ((account, date), batch) in std::mem::take(&mut self.open) {
            let folder = self.root.join(format!("account={account}")).join(format!("date={date}"));
            if !folder.exists() {
                fs::create_dir_all(&folder).map_err(ExportError::file(&folder))?;
                for folder in folder.ancestors().skip(1).take(2) {
                    sync(folder)?;
                }
            }
            let name = format!("part-{first:012}-{last:012}.{}", self.files.format.as_str());
            let unfinished = folder.join(format!(".{name}.unfinished"));
            let failed = || ExportError::file(&unfinished);
            let file = File::create(&unfinished).map_err(failed())?;
            let file = Writer::new(
                self.files.format,
                self.kind.as_str(),
                &self.kind.columns(),
                BufWriter::new(file),
            )
            .and_then(|mut writer| {
                writer.write(&batch)?;
                writer.finish()
            })
            .and_then(|file| file.into_inner().map_err(io::IntoInnerError::into_error))
            .map_err(failed())?;
            file.sync_all().map_err(failed())?;
            fs::rename(&unfinished, folder.join(name)).map_err(failed())?;
            sync(&folder)?;
            count += 1;
        }
        self.rows = 0;
        Ok(count)
    }
}

/// An account id as the name of a folder: what is no letter, digit, `-`, `_` or `.` as `%` and two digits.
fn folder(account: &str) -> String {
    if account.is_empty() {
        return NONE.to_owned();
    }
    let mut name = String::new();
    for byte in account.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            name.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name
}

fn lock(root: &Path) -> Result<File, ExportError> {
    let path = root.join(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(ExportError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(ExportError::InUse(root.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(ExportError::File { path, source }),
    }
}

fn save(path: &Path, manifest: &Manifest) -> Result<(), ExportError> {
    let unfinished = path.with_extension("json.unfinished");
    let failed = || ExportError::file(&unfinished);
    let text = serde_json::to_vec_pretty(manifest)
        .map_err(|source| ExportError::Manifest { path: path.to_owned(), source })?;
    let mut file = File::create(&unfinished).map_err(failed())?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed())?;
    fs::rename(&unfinished, path).map_err(failed())?;
    path.parent().map_or(Ok(()), sync)
}

/// Removes files that are unfinished, or tell of entries beyond the watermark.
fn remove_leftovers(root: &Path, watermark: u64) -> Result<(), ExportError> {
    for account in folders(root, "account=")? {
        for date in folders(&account, "date=")? {
            for entry in fs::read_dir(&date).map_err(ExportError::file(&date))? {
                let path = entry.map_err(ExportError::file(&date))?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let first =
                    name.strip_prefix("part-").and_then(|rest| rest.split('-').next()?.parse::<u64>().ok());
                let unfinished = name.starts_with(".part-") && name.ends_with(".unfinished");
                if unfinished || first.is_some_and(|first| first > watermark) {
                    remove(&path)?;
                }
            }
        }
    }
    Ok(())
}

fn folders(of: &Path, prefix: &str) -> Result<Vec<PathBuf>, ExportError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(of).map_err(ExportError::file(of))? {
        let entry = entry.map_err(ExportError::file(of))?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)) && entry.path().is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn remove(path: &Path) -> Result<(), ExportError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ExportError::file(path)(error)),
        _ => Ok(()),
    }
}

/// Makes sure that the names in a folder are on disk.
fn sync(folder: &Path) -> Result<(), ExportError> {
    File::open(folder).and_then(|open| open.sync_all()).map_err(ExportError::file(folder))
}
