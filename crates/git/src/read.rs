//! From Git objects to nodes and the parts of large values.

use std::sync::Arc;

use gix::hash::ObjectId;
use gix::objs::Kind;
use prollytree_tree::{Blob, ChunkList, Hash, Locator, Node, ObjectKind, ValueRef};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::leaf;
use crate::name::{self, Form};
use crate::objects::{TreeEntry, damaged, entry, is_missing};
use crate::place::{Found, locator, parse_locator};

impl GitBackend {
    /// A node, from the cache, from where the hint leads, or from where its hash is known to be.
    pub(crate) fn node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, GitError> {
        if let Some(node) = self.shared.nodes.get(hash) {
            return Ok(Some(node));
        }
        if let Some((_, prefix)) = parse_locator(at) {
            let candidates = self.with_prefix(prefix)?;
            for id in &candidates {
                match self.load(hash, id) {
                    // Not written yet, or never: the hint is no more than that.
                    Err(error) if is_missing(&error, id) => {}
                    // Objects that begin alike are rare, and only one has the hash.
                    Err(_) if candidates.len() > 1 => {}
                    loaded => return loaded.map(Some),
                }
            }
        }
        if let Some(node) = self.pending().find(|pending| pending.nodes.get(hash).cloned()) {
            return Ok(Some(node));
        }
        match self.found(ObjectKind::Node, hash)? {
            None => Ok(None),
            Some(found) => match self.load_found(hash, &found) {
                // What was known of lay in versions that are gone; it may be in another.
                Err(GitError::MissingObject { .. }) => {
                    self.shared.known.remove(&(ObjectKind::Node, *hash));
                    let found = self.locate(ObjectKind::Node, hash)?;
                    found.map(|found| self.load_found(hash, &found)).transpose()
                }
                loaded => loaded.map(Some),
            },
        }
    }

    /// Where a root or a large value is.
    pub(crate) fn found(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Found>, GitError> {
        let encoded =
            |pending: &crate::pending::Content| pending.encoded.get(&(kind, *hash)).cloned();
        if let Some(found) = self.pending().find(encoded).or_else(|| self.known(kind, hash)) {
            return Ok(Some(found));
        }
        self.locate(kind, hash)
    }

    pub(crate) fn known(&self, kind: ObjectKind, hash: &Hash) -> Option<Found> {
        self.shared.known.get(&(kind, *hash))
    }

    fn load_found(&self, hash: &Hash, found: &Found) -> Result<Node, GitError> {
        let (_, id) = self.child_of(hash, found)?;
        self.load(hash, &id)
    }

    /// The node at an object, checked against its hash.
    pub(crate) fn load(&self, hash: &Hash, id: &ObjectId) -> Result<Node, GitError> {
        let node = match self.object(id)? {
            Some((Kind::Tree, _)) => self.load_tree(id)?,
            Some((Kind::Blob, bytes)) => load_leaf(id, &bytes)?,
            Some(_) => return Err(damaged(id, "a node")),
            None => return Err(GitError::MissingObject { id: id.to_string() }),
        };
        if node.hash() != *hash {
            return Err(GitError::Mismatch { id: id.to_string(), hash: *hash });
        }
        self.shared.nodes.insert(*hash, node.clone());
        Ok(node)
    }

    fn load_tree(&self, id: &ObjectId) -> Result<Node, GitError> {
        let entries = self.tree(id)?;
        let Some(node) = entry(&entries, name::NODE) else {
            let (_, blob) = bare_leaf(&entries).ok_or_else(|| damaged(id, "a node"))?;
            let leaf = load_leaf(&blob, &self.need(&blob, Kind::Blob)?)?;
            self.note_values(&leaf, &entries);
            return Ok(leaf);
        };
        let bytes = self.need(&node.oid, Kind::Blob)?;
        let node = Node::decode(bytes).map_err(|_| damaged(&node.oid, "a node"))?;
        if node.is_leaf() {
            return Err(damaged(id, "an inner node"));
        }
        let children = children(&node, &entries).ok_or_else(|| damaged(id, "a node"))?;
        let locators = children.iter().map(|(form, child)| {
            let locator = locator(*form, child);
            if let Some((_, prefix)) = parse_locator(locator) {
                self.shared.ids.insert(prefix, *child);
            }
            locator
        });
        Ok(node.with_locators(locators.collect::<Vec<_>>().into_iter()))
    }

    /// Remembers where the large values of a leaf are.
    fn note_values(&self, leaf: &Node, entries: &[TreeEntry]) {
        for (key, blob) in blobs(leaf) {
            if let Some(value) = entry(entries, &name::value_name(&key)) {
                self.note((blob_kind(&blob), blob.hash), Found::Value(value.oid));
            }
        }
    }

    pub(crate) fn note(&self, what: (ObjectKind, Hash), found: Found) {
        self.shared.known.insert(what, found);
    }

    /// A part of a large value: a chunk is a blob, a list a tree of its parts and the list itself.
    pub(crate) fn value_part(
        &self,
        kind: ObjectKind,
        hash: &Hash,
    ) -> Result<Option<Arc<[u8]>>, GitError> {
        let Some(Found::Value(id)) = self.found(kind, hash)? else { return Ok(None) };
        let bytes = if kind == ObjectKind::Chunk {
            self.need(&id, Kind::Blob)?
        } else {
            self.chunk_list(&id)?
        };
        if kind.hash(&bytes) != Some(*hash) {
            return Err(GitError::Mismatch { id: id.to_string(), hash: *hash });
        }
        Ok(Some(bytes))
    }

    /// The bytes of a list; remembers where its parts are.
    pub(crate) fn chunk_list(&self, id: &ObjectId) -> Result<Arc<[u8]>, GitError> {
        let entries = self.tree(id)?;
        let damaged = || damaged(id, "a large value");
        let list = entry(&entries, name::LIST).ok_or_else(damaged)?;
        let bytes = self.need(&list.oid, Kind::Blob)?;
        let list = ChunkList::decode(&bytes).ok_or_else(damaged)?;
        for (i, part) in list.parts.iter().enumerate() {
            let at = entry(&entries, &name::part_name(i)).ok_or_else(damaged)?;
            self.note((list.part_kind(), part.hash), Found::Value(at.oid));
        }
        Ok(bytes)
    }

    /// A place as its parent names it: a bare leaf out of the tree that it has as a root.
    pub(crate) fn child_of(
        &self,
        hash: &Hash,
        found: &Found,
    ) -> Result<(Form, ObjectId), GitError> {
        let root = match found {
            Found::Child(form, id) => return Ok((*form, *id)),
            Found::Value(id) => return Err(damaged(id, "a node")),
            Found::Root(id) => *id,
            Found::Map(data_set, map) => self.map_tree(data_set, map)?,
        };
        let entries = self.tree(&root)?;
        let child = match bare_leaf(&entries) {
            Some(leaf) if entries.len() == 1 => leaf,
            _ => (Form::Tree, root),
        };
        self.note((ObjectKind::Node, *hash), Found::Child(child.0, child.1));
        Ok(child)
    }
}

fn load_leaf(id: &ObjectId, bytes: &[u8]) -> Result<Node, GitError> {
    let leaf = leaf::decode(bytes);
    let (_, node) = leaf.map_err(|source| GitError::Leaf { id: id.to_string(), source })?;
    Ok(node)
}

/// The leaf of a tree that is no inner node.
fn bare_leaf(entries: &[TreeEntry]) -> Option<(Form, ObjectId)> {
    [Form::Text, Form::Binary]
        .into_iter()
        .find_map(|form| Some((form, entry(entries, &name::child_name(form, None))?.oid)))
}

/// The children of an inner node among the entries of its tree, in order.
pub(crate) fn children(node: &Node, entries: &[TreeEntry]) -> Option<Vec<(Form, ObjectId)>> {
    let mut by_bound = Vec::with_capacity(entries.len());
    for entry in entries {
        let (letter, bound) = entry.filename.split_at_checked(1)?;
        if let Some(form) = Form::ALL.into_iter().find(|form| form.letter().as_bytes() == letter) {
            by_bound.push((bound, form, entry.oid));
        }
    }
    // Git orders them by the letter first; else this is its order already.
    by_bound.sort_by_key(|(bound, ..)| *bound);
    let child = |i: usize| {
        let bound = i.checked_sub(1).map(|before| node.key(before));
        let name = name::child_name(Form::Tree, bound.as_deref());
        let found = by_bound.binary_search_by_key(&&name.as_bytes()[1..], |(bound, ..)| bound);
        found.ok().map(|at| (by_bound[at].1, by_bound[at].2))
    };
    (0..node.len()).map(child).collect()
}

/// The large values of a leaf, with their keys.
pub(crate) fn blobs(leaf: &Node) -> impl Iterator<Item = (Vec<u8>, Blob)> + '_ {
    (0..leaf.len()).filter_map(|i| match leaf.value(i) {
        ValueRef::Blob(blob) => Some((leaf.key(i), blob)),
        ValueRef::Inline(_) => None,
    })
}

/// The kind of the object at the top of a large value.
pub(crate) fn blob_kind(blob: &Blob) -> ObjectKind {
    if blob.height == 0 { ObjectKind::Chunk } else { ObjectKind::ChunkList }
}
