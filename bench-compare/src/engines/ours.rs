//! Our tree in memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prollytree_tree::{
    AsEntry, CollectConflicts, Hash, InMemoryNodeStorage, Locator, Node, NodeStorage, ObjectKind,
    ProllyTree, Snapshot, TreeConfig, ValueRef, Verified, merge, verify_key,
};

use crate::data::{Entry, Key, touch};
use crate::engine::{Engine, Map, Named, Outcome, Root, Scan, Version};

impl AsEntry for Entry {
    fn key(&self) -> &[u8] {
        &self.key
    }

    fn value(&self) -> &[u8] {
        &self.value
    }
}

/// The engine.
pub(super) struct Ours;

impl Named for Ours {
    fn id(&self) -> &'static str {
        "ours"
    }

    fn title(&self) -> &'static str {
        "**ours**"
    }

    fn is_ours(&self) -> bool {
        true
    }
}

impl Engine for Ours {
    fn empty(&self) -> Outcome<Box<dyn Map>> {
        let tree = ProllyTree::new(InMemoryNodeStorage::new(), TreeConfig::default());
        Ok(Box::new(OursMap { tree, versions: Vec::new() }))
    }

    fn build(&self, sorted: &[Entry]) -> Outcome<Box<dyn Map>> {
        Ok(Box::new(OursMap {
            tree: build(InMemoryNodeStorage::new(), sorted)?,
            versions: Vec::new(),
        }))
    }

    fn build_counting(&self, sorted: &[Entry]) -> Outcome<Option<Box<dyn Map>>> {
        Ok(Some(Box::new(OursMap {
            tree: build(Counting::default(), sorted)?,
            versions: Vec::new(),
        })))
    }
}

fn build<S: NodeStorage>(storage: S, sorted: &[Entry]) -> Outcome<ProllyTree<S>> {
    let threads = std::thread::available_parallelism()?;
    let snapshot = Snapshot::from_sorted_parallel(storage, TreeConfig::default(), sorted, threads)?;
    Ok(ProllyTree::from_snapshot(snapshot))
}

struct OursMap<S> {
    tree: ProllyTree<S>,
    versions: Vec<Snapshot<S>>,
}

/// Storages that may tell how much they were given.
trait Measured: NodeStorage<Error = Infallible> + Clone {
    fn written(&self) -> Option<u64> {
        None
    }
}

impl Measured for InMemoryNodeStorage<32> {}

impl<S: Measured> Map for OursMap<S> {
    fn put(&mut self, entry: &Entry) -> Outcome<()> {
        self.tree.insert(entry.key.to_vec(), entry.value.to_vec());
        Ok(())
    }

    fn delete(&mut self, key: &Key) -> Outcome<()> {
        self.tree.delete(key);
        Ok(())
    }

    fn root(&mut self) -> Outcome<Option<Root>> {
        Ok(Some(*self.tree.root_hash().as_bytes()))
    }

    fn put_batch(&mut self, entries: &[Entry]) -> Outcome<()> {
        for entry in entries {
            self.put(entry)?;
        }
        self.tree.root_hash();
        Ok(())
    }

    fn get_all(&self, keys: &[Key]) -> Outcome<u64> {
        let tree = self.tree.base();
        let mut sum = 0u64;
        for key in keys {
            let value = tree.get_with(key, |value| match value {
                ValueRef::Inline(bytes) => touch(bytes),
                ValueRef::Blob(_) => 0,
            });
            sum = sum.wrapping_add(value?.unwrap_or_default());
        }
        Ok(sum)
    }

    fn scan(&self) -> Outcome<Scan> {
        let mut scan = Scan::default();
        self.tree.base().for_each(.., |key, value| {
            if let ValueRef::Inline(value) = value {
                scan.add(key, value);
            }
        })?;
        Ok(scan)
    }

    fn snapshot(&mut self) -> Outcome<Version> {
        self.versions.push(self.tree.snapshot().clone());
        Ok(Version(self.versions.len() - 1))
    }

    fn checkout(&mut self, version: Version) -> Outcome<()> {
        self.tree = ProllyTree::from_snapshot(self.versions[version.0].clone());
        Ok(())
    }

    fn forget(&mut self, keep: usize) {
        self.versions.truncate(keep);
    }

    fn diff(&mut self, from: Version, to: Version) -> Outcome<Option<usize>> {
        let mut changes = 0;
        for difference in self.versions[from.0].diff(&self.versions[to.0], ..)? {
            difference?;
            changes += 1;
        }
        Ok(Some(changes))
    }

    fn merge(&mut self, base: Version, theirs: Version) -> Outcome<Option<usize>> {
        let (base, theirs) = (&self.versions[base.0], &self.versions[theirs.0]);
        let merged = merge(base, self.tree.snapshot(), theirs, &mut CollectConflicts)?;
        self.tree = ProllyTree::from_snapshot(merged.snapshot);
        Ok(Some(merged.conflicts.len()))
    }

    fn prove(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        Ok(Some(self.tree.base().prove_key(key)?.into_bytes()))
    }

    fn verify(&self, proof: &[u8], root: &Root, entry: &Entry) -> Outcome<bool> {
        let root = Hash::from_bytes(*root);
        Ok(match verify_key(&root, &entry.key, proof) {
            Ok(Verified::Present(value)) => value.as_ref() == ValueRef::Inline(&entry.value),
            _ => false,
        })
    }

    fn node_bytes_written(&self) -> Option<u64> {
        self.tree.storage().written()
    }
}

/// Counts the bytes of the distinct nodes it is given.
#[derive(Clone, Default)]
struct Counting {
    nodes: InMemoryNodeStorage<32>,
    written: Arc<AtomicU64>,
}

impl Measured for Counting {
    fn written(&self) -> Option<u64> {
        Some(self.written.load(Ordering::Relaxed))
    }
}

impl NodeStorage for Counting {
    type Error = Infallible;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, Infallible> {
        self.nodes.read_node(hash, at)
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, Infallible> {
        if self.nodes.read_node(hash, Locator::NONE)?.is_none() {
            self.written.fetch_add(node.bytes().len() as u64, Ordering::Relaxed);
        }
        self.nodes.write_node(hash, node)
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, Infallible> {
        self.nodes.read_object(kind, hash)
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), Infallible> {
        self.nodes.write_object(kind, hash, bytes)
    }
}
