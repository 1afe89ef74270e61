//! Any script of edits gives the content of the model, and the root of a bulk build.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use prollytree_tree::{InMemoryNodeStorage, ProllyTree, Snapshot, TreeConfig};

#[derive(Arbitrary, Debug)]
enum Op {
    Insert { key: u16, pad: u8, len: u8 },
    Delete { key: u16, pad: u8 },
    DeleteRange { from: u16, to: u16 },
    Root,
}

#[derive(Arbitrary, Debug)]
struct Script {
    leaf_log2: u8,
    inner_log2: u8,
    ops: Vec<Op>,
}

fn key(key: u16, pad: u8) -> Vec<u8> {
    let mut bytes = (key % 512).to_be_bytes().to_vec();
    bytes.resize(2 + usize::from(pad % 8) * 40, 7);
    bytes
}

fuzz_target!(|script: Script| {
    let target = |log2: u8| 64 << (log2 % 4);
    let config = TreeConfig::default()
        .with_targets(target(script.leaf_log2), target(script.inner_log2))
        .expect("powers of two from 64 to 512");
    let mut tree = ProllyTree::new(InMemoryNodeStorage::new(), config);
    let mut model = BTreeMap::new();
    for op in script.ops.iter().take(500) {
        match *op {
            Op::Insert { key: k, pad, len } => {
                tree.insert(key(k, pad), vec![len; usize::from(len)]);
                model.insert(key(k, pad), vec![len; usize::from(len)]);
            }
            Op::Delete { key: k, pad } => {
                assert_eq!(tree.delete(&key(k, pad)), model.remove(&key(k, pad)).is_some());
            }
            Op::DeleteRange { from, to } => {
                let (from, to) = (key(from.min(to), 0), key(from.max(to), 0));
                tree.delete_range(&from[..]..&to[..]);
                model.retain(|key, _| *key < from || *key >= to);
            }
            Op::Root => {
                tree.root_hash();
            }
        }
    }
    let bulk = Snapshot::from_sorted(InMemoryNodeStorage::new(), config, &model).expect("sorted");
    assert_eq!(tree.root_hash(), bulk.root());
    let content: Result<BTreeMap<_, _>, _> = tree.snapshot().iter().expect("in memory").collect();
    assert_eq!(content.expect("in memory"), model);
});
