//! The bytes of the store's files; `spec/FORMAT.md`, section "Store", is the authority.

mod batch;
mod fields;
mod manifest;
mod meta;
mod record;
mod synced;
#[cfg(test)]
mod tests;

pub(crate) use batch::{BATCH_HEADER_LEN, BATCH_MAGIC, BatchHeader};
pub(crate) use fields::Fields;
pub(crate) use manifest::{Manifest, SegmentEntry, segment_header, segment_name, segment_number};
pub(crate) use manifest::{SEGMENT_HEADER_LEN, read_segment_header, segment_id};
pub(crate) use meta::{IndexEntry, Meta};
pub(crate) use record::{
    RECORD_HEADER_LEN, Record, RecordHeader, Records, locator, prefix, unlocate,
};
pub(crate) use synced::Synced;

/// The major version of every file.
pub(crate) const MAJOR: u16 = 1;
const MINOR: u16 = 0;
const VERSION: [u8; 4] = {
    let ([a, b], [c, d]) = (MAJOR.to_le_bytes(), MINOR.to_le_bytes());
    [a, b, c, d]
};

/// The length of a check sum, in bytes.
pub(crate) const SUM_LEN: usize = 32;

/// A check sum.
pub(crate) type Sum = [u8; SUM_LEN];

/// Makes check sums that hold for one store only.
#[derive(Clone)]
pub(crate) struct Sums {
    pub(crate) id: [u8; 16],
    key: [u8; 32],
}

impl Sums {
    pub(crate) fn new(id: [u8; 16]) -> Self {
        Self { id, key: blake3::derive_key("prollytree store check sum v1", &id) }
    }

    pub(crate) fn of(&self, bytes: &[u8]) -> Sum {
        *blake3::keyed_hash(&self.key, bytes).as_bytes()
    }
}

/// Rounds up to a multiple of 8.
pub(crate) const fn pad8(len: u64) -> u64 {
    len.next_multiple_of(8)
}

/// Appends zeros up to a multiple of 8.
pub(crate) fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}
