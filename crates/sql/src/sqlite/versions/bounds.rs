//! Where in the order of keys the rows are that a comparison admits.
//!
//! What is found may be more than the comparison admits, never less: SQLite checks each row again. It
//! has not yet converted the values that we compare with, so that is done here by its rules; where the
//! conversion depends on what only SQLite knows, such as where a value comes from, nothing is bounded.

use std::ops::Bound;

use super::declare::Affinity;
use crate::error::SqlError;
use crate::key;
use crate::schema::Collation;
use crate::value::Value;
use crate::version::{Keys, keys_with_prefix};

/// A part of a key: a column in the primary key, or in an index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) affinity: Affinity,
    pub(super) collation: Collation,
    pub(super) descending: bool,
    /// Whether NULL may stand for NaN.
    pub(super) has_nan: bool,
    /// Whether SQLite puts the column in this order: texts by the same collation, no NaN.
    pub(super) is_order: bool,
}

/// The keys whose next part equals a value.
pub(super) enum Equal {
    /// None.
    Nothing,
    /// Those that begin with these bytes.
    Prefix(Vec<u8>),
    /// Those in several ranges, each behind the one before.
    Ranges(Vec<Keys>),
    /// That cannot be told.
    Unknown,
}

/// The first bytes of the kinds of values: no key of a number or a text begins elsewhere.
const NUMBERS: (u8, u8) = (0x06, 0x80);
const TEXTS: (u8, u8) = (0x80, 0x90);

impl Part {
    /// The keys that begin with `before`, and then have a part that equals a value. `is_null` tells
    /// that NULL equals itself here.
    pub(super) fn equal(
        &self,
        before: &[u8],
        value: &Value,
        is_null: bool,
    ) -> Result<Equal, SqlError> {
        let value = match value {
            Value::Null if !is_null => return Ok(Equal::Nothing),
            Value::Null if self.has_nan => return Ok(Equal::Unknown),
            Value::Null => value.clone(),
            value if self.affinity == Affinity::None => {
                return self.equal_unconverted(before, value);
            }
            value => match self.converted(value) {
                Some(value) => value,
                None => return Ok(Equal::Unknown),
            },
        };
        let stored = match (self.affinity, value) {
            // Integers that fit are stored as such, whatever they were written as.
            (Affinity::Integer, Value::Float(number)) => match exact_integer(number) {
                Some(number) => Value::Int(number),
                None => Value::Float(number),
            },
            (Affinity::Real, Value::Int(number)) => match exact_float(number) {
                Some(number) => Value::Float(number),
                None => return Ok(Equal::Unknown),
            },
            (_, value) => value,
        };
        Ok(Equal::Prefix(self.push(before, &stored)?))
    }

    /// Equality in a column that converts nothing: a number may equal a text if one of the two comes
    /// from a column that does.
    fn equal_unconverted(&self, before: &[u8], value: &Value) -> Result<Equal, SqlError> {
        let own = keys_with_prefix(self.prefix(before, value)?);
        let mut ranges = match value {
            Value::Text(_) => vec![self.kind(before, NUMBERS), own],
            Value::Int(_) | Value::Float(_) => vec![own, self.kind(before, TEXTS)],
            _ => vec![own],
        };
        if self.descending {
            ranges.reverse();
        }
        Ok(Equal::Ranges(ranges))
    }

    /// The keys that begin with `before`, and then have a part within bounds; `None` if no value is.
    /// Bounds that are not included are treated as if they were.
    pub(super) fn between(
        &self,
        before: &[u8],
        lower: Option<&Value>,
        upper: Option<&Value>,
    ) -> Result<Option<Keys>, SqlError> {
        // No comparison with NULL holds.
        if [lower, upper].into_iter().flatten().any(Value::is_null) {
            return Ok(None);
        }
        let bound = |value: Option<&Value>| {
            let value = value.filter(|_| self.affinity != Affinity::None);
            value.and_then(|value| self.converted(value)).map(|value| self.prefix(before, &value))
        };
        let (lower, upper) = (bound(lower).transpose()?, bound(upper).transpose()?);
        // NULLs, the first of all values, are in no range.
        let nulls = self.push(before, &Value::Null)?;
        let behind =
            |prefix: Vec<u8>| key::behind(&prefix).map_or(Bound::Unbounded, Bound::Excluded);
        Ok(Some(if self.descending {
            let start = upper.unwrap_or_else(|| before.to_vec());
            let end = lower.map_or(Bound::Excluded(nulls), behind);
            (Bound::Included(start), end)
        } else {
            let start = match lower {
                Some(lower) => Bound::Included(lower),
                None => key::behind(&nulls).map_or(Bound::Unbounded, Bound::Included),
            };
            (start, behind(upper.unwrap_or_else(|| before.to_vec())))
        }))
    }

    /// A value as the column's affinity converts it before it is compared; `None` if that depends on
    /// where the value comes from.
    fn converted(&self, value: &Value) -> Option<Value> {
        match (self.affinity, value) {
            (Affinity::Integer | Affinity::Real, Value::Text(text)) => number_or_text(text),
            // As a text if the number is a literal, as a number if it is from a column of numbers.
            (Affinity::Text, Value::Int(_) | Value::Float(_)) => None,
            _ => Some(value.clone()),
        }
    }

    fn push(&self, before: &[u8], value: &Value) -> Result<Vec<u8>, SqlError> {
        let mut bytes = before.to_vec();
        key::push(&mut bytes, value, self.collation, self.descending)?;
        Ok(bytes)
    }

    /// The bytes that the keys of all values begin with that equal this one: a number's last byte only
    /// tells an integer from a float.
    fn prefix(&self, before: &[u8], value: &Value) -> Result<Vec<u8>, SqlError> {
        let mut bytes = self.push(before, value)?;
        if matches!(value, Value::Int(_) | Value::Float(_)) {
            bytes.pop();
        }
        Ok(bytes)
    }

    /// The keys with values of a kind.
    fn kind(&self, before: &[u8], (first, end): (u8, u8)) -> Keys {
        let with = |byte: u8| [before, &[byte]].concat();
        if self.descending {
            // The complements of the first bytes, from that of the last to that of the first.
            (Bound::Included(with(!(end - 1))), Bound::Excluded(with(!first + 1)))
        } else {
            (Bound::Included(with(first)), Bound::Excluded(with(end)))
        }
    }
}

/// A text as a number if it looks like one, as itself if it does not; `None` if that is not sure.
fn number_or_text(text: &str) -> Option<Value> {
    let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    if let Ok(number) = trimmed.parse() {
        return Some(Value::Int(number));
    }
    let is_number_like = trimmed.bytes().any(|byte| byte.is_ascii_digit())
        && trimmed.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    (!is_number_like).then(|| Value::Text(text.to_owned()))
}

/// The integer that a float equals, if it fits 64 bits.
fn exact_integer(number: f64) -> Option<i64> {
    let limit = 2_f64.powi(63);
    let fits = number >= -limit && number < limit && number.fract() == 0.0;
    fits.then_some(number as i64)
}

/// The float that equals an integer.
fn exact_float(number: i64) -> Option<f64> {
    let float = number as f64;
    (float as i128 == i128::from(number)).then_some(float)
}
