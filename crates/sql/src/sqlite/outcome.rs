//! What statements give.

use crate::value::Row;

/// The rows of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultSet {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
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
