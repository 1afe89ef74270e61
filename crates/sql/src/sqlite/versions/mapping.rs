//! Rows of one schema in the columns of another.

use crate::schema::Table;
use crate::value::{Row, Value};

/// Where the cells of one schema's rows stand in those of another.
///
/// A column is the one of the same name, whatever the case of its letters. If there is none, it is the
/// one of the same slot, which had another name then; unless that name is a column's of today. Else the
/// version does not have the column, and its cells are NULL.
pub(super) struct Mapping {
    /// For each column the place of its cell; `None` if nothing moves.
    places: Option<Vec<Option<usize>>>,
}

impl Mapping {
    pub(super) fn new(target: &Table, source: &Table) -> Self {
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
        Self { places: (!stays).then_some(places) }
    }

    pub(super) fn map(&self, row: Row) -> Row {
        let Some(places) = &self.places else { return row };
        let cell = |place: &Option<usize>| place.and_then(|at| row.get(at).cloned());
        places.iter().map(|place| cell(place).unwrap_or(Value::Null)).collect()
    }
}
