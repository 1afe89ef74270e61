//! Writing rows, and making and dropping tables and indexes.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use gluesql_core::ast::{OrderByExpr, ToSqlUnquoted};
use gluesql_core::data::{CustomFunction as Function, Key, Schema};
use gluesql_core::error::{AlterError, AlterTableError, Error, IndexError, Result, ValidateError};
use gluesql_core::store::{CustomFunctionMut, DataRow, IndexMut, StoreMut};
use prollytree_repo::Backend;

use super::carrier::{Carrier, Kind, is_ambiguous};
use super::define::{foreign_index, index_key, table_of};
use super::describe::shorten;
use super::error::glue_error;
use super::session::{Session, now};
use super::table::GlueTable;
use super::value::from_cell;
use super::{ProllyStorage, refused};
use crate::database::Change;
use crate::error::SqlError;
use crate::schema::{Index, IndexKey, IndexPart, Table};
use crate::value::Value;

#[async_trait]
impl<B: Backend + 'static> StoreMut for ProllyStorage<32, B> {
    async fn insert_schema(&mut self, schema: &Schema) -> Result<()> {
        if is_ambiguous(&schema.table_name) {
            return Err(refused("the name of a table has a NUL in it"));
        }
        if let Some(engine) = &schema.engine {
            return Err(refused(format!("there is no ENGINE = {engine} here: leave it out")));
        }
        let table = table_of(schema)?;
        let session = self.session_mut();
        put_table(session, table).map_err(glue_error)?;
        session.describe(|| shorten(schema.to_ddl().replace('"', "").trim_end_matches(';')));
        Ok(())
    }

    async fn delete_schema(&mut self, table_name: &str) -> Result<()> {
        let name = Carrier::read(table_name).table;
        let session = self.session_mut();
        session.mark().map_err(glue_error)?;
        let dropped = session.database().and_then(|database| database.drop_table(name));
        dropped.map_err(glue_error)?;
        session.describe(|| format!("DROP TABLE {name}"));
        Ok(())
    }

    async fn append_data(&mut self, table_name: &str, rows: Vec<DataRow>) -> Result<()> {
        let carrier = Carrier::read(table_name);
        let session = self.session_mut();
        let table = session.table(carrier.table).map_err(glue_error)?;
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            let cells = table.cells(row);
            let key = if table.table().has_hidden_key() {
                let rowid = session.database().and_then(|base| base.next_rowid(&table.handle));
                rowid.map(crate::key::rowid_key)
            } else {
                table.handle.codec().key(&cells)
            };
            keyed.push((key.map_err(glue_error)?, Change::Insert(cells)));
        }
        write(session, &table, &carrier, keyed)
    }

    async fn insert_data(&mut self, table_name: &str, rows: Vec<(Key, DataRow)>) -> Result<()> {
        let carrier = Carrier::read(table_name);
        let session = self.session_mut();
        let table = session.table(carrier.table).map_err(glue_error)?;
        let is_insert = carrier.kind() == Some(Kind::Insert);
        let mut seen = HashSet::new();
        let mut keyed = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            let cells = table.cells(row);
            let bytes = key_of(session, &table, &key, &cells).map_err(glue_error)?;
            // GlueSQL sees to keys of one column itself.
            let is_moved = |old: &Vec<u8>| table.key.is_none() && *old != bytes;
            if !table.table().has_hidden_key() && matches!(&key, Key::Bytea(old) if is_moved(old)) {
                let (table, engine) = (table.table().name.clone(), "GlueSQL");
                let what = "a primary key that would change".to_owned();
                return Err(glue_error(SqlError::NotKept { table, what, engine }));
            }
            // A statement that was not planned does not tell whether it is an INSERT; no other one
            // has a row twice.
            if carrier.load.is_none() && table.key.is_some() && !seen.insert(bytes.clone()) {
                return Err(ValidateError::DuplicateEntryOnPrimaryKeyField(key).into());
            }
            let change = if is_insert { Change::Insert(cells) } else { Change::Put(cells) };
            keyed.push((bytes, change));
        }
        write(session, &table, &carrier, keyed)
    }

    async fn delete_data(&mut self, table_name: &str, keys: Vec<Key>) -> Result<()> {
        let carrier = Carrier::read(table_name);
        let session = self.session_mut();
        let table = session.table(carrier.table).map_err(glue_error)?;
        let mut keyed = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(bytes) = table.key_bytes(&key).map_err(glue_error)? {
                keyed.push((bytes, Change::Delete));
            }
        }
        write(session, &table, &carrier, keyed)
    }
}

/// The key of a row: by its primary key, or as the scan gave it.
fn key_of<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &GlueTable,
    key: &Key,
    cells: &[Value],
) -> Result<Vec<u8>, SqlError> {
    if !table.table().has_hidden_key() {
        return table.handle.codec().key(cells);
    }
    match table.key_bytes(key)? {
        Some(bytes) => Ok(bytes),
        // Rows from another storage, whose keys mean nothing here.
        None => session.database()?.next_rowid(&table.handle).map(crate::key::rowid_key),
    }
}

/// Changes rows, all or none.
fn write<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &Arc<GlueTable>,
    carrier: &Carrier<'_>,
    rows: Vec<(Vec<u8>, Change)>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    table.require_writable().map_err(glue_error)?;
    session.describe(|| match &carrier.load {
        Some(load) => load.text.to_owned(),
        None => format!("change {} rows of {}", rows.len(), table.table().name),
    });
    // What the unique columns of the rows hold, to be named in an error.
    let told = told(table, &rows);
    let at = Cell::new(0);
    let counted = rows.into_iter().enumerate().map(|(i, row)| {
        at.set(i);
        row
    });
    let database = session.database().map_err(glue_error)?;
    let mut evaluate = |key: &_, row: &_| table.evaluate(key, row);
    let outcome = database.write(&table.handle, counted, &mut evaluate);
    outcome.map_err(|error| {
        let values = told.get(at.get()).map(Vec::as_slice).unwrap_or_default();
        write_error(table, error, values)
    })
}

/// The primary key of each row, and then its unique columns; nothing where a table has neither.
fn told(table: &GlueTable, rows: &[(Vec<u8>, Change)]) -> Vec<Vec<Value>> {
    let unique = table.unique.iter().map(|(at, _)| *at);
    let columns: Vec<_> = table.key.into_iter().chain(unique).collect();
    if columns.is_empty() {
        return Vec::new();
    }
    let of_row = |(_, change): &(Vec<u8>, Change)| match change {
        Change::Insert(row) | Change::Put(row) => {
            columns.iter().map(|&at| row.get(at).cloned().unwrap_or_default()).collect()
        }
        Change::Delete => Vec::new(),
    };
    rows.iter().map(of_row).collect()
}

/// GlueSQL's own errors for values that are there already.
fn write_error(table: &GlueTable, error: SqlError, told: &[Value]) -> Error {
    let value_of = |i: usize, column: usize| {
        told.get(i).and_then(|cell| from_cell(cell.clone(), table.column_type(column)))
    };
    match &error {
        SqlError::DuplicateKey { .. } => {
            let key = table.key.and_then(|at| Key::try_from(value_of(0, at)?).ok());
            key.map(|key| ValidateError::DuplicateEntryOnPrimaryKeyField(key).into())
        }
        SqlError::NotUnique { index, .. } => {
            let found = table.unique.iter().position(|(_, name)| name == index);
            found.and_then(|i| {
                let (column, _) = table.unique.get(i)?;
                let value = value_of(i + usize::from(table.key.is_some()), *column)?;
                let name = table.table().columns.get(*column)?.name.clone();
                Some(ValidateError::DuplicateEntryOnUniqueField(value, name).into())
            })
        }
        _ => None,
    }
    .unwrap_or_else(|| glue_error(error))
}

/// Makes a table, or gives one that is there its new keys and remarks.
fn put_table<B: Backend + 'static>(session: &mut Session<B>, table: Table) -> Result<(), SqlError> {
    session.mark()?;
    let Some(old) = session.find(&table.name)? else {
        return session.database()?.create_table(table);
    };
    old.require_writable()?;
    let is_empty = session.rows(&old)?.is_empty();
    let database = session.database()?;
    let same_columns = |a: &Table, b: &Table| {
        let named = |table: &Table| -> Vec<_> {
            table.columns.iter().map(|column| (column.name.clone(), column.ty)).collect()
        };
        named(a) == named(b) && a.primary_key.is_empty() == b.primary_key.is_empty()
    };
    if same_columns(old.table(), &table) {
        let mut new = (**old.table()).clone();
        new.comment = table.comment;
        new.foreign_keys.retain(|key| table.foreign_keys.iter().any(|kept| kept.name == key.name));
        let is_needed = |index: &Index| {
            new.foreign_keys.iter().any(|key| index.name == foreign_index(&key.name))
        };
        let own = new.indexes.iter().filter(|index| index.constraint && !index.unique);
        let gone = own.filter(|index| !is_needed(index)).map(|index| index.name.clone());
        let gone: Vec<_> = gone.collect();
        database.alter_table(new)?;
        return gone.iter().try_for_each(|index| database.drop_index(&table.name, index));
    }
    if !is_empty {
        return Err(SqlError::Exists { kind: "table", name: table.name });
    }
    database.drop_table(&table.name)?;
    database.create_table(table)
}

#[async_trait]
impl<B: Backend + 'static> IndexMut for ProllyStorage<32, B> {
    async fn create_index(
        &mut self,
        table_name: &str,
        index_name: &str,
        column: &OrderByExpr,
    ) -> Result<()> {
        let session = self.session_mut();
        let found = session.find(table_name).map_err(glue_error)?;
        let missing = || AlterTableError::TableNotFound(table_name.to_owned());
        let table = found.ok_or_else(missing)?;
        let key = index_key(table.table(), &column.expr);
        // The planner looks for the expression as it was written.
        let is_kept = match &key {
            IndexKey::Gluesql(text) => super::table::parse(text).as_ref() == Some(&column.expr),
            _ => true,
        };
        if !is_kept {
            return Err(AlterError::UnsupportedIndexExpr(Box::new(column.expr.clone())).into());
        }
        let collation = match &key {
            IndexKey::Column(slot) => {
                let position = table.table().position(*slot).unwrap_or_default();
                table.table().columns.get(position).map(|column| column.collation)
            }
            _ => None,
        };
        let part = IndexPart {
            key,
            descending: column.asc == Some(false),
            collation: collation.unwrap_or_default(),
        };
        // GlueSQL shows indexes in the order in which they were made, so no two are of one second.
        let last = table.table().indexes.iter().filter_map(|index| index.created).max();
        let created = last.map_or_else(now, |last| now().max(last + 1));
        let index = Index {
            name: index_name.to_owned(),
            parts: vec![part],
            unique: false,
            constraint: false,
            filter: None,
            created: Some(created),
        };
        create(session, table_name, index).map_err(glue_error)?;
        let expr = column.expr.to_sql_unquoted();
        session
            .describe(|| shorten(&format!("CREATE INDEX {index_name} ON {table_name} ({expr})")));
        Ok(())
    }

    async fn drop_index(&mut self, table_name: &str, index_name: &str) -> Result<()> {
        let name = Carrier::read(table_name).table;
        let session = self.session_mut();
        let found = session.find(name).map_err(glue_error)?;
        let table = found.ok_or_else(|| IndexError::TableNotFound(name.to_owned()))?;
        let index = table.table().index(index_name).filter(|index| !index.constraint);
        index.ok_or_else(|| IndexError::IndexNameDoesNotExist(index_name.to_owned()))?;
        session.mark().map_err(glue_error)?;
        let dropped = session.database().and_then(|base| base.drop_index(name, index_name));
        dropped.map_err(glue_error)?;
        session.describe(|| format!("DROP INDEX {name}.{index_name}"));
        Ok(())
    }
}

/// Makes an index; its expression is one that the table does not know yet.
pub(super) fn create<B: Backend + 'static>(
    session: &mut Session<B>,
    table_name: &str,
    index: Index,
) -> Result<(), SqlError> {
    session.mark()?;
    let table = session.table(table_name)?;
    let mut with_index = (**table.table()).clone();
    with_index.indexes = vec![index.clone()];
    let catalog = session.catalog().clone();
    let handle = crate::database::TableHandle::new(Arc::new(with_index))?;
    let table = GlueTable::new(Arc::new(handle), &catalog);
    let mut evaluate = |key: &_, row: &_| table.evaluate(key, row);
    session.database()?.create_index(table_name, index, &mut evaluate)
}

#[async_trait]
impl<B: Backend + 'static> CustomFunctionMut for ProllyStorage<32, B> {
    async fn insert_function(&mut self, func: Function) -> Result<()> {
        self.functions.insert(func.func_name.to_uppercase(), func);
        Ok(())
    }

    async fn delete_function(&mut self, func_name: &str) -> Result<()> {
        self.functions.remove(&func_name.to_uppercase());
        Ok(())
    }
}
