//! Snapshots: immutable trees.

use std::ops::{Bound, RangeBounds};

use crate::blob::{normalise, read_value};
use crate::builder::{Builder, check_key};
use crate::config::TreeConfig;
use crate::edit::{Edit, Root, Span, With, apply};
use crate::error::TreeError;
use crate::hash::Hash;
use crate::node::Node;
use crate::object::ObjectKind;
use crate::path::{Path, follow};
use crate::storage::{Locator, NodeStorage};
use crate::value::{Value, ValueRef};

/// An immutable tree: all that a root hash stands for.
///
/// Cheap to clone, and readable for as long as its storage keeps the nodes. Edits make a new
/// snapshot that shares all untouched nodes with the old one.
#[derive(Clone, Debug)]
pub struct Snapshot<S> {
    pub(crate) storage: S,
    pub(crate) config: TreeConfig,
    pub(crate) root: Root,
}

impl<S: NodeStorage> Snapshot<S> {
    /// The empty tree.
    pub fn empty(storage: S, config: TreeConfig) -> Self {
        Self { storage, config, root: Root::empty() }
    }

    /// Opens the tree with this root.
    ///
    /// # Errors
    /// The root is not in the storage, or the storage fails.
    pub fn open(storage: S, config: TreeConfig, root: Hash) -> Result<Self, TreeError> {
        let empty = Root::empty();
        if root == empty.hash {
            return Ok(Self { storage, config, root: empty });
        }
        let node = storage
            .read_node(&root, Locator::NONE)
            .map_err(|source| TreeError::storage(ObjectKind::Node, root, source))?
            .ok_or(TreeError::MissingNode { hash: root })?;
        Ok(Self { storage, config, root: Root { node, hash: root } })
    }

    /// Builds a tree from entries in strictly ascending key order.
    ///
    /// O(entries); holds one node a level in memory.
    ///
    /// # Errors
    /// Keys out of order or too long, or the storage fails.
    pub fn from_sorted<K, V>(
        storage: S,
        config: TreeConfig,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, TreeError>
    where
        K: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        let mut builder = Builder::new(&storage, &config);
        for (key, value) in entries {
            builder.push(key.as_ref(), value.as_ref())?;
        }
        let root = builder.finish()?;
        Ok(Self { storage, config, root })
    }

    /// The hash of the root: equal for equal content, whatever the history.
    pub fn root(&self) -> Hash {
        self.root.hash
    }

    /// The storage that holds the nodes.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// The parameters that shape the tree.
    pub fn config(&self) -> &TreeConfig {
        &self.config
    }

    /// How many entries the tree has. O(1).
    pub fn len(&self) -> u64 {
        self.root.node.count()
    }

    /// Whether the tree has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of levels: 1 for a single leaf.
    pub fn height(&self) -> u8 {
        self.root.node.level() + 1
    }

    /// The value of a key. O(log entries).
    ///
    /// # Errors
    /// A node or a part of the value is missing or damaged, or the storage fails.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
        let leaf = self.leaf_of(key)?;
        match leaf.search(key) {
            Ok(i) => read_value(&self.storage, leaf.value(i)).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Calls `read` with what the leaf holds for a key, without copying it. O(log entries).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn get_with<T>(
        &self,
        key: &[u8],
        read: impl FnOnce(ValueRef<'_>) -> T,
    ) -> Result<Option<T>, TreeError> {
        let leaf = self.leaf_of(key)?;
        Ok(leaf.search(key).ok().map(|i| read(leaf.value(i))))
    }

    /// What the leaf holds for a key: the value, or a reference to a large one. O(log entries).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn get_value(&self, key: &[u8]) -> Result<Option<Value>, TreeError> {
        let leaf = self.leaf_of(key)?;
        Ok(leaf.search(key).ok().map(|i| leaf.value(i).to_value()))
    }

    /// Whether the tree has a key. O(log entries).
    ///
    /// # Errors
    /// As [`get_value`](Self::get_value).
    pub fn contains(&self, key: &[u8]) -> Result<bool, TreeError> {
        Ok(self.leaf_of(key)?.search(key).is_ok())
    }

    /// How many keys are smaller than `key`. O(log entries).
    ///
    /// # Errors
    /// As [`get_value`](Self::get_value).
    pub fn rank(&self, key: &[u8]) -> Result<u64, TreeError> {
        let path = Path::find(&self.storage, &self.root.node, 0, key)?;
        Ok(path.rank() + path.node().lower_bound(key) as u64)
    }

    /// How many keys are at most `key`. O(log entries).
    pub(crate) fn rank_behind(&self, key: &[u8]) -> Result<u64, TreeError> {
        let path = Path::find(&self.storage, &self.root.node, 0, key)?;
        let within = path.node().search(key).map_or_else(|i| i, |i| i + 1);
        Ok(path.rank() + within as u64)
    }

    /// The root after edits that are disjoint and in key order.
    pub(crate) fn edited(&self, edits: &[Edit]) -> Result<Root, TreeError> {
        apply(&self.storage, &self.config, &self.root, edits)
    }

    /// The root without the keys of a range.
    pub(crate) fn without_range<'k>(
        &self,
        range: impl RangeBounds<&'k [u8]>,
    ) -> Result<Root, TreeError> {
        let start = match range.start_bound() {
            Bound::Unbounded => Vec::new(),
            Bound::Included(key) => key.to_vec(),
            Bound::Excluded(key) => [key, &[0][..]].concat(),
        };
        let end = range.end_bound().map(|key| key.to_vec());
        let nothing = match &end {
            Bound::Included(end) => *end < start,
            Bound::Excluded(end) => *end <= start,
            Bound::Unbounded => false,
        };
        if nothing {
            return Ok(self.root.clone());
        }
        self.edited(&[Edit { span: Span::Range(start, end), with: With::Nothing }])
    }

    fn leaf_of(&self, key: &[u8]) -> Result<Node, TreeError> {
        let mut lent = &self.root.node;
        while let Some((link, level)) = step(lent, key) {
            match self.storage.lend_node(&link.0, link.1) {
                Some(node) if node.level() == level => lent = node,
                // Not lent, or wrong, which the slow way says better.
                _ => return self.leaf_below(lent.clone(), key),
            }
        }
        Ok(leaf_or_empty(lent.clone()))
    }

    fn leaf_below(&self, mut node: Node, key: &[u8]) -> Result<Node, TreeError> {
        while let Some((link, level)) = step(&node, key) {
            node = follow(&self.storage, link, level)?;
        }
        Ok(leaf_or_empty(node))
    }
}

/// The child of an inner node below which `key` lies, and its level; `None` for a leaf, and behind the
/// last key, where there is nothing to descend to.
fn step(node: &Node, key: &[u8]) -> Option<((Hash, Locator), u8)> {
    let level = node.level().checked_sub(1)?;
    let i = node.lower_bound(key);
    (i < node.len()).then(|| (node.link(i), level))
}

/// Where a descent ended: an inner node means behind the last key.
fn leaf_or_empty(node: Node) -> Node {
    if node.is_leaf() { node } else { Node::empty() }
}

impl<S: NodeStorage + Clone> Snapshot<S> {
    /// The tree after edits in strictly ascending key order: a value sets the key, `None` removes it.
    ///
    /// O(edits · log entries), less when keys lie close together. Removing a key that does not exist
    /// changes nothing.
    ///
    /// # Errors
    /// Keys out of order or too long, a node is missing or damaged, or the storage fails.
    pub fn apply(
        &self,
        edits: impl IntoIterator<Item = (Vec<u8>, Option<Value>)>,
    ) -> Result<Self, TreeError> {
        let mut sorted: Vec<Edit> = Vec::new();
        for (position, (key, value)) in edits.into_iter().enumerate() {
            check_key(&key)?;
            if sorted.last().is_some_and(|last| last.span.start() >= key.as_slice()) {
                return Err(TreeError::Unsorted { position });
            }
            let with = match value {
                None => With::Nothing,
                Some(value) => With::Value(normalise(&self.storage, value)?),
            };
            sorted.push(Edit { span: Span::Key(key), with });
        }
        Ok(self.with_root(self.edited(&sorted)?))
    }

    /// The tree without the keys of a range, which are not read. O(log entries).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn delete_range<'k>(&self, range: impl RangeBounds<&'k [u8]>) -> Result<Self, TreeError> {
        Ok(self.with_root(self.without_range(range)?))
    }

    pub(crate) fn with_root(&self, root: Root) -> Self {
        Self { storage: self.storage.clone(), config: self.config, root }
    }
}
