//! The difference of two versions, map by map.

use std::ops::{Bound, RangeBounds};

use prollytree_tree::{Diff, Difference, Snapshot, TreeError};

use crate::backend::Backend;
use crate::commit::{Commit, Maps};
use crate::error::RepoError;
use crate::name::MapName;
use crate::repository::{Repository, differing};
use crate::working::open_map;

/// The maps that differ between two versions; their entries are read only when asked for.
pub struct MapsDiff<B> {
    maps: Vec<MapDiff<B>>,
}

/// A map in two versions.
pub struct MapDiff<B> {
    /// The map.
    pub name: MapName,
    /// Its first version; empty if it did not exist.
    pub before: Snapshot<B>,
    /// Its second version; empty if it does not exist.
    pub after: Snapshot<B>,
}

/// A key that differs, and in which map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The map.
    pub map: MapName,
    /// The key and its values.
    pub difference: Difference,
}

impl<B: Backend> MapsDiff<B> {
    /// Whether the versions are the same.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// The maps that differ, in the order of their names.
    pub fn maps(&self) -> impl Iterator<Item = &MapDiff<B>> {
        self.maps.iter()
    }

    /// All changed keys, in the order of the maps and keys, read as the iteration goes on.
    pub fn changes(&self) -> impl Iterator<Item = Result<Change, RepoError>> + '_ {
        self.maps.iter().flat_map(|map| {
            let (changes, failed) = match map.changes(..) {
                Ok(changes) => (Some(changes), None),
                Err(error) => (None, Some(Err(error))),
            };
            let change = |difference| Change { map: map.name.clone(), difference };
            failed
                .into_iter()
                .chain(changes.into_iter().flatten())
                .map(move |difference| difference.map(change).map_err(RepoError::from))
        })
    }
}

impl<B: Backend> MapDiff<B> {
    /// The changed keys of a range, in key order. Reads only nodes that differ.
    ///
    /// # Errors
    /// The versions have trees of different parameters, a node is missing or damaged, or the backend
    /// fails.
    pub fn changes<'k>(
        &self,
        range: impl RangeBounds<&'k [u8]>,
    ) -> Result<Diff<'_, B, B>, TreeError> {
        self.before.diff(&self.after, range)
    }

    /// The changed keys that begin with a prefix.
    ///
    /// # Errors
    /// As [`changes`](Self::changes).
    pub fn changes_with_prefix(&self, prefix: &[u8]) -> Result<Diff<'_, B, B>, TreeError> {
        let end = prefix_end(prefix);
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.changes((Bound::Included(prefix), end))
    }
}

impl<B: Backend> Repository<B> {
    /// The difference of two versions.
    ///
    /// # Errors
    /// The root of a map is missing or damaged, or the backend fails.
    pub fn diff(&self, before: &Maps, after: &Maps) -> Result<MapsDiff<B>, RepoError> {
        let maps = differing(before, after).into_iter().map(|name| {
            // A map that is absent on one side has the shape that it has on the other.
            let present = before.get(&name).or(after.get(&name));
            let config = present.map(|map| map.config).unwrap_or_default();
            let open = |maps: &Maps| open_map(self.backend(), &name, maps.get(&name), config);
            Ok(MapDiff { before: open(before)?, after: open(after)?, name })
        });
        Ok(MapsDiff { maps: maps.collect::<Result<_, RepoError>>()? })
    }

    /// What a commit changed: its difference from its first parent, or from nothing.
    ///
    /// # Errors
    /// As [`diff`](Self::diff).
    pub fn changes_of(&self, commit: &Commit) -> Result<MapsDiff<B>, RepoError> {
        let before = match commit.parents.first() {
            Some(parent) => self.read_commit(parent)?.maps,
            None => Maps::new(),
        };
        self.diff(&before, &commit.maps)
    }

    /// The uncommitted changes: the difference of the checked out commit and the working state.
    ///
    /// # Errors
    /// As [`diff`](Self::diff).
    pub fn uncommitted(&mut self) -> Result<MapsDiff<B>, RepoError> {
        let working = self.working_maps()?;
        self.diff(self.head_maps(), &working)
    }
}

/// The smallest key behind all keys with a prefix; `None` if there is none.
fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
