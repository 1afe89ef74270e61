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
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.fold(&[node], |_, layer| layers.push(layer.to_vec()));
        });
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
        name_all(&[self])[0]
    }
}

/// The names of nodes of one level, hashed side by side.
pub(crate) fn name_all(nodes: &[&Node]) -> Vec<Hash> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut roots = vec![ZERO; nodes.len()];
        scratch.fold(nodes, |i, layer| roots[i] = layer.first().copied().unwrap_or(ZERO));
        let queue = &mut scratch.queue;
        queue.start(Domain::Node);
        for (node, root) in nodes.iter().zip(&roots) {
            let header = node_header(node.level, node.len(), node.count(), root);
            queue.push(|messages| messages.extend_from_slice(&header));
        }
        queue.finish().to_vec()
    })
}

/// The name of a node with this header and this digest over its entries.
pub(crate) fn node_hash(level: u8, len: usize, count: u64, root: &Hash) -> Hash {
    Domain::Node.hash(&node_header(level, len, count, root))
}

fn node_header(level: u8, len: usize, count: u64, root: &Hash) -> [u8; BLOCK_LEN] {
    let mut message = [0; BLOCK_LEN];
    message[0] = NODE_FORMAT;
    message[1] = level;
    message[2..4].copy_from_slice(&(len as u16).to_le_bytes());
    message[4..12].copy_from_slice(&count.to_le_bytes());
    message[32..].copy_from_slice(root.as_bytes());
    message
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
    queue: Queue,
    /// The digests of the present layer, node by node.
    digests: Vec<Hash>,
    /// How many of them each node has.
    lens: Vec<usize>,
}

impl Scratch {
    /// Computes the digests of nodes of one level layer by layer, from the entries' to the root's, and
    /// shows each layer of each node.
    fn fold(&mut self, nodes: &[&Node], mut see: impl FnMut(usize, &[Hash])) {
        self.entries(nodes);
        let mut stride = 1;
        loop {
            let mut rest = self.digests.as_slice();
            for (i, &len) in self.lens.iter().enumerate() {
                let (layer, behind) = rest.split_at(len);
                // A node with fewer layers than others was done before.
                if stride == 1 || nodes[i].len() > stride / 2 {
                    see(i, layer);
                }
                rest = behind;
            }
            if self.lens.iter().all(|&len| len <= 1) {
                return;
            }
            self.pair(nodes, stride);
            stride *= 2;
        }
    }

    fn entries(&mut self, nodes: &[&Node]) {
        let is_leaf = nodes.iter().all(|node| node.is_leaf());
        self.queue.start(if is_leaf { Domain::LeafEntry } else { Domain::InnerEntry });
        self.lens.clear();
        for node in nodes {
            self.lens.push(node.len());
            let prefix = node.prefix();
            for i in 0..node.len() {
                let (suffix, payload) = (node.suffix(i), node.payload(i));
                self.queue.push(|messages| {
                    put_entry(messages, prefix, suffix, &payload);
                });
            }
        }
        self.digests.clear();
        self.digests.extend_from_slice(self.queue.finish());
    }

    /// Pairs the digests, which cover `stride` entries each.
    fn pair(&mut self, nodes: &[&Node], stride: usize) {
        let is_leaf = nodes.iter().all(|node| node.is_leaf());
        self.queue.start(pair_domain(u8::from(!is_leaf)));
        let mut rest = self.digests.as_slice();
        for (node, &len) in nodes.iter().zip(&self.lens) {
            let (layer, behind) = rest.split_at(len);
            rest = behind;
            for (i, [left, right]) in layer.as_chunks().0.iter().enumerate() {
                let at = (2 * i + 1) * stride;
                let before = node.suffix(at - 1);
                let separator =
                    if is_leaf { leaf_separator(before, node.suffix(at)) } else { before };
                self.queue.push(|messages| {
                    put_pair(messages, left, right, node.prefix(), separator);
                });
            }
        }
        let mut paired = self.queue.finish();
        let (mut from, mut to) = (0, 0);
        for len in &mut self.lens {
            let (pairs, others) = paired.split_at(*len / 2);
            paired = others;
            let odd = self.digests[from..from + *len].as_chunks::<2>().1.first().copied();
            from += *len;
            self.digests[to..to + pairs.len()].copy_from_slice(pairs);
            *len = pairs.len();
            if let Some(odd) = odd {
                self.digests[to + pairs.len()] = odd;
                *len += 1;
            }
            to += *len;
        }
        self.digests.truncate(to);
    }
}

/// Messages of one domain, hashed side by side in runs of equally many blocks.
#[derive(Default)]
struct Queue {
    domain: Option<Domain>,
    messages: Vec<u8>,
    /// How many messages wait, and how many blocks each has.
    waiting: usize,
    blocks: usize,
    digests: Vec<Hash>,
}

impl Queue {
    fn start(&mut self, domain: Domain) {
        self.domain = Some(domain);
        self.digests.clear();
    }

    /// Adds the padded message that `put` appends.
    fn push(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        let start = self.messages.len();
        put(&mut self.messages);
        let blocks = (self.messages.len() - start) / BLOCK_LEN;
        if blocks != self.blocks && self.waiting > 0 {
            self.hash_waiting(start);
            self.messages.drain(..start);
        }
        self.blocks = blocks;
        self.waiting += 1;
    }

    /// The digests of all messages since the start, in order.
    fn finish(&mut self) -> &[Hash] {
        self.hash_waiting(self.messages.len());
        self.messages.clear();
        &self.digests
    }

    /// Hashes the messages that wait, which end at `end`.
    fn hash_waiting(&mut self, end: usize) {
        let done = self.digests.len();
        self.digests.resize(done + self.waiting, ZERO);
        if let Some(domain) = self.domain {
            domain.hash_batch(&self.messages[..end], self.blocks, &mut self.digests[done..]);
        }
        self.waiting = 0;
    }
}
