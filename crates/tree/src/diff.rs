//! The difference of two trees, key by key.

use std::ops::{Bound, RangeBounds};
use std::vec::IntoIter;

use crate::chunker::Item;
use crate::divergence::{Divergence, Divergences};
use crate::error::TreeError;
use crate::node::{Node, compare_keys};
use crate::path::load;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;
use crate::value::Value;

/// A key whose value differs between two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key.
    pub key: Vec<u8>,
    /// Its value in the first tree, or `None` if the key was added.
    pub before: Option<Value>,
    /// Its value in the second tree, or `None` if the key was removed.
    pub after: Option<Value>,
}

impl Difference {
    /// The same difference seen from the other tree.
    pub fn inverted(self) -> Self {
        Self { key: self.key, before: self.after, after: self.before }
    }
}

/// The differences of two trees in a range of keys, in key order.
///
/// Reads only nodes that differ: O(differences · log entries), independent of the size of the trees.
/// The iteration ends behind an error.
pub struct Diff<'s, A, B> {
    before: &'s Snapshot<A>,
    after: &'s Snapshot<B>,
    divergences: Divergences<'s, A, B>,
    points: Option<Points<'s, A, B>>,
    start: Vec<u8>,
    end: Bound<Vec<u8>>,
    done: bool,
}

impl<'s, A: NodeStorage, B: NodeStorage> Diff<'s, A, B> {
    pub(crate) fn new<'k>(
        before: &'s Snapshot<A>,
        after: &'s Snapshot<B>,
        range: impl RangeBounds<&'k [u8]>,
    ) -> Result<Self, TreeError> {
        if before.config != after.config {
            return Err(TreeError::ConfigMismatch);
        }
        let start = match range.start_bound() {
            Bound::Unbounded => Vec::new(),
            Bound::Included(key) => key.to_vec(),
            Bound::Excluded(key) => [key, &[0][..]].concat(),
        };
        let divergences = Divergences::new(
            (&before.storage, &before.root),
            (&after.storage, &after.root),
            &start,
        )?;
        let end = range.end_bound().map(|key| key.to_vec());
        Ok(Self { before, after, divergences, points: None, start, end, done: false })
    }

    fn step(&mut self) -> Result<Option<Difference>, TreeError> {
        loop {
            if let Some(points) = &mut self.points {
                while let Some(difference) = points.next()? {
                    if is_behind(&self.end, &difference.key) {
                        return Ok(None);
                    }
                    if difference.key >= self.start {
                        return Ok(Some(difference));
                    }
                }
            }
            match self.divergences.next()? {
                Some(run) if !run.behind.as_ref().is_some_and(|key| self.is_last(key)) => {
                    self.points = Some(Points::new(&self.before.storage, &self.after.storage, run));
                }
                _ => return Ok(None),
            }
        }
    }

    /// Whether no key behind `key` lies in the range.
    fn is_last(&self, key: &[u8]) -> bool {
        match &self.end {
            Bound::Included(end) | Bound::Excluded(end) => key >= end.as_slice(),
            Bound::Unbounded => false,
        }
    }
}

fn is_behind(end: &Bound<Vec<u8>>, key: &[u8]) -> bool {
    match end {
        Bound::Included(end) => key > end.as_slice(),
        Bound::Excluded(end) => key >= end.as_slice(),
        Bound::Unbounded => false,
    }
}

impl<A: NodeStorage, B: NodeStorage> Iterator for Diff<'_, A, B> {
    type Item = Result<Difference, TreeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.step().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

/// The differences within one divergence.
pub(crate) struct Points<'s, A, B> {
    before: Leaves<'s, A>,
    after: Leaves<'s, B>,
}

impl<'s, A: NodeStorage, B: NodeStorage> Points<'s, A, B> {
    pub(crate) fn new(before: &'s A, after: &'s B, run: Divergence) -> Self {
        Self { before: Leaves::new(before, run.before), after: Leaves::new(after, run.after) }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Difference>, TreeError> {
        loop {
            let (before, after) = (self.before.entry()?, self.after.entry()?);
            let order = match (&before, &after) {
                (None, None) => return Ok(None),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((a, i)), Some((b, j))) => compare_keys(a, *i, b, *j),
            };
            let before = before.filter(|_| order.is_le());
            let after = after.filter(|_| order.is_ge());
            if let (Some((a, i)), Some((b, j))) = (&before, &after)
                && a.value(*i) == b.value(*j)
            {
                self.before.index += 1;
                self.after.index += 1;
                continue;
            }
            let key = before.as_ref().or(after.as_ref()).map(|(node, i)| node.key(*i));
            self.before.index += usize::from(before.is_some());
            self.after.index += usize::from(after.is_some());
            return Ok(Some(Difference {
                key: key.unwrap_or_default(),
                before: before.map(|(node, i)| node.value(i).to_value()),
                after: after.map(|(node, i)| node.value(i).to_value()),
            }));
        }
    }
}

/// The entries of a run of leaves, loaded one at a time.
struct Leaves<'s, S> {
    storage: &'s S,
    items: IntoIter<Item>,
    leaf: Option<Node>,
    index: usize,
}

impl<'s, S: NodeStorage> Leaves<'s, S> {
    fn new(storage: &'s S, items: Vec<Item>) -> Self {
        Self { storage, items: items.into_iter(), leaf: None, index: 0 }
    }

    /// The present entry, or `None` behind the last.
    fn entry(&mut self) -> Result<Option<(Node, usize)>, TreeError> {
        loop {
            if let Some(leaf) = &self.leaf
                && self.index < leaf.len()
            {
                return Ok(Some((leaf.clone(), self.index)));
            }
            let Some(item) = self.items.next() else { return Ok(None) };
            self.leaf = Some(load(self.storage, &item.child, 0)?);
            self.index = 0;
        }
    }
}

impl<S: NodeStorage> Snapshot<S> {
    /// The differences from this tree to another, in a range of keys.
    ///
    /// The trees may lie in different storages. Reads only nodes that differ.
    ///
    /// # Errors
    /// The trees have different configurations, a node is missing or damaged, or a storage fails.
    pub fn diff<'s, 'k, B: NodeStorage>(
        &'s self,
        other: &'s Snapshot<B>,
        range: impl RangeBounds<&'k [u8]>,
    ) -> Result<Diff<'s, S, B>, TreeError> {
        Diff::new(self, other, range)
    }
}
