//! The check of whole trees: it passes what was built, and nothing else.

use prollytree_tree::{
    Blob, Hash, InMemoryNodeStorage, NodeStorage, ObjectKind, Snapshot, TreeConfig, TreeError,
    Value, check_tree,
};
use proptest::prelude::*;

use crate::model;

proptest! {
    #[test]
    fn what_was_built_passes(config in model::config(), map in model::map(200)) {
        let tree = model::build(&map, config);
        let checked = check_tree(tree.storage(), &config, tree.root()).unwrap();
        prop_assert_eq!(checked.entries, map.len() as u64);
    }
}

#[test]
fn a_tree_of_another_configuration_is_refused() {
    let config = TreeConfig::default();
    let map = (0..3000u32).map(|i| (i.to_be_bytes().to_vec(), vec![7; 9])).collect();
    let tree = model::build(&map, config);
    let check = |config| check_tree(tree.storage(), &config, tree.root());
    assert!(check(config).is_ok());
    assert!(matches!(check(config.with_salt(1)), Err(TreeError::NotCanonical { .. })));
    let larger = config.with_targets(8192, 2048).unwrap();
    assert!(matches!(check(larger), Err(TreeError::NotCanonical { .. })));
}

fn large() -> (InMemoryNodeStorage<32>, Snapshot<InMemoryNodeStorage<32>>) {
    let storage = InMemoryNodeStorage::new();
    let value: Vec<u8> =
        (0..2_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
    let entries = [(&b"a"[..], &value[..]), (b"b", &value[..1_000_000]), (b"c", b"small")];
    let tree = Snapshot::from_sorted(storage.clone(), TreeConfig::default(), entries).unwrap();
    (storage, tree)
}

#[test]
fn large_values_are_read() {
    let (storage, tree) = large();
    let checked = check_tree(&storage, tree.config(), tree.root()).unwrap();
    assert_eq!((checked.nodes, checked.entries, checked.blobs), (1, 3, 2));
    assert!(checked.size_bytes > 3_000_000);
    let mut chunks = 0;
    let storage = storage.retained(|kind, _| {
        chunks += usize::from(kind == ObjectKind::Chunk);
        kind != ObjectKind::Chunk || chunks != 3
    });
    let checked = check_tree(&storage, tree.config(), tree.root());
    assert!(matches!(checked, Err(TreeError::MissingObject { kind: ObjectKind::Chunk, .. })));
}

/// A large value in one chunk too long, or under its right bytes but a wrong length or height.
#[test]
fn large_values_are_chunked_anew() {
    let storage = InMemoryNodeStorage::<32>::new();
    let bytes = vec![7; 300 << 10];
    let hash = ObjectKind::Chunk.hash(&bytes).unwrap();
    storage.write_object(ObjectKind::Chunk, &hash, &bytes).unwrap();
    let whole = Blob { height: 0, len: bytes.len() as u64, hash };
    for blob in [whole, Blob { len: whole.len - 1, ..whole }, Blob { height: 1, ..whole }] {
        let empty = Snapshot::empty(storage.clone(), TreeConfig::default());
        let tree = empty.apply([(b"key".to_vec(), Some(Value::Blob(blob)))]).unwrap();
        assert!(check_tree(&storage, tree.config(), tree.root()).is_err());
    }
}

#[test]
fn a_missing_root_is_an_error_and_the_empty_tree_is_none() {
    let storage = InMemoryNodeStorage::<32>::new();
    let config = TreeConfig::default();
    let nowhere = Hash::from_bytes([9; 32]);
    let missing = check_tree(&storage, &config, nowhere);
    assert!(matches!(missing, Err(TreeError::MissingNode { hash }) if hash == nowhere));
    let empty = Snapshot::empty(storage.clone(), config).root();
    assert_eq!(check_tree(&storage, &config, empty).unwrap().entries, 0);
}
