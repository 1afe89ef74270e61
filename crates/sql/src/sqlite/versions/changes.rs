//! What changed between two revisions, table by table, and in the schema; and what conflicts.

use std::collections::{BTreeMap, BTreeSet};

use prollytree_repo::Backend;
use prollytree_tree::Value as Stored;

use super::diff::pair;
use super::listing::{ListedRows, text};
use super::source::{HEAD, Versions, WORKING, revision_of};
use crate::catalog::{Catalog, rows_map};
use crate::error::SqlError;
use crate::schema::Table;
use crate::text::json;
use crate::value::{Row, Value};
use crate::version::{TableVersion, Version};

pub(super) const SUMMARY: &str = "table_name TEXT, change TEXT, schema_changed INTEGER, \
    rows_added INTEGER, rows_removed INTEGER, rows_changed INTEGER";

/// The tables that differ between two revisions, and how many of their rows do.
pub(super) fn summary<B: Backend + 'static>(
    versions: &Versions<B>,
    given: &[Option<Value>],
) -> Result<ListedRows, SqlError> {
    let (before, after) = two_revisions(versions, given)?;
    let names: BTreeSet<_> = [&before, &after]
        .into_iter()
        .flat_map(|version| version.catalog().tables().map(|table| table.name.clone()))
        .collect();
    let rows = names.into_iter().map(move |name| summary_of(&before, &after, name));
    Ok(Box::new(rows.filter_map(Result::transpose)))
}

fn two_revisions<B: Backend + 'static>(
    versions: &Versions<B>,
    given: &[Option<Value>],
) -> Result<(Version<B>, Version<B>), SqlError> {
    let revision =
        |at: usize, default| revision_of(given.get(at).and_then(Option::as_ref), default);
    Ok((versions.at(&revision(0, HEAD))?, versions.at(&revision(1, WORKING))?))
}

/// The summary of a table; `None` if it does not differ.
fn summary_of<B: Backend + 'static>(
    before: &Version<B>,
    after: &Version<B>,
    name: String,
) -> Result<Option<Row>, SqlError> {
    let (old, new) = (before.catalog().table(&name), after.catalog().table(&name));
    let change = match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let is_other_schema = old != new;
    let [mut added, mut removed, mut changed] = [0_i64; 3];
    if let Some((old, new)) = pair(before, after, &name)? {
        old.diff(&new, |row| {
            *match (row.before, row.after) {
                (None, _) => &mut added,
                (_, None) => &mut removed,
                _ => &mut changed,
            } += 1;
            Ok(true)
        })?;
    }
    let differs = is_other_schema || added + removed + changed > 0;
    let mut row = vec![text(name), text(change), Value::Int(is_other_schema.into())];
    row.extend([added, removed, changed].map(Value::Int));
    Ok(differs.then_some(row))
}

pub(super) const SCHEMA_DIFF: &str =
    "kind TEXT, name TEXT, change TEXT, old_definition TEXT, new_definition TEXT";

/// The tables, views and triggers that are defined otherwise in two revisions.
pub(super) fn schema_diff<B: Backend + 'static>(
    versions: &Versions<B>,
    given: &[Option<Value>],
) -> Result<ListedRows, SqlError> {
    let (before, after) = two_revisions(versions, given)?;
    let (old, new) = (definitions(before.catalog()), definitions(after.catalog()));
    let names: BTreeSet<_> = old.keys().chain(new.keys()).cloned().collect();
    let rows = names.into_iter().filter_map(move |key| {
        let (old, new) = (old.get(&key), new.get(&key));
        let change = match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let definition = |sql: Option<&String>| sql.map_or(Value::Null, text);
        let (kind, name) = key;
        let row = vec![text(kind), text(name), text(change), definition(old), definition(new)];
        (old != new).then_some(Ok(row))
    });
    Ok(Box::new(rows))
}

/// The statements of a version's schema, by kind and name.
fn definitions(catalog: &Catalog) -> BTreeMap<(&'static str, String), String> {
    let tables = catalog.tables().map(|table| (("table", table.name.clone()), definition(table)));
    let views = catalog.views().map(|view| (("view", view.name.clone()), view.sql.clone()));
    let triggers = catalog.triggers();
    let triggers = triggers.map(|trigger| (("trigger", trigger.name.clone()), trigger.sql.clone()));
    tables.chain(views).chain(triggers).collect()
}

fn definition(table: &Table) -> String {
    format!("{table:?}")
}

pub(super) const CONFLICTS: &str =
    "table_name TEXT, row_key BLOB, key TEXT, base TEXT, ours TEXT, theirs TEXT";

/// The open conflicts of a merge, cherry-pick or revert, with the rows of each side as JSON. Conflicts
/// that are not on a row have the name of their map as the table, and their bytes as hexadecimal digits.
pub(super) fn conflicts<B: Backend + 'static>(
    versions: &Versions<B>,
    _: &[Option<Value>],
) -> Result<ListedRows, SqlError> {
    let (conflicts, version) = {
        let mut database = versions.database();
        (database.repository().conflicts()?, database.current()?)
    };
    let mut tables = BTreeMap::new();
    for table in version.catalog().tables() {
        tables.insert(rows_map(&table.name)?, version.table(&table.name)?);
    }
    let rows = conflicts.into_iter().map(move |(map, conflict)| {
        let table = tables.get(&map);
        let name = table.map_or(map.as_str(), |table| &table.table().name);
        let sides = [conflict.base, conflict.ours, conflict.theirs];
        let mut key = None;
        let mut shown = Vec::new();
        for side in &sides {
            shown.push(match (side, table) {
                (None, _) => Value::Null,
                (Some(stored), Some(table)) => {
                    let row = table.decode_stored(&conflict.key, stored)?;
                    key.get_or_insert_with(|| key_of(table, &row));
                    text(object(table.table(), &row))
                }
                (Some(Stored::Inline(bytes)), None) => text(crate::text::hex(bytes)),
                (Some(Stored::Blob(blob)), None) => text(format!("{} bytes", blob.len)),
            });
        }
        let key = key.map_or(Value::Null, text);
        let mut row = vec![text(name), Value::Bytes(conflict.key), key];
        row.extend(shown);
        Ok(row)
    });
    Ok(Box::new(rows))
}

/// A row as a JSON object.
fn object(table: &Table, row: &[Value]) -> String {
    let names = table.columns.iter().map(|column| column.name.clone());
    let cells: serde_json::Map<_, _> = names.zip(row.iter().map(json)).collect();
    serde_json::Value::Object(cells).to_string()
}

/// The primary key of a row as a JSON array.
fn key_of<B: Backend + 'static>(table: &TableVersion<B>, row: &[Value]) -> String {
    let table = table.table();
    let positions = table.primary_key.iter().filter_map(|key| table.position(key.slot));
    let cells = positions.filter_map(|at| row.get(at)).map(json).collect();
    serde_json::Value::Array(cells).to_string()
}
