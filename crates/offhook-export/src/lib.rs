//! Calls, legs, elements and events as tables: the same columns in CSV, NDJSON and Parquet.
//!
//! ```text
//! Archive --stretch by stretch--> rows (table) --> Batch, column by column --> Format --> a stream, or files by day
//! ```
//!
//! Memory does not grow with what is exported: a stretch is a few hundred calls, a batch some ten thousand rows.
//! The watermark of calls, legs and elements is the inbox entry that told of a call last: what was told of since is
//! exported again, as a whole, and of several rows of one call those with the largest `told_seq` count.

mod batch;
mod docs;
mod error;
mod files;
mod format;
mod rows;
mod table;

pub use docs::markdown;
pub use error::ExportError;
pub use files::{Files, PART_ROWS, Written, to_directory};
pub use format::Format;
pub use rows::{Selection, Streamed, stream};
pub use table::{Column, Kind, Type};
