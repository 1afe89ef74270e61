//! The durable store. `cargo bench -p prollytree-bench --bench store`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may panic")]

use divan::Bencher;
use prollytree_store::{Durability, Expected, RefUpdate, Store, StoreOptions, Transaction};
use prollytree_tree::{NodeStorage, ObjectKind};

fn main() {
    divan::main();
}

fn commit(store: &Store, number: u32, size_bytes: usize) {
    let bytes = number.to_be_bytes().repeat(size_bytes / 4);
    let hash = ObjectKind::Record.hash(&bytes).unwrap();
    store.write_object(ObjectKind::Record, &hash, &bytes).unwrap();
    let update = RefUpdate {
        name: "main".into(),
        expected: Expected::Any,
        new: Some(hash.as_bytes().to_vec()),
    };
    let durability = Durability::Buffered;
    store
        .commit(&Transaction { updates: vec![update], durability, ..Transaction::default() })
        .unwrap();
}

/// Opening after commits of 10 kB, what one change among a million keys writes.
#[divan::bench(args = [100, 1_000, 10_000], sample_count = 50)]
fn open_after(bencher: Bencher<'_, '_>, commits: u32) {
    open(bencher, commits, 10 << 10);
}

/// Opening after tiny commits: up to 256 KiB of them lie behind the last checkpoint, and how many do
/// is a matter of luck, not of history.
#[divan::bench(args = [100, 1_000, 10_000], sample_count = 50)]
fn open_after_tiny(bencher: Bencher<'_, '_>, commits: u32) {
    open(bencher, commits, 256);
}

/// Opens a store and reads a ref.
fn open(bencher: Bencher<'_, '_>, commits: u32, size_bytes: usize) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(folder.path(), StoreOptions::default()).unwrap();
    (0..commits).for_each(|number| commit(&store, number, size_bytes));
    // All of them durable, as if each had been.
    store.commit(&Transaction::default()).unwrap();
    drop(store);
    bencher.bench_local(|| {
        let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
        store.get_ref("main").unwrap()
    });
}
