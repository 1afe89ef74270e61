//! What can go wrong with a tree.

use std::error::Error as StdError;

use crate::hash::Hash;
use crate::node::MAX_COUNT;
use crate::object::ObjectKind;
use crate::value::{MAX_KEY_LEN, MAX_VALUE_LEN};

/// An operation on a tree that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The storage failed to read or write an object.
    #[error("storage failed on {kind} {hash}")]
    Storage {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object's name.
        hash: Hash,
        /// What the storage says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A node that the tree refers to is not in the storage.
    #[error("node {hash} is missing from the storage")]
    MissingNode {
        /// The node's name.
        hash: Hash,
    },
    /// A node is not the one that a bulk build of the same entries makes.
    #[error("node {hash} is not the one that its entries make")]
    NotCanonical {
        /// The node's name.
        hash: Hash,
    },
    /// A part of a large value is not in the storage.
    #[error("{kind} {hash} is missing from the storage")]
    MissingObject {
        /// The kind of the object.
        kind: ObjectKind,
        /// The object's name.
        hash: Hash,
    },
    /// A node does not fit its parent: its level, count or keys are not what the parent says.
    #[error("node {hash} does not fit its parent: {what} differs")]
    Misfit {
        /// The child's name.
        hash: Hash,
        /// What differs: "level", "count" or "key".
        what: &'static str,
    },
    /// Nodes of a level overlap, though each is in order: the tree was not built by its rules.
    ///
    /// [`check_tree`](crate::check_tree) tells where.
    #[error("keys of the tree are out of order on level {level}")]
    Disorder {
        /// The level, 0 for leaves.
        level: u8,
    },
    /// A tree would hold more than 2^48 − 1 entries.
    #[error("a tree cannot hold so many entries, the limit is {MAX_COUNT}")]
    TooManyEntries,
    /// A chunk list is malformed, its chunks do not add up to the value's length, or no large value
    /// has that length.
    #[error("large value {hash} is malformed")]
    BadBlob {
        /// The name of the malformed part.
        hash: Hash,
    },
    /// A key is longer than a tree can hold.
    #[error("key of {len} bytes is too long, the limit is {MAX_KEY_LEN}")]
    KeyTooLong {
        /// The key's length, in bytes.
        len: usize,
    },
    /// A value is longer than a tree can hold.
    #[error("value of {len} bytes is too long, the limit is {MAX_VALUE_LEN}")]
    ValueTooLong {
        /// The value's length, in bytes.
        len: u64,
    },
    /// Input that must be sorted is not, or names a key twice.
    #[error("keys are not in strictly ascending order, at position {position}")]
    Unsorted {
        /// The position of the first key that is not greater than the one before.
        position: usize,
    },
    /// Two trees of different configurations cannot be compared or merged.
    #[error("trees of different configurations have no common shape")]
    ConfigMismatch,
    /// A proof was asked for that is about no key at all.
    #[error("the statement to prove is about no key at all")]
    EmptyStatement,
    /// Reading a value's bytes from their source failed.
    #[error("reading the value's bytes failed")]
    Source(#[source] std::io::Error),
}

impl TreeError {
    pub(crate) fn storage(
        kind: ObjectKind,
        hash: Hash,
        source: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self::Storage { kind, hash, source: Box::new(source) }
    }
}
