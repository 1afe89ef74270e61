//! Cells between our values and those of SQLite.

use rusqlite::types::{ToSqlOutput, Value as Sqlite, ValueRef};

use crate::text;
use crate::value::Value;

/// A value as SQLite shows it: what SQLite has no type for as a number or a text.
pub(crate) fn to_sqlite(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::Null => ToSqlOutput::Owned(Sqlite::Null),
        Value::Bool(value) => ToSqlOutput::Owned(Sqlite::Integer(i64::from(*value))),
        Value::Int(number) => ToSqlOutput::Owned(Sqlite::Integer(*number)),
        Value::Float(number) => ToSqlOutput::Owned(Sqlite::Real(*number)),
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

/// A value that can be bound to a parameter.
pub(crate) struct Bound<'v>(pub(crate) &'v Value);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(to_sqlite(self.0))
    }
}
