//! Tables beside the other maps of a version: which maps are theirs, and their rows for people.

mod conflicts;
mod diff;
mod merge;

use prollytree_repo::MapName;
use prollytree_sql::schema::Table;
use prollytree_sql::{TableVersion, Value, text};
use serde_json::{Map, Value as Json};

use crate::storage::Storage;

pub(crate) use conflicts::Conflicts;
pub(crate) use diff::{ChangedRow, TablesDiff};
pub(crate) use merge::{choice, key_values, open, strategy};

/// What the names of the maps begin with that hold tables.
const MAPS: &str = "sql/";
/// Those of rows, of which there is one for each table.
const ROWS: &str = "sql/rows/";
/// Those of indexes, which only follow the rows.
const INDEXES: &str = "sql/index/";

/// Whether a map belongs to tables.
pub(crate) fn is_of_tables(map: &MapName) -> bool {
    map.as_str().starts_with(MAPS)
}

/// Whether a map holds the rows of a table.
pub(crate) fn is_table(map: &MapName) -> bool {
    map.as_str().starts_with(ROWS)
}

/// What a map is called for people: the table of its rows. `None` for an index.
pub(crate) fn title(map: &MapName) -> Option<String> {
    let name = map.as_str();
    match name.strip_prefix(ROWS) {
        Some(table) => Some(format!("table {table}")),
        None if name.starts_with(INDEXES) => None,
        None => Some(format!("map {name}")),
    }
}

/// The columns of a row that are not those of the key, or those that are, as JSON.
fn columns(table: &Table, row: &[Value], of_key: bool) -> Map<String, Json> {
    let is_key = |slot| table.primary_key.iter().any(|part| part.slot == slot);
    let cells = table.columns.iter().zip(row);
    cells
        .filter(|(column, _)| is_key(column.slot) == of_key)
        .map(|(column, cell)| (column.name.clone(), crate::sql::cell_json(cell)))
        .collect()
}

/// The key of a row: its columns, or the number that it is found by.
fn key(rows: &TableVersion<Storage>, key: &[u8], row: &[Value]) -> Map<String, Json> {
    let table = rows.table();
    if !table.has_hidden_key() {
        return columns(table, row, true);
    }
    // A key that is no number was refused when the row was read.
    let rowid = rows.codec().rowid(key).map_or(Json::Null, Json::from);
    Map::from_iter([("rowid".to_owned(), rowid)])
}

/// A key on one line, for people.
fn key_text(key: &Map<String, Json>) -> String {
    let part = |(name, value): (&String, &Json)| match value {
        Json::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    };
    key.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// Values as a key on one line.
fn values_text(values: &[Value]) -> String {
    text::list(values)
}
