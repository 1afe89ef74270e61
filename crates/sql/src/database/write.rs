//! Changing rows, and their indexes with them.

use prollytree_repo::{Backend, MapName};

use super::{Database, TableHandle};
use crate::error::SqlError;
use crate::row::RowCodec;
use crate::schema::{Index, IndexKey};
use crate::text;
use crate::value::{Row, Value};
use crate::version::ALL_KEYS;

/// A change of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A row that must not be there yet.
    Insert(Row),
    /// A row, whether it is there or not.
    Put(Row),
    /// No row.
    Delete,
}

/// Computes an expression of an index, in the dialect of the engine that writes.
pub type EvaluateIndex<'e> = dyn FnMut(&IndexKey, &Row) -> Result<Value, SqlError> + 'e;

/// For an engine that computes no expressions: such an index is a clear error.
pub fn no_expressions(key: &IndexKey, _: &Row) -> Result<Value, SqlError> {
    let dialect = match key {
        IndexKey::Sqlite(_) => "SQLite",
        _ => "GlueSQL",
    };
    let expression = match key {
        IndexKey::Gluesql(expression) | IndexKey::Sqlite(expression) => expression.clone(),
        IndexKey::Column(slot) => format!("column {slot}"),
    };
    Err(SqlError::OtherDialect { expression, dialect })
}

/// What a key was before a change.
type Undo = (MapName, Vec<u8>, Option<Vec<u8>>);

impl<B: Backend + 'static> Database<B> {
    /// Changes rows of a table: all of them, or, if one cannot be changed, none.
    ///
    /// O(log rows) a row and index.
    ///
    /// # Errors
    /// A row breaks the schema, a primary key or a unique index, an index cannot be maintained by
    /// this engine, or the backend fails.
    pub fn write(
        &mut self,
        table: &TableHandle,
        changes: impl IntoIterator<Item = (Vec<u8>, Change)>,
        evaluate: &mut EvaluateIndex<'_>,
    ) -> Result<(), SqlError> {
        self.touch()?;
        let mut undo = Vec::new();
        for (key, change) in changes {
            if change == Change::Delete {
                // The next rowid depends on what is there, not on what once was.
                self.next_rowids.remove(&table.table().name);
            }
            if let Err(error) = self.write_one(table, key, change, evaluate, &mut undo) {
                self.next_rowids.remove(&table.table().name);
                for (map, key, value) in undo.into_iter().rev() {
                    match value {
                        Some(value) => self.repo.set(&map, key, value)?,
                        None => drop(self.repo.delete(&map, &key)?),
                    }
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn write_one(
        &mut self,
        table: &TableHandle,
        key: Vec<u8>,
        change: Change,
        evaluate: &mut EvaluateIndex<'_>,
        undo: &mut Vec<Undo>,
    ) -> Result<(), SqlError> {
        let old = self.repo.get(table.rows_map(), &key)?;
        let (row, is_insert) = match change {
            Change::Insert(row) => (Some(row), true),
            Change::Put(row) => (Some(row), false),
            Change::Delete => (None, false),
        };
        if is_insert && old.is_some() {
            return Err(duplicate(table, &key));
        }
        let value = match &row {
            Some(row) => {
                check(table, row)?;
                Some(table.codec().encode(row)?)
            }
            None => None,
        };
        if value == old {
            return Ok(());
        }
        let old_row = match &old {
            Some(old) if !table.indexes().is_empty() => Some(table.codec().decode(&key, old)?),
            _ => None,
        };
        for (index, map) in table.indexes() {
            let mut entry = |row: &Row| index_entry(table.codec(), index, &key, row, evaluate);
            let before = old_row.as_ref().map(&mut entry).transpose()?;
            let after = row.as_ref().map(&mut entry).transpose()?;
            self.move_entry(table, index, map, before, after, undo)?;
        }
        undo.push((table.rows_map().clone(), key.clone(), old));
        match value {
            Some(value) => self.repo.set(table.rows_map(), key, value)?,
            None => drop(self.repo.delete(table.rows_map(), &key)?),
        }
        Ok(())
    }

    fn move_entry(
        &mut self,
        table: &TableHandle,
        index: &Index,
        map: &MapName,
        before: Option<Entry>,
        after: Option<Entry>,
        undo: &mut Vec<Undo>,
    ) -> Result<(), SqlError> {
        if before == after {
            return Ok(());
        }
        if let Some(Entry { key, value, .. }) = before {
            // While a merge is under way, the entry of values that two rows have is the other row's.
            if value.is_empty() || self.repo.get(map, &key)?.as_ref() == Some(&value) {
                self.repo.delete(map, &key)?;
                undo.push((map.clone(), key, Some(value)));
            }
        }
        let Some(Entry { key, value, values }) = after else { return Ok(()) };
        if !value.is_empty() && self.repo.contains(map, &key)? {
            return Err(not_unique(table, index, &values));
        }
        undo.push((map.clone(), key.clone(), None));
        Ok(self.repo.set(map, key, value)?)
    }

    /// Whether a row other than that of `key` has these values in a unique index.
    ///
    /// # Errors
    /// A value has no order, or the backend fails.
    pub fn find_unique(
        &self,
        table: &TableHandle,
        index: &str,
        values: &[Value],
    ) -> Result<Option<Vec<u8>>, SqlError> {
        let found = table.indexes().iter().find(|(found, _)| found.name == index);
        let Some((index, map)) = found else {
            let (table, index) = (table.table().name.clone(), index.to_owned());
            return Err(SqlError::NoIndex { table, index });
        };
        if values.iter().any(Value::is_null) {
            return Ok(None);
        }
        let key = table.codec().index_key(&index.name, &index.parts, values, &[])?;
        Ok(self.repo.get(map, &key)?)
    }

    /// The key of the row that an entry of a unique index leads to.
    ///
    /// # Errors
    /// There is no such index, or the backend fails.
    pub fn unique_entry(
        &self,
        table: &TableHandle,
        index: &str,
        entry: &[u8],
    ) -> Result<Option<Vec<u8>>, SqlError> {
        let found = table.indexes().iter().find(|(found, _)| found.name == index);
        let Some((_, map)) = found else {
            let (table, index) = (table.table().name.clone(), index.to_owned());
            return Err(SqlError::NoIndex { table, index });
        };
        Ok(self.repo.get(map, entry)?)
    }

    /// A rowid that no row of a table has, greater than all; with `autoincrement`, that none had.
    ///
    /// O(log rows) the first time, then O(1).
    ///
    /// # Errors
    /// The rowids are used up, or the backend fails.
    pub fn next_rowid(&mut self, table: &TableHandle) -> Result<i64, SqlError> {
        let name = &table.table().name;
        let next = match self.next_rowids.get(name) {
            Some(&next) => next,
            None => {
                let rows = self.current()?.rows_of(table.codec().clone())?;
                let last = rows.snapshot().last()?;
                let last = last.map(|(key, _)| table.codec().rowid(&key)).transpose()?;
                let last = last.unwrap_or_default().max(self.catalog.sequence(name));
                last.max(0)
                    .checked_add(1)
                    .ok_or_else(|| SqlError::NoRowid { table: name.clone() })?
            }
        };
        self.next_rowids.insert(name.clone(), next.saturating_add(1));
        if next == i64::MAX {
            return Err(SqlError::NoRowid { table: name.clone() });
        }
        Ok(next)
    }

    /// Builds an index from the rows.
    pub(super) fn build_index(
        &mut self,
        table: &TableHandle,
        name: &str,
        evaluate: &mut EvaluateIndex<'_>,
    ) -> Result<(), SqlError> {
        let found = table.indexes().iter().find(|(index, _)| index.name == name);
        let Some((index, map)) = found else { return Ok(()) };
        let rows = self.current()?.rows_of(table.codec().clone())?;
        for row in rows.scan(ALL_KEYS, false).rows() {
            let (key, row) = row?;
            let entry = index_entry(table.codec(), index, &key, &row, evaluate)?;
            if !entry.value.is_empty() && self.repo.contains(map, &entry.key)? {
                return Err(not_unique(table, index, &entry.values));
            }
            self.repo.set(map, entry.key, entry.value)?;
        }
        self.current = None;
        Ok(())
    }
}

/// An entry of an index.
#[derive(PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Vec<u8>,
    /// The row's key, where the index must be unique and no part is NULL; else nothing.
    pub(crate) value: Vec<u8>,
    values: Vec<Value>,
}

pub(crate) fn index_entry(
    codec: &RowCodec,
    index: &Index,
    row_key: &[u8],
    row: &Row,
    evaluate: &mut EvaluateIndex<'_>,
) -> Result<Entry, SqlError> {
    let values = index.parts.iter().map(|part| match &part.key {
        IndexKey::Column(slot) => {
            let position = codec.table().position(*slot);
            Ok(position.and_then(|at| row.get(at)).cloned().unwrap_or_default())
        }
        expression => evaluate(expression, row),
    });
    let values = values.collect::<Result<Vec<_>, SqlError>>()?;
    let is_key = index.unique && !values.iter().any(Value::is_null);
    let (behind, value) = if is_key { (&[][..], row_key) } else { (row_key, &[][..]) };
    let key = codec.index_key(&index.name, &index.parts, &values, behind)?;
    Ok(Entry { key, value: value.to_vec(), values })
}

/// Whether a row fits the columns.
fn check(table: &TableHandle, row: &Row) -> Result<(), SqlError> {
    let schema = table.table();
    for (column, cell) in schema.columns.iter().zip(row) {
        let names = || (schema.name.clone(), column.name.clone());
        let is_key = schema.primary_key.iter().any(|part| part.slot == column.slot);
        if cell.is_null() && (column.not_null || is_key) {
            let (table, column) = names();
            return Err(SqlError::NotNull { table, column });
        }
        if schema.strict && !column.ty.admits(cell) {
            let (table, column) = names();
            return Err(SqlError::WrongType { table, column, kind: cell.kind() });
        }
    }
    Ok(())
}

fn duplicate(table: &TableHandle, key: &[u8]) -> SqlError {
    let mut rest = key;
    let parts = table.table().primary_key.iter().map(|part| part.descending);
    let parts = parts.chain(std::iter::repeat(false));
    let values = parts.map_while(|descending| {
        (!rest.is_empty()).then(|| crate::key::pop(&mut rest, descending).ok())?
    });
    let key = text::list(&values.collect::<Vec<_>>());
    SqlError::DuplicateKey { table: table.table().name.clone(), key }
}

fn not_unique(table: &TableHandle, index: &Index, values: &[Value]) -> SqlError {
    let schema = table.table();
    let columns = index.parts.iter().map(|part| match &part.key {
        IndexKey::Column(slot) => {
            let position = schema.position(*slot).unwrap_or_default();
            schema.columns.get(position).map(|column| column.name.clone()).unwrap_or_default()
        }
        IndexKey::Gluesql(expression) | IndexKey::Sqlite(expression) => expression.clone(),
    });
    SqlError::NotUnique {
        table: schema.name.clone(),
        index: index.name.clone(),
        values: text::list(values),
        columns: columns.collect(),
    }
}
