use std::collections::VecDeque;

use super::*;
use crate::memory::InMemoryNodeStorage;
use crate::value::{Blob, Value};

fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        bytes.extend_from_slice(&(seed ^ seed >> 29).wrapping_mul(0x9e37_79b9).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

#[test]
fn values_of_every_size_round_trip() {
    let storage = InMemoryNodeStorage::new();
    for len in [0, 1, 1024, 1025, 16 << 10, 70_000, 256 << 10, (256 << 10) + 1, 40 << 20] {
        let bytes = noise(len, 3);
        let value = store_value(&storage, &bytes).unwrap().to_value();
        assert_eq!(value, store_reader(&storage, bytes.as_slice()).unwrap());
        assert_eq!(matches!(value, Value::Blob(_)), len > MAX_INLINE_LEN);
        assert_eq!(read_value(&storage, value.as_ref()).unwrap(), bytes, "{len} bytes");
    }
}

#[test]
fn an_insertion_in_the_middle_shares_the_rest() {
    let storage = InMemoryNodeStorage::new();
    let mut bytes = noise(20 << 20, 5);
    store_value(&storage, &bytes).unwrap();
    let before = storage.size_bytes();
    bytes.splice(10 << 20..10 << 20, *b"an insertion");
    store_value(&storage, &bytes).unwrap();
    let written = storage.size_bytes() - before;
    assert!(written < 1 << 20, "{written} bytes rewritten");
}

#[test]
fn a_missing_or_wrong_part_is_an_error() {
    let storage = InMemoryNodeStorage::new();
    let value = store_value(&storage, &noise(1 << 20, 7)).unwrap().to_value();
    let Value::Blob(blob) = value else { panic!("a megabyte is large") };
    let longer = Value::Blob(Blob { len: blob.len + 1, ..blob });
    assert!(matches!(read_value(&storage, longer.as_ref()), Err(TreeError::BadBlob { .. })));
    let mut first = true;
    let storage =
        storage.retained(|kind, _| kind != ObjectKind::Chunk || !std::mem::take(&mut first));
    let error = read_value(&storage, value.as_ref()).unwrap_err();
    assert!(matches!(error, TreeError::MissingObject { kind: ObjectKind::Chunk, .. }));
}

/// Pieces, short as a pipe's; an empty one is an end behind which the source has grown.
struct Pieces(VecDeque<Vec<u8>>);

impl Pieces {
    fn new(bytes: &[u8], ends_at: usize) -> Self {
        let pieces =
            |bytes: &[u8]| bytes.chunks(7_000).map(<[u8]>::to_vec).collect::<VecDeque<_>>();
        let (mut before, mut behind) = (pieces(&bytes[..ends_at]), pieces(&bytes[ends_at..]));
        before.push_back(Vec::new());
        before.append(&mut behind);
        Self(before)
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let piece = self.0.pop_front().unwrap_or_default();
        let (now, later) = piece.split_at(piece.len().min(out.len()));
        out[..now.len()].copy_from_slice(now);
        if !later.is_empty() {
            self.0.push_front(later.to_vec());
        }
        Ok(now.len())
    }
}

#[test]
fn a_source_that_grows_ends_where_it_ended_first() {
    let storage = InMemoryNodeStorage::new();
    let bytes = noise(600_000, 11);
    for ends_at in [0, 1024, 1025, 5_000, 300_000, 525_000, 600_000] {
        let value = store_reader(&storage, Pieces::new(&bytes, ends_at)).unwrap();
        let whole = store_value(&storage, &bytes[..ends_at]).unwrap().to_value();
        assert_eq!(value, whole, "{ends_at} bytes");
        assert_eq!(read_value(&storage, value.as_ref()).unwrap(), bytes[..ends_at]);
    }
}
