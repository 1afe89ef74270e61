//! What a condition tells of where its rows are.

use futures::FutureExt;
use gluesql_core::ast::{BinaryOperator, Expr, Function, IndexOperator, Literal, UnaryOperator};
use gluesql_core::data::Value as GlueValue;
use gluesql_core::executor::evaluate_stateless;

use crate::gluesql::bounds::{Order, intersect};
use crate::gluesql::narrow::{Narrowing, Place, shape};
use crate::gluesql::table::GlueTable;
use crate::gluesql::value::{data_type, to_cell};
use crate::schema::{Collation, IndexKey};
use crate::value::{ColumnType, Value};
use crate::version::{ALL_KEYS, Keys};

/// The table whose rows are looked for, as a condition calls it.
pub(super) struct Subject<'t> {
    pub(super) table: &'t GlueTable,
    pub(super) alias: &'t str,
    /// The columns of other tables that the condition can mean by a bare name.
    pub(super) others: &'t [String],
    /// Whether all other tables are known.
    pub(super) is_only: bool,
}

impl Subject<'_> {
    /// Which of the table's columns an expression is.
    pub(super) fn column(&self, expr: &Expr) -> Option<usize> {
        let name = match expr {
            Expr::Identifier(name) if self.is_only && !self.others.contains(name) => name,
            Expr::CompoundIdentifier { alias, ident } if alias == self.alias => ident,
            Expr::Nested(expr) => return self.column(expr),
            _ => return None,
        };
        self.table.table().columns.iter().position(|column| column.name == *name)
    }
}

/// What a condition demands of a column.
struct Demand {
    column: usize,
    test: Test,
}

enum Test {
    Compare(IndexOperator, Value),
    OneOf(Vec<Value>),
}

/// The smallest part of the table that is easily told to have all rows of a condition.
pub(super) fn narrowing(subject: &Subject<'_>, condition: &Expr) -> Option<Narrowing> {
    let mut demands = Vec::new();
    collect(subject, condition, &mut demands);
    if demands.is_empty() {
        return None;
    }
    let table = subject.table;
    by_key(table, &demands)
        .or_else(|| by_unique(table, &demands))
        .or_else(|| by_index(table, &demands, true))
        .or_else(|| by_key_range(table, &demands))
        .or_else(|| by_index(table, &demands, false))
}

/// Whether an index that GlueSQL knows finds the rows of one value.
pub(super) fn has_equal_index(subject: &Subject<'_>, condition: &Expr) -> bool {
    let mut demands = Vec::new();
    collect(subject, condition, &mut demands);
    let place = by_index(subject.table, &demands, true).map(|narrowing| narrowing.place);
    let Some(Place::Index(name, _)) = place else { return false };
    subject.table.table().index(&name).is_some_and(|index| !index.constraint)
}

/// Splits a condition at its ANDs.
fn collect(subject: &Subject<'_>, condition: &Expr, demands: &mut Vec<Demand>) {
    match condition {
        Expr::Nested(expr) => collect(subject, expr, demands),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            collect(subject, left, demands);
            collect(subject, right, demands);
        }
        Expr::BinaryOp { left, op, right } => {
            let Some(op) = comparison(op) else { return };
            demands.extend(compare(subject, left, op.clone(), right));
            demands.extend(compare(subject, right, op.reverse(), left));
        }
        Expr::Between { expr, negated: false, low, high } => {
            demands.extend(compare(subject, expr, IndexOperator::GtEq, low));
            demands.extend(compare(subject, expr, IndexOperator::LtEq, high));
        }
        Expr::InList { expr, list, negated: false } => {
            let Some(column) = subject.column(expr) else { return };
            let ty = subject.table.column_type(column);
            let values = list.iter().map(|value| constant(value, ty));
            if let Some(values) = values.collect() {
                demands.push(Demand { column, test: Test::OneOf(values) });
            }
        }
        _ => {}
    }
}

fn comparison(op: &BinaryOperator) -> Option<IndexOperator> {
    Some(match op {
        BinaryOperator::Eq => IndexOperator::Eq,
        BinaryOperator::Gt => IndexOperator::Gt,
        BinaryOperator::GtEq => IndexOperator::GtEq,
        BinaryOperator::Lt => IndexOperator::Lt,
        BinaryOperator::LtEq => IndexOperator::LtEq,
        _ => return None,
    })
}

fn compare(
    subject: &Subject<'_>,
    column: &Expr,
    op: IndexOperator,
    value: &Expr,
) -> Option<Demand> {
    let column = subject.column(column)?;
    let value = constant(value, subject.table.column_type(column))?;
    Some(Demand { column, test: Test::Compare(op, value) })
}

/// The value of a constant that a column of the type can hold as it is: then keys compare as GlueSQL
/// does.
pub(super) fn constant(expr: &Expr, ty: ColumnType) -> Option<Value> {
    if !is_constant(expr, ty) {
        return None;
    }
    let evaluated = evaluate_stateless(None, expr).now_or_never()?.ok()?;
    let value: GlueValue = evaluated.try_into_value(&data_type(ty), false).ok()?;
    Some(to_cell(value))
}

fn is_constant(expr: &Expr, ty: ColumnType) -> bool {
    match expr {
        Expr::Literal(Literal::Number(_)) => is_exact_number(ty),
        Expr::Literal(Literal::QuotedString(_)) => ty == ColumnType::Text,
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => {
            is_exact_number(ty) && matches!(**expr, Expr::Literal(Literal::Number(_)))
        }
        Expr::Value(value) => value.get_type() == Some(data_type(ty)) && ty != ColumnType::Any,
        Expr::TypedString { data_type: of, .. } => *of == data_type(ty) && ty != ColumnType::Any,
        Expr::Nested(expr) => is_constant(expr, ty),
        _ => false,
    }
}

fn is_exact_number(ty: ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Int8
            | ColumnType::Int16
            | ColumnType::Int32
            | ColumnType::Int64
            | ColumnType::Int128
            | ColumnType::Uint8
            | ColumnType::Uint16
            | ColumnType::Uint32
            | ColumnType::Uint64
            | ColumnType::Uint128
            | ColumnType::Decimal
    )
}

/// Whether equal values have equal keys, so that a key is found by itself.
fn has_one_key(table: &GlueTable, column: usize) -> bool {
    let ty = table.column_type(column);
    table.table().strict && ty != ColumnType::Decimal && ty != ColumnType::Any
}

/// The values that a column must have, one of them.
fn wanted(demands: &[Demand], column: usize) -> Option<Vec<Value>> {
    demands.iter().filter(|demand| demand.column == column).find_map(|demand| match &demand.test {
        Test::Compare(IndexOperator::Eq, value) => Some(vec![value.clone()]),
        Test::OneOf(values) => Some(values.clone()),
        Test::Compare(..) => None,
    })
}

fn by_key(table: &GlueTable, demands: &[Demand]) -> Option<Narrowing> {
    let column = table.key.filter(|&column| has_one_key(table, column))?;
    let values = wanted(demands, column)?;
    let keys = values.iter().map(|value| table.handle.codec().key_of([value]).ok());
    let mut keys = keys.collect::<Option<Vec<_>>>()?;
    keys.sort_unstable();
    keys.dedup();
    Some(Narrowing { shape: shape(table.table(), None)?, place: Place::Keys(keys) })
}

fn by_unique(table: &GlueTable, demands: &[Demand]) -> Option<Narrowing> {
    let of_index = |(column, name): &(usize, String)| {
        let values = has_one_key(table, *column).then(|| wanted(demands, *column))??;
        let (index, _) = table.index(name)?;
        let entry = |value: &Value| {
            let value = std::slice::from_ref(value);
            table.handle.codec().index_key(name, &index.parts, value, &[]).ok()
        };
        let mut keys = values.iter().map(entry).collect::<Option<Vec<_>>>()?;
        keys.sort_unstable();
        keys.dedup();
        let shape = shape(table.table(), Some(name))?;
        Some(Narrowing { shape, place: Place::Unique(name.clone(), keys) })
    };
    table.unique.iter().find_map(of_index)
}

/// The range of the primary key's first column.
fn by_key_range(table: &GlueTable, demands: &[Demand]) -> Option<Narrowing> {
    let part = table.table().primary_key.first()?;
    let column = table.table().position(part.slot)?;
    let collation = table.table().columns.get(column)?.collation;
    let order = Order { collation, descending: part.descending };
    let keys = range(order, demands, column, false)?;
    Some(Narrowing { shape: shape(table.table(), None)?, place: Place::Rows(keys) })
}

fn by_index(table: &GlueTable, demands: &[Demand], is_equal: bool) -> Option<Narrowing> {
    let stored = table.table().indexes.iter().filter(|index| index.is_stored());
    stored.clone().find_map(|index| {
        let [part] = &index.parts[..] else { return None };
        let IndexKey::Column(slot) = part.key else { return None };
        let column = table.table().position(slot)?;
        let order = Order { collation: part.collation, descending: part.descending };
        let keys = range(order, demands, column, is_equal)?;
        let shape = shape(table.table(), Some(&index.name))?;
        Some(Narrowing { shape, place: Place::Index(index.name.clone(), keys) })
    })
}

/// The range of keys that all comparisons of a column allow.
fn range(order: Order, demands: &[Demand], column: usize, is_equal: bool) -> Option<Keys> {
    let mut keys = None;
    for demand in demands.iter().filter(|demand| demand.column == column) {
        let Test::Compare(op, value) = &demand.test else { continue };
        // Other collations order values otherwise than GlueSQL does.
        let is_told = order.collation == Collation::Binary || *op == IndexOperator::Eq;
        if !is_told || (is_equal && *op != IndexOperator::Eq) {
            continue;
        }
        let found = order.range(op, value).ok()?;
        keys = Some(intersect(keys.unwrap_or(ALL_KEYS), found));
    }
    keys
}

/// Whether an expression reads other tables, or may.
pub(super) fn has_query(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier { .. }
        | Expr::Literal(_)
        | Expr::Value(_)
        | Expr::TypedString { .. } => false,
        Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::UnaryOp { expr, .. }
        | Expr::Nested(expr)
        | Expr::Interval { expr, .. } => has_query(expr),
        Expr::BinaryOp { left, right, .. } => has_query(left) || has_query(right),
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
            has_query(expr) || has_query(pattern)
        }
        Expr::Between { expr, low, high, .. } => {
            has_query(expr) || has_query(low) || has_query(high)
        }
        Expr::InList { expr, list, .. } => has_query(expr) || list.iter().any(has_query),
        Expr::Function(function) => match &**function {
            Function::Cast { expr, .. } | Function::Lower(expr) | Function::Upper(expr) => {
                has_query(expr)
            }
            _ => true,
        },
        _ => true,
    }
}
