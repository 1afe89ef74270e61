//! From nodes and the parts of large values to Git objects.
//!
//! Only what is new is made: a child that lies in Git already is named by the id that its locator
//! leads to.

use gix::hash::ObjectId;
use gix::objs::Kind;
use prollytree_repo::{MapName, Maps};
use prollytree_tree::{Blob, ChunkList, Hash, Locator, Node, ObjectKind};

use crate::backend::{Cached, GitBackend};
use crate::error::GitError;
use crate::name::{self, Form};
use crate::objects::{TreeEntry, blob_entry, tree_entry};
use crate::place::{Found, locator, parse_locator};
use crate::read::{blob_kind, blobs};
use crate::{leaf, listing};

/// The folder of the maps, in the tree of a data set.
pub(crate) const MAPS: &str = "maps";

impl GitBackend {
    /// The trees of all maps, by the names that they have in Git.
    pub(crate) fn put_maps(&self, maps: &Maps) -> Result<Vec<TreeEntry>, GitError> {
        let entry = |(name, map): (&MapName, &prollytree_repo::MapRoot)| {
            Ok(tree_entry(name::map_name(name.as_str()), self.put_root(&map.root)?))
        };
        maps.iter().map(entry).collect()
    }

    /// The blob that lists the maps.
    pub(crate) fn put_listing(&self, maps: &Maps) -> Result<ObjectId, GitError> {
        self.put(Kind::Blob, listing::encode(maps).into_bytes())
    }

    /// The tree of a root: an inner node's own, or one around a bare leaf.
    pub(crate) fn put_root(&self, hash: &Hash) -> Result<ObjectId, GitError> {
        let id = match self.put_node(hash, Locator::NONE)? {
            (Form::Tree, id) => id,
            (form, leaf) => self.put_tree(vec![blob_entry(name::child_name(form, None), leaf)])?,
        };
        self.pending().change(|pending| pending.roots.push((*hash, Found::Root(id))));
        Ok(id)
    }

    fn put_node(&self, hash: &Hash, at: Locator) -> Result<(Form, ObjectId), GitError> {
        let what = (ObjectKind::Node, *hash);
        let encoded = self.pending().find(|pending| pending.encoded.get(&what).cloned());
        // An older handle may remember what was collected as garbage since.
        if let Some(Found::Child(form, id)) = encoded
            && self.has_object(&id)
        {
            return Ok((form, id));
        }
        if let Some(child) = self.in_git(hash, at)? {
            return Ok(child);
        }
        let pending = self.pending().find(|pending| pending.nodes.get(hash).cloned());
        let Some(node) = pending else {
            let found = self.found(ObjectKind::Node, hash)?;
            let found = found.ok_or(GitError::Missing { hash: *hash })?;
            return self.child_of(hash, &found);
        };
        let child =
            if node.is_leaf() { self.put_leaf(&node)? } else { self.put_inner(hash, node)? };
        let found = Found::Child(child.0, child.1);
        self.pending().change(|pending| _ = pending.encoded.insert(what, found.clone()));
        Ok(child)
    }

    /// The child that a locator leads to. Only one that could be another object is looked at.
    fn in_git(&self, hash: &Hash, at: Locator) -> Result<Option<(Form, ObjectId)>, GitError> {
        let Some((form, prefix)) = parse_locator(at) else { return Ok(None) };
        match self.with_prefix(prefix)?.as_slice() {
            [id] if self.has_object(id) => Ok(Some((form, *id))),
            [] | [_] => Ok(None),
            several => {
                for id in several {
                    match self.load(hash, id) {
                        Ok(_) => return Ok(Some((form, *id))),
                        Err(GitError::Git { action, source }) => {
                            return Err(GitError::Git { action, source });
                        }
                        Err(_) => {}
                    }
                }
                Ok(None)
            }
        }
    }

    fn put_leaf(&self, node: &Node) -> Result<(Form, ObjectId), GitError> {
        let (form, bytes) = leaf::encode(node);
        let leaf = self.put(Kind::Blob, bytes)?;
        let mut entries = Vec::new();
        for (key, blob) in blobs(node) {
            let (id, is_tree) = (self.put_value(&blob)?, blob.height > 0);
            let name = name::value_name(&key);
            entries.push(if is_tree { tree_entry(name, id) } else { blob_entry(name, id) });
        }
        if entries.is_empty() {
            return Ok((form, leaf));
        }
        entries.push(blob_entry(name::child_name(form, None), leaf));
        Ok((Form::Tree, self.put_tree(entries)?))
    }

    fn put_inner(&self, hash: &Hash, node: Node) -> Result<(Form, ObjectId), GitError> {
        let mut entries =
            vec![blob_entry(name::NODE, self.put(Kind::Blob, node.bytes().to_vec())?)];
        let mut locators = Vec::with_capacity(node.len());
        for (i, child) in node.children().enumerate() {
            let (form, id) = self.put_node(&child.hash, child.locator)?;
            let bound = i.checked_sub(1).map(|before| node.key(before));
            let name = name::child_name(form, bound.as_deref());
            entries.push(match form {
                Form::Tree => tree_entry(name, id),
                Form::Text | Form::Binary => blob_entry(name, id),
            });
            let at = locator(form, &id);
            if let Some((_, prefix)) = parse_locator(at) {
                self.shared.ids.insert(prefix, id);
            }
            locators.push(at);
        }
        let id = self.put_tree(entries)?;
        let node = node.with_locators(locators.into_iter());
        self.shared.nodes.insert(*hash, Cached { node, values: [].into() });
        Ok((Form::Tree, id))
    }

    fn put_value(&self, blob: &Blob) -> Result<ObjectId, GitError> {
        self.put_part(blob_kind(blob), &blob.hash)
    }

    /// A chunk as a blob; a list as a tree of its parts and of itself.
    fn put_part(&self, kind: ObjectKind, hash: &Hash) -> Result<ObjectId, GitError> {
        let what = (kind, *hash);
        let pending = self.pending().find(|pending| match pending.encoded.get(&what) {
            Some(Found::Value(id)) => Some(Err(*id)),
            _ => pending.objects.get(&what).cloned().map(Ok),
        });
        let id = match pending {
            Some(Err(id)) => return Ok(id),
            None => match self.found(kind, hash)? {
                Some(Found::Value(id)) => return Ok(id),
                _ => return Err(GitError::Missing { hash: *hash }),
            },
            // Also if it is there already: what no ref leads to may be collected before ours does.
            Some(Ok(bytes)) if kind == ObjectKind::Chunk => self.put(Kind::Blob, bytes.to_vec())?,
            Some(Ok(bytes)) => {
                let list = ChunkList::decode(&bytes).ok_or(GitError::Missing { hash: *hash })?;
                let mut entries =
                    vec![blob_entry(name::LIST, self.put(Kind::Blob, bytes.to_vec())?)];
                for (i, part) in list.parts.iter().enumerate() {
                    let (name, id) =
                        (name::part_name(i), self.put_part(list.part_kind(), &part.hash)?);
                    entries.push(match list.part_kind() {
                        ObjectKind::Chunk => blob_entry(name, id),
                        _ => tree_entry(name, id),
                    });
                }
                self.put_tree(entries)?
            }
        };
        self.pending().change(|pending| _ = pending.encoded.insert(what, Found::Value(id)));
        Ok(id)
    }
}
