//! Changing tables. No row is rewritten but by DROP COLUMN.

use async_trait::async_trait;
use futures::FutureExt;
use gluesql_core::ast::{ColumnDef, Expr, Function};
use gluesql_core::data::Value as GlueValue;
use gluesql_core::error::{AlterTableError, Result};
use gluesql_core::executor::evaluate_stateless;
use gluesql_core::store::AlterTable;
use prollytree_repo::Backend;

use super::define::{column_of, unique_index};
use super::describe::shorten;
use super::error::glue_error;
use super::session::Session;
use super::table::{parse, text};
use super::value::to_cell;
use super::write::create;
use super::{ProllyStorage, refused};
use crate::schema::{IndexKey, Table};
use crate::value::Value;

#[async_trait]
impl<B: Backend + 'static> AlterTable for ProllyStorage<32, B> {
    async fn rename_schema(&mut self, table_name: &str, new_table_name: &str) -> Result<()> {
        let session = self.session_mut();
        require(session, table_name)?;
        if super::carrier::is_ambiguous(new_table_name) {
            return Err(refused("the name of a table has a NUL in it"));
        }
        let base = session.database().map_err(glue_error)?;
        base.rename_table(table_name, new_table_name).map_err(glue_error)?;
        session.describe(|| format!("ALTER TABLE {table_name} RENAME TO {new_table_name}"));
        Ok(())
    }

    async fn rename_column(
        &mut self,
        table_name: &str,
        old_column_name: &str,
        new_column_name: &str,
    ) -> Result<()> {
        let session = self.session_mut();
        let table = columns(session, table_name)?;
        let has = |name: &str| table.columns.iter().any(|column| column.name == name);
        if has(new_column_name) {
            let name = new_column_name.to_owned();
            return Err(AlterTableError::AlreadyExistingColumn(name).into());
        }
        if !has(old_column_name) {
            return Err(AlterTableError::RenamingColumnNotFound.into());
        }
        let base = session.database().map_err(glue_error)?;
        base.rename_column(table_name, old_column_name, new_column_name).map_err(glue_error)?;
        rename_in_indexes(session, table_name, old_column_name, new_column_name)?;
        session.describe(|| {
            format!("ALTER TABLE {table_name} RENAME COLUMN {old_column_name} TO {new_column_name}")
        });
        Ok(())
    }

    async fn add_column(&mut self, table_name: &str, column_def: &ColumnDef) -> Result<()> {
        let session = self.session_mut();
        let table = columns(session, table_name)?;
        let initial = initial_value(column_def)?;
        let name = &column_def.name;
        if table.columns.iter().any(|column| column.name == *name) {
            return Err(AlterTableError::AlreadyExistingColumn(name.clone()).into());
        }
        if column_def.unique.is_some_and(|option| option.is_primary) {
            return Err(refused(format!(
                "column {name} cannot become the primary key of table {table_name}"
            )));
        }
        let base = session.database().map_err(glue_error)?;
        let column = column_of(column_def, 0, initial);
        base.add_column(table_name, column).map_err(glue_error)?;
        if column_def.unique.is_some() {
            let index = unique_index(name, table.next_slot);
            create(session, table_name, index).map_err(glue_error)?;
        }
        let definition = column_def.name.clone();
        session.describe(|| {
            shorten(&format!(
                "ALTER TABLE {table_name} ADD COLUMN {definition} {}",
                column_def.data_type
            ))
        });
        Ok(())
    }

    async fn drop_column(
        &mut self,
        table_name: &str,
        column_name: &str,
        if_exists: bool,
    ) -> Result<()> {
        let session = self.session_mut();
        let table = columns(session, table_name)?;
        let Some(column) = table.columns.iter().find(|column| column.name == column_name) else {
            let missing = AlterTableError::DroppingColumnNotFound(column_name.to_owned());
            return if if_exists { Ok(()) } else { Err(missing.into()) };
        };
        let base = session.database().map_err(glue_error)?;
        let own = table.indexes.iter().filter(|index| index.constraint && index.unique);
        for index in own.filter(|index| super::define::is_on(index, column.slot)) {
            base.drop_index(table_name, &index.name).map_err(glue_error)?;
        }
        base.drop_column(table_name, column_name).map_err(glue_error)?;
        session.describe(|| format!("ALTER TABLE {table_name} DROP COLUMN {column_name}"));
        Ok(())
    }
}

/// The table that is to be changed, whose rows GlueSQL may write.
fn require<B: Backend + 'static>(session: &mut Session<B>, name: &str) -> Result<Table> {
    let found = session.find(name).map_err(glue_error)?;
    let table = found.ok_or_else(|| AlterTableError::TableNotFound(name.to_owned()))?;
    table.require_writable().map_err(glue_error)?;
    session.mark().map_err(glue_error)?;
    Ok((**table.table()).clone())
}

/// As [`require`]; the table has columns.
fn columns<B: Backend + 'static>(session: &mut Session<B>, name: &str) -> Result<Table> {
    let table = require(session, name)?;
    if table.kind == crate::schema::TableKind::Schemaless {
        return Err(AlterTableError::SchemalessTableFound(name.to_owned()).into());
    }
    Ok(table)
}

/// What rows have in a new column.
fn initial_value(column: &ColumnDef) -> Result<Value> {
    let Some(default) = &column.default else {
        return match column.nullable {
            true => Ok(Value::Null),
            false => Err(AlterTableError::DefaultValueRequired(column.clone()).into()),
        };
    };
    // An expression without a row to read waits for nothing.
    let evaluated = evaluate_stateless(None, default).now_or_never();
    let evaluated = evaluated.ok_or_else(|| refused("the default value waits for something"))?;
    let value: GlueValue = evaluated?.try_into_value(&column.data_type, column.nullable)?;
    Ok(to_cell(value))
}

/// Gives a column its new name where expressions of indexes have the old one.
fn rename_in_indexes<B: Backend + 'static>(
    session: &mut Session<B>,
    name: &str,
    old: &str,
    new: &str,
) -> Result<()> {
    let mut table = (**session.table(name).map_err(glue_error)?.table()).clone();
    let parts = table.indexes.iter_mut().flat_map(|index| &mut index.parts);
    let mut changed = false;
    for part in parts {
        let IndexKey::Gluesql(expression) = &part.key else { continue };
        let Some(mut expr) = parse(expression) else { continue };
        if rename_in(&mut expr, old, new) {
            part.key = IndexKey::Gluesql(text(&expr));
            changed = true;
        }
    }
    if changed {
        let base = session.database().map_err(glue_error)?;
        base.alter_table(table).map_err(glue_error)?;
    }
    Ok(())
}

/// Renames a column in an expression of the kinds that GlueSQL allows in indexes.
fn rename_in(expr: &mut Expr, old: &str, new: &str) -> bool {
    match expr {
        Expr::Identifier(name) if name == old => {
            new.clone_into(name);
            true
        }
        Expr::Nested(expr) | Expr::UnaryOp { expr, .. } => rename_in(expr, old, new),
        Expr::BinaryOp { left, right, .. } => {
            // Both sides, whatever the first one says.
            rename_in(left, old, new) | rename_in(right, old, new)
        }
        Expr::Function(function) => match &mut **function {
            Function::Cast { expr, .. } => rename_in(expr, old, new),
            _ => false,
        },
        _ => false,
    }
}
