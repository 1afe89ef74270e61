//! How records are written and read: fixed-width little-endian numbers, texts behind their length.
//!
//! `spec/FORMAT.md`, section "Commits, tags and refs", is the authority.

mod decoder;
mod encoder;

use prollytree_tree::{Hash, ObjectKind};

use crate::id::CommitId;
use crate::time::Timestamp;

pub(crate) use decoder::Decoder;
pub(crate) use encoder::Encoder;

/// The largest record, in bytes.
pub const MAX_RECORD_LEN: usize = 1 << 20;

/// The format of records that this version writes and reads.
const VERSION: u8 = 1;

/// The kinds of records; the first byte of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RecordKind {
    Commit = 1,
    Tag = 2,
    LogEntry = 3,
    Working = 4,
    Operation = 5,
    Config = 6,
    Conflict = 7,
}

impl RecordKind {
    const ALL: [Self; 7] = [
        Self::Commit,
        Self::Tag,
        Self::LogEntry,
        Self::Working,
        Self::Operation,
        Self::Config,
        Self::Conflict,
    ];

    /// What kind of record these bytes are.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, RecordError> {
        let &code = bytes.first().ok_or(RecordError::Truncated)?;
        let kind = Self::ALL.into_iter().find(|kind| *kind as u8 == code);
        kind.ok_or(RecordError::UnknownKind { code })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::LogEntry => "log entry",
            Self::Working => "working state",
            Self::Operation => "operation",
            Self::Config => "configuration",
            Self::Conflict => "conflict",
        }
    }
}

/// Bytes that are no valid record, or a record that has no valid bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes end too early.
    #[error("the record ends too early")]
    Truncated,
    /// There are bytes behind the end.
    #[error("the record goes on behind its end")]
    Trailing,
    /// A kind of record that this version does not know.
    #[error("record kind {code} is unknown to this version")]
    UnknownKind {
        /// The first byte.
        code: u8,
    },
    /// A version of the record format that this version does not know.
    #[error("record format {found} is unknown, this version reads format {VERSION}")]
    UnknownVersion {
        /// The second byte.
        found: u8,
    },
    /// A record of another kind than is needed here.
    #[error("expected a {expected}, found a {found}")]
    WrongKind {
        /// The kind that is needed.
        expected: &'static str,
        /// The kind that is there.
        found: &'static str,
    },
    /// A field has a value that the format does not allow.
    #[error("the {field} is not as the format demands")]
    Field {
        /// The field.
        field: &'static str,
    },
    /// A field or the whole record is too long.
    #[error("the {field} has {len} bytes, the limit is {limit}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length.
        len: usize,
        /// The largest length.
        limit: usize,
    },
    /// An id of another storage, which cannot stand in this one.
    #[error("{id} is an id of another kind of repository")]
    ForeignId {
        /// The id.
        id: CommitId,
    },
}

/// Names a record and checks nothing.
pub(crate) fn record_hash(bytes: &[u8]) -> Hash {
    #[expect(clippy::expect_used, reason = "only nodes are not named by their bytes")]
    ObjectKind::Record.hash(bytes).expect("a record has a name")
}

fn check_len(field: &'static str, len: usize, limit: usize) -> Result<(), RecordError> {
    if len > limit { Err(RecordError::TooLong { field, len, limit }) } else { Ok(()) }
}

fn check_time(time: Timestamp) -> Result<(), RecordError> {
    if time.offset_minutes.unsigned_abs() > Timestamp::MAX_OFFSET_MINUTES.unsigned_abs() {
        return Err(RecordError::Field { field: "time offset" });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
