//! Diff and merge against the model, and how much of the trees they read.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prollytree_tree::{
    CollectConflicts, Conflict, Difference, Hash, InMemoryNodeStorage, KeyRange, Locator, Node,
    NodeStorage, ObjectKind, ProllyTree, Resolution, Resolver, Side, Snapshot, TreeConfig, Value,
    merge,
};
use proptest::prelude::*;

use crate::model::{self, Map, Op, bulk_root};

type Storage = InMemoryNodeStorage<32>;

fn edited(base: &Snapshot<Storage>, map: &Map, ops: &[Op]) -> (Snapshot<Storage>, Map) {
    let (mut tree, mut map) = (ProllyTree::from_snapshot(base.clone()), map.clone());
    for op in ops {
        model::run(&mut tree, &mut map, op);
    }
    (tree.snapshot().clone(), map)
}

fn read(tree: &Snapshot<Storage>, key: &[u8]) -> Option<Value> {
    tree.get_value(key).unwrap()
}

fn keys<'m>(maps: impl IntoIterator<Item = &'m Map>) -> BTreeSet<&'m Vec<u8>> {
    maps.into_iter().flat_map(|map| map.keys()).collect()
}

fn ops(max: usize) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(model::op(), 0..max)
}

proptest! {
    #[test]
    fn diff_is_what_the_maps_say(
        config in model::config(), map in model::map(300), ops in ops(40),
        unrelated in model::map(100), (from, to) in (model::key(), model::key()),
    ) {
        let a = model::build(&map, config);
        let (b, b_map) = edited(&a, &map, &ops);
        let other = model::build(&unrelated, config);
        for (b, b_map) in [(&b, &b_map), (&other, &unrelated), (&a, &map)] {
            let all: Vec<Difference> = keys([&map, b_map]).into_iter()
                .filter(|key| map.get(*key) != b_map.get(*key))
                .map(|key| Difference { key: key.clone(), before: read(&a, key), after: read(b, key) })
                .collect();
            let diff: Vec<_> = a.diff(b, ..).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(&diff, &all);
            let back: Vec<_> = b.diff(&a, ..).unwrap().map(|d| d.unwrap().inverted()).collect();
            prop_assert_eq!(&back, &all);
            let (from, to) = (from.as_slice(), to.as_slice());
            let part: Vec<_> = a.diff(b, from..to).unwrap().map(Result::unwrap).collect();
            let within = all.iter().filter(|d| d.key.as_slice() >= from && d.key.as_slice() < to);
            prop_assert!(part.iter().eq(within));
        }
    }

    #[test]
    fn merge_is_what_the_maps_say(
        config in model::config(), map in model::map(300), our_ops in ops(30), their_ops in ops(30),
        choices in prop::collection::vec(0u8..5, 1..9),
    ) {
        let base = model::build(&map, config);
        let (ours, our_map) = edited(&base, &map, &our_ops);
        let (theirs, their_map) = edited(&base, &map, &their_ops);
        let choice = |key: &[u8]| choices[key.iter().map(|&b| b as usize).sum::<usize>() % choices.len()];
        let mut expected = our_map.clone();
        let mut open = Vec::new();
        for key in keys([&map, &our_map, &their_map]) {
            let sides = [&map, &our_map, &their_map].map(|map| map.get(key).cloned());
            let [base_value, our_value, their_value] = sides;
            if their_value == base_value || our_value == their_value {
                continue;
            }
            let merged = match choice(key) {
                _ if our_value == base_value => their_value,
                0 => our_value,
                1 => their_value,
                2 => Some(b"merged".to_vec()),
                3 => None,
                _ => { open.push(key.clone()); our_value }
            };
            match merged {
                Some(value) => { expected.insert(key.clone(), value); }
                None => { expected.remove(key); }
            }
        }
        let mut seen = Vec::new();
        let merged = merge(&base, &ours, &theirs, &mut |conflict: &Conflict| {
            seen.push(conflict.clone());
            match choice(&conflict.key) {
                0 => Resolution::Take(Side::Ours),
                1 => Resolution::Take(Side::Theirs),
                2 => Resolution::Value(Value::Inline(b"merged".to_vec())),
                3 => Resolution::Delete,
                _ => Resolution::Conflict,
            }
        }).unwrap();
        for conflict in &seen {
            prop_assert_eq!(&conflict.base, &read(&base, &conflict.key));
            prop_assert_eq!(&conflict.ours, &read(&ours, &conflict.key));
            prop_assert_eq!(&conflict.theirs, &read(&theirs, &conflict.key));
        }
        let reported: Vec<_> = merged.conflicts.iter().map(|c| c.key.clone()).collect();
        // Equal sides end the merge before any key is looked at; otherwise every open key is reported.
        prop_assert_eq!(&reported, &open);
        prop_assert_eq!(merged.snapshot.root(), bulk_root(&expected, config));
    }

    #[test]
    fn merge_is_symmetric_where_nothing_conflicts(
        config in model::config(), map in model::map(300), our_ops in ops(20), their_ops in ops(20),
    ) {
        let base = model::build(&map, config);
        let (ours, _) = edited(&base, &map, &our_ops);
        let (theirs, _) = edited(&base, &map, &their_ops);
        let one = merge(&base, &ours, &theirs, &mut Side::Ours).unwrap();
        let other = merge(&base, &theirs, &ours, &mut Side::Theirs).unwrap();
        prop_assert_eq!(one.snapshot.root(), other.snapshot.root());
    }
}

/// Counts the leaves that are read.
#[derive(Clone, Default)]
struct Counting {
    inner: Storage,
    leaves: Arc<AtomicUsize>,
}

impl NodeStorage for Counting {
    type Error = Infallible;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, Infallible> {
        let node = self.inner.read_node(hash, at)?;
        let leaves = node.as_ref().is_some_and(|node| node.is_leaf());
        self.leaves.fetch_add(usize::from(leaves), Ordering::Relaxed);
        Ok(node)
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, Infallible> {
        self.inner.write_node(hash, node)
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, Infallible> {
        self.inner.read_object(kind, hash)
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), Infallible> {
        self.inner.write_object(kind, hash, bytes)
    }
}

fn numbered(range: std::ops::Range<u32>, value: u8) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    range.map(move |i| (i.to_be_bytes().to_vec(), vec![value; 60]))
}

fn set(
    tree: &Snapshot<Counting>,
    edits: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
) -> Snapshot<Counting> {
    tree.apply(edits.map(|(key, value)| (key, Some(Value::Inline(value))))).unwrap()
}

#[test]
fn one_sided_ranges_are_merged_without_reading_their_leaves() {
    let storage = Counting::default();
    let config = TreeConfig::default();
    let base = Snapshot::from_sorted(storage.clone(), config, numbered(0..50_000, 1)).unwrap();
    let theirs = set(&base, numbered(50_000..150_000, 2));
    let ours = set(&base, numbered(100..101, 3));
    storage.leaves.store(0, Ordering::Relaxed);
    let merged = merge(&base, &ours, &theirs, &mut CollectConflicts).unwrap();
    let read = storage.leaves.load(Ordering::Relaxed);
    assert!(read < 10, "{read} leaves read to merge two thousand");
    assert_eq!(merged.snapshot.len(), 150_000);
    let mut expected: Map = numbered(0..50_000, 1).chain(numbered(50_000..150_000, 2)).collect();
    expected.extend(numbered(100..101, 3));
    assert_eq!(merged.snapshot.root(), bulk_root(&expected, config));
}

#[test]
fn deleting_a_range_reads_only_its_edges() {
    let storage = Counting::default();
    let base =
        Snapshot::from_sorted(storage.clone(), TreeConfig::default(), numbered(0..100_000, 1));
    let base = base.unwrap();
    storage.leaves.store(0, Ordering::Relaxed);
    let (from, to) = (1_000u32.to_be_bytes(), 99_000u32.to_be_bytes());
    let rest = base.delete_range(&from[..]..&to[..]).unwrap();
    let read = storage.leaves.load(Ordering::Relaxed);
    assert!(read < 10, "{read} leaves read");
    let expected: Map = numbered(0..1_000, 1).chain(numbered(99_000..100_000, 1)).collect();
    assert_eq!(rest.root(), bulk_root(&expected, TreeConfig::default()));
}

/// Whoever chooses the keys can see to it that no node ends by the rule, in all of a tree.
#[test]
fn an_edit_among_forced_cuts_stays_local() {
    let storage = Counting::default();
    let key = |i: u32| {
        let variants = (0..=63).map(|variant| [&i.to_be_bytes()[..], &[variant]].concat());
        variants.max_by_key(|key| model::boundary_hash(0, key)).unwrap()
    };
    let config = TreeConfig::default();
    let mut map: Map = (0..20_000).map(|i| (key(2 * i), vec![7; 60])).collect();
    let base = Snapshot::from_sorted(storage.clone(), config, &map).unwrap();
    storage.leaves.store(0, Ordering::Relaxed);
    let added = [5_001, 5_003, 20_001].map(|i| (key(i), vec![8; 60]));
    let edited = set(&base, added.iter().cloned());
    let read = storage.leaves.load(Ordering::Relaxed);
    assert!(read < 60, "{read} leaves read for three inserts");
    map.extend(added);
    assert_eq!(edited.root(), bulk_root(&map, config));
}

#[test]
fn a_range_resolver_spares_the_leaves() {
    struct OursEverywhere;
    impl Resolver for OursEverywhere {
        fn resolve(&mut self, _: &Conflict) -> Resolution {
            unreachable!("the range was decided")
        }
        fn resolve_range(&mut self, _: KeyRange<'_>) -> Option<Side> {
            Some(Side::Ours)
        }
    }
    let storage = Counting::default();
    let config = TreeConfig::default();
    let base = Snapshot::from_sorted(storage, config, numbered(0..10_000, 1)).unwrap();
    let ours = set(&base, numbered(2_000..4_000, 2));
    let theirs = set(&base, numbered(2_000..4_000, 3));
    let merged = merge(&base, &ours, &theirs, &mut OursEverywhere).unwrap();
    assert_eq!(merged.snapshot.root(), ours.root());
}
