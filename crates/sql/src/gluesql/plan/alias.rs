//! Columns that are named with their table, where the table's name becomes another.

use gluesql_core::ast::{Expr, ToSql};
use serde_json::Value as Json;

use crate::gluesql::table::GlueTable;

/// Writes `new` for `old` before columns of the table. Where a column is not there, the name stays, and
/// so does GlueSQL's error. `false`, and nothing changed for the execution, if it cannot be done.
pub(super) fn rewrite<'e>(
    table: Option<&GlueTable>,
    old: &str,
    new: &str,
    exprs: impl Iterator<Item = &'e mut Expr>,
) -> bool {
    let Some(table) = table else { return true };
    // Without columns, what a row lacks would be told under the new name.
    let mut exprs: Vec<_> = exprs.collect();
    if table.is_schemaless() {
        return !exprs.iter().any(|expr| names(expr, old));
    }
    let has = |column: &str| table.table().columns.iter().any(|found| found.name == column);
    let mut rewritten = Vec::with_capacity(exprs.len());
    for expr in &exprs {
        match rewritten_expr(expr, old, new, &has) {
            Some(expr) => rewritten.push(expr),
            None => return false,
        }
    }
    for (place, expr) in exprs.iter_mut().zip(rewritten) {
        if let Some(expr) = expr {
            **place = expr;
        }
    }
    true
}

/// Whether an expression may name a column with its table.
fn names(expr: &Expr, table: &str) -> bool {
    match expr {
        Expr::Literal(_) | Expr::Value(_) | Expr::Identifier(_) => false,
        Expr::CompoundIdentifier { alias, .. } => alias == table,
        Expr::BinaryOp { left, right, .. } => names(left, table) || names(right, table),
        Expr::Nested(expr) => names(expr, table),
        other => other.to_sql().contains(&format!("\"{table}\".")),
    }
}

/// `Some(None)` if nothing is to be changed, `None` if it cannot be done.
///
/// An expression has a hundred forms, and no visitor; as JSON it has one.
fn rewritten_expr(
    expr: &Expr,
    old: &str,
    new: &str,
    has: &dyn Fn(&str) -> bool,
) -> Option<Option<Expr>> {
    if !names(expr, old) {
        return Some(None);
    }
    let mut json = serde_json::to_value(expr).ok()?;
    visit(&mut json, old, new, has);
    serde_json::from_value(json).ok().map(Some)
}

fn visit(json: &mut Json, old: &str, new: &str, has: &dyn Fn(&str) -> bool) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| visit(item, old, new, has)),
        Json::Object(fields) => {
            if fields.get("from").is_some_and(|from| is_shadowed(from, old)) {
                // Within this query the name is another table's.
                return;
            }
            if let Some(Json::Object(column)) = fields.get_mut("CompoundIdentifier") {
                let names = |field: &str| column.get(field).and_then(Json::as_str);
                if names("alias") == Some(old) && names("ident").is_some_and(has) {
                    column.insert("alias".to_owned(), Json::from(new));
                }
                return;
            }
            fields.values_mut().for_each(|field| visit(field, old, new, has));
        }
        _ => {}
    }
}

/// Whether the tables of a query have one that is called so.
fn is_shadowed(from: &Json, name: &str) -> bool {
    let joins = from.get("joins").and_then(Json::as_array).into_iter().flatten();
    let relations = joins.filter_map(|join| join.get("relation")).chain(from.get("relation"));
    relations.filter_map(Json::as_object).flatten().any(|(_, relation)| {
        let alias = relation.get("alias").and_then(|alias| alias.get("name"));
        let called = alias.or_else(|| relation.get("name")).and_then(Json::as_str);
        called == Some(name)
    })
}
