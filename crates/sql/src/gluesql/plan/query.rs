//! Queries: tables whose rows are found by keys.

use gluesql_core::ast::{
    BinaryOperator, Expr, IndexItem, JoinConstraint, JoinOperator, OrderByExpr, Query, Select,
    SelectItem, SetExpr, TableFactor,
};
use gluesql_core::data::{Value as GlueValue, get_alias};
use gluesql_core::error::Result;
use prollytree_repo::Backend;

use super::condition::{Subject, constant, has_equal_index, narrowing};
use super::index_name;
use crate::gluesql::error::glue_error;
use crate::gluesql::narrow::{Narrowing, Place, shape};
use crate::gluesql::refused;
use crate::gluesql::session::Session;
use crate::gluesql::table::GlueTable;
use crate::schema::Collation;
use crate::value::ColumnType;
use crate::version::ALL_KEYS;

/// What the pass found.
#[derive(Default)]
pub(super) struct Found {
    /// The tables whose rows are found by a key.
    pub(super) tables: Vec<String>,
}

/// Plans a query and those within it.
pub(super) fn plan<B: Backend + 'static>(
    session: &mut Session<B>,
    query: &mut Query,
    found: &mut Found,
) -> Result<()> {
    match &mut query.body {
        SetExpr::Select(select) => plan_select(session, select, &mut query.order_by, found),
        SetExpr::Values(values) => {
            let mut exprs = values.0.iter_mut().flatten();
            exprs.try_for_each(|expr| plan_expr(session, expr, found))
        }
    }
}

fn plan_select<B: Backend + 'static>(
    session: &mut Session<B>,
    select: &mut Select,
    order_by: &mut Vec<OrderByExpr>,
    found: &mut Found,
) -> Result<()> {
    let joins = select.from.joins.iter().map(|join| &join.relation);
    let relations: Vec<_> = [&select.from.relation].into_iter().chain(joins).cloned().collect();
    let mut sorted = false;
    for (i, relation) in relations.iter().enumerate() {
        let TableFactor::Table { name, index: None, .. } = relation else { continue };
        let Some(table) = session.find(name).map_err(glue_error)? else { continue };
        let (others, is_only) = others(session, &relations, i)?;
        let alias = get_alias(relation);
        let subject = Subject { table: &table, alias, others: &others, is_only };
        let is_single = relations.len() == 1;
        let mut item = item_of(&subject, &mut select.selection, is_single);
        if is_single {
            sorted = sort_by_key(&subject, select, order_by, &mut item);
        }
        if let Some(item) = item {
            found.tables.push(name.clone());
            set_index(select, i, item);
        }
    }
    if sorted {
        order_by.clear();
    }
    plan_parts(session, select, found)
}

/// Plans the queries within the parts of a SELECT.
fn plan_parts<B: Backend + 'static>(
    session: &mut Session<B>,
    select: &mut Select,
    found: &mut Found,
) -> Result<()> {
    let from = &mut select.from;
    let mut constraints = Vec::new();
    let mut factors = vec![&mut from.relation];
    for join in &mut from.joins {
        factors.push(&mut join.relation);
        match &mut join.join_operator {
            JoinOperator::Inner(JoinConstraint::On(expr))
            | JoinOperator::LeftOuter(JoinConstraint::On(expr)) => constraints.push(expr),
            _ => {}
        }
    }
    for factor in factors {
        if let TableFactor::Derived { subquery, .. } = factor {
            plan(session, subquery, found)?;
        }
    }
    let items = select.projection.iter_mut().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        _ => None,
    });
    let exprs = items.chain(constraints).chain(&mut select.selection).chain(&mut select.having);
    for expr in exprs {
        plan_expr(session, expr, found)?;
    }
    Ok(())
}

/// Plans the queries within an expression, and refuses what GlueSQL would get wrong.
pub(super) fn plan_expr<B: Backend + 'static>(
    session: &mut Session<B>,
    expr: &mut Expr,
    found: &mut Found,
) -> Result<()> {
    match expr {
        Expr::Subquery(query) | Expr::Exists { subquery: query, .. } => plan(session, query, found),
        Expr::InSubquery { expr, subquery, .. } => {
            plan_expr(session, expr, found)?;
            plan(session, subquery, found)
        }
        Expr::InList { expr, list, negated } => {
            if *negated && list.iter().any(|value| matches!(value, Expr::Value(GlueValue::Null))) {
                // It is never true, but GlueSQL says it is.
                return Err(refused("NOT IN with NULL in its list is never true: leave it out"));
            }
            plan_expr(session, expr, found)?;
            list.iter_mut().try_for_each(|value| plan_expr(session, value, found))
        }
        Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::UnaryOp { expr, .. }
        | Expr::Nested(expr) => plan_expr(session, expr, found),
        Expr::BinaryOp { left, right, .. } => {
            plan_expr(session, left, found)?;
            plan_expr(session, right, found)
        }
        Expr::Between { expr, low, high, .. } => {
            plan_expr(session, expr, found)?;
            plan_expr(session, low, found)?;
            plan_expr(session, high, found)
        }
        _ => Ok(()),
    }
}

/// The columns of the other tables, and whether all of them are known.
fn others<B: Backend + 'static>(
    session: &mut Session<B>,
    relations: &[TableFactor],
    own: usize,
) -> Result<(Vec<String>, bool)> {
    let (mut columns, mut is_known) = (Vec::new(), true);
    for (i, relation) in relations.iter().enumerate() {
        if i == own {
            continue;
        }
        let table = match relation {
            TableFactor::Table { name, .. } => session.find(name).map_err(glue_error)?,
            _ => None,
        };
        match table {
            Some(table) if !table.is_schemaless() => {
                columns.extend(table.table().columns.iter().map(|column| column.name.clone()));
            }
            _ => is_known = false,
        }
    }
    Ok((columns, is_known))
}

/// How the rows of a table are found by a key, if they can be.
fn item_of(
    subject: &Subject<'_>,
    condition: &mut Option<Expr>,
    is_single: bool,
) -> Option<IndexItem> {
    if is_single && let Some(value) = condition.as_mut().and_then(|c| key_value(subject, c)) {
        let left = condition.take().and_then(|c| without_key(subject, c));
        *condition = left;
        return Some(IndexItem::PrimaryKey(value));
    }
    let condition = condition.as_ref()?;
    let narrowing = narrowing(subject, condition)?;
    let is_ours = match &narrowing.place {
        Place::Keys(_) | Place::Unique(..) => true,
        Place::Rows(_) => !has_equal_index(subject, condition),
        // GlueSQL plans the indexes that it knows by itself.
        Place::Index(name, _) => {
            subject.table.table().index(name).is_some_and(|index| index.constraint)
        }
    };
    is_ours.then(|| whole(&narrowing, None))
}

/// The part of a table, in the order of its keys if that is asked for.
fn whole(narrowing: &Narrowing, asc: Option<bool>) -> IndexItem {
    IndexItem::NonClustered { name: index_name(narrowing), asc, cmp_expr: None }
}

/// Whether an expression is `primary key = constant`; then the constant.
fn key_equals(subject: &Subject<'_>, expr: &Expr) -> Option<Expr> {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = expr else { return None };
    let key = subject.table.key?;
    let ty = subject.table.column_type(key);
    // Only where a value has one key does the look-up find what the comparison would.
    let is_plain = subject.table.table().strict
        && subject.table.table().columns.get(key)?.collation == Collation::Binary;
    let is_key = |expr: &Expr| is_plain && subject.column(expr) == Some(key);
    if is_key(left) && constant(right, ty).is_some() {
        return Some((**right).clone());
    }
    (is_key(right) && constant(left, ty).is_some()).then(|| (**left).clone())
}

/// The constant that a condition demands of the primary key.
fn key_value(subject: &Subject<'_>, condition: &Expr) -> Option<Expr> {
    match condition {
        Expr::Nested(expr) => key_value(subject, expr),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            key_value(subject, left).or_else(|| key_value(subject, right))
        }
        other => key_equals(subject, other),
    }
}

/// The condition without the first demand of the primary key.
fn without_key(subject: &Subject<'_>, condition: Expr) -> Option<Expr> {
    match condition {
        Expr::Nested(expr) => without_key(subject, *expr).map(Box::new).map(Expr::Nested),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let (left, right) = if key_value(subject, &left).is_some() {
                (without_key(subject, *left), Some(*right))
            } else {
                (Some(*left), without_key(subject, *right))
            };
            match (left, right) {
                (Some(left), Some(right)) => Some(Expr::BinaryOp {
                    left: Box::new(left),
                    op: BinaryOperator::And,
                    right: Box::new(right),
                }),
                (left, right) => left.or(right),
            }
        }
        other => key_equals(subject, &other).is_none().then_some(other),
    }
}

/// Reads the rows in the order of the primary key, if that is what is asked for.
fn sort_by_key(
    subject: &Subject<'_>,
    select: &Select,
    order_by: &[OrderByExpr],
    item: &mut Option<IndexItem>,
) -> bool {
    let ([order], Some(key)) = (order_by, subject.table.key) else { return false };
    let is_key = matches!(order.expr, Expr::Identifier(_) | Expr::CompoundIdentifier { .. })
        && subject.column(&order.expr) == Some(key);
    let plain = select.group_by.is_empty() && !select.distinct && select.having.is_none();
    if !is_key || !plain || !is_ordered(subject.table, key) || renames(subject, select, key) {
        return false;
    }
    match item {
        Some(IndexItem::PrimaryKey(_)) => return true,
        Some(IndexItem::NonClustered { name, asc, .. }) => {
            let by_key = super::read_index_name(name)
                .is_some_and(|found| matches!(found.place, Place::Keys(_) | Place::Rows(_)));
            if !by_key {
                return false;
            }
            *asc = Some(order.asc.unwrap_or(true));
        }
        None => {
            // An index that GlueSQL would look for is better than all rows in order.
            let table = subject.table.table();
            if select.selection.is_some() && !subject.table.schema.indexes.is_empty() {
                return false;
            }
            let Some(shape) = shape(table, None) else { return false };
            let all = Narrowing { shape, place: Place::Rows(ALL_KEYS) };
            *item = Some(whole(&all, Some(order.asc.unwrap_or(true))));
        }
    }
    true
}

/// Whether keys are in the order in which GlueSQL sorts the values.
fn is_ordered(table: &GlueTable, key: usize) -> bool {
    let schema = table.table();
    let is_ascending = schema.primary_key.first().is_some_and(|part| !part.descending);
    let binary =
        schema.columns.get(key).is_some_and(|column| column.collation == Collation::Binary);
    let ty = table.column_type(key);
    let alike = !matches!(ty, ColumnType::Interval | ColumnType::Any | ColumnType::Inet);
    schema.strict && is_ascending && binary && alike
}

/// Whether the result has something else under the name of the key, or is an aggregate.
fn renames(subject: &Subject<'_>, select: &Select, key: usize) -> bool {
    let name = subject.table.table().columns.get(key).map(|column| &column.name);
    select.projection.iter().any(|item| match item {
        SelectItem::Expr { expr, label } => {
            matches!(expr, Expr::Aggregate(_))
                || (Some(label) == name && subject.column(expr) != Some(key))
        }
        _ => false,
    })
}

fn set_index(select: &mut Select, relation: usize, item: IndexItem) {
    let joins = select.from.joins.iter_mut().map(|join| &mut join.relation);
    let found = [&mut select.from.relation].into_iter().chain(joins).nth(relation);
    if let Some(TableFactor::Table { index, .. }) = found {
        *index = Some(item);
    }
}
