//! Git's objects, read and made.

use std::sync::{Arc, Mutex, PoisonError};

use gix::bstr::BString;
use gix::hash::{ObjectId, Prefix, oid};
use gix::objs::{Exists as _, Find as _, Kind, Tree, TreeRefIter, WriteTo as _, tree};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::place::{PREFIX_DIGITS, first_with_prefix};

/// Handles to the repository that no thread uses just now: each has caches of its own, so threads do
/// not wait for each other.
pub(crate) struct Pool {
    repository: gix::ThreadSafeRepository,
    idle: Mutex<Vec<gix::Repository>>,
}

impl Pool {
    pub(crate) fn new(repository: gix::ThreadSafeRepository) -> Self {
        Self { repository, idle: Mutex::default() }
    }

    /// Lends a handle.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&gix::Repository) -> T) -> T {
        // A panic cannot leave the list half changed, so a poisoned lock is still sound.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = idle().pop();
        let repository = lent.unwrap_or_else(|| {
            let mut repository = self.repository.to_thread_local();
            // `GIT_NAMESPACE` is for servers, and of no concern to `git` on a repository of its own.
            repository.clear_namespace();
            repository
        });
        let result = work(&repository);
        idle().push(repository);
        result
    }
}

/// The kind and the bytes of an object.
pub(crate) type Object = (Kind, Arc<[u8]>);

/// An entry of a Git tree.
pub(crate) type TreeEntry = tree::Entry;

impl GitBackend {
    /// An object that was written through this handle or lies in the repository.
    pub(crate) fn object(&self, id: &oid) -> Result<Option<Object>, GitError> {
        if let Some(object) = self.pending().find(|pending| pending.git.get(id).cloned()) {
            return Ok(Some(object));
        }
        let mut buffer = Vec::new();
        if let Some(kind) = self.find(id, &mut buffer)? {
            return Ok(Some((kind, buffer.into())));
        }
        // A partial clone fetches what it lacks when `git` is asked for it.
        if self.shared.partial && self.fetch_missing(id) {
            return Ok(self.find(id, &mut buffer)?.map(|kind| (kind, buffer.into())));
        }
        Ok(None)
    }

    fn find(&self, id: &oid, buffer: &mut Vec<u8>) -> Result<Option<Kind>, GitError> {
        self.shared.pool.with(|repository| {
            let found = repository.objects.try_find(id, buffer);
            let found = found.map_err(|source| GitError::gix("read an object", source))?;
            Ok(found.map(|data| data.kind))
        })
    }

    /// The bytes of an object that must be there and of this kind; not checked against its name.
    pub(crate) fn need(&self, id: &oid, kind: Kind) -> Result<Arc<[u8]>, GitError> {
        match self.object(id)? {
            Some((found, bytes)) if found == kind => Ok(bytes),
            Some(_) => Err(damaged(id, expected(kind))),
            None => Err(GitError::MissingObject { id: id.to_string() }),
        }
    }

    /// As [`need`](Self::need), for what no hash of ours protects: checked against its name.
    pub(crate) fn need_verified(&self, id: &oid, kind: Kind) -> Result<Arc<[u8]>, GitError> {
        let bytes = self.need(id, kind)?;
        let found = object_id(id.kind(), kind, &bytes)?;
        if found == id { Ok(bytes) } else { Err(damaged(id, "what its name says")) }
    }

    /// Whether an object is there.
    pub(crate) fn has_object(&self, id: &oid) -> bool {
        self.pending().find(|pending| pending.git.contains_key(id).then_some(())).is_some()
            || self.shared.pool.with(|repository| repository.objects.exists(id))
    }

    /// The entries of a tree.
    pub(crate) fn tree(&self, id: &oid) -> Result<Vec<TreeEntry>, GitError> {
        parse_tree(id, &self.need(id, Kind::Tree)?)
    }

    /// The entries of a tree that no hash of ours protects.
    pub(crate) fn tree_verified(&self, id: &oid) -> Result<Vec<TreeEntry>, GitError> {
        parse_tree(id, &self.need_verified(id, Kind::Tree)?)
    }

    /// The objects whose ids begin with these digits.
    pub(crate) fn with_prefix(&self, prefix: u64) -> Result<Vec<ObjectId>, GitError> {
        if let Some(id) = self.shared.ids.get(&prefix) {
            return Ok(vec![id]);
        }
        let first = first_with_prefix(self.shared.hash, prefix);
        let failed = |source| GitError::gix("look an object up", source);
        let digits = Prefix::new(&first, PREFIX_DIGITS).map_err(failed)?;
        let mut candidates = Default::default();
        self.shared.pool.with(|repository| {
            repository.objects.lookup_prefix(digits, Some(&mut candidates)).map_err(failed)
        })?;
        Ok(candidates.into_iter().collect())
    }

    /// Makes an object that the next update writes, unless this session made it already.
    pub(crate) fn put(&self, kind: Kind, bytes: Vec<u8>) -> Result<ObjectId, GitError> {
        let id = object_id(self.shared.hash, kind, &bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        self.pending().change(|pending| {
            if pending.git.insert(id, (kind, Arc::clone(&bytes))).is_none() {
                pending.order.push(id);
            }
        });
        Ok(id)
    }

    /// Makes a tree, in Git's order.
    pub(crate) fn put_tree(&self, mut entries: Vec<TreeEntry>) -> Result<ObjectId, GitError> {
        entries.sort();
        let mut bytes = Vec::new();
        let tree = Tree { entries };
        tree.write_to(&mut bytes).map_err(|source| GitError::internal("make a tree", source))?;
        self.put(Kind::Tree, bytes)
    }
}

/// The entry of a blob.
pub(crate) fn blob_entry(name: impl Into<BString>, oid: ObjectId) -> TreeEntry {
    TreeEntry { mode: tree::EntryKind::Blob.into(), filename: name.into(), oid }
}

/// The entry of a tree.
pub(crate) fn tree_entry(name: impl Into<BString>, oid: ObjectId) -> TreeEntry {
    TreeEntry { mode: tree::EntryKind::Tree.into(), filename: name.into(), oid }
}

/// The entry of this name.
pub(crate) fn entry<'a>(entries: &'a [TreeEntry], name: &str) -> Option<&'a TreeEntry> {
    entries.iter().find(|entry| entry.filename == name)
}

fn parse_tree(id: &oid, bytes: &[u8]) -> Result<Vec<TreeEntry>, GitError> {
    let entries = TreeRefIter::from_bytes(bytes, id.kind());
    let entries = entries.map(|entry| entry.map(Into::into));
    entries.collect::<Result<_, _>>().map_err(|_| damaged(id, "a tree"))
}

pub(crate) fn object_id(
    hash: gix::hash::Kind,
    kind: Kind,
    bytes: &[u8],
) -> Result<ObjectId, GitError> {
    gix::objs::compute_hash(hash, kind, bytes)
        .map_err(|source| GitError::gix("name an object", source))
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Tree => "a tree",
        Kind::Blob => "a blob",
        Kind::Commit => "a commit",
        Kind::Tag => "a tag",
    }
}

/// Whether this very object is not there.
pub(crate) fn is_missing(error: &GitError, id: &oid) -> bool {
    let id = id.to_string();
    matches!(error, GitError::MissingObject { id: missing } if *missing == id)
}

pub(crate) fn damaged(id: &oid, expected: &'static str) -> GitError {
    GitError::Damaged { id: id.to_string(), expected }
}
