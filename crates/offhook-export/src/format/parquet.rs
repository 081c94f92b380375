//! Apache Parquet, without Arrow: flat columns, each of them optional.

use std::{
    fmt::Write as _,
    io::{self, Write},
    sync::Arc,
};

use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{BoolType, ByteArray, ByteArrayType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::parser::parse_message_type,
};

use crate::{
    batch::{Batch, Data, Values},
    table::{Column, Type},
};

/// One file. Each batch becomes a row group.
pub(crate) struct File<W: Write + Send> {
    file: SerializedFileWriter<W>,
}

impl<W: Write + Send> File<W> {
    pub(super) fn new(name: &str, columns: &[Column], out: W) -> io::Result<Self> {
        let schema = parse_message_type(&schema(name, columns)).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("offhook".to_owned())
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        Ok(Self { file })
    }

    pub(super) fn write(&mut self, batch: &Batch) -> io::Result<()> {
        if batch.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group().map_err(failed)?;
        for values in &batch.columns {
            let mut column = group
                .next_column()
                .and_then(|column| column.ok_or_else(|| ParquetError::General("too few columns".to_owned())))
                .map_err(failed)?;
            write_column(&mut column, values).map_err(failed)?;
            column.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<W> {
        let mut out = self.file.into_inner().map_err(failed)?;
        out.flush()?;
        Ok(out)
    }
}

fn write_column(column: &mut SerializedColumnWriter<'_>, values: &Values) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.known.iter().map(|known| i16::from(*known)).collect();
    match &values.data {
        Data::Texts(bytes, ends) => {
            let all = ByteArray::from(bytes.clone());
            let texts: Vec<ByteArray> = (0..ends.len())
                .map(|nth| {
                    let span = Data::span(ends, nth);
                    all.slice(span.start, span.len())
                })
                .collect();
            column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
        }
        Data::Numbers(numbers) => {
            column.typed::<Int64Type>().write_batch(numbers, Some(&levels), None)?;
        }
        Data::Flags(flags) => {
            column.typed::<BoolType>().write_batch(flags, Some(&levels), None)?;
        }
    }
    Ok(())
}

/// The schema in Parquet's own language.
fn schema(name: &str, columns: &[Column]) -> String {
    let mut text = format!("message {name} {{");
    for column in columns {
        let (physical, logical) = match column.kind {
            Type::Text => ("BYTE_ARRAY", " (STRING)"),
            Type::Json => ("BYTE_ARRAY", " (JSON)"),
            Type::Whole => ("INT64", ""),
            Type::Time => ("INT64", " (TIMESTAMP(MILLIS,true))"),
            Type::Flag => ("BOOLEAN", ""),
        };
        // Writing to a text does not fail.
        let _ = write!(text, " OPTIONAL {physical} {}{logical};", column.name);
    }
    text.push_str(" }");
    text
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => io::Error::other(cause),
        other => io::Error::other(other),
    }
}
