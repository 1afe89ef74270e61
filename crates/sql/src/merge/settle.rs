//! Putting rows that break a constraint back, until none does.

use std::collections::BTreeSet;

use prollytree_repo::{Backend, MapName, MapRoot, Maps};
use prollytree_tree::{Conflict, Snapshot, Value as Stored};

use super::Expressions;
use super::conflicts::violation_key;
use super::inspect::{Inspection, Violation, inspect};
use super::operation::Recorded;
use super::plan::Plans;
use super::references::IndexTrees;
use crate::catalog::{index_map, rows_map, violations_map};
use crate::error::SqlError;
use crate::version::read_stored;

/// Puts every row that breaks a constraint back to what ours has, and gives the indexes of what is left
/// then, and a conflict for each such row.
///
/// # Errors
/// An expression cannot be computed, a row is damaged, or the backend fails.
pub(super) fn settle<B: Backend + 'static>(
    plans: &mut Plans<B>,
    expressions: &mut dyn Expressions,
) -> Result<(Inspection<B>, Recorded), SqlError> {
    let (mut conflicts, mut known, mut put_back) =
        (Recorded::new(), BTreeSet::new(), BTreeSet::new());
    loop {
        // What is put back may break a constraint in turn, against another row of the merge; in the
        // end all would be as ours has it, which breaks none that ours knows.
        let inspection = inspect(plans, expressions)?;
        for violation in &inspection.violations {
            if known.insert(violation.clone()) {
                conflicts.push(conflict(plans, violation)?);
            }
        }
        let mut changed = false;
        for Violation { table, key, .. } in &inspection.violations {
            let Some(plan) = plans.get_mut(table) else { continue };
            if put_back.insert((table.clone(), key.clone())) && plan.differs(key)? {
                let ours = plan.our_value(key)?;
                plan.put(key, ours)?;
                changed = true;
            }
        }
        if !changed {
            return Ok((inspection, conflicts));
        }
    }
}

/// The record of a row that breaks a constraint.
///
/// # Errors
/// A node is missing or damaged, or the backend fails.
pub(super) fn conflict<B: Backend + 'static>(
    plans: &Plans<B>,
    violation: &Violation,
) -> Result<(MapName, Conflict), SqlError> {
    let mut conflict =
        Conflict { key: violation_key(violation)?, base: None, ours: None, theirs: None };
    if let Some(plan) = plans.get(&violation.table) {
        let key = &violation.key;
        conflict.ours = plan.our_value(key)?;
        conflict.theirs = plan.value(key)?;
        conflict.base = plan.base_value(key)?;
    }
    let conflict = match plans.get(&violation.table) {
        Some(plan) => kept(conflict, plan.merged.snapshot().storage())?,
        None => conflict,
    };
    Ok((violations_map(&violation.table)?, conflict))
}

/// A longer row is recorded by its hash: three of this length and more fit one record.
const MAX_KEPT_LEN: u64 = 256 << 10;

/// A conflict that holds its rows itself. Rows in the shape of the merged table may be in no commit, and
/// then nothing else keeps them.
///
/// # Errors
/// A part of a row is missing or damaged, or the backend fails.
pub(super) fn kept<B: Backend>(mut conflict: Conflict, backend: &B) -> Result<Conflict, SqlError> {
    for value in [&mut conflict.base, &mut conflict.ours, &mut conflict.theirs] {
        if let Some(Stored::Blob(blob)) = value
            && blob.len <= MAX_KEPT_LEN
        {
            *value =
                Some(Stored::Inline(read_stored(backend, &conflict.key, &Stored::Blob(*blob))?));
        }
    }
    Ok(conflict)
}

/// Puts the rows and indexes of merged tables into maps.
///
/// # Errors
/// A name is too long.
pub(super) fn place<B: Backend + 'static>(
    plans: &Plans<B>,
    trees: &IndexTrees<B>,
    maps: &mut Maps,
) -> Result<(), SqlError> {
    let mut put = |name: MapName, tree: &Snapshot<B>| match root(tree) {
        Some(root) => maps.insert(name, root),
        None => maps.remove(&name),
    };
    for (name, plan) in plans {
        put(rows_map(name)?, plan.merged.snapshot());
    }
    for ((table, index), tree) in trees {
        put(index_map(table, index)?, tree);
    }
    Ok(())
}

/// How a version speaks of a tree.
pub(super) fn root<B: Backend>(tree: &Snapshot<B>) -> Option<MapRoot> {
    let (root, count) = (tree.root(), tree.len());
    (count > 0).then(|| MapRoot { root, count, config: *tree.config() })
}
