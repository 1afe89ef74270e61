//! Cells as text, as JSON and as SQL.
//!
//! | | table | CSV | JSON | SQL |
//! |---|---|---|---|---|
//! | NULL | `NULL` | the text of `--null`, or nothing | `null` | `NULL` |
//! | bytes | `x'00ff'` | `x'00ff'` | `{"hex": "00ff"}` | `X'00ff'` |

use std::borrow::Cow;

use prollytree_sql::{Value, text};
use serde_json::{Value as Json, json};

use crate::text::Hex;

/// A cell as text. NULL is told apart by who calls.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Bytes(bytes) => Cow::Owned(format!("x'{}'", Hex(bytes))),
        other => Cow::Owned(text::show(other)),
    }
}

/// A cell as a field of CSV: as text, but for an infinity, which SQLite reads in one form alone.
pub(super) fn csv(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Float(number) if number.is_infinite() => {
            Cow::Borrowed(if *number > 0.0 { "9e999" } else { "-9e999" })
        }
        other => text(other),
    }
}

/// A cell as JSON.
pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::Bytes(bytes) => json!({ "hex": Hex(bytes).to_string() }),
        Value::Float(number) if number.is_infinite() => infinity(*number),
        other => text::json(other),
    }
}

/// JSON has no infinity, but numbers of any length: SQLite, too, reads this one as infinite.
fn infinity(number: f64) -> Json {
    let text = if number > 0.0 { "9e999" } else { "-9e999" };
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether a cell is a number, which stands at the right of a column.
pub(super) fn is_number(value: &Value) -> bool {
    matches!(
        value,
        Value::Int(_)
            | Value::BigInt(_)
            | Value::BigUint(_)
            | Value::Float(_)
            | Value::Decimal { .. }
    )
}
