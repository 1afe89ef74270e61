//! Tables and indexes as the statements that make them.

use crate::schema::{
    Action, Collation, Column, ForeignKey, Index, IndexKey, IndexPart, Table, TableKind,
};
use crate::value::ColumnType;

/// A name as SQL has it.
pub(super) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL has it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What a column's type is called in SQLite.
///
/// The name decides what SQLite makes of a value (its affinity): what is shown as text must stay one.
pub(super) fn declared(column: &Column) -> &str {
    match column.ty {
        _ if !column.declared.is_empty() => &column.declared,
        ColumnType::Any | ColumnType::Int128 | ColumnType::Uint64 | ColumnType::Uint128 => "",
        ColumnType::Bool => "BOOLEAN",
        ColumnType::Int8 => "INT8",
        ColumnType::Int16 => "INT16",
        ColumnType::Int32 => "INT32",
        ColumnType::Int64 => "INTEGER",
        ColumnType::Uint8 => "UINT8",
        ColumnType::Uint16 => "UINT16",
        ColumnType::Uint32 => "UINT32",
        ColumnType::Float32 => "FLOAT",
        ColumnType::Float64 => "REAL",
        ColumnType::Decimal => "DECIMAL TEXT",
        ColumnType::Text => "TEXT",
        ColumnType::Bytes => "BLOB",
        ColumnType::Date => "DATE",
        ColumnType::Time => "TIME",
        ColumnType::Timestamp => "TIMESTAMP",
        ColumnType::Interval => "INTERVAL",
        ColumnType::Uuid => "UUID TEXT",
        ColumnType::Inet => "INET",
        ColumnType::Point => "POINT",
        ColumnType::List => "LIST",
        ColumnType::Map => "MAP",
    }
}

/// Whether the primary key is SQLite's rowid under another name.
pub(super) fn has_rowid_alias(table: &Table) -> bool {
    let [part] = table.primary_key.as_slice() else { return false };
    let column = table.position(part.slot).and_then(|at| table.columns.get(at));
    !part.descending
        && table.kind != TableKind::WithoutRowid
        && column.is_some_and(|column| declared(column).eq_ignore_ascii_case("INTEGER"))
}

/// Whether SQLite checks the types itself.
fn is_strict(table: &Table) -> bool {
    let types = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];
    let known = |ty: &str| types.iter().any(|known| known.eq_ignore_ascii_case(ty));
    table.strict && table.columns.iter().all(|column| known(declared(column)))
}

/// The statement that makes a table in the working copy.
pub(super) fn create_table(table: &Table) -> String {
    let mut parts: Vec<_> = table.columns.iter().map(|column| column_text(table, column)).collect();
    if !table.primary_key.is_empty() && !is_inline_key(table) {
        let columns = table
            .primary_key
            .iter()
            .map(|part| format!("{}{}", column_name(table, part.slot), order(part.descending)));
        parts.push(format!("PRIMARY KEY ({})", columns.collect::<Vec<_>>().join(", ")));
    }
    let constraints = table.indexes.iter().filter(|index| index.constraint && is_known(index));
    parts.extend(constraints.map(|index| format!("UNIQUE ({})", index_parts(table, index))));
    for check in &table.checks {
        parts.push(format!("{}CHECK ({})", constraint_name(&check.name), check.expression));
    }
    parts.extend(table.foreign_keys.iter().map(|key| foreign_key(table, key)));
    let mut options = Vec::new();
    if table.kind == TableKind::WithoutRowid {
        options.push("WITHOUT ROWID");
    }
    if is_strict(table) {
        options.push("STRICT");
    }
    let options = options.join(", ");
    format!("CREATE TABLE main.{} ({}) {options}", ident(&table.name), parts.join(", "))
}

/// Whether the primary key is part of its column: only there does `INTEGER PRIMARY KEY DESC` mean
/// something else than a rowid.
fn is_inline_key(table: &Table) -> bool {
    let [part] = table.primary_key.as_slice() else { return false };
    let column = table.position(part.slot).and_then(|at| table.columns.get(at));
    column.is_some_and(|column| declared(column).eq_ignore_ascii_case("INTEGER"))
}

fn column_text(table: &Table, column: &Column) -> String {
    let mut text = format!("{} {}", ident(&column.name), declared(column));
    if is_inline_key(table) && table.primary_key.iter().any(|part| part.slot == column.slot) {
        let descending = table.primary_key.iter().any(|part| part.descending);
        text.push_str(" PRIMARY KEY");
        text.push_str(order(descending));
        if table.autoincrement && !descending {
            text.push_str(" AUTOINCREMENT");
        }
    }
    if column.not_null {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        text.push_str(&format!(" DEFAULT ({default})"));
    }
    text.push_str(collate(column.collation));
    if let Some(generated) = &column.generated {
        let stored = if generated.stored { " STORED" } else { "" };
        text.push_str(&format!(" AS ({}){stored}", generated.expression));
    }
    text
}

fn order(descending: bool) -> &'static str {
    if descending { " DESC" } else { "" }
}

fn collate(collation: Collation) -> &'static str {
    match collation {
        Collation::Binary => "",
        Collation::NoCase => " COLLATE NOCASE",
        Collation::Rtrim => " COLLATE RTRIM",
    }
}

fn constraint_name(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("CONSTRAINT {} ", ident(name)) }
}

pub(super) fn column_name(table: &Table, slot: u32) -> String {
    let column = table.position(slot).and_then(|at| table.columns.get(at));
    column.map(|column| ident(&column.name)).unwrap_or_default()
}

/// Whether SQLite can compute all parts of an index.
pub(super) fn is_known(index: &Index) -> bool {
    !index.parts.iter().any(|part| matches!(part.key, IndexKey::Gluesql(_)))
}

fn index_parts(table: &Table, index: &Index) -> String {
    let parts = index.parts.iter().map(|part| index_part(table, part));
    parts.collect::<Vec<_>>().join(", ")
}

fn index_part(table: &Table, part: &IndexPart) -> String {
    let (key, own) = match &part.key {
        IndexKey::Column(slot) => {
            let at = table.position(*slot);
            let column = at.and_then(|at| table.columns.get(at));
            (column_name(table, *slot), column.map(|column| column.collation).unwrap_or_default())
        }
        IndexKey::Sqlite(expression) | IndexKey::Gluesql(expression) => {
            (expression.clone(), Collation::Binary)
        }
    };
    // A column's collation is the default of its indexes, so the plain one must be told then.
    let collation = match part.collation {
        same if same == own => "",
        Collation::Binary => " COLLATE BINARY",
        other => collate(other),
    };
    format!("{key}{collation}{}", order(part.descending))
}

/// The statement that makes an index in the working copy.
pub(super) fn create_index(table: &Table, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let (name, on) = (ident(&index.name), ident(&table.name));
    let filter = index.filter.as_ref().map(|filter| format!(" WHERE {filter}"));
    format!(
        "CREATE {unique}INDEX main.{name} ON {on} ({}){}",
        index_parts(table, index),
        filter.unwrap_or_default()
    )
}

fn foreign_key(table: &Table, key: &ForeignKey) -> String {
    let columns: Vec<_> = key.columns.iter().map(|&slot| column_name(table, slot)).collect();
    let referenced: Vec<_> = key.referenced.iter().map(|name| ident(name)).collect();
    let referenced = match referenced.as_slice() {
        [] => String::new(),
        names => format!(" ({})", names.join(", ")),
    };
    format!(
        "{}FOREIGN KEY ({}) REFERENCES {}{referenced}{}{}{}",
        constraint_name(&key.name),
        columns.join(", "),
        ident(&key.table),
        action(" ON DELETE", key.on_delete),
        action(" ON UPDATE", key.on_update),
        if key.deferred { " DEFERRABLE INITIALLY DEFERRED" } else { "" },
    )
}

fn action(when: &str, action: Action) -> String {
    let action = match action {
        Action::NoAction => return String::new(),
        Action::Restrict => "RESTRICT",
        Action::Cascade => "CASCADE",
        Action::SetNull => "SET NULL",
        Action::SetDefault => "SET DEFAULT",
    };
    format!("{when} {action}")
}
