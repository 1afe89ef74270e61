//! Files of rows, and the entries that they stand for.
//!
//! | format | key | value |
//! |---|---|---|
//! | CSV, TSV | the key columns of the row | the row as a compact JSON object of texts, in column order |
//! | JSON Lines | the key fields of the object | the line as it is |
//! | kv | the bytes before the first TAB | the bytes behind it |
//! | entries | `key` of the object | `value` of the object; holds any bytes |

mod error;
mod read;
mod write;

use std::path::Path;

use clap::ValueEnum;

pub(crate) use error::{Problem, RowError};
pub(crate) use read::{KeyRule, Reader, Row, csv_error, json_error};
pub(crate) use write::Writer;

/// The format of a file of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// Tab-separated values with a header, without quotes.
    Tsv,
    /// A JSON object a line.
    Jsonl,
    /// `KEY<TAB>VALUE` a line.
    Kv,
    /// A JSON object a line with "key" and "value", which holds any bytes.
    Entries,
}

impl Format {
    /// The format that a file's name tells.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "kv" => Some(Self::Kv),
            "entries" => Some(Self::Entries),
            _ => None,
        }
    }

    /// The name, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Tsv => "TSV",
            Self::Jsonl => "JSON Lines",
            Self::Kv => "kv",
            Self::Entries => "entries",
        }
    }

    /// Whether a key is made of columns or fields.
    pub(crate) fn has_columns(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv | Self::Jsonl)
    }
}
