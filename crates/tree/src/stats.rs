//! What a tree is made of.

use std::collections::HashSet;
use std::fmt;

use crate::error::TreeError;
use crate::hash::Hash;
use crate::node::{Child, Node};
use crate::path::load;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;

/// Counts and sizes of the nodes of one level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LevelStats {
    /// How many nodes the level has.
    pub nodes: u64,
    /// How many entries, or children, they hold.
    pub entries: u64,
    /// Their encoded size, in bytes.
    pub size_bytes: u64,
    /// The smallest node, in bytes.
    pub min_bytes: u64,
    /// The largest node, in bytes.
    pub max_bytes: u64,
    /// The sum of the squared sizes, for the deviation.
    squares: f64,
}

impl LevelStats {
    /// The mean node size, in bytes.
    pub fn mean_bytes(&self) -> f64 {
        if self.nodes == 0 { 0.0 } else { self.size_bytes as f64 / self.nodes as f64 }
    }

    /// The standard deviation of the node size over its mean.
    pub fn variation(&self) -> f64 {
        let mean = self.mean_bytes();
        if self.nodes == 0 || mean == 0.0 {
            return 0.0;
        }
        let variance = self.squares / self.nodes as f64 - mean * mean;
        variance.max(0.0).sqrt() / mean
    }

    fn add(&mut self, node: &Node) {
        let size = node.bytes().len() as u64;
        self.min_bytes = if self.nodes == 0 { size } else { self.min_bytes.min(size) };
        self.max_bytes = self.max_bytes.max(size);
        self.nodes += 1;
        self.entries += node.len() as u64;
        self.size_bytes += size;
        self.squares += (size as f64).powi(2);
    }
}

/// Statistics of a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreeStats {
    /// How many entries the tree has.
    pub entries: u64,
    /// One per level, from the leaves up.
    pub levels: Vec<LevelStats>,
    /// How many values lie out of line.
    pub blobs: u64,
    /// Their total length, in bytes, shared chunks counted as often as they are referred to.
    pub blob_bytes: u64,
}

impl TreeStats {
    /// How many nodes the tree has.
    pub fn nodes(&self) -> u64 {
        self.levels.iter().map(|level| level.nodes).sum()
    }

    /// The encoded size of all nodes, in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.levels.iter().map(|level| level.size_bytes).sum()
    }
}

/// How much of a tree is also in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Nodes of the tree that the other has too.
    pub shared_nodes: u64,
    /// Nodes that only this tree has.
    pub own_nodes: u64,
    /// The size of the nodes that only this tree has, in bytes.
    pub own_bytes: u64,
}

impl<S: NodeStorage> Snapshot<S> {
    /// Counts and measures all nodes. O(nodes).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn stats(&self) -> Result<TreeStats, TreeError> {
        let mut stats = TreeStats { entries: self.len(), ..TreeStats::default() };
        stats.levels.resize(usize::from(self.height()), LevelStats::default());
        self.walk(|_, node| {
            stats.levels[usize::from(node.level())].add(node);
            for blob in node.blobs() {
                stats.blobs += 1;
                stats.blob_bytes += blob.len;
            }
            true
        })?;
        Ok(stats)
    }

    /// How many of this tree's nodes are also in `other`. O(nodes of both).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn sharing_with<B: NodeStorage>(&self, other: &Snapshot<B>) -> Result<Sharing, TreeError> {
        let mut known = HashSet::new();
        other.walk(|hash, _| known.insert(*hash))?;
        let mut sharing = Sharing::default();
        self.walk(|hash, node| {
            if known.contains(hash) {
                sharing.shared_nodes += 1;
            } else {
                sharing.own_nodes += 1;
                sharing.own_bytes += node.bytes().len() as u64;
            }
            true
        })?;
        Ok(sharing)
    }

    /// The node of a child, or the root, which is at hand and not stored if the tree is empty.
    fn node(&self, child: &Child, level: u8) -> Result<Node, TreeError> {
        if child.hash == self.root.hash {
            return Ok(self.root.node.clone());
        }
        load(&self.storage, child, level)
    }

    /// Visits every node before its children; `enter` tells whether to go on to those.
    fn walk(&self, mut enter: impl FnMut(&Hash, &Node) -> bool) -> Result<(), TreeError> {
        let mut pending = vec![(self.root.as_item().child, self.root.node.level())];
        while let Some((child, level)) = pending.pop() {
            let node = self.node(&child, level)?;
            if enter(&child.hash, &node) {
                pending.extend(node.children().rev().map(|child| (child, level.wrapping_sub(1))));
            }
        }
        Ok(())
    }

    /// A picture of the tree, one node a line, for people.
    ///
    /// Shows the first and the last children of a node where it has more than `width`.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn picture(&self, width: usize) -> Result<String, TreeError> {
        let mut picture = String::new();
        let root = Line::Node(self.root.as_item().child);
        let mut pending = vec![(self.root.node.level(), root)];
        while let Some((level, line)) = pending.pop() {
            let indent = usize::from(self.root.node.level() - level);
            picture.extend(std::iter::repeat_n("  ", indent));
            let child = match line {
                Line::Left(count) => {
                    picture.push_str(&format!("… {count} more\n"));
                    continue;
                }
                Line::Node(child) => child,
            };
            let node = self.node(&child, level)?;
            picture.push_str(&format!("{}\n", NodeLine { hash: &child.hash, node: &node }));
            let children: Vec<_> = node.children().collect();
            let shown = if children.len() > width { width } else { children.len() };
            let (head, rest) = children.split_at(shown.div_ceil(2));
            let (left, tail) = rest.split_at(rest.len() - shown / 2);
            let below = level.wrapping_sub(1);
            pending.extend(tail.iter().rev().map(|child| (below, Line::Node(*child))));
            if !left.is_empty() {
                pending.push((below, Line::Left(left.len())));
            }
            pending.extend(head.iter().rev().map(|child| (below, Line::Node(*child))));
        }
        Ok(picture)
    }
}

/// A line of a picture.
enum Line {
    Node(Child),
    /// How many children are not shown.
    Left(usize),
}

struct NodeLine<'a> {
    hash: &'a Hash,
    node: &'a Node,
}

impl fmt::Display for NodeLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, node } = self;
        let short = &hash.to_hex()[..8];
        let kind = if node.is_leaf() { "leaf" } else { "node" };
        write!(f, "{kind} {short} level {}, {} bytes", node.level(), node.bytes().len())?;
        let Some(last) = node.len().checked_sub(1) else { return write!(f, ", empty") };
        let key = |i: usize| String::from_utf8_lossy(&node.key(i)).escape_debug().to_string();
        write!(f, ", {} entries: {} … {}", node.len(), key(0), key(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::InMemoryNodeStorage;
    use crate::value::Value;

    fn tree(n: u32) -> Snapshot<InMemoryNodeStorage<32>> {
        let entries = (0..n).map(|i| (format!("key {i:06}"), format!("value {i}").repeat(5)));
        Snapshot::from_sorted(InMemoryNodeStorage::new(), Default::default(), entries).unwrap()
    }

    #[test]
    fn stats_count_every_node_once() {
        let tree = tree(20_000);
        let stats = tree.stats().unwrap();
        assert_eq!(stats.entries, 20_000);
        assert_eq!(stats.nodes() as usize, tree.storage().node_count());
        assert_eq!(stats.size_bytes() as usize, tree.storage().size_bytes());
        assert_eq!(stats.levels[0].entries, 20_000);
        assert_eq!(stats.levels[1].entries, stats.levels[0].nodes);
        assert!(stats.levels[0].variation() < 0.3, "{:?}", stats.levels[0]);
        assert!(stats.levels[0].max_bytes < 9000);
    }

    #[test]
    fn one_edit_leaves_almost_everything_shared() {
        let before = tree(20_000);
        let edit = (b"key 010000".to_vec(), Some(Value::Inline(b"new".to_vec())));
        let after = before.apply([edit]).unwrap();
        let sharing = after.sharing_with(&before).unwrap();
        assert!(sharing.own_nodes <= u64::from(after.height()) + 2, "{sharing:?}");
        assert_eq!(sharing.own_nodes + sharing.shared_nodes, after.stats().unwrap().nodes());
    }

    #[test]
    fn a_picture_shows_the_edges_of_wide_nodes() {
        let picture = tree(3_000).picture(3).unwrap();
        let lines: Vec<_> = picture.lines().collect();
        assert!(lines[0].starts_with("node ") && lines[0].contains("key 002999"), "{picture}");
        assert_eq!(lines.iter().filter(|line| line.contains("more")).count(), 1, "{picture}");
        assert_eq!(tree(0).picture(3).unwrap().lines().count(), 1);
    }
}
