//! Statements as one line, for the messages of commits.

use gluesql_core::ast::{Assignment, Expr, Query, SetExpr, ToSqlUnquoted};

/// How long a message may be, in characters.
const LIMIT: usize = 72;

pub(super) fn insert(table: &str, columns: &[String], source: &Query) -> String {
    let mut text = format!("INSERT INTO {table}");
    if !columns.is_empty() {
        text.push_str(&format!(" ({})", columns.join(", ")));
    }
    let SetExpr::Values(values) = &source.body else {
        return shorten(&format!("{text} {}", source.to_sql_unquoted()));
    };
    text.push_str(" VALUES ");
    for (i, row) in values.0.iter().enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        if text.len() > 4 * LIMIT {
            break;
        }
        push_list(&mut text, row);
    }
    shorten(&text)
}

/// Writes a row, as far as the message can show it.
fn push_list(text: &mut String, row: &[Expr]) {
    text.push('(');
    for (i, value) in row.iter().enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        if text.len() > 4 * LIMIT {
            return;
        }
        text.push_str(&value.to_sql_unquoted());
    }
    text.push(')');
}

pub(super) fn update(table: &str, assignments: &[Assignment], condition: Option<&Expr>) -> String {
    let set = assignments
        .iter()
        .map(|Assignment { id, value }| format!("{id} = {}", value.to_sql_unquoted()));
    let set = set.collect::<Vec<_>>().join(", ");
    shorten(&format!("UPDATE {table} SET {set}{}", filter(condition)))
}

pub(super) fn delete(table: &str, condition: Option<&Expr>) -> String {
    shorten(&format!("DELETE FROM {table}{}", filter(condition)))
}

fn filter(condition: Option<&Expr>) -> String {
    condition.map(|expr| format!(" WHERE {}", expr.to_sql_unquoted())).unwrap_or_default()
}

/// The text in one line of a bounded length.
pub(super) fn shorten(text: &str) -> String {
    let mut line = String::with_capacity(LIMIT);
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 4 * LIMIT {
            break;
        }
    }
    match line.char_indices().nth(LIMIT) {
        None => line,
        Some(_) => line.chars().take(LIMIT - 1).chain(['…']).collect(),
    }
}
