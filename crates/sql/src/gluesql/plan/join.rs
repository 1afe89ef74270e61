//! Joins whose left side is small: the right side is found by a key, row by row.
//!
//! GlueSQL's hash join reads all of the right side first. Its look-up by primary key works within a
//! nested loop too; only the name of the table tells which unique column is meant.

use gluesql_core::ast::{
    BinaryOperator, Expr, IndexItem, IndexOperator, Join, JoinConstraint, JoinExecutor,
    JoinOperator, Query, Select, SetExpr, TableAlias, TableFactor,
};
use gluesql_core::data::get_alias;
use prollytree_repo::Backend;

use super::condition::Subject;
use super::read_index_name;
use crate::error::SqlError;
use crate::gluesql::carrier::{self, Kind};
use crate::gluesql::narrow::Place;
use crate::gluesql::session::Session;
use crate::gluesql::table::GlueTable;
use crate::value::ColumnType;
use crate::version::Keys;

/// How many rows of the left side are looked up one by one.
const FEW: u64 = 1_000;

pub(super) fn plan<B: Backend + 'static>(
    session: &mut Session<B>,
    query: &mut Query,
) -> Result<(), SqlError> {
    let SetExpr::Select(select) = &mut query.body else { return Ok(()) };
    for factor in factors(select) {
        if let TableFactor::Derived { subquery, .. } = factor {
            plan(session, subquery)?;
        }
    }
    if select.from.joins.is_empty() || !is_small(session, &select.from.relation)? {
        return Ok(());
    }
    let mut left = vec![select.from.relation.clone()];
    for join in &mut select.from.joins {
        // The left side stays small as long as each row of it finds at most one.
        if !look_up(session, &left, join)? {
            break;
        }
        left.push(join.relation.clone());
    }
    Ok(())
}

fn factors(select: &mut Select) -> impl Iterator<Item = &mut TableFactor> {
    let joins = select.from.joins.iter_mut().map(|join| &mut join.relation);
    [&mut select.from.relation].into_iter().chain(joins)
}

/// Whether a relation has few rows.
fn is_small<B: Backend + 'static>(
    session: &mut Session<B>,
    relation: &TableFactor,
) -> Result<bool, SqlError> {
    let TableFactor::Table { name, index: Some(index), .. } = relation else { return Ok(false) };
    match index {
        IndexItem::PrimaryKey(_) => Ok(true),
        IndexItem::NonClustered { name: index, cmp_expr, .. } => match read_index_name(index) {
            Some(narrowing) => {
                let Some(table) = session.find(name)? else { return Ok(false) };
                Ok(count(session, &table, &narrowing.place)? <= FEW)
            }
            None => Ok(matches!(cmp_expr, Some((IndexOperator::Eq, _)))),
        },
    }
}

/// How many rows a part of a table has, about.
fn count<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &GlueTable,
    place: &Place,
) -> Result<u64, SqlError> {
    let rows = session.rows(table)?;
    let within = |tree: &prollytree_tree::Snapshot<B>, keys: &Keys| {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let rank = |key: &[u8]| tree.rank(key);
        let first = match &keys.0 {
            Included(key) | Excluded(key) => rank(key)?,
            Unbounded => 0,
        };
        let last = match &keys.1 {
            Included(key) | Excluded(key) => rank(key)?,
            Unbounded => tree.len(),
        };
        Ok::<_, SqlError>(last.saturating_sub(first))
    };
    match place {
        Place::Keys(keys) | Place::Unique(_, keys) => Ok(keys.len() as u64),
        Place::Rows(keys) => within(rows.snapshot(), keys),
        Place::Index(name, keys) => match table.index(name) {
            Some((index, _)) => within(&rows.index_snapshot(index)?, keys),
            None => Ok(u64::MAX),
        },
    }
}

/// Makes a hash join a look-up, if its key is a unique column of the right side and its value is a
/// column of the same type of the left.
fn look_up<B: Backend + 'static>(
    session: &mut Session<B>,
    left: &[TableFactor],
    join: &mut Join,
) -> Result<bool, SqlError> {
    let JoinExecutor::Hash { key_expr, value_expr, where_clause } = &join.join_executor else {
        return Ok(false);
    };
    let TableFactor::Table { name, alias, index: None } = &join.relation else {
        return Ok(false);
    };
    let Some(right) = session.find(name)? else { return Ok(false) };
    let called = get_alias(&join.relation).clone();
    let subject = Subject { table: &right, alias: &called, others: &[], is_only: true };
    let Some(column) = subject.column(key_expr) else { return Ok(false) };
    let is_unique = right.key == Some(column) || right.unique.iter().any(|(at, _)| *at == column);
    let strict = right.table().strict && right.schema.column_defs.is_some();
    if !is_unique
        || !strict
        || type_of(session, left, value_expr)? != Some(right.column_type(column))
    {
        return Ok(false);
    }
    let Some(column) = right.table().columns.get(column) else { return Ok(false) };
    let alias = alias.clone().unwrap_or(TableAlias { name: called, columns: Vec::new() });
    let relation = TableFactor::Table {
        name: carrier::write(name, Kind::Join, None, &column.name),
        alias: Some(alias),
        index: Some(IndexItem::PrimaryKey(value_expr.clone())),
    };
    let condition = where_clause.clone();
    join.relation = relation;
    join.join_executor = JoinExecutor::NestedLoop;
    if let Some(condition) = condition {
        add(&mut join.join_operator, condition);
    }
    Ok(true)
}

/// The type of the one column of these tables that an expression is.
fn type_of<B: Backend + 'static>(
    session: &mut Session<B>,
    tables: &[TableFactor],
    expr: &Expr,
) -> Result<Option<ColumnType>, SqlError> {
    let mut found = None;
    for factor in tables {
        let TableFactor::Table { name, .. } = factor else { return Ok(None) };
        let name = carrier::Carrier::read(name).table;
        let Some(table) = session.find(name)? else { return Ok(None) };
        let alias = get_alias(factor);
        let subject = Subject { table: &table, alias, others: &[], is_only: true };
        if let Some(column) = subject.column(expr) {
            if found.is_some() || !table.table().strict {
                return Ok(None);
            }
            found = Some(table.column_type(column));
        }
    }
    Ok(found)
}

/// Adds a condition to a join.
fn add(operator: &mut JoinOperator, condition: Expr) {
    let (JoinOperator::Inner(constraint) | JoinOperator::LeftOuter(constraint)) = operator;
    *constraint = match std::mem::replace(constraint, JoinConstraint::None) {
        JoinConstraint::None => JoinConstraint::On(condition),
        JoinConstraint::On(first) => JoinConstraint::On(Expr::BinaryOp {
            left: Box::new(first),
            op: BinaryOperator::And,
            right: Box::new(condition),
        }),
    };
}
