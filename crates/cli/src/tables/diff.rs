//! The difference of tables, row by row.

use std::collections::HashMap;

use prollytree_repo::{MapName, Maps};
use prollytree_sql::{ALL_KEYS, RowDiff, SqlError, TableVersion, Version, rows_map};
use serde_json::{Map, Value as Json, json};

use super::{columns, key, key_text};
use crate::diff::Changed;
use crate::error::CliError;
use crate::storage::Storage;
use crate::store::Repo;

/// The tables of the two versions of a difference.
pub(crate) struct TablesDiff {
    before: Version<Storage>,
    after: Version<Storage>,
    /// The tables by the maps of their rows.
    names: HashMap<MapName, String>,
}

/// A row that differs, with what it is found by.
pub(crate) struct ChangedRow {
    /// The columns of the key.
    pub(crate) key: Map<String, Json>,
    /// All columns before.
    pub(crate) before: Option<Map<String, Json>>,
    /// All columns after.
    pub(crate) after: Option<Map<String, Json>>,
}

impl ChangedRow {
    /// The key on one line.
    pub(crate) fn key_text(&self) -> String {
        key_text(&self.key)
    }

    /// The change as a JSON document.
    pub(crate) fn json(&self, table: &str, key_only: bool) -> Json {
        let (_, word, _) = self.kind();
        let mut document = json!({ "table": table, "key": self.key, "change": word });
        if !key_only {
            document["before"] = json!(self.before);
            document["after"] = json!(self.after);
        }
        document
    }
}

impl TablesDiff {
    /// The tables in the maps of two versions.
    pub(crate) fn open(repo: &Repo, before: Maps, after: Maps) -> Result<Self, CliError> {
        let before = Version::open(repo.backend().clone(), before)?;
        let after = Version::open(repo.backend().clone(), after)?;
        let mut names = HashMap::new();
        for table in before.catalog().tables().chain(after.catalog().tables()) {
            names.insert(rows_map(&table.name)?, table.name.clone());
        }
        Ok(Self { before, after, names })
    }

    /// The table whose rows a map holds.
    pub(crate) fn table(&self, map: &MapName) -> Option<&str> {
        self.names.get(map).map(String::as_str)
    }

    /// Shows each row of a table that differs.
    pub(crate) fn rows(
        &self,
        table: &str,
        mut see: impl FnMut(ChangedRow) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let (before, after) = (existing(&self.before, table)?, existing(&self.after, table)?);
        match (&before, &after) {
            (Some(before), Some(after)) => {
                let mut failed = None;
                before.diff(after, |found| {
                    failed = see(changed(before, after, &found)).err();
                    Ok(failed.is_none())
                })?;
                failed.map_or(Ok(()), Err)
            }
            (Some(rows), None) | (None, Some(rows)) => {
                for found in rows.scan(ALL_KEYS, false).rows() {
                    let (row_key, row) = found?;
                    let all = Some(all_columns(rows, &row));
                    let (old, new) = if before.is_some() { (all, None) } else { (None, all) };
                    see(ChangedRow { key: key(rows, &row_key, &row), before: old, after: new })?;
                }
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }
}

/// The rows of a table, if the version has it.
fn existing(
    version: &Version<Storage>,
    table: &str,
) -> Result<Option<TableVersion<Storage>>, SqlError> {
    match version.catalog().table(table) {
        Some(_) => version.table(table).map(Some),
        None => Ok(None),
    }
}

fn changed(
    before: &TableVersion<Storage>,
    after: &TableVersion<Storage>,
    found: &RowDiff,
) -> ChangedRow {
    let row_key = match (&found.before, &found.after) {
        (_, Some(row)) => key(after, &found.key, row),
        (Some(row), None) => key(before, &found.key, row),
        (None, None) => Map::new(),
    };
    ChangedRow {
        key: row_key,
        before: found.before.as_ref().map(|row| all_columns(before, row)),
        after: found.after.as_ref().map(|row| all_columns(after, row)),
    }
}

fn all_columns(rows: &TableVersion<Storage>, row: &[prollytree_sql::Value]) -> Map<String, Json> {
    let mut all = columns(rows.table(), row, true);
    all.extend(columns(rows.table(), row, false));
    all
}
