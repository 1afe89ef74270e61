//! Nodes: the canonical bytes of a run of entries, read in place.
//!
//! The layout is specified in `spec/FORMAT.md`, section "Node". A node is never unpacked: look-ups
//! search the stored bytes. There is one valid encoding for one content, and [`Node::decode`]
//! refuses every other, so a decoded node needs no further checks.

mod decode;
mod merkle;
mod run;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::hash::{HASH_LEN, Hash};
use crate::storage::Locator;
use crate::value::{Blob, ValueRef};

pub use decode::NodeError;
pub(crate) use merkle::{Merkle, entry_digest, leaf_separator, name_all, node_hash, pair_digest};
pub(crate) use run::Run;
use run::{INNER_OVERHEAD, LEAF_OVERHEAD};

/// The version of the node layout, its first byte.
pub(crate) const NODE_FORMAT: u8 = 1;

/// The highest level a node can have.
pub const MAX_LEVEL: u8 = 63;

/// The largest encoded node, in bytes: offsets have 15 bits each for keys and for values.
pub const MAX_NODE_LEN: usize = 1 << 16;

const HEADER_LEN: usize = 6;
/// The upper bit of a 15-bit offset: "natural end" on a key, "blob" on a value.
const FLAG: u16 = 1 << 15;
const COUNT_LEN: usize = 6;
/// The largest count of entries in a tree: it is stored in 48 bits.
pub(crate) const MAX_COUNT: u64 = (1 << 48) - 1;

/// A child as its parent knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// The child's name.
    pub hash: Hash,
    /// How many entries lie below it.
    pub count: u64,
    /// Whether the boundary rule ended the child, so that its end depends on its own content alone.
    pub natural: bool,
    /// Where the storage found it; no part of the tree's content.
    pub locator: Locator,
}

/// What a node holds under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    Value(ValueRef<'a>),
    Child(Child),
}

/// A node of a tree: its canonical bytes, and a locator for each child. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    /// The canonical bytes; on an inner node then a locator per child, and a head per key.
    ///
    /// A head is the first eight bytes of a suffix (see [`head_of`]). Most of a descent is searching
    /// inner nodes, and heads that lie side by side are searched without a look at the keys.
    bytes: Arc<[u8]>,
    /// Where the canonical bytes end.
    end: u32,
    level: u8,
    len: u16,
    prefix_len: u16,
    /// Where the suffixes begin in `bytes`.
    suffixes: u32,
    /// Where the values begin in `bytes`; its length on an inner node.
    values: u32,
}

impl Node {
    /// The root of the empty tree.
    pub(crate) fn empty() -> Self {
        Run::default().node(0, 0)
    }

    /// A leaf of these entries, as a storage makes it that keeps leaves in another form.
    ///
    /// # Errors
    /// Keys that do not ascend, an entry that is too long, or more than a node holds.
    pub fn leaf<'a>(
        entries: impl IntoIterator<Item = (&'a [u8], ValueRef<'a>)>,
    ) -> Result<Self, NodeError> {
        let mut run = Run::recycled();
        let node = decode::leaf(&mut run, entries);
        run.recycle();
        node
    }

    /// The sum of the entries' sizes as the boundary rule sees them.
    pub(crate) fn boundary_size(&self) -> u64 {
        let overhead = if self.is_leaf() { LEAF_OVERHEAD } else { INNER_OVERHEAD };
        let shared = self.len() * (usize::from(self.prefix_len) + overhead);
        (shared + self.bytes().len() - self.suffixes as usize) as u64
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.end as usize]
    }

    /// The level: 0 for a leaf, one more than its children's for an inner node.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Whether this is a leaf.
    pub fn is_leaf(&self) -> bool {
        self.level == 0
    }

    /// How many entries or children the node holds. Only the root of the empty tree holds none.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether this is the root of the empty tree.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many entries lie in the leaves at or below this node.
    pub fn count(&self) -> u64 {
        if self.is_leaf() { u64::from(self.len) } else { self.count_before(self.len()) }
    }

    /// The bytes that every key of the node begins with.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.bytes[HEADER_LEN..HEADER_LEN + usize::from(self.prefix_len)]
    }

    /// What follows the prefix in the key of entry `i`.
    pub(crate) fn suffix(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.key_end(i - 1) };
        let base = self.suffixes as usize;
        &self.bytes[base + start..base + self.key_end(i)]
    }

    /// The whole key of entry `i`; panics if there is no such entry.
    pub fn key(&self, i: usize) -> Vec<u8> {
        [self.prefix(), self.suffix(i)].concat()
    }

    /// Whether entry `i` has this key.
    pub(crate) fn key_is(&self, i: usize, key: &[u8]) -> bool {
        key.strip_prefix(self.prefix()) == Some(self.suffix(i))
    }

    /// The value of entry `i` of a leaf; panics if there is no such entry.
    pub fn value(&self, i: usize) -> ValueRef<'_> {
        debug_assert!(self.is_leaf());
        let start = if i == 0 { 0 } else { self.value_offset(i - 1) & !FLAG };
        value_between(&self.bytes()[self.values as usize..], start, self.value_offset(i))
    }

    /// Calls `see` with the entries `range` of a leaf; `key` is room for their keys.
    ///
    /// What [`suffix`](Self::suffix) and [`value`](Self::value) read twice is read once here.
    pub(crate) fn for_each(
        &self,
        range: std::ops::Range<usize>,
        key: &mut Vec<u8>,
        see: &mut impl FnMut(&[u8], ValueRef<'_>),
    ) {
        debug_assert!(self.is_leaf());
        let prefix = self.prefix();
        key.clear();
        key.extend_from_slice(prefix);
        let offsets = &self.bytes[HEADER_LEN + prefix.len()..self.suffixes as usize];
        let (key_ends, value_ends) = offsets.split_at(2 * self.len());
        let (key_ends, value_ends) = (key_ends.as_chunks().0, value_ends.as_chunks().0);
        let (suffixes, values) =
            self.bytes()[self.suffixes as usize..].split_at((self.values - self.suffixes) as usize);
        let (mut key_start, mut value_start) = match range.start.checked_sub(1) {
            Some(i) => (u16::from_le_bytes(key_ends[i]), u16::from_le_bytes(value_ends[i]) & !FLAG),
            None => (0, 0),
        };
        for (key_end, value_end) in key_ends[range.clone()].iter().zip(&value_ends[range]) {
            let (key_end, value_end) =
                (u16::from_le_bytes(*key_end), u16::from_le_bytes(*value_end));
            key.truncate(prefix.len());
            key.extend_from_slice(&suffixes[usize::from(key_start)..usize::from(key_end)]);
            see(key, value_between(values, value_start, value_end));
            (key_start, value_start) = (key_end, value_end & !FLAG);
        }
    }

    /// Child `i` of an inner node; panics if there is no such child.
    pub fn child(&self, i: usize) -> Child {
        let (hash, locator) = self.link(i);
        Child {
            hash,
            count: self.count_before(i + 1) - self.count_before(i),
            natural: self.key_offset(i) & FLAG != 0,
            locator,
        }
    }

    /// The name of child `i` of an inner node, and where it lies.
    pub(crate) fn link(&self, i: usize) -> (Hash, Locator) {
        let at = self.end as usize + 8 * i;
        let locator = Locator(self.u64_at(at));
        (self.child_hash(i), locator)
    }

    /// The children of an inner node, in order; none of a leaf.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = Child> + ExactSizeIterator + '_ {
        (0..if self.is_leaf() { 0 } else { self.len() }).map(|i| self.child(i))
    }

    /// The large values that a leaf refers to; none of an inner node.
    pub fn blobs(&self) -> impl Iterator<Item = Blob> + '_ {
        let len = if self.is_leaf() { self.len() } else { 0 };
        (0..len).filter_map(|i| match self.value(i) {
            ValueRef::Blob(blob) => Some(blob),
            ValueRef::Inline(_) => None,
        })
    }

    /// Gives an inner node one locator per child, in order.
    ///
    /// # Panics
    /// If there are not as many as children.
    #[must_use]
    pub fn with_locators(self, locators: impl ExactSizeIterator<Item = Locator>) -> Self {
        let children = if self.is_leaf() { 0 } else { self.len() };
        assert_eq!(locators.len(), children, "one locator per child");
        let mut bytes = self.bytes().to_vec();
        put_tail(&mut bytes, locators, &self);
        Self { bytes: bytes.into(), ..self }
    }

    /// How many entries lie below the children before child `i`.
    pub(crate) fn count_before(&self, i: usize) -> u64 {
        if i == 0 {
            return 0;
        }
        let at = self.after_key_offsets() + (i - 1) * COUNT_LEN;
        let mut count = [0; 8];
        count[..COUNT_LEN].copy_from_slice(&self.bytes[at..at + COUNT_LEN]);
        u64::from_le_bytes(count)
    }

    /// The first child below which the entry of rank `rank` (within this node) can lie.
    pub(crate) fn child_of_rank(&self, rank: u64) -> usize {
        partition_point(0, self.len(), |i| self.count_before(i + 1) <= rank)
    }

    /// Where `key` is (`Ok`), or the first entry with a greater key (`Err`). O(log entries).
    pub(crate) fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let prefix = self.prefix();
        if !prefix.is_empty() {
            let head = key.len().min(prefix.len());
            match key[..head].cmp(&prefix[..head]) {
                Ordering::Less => return Err(0),
                Ordering::Greater => return Err(self.len()),
                Ordering::Equal if key.len() < prefix.len() => return Err(0),
                Ordering::Equal => {}
            }
        }
        let rest = &key[prefix.len()..];
        let head = head_of(rest, rest.len());
        let (mut low, mut high) = (0, self.len());
        if !self.is_leaf() {
            let heads = self.end as usize + 8 * self.len();
            low = self.heads_below(head);
            // Only keys with the same head are left to tell apart.
            high = match low < high && self.u64_at(heads + 8 * low) == head {
                true => partition_point(low, high, |i| self.u64_at(heads + 8 * i) <= head),
                false => low,
            };
        }
        while low < high {
            let middle = (low + high) / 2;
            // Most comparisons are settled by the first eight bytes, without a call to compare slices.
            let order = self.suffix_head(middle).cmp(&head);
            match order.then_with(|| self.suffix(middle).cmp(rest)) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// How many heads of an inner node are smaller than `head`.
    ///
    /// The comparison chooses between two positions and not between two ways to go on, so there is no
    /// branch to mispredict: inner nodes are mostly in the cache, and guessing would cost the most.
    fn heads_below(&self, head: u64) -> usize {
        let tail = &self.bytes[self.end as usize + 8 * self.len()..];
        let heads = tail.as_chunks::<8>().0;
        let (mut low, mut len) = (0, heads.len());
        while len > 1 {
            let half = len / 2;
            let middle = u64::from_le_bytes(heads[low + half - 1]);
            low = std::hint::select_unpredictable(middle < head, low + half, low);
            len -= half;
        }
        low + usize::from(len == 1 && u64::from_le_bytes(heads[low]) < head)
    }

    /// The first eight bytes of a suffix, see [`head_of`].
    fn suffix_head(&self, i: usize) -> u64 {
        let start = if i == 0 { 0 } else { self.key_end(i - 1) };
        let len = self.key_end(i) - start;
        head_of(&self.bytes[self.suffixes as usize + start..], len)
    }

    /// The first entry whose key is at least `key`, or the number of entries if there is none.
    pub(crate) fn lower_bound(&self, key: &[u8]) -> usize {
        self.search(key).unwrap_or_else(|i| i)
    }

    pub(crate) fn payload(&self, i: usize) -> Payload<'_> {
        if self.is_leaf() { Payload::Value(self.value(i)) } else { Payload::Child(self.child(i)) }
    }

    fn child_hash(&self, i: usize) -> Hash {
        let at = self.after_key_offsets() + self.len() * COUNT_LEN + i * HASH_LEN;
        let (hash, _) = self.bytes[at..].as_chunks().0.split_at(1);
        Hash::from_bytes(hash[0])
    }

    fn key_end(&self, i: usize) -> usize {
        usize::from(self.key_offset(i) & !FLAG)
    }

    fn key_offset(&self, i: usize) -> u16 {
        self.u16_at(HEADER_LEN + usize::from(self.prefix_len) + 2 * i)
    }

    fn value_offset(&self, i: usize) -> u16 {
        self.u16_at(self.after_key_offsets() + 2 * i)
    }

    fn after_key_offsets(&self) -> usize {
        HEADER_LEN + usize::from(self.prefix_len) + 2 * self.len()
    }

    /// A number of the tail.
    fn u64_at(&self, at: usize) -> u64 {
        let mut number = [0; 8];
        number.copy_from_slice(&self.bytes[at..at + 8]);
        u64::from_le_bytes(number)
    }

    fn u16_at(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("level", &self.level)
            .field("len", &self.len)
            .field("size_bytes", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

/// Compares two keys without putting them together where the prefixes allow.
pub(crate) fn compare_keys(a: &Node, i: usize, b: &Node, j: usize) -> Ordering {
    if a.prefix() == b.prefix() {
        return a.suffix(i).cmp(b.suffix(j));
    }
    a.key(i).cmp(&b.key(j))
}

/// The value between two offsets, the end with its flag.
fn value_between(values: &[u8], start: u16, end: u16) -> ValueRef<'_> {
    let bytes = &values[usize::from(start)..usize::from(end & !FLAG)];
    if end & FLAG == 0 {
        return ValueRef::Inline(bytes);
    }
    #[expect(clippy::expect_used, reason = "decoding and encoding let no other blob in")]
    ValueRef::Blob(Blob::decode(bytes).expect("a leaf holds valid blobs"))
}

/// The first eight of `len` bytes as a big-endian number, padded with zeros: two byte strings whose
/// heads differ compare as their heads.
fn head_of(bytes: &[u8], len: usize) -> u64 {
    match bytes.first_chunk() {
        Some(head) if len >= 8 => u64::from_be_bytes(*head),
        Some(head) => u64::from_be_bytes(*head) & !(u64::MAX >> (8 * len)),
        None => {
            let mut head = [0; 8];
            let len = len.min(bytes.len());
            head[..len].copy_from_slice(&bytes[..len]);
            u64::from_be_bytes(head)
        }
    }
}

/// Appends what an inner node keeps behind its canonical bytes.
fn put_tail(bytes: &mut Vec<u8>, locators: impl Iterator<Item = Locator>, node: &Node) {
    bytes.extend(locators.flat_map(|locator| locator.0.to_le_bytes()));
    bytes.extend((0..node.len()).flat_map(|i| node.suffix_head(i).to_le_bytes()));
}

/// The first index from `low` to `high` for which `before` fails, given that it fails for all that follow.
fn partition_point(mut low: usize, mut high: usize, before: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = (low + high) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
