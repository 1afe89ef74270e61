//! How keys and values, which are bytes, are read from arguments and shown.

use std::fmt;

use prollytree_tree::Value;
use serde_json::{Value as Json, json};

/// The bytes of a hexadecimal text, in either case, with or without `0x`.
pub(crate) fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        &[high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

/// The hexadecimal form of bytes.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Bytes on one line of text: what is printable as it is, the rest as `\n`, `\t` or `\x1b`. A
/// backslash is doubled only where something else is escaped, so that JSON stays readable.
pub(crate) struct Line<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) if !text.chars().any(char::is_control) => return f.write_str(text),
            _ => {}
        }
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    '\t' => f.write_str("\\t")?,
                    c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                    c => write!(f, "{c}")?,
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

/// A value on one line of text; a large one is named by its length and hash.
pub(crate) struct ShownValue<'a>(pub(crate) &'a Value);

impl fmt::Display for ShownValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Inline(bytes) => Line(bytes).fmt(f),
            Value::Blob(blob) => {
                let hash = blob.hash.to_hex();
                write!(f, "<{} value {}>", Bytes(blob.len), &hash[..10])
            }
        }
    }
}

/// A number of bytes, for people.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if self.0 < 1000 {
            return write!(f, "{} B", self.0);
        }
        let mut size = self.0 as f64 / 1000.0;
        let mut unit = 0;
        while size >= 999.95 && unit + 1 < UNITS.len() {
            size /= 1000.0;
            unit += 1;
        }
        write!(f, "{size:.1} {}", UNITS[unit])
    }
}

/// A number with its thousands apart.
pub(crate) struct Count(pub(crate) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", Count(count))
}

/// Bytes in JSON: `{"utf8": …}`, or `{"hex": …}` if they are not UTF-8.
pub(crate) fn json_bytes(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "utf8": text }),
        Err(_) => json!({ "hex": Hex(bytes).to_string() }),
    }
}

/// A value in JSON: its bytes, or `{"large": …}` with the length and hash of a large one.
pub(crate) fn json_value(value: &Value) -> Json {
    match value {
        Value::Inline(bytes) => json_bytes(bytes),
        Value::Blob(blob) => {
            json!({ "large": { "size_bytes": blob.len, "hash": blob.hash.to_hex() } })
        }
    }
}

/// The bytes of a [`json_bytes`] document.
pub(crate) fn bytes_from_json(document: &Json) -> Option<Vec<u8>> {
    match document {
        Json::Object(fields) if fields.len() == 1 => match fields.iter().next()? {
            (name, Json::String(text)) if name == "utf8" => Some(text.clone().into_bytes()),
            (name, Json::String(text)) if name == "hex" => parse_hex(text),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_show_all_bytes_and_control_nothing() {
        let shown = |bytes: &[u8]| Line(bytes).to_string();
        assert_eq!(shown(br#"{"a":"b\"c"}"#), r#"{"a":"b\"c"}"#);
        assert_eq!(shown(b"a\tb\\c\n"), r"a\tb\\c\n");
        assert_eq!(shown(b"\x1b[31m\xff"), r"\u{1b}[31m\xff");
        assert_eq!(shown("käse".as_bytes()), "käse");
    }

    #[test]
    fn hex_is_read_and_written() {
        assert_eq!(parse_hex("00fF"), Some(vec![0, 255]));
        assert_eq!(parse_hex("0x"), Some(vec![]));
        assert_eq!(parse_hex("abc"), None);
        assert_eq!(parse_hex("äa"), None);
        assert_eq!(Hex(&[0, 255]).to_string(), "00ff");
    }

    #[test]
    fn numbers_are_readable() {
        let sizes = [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB")];
        for (size, shown) in
            sizes.into_iter().chain([(1_000_000, "1.0 MB"), (u64::MAX, "18446.7 PB")])
        {
            assert_eq!(Bytes(size).to_string(), shown);
        }
        assert_eq!(Count(0).to_string(), "0");
        assert_eq!(Count(1_234_567).to_string(), "1,234,567");
        assert_eq!(plural(1, "row"), "1 row");
    }

    #[test]
    fn bytes_survive_json() {
        for bytes in [&b""[..], b"text", b"\xff\x00"] {
            assert_eq!(bytes_from_json(&json_bytes(bytes)).as_deref(), Some(bytes));
        }
    }
}
