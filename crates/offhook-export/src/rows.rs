//! From the archive to rows, read on one thread and written on another.

use std::{io::Write, sync::mpsc, thread};

use jiff::Timestamp;
use offhook_store::{Archive, Entry, Exported, Moved, Span, StoreError, Stretch};

use crate::{
    ExportError, Format, Kind,
    batch::Batch,
    format::Writer,
    table::{CallRow, ElementRow, LegRow, entry_cells},
};

/// Calls or events that are read together.
pub(crate) const STRETCH: usize = 256;

/// Stretches that are read ahead of writing.
const AHEAD: usize = 2;

/// Rows of a piece of a stream, where the format has none.
const PIECE: usize = 2_000;

/// Rows of a row group.
const GROUP: usize = 50_000;

/// Bytes in memory at which a batch is written, however few rows it has.
pub(crate) const HEAVY: usize = 48 * 1024 * 1024;

/// Which rows of which table, and as of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Which table.
    pub kind: Kind,
    /// Calls that are still open are as of this moment.
    pub now: Timestamp,
    /// Zoom account id.
    pub account: Option<String>,
    /// Calls that began, events that were received, at or after.
    pub from: Option<Timestamp>,
    /// And before.
    pub to: Option<Timestamp>,
}

/// What was streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streamed {
    /// Rows, header not counted.
    pub rows: u64,
    /// All up to this inbox entry is in it: the `after` of the next time.
    pub watermark: u64,
}

/// Writes one table to one stream: what was told after `after`, up to `up_to` (see [`Kind::up_to`]). Memory does not
/// grow with it.
pub fn stream<W: Write + Send>(
    archive: Archive,
    selection: &Selection,
    format: Format,
    after: u64,
    up_to: u64,
    out: W,
) -> Result<Streamed, ExportError> {
    let kind = selection.kind;
    let columns = kind.columns();
    let mut writer = Writer::new(format, kind.as_str(), &columns, out).map_err(ExportError::Stream)?;
    let limit = if format == Format::Parquet { GROUP } else { PIECE };
    let mut batch = Batch::new(&columns);
    let mut streamed = Streamed { rows: 0, watermark: after };
    read(archive, selection, after, up_to, STRETCH, |piece| {
        piece.each(kind, |_, row| row.push(&mut batch));
        streamed.watermark = piece.through;
        if batch.rows >= limit || batch.weight() >= HEAVY {
            streamed.rows += batch.rows as u64;
            writer.write(&batch).map_err(ExportError::Stream)?;
            batch = Batch::new(&columns);
        }
        Ok(())
    })?;
    streamed.rows += batch.rows as u64;
    writer.write(&batch).map_err(ExportError::Stream)?;
    writer.finish().map_err(ExportError::Stream)?;
    Ok(streamed)
}

impl Kind {
    /// How far a data directory can be exported now.
    pub fn up_to(self, archive: &Archive) -> Result<u64, StoreError> {
        match self {
            Self::Calls | Self::Legs | Self::Elements => archive.watermark(),
            Self::Events => archive.last_seq(),
        }
    }
}

/// Some of what is to be exported, in order.
pub(crate) struct Piece {
    what: What,
    /// All up to this inbox entry is in it or in one before.
    pub(crate) through: u64,
}

enum What {
    Calls(Stretch),
    Entries(Vec<Entry>),
}

/// One row, to be put into a batch of its table.
pub(crate) enum Row<'a> {
    Call(CallRow<'a>),
    Leg(LegRow<'a>),
    Element(ElementRow<'a>),
    Event(&'a Entry),
}

/// By what a row's file is chosen.
pub(crate) struct Place<'a> {
    pub(crate) account: &'a str,
    pub(crate) at: Option<Timestamp>,
}

impl Row<'_> {
    pub(crate) fn push(self, batch: &mut Batch) {
        match self {
            Self::Call(row) => batch.push(row.cells()),
            Self::Leg(row) => batch.push(row.cells()),
            Self::Element(row) => batch.push(row.cells()),
            Self::Event(entry) => batch.push(entry_cells(entry)),
        }
    }
}

impl Piece {
    /// Its rows in the table of this kind.
    pub(crate) fn each(&self, kind: Kind, mut take: impl FnMut(Place<'_>, Row<'_>)) {
        match &self.what {
            What::Entries(entries) => {
                for entry in entries {
                    let place =
                        Place { account: &entry.arrival.account, at: Some(entry.arrival.received_at) };
                    take(place, Row::Event(entry));
                }
            }
            What::Calls(stretch) => {
                for call in &stretch.calls {
                    let place = || Place { account: &call.view.account_id, at: call.view.started_at };
                    match kind {
                        Kind::Calls => take(place(), Row::Call(CallRow::Call(call))),
                        Kind::Legs => {
                            for (number, leg) in (1..).zip(&call.view.legs) {
                                take(place(), Row::Leg(LegRow { call, number, leg }));
                            }
                        }
                        Kind::Elements => {
                            for element in &call.view.elements {
                                take(place(), Row::Element(ElementRow { call, element }));
                            }
                        }
                        Kind::Events => {}
                    }
                }
                if kind == Kind::Calls {
                    for moved @ Moved { account_id, started_at, .. } in &stretch.moved {
                        take(
                            Place { account: account_id, at: *started_at },
                            Row::Call(CallRow::Moved(moved)),
                        );
                    }
                }
            }
        }
    }
}

/// Reads on a thread of its own, about `stretch` calls or events at a time, and gives piece after piece to `take`.
pub(crate) fn read(
    archive: Archive,
    selection: &Selection,
    after: u64,
    up_to: u64,
    stretch: usize,
    mut take: impl FnMut(&Piece) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    thread::scope(|scope| {
        let (tell, pieces) = mpsc::sync_channel(AHEAD);
        scope.spawn(move || {
            let mut after = after;
            while after < up_to {
                let piece = match selection.kind {
                    Kind::Events => entries(&archive, selection, after, up_to, stretch),
                    _ => calls(&archive, selection, after, up_to, stretch),
                };
                let failed = piece.is_err();
                after = piece.as_ref().map_or(after, |piece| piece.through);
                // Nobody listens any more if writing failed.
                if tell.send(piece).is_err() || failed {
                    break;
                }
            }
        });
        for piece in pieces {
            take(&piece?)?;
        }
        Ok(())
    })
}

fn calls(
    archive: &Archive,
    selection: &Selection,
    after: u64,
    up_to: u64,
    limit: usize,
) -> Result<Piece, StoreError> {
    let Selection { account, from, to, now, .. } = selection.clone();
    let mut stretch = archive.calls(&Span { after, up_to, account, from, to }, limit)?;
    let as_of_now = |call: Exported| Exported { view: call.view.as_of(now), ..call };
    stretch.calls = stretch.calls.into_iter().map(as_of_now).collect();
    Ok(Piece { through: stretch.through, what: What::Calls(stretch) })
}

fn entries(
    archive: &Archive,
    selection: &Selection,
    after: u64,
    up_to: u64,
    limit: usize,
) -> Result<Piece, StoreError> {
    let mut entries = archive.entries_after(after, limit)?;
    entries.retain(|entry| entry.seq <= up_to);
    let through = entries.last().map_or(up_to, |entry| entry.seq);
    let Selection { account, from, to, .. } = selection;
    entries.retain(|entry| {
        let arrival = &entry.arrival;
        account.as_ref().is_none_or(|account| *account == arrival.account)
            && from.is_none_or(|from| arrival.received_at >= from)
            && to.is_none_or(|to| arrival.received_at < to)
    });
    Ok(Piece { what: What::Entries(entries), through })
}
