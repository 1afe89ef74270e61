//! How rows are written.

use std::path::Path;

use clap::ValueEnum;

use crate::output::Output;

/// The format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns under each other, for people.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects for each query.
    Json,
    /// A JSON object a line.
    Jsonl,
}

impl Format {
    /// The format that a file's name tells.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// How rows are written, and what else is said.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// The format.
    pub(crate) format: Format,
    /// Whether tables and CSV begin with the names of the columns.
    pub(crate) header: bool,
    /// What stands for NULL in CSV.
    pub(crate) null: String,
    /// Whether long cells of tables are cut.
    pub(crate) is_cut: bool,
}

impl Style {
    /// The style of a format; without one, that of the output.
    pub(crate) fn new(format: Option<Format>, header: bool, null: String, out: &Output) -> Self {
        let default = if out.is_json() { Format::Jsonl } else { Format::Table };
        let format = format.unwrap_or(default);
        Self { format, header, null, is_cut: out.is_terminal() }
    }

    /// Whether a person reads it, who wants to know what a change did.
    pub(crate) fn is_for_people(&self) -> bool {
        self.format == Format::Table
    }
}
