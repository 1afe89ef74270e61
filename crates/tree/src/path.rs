//! Paths: a position among the nodes of one level.

use crate::chunker::Item;
use crate::error::TreeError;
use crate::hash::Hash;
use crate::node::{Child, Node};
use crate::object::ObjectKind;
use crate::storage::{Locator, NodeStorage};

/// Reads a child and checks that its level and count are what the parent says.
///
/// The level falls by one at each step, so that every descent ends, whatever the storage returns.
pub(crate) fn load_child<S: NodeStorage>(
    storage: &S,
    parent: &Node,
    i: usize,
) -> Result<Node, TreeError> {
    load(storage, &parent.child(i), parent.level() - 1)
}

pub(crate) fn load<S: NodeStorage>(
    storage: &S,
    child: &Child,
    level: u8,
) -> Result<Node, TreeError> {
    let node = follow(storage, (child.hash, child.locator), level)?;
    if node.count() != child.count {
        return Err(TreeError::Misfit { hash: child.hash, what: "count" });
    }
    Ok(node)
}

/// As [`load`], for a descent that does not care how many entries lie below.
pub(crate) fn follow<S: NodeStorage>(
    storage: &S,
    (hash, locator): (Hash, Locator),
    level: u8,
) -> Result<Node, TreeError> {
    let node = storage
        .read_node(&hash, locator)
        .map_err(|source| TreeError::storage(ObjectKind::Node, hash, source))?
        .ok_or(TreeError::MissingNode { hash })?;
    if node.level() != level {
        return Err(TreeError::Misfit { hash, what: "level" });
    }
    Ok(node)
}

/// A node above the position, and which of its children leads there.
#[derive(Clone)]
struct Step {
    node: Node,
    index: usize,
}

/// A position among the nodes of one level of a tree.
pub(crate) struct Path<'s, S> {
    storage: &'s S,
    /// From the root down to the parent of `node`; empty if `node` is the root.
    steps: Vec<Step>,
    node: Node,
    level: u8,
}

impl<S> Clone for Path<'_, S> {
    fn clone(&self) -> Self {
        Self {
            storage: self.storage,
            steps: self.steps.clone(),
            node: self.node.clone(),
            level: self.level,
        }
    }
}

impl<'s, S: NodeStorage> Path<'s, S> {
    /// The node of `level`, which is at most the root's, to which `choose` leads from the root.
    fn new(
        storage: &'s S,
        root: &Node,
        level: u8,
        choose: impl FnMut(&Node) -> usize,
    ) -> Result<Self, TreeError> {
        let mut steps = Vec::new();
        let node = descend(storage, root.clone(), level, &mut steps, choose)?;
        Ok(Self { storage, steps, node, level })
    }

    /// The first node of `level`.
    pub(crate) fn first(storage: &'s S, root: &Node, level: u8) -> Result<Self, TreeError> {
        Self::new(storage, root, level, |_| 0)
    }

    /// The last node of `level`.
    pub(crate) fn last(storage: &'s S, root: &Node, level: u8) -> Result<Self, TreeError> {
        Self::new(storage, root, level, |node| node.len() - 1)
    }

    /// The node of `level` in which `key` lies or would lie.
    pub(crate) fn find(
        storage: &'s S,
        root: &Node,
        level: u8,
        key: &[u8],
    ) -> Result<Self, TreeError> {
        Self::new(storage, root, level, |node| child_of(node, key))
    }

    /// The leaf in which the entry of this rank lies, and the rank within it.
    pub(crate) fn select(
        storage: &'s S,
        root: &Node,
        rank: u64,
    ) -> Result<(Self, usize), TreeError> {
        let mut rest = rank;
        let path = Self::new(storage, root, 0, |node| {
            let i = node.child_of_rank(rest).min(node.len() - 1);
            rest -= node.count_before(i);
            i
        })?;
        Ok((path, rest as usize))
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// How many entries lie in the leaves before the node.
    pub(crate) fn rank(&self) -> u64 {
        self.steps.iter().map(|step| step.node.count_before(step.index)).sum()
    }

    /// The last key of the node, by which its parent knows it; empty if the tree is.
    pub(crate) fn key(&self) -> Vec<u8> {
        match (self.steps.last(), self.node.len().checked_sub(1)) {
            (Some(step), _) => step.node.key(step.index),
            (None, Some(last)) => self.node.key(last),
            (None, None) => Vec::new(),
        }
    }

    /// The node as its parent knows it; `None` for the root.
    pub(crate) fn child(&self) -> Option<Child> {
        self.steps.last().map(|step| step.node.child(step.index))
    }

    pub(crate) fn is_last(&self) -> bool {
        self.steps.iter().all(|step| step.index + 1 == step.node.len())
    }

    /// The node before this one, as its parent knows it, and its key; `None` at the first node.
    pub(crate) fn previous(&self) -> Result<Option<Item>, TreeError> {
        if let Some(step) = self.steps.last()
            && let Some(i) = step.index.checked_sub(1)
        {
            return Ok(Some(Item { key: step.node.key(i), child: step.node.child(i) }));
        }
        let mut before = self.clone();
        Ok(if before.retreat()? {
            before.child().map(|child| Item { key: before.key(), child })
        } else {
            None
        })
    }

    /// Moves on to the node in which `key` lies, which must not lie before the present one.
    pub(crate) fn seek(&mut self, key: &[u8]) -> Result<(), TreeError> {
        // Climb only as far as needed: runs of edits mostly share their upper nodes.
        let lies_below = |step: &Step| step.node.lower_bound(key) < step.node.len();
        let Some(last) = self.steps.len().checked_sub(1) else { return Ok(()) };
        let up = self.steps.iter().rposition(lies_below).unwrap_or(0);
        let index = child_of(&self.steps[up].node, key);
        if up == last && index == self.steps[up].index {
            return Ok(());
        }
        self.turn(up, index, |node| child_of(node, key))
    }

    /// Moves to the next node, or stays and returns false at the last.
    pub(crate) fn advance(&mut self) -> Result<bool, TreeError> {
        let Some(up) = self.steps.iter().rposition(|step| step.index + 1 < step.node.len()) else {
            return Ok(false);
        };
        self.turn(up, self.steps[up].index + 1, |_| 0)?;
        Ok(true)
    }

    /// Moves to the previous node, or stays and returns false at the first.
    pub(crate) fn retreat(&mut self) -> Result<bool, TreeError> {
        let Some(up) = self.steps.iter().rposition(|step| step.index > 0) else {
            return Ok(false);
        };
        self.turn(up, self.steps[up].index - 1, |node| node.len() - 1)?;
        Ok(true)
    }

    /// Takes another child of step `up` and descends from there. After an error the path is where it
    /// was, so that whoever reads on after a passing failure misses nothing.
    fn turn(
        &mut self,
        up: usize,
        index: usize,
        choose: impl FnMut(&Node) -> usize,
    ) -> Result<(), TreeError> {
        let child = load_child(self.storage, &self.steps[up].node, index)?;
        let mut below = Vec::new();
        self.node = descend(self.storage, child, self.level, &mut below, choose)?;
        self.steps.truncate(up + 1);
        self.steps[up].index = index;
        self.steps.append(&mut below);
        Ok(())
    }
}

/// Goes down from `node` to `level`, and notes the way.
fn descend<S: NodeStorage>(
    storage: &S,
    mut node: Node,
    level: u8,
    steps: &mut Vec<Step>,
    mut choose: impl FnMut(&Node) -> usize,
) -> Result<Node, TreeError> {
    while node.level() > level {
        let index = choose(&node);
        let child = load_child(storage, &node, index)?;
        steps.push(Step { node: std::mem::replace(&mut node, child), index });
    }
    Ok(node)
}

/// The child in which `key` lies or would lie: the last one if it lies behind all.
fn child_of(node: &Node, key: &[u8]) -> usize {
    node.lower_bound(key).min(node.len() - 1)
}
