//! What to do about a statement that failed.

use prollytree_sql::sqlite::SqliteError;

/// Words that begin statements or their parts, for completion and for what was meant by a wrong one.
pub(super) const KEYWORDS: &[&str] = &[
    "ADD",
    "ALL",
    "ALTER",
    "AND",
    "AS",
    "ASC",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CALL",
    "CASCADE",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "COMMIT",
    "CONFLICT",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CURRENT_DATE",
    "CURRENT_TIMESTAMP",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DO",
    "DROP",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FOREIGN",
    "FROM",
    "FULL",
    "GLOB",
    "GROUP",
    "HAVING",
    "IN",
    "INDEX",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NOTHING",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRAGMA",
    "PRIMARY",
    "QUERY PLAN",
    "RECURSIVE",
    "REFERENCES",
    "RENAME",
    "REPLACE",
    "RETURNING",
    "RIGHT",
    "ROLLBACK",
    "ROWID",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "STRICT",
    "TABLE",
    "THEN",
    "TO",
    "TRIGGER",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VALUES",
    "VIEW",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHOUT ROWID",
];

/// Names that a statement could have meant.
pub(super) struct Names {
    pub(super) tables: Vec<String>,
    pub(super) columns: Vec<String>,
}

/// What to do about an error.
pub(super) fn hint(error: &SqliteError, names: impl FnOnce() -> Names) -> Option<String> {
    if error.is_retryable() {
        return Some("nothing of it was done: run it again".to_owned());
    }
    let SqliteError::Statement { message, .. } = error else { return None };
    if let Some(name) = message.strip_prefix("no such table: ") {
        let tables = names().tables;
        return Some(match similar(name, &tables) {
            Some(table) => format!("there is a table {table}"),
            None if tables.is_empty() => {
                "there are no tables: CREATE TABLE makes one, and `prolly sql import --create`"
                    .to_owned()
            }
            None => "`.tables` shows what there is".to_owned(),
        });
    }
    if let Some(name) = message.strip_prefix("no such column: ") {
        let column = similar(last_part(name), &names().columns);
        return column.map(|column| format!("there is a column {column}"));
    }
    if let Some(rest) = message.strip_prefix("near \"") {
        let word = rest.split('"').next()?.to_ascii_uppercase();
        let keywords: Vec<_> = KEYWORDS.iter().map(|&word| word.to_owned()).collect();
        let meant = similar(&word, &keywords).filter(|meant| *meant != word);
        return meant.map(|meant| format!("is it {meant}?"));
    }
    if message == "incomplete input" {
        return Some("the statement ends too early".to_owned());
    }
    if message.starts_with("UNIQUE constraint failed") {
        let what = "INSERT … ON CONFLICT says what becomes of a row that is there already";
        return Some(what.to_owned());
    }
    None
}

/// The name without that of its table.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The name that looks most like a wrong one, if any does.
fn similar(wrong: &str, names: &[String]) -> Option<String> {
    let wrong = last_part(wrong).to_lowercase();
    let distance = |name: &String| strsim::damerau_levenshtein(&wrong, &name.to_lowercase());
    let nearest = names.iter().min_by_key(|name| distance(name))?;
    (distance(nearest) <= 1 + wrong.chars().count() / 4).then(|| nearest.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_found_and_others_are_not() {
        let names = ["users", "orders", "Items"].map(str::to_owned);
        assert_eq!(similar("usres", &names).as_deref(), Some("users"));
        assert_eq!(similar("main.item", &names).as_deref(), Some("Items"));
        assert_eq!(similar("customers", &names), None);
        assert_eq!(similar("x", &[]), None);
    }
}
