//! Decoded nodes in memory.
//!
//! Only nodes that are stored: all sessions of a handle share the cache, and none may build on what
//! another has not written out.

use prollytree_tree::{Hash, Locator, Node};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Keeps the nodes that are read most, up to a number of bytes.
pub(crate) struct NodeCache {
    nodes: Cache<Hash, Node, SizeBytes>,
}

impl NodeCache {
    pub(crate) fn new(bytes: u64) -> Self {
        // A node has a few kilobytes: only the first size of the table depends on it.
        let estimated_nodes = (bytes / 4096) as usize;
        Self { nodes: Cache::with_weighter(estimated_nodes, bytes, SizeBytes) }
    }

    pub(crate) fn get(&self, hash: &Hash) -> Option<Node> {
        self.nodes.get(hash)
    }

    pub(crate) fn insert(&self, hash: Hash, node: Node) {
        self.nodes.insert(hash, node);
    }
}

#[derive(Clone)]
struct SizeBytes;

impl Weighter<Hash, Node> for SizeBytes {
    fn weight(&self, _: &Hash, node: &Node) -> u64 {
        /// About what the cache and the handle of a node take.
        const OVERHEAD: usize = 128;
        (node.bytes().len() + node.children().len() * size_of::<Locator>() + OVERHEAD) as u64
    }
}
