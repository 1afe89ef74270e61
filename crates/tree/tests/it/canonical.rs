//! History independence: whatever the operations, content decides the root.
//!
//! `PROPTEST_CASES` sets how many; `just nightly` tries a hundred thousand of each property.

use prollytree_tree::{
    Blob, Hash, InMemoryNodeStorage, Locator, MAX_VALUE_LEN, Node, NodeStorage, ProllyTree,
    Snapshot, TreeConfig, TreeError, Value, check_tree,
};
use proptest::prelude::*;

use crate::model::{self, Map, Op, bulk_root};

proptest! {
    #[test]
    fn any_history_gives_the_root_of_a_bulk_build(
        config in model::config(),
        start in model::map(400),
        ops in prop::collection::vec(model::op(), 0..60),
    ) {
        let mut map = start;
        let snapshot = Snapshot::from_sorted(InMemoryNodeStorage::new(), config, &map).unwrap();
        let mut tree = ProllyTree::from_snapshot(snapshot);
        for op in &ops {
            model::run(&mut tree, &mut map, op);
            if matches!(op, Op::Flush) {
                prop_assert_eq!(tree.root_hash(), bulk_root(&map, config));
            }
        }
        prop_assert_eq!(tree.root_hash(), bulk_root(&map, config));
        let entries: Map = tree.snapshot().iter().unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(&entries, &map);
        prop_assert_eq!(tree.len(), map.len() as u64);
    }

    #[test]
    fn one_by_one_and_shuffled_give_the_same_root(
        config in model::config(),
        entries in prop::collection::vec((model::key(), model::value()), 0..80),
    ) {
        let map: Map = entries.iter().cloned().collect();
        let mut tree = ProllyTree::new(InMemoryNodeStorage::new(), config);
        for (key, value) in &entries {
            tree.insert(key.clone(), value.clone());
            tree.root_hash();
        }
        prop_assert_eq!(tree.root_hash(), bulk_root(&map, config));
        for key in map.keys() {
            tree.delete(key);
            tree.root_hash();
        }
        prop_assert_eq!(tree.root_hash(), bulk_root(&Map::new(), config));
    }

    #[test]
    fn reads_agree_with_the_model(
        config in model::config(),
        map in model::map(300),
        probes in prop::collection::vec(model::key(), 1..20),
    ) {
        let tree = model::build(&map, config);
        for key in &probes {
            let key = key.as_slice();
            prop_assert_eq!(tree.get(key).unwrap(), map.get(key).cloned());
            prop_assert_eq!(tree.contains(key).unwrap(), map.contains_key(key));
            let rank = map.range(..key.to_vec()).count();
            prop_assert_eq!(tree.rank(key).unwrap(), rank as u64);
            let selected = tree.select(rank as u64).unwrap();
            let expected = map.range(key.to_vec()..).next();
            prop_assert_eq!(selected, expected.map(|(k, v)| (k.clone(), v.clone())));
            let mut forward = Vec::new();
            tree.for_each(key.., |key, value| forward.push((key.to_vec(), value.len()))).unwrap();
            let expected = map.range(key.to_vec()..).map(|(k, v)| (k.clone(), v.len() as u64));
            prop_assert!(forward.into_iter().eq(expected));
            prop_assert_eq!(tree.get_with(key, |value| value.len()).unwrap(), map.get(key).map(|v| v.len() as u64));
            let backward: Vec<_> = tree.range(key..).unwrap().rev().map(|e| e.unwrap().0).collect();
            prop_assert!(backward.iter().eq(map.range(key.to_vec()..).rev().map(|(k, _)| k)));
            let with_prefix = map.keys().filter(|k| k.starts_with(key));
            prop_assert!(tree.prefix(key).unwrap().map(|e| e.unwrap().0).eq(with_prefix.cloned()));
        }
        prop_assert_eq!(tree.first().unwrap(), map.first_key_value().map(|(k, v)| (k.clone(), v.clone())));
        prop_assert_eq!(tree.last().unwrap(), map.last_key_value().map(|(k, v)| (k.clone(), v.clone())));
    }
}

/// Sizes at which whole levels of the default configuration come and go.
#[test]
fn a_tree_of_default_nodes_grows_and_shrinks_canonically() {
    let config = TreeConfig::default();
    let mut map = Map::new();
    let mut tree = ProllyTree::new(InMemoryNodeStorage::new(), config);
    let mut seed = 7u64;
    for round in 0..40 {
        for _ in 0..500 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = (seed >> 20).to_be_bytes().to_vec();
            tree.insert(key.clone(), vec![seed as u8; 66]);
            map.insert(key, vec![seed as u8; 66]);
        }
        assert_eq!(tree.root_hash(), bulk_root(&map, config), "after round {round}");
    }
    while !map.is_empty() {
        let keys: Vec<_> = map.keys().step_by(2).cloned().collect();
        for key in keys {
            map.remove(&key);
            tree.delete(&key);
        }
        assert_eq!(tree.root_hash(), bulk_root(&map, config), "at {} entries", map.len());
    }
}

#[test]
fn threads_do_not_change_the_root() {
    let entry = |i: u64| {
        let key = i.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes().to_vec();
        (key, vec![i as u8; 40 + i as usize % 50])
    };
    // Every key twice, the first time with another value.
    let wrong = (0..60_000).map(|i| (entry(i).0, Vec::new()));
    let entries: Vec<_> = wrong.chain((0..60_000).map(entry)).collect();
    let map: Map = entries.iter().cloned().collect();
    let config = TreeConfig::default();
    for threads in [1, 2, 3, 7] {
        let threads = std::num::NonZeroUsize::new(threads).unwrap();
        let storage = InMemoryNodeStorage::new();
        let tree = Snapshot::from_unsorted(storage, config, entries.clone(), threads).unwrap();
        assert_eq!(tree.root(), bulk_root(&map, config));
        assert_eq!(tree.len(), map.len() as u64);
    }
}

#[test]
fn input_out_of_order_is_refused_where_it_is() {
    let threads = std::num::NonZeroUsize::new(2).unwrap();
    let mut entries: Vec<_> = (0..20_000u32).map(|i| (i.to_be_bytes(), [])).collect();
    entries.swap(9_999, 10_000);
    let config = TreeConfig::default();
    let parallel =
        Snapshot::from_sorted_parallel(InMemoryNodeStorage::new(), config, &entries, threads);
    let serial = Snapshot::from_sorted(InMemoryNodeStorage::new(), config, entries.iter().copied());
    for result in [parallel, serial] {
        let error = result.unwrap_err();
        assert!(matches!(error, TreeError::Unsorted { position: 10_000 }), "{error}");
    }
}

/// The largest keys under the smallest and the largest nodes: no node outgrows its offsets.
#[test]
fn giant_keys_fit_every_node() {
    for (leaf, inner) in [(64, 64), (64, 8192), (8192, 64), (8192, 8192)] {
        let config = TreeConfig::default().with_targets(leaf, inner).unwrap();
        let mut map = Map::new();
        let mut tree = ProllyTree::new(InMemoryNodeStorage::new(), config);
        for i in (0..90u8).map(|i| i.wrapping_mul(53)) {
            let mut key = vec![i; 4096];
            key[..3 * usize::from(i % 2)].fill(7);
            tree.insert(key.clone(), vec![i; 1024]);
            map.insert(key, vec![i; 1024]);
            assert_eq!(tree.root_hash(), bulk_root(&map, config));
        }
        let root = tree.root_hash();
        let storage = tree.storage();
        assert_eq!(check_tree(storage, &config, root).unwrap().entries, 90);
        let mut pending = vec![root];
        while let Some(hash) = pending.pop() {
            let Ok(node) = storage.read_node(&hash, Locator::NONE);
            let node = node.unwrap();
            // In memory a node is taken as it was made; elsewhere it is read from its bytes.
            let decoded = Node::decode(node.bytes()).unwrap();
            assert_eq!(decoded.hash(), hash);
            pending.extend(node.children().map(|child| child.hash));
        }
    }
}

/// A reference to a large value whose length says that it is none.
#[test]
fn references_that_no_leaf_holds_are_refused() {
    let hash = Hash::from_bytes([7; 32]);
    let mut tree = ProllyTree::new(InMemoryNodeStorage::new(), TreeConfig::default());
    for len in [0, 1024, MAX_VALUE_LEN + 1] {
        let value = Value::Blob(Blob { height: 0, len, hash });
        let set = tree.snapshot().apply([(b"key".to_vec(), Some(value.clone()))]);
        assert!(matches!(set, Err(TreeError::BadBlob { .. })), "{set:?}");
        assert!(tree.try_insert_value(b"key".to_vec(), value).is_err());
    }
    assert!(tree.is_empty());
}
