//! Nodes and objects in memory.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::hash::Hash;
use crate::node::Node;
use crate::object::ObjectKind;
use crate::storage::{Locator, NodeStorage};

/// Keeps nodes in memory; it cannot fail.
///
/// `N` is the length of a hash in bytes. Only 32 is supported, and any other length has no
/// constructor. Clones share one storage. A locator is a slot number, so that following a child
/// is an array access without a lock. Nothing is freed before the storage is;
/// [`retained`](Self::retained) makes one without what is no longer wanted.
pub struct InMemoryNodeStorage<const N: usize> {
    shared: Arc<Shared>,
}

type Objects = HashMap<(ObjectKind, Hash), Arc<[u8]>>;

#[derive(Default)]
struct Shared {
    slots: boxcar::Vec<Slot>,
    by_hash: RwLock<HashMap<Hash, u32, BuildHasherDefault<HashPrefix>>>,
    objects: RwLock<Objects>,
}

struct Slot {
    hash: Hash,
    node: Node,
}

/// Takes the first eight bytes of a [`Hash`] for its hash: they are uniform already.
#[derive(Default)]
struct HashPrefix(u64);

impl Hasher for HashPrefix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(head) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*head);
        }
    }

    fn write_usize(&mut self, _length_prefix: usize) {}
}

impl InMemoryNodeStorage<32> {
    /// Creates an empty storage.
    pub fn new() -> Self {
        Self { shared: Arc::default() }
    }

    /// How many nodes are stored.
    pub fn node_count(&self) -> usize {
        self.shared.slots.count()
    }

    /// The total size of the stored nodes and objects, in bytes, without what it takes to find them.
    pub fn size_bytes(&self) -> usize {
        let nodes = self.shared.slots.iter().map(|(_, slot)| slot.node.bytes().len());
        let objects = read(&self.shared.objects);
        nodes.sum::<usize>() + objects.values().map(|bytes| bytes.len()).sum::<usize>()
    }

    /// A storage of its own with the nodes and objects for which `live` is true.
    ///
    /// The memory of the others is free once this storage, its clones and their trees are dropped.
    pub fn retained(&self, mut live: impl FnMut(ObjectKind, &Hash) -> bool) -> Self {
        let shared = Shared::default();
        for (_, slot) in &self.shared.slots {
            if live(ObjectKind::Node, &slot.hash) {
                shared.add(&slot.hash, slot.node.clone());
            }
        }
        let objects = read(&self.shared.objects).clone();
        let kept = objects.into_iter().filter(|((kind, hash), _)| live(*kind, hash));
        write(&shared.objects).extend(kept);
        Self { shared: Arc::new(shared) }
    }
}

impl Shared {
    fn add(&self, hash: &Hash, node: Node) -> u32 {
        let mut by_hash = write(&self.by_hash);
        *by_hash.entry(*hash).or_insert_with(|| self.slots.push(Slot { hash: *hash, node }) as u32)
    }
}

// A panic cannot leave the maps half changed, so a poisoned lock is still sound.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Default for InMemoryNodeStorage<32> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Clone for InMemoryNodeStorage<N> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<const N: usize> fmt::Debug for InMemoryNodeStorage<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryNodeStorage")
            .field("nodes", &self.shared.slots.count())
            .finish_non_exhaustive()
    }
}

impl NodeStorage for InMemoryNodeStorage<32> {
    type Error = Infallible;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, Infallible> {
        Ok(self.lend_node(hash, at).cloned())
    }

    fn lend_node(&self, hash: &Hash, at: Locator) -> Option<&Node> {
        let slots = &self.shared.slots;
        if let Some(slot) = usize::try_from(at.0).ok().and_then(|slot| slots.get(slot))
            && slot.hash == *hash
        {
            return Some(&slot.node);
        }
        let slot = read(&self.shared.by_hash).get(hash).copied()?;
        slots.get(slot as usize).map(|slot| &slot.node)
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, Infallible> {
        Ok(Locator(u64::from(self.shared.add(hash, node))))
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, Infallible> {
        Ok(read(&self.shared.objects).get(&(kind, *hash)).cloned())
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), Infallible> {
        write(&self.shared.objects).entry((kind, *hash)).or_insert_with(|| bytes.into());
        Ok(())
    }
}
