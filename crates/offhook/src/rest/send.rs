//! Sending a request, and showing or saving what comes.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;
use zoom_phone::client::{Call, Download, Error};
use zoom_phone::types::catalogue::{Method, Operation};

use super::request::Target;
use crate::{
    args::RestArgs,
    exit::{self, Usage},
    output::{Output, Progress, note},
};

/// Asks before something is deleted, or changed without a body, unless that is wanted. Nobody to ask counts as no to
/// deleting.
pub(super) fn confirmed(target: &Target, bare: bool, args: &RestArgs) -> anyhow::Result<bool> {
    let deletes = target.method() == Method::Delete;
    if args.yes || !(deletes || bare) {
        return Ok(true);
    }
    let id = target.operation().map(|operation| format!("{}, ", operation.id)).unwrap_or_default();
    let what = format!("{id}{} {}", target.method(), target.path());
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        if deletes {
            return Err(Usage(format!(
                "{what} was not sent: it deletes, and nobody is here to ask; add --yes"
            ))
            .into());
        }
        return Ok(true);
    }
    let given: Vec<String> =
        args.params.iter().map(|(name, value)| format!("\n  {name} = {value}")).collect();
    eprint(&format!("{what}{}\nSend it? [y/N] ", given.concat()))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn eprint(text: &str) -> io::Result<()> {
    let mut to = io::stderr().lock();
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// One answer.
pub(super) async fn one(call: Call, target: &Target, out: Output) -> anyhow::Result<ExitCode> {
    let answer = call.answer().await.map_err(legible)?;
    if answer.body.is_null() {
        note(&format!("Done: status {}, without content.", answer.status));
        return Ok(ExitCode::SUCCESS);
    }
    out.print_json(&answer.body, false);
    let paging = target.operation().and_then(|operation| operation.paging.as_ref());
    if let Some(paging) = paging.filter(|_| !out.json)
        && let Some(token) = answer.body[&paging.token].as_str().filter(|token| !token.is_empty())
    {
        note(&format!("There is more: --all-pages, or --param '{}={token}'", paging.token));
    }
    Ok(ExitCode::SUCCESS)
}

/// All pages: one row a line.
pub(super) async fn pages(call: Call, out: Output) -> anyhow::Result<ExitCode> {
    let mut pages = call.pages::<Value>();
    let (mut rows, mut number, mut incomplete) = (0_u64, 0_u64, false);
    // Lines that come are progress enough.
    let mut progress = Progress::new(!io::stdout().is_terminal());
    let mut sync_token = None;
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) if number == 0 => return Err(legible(error)),
            Err(error) => {
                return Err(legible(error).context(format!("stopped after {rows} rows on {number} pages")));
            }
        };
        number += 1;
        rows += page.items.len() as u64;
        for row in &page.items {
            out.print_json(row, true);
        }
        for anomaly in &page.anomalies {
            progress.clear();
            note(&format!("warning: {anomaly}"));
            incomplete |= anomaly.may_miss_rows();
        }
        sync_token = page.sync_token.or(sync_token);
        let total = page.total_records.map(|total| format!(" of {total}")).unwrap_or_default();
        progress.show(&format!("{rows}{total} rows, page {number}"));
    }
    progress.clear();
    io::stdout().flush()?;
    if let Some(token) = sync_token {
        note(&format!("For what is newer later: --param sync_type=ISync --param 'sync_token={token}'"));
    }
    if incomplete {
        note("Rows may be missing: the warnings say why.");
        return Ok(ExitCode::from(exit::INCOMPLETE));
    }
    Ok(ExitCode::SUCCESS)
}

/// A file, under its name only once it is whole.
pub(super) async fn file(call: Call, path: &Path, force: bool) -> anyhow::Result<ExitCode> {
    if path == Path::new("-") {
        let download = call.download().await.map_err(legible)?;
        save(download, &mut io::stdout().lock(), &mut Progress::new(false)).await?;
        return Ok(ExitCode::SUCCESS);
    }
    refuse_existing(path, force)?;
    let partial = Partial::beside(path)?;
    let download = call.download().await.map_err(legible)?;
    let kind = download.content_type().unwrap_or("no type given").to_owned();
    let mut progress = Progress::new(true);
    let mut to = partial.create()?;
    let bytes = tokio::select! {
        saved = save(download, &mut to, &mut progress) => saved?,
        _ = tokio::signal::ctrl_c() => {
            progress.clear();
            note("Interrupted; nothing was saved.");
            return Ok(ExitCode::from(exit::INTERRUPTED));
        }
    };
    to.sync_all().with_context(|| format!("cannot write {}", path.display()))?;
    refuse_existing(path, force)?;
    partial.keep_as(path)?;
    progress.clear();
    note(&format!("{}: {bytes} bytes, {kind}", path.display()));
    Ok(ExitCode::SUCCESS)
}

fn refuse_existing(path: &Path, force: bool) -> Result<(), Usage> {
    if path.is_dir() {
        return Err(Usage(format!("{} is a folder; give the name of a file", path.display())));
    }
    if !force && path.exists() {
        return Err(Usage(format!("{} is there already; add --force to overwrite it", path.display())));
    }
    Ok(())
}

async fn save(mut download: Download, to: &mut impl Write, progress: &mut Progress) -> anyhow::Result<u64> {
    let total = download.length().map(|total| format!(" of {total}")).unwrap_or_default();
    let mut bytes = 0;
    while let Some(chunk) = download.next().await {
        let chunk = chunk.map_err(legible)?;
        to.write_all(&chunk).context("cannot write the file")?;
        bytes += chunk.len() as u64;
        progress.show(&format!("{bytes}{total} bytes"));
    }
    to.flush().context("cannot write the file")?;
    Ok(bytes)
}

/// A file that is not whole yet. Removed unless it is kept.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Result<Self, Usage> {
        let name =
            path.file_name().ok_or_else(|| Usage(format!("{} is no name of a file", path.display())))?;
        let mut partial = std::ffi::OsString::from(".");
        partial.push(name);
        partial.push(format!(".{}.part", std::process::id()));
        Ok(Self(path.with_file_name(partial)))
    }

    fn create(&self) -> anyhow::Result<File> {
        File::create_new(&self.0).with_context(|| format!("cannot write {}", self.0.display()))
    }

    fn keep_as(self, path: &Path) -> anyhow::Result<()> {
        std::fs::rename(&self.0, path).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Not there once it was kept.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Every fault on a line of its own, and what to do in words of the command line.
pub(super) fn legible(error: Error) -> anyhow::Error {
    let Error::Invalid { operation, faults } = error else { return error.into() };
    let faults: Vec<String> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    Usage(format!(
        "{operation}: nothing was sent, because{}\n\nhint: `offhook api {operation} --describe` says what it takes; \
         --raw sends it as it is",
        faults.concat()
    ))
    .into()
}

/// What this operation returns must be asked for in this way.
pub(super) fn fits(operation: &Operation, target: &Target, args: &RestArgs) -> Result<(), Usage> {
    let id = &operation.id;
    if target.is_file() && args.download.is_none() {
        return Err(Usage(format!("{id} returns a file; say where to with --download FILE")));
    }
    if args.all_pages && operation.paging.is_none() {
        return Err(Usage(format!("{id} has no pages; leave --all-pages out")));
    }
    Ok(())
}
