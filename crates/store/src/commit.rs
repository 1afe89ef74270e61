//! Commits.

use std::collections::BTreeMap;
use std::sync::Arc;

use prollytree_tree::{Hash, ObjectKind};

use crate::append::Content;
use crate::error::StoreError;
use crate::lock::{lock, read};
use crate::options::Durability;
use crate::pending::Set;
use crate::refs::RefUpdate;
use crate::segment::Object;
use crate::store::Store;
use crate::tail::Tail;

/// What a commit does beside storing what was written: all of it, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// The refs to change; each at most once.
    pub updates: Vec<RefUpdate>,
    /// Objects that must be stored or pending: those that the new values name, and those that
    /// records written since refer to. A collection may have taken what only an old value led to,
    /// and what values and records refer to the store cannot read. What nodes and chunk lists
    /// refer to it checks by itself.
    pub requires: Vec<(ObjectKind, Hash)>,
    /// What survives once the commit returns.
    pub durability: Durability,
}

impl Store {
    /// Appends all that the session wrote, and changes refs, in one step. Returns the sequence of
    /// the commit.
    ///
    /// One write and, if durable, one `fdatasync`. Nothing is appended if there is nothing to.
    ///
    /// # Errors
    /// [`Conflict`](StoreError::Conflict) if a ref is not as expected,
    /// [`Missing`](StoreError::Missing) if a required object is not there, and I/O errors, such as a
    /// full disk: what was written stays pending, for another commit to take along. After a failed
    /// sync the handle is [`Poisoned`](StoreError::Poisoned). After
    /// [`Collected`](StoreError::Collected) what was written is discarded.
    pub fn commit(&self, transaction: &Transaction) -> Result<u64, StoreError> {
        self.writable()?;
        let mut changes = BTreeMap::new();
        for update in &transaction.updates {
            update.check()?;
            let new = update.new.as_deref().map(Arc::from);
            if changes.insert(update.name.clone(), new).is_some() {
                return Err(StoreError::DuplicateRef { name: update.name.clone() });
            }
        }
        let mut tail = lock(&self.shared.tail);
        let _lock = self.lock_store()?;
        self.ready(&mut tail)?;
        let refs = Arc::clone(&read(&self.shared.view).refs);
        for update in &transaction.updates {
            let current = refs.get(&update.name).map(|value| &**value);
            if !update.expected.allows(current) {
                let (name, current) = (update.name.clone(), current.map(<[u8]>::to_vec));
                return Err(StoreError::Conflict { name, current });
            }
        }
        changes.retain(|name, new| refs.get(name) != new.as_ref());
        drop(refs);
        for (kind, hash) in &transaction.requires {
            if !self.contains(*kind, hash)? {
                return Err(StoreError::Missing { kind: *kind, hash: *hash });
            }
        }
        self.flush(&mut tail, changes.into_iter().collect(), transaction.durability)?;
        if transaction.durability == Durability::Sync {
            tail.sync()?;
        }
        self.pending.committed();
        Ok(tail.sequence)
    }

    /// Writes pending objects out before they are committed.
    pub(crate) fn spill(&self) -> Result<(), StoreError> {
        let mut tail = lock(&self.shared.tail);
        let _lock = self.lock_store()?;
        self.ready(&mut tail)?;
        self.pending.spilled.keep(&self.shared.dir, tail.sequence)?;
        self.flush(&mut tail, Vec::new(), Durability::Buffered)
    }

    /// Appends what is pending. The caller holds the lock and has caught up.
    fn flush(
        &self,
        tail: &mut Tail,
        refs: Vec<(String, Option<Arc<[u8]>>)>,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let pending = &self.pending;
        let set = pending.leave();
        if set.items.is_empty() && refs.is_empty() {
            pending.appended();
            return Ok(());
        }
        let content = Content { items: &set.items, refs, last: false };
        let appended = self.check_kept(&set).and_then(|()| {
            tail.append(&self.shared.view, content, durability, &self.shared.options)
        });
        match appended {
            Ok(()) => {
                self.cache_nodes(&set);
                pending.appended();
            }
            // It would fail every later commit too.
            Err(StoreError::Collected { .. }) => pending.discard(),
            Err(_) => pending.restore(),
        }
        appended
    }

    /// Caches what was just stored: it is likely to be read next.
    fn cache_nodes(&self, set: &Set) {
        for item in &set.items {
            if let Object::Node(node) = &item.object {
                self.shared.cache.insert(item.hash, node.clone());
            }
        }
    }
}
