//! Finding by its hash what no parent leads to: a root, a large value.
//!
//! Where such things are is remembered as they are read from above, so this is for what was
//! forgotten, or was met in another process. All that is reachable is looked through.

use std::collections::HashSet;

use gix::hash::ObjectId;
use prollytree_tree::{Hash, Node, ObjectKind};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::objects::damaged;
use crate::place::{Found, parse_locator};
use crate::read::{blob_kind, blobs};

impl GitBackend {
    /// Looks through the versions that refs lead to until the thing is met.
    pub(crate) fn locate(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Found>, GitError> {
        if kind == ObjectKind::Record {
            return Ok(None);
        }
        let mut search = Search { backend: self, sought: (kind, *hash), seen: HashSet::new() };
        for maps in [true, false] {
            search.seen.clear();
            let mut line = self.all_tips()?;
            let mut seen = HashSet::new();
            while let Some(id) = line.pop() {
                if !seen.insert(id) {
                    continue;
                }
                let Some(version) = self.version(&id)? else { continue };
                // The roots of all versions first: they are what is asked for most, and cheap.
                let found =
                    if maps { self.known(kind, hash) } else { search.version(&version.maps)? };
                if found.is_some() {
                    return Ok(found);
                }
                line.extend(version.parents);
            }
            let records = self.state_roots()?;
            let found = if maps { self.known(kind, hash) } else { search.roots(&records)? };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

struct Search<'b> {
    backend: &'b GitBackend,
    sought: (ObjectKind, Hash),
    seen: HashSet<Hash>,
}

impl Search<'_> {
    fn version(&mut self, maps: &prollytree_repo::Maps) -> Result<Option<Found>, GitError> {
        let roots: Vec<_> = maps.values().map(|map| map.root).collect();
        self.roots(&roots)
    }

    fn roots(&mut self, roots: &[Hash]) -> Result<Option<Found>, GitError> {
        for root in roots {
            let Some(found) = self.backend.known(ObjectKind::Node, root) else { continue };
            let (_, id) = self.backend.child_of(root, &found)?;
            if let Some(found) = self.node(root, &id, u8::MAX)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn node(&mut self, hash: &Hash, id: &ObjectId, above: u8) -> Result<Option<Found>, GitError> {
        if !self.seen.insert(*hash) {
            return Ok(None);
        }
        let node = self.backend.load(hash, id)?;
        // Else the search could go down for ever.
        if node.level() >= above {
            return Err(damaged(id, "a node of a lower level"));
        }
        if node.is_leaf() {
            return self.leaf(&node);
        }
        for child in node.children() {
            let Some((form, prefix)) = parse_locator(child.locator) else { continue };
            let candidates = self.backend.with_prefix(prefix)?;
            if self.sought == (ObjectKind::Node, child.hash)
                && let [id] = candidates[..]
            {
                return Ok(Some(Found::Child(form, id)));
            }
            // Only leaves with large values are trees, and only these can hold more.
            let leads_on = form == crate::name::Form::Tree || self.sought.0 == ObjectKind::Node;
            if node.level() == 1 && !leads_on {
                continue;
            }
            for id in candidates {
                if let Some(found) = self.node(&child.hash, &id, node.level())? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    fn leaf(&mut self, leaf: &Node) -> Result<Option<Found>, GitError> {
        for (_, blob) in blobs(leaf) {
            if let Some(found) = self.value(blob_kind(&blob), &blob.hash)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn value(&mut self, kind: ObjectKind, hash: &Hash) -> Result<Option<Found>, GitError> {
        let found = self.backend.known(kind, hash);
        if self.sought == (kind, *hash) || kind == ObjectKind::Chunk || !self.seen.insert(*hash) {
            return Ok(found.filter(|_| self.sought == (kind, *hash)));
        }
        let Some(Found::Value(id)) = found else { return Ok(None) };
        let bytes = self.backend.chunk_list(&id)?;
        let list = prollytree_tree::ChunkList::decode(&bytes);
        for part in list.iter().flat_map(|list| &list.parts) {
            let kind = list.as_ref().map_or(ObjectKind::Chunk, |list| list.part_kind());
            if let Some(found) = self.value(kind, &part.hash)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
