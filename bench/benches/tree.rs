//! The tree in memory. `cargo bench -p prollytree-bench`; add `-- --test` for a smoke run.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may panic")]

use divan::{Bencher, black_box};
use prollytree_bench::{Numbers, entries, sorted_entries, tree, value};
use prollytree_tree::{
    CollectConflicts, InMemoryNodeStorage, ProllyTree, Snapshot, TreeConfig, Value, ValueRef,
    merge, verify_key,
};

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// N single inserts and the root at the end.
#[divan::bench(args = SIZES, sample_count = 5)]
fn insert_stream(bencher: Bencher<'_, '_>, n: usize) {
    bencher.counter(n).with_inputs(|| entries(n)).bench_local_values(|entries| {
        let mut tree = ProllyTree::new(InMemoryNodeStorage::new(), TreeConfig::default());
        for (key, value) in entries {
            tree.insert(key, value);
        }
        tree.root_hash();
        tree
    });
}

/// One insert and its new root.
#[divan::bench(args = SIZES, sample_count = 500)]
fn insert_and_root(bencher: Bencher<'_, '_>, n: usize) {
    let mut tree = ProllyTree::from_snapshot(tree(n));
    let mut numbers = Numbers::new(7);
    bencher.bench_local(|| {
        tree.insert(numbers.key(), value(1));
        tree.root_hash()
    });
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn build_sorted(bencher: Bencher<'_, '_>, n: usize) {
    let entries = sorted_entries(n);
    bencher.counter(n).bench_local(|| {
        let pairs = entries.iter().map(|(key, value)| (key, value));
        Snapshot::from_sorted(InMemoryNodeStorage::new(), TreeConfig::default(), pairs).unwrap()
    });
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn build_sorted_two_threads(bencher: Bencher<'_, '_>, n: usize) {
    let entries = sorted_entries(n);
    let threads = std::num::NonZeroUsize::new(2).unwrap();
    bencher.counter(n).bench_local(|| {
        let storage = InMemoryNodeStorage::new();
        Snapshot::from_sorted_parallel(storage, TreeConfig::default(), &entries, threads).unwrap()
    });
}

#[divan::bench(args = SIZES, sample_count = 200)]
fn get(bencher: Bencher<'_, '_>, n: usize) {
    let (tree, entries) = (tree(n), entries(n));
    let mut numbers = Numbers::new(3);
    bencher.bench_local(|| {
        let (key, _) = &entries[numbers.next_number() as usize % n];
        tree.get(black_box(key)).unwrap()
    });
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn scan(bencher: Bencher<'_, '_>, n: usize) {
    let tree = tree(n);
    bencher.counter(n).bench_local(|| {
        let mut cursor = tree.cursor().unwrap();
        let mut sum = 0;
        while let Some(entry) = cursor.next().unwrap() {
            let ValueRef::Inline(value) = entry.value() else { continue };
            sum += u64::from(entry.key()[3]) + u64::from(value[5]);
        }
        sum
    });
}

fn changed(
    tree: &Snapshot<InMemoryNodeStorage<32>>,
    keys: impl Iterator<Item = Vec<u8>>,
) -> Snapshot<InMemoryNodeStorage<32>> {
    let mut tree = ProllyTree::from_snapshot(tree.clone());
    for key in keys {
        tree.try_insert_value(key, Value::Inline(b"changed".to_vec())).unwrap();
    }
    tree.snapshot().clone()
}

/// The diff of one change.
#[divan::bench(args = SIZES, sample_count = 200)]
fn diff_one(bencher: Bencher<'_, '_>, n: usize) {
    let (before, entries) = (tree(n), entries(n));
    let after = changed(&before, [entries[n / 2].0.clone()].into_iter());
    bencher.bench_local(|| before.diff(&after, ..).unwrap().count());
}

/// The merge of 1,000 + 1,000 disjoint changes.
#[divan::bench(args = SIZES, sample_count = 10)]
fn merge_thousands(bencher: Bencher<'_, '_>, n: usize) {
    let (base, entries) = (tree(n), entries(n));
    let ours = changed(&base, entries.iter().take(2_000).step_by(2).map(|e| e.0.clone()));
    let theirs = changed(&base, entries.iter().skip(1).take(2_000).step_by(2).map(|e| e.0.clone()));
    bencher.bench_local(|| merge(&base, &ours, &theirs, &mut CollectConflicts).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 200)]
fn prove_key(bencher: Bencher<'_, '_>, n: usize) {
    let (tree, entries) = (tree(n), entries(n));
    let mut numbers = Numbers::new(5);
    bencher.bench_local(|| {
        let (key, _) = &entries[numbers.next_number() as usize % n];
        tree.prove_key(key).unwrap()
    });
}

#[divan::bench(args = SIZES, sample_count = 200)]
fn verify_proof(bencher: Bencher<'_, '_>, n: usize) {
    let (tree, entries) = (tree(n), entries(n));
    let key = &entries[n / 3].0;
    let (root, proof) = (tree.root(), tree.prove_key(key).unwrap().into_bytes());
    bencher.bench_local(|| verify_key(&root, key, black_box(&proof)).unwrap());
}
