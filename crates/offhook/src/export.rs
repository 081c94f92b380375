//! `offhook export`.

use std::{
    io::{self, BufWriter, IsTerminal as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use offhook_export::{ExportError, Files, Format, Kind, Selection, stream, to_directory};
use offhook_store::Archive;
use serde_json::json;

use crate::{
    args::ExportArgs,
    clock,
    config::Config,
    output::{Output, note},
};

/// Exports, or lists columns.
pub(crate) fn run(args: ExportArgs, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let kinds: Vec<Kind> = if args.tables.is_empty() {
        Kind::ALL.to_vec()
    } else {
        args.tables.iter().filter_map(|word| Kind::from_word(word)).collect()
    };
    if args.columns {
        columns(&kinds, out);
        return Ok(());
    }
    let format = Format::from_word(&args.format, args.csv_safe).context("there is no such format")?;
    let time_zone = if args.time_zone == "UTC" {
        TimeZone::UTC
    } else {
        TimeZone::get(&args.time_zone)
            .with_context(|| format!("{} is no time zone; try Europe/Berlin", args.time_zone))?
    };
    let config = Config::load(config)?;
    // A misspelt data directory would be exported as nothing.
    config.warnings()?;
    let data = config.data_dir();
    let selection = |kind| Selection {
        kind,
        now: clock::now(),
        account: args.account.clone(),
        from: args.from,
        to: args.to_date,
    };
    let to = args.to.context("say where to, with --to")?;
    if to == Path::new("-") {
        let [kind] = kinds.as_slice() else { bail!("one table at a time goes to standard output") };
        return to_stdout(&data, &selection(*kind), format, args.after);
    }
    if args.after != 0 {
        bail!("--after is for --to -; a directory knows how far it has come");
    }
    let files = Files { directory: to, format, time_zone, full: args.full, part_rows: args.part_rows };
    let watching = io::stderr().is_terminal();
    let mut done = Vec::new();
    for kind in kinds {
        let written = to_directory(Archive::open(&data)?, &selection(kind), &files, |rows, through, of| {
            if watching {
                // A progress line that cannot be written is not worth failing for.
                let _ =
                    write!(io::stderr(), "\r\x1b[K{}: {rows} rows, event {through} of {of}", kind.as_str());
            }
        })?;
        if watching {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        if out.json {
            done.push(json!({
                "table": kind.as_str(), "rows": written.rows, "files": written.files, "after": written.after,
                "watermark": written.watermark,
            }));
        } else {
            out.print(&format!(
                "{:<9}{:>10} rows in {:>5} new files, events {} to {}",
                kind.as_str(),
                written.rows,
                written.files,
                written.after + 1,
                written.watermark,
            ));
        }
    }
    if out.json {
        out.print_json(&json!({ "exported": done }), false);
    }
    Ok(())
}

/// The end of whoever reads (`| head`) is no error.
fn to_stdout(data: &Path, selection: &Selection, format: Format, after: u64) -> anyhow::Result<()> {
    if format == Format::Parquet && io::stdout().is_terminal() {
        bail!("Parquet is not for a terminal; use --format csv, or redirect it to a file");
    }
    let archive = Archive::open(data)?;
    let up_to = selection.kind.up_to(&archive)?;
    let out = BufWriter::with_capacity(64 * 1024, io::stdout());
    match stream(archive, selection, format, after, up_to, out) {
        Ok(done) => {
            note(&format!("{} rows; next time: --after {}", done.rows, done.watermark));
            Ok(())
        }
        Err(ExportError::Stream(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn columns(kinds: &[Kind], out: Output) {
    if out.json {
        let tables: serde_json::Map<String, serde_json::Value> = kinds
            .iter()
            .map(|kind| {
                let columns = kind.columns().into_iter().map(|column| {
                    json!({ "name": column.name, "type": column.kind.as_str(), "unit": column.unit, "meaning": column.meaning })
                });
                (kind.as_str().to_owned(), columns.collect())
            })
            .collect();
        out.print_json(&tables.into(), false);
        return;
    }
    for kind in kinds {
        out.print(&out.heading(kind.as_str()));
        let rows: Vec<Vec<String>> = kind
            .columns()
            .into_iter()
            .map(|column| {
                [column.name, column.kind.as_str(), column.unit, column.meaning].map(str::to_owned).into()
            })
            .collect();
        out.table(&["COLUMN", "TYPE", "UNIT", "MEANING"], &rows);
        out.print("");
    }
}
