//! The rows of a table or a query of one version.

use std::io::Write;

use prollytree_sql::SqlError;

use super::at::At;
use super::error::{Before, StatementError};
use super::format::Style;
use super::hint::hint;
use super::lines::RowWriter;
use super::literal::name_literal;
use super::script::{Piece, Place, Source};
use crate::error::CliError;

/// Writes the rows of a query, and tells how many there were.
pub(crate) fn write_query(
    at: &At,
    sql: &str,
    style: &Style,
    out: &mut dyn Write,
) -> Result<u64, CliError> {
    let mut writer = RowWriter::new(style, out, false);
    let outcome = at.execute_each(sql, &[], &mut writer);
    let rows = writer.finish(outcome.is_ok())?;
    match outcome {
        Ok(_) => Ok(rows),
        Err(cause) => {
            let piece = Piece { text: sql.to_owned(), place: Place::START, is_command: false };
            let mut error =
                StatementError::new(cause, &piece, &Source::Argument(1, 1), Before::None);
            error.hint = hint(&error.cause, || at.names());
            Err(Box::new(error).into())
        }
    }
}

/// Writes the rows of a table or a view, and tells how many there were.
pub(crate) fn write_table(
    at: &At,
    name: &str,
    style: &Style,
    out: &mut dyn Write,
) -> Result<u64, CliError> {
    if !at.tables().iter().any(|table| table.eq_ignore_ascii_case(name)) {
        return Err(SqlError::NoTable { table: name.to_owned() }.into());
    }
    let sql = format!("SELECT * FROM {}", name_literal(name));
    let mut writer = RowWriter::new(style, out, false);
    let outcome = at.execute_each(&sql, &[], &mut writer);
    let rows = writer.finish(outcome.is_ok())?;
    outcome?;
    Ok(rows)
}
