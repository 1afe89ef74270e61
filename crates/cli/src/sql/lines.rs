//! Rows as they come from a statement, written in the format that was asked for.

use std::io::Write;
use std::mem;

use prollytree_sql::Value;
use prollytree_sql::sqlite::{RowSink, SqliteError};
use serde_json::Value as Json;

use super::cell;
use super::format::{Format, Style};
use super::table::Table;
use crate::error::CliError;

/// Writes the rows of one statement. Only a table holds some of them, to see how wide its columns are.
pub(crate) struct RowWriter<'w> {
    style: &'w Style,
    sink: Sink<'w>,
    /// How the fields of an object begin, in JSON.
    labels: Vec<Vec<u8>>,
    rows: u64,
    failed: Option<CliError>,
}

enum Sink<'w> {
    Table(Table<'w>),
    Csv(Box<csv::Writer<&'w mut dyn Write>>),
    Json(&'w mut dyn Write),
}

impl<'w> RowWriter<'w> {
    pub(crate) fn new(style: &'w Style, out: &'w mut dyn Write, paint: bool) -> Self {
        let sink = match style.format {
            Format::Table => Sink::Table(Table::new(style, out, paint)),
            Format::Csv => Sink::Csv(Box::new(csv::WriterBuilder::new().from_writer(out))),
            Format::Json | Format::Jsonl => Sink::Json(out),
        };
        Self { style, sink, labels: Vec::new(), rows: 0, failed: None }
    }

    /// Writes what is left. `has_rows` says whether the statement was a query. Tells how many rows
    /// there were.
    pub(crate) fn finish(self, has_rows: bool) -> Result<u64, CliError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let written = match self.sink {
            _ if !has_rows => Ok(()),
            Sink::Table(table) => table.finish(),
            Sink::Csv(mut writer) => writer.flush(),
            Sink::Json(out) if self.style.format == Format::Json => {
                out.write_all(if self.rows == 0 { b"[]\n" } else { b"]\n" })
            }
            Sink::Json(_) => Ok(()),
        };
        written.map_err(CliError::Output)?;
        Ok(self.rows)
    }

    fn write_columns(&mut self, names: &[String]) -> Result<(), CliError> {
        match &mut self.sink {
            Sink::Table(table) => table.set_columns(names),
            Sink::Csv(writer) if self.style.header => {
                writer.write_record(names).map_err(csv_error)?;
            }
            Sink::Csv(_) => {}
            Sink::Json(_) => self.labels = labels(names),
        }
        Ok(())
    }

    fn write_row(&mut self, cells: &[Value]) -> Result<(), CliError> {
        let null = self.style.null.as_str();
        match &mut self.sink {
            Sink::Table(table) => table.row(cells).map_err(CliError::Output)?,
            Sink::Csv(writer) => {
                let texts = cells.iter().map(|cell| match cell {
                    Value::Null => null.into(),
                    cell => cell::csv(cell),
                });
                for text in texts {
                    writer.write_field(text.as_bytes()).map_err(csv_error)?;
                }
                writer.write_record(None::<&[u8]>).map_err(csv_error)?;
            }
            Sink::Json(out) => {
                let mut line = Vec::new();
                if self.style.format == Format::Json {
                    line.extend_from_slice(if self.rows == 0 { b"[" } else { b",\n " });
                }
                write_object(&mut line, &self.labels, cells);
                if self.style.format == Format::Jsonl {
                    line.push(b'\n');
                }
                out.write_all(&line).map_err(CliError::Output)?;
            }
        }
        self.rows += 1;
        Ok(())
    }
}

impl RowSink for RowWriter<'_> {
    fn columns(&mut self, names: &[String]) -> Result<(), SqliteError> {
        self.failed = self.write_columns(names).err();
        Ok(())
    }

    fn row(&mut self, cells: &[Value]) -> Result<bool, SqliteError> {
        if self.failed.is_none() {
            self.failed = self.write_row(cells).err();
        }
        Ok(self.failed.is_none())
    }
}

/// The beginnings of an object's fields. A name that came before gets a number, so that no cell is
/// lost to a reader that keeps one field of a name.
fn labels(names: &[String]) -> Vec<Vec<u8>> {
    let mut taken: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let mut free = name.clone();
        let mut number = 0;
        while taken.contains(&free) {
            number += 1;
            free = format!("{name}:{number}");
        }
        taken.push(free);
    }
    taken.into_iter().map(|name| format!("{}:", Json::String(name)).into_bytes()).collect()
}

fn write_object(line: &mut Vec<u8>, labels: &[Vec<u8>], cells: &[Value]) {
    let mut separator = b'{';
    for (label, cell) in labels.iter().zip(cells) {
        line.push(mem::replace(&mut separator, b','));
        line.extend_from_slice(label);
        line.extend_from_slice(cell::json(cell).to_string().as_bytes());
    }
    if separator == b'{' {
        line.push(b'{');
    }
    line.push(b'}');
}

fn csv_error(error: csv::Error) -> CliError {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => CliError::Output(source),
        // Every row has as many fields as there are columns, so nothing else can go wrong.
        other => CliError::Output(std::io::Error::other(format!("{other:?}"))),
    }
}
