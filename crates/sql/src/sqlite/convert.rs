//! Cells between our values and those of SQLite.

use rusqlite::types::{ToSqlOutput, Value as Sqlite, ValueRef};

use super::parse;
use crate::text;
use crate::value::{ColumnType, Value};

/// A value as SQLite shows it: what SQLite has no type for as a number or a text.
pub(crate) fn to_sqlite(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::Null => ToSqlOutput::Owned(Sqlite::Null),
        Value::Bool(value) => ToSqlOutput::Owned(Sqlite::Integer(i64::from(*value))),
        Value::Int(number) => ToSqlOutput::Owned(Sqlite::Integer(*number)),
        // SQLite makes NULL of what is no number.
        Value::Float(number) if !number.is_nan() => ToSqlOutput::Owned(Sqlite::Real(*number)),
        Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        other => ToSqlOutput::Owned(Sqlite::Text(text::show(other))),
    }
}

/// A value of SQLite as it is.
pub(crate) fn from_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Float(number),
        // SQLite lets any bytes be a text; ours are UTF-8.
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// The cell of a column. `old` is what the column had before, which it has still if SQLite shows it
/// so.
///
/// # Errors
/// The value, as text, if the column cannot have it.
pub(crate) fn cell_from(
    ty: ColumnType,
    strict: bool,
    value: ValueRef<'_>,
    old: Option<&Value>,
) -> Result<Value, String> {
    if let Some(old) = old
        && shows(old, value)
    {
        return Ok(old.clone());
    }
    let value = match value {
        ValueRef::Text(bytes) => Value::Text(
            std::str::from_utf8(bytes)
                .map_err(|_| format!("x'{}', as text,", text::hex(bytes)))?
                .to_owned(),
        ),
        value => from_sqlite(value),
    };
    // In a table that is not strict a type is a preference.
    if ty.admits(&value) || !(strict || is_foreign(ty)) {
        return Ok(value);
    }
    match parse::parse(ty, &value) {
        Some(value) if ty.admits(&value) => Ok(value),
        _ if !strict => Ok(value),
        _ => Err(text::show(&value)),
    }
}

/// Whether SQLite has no such type.
pub(super) fn is_foreign(ty: ColumnType) -> bool {
    use ColumnType::{Any, Bytes, Float64, Int64, Text};
    !matches!(ty, Any | Bytes | Float64 | Int64 | Text)
}

/// Whether SQLite shows a value so.
pub(super) fn shows(value: &Value, shown: ValueRef<'_>) -> bool {
    match (value, shown) {
        (Value::Null, ValueRef::Null) => true,
        (Value::Text(text), ValueRef::Text(bytes)) => text.as_bytes() == bytes,
        (Value::Int(a), ValueRef::Integer(b)) => *a == b,
        (Value::Float(a), ValueRef::Real(b)) => a.to_bits() == b.to_bits(),
        (Value::Bool(a), ValueRef::Integer(b)) => i64::from(*a) == b,
        (Value::Bytes(a), ValueRef::Blob(b)) => a == b,
        (Value::Bytes(_) | Value::Int(_) | Value::Text(_) | Value::Null, _) => false,
        (other, ValueRef::Text(bytes)) => text::show(other).as_bytes() == bytes,
        _ => false,
    }
}

/// A value that can be bound to a parameter.
pub(crate) struct Bound<'v>(pub(crate) &'v Value);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(to_sqlite(self.0))
    }
}
