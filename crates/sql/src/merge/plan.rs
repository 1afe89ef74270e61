//! A merged table beside the versions that it was made from.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use prollytree_repo::Backend;
use prollytree_tree::{Snapshot, TreeConfig, Value as Stored, store_reader};

use super::columns::{invert, match_columns};
use super::reshape::Reshape;
use super::schema::{moved_foreign_key, moved_index};
use crate::error::SqlError;
use crate::row::RowCodec;
use crate::schema::Table;
use crate::version::{RowDiff, TableVersion};

/// One side of a merge, in the shape of the merged table.
#[derive(Clone)]
pub(super) struct Side<B> {
    pub(super) rows: TableVersion<B>,
    /// What the table looks like there, by the slots of the merged table.
    pub(super) table: Table,
}

impl<B: Backend + 'static> Side<B> {
    /// A side whose columns lie in the merged table at `sources`.
    ///
    /// # Errors
    /// A row is damaged, or the backend fails.
    pub(super) fn new(
        rows: &TableVersion<B>,
        codec: &Arc<RowCodec>,
        sources: Vec<Option<usize>>,
        shape: TreeConfig,
    ) -> Result<Self, SqlError> {
        let from = rows.table();
        let slot_of = |slot: u32| {
            let at = from.position(slot);
            let place = sources.iter().position(|source| source.is_some() && *source == at);
            let column = place.and_then(|place| codec.table().columns.get(place));
            column.map_or(u32::MAX, |column| column.slot)
        };
        let mut table = (**from).clone();
        table.indexes = from.indexes.iter().map(|index| moved_index(index, slot_of)).collect();
        table.foreign_keys =
            from.foreign_keys.iter().map(|key| moved_foreign_key(key, slot_of)).collect();
        for column in &mut table.columns {
            column.slot = slot_of(column.slot);
        }
        let reshape = Reshape::new(from, codec.clone(), sources);
        Ok(Self { rows: reshape.table(rows, shape)?, table })
    }

    /// As [`new`](Self::new), with columns matched by slots, or only by names.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn matched(
        rows: &TableVersion<B>,
        codec: &Arc<RowCodec>,
        by_slot: bool,
        shape: TreeConfig,
    ) -> Result<Self, SqlError> {
        let matched = match_columns(rows.table(), codec.table(), by_slot);
        let sources = invert(&matched, codec.table().columns.len());
        Self::new(rows, codec, sources, shape)
    }
}

/// What a constraint is known to hold for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reference {
    Ours,
    Theirs,
    Nothing,
}

/// The base of a merge. Only rows in conflict are asked for.
pub(super) struct Base<B> {
    pub(super) rows: TableVersion<B>,
    /// How its rows get the shape of the merged table, if they do not have it.
    pub(super) reshape: Option<Reshape>,
}

impl<B: Backend + 'static> Base<B> {
    fn value(&self, key: &[u8]) -> Result<Option<Stored>, SqlError> {
        let Some(reshape) = &self.reshape else {
            return Ok(self.rows.snapshot().get_value(key)?);
        };
        let row = self.rows.get(key)?;
        let bytes = row.map(|row| reshape.encode(&row)).transpose()?;
        let store = |bytes: Vec<u8>| store_reader(self.rows.snapshot().storage(), bytes.as_slice());
        Ok(bytes.map(store).transpose()?)
    }
}

/// A merged table beside its versions.
pub(super) struct Plan<B> {
    pub(super) merged: TableVersion<B>,
    pub(super) base: Option<Base<B>>,
    pub(super) ours: Option<Side<B>>,
    pub(super) theirs: Option<Side<B>>,
    /// The numbers that two rows had, and the new one of one of them.
    pub(super) moved: HashMap<Vec<u8>, Vec<u8>>,
}

/// The merged tables by their names.
pub(super) type Plans<B> = BTreeMap<String, Plan<B>>;

impl<B: Backend + 'static> Plan<B> {
    pub(super) fn table(&self) -> &Arc<Table> {
        self.merged.table()
    }

    fn side(&self, reference: Reference) -> Option<&Side<B>> {
        match reference {
            Reference::Ours => self.ours.as_ref(),
            Reference::Theirs => self.theirs.as_ref(),
            Reference::Nothing => None,
        }
    }

    /// The side that has a constraint: what it has unchanged need not be looked at.
    pub(super) fn reference(&self, has: impl Fn(&Table) -> bool) -> Reference {
        let has = |side: &Option<Side<B>>| side.as_ref().is_some_and(|side| has(&side.table));
        match (has(&self.ours), has(&self.theirs)) {
            (true, _) => Reference::Ours,
            (_, true) => Reference::Theirs,
            _ => Reference::Nothing,
        }
    }

    /// The rows of a side; none for [`Reference::Nothing`].
    pub(super) fn rows_of(&self, reference: Reference) -> TableVersion<B> {
        match self.side(reference) {
            Some(side) => side.rows.clone(),
            None => {
                let rows = self.merged.snapshot();
                let empty = Snapshot::empty(rows.storage().clone(), *rows.config());
                self.merged.with_rows(self.merged.codec().clone(), empty)
            }
        }
    }

    /// The rows that differ from a side.
    ///
    /// # Errors
    /// A row is damaged, or the backend fails.
    pub(super) fn changes(&self, reference: Reference) -> Result<Vec<RowDiff>, SqlError> {
        let mut changes = Vec::new();
        self.rows_of(reference).diff(&self.merged, |change| {
            changes.push(change);
            Ok(true)
        })?;
        Ok(changes)
    }

    /// What the merge has for a key.
    ///
    /// # Errors
    /// A node is missing or damaged, or the backend fails.
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<Stored>, SqlError> {
        Ok(self.merged.snapshot().get_value(key)?)
    }

    /// What both sides started from.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub(super) fn base_value(&self, key: &[u8]) -> Result<Option<Stored>, SqlError> {
        self.base.as_ref().map_or(Ok(None), |base| base.value(key))
    }

    /// What `ours` has in the place of a row of the merge.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub(super) fn our_value(&self, key: &[u8]) -> Result<Option<Stored>, SqlError> {
        let Some(ours) = &self.ours else { return Ok(None) };
        let rows = ours.rows.snapshot();
        let from = self.moved.iter().find(|(_, new)| *new == key).map(|(old, _)| old.as_slice());
        if from.is_none() && !self.moved.contains_key(key) {
            return Ok(rows.get_value(key)?);
        }
        // Two rows had one number: only if this is ours, ours has it.
        let ours = rows.get_value(from.unwrap_or(key))?;
        Ok(if ours == self.value(key)? { ours } else { None })
    }

    /// Whether the merge changed a row of ours.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub(super) fn differs(&self, key: &[u8]) -> Result<bool, SqlError> {
        Ok(self.value(key)? != self.our_value(key)?)
    }

    /// Puts a row in place of another, or removes it.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub(super) fn put(&mut self, key: &[u8], value: Option<Stored>) -> Result<(), SqlError> {
        let rows = self.merged.snapshot().apply([(key.to_vec(), value)])?;
        self.merged = self.merged.with_rows(self.merged.codec().clone(), rows);
        Ok(())
    }
}
