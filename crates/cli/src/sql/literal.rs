//! Cells and names as SQL has them.

use std::borrow::Cow;

use prollytree_sql::Value;

use super::cell;
use crate::text::Hex;

/// A name in quotes.
pub(super) fn name_literal(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A cell as both SQLite and we read it back, to the last bit.
pub(super) fn literal(value: &Value) -> Cow<'static, str> {
    match value {
        Value::Null => Cow::Borrowed("NULL"),
        Value::Int(i64::MIN) => Cow::Borrowed("(-9223372036854775807-1)"),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::Float(number) if number.is_infinite() => {
            Cow::Borrowed(if *number > 0.0 { "9e999" } else { "-9e999" })
        }
        Value::Float(number) => Cow::Owned(format!("{number:?}")),
        Value::Bytes(bytes) => Cow::Owned(format!("X'{}'", Hex(bytes))),
        other => {
            let text = cell::text(other);
            // A zero ends a statement, wherever it stands.
            if text.contains('\0') {
                Cow::Owned(format!("CAST(X'{}' AS TEXT)", Hex(text.as_bytes())))
            } else {
                Cow::Owned(format!("'{}'", text.replace('\'', "''")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_names_are_quoted() {
        let shown = |value: Value| literal(&value).into_owned();
        assert_eq!(shown(Value::Text("it's".to_owned())), "'it''s'");
        assert_eq!(shown(Value::Text("a\0".to_owned())), "CAST(X'6100' AS TEXT)");
        assert_eq!(shown(Value::Float(1.0)), "1.0");
        assert_eq!(shown(Value::Float(f64::NEG_INFINITY)), "-9e999");
        assert_eq!(shown(Value::Bytes(vec![0, 255])), "X'00ff'");
        assert_eq!(name_literal("a\"b"), "\"a\"\"b\"");
    }
}
