//! The rows of a table that a search finds.

use prollytree_repo::Backend;
use rusqlite::types::ToSqlOutput;

use super::relation::{Access, Rows};
use super::search::{Found, Path};
use super::shape::Shape;
use crate::error::SqlError;
use crate::key;
use crate::sqlite::convert::to_sqlite;
use crate::value::{Row, Value};
use crate::version::{ALL_KEYS, Keys, TableVersion};

/// Rows and their keys.
pub(super) type KeyedRows = Box<dyn Iterator<Item = Result<(Vec<u8>, Row), SqlError>>>;

/// The rows of a table that an access finds, in the order of its tree, with the columns that it wants.
pub(super) fn search<B: Backend + 'static>(
    table: &TableVersion<B>,
    shape: &Shape,
    access: &Access,
    arguments: &[Value],
) -> Result<KeyedRows, SqlError> {
    let (whole, reverse) = (table, access.reverse);
    let table = &table.with_columns(access.wanted);
    let (Some(search), Some(path)) = (&access.search, shape.path(access)) else {
        return Ok(Box::new(table.scan(ALL_KEYS, reverse).rows()));
    };
    match path.find(search, arguments)? {
        Found::Nothing => Ok(Box::new(std::iter::empty())),
        Found::Key(key) => {
            let row = table.get(&key)?;
            Ok(Box::new(row.map(|row| Ok((key, row))).into_iter()))
        }
        Found::Ranges(ranges) => Ok(scan(table, path, ranges, reverse)),
        Found::Mixed(keys) => {
            let rows = scan(whole, path, vec![keys], false);
            sorted(rows, shape, access)
        }
    }
}

/// The rows of ranges of a tree.
fn scan<B: Backend + 'static>(
    table: &TableVersion<B>,
    path: &Path,
    mut ranges: Vec<Keys>,
    reverse: bool,
) -> KeyedRows {
    if reverse {
        ranges.reverse();
    }
    let (table, index) = (table.clone(), path.index.clone());
    let rows = ranges.into_iter().flat_map(move |keys| -> KeyedRows {
        let scan = match &index {
            None => Ok(table.scan(keys, reverse)),
            Some(index) => table.scan_index(index, keys, reverse),
        };
        match scan {
            Ok(scan) => Box::new(scan.rows()),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    });
    Box::new(rows)
}

/// Rows in the order that was promised, where the tree does not have them so.
pub(super) fn sorted(
    rows: KeyedRows,
    shape: &Shape,
    access: &Access,
) -> Result<KeyedRows, SqlError> {
    if access.order.is_empty() {
        return Ok(rows);
    }
    let mut found = Vec::new();
    for row in rows {
        let (row_key, row) = row?;
        let rowid = rowid(&row_key).unwrap_or_default();
        let order = shape.order_key(&access.order, &row, rowid)?;
        found.push((order, row_key, row));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Box::new(found.into_iter().map(|(_, key, row)| Ok((key, row)))))
}

/// The number that is the key of a row; `None` if its key is of another kind.
pub(super) fn rowid(row_key: &[u8]) -> Option<i64> {
    let mut rest = row_key;
    match key::pop(&mut rest, false) {
        Ok(Value::Int(rowid)) if rest.is_empty() => Some(rowid),
        _ => None,
    }
}

/// Rows as SQLite reads them: the columns of the table, then what else the relation shows.
pub(super) struct TableRows {
    rows: KeyedRows,
    has_rowid: bool,
    row: Row,
    rowid: i64,
    /// Cells of every row, behind its columns.
    constants: Vec<Value>,
    width: usize,
    /// The column that shows the rowid.
    rowid_column: Option<usize>,
}

impl TableRows {
    pub(super) fn new(rows: KeyedRows, shape: &Shape, constants: Vec<Value>) -> Self {
        let (has_rowid, width) = (shape.has_rowid(), shape.width());
        let shows_rowid = !constants.is_empty() && shape.table.has_hidden_key();
        let rowid_column = shows_rowid.then_some(width + constants.len());
        Self { rows, has_rowid, row: Row::new(), rowid: 0, constants, width, rowid_column }
    }
}

impl Rows for TableRows {
    fn advance(&mut self) -> Result<bool, SqlError> {
        let Some(row) = self.rows.next() else { return Ok(false) };
        let (key, row) = row?;
        if self.has_rowid {
            self.rowid = rowid(&key).ok_or(SqlError::BadKey { key })?;
        }
        self.row = row;
        Ok(true)
    }

    fn cell(&self, column: usize) -> ToSqlOutput<'_> {
        if self.rowid_column == Some(column) {
            return ToSqlOutput::from(self.rowid);
        }
        let constant = column.checked_sub(self.width).and_then(|at| self.constants.get(at));
        to_sqlite(self.row.get(column).or(constant).unwrap_or(&Value::Null))
    }

    fn rowid(&self) -> i64 {
        self.rowid
    }
}
