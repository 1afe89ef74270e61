//! Comparisons as ranges of keys.

use std::ops::Bound;

use gluesql_core::ast::IndexOperator;

use super::value::data_type;
use crate::error::SqlError;
use crate::key::{behind, push};
use crate::schema::Collation;
use crate::value::{ColumnType, Value};
use crate::version::{Keys, keys_with_prefix};

/// How a part of a key is ordered.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) collation: Collation,
    pub(super) descending: bool,
}

impl Order {
    /// What the keys of a value begin with: all of equal value, whatever their kind or scale.
    pub(super) fn prefix(self, value: &Value) -> Result<Vec<u8>, SqlError> {
        let mut key = Vec::with_capacity(16);
        push(&mut key, value, self.collation, self.descending)?;
        if is_number(value) {
            // The last byte tells numbers of equal value apart.
            key.pop();
        }
        Ok(key)
    }

    /// The keys of values that compare so; none of NULL.
    pub(super) fn range(self, op: &IndexOperator, value: &Value) -> Result<Keys, SqlError> {
        let prefix = self.prefix(value)?;
        let from = |key: Vec<u8>| Bound::Included(key);
        let end_of = |key: &[u8]| behind(key).map_or(Bound::Unbounded, Bound::Excluded);
        let start_behind = |key: &[u8]| behind(key).map_or(Bound::Excluded(key.to_vec()), from);
        let (first, last) = self.not_null()?;
        // In a descending order, great values come first.
        Ok(match (op, self.descending) {
            (IndexOperator::Eq, _) => keys_with_prefix(prefix),
            (IndexOperator::Gt, false) | (IndexOperator::Lt, true) => (start_behind(&prefix), last),
            (IndexOperator::GtEq, false) | (IndexOperator::LtEq, true) => (from(prefix), last),
            (IndexOperator::Lt, false) | (IndexOperator::Gt, true) => {
                (first, Bound::Excluded(prefix))
            }
            (IndexOperator::LtEq, false) | (IndexOperator::GtEq, true) => (first, end_of(&prefix)),
        })
    }

    /// The keys of NULL.
    pub(super) fn nulls(self) -> Result<Keys, SqlError> {
        Ok(keys_with_prefix(self.prefix(&Value::Null)?))
    }

    /// The keys of all but NULL.
    pub(super) fn not_null(self) -> Result<Keys, SqlError> {
        let null = self.prefix(&Value::Null)?;
        Ok(if self.descending {
            (Bound::Unbounded, Bound::Excluded(null))
        } else {
            (behind(&null).map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded)
        })
    }
}

fn is_number(value: &Value) -> bool {
    matches!(
        value,
        Value::Int(_)
            | Value::BigInt(_)
            | Value::BigUint(_)
            | Value::Float(_)
            | Value::Decimal { .. }
    )
}

/// The keys that are in both ranges.
pub(super) fn intersect(a: Keys, b: Keys) -> Keys {
    let start = match (a.0, b.0) {
        (Bound::Unbounded, other) | (other, Bound::Unbounded) => other,
        (a, b) => {
            if rank_of_start(&a) >= rank_of_start(&b) {
                a
            } else {
                b
            }
        }
    };
    let end = match (a.1, b.1) {
        (Bound::Unbounded, other) | (other, Bound::Unbounded) => other,
        (a, b) => {
            if rank_of_end(&a) <= rank_of_end(&b) {
                a
            } else {
                b
            }
        }
    };
    // The start may lie behind the end; such a range is written so that every tree takes it.
    match (&start, &end) {
        (
            Bound::Included(first) | Bound::Excluded(first),
            Bound::Included(last) | Bound::Excluded(last),
        ) if first > last => (Bound::Included(last.clone()), Bound::Excluded(last.clone())),
        _ => (start, end),
    }
}

fn rank_of_start(bound: &Bound<Vec<u8>>) -> (&[u8], bool) {
    match bound {
        Bound::Included(key) => (key, false),
        Bound::Excluded(key) => (key, true),
        Bound::Unbounded => (&[], false),
    }
}

fn rank_of_end(bound: &Bound<Vec<u8>>) -> (&[u8], bool) {
    match bound {
        Bound::Included(key) => (key, true),
        Bound::Excluded(key) => (key, false),
        Bound::Unbounded => (&[], true),
    }
}

/// A value to compare a column with, as the column has such values: a text as the date that it is,
/// an integer as a decimal.
pub(super) fn for_column(
    value: gluesql_core::data::Value,
    ty: Option<ColumnType>,
) -> gluesql_core::error::Result<gluesql_core::data::Value> {
    use gluesql_core::data::Value as Glue;
    let casts = match (&value, ty) {
        (Glue::Str(_), Some(ty)) => !matches!(ty, ColumnType::Text | ColumnType::Any),
        (Glue::I64(_) | Glue::F64(_), Some(ColumnType::Decimal)) => true,
        (Glue::Date(_), Some(ColumnType::Timestamp)) => true,
        _ => false,
    };
    match ty {
        Some(ty) if casts => value.cast(&data_type(ty)),
        _ => Ok(value),
    }
}
