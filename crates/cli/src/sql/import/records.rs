//! The rows of a file, one at a time.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use csv::StringRecord;
use prollytree_sql::Value;
use serde_json::{Map, Value as Json};

use crate::rows::{Problem, RowError, csv_error, json_error};
use crate::text::parse_hex;

/// The format of a file of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Comma-separated values with a header.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

impl FileFormat {
    /// The format that a file's name tells.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// A row of a file.
#[derive(Debug)]
pub(super) struct Record {
    /// The line that it begins on, from 1 on.
    pub(super) line: u64,
    /// The columns that it has.
    pub(super) names: Arc<[String]>,
    /// Their cells. In CSV they are texts, or NULL.
    pub(super) cells: Vec<Value>,
}

/// Reads the rows of a file, holding one in memory.
pub(super) struct Records<'n> {
    path: PathBuf,
    null: &'n str,
    source: Source,
    record: Record,
}

enum Source {
    Csv { reader: Box<csv::Reader<Box<dyn Read>>>, row: StringRecord },
    Lines { lines: BufReader<Box<dyn Read>>, text: String },
}

impl<'n> Records<'n> {
    /// Reads the head of the file.
    pub(super) fn new(
        path: &Path,
        file: Box<dyn Read>,
        format: FileFormat,
        null: &'n str,
    ) -> Result<Self, RowError> {
        let mut names = Vec::new();
        let source = match format {
            FileFormat::Csv => {
                let mut reader = csv::Reader::from_reader(file);
                names = header(path, &mut reader)?;
                Source::Csv { reader: Box::new(reader), row: StringRecord::new() }
            }
            FileFormat::Jsonl => {
                let lines = BufReader::with_capacity(1 << 16, file);
                Source::Lines { lines, text: String::new() }
            }
        };
        let record = Record { line: 0, names: names.into(), cells: Vec::new() };
        Ok(Self { path: path.to_owned(), null, source, record })
    }

    /// The next row, `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<&Record>, RowError> {
        self.record.cells.clear();
        let more = match &mut self.source {
            Source::Csv { reader, row } => {
                let more = reader.read_record(row).map_err(|error| csv_error(&self.path, error))?;
                self.record.line = row.position().map_or(0, csv::Position::line);
                let null = self.null;
                let cell = |text: &str| match text == null {
                    true => Value::Null,
                    false => Value::Text(text.to_owned()),
                };
                self.record.cells.extend(row.iter().map(cell));
                more
            }
            Source::Lines { lines, text } => {
                let error = |line, column, problem| RowError {
                    path: self.path.clone(),
                    line,
                    column,
                    problem,
                };
                let more = next_line(lines, text, &mut self.record.line);
                let line = self.record.line;
                let more = more.map_err(|problem| error(line, None, problem))?;
                if more {
                    let fields = object(text);
                    let fields = fields.map_err(|(column, what)| error(line, column, what))?;
                    set_fields(&mut self.record, fields);
                }
                more
            }
        };
        Ok(more.then_some(&self.record))
    }
}

/// The names of the columns. One without a name is called by its number.
fn header(path: &Path, reader: &mut csv::Reader<Box<dyn Read>>) -> Result<Vec<String>, RowError> {
    let header = reader.headers().map_err(|error| csv_error(path, error))?;
    let bad = |column, problem| RowError { path: path.to_owned(), line: 1, column, problem };
    if header.is_empty() {
        return Err(bad(None, Problem::NoHeader));
    }
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(header.len());
    for (at, name) in header.iter().enumerate() {
        let name = name.trim_start_matches('\u{feff}').to_owned();
        let name = if name.is_empty() { format!("column{}", at + 1) } else { name };
        if !seen.insert(name.to_lowercase()) {
            return Err(bad(Some(name), Problem::TwoColumns));
        }
        names.push(name);
    }
    Ok(names)
}

/// Reads the next line that is not blank; `false` behind the last.
fn next_line(lines: &mut impl BufRead, text: &mut String, line: &mut u64) -> Result<bool, Problem> {
    loop {
        text.clear();
        *line += 1;
        let read = lines.read_line(text);
        let len = read.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Problem::NotUtf8,
            _ => Problem::Read(error),
        })?;
        if len == 0 {
            return Ok(false);
        }
        if !text.trim_start_matches('\u{feff}').trim().is_empty() {
            return Ok(true);
        }
    }
}

fn object(text: &str) -> Result<Map<String, Json>, (Option<String>, Problem)> {
    let text = text.trim_start_matches('\u{feff}').trim_end();
    match serde_json::from_str(text).map_err(json_error)? {
        Json::Object(fields) => Ok(fields),
        _ => Err((None, Problem::NotAnObject)),
    }
}

fn set_fields(record: &mut Record, fields: Map<String, Json>) {
    if !record.names.iter().eq(fields.keys()) {
        record.names = fields.keys().cloned().collect();
    }
    record.cells.extend(fields.into_iter().map(|(_, field)| cell(field)));
}

/// A field as a cell: what is nested as its JSON text.
pub(crate) fn cell(field: Json) -> Value {
    match field {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::String(text) => Value::Text(text),
        Json::Number(number) => number_cell(&number.to_string()),
        Json::Object(fields) => match bytes(&fields) {
            Some(bytes) => Value::Bytes(bytes),
            None => Value::Text(Json::Object(fields).to_string()),
        },
        list => Value::Text(list.to_string()),
    }
}

/// A number as a cell. An integer that is too long for SQLite keeps its digits as a text.
fn number_cell(text: &str) -> Value {
    let is_fraction = text.contains(['.', 'e', 'E']);
    match (text.parse(), text.parse()) {
        (Ok(integer), _) => Value::Int(integer),
        (_, Ok(float)) if is_fraction => Value::Float(float),
        _ => Value::Text(text.to_owned()),
    }
}

/// The bytes of `{"hex": "00ff"}`.
fn bytes(fields: &Map<String, Json>) -> Option<Vec<u8>> {
    match fields.get("hex") {
        Some(Json::String(digits)) if fields.len() == 1 => parse_hex(digits),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_values() {
        let cell = |text: &str| cell(serde_json::from_str(text).unwrap());
        assert_eq!(cell("1"), Value::Int(1));
        assert_eq!(cell("-1.5"), Value::Float(-1.5));
        assert_eq!(cell("9e999"), Value::Float(f64::INFINITY));
        assert_eq!(cell("12345678901234567890"), Value::Text("12345678901234567890".to_owned()));
        assert_eq!(cell(r#"{"hex": "00ff"}"#), Value::Bytes(vec![0, 255]));
        assert_eq!(cell(r#"{"b": 1.0, "a": [2]}"#), Value::Text(r#"{"b":1.0,"a":[2]}"#.to_owned()));
        assert_eq!(cell("true"), Value::Bool(true));
    }
}
