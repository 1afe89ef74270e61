//! How the columns of a table are declared to SQLite, where they can only be read.

use crate::schema::{Collation, Column, Table};
use crate::sqlite::text_of::declared;
pub(super) use crate::sqlite::text_of::ident as quote;
use crate::value::ColumnType;

/// A name of ours that no column of a table has.
pub(super) fn free_name(table: &Table, name: &str) -> String {
    let mut name = name.to_owned();
    while table.column(&name).is_some() {
        name.insert(0, '_');
    }
    name
}

/// A column: its name, its type and how its texts compare. Constraints are left out: they have been
/// checked when rows were written.
pub(super) fn column(column: &Column, is_strict: bool, name: &str) -> String {
    let mut text = quote(name);
    let ty = type_name(column, is_strict);
    if !ty.is_empty() {
        text.push(' ');
        text.push_str(&ty);
    }
    match column.collation {
        Collation::Binary => {}
        Collation::NoCase => text.push_str(" COLLATE NOCASE"),
        Collation::Rtrim => text.push_str(" COLLATE RTRIM"),
    }
    text
}

/// The name of a column's type, of which SQLite takes the affinity.
fn type_name(column: &Column, is_strict: bool) -> String {
    let declared = declared(column);
    // Only in a strict table `ANY` means that nothing is converted, and this one is not declared so.
    if is_strict && declared.trim().eq_ignore_ascii_case("ANY") {
        return String::new();
    }
    // That word would hide the column.
    let words = declared.split_whitespace().filter(|word| !is_hidden(word));
    words.collect::<Vec<_>>().join(" ")
}

fn is_hidden(word: &str) -> bool {
    word.eq_ignore_ascii_case("hidden")
}

/// What SQLite converts values to when it compares them with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    /// Integers where possible, else other numbers.
    Integer,
    Real,
    Text,
    /// Nothing: how a value compares depends on where it comes from.
    None,
}

/// The affinity of a column, by the rules of SQLite for the names of types.
pub(super) fn affinity(column: &Column, is_strict: bool) -> Affinity {
    let name = type_name(column, is_strict).to_ascii_uppercase();
    let has = |part: &str| name.contains(part);
    if has("INT") {
        Affinity::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Affinity::Text
    } else if has("BLOB") || name.is_empty() {
        Affinity::None
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        // NUMERIC keeps numbers as INTEGER does.
        Affinity::Integer
    }
}

/// Whether the cells of a column are shown to SQLite as they are, so that they compare there as their
/// keys do here.
pub(super) fn is_plain(column: &Column) -> bool {
    matches!(
        column.ty,
        ColumnType::Any
            | ColumnType::Int8
            | ColumnType::Int16
            | ColumnType::Int32
            | ColumnType::Int64
            | ColumnType::Uint8
            | ColumnType::Uint16
            | ColumnType::Uint32
            | ColumnType::Float32
            | ColumnType::Float64
            | ColumnType::Text
            | ColumnType::Bytes
    )
}

/// Whether cells may be NaN, which SQLite takes for NULL.
pub(super) fn may_be_nan(column: &Column, table: &Table) -> bool {
    table.strict && matches!(column.ty, ColumnType::Float32 | ColumnType::Float64)
}
