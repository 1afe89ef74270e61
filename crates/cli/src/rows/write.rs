//! Writing rows, one at a time.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::Format;
use crate::error::CliError;
use crate::text::json_bytes;

/// Writes entries as rows.
pub(crate) struct Writer<W: Write> {
    format: Format,
    sink: Sink<W>,
    /// The columns, which the first row tells.
    columns: Option<Vec<String>>,
}

enum Sink<W: Write> {
    Table(Box<csv::Writer<W>>),
    Lines(W),
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W, format: Format) -> Self {
        let mut table = csv::WriterBuilder::new();
        let sink = match format {
            Format::Csv => Sink::Table(Box::new(table.from_writer(out))),
            Format::Tsv => {
                table.delimiter(b'\t').quote_style(csv::QuoteStyle::Never);
                Sink::Table(Box::new(table.from_writer(out)))
            }
            _ => Sink::Lines(out),
        };
        Self { format, sink, columns: None }
    }

    /// Writes an entry.
    pub(crate) fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), CliError> {
        let format = self.format;
        let refuse =
            |reason| CliError::NotExportable { key: key.to_vec(), format: format.name(), reason };
        match &mut self.sink {
            Sink::Table(table) => {
                let fields = fields(value).ok_or_else(|| refuse("it is not a JSON object"))?;
                let columns: Vec<_> = fields.keys().cloned().collect();
                let texts: Vec<_> = fields.values().map(field_text).collect();
                if self.columns.is_none() {
                    check_texts(format, &columns).map_err(refuse)?;
                    table.write_record(&columns).map_err(csv_error)?;
                }
                if *self.columns.get_or_insert_with(|| columns.clone()) != columns {
                    return Err(refuse("it has other fields than the first row"));
                }
                check_texts(format, &texts).map_err(refuse)?;
                table.write_record(&texts).map_err(csv_error)
            }
            Sink::Lines(out) => {
                let line = match format {
                    Format::Kv => key_value(key, value).map_err(refuse)?,
                    Format::Entries => {
                        let entry = json!({ "key": json_bytes(key), "value": json_bytes(value) });
                        entry.to_string().into_bytes()
                    }
                    _ if value.contains(&b'\n') => return Err(refuse("it has several lines")),
                    _ => {
                        fields(value).ok_or_else(|| refuse("it is not a JSON object"))?;
                        value.to_vec()
                    }
                };
                out.write_all(&line).and_then(|()| out.write_all(b"\n")).map_err(CliError::Output)
            }
        }
    }

    /// Hands everything over.
    pub(crate) fn finish(self) -> Result<(), CliError> {
        match self.sink {
            Sink::Table(mut table) => table.flush(),
            Sink::Lines(mut out) => out.flush(),
        }
        .map_err(CliError::Output)
    }
}

/// The fields of a value, if it is a JSON object with at least one.
fn fields(value: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(value).ok().filter(|fields: &Map<_, _>| !fields.is_empty())
}

/// A field as the text of a cell.
fn field_text(field: &Value) -> String {
    match field {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Refuses a row that could not be read back.
fn check_texts(format: Format, texts: &[String]) -> Result<(), &'static str> {
    if format != Format::Tsv {
        return Ok(());
    }
    if texts.iter().any(|text| text.contains(['\t', '\n', '\r'])) {
        return Err("it contains a tab or a line break");
    }
    if texts.len() == 1 && texts[0].is_empty() {
        return Err("its line would be empty");
    }
    Ok(())
}

fn key_value(key: &[u8], value: &[u8]) -> Result<Vec<u8>, &'static str> {
    if key.iter().any(|byte| b"\t\n".contains(byte)) {
        return Err("the key contains a tab or a line break");
    }
    if value.contains(&b'\n') {
        return Err("it has several lines");
    }
    Ok([key, b"\t", value].concat())
}

fn csv_error(error: csv::Error) -> CliError {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => CliError::Output(source),
        // Every row has as many fields as the first, so nothing else can go wrong.
        other => CliError::Output(std::io::Error::other(format!("{other:?}"))),
    }
}
