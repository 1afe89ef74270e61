//! Codecs: one encoding for one content, and nothing that bytes can do to a decoder.

use std::sync::Arc;

use prollytree_tree::{Hash, Locator, ObjectKind};
use proptest::prelude::*;

use super::*;

fn sums() -> Sums {
    Sums::new([3; 16])
}

fn refs() -> impl Strategy<Value = Vec<(String, Option<Arc<[u8]>>)>> {
    let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::btree_map("[a-z]{1,8}(/[a-z]{1,4})?", value, 0..6).prop_map(|refs| {
        refs.into_iter().map(|(name, value)| (name, value.map(Arc::from))).collect()
    })
}

proptest! {
    #[test]
    fn a_meta_has_one_encoding(refs in refs(), mut index in prop::collection::vec(any::<IndexEntry>(), 0..20)) {
        index.sort_unstable();
        let plain = Meta { refs: refs.clone(), index: None };
        prop_assert_eq!(Meta::decode(&plain.encode(), false), Ok(plain));
        let refs = refs.into_iter().filter(|(_, value)| value.is_some()).collect();
        let full = Meta { refs, index: Some(index) };
        prop_assert_eq!(Meta::decode(&full.encode(), true), Ok(full));
    }

    #[test]
    fn what_decodes_is_what_encodes(bytes in prop::collection::vec(0..8u8, 0..60), checkpoint: bool) {
        if let Ok(meta) = Meta::decode(&bytes, checkpoint) {
            prop_assert_eq!(meta.encode(), bytes);
        }
    }

    #[test]
    fn no_bytes_upset_a_decoder(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = BatchHeader::decode(&bytes, &sums(), 1, 64);
        let _ = Synced::decode(&bytes, &sums());
        let mut walked = 0;
        for record in Records::new(&bytes, 64).flatten() {
            walked += record.header.record_len() as usize;
        }
        prop_assert!(walked <= bytes.len());
    }

    #[test]
    fn records_are_walked_as_they_were_written(
        lens in prop::collection::vec((0..3usize, 0..40usize), 0..10),
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for (i, (locators, len)) in lens.into_iter().enumerate() {
            let hash = Hash::from_bytes([i as u8; 32]);
            expected.push((64 + bytes.len() as u64, hash, locators, len));
            let locators = vec![locator(7, 8); locators];
            RecordHeader::encode(&mut bytes, ObjectKind::Node, &hash, &locators, &vec![1; len]);
        }
        let found: Vec<_> = Records::new(&bytes, 64)
            .map(|record| record.unwrap())
            .map(|it| (it.at, it.header.hash, it.locators().len(), it.bytes.len()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_locator_names_a_place(segment in 0..1u32 << 28, at in 0..1u64 << 32) {
        let packed = locator(segment, 8 * at);
        prop_assert_ne!(packed, Locator::NONE);
        prop_assert_eq!(unlocate(packed), Some((segment, 8 * at)));
    }
}

#[test]
fn a_batch_header_holds_in_its_place_only() {
    let header = BatchHeader {
        checkpoint: true,
        last: false,
        segment: 1,
        at: 64,
        sequence: 5,
        synced: 4,
        records_len: 80,
        meta_len: 16,
        checkpoint_before: 0,
        before: [1; SUM_LEN],
        records_sum: [2; SUM_LEN],
        meta_sum: [3; SUM_LEN],
    };
    let (bytes, link) = header.encode(&sums());
    assert_eq!(bytes.len() as u64, BATCH_HEADER_LEN);
    assert_eq!(BatchHeader::decode(&bytes, &sums(), 1, 64), Some((header.clone(), link)));
    assert_eq!(BatchHeader::decode(&bytes, &sums(), 2, 64), None);
    assert_eq!(BatchHeader::decode(&bytes, &sums(), 1, 72), None);
    assert_eq!(BatchHeader::decode(&bytes, &Sums::new([4; 16]), 1, 64), None);
    let huge = BatchHeader { records_len: u64::MAX - 7, ..header };
    assert_eq!(BatchHeader::decode(&huge.encode(&sums()).0, &sums(), 1, 64), None);
}

#[test]
fn the_newer_slot_of_the_hint_counts_and_a_damaged_one_does_not() {
    let hint = |sequence| Synced { segment: 2, sequence, checkpoint: (64, [9; SUM_LEN]) };
    let mut file = vec![0; 1024];
    for sequence in [6, 7] {
        let (slot, at) = hint(sequence).encode(&sums());
        file[at as usize..][..slot.len()].copy_from_slice(&slot);
    }
    assert_eq!(Synced::decode(&file, &sums()), Some(hint(7)));
    file[512 + 20] ^= 1;
    assert_eq!(Synced::decode(&file, &sums()), Some(hint(6)));
    assert_eq!(Synced::decode(&[], &sums()), None);
}

#[test]
fn only_segments_have_names_of_segments() {
    assert_eq!(segment_number(&segment_name(0xabc)), Some(0xabc));
    for name in ["seg-", "seg-1", "seg-0000000g", "seg-+0000abc", "seg-00000ABC", "seg-ffffffff"] {
        assert_eq!(segment_number(name), None, "{name}");
    }
}
