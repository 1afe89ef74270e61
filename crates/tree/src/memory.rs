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
/// is an array access. Nothing is freed until [`retain`](Self::retain) is asked to.
pub struct InMemoryNodeStorage<const N: usize> {
    shared: Arc<RwLock<Shared>>,
}

#[derive(Default)]
struct Shared {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_hash: HashMap<Hash, u32, BuildHasherDefault<HashPrefix>>,
    objects: HashMap<(ObjectKind, Hash), Arc<[u8]>>,
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
        self.read().by_hash.len()
    }

    /// The total size of the stored nodes and objects, in bytes, without what it takes to find them.
    pub fn size_bytes(&self) -> usize {
        let shared = self.read();
        let nodes = shared.slots.iter().flatten().map(|slot| slot.node.bytes().len());
        nodes.sum::<usize>() + shared.objects.values().map(|bytes| bytes.len()).sum::<usize>()
    }

    /// Frees every node and object for which `live` is false, and tells how many.
    ///
    /// The storage is locked meanwhile, so `live` must not use it.
    ///
    /// Trees that still need what is freed fail from then on with
    /// [`TreeError::MissingNode`](crate::TreeError::MissingNode).
    pub fn retain(&self, mut live: impl FnMut(ObjectKind, &Hash) -> bool) -> usize {
        let mut shared = self.write();
        let Shared { slots, free, by_hash, objects } = &mut *shared;
        let before = by_hash.len() + objects.len();
        by_hash.retain(|hash, &mut slot| {
            let keep = live(ObjectKind::Node, hash);
            if !keep {
                slots[slot as usize] = None;
                free.push(slot);
            }
            keep
        });
        objects.retain(|(kind, hash), _| live(*kind, hash));
        before - by_hash.len() - objects.len()
    }
}

impl<const N: usize> InMemoryNodeStorage<N> {
    // A panic cannot leave the maps half changed, so a poisoned lock is still sound.
    fn read(&self) -> RwLockReadGuard<'_, Shared> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shared> {
        self.shared.write().unwrap_or_else(PoisonError::into_inner)
    }
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
            .field("nodes", &self.read().by_hash.len())
            .finish_non_exhaustive()
    }
}

impl NodeStorage for InMemoryNodeStorage<32> {
    type Error = Infallible;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, Infallible> {
        let shared = self.read();
        let hinted = usize::try_from(at.0).ok().and_then(|slot| shared.slots.get(slot));
        if let Some(Some(slot)) = hinted
            && slot.hash == *hash
        {
            return Ok(Some(slot.node.clone()));
        }
        let slot = shared.by_hash.get(hash).and_then(|&slot| shared.slots[slot as usize].as_ref());
        Ok(slot.map(|slot| slot.node.clone()))
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, Infallible> {
        let mut shared = self.write();
        let Shared { slots, free, by_hash, .. } = &mut *shared;
        let slot = *by_hash.entry(*hash).or_insert_with(|| {
            let slot = Some(Slot { hash: *hash, node });
            match free.pop() {
                Some(at) => {
                    slots[at as usize] = slot;
                    at
                }
                None => {
                    slots.push(slot);
                    (slots.len() - 1) as u32
                }
            }
        });
        Ok(Locator(u64::from(slot)))
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, Infallible> {
        Ok(self.read().objects.get(&(kind, *hash)).cloned())
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), Infallible> {
        self.write().objects.entry((kind, *hash)).or_insert_with(|| bytes.into());
        Ok(())
    }
}
