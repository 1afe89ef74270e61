//! A node's name: the root of a Merkle search tree over its entries.
//!
//! The binary tree over the entries has the shape of RFC 6962 (neighbours are paired from the left, an
//! odd one rises unpaired). Each pair binds the key that separates its halves, which makes it an
//! authenticated *search* tree: for one root, the path of a key is unique, whoever built the tree.
//! `spec/FORMAT.md`, section "Names", has the exact messages.

use std::cell::RefCell;

use super::run::common_prefix_len;
use super::{Child, NODE_FORMAT, Node, Payload};
use crate::digest::{BLOCK_LEN, Domain};
use crate::hash::{HASH_LEN, Hash};
use crate::value::ValueRef;

const ZERO: Hash = Hash::from_bytes([0; HASH_LEN]);

/// The bit of the key length that marks a natural end, or of the value length that marks a blob.
const FLAG: u16 = 1 << 15;

/// All digests of a node, from the entries up; what a proof is cut from.
pub(crate) struct Merkle {
    /// `layers[0]` are the entries' digests, each further layer pairs the one before.
    layers: Vec<Vec<Hash>>,
}

impl Merkle {
    pub(crate) fn of(node: &Node) -> Self {
        let mut layers = Vec::with_capacity(8);
        fold(node, |layer| layers.push(layer.to_vec()));
        Self { layers }
    }

    /// The digest over the entries `[first, first + width)` clipped to the node, `width` a power of
    /// two and `first` a multiple of it.
    pub(crate) fn digest(&self, first: usize, width: usize) -> Hash {
        // An odd entry rises unpaired, so it lies in every layer up to its partner's.
        let layer = (width.ilog2() as usize).min(self.layers.len() - 1);
        self.layers[layer][first >> layer]
    }
}

impl Node {
    /// The name of the node: a Merkle root over its entries. O(entries) hashes, in batches.
    pub fn hash(&self) -> Hash {
        let mut root = ZERO;
        fold(self, |layer| root = layer.first().copied().unwrap_or(ZERO));
        node_hash(self.level, self.len(), self.count(), &root)
    }
}

/// Computes the digests layer by layer, from the entries' to the root's.
fn fold(node: &Node, mut see: impl FnMut(&[Hash])) {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.entries(node);
        see(&scratch.digests);
        let mut stride = 1;
        while scratch.digests.len() > 1 {
            scratch.pair(node, stride);
            see(&scratch.digests);
            stride *= 2;
        }
    });
}

/// The name of a node with this header and this digest over its entries.
pub(crate) fn node_hash(level: u8, len: usize, count: u64, root: &Hash) -> Hash {
    let mut message = [0; BLOCK_LEN];
    message[0] = NODE_FORMAT;
    message[1] = level;
    message[2..4].copy_from_slice(&(len as u16).to_le_bytes());
    message[4..12].copy_from_slice(&count.to_le_bytes());
    message[32..].copy_from_slice(root.as_bytes());
    Domain::Node.hash(&message)
}

/// The digest of one entry.
pub(crate) fn entry_digest(key: &[u8], payload: &Payload<'_>) -> Hash {
    let mut message = Vec::with_capacity(4 * BLOCK_LEN);
    let domain = put_entry(&mut message, key, &[], payload);
    domain.hash(&message)
}

/// The digest of a pair whose halves `separator` separates.
pub(crate) fn pair_digest(level: u8, left: &Hash, right: &Hash, separator: &[u8]) -> Hash {
    let mut message = Vec::with_capacity(4 * BLOCK_LEN);
    put_pair(&mut message, left, right, separator, &[]);
    pair_domain(level).hash(&message)
}

/// The shortest key that is greater than `left` and a prefix of `right`, given `left < right`.
pub(crate) fn leaf_separator<'a>(left: &[u8], right: &'a [u8]) -> &'a [u8] {
    &right[..common_prefix_len(left, right) + 1]
}

fn pair_domain(level: u8) -> Domain {
    if level == 0 { Domain::LeafPair } else { Domain::InnerPair }
}

/// Appends the padded message of an entry whose key is `head ‖ tail`.
fn put_entry(message: &mut Vec<u8>, head: &[u8], tail: &[u8], payload: &Payload<'_>) -> Domain {
    let key_len = (head.len() + tail.len()) as u16;
    let domain = match payload {
        Payload::Value(value) => {
            let blob = if matches!(value, ValueRef::Blob(_)) { FLAG } else { 0 };
            message.extend_from_slice(&key_len.to_le_bytes());
            message.extend_from_slice(&(value.stored_len() as u16 | blob).to_le_bytes());
            message.extend_from_slice(head);
            message.extend_from_slice(tail);
            match value {
                ValueRef::Inline(bytes) => message.extend_from_slice(bytes),
                ValueRef::Blob(blob) => message.extend_from_slice(&blob.encode()),
            }
            Domain::LeafEntry
        }
        Payload::Child(Child { hash, count, natural, .. }) => {
            let natural = if *natural { FLAG } else { 0 };
            message.extend_from_slice(&(key_len | natural).to_le_bytes());
            message.extend_from_slice(&count.to_le_bytes()[..6]);
            message.extend_from_slice(hash.as_bytes());
            message.extend_from_slice(head);
            message.extend_from_slice(tail);
            Domain::InnerEntry
        }
    };
    pad(message);
    domain
}

/// Appends the padded message of a pair whose separator is `head ‖ tail`.
fn put_pair(message: &mut Vec<u8>, left: &Hash, right: &Hash, head: &[u8], tail: &[u8]) {
    message.extend_from_slice(left.as_bytes());
    message.extend_from_slice(right.as_bytes());
    message.extend_from_slice(&((head.len() + tail.len()) as u16).to_le_bytes());
    message.extend_from_slice(head);
    message.extend_from_slice(tail);
    pad(message);
}

fn pad(message: &mut Vec<u8>) {
    message.resize(message.len().next_multiple_of(BLOCK_LEN), 0);
}

thread_local! {
    /// Naming a node takes tens of kilobytes for a microsecond; allocating them would take longer.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

#[derive(Default)]
struct Scratch {
    messages: Vec<u8>,
    digests: Vec<Hash>,
}

impl Scratch {
    fn entries(&mut self, node: &Node) {
        let domain = if node.is_leaf() { Domain::LeafEntry } else { Domain::InnerEntry };
        let prefix = node.prefix();
        self.digests.clear();
        self.digests.resize(node.len(), ZERO);
        hash_all(&mut self.messages, domain, node.len(), &mut self.digests, |messages, _, i| {
            put_entry(messages, prefix, node.suffix(i), &node.payload(i));
        });
    }

    /// Pairs the digests, which cover `stride` entries each.
    fn pair(&mut self, node: &Node, stride: usize) {
        let prefix = node.prefix();
        let pairs = self.digests.len() / 2;
        let odd = self.digests.get(2 * pairs).copied();
        let domain = pair_domain(node.level);
        hash_all(&mut self.messages, domain, pairs, &mut self.digests, |messages, digests, i| {
            let right = (2 * i + 1) * stride;
            let before = node.suffix(right - 1);
            let separator =
                if node.is_leaf() { leaf_separator(before, node.suffix(right)) } else { before };
            put_pair(messages, &digests[2 * i], &digests[2 * i + 1], prefix, separator);
        });
        self.digests.truncate(pairs);
        self.digests.extend(odd);
    }
}

/// Replaces the first `n` digests by those of `n` messages, hashing runs of messages with equally many
/// blocks at once. A message may be made of digests that lie at or behind its own position.
fn hash_all(
    messages: &mut Vec<u8>,
    domain: Domain,
    n: usize,
    digests: &mut [Hash],
    put: impl Fn(&mut Vec<u8>, &[Hash], usize),
) {
    messages.clear();
    let (mut first, mut blocks) = (0, 0);
    for i in 0..n {
        let start = messages.len();
        put(messages, digests, i);
        let len = (messages.len() - start) / BLOCK_LEN;
        if len != blocks && i > first {
            domain.hash_batch(&messages[..start], blocks, &mut digests[first..i]);
            messages.drain(..start);
            first = i;
        }
        blocks = len;
    }
    domain.hash_batch(messages, blocks, &mut digests[first..n]);
}
