//! The types of columns, from all rows of a file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prollytree_sql::Value;

use super::records::Record;
use crate::error::CliError;
use crate::rows::{Problem, RowError};
use crate::sql::literal::name_literal;

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// NULL only.
    Nothing,
    Integer,
    Real,
    Boolean,
    Text,
    Bytes,
    /// Values of a JSON file that have no type in common.
    Mixed,
}

/// The columns of a file, in the order in which they are first seen.
pub(super) struct Columns {
    path: PathBuf,
    names: Vec<String>,
    kinds: Vec<Kind>,
    places: HashMap<String, usize>,
    /// The columns of the last record, and where they stand.
    last: (Arc<[String]>, Vec<usize>),
}

impl Columns {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            names: Vec::new(),
            kinds: Vec::new(),
            places: HashMap::new(),
            last: (Arc::new([]), Vec::new()),
        }
    }

    /// Looks at a row.
    pub(super) fn see(&mut self, record: &Record) -> Result<(), CliError> {
        if !Arc::ptr_eq(&self.last.0, &record.names) {
            let places = record.names.iter().map(|name| self.place(name, record.line));
            self.last = (record.names.clone(), places.collect::<Result<_, _>>()?);
        }
        for (&at, cell) in self.last.1.iter().zip(&record.cells) {
            if let Some(kind) = self.kinds.get_mut(at) {
                *kind = kind.or(Kind::of(cell));
            }
        }
        Ok(())
    }

    fn place(&mut self, name: &str, line: u64) -> Result<usize, RowError> {
        // SQL tells no capitals from small letters in names.
        let key = name.to_lowercase();
        let next = self.names.len();
        let at = *self.places.entry(key).or_insert(next);
        if at == next {
            self.names.push(name.to_owned());
            self.kinds.push(Kind::Nothing);
        } else if self.names.get(at).is_some_and(|known| known != name) {
            let (path, column) = (self.path.clone(), Some(name.to_owned()));
            return Err(RowError { path, line, column, problem: Problem::TwoColumns });
        }
        Ok(at)
    }

    /// The statement that makes the table.
    pub(super) fn create(&self, table: &str, key: &[String]) -> Result<String, RowError> {
        let bad = |problem| RowError { path: self.path.clone(), line: 1, column: None, problem };
        if self.names.is_empty() {
            return Err(bad(Problem::NoRows));
        }
        let mut keys = Vec::new();
        for name in key {
            let Some(&at) = self.places.get(&name.to_lowercase()) else {
                let (name, columns) = (name.clone(), self.names.clone());
                return Err(bad(Problem::NoColumn { name, columns }));
            };
            keys.push(at);
        }
        let column = |(at, (name, kind)): (usize, (&String, &Kind))| {
            let mut text = name_literal(name);
            text.push_str(kind.declared());
            match keys.as_slice() {
                [key] if *key == at => text.push_str(" PRIMARY KEY NOT NULL"),
                keys if keys.contains(&at) => text.push_str(" NOT NULL"),
                _ => {}
            }
            text
        };
        let mut parts: Vec<_> =
            self.names.iter().zip(&self.kinds).enumerate().map(column).collect();
        if keys.len() > 1 {
            let names =
                keys.iter().filter_map(|&at| self.names.get(at)).map(|name| name_literal(name));
            parts.push(format!("PRIMARY KEY ({})", names.collect::<Vec<_>>().join(", ")));
        }
        Ok(format!("CREATE TABLE {} ({})", name_literal(table), parts.join(", ")))
    }
}

impl Kind {
    fn of(cell: &Value) -> Self {
        match cell {
            Value::Null => Self::Nothing,
            Value::Int(_) => Self::Integer,
            Value::Float(_) => Self::Real,
            Value::Bool(_) => Self::Boolean,
            Value::Bytes(_) => Self::Bytes,
            Value::Text(text) if is_integer(text) => Self::Integer,
            Value::Text(text) if is_real(text) => Self::Real,
            _ => Self::Text,
        }
    }

    /// What both are.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, same) if one == same => one,
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (Self::Integer, Self::Real) | (Self::Real, Self::Integer) => Self::Real,
            (Self::Integer | Self::Real | Self::Text, Self::Integer | Self::Real | Self::Text) => {
                Self::Text
            }
            _ => Self::Mixed,
        }
    }

    /// The type behind the column's name. A name of its own type would make SQLite convert what has
    /// no type in common, so that has none.
    fn declared(self) -> &'static str {
        match self {
            Self::Integer => " INTEGER",
            Self::Real => " REAL",
            Self::Boolean => " BOOLEAN",
            Self::Nothing | Self::Text => " TEXT",
            Self::Bytes => " BLOB",
            Self::Mixed => "",
        }
    }
}

/// Whether a text is an integer and nothing is lost if it becomes one: 007 is none.
fn is_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

/// Whether a text is a number with a point or an exponent that can become one: 1. and .5 are none, and
/// neither are those that begin with zeros.
fn is_real(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.starts_with('0') && !digits.starts_with("0.") && digits != "0";
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+');
    digits.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && digits.contains(['.', 'e', 'E'])
        && !padded
        && text.chars().all(is_number)
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests;
