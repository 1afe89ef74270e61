//! Operations under way: their conflicts, how these are resolved, and how the operation ends.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use prollytree_tree::{Conflict, ProllyTree, Value};

use super::{Repository, Transition};
use crate::adjust::is_of_tables;
use crate::backend::{Backend, BackendError};
use crate::commit::Maps;
use crate::conflict;
use crate::error::RepoError;
use crate::id::CommitId;
use crate::name::MapName;
use crate::operation::{Operation, OperationKind};
use crate::working::map_root;

/// How a conflict is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// As it was checked out when the operation began.
    Ours,
    /// As the other commit has it.
    Theirs,
    /// As it was before both.
    Base,
    /// Another value.
    Value(Vec<u8>),
    /// The key is removed.
    Delete,
    /// As the working state has it now.
    Working,
}

impl<B: Backend> Repository<B> {
    /// The open conflicts, in the order of the maps and keys.
    ///
    /// # Errors
    /// The record of a conflict is missing or damaged, or the backend fails.
    pub fn conflicts(&self) -> Result<Vec<(MapName, Conflict)>, RepoError> {
        let mut conflicts = Vec::new();
        let maps = self.operation().map(|operation| &operation.conflicts);
        for (name, _) in maps.into_iter().flatten() {
            let tree = self.open_map(maps.unwrap_or(&Maps::new()), name)?;
            for entry in tree.iter()? {
                let (key, bytes) = entry?;
                conflicts.push((name.clone(), decode(key, &bytes)?));
            }
        }
        Ok(conflicts)
    }

    /// Resolves the conflict on a key, durably.
    ///
    /// # Errors
    /// There is no conflict on the key, the map belongs to tables, the working state was changed by
    /// someone else (retryable), or the backend fails.
    pub fn resolve_conflict(
        &mut self,
        map: &MapName,
        key: &[u8],
        choice: &Choice,
    ) -> Result<(), RepoError> {
        let operation = self.operation().ok_or(RepoError::NoOperation)?;
        let tree = self.open_map(&operation.conflicts, map)?;
        let Some(bytes) = tree.get(key)? else {
            return Err(RepoError::NoConflict { map: map.clone(), key: key.to_vec() });
        };
        let conflict = decode(key.to_vec(), &bytes)?;
        self.resolve_conflicts(vec![(map.clone(), conflict)], choice)
    }

    /// Resolves all open conflicts in the same way, durably, and tells how many.
    ///
    /// # Errors
    /// As [`resolve_conflict`](Self::resolve_conflict).
    pub fn resolve_all(&mut self, choice: &Choice) -> Result<u64, RepoError> {
        let conflicts = self.conflicts()?;
        let count = conflicts.len() as u64;
        self.resolve_conflicts(conflicts, choice)?;
        Ok(count)
    }

    fn resolve_conflicts(
        &mut self,
        conflicts: Vec<(MapName, Conflict)>,
        choice: &Choice,
    ) -> Result<(), RepoError> {
        let mut operation = self.operation().cloned().ok_or(RepoError::NoOperation)?;
        // A row has entries in indexes, which would not follow, and may be in breach of a constraint.
        if let Some((map, _)) = conflicts.iter().find(|(map, _)| is_of_tables(map)) {
            return Err(RepoError::Tables { map: map.clone() });
        }
        let mut open: BTreeMap<MapName, ProllyTree<B>> = BTreeMap::new();
        for (map, conflict) in conflicts {
            let tree = match open.entry(map.clone()) {
                Entry::Occupied(tree) => tree.into_mut(),
                Entry::Vacant(place) => {
                    let tree = self.open_map(&operation.conflicts, &map)?;
                    place.insert(ProllyTree::from_snapshot(tree))
                }
            };
            tree.try_delete(&conflict.key)?;
            let Conflict { key, base, ours, theirs } = conflict;
            let value = match choice {
                Choice::Ours => ours,
                Choice::Theirs => theirs,
                Choice::Base => base,
                Choice::Value(bytes) => Some(Value::Inline(bytes.clone())),
                Choice::Delete => None,
                Choice::Working => continue,
            };
            match value {
                Some(value) => self.set_value(&map, key, value)?,
                None => {
                    self.delete(&map, &key)?;
                }
            }
        }
        for (map, mut tree) in open {
            match map_root(tree.try_snapshot()?) {
                Some(root) => operation.conflicts.insert(map, root),
                None => operation.conflicts.remove(&map),
            };
        }
        let maps = self.working.maps()?;
        self.transition(Transition { maps, operation: Some(operation), ..self.stay() })
    }

    /// Replaces the open conflicts of the operation under way, and saves the working state with them:
    /// for an adjuster that resolves conflicts of its own.
    ///
    /// # Errors
    /// There is no operation, the working state was changed by someone else (retryable), or the
    /// backend fails.
    pub fn replace_conflicts(
        &mut self,
        mut conflicts: Vec<(MapName, Conflict)>,
    ) -> Result<(), RepoError> {
        let mut operation = self.operation().cloned().ok_or(RepoError::NoOperation)?;
        conflicts.sort_by(|(a, x), (b, y)| (a, &x.key).cmp(&(b, &y.key)));
        operation.conflicts = self.record_conflicts(conflicts)?;
        let maps = self.working.maps()?;
        self.transition(Transition { maps, operation: Some(operation), ..self.stay() })
    }

    /// The content that the operation under way merges in.
    ///
    /// # Errors
    /// There is no operation, it takes a merge commit back and so does not tell from which parent, a
    /// commit is missing or damaged, or the backend fails.
    pub fn operation_theirs(&self) -> Result<Maps, RepoError> {
        let Operation { kind, other, .. } = self.operation().ok_or(RepoError::NoOperation)?;
        let commit = self.read_commit(other)?;
        match kind {
            OperationKind::Merge | OperationKind::CherryPick => Ok(commit.maps),
            OperationKind::Revert => self.parent_maps(other, &commit, None),
        }
    }

    /// Ends the operation under way with its commit.
    ///
    /// # Errors
    /// There is no operation, conflicts are open, someone else moved the head (retryable), or the
    /// backend fails.
    pub fn continue_operation(&mut self, message: Option<&str>) -> Result<CommitId, RepoError> {
        let Operation { kind, other, message: prepared, author, conflicts } =
            self.operation().cloned().ok_or(RepoError::NoOperation)?;
        if !conflicts.is_empty() {
            let count = conflicts.values().map(|map| map.count).sum();
            return Err(RepoError::Unresolved { count });
        }
        let message = message.map_or(prepared, str::to_owned);
        let maps = self.working.maps()?;
        let parents = self.parents(kind, other);
        self.commit_maps(maps, parents, author, message, &kind.to_string())
    }

    /// Ends the operation under way, and goes back to what is checked out.
    ///
    /// # Errors
    /// There is no operation, someone else moved the head (retryable), or the backend fails.
    pub fn abort_operation(&mut self) -> Result<(), RepoError> {
        self.operation().ok_or(RepoError::NoOperation)?;
        self.transition(Transition { operation: None, ..self.stay() })
    }

    /// Stores conflicts, one tree a map.
    pub(super) fn record_conflicts(
        &self,
        conflicts: Vec<(MapName, Conflict)>,
    ) -> Result<Maps, RepoError> {
        let mut maps = Maps::new();
        let mut conflicts = conflicts.into_iter().peekable();
        while let Some((map, first)) = conflicts.next() {
            let mut tree = ProllyTree::new(self.backend.clone(), Default::default());
            let mut next = Some(first);
            while let Some(conflict) = next {
                let bytes = conflict::encode(&conflict);
                let bytes = bytes.map_err(|source| BackendError::Record { id: None, source })?;
                tree.try_insert(conflict.key, bytes)?;
                next = conflicts.next_if(|(other, _)| *other == map).map(|(_, conflict)| conflict);
            }
            maps.extend(map_root(tree.try_snapshot()?).map(|root| (map, root)));
        }
        Ok(maps)
    }
}

fn decode(key: Vec<u8>, bytes: &[u8]) -> Result<Conflict, RepoError> {
    let conflict = conflict::decode(key, bytes);
    Ok(conflict.map_err(|source| BackendError::Record { id: None, source })?)
}
