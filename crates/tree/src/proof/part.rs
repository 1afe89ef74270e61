//! Parts: what one digest stands for.

use super::cut::Cut;
use crate::hash::Hash;

/// A run of entries of a node, or a whole node, between two cuts.
///
/// Two equal parts hold the same entries, whoever built their trees: a digest alone does not say
/// where in a tree it stands, so everything that decides how it would be read is compared as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<K> {
    pub(super) lo: Cut<K>,
    pub(super) hi: Cut<K>,
    pub(super) extent: Extent,
    pub(super) digest: Hash,
}

/// What a part is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// So many entries of a node.
    Entries { level: u8, len: usize },
    /// A node with so many entries in the leaves below it.
    Node { level: u8, count: u64 },
}

impl Extent {
    /// The greater it is, the less can hold it.
    pub(super) fn rank(self) -> (u8, bool, usize) {
        match self {
            Self::Entries { level, len } => (level, false, len),
            Self::Node { level, .. } => (level, true, 0),
        }
    }
}

/// How many entries the left half of so many has: the greatest power of two below `len`.
pub(super) fn left_len(len: usize) -> usize {
    len.next_power_of_two() / 2
}
