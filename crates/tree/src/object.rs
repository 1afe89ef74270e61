//! The kinds of stored objects and how each is named.

use std::fmt;

use crate::digest::Domain;
use crate::hash::Hash;

/// What the bytes of a stored object are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ObjectKind {
    /// A tree node; named by its entries, see [`Node::hash`](crate::Node::hash).
    Node = 1,
    /// A piece of a large value.
    Chunk = 2,
    /// A list of the chunks, or of the lists, that make up a large value.
    ChunkList = 3,
    /// A structured object of a layer above: a commit, a tag.
    Record = 4,
}

impl ObjectKind {
    /// Every kind, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Node, Self::Chunk, Self::ChunkList, Self::Record];

    /// The byte that stands for the kind in stored and sent bytes.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this code, or `None` for a code that this version does not know.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name of an object of this kind with these bytes.
    ///
    /// `None` for a node, whose name is not a hash of its stored bytes: decode it and ask
    /// [`Node::hash`](crate::Node::hash).
    pub fn hash(self, bytes: &[u8]) -> Option<Hash> {
        (self != Self::Node).then(|| self.hash_bytes(bytes))
    }

    /// As [`hash`](Self::hash), for a kind that is known not to be a node.
    pub(crate) fn hash_bytes(self, bytes: &[u8]) -> Hash {
        let domain = match self {
            Self::Chunk => Domain::Chunk,
            Self::ChunkList => Domain::ChunkList,
            Self::Record | Self::Node => Domain::Record,
        };
        domain.hash(bytes)
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "node",
            Self::Chunk => "chunk",
            Self::ChunkList => "chunk list",
            Self::Record => "record",
        })
    }
}
