//! Checks that a tree is exactly what its content makes.

use std::collections::{HashSet, VecDeque};

use crate::blob::{BlobReader, store_reader};
use crate::chunker::{Chunker, Item};
use crate::config::TreeConfig;
use crate::error::TreeError;
use crate::hash::Hash;
use crate::node::{Child, Node};
use crate::path::Path;
use crate::snapshot::Snapshot;
use crate::storage::{Locator, NodeStorage, Nowhere};
use crate::value::{Blob, Value};

/// What a check has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many nodes the tree has.
    pub nodes: u64,
    /// How many entries.
    pub entries: u64,
    /// How many different large values.
    pub blobs: u64,
    /// The size of the nodes and of the large values, in bytes.
    pub size_bytes: u64,
}

/// Reads a whole tree, large values included, and checks that it is what a bulk build of its entries
/// makes: sorted, each node under the right key with the right level and count, each cut where the
/// boundary rule cuts, and each large value chunked by its own rule.
///
/// A tree from a source that is not trusted is as good as one's own once it has passed. O(tree).
///
/// # Errors
/// Something is missing or damaged, the storage fails, or [`TreeError::NotCanonical`] names the
/// first node or large value that a bulk build would not have made.
pub fn check_tree<S: NodeStorage>(
    storage: &S,
    config: &TreeConfig,
    root: Hash,
) -> Result<Checked, TreeError> {
    let tree = Snapshot::open(storage, *config, root)?;
    let node = &tree.root.node;
    let is_lower_than_it_could_be = node.is_leaf() || node.len() > 1;
    if node.hash() != root || !is_lower_than_it_could_be {
        return Err(not_canonical(root));
    }
    let mut check =
        Check { storage, config, root, read: Checked::default(), blobs: HashSet::new() };
    if node.is_empty() {
        check.count(node);
        return Ok(check.read);
    }
    // From the top down: each level is as wide as the entries of the one above, which are checked
    // by then, so that the work is bounded by the size of the tree even if the tree is a lie.
    for level in (0..=node.level()).rev() {
        check.level(node, level)?;
    }
    Ok(check.read)
}

struct Check<'a, S> {
    storage: &'a S,
    config: &'a TreeConfig,
    root: Hash,
    read: Checked,
    blobs: HashSet<Blob>,
}

impl<S: NodeStorage> Check<'_, S> {
    /// Cuts the entries of a level anew and compares the nodes with those that are there.
    fn level(&mut self, root: &Node, level: u8) -> Result<(), TreeError> {
        let mut chunker = Chunker::new(&Nowhere, self.config, level);
        let mut path = Path::first(self.storage, root, level)?;
        let mut there = VecDeque::new();
        let mut last_key: Option<Vec<u8>> = None;
        loop {
            let (node, item) = (path.node().clone(), self.item(&path));
            let ascends = last_key.is_none_or(|last| last < node.key(0));
            if !ascends || !node.key_is(node.len() - 1, &item.key) {
                return Err(TreeError::Misfit { hash: item.child.hash, what: "key" });
            }
            self.count(&node);
            node.blobs().try_for_each(|blob| self.blob(blob))?;
            last_key = Some(item.key.clone());
            there.push_back(item);
            chunker.push_from(&node, 0..node.len())?;
            self.compare(&mut there, chunker.take_items())?;
            if !path.advance()? {
                break;
            }
        }
        self.compare(&mut there, chunker.finish()?)?;
        there.front().map_or(Ok(()), |item| Err(not_canonical(item.child.hash)))
    }

    /// The path's node as its parent knows it.
    fn item<T: NodeStorage>(&self, path: &Path<'_, T>) -> Item {
        let (count, locator) = (path.node().count(), Locator::NONE);
        let root = Child { hash: self.root, count, natural: false, locator };
        Item { key: path.key(), child: path.child().unwrap_or(root) }
    }

    fn compare(&self, there: &mut VecDeque<Item>, made: Vec<Item>) -> Result<(), TreeError> {
        for made in made {
            let Some(item) = there.pop_front() else { return Err(not_canonical(self.root)) };
            let hash = item.child.hash;
            // Nobody writes down how the root ended.
            let natural = if hash == self.root { made.child.natural } else { item.child.natural };
            let child = Child { natural, locator: made.child.locator, ..item.child };
            if (item.key, child) != (made.key, made.child) {
                return Err(not_canonical(hash));
            }
        }
        Ok(())
    }

    fn count(&mut self, node: &Node) {
        self.read.nodes += 1;
        self.read.size_bytes += node.bytes().len() as u64;
        if node.is_leaf() {
            self.read.entries += node.count();
        }
    }

    fn blob(&mut self, blob: Blob) -> Result<(), TreeError> {
        if !self.blobs.insert(blob) {
            return Ok(());
        }
        let made = store_reader(&Nowhere, BlobReader::new(self.storage, blob));
        let made = made.map_err(|error| match error {
            TreeError::Source(error) => error.downcast().unwrap_or_else(TreeError::Source),
            error => error,
        })?;
        if made != Value::Blob(blob) {
            return Err(TreeError::BadBlob { hash: blob.hash });
        }
        self.read.blobs += 1;
        self.read.size_bytes += blob.len;
        Ok(())
    }
}

fn not_canonical(hash: Hash) -> TreeError {
    TreeError::NotCanonical { hash }
}
