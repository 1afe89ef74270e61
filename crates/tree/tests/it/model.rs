//! The oracle: a `BTreeMap`, and a tree built from it in bulk.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use prollytree_tree::{Hash, InMemoryNodeStorage, ProllyTree, Snapshot, TreeConfig};
use proptest::prelude::*;

pub(crate) type Map = BTreeMap<Vec<u8>, Vec<u8>>;
pub(crate) type Tree = ProllyTree<InMemoryNodeStorage<32>>;

/// The root of a tree built in one pass from sorted entries, in a storage of its own.
pub(crate) fn bulk_root(map: &Map, config: TreeConfig) -> Hash {
    build(map, config).root()
}

pub(crate) fn build(map: &Map, config: TreeConfig) -> Snapshot<InMemoryNodeStorage<32>> {
    Snapshot::from_sorted(InMemoryNodeStorage::new(), config, map).unwrap()
}

/// Node targets from the smallest, where every rule is at work in a few entries, to the largest.
pub(crate) fn config() -> impl Strategy<Value = TreeConfig> {
    let target = || prop_oneof![4 => Just(64), 2 => Just(128), 2 => Just(256), 1 => Just(2048), 1 => Just(8192)];
    (target(), target(), 0u64..3).prop_map(|(leaf, inner, salt)| {
        TreeConfig::default().with_targets(leaf, inner).unwrap().with_salt(salt)
    })
}

/// The hash that decides, without a salt, whether a node of a level ends after a key.
pub(crate) fn boundary_hash(level: u64, key: &[u8]) -> u64 {
    let seed = (level + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    xxhash_rust::xxh3::xxh3_64_with_seed(key, seed)
}

/// Keys of two bytes that an attacker chose: those after which no node ends, of leaves alone or of
/// inner nodes too, and those after which one ends as soon as it may.
static GROUND: LazyLock<[Vec<Vec<u8>>; 3]> = LazyLock::new(|| {
    let never = |key: &[u8]| boundary_hash(0, key);
    let nowhere = |key: &[u8]| boundary_hash(0, key).min(boundary_hash(1, key));
    let always = |key: &[u8]| !boundary_hash(0, key);
    [ground(never), ground(nowhere), ground(always)]
});

fn ground(worth: impl Fn(&[u8]) -> u64) -> Vec<Vec<u8>> {
    let variants = |place| (0..=255).map(move |variant| vec![place, variant]);
    (0..=255).filter_map(|place| variants(place).max_by_key(|key| worth(key))).collect()
}

/// Keys that collide often: few of them, some short, some giant, some empty, some chosen with malice.
pub(crate) fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0u16..300).prop_map(|i| i.to_be_bytes().to_vec()),
        2 => prop::collection::vec(0u8..3, 0..6),
        1 => (0u8..20, 60usize..300).prop_map(|(head, len)| {
            let mut key = vec![head; len];
            key[0] = 1;
            key
        }),
        1 => (0u8..6, 4080usize..=4096).prop_map(|(tail, len)| {
            let mut key = vec![1; len];
            key[len - 1] = tail;
            key
        }),
        8 => (0usize..3, 0usize..256).prop_map(|(kind, place)| GROUND[kind][place].clone()),
        1 => (0u32..1000).prop_map(|i| format!("user:{i:04}/profile").into_bytes()),
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..12),
        1 => (0u8..9, 0usize..200).prop_map(|(byte, len)| vec![byte; len]),
        1 => (0u8..9, 900usize..1300).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

pub(crate) fn map(max: usize) -> impl Strategy<Value = Map> {
    prop::collection::btree_map(key(), value(), 0..max)
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Insert(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    DeleteRange(Vec<u8>, Vec<u8>),
    Flush,
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => (key(), value()).prop_map(|(key, value)| Op::Insert(key, value)),
        6 => key().prop_map(Op::Delete),
        1 => (key(), key()).prop_map(|(a, b)| Op::DeleteRange(a.clone().min(b.clone()), a.max(b))),
        3 => Just(Op::Flush),
    ]
}

pub(crate) fn run(tree: &mut Tree, map: &mut Map, op: &Op) {
    match op {
        Op::Insert(key, value) => {
            tree.insert(key.clone(), value.clone());
            map.insert(key.clone(), value.clone());
        }
        Op::Delete(key) => assert_eq!(tree.delete(key), map.remove(key).is_some()),
        Op::DeleteRange(from, to) => {
            tree.delete_range(from.as_slice()..to.as_slice());
            map.retain(|key, _| key < from || key >= to);
        }
        Op::Flush => {
            tree.root_hash();
        }
    }
}
