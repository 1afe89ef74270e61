//! Versions that somebody changed with other tools, told apart from those that are intact.
//!
//! Where the parts of a tree lie is remembered by their hashes, as the first version that was read had
//! them. If that one was changed by hand, they are looked for in the trees of all others.

use std::collections::HashSet;
use std::sync::Arc;

use gix::hash::ObjectId;
use gix::objs::Kind;
use prollytree_repo::CommitId;
use prollytree_tree::{ChunkList, Hash, Node, ObjectKind};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::name;
use crate::objects::{damaged, entry};
use crate::read::{blob_kind, blobs, children};

/// A part that was looked for.
pub(crate) enum Part {
    Node(Node),
    Value(Arc<[u8]>),
}

impl GitBackend {
    /// Reads all that lies in the trees of some versions, each in its own, and returns the versions
    /// that are not what their lists say, with the first fault of each.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn check_versions(
        &self,
        versions: impl IntoIterator<Item = CommitId>,
    ) -> Result<Vec<(CommitId, GitError)>, GitError> {
        let mut walk = Walk { backend: self, sought: None, seen: HashSet::new() };
        let mut bad = Vec::new();
        for id in versions {
            let checked = match self.object_id(id.as_bytes()) {
                Some(oid) => walk.version(&oid),
                None => Err(GitError::MissingObject { id: id.to_string() }),
            };
            match checked {
                Err(fault) if fault.is_damage() => bad.push((id, fault)),
                checked => _ = checked?,
            }
        }
        Ok(bad)
    }

    /// Looks for a part in the trees of all versions, whatever else is damaged there.
    pub(crate) fn intact(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Part>, GitError> {
        let mut walk = Walk { backend: self, sought: Some((kind, *hash)), seen: HashSet::new() };
        let (mut line, mut seen) = (self.all_tips()?, HashSet::new());
        while let Some(id) = line.pop() {
            if !seen.insert(id) {
                continue;
            }
            match walk.version(&id) {
                Ok(Some(part)) => return Ok(Some(part)),
                Ok(None) => line.extend(self.version(&id)?.into_iter().flat_map(|v| v.parents)),
                Err(fault) if fault.is_damage() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

struct Walk<'b> {
    backend: &'b GitBackend,
    /// What is looked for, past all damage; without it the first fault ends the walk.
    sought: Option<(ObjectKind, Hash)>,
    seen: HashSet<(Hash, ObjectId)>,
}

impl Walk<'_> {
    fn version(&mut self, id: &ObjectId) -> Result<Option<Part>, GitError> {
        let missing = || GitError::MissingObject { id: id.to_string() };
        let version = self.backend.version(id)?.ok_or_else(missing)?;
        let Some((data_set, _)) = self.backend.data_set_of(&version.tree)? else { return Ok(None) };
        for (name, map) in &version.maps {
            let tree = self.backend.map_tree(&data_set, name)?;
            if let Some(part) = self.node(&map.root, &tree, u8::MAX)? {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    fn node(&mut self, hash: &Hash, id: &ObjectId, above: u8) -> Result<Option<Part>, GitError> {
        if !self.seen.insert((*hash, *id)) {
            return Ok(None);
        }
        let found = self.read_node(hash, id, above);
        self.tolerate(found)
    }

    fn read_node(
        &mut self,
        hash: &Hash,
        id: &ObjectId,
        above: u8,
    ) -> Result<Option<Part>, GitError> {
        let node = self.backend.load(hash, id)?;
        // Else the walk could go down for ever.
        if node.level() >= above {
            return Err(damaged(id, "a node of a lower level"));
        }
        if self.sought == Some((ObjectKind::Node, *hash)) {
            return Ok(Some(Part::Node(node)));
        }
        if node.is_leaf() {
            return self.values(&node, id);
        }
        let children = children(&node, &self.backend.tree(id)?);
        let children = children.ok_or_else(|| damaged(id, "a node"))?;
        for (child, (_, id)) in node.children().zip(children) {
            if let Some(part) = self.node(&child.hash, &id, node.level())? {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    /// The large values of a leaf: it is a tree if it has any.
    fn values(&mut self, leaf: &Node, id: &ObjectId) -> Result<Option<Part>, GitError> {
        let mut entries = Vec::new();
        for (key, blob) in blobs(leaf) {
            if entries.is_empty() {
                entries = self.backend.tree(id)?;
            }
            let at = entry(&entries, &name::value_name(&key));
            let at = at.ok_or_else(|| damaged(id, "a leaf with its large values"))?.oid;
            if let Some(part) = self.value(blob_kind(&blob), &blob.hash, &at)? {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    fn value(
        &mut self,
        kind: ObjectKind,
        hash: &Hash,
        id: &ObjectId,
    ) -> Result<Option<Part>, GitError> {
        if !self.seen.insert((*hash, *id)) {
            return Ok(None);
        }
        let found = self.read_value(kind, hash, id);
        self.tolerate(found)
    }

    fn read_value(
        &mut self,
        kind: ObjectKind,
        hash: &Hash,
        id: &ObjectId,
    ) -> Result<Option<Part>, GitError> {
        let is_sought = self.sought == Some((kind, *hash));
        if kind == ObjectKind::Chunk && self.sought.is_some() && !is_sought {
            return Ok(None);
        }
        let bytes = match kind {
            ObjectKind::Chunk => self.backend.need(id, Kind::Blob)?,
            _ => self.backend.chunk_list(id)?,
        };
        if kind.hash(&bytes) != Some(*hash) {
            return Err(GitError::Mismatch { id: id.to_string(), hash: *hash });
        }
        if is_sought {
            return Ok(Some(Part::Value(bytes)));
        }
        if kind == ObjectKind::Chunk {
            return Ok(None);
        }
        let bad = || damaged(id, "a large value");
        let (entries, list) = (self.backend.tree(id)?, ChunkList::decode(&bytes).ok_or_else(bad)?);
        for (i, part) in list.parts.iter().enumerate() {
            let at = entry(&entries, &name::part_name(i)).ok_or_else(bad)?.oid;
            if let Some(part) = self.value(list.part_kind(), &part.hash, &at)? {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    fn tolerate(&self, found: Result<Option<Part>, GitError>) -> Result<Option<Part>, GitError> {
        match found {
            Err(fault) if self.sought.is_some() && fault.is_damage() => Ok(None),
            found => found,
        }
    }
}
