//! What changed between two revisions, table by table, and in the schema; and what conflicts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prollytree_repo::Backend;

use super::diff::pair;
use super::listing::{ListedRows, text};
use super::source::{HEAD, Versions, WORKING, revision_of};
use crate::catalog::Catalog;
use crate::error::SqlError;
use crate::merge::ConflictKind;
use crate::schema::Table;
use crate::sqlite::text_of::{create_index, create_table, is_known};
use crate::text::json;
use crate::value::{Row, Value};
use crate::version::Version;

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

/// The statements that make a table and its indexes.
fn definition(table: &Table) -> String {
    let indexes = table.indexes.iter().filter(|index| !index.constraint && is_known(index));
    let indexes = indexes.map(|index| create_index(table, index));
    let statements = std::iter::once(create_table(table)).chain(indexes);
    // The working copy says in which of its schemas they are.
    let plain = statements.map(|sql| sql.replacen("main.\"", "\"", 1).trim_end().to_owned());
    plain.collect::<Vec<_>>().join(";\n")
}

pub(super) const CONFLICTS: &str = "table_name TEXT, key TEXT, kind TEXT, columns TEXT, \
    because TEXT, base TEXT, ours TEXT, theirs TEXT";

/// The open conflicts of a merge, cherry-pick or revert: rows as JSON objects, keys as JSON arrays.
/// `theirs` of a broken constraint is the row as the merge would have it.
pub(super) fn conflicts<B: Backend + 'static>(
    versions: &Versions<B>,
    _: &[Option<Value>],
) -> Result<ListedRows, SqlError> {
    let mut database = versions.database();
    let (conflicts, catalog) = (database.conflicts()?, database.catalog().clone());
    Ok(Box::new(conflicts.into_iter().map(move |found| {
        let table = catalog.find_table(&found.table);
        let row = |row: Option<Row>| row.map_or(Value::Null, |row| text(object(table, &row)));
        let key = serde_json::Value::Array(found.key.iter().map(json).collect());
        Ok(vec![
            text(found.table),
            text(key.to_string()),
            text(kind(found.kind)),
            text(serde_json::Value::from(found.columns).to_string()),
            text(found.because),
            row(found.base),
            row(found.ours),
            row(found.theirs),
        ])
    })))
}

fn kind(kind: ConflictKind) -> &'static str {
    match kind {
        ConflictKind::Cells => "cells",
        ConflictKind::DeletedHere => "deleted here",
        ConflictKind::DeletedThere => "deleted there",
        ConflictKind::NotUnique => "not unique",
        ConflictKind::NotNull => "not null",
        ConflictKind::WrongType => "wrong type",
        ConflictKind::ForeignKey => "foreign key",
        ConflictKind::Check => "check",
        ConflictKind::Schema => "schema",
    }
}

/// A row as a JSON object.
fn object(table: Option<&Arc<Table>>, row: &[Value]) -> String {
    let columns = table.map_or(&[][..], |table| &table.columns);
    let cells: serde_json::Map<_, _> =
        columns.iter().map(|column| column.name.clone()).zip(row.iter().map(json)).collect();
    serde_json::Value::Object(cells).to_string()
}
