//! Patches: differences that can be kept, sent, applied elsewhere and inverted.

mod codec;
#[cfg(test)]
mod tests;

use crate::blob::normalise;
use crate::builder::check_key;
use crate::diff::Difference;
use crate::error::TreeError;
use crate::merge::{Conflict, Resolution, Resolver, Side};
use crate::snapshot::Snapshot;
use crate::storage::{NodeStorage, Nowhere};
use crate::value::Value;

pub use codec::PatchError;

/// Differences in strictly ascending key order.
///
/// A large value is kept by name only: its chunks must be in the storage where the patch is applied.
///
/// ```
/// use prollytree_tree::{InMemoryNodeStorage, Patch, Snapshot};
/// let storage = InMemoryNodeStorage::new();
/// let tree = |entries| Snapshot::from_sorted(storage.clone(), Default::default(), entries);
/// let (before, after) = (tree([("a", "1"), ("b", "2")])?, tree([("a", "1"), ("b", "3")])?);
/// let patch = Patch::between(&before, &after)?;
/// let patch = Patch::from_bytes(&patch.to_bytes())?;
/// assert_eq!(patch.apply_to(&before)?.root(), after.root());
/// assert_eq!(patch.inverted().apply_to(&after)?.root(), before.root());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    differences: Vec<Difference>,
}

/// A patch that does not fit the tree it is applied to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Keys do not have the values that the patch was made from, nor those that it makes.
    #[error("patch does not fit the tree at {} of its keys, the first is {:?}", .conflicts.len(), String::from_utf8_lossy(&.conflicts[0].key))]
    Conflicts {
        /// The keys: `base` is what the patch expects, `ours` what is there, `theirs` what it makes.
        conflicts: Vec<Conflict>,
    },
    /// The tree could not be read or changed.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Patch {
    /// Makes a patch of differences, which must be in strictly ascending key order.
    ///
    /// Of a value too long for a leaf only the name is kept; what is no difference is left out.
    ///
    /// # Errors
    /// Keys out of order or too long, or a large value has a length that none can have.
    pub fn new(mut differences: Vec<Difference>) -> Result<Self, TreeError> {
        let unsorted = differences.windows(2).position(|pair| pair[0].key >= pair[1].key);
        if let Some(i) = unsorted {
            return Err(TreeError::Unsorted { position: i + 1 });
        }
        for Difference { key, before, after } in &mut differences {
            check_key(key)?;
            for value in [before, after] {
                *value = value.take().map(|value| normalise(&Nowhere, value)).transpose()?;
            }
        }
        differences.retain(|difference| difference.before != difference.after);
        Ok(Self { differences })
    }

    /// The patch that turns one tree into another.
    ///
    /// # Errors
    /// As [`Snapshot::diff`].
    pub fn between<A: NodeStorage, B: NodeStorage>(
        before: &Snapshot<A>,
        after: &Snapshot<B>,
    ) -> Result<Self, TreeError> {
        Ok(Self { differences: before.diff(after, ..)?.collect::<Result<_, _>>()? })
    }

    /// The differences, in key order.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// The patch that undoes this one.
    #[must_use]
    pub fn inverted(self) -> Self {
        Self { differences: self.differences.into_iter().map(Difference::inverted).collect() }
    }

    /// Applies the patch to a tree, which need not be the one that it was made from.
    ///
    /// Keys that already have the new value are left alone. O(differences · log entries).
    ///
    /// # Errors
    /// A key has neither the value that the patch expects nor the one that it makes; or the tree
    /// cannot be read or changed.
    pub fn apply_to<S: NodeStorage + Clone>(
        &self,
        tree: &Snapshot<S>,
    ) -> Result<Snapshot<S>, ApplyError> {
        let mut conflicts = Vec::new();
        let applied = self.apply_with(tree, &mut |conflict: &Conflict| {
            conflicts.push(conflict.clone());
            Resolution::Conflict
        })?;
        if conflicts.is_empty() { Ok(applied) } else { Err(ApplyError::Conflicts { conflicts }) }
    }

    /// Applies the patch, deciding with a resolver where it does not fit; what the resolver leaves
    /// open stays as it is.
    ///
    /// # Errors
    /// The tree cannot be read or changed.
    pub fn apply_with<S: NodeStorage + Clone>(
        &self,
        tree: &Snapshot<S>,
        resolver: &mut dyn Resolver,
    ) -> Result<Snapshot<S>, TreeError> {
        let mut edits = Vec::new();
        for Difference { key, before, after } in &self.differences {
            let present = tree.get_value(key)?;
            if present == *after {
                continue;
            }
            if present == *before {
                edits.push((key.clone(), after.clone()));
                continue;
            }
            let conflict = Conflict {
                key: key.clone(),
                base: before.clone(),
                ours: present,
                theirs: after.clone(),
            };
            edits.extend(resolve(resolver, conflict));
        }
        tree.apply(edits)
    }
}

/// The edit that a resolver decides for, if any.
fn resolve(resolver: &mut dyn Resolver, conflict: Conflict) -> Option<(Vec<u8>, Option<Value>)> {
    match resolver.resolve(&conflict) {
        Resolution::Take(Side::Ours) | Resolution::Conflict => None,
        Resolution::Take(Side::Theirs) => Some((conflict.key, conflict.theirs)),
        Resolution::Value(value) => Some((conflict.key, Some(value))),
        Resolution::Delete => Some((conflict.key, None)),
    }
}
