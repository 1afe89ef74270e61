//! Records of a repository in Git: the working state, the operation under way, the settings.
//!
//! Each is a ref that leads to a commit of its own, which holds the record and the trees that the
//! record names, so that Git keeps them as it keeps a stash.

use std::sync::Arc;

use gix::hash::ObjectId;
use gix::objs::{CommitRefIter, Kind};
use gix::refs::Target;
use prollytree_repo::{Commit, Identity, Maps, Timestamp, trace};
use prollytree_tree::{Hash, ObjectKind};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::name;
use crate::objects::{blob_entry, damaged, entry, tree_entry};
use crate::place::Found;

/// The record, in the tree of its commit.
const RECORD: &str = "record";
/// The trees that it names, in the order in which it names them.
const ROOTS: &str = "roots";
/// The records that a repository has.
const STATES: [&str; 3] = ["working", "operation", "config"];

/// A record's name and its bytes.
type Record = (Hash, Arc<[u8]>);

impl GitBackend {
    /// The record that a ref of ours leads to.
    pub(crate) fn state(&self, name: &str) -> Result<Option<Record>, GitError> {
        match self.target(name)? {
            Some(Target::Object(id)) => self.record_at(&id).map(Some),
            Some(Target::Symbolic(_)) | None => Ok(None),
        }
    }

    /// The record that a commit holds; remembers where the trees are that it names.
    fn record_at(&self, id: &ObjectId) -> Result<Record, GitError> {
        if let Some(record) = self.shared.records.get(id) {
            self.shared.seen.insert(record.0, Arc::clone(&record.1));
            return Ok(record);
        }
        let bytes = self.need_verified(id, Kind::Commit)?;
        let tree = CommitRefIter::from_bytes(&bytes, self.shared.hash).tree_id();
        let entries = self.tree_verified(&tree.map_err(|_| damaged(id, "a commit"))?)?;
        let no_record = || damaged(id, "a record of the prolly repository");
        let blob = entry(&entries, RECORD).ok_or_else(no_record)?;
        let bytes = self.need_verified(&blob.oid, Kind::Blob)?;
        let hash = ObjectKind::Record.hash(&bytes).ok_or_else(no_record)?;
        let trees = match entry(&entries, ROOTS) {
            Some(roots) => self.tree_verified(&roots.oid)?,
            None => Vec::new(),
        };
        for (i, root) in roots(&bytes).ok_or_else(no_record)?.into_iter().enumerate() {
            let tree = entry(&trees, &name::part_name(i)).ok_or_else(no_record)?;
            self.note((ObjectKind::Node, root), Found::Root(tree.oid));
        }
        self.shared.records.insert(*id, (hash, Arc::clone(&bytes)));
        self.shared.seen.insert(hash, Arc::clone(&bytes));
        Ok((hash, bytes))
    }

    /// A record by its hash: one that was written through this handle, or one that a ref leads to.
    pub(crate) fn record(&self, hash: &Hash) -> Result<Option<Arc<[u8]>>, GitError> {
        let what = (ObjectKind::Record, *hash);
        let pending = self.pending().find(|pending| pending.objects.get(&what).cloned());
        if let Some(bytes) = pending.or_else(|| self.shared.seen.get(hash)) {
            return Ok(Some(bytes));
        }
        for state in STATES {
            if let Some((found, bytes)) = self.state(&self.state_ref(state))? {
                self.shared.seen.insert(found, Arc::clone(&bytes));
                if found == *hash {
                    return Ok(Some(bytes));
                }
            }
        }
        Ok(None)
    }

    /// Makes the commit that holds a record. It has no date and no author, so that there is one for
    /// one record.
    pub(crate) fn put_record(&self, hash: &Hash) -> Result<ObjectId, GitError> {
        let bytes = self.record(hash)?.ok_or(GitError::Missing { hash: *hash })?;
        let no_record = || GitError::Missing { hash: *hash };
        let mut entries = vec![blob_entry(RECORD, self.put(Kind::Blob, bytes.to_vec())?)];
        let mut trees = Vec::new();
        for (i, root) in roots(&bytes).ok_or_else(no_record)?.iter().enumerate() {
            trees.push(tree_entry(name::part_name(i), self.put_root(root)?));
        }
        if !trees.is_empty() {
            entries.push(tree_entry(ROOTS, self.put_tree(trees)?));
        }
        let parents = trace::commits(&bytes).map_err(|_| no_record())?;
        let parents: Vec<_> =
            parents.iter().filter_map(|id| self.object_id(id.as_bytes())).collect();
        let commit = Commit {
            maps: Maps::new(),
            parents: Vec::new(),
            author: Identity::default(),
            time: Timestamp::utc(0),
            message: "prolly: a record of the working state".to_owned(),
        };
        let id = self.put_commit(self.put_tree(entries)?, &parents, &commit)?;
        self.object_id(id.as_bytes()).ok_or_else(no_record)
    }

    /// The roots that the records name.
    pub(crate) fn state_roots(&self) -> Result<Vec<Hash>, GitError> {
        let mut all = Vec::new();
        for state in STATES {
            if let Some((_, bytes)) = self.state(&self.state_ref(state))? {
                all.extend(roots(&bytes).unwrap_or_default());
            }
        }
        Ok(all)
    }
}

/// The trees that a record names.
fn roots(record: &[u8]) -> Option<Vec<Hash>> {
    let children = trace::children(ObjectKind::Record, record).ok()?;
    let nodes = children.into_iter().filter(|(kind, _)| *kind == ObjectKind::Node);
    Some(nodes.map(|(_, hash)| hash).collect())
}
