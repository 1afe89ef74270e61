//! Planning.

use async_trait::async_trait;
use gluesql_core::ast::Statement;
use gluesql_core::data::Schema;
use gluesql_core::error::Result;
use gluesql_core::plan::{fetch_schema_map, plan_index, plan_join, plan_primary_key, validate};
use gluesql_core::store::Planner;
use prollytree_repo::Backend;

use super::ProllyStorage;
use super::carrier::{self, Kind};
use super::describe;
use super::narrow::Narrowing;
use super::table::GlueTable;

#[async_trait]
impl<B: Backend + 'static> Planner for ProllyStorage<32, B> {
    async fn plan(&self, statement: Statement) -> Result<Statement> {
        let schema_map = fetch_schema_map(self, &statement).await?;
        validate(&schema_map, &statement)?;
        let statement = plan_primary_key(&schema_map, statement);
        let statement = plan_index(&schema_map, statement);
        let statement = plan_join(&schema_map, statement);
        Ok(load(statement))
    }
}

/// Tells the execution what the statement is.
fn load(statement: Statement) -> Statement {
    match statement {
        Statement::Insert { table_name, columns, source } => {
            let text = describe::insert(&table_name, &columns, &source);
            let table_name = carrier::write(&table_name, Kind::Insert, None, &text);
            Statement::Insert { table_name, columns, source }
        }
        other => other,
    }
}

pub(super) fn read_index_name(name: &str) -> Option<Narrowing> {
    Narrowing::read(name.strip_prefix('\0')?)
}

pub(super) fn as_joined(schema: &mut Schema, column: &str) {
    for definition in schema.column_defs.iter_mut().flatten() {
        let is_it = definition.name == column;
        definition.unique =
            is_it.then_some(gluesql_core::ast::ColumnUniqueOption { is_primary: true });
        definition.nullable |= is_it;
    }
}

/// An index that finds rows by a column alone.
pub(super) fn index_of(table: &GlueTable, slot: u32) -> Option<String> {
    let mut indexes = table.table().indexes.iter();
    indexes.find(|index| super::define::is_on(index, slot)).map(|index| index.name.clone())
}
