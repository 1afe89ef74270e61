//! Merges, cherry-picks and reverts that stopped at conflicts, and how they go on.

use std::fmt;

use crate::codec::{Decoder, Encoder, RecordError, RecordKind};
use crate::commit::{Maps, decode_maps, encode_maps};
use crate::id::CommitId;
use crate::identity::Identity;

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OperationKind {
    /// A merge of another commit.
    Merge = 1,
    /// The changes of another commit, made again.
    CherryPick = 2,
    /// The changes of another commit, taken back.
    Revert = 3,
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merge => "merge",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
        })
    }
}

/// An operation under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What it is.
    pub kind: OperationKind,
    /// The commit that is merged, picked or reverted.
    pub other: CommitId,
    /// The message that the commit will have.
    pub message: String,
    /// The author that the commit will have.
    pub author: Identity,
    /// The open conflicts: a tree for each map that has some, see `conflict`.
    pub(crate) conflicts: Maps,
}

impl Operation {
    /// How many conflicts are open.
    pub fn open_conflicts(&self) -> u64 {
        self.conflicts.values().map(|map| map.count).sum()
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut out = Encoder::new(RecordKind::Operation);
        out.u8(self.kind as u8);
        out.any_commit_id(&self.other)?;
        out.message(&self.message)?;
        out.identity(&self.author)?;
        encode_maps(&mut out, &self.conflicts)?;
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut input = Decoder::new(RecordKind::Operation, bytes)?;
        let operation = Self {
            kind: match input.u8()? {
                1 => OperationKind::Merge,
                2 => OperationKind::CherryPick,
                3 => OperationKind::Revert,
                _ => return Err(RecordError::Field { field: "kind of operation" }),
            },
            other: input.any_commit_id()?,
            message: input.message()?,
            author: input.identity()?,
            conflicts: decode_maps(&mut input)?,
        };
        input.finish()?;
        Ok(operation)
    }
}
