//! Tables as the SQL that makes them and their rows.

use std::io::Write;

use prollytree_sql::schema::Table;
use prollytree_sql::sqlite::{RowSink, SqliteError, schema_text};
use prollytree_sql::{SqlError, Value};

use super::at::At;
use super::literal::{literal, name_literal};
use crate::error::CliError;

/// Writes one table, or all, and tells how many rows there were.
pub(crate) fn dump(
    at: &At,
    name: Option<&str>,
    with_rows: bool,
    out: &mut dyn Write,
) -> Result<u64, CliError> {
    if let Some(name) = name
        && !at.tables().iter().any(|table| table.eq_ignore_ascii_case(name))
    {
        return Err(SqlError::NoTable { table: name.to_owned() }.into());
    }
    let catalog = at.version().catalog();
    let text = schema_text(catalog, name);
    // Rows may come before those that they refer to.
    line(out, "BEGIN;\nPRAGMA defer_foreign_keys = ON;")?;
    for statement in &text.tables {
        line(out, &format!("{statement};"))?;
    }
    let mut rows = 0;
    let is_meant = |table: &&std::sync::Arc<Table>| {
        with_rows && name.is_none_or(|name| name.eq_ignore_ascii_case(&table.name))
    };
    for table in catalog.tables().filter(is_meant) {
        rows += dump_rows(at, table, out)?;
    }
    for statement in &text.rest {
        line(out, &format!("{statement};"))?;
    }
    line(out, "COMMIT;")?;
    Ok(rows)
}

fn line(out: &mut dyn Write, text: &str) -> Result<(), CliError> {
    writeln!(out, "{text}").map_err(CliError::Output)
}

/// Writes the rows of a table: with the numbers that tell them apart, where they have no other key.
fn dump_rows(at: &At, table: &Table, out: &mut dyn Write) -> Result<u64, CliError> {
    let stored = table.columns.iter().filter(|column| column.generated.is_none());
    let mut columns: Vec<_> = stored.map(|column| name_literal(&column.name)).collect();
    let hidden = ["rowid", "_rowid_", "oid"];
    let rowid = hidden.into_iter().find(|name| table.column(name).is_none());
    columns.extend(rowid.filter(|_| table.has_hidden_key()).map(str::to_owned));
    let (columns, name) = (columns.join(", "), name_literal(&table.name));
    let begin = format!("INSERT INTO {name} ({columns}) VALUES (");
    let mut inserts = Inserts { begin, out, rows: 0, failed: None };
    let outcome = at.execute_each(&format!("SELECT {columns} FROM {name}"), &[], &mut inserts);
    if let Some(error) = inserts.failed {
        return Err(error);
    }
    outcome?;
    Ok(inserts.rows)
}

/// Writes a statement for each row.
struct Inserts<'w> {
    begin: String,
    out: &'w mut dyn Write,
    rows: u64,
    failed: Option<CliError>,
}

impl RowSink for Inserts<'_> {
    fn columns(&mut self, _: &[String]) -> Result<(), SqliteError> {
        Ok(())
    }

    fn row(&mut self, cells: &[Value]) -> Result<bool, SqliteError> {
        let cells: Vec<_> = cells.iter().map(literal).collect();
        self.failed = line(self.out, &format!("{}{});", self.begin, cells.join(", "))).err();
        self.rows += 1;
        Ok(self.failed.is_none())
    }
}
