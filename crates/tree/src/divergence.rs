//! Where two trees differ, found by their hashes alone.
//!
//! Both trees are walked side by side. Subtrees with equal names are passed over unread; what is left
//! are runs of leaves, at most as long as the stretch between two boundaries that both trees share.
//! Diff, merge and sync all stand on this.

use std::cmp::Ordering;

use crate::chunker::Item;
use crate::edit::Root;
use crate::error::TreeError;
use crate::hash::Hash;
use crate::node::{Node, compare_keys};
use crate::path::load_child;
use crate::storage::NodeStorage;

/// A range of keys that the two trees may fill differently: the leaves of both sides there.
#[derive(Debug)]
pub(crate) struct Divergence {
    /// The last key before the range, or `None` if it begins with the trees.
    pub(crate) behind: Option<Vec<u8>>,
    /// The last key of the range, or `None` if it ends with the trees.
    pub(crate) up_to: Option<Vec<u8>>,
    pub(crate) before: Vec<Item>,
    pub(crate) after: Vec<Item>,
}

impl Divergence {
    /// Whether the whole range lies before another.
    pub(crate) fn lies_before(&self, other: &Self) -> bool {
        match (&self.up_to, &other.behind) {
            (Some(end), Some(start)) => end <= start,
            _ => false,
        }
    }
}

/// Finds the divergences of two trees, in key order. O(nodes that differ).
pub(crate) struct Divergences<'s, A, B> {
    before: Walker<'s, A>,
    after: Walker<'s, B>,
}

impl<'s, A: NodeStorage, B: NodeStorage> Divergences<'s, A, B> {
    /// Skips what lies wholly before `start`.
    pub(crate) fn new(
        (before_storage, before): (&'s A, &'s Root),
        (after_storage, after): (&'s B, &'s Root),
        start: &[u8],
    ) -> Result<Self, TreeError> {
        let mut walkers = Self {
            before: Walker::new(before_storage, before),
            after: Walker::new(after_storage, after),
        };
        if !start.is_empty() && before.hash != after.hash {
            walkers.before.seek(start)?;
            walkers.after.seek(start)?;
        }
        Ok(walkers)
    }

    pub(crate) fn next(&mut self) -> Result<Option<Divergence>, TreeError> {
        loop {
            let (before, after) = (&mut self.before, &mut self.after);
            match (before.top(), after.top()) {
                (None, None) => return Ok(None),
                (Some(a), Some(b)) if a == b => {
                    before.skip();
                    after.skip();
                }
                (Some((a, _)), Some((b, _))) if a > 0 || b > 0 => {
                    if a >= b {
                        before.enter()?;
                    }
                    if b >= a {
                        after.enter()?;
                    }
                }
                _ => return self.run().map(Some),
            }
        }
    }

    /// Takes leaves from both sides until both end at the same key.
    fn run(&mut self) -> Result<Divergence, TreeError> {
        let behind = self.before.previous_key().or_else(|| self.after.previous_key());
        let (mut before, mut after) = (Vec::new(), Vec::new());
        loop {
            let order = last_key(&before).cmp(&last_key(&after));
            if order.is_eq() && !before.is_empty() {
                let up_to = last_key(&before).map(<[u8]>::to_vec);
                return Ok(Divergence { behind, up_to, before, after });
            }
            // The side that is behind goes on; once it has ended, the other drains.
            let before_goes_on = match order {
                Ordering::Greater => self.after.is_done(),
                Ordering::Less => !self.before.is_done(),
                Ordering::Equal => !self.before.is_done(),
            };
            if before_goes_on && !self.before.is_done() {
                before.push(self.before.take_leaf()?);
            } else if !self.after.is_done() {
                after.push(self.after.take_leaf()?);
            } else {
                return Ok(Divergence { behind, up_to: None, before, after });
            }
        }
    }
}

fn last_key(items: &[Item]) -> Option<&[u8]> {
    items.last().map(|item| item.key.as_slice())
}

/// A walk over the nodes of a tree that enters only the subtrees it is told to.
struct Walker<'s, S> {
    storage: &'s S,
    /// The root, until it is entered or skipped.
    root: Option<&'s Root>,
    /// The nodes that were entered, and the child of each that is next.
    steps: Vec<(Node, usize)>,
}

impl<'s, S: NodeStorage> Walker<'s, S> {
    fn new(storage: &'s S, root: &'s Root) -> Self {
        let root = (!root.node.is_empty()).then_some(root);
        Self { storage, root, steps: Vec::new() }
    }

    fn is_done(&self) -> bool {
        self.root.is_none() && self.steps.is_empty()
    }

    /// The level and the name of the next subtree.
    fn top(&self) -> Option<(u8, Hash)> {
        match (self.root, self.steps.last()) {
            (Some(root), _) => Some((root.node.level(), root.hash)),
            (None, Some((node, i))) => Some((node.level() - 1, node.child(*i).hash)),
            (None, None) => None,
        }
    }

    /// Makes the next subtree's first child the next subtree. The next subtree must not be a leaf.
    fn enter(&mut self) -> Result<(), TreeError> {
        match (self.root.take(), self.steps.last()) {
            (Some(root), _) => self.steps.push((root.node.clone(), 0)),
            (None, Some((node, i))) => {
                let child = load_child(self.storage, node, *i)?;
                if !self.fits(&child, node, *i) {
                    return Err(TreeError::Misfit { hash: node.child(*i).hash, what: "key" });
                }
                self.steps.push((child, 0));
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Whether an inner node's keys lie where its parent says.
    ///
    /// Without this check a tree that shares a child between parents could be walked for ever.
    fn fits(&self, child: &Node, parent: &Node, i: usize) -> bool {
        let behind = self
            .before_next()
            .is_none_or(|(node, before)| compare_keys(node, before, child, 0) == Ordering::Less);
        behind && compare_keys(child, child.len() - 1, parent, i) == Ordering::Equal
    }

    /// Passes the next subtree over.
    fn skip(&mut self) {
        self.root = None;
        while let Some((node, i)) = self.steps.last_mut() {
            *i += 1;
            if *i < node.len() {
                break;
            }
            self.steps.pop();
        }
    }

    /// Passes over what lies wholly before `key`.
    fn seek(&mut self, key: &[u8]) -> Result<(), TreeError> {
        while let Some((level, _)) = self.top() {
            if level == 0 {
                break;
            }
            self.enter()?;
            if let Some((node, i)) = self.steps.last_mut() {
                *i = node.lower_bound(key);
                if *i == node.len() {
                    // Only the root: every other node was chosen for holding `key` or more.
                    self.steps.pop();
                    break;
                }
            }
        }
        Ok(())
    }

    /// The key before the next subtree, or `None` at the start or behind the end.
    fn previous_key(&self) -> Option<Vec<u8>> {
        self.before_next().map(|(node, i)| node.key(i))
    }

    /// The entry under that key.
    fn before_next(&self) -> Option<(&Node, usize)> {
        let (node, i) = self.steps.iter().rev().find(|(_, i)| *i > 0)?;
        Some((node, i - 1))
    }

    fn take_leaf(&mut self) -> Result<Item, TreeError> {
        while self.top().is_some_and(|(level, _)| level > 0) {
            self.enter()?;
        }
        let item = match (self.root, self.steps.last()) {
            (None, Some((node, i))) => Item { key: node.key(*i), child: node.child(*i) },
            (Some(root), _) => root.as_item(),
            (None, None) => Root::empty().as_item(),
        };
        self.skip();
        Ok(item)
    }
}
