//! Tables as GlueSQL defines them.

use gluesql_core::ast::{ColumnDef, Expr};
use gluesql_core::data::Schema;
use gluesql_core::error::Result;

use super::refused;
use super::table::text;
use super::value::column_type;
use crate::schema::{
    Action, Column, ForeignKey, Index, IndexKey, IndexPart, KeyColumn, Table, TableKind,
};
use crate::value::{ColumnType, Value};

/// The one column of a table without columns: the row, as a map.
const MAP_COLUMN: &str = "_map";

/// The table that a schema describes.
pub(super) fn table_of(schema: &Schema) -> Result<Table> {
    let mut table = Table {
        name: schema.table_name.clone(),
        strict: true,
        comment: schema.comment.clone(),
        ..Table::default()
    };
    let Some(columns) = &schema.column_defs else {
        table.kind = TableKind::Schemaless;
        table.columns = vec![Column {
            name: MAP_COLUMN.to_owned(),
            ty: ColumnType::Map,
            not_null: true,
            ..Column::default()
        }];
        table.next_slot = 1;
        return Ok(table);
    };
    for definition in columns {
        let slot = table.next_slot;
        table.columns.push(column_of(definition, slot, Value::Null));
        table.next_slot += 1;
        match definition.unique {
            Some(option) if option.is_primary && table.primary_key.is_empty() => {
                table.primary_key = vec![KeyColumn { slot, descending: false }];
            }
            Some(option) if option.is_primary => {
                return Err(refused(format!("table {} has two primary keys", schema.table_name)));
            }
            Some(_) => table.indexes.push(unique_index(&definition.name, slot)),
            None => {}
        }
    }
    add_foreign_keys(&mut table, schema)?;
    Ok(table)
}

fn add_foreign_keys(table: &mut Table, schema: &Schema) -> Result<()> {
    for key in &schema.foreign_keys {
        let column = table.column(&key.referencing_column_name).map(|column| column.slot);
        let slot = column.ok_or_else(|| {
            refused(format!(
                "table {} has no column {}",
                schema.table_name, key.referencing_column_name
            ))
        })?;
        table.foreign_keys.push(ForeignKey {
            name: key.name.clone(),
            columns: vec![slot],
            table: key.referenced_table_name.clone(),
            referenced: vec![key.referenced_column_name.clone()],
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
            deferred: false,
        });
        // Without it, each row that is deleted from the other table would scan this one.
        let is_covered = table.primary_key.iter().any(|part| part.slot == slot)
            || table.indexes.iter().any(|index| is_on(index, slot));
        if table.foreign_keys.iter().filter(|other| other.name == key.name).count() > 1 {
            return Err(refused(format!(
                "table {} has two foreign keys {}",
                schema.table_name, key.name
            )));
        }
        if !is_covered {
            table.indexes.push(index_on(foreign_index(&key.name), slot, false));
        }
    }
    Ok(())
}

/// The column of a definition.
pub(super) fn column_of(definition: &ColumnDef, slot: u32, initial: Value) -> Column {
    Column {
        slot,
        name: definition.name.clone(),
        ty: column_type(&definition.data_type),
        not_null: !definition.nullable,
        default: definition.default.as_ref().map(text),
        initial,
        comment: definition.comment.clone(),
        ..Column::default()
    }
}

/// The index of a column that must be unique.
pub(super) fn unique_index(column: &str, slot: u32) -> Index {
    // A column that is renamed leaves its name to others, but never its slot.
    index_on(format!("unique:{column}:{slot}"), slot, true)
}

/// The name of the index of a foreign key.
pub(super) fn foreign_index(key: &str) -> String {
    format!("foreign:{key}")
}

fn index_on(name: String, slot: u32, unique: bool) -> Index {
    let key = IndexKey::Column(slot);
    let part = IndexPart { key, descending: false, collation: Default::default() };
    Index { name, parts: vec![part], unique, constraint: true, filter: None, created: None }
}

/// Whether an index finds rows by a column alone.
pub(super) fn is_on(index: &Index, slot: u32) -> bool {
    index.is_stored() && matches!(&index.parts[..], [part] if part.key == IndexKey::Column(slot))
}

/// What an index on an expression orders rows by.
pub(super) fn index_key(table: &Table, expr: &Expr) -> IndexKey {
    let column = match expr {
        Expr::Identifier(name) => table.columns.iter().find(|column| column.name == *name),
        _ => None,
    };
    column.map_or_else(|| IndexKey::Gluesql(text(expr)), |column| IndexKey::Column(column.slot))
}
