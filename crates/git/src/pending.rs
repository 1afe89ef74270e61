//! What a session wrote and no ref leads to yet.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use gix::hash::ObjectId;
use prollytree_tree::{Hash, Node, ObjectKind};

use crate::objects::Object;
use crate::place::Found;

/// Nodes and objects on their way into Git, and the Git objects that were made of them.
///
/// An update of refs writes the Git objects, and with them the session begins anew. Clones of the
/// handle that were made before, as snapshots hold them, go on reading the old content, and what they
/// write they write into the new.
#[derive(Default)]
pub(crate) struct Pending {
    content: RwLock<Content>,
    next: OnceLock<Arc<Pending>>,
}

/// What is pending.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) nodes: HashMap<Hash, Node>,
    pub(crate) objects: HashMap<(ObjectKind, Hash), Arc<[u8]>>,
    /// Git objects, by id, and in the order in which they were made.
    pub(crate) git: HashMap<ObjectId, Object>,
    pub(crate) order: Vec<ObjectId>,
    /// What has become a Git object.
    pub(crate) encoded: HashMap<(ObjectKind, Hash), Found>,
    /// The roots among these: what is found by its hash, and not from above.
    pub(crate) roots: Vec<(Hash, Found)>,
}

// A panic cannot leave a map half changed, so a poisoned lock is still sound.
impl Pending {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest successor.
    pub(crate) fn newest(self: &Arc<Self>) -> Arc<Self> {
        let mut newest = self;
        while let Some(next) = newest.next.get() {
            newest = next;
        }
        Arc::clone(newest)
    }

    /// Begins anew, and returns what the session has from now on.
    pub(crate) fn renew(self: &Arc<Self>) -> Arc<Self> {
        let newest = self.newest();
        newest.next.get_or_init(Arc::default);
        newest.newest()
    }

    /// Looks here, and in what came after.
    pub(crate) fn find<T>(&self, look: impl Fn(&Content) -> Option<T>) -> Option<T> {
        let mut pending = self;
        loop {
            if let Some(found) = look(&pending.read()) {
                return Some(found);
            }
            pending = pending.next.get()?;
        }
    }

    /// Changes the newest content.
    pub(crate) fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Content) -> T) -> T {
        change(&mut self.newest().write())
    }
}
