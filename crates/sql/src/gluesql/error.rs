//! Errors as GlueSQL carries them.

use gluesql_core::error::{AlterTableError, Error, IndexError};

use crate::error::SqlError;

/// GlueSQL's own error where it has one, else its text.
pub(super) fn glue_error(error: SqlError) -> Error {
    match error {
        SqlError::NoTable { table } => AlterTableError::TableNotFound(table).into(),
        SqlError::Exists { kind: "index", name } => IndexError::IndexNameAlreadyExists(name).into(),
        SqlError::Exists { kind: "column", name } => {
            AlterTableError::AlreadyExistingColumn(name).into()
        }
        SqlError::NoIndex { index, .. } => IndexError::IndexNameDoesNotExist(index).into(),
        error if error.is_retryable() => {
            Error::StorageMsg(format!("{error}; nothing was written, the same may succeed now"))
        }
        error => Error::StorageMsg(error.to_string()),
    }
}
