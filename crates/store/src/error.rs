//! How the store fails.

use std::io;
use std::path::PathBuf;

use prollytree_tree::{Hash, NodeError, ObjectKind};

/// A failure of a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused an operation on a file.
    #[error("cannot {operation} {}{}", path.display(), at(*offset))]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Where in the file, for reads and writes.
        offset: Option<u64>,
        /// The reason.
        source: io::Error,
    },
    /// Stored bytes are not what was written.
    #[error("{} is damaged at offset {offset}: {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        damage: Damage,
    },
    /// A file was written by a later version.
    #[error("{} has format {found}, this version reads up to format {supported}", path.display())]
    UnsupportedVersion {
        /// The file.
        path: PathBuf,
        /// The major version that the file needs.
        found: u16,
        /// The largest major version that this program reads.
        supported: u16,
    },
    /// There is no store in the directory.
    #[error("there is no store in {}", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
    },
    /// There is a store in the directory already.
    #[error("there is a store in {} already", path.display())]
    AlreadyExists {
        /// The directory.
        path: PathBuf,
    },
    /// The store was opened for reading only.
    #[error("the store in {} is open for reading only", path.display())]
    ReadOnly {
        /// The directory.
        path: PathBuf,
    },
    /// A sync failed earlier, so this handle no longer knows what is on the disk. Open the store
    /// again to go on.
    #[error("an earlier sync of the store in {} failed: open it again", path.display())]
    Poisoned {
        /// The directory.
        path: PathBuf,
    },
    /// A ref is not what the transaction expects. What it would have written stays in the handle:
    /// build on the current value and commit again.
    #[error("ref {name:?} was changed by someone else")]
    Conflict {
        /// The ref.
        name: String,
        /// Its value now, `None` if it does not exist.
        current: Option<Vec<u8>>,
    },
    /// What was to be committed builds on an object that was collected since it was seen. What the
    /// handle wrote is discarded: read the refs again, write again, commit again.
    #[error("{kind} {hash}, on which the commit builds, was collected")]
    Collected {
        /// The kind of the object.
        kind: ObjectKind,
        /// Its name.
        hash: Hash,
    },
    /// An object that is needed is not stored.
    #[error("{kind} {hash} is needed and not stored")]
    Missing {
        /// The kind of the object.
        kind: ObjectKind,
        /// Its name.
        hash: Hash,
    },
    /// Another collection of the store is running.
    #[error("another collection of the store in {} is running", path.display())]
    Collecting {
        /// The directory.
        path: PathBuf,
    },
    /// A name that no ref can have.
    #[error("{name:?} cannot name a ref: {reason}")]
    RefName {
        /// The name.
        name: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A ref's value is too long.
    #[error("the value of ref {name:?} has {len} bytes, the limit is {limit}")]
    RefValueTooLong {
        /// The ref.
        name: String,
        /// The length of the value.
        len: usize,
        /// The largest length.
        limit: usize,
    },
    /// Two updates of one transaction name the same ref.
    #[error("the transaction changes ref {name:?} twice")]
    DuplicateRef {
        /// The ref.
        name: String,
    },
    /// An object does not fit.
    #[error("{kind} {hash} has {len} bytes, the limit is {limit}")]
    ObjectTooLong {
        /// The kind of the object.
        kind: ObjectKind,
        /// Its name.
        hash: Hash,
        /// Its length.
        len: usize,
        /// The largest length.
        limit: usize,
    },
    /// A tracer could not tell what an object refers to.
    #[error("cannot tell what {kind} {hash} refers to")]
    Trace {
        /// The kind of the object.
        kind: ObjectKind,
        /// Its name.
        hash: Hash,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A tracer could not tell what the refs refer to.
    #[error("cannot tell what the refs refer to")]
    TraceRefs {
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

fn at(offset: Option<u64>) -> String {
    offset.map_or_else(String::new, |offset| format!(" at offset {offset}"))
}

/// What is wrong with stored bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file is missing.
    #[error("the file is missing")]
    MissingFile,
    /// The file does not begin as its kind does.
    #[error("the file has the wrong magic")]
    Magic,
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// A check sum does not match.
    #[error("the check sum of the {0} does not match")]
    Sum(&'static str),
    /// A field has a value that the format does not allow.
    #[error("the {0} is not as the format demands")]
    Field(&'static str),
    /// A batch that was durable is gone or unreadable.
    #[error("batch {sequence} is unreadable, though it was durable")]
    LostBatch {
        /// The sequence of the batch.
        sequence: u64,
    },
    /// A node's bytes are not a valid node.
    #[error("{hash} is not a valid node")]
    Node {
        /// The name of the record.
        hash: Hash,
        /// What is wrong with the bytes.
        source: NodeError,
    },
    /// An object's bytes do not have the name that they are stored under.
    #[error("the bytes stored as {hash} have another hash")]
    Hash {
        /// The name of the record.
        hash: Hash,
    },
    /// An object that another one refers to is not stored.
    #[error("{kind} {hash} is referred to but not stored")]
    Dangling {
        /// The kind of the object.
        kind: ObjectKind,
        /// Its name.
        hash: Hash,
    },
}
