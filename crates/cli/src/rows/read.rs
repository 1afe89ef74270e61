//! Reading rows, one at a time.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::str;

use csv::{ByteRecord, ErrorKind};
use serde_json::value::RawValue;

use super::{Format, Problem, RowError};
use crate::text::bytes_from_json;

/// How the key of a row is made.
#[derive(Clone, Debug)]
pub(crate) struct KeyRule {
    /// The columns or fields that make the key; none for the first column.
    pub(crate) columns: Vec<String>,
    /// What stands between two of them.
    pub(crate) join: String,
}

/// A row as an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line that it begins on, from 1 on.
    pub(crate) line: u64,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// Reads the rows of a file, holding one in memory.
pub(crate) struct Reader {
    path: PathBuf,
    rule: KeyRule,
    rows: Rows,
}

enum Rows {
    Table(Box<Table>),
    Lines { format: Format, lines: Lines },
}

/// A file with columns.
struct Table {
    reader: csv::Reader<Box<dyn Read>>,
    record: ByteRecord,
    names: Vec<String>,
    /// The names as the fields of an object begin with them.
    labels: Vec<Vec<u8>>,
    /// The columns that make the key.
    key: Vec<usize>,
}

struct Lines {
    source: BufReader<Box<dyn Read>>,
    line: u64,
    buffer: Vec<u8>,
}

impl Reader {
    /// Reads the head of the file.
    pub(crate) fn new(
        path: &Path,
        source: Box<dyn Read>,
        format: Format,
        rule: KeyRule,
    ) -> Result<Self, RowError> {
        let path = path.to_owned();
        let rows = match format {
            Format::Csv | Format::Tsv => {
                Rows::Table(Box::new(Table::new(&path, source, format, &rule)?))
            }
            _ => Rows::Lines { format, lines: Lines::new(source) },
        };
        Ok(Self { path, rule, rows })
    }

    /// The next row, `None` behind the last.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, RowError> {
        let (path, rule) = (&self.path, &self.rule);
        match &mut self.rows {
            Rows::Table(table) => table.next(path, rule),
            Rows::Lines { format, lines } => {
                let error =
                    |line, column, problem| RowError { path: path.clone(), line, column, problem };
                let more = lines.advance();
                let line = lines.line;
                if !more.map_err(|source| error(line, None, Problem::Read(source)))? {
                    return Ok(None);
                }
                let row = match format {
                    Format::Kv => key_value(&lines.buffer),
                    Format::Entries => entry(&lines.buffer),
                    _ => object(&lines.buffer, rule),
                };
                let (key, value) = row.map_err(|(column, problem)| error(line, column, problem))?;
                Ok(Some(Row { line, key, value }))
            }
        }
    }
}

impl Table {
    fn new(
        path: &Path,
        source: Box<dyn Read>,
        format: Format,
        rule: &KeyRule,
    ) -> Result<Self, RowError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(if format == Format::Tsv { b'\t' } else { b',' })
            .quoting(format == Format::Csv)
            .has_headers(true)
            .from_reader(source);
        let bad = |column, problem| RowError { path: path.to_owned(), line: 1, column, problem };
        let header = reader.byte_headers().map_err(|error| csv_error(path, error))?;
        if header.is_empty() {
            return Err(bad(None, Problem::NoHeader));
        }
        let mut names = Vec::new();
        let mut seen = HashSet::new();
        for (i, name) in header.iter().enumerate() {
            let name = str::from_utf8(name)
                .map_err(|_| bad(Some((i + 1).to_string()), Problem::NotUtf8))?;
            if !seen.insert(name) {
                return Err(bad(Some(name.to_owned()), Problem::TwoColumns));
            }
            names.push(name.to_owned());
        }
        let key = match &rule.columns[..] {
            [] => vec![0],
            columns => {
                let place = |name: &String| {
                    let found = names.iter().position(|column| column == name);
                    found.ok_or_else(|| {
                        let (name, columns) = (name.clone(), names.clone());
                        bad(None, Problem::NoColumn { name, columns })
                    })
                };
                columns.iter().map(place).collect::<Result<_, _>>()?
            }
        };
        let mut labels = vec![Vec::new(); names.len()];
        for (i, (label, name)) in labels.iter_mut().zip(&names).enumerate() {
            label.push(if i == 0 { b'{' } else { b',' });
            write_text(label, name);
            label.push(b':');
        }
        Ok(Self { reader, record: ByteRecord::new(), names, labels, key })
    }

    fn next(&mut self, path: &Path, rule: &KeyRule) -> Result<Option<Row>, RowError> {
        let read = self.reader.read_byte_record(&mut self.record);
        if !read.map_err(|error| csv_error(path, error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        let mut value = Vec::with_capacity(self.record.as_slice().len() + 16 * self.names.len());
        for (i, (label, field)) in self.labels.iter().zip(&self.record).enumerate() {
            let field = str::from_utf8(field).map_err(|_| {
                let (path, column) = (path.to_owned(), Some(self.names[i].clone()));
                RowError { path, line, column, problem: Problem::NotUtf8 }
            })?;
            value.extend_from_slice(label);
            write_text(&mut value, field);
        }
        value.push(b'}');
        let parts = self.key.iter().map(|&i| self.record.get(i).unwrap_or_default());
        let key = parts.collect::<Vec<_>>().join(rule.join.as_bytes());
        Ok(Some(Row { line, key, value }))
    }
}

/// Writes a JSON text.
#[expect(clippy::expect_used, reason = "a text has a JSON form, and memory takes it")]
fn write_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a text is written to memory");
}

/// The error of a CSV file as that of a row.
pub(crate) fn csv_error(path: &Path, error: csv::Error) -> RowError {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.into_kind() {
        ErrorKind::UnequalLengths { expected_len: expected, len: found, .. } => {
            Problem::Fields { expected, found }
        }
        ErrorKind::Utf8 { .. } => Problem::NotUtf8,
        ErrorKind::Io(source) => Problem::Read(source),
        _ => Problem::NoHeader,
    };
    RowError { path: path.to_owned(), line, column: None, problem }
}

impl Lines {
    fn new(source: Box<dyn Read>) -> Self {
        Self { source: BufReader::with_capacity(1 << 16, source), line: 0, buffer: Vec::new() }
    }

    /// Reads the next line that is not empty, without its end; `false` behind the last.
    fn advance(&mut self) -> io::Result<bool> {
        loop {
            self.buffer.clear();
            self.line += 1;
            if self.source.read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(false);
            }
            if self.buffer.last() == Some(&b'\n') {
                self.buffer.pop();
            }
            // Windows tools mark UTF-8 files so.
            if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if !self.buffer.is_empty() && self.buffer != b"\r" {
                return Ok(true);
            }
        }
    }
}

/// A key and a value, or the column and the problem.
type Parsed = Result<(Vec<u8>, Vec<u8>), (Option<String>, Problem)>;

fn key_value(line: &[u8]) -> Parsed {
    let tab = line.iter().position(|&byte| byte == b'\t').ok_or((None, Problem::NoTab))?;
    Ok((line[..tab].to_vec(), line[tab + 1..].to_vec()))
}

fn entry(line: &[u8]) -> Parsed {
    let document: serde_json::Value = serde_json::from_slice(line).map_err(json_error)?;
    let bytes = |name| document.get(name).and_then(bytes_from_json);
    bytes("key").zip(bytes("value")).ok_or((None, Problem::NotAnEntry))
}

fn object(line: &[u8], rule: &KeyRule) -> Parsed {
    let text = str::from_utf8(line).map_err(|_| (None, Problem::NotUtf8))?.trim();
    if !text.starts_with('{') {
        let parsed = serde_json::from_str::<&RawValue>(text).map_err(json_error);
        return parsed.and(Err((None, Problem::NotAnObject)));
    }
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(json_error)?;
    let mut key = Vec::new();
    for (i, name) in rule.columns.iter().enumerate() {
        let field =
            fields.get(name).ok_or_else(|| (None, Problem::NoField { name: name.clone() }))?;
        if i > 0 {
            key.extend_from_slice(rule.join.as_bytes());
        }
        match field.get().as_bytes() {
            [b'"', ..] => {
                let text: String = serde_json::from_str(field.get()).map_err(json_error)?;
                key.extend_from_slice(text.as_bytes());
            }
            [b'{' | b'[' | b'n', ..] => return Err((Some(name.clone()), Problem::NotAKey)),
            plain => key.extend_from_slice(plain),
        }
    }
    Ok((key, text.as_bytes().to_vec()))
}

/// The error of a line of JSON: its column, and what is wrong.
pub(crate) fn json_error(error: serde_json::Error) -> (Option<String>, Problem) {
    let text = error.to_string();
    // The position is told apart from the text, and its line is always 1 here.
    let text = text.split(" at line ").next().unwrap_or_default().to_owned();
    (Some(error.column().to_string()), Problem::NotJson(text))
}

#[cfg(test)]
mod tests;
