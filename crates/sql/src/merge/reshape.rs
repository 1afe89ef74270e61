//! Rows of one version of a table in the shape of another.

use std::sync::Arc;

use prollytree_repo::Backend;
use prollytree_tree::{Snapshot, TreeConfig};

use crate::error::SqlError;
use crate::row::{RowCodec, same_cell};
use crate::schema::Table;
use crate::value::Row;
use crate::version::{ALL_KEYS, TableVersion};

/// How rows of one version of a table become rows of another.
pub(super) struct Reshape {
    to: Arc<RowCodec>,
    /// Where each cell comes from; from the column's initial value, if from nowhere.
    sources: Vec<Option<usize>>,
    /// Whether rows have the same bytes in both.
    same: bool,
}

impl Reshape {
    pub(super) fn new(from: &Table, to: Arc<RowCodec>, sources: Vec<Option<usize>>) -> Self {
        let pairs = || {
            sources
                .iter()
                .zip(&to.table().columns)
                .filter_map(|(source, column)| Some((from.columns.get((*source)?)?, column)))
        };
        let computed = |column: &crate::schema::Column| {
            column.generated.as_ref().is_some_and(|generated| !generated.stored)
        };
        // A column of `from` that leads nowhere was dropped, and must leave the bytes.
        let same = pairs().count() == from.columns.len()
            && pairs().all(|(old, new)| {
                old.slot == new.slot
                    && same_cell(&old.initial, &new.initial)
                    && computed(old) == computed(new)
            });
        Self { to, sources, same }
    }

    /// The bytes of a row of the other shape.
    ///
    /// # Errors
    /// A cell is nested too deeply.
    pub(super) fn encode(&self, row: &Row) -> Result<Vec<u8>, SqlError> {
        self.to.encode(&self.row(row))
    }

    fn row(&self, row: &Row) -> Row {
        let columns = &self.to.table().columns;
        let cell = |(source, column): (&Option<usize>, &crate::schema::Column)| {
            let cell = source.and_then(|at| row.get(at));
            cell.unwrap_or(&column.initial).clone()
        };
        self.sources.iter().zip(columns).map(cell).collect()
    }

    /// All rows of a table. Nothing is read if they have the same bytes; else O(rows).
    ///
    /// # Errors
    /// A row is damaged, or the backend fails.
    pub(super) fn table<B: Backend + 'static>(
        &self,
        from: &TableVersion<B>,
        config: TreeConfig,
    ) -> Result<TableVersion<B>, SqlError> {
        let backend = from.snapshot().storage().clone();
        let rows = if from.is_empty() {
            Snapshot::empty(backend, config)
        } else if self.same && *from.snapshot().config() == config {
            from.snapshot().clone()
        } else {
            let mut failed = None;
            let entries = from.scan(ALL_KEYS, false).rows().map_while(|row| {
                let entry = row.and_then(|(key, row)| Ok((key, self.encode(&row)?)));
                entry.map_err(|error| failed = Some(error)).ok()
            });
            let rows = Snapshot::from_sorted(backend, config, entries)?;
            match failed {
                Some(error) => return Err(error),
                None => rows,
            }
        };
        Ok(from.with_rows(self.to.clone(), rows))
    }
}
