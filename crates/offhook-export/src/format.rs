//! The three formats, each written to any place that takes bytes.

mod csv;
mod ndjson;
mod parquet;

use std::io::{self, Write};

use crate::{batch::Batch, table::Column};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 with a header; null is nothing, an empty text is `""`.
    Csv {
        /// Texts that a spreadsheet would take for a formula (they begin with `=`, `+`, `-`, `@`, tab or return) begin
        /// with `'` instead. It changes telephone numbers, too, so it is asked for.
        safe: bool,
    },
    /// One JSON object a line, all columns in order, null included.
    Ndjson,
    /// Apache Parquet, compressed with zstd.
    Parquet,
}

impl Format {
    /// The word in the API and the CLI, and the end of a file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// The format with this word.
    pub fn from_word(word: &str, csv_safe: bool) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv { safe: csv_safe }),
            "ndjson" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// Media type of such a stream.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv { .. } => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// One table on its way out.
pub(crate) enum Writer<W: Write + Send> {
    Csv(W, bool),
    Ndjson(W),
    Parquet(Box<parquet::File<W>>),
}

impl<W: Write + Send> Writer<W> {
    pub(crate) fn new(format: Format, name: &str, columns: &[Column], mut out: W) -> io::Result<Self> {
        Ok(match format {
            Format::Csv { safe } => {
                csv::header(&mut out, columns)?;
                Self::Csv(out, safe)
            }
            Format::Ndjson => Self::Ndjson(out),
            Format::Parquet => Self::Parquet(Box::new(parquet::File::new(name, columns, out)?)),
        })
    }

    pub(crate) fn write(&mut self, batch: &Batch) -> io::Result<()> {
        match self {
            Self::Csv(out, safe) => csv::write(out, batch, *safe),
            Self::Ndjson(out) => ndjson::write(out, batch),
            Self::Parquet(file) => file.write(batch),
        }
    }

    /// Writes what comes last.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Csv(mut out, _) | Self::Ndjson(mut out) => {
                out.flush()?;
                Ok(out)
            }
            Self::Parquet(file) => file.finish(),
        }
    }
}
