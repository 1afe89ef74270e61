//! Runs: entries on their way into a node.

use std::cell::RefCell;

use super::{Child, FLAG, HEADER_LEN, NODE_FORMAT, Node, Payload, head_of};
use crate::hash::HASH_LEN;
use crate::node::COUNT_LEN;
use crate::value::ValueRef;

/// What the boundary rule counts for an entry beside the bytes of its key and its value.
pub(super) const LEAF_OVERHEAD: usize = 4;
pub(super) const INNER_OVERHEAD: usize = HASH_LEN + COUNT_LEN + 2;

/// A build holds a run a level; more are not worth keeping.
const POOLED: usize = 8;

thread_local! {
    /// An edit fills a few runs for some microseconds; allocating them would take as long.
    static POOL: RefCell<Vec<Run>> = const { RefCell::new(Vec::new()) };
}

/// Sorted entries of one level, copied into flat buffers.
#[derive(Default)]
pub(crate) struct Run {
    keys: Vec<u8>,
    key_ends: Vec<u32>,
    values: Vec<u8>,
    /// The upper bit marks a blob.
    value_ends: Vec<u32>,
    children: Vec<Child>,
    /// Room for the bytes of a node.
    encoded: Vec<u8>,
}

const BLOB: u32 = 1 << 31;

impl Run {
    /// An empty run, with the room of one that was done with before.
    pub(crate) fn recycled() -> Self {
        POOL.with_borrow_mut(Vec::pop).unwrap_or_default()
    }

    /// Keeps the run's room for the next one on this thread.
    pub(crate) fn recycle(&mut self) {
        let mut run = std::mem::take(self);
        run.drop_front(run.len());
        POOL.with_borrow_mut(|pool| {
            if pool.len() < POOLED {
                pool.push(run);
            }
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.key_ends.len()
    }

    /// Appends an entry whose key is `head ‖ tail`.
    pub(crate) fn push(&mut self, head: &[u8], tail: &[u8], payload: &Payload<'_>) {
        self.keys.extend_from_slice(head);
        self.keys.extend_from_slice(tail);
        self.key_ends.push(self.keys.len() as u32);
        match payload {
            Payload::Value(ValueRef::Inline(bytes)) => {
                self.values.extend_from_slice(bytes);
                self.value_ends.push(self.values.len() as u32);
            }
            Payload::Value(ValueRef::Blob(blob)) => {
                self.values.extend_from_slice(&blob.encode());
                self.value_ends.push(self.values.len() as u32 | BLOB);
            }
            Payload::Child(child) => self.children.push(*child),
        }
    }

    pub(crate) fn key(&self, i: usize) -> &[u8] {
        &self.keys[self.key_start(i)..self.key_ends[i] as usize]
    }

    /// Whether the last key is greater than the one before.
    pub(crate) fn end_ascends(&self) -> bool {
        let n = self.len();
        n < 2 || self.key(n - 2) < self.key(n - 1)
    }

    /// How many entries of the tree the first `n` entries stand for.
    pub(crate) fn count(&self, n: usize) -> u64 {
        if self.children.is_empty() {
            return n as u64;
        }
        self.children[..n].iter().map(|child| child.count).sum()
    }

    /// The size of entry `i` as the boundary rule sees it.
    pub(crate) fn entry_size(&self, i: usize) -> u64 {
        let key = self.key_ends[i] as usize - self.key_start(i);
        let rest = if self.children.is_empty() {
            self.value_end(i) - self.value_start(i) + LEAF_OVERHEAD
        } else {
            INNER_OVERHEAD
        };
        (key + rest) as u64
    }

    /// Forgets the first `n` entries.
    pub(crate) fn drop_front(&mut self, n: usize) {
        if n == self.len() {
            self.keys.clear();
            self.key_ends.clear();
            self.values.clear();
            self.value_ends.clear();
            self.children.clear();
            return;
        }
        let keys = self.key_start(n);
        self.keys.drain(..keys);
        self.key_ends.drain(..n);
        self.key_ends.iter_mut().for_each(|end| *end -= keys as u32);
        if self.children.is_empty() {
            let values = self.value_start(n);
            self.values.drain(..values);
            self.value_ends.drain(..n);
            self.value_ends.iter_mut().for_each(|end| *end -= values as u32);
        } else {
            self.children.drain(..n);
        }
    }

    /// The canonical node of the first `n` entries, on level `level`.
    pub(crate) fn node(&mut self, level: u8, n: usize) -> Node {
        let prefix = match n {
            0 | 1 => 0,
            _ => common_prefix_len(self.key(0), self.key(n - 1)),
        };
        let keys_len = if n == 0 { 0 } else { self.key_ends[n - 1] as usize };
        let values_len = if level > 0 || n == 0 { 0 } else { self.value_end(n - 1) };
        let per_entry = if level == 0 { 4 } else { 2 + COUNT_LEN + HASH_LEN };
        let suffixes = HEADER_LEN + prefix + n * per_entry;
        let values = suffixes + keys_len - n * prefix;
        let mut bytes = std::mem::take(&mut self.encoded);
        bytes.clear();
        bytes.reserve(values + values_len);
        bytes.extend_from_slice(&[NODE_FORMAT, level]);
        bytes.extend_from_slice(&(n as u16).to_le_bytes());
        bytes.extend_from_slice(&(prefix as u16).to_le_bytes());
        bytes.extend_from_slice(&self.keys[..prefix]);
        self.put_key_ends(&mut bytes, level, n, prefix);
        if level == 0 {
            self.put_value_ends(&mut bytes, n);
        } else {
            self.put_children(&mut bytes, n);
        }
        for i in 0..n {
            bytes.extend_from_slice(&self.key(i)[prefix..]);
        }
        bytes.extend_from_slice(&self.values[..values_len]);
        let end = bytes.len() as u32;
        if level > 0 {
            for child in &self.children[..n] {
                bytes.extend_from_slice(&child.locator.0.to_le_bytes());
            }
            for i in 0..n {
                let suffix = &self.key(i)[prefix..];
                bytes.extend_from_slice(&head_of(suffix, suffix.len()).to_le_bytes());
            }
        }
        let node = Node {
            bytes: bytes.as_slice().into(),
            end,
            level,
            len: n as u16,
            prefix_len: prefix as u16,
            suffixes: suffixes as u32,
            values: values as u32,
        };
        self.encoded = bytes;
        node
    }

    fn put_key_ends(&self, bytes: &mut Vec<u8>, level: u8, n: usize, prefix: usize) {
        for i in 0..n {
            let end = (self.key_ends[i] as usize - (i + 1) * prefix) as u16;
            let natural = level > 0 && self.children[i].natural;
            let flag = if natural { FLAG } else { 0 };
            bytes.extend_from_slice(&(end | flag).to_le_bytes());
        }
    }

    fn put_value_ends(&self, bytes: &mut Vec<u8>, n: usize) {
        for &end in &self.value_ends[..n] {
            let flag = if end & BLOB == 0 { 0 } else { FLAG };
            bytes.extend_from_slice(&((end & !BLOB) as u16 | flag).to_le_bytes());
        }
    }

    fn put_children(&self, bytes: &mut Vec<u8>, n: usize) {
        let mut count = 0;
        for child in &self.children[..n] {
            count += child.count;
            bytes.extend_from_slice(&count.to_le_bytes()[..COUNT_LEN]);
        }
        for child in &self.children[..n] {
            bytes.extend_from_slice(child.hash.as_bytes());
        }
    }

    fn key_start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { self.key_ends[i - 1] as usize }
    }

    fn value_start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { self.value_end(i - 1) }
    }

    fn value_end(&self, i: usize) -> usize {
        (self.value_ends[i] & !BLOB) as usize
    }
}

pub(crate) fn common_prefix_len(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
