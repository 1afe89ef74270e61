//! How one table stands in the working copy: its statements, and its rows on the way there and back.

use std::sync::Arc;

use rusqlite::types::ValueRef;

use super::convert::{cell_from, from_sqlite, is_foreign, shows, to_sqlite};
use super::error::SqliteError;
use super::text_of::{has_rowid_alias, ident};
use crate::error::SqlError;
use crate::key;
use crate::row::RowCodec;
use crate::schema::{Collation, Table, TableKind};
use crate::value::{Row, Value};

/// How SQLite finds a row of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyForm {
    /// By a number; under this name, which is a column's if it is in a row.
    Rowid(String),
    /// By the columns of the primary key, at these places in a row.
    Columns(Vec<usize>),
}

/// A table of the working copy.
#[derive(Debug)]
pub(super) struct Mirror {
    codec: Arc<RowCodec>,
    key: KeyForm,
    /// Whether SQLite has no type for some column.
    pub(super) is_foreign: bool,
    /// Inserts a row: the hidden rowid, if there is one, and each cell that is not computed.
    pub(super) insert: String,
    /// Reads a row by its key.
    pub(super) read: String,
    /// Deletes a row by its key.
    pub(super) delete: String,
    /// Reads all keys.
    pub(super) keys: String,
}

impl Mirror {
    pub(super) fn new(table: Arc<Table>) -> Result<Self, SqliteError> {
        let key = KeyForm::of(&table)?;
        let from = format!("main.{}", ident(&table.name));
        let stored = table.columns.iter().filter(|column| column.generated.is_none());
        let mut names: Vec<_> = stored.map(|column| ident(&column.name)).collect();
        if table.has_hidden_key()
            && let KeyForm::Rowid(rowid) = &key
        {
            names.insert(0, rowid.clone());
        }
        let marks = vec!["?"; names.len()].join(", ");
        let cells: Vec<_> = table.columns.iter().map(|column| ident(&column.name)).collect();
        let key_names = key.names(&table);
        let found: Vec<_> = key_names.iter().map(|name| format!("{name} = ?")).collect();
        let found = found.join(" AND ");
        Ok(Self {
            insert: format!("INSERT INTO {from} ({}) VALUES ({marks})", names.join(", ")),
            read: format!("SELECT {} FROM {from} WHERE {found}", cells.join(", ")),
            delete: format!("DELETE FROM {from} WHERE {found}"),
            keys: format!("SELECT {} FROM {from}", key_names.join(", ")),
            is_foreign: table.columns.iter().any(|column| is_foreign(column.ty)),
            codec: Arc::new(RowCodec::new(table)),
            key,
        })
    }

    pub(super) fn table(&self) -> &Arc<Table> {
        self.codec.table()
    }

    /// The names by which SQLite finds a row.
    pub(super) fn key_names(&self) -> Vec<String> {
        self.key.names(self.table())
    }

    pub(super) fn has_rowid_key(&self) -> bool {
        matches!(self.key, KeyForm::Rowid(_))
    }

    /// What SQLite finds a row by, as bytes: SQLite's own values, which need not be those of the tree.
    /// `None` if a part is NULL.
    pub(super) fn mark<'v>(
        &self,
        cells: impl IntoIterator<Item = ValueRef<'v>>,
    ) -> Result<Option<Vec<u8>>, SqliteError> {
        let mut mark = Vec::with_capacity(16);
        for (at, cell) in cells.into_iter().enumerate() {
            if let KeyForm::Columns(positions) = &self.key {
                // What is no key in the tree is refused at once.
                self.cell(positions.get(at).copied().unwrap_or_default(), cell, None)?;
            }
            match from_sqlite(cell) {
                Value::Null => return Ok(None),
                value => key::push(&mut mark, &value, Collation::Binary, false)?,
            }
        }
        Ok(Some(mark))
    }

    /// The values of a mark.
    pub(super) fn marked(mark: &[u8]) -> Result<Vec<Value>, SqlError> {
        let mut rest = mark;
        let mut values = Vec::new();
        while !rest.is_empty() {
            values.push(key::pop(&mut rest, false)?);
        }
        Ok(values)
    }

    /// The tree's key of the row that SQLite finds by these values.
    pub(super) fn tree_key(&self, values: &[Value]) -> Result<Vec<u8>, SqliteError> {
        match (&self.key, values) {
            (KeyForm::Rowid(_), [Value::Int(rowid)]) => Ok(key::rowid_key(*rowid)),
            (KeyForm::Rowid(_), _) => Ok(Vec::new()),
            (KeyForm::Columns(positions), _) if self.is_foreign => {
                let cell = |(value, &position): (&Value, &usize)| {
                    let shown = match value {
                        Value::Null => ValueRef::Null,
                        Value::Int(number) => ValueRef::Integer(*number),
                        Value::Float(number) => ValueRef::Real(*number),
                        Value::Bytes(bytes) => ValueRef::Blob(bytes),
                        Value::Text(text) => ValueRef::Text(text.as_bytes()),
                        _ => return Ok(value.clone()),
                    };
                    self.cell(position, shown, None)
                };
                let cells = values.iter().zip(positions).map(cell);
                Ok(self.codec.key_of(&cells.collect::<Result<Vec<_>, _>>()?)?)
            }
            (KeyForm::Columns(_), _) => Ok(self.codec.key_of(values)?),
        }
    }

    /// What SQLite finds the row of a tree's key by.
    pub(super) fn sqlite_key(&self, key: &[u8]) -> Result<Vec<Value>, SqlError> {
        let table = self.table();
        if table.has_hidden_key() {
            return Ok(vec![Value::Int(self.codec.rowid(key)?)]);
        }
        let mut rest = key;
        table.primary_key.iter().map(|part| key::pop(&mut rest, part.descending)).collect()
    }

    /// Whether SQLite shows a row as it would show what was made of it.
    pub(super) fn is_shown(&self, row: &Row, found: &rusqlite::Row<'_>) -> bool {
        let mut cells = row.iter().enumerate();
        cells.all(|(at, cell)| found.get_ref(at).is_ok_and(|shown| shows(cell, shown)))
    }

    /// Binds what [`insert`](Self::insert) asks for.
    pub(super) fn bind_row(
        &self,
        statement: &mut rusqlite::Statement<'_>,
        key: &[u8],
        row: &[Value],
    ) -> Result<(), SqliteError> {
        let mut at = 1;
        if self.table().has_hidden_key() {
            statement.raw_bind_parameter(at, self.codec.rowid(key)?)?;
            at += 1;
        }
        for (column, cell) in self.table().columns.iter().zip(row) {
            if column.generated.is_none() {
                statement.raw_bind_parameter(at, to_sqlite(cell))?;
                at += 1;
            }
        }
        Ok(())
    }

    /// The row that [`read`](Self::read) gave. What SQLite shows as it showed the old row is as it was
    /// there.
    pub(super) fn row(
        &self,
        found: &rusqlite::Row<'_>,
        old: Option<&Row>,
    ) -> Result<Row, SqliteError> {
        let cell = |at: usize| self.cell(at, found.get_ref(at)?, old.and_then(|row| row.get(at)));
        (0..self.table().columns.len()).map(cell).collect()
    }

    fn cell(
        &self,
        position: usize,
        cell: ValueRef<'_>,
        old: Option<&Value>,
    ) -> Result<Value, SqliteError> {
        let table = self.table();
        let Some(column) = table.columns.get(position) else { return Ok(Value::Null) };
        cell_from(column.ty, table.strict, cell, old).map_err(|value| SqliteError::Cell {
            table: table.name.clone(),
            column: column.name.clone(),
            ty: format!("{:?}", column.ty).to_lowercase(),
            value,
        })
    }
}

impl KeyForm {
    fn of(table: &Table) -> Result<Self, SqliteError> {
        if has_rowid_alias(table) {
            let name = table.primary_key.first().and_then(|part| table.position(part.slot));
            let column = name.and_then(|position| table.columns.get(position));
            return Ok(Self::Rowid(column.map(|column| ident(&column.name)).unwrap_or_default()));
        }
        if table.has_hidden_key() {
            let name = hidden_rowid(table).ok_or_else(|| SqliteError::Table {
                table: table.name.clone(),
                why: "columns have all the names of its rowid: give it a primary key".to_owned(),
            })?;
            return Ok(Self::Rowid(name.to_owned()));
        }
        let positions = table.primary_key.iter().filter_map(|part| table.position(part.slot));
        Ok(Self::Columns(positions.collect()))
    }

    fn names(&self, table: &Table) -> Vec<String> {
        match self {
            Self::Rowid(name) => vec![name.clone()],
            Self::Columns(positions) => {
                let columns = positions.iter().filter_map(|&at| table.columns.get(at));
                columns.map(|column| ident(&column.name)).collect()
            }
        }
    }
}

/// A name of the rowid that no column has; `None` without a rowid, too.
pub(super) fn hidden_rowid(table: &Table) -> Option<&'static str> {
    let free = |name: &&str| table.column(name).is_none();
    let has_rowid = table.kind != TableKind::WithoutRowid;
    ["rowid", "_rowid_", "oid"].into_iter().find(free).filter(|_| has_rowid)
}
