//! What can go wrong on a connection.

use std::path::PathBuf;

use crate::error::SqlError;

/// A statement that failed, or a connection that could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// SQLite refused or failed to run a statement.
    #[error("{message}")]
    Statement {
        /// The statement.
        sql: String,
        /// What SQLite says.
        message: String,
        /// Where the mistake is, as a byte of the text that was run, if that can be told.
        offset: Option<usize>,
    },
    /// A statement that would leave the versions of the tables behind.
    #[error("{statement} is not possible here: {why}")]
    Refused {
        /// The statement, or the part of it.
        statement: String,
        /// Why it is refused, and what to do instead.
        why: &'static str,
    },
    /// The text is not one statement.
    #[error("the text holds {count} statements where one is expected")]
    StatementCount {
        /// How many there are.
        count: usize,
    },
    /// A table has something that the catalog cannot describe.
    #[error("table {table} cannot be kept: {why}")]
    Table {
        /// The table.
        table: String,
        /// What it has.
        why: String,
    },
    /// A cell cannot be what its column's type says.
    #[error("column {column} of table {table} is of type {ty}, which {value} is not")]
    Cell {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The column's type.
        ty: String,
        /// The cell, as text.
        value: String,
    },
    /// Others changed the same tables; nothing was changed, and the same may succeed now.
    #[error("someone else changed the repository meanwhile; run the transaction again")]
    Busy,
    /// The file of the working copy cannot be used.
    #[error("working copy {}: {source}", path.display())]
    WorkingCopy {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: rusqlite::Error,
    },
    /// The working copy failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The tables or the repository failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

impl SqliteError {
    /// Whether the same may succeed when it is run again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Sql(error) => error.is_retryable(),
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => {
                error.code == rusqlite::ErrorCode::DatabaseBusy
            }
            _ => false,
        }
    }

    /// The error of a statement that stands `start` bytes into the text that was run.
    pub(crate) fn of_statement(error: rusqlite::Error, sql: &str, start: usize) -> Self {
        let (message, offset) = match error {
            rusqlite::Error::SqlInputError { msg, offset, .. } => {
                (msg, usize::try_from(offset).ok().map(|offset| start + offset))
            }
            rusqlite::Error::SqliteFailure(_, Some(message)) => (message, None),
            rusqlite::Error::MultipleStatement => {
                return Self::StatementCount { count: super::script::statements(sql).len() };
            }
            rusqlite::Error::Empty => return Self::StatementCount { count: 0 },
            error => (error.to_string(), None),
        };
        Self::Statement { sql: sql.to_owned(), message, offset }
    }
}
