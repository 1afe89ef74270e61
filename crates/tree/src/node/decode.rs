//! The decoder: everything that a stored node must satisfy.

use std::sync::Arc;

use super::run::{Run, common_prefix_len};
use super::{COUNT_LEN, FLAG, HEADER_LEN, MAX_LEVEL, MAX_NODE_LEN, NODE_FORMAT, Node, Payload};
use crate::hash::HASH_LEN;
use crate::storage::Locator;
use crate::value::{Blob, MAX_INLINE_LEN, MAX_KEY_LEN, ValueRef};

/// Bytes that are not the canonical encoding of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The bytes end before the node does.
    #[error("node is cut short")]
    Truncated,
    /// Bytes follow the end of the node.
    #[error("node has trailing bytes")]
    TrailingBytes,
    /// The node is of a layout that this version does not know.
    #[error("node has format {0}, this version knows format {NODE_FORMAT}")]
    UnknownFormat(u8),
    /// The level is above [`MAX_LEVEL`].
    #[error("node has level {0}, the limit is {MAX_LEVEL}")]
    Level(u8),
    /// The node is larger than any node may be.
    #[error("node is larger than {MAX_NODE_LEN} bytes")]
    TooLarge,
    /// Two keys are equal or out of order, or an offset runs backwards.
    #[error("keys of the node are not in strictly ascending order, at entry {0}")]
    Unsorted(usize),
    /// The prefix is not the longest that all keys share.
    #[error("prefix of the node is not maximal")]
    Prefix,
    /// A key, or an inline value, is longer than allowed, or a blob reference is malformed.
    #[error("entry {0} of the node is malformed")]
    Entry(usize),
    /// The count of a child is zero, or counts overflow.
    #[error("counts of the node do not ascend, at child {0}")]
    Count(usize),
    /// An inner node without children.
    #[error("inner node has no children")]
    EmptyInner,
}

/// The leaf of entries that come from outside, with all checks of [`Node::decode`].
pub(super) fn leaf<'a>(
    run: &mut Run,
    entries: impl IntoIterator<Item = (&'a [u8], ValueRef<'a>)>,
) -> Result<Node, NodeError> {
    let (mut keys_len, mut values_len) = (0, 0);
    for (i, (key, value)) in entries.into_iter().enumerate() {
        let valid = match value {
            ValueRef::Inline(bytes) => bytes.len() <= MAX_INLINE_LEN,
            ValueRef::Blob(blob) => blob.is_valid(),
        };
        if key.len() > MAX_KEY_LEN || !valid {
            return Err(NodeError::Entry(i));
        }
        keys_len += key.len();
        values_len += value.stored_len();
        run.push(key, &[], &Payload::Value(value));
        if !run.end_ascends() {
            return Err(NodeError::Unsorted(i));
        }
        // The shared prefix only shortens what the offsets count.
        if values_len >= usize::from(FLAG)
            || keys_len > MAX_NODE_LEN
            || run.len() > MAX_NODE_LEN / 4
        {
            return Err(NodeError::TooLarge);
        }
    }
    let len = run.len();
    let prefix = if len < 2 { 0 } else { common_prefix_len(run.key(0), run.key(len - 1)) };
    if keys_len - len * prefix >= usize::from(FLAG) {
        return Err(NodeError::TooLarge);
    }
    Ok(run.node(0, len))
}

impl Node {
    /// Reads a node in place; it has no locators yet.
    ///
    /// # Errors
    /// Anything but the one canonical encoding of some content. Never panics, and allocates no more
    /// than in proportion to the bytes. That the node is the one that was asked for is for the caller to check,
    /// with [`Node::hash`].
    pub fn decode(bytes: impl Into<Arc<[u8]>>) -> Result<Self, NodeError> {
        let node = Self::layout(bytes.into())?;
        node.check_keys()?;
        if node.is_leaf() {
            node.check_values()?;
            return Ok(node);
        }
        node.check_counts()?;
        let children = node.len();
        Ok(node.with_locators(std::iter::repeat_n(Locator::NONE, children)))
    }

    /// Finds the parts of the node and checks that they fit the bytes exactly.
    fn layout(bytes: Arc<[u8]>) -> Result<Self, NodeError> {
        let &[format, level, n0, n1, p0, p1, ..] = &*bytes else {
            return Err(NodeError::Truncated);
        };
        if format != NODE_FORMAT {
            return Err(NodeError::UnknownFormat(format));
        }
        if level > MAX_LEVEL {
            return Err(NodeError::Level(level));
        }
        if bytes.len() > MAX_NODE_LEN {
            return Err(NodeError::TooLarge);
        }
        let (len, prefix_len) = (u16::from_le_bytes([n0, n1]), u16::from_le_bytes([p0, p1]));
        let per_entry = if level == 0 { 4 } else { 2 + COUNT_LEN + HASH_LEN };
        let suffixes = HEADER_LEN + usize::from(prefix_len) + usize::from(len) * per_entry;
        if suffixes > bytes.len() {
            return Err(NodeError::Truncated);
        }
        let end = bytes.len() as u32;
        let mut node =
            Self { bytes, end, level, len, prefix_len, suffixes: suffixes as u32, values: 0 };
        if len == 0 && level > 0 {
            return Err(NodeError::EmptyInner);
        }
        let keys_len = node.len().checked_sub(1).map_or(0, |last| node.key_end(last));
        let values_len = match (level, node.len().checked_sub(1)) {
            (0, Some(last)) => usize::from(node.value_offset(last) & !FLAG),
            _ => 0,
        };
        node.values = (suffixes + keys_len) as u32;
        match (suffixes + keys_len + values_len).cmp(&node.bytes.len()) {
            std::cmp::Ordering::Greater => Err(NodeError::Truncated),
            std::cmp::Ordering::Less => Err(NodeError::TrailingBytes),
            std::cmp::Ordering::Equal => Ok(node),
        }
    }

    fn check_keys(&self) -> Result<(), NodeError> {
        let mut start = 0;
        for i in 0..self.len() {
            let offset = self.key_offset(i);
            let end = usize::from(offset & !FLAG);
            // The last end was checked against the bytes, and the ends ascend up to it.
            if end < start || (i > 0 && self.key_end(self.len() - 1) < end) {
                return Err(NodeError::Unsorted(i));
            }
            if end - start + usize::from(self.prefix_len) > MAX_KEY_LEN
                || (self.is_leaf() && offset & FLAG != 0)
            {
                return Err(NodeError::Entry(i));
            }
            start = end;
        }
        for i in 1..self.len() {
            if self.suffix(i - 1) >= self.suffix(i) {
                return Err(NodeError::Unsorted(i));
            }
        }
        let maximal = match self.len() {
            0 | 1 => self.prefix_len == 0,
            n => common_prefix_len(self.suffix(0), self.suffix(n - 1)) == 0,
        };
        if maximal { Ok(()) } else { Err(NodeError::Prefix) }
    }

    fn check_values(&self) -> Result<(), NodeError> {
        let mut start = 0;
        for i in 0..self.len() {
            let offset = self.value_offset(i);
            let end = usize::from(offset & !FLAG);
            let base = self.values as usize;
            let bytes = match end.checked_sub(start) {
                Some(len) if base + end <= self.bytes.len() => {
                    &self.bytes[base + end - len..][..len]
                }
                _ => return Err(NodeError::Entry(i)),
            };
            let valid = match offset & FLAG {
                0 => bytes.len() <= MAX_INLINE_LEN,
                _ => Blob::decode(bytes).is_some(),
            };
            if !valid {
                return Err(NodeError::Entry(i));
            }
            start = end;
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), NodeError> {
        match (0..self.len()).find(|&i| self.count_before(i) >= self.count_before(i + 1)) {
            Some(i) => Err(NodeError::Count(i)),
            None => Ok(()),
        }
    }
}
