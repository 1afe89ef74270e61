//! What statements give.

use super::error::SqliteError;
use crate::value::{Row, Value};

/// Sees the rows of a statement as they come, so that they need not be held.
pub trait RowSink {
    /// The names of the columns, before the first row, also if there will be none. Not called for a
    /// statement without rows.
    ///
    /// # Errors
    /// What it was given cannot be taken; the statement ends.
    fn columns(&mut self, names: &[String]) -> Result<(), SqliteError>;

    /// A row. The statement ends when it answers `false`.
    ///
    /// # Errors
    /// What it was given cannot be taken; the statement ends.
    fn row(&mut self, cells: &[Value]) -> Result<bool, SqliteError>;

    /// As [`row`](Self::row), for a sink that keeps the row.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    fn take(&mut self, cells: &mut Row) -> Result<bool, SqliteError> {
        self.row(cells)
    }
}

/// What sees the rows of a query.
pub(crate) type See<'s> = dyn FnMut(&[Value]) -> Result<bool, SqliteError> + 's;

/// A sink that keeps the names of the columns.
pub(crate) struct Seen<'s> {
    pub(crate) columns: Vec<String>,
    pub(crate) see: &'s mut See<'s>,
}

impl RowSink for Seen<'_> {
    fn columns(&mut self, names: &[String]) -> Result<(), SqliteError> {
        self.columns = names.to_vec();
        Ok(())
    }

    fn row(&mut self, cells: &[Value]) -> Result<bool, SqliteError> {
        (self.see)(cells)
    }
}

/// The rows of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultSet {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl RowSink for ResultSet {
    fn columns(&mut self, names: &[String]) -> Result<(), SqliteError> {
        self.columns = names.to_vec();
        Ok(())
    }

    fn row(&mut self, cells: &[Value]) -> Result<bool, SqliteError> {
        self.rows.push(cells.to_vec());
        Ok(true)
    }

    fn take(&mut self, cells: &mut Row) -> Result<bool, SqliteError> {
        self.rows.push(std::mem::take(cells));
        Ok(true)
    }
}

/// What a statement gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The rows of a query, or of a change with `RETURNING`.
    Rows(ResultSet),
    /// How many rows a statement inserted, updated or deleted.
    Changed(u64),
    /// Neither: the schema changed, or a transaction began or ended.
    Done,
}
