//! Tables as GlueSQL sees them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime};
use futures::FutureExt;
use gluesql_core::ast::{
    BinaryOperator, ColumnDef, ColumnUniqueOption, Expr, ForeignKey as GlueForeignKey,
    ReferentialAction, ToSql,
};
use gluesql_core::data::{Key, Schema, SchemaIndex, SchemaIndexOrd, Value as GlueValue};
use gluesql_core::executor::{RowContext, evaluate_stateless};
use gluesql_core::parse_sql::parse_expr;
use gluesql_core::store::DataRow;
use gluesql_core::translate::translate_expr;

use super::value::{data_type, from_cell, to_cell};
use crate::catalog::Catalog;
use crate::database::TableHandle;
use crate::error::SqlError;
use crate::schema::{Action, ForeignKey, Index, IndexKey, Table, TableKind};
use crate::value::{ColumnType, Row, Value};

/// A table, as GlueSQL sees it.
pub(super) struct GlueTable {
    pub(super) handle: Arc<TableHandle>,
    pub(super) schema: Schema,
    /// The names of the columns, for expressions of indexes.
    names: Vec<String>,
    types: Vec<ColumnType>,
    /// Columns that only the other engine can compute, which GlueSQL does not see.
    hidden: Vec<usize>,
    /// The one column of the primary key.
    pub(super) key: Option<usize>,
    /// The columns of unique constraints, and their indexes.
    pub(super) unique: Vec<(usize, String)>,
    /// The expressions of indexes, by their text.
    expressions: BTreeMap<String, Expr>,
    /// What the table has that GlueSQL would not keep.
    refusal: Option<String>,
}

impl GlueTable {
    pub(super) fn new(handle: Arc<TableHandle>, catalog: &Catalog) -> Self {
        let table = handle.table().clone();
        let hidden = table.columns.iter().enumerate().filter(|(_, column)| {
            column.generated.as_ref().is_some_and(|generated| !generated.stored)
        });
        let key = match &table.primary_key[..] {
            [part] => table.position(part.slot),
            _ => None,
        };
        let expressions = table.indexes.iter().flat_map(|index| &index.parts);
        let expressions = expressions.filter_map(|part| match &part.key {
            IndexKey::Gluesql(text) => Some((text.clone(), parse(text)?)),
            _ => None,
        });
        Self {
            hidden: hidden.map(|(at, _)| at).collect(),
            names: table.columns.iter().map(|column| column.name.clone()).collect(),
            types: table.columns.iter().map(|column| column.ty).collect(),
            key,
            unique: unique_columns(&table),
            expressions: expressions.collect(),
            refusal: refusal(&table, catalog),
            schema: schema(&table, catalog),
            handle,
        }
    }

    pub(super) fn table(&self) -> &Arc<Table> {
        self.handle.table()
    }

    pub(super) fn is_schemaless(&self) -> bool {
        self.table().kind == TableKind::Schemaless
    }

    /// Whether rows can be written without breaking what GlueSQL does not know.
    pub(super) fn require_writable(&self) -> Result<(), SqlError> {
        match &self.refusal {
            None => Ok(()),
            Some(what) => {
                let table = self.table().name.clone();
                Err(SqlError::NotKept { table, what: what.clone(), engine: "GlueSQL" })
            }
        }
    }

    /// A row as GlueSQL has it.
    pub(super) fn row(&self, key: &[u8], row: Row) -> Result<DataRow, SqlError> {
        let bad = || SqlError::BadRow { table: self.table().name.clone(), key: key.to_vec() };
        let mut values = Vec::with_capacity(row.len());
        for (at, (cell, &ty)) in row.into_iter().zip(&self.types).enumerate() {
            if self.hidden.is_empty() || !self.hidden.contains(&at) {
                values.push(from_cell(cell, ty).ok_or_else(bad)?);
            }
        }
        if !self.is_schemaless() {
            return Ok(DataRow::Vec(values));
        }
        match values.pop() {
            Some(GlueValue::Map(entries)) => Ok(DataRow::Map(entries)),
            _ => Err(bad()),
        }
    }

    /// A row of GlueSQL as cells.
    pub(super) fn cells(&self, row: DataRow) -> Row {
        match row {
            DataRow::Vec(values) => values.into_iter().map(to_cell).collect(),
            DataRow::Map(entries) => vec![to_cell(GlueValue::Map(entries))],
        }
    }

    /// What GlueSQL hands back to change or delete the row: its primary key if that is one column,
    /// else the bytes of its key.
    pub(super) fn row_key(&self, key: Vec<u8>, row: &DataRow) -> Result<Key, SqlError> {
        let value = match (row, self.key) {
            (DataRow::Vec(values), Some(at)) if self.hidden.is_empty() => values.get(at).cloned(),
            _ => None,
        };
        let found = value.map(|value| Key::try_from(value).ok());
        let bad = |key| SqlError::BadRow { table: self.table().name.clone(), key };
        match found {
            None => Ok(Key::Bytea(key)),
            Some(found) => found.ok_or_else(|| bad(key)),
        }
    }

    /// The bytes of the key that [`row_key`](Self::row_key) gave, or that a primary key has; `None` if
    /// no row can have it.
    pub(super) fn key_bytes(&self, key: &Key) -> Result<Option<Vec<u8>>, SqlError> {
        match (key, self.key) {
            (Key::None, _) => Ok(None),
            (key, Some(_)) if self.hidden.is_empty() => {
                self.handle.codec().key_of([&super::value::key_to_cell(key)]).map(Some)
            }
            (Key::Bytea(bytes), _) => Ok(Some(bytes.clone())),
            (Key::I64(rowid), None) if self.table().has_hidden_key() => {
                Ok(Some(crate::key::rowid_key(*rowid)))
            }
            _ => Ok(None),
        }
    }

    /// Computes an expression of an index for a row.
    pub(super) fn evaluate(&self, key: &IndexKey, row: &Row) -> Result<Value, SqlError> {
        let other = || crate::database::no_expressions(key, row);
        let IndexKey::Gluesql(text) = key else { return other() };
        let Some(expr) = self.expressions.get(text) else { return other() };
        let DataRow::Vec(values) = self.row(&[], row.clone())? else { return other() };
        let context = RowContext::RefVecData { columns: &self.names, values: &values };
        let failed = |error: gluesql_core::error::Error| SqlError::Expression {
            table: self.table().name.clone(),
            expression: text.clone(),
            reason: error.to_string(),
        };
        // Expressions of an index read nothing but the row, so nothing is waited for.
        match evaluate_stateless(Some(context), expr).now_or_never() {
            Some(result) => result.and_then(GlueValue::try_from).map(to_cell).map_err(failed),
            None => other(),
        }
    }

    /// Whether a column that must be unique has decimals.
    pub(super) fn has_unique_decimal(&self) -> bool {
        let unique = self.unique.iter().map(|(at, _)| *at);
        self.key
            .into_iter()
            .chain(unique)
            .any(|column| self.column_type(column) == ColumnType::Decimal)
    }

    /// The type of a column.
    pub(super) fn column_type(&self, position: usize) -> ColumnType {
        self.types.get(position).copied().unwrap_or_default()
    }

    /// The index, if GlueSQL can use it, and the type of what it orders rows by, if that is a column.
    pub(super) fn index(&self, name: &str) -> Option<(&Index, Option<ColumnType>)> {
        let index = self.table().index(name).filter(|index| index.is_stored())?;
        let [part] = &index.parts[..] else { return None };
        let ty = match part.key {
            IndexKey::Column(slot) => Some(self.column_type(self.table().position(slot)?)),
            _ => None,
        };
        Some((index, ty))
    }
}

/// An expression in GlueSQL's dialect.
pub(super) fn parse(text: &str) -> Option<Expr> {
    translate_expr(&parse_expr(text).ok()?, &[]).ok()
}

/// The columns that a stored index keeps unique by itself.
fn unique_columns(table: &Table) -> Vec<(usize, String)> {
    let unique = table.indexes.iter().filter(|index| index.unique && index.is_stored());
    let columns = unique.filter_map(|index| match &index.parts[..] {
        [part] => match part.key {
            IndexKey::Column(slot) => Some((table.position(slot)?, index.name.clone())),
            _ => None,
        },
        _ => None,
    });
    columns.collect()
}

fn schema(table: &Table, catalog: &Catalog) -> Schema {
    let unique = unique_columns(table);
    let columns = table.columns.iter().enumerate().filter_map(|(at, column)| {
        if column.generated.as_ref().is_some_and(|generated| !generated.stored) {
            return None;
        }
        let is_primary = matches!(&table.primary_key[..], [part] if part.slot == column.slot);
        let is_unique = is_primary || unique.iter().any(|(position, _)| *position == at);
        let in_key = table.primary_key.iter().any(|part| part.slot == column.slot);
        Some(ColumnDef {
            name: column.name.clone(),
            data_type: data_type(column.ty),
            nullable: !column.not_null && !in_key,
            default: column.default.as_deref().and_then(parse),
            unique: is_unique.then_some(ColumnUniqueOption { is_primary }),
            comment: column.comment.clone(),
        })
    });
    let indexes = table.indexes.iter().filter(|index| !index.constraint && index.is_stored());
    let mut indexes: Vec<_> = indexes.collect();
    indexes.sort_by_key(|index| index.created);
    Schema {
        table_name: table.name.clone(),
        column_defs: (table.kind != TableKind::Schemaless).then(|| columns.collect()),
        indexes: indexes.into_iter().filter_map(|index| schema_index(table, index)).collect(),
        engine: None,
        foreign_keys: table
            .foreign_keys
            .iter()
            .filter(|key| is_known(table, key, catalog))
            .filter_map(|key| foreign_key(table, key, catalog))
            .collect(),
        comment: table.comment.clone(),
    }
}

fn schema_index(table: &Table, index: &Index) -> Option<SchemaIndex> {
    let [part] = &index.parts[..] else { return None };
    let expr = match &part.key {
        IndexKey::Column(slot) => {
            Expr::Identifier(table.columns.get(table.position(*slot)?)?.name.clone())
        }
        IndexKey::Gluesql(text) => parse(text)?,
        IndexKey::Sqlite(_) => return None,
    };
    // A tree is read in both directions; an order that was asked for is shown.
    let order = if part.descending { SchemaIndexOrd::Desc } else { SchemaIndexOrd::Both };
    Some(SchemaIndex { name: index.name.clone(), expr, order, created: date_time(index.created) })
}

/// A time in seconds since 1970.
pub(super) fn date_time(seconds: Option<i64>) -> NaiveDateTime {
    let time = DateTime::from_timestamp(seconds.unwrap_or_default(), 0);
    time.unwrap_or_default().naive_utc()
}

/// Whether GlueSQL can keep a foreign key: from one column to a primary key of one.
fn is_known(table: &Table, key: &ForeignKey, catalog: &Catalog) -> bool {
    let known = |action| matches!(action, Action::NoAction | Action::Restrict);
    let to_key = |name: &String| {
        let parent = catalog.find_table(&key.table);
        parent.is_some_and(|parent| {
            let column = parent.columns.iter().find(|column| column.name == *name);
            matches!((&parent.primary_key[..], column), ([part], Some(column)) if part.slot == column.slot)
        })
    };
    key.columns.len() == 1
        && known(key.on_delete)
        && known(key.on_update)
        && !key.deferred
        && key.referenced.iter().all(to_key)
        && foreign_key(table, key, catalog).is_some()
}

fn foreign_key(table: &Table, key: &ForeignKey, catalog: &Catalog) -> Option<GlueForeignKey> {
    let [slot] = key.columns[..] else { return None };
    let column = table.columns.get(table.position(slot)?)?.name.clone();
    let parent = catalog.find_table(&key.table)?;
    let referenced = match &key.referenced[..] {
        [referenced] => referenced.clone(),
        _ => {
            let [part] = &parent.primary_key[..] else { return None };
            parent.columns.get(parent.position(part.slot)?)?.name.clone()
        }
    };
    let name = match &key.name[..] {
        "" => format!("FK_{column}-{}_{referenced}", key.table),
        name => name.to_owned(),
    };
    Some(GlueForeignKey {
        name,
        referencing_column_name: column,
        referenced_table_name: parent.name.clone(),
        referenced_column_name: referenced,
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
    })
}

/// What a table has that GlueSQL would not keep when it writes.
fn refusal(table: &Table, catalog: &Catalog) -> Option<String> {
    if let Some(check) = table.checks.first() {
        return Some(format!("the check {}", check.expression));
    }
    if let Some(column) = table.columns.iter().find(|column| column.generated.is_some()) {
        return Some(format!("the generated column {}", column.name));
    }
    let on_it = |name: &Option<String>| name.as_deref() == Some(&table.name);
    if let Some(trigger) = catalog.triggers().find(|trigger| on_it(&trigger.on)) {
        return Some(format!("the trigger {}", trigger.name));
    }
    if let Some(index) = table.indexes.iter().find(|index| index.unique && !index.is_stored()) {
        return Some(format!("the unique index {}", index.name));
    }
    if let Some(key) = table.foreign_keys.iter().find(|key| !is_known(table, key, catalog)) {
        return Some(format!("a foreign key to {}", key.table));
    }
    let refers = |other: &&Arc<Table>| {
        other.foreign_keys.iter().any(|key| {
            key.table.eq_ignore_ascii_case(&table.name) && !is_known(other, key, catalog)
        })
    };
    let child = catalog.tables().find(refers)?;
    Some(format!("the foreign key of table {} to it", child.name))
}

/// The text of an expression, as it is kept. GlueSQL's own text of `||` is `+`, which is another
/// operator.
pub(super) fn text(expr: &Expr) -> String {
    match expr {
        Expr::BinaryOp { left, op, right } => {
            let op = match op {
                BinaryOperator::StringConcat => "||".to_owned(),
                op => op.to_sql(),
            };
            format!("{} {op} {}", text(left), text(right))
        }
        Expr::Nested(expr) => format!("({})", text(expr)),
        other => other.to_sql(),
    }
}
