//! Rows as keys and values of a map.
//!
//! The key holds the primary key, or the rowid. The value holds the other cells by slot: how many,
//! a code for each, and the bodies. What equals the value that its column began with is not stored,
//! so a new column rewrites nothing, and equal rows have equal bytes.

use std::sync::Arc;

use crate::cell;
use crate::error::SqlError;
use crate::key;
use crate::schema::{Collation, IndexKey, IndexPart, Table, TableKind};
use crate::value::{Row, Value};

/// Writes and reads the rows of a table.
#[derive(Clone, Debug)]
pub struct RowCodec {
    table: Arc<Table>,
    /// Where the cell of each slot stands in a row.
    positions: Vec<Option<usize>>,
    key: Vec<KeyPart>,
    /// Whether each column is in the row's bytes.
    stored: Vec<bool>,
}

/// The columns that a reader wants, by their places: a bit for each of the first 63, one for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted(pub u64);

impl Wanted {
    /// All columns.
    pub const ALL: Self = Self(u64::MAX);

    /// Whether the column at a place is wanted.
    pub fn has(self, position: usize) -> bool {
        self.0 >> position.min(63) & 1 == 1
    }

    /// These columns and one more.
    #[must_use]
    pub fn with(self, position: usize) -> Self {
        Self(self.0 | 1 << position.min(63))
    }
}

impl Default for Wanted {
    fn default() -> Self {
        Self::ALL
    }
}

#[derive(Clone, Debug)]
struct KeyPart {
    position: usize,
    descending: bool,
    collation: Collation,
}

impl RowCodec {
    /// The codec of a table.
    pub fn new(table: Arc<Table>) -> Self {
        let slots = table.columns.iter().map(|column| column.slot).max();
        let mut positions = vec![None; slots.map_or(0, |slot| slot as usize + 1)];
        for (position, column) in table.columns.iter().enumerate() {
            if let Some(place) = positions.get_mut(column.slot as usize) {
                *place = Some(position);
            }
        }
        let key = table.primary_key.iter().filter_map(|part| {
            let position = table.position(part.slot)?;
            let collation = table.columns.get(position)?.collation;
            Some(KeyPart { position, descending: part.descending, collation })
        });
        let key: Vec<_> = key.collect();
        let stored = table.columns.iter().enumerate().map(|(position, column)| {
            let whole_in_key = key
                .iter()
                .any(|part| part.position == position && part.collation == Collation::Binary);
            let computed = column.generated.as_ref().is_some_and(|generated| !generated.stored);
            !whole_in_key && !computed
        });
        let stored = stored.collect();
        Self { positions, key, stored, table }
    }

    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The key of a row by its primary key.
    ///
    /// # Errors
    /// The table has no primary key, a part of it has no order, or the key is too long.
    pub fn key(&self, row: &[Value]) -> Result<Vec<u8>, SqlError> {
        let cells = self.key.iter().map(|part| row.get(part.position).unwrap_or(&Value::Null));
        self.key_of(cells)
    }

    /// The key of the row that has these values in its primary key, or the first key with them if they
    /// are fewer.
    ///
    /// # Errors
    /// As [`key`](Self::key).
    pub fn key_of<'v>(
        &self,
        values: impl IntoIterator<Item = &'v Value>,
    ) -> Result<Vec<u8>, SqlError> {
        if self.key.is_empty() {
            return Err(SqlError::NoPrimaryKey { table: self.table.name.clone() });
        }
        let mut bytes = Vec::with_capacity(16);
        for (part, value) in self.key.iter().zip(values) {
            key::push(&mut bytes, value, part.collation, part.descending)?;
        }
        self.check_len(bytes, None)
    }

    fn check_len(&self, bytes: Vec<u8>, index: Option<&str>) -> Result<Vec<u8>, SqlError> {
        if bytes.len() <= key::MAX_KEY_LEN {
            return Ok(bytes);
        }
        let (table, index) = (self.table.name.clone(), index.map(str::to_owned));
        Err(SqlError::KeyTooLong { table, index, len: bytes.len() })
    }

    /// The value of a row: what its key does not hold.
    ///
    /// # Errors
    /// The row has not as many cells as the table has columns, or a cell is nested too deeply.
    pub fn encode(&self, row: &[Value]) -> Result<Vec<u8>, SqlError> {
        let columns = self.table.columns.len();
        if row.len() != columns {
            let table = self.table.name.clone();
            return Err(SqlError::CellCount { table, columns, cells: row.len() });
        }
        let (mut codes, mut bodies) = (Vec::with_capacity(16), Vec::with_capacity(64));
        // Codes behind the last cell that is stored are left out.
        let mut end = (0, 0);
        for (slot, position) in self.positions.iter().enumerate() {
            let code = match position {
                Some(at) if self.is_told(*at, row) => {
                    if cell::is_too_deep(&row[*at]) {
                        return Err(SqlError::TooDeep { table: self.table.name.clone() });
                    }
                    cell::push_body(&mut bodies, &row[*at])
                }
                _ => cell::ABSENT,
            };
            cell::push_varint(&mut codes, code);
            if code != cell::ABSENT {
                end = (slot + 1, codes.len());
            }
        }
        let mut bytes = Vec::with_capacity(end.1 + bodies.len() + 2);
        cell::push_varint(&mut bytes, end.0 as u64);
        bytes.extend(&codes[..end.1]);
        bytes.extend(bodies);
        Ok(bytes)
    }

    /// Whether the cell at a position is in the row's bytes.
    fn is_told(&self, position: usize, row: &[Value]) -> bool {
        self.stored[position] && !same_cell(&row[position], &self.table.columns[position].initial)
    }

    /// The row of a key and its value.
    ///
    /// # Errors
    /// The bytes are not the one encoding of a row of the table.
    pub fn decode(&self, key: &[u8], value: &[u8]) -> Result<Row, SqlError> {
        self.decode_some(key, value, Wanted::ALL)
    }

    /// As [`decode`](Self::decode), with NULL in the columns that are not wanted.
    ///
    /// # Errors
    /// The bytes are not the one encoding of a row of the table, as far as they are looked at.
    pub fn decode_some(&self, key: &[u8], value: &[u8], wanted: Wanted) -> Result<Row, SqlError> {
        let bad = || SqlError::BadRow { table: self.table.name.clone(), key: key.to_vec() };
        let mut row: Row = Vec::with_capacity(self.table.columns.len());
        let columns = self.table.columns.iter().enumerate();
        row.extend(columns.map(
            |(at, column)| {
                if wanted.has(at) { column.initial.clone() } else { Value::Null }
            },
        ));
        if self.key.is_empty() || self.key.iter().any(|part| wanted.has(part.position)) {
            let mut rest = key;
            for part in &self.key {
                row[part.position] = key::pop(&mut rest, part.descending)?;
            }
            if self.key.is_empty() {
                key::pop(&mut rest, false)?;
            }
            if !rest.is_empty() {
                return Err(bad());
            }
        }
        self.fill(value, &mut row, wanted).ok_or_else(bad)?;
        Ok(row)
    }

    fn fill(&self, value: &[u8], row: &mut Row, wanted: Wanted) -> Option<()> {
        let mut codes = value;
        let count = usize::try_from(cell::pop_varint(&mut codes)?).ok()?;
        if count > self.positions.len() {
            return None;
        }
        let mut bodies = codes;
        for _ in 0..count {
            cell::pop_varint(&mut bodies)?;
        }
        let mut last = cell::ABSENT;
        for position in &self.positions[..count] {
            let code = cell::pop_varint(&mut codes)?;
            last = code;
            if code == cell::ABSENT {
                continue;
            }
            let (body, rest) = bodies.split_at_checked(cell::body_len(code)?)?;
            bodies = rest;
            let position = (*position)?;
            if !wanted.has(position) {
                continue;
            }
            let value = cell::read(code, body)?;
            // What is not to be stored has no other encoding.
            if !self.stored[position] || same_cell(&value, &self.table.columns[position].initial) {
                return None;
            }
            row[position] = value;
        }
        (bodies.is_empty() && (count == 0 || last != cell::ABSENT)).then_some(())
    }

    /// The number in the key of a row that has no primary key, or whose primary key is an integer.
    ///
    /// # Errors
    /// The key is of another kind.
    pub fn rowid(&self, key: &[u8]) -> Result<i64, SqlError> {
        let mut rest = key;
        match key::pop(&mut rest, false)? {
            Value::Int(rowid) if rest.is_empty() => Ok(rowid),
            _ => Err(SqlError::BadKey { key: key.to_vec() }),
        }
    }

    /// Whether rows are maps of their own.
    pub fn is_schemaless(&self) -> bool {
        self.table.kind == TableKind::Schemaless
    }

    /// The key of an entry of an index: the parts, as `values` has them, then the row's key.
    ///
    /// # Errors
    /// A part has no order, or the key is too long.
    pub fn index_key(
        &self,
        index: &str,
        parts: &[IndexPart],
        values: &[Value],
        row_key: &[u8],
    ) -> Result<Vec<u8>, SqlError> {
        let mut bytes = Vec::with_capacity(16 + row_key.len());
        for (part, value) in parts.iter().zip(values) {
            key::push(&mut bytes, value, part.collation, part.descending)?;
        }
        bytes.extend(row_key);
        self.check_len(bytes, Some(index))
    }

    /// The key of the row that an entry of an index leads to.
    ///
    /// # Errors
    /// The entry is damaged.
    pub fn indexed_row_key<'k>(
        &self,
        parts: &[IndexPart],
        entry: &'k [u8],
    ) -> Result<&'k [u8], SqlError> {
        let mut rest = entry;
        for part in parts {
            key::pop(&mut rest, part.descending)?;
        }
        Ok(rest)
    }

    /// What an index orders a row by, if all of its parts are columns.
    pub fn index_values(&self, parts: &[IndexPart], row: &[Value]) -> Option<Vec<Value>> {
        let value = |part: &IndexPart| match part.key {
            IndexKey::Column(slot) => row.get(self.table.position(slot)?).cloned(),
            _ => None,
        };
        parts.iter().map(value).collect()
    }
}

/// Whether two cells have the same bytes.
pub(crate) fn same_cell(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests;
