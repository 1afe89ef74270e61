//! The seam between a repository and what keeps it: memory, a durable store, a Git repository.

use std::error::Error as StdError;

use prollytree_tree::{Hash, NodeStorage, ObjectKind};

use crate::codec::{RecordError, record_hash};
use crate::commit::Commit;
use crate::id::{CommitId, TagId};
use crate::log::{self, LogEntry, Reason};
use crate::name::RefName;
use crate::tag::Tag;

/// What a ref stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefValue {
    /// A commit: a branch, a plain tag, or a detached `HEAD`.
    Commit(CommitId),
    /// An annotated tag.
    Tag(TagId),
    /// Another ref: `HEAD` while a branch is checked out.
    Symbolic(RefName),
    /// A record of the repository's own: the working state, an operation under way, a log entry.
    Record(Hash),
}

/// One change of a ref: from one value to another, `None` being its absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The ref.
    pub name: RefName,
    /// What it must be now.
    pub expected: Option<RefValue>,
    /// What it becomes. The same as `expected` to demand that the ref stays as it is.
    pub new: Option<RefValue>,
}

/// How a backend fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// A ref is not what the update expects; no ref was changed.
    #[error("ref {name} was changed by someone else")]
    Conflict {
        /// The ref.
        name: RefName,
        /// What it is now.
        current: Option<RefValue>,
    },
    /// A record cannot be written, or what is stored is no valid record.
    #[error("record {}is not valid", .id.map(|id| format!("{id} ")).unwrap_or_default())]
    Record {
        /// The record, if it has a name.
        id: Option<Hash>,
        /// What is wrong.
        source: RecordError,
    },
    /// A record that another one or a ref refers to is not stored.
    #[error("record {id} is missing from the storage")]
    MissingRecord {
        /// The record.
        id: Hash,
    },
    /// A node or another object that something refers to is not stored.
    #[error("{kind} {hash} is missing from the storage")]
    MissingObject {
        /// The kind of the object.
        kind: ObjectKind,
        /// Its name.
        hash: Hash,
    },
    /// A ref has a name or a value that this version does not understand.
    #[error("ref {name:?} is not valid")]
    BadRef {
        /// The ref.
        name: String,
    },
    /// What the update builds on was collected as garbage meanwhile. What this handle wrote since its
    /// last update may be gone: open the repository again, and edit again.
    #[error("{kind} {hash}, on which the update builds, was collected as garbage")]
    Collected {
        /// The kind of the object.
        kind: ObjectKind,
        /// Its name.
        hash: Hash,
    },
    /// The storage failed.
    #[error("the storage failed")]
    Storage(#[source] Box<dyn StdError + Send + Sync>),
}

impl BackendError {
    /// Wraps the error of a storage.
    pub fn storage(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Storage(Box::new(source))
    }
}

/// What a repository needs from below.
///
/// Clones are handles to the same storage. Three methods are required; most others keep commits,
/// tags and logs as records, and a backend with objects of its own for these, as Git has, overrides
/// them.
///
/// # Contract
/// * [`update_refs`](Self::update_refs) changes all refs or none, as one step that other handles see
///   whole. A durable backend makes everything durable that was written before, and then the refs.
/// * [`read_ref`](Self::read_ref) sees what other handles and processes have changed.
/// * Records are written by [`NodeStorage::write_object`]; what they refer to is told by
///   [`trace`](crate::trace).
pub trait Backend: NodeStorage + Clone {
    /// What a ref stands for, `None` if it does not exist.
    ///
    /// # Errors
    /// The storage fails or is damaged.
    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>, BackendError>;

    /// The refs whose full names begin with a prefix, in the order of their names.
    ///
    /// # Errors
    /// The storage fails or is damaged.
    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>, BackendError>;

    /// Changes refs, all or none.
    ///
    /// # Errors
    /// [`BackendError::Conflict`] if one is not what is expected, or the storage fails.
    fn update_refs(&self, updates: &[RefUpdate]) -> Result<(), BackendError>;

    /// A handle for updates that have nothing to do with what was written through this one.
    ///
    /// An update takes along all that was written through its handle. What no ref leads to then is
    /// garbage from there on, so edits that are not saved yet must not be taken along by, say, the
    /// making of a branch.
    fn session(&self) -> Self {
        self.clone()
    }

    /// Changes refs and logs the moves of branches, tags and `HEAD`.
    ///
    /// # Errors
    /// As [`update_refs`](Self::update_refs).
    fn move_refs(&self, updates: &[RefUpdate], reason: &Reason) -> Result<(), BackendError> {
        log::move_refs(self, updates, reason)
    }

    /// The newest entries of a ref's log, newest first.
    ///
    /// # Errors
    /// The storage fails or is damaged.
    fn read_log(&self, name: &RefName, limit: usize) -> Result<Vec<LogEntry>, BackendError> {
        log::read(self, name, limit)
    }

    /// Drops log entries made before a second since 1970, and tells how many.
    ///
    /// # Errors
    /// As [`update_refs`](Self::update_refs).
    fn prune_logs(&self, before: i64) -> Result<u64, BackendError> {
        log::prune(self, before)
    }

    /// The commit that a revision names in the backend's own language, before ours is tried.
    ///
    /// `None`, the default, leaves the revision to [`Repository::resolve`](crate::Repository::resolve).
    ///
    /// # Errors
    /// The storage fails or is damaged.
    fn resolve(&self, revision: &str) -> Result<Option<CommitId>, BackendError> {
        _ = revision;
        Ok(None)
    }

    /// Reads a commit.
    ///
    /// # Errors
    /// The storage fails, or what it holds is no commit.
    fn read_commit(&self, id: &CommitId) -> Result<Option<Commit>, BackendError> {
        id.hash().map_or(Ok(None), |hash| read_record(self, &hash, Commit::decode))
    }

    /// Writes a commit and names it.
    ///
    /// # Errors
    /// The commit cannot be written, or the storage fails.
    fn write_commit(&self, commit: &Commit) -> Result<CommitId, BackendError> {
        write_record(self, commit.encode()).map(CommitId::from)
    }

    /// Reads an annotated tag.
    ///
    /// # Errors
    /// The storage fails, or what it holds is no tag.
    fn read_tag(&self, id: &TagId) -> Result<Option<Tag>, BackendError> {
        id.hash().map_or(Ok(None), |hash| read_record(self, &hash, Tag::decode))
    }

    /// Writes an annotated tag and names it.
    ///
    /// # Errors
    /// The tag cannot be written, or the storage fails.
    fn write_tag(&self, tag: &Tag) -> Result<TagId, BackendError> {
        write_record(self, tag.encode()).map(TagId::from)
    }
}

pub(crate) fn read_record<B: NodeStorage, T>(
    backend: &B,
    id: &Hash,
    decode: impl FnOnce(&[u8]) -> Result<T, RecordError>,
) -> Result<Option<T>, BackendError> {
    let bytes = backend.read_object(ObjectKind::Record, id).map_err(BackendError::storage)?;
    let record = bytes.map(|bytes| decode(&bytes)).transpose();
    record.map_err(|source| BackendError::Record { id: Some(*id), source })
}

/// As [`read_record`], for a record that must be there.
pub(crate) fn need_record<B: NodeStorage, T>(
    backend: &B,
    id: &Hash,
    decode: impl FnOnce(&[u8]) -> Result<T, RecordError>,
) -> Result<T, BackendError> {
    read_record(backend, id, decode)?.ok_or(BackendError::MissingRecord { id: *id })
}

pub(crate) fn write_record<B: NodeStorage>(
    backend: &B,
    bytes: Result<Vec<u8>, RecordError>,
) -> Result<Hash, BackendError> {
    let bytes = bytes.map_err(|source| BackendError::Record { id: None, source })?;
    let id = record_hash(&bytes);
    backend.write_object(ObjectKind::Record, &id, &bytes).map_err(BackendError::storage)?;
    Ok(id)
}

/// The code of each kind of [`RefValue`] in a native backend.
const COMMIT: u8 = 1;
const TAG: u8 = 2;
const SYMBOLIC: u8 = 3;
const RECORD: u8 = 4;

impl RefValue {
    /// The bytes that stand for the value in a store whose refs are bytes.
    pub fn encode(&self) -> Vec<u8> {
        let (code, bytes) = match self {
            Self::Commit(id) => (COMMIT, id.as_bytes()),
            Self::Tag(id) => (TAG, id.as_bytes()),
            Self::Symbolic(name) => (SYMBOLIC, name.as_str().as_bytes()),
            Self::Record(hash) => (RECORD, &hash.as_bytes()[..]),
        };
        [&[code], bytes].concat()
    }

    /// Reads the bytes of [`encode`](Self::encode), or `None` if they are no value.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&code, bytes) = bytes.split_first()?;
        match code {
            COMMIT => Hash::from_slice(bytes).map(CommitId::from).map(Self::Commit),
            TAG => Hash::from_slice(bytes).map(TagId::from).map(Self::Tag),
            SYMBOLIC => {
                let name = RefName::parse(std::str::from_utf8(bytes).ok()?).ok()?;
                name.as_branch().is_some().then_some(Self::Symbolic(name))
            }
            RECORD => Hash::from_slice(bytes).map(Self::Record),
            _ => None,
        }
    }
}
