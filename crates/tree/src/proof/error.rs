//! What can be wrong with a proof, and how much of one is looked at.

use crate::codec::CodecError;
use crate::hash::Hash;

/// How large a proof a verifier accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest proof, in bytes. Time and memory grow with it and with nothing else.
    pub bytes: usize,
    /// The most entries that a proof may show.
    pub entries: usize,
}

impl Default for Limits {
    /// 16 MiB and a million entries.
    fn default() -> Self {
        Self { bytes: 16 << 20, entries: 1 << 20 }
    }
}

/// Bytes that do not prove the statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The statement is about no key, so that nothing could be proved.
    #[error("the statement is about no key at all")]
    EmptyStatement,
    /// The proof is longer than the verifier's limit.
    #[error("proof of {len} bytes is longer than the limit of {limit}")]
    TooLong {
        /// The proof's length, in bytes.
        len: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The proof shows more entries than the verifier's limit.
    #[error("proof shows more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
    /// The bytes are no proof of this kind, or of a version that this one does not know.
    #[error("not a proof of a known format and of the expected kind")]
    UnknownFormat,
    /// The bytes are cut short, go on behind the end, or hold something that no proof can hold.
    #[error("malformed proof: {what} at byte {at}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// The offset, in bytes.
        at: usize,
    },
    /// A key or a separator lies outside the part of the tree in which it was found.
    #[error("{what} lies outside its bounds, at byte {at}")]
    OutOfBounds {
        /// What was read.
        what: &'static str,
        /// The offset, in bytes.
        at: usize,
    },
    /// The entries below a node are not as many as its name says.
    #[error("counts of a node do not add up, at byte {at}")]
    Count {
        /// The offset at which the node ends, in bytes.
        at: usize,
    },
    /// The proof is one of another root.
    #[error("proof leads to root {found}, not to {expected}")]
    RootMismatch {
        /// The trusted root.
        expected: Hash,
        /// The root that follows from the proof.
        found: Hash,
    },
    /// The proof is valid, and shows another value than the expected one, or none.
    #[error("proof shows another value, or that there is none")]
    ValueMismatch,
    /// A part that a proof of a difference leaves out as equal is not the same in both trees.
    #[error("proof leaves out a part in which the trees differ")]
    UnequalParts,
}

impl From<CodecError> for ProofError {
    fn from(CodecError { what, at }: CodecError) -> Self {
        Self::Malformed { what, at }
    }
}
