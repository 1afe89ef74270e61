//! The conformance suite, on the storages of this workspace.

use std::sync::Arc;

use prollytree_store::sim::SimVfs;
use prollytree_store::{Store, StoreOptions, conformance};
use prollytree_tree::InMemoryNodeStorage;

#[test]
fn the_storage_in_memory_conforms() {
    conformance::check(InMemoryNodeStorage::<32>::new);
}

#[test]
fn a_store_conforms() {
    conformance::check(|| {
        Store::create_on(Arc::new(SimVfs::new()), StoreOptions::default()).unwrap()
    });
}

#[test]
fn a_store_that_writes_out_all_the_time_and_caches_nothing_conforms() {
    conformance::check(|| {
        let mut options = StoreOptions::default();
        options.cache_bytes = 0;
        options.pending_bytes = 4000;
        options.segment_bytes = 50_000;
        options.checkpoint_bytes = 5000;
        Store::create_on(Arc::new(SimVfs::new()), options).unwrap()
    });
}
