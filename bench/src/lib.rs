//! Data for the benchmarks: 16-byte keys in random order, 66-byte values.

use prollytree_tree::{InMemoryNodeStorage, Snapshot, TreeConfig};

/// An entry of a benchmark: key and value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// A stream of numbers that looks random and is the same in every run (splitmix64).
#[derive(Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// Starts a stream.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A key of 16 bytes.
    pub fn key(&mut self) -> Vec<u8> {
        let (high, low) = (self.next_number(), self.next_number());
        [high.to_be_bytes(), low.to_be_bytes()].concat()
    }

    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

/// A value of 66 bytes.
pub fn value(seed: u8) -> Vec<u8> {
    vec![seed; 66]
}

/// `n` entries in random order.
pub fn entries(n: usize) -> Vec<Entry> {
    let mut numbers = Numbers::new(42);
    (0..n).map(|_| (numbers.key(), value(7))).collect()
}

/// `n` entries in key order.
pub fn sorted_entries(n: usize) -> Vec<Entry> {
    let mut entries = entries(n);
    entries.sort();
    entries
}

/// A tree of `n` entries in memory.
///
/// # Panics
/// Never: the entries are sorted, and memory does not fail.
#[expect(clippy::expect_used, reason = "sorted entries in memory cannot fail")]
pub fn tree(n: usize) -> Snapshot<InMemoryNodeStorage<32>> {
    let storage = InMemoryNodeStorage::new();
    Snapshot::from_sorted(storage, TreeConfig::default(), sorted_entries(n)).expect("sorted")
}
