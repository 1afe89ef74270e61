//! Foreign keys of merged rows, seen from both ends.

use std::collections::BTreeMap;

use prollytree_repo::Backend;
use prollytree_tree::Snapshot;

use super::plan::Plan;
use crate::error::SqlError;
use crate::key;
use crate::schema::{ForeignKey, Index, IndexKey, IndexPart, Table};
use crate::value::{Row, Value};
use crate::version::ALL_KEYS;

/// The trees of merged indexes, by table and index.
pub(super) type IndexTrees<B> = BTreeMap<(String, String), Snapshot<B>>;

/// Merged tables in which rows can be looked up by what they hold.
pub(super) struct Lookup<'a, B> {
    pub(super) trees: &'a IndexTrees<B>,
}

/// Sees a row and its key, and answers whether it wants to see more.
pub(super) type SeeRow<'s> = dyn FnMut(&[u8], &Row) -> Result<bool, SqlError> + 's;

/// The columns that a foreign key refers to.
pub(super) fn referenced_slots(key: &ForeignKey, parent: &Table) -> Vec<u32> {
    if key.referenced.is_empty() {
        return parent.primary_key.iter().map(|part| part.slot).collect();
    }
    let slot = |name: &String| parent.column(name).map(|column| column.slot);
    key.referenced.iter().filter_map(slot).collect()
}

/// The cells of some columns; `None` if one is NULL, which refers to nothing.
pub(super) fn cells(table: &Table, slots: &[u32], row: &Row) -> Option<Vec<Value>> {
    let cell = |slot: &u32| row.get(table.position(*slot)?).filter(|cell| !cell.is_null()).cloned();
    slots.iter().map(cell).collect()
}

/// Cells as they are compared: as keys.
pub(super) fn comparable(
    table: &Table,
    slots: &[u32],
    values: &[Value],
) -> Result<Vec<u8>, SqlError> {
    let mut bytes = Vec::new();
    for (slot, value) in slots.iter().zip(values) {
        let column = table.position(*slot).and_then(|at| table.columns.get(at));
        let collation = column.map(|column| column.collation).unwrap_or_default();
        key::push(&mut bytes, value, collation, false)?;
    }
    Ok(bytes)
}

impl<B: Backend + 'static> Lookup<'_, B> {
    /// Calls `see` with each row of a table that has these values in some columns, until it answers
    /// `false`. By the primary key or an index on the columns, if there is one; else O(rows).
    ///
    /// # Errors
    /// A row is damaged, `see` fails, or the backend fails.
    pub(super) fn rows_with(
        &self,
        plan: &Plan<B>,
        slots: &[u32],
        values: &[Value],
        see: &mut SeeRow<'_>,
    ) -> Result<(), SqlError> {
        let table = plan.table();
        let wanted = comparable(table, slots, values)?;
        let mut check = |key: &[u8], row: &Row| match cells(table, slots, row) {
            Some(found) if comparable(table, slots, &found)? == wanted => see(key, row),
            _ => Ok(true),
        };
        if is_primary_key(table, slots) {
            let key = plan.merged.codec().key_of(values)?;
            if let Some(row) = plan.merged.get(&key)? {
                check(&key, &row)?;
            }
            return Ok(());
        }
        if let Some((index, tree)) = self.index_on(table, slots) {
            let parts = index.parts.get(..slots.len()).unwrap_or_default();
            let prefix = plan.merged.codec().index_key(&index.name, parts, values, &[])?;
            for entry in tree.prefix(&prefix)? {
                let (key, value) = entry?;
                let key = match value.is_empty() {
                    true => plan.merged.codec().indexed_row_key(&index.parts, &key)?.to_vec(),
                    false => value,
                };
                // A row that a broken constraint put back may have left its entry for now.
                if let Some(row) = plan.merged.get(&key)?
                    && !check(&key, &row)?
                {
                    break;
                }
            }
            return Ok(());
        }
        for row in plan.merged.scan(ALL_KEYS, false).rows() {
            let (key, row) = row?;
            if !check(&key, &row)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether [`rows_with`](Self::rows_with) need not read all rows.
    pub(super) fn is_fast(&self, table: &Table, slots: &[u32]) -> bool {
        is_primary_key(table, slots) || self.index_on(table, slots).is_some()
    }

    /// An index that begins with these columns, compared as the columns are.
    fn index_on<'t>(&self, table: &'t Table, slots: &[u32]) -> Option<(&'t Index, &Snapshot<B>)> {
        let fits = |part: &IndexPart, slot: u32| {
            let column = table.position(slot).and_then(|at| table.columns.get(at));
            part.key == IndexKey::Column(slot)
                && column.is_some_and(|column| column.collation == part.collation)
        };
        let index = table.indexes.iter().find(|index| {
            let parts = index.parts.iter().zip(slots);
            index.is_stored()
                && parts.filter(|(part, slot)| fits(part, **slot)).count() == slots.len()
        })?;
        let tree = self.trees.get(&(table.name.clone(), index.name.clone()))?;
        Some((index, tree))
    }

    /// Whether a row has these values in some columns.
    ///
    /// # Errors
    /// As [`rows_with`](Self::rows_with).
    pub(super) fn has_row(
        &self,
        plan: &Plan<B>,
        slots: &[u32],
        values: &[Value],
    ) -> Result<bool, SqlError> {
        let mut found = false;
        self.rows_with(plan, slots, values, &mut |_, _| {
            found = true;
            Ok(false)
        })?;
        Ok(found)
    }
}

fn is_primary_key(table: &Table, slots: &[u32]) -> bool {
    !slots.is_empty() && table.primary_key.iter().map(|part| &part.slot).eq(slots)
}
