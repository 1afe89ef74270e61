//! Reading and writing nodes and objects through a handle.

use std::sync::Arc;

use prollytree_tree::{Hash, Locator, Node, NodeStorage, ObjectKind};

use crate::error::{Damage, StoreError};
use crate::format::Manifest;
use crate::lock::read;
use crate::pending::Item;
use crate::segment::Object;
use crate::store::{MAX_OBJECT_LEN, Store};
use crate::tail::Tail;
use crate::view::View;

impl Store {
    /// Reads an object from the disk. What seems missing or damaged may have been moved by another
    /// process: then it is looked up again.
    pub(crate) fn read_stored(
        &self,
        kind: ObjectKind,
        hash: &Hash,
        hint: Locator,
    ) -> Result<Option<Object>, StoreError> {
        let mut view = read(&self.shared.view).clone();
        loop {
            let seen = match view.read(kind, hash, hint) {
                Ok(Some((object, _))) => return Ok(Some(object)),
                Ok(None) => Ok(None),
                Err(error) if error.is_damage() => Err(error),
                Err(error) => return Err(error),
            };
            match self.newer_view(&view)? {
                Some(newer) => view = newer,
                None => return seen,
            }
        }
    }

    /// The store as it is by now, if that is newer than a view.
    pub(crate) fn newer_view(&self, than: &View) -> Result<Option<View>, StoreError> {
        let followed = self.follow(true)?;
        let now = read(&self.shared.view).clone();
        if (now.generation, now.sequence) > (than.generation, than.sequence) {
            return Ok(Some(now));
        }
        // A thread that waits to commit keeps the handle from following. What another process moved
        // meanwhile is found without it.
        let dir = &self.shared.dir;
        let moved = || Ok(Manifest::read_generation(dir)? > Some(than.generation));
        match followed.is_none() && moved()? {
            true => Ok(Some(Tail::load(dir, &than.segments)?.1)),
            false => Ok(None),
        }
    }

    /// Whether an intact copy is stored already, and where; the handle relies on it from then on.
    fn stored_already(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Locator>, StoreError> {
        let view = read(&self.shared.view).clone();
        let held = view.holds(hash).and_then(|held| match held {
            true => view.read(kind, hash, Locator::NONE),
            false => Ok(None),
        });
        match held {
            Ok(Some((_, at))) => {
                self.pending.rely_on(kind, *hash, view.collection);
                Ok(Some(at))
            }
            Ok(None) => Ok(None),
            // Written again, it is found before the damaged copy.
            Err(error) if error.is_damage() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, item: Item) -> Result<(), StoreError> {
        let Item { kind, hash, .. } = item;
        let len = item.object.bytes().len();
        if len > MAX_OBJECT_LEN {
            return Err(StoreError::ObjectTooLong { kind, hash, len, limit: MAX_OBJECT_LEN });
        }
        if self.pending.push(item) > self.shared.options.pending_bytes {
            self.spill()?;
        }
        Ok(())
    }
}

impl NodeStorage for Store {
    type Error = StoreError;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, StoreError> {
        if let Some(node) = self.shared.cache.get(hash) {
            return Ok(Some(node));
        }
        let kind = ObjectKind::Node;
        if let Some(Object::Node(node)) = self.pending.get(kind, hash) {
            return Ok(Some(node));
        }
        let Some(Object::Node(node)) = self.read_stored(kind, hash, at)? else { return Ok(None) };
        self.shared.cache.insert(*hash, node.clone());
        Ok(Some(node))
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, StoreError> {
        self.writable()?;
        let kind = ObjectKind::Node;
        if let Some(at) = self.stored_already(kind, hash)? {
            return Ok(at);
        }
        self.write(Item { kind, hash: *hash, object: Object::Node(node) })?;
        Ok(Locator::NONE)
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, StoreError> {
        let object = match self.pending.get(kind, hash) {
            Some(object) => Some(object),
            None => self.read_stored(kind, hash, Locator::NONE)?,
        };
        Ok(object.map(|object| match object {
            Object::Bytes(bytes) => bytes,
            Object::Node(node) => node.bytes().into(),
        }))
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), StoreError> {
        if kind == ObjectKind::Node {
            let node = Node::decode(bytes).map_err(|source| {
                let damage = Damage::Node { hash: *hash, source };
                StoreError::Damaged { path: self.shared.dir.path(""), offset: 0, damage }
            })?;
            return self.write_node(hash, node).map(|_| ());
        }
        self.writable()?;
        if self.stored_already(kind, hash)?.is_some() {
            return Ok(());
        }
        let object = Object::Bytes(bytes.into());
        self.write(Item { kind, hash: *hash, object })
    }
}
