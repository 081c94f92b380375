//! Rows in memory, column by column: what a file or a piece of a stream is made of.

use std::ops::Range;

use crate::table::{Cell, Column, Type};

/// Some rows of one table.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<Values>,
    pub(crate) rows: usize,
}

/// The values of one column.
#[derive(Debug)]
pub(crate) struct Values {
    pub(crate) column: Column,
    /// Of each row, whether there is a value.
    pub(crate) known: Vec<bool>,
    pub(crate) data: Data,
}

/// Known values only, one after the other.
#[derive(Debug)]
pub(crate) enum Data {
    /// All texts in one, and where each ends.
    Texts(Vec<u8>, Vec<usize>),
    /// Also times, in milliseconds since 1970.
    Numbers(Vec<i64>),
    Flags(Vec<bool>),
}

impl Batch {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let values = |column: &Column| {
            let data = match column.kind {
                Type::Text | Type::Json => Data::Texts(Vec::new(), Vec::new()),
                Type::Whole | Type::Time => Data::Numbers(Vec::new()),
                Type::Flag => Data::Flags(Vec::new()),
            };
            Values { column: *column, known: Vec::new(), data }
        };
        Self { columns: columns.iter().map(values).collect(), rows: 0 }
    }

    /// Adds a row: one cell for each column, of its type.
    pub(crate) fn push<'a>(&mut self, cells: impl Iterator<Item = Cell<'a>>) {
        self.rows += 1;
        for (values, cell) in self.columns.iter_mut().zip(cells) {
            let is_known = match (&mut values.data, cell) {
                (Data::Texts(bytes, ends), Cell::Text(text) | Cell::Json(text)) => {
                    bytes.extend_from_slice(text.as_bytes());
                    ends.push(bytes.len());
                    true
                }
                (Data::Numbers(numbers), Cell::Whole(number)) => {
                    numbers.push(number);
                    true
                }
                (Data::Numbers(numbers), Cell::Time(at)) => {
                    numbers.push(at.as_millisecond());
                    true
                }
                (Data::Flags(flags), Cell::Flag(flag)) => {
                    flags.push(flag);
                    true
                }
                _ => false,
            };
            values.known.push(is_known);
        }
    }

    /// Bytes that its texts take.
    pub(crate) fn weight(&self) -> usize {
        let texts = |values: &Values| match &values.data {
            Data::Texts(bytes, _) => bytes.len(),
            Data::Numbers(numbers) => numbers.len() * 8,
            Data::Flags(flags) => flags.len(),
        };
        self.columns.iter().map(texts).sum()
    }

    /// Goes through the rows; each column remembers how many known values were passed.
    pub(crate) fn each_row<E>(
        &self,
        mut take: impl FnMut(&mut dyn Iterator<Item = (&Column, Option<Value<'_>>)>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut passed = vec![0; self.columns.len()];
        for row in 0..self.rows {
            let mut cells = self.columns.iter().zip(&mut passed).map(|(values, passed)| {
                let value = values.known[row].then(|| {
                    *passed += 1;
                    values.data.nth(*passed - 1)
                });
                (&values.column, value)
            });
            take(&mut cells)?;
        }
        Ok(())
    }
}

/// A known value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
}

impl Data {
    /// Where the text with this number is.
    pub(crate) fn span(ends: &[usize], nth: usize) -> Range<usize> {
        let begin = if nth == 0 { 0 } else { ends[nth - 1] };
        begin..ends[nth]
    }

    fn nth(&self, nth: usize) -> Value<'_> {
        match self {
            Self::Texts(bytes, ends) => {
                Value::Text(std::str::from_utf8(&bytes[Self::span(ends, nth)]).unwrap_or_default())
            }
            Self::Numbers(numbers) => Value::Number(numbers[nth]),
            Self::Flags(flags) => Value::Flag(flags[nth]),
        }
    }
}
