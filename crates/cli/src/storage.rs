//! What a repository of this program lies in: a store of our own, or a Git repository.

use std::sync::Arc;

use prollytree_git::{GitBackend, GitError};
use prollytree_repo::{
    Backend, BackendError, Commit, CommitId, LogEntry, Reason, RefName, RefUpdate, RefValue, Tag,
    TagId,
};
use prollytree_store::{Store, StoreError};
use prollytree_tree::{Hash, Locator, Node, NodeStorage, ObjectKind};

/// Either storage. Every method is passed on, also those that have a default: what Git does in its
/// own way, it must also do here.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    /// A store of our own.
    Native(Store),
    /// A data set in a Git repository.
    Git(GitBackend),
}

/// How either storage fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    /// The store failed.
    #[error(transparent)]
    Native(#[from] StoreError),
    /// The Git repository failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Does the same with whichever storage it is.
macro_rules! either {
    ($storage:expr, $inner:ident => $work:expr) => {
        match $storage {
            Storage::Native($inner) => $work,
            Storage::Git($inner) => $work,
        }
    };
}

impl NodeStorage for Storage {
    type Error = StorageError;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, StorageError> {
        either!(self, inner => Ok(inner.read_node(hash, at)?))
    }

    fn lend_node(&self, hash: &Hash, at: Locator) -> Option<&Node> {
        either!(self, inner => inner.lend_node(hash, at))
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, StorageError> {
        either!(self, inner => Ok(inner.write_node(hash, node)?))
    }

    fn read_object(
        &self,
        kind: ObjectKind,
        hash: &Hash,
    ) -> Result<Option<Arc<[u8]>>, StorageError> {
        either!(self, inner => Ok(inner.read_object(kind, hash)?))
    }

    fn write_object(
        &self,
        kind: ObjectKind,
        hash: &Hash,
        bytes: &[u8],
    ) -> Result<(), StorageError> {
        either!(self, inner => Ok(inner.write_object(kind, hash, bytes)?))
    }
}

impl Backend for Storage {
    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>, BackendError> {
        either!(self, inner => inner.read_ref(name))
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>, BackendError> {
        either!(self, inner => inner.list_refs(prefix))
    }

    fn update_refs(&self, updates: &[RefUpdate]) -> Result<(), BackendError> {
        either!(self, inner => inner.update_refs(updates))
    }

    fn session(&self) -> Self {
        match self {
            Self::Native(store) => Self::Native(Backend::session(store)),
            Self::Git(git) => Self::Git(git.session()),
        }
    }

    fn move_refs(&self, updates: &[RefUpdate], reason: &Reason) -> Result<(), BackendError> {
        either!(self, inner => inner.move_refs(updates, reason))
    }

    fn read_log(&self, name: &RefName, limit: usize) -> Result<Vec<LogEntry>, BackendError> {
        either!(self, inner => inner.read_log(name, limit))
    }

    fn prune_logs(&self, before: i64) -> Result<u64, BackendError> {
        either!(self, inner => inner.prune_logs(before))
    }

    fn resolve(&self, revision: &str) -> Result<Option<CommitId>, BackendError> {
        either!(self, inner => inner.resolve(revision))
    }

    fn read_commit(&self, id: &CommitId) -> Result<Option<Commit>, BackendError> {
        either!(self, inner => inner.read_commit(id))
    }

    fn write_commit(&self, commit: &Commit) -> Result<CommitId, BackendError> {
        either!(self, inner => inner.write_commit(commit))
    }

    fn read_tag(&self, id: &TagId) -> Result<Option<Tag>, BackendError> {
        either!(self, inner => inner.read_tag(id))
    }

    fn write_tag(&self, tag: &Tag) -> Result<TagId, BackendError> {
        either!(self, inner => inner.write_tag(tag))
    }
}
