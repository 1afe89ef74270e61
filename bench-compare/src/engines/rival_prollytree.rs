//! The crate `prollytree` 0.4.1 from crates.io, with its in-memory storage and its
//! default configuration.
//!
//! The merge row has it twice: its `merge_trees`, and its `merge`, which lists the
//! changes, with `apply_changes` to apply them at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rival_prollytree::config::TreeConfig;
use rival_prollytree::diff::{IgnoreConflictsResolver, MergeResult};
use rival_prollytree::digest::ValueDigest;
use rival_prollytree::node::ProllyNode;
use rival_prollytree::proof::Proof;
use rival_prollytree::storage::{InMemoryNodeStorage, NodeStorage, StorageError};
use rival_prollytree::streaming_chunker::build_tree_from_sorted_pairs;
use rival_prollytree::tree::{ProllyTree, Tree};

use crate::data::{Entry, Key, touch};
use crate::engine::{Engine, Map, Named, Outcome, Root, Scan, Version};
use crate::rows::Row;

pub(super) type Digest = ValueDigest<32>;
pub(super) type Node = ProllyNode<32>;

/// The engine.
#[derive(Clone, Copy)]
pub(super) enum RivalProllytree {
    /// Everything by the operation of that name.
    AsOffered,
    /// The merge by hand, and nothing else.
    MergeByHand,
}

impl Named for RivalProllytree {
    fn id(&self) -> &'static str {
        "prollytree"
    }

    fn title(&self) -> &'static str {
        match self {
            Self::AsOffered => "prollytree 0.4.1",
            Self::MergeByHand => "prollytree 0.4.1, by hand",
        }
    }

    fn note(&self, row: Row) -> Option<&'static str> {
        match row {
            Row::Merge if matches!(self, Self::MergeByHand) => Some("`merge`, `apply_changes`"),
            Row::Stream => Some("every insert computes a root; it has no staging"),
            Row::Lookup => Some("`find` returns a copy of the whole leaf"),
            Row::Scan => Some("by walking `children()`; it has no iterator"),
            Row::Diff => Some("`merge(to, from, from)`: its `diff` compares the root nodes only"),
            Row::Merge => Some("applies the changes one insert at a time"),
            Row::Rewrite => Some(
                "nodes as its file storage encodes them; it also stores many unchanged nodes again, which row 11 counts",
            ),
            Row::Proof => Some("a proof is hashes only: the verifier must hold the nodes"),
            _ => None,
        }
    }
}

impl Engine for RivalProllytree {
    fn takes_part(&self, row: Row) -> bool {
        matches!(self, Self::AsOffered) || row == Row::Merge
    }

    fn empty(&self) -> Outcome<Box<dyn Map>> {
        self.build(&[])
    }

    fn build(&self, sorted: &[Entry]) -> Outcome<Box<dyn Map>> {
        let mut map = build_tree(InMemoryNodeStorage::new(), |_| None, sorted);
        map.engine = *self;
        Ok(Box::new(map))
    }

    fn build_counting(&self, sorted: &[Entry]) -> Outcome<Option<Box<dyn Map>>> {
        let bytes = |storage: &CountingStorage| Some(storage.seen().bytes);
        Ok(Some(Box::new(build_tree(CountingStorage::default(), bytes, sorted))))
    }
}

/// Builds a map with the streaming chunker, which skips the sorting and the copies
/// of `insert_batch`.
pub(super) fn build_tree<S: NodeStorage<32>>(
    mut storage: S,
    bytes_written: fn(&S) -> Option<u64>,
    sorted: &[Entry],
) -> RivalMap<S> {
    let mut config = TreeConfig::default();
    let pairs = sorted.iter().map(|entry| (entry.key.to_vec(), entry.value.to_vec()));
    let root = build_tree_from_sorted_pairs(pairs, &config, &mut storage);
    config.root_hash = Some(root.get_hash());
    let tree = ProllyTree { root, storage, config };
    RivalMap { engine: RivalProllytree::AsOffered, tree, versions: Vec::new(), bytes_written }
}

/// A map with any node storage.
pub(super) struct RivalMap<S: NodeStorage<32>> {
    /// The tree, whose `config.root_hash` is kept up to date here.
    pub(super) tree: ProllyTree<32, S>,
    engine: RivalProllytree,
    versions: Vec<Digest>,
    bytes_written: fn(&S) -> Option<u64>,
}

impl<S: NodeStorage<32>> RivalMap<S> {
    fn root_digest(&self) -> Digest {
        self.tree.config.root_hash.clone().unwrap_or_else(|| self.tree.root.get_hash())
    }

    fn node(&self, digest: &Digest) -> Outcome<Arc<Node>> {
        let node = self.tree.storage.get_node_by_hash(digest);
        Ok(node.ok_or_else(|| format!("node {digest} is missing"))?)
    }

    fn merge_by_hand(&mut self, base: &Digest, theirs: &Digest) -> usize {
        let found = self.tree.merge(theirs, &self.root_digest(), base);
        let conflicts = found.iter().filter(|found| matches!(found, MergeResult::Conflict(_)));
        match conflicts.count() {
            0 => self.tree.apply_changes(found.into_iter().filter_map(change)),
            conflicts => return conflicts,
        };
        self.tree.config.root_hash = self.tree.get_root_hash();
        0
    }

    fn scan_below(&self, node: &Node, scan: &mut Scan) {
        if node.is_leaf {
            node.keys.iter().zip(&node.values).for_each(|(key, value)| scan.add(key, value));
        }
        for child in node.children(&self.tree.storage) {
            self.scan_below(&child, scan);
        }
    }
}

/// What `apply_changes` takes: a key and its new value, `None` to remove it.
fn change(found: MergeResult) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    match found {
        MergeResult::Added(key, value) | MergeResult::Modified(key, value) => {
            Some((key, Some(value)))
        }
        MergeResult::Removed(key) => Some((key, None)),
        MergeResult::Conflict(_) => None,
    }
}

/// Looks one key up and touches its value.
pub(super) fn find<S: NodeStorage<32>>(tree: &ProllyTree<32, S>, key: &Key) -> Option<u64> {
    let leaf = tree.find(key)?;
    let index = leaf.keys.binary_search_by(|found| found.as_slice().cmp(key)).ok()?;
    Some(touch(&leaf.values[index]))
}

impl<S: NodeStorage<32>> Map for RivalMap<S> {
    fn put(&mut self, entry: &Entry) -> Outcome<()> {
        self.tree.insert(entry.key.to_vec(), entry.value.to_vec());
        Ok(())
    }

    fn delete(&mut self, key: &Key) -> Outcome<()> {
        self.tree.delete(key);
        Ok(())
    }

    fn root(&mut self) -> Outcome<Option<Root>> {
        Ok(Some(self.root_digest().0))
    }

    fn put_batch(&mut self, entries: &[Entry]) -> Outcome<()> {
        let changes = entries.iter().map(|entry| (entry.key.to_vec(), Some(entry.value.to_vec())));
        self.tree.apply_changes(changes);
        self.tree.config.root_hash = self.tree.get_root_hash();
        Ok(())
    }

    fn get_all(&self, keys: &[Key]) -> Outcome<u64> {
        let values = keys.iter().filter_map(|key| find(&self.tree, key));
        Ok(values.fold(0, u64::wrapping_add))
    }

    fn scan(&self) -> Outcome<Scan> {
        let mut scan = Scan::default();
        self.scan_below(&self.tree.root, &mut scan);
        Ok(scan)
    }

    fn snapshot(&mut self) -> Outcome<Version> {
        self.versions.push(self.root_digest());
        Ok(Version(self.versions.len() - 1))
    }

    fn checkout(&mut self, version: Version) -> Outcome<()> {
        let digest = self.versions[version.0].clone();
        self.tree.root = Arc::unwrap_or_clone(self.node(&digest)?);
        self.tree.config.root_hash = Some(digest);
        Ok(())
    }

    fn forget(&mut self, keep: usize) {
        self.versions.truncate(keep);
    }

    fn diff(&mut self, from: Version, to: Version) -> Outcome<Option<usize>> {
        let (from, to) = (&self.versions[from.0], &self.versions[to.0]);
        Ok(Some(self.tree.merge(to, from, from).len()))
    }

    fn merge(&mut self, base: Version, theirs: Version) -> Outcome<Option<usize>> {
        let (base, theirs) = (self.versions[base.0].clone(), self.versions[theirs.0].clone());
        if matches!(self.engine, RivalProllytree::MergeByHand) {
            return Ok(Some(self.merge_by_hand(&base, &theirs)));
        }
        let ours = self.root_digest();
        match self.tree.merge_trees(&theirs, &ours, &base, &IgnoreConflictsResolver) {
            Ok(merged) => self.tree = merged,
            Err(conflicts) => return Ok(Some(conflicts.len())),
        }
        self.tree.config.root_hash = self.tree.get_root_hash();
        Ok(Some(0))
    }

    fn prove(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        Ok(Some(encode(&self.tree.generate_proof(key))?))
    }

    fn verify(&self, proof: &[u8], root: &Root, entry: &Entry) -> Outcome<bool> {
        let (proof, _): (Proof<32>, _) =
            bincode::serde::decode_from_slice(proof, bincode::config::legacy())?;
        let same_root = proof.path.first().is_some_and(|first| first.0 == *root);
        Ok(same_root && self.tree.verify(proof, &entry.key, Some(&entry.value)))
    }

    fn node_bytes_written(&self) -> Option<u64> {
        (self.bytes_written)(&self.tree.storage)
    }
}

/// Encodes a node or a proof as the crate's own file storage does.
pub(super) fn encode(
    value: &impl serde::Serialize,
) -> Result<Vec<u8>, bincode::error::EncodeError> {
    bincode::serde::encode_to_vec(value, bincode::config::legacy())
}

/// An in-memory storage that counts the encoded bytes of the distinct nodes it is
/// given.
#[derive(Clone, Default)]
struct CountingStorage {
    nodes: InMemoryNodeStorage<32>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    digests: HashSet<Root>,
    bytes: u64,
}

impl CountingStorage {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NodeStorage<32> for CountingStorage {
    fn get_node_by_hash(&self, hash: &Digest) -> Option<Arc<Node>> {
        self.nodes.get_node_by_hash(hash)
    }

    fn insert_node(&mut self, hash: Digest, node: Node) -> Result<(), StorageError> {
        let mut seen = self.seen();
        if seen.digests.insert(hash.0) {
            seen.bytes += encode(&node)?.len() as u64;
        }
        drop(seen);
        self.nodes.insert_node(hash, node)
    }

    fn delete_node(&mut self, hash: &Digest) -> Result<(), StorageError> {
        self.nodes.delete_node(hash)
    }

    fn save_config(&self, key: &str, config: &[u8]) {
        self.nodes.save_config(key, config);
    }

    fn get_config(&self, key: &str) -> Option<Vec<u8>> {
        self.nodes.get_config(key)
    }
}
