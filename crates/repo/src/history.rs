//! The history of a key: which commits changed it, and to what.

use std::collections::{HashMap, HashSet};

use prollytree_tree::Value;

use crate::backend::Backend;
use crate::commit::Commit;
use crate::error::RepoError;
use crate::graph::{Ancestors, Queue};
use crate::id::CommitId;
use crate::log::LogEntry;
use crate::name::{MapName, RefName};
use crate::repository::{Repository, read_commit};
use crate::working::open_map;

/// A commit that changed a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyVersion {
    /// The commit.
    pub id: CommitId,
    /// What it says.
    pub commit: Commit,
    /// What it set the key to; `None` if it removed the key.
    pub value: Option<Value>,
}

/// The commits that changed a key, newest first.
///
/// A commit changed the key if its value differs from that in every parent. Where a parent has the
/// same value, the walk follows only that one: a merge that took over one side's value sends it along
/// that side. Commits whose map has the root of its parent's are passed without a look at the tree.
pub struct KeyHistory<B> {
    backend: B,
    map: MapName,
    key: Vec<u8>,
    queue: Queue,
    seen: HashSet<CommitId>,
    /// The key's value in the commits that wait.
    values: HashMap<CommitId, Option<Value>>,
}

impl<B: Backend> KeyHistory<B> {
    fn new(backend: B, map: &MapName, key: &[u8], from: CommitId) -> Result<Self, RepoError> {
        let mut history = Self {
            backend,
            map: map.clone(),
            key: key.to_vec(),
            queue: Queue::default(),
            seen: HashSet::from([from]),
            values: HashMap::new(),
        };
        let value = history.value_in(&read_commit(&history.backend, &from)?)?;
        history.enter(from, value)?;
        Ok(history)
    }

    fn value_in(&self, commit: &Commit) -> Result<Option<Value>, RepoError> {
        let Some(map) = commit.maps.get(&self.map) else { return Ok(None) };
        let tree = open_map(&self.backend, &self.map, Some(map), map.config)?;
        Ok(tree.get_value(&self.key)?)
    }

    fn enter(&mut self, id: CommitId, value: Option<Value>) -> Result<(), RepoError> {
        self.values.insert(id, value);
        self.queue.push(&self.backend, id)
    }

    fn step(&mut self) -> Result<Option<KeyVersion>, RepoError> {
        while let Some((id, commit)) = self.queue.pop() {
            let value = self.values.remove(&id).flatten();
            let mut changed = Vec::new();
            let mut same = None;
            for parent in &commit.parents {
                let before = read_commit(&self.backend, parent)?;
                let unchanged = before.maps.get(&self.map) == commit.maps.get(&self.map);
                let was = if unchanged { value.clone() } else { self.value_in(&before)? };
                if was == value {
                    same = Some((*parent, was));
                    break;
                }
                changed.push((*parent, was));
            }
            let is_change = same.is_none() && (value.is_some() || !commit.parents.is_empty());
            for (parent, was) in same.map_or(changed, |same| vec![same]) {
                if self.seen.insert(parent) {
                    self.enter(parent, was)?;
                }
            }
            if is_change {
                return Ok(Some(KeyVersion { id, commit, value }));
            }
        }
        Ok(None)
    }
}

impl<B: Backend> Iterator for KeyHistory<B> {
    type Item = Result<KeyVersion, RepoError>;

    /// The next version; behind an error the walk ends.
    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.queue = Queue::default();
        }
        item
    }
}

impl<B: Backend> Repository<B> {
    /// A commit and all its ancestors, newest first.
    ///
    /// # Errors
    /// The commit is missing or damaged, or the backend fails.
    pub fn log(&self, from: &CommitId) -> Result<Ancestors<B>, RepoError> {
        Ancestors::new(self.backend().clone(), [*from])
    }

    /// The commits that changed a key, newest first, read as the iteration goes on.
    ///
    /// # Errors
    /// The commit or its tree is missing or damaged, or the backend fails.
    pub fn history(
        &self,
        map: &MapName,
        key: &[u8],
        from: &CommitId,
    ) -> Result<KeyHistory<B>, RepoError> {
        KeyHistory::new(self.backend().clone(), map, key, *from)
    }

    /// The commit that last changed a key; `None` if the key never existed.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    pub fn blame(
        &self,
        map: &MapName,
        key: &[u8],
        from: &CommitId,
    ) -> Result<Option<KeyVersion>, RepoError> {
        self.history(map, key, from)?.next().transpose()
    }

    /// The newest moves of a ref, newest first.
    ///
    /// # Errors
    /// The backend fails or is damaged.
    pub fn reflog(&self, name: &RefName, limit: usize) -> Result<Vec<LogEntry>, RepoError> {
        Ok(self.backend().read_log(name, limit)?)
    }
}
