//! Where the rows are that a condition can hold for.

use std::ops::Bound;

use super::table::GlueTable;
use crate::schema::{IndexKey, Table};
use crate::text::hex;
use crate::version::Keys;

/// A part of a table, or of one of its indexes, that has all rows that a condition holds for.
///
/// It is of the shape that the table had when the statement was planned: [`fits`](Self::fits) tells
/// whether it still has. The condition itself is checked for each row all the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Narrowing {
    /// What the keys are made of, see [`shape`].
    pub(super) shape: String,
    pub(super) place: Place,
}

/// Where rows are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// Rows of these keys, in their order.
    Keys(Vec<Vec<u8>>),
    /// Rows of a range of keys.
    Rows(Keys),
    /// Rows that a range of an index leads to.
    Index(String, Keys),
    /// The rows that keys of a unique index lead to.
    Unique(String, Vec<Vec<u8>>),
}

impl Narrowing {
    /// The text for a plan: hexadecimal digits and punctuation.
    pub(super) fn write(&self) -> String {
        let keys = |keys: &[Vec<u8>]| keys.iter().map(|key| hex(key)).collect::<Vec<_>>().join(",");
        let range = |(start, end): &Keys| format!("{}{}", bound(start), bound(end));
        let place = match &self.place {
            Place::Keys(list) => format!("k{}", keys(list)),
            Place::Rows(range_of) => format!("r{}", range(range_of)),
            Place::Index(name, range_of) => {
                format!("x{};{}", hex(name.as_bytes()), range(range_of))
            }
            Place::Unique(name, list) => format!("u{};{}", hex(name.as_bytes()), keys(list)),
        };
        format!("{}:{place}", hex(self.shape.as_bytes()))
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (shape, place) = text.split_once(':')?;
        let shape = String::from_utf8(unhex(shape)?).ok()?;
        let keys = |text: &str| text.split(',').map(unhex).collect::<Option<Vec<_>>>();
        let named = |text: &str| {
            let (name, rest) = text.split_once(';')?;
            Some((String::from_utf8(unhex(name)?).ok()?, rest.to_owned()))
        };
        let place = if let Some(list) = place.strip_prefix('k') {
            Place::Keys(keys(list)?)
        } else if let Some(range) = place.strip_prefix('r') {
            Place::Rows(read_range(range)?)
        } else if let Some(text) = place.strip_prefix('x') {
            let (name, range) = named(text)?;
            Place::Index(name, read_range(&range)?)
        } else {
            let (name, list) = named(place.strip_prefix('u')?)?;
            Place::Unique(name, keys(&list)?)
        };
        Some(Self { shape, place })
    }

    /// Whether the table still has the key, or the index, that this is about.
    pub(super) fn fits(&self, table: &GlueTable) -> bool {
        let index = match &self.place {
            Place::Keys(_) | Place::Rows(_) => None,
            Place::Index(name, _) | Place::Unique(name, _) => Some(name.as_str()),
        };
        shape(table.table(), index).as_deref() == Some(&self.shape)
    }
}

/// What the keys of a table, or of one of its indexes, are made of: names, types, orders.
pub(super) fn shape(table: &Table, index: Option<&str>) -> Option<String> {
    let column = |slot: u32, descending: bool| {
        let column = table.columns.get(table.position(slot)?)?;
        Some(format!("{}/{:?}/{:?}/{descending}", column.name, column.ty, column.collation))
    };
    let Some(name) = index else {
        let parts = table.primary_key.iter().map(|part| column(part.slot, part.descending));
        return Some(parts.collect::<Option<Vec<_>>>()?.join(","));
    };
    let index = table.index(name).filter(|index| index.is_stored())?;
    let parts = index.parts.iter().map(|part| match &part.key {
        IndexKey::Column(slot) => column(*slot, part.descending),
        IndexKey::Gluesql(text) | IndexKey::Sqlite(text) => {
            Some(format!("{text}/{}", part.descending))
        }
    });
    Some(format!("{}:{}", index.unique, parts.collect::<Option<Vec<_>>>()?.join(",")))
}

fn bound(bound: &Bound<Vec<u8>>) -> String {
    match bound {
        Bound::Unbounded => ".".to_owned(),
        Bound::Included(key) => format!("={}.", hex(key)),
        Bound::Excluded(key) => format!("!{}.", hex(key)),
    }
}

fn read_range(text: &str) -> Option<Keys> {
    let (start, rest) = text.split_once('.')?;
    let end = rest.strip_suffix('.')?;
    let read = |text: &str| {
        if text.is_empty() {
            return Some(Bound::Unbounded);
        }
        let included = text.strip_prefix('=').map(|key| unhex(key).map(Bound::Included));
        included.or_else(|| text.strip_prefix('!').map(|key| unhex(key).map(Bound::Excluded)))?
    };
    Some((read(start)?, read(end)?))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect()
}
