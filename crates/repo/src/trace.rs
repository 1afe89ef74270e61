//! What objects refer to: what a garbage collection must follow, a copy must bring, a check must find.

use prollytree_tree::{Blob, ChunkList, Hash, Node, ObjectKind};

use crate::backend::RefValue;
use crate::codec::{RecordError, RecordKind};
use crate::commit::{Commit, Maps};
use crate::config::Config;
use crate::id::CommitId;
use crate::log::LogEntry;
use crate::operation::Operation;
use crate::tag::Tag;
use crate::working::WorkingRecord;

/// An object by its kind and name.
pub type Reference = (ObjectKind, Hash);

/// Bytes that are no valid object of their kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The bytes are no node.
    #[error("the bytes are no valid node")]
    Node(#[from] prollytree_tree::NodeError),
    /// The bytes are no chunk list.
    #[error("the bytes are no valid chunk list")]
    ChunkList,
    /// The bytes are no record.
    #[error("the bytes are no valid record")]
    Record(#[from] RecordError),
}

/// The object that a ref keeps alive; `None` for a symbolic ref, whose target is a ref of its own, and
/// for ids of Git.
pub fn ref_target(value: &RefValue) -> Option<Reference> {
    let hash = match value {
        RefValue::Commit(id) => id.hash(),
        RefValue::Tag(id) => id.hash(),
        RefValue::Record(hash) => Some(*hash),
        RefValue::Symbolic(_) => None,
    };
    hash.map(|hash| (ObjectKind::Record, hash))
}

/// What an object refers to.
///
/// # Errors
/// The bytes are no valid object of the kind.
pub fn children(kind: ObjectKind, bytes: &[u8]) -> Result<Vec<Reference>, TraceError> {
    match kind {
        ObjectKind::Chunk => Ok(Vec::new()),
        ObjectKind::ChunkList => {
            let list = ChunkList::decode(bytes).ok_or(TraceError::ChunkList)?;
            let kind = list.part_kind();
            Ok(list.parts.into_iter().map(|part| (kind, part.hash)).collect())
        }
        ObjectKind::Node => {
            let node = Node::decode(bytes)?;
            let nodes = node.children().map(|child| (ObjectKind::Node, child.hash));
            Ok(nodes.chain(node.blobs().map(blob)).collect())
        }
        ObjectKind::Record => Ok(record_children(bytes)?),
    }
}

/// The commits that the record of a working state or of an operation names.
///
/// [`children`] tells only of commits that are records themselves; a backend with commits of its own
/// keeps these alive too.
///
/// # Errors
/// The bytes are no valid record.
pub fn commits(record: &[u8]) -> Result<Vec<CommitId>, RecordError> {
    Ok(match RecordKind::of(record)? {
        RecordKind::Working => WorkingRecord::decode(record)?.base.into_iter().collect(),
        RecordKind::Operation => vec![Operation::decode(record)?.other],
        _ => Vec::new(),
    })
}

fn blob(blob: Blob) -> Reference {
    let kind = if blob.height == 0 { ObjectKind::Chunk } else { ObjectKind::ChunkList };
    (kind, blob.hash)
}

pub(crate) fn record_children(bytes: &[u8]) -> Result<Vec<Reference>, RecordError> {
    let records = |ids: Vec<Option<CommitId>>| {
        let hashes = ids.into_iter().flatten().filter_map(|id| id.hash());
        hashes.map(|hash| (ObjectKind::Record, hash)).collect::<Vec<_>>()
    };
    let roots = |maps: Maps| maps.into_values().map(|map| (ObjectKind::Node, map.root));
    let mut children;
    match RecordKind::of(bytes)? {
        RecordKind::Commit => {
            let commit = Commit::decode(bytes)?;
            children = records(commit.parents.into_iter().map(Some).collect());
            children.extend(roots(commit.maps));
        }
        RecordKind::Tag => children = records(vec![Some(Tag::decode(bytes)?.target)]),
        RecordKind::LogEntry => {
            let entry = LogEntry::decode(bytes)?;
            children = records(vec![entry.old, entry.new]);
            children.extend(entry.previous.map(|hash| (ObjectKind::Record, hash)));
        }
        RecordKind::Working => {
            let working = WorkingRecord::decode(bytes)?;
            children = records(vec![working.base]);
            children.extend(roots(working.maps));
        }
        // Large values that recorded conflicts name are those of commits that this keeps alive.
        RecordKind::Operation => {
            let operation = Operation::decode(bytes)?;
            children = records(vec![Some(operation.other)]);
            children.extend(roots(operation.conflicts));
        }
        RecordKind::Config => {
            Config::decode(bytes)?;
            children = Vec::new();
        }
        // Lies in a tree, as a value.
        RecordKind::Conflict => {
            return Err(RecordError::Field { field: "kind of record" });
        }
    }
    Ok(children)
}
