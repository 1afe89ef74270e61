//! The commits that changed the rows of a table, newest first.
//!
//! A commit changed a row if the row differs from that in every parent. Where it is the same in a
//! parent, its history goes on there alone: a merge that took over one side's row sends it along that
//! side. So each commit waits for the walk with the set of keys that it is asked for, which for most is
//! the set of all keys. Differences are read only where the roots of the table differ.

use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use prollytree_repo::{Backend, Commit, CommitId, RepoError};

use super::diff::{Differing, pair};
use super::keyset::KeySet;
use super::mapping::Mapping;
use super::rows::KeyedRows;
use super::source::Versions;
use crate::error::SqlError;
use crate::schema::Table;
use crate::version::{Keys, TableVersion, Version};

/// A row that a commit changed.
pub(super) struct Change {
    pub(super) commit: Arc<(CommitId, Commit)>,
    pub(super) row: Differing,
}

/// Finds ranges of keys in tables that look so.
type FindRanges = dyn Fn(&[&Arc<Table>]) -> Result<Vec<Keys>, SqlError>;

/// What is asked of a walk.
pub(super) struct Asked {
    /// The table, in whose columns rows are given.
    pub(super) table: Arc<Table>,
    /// The ranges of keys that matter.
    pub(super) ranges: Box<FindRanges>,
    /// Whether only the last change of each row is looked for.
    pub(super) only_last: bool,
}

/// A commit in line to be visited, the newest first.
type Waiting = (i64, CommitId);

pub(super) struct Walk<B> {
    versions: Arc<Versions<B>>,
    backend: B,
    asked: Asked,
    line: BinaryHeap<Waiting>,
    /// What the commits in line are asked for.
    wanted: HashMap<CommitId, KeySet>,
    /// What the commits that were visited had been asked for: wrong clocks can lead to one twice.
    done: HashMap<CommitId, KeySet>,
    commits: HashMap<CommitId, Commit>,
    found: VecDeque<Change>,
    /// The rows of a first commit, all of which it added.
    first_rows: Option<First>,
}

/// A first commit, and its rows.
struct First {
    commit: Arc<(CommitId, Commit)>,
    wanted: KeySet,
    rows: KeyedRows,
}

impl<B: Backend + 'static> Walk<B> {
    pub(super) fn new(
        versions: Arc<Versions<B>>,
        from: Option<CommitId>,
        asked: Asked,
    ) -> Result<Self, SqlError> {
        let backend = versions.database().repository().backend().clone();
        let mut walk = Self {
            versions,
            backend,
            asked,
            line: BinaryHeap::new(),
            wanted: HashMap::new(),
            done: HashMap::new(),
            commits: HashMap::new(),
            found: VecDeque::new(),
            first_rows: None,
        };
        if let Some(from) = from {
            walk.ask(from, &KeySet::all())?;
        }
        Ok(walk)
    }

    /// The next change.
    pub(super) fn next(&mut self) -> Result<Option<Change>, SqlError> {
        loop {
            if let Some(change) = self.found.pop_front() {
                return Ok(Some(change));
            }
            if let Some(First { commit, wanted, rows }) = &mut self.first_rows {
                for row in rows {
                    let (key, row) = row?;
                    if wanted.contains(&key) {
                        let row = Differing { key, old: None, new: Some(row) };
                        return Ok(Some(Change { commit: commit.clone(), row }));
                    }
                }
                self.first_rows = None;
            }
            let Some((_, id)) = self.line.pop() else { return Ok(None) };
            self.visit(id)?;
        }
    }

    fn commit(&mut self, id: &CommitId) -> Result<Commit, SqlError> {
        if let Some(commit) = self.commits.get(id) {
            return Ok(commit.clone());
        }
        let commit = self.backend.read_commit(id).map_err(RepoError::from)?;
        let commit = commit.ok_or(RepoError::MissingCommit { id: *id })?;
        self.commits.insert(*id, commit.clone());
        Ok(commit)
    }

    fn ask(&mut self, id: CommitId, keys: &KeySet) -> Result<(), SqlError> {
        if keys.is_empty() {
            return Ok(());
        }
        if let Some(wanted) = self.wanted.get_mut(&id) {
            wanted.add(keys);
            return Ok(());
        }
        let seconds = self.commit(&id)?.time.seconds;
        self.wanted.insert(id, keys.clone());
        self.line.push((seconds, id));
        Ok(())
    }

    fn visit(&mut self, id: CommitId) -> Result<(), SqlError> {
        let Some(mut wanted) = self.wanted.remove(&id) else { return Ok(()) };
        let done = self.done.entry(id).or_insert_with(KeySet::none);
        wanted.subtract(done);
        done.add(&wanted);
        let commit = Arc::new((id, self.commit(&id)?));
        self.commits.remove(&id);
        let after = self.versions.of_maps(&self.backend, commit.1.maps.clone())?;
        let Some((first, others)) = commit.1.parents.split_first() else {
            return self.visit_first(commit.clone(), wanted, &after);
        };
        let mut befores = Vec::new();
        for parent in others {
            let maps = self.commit(parent)?.maps;
            let version = self.versions.of_maps(&self.backend, maps)?;
            befores.push((*parent, version, KeySet::none()));
        }
        let before = self.commit(first)?.maps;
        let before = self.versions.of_maps(&self.backend, before)?;
        // What the first parent is asked for: all that it does not differ in, and what no parent has.
        let mut rest = wanted.clone();
        for row in self.differing(&before, &after)? {
            if !wanted.contains(&row.key) {
                continue;
            }
            rest.remove(&row.key);
            match self.parent_with(&row, &after, &befores)? {
                Some(at) => befores[at].2.insert(&row.key),
                None => {
                    if !self.asked.only_last {
                        rest.insert(&row.key);
                        befores.iter_mut().for_each(|(_, _, keys)| keys.insert(&row.key));
                    }
                    self.found.push_back(Change { commit: commit.clone(), row });
                }
            }
        }
        self.ask(*first, &rest)?;
        for (parent, _, keys) in befores {
            self.ask(parent, &keys)?;
        }
        Ok(())
    }

    /// Visits a commit without parents, which added all rows that it has.
    fn visit_first(
        &mut self,
        commit: Arc<(CommitId, Commit)>,
        wanted: KeySet,
        version: &Version<B>,
    ) -> Result<(), SqlError> {
        let Some((_, table)) = pair(version, version, &self.asked.table.name)? else {
            return Ok(());
        };
        let ranges = (self.asked.ranges)(&[table.table()])?;
        let mapping = Mapping::new(&self.asked.table, table.table())?;
        let rows = ranges.into_iter().flat_map(move |keys| table.scan(keys, false).rows());
        let rows = mapping.map_all(Box::new(rows));
        self.first_rows = Some(First { commit, wanted, rows });
        Ok(())
    }

    /// The rows that differ between two versions, in the columns that are asked for.
    fn differing(
        &self,
        before: &Version<B>,
        after: &Version<B>,
    ) -> Result<Vec<Differing>, SqlError> {
        let mut differing = Vec::new();
        let Some((old, new)) = pair(before, after, &self.asked.table.name)? else {
            return Ok(differing);
        };
        if is_same(&old, &new) {
            return Ok(differing);
        }
        let target = &self.asked.table;
        let mappings = (Mapping::new(target, old.table())?, Mapping::new(target, new.table())?);
        for range in (self.asked.ranges)(&[old.table(), new.table()])? {
            old.diff_keys(&new, &range, |found| {
                let old = found.before.map(|row| mappings.0.map(row)).transpose()?;
                let new = found.after.map(|row| mappings.1.map(row)).transpose()?;
                // A column that was dropped rewrote the row, and did not change what is left.
                if old != new {
                    differing.push(Differing { key: found.key, old, new });
                }
                Ok(true)
            })?;
        }
        Ok(differing)
    }

    /// The place of the parent, among others than the first, that has a row as it is now.
    fn parent_with(
        &self,
        row: &Differing,
        after: &Version<B>,
        parents: &[(CommitId, Version<B>, KeySet)],
    ) -> Result<Option<usize>, SqlError> {
        for (at, (_, version, _)) in parents.iter().enumerate() {
            let there = match pair(version, after, &self.asked.table.name)? {
                Some((table, _)) => {
                    let mapping = Mapping::new(&self.asked.table, table.table())?;
                    table.get(&row.key)?.map(|row| mapping.map(row)).transpose()?
                }
                None => None,
            };
            if there == row.new {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}

/// Whether two versions of a table have the same bytes.
fn is_same<B: Backend + 'static>(a: &TableVersion<B>, b: &TableVersion<B>) -> bool {
    a.table() == b.table() && a.len() == b.len() && a.snapshot().root() == b.snapshot().root()
}
