//! The oracle: plain maps for every commit, and the operations done on them key by key.

use std::collections::{BTreeMap, BTreeSet};

use prollytree_repo::{CommitId, MapName};

pub(crate) type Key = (MapName, Vec<u8>);
pub(crate) type Content = BTreeMap<Key, Vec<u8>>;

#[derive(Clone, Debug)]
pub(crate) struct ModelCommit {
    pub(crate) content: Content,
    pub(crate) parents: Vec<CommitId>,
    pub(crate) seconds: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) commits: BTreeMap<CommitId, ModelCommit>,
    pub(crate) branches: BTreeMap<String, CommitId>,
    /// The order in which commits were made.
    pub(crate) order: Vec<CommitId>,
    pub(crate) head: String,
    pub(crate) working: Content,
    /// The working state as it would be after a restart.
    pub(crate) saved: Content,
}

/// Which value a conflict gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    Ours,
    Theirs,
    Base,
}

impl Model {
    pub(crate) fn tip(&self) -> Option<CommitId> {
        self.branches.get(&self.head).copied()
    }

    pub(crate) fn content(&self, id: Option<CommitId>) -> Content {
        id.map(|id| self.commits[&id].content.clone()).unwrap_or_default()
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.working != self.content(self.tip())
    }

    /// Notes a commit that became the tip, with a clean working state.
    pub(crate) fn committed(&mut self, id: CommitId, commit: ModelCommit) {
        self.working = commit.content.clone();
        self.saved = self.working.clone();
        self.order.push(id);
        self.commits.insert(id, commit);
        self.branches.insert(self.head.clone(), id);
    }

    pub(crate) fn ancestors(&self, of: CommitId) -> BTreeSet<CommitId> {
        let (mut seen, mut next) = (BTreeSet::new(), vec![of]);
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(&self.commits[&id].parents);
            }
        }
        seen
    }

    /// The common ancestors that are no ancestors of other common ancestors, oldest first.
    pub(crate) fn merge_bases(&self, a: CommitId, b: CommitId) -> Vec<CommitId> {
        let (a, b) = (self.ancestors(a), self.ancestors(b));
        let common: Vec<_> = a.intersection(&b).copied().collect();
        let best = |id: &CommitId| {
            !common.iter().any(|other| other != id && self.ancestors(*other).contains(id))
        };
        let mut best: Vec<_> = common.iter().copied().filter(best).collect();
        best.sort_by_key(|id| (self.commits[id].seconds, *id));
        best
    }

    pub(crate) fn base_content(&self, bases: &[CommitId]) -> Content {
        let Some((first, rest)) = bases.split_first() else { return Content::new() };
        let mut merged = self.commits[first].content.clone();
        let mut last = *first;
        for next in rest {
            let base = self.base_content(&self.merge_bases(last, *next));
            merged = merge(&base, &merged, &self.commits[next].content, Pick::Base).0;
            last = *next;
        }
        merged
    }

    /// The value of a key in each commit that changed it, among those that the walk reaches.
    pub(crate) fn history(&self, key: &Key, from: CommitId) -> BTreeMap<CommitId, Option<Vec<u8>>> {
        let value = |id: &CommitId| self.commits[id].content.get(key).cloned();
        let (mut found, mut seen, mut next) = (BTreeMap::new(), BTreeSet::new(), vec![from]);
        while let Some(id) = next.pop() {
            if !seen.insert(id) {
                continue;
            }
            let parents = &self.commits[&id].parents;
            match parents.iter().find(|parent| value(parent) == value(&id)) {
                Some(same) => next.push(*same),
                None => {
                    if !parents.is_empty() || value(&id).is_some() {
                        found.insert(id, value(&id));
                    }
                    next.extend(parents);
                }
            }
        }
        found
    }

    pub(crate) fn blame(&self, key: &Key, from: CommitId) -> Option<CommitId> {
        let value = |id: &CommitId| self.commits[id].content.get(key).cloned();
        let mut id = from;
        loop {
            let parents = &self.commits[&id].parents;
            match parents.iter().find(|parent| value(parent) == value(&id)) {
                Some(same) => id = *same,
                None if parents.is_empty() && value(&id).is_none() => return None,
                None => return Some(id),
            }
        }
    }
}

/// Merges key by key; returns the result, with `pick` on conflicts, and the keys in conflict.
pub(crate) fn merge(
    base: &Content,
    ours: &Content,
    theirs: &Content,
    pick: Pick,
) -> (Content, Vec<Key>) {
    let keys: BTreeSet<_> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    let (mut merged, mut conflicts) = (Content::new(), Vec::new());
    for key in keys {
        let (b, o, t) = (base.get(key), ours.get(key), theirs.get(key));
        let value = if o == t || b == t {
            o
        } else if b == o {
            t
        } else {
            conflicts.push(key.clone());
            match pick {
                Pick::Ours => o,
                Pick::Theirs => t,
                Pick::Base => b,
            }
        };
        merged.extend(value.map(|value| (key.clone(), value.clone())));
    }
    (merged, conflicts)
}
