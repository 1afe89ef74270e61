//! The indexes of merged rows: those of one side, edited by what changed since.

use std::collections::BTreeMap;

use prollytree_repo::Backend;
use prollytree_tree::{Snapshot, Value as Stored};

use super::Expressions;
use super::plan::{Plan, Reference, Side};
use super::schema::moved_index;
use crate::database::{Entry, index_entry};
use crate::error::SqlError;
use crate::schema::{Index, Table};
use crate::version::RowDiff;

/// An index of merged rows.
pub(super) struct MergedIndex<B> {
    pub(super) tree: Snapshot<B>,
    /// Pairs of rows with the same values, which the index forbids: the later one, of which the index
    /// has no entry, and the other.
    pub(super) twins: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The side that has an index, as it is in the merged table.
pub(super) fn reference<B: Backend + 'static>(plan: &Plan<B>, index: &Index) -> Reference {
    // Nobody but the catalog cares for the time when it was made.
    let index = moved_index(index, |slot| slot);
    let has = |table: &Table| table.index(&index.name) == Some(&index);
    // A table that is as theirs has it needs no edit, and so nobody who computes expressions.
    let is_theirs = |side: &Side<B>| {
        side.rows.snapshot().root() == plan.merged.snapshot().root() && has(&side.table)
    };
    match &plan.theirs {
        Some(side) if is_theirs(side) => Reference::Theirs,
        _ => plan.reference(has),
    }
}

/// Brings an index up to date. O(changed rows · log rows), if a side has the index; else O(rows).
///
/// # Errors
/// An expression cannot be computed, a row is damaged, or the backend fails.
pub(super) fn follow<B: Backend + 'static>(
    plan: &Plan<B>,
    index: &Index,
    reference: Reference,
    changes: &[RowDiff],
    expressions: &mut dyn Expressions,
) -> Result<MergedIndex<B>, SqlError> {
    let tree = before(plan, index, reference)?;
    let codec = plan.merged.codec();
    let mut evaluate = |key: &_, row: &_| expressions.index_value(key, row);
    let mut edits: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
    let mut added = Vec::new();
    for RowDiff { key, before, after } in changes {
        let mut entry = |row| index_entry(codec, index, key, row, &mut evaluate);
        let before = before.as_ref().map(&mut entry).transpose()?;
        let after = after.as_ref().map(&mut entry).transpose()?;
        if before == after {
            continue;
        }
        edits.extend(before.map(|entry| (entry.key, None)));
        added.extend(after.map(|entry| (key, entry)));
    }
    let mut twins = Vec::new();
    for (row_key, Entry { key, value, .. }) in added {
        let holder = match edits.get(&key) {
            Some(holder) => holder.clone(),
            None => tree.get(&key)?,
        };
        match holder {
            Some(holder) if !value.is_empty() && holder != value => {
                twins.push((row_key.clone(), holder));
            }
            _ => {
                edits.insert(key, Some(value));
            }
        }
    }
    let edits = edits.into_iter().map(|(key, value)| (key, value.map(Stored::Inline)));
    Ok(MergedIndex { tree: tree.apply(edits)?, twins })
}

fn before<B: Backend + 'static>(
    plan: &Plan<B>,
    index: &Index,
    reference: Reference,
) -> Result<Snapshot<B>, SqlError> {
    let rows = plan.merged.snapshot();
    let empty = || Snapshot::empty(rows.storage().clone(), *rows.config());
    if reference == Reference::Nothing {
        return Ok(empty());
    }
    // A tree without entries is no map, and so has the shape of the rows.
    let tree = plan.rows_of(reference).index_snapshot(index)?;
    Ok(if tree.is_empty() { empty() } else { tree })
}
