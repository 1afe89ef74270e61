//! From Git objects to nodes and the parts of large values.

use std::sync::Arc;

use gix::hash::ObjectId;
use gix::objs::Kind;
use gix::objs::tree::EntryKind;
use prollytree_tree::{Blob, ChunkList, Hash, Locator, Node, ObjectKind, ValueRef};

use crate::backend::{Cached, GitBackend};
use crate::error::GitError;
use crate::intact::Part;
use crate::leaf;
use crate::name::{self, Form};
use crate::objects::{TreeEntry, damaged, entry, is_missing};
use crate::place::{Found, locator, parse_locator};

impl GitBackend {
    /// A node, from the cache, from where the hint leads, or from where its hash is known to be.
    pub(crate) fn node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, GitError> {
        if let Some(Cached { node, values }) = self.shared.nodes.get(hash) {
            // What is known of single values is forgotten sooner than nodes are, and would then be
            // looked for in all that there is.
            for (kind, value, id) in &*values {
                self.note((*kind, *value), Found::Value(*id));
            }
            return Ok(Some(node));
        }
        // A hint is no more than that: what it leads to may not be written, or be changed by hand.
        let mut fault = None;
        if let Some((form, prefix)) = parse_locator(at) {
            for id in self.with_prefix(prefix)? {
                match self.load_as(hash, &id, Some(form)) {
                    Err(error) if is_missing(&error, &id) => {}
                    Err(error) if error.is_damage() => fault = Some(error),
                    loaded => return loaded.map(Some),
                }
            }
        }
        if let Some(node) = self.pending().find(|pending| pending.nodes.get(hash).cloned()) {
            return Ok(Some(node));
        }
        let found = self.found(ObjectKind::Node, hash);
        let loaded =
            found.and_then(|found| found.map(|found| self.load_found(hash, &found)).transpose());
        let fault = match (loaded, fault) {
            (Ok(None), Some(fault)) => fault,
            (Err(fault), _) if fault.is_damage() => fault,
            (loaded, _) => return loaded,
        };
        self.shared.known.remove(&(ObjectKind::Node, *hash));
        match self.intact(ObjectKind::Node, hash)? {
            Some(Part::Node(node)) => Ok(Some(node)),
            _ => Err(fault),
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
        self.load_as(hash, id, None)
    }

    /// As [`load`](Self::load), in the form that its name tells, if it has one.
    fn load_as(&self, hash: &Hash, id: &ObjectId, form: Option<Form>) -> Result<Node, GitError> {
        let (node, values) = match self.object(id)? {
            Some((Kind::Tree, _)) => self.load_tree(id)?,
            Some((Kind::Blob, bytes)) => (load_leaf(id, &bytes, form)?, Vec::new()),
            Some(_) => return Err(damaged(id, "a node")),
            None => return Err(GitError::MissingObject { id: id.to_string() }),
        };
        if node.hash() != *hash {
            return Err(GitError::Mismatch { id: id.to_string(), hash: *hash });
        }
        for (kind, value, id) in &values {
            self.note((*kind, *value), Found::Value(*id));
        }
        let cached = Cached { node: node.clone(), values: values.into() };
        self.shared.nodes.insert(*hash, cached);
        Ok(node)
    }

    /// The node of a tree, and where its large values are.
    fn load_tree(&self, id: &ObjectId) -> Result<(Node, Values), GitError> {
        let entries = self.tree(id)?;
        let Some(node) = entry(&entries, name::NODE) else {
            let (form, blob) = bare_leaf(&entries).ok_or_else(|| damaged(id, "a node"))?;
            let leaf = load_leaf(&blob, &self.need(&blob, Kind::Blob)?, Some(form))?;
            let values = values(&leaf, &entries);
            let values = values.ok_or_else(|| damaged(id, "a leaf and its large values"))?;
            return Ok((leaf, values));
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
        let node = node.with_locators(locators.collect::<Vec<_>>().into_iter());
        Ok((node, Vec::new()))
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
        let fault = match self.value_part_as_found(kind, hash) {
            Err(fault) if fault.is_damage() => fault,
            found => return found,
        };
        self.shared.known.remove(&(kind, *hash));
        match self.intact(kind, hash)? {
            Some(Part::Value(bytes)) => Ok(Some(bytes)),
            _ => Err(fault),
        }
    }

    fn value_part_as_found(
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

/// Where large values are.
type Values = Vec<(ObjectKind, Hash, ObjectId)>;

/// Where the large values of a leaf are, among the entries of its tree; `None` if the tree does not
/// hold the leaf and these, and nothing else.
fn values(leaf: &Node, entries: &[TreeEntry]) -> Option<Values> {
    let value = |(key, blob): (Vec<u8>, Blob)| {
        let at = entry(entries, &name::value_name(&key))?;
        let fits = has_mode(at, blob.height > 0);
        fits.then_some((blob_kind(&blob), blob.hash, at.oid))
    };
    let values = blobs(leaf).map(value).collect::<Option<Values>>()?;
    (values.len() + 1 == entries.len()).then_some(values)
}

/// Whether an entry is a tree, or else a plain file: no link, no program, no other repository.
fn has_mode(entry: &TreeEntry, is_tree: bool) -> bool {
    let kind = if is_tree { EntryKind::Tree } else { EntryKind::Blob };
    entry.mode == kind.into()
}

fn load_leaf(id: &ObjectId, bytes: &[u8], form: Option<Form>) -> Result<Node, GitError> {
    let leaf = leaf::decode(bytes);
    let (found, node) = leaf.map_err(|source| GitError::Leaf { id: id.to_string(), source })?;
    match form {
        Some(form) if form != found => Err(damaged(id, "a leaf of the form that its name tells")),
        _ => Ok(node),
    }
}

/// The leaf of a tree that is no inner node.
fn bare_leaf(entries: &[TreeEntry]) -> Option<(Form, ObjectId)> {
    [Form::Text, Form::Binary].into_iter().find_map(|form| {
        let leaf = entry(entries, &name::child_name(form, None))?;
        has_mode(leaf, false).then_some((form, leaf.oid))
    })
}

/// The children of an inner node among the entries of its tree, in order; `None` if the tree does not
/// hold the node and these, and nothing else.
pub(crate) fn children(node: &Node, entries: &[TreeEntry]) -> Option<Vec<(Form, ObjectId)>> {
    if entries.len() != node.len() + 1 || !has_mode(entry(entries, name::NODE)?, false) {
        return None;
    }
    let mut by_bound = Vec::with_capacity(entries.len());
    for entry in entries {
        let (letter, bound) = entry.filename.split_at_checked(1)?;
        if let Some(form) = Form::ALL.into_iter().find(|form| form.letter().as_bytes() == letter) {
            if !has_mode(entry, form == Form::Tree) {
                return None;
            }
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
