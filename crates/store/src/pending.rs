//! What was written and is not committed yet.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use prollytree_tree::{Hash, ObjectKind};

use crate::lock::{read, write};
use crate::pin::Spilled;
use crate::segment::Object;

/// An object to be appended.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) kind: ObjectKind,
    pub(crate) hash: Hash,
    pub(crate) object: Object,
}

/// A set of objects in the order in which they were written: children before parents.
#[derive(Default)]
pub(crate) struct Set {
    pub(crate) items: Vec<Item>,
    by_name: HashMap<(ObjectKind, Hash), usize>,
    bytes: u64,
}

impl Set {
    pub(crate) fn holds(&self, kind: ObjectKind, hash: &Hash) -> bool {
        self.by_name.contains_key(&(kind, *hash))
    }

    fn get(&self, kind: ObjectKind, hash: &Hash) -> Option<Object> {
        self.by_name.get(&(kind, *hash)).map(|&i| self.items[i].object.clone())
    }

    fn push(&mut self, item: Item) {
        if self.holds(item.kind, &item.hash) {
            return;
        }
        self.bytes += item.object.record_len();
        self.by_name.insert((item.kind, item.hash), self.items.len());
        self.items.push(item);
    }
}

/// What one session wrote since its last commit.
#[derive(Default)]
pub(crate) struct Pending {
    state: RwLock<State>,
    /// Keeps what was spilled, and so is no longer here, from collections.
    pub(crate) spilled: Spilled,
}

#[derive(Default)]
struct State {
    current: Set,
    /// What is being appended right now: readable, and no longer added to.
    leaving: Option<Arc<Set>>,
    /// What the session found stored already and so did not write, each with the collection that
    /// it was seen after.
    relied_on: HashMap<(ObjectKind, Hash), u64>,
}

impl Pending {
    pub(crate) fn get(&self, kind: ObjectKind, hash: &Hash) -> Option<Object> {
        let state = read(&self.state);
        let leaving = || state.leaving.as_ref().and_then(|set| set.get(kind, hash));
        state.current.get(kind, hash).or_else(leaving)
    }

    /// Notes that an object was seen after a collection, and not written again.
    pub(crate) fn rely_on(&self, kind: ObjectKind, hash: Hash, collection: u64) {
        write(&self.state).relied_on.insert((kind, hash), collection);
    }

    /// What is relied on.
    pub(crate) fn relied_on(&self) -> Vec<(ObjectKind, Hash)> {
        read(&self.state).relied_on.keys().copied().collect()
    }

    /// What is relied on and was last seen before this collection.
    pub(crate) fn unseen_since(&self, collection: u64) -> Vec<(ObjectKind, Hash)> {
        let state = read(&self.state);
        let stale = state.relied_on.iter().filter(|(_, seen)| **seen < collection);
        stale.map(|(name, _)| *name).collect()
    }

    /// Adds an object, and tells how many bytes the objects have by now.
    pub(crate) fn push(&self, item: Item) -> u64 {
        let mut state = write(&self.state);
        state.current.push(item);
        state.current.bytes
    }

    /// Takes all objects out to be appended. They stay readable until
    /// [`appended`](Self::appended) or [`restore`](Self::restore).
    pub(crate) fn leave(&self) -> Arc<Set> {
        let mut state = write(&self.state);
        let set = Arc::new(std::mem::take(&mut state.current));
        state.leaving = Some(Arc::clone(&set));
        set
    }

    /// The objects that are leaving were appended.
    pub(crate) fn appended(&self) {
        write(&self.state).leaving = None;
    }

    /// The objects that were leaving could not be appended: they are pending again.
    pub(crate) fn restore(&self) {
        let mut state = write(&self.state);
        if let Some(set) = state.leaving.take() {
            let later = std::mem::take(&mut state.current);
            for item in set.items.iter().cloned().chain(later.items) {
                state.current.push(item);
            }
        }
    }

    /// A commit went through: what it relied on, the refs lead to.
    pub(crate) fn committed(&self) {
        let mut state = write(&self.state);
        if state.current.items.is_empty() {
            state.relied_on.clear();
        }
        self.spilled.release();
    }

    /// The session cannot be committed any more: it is as if nothing had been written.
    pub(crate) fn discard(&self) {
        *write(&self.state) = State::default();
        self.spilled.release();
    }

    /// A copy of the objects, for whoever must know what the session needs.
    pub(crate) fn items(&self) -> Vec<Item> {
        let state = read(&self.state);
        let leaving = state.leaving.iter().flat_map(|set| set.items.iter());
        leaving.chain(&state.current.items).cloned().collect()
    }
}
