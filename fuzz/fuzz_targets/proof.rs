//! No bytes make a verifier panic, and none but the honest proof is accepted.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use prollytree_tree::{
    InMemoryNodeStorage, Snapshot, TreeConfig, Value, verify_diff, verify_key, verify_range,
};

type Tree = Snapshot<InMemoryNodeStorage<32>>;

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let config = TreeConfig::default().with_targets(256, 256).expect("powers of two");
    let entries = (0..500u32).map(|i| (format!("key {i:03}"), format!("value {i}")));
    Snapshot::from_sorted(InMemoryNodeStorage::new(), config, entries).expect("sorted")
});

/// The same tree with some entries fewer and others.
static BEFORE: LazyLock<Tree> = LazyLock::new(|| {
    let edits = [(b"key 100".to_vec(), None), (b"new".to_vec(), Some(Value::Inline(vec![1])))];
    TREE.apply(edits).expect("in memory")
});

fuzz_target!(|bytes: &[u8]| {
    let root = TREE.root();
    for key in ["key 250", "key 2500", ""] {
        let key = key.as_bytes();
        if verify_key(&root, key, bytes).is_ok() {
            assert_eq!(TREE.prove_key(key).expect("in memory").as_bytes(), bytes);
        }
    }
    let range = &b"key 100"[..]..&b"key 120"[..];
    if verify_range(&root, range.clone(), bytes).is_ok() {
        assert_eq!(TREE.prove_range(range).expect("in memory").as_bytes(), bytes);
    }
    if verify_diff(&BEFORE.root(), &root, .., bytes).is_ok() {
        let honest = BEFORE.prove_diff(&TREE, ..).expect("in memory");
        assert_eq!(honest.as_bytes(), bytes);
    }
    // The first 32 bytes as a root of the attacker's own.
    if let Some((root, bytes)) = bytes.split_first_chunk() {
        let _result = verify_key(&prollytree_tree::Hash::from_bytes(*root), b"key", bytes);
    }
});
