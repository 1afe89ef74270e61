//! What the objects of a tree refer to.

use prollytree_tree::{ChunkList, Hash, Node, ObjectKind};

use crate::collect::TraceError;

/// What an object of a tree refers to: what [`Trace::children`](crate::Trace::children) must say
/// of nodes, chunks and chunk lists.
///
/// Nothing for a record: only the layer that wrote it knows what it refers to.
///
/// # Errors
/// Bytes that are not an object of this kind.
pub fn references(kind: ObjectKind, bytes: &[u8]) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
    match kind {
        ObjectKind::Node => Ok(references_of_node(&Node::decode(bytes)?).collect()),
        ObjectKind::ChunkList => {
            let list = ChunkList::decode(bytes).ok_or("not a chunk list")?;
            let kind = list.part_kind();
            Ok(list.parts.iter().map(|part| (kind, part.hash)).collect())
        }
        ObjectKind::Chunk | ObjectKind::Record => Ok(Vec::new()),
    }
}

/// As [`references`], for a node that is decoded already.
pub(crate) fn references_of_node(node: &Node) -> impl Iterator<Item = (ObjectKind, Hash)> + '_ {
    let children = node.children().map(|child| (ObjectKind::Node, child.hash));
    let blobs = node.blobs().map(|blob| match blob.height {
        0 => (ObjectKind::Chunk, blob.hash),
        _ => (ObjectKind::ChunkList, blob.hash),
    });
    children.chain(blobs)
}
