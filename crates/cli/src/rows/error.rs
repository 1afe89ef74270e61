//! What can be wrong with a row.

use std::io;
use std::path::PathBuf;

use prollytree_tree::MAX_KEY_LEN;

use crate::text::Line;

/// A row that cannot be imported.
#[derive(Debug, thiserror::Error)]
#[error("{}, line {line}{}: {problem}", path.display(), .column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default())]
pub(crate) struct RowError {
    /// The file.
    pub(crate) path: PathBuf,
    /// The line that the row begins on, from 1 on.
    pub(crate) line: u64,
    /// The column: its name, or the number of the character in the line.
    pub(crate) column: Option<String>,
    /// What is wrong.
    pub(crate) problem: Problem,
}

/// What is wrong with a row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The file cannot be read on.
    #[error("reading failed: {0}")]
    Read(io::Error),
    /// The file has no line with the names of the columns.
    #[error("the line with the names of the columns is missing")]
    NoHeader,
    /// Two columns have the same name.
    #[error("there are two columns of this name")]
    TwoColumns,
    /// A key column does not exist.
    #[error("there is no column {name:?}; the columns are {}", columns.join(", "))]
    NoColumn {
        /// The column.
        name: String,
        /// Those that there are.
        columns: Vec<String>,
    },
    /// A row has more or fewer fields than there are columns.
    #[error("the row has {found} fields, but there are {expected} columns")]
    Fields {
        /// How many columns there are.
        expected: u64,
        /// How many fields the row has.
        found: u64,
    },
    /// Text that is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A line that is not JSON.
    #[error("the line is not valid JSON: {0}")]
    NotJson(String),
    /// A line that is JSON but not an object.
    #[error("the line is not a JSON object")]
    NotAnObject,
    /// A key field that the object does not have.
    #[error("the object has no field {name:?} to make the key of")]
    NoField {
        /// The field.
        name: String,
    },
    /// A key field that is an object, an array or null.
    #[error("the key field is neither a text nor a number nor a truth value")]
    NotAKey,
    /// A line without a TAB.
    #[error("there is no TAB between key and value")]
    NoTab,
    /// A line of the format `entries` of another shape.
    #[error("the line is not of the form {{\"key\": {{\"utf8\": …}}, \"value\": {{\"utf8\": …}}}}")]
    NotAnEntry,
    /// The key is too long.
    #[error("the key has {len} bytes, the limit is {MAX_KEY_LEN}")]
    KeyTooLong {
        /// Its length, in bytes.
        len: usize,
    },
    /// A file without a row, which tells no columns.
    #[error("there are no rows that would tell the columns of the table")]
    NoRows,
    /// A row that a table does not take.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
    },
    /// The key came before in the same file.
    #[error("key {} came before", Line(key))]
    Duplicate {
        /// The key.
        key: Vec<u8>,
    },
}

impl RowError {
    /// What to do next.
    pub(crate) fn hint(&self) -> &'static str {
        match &self.problem {
            Problem::NoColumn { .. } | Problem::NoField { .. } | Problem::NotAKey => {
                "name the columns that make the key with --key; nothing was imported"
            }
            Problem::Duplicate { .. } => {
                "without --strict the last row of a key wins; nothing was imported"
            }
            Problem::NoTab | Problem::NotJson(_) | Problem::NotAnObject | Problem::NotAnEntry => {
                "is it another --format? nothing was imported"
            }
            Problem::Refused { message } if message.starts_with("UNIQUE ") => {
                "with --replace a row takes the place of the one before; nothing was imported"
            }
            Problem::NotUtf8 => "convert the file to UTF-8; nothing was imported",
            _ => "nothing was imported",
        }
    }
}
