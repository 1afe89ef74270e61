//! What a session wrote and no ref leads to yet.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use gix::hash::ObjectId;
use prollytree_tree::{Hash, Node, ObjectKind};

use crate::objects::Object;
use crate::place::Found;

/// Nodes and objects on their way into Git, and the Git objects that were made of them, as one handle
/// sees them.
///
/// An update of refs writes the Git objects, and with them the session begins anew. Handles that were
/// made before, as snapshots hold them, go on reading the old content beside the new. What came between
/// is nobody's who did not see it, so an old handle, however long it lives, keeps no more than its own.
#[derive(Clone)]
pub(crate) struct Pending {
    /// What was pending when the handle was made or last changed refs, and what it wrote since.
    own: Arc<RwLock<Content>>,
    /// What is pending now, of all handles of the session.
    newest: Arc<RwLock<Arc<RwLock<Content>>>>,
}

/// What is pending.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) nodes: HashMap<Hash, Node>,
    pub(crate) objects: HashMap<(ObjectKind, Hash), Arc<[u8]>>,
    /// Git objects, by id, and in the order in which they were made.
    pub(crate) git: HashMap<ObjectId, Object>,
    pub(crate) order: Vec<ObjectId>,
    /// How many of these the last pack has.
    packed: usize,
    /// What has become a Git object.
    pub(crate) encoded: HashMap<(ObjectKind, Hash), Found>,
    /// The roots among these: what is found by its hash, and not from above.
    pub(crate) roots: Vec<(Hash, Found)>,
}

impl Content {
    /// The Git objects of the last pack.
    pub(crate) fn packed(&self) -> impl Iterator<Item = &ObjectId> {
        self.order.iter().take(self.packed)
    }

    /// Forgets the Git objects that a pack has; others may have come meanwhile.
    fn forget_packed(&mut self) {
        let packed = std::mem::take(&mut self.packed);
        for id in self.order.drain(..packed) {
            self.git.remove(&id);
        }
    }
}

impl Default for Pending {
    fn default() -> Self {
        let own = Arc::<RwLock<Content>>::default();
        Self { newest: Arc::new(RwLock::new(Arc::clone(&own))), own }
    }
}

impl Pending {
    /// What the handle sees: its own content, and the newest if that is another.
    pub(crate) fn contents(&self) -> impl Iterator<Item = Arc<RwLock<Content>>> {
        let newest = Arc::clone(&read(&self.newest));
        let other = (!Arc::ptr_eq(&self.own, &newest)).then_some(newest);
        std::iter::once(Arc::clone(&self.own)).chain(other)
    }

    /// Looks at all that the handle sees.
    pub(crate) fn find<T>(&self, look: impl Fn(&Content) -> Option<T>) -> Option<T> {
        self.contents().find_map(|content| look(&read(&content)))
    }

    /// Changes the newest content, and the handle's own: what it wrote it goes on seeing, and takes
    /// along, when another handle began anew meanwhile.
    pub(crate) fn change(&self, change: impl Fn(&mut Content)) {
        self.contents().for_each(|content| change(&mut write(&content)));
    }

    /// Hands all Git objects that the handle sees to a pack, and notes that it has them.
    pub(crate) fn pack<T>(&self, pack: impl FnOnce(&[RwLockReadGuard<'_, Content>]) -> T) -> T {
        let contents: Vec<_> = self.contents().collect();
        for content in &contents {
            let mut content = write(content);
            content.packed = content.order.len();
        }
        pack(&contents.iter().map(|content| read(content)).collect::<Vec<_>>())
    }

    /// Begins anew, after refs lead to the last pack, and returns what the handle has from now on.
    pub(crate) fn renew(&self) -> Self {
        self.contents().for_each(|content| write(&content).forget_packed());
        let own = Arc::<RwLock<Content>>::default();
        *write(&self.newest) = Arc::clone(&own);
        Self { own, newest: Arc::clone(&self.newest) }
    }
}

// A panic cannot leave a map half changed, so a poisoned lock is still sound.
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use gix::objs::Kind;

    use super::*;

    fn put(pending: &Pending, id: u8) {
        let id = ObjectId::from_bytes_or_panic(&[id; 20]);
        pending.change(|content| {
            content.git.insert(id, (Kind::Blob, [].into()));
            content.order.push(id);
        });
    }

    fn packed(pending: &Pending) -> usize {
        pending.pack(|contents| contents.iter().map(|content| content.packed().count()).sum())
    }

    #[test]
    fn an_old_handle_holds_its_own_content_and_the_newest_only() {
        let old = Pending::default();
        let (mut new, mut held) = (old.clone(), Vec::new());
        for _ in 0..100 {
            held.push(Arc::downgrade(&new.own));
            new = new.renew();
        }
        assert_eq!(held.iter().filter(|content| content.strong_count() > 0).count(), 1);
        put(&new, 1);
        assert!(old.find(|content| content.order.first().copied()).is_some());
    }

    #[test]
    fn what_comes_between_a_pack_and_the_new_beginning_is_in_the_next_pack() {
        let one = Pending::default();
        let two = one.clone();
        put(&one, 1);
        assert_eq!(packed(&one), 1);
        put(&two, 2);
        let one = one.renew();
        assert_eq!((packed(&one), packed(&two)), (0, 1));
        put(&two, 3);
        let one = one.renew();
        assert_eq!((packed(&one), packed(&two)), (0, 2));
    }
}
