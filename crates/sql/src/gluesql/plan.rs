//! Planning: GlueSQL's own passes, and those that find rows by keys.
//!
//! GlueSQL 0.19 plans a look-up only for `primary key = constant` of the first table, and there it takes
//! any table's column of that name; ranges, UPDATE, DELETE and joins scan. So its pass for primary keys
//! gives way to ours, and its passes for indexes and joins run where ours found nothing.

mod alias;
mod condition;
mod join;
mod query;

use std::collections::HashMap;

use async_trait::async_trait;
use gluesql_core::ast::{ColumnUniqueOption, Expr, Query, Statement};
use gluesql_core::data::Schema;
use gluesql_core::error::Result;
use gluesql_core::plan::{fetch_schema_map, plan_index, plan_join, validate};
use gluesql_core::store::Planner;
use prollytree_repo::Backend;

use self::condition::{Subject, has_query, narrowing};
use super::ProllyStorage;
use super::carrier::{self, Kind};
use super::describe;
use super::error::glue_error;
use super::narrow::Narrowing;
use super::session::Session;
use super::table::GlueTable;

#[async_trait]
impl<B: Backend + 'static> Planner for ProllyStorage<32, B> {
    async fn plan(&self, statement: Statement) -> Result<Statement> {
        let mut schemas = fetch_schema_map(self, &statement).await?;
        validate(&schemas, &statement)?;
        let mut session = self.session();
        Ok(match statement {
            Statement::Query(query) => {
                Statement::Query(plan_query(&mut session, &mut schemas, query)?)
            }
            Statement::Insert { table_name, columns, source } => {
                let text = describe::insert(&table_name, &columns, &source);
                let source = plan_query(&mut session, &mut schemas, source)?;
                let table_name = carrier::write(&table_name, Kind::Insert, None, &text);
                Statement::Insert { table_name, columns, source }
            }
            Statement::CreateTable {
                if_not_exists,
                name,
                columns,
                source,
                engine,
                foreign_keys,
                comment,
            } => {
                let planned = source.map(|query| plan_query(&mut session, &mut schemas, *query));
                let source = planned.transpose()?.map(Box::new);
                Statement::CreateTable {
                    if_not_exists,
                    name,
                    columns,
                    source,
                    engine,
                    foreign_keys,
                    comment,
                }
            }
            Statement::Update { .. } | Statement::Delete { .. } => {
                plan_change(&mut session, statement)?
            }
            other => {
                if changes_tables(&other) {
                    session.refresh().map_err(glue_error)?;
                }
                other
            }
        })
    }
}

/// Whether a statement makes, changes or drops tables or indexes.
fn changes_tables(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::CreateTable { .. }
            | Statement::AlterTable { .. }
            | Statement::DropTable { .. }
            | Statement::CreateIndex { .. }
            | Statement::DropIndex { .. }
    )
}

/// Plans a query, and those within it.
fn plan_query<B: Backend + 'static>(
    session: &mut Session<B>,
    schemas: &mut HashMap<String, Schema>,
    mut query: Query,
) -> Result<Query> {
    let mut found = query::Found::default();
    query::plan(session, &mut query, &mut found)?;
    // What was found by a key is not to be looked for by an index, whose pass would forget the key.
    for table in &found.tables {
        if let Some(schema) = schemas.get_mut(table) {
            schema.indexes.clear();
        }
    }
    let statement = plan_join(schemas, plan_index(schemas, Statement::Query(query)));
    let Statement::Query(mut query) = statement else {
        return Err(super::refused("GlueSQL made another statement of a query"));
    };
    join::plan(session, &mut query).map_err(glue_error)?;
    Ok(query)
}

/// Plans an UPDATE or a DELETE: where its rows are, and what its commit says.
fn plan_change<B: Backend + 'static>(
    session: &mut Session<B>,
    statement: Statement,
) -> Result<Statement> {
    match statement {
        Statement::Update { table_name, assignments, mut selection } => {
            let text = describe::update(&table_name, &assignments, selection.as_ref());
            let place = place(session, &table_name, selection.as_ref())?;
            plan_within(session, selection.as_mut())?;
            let name = carrier::write(&table_name, Kind::Update, place.as_ref(), &text);
            let table = session.find(&table_name).map_err(glue_error)?;
            let mut changed = (assignments, selection);
            let values = changed.0.iter_mut().map(|assignment| &mut assignment.value);
            let exprs = values.chain(changed.1.as_mut());
            let done = alias::rewrite(table.as_deref(), &table_name, &name, exprs);
            let table_name = if done { name } else { table_name };
            let (assignments, selection) = changed;
            Ok(Statement::Update { table_name, assignments, selection })
        }
        Statement::Delete { table_name, mut selection } => {
            let text = describe::delete(&table_name, selection.as_ref());
            let place = place(session, &table_name, selection.as_ref())?;
            let reads_others = selection.as_ref().is_some_and(has_query);
            plan_within(session, selection.as_mut())?;
            let kind = if reads_others { Kind::Delete } else { Kind::DeletePlain };
            let name = carrier::write(&table_name, kind, place.as_ref(), &text);
            let table = session.find(&table_name).map_err(glue_error)?;
            let exprs = selection.as_mut().into_iter();
            let done = alias::rewrite(table.as_deref(), &table_name, &name, exprs);
            let table_name = if done { name } else { table_name };
            Ok(Statement::Delete { table_name, selection })
        }
        other => Ok(other),
    }
}

/// Where the rows are that an UPDATE or a DELETE changes.
fn place<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &str,
    condition: Option<&Expr>,
) -> Result<Option<Narrowing>> {
    let (Some(condition), Some(found)) = (condition, session.find(table).map_err(glue_error)?)
    else {
        return Ok(None);
    };
    let subject = Subject { table: &found, alias: table, others: &[], is_only: true };
    Ok(narrowing(&subject, condition))
}

/// Plans the queries within a condition.
fn plan_within<B: Backend + 'static>(
    session: &mut Session<B>,
    condition: Option<&mut Expr>,
) -> Result<()> {
    let Some(condition) = condition else { return Ok(()) };
    query::plan_expr(session, condition, &mut query::Found::default())
}

/// The name of an index that stands for a part of a table.
fn index_name(narrowing: &Narrowing) -> String {
    format!("\0{}", narrowing.write())
}

/// Reads what [`index_name`] wrote.
pub(super) fn read_index_name(name: &str) -> Option<Narrowing> {
    Narrowing::read(name.strip_prefix('\0')?)
}

/// Makes a unique column look like the primary key, as which a join finds it, and NULL look possible:
/// it finds nothing.
pub(super) fn as_joined(schema: &mut Schema, column: &str) {
    for definition in schema.column_defs.iter_mut().flatten() {
        let is_it = definition.name == column;
        definition.unique = is_it.then_some(ColumnUniqueOption { is_primary: true });
        definition.nullable |= is_it;
    }
}

/// An index that finds rows by a column alone.
pub(super) fn index_of(table: &GlueTable, slot: u32) -> Option<String> {
    let mut indexes = table.table().indexes.iter();
    indexes.find(|index| super::define::is_on(index, slot)).map(|index| index.name.clone())
}
