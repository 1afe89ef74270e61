//! Rows of one schema in the columns of another.

use super::computed::Computed;
use super::rows::KeyedRows;
use crate::error::SqlError;
use crate::schema::Table;
use crate::value::{Row, Value};

/// Where the cells of one schema's rows stand in those of another.
///
/// A column is the one of the same name, whatever the case of its letters. If there is none, it is the
/// one of the same slot, which had another name then; unless that name is a column's of today. Else the
/// version does not have the column, and its cells are NULL. What rows do not hold is computed by their
/// own schema.
pub(super) struct Mapping {
    /// For each column the place of its cell; `None` if nothing moves.
    places: Option<Vec<Option<usize>>>,
    computed: Option<Computed>,
}

impl Mapping {
    /// # Errors
    /// A computed column of the source cannot be computed.
    pub(super) fn new(target: &Table, source: &Table) -> Result<Self, SqlError> {
        let place = |column: &crate::schema::Column| {
            let same =
                |other: &crate::schema::Column| other.name.eq_ignore_ascii_case(&column.name);
            source.columns.iter().position(same).or_else(|| {
                let at = source.position(column.slot)?;
                let renamed = source.columns.get(at)?;
                target.column(&renamed.name).is_none().then_some(at)
            })
        };
        let places: Vec<_> = target.columns.iter().map(place).collect();
        let stays = source.columns.len() == places.len()
            && places.iter().enumerate().all(|(at, place)| *place == Some(at));
        Ok(Self { places: (!stays).then_some(places), computed: Computed::new(source)? })
    }

    /// Whether rows stay as they are.
    pub(super) fn is_nothing(&self) -> bool {
        self.places.is_none() && self.computed.is_none()
    }

    pub(super) fn map(&self, mut row: Row) -> Result<Row, SqlError> {
        if let Some(computed) = &self.computed {
            computed.fill(&mut row)?;
        }
        let Some(places) = &self.places else { return Ok(row) };
        let cell = |place: &Option<usize>| place.and_then(|at| row.get(at).cloned());
        Ok(places.iter().map(|place| cell(place).unwrap_or(Value::Null)).collect())
    }

    /// The rows, in their order.
    pub(super) fn map_all(self, rows: KeyedRows) -> KeyedRows {
        if self.is_nothing() {
            return rows;
        }
        Box::new(rows.map(move |row| {
            let (key, row) = row?;
            Ok((key, self.map(row)?))
        }))
    }
}
