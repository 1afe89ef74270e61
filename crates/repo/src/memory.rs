//! A repository in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};

use prollytree_tree::{Hash, InMemoryNodeStorage, Locator, Node, NodeStorage, ObjectKind};

use crate::backend::{Backend, BackendError, RefUpdate, RefValue};
use crate::name::RefName;

/// Keeps a repository in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryBackend {
    objects: InMemoryNodeStorage<32>,
    refs: Arc<RwLock<BTreeMap<RefName, RefValue>>>,
}

impl MemoryBackend {
    /// An empty backend.
    pub fn new() -> Self {
        Self::default()
    }

    /// The nodes and records.
    pub fn storage(&self) -> &InMemoryNodeStorage<32> {
        &self.objects
    }
}

impl NodeStorage for MemoryBackend {
    type Error = Infallible;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, Infallible> {
        self.objects.read_node(hash, at)
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, Infallible> {
        self.objects.write_node(hash, node)
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, Infallible> {
        self.objects.read_object(kind, hash)
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), Infallible> {
        self.objects.write_object(kind, hash, bytes)
    }
}

// A panic cannot leave the refs half changed, so a poisoned lock is still sound.
impl Backend for MemoryBackend {
    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>, BackendError> {
        let refs = self.refs.read().unwrap_or_else(PoisonError::into_inner);
        Ok(refs.get(name).cloned())
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>, BackendError> {
        let refs = self.refs.read().unwrap_or_else(PoisonError::into_inner);
        let matching = refs.iter().filter(|(name, _)| name.as_str().starts_with(prefix));
        Ok(matching.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn update_refs(&self, updates: &[RefUpdate]) -> Result<(), BackendError> {
        let mut refs = self.refs.write().unwrap_or_else(PoisonError::into_inner);
        for RefUpdate { name, expected, .. } in updates {
            let current = refs.get(name);
            if current != expected.as_ref() {
                let current = current.cloned();
                return Err(BackendError::Conflict { name: name.clone(), current });
            }
        }
        for RefUpdate { name, new, .. } in updates {
            match new {
                Some(value) => refs.insert(name.clone(), value.clone()),
                None => refs.remove(name),
            };
        }
        Ok(())
    }
}
